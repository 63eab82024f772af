/* Inputs from JSON, lines, CSV and numpy's arrays: what they hold, and what is refused where. */
#include "runtime/input/input.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

typedef struct Fixture {
    InputReader reader;
    Buffer shown;
} Fixture;

static void open_fixture(Fixture *f) {
    *f = (Fixture){.reader = {.arena = arena_new(0), .sources = sources_new()}};
    f->reader.diags = diagnostics_new(f->reader.sources);
}

static void close_fixture(Fixture *f) {
    buffer_free(&f->shown);
    input_reader_free(&f->reader);
    diagnostics_free(f->reader.diags);
    sources_free(f->reader.sources);
    arena_free(f->reader.arena);
}

/* All inputs, a line each: their elements as RASP writes them; what is opaque as <text truth>. */
static const char *show(Fixture *f) {
    buffer_add(&f->shown, "", 0);
    for (size_t i = 0; i < f->reader.count; i++) {
        Input input = f->reader.inputs[i].input;
        for (uint32_t k = 0; k < input.n; k++) {
            Atom token = input.tokens[k];
            if (k > 0) buffer_char(&f->shown, ' ');
            if (token.kind == ATOM_OPAQUE) {
                buffer_printf(&f->shown, "<%s %d>", token.as.string->bytes, token.truth);
            } else
                atom_format_source(&f->shown, token);
        }
        buffer_char(&f->shown, '\n');
    }
    return f->shown.data;
}

typedef bool (*ReadSource)(InputReader *reader, uint32_t file);

static void holds(ReadSource read, const char *text, const char *expected) {
    Fixture f;
    open_fixture(&f);
    uint32_t file = sources_add(f.reader.sources, "<input>", text, strlen(text));
    ck_assert_msg(read(&f.reader, file), "refused: %s", text);
    ck_assert_uint_eq(diagnostics_count(f.reader.diags), 0);
    ck_assert_str_eq(show(&f), expected);
    close_fixture(&f);
}

/* One message, whose span begins at that offset. */
static void refused(ReadSource read, const char *text, size_t len, DiagId id, uint32_t start) {
    Fixture f;
    open_fixture(&f);
    uint32_t file = sources_add(f.reader.sources, "<input>", text, len);
    ck_assert_msg(!read(&f.reader, file), "accepted: %s", text);
    ck_assert_uint_eq(diagnostics_count(f.reader.diags), 1);
    ck_assert_int_eq(diagnostics_id(f.reader.diags, 0), id);
    ck_assert_msg(diagnostics_span(f.reader.diags, 0).start == start, "%s: at %u", text,
                  diagnostics_span(f.reader.diags, 0).start);
    close_fixture(&f);
}

START_TEST(json_keeps_what_it_says) {
    holds(input_read_json, "\"hey\"", "\"h\" \"e\" \"y\"\n");
    holds(input_read_json, " [1, 1.0, true, -0, 1e2, \"cat\"] ", "1 1.0 True 0 100.0 \"cat\"\n");
    holds(input_read_json, "[123456789012345678901234567890,-9223372036854775808]",
          "123456789012345678901234567890 -9223372036854775808\n");
    holds(input_read_json, "[[1,\"a\",[],true],[]]", "<[1, 'a', [], True] 1> <[] 0>\n");
    holds(input_read_json, "[{\"float\": \"inf\"}, -Infinity]", "inf -inf\n");
    holds(input_read_json, "\"\\u00e9\\ud83d\\ude00\\\"\\\\\\/\"",
          "\"\xc3\xa9\" \"\xf0\x9f\x98\x80\" \"\"\" \"\\\" \"/\"\n");
    holds(input_read_json, "[1]\n\"x\" [2]\n", "1\n\"x\"\n2\n"); /* one value after another */
}
END_TEST

