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

/* --- part II of the language ------------------------------------------------------------------ */

/* The type as text, and for vec[NAME] the param. */
static void expect_declared(const Session *session, size_t index, const char *wanted) {
    Declared declared = session_declared(session, index);
    Buffer text = {0};
    buffer_printf(&text, "%s %s: ", declared.is_param ? "param" : "input", declared.name->bytes);
    declared_type_format(&text, declared.type);
    if (declared.width_name) buffer_printf(&text, " by %s", declared.width_name->bytes);
    ck_assert_str_eq(text.data, wanted);
    buffer_free(&text);
}

START_TEST(declarations_are_told) {
    Session *session = run("param d: int = 2; input x: vec[d]; input s: str; param m: mat[1, d] = "
                           "[[1, 2]]; input y: vec[d + 1]; a = x; b = y; output b, a;",
                           (SessionOptions){0});
    expect_codes(session, "");
    ck_assert_uint_eq(session_declared_count(session), 5);
    expect_declared(session, 0, "param d: int");
    expect_declared(session, 1, "input x: vec[2] by d");
    expect_declared(session, 2, "input s: str");
    expect_declared(session, 3, "param m: mat[1, 2]");
    expect_declared(session, 4, "input y: vec[3]");
    ck_assert(session_has_inputs(session));
    const String *name;
    ck_assert_uint_eq(session_output_count(session), 2);
    ck_assert_int_eq(session_output(session, 0, &name).kind, VALUE_SOP);
    ck_assert_str_eq(name->bytes, "b");
    session_output(session, 1, &name);
    ck_assert_str_eq(name->bytes, "a");
    session_free(session);
}
END_TEST

START_TEST(params_are_given_from_outside) {
    Atom three = atom_int(3), numbers[] = {atom_int(1), atom_float(2.5), atom_int(3)};
    const ParamGiven given[] = {
        {.name = "d", .atoms = &three},
        {.name = "w", .dimensions = 1, .rows = 1, .columns = 3, .atoms = numbers},
        {.name = "unknown", .atoms = &three}};
    SessionOptions options = {.params = given, .param_count = 3, .run_checks = true};
    Session *session = run("param d: int = 2; param w: vec[d] = [0, 0, 0]; input x: vec[d];"
                           "check d == 3; check w == [1, 2.5, 3]; y = x + w;"
                           "check y(x=[[1, 1, 1]]) == [[2, 3.5, 4]];",
                           options);
    expect_codes(session, "");
    ck_assert_uint_eq(session_check_count(session), 3);
    session_free(session);

    session = run("param d: vec[2] = [1, 2]; param w: vec[2] = [1, 2];", options);
    expect_codes(session, "E0315 E0315");
    session_free(session);
}
END_TEST

static uint32_t closed_loops(Session *session, uint32_t *states) {
    const Graph *graph = session_graph(session);
    uint32_t count = 0;
    *states = 0;
    for (uint32_t l = 0; l < graph->loop_count; l++) {
        count += graph->loops[l].closed;
        if (graph->loops[l].closed) *states += graph->loops[l].state_count;
    }
    return count;
}

/* Loops and states of the text's graph, which must verify. */
static void expect_loops(const char *text, uint32_t loops, uint32_t states) {
    Session *session = run(text, (SessionOptions){0});
    Buffer why = {0};
    uint32_t found;
    expect_codes(session, "");
    ck_assert_uint_eq(closed_loops(session, &found), loops);
    ck_assert_uint_eq(found, states);
    ck_assert_msg(graph_verify(session_graph(session), &why), "%s", why.data);
    buffer_free(&why);
    session_free(session);
}

START_TEST(loops_carry_what_is_read) {
    expect_loops("a = indices; repeat 3 { a = a + 1; b = a; }", 1, 1);
    expect_loops("a = 1; repeat 3 { a = a / 2; }", 1, 1);
    expect_loops("a = 0; v = vec(indices, 1); repeat 3 { a = a + v; }", 1, 1);
    /* what the body gives before it reads it is no state */
    expect_loops("a = indices; t = a; repeat 3 { t = a * 2; a = t; }", 1, 1);
    expect_loops("a = indices; s = select(a, a, ==); repeat 3 { s = select(a, a, <); a = "
                 "aggregate(s, a); }",
                 1, 1);
    expect_loops("a = indices; b = 1; repeat 3 { a, b = b, a; }", 1, 2);
    expect_loops("a = indices; repeat 2 { repeat 3 { a = a + 1; } }", 2, 2);
    expect_loops("def f(x) { repeat 3 { x = x + 1; } return x; } a = f(indices); b = f(a);", 2, 2);
    expect_loops("repeat 3 { a = indices; }", 1, 0);
    expect_loops("a = indices; repeat 9 until (a > 3) { a = a + 1; }", 1, 1);
}
END_TEST

START_TEST(loops_that_fail_leave_names_as_they_were) {
    SessionOptions options = {.interactive = true};
    Session *session = run("a = indices; b = 3;", options);
    const char *entry = "repeat 3 { c = a; a = a + 1; b = nosuch; }";
    ck_assert(!session_run_text(session, "<console>", entry, strlen(entry), NULL));
    const Value *a = session_lookup(session, "a"), *b = session_lookup(session, "b");
    ck_assert_int_eq(graph_node(session_graph(session), a->as.node)->op, OP_INDICES);
    ck_assert_int_eq(b->kind, VALUE_ATOM);
    ck_assert_ptr_null(session_lookup(session, "c"));
    session_free(session);
}
END_TEST

START_TEST(nested_loops_end) {
    Buffer text = {0};
    buffer_text(&text, "a = 1; ");
    for (int i = 0; i < 40; i++)
        buffer_text(&text, "repeat 2 { ");
    buffer_text(&text, "a = a / 2; ");
    for (int i = 0; i < 40; i++)
        buffer_text(&text, "} ");
    Session *session = run(text.data, (SessionOptions){0});
    ck_assert_uint_le(diagnostics_count(session_diagnostics(session)), 1);
    session_free(session);
    buffer_free(&text);
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
    tcase_add_test(tests, declarations_are_told);
    tcase_add_test(tests, params_are_given_from_outside);
    tcase_add_test(tests, loops_carry_what_is_read);
    tcase_add_test(tests, loops_that_fail_leave_names_as_they_were);
    tcase_add_test(tests, nested_loops_end);
    suite_add_tcase(suite, tests);
    return suite;
}
