/* Diagnostics: collecting, finding and showing them. */
#include "runtime/base/diag.h"
#include "runtime/base/limits.h"

#include <check.h>
#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct Fixture {
    Sources *sources;
    Diagnostics *diags;
    uint32_t file;
    Buffer out;
} Fixture;

static void open_fixture(Fixture *f, const char *text, size_t len) {
    *f = (Fixture){.sources = sources_new()};
    f->file = sources_add(f->sources, "hist.rasp", text, len);
    f->diags = diagnostics_new(f->sources);
}

static void close_fixture(Fixture *f) {
    buffer_free(&f->out);
    diagnostics_free(f->diags);
    sources_free(f->sources);
}

static const char *render(Fixture *f, DiagStyle style) {
    f->out.len = 0;
    buffer_add(&f->out, "", 0);
    diagnostics_render(f->diags, 0, style, &f->out);
    return f->out.data;
}

/* How one error with this span looks, without its first line. */
static void excerpt_is(const char *text, size_t start, size_t end, const char *expected) {
    Fixture f;
    open_fixture(&f, text, strlen(text));
    diag_error(f.diags, DIAG_SYNTAX, (Span){f.file, (uint32_t)start, (uint32_t)end}, "m");
    const char *shown = strchr(render(&f, DIAG_PLAIN), '\n') + 1;
    ck_assert_str_eq(shown, expected);
    close_fixture(&f);
}

START_TEST(a_message_has_the_form_of_the_house) {
    Fixture f;
    const char text[] = "a = 1;\n\nhist = selectr_width(same);\n";
    open_fixture(&f, text, strlen(text));
    Diagnostic *diag = diag_error(f.diags, DIAG_UNDEFINED, (Span){f.file, 15, 28},
                                  "undefined name '%s'", "selectr_width");
    diag_note(diag, (Span){f.file, 0, 1}, "assigned here");
    diag_note(diag, (Span){0}, "by the way");
    diag_help(diag, "did you mean '%s'?", "selector_width");
    diag_warning(f.diags, DIAG_FILE, (Span){0}, "nowhere");
    ck_assert_str_eq(render(&f, DIAG_PLAIN),
                     "hist.rasp:3:8: error[E0201]: undefined name 'selectr_width'\n"
                     "    3 | hist = selectr_width(same);\n"
                     "      |        ^~~~~~~~~~~~~\n"
                     "      = help: did you mean 'selector_width'?\n"
                     "hist.rasp:1:1: note: assigned here\n"
                     "    1 | a = 1;\n"
                     "      | ^\n"
                     "      = note: by the way\n"
                     "raspc: warning[E0602]: nowhere\n");
    ck_assert_uint_eq(diagnostics_errors(f.diags), 1);
    ck_assert_uint_eq(diagnostics_count(f.diags), 2);
    close_fixture(&f);
}
END_TEST

START_TEST(carets_stand_under_what_they_mean) {
    excerpt_is("\tab cd", 4, 6, "    1 |     ab cd\n      |        ^~\n");
    excerpt_is("\xe6\xbc\xa2\xe5\xad\x97 = x", 9, 10, /* two wide characters */
               "    1 | \xe6\xbc\xa2\xe5\xad\x97 = x\n      |        ^\n");
    excerpt_is("\xe6\xbc\xa2\xe5\xad\x97", 0, 6,
               "    1 | \xe6\xbc\xa2\xe5\xad\x97\n      | ^~~~\n");
    excerpt_is("ab\ncd", 1, 5, "    1 | ab\n      |  ^\n"); /* two lines: the first one's part */
    excerpt_is("ab", 2, 2, "    1 | ab\n      |   ^\n");    /* behind the end */
    excerpt_is("ab", 70, 80, "    1 | ab\n      |   ^\n");
    excerpt_is("", 0, 0, "    1 | \n      | ^\n");
    excerpt_is("a\x1b[2J", 4, 5, "    1 | a\\x1b[2J\n      |        ^\n");
}
END_TEST