START_TEST(json_says_where_it_is_wrong) {
    const struct {
        const char *text;
        uint32_t start;
    } wrong[] = {{"", 0},          {"[]", 0},          {"\"\"", 0},      {"[1,2", 0},
                 {"[1 2]", 3},     {"[1,]", 3},        {"[,]", 1},       {"12", 0},
                 {"{\"a\":1}", 0}, {"[{\"a\":1}]", 1}, {"[True]", 1},    {"[null]", 1},
                 {"[-]", 1},       {"[1.]", 2},        {"[.5]", 1},      {"\"ab", 0},
                 {"\"\\q\"", 1},   {"\"\\ud83d\"", 1}, {"\"\\u12\"", 1}, {"\"a\nb\"", 2},
                 {"[[1,2]", 0},    {"[[1 2]]", 4},     {"[1] x", 4},     {"[\"\xff\"]", 1}};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        refused(input_read_json, wrong[i].text, strlen(wrong[i].text), DIAG_INPUT_SYNTAX,
                wrong[i].start);
    }
    refused(input_read_json, "[\0]", 3, DIAG_INPUT_SYNTAX, 1);
}
END_TEST

START_TEST(json_too_deep_or_too_large_is_refused) {
    Buffer text = {0};
    buffer_repeat(&text, '[', 100000);
    refused(input_read_json, text.data, text.len, DIAG_NESTING, 1001);
    text.len = 0;
    buffer_char(&text, '[');
    buffer_repeat(&text, '9', 2000000);
    buffer_char(&text, ']');
    refused(input_read_json, text.data, text.len, DIAG_LIMIT_SIZE, 1);
    buffer_free(&text);
}
END_TEST

START_TEST(text_is_its_characters) {
    holds(input_read_word, "a b", "\"a\" \" \" \"b\"\n");
    holds(input_read_word, "[1", "\"[\" \"1\"\n");
    holds(input_read_lines, "ab\r\nc\n", "\"a\" \"b\"\n\"c\"\n");
    refused(input_read_lines, "ab\n\nc", 5, DIAG_INPUT_SYNTAX, 3);
    refused(input_read_lines, "ab\nc\xff", 5, DIAG_INPUT_SYNTAX, 4);
    refused(input_read_word, "", 0, DIAG_INPUT_SYNTAX, 0);
}
END_TEST

START_TEST(csv_has_typed_cells) {
    holds(input_read_csv, "1,2.5,-3,x\r\n true ,False,\"1\",\"a\"\"b,\"\n",
          "1 2.5 -3 \"x\"\nTrue False \"1\" \"a\"b,\"\n");
    holds(input_read_csv, "\"two\nlines\",", "\"two\nlines\" \"\"\n");
    refused(input_read_csv, "a,\"b", 4, DIAG_INPUT_SYNTAX, 2);
    refused(input_read_csv, "\"a\"b", 4, DIAG_INPUT_SYNTAX, 3);
    refused(input_read_csv, "", 0, DIAG_INPUT_SYNTAX, 0);
    refused(input_read_csv, "a,\xff", 3, DIAG_INPUT_SYNTAX, 2);
    Fixture f;
    open_fixture(&f);
    ck_assert(input_read_csv(&f.reader, sources_add(f.reader.sources, "", "a\0b,1", 5)));
    ck_assert_uint_eq(f.reader.inputs[0].input.tokens[0].as.string->len, 3); /* a NUL is text */
    close_fixture(&f);
}
END_TEST

/* --- numpy ------------------------------------------------------------------------------------ */

static Buffer npy(int version, const char *header, const char *data, size_t len) {
    Buffer file = {0};
    size_t header_len = strlen(header);
    buffer_text(&file, "\x93NUMPY");
    buffer_char(&file, (char)version);
    buffer_char(&file, 0);
    for (int i = 0; i < (version == 1 ? 2 : 4); i++)
        buffer_char(&file, (char)(header_len >> 8 * i));
    buffer_text(&file, header);
    buffer_add(&file, data, len);
    return file;
}

static void npy_holds(int version, const char *header, const char *data, size_t len,
                      const char *expected) {
    Fixture f;
    open_fixture(&f);
    Buffer file = npy(version, header, data, len);
    ck_assert(input_read_npy(&f.reader, "x.npy", file.data, file.len));
    ck_assert_str_eq(show(&f), expected);
    buffer_free(&file);
    close_fixture(&f);
}

