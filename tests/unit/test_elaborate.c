/* Elaboration: what a session makes of a program, beyond the values that conformance compares. */
#include "compiler/elaborate/elaborate.h"

#include <check.h>
#include <string.h>

Suite *elaborate_suite(void);

/* A folder of one file: { name, text }. */
static bool read_one(void *state, const char *path, size_t limit, Buffer *out, const char **why) {
    const char *const *file = state;
    if (strcmp(path, file[0]) != 0 || strlen(file[1]) > limit) {
        *why = "not found";
        return false;
    }
    buffer_text(out, file[1]);
    return true;
}

static Session *run(const char *text, SessionOptions options) {
    Session *session = session_new(&options);
    session_run_text(session, "test.rasp", text, strlen(text), NULL);
    return session;
}

/* "E0201 E0301": the codes of what was reported, in order. */
static void expect_codes(Session *session, const char *wanted) {
    Diagnostics *diags = session_diagnostics(session);
    Buffer codes = {0};
    for (size_t i = 0; i < diagnostics_count(diags); i++)
        buffer_printf(&codes, i ? " %s" : "%s", diag_code(diagnostics_id(diags, i)));
    ck_assert_str_eq(codes.data ? codes.data : "", wanted);
    buffer_free(&codes);
}

static void expect_report(const char *text, const char *wanted) {
    Session *session = run(text, (SessionOptions){0});
    expect_codes(session, wanted);
    session_free(session);
}

START_TEST(one_mistake_gives_one_message) {
    expect_report("a = nosuch; b = a + 1; c = b * a; d = a;", "E0201");
    expect_report("a = nosuch; b = nosuch + nosuch;", "E0201");
    expect_report("a, b = 1; c = a + b;", "E0309");
    expect_report("for i in 3 { x = i; } y = x;", "E0306");
    expect_report("def f(x) { return x + \"a\"; } f(1); y = f(2);", "E0301 E0301");
}
END_TEST

/* Asked for from the start, or after that many questions. */
static bool patience_is_over(void *state) {
    int *questions = state;
    return (*questions)-- <= 0;
}

START_TEST(work_that_is_given_up_ends_with_one_message) {
    static const char *const programs[] = {
        "def slow(n) { return 0 if n == 0 else slow(n - 1) + slow(n - 1); } x = slow(60); y = x;",
        "x = selector_width(select(indices, indices, <))(range(200000)); y = x;",
        "x = select(indices, indices, <)(range(20000)); y = x;",
        "x = aggregate(select(indices, indices, <), indices)(range(200000)); y = x;",
    };
    for (size_t i = 0; i < sizeof programs / sizeof programs[0]; i++) {
        int questions = 2;
        Cancel cancel = {patience_is_over, &questions};
        Session *session = run(programs[i], (SessionOptions){.cancel = &cancel});
        expect_codes(session, "E0507");
        session_free(session);
    }
}
END_TEST

START_TEST(limits_end_as_messages) {
    expect_report("def f(x) { return f(x); } f(1); a = nosuch;", "E0501 E0201");
    expect_report("x = range(10^9);", "E0503");
    expect_report("l = [1]; for i in range(100) { l = l + l; }", "E0503");
    expect_report("l = [1]; for i in range(2000) { l = [l]; }", "E0503");
    expect_report("l = [1]; for i in range(100) { l = [l, l]; }", "E0503");
    expect_report("s = \"a\"; for i in range(100) { s = s + s; }", "E0503");
    expect_report("x = 2; for i in range(100) { x = x * x; }", "E0503");
    expect_report("for i in range(10^6) { for j in range(10^6) { x = j; } }", "E0502");
}
END_TEST

START_TEST(interactive_names_stay_undefined) {
    Session *session = run("a = nosuch;", (SessionOptions){.interactive = true});
    ck_assert_ptr_null(session_lookup(session, "a"));
    session_free(session);
}
END_TEST