START_TEST(a_huge_line_is_shown_as_a_window) {
    enum { HUGE = 20 * 1000 * 1000 };
    char *text = malloc(HUGE);
    memset(text, 'a', HUGE);
    memcpy(text + HUGE / 2, "HERE", 4);
    Fixture f;
    open_fixture(&f, text, HUGE);
    diag_error(f.diags, DIAG_SYNTAX, (Span){f.file, HUGE / 2, HUGE / 2 + 4}, "m");
    diag_error(f.diags, DIAG_SYNTAX, (Span){f.file, 0, HUGE}, "m");
    diag_error(f.diags, DIAG_SYNTAX, (Span){f.file, HUGE - 3, HUGE}, "m");
    const char *shown = render(&f, DIAG_PLAIN);
    ck_assert_uint_lt(f.out.len, 1500);
    const char *line = strchr(shown, '\n') + 1, *carets = strchr(line, '\n') + 1;
    ck_assert_ptr_nonnull(strstr(line, "...aaa"));
    ck_assert_int_eq(strstr(line, "HERE") - line, strchr(carets, '^') - carets);
    free(text);
    close_fixture(&f);
}
END_TEST

START_TEST(colour_only_adds_escapes) {
    Fixture f;
    open_fixture(&f, "a b", 3);
    Diagnostic *diag = diag_error(f.diags, DIAG_SYNTAX, (Span){f.file, 0, 1}, "m");
    diag_note(diag, (Span){f.file, 2, 3}, "n");
    diag_help(diag, "h");
    Buffer plain = {0}, stripped = {0};
    buffer_text(&plain, render(&f, DIAG_PLAIN));
    for (const char *c = render(&f, DIAG_COLOUR); *c != '\0'; c++) {
        if (*c == '\x1b')
            c = strchr(c, 'm');
        else
            buffer_char(&stripped, *c);
    }
    ck_assert_uint_gt(f.out.len, plain.len);
    ck_assert_str_eq(stripped.data, plain.data);
    buffer_free(&plain);
    buffer_free(&stripped);
    close_fixture(&f);
}
END_TEST

START_TEST(json_is_an_object_a_line) {
    Fixture f;
    open_fixture(&f, "a \"\xff b", 6);
    Diagnostic *diag =
        diag_error(f.diags, DIAG_UNDEFINED, (Span){f.file, 2, 3}, "say \"%s\"\x1b\xff", "x");
    diag_help(diag, "h");
    diag_note(diag, (Span){0}, "n");
    diag_warning(f.diags, DIAG_FILE, (Span){0}, "w");
    const char *end = NULL;
    cJSON *first = cJSON_ParseWithOpts(render(&f, DIAG_JSON), &end, false);
    cJSON *error = cJSON_GetObjectItem(first, "error");
    ck_assert_str_eq(cJSON_GetObjectItem(error, "id")->valuestring, "E0201");
    ck_assert_str_eq(cJSON_GetObjectItem(error, "class")->valuestring, "undefined");
    ck_assert_str_eq(cJSON_GetObjectItem(error, "message")->valuestring,
                     "say \"x\"\\x1b\xef\xbf\xbd");
    ck_assert_str_eq(cJSON_GetObjectItem(error, "file")->valuestring, "hist.rasp");
    ck_assert_int_eq(cJSON_GetObjectItem(error, "line")->valueint, 1);
    ck_assert_int_eq(cJSON_GetObjectItem(error, "column")->valueint, 3);
    ck_assert_str_eq(cJSON_GetArrayItem(cJSON_GetObjectItem(error, "help"), 0)->valuestring, "h");
    cJSON *note = cJSON_GetArrayItem(cJSON_GetObjectItem(error, "notes"), 0);
    ck_assert(cJSON_IsNull(cJSON_GetObjectItem(note, "file")));
    ck_assert_int_eq(*end, '\n');
    cJSON *second = cJSON_Parse(end);
    ck_assert_ptr_nonnull(cJSON_GetObjectItem(second, "warning"));
    cJSON_Delete(first);
    cJSON_Delete(second);
    close_fixture(&f);
}
END_TEST