#define HEADER(type, shape)                                                                        \
    "{'descr': '" type "', 'fortran_order': False, 'shape': " shape ", }          \n"

START_TEST(npy_reads_each_type) {
    npy_holds(1, HEADER("|b1", "(3,)"), "\0\1\2", 3, "False True True\n");
    npy_holds(1, HEADER("|i1", "(2,)"), "\xff\x7f", 2, "-1 127\n");
    npy_holds(2, HEADER("<i8", "(1,)"), "\xfe\xff\xff\xff\xff\xff\xff\xff", 8, "-2\n");
    npy_holds(3, HEADER("<u8", "(1,)"), "\xff\xff\xff\xff\xff\xff\xff\xff", 8,
              "18446744073709551615\n");
    npy_holds(1, HEADER("<u2", "(1,)"), "\x01\xff", 2, "65281\n");
    npy_holds(1, HEADER("<f4", "(1,)"), "\0\0\xc0\x3f", 4, "1.5\n");
    npy_holds(1, HEADER("<f8", "(1,)"), "\0\0\0\0\0\0\xf8\xbf", 8, "-1.5\n");
    npy_holds(1, HEADER("<U2", "(2,)"), "a\0\0\0\0\0\0\0\xe9\0\0\0\x00\xf6\x01\0", 16,
              "\"a\" \"\xc3\xa9\xf0\x9f\x98\x80\"\n");
}
END_TEST

static void npy_refused(const char *bytes, size_t len) {
    Fixture f;
    char *exact = malloc(len == 0 ? 1 : len); /* so that a sanitizer sees a step too far */
    memcpy(exact, bytes, len);
    open_fixture(&f);
    ck_assert(!input_read_npy(&f.reader, "x.npy", exact, len));
    ck_assert_uint_eq(diagnostics_count(f.reader.diags), 1);
    close_fixture(&f);
    free(exact);
}

START_TEST(a_hostile_npy_is_refused) {
    const char *headers[] = {"",
                             "{",
                             "'descr'",
                             "{'descr': ",
                             "{'descr': '<i8'",
                             "{'descr': '<i8', 'shape': (",
                             "{'descr': '<i8', 'shape': (2",
                             "{'descr': '<i8', 'shape': (2,",
                             HEADER("<i8", "(2,)"), /* data for one */
                             HEADER("<i8", "(99999999999999999999999,)"),
                             HEADER("<i8", "(0,)"),
                             HEADER("<i8", "()"),
                             HEADER("<i8", "(1, 1)"),
                             HEADER("<i8", "(-1,)"),
                             HEADER(">i8", "(1,)"),
                             HEADER("|O", "(1,)"),
                             HEADER("<c8", "(1,)"),
                             HEADER("<i3", "(1,)"),
                             HEADER("<f2", "(1,)"),
                             HEADER("<U0", "(100000000,)"),
                             HEADER("<U2", "(1,)"), /* no code points */
                             HEADER("<U99999999999999999999", "(1,)")};
    for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++) {
        Buffer file = npy(1, headers[i], "\xff\xff\xff\xff\xff\xff\xff\xff", 8);
        npy_refused(file.data, file.len);
        buffer_free(&file);
    }
    Buffer whole = npy(1, HEADER("<i8", "(1,)"), "12345678", 8);
    for (size_t len = 0; len < whole.len; len++)
        npy_refused(whole.data, len);
    whole.data[6] = 4; /* no such version */
    npy_refused(whole.data, whole.len);
    buffer_free(&whole);
}
END_TEST

Suite *input_suite(void);

Suite *input_suite(void) {
    Suite *suite = suite_create("input");
    TCase *cases = tcase_create("input");
    tcase_add_test(cases, json_keeps_what_it_says);
    tcase_add_test(cases, json_says_where_it_is_wrong);
    tcase_add_test(cases, json_too_deep_or_too_large_is_refused);
    tcase_add_test(cases, text_is_its_characters);
    tcase_add_test(cases, csv_has_typed_cells);
    tcase_add_test(cases, npy_reads_each_type);
    tcase_add_test(cases, a_hostile_npy_is_refused);
    suite_add_tcase(suite, cases);
    return suite;
}