START_TEST(equal_terms_are_one_node) {
    Session *session = run("a = select(tokens, tokens, ==); b = select(tokens, tokens, ==);"
                           "c = select(tokens, tokens, !=);",
                           (SessionOptions){0});
    NodeId a = session_lookup(session, "a")->as.node;
    ck_assert_uint_eq(a, session_lookup(session, "b")->as.node);
    ck_assert_uint_ne(a, session_lookup(session, "c")->as.node);
    session_free(session);
}
END_TEST

START_TEST(the_last_sop_is_the_output) {
    Session *session = run("x = indices; y = length; z = 3; f = full_s;", (SessionOptions){0});
    const String *name;
    Value value;
    ck_assert(session_main_output(session, &name, &value));
    ck_assert_str_eq(name->bytes, "y");
    ck_assert_int_eq(value.kind, VALUE_SOP);
    session_free(session);
}
END_TEST

START_TEST(loads_keep_private_names_and_end) {
    const char *file[] = {"lib.rasp", "x = 1; _y = 2; max = 3; load \"lib\";"};
    SessionOptions options = {.read_file = read_one, .read_state = file};
    Session *session = run("load \"lib\"; load \"other\";", options);
    ck_assert_ptr_nonnull(session_lookup(session, "x"));
    ck_assert_ptr_null(session_lookup(session, "_y"));
    ck_assert_int_eq(session_lookup(session, "max")->kind, VALUE_FUNCTION);
    expect_codes(session, "E0202 E0204 E0204"); /* max stays inside; loads itself; no such file */
    session_free(session);
}
END_TEST

static ApplyStatus refuse(void *state, const ApplyRequest *request, Sequence *sequence,
                          Matrix *matrix) {
    (void)state, (void)sequence, (void)matrix;
    diag_error(request->diags, DIAG_CANNOT_LOWER, request->span, "not today");
    return APPLY_REFUSED;
}

START_TEST(checks_are_recorded) {
    const char *text =
        "check length(\"ab\") == [2, 2]; check length(\"ab\") == [3, 3];"
        "check average(indices)([0, 1]) ~= [0.5, 0.5]; check length(\"ab\");"
        "check 1 == 1; check select(indices, indices, <)(\"ab\") == [[0, 0], [1, 0]];";
    static const CheckOutcome wanted[] = {CHECK_PASSED, CHECK_FAILED, CHECK_PASSED,
                                          CHECK_WRONG,  CHECK_PASSED, CHECK_PASSED};
    Session *session = run(text, (SessionOptions){.run_checks = true});
    ck_assert_uint_eq(session_check_count(session), 6);
    for (size_t i = 0; i < 6; i++)
        ck_assert_int_eq(session_check(session, i).outcome, wanted[i]);
    expect_codes(session, "E0801 E0802");
    session_free(session);

    session = run(text, (SessionOptions){.run_checks = true, .check_apply = refuse});
    ck_assert_int_eq(session_check(session, 0).outcome, CHECK_REFUSED);
    ck_assert_str_eq(session_check(session, 0).reason->bytes, "E0701: not today");
    ck_assert_int_eq(session_check(session, 4).outcome, CHECK_PASSED);
    expect_codes(session, "");
    session_free(session);
}
END_TEST

Suite *elaborate_suite(void) {
    Suite *suite = suite_create("elaborate");
    TCase *tests = tcase_create("sessions");
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, one_mistake_gives_one_message);
    tcase_add_test(tests, limits_end_as_messages);
    tcase_add_test(tests, work_that_is_given_up_ends_with_one_message);
    tcase_add_test(tests, interactive_names_stay_undefined);
    tcase_add_test(tests, equal_terms_are_one_node);
    tcase_add_test(tests, the_last_sop_is_the_output);
    tcase_add_test(tests, loads_keep_private_names_and_end);
    tcase_add_test(tests, checks_are_recorded);
    suite_add_tcase(suite, tests);
    return suite;
}