START_TEST(a_flood_is_counted_rather_than_kept) {
    Fixture f;
    open_fixture(&f, "", 0);
    for (int i = 0; i < LIMIT_DIAGNOSTIC_RECORDS + 5; i++) {
        diag_note(diag_error(f.diags, DIAG_FILE, (Span){0}, "m%d", i), (Span){0}, "n");
    }
    ck_assert_uint_eq(diagnostics_errors(f.diags), LIMIT_DIAGNOSTIC_RECORDS + 5);
    ck_assert_uint_eq(diagnostics_count(f.diags), LIMIT_DIAGNOSTIC_RECORDS);
    const char *shown = render(&f, DIAG_PLAIN);
    char last[64];
    snprintf(last, sizeof last, "and %d more\n", LIMIT_DIAGNOSTIC_RECORDS + 5 - LIMIT_DIAGNOSTICS);
    ck_assert_ptr_nonnull(strstr(shown, last));
    ck_assert_ptr_null(strstr(shown, "m100\n"));
    diagnostics_truncate(f.diags, 1);
    ck_assert_uint_eq(diagnostics_errors(f.diags), 1);
    ck_assert_str_eq(diagnostics_message(f.diags, 0), "m0");
    ck_assert_int_eq(diagnostics_id(f.diags, 0), DIAG_FILE);
    close_fixture(&f);
}
END_TEST

START_TEST(a_message_that_quotes_a_huge_name_is_cut) {
    enum { HUGE = 1000 * 1000 };
    char *name = malloc(HUGE + 1);
    for (int i = 0; i < HUGE; i++)
        name[i] = "\xc3\xa9"[i % 2];
    name[HUGE] = '\0';
    Fixture f;
    open_fixture(&f, "", 0);
    diag_help(diag_error(f.diags, DIAG_UNDEFINED, (Span){0}, "x%s", name), "%s", name);
    ck_assert_uint_lt(strlen(render(&f, DIAG_PLAIN)), 5000);
    ck_assert_ptr_nonnull(strstr(f.out.data, "\xc3\xa9...\n"));
    ck_assert_ptr_null(strstr(f.out.data, "\xef\xbf\xbd")); /* not within a character */
    free(name);
    close_fixture(&f);
}
END_TEST

START_TEST(every_diagnostic_is_found_and_explained) {
    for (DiagId id = 0; id < DIAG_COUNT; id++) {
        DiagId found = DIAG_COUNT;
        ck_assert(diag_find(diag_code(id), &found));
        ck_assert_int_eq(found, id); /* so codes are unique */
        ck_assert(diag_find(diag_title(id), &found));
        ck_assert_int_eq(found, id);
        ck_assert_uint_eq(strlen(diag_code(id)), 5);
        ck_assert_ptr_nonnull(strstr(diag_explanation(id), "\n    ")); /* an example */
    }
    DiagId id;
    ck_assert(diag_find("undefined-NAME", &id));
    ck_assert_int_eq(id, DIAG_UNDEFINED);
    ck_assert(!diag_find("E9999", &id));
    ck_assert(!diag_find("", &id));
}
END_TEST

Suite *diag_suite(void);

Suite *diag_suite(void) {
    Suite *suite = suite_create("diag");
    TCase *cases = tcase_create("diag");
    tcase_add_test(cases, a_message_has_the_form_of_the_house);
    tcase_add_test(cases, carets_stand_under_what_they_mean);
    tcase_add_test(cases, a_huge_line_is_shown_as_a_window);
    tcase_add_test(cases, colour_only_adds_escapes);
    tcase_add_test(cases, json_is_an_object_a_line);
    tcase_add_test(cases, a_flood_is_counted_rather_than_kept);
    tcase_add_test(cases, a_message_that_quotes_a_huge_name_is_cut);
    tcase_add_test(cases, every_diagnostic_is_found_and_explained);
    suite_add_tcase(suite, cases);
    return suite;
}
