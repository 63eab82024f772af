/* eval on graphs in their text form: values, failures, and selectors against atom_binary. */
#include "tests/unit/eval_world.h"

#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(array) (int)(sizeof(array) / sizeof((array)[0]))

static EvalWorld world;

static void set_up(void) { eval_world_open(&world); }
static void tear_down(void) { eval_world_close(&world); }

/* Words between blanks: 1 2.5 True 'abc */
static Input input_of(const char *text) {
    Atom *tokens = ARENA_ARRAY(world.arena, Atom, strlen(text) + 1);
    Input input = {.tokens = tokens};
    while (*text) {
        size_t len = strcspn(text, " ");
        tokens[input.n++] = eval_world_atom(&world, text, len);
        text += len;
        text += strspn(text, " ");
    }
    return input;
}

static Graph *graph_of(const char *text) { return eval_world_graph(&world, text); }

static Buffer outcome(const char *graph_text, const char *input) {
    return eval_world_outcome(&world, graph_text, input_of(input));
}

/* --- values ----------------------------------------------------------------------------------- */

#define HELLO "'h 'e 'l 'l 'o"
#define SAME "%0 = tokens_asis\n%1 = select_eq %0 %0\n"
#define EARLIER "%0 = tokens_asis\n%1 = indices\n%2 = select_lt %1 %1\n"
#define AVERAGE "%0 = tokens_asis\n%1 = select_eq %0 %0\n%2 = sel_not %1\n%3 = sel_or %1 %2\n"

static const struct {
    const char *graph, *input, *type, *values;
} value_cases[] = {
    {"%0 = indices\nout = %0\n", HELLO, "ints", "[0, 1, 2, 3, 4]"},
    {"%0 = tokens_str\nout = %0\n", "1 1.0 True 'a", "strings",
     "[\"1\", \"1.0\", \"True\", \"a\"]"},
    {"%0 = tokens_int\nout = %0\n", "'7 1.9 True '-12", "ints", "[7, 1, 1, -12]"},
    {"%0 = tokens_float\nout = %0\n", "'1e3 2 '-inf", "floats",
     "[1000.0, 2.0, {\"float\": \"-inf\"}]"},
    {"%0 = tokens_bool\nout = %0\n", "'a ' 0 0.0 nan [1]", "bools",
     "[true, false, false, false, true, false]"},
    {"%0 = const 3\nout = %0\n", HELLO, "ints", "[3, 3, 3, 3, 3]"},
    {SAME "%2 = width %1\nout = %2\n", HELLO, "ints", "[1, 1, 2, 2, 1]"},
    {SAME "%2 = width %1\nout = %2\n", "1 True 1.0 2", "ints", "[3, 3, 3, 1]"},
    {SAME "%2 = width %1\nout = %2\n", "nan nan 1", "ints", "[0, 0, 1]"},
    {SAME "%2 = width %1\nout = %2\n", "9007199254740993 9007199254740992.0 9007199254740992",
     "ints", "[1, 2, 2]"},
    {SAME "%2 = width %1\nout = %2\n", "100000000000000000000 1e20 nan", "ints", "[2, 2, 0]"},
    /* c = 0: the default; c = 1: the value itself; c >= 2: a float */
    {EARLIER "%3 = aggregate %2 %0 default -1\nout = %3\n", "4 True 7 10", "floats",
     "[-1, 4, 2.5, 4.0]"},
    {EARLIER "%3 = aggregate %2 %0 default -1\nout = %3\n", "4", "ints", "[-1]"},
    {EARLIER "%3 = aggregate %2 %0 default \"-\"\nout = %3\n", "'a 'b", "strings",
     "[\"-\", \"a\"]"},
    {EARLIER "%3 = aggregate %2 %0 default -0.0\nout = %3\n", "-0.0 -0.0 -0.0", "floats",
     "[-0.0, -0.0, 0.0]"},
    /* the sum is exact before the one conversion: 2^53 + 1 + 1 + 1 + 1 over 4 */
    {AVERAGE "%4 = aggregate %3 %0 default 0\nout = %4\n", "9007199254740992 1 1 2", "floats",
     "[2251799813685249.0, 2251799813685249.0, 2251799813685249.0, 2251799813685249.0]"},
    /* and in doubles from the first float on */
    {AVERAGE "%4 = aggregate %3 %0 default 0\nout = %4\n", "9007199254740992.0 1 1 2", "floats",
     "[2251799813685248.5, 2251799813685248.5, 2251799813685248.5, 2251799813685248.5]"},
    {AVERAGE "%4 = aggregate %3 %0 default 0\nout = %4\n", "0.1 0.2 0.3", "floats",
     "[0.20000000000000004, 0.20000000000000004, 0.20000000000000004]"},
    {AVERAGE "%4 = aggregate %3 %0 default 0\nout = %4\n",
     "9223372036854775807 9223372036854775807 -9223372036854775807 -9223372036854775803", "floats",
     "[1.0, 1.0, 1.0, 1.0]"},
    {AVERAGE "%4 = aggregate %3 %0 default 0\nout = %4\n", "True False False False", "floats",
     "[0.25, 0.25, 0.25, 0.25]"},
    /* a reversal: gather by position */
    {"%0 = tokens_asis\n%1 = indices\n%2 = select_eq %0 %0\n%3 = sel_not %2\n%4 = sel_or %2 %3\n%5 "
     "= width %4\n"
     "%6 = sub %5 %1\n%7 = const 1\n%8 = sub %6 %7\n%9 = select_eq %1 %8\n%10 = aggregate %9 %0 "
     "default \"?\"\nout = %10\n",
     HELLO, "strings", "[\"o\", \"l\", \"l\", \"e\", \"h\"]"},
    {"%0 = tokens_asis\n%1 = lookup %0 table {1: \"one\", \"a\": \"letter\"}\nout = %1\n",
     "1 True 1.0", "strings", "[\"one\", \"one\", \"one\"]"},
    {"%0 = tokens_asis\n%1 = member %0 table [1, \"a\", 2.5]\nout = %1\n", "1 2.5 2 True", "bools",
     "[true, true, false, true]"},
    {"%0 = tokens_asis\n%1 = item %0 table [10, 20, 30]\nout = %1\n", "0 -1 True -3", "ints",
     "[10, 30, 20, 10]"},
    {"%0 = tokens_asis\n%1 = not %0\n%2 = indicator %0\n%3 = choose %1 %2 %0\nout = %3\n",
     "0 5 2.5", "floats", "[0, 5, 2.5]"},
    {"%0 = tokens_asis\n%1 = indices\n%2 = and %0 %1\n%3 = or %0 %1\n%4 = eq %2 %3\nout = %4\n",
     "1 1 0", "bools", "[false, true, false]"},
    {"%0 = tokens_asis\n%1 = neg %0\n%2 = round %1\n%3 = pos %2\nout = %3\n", "2.5 3.5 True",
     "ints", "[-2, -4, -1]"},
};

START_TEST(values_are_the_languages) {
    for (int i = 0; i < COUNT(value_cases); i++) {
        Buffer wanted = {0}, got = outcome(value_cases[i].graph, value_cases[i].input);
        buffer_printf(&wanted, "{\"kind\": \"seq\", \"type\": \"%s\", \"values\": %s}",
                      value_cases[i].type, value_cases[i].values);
        ck_assert_msg(strcmp(got.data, wanted.data) == 0, "%s on %s:\n wanted %s\n got    %s",
                      value_cases[i].graph, value_cases[i].input, wanted.data, got.data);
        buffer_free(&wanted);
        buffer_free(&got);
    }
}
END_TEST

/* --- failures --------------------------------------------------------------------------------- */

static const struct {
    const char *graph, *input, *wanted;
} failure_cases[] = {
    {"%0 = tokens_int\nout = %0\n", "'1 'x", "E0405 position 1: \"x\" is not an integer"},
    {"%0 = tokens_int\nout = %0\n", "1 inf", "E0405 position 1: inf is not an integer"},
    {"%0 = tokens_float\nout = %0\n", "'1 '1_", "E0405 position 1: \"1_\" is not a float"},
    {"%0 = tokens_asis\nout = %0\n", "1 2 'x",
     "E0310 position 0 is 1 and position 2 is \"x\": strings and numbers can't be in one sequence"},
    {"%0 = tokens_asis\nout = %0\n", "1 [2]",
     "E0311 position 1: [2] is neither a string, a number nor a bool"},
    {"%0 = indices\n%1 = div %0 %0\nout = %1\n", "1 2",
     "E0401 position 0: 0 / 0: division by zero"},
    {"%0 = tokens_asis\n%1 = indices\n%2 = sub %0 %1\nout = %2\n", "'a",
     "E0301 position 0: \"a\" - 0: these do not go together"},
    {"%0 = tokens_asis\n%1 = const 0.5\n%2 = pow %0 %1\nout = %2\n", "4 -4",
     "E0301 position 1: -4 ^ 0.5: a negative number has no real fractional power"},
    {"%0 = tokens_asis\n%1 = pow %0 %0\nout = %1\n", "1 1e200",
     "E0402 position 1: 1e+200 ^ 1e+200: beyond the largest float"},
    {"%0 = tokens_asis\n%1 = pow %0 %0\nout = %1\n", "1 1000000",
     "E0503 position 1: 1000000 ^ 1000000: the result would be too large"},
    {"%0 = tokens_asis\n%1 = round %0\nout = %1\n", "1 nan",
     "E0402 position 1: nan can't be rounded to an integer"},
    {"%0 = tokens_asis\n%1 = neg %0\nout = %1\n", "'a", "E0301 position 0: \"a\" is not a number"},
    {"%0 = tokens_asis\n%1 = lookup %0 table {\"h\": 1}\nout = %1\n", "'h 'e",
     "E0404 position 1: \"e\" is not among the dict's keys"},
    {"%0 = tokens_asis\n%1 = item %0 table [1, 2]\nout = %1\n", "0 -3",
     "E0403 position 1: index -3 is out of range for 2 items"},
    {"%0 = tokens_asis\n%1 = item %0 table [1, 2]\nout = %1\n", "0 1.0",
     "E0308 position 1: 1.0 is not an integer, so no index"},
    {SAME "%2 = aggregate %1 %0 default \"\"\nout = %2\n", HELLO,
     "E0406 position 2 selects 2 positions (2: \"l\", 3: \"l\"): strings have no mean"},
    {EARLIER "%3 = aggregate %2 %0 default 0\nout = %3\n", "'a 'b",
     "E0310 position 0 is 0 and position 1 is \"a\": strings and numbers can't be in one sequence"},
    {AVERAGE "%4 = aggregate %3 %0 default 0\nout = %4\n", "1.0 1", NULL},
    {"%0 = tokens_asis\n%1 = indices\n%2 = select_lt %0 %1\n%3 = width %2\nout = %3\n", "'a",
     "E0301 key position 0 is \"a\" and query position 0 is 0: strings and numbers have no order"},
    /* eager: the branch that is not chosen is computed too */
    {"%0 = indices\n%1 = const 1\n%2 = div %1 %0\n%3 = choose %0 %2 %0\nout = %3\n", "1 2",
     "E0401 position 0: 1 / 0: division by zero"},
    {"%0 = indices\nout = %0\n", "", "E0311 an input has at least one element"},
};

START_TEST(failures_name_the_position_and_the_values) {
    for (int i = 0; i < COUNT(failure_cases); i++) {
        Buffer got = outcome(failure_cases[i].graph, failure_cases[i].input);
        const char *wanted = failure_cases[i].wanted;
        bool fine = wanted ? strcmp(got.data, wanted) == 0 : got.data[0] == '{';
        ck_assert_msg(fine, "%s on %s:\n wanted %s\n got    %s", failure_cases[i].graph,
                      failure_cases[i].input, wanted ? wanted : "a sequence", got.data);
        buffer_free(&got);
    }
}
END_TEST

START_TEST(a_failure_points_at_its_node_and_at_who_asked) {
    Graph *graph = graph_of("%0 = indices\n%1 = div %0 %0\nout = %1\n");
    Sequence sequence;
    ck_assert(
        !eval_sequence(graph, 1, input_of("1"), world.asked, world.arena, world.diags, &sequence));
    Span span = diagnostics_span(world.diags, 0);
    ck_assert_uint_eq(span.start, graph_node(graph, 1)->span.start);
    Buffer shown = {0};
    diagnostics_render(world.diags, 0, DIAG_PLAIN, &shown);
    ck_assert_ptr_nonnull(strstr(shown.data, "evaluated here"));
    buffer_free(&shown);
    diagnostics_truncate(world.diags, 0);
    ck_assert(
        !eval_sequence(graph, 1, input_of("1"), (Span){0}, world.arena, world.diags, &sequence));
    diagnostics_render(world.diags, 0, DIAG_PLAIN, &shown);
    ck_assert_ptr_null(strstr(shown.data, "evaluated here"));
    buffer_free(&shown);
}
END_TEST

START_TEST(a_node_written_nowhere_fails_where_it_was_asked_for) {
    Graph *graph = graph_new(world.arena);
    NodeSpec spec = {.op = OP_TOKENS_INT, .args = {NO_NODE, NO_NODE, NO_NODE}};
    NodeId node = graph_add(graph, &spec, NULL);
    Sequence sequence;
    ck_assert(!eval_sequence(graph, node, input_of("'a"), world.asked, world.arena, world.diags,
                             &sequence));
    ck_assert_uint_eq(diagnostics_span(world.diags, 0).file, world.asked.file);
}
END_TEST

START_TEST(only_what_is_needed_is_computed) {
    Graph *graph = graph_of("%0 = indices\n%1 = div %0 %0\n%2 = neg %0\nfails = %1\nout = %2\n");
    Sequence sequence;
    ck_assert(
        eval_sequence(graph, 2, input_of("1 2"), world.asked, world.arena, world.diags, &sequence));
}
END_TEST

/* --- selectors -------------------------------------------------------------------------------- */

static const struct {
    const char *text;
    BinaryOp op;
} comparisons[] = {{"select_eq", BINARY_EQ}, {"select_ne", BINARY_NE}, {"select_lt", BINARY_LT},
                   {"select_le", BINARY_LE}, {"select_gt", BINARY_GT}, {"select_ge", BINARY_GE}};

/* Key and query are the same tokens; every cell must be what atom_binary says of its two atoms. */
static void expect_cells(const char *name, BinaryOp op, const char *words) {
    Buffer text = {0};
    buffer_printf(&text, "%%0 = tokens_asis\n%%1 = %s %%0 %%0\nout = %%1\n", name);
    Graph *graph = graph_of(text.data);
    Input input = input_of(words);
    Matrix matrix;
    ck_assert(eval_selector(graph, 1, input, world.asked, world.arena, world.diags, &matrix));
    ck_assert_uint_eq(matrix.n, input.n);
    for (uint32_t i = 0; i < input.n; i++)
        for (uint32_t j = 0; j < input.n; j++) {
            Atom cell;
            ck_assert_int_eq(atom_binary(world.arena, op, input.tokens[j], input.tokens[i], &cell),
                             ARITH_OK);
            ck_assert_msg(matrix.cells[i * matrix.n + j] == cell.as.boolean, "%s on %s at [%u][%u]",
                          name, words, i, j);
        }
    buffer_free(&text);
}

START_TEST(a_selector_compares_as_atoms_compare) {
    static const char *const inputs[] = {
        "0 1 -1 True False 0.5 -0.0 inf -inf nan",
        "9007199254740993 9007199254740992 9007199254740992.0 9007199254740994.0 nan inf -inf True "
        "0.5",
        "100000000000000000000 1e20 100000000000000000001 -100000000000000000000 "
        "9223372036854775807 nan",
        "'b 'a 'ab ' 'a 'é 'z '\xF0\x9F\x98\x80 '\xEF\xBF\xBF",
        "True False True",
        "nan",
    };
    for (int i = 0; i < COUNT(inputs); i++)
        for (int op = 0; op < COUNT(comparisons); op++)
            expect_cells(comparisons[op].text, comparisons[op].op, inputs[i]);
}
END_TEST

START_TEST(strings_equal_no_number) {
    Graph *graph =
        graph_of("%0 = tokens_str\n%1 = indices\n%2 = select_eq %0 %1\n%3 = select_ne %0 %1\n"
                 "%4 = width %2\n%5 = width %3\n%6 = sub %5 %4\nout = %6\n");
    Sequence sequence;
    ck_assert(eval_sequence(graph, 6, input_of("0 1 2"), world.asked, world.arena, world.diags,
                            &sequence));
    for (int i = 0; i < 3; i++)
        ck_assert(atom_identical(sequence.atoms[i], atom_int(3)));
}
END_TEST

START_TEST(selectors_combine_cell_by_cell) {
    Graph *graph =
        graph_of("%0 = indices\n%1 = select_lt %0 %0\n%2 = tokens_asis\n%3 = select_eq %2 %2\n"
                 "%4 = sel_and %1 %3\n%5 = sel_not %1\n%6 = sel_or %4 %5\nout = %6\n");
    Matrix matrix;
    Input input = input_of("'a 'b 'a 'a");
    ck_assert(eval_selector(graph, 6, input, world.asked, world.arena, world.diags, &matrix));
    Buffer text = {0};
    matrix_format_json(&text, matrix);
    ck_assert_str_eq(text.data,
                     "{\"kind\": \"select\", \"rows\": [\"1111\", \"0111\", \"1011\", \"1011\"]}");
    buffer_free(&text);
}
END_TEST

START_TEST(a_matrix_too_large_is_refused) {
    Graph *graph = graph_of("%0 = indices\n%1 = select_eq %0 %0\nout = %1\n");
    Input input = {.n = 70000};
    Atom *tokens = ARENA_ARRAY(world.arena, Atom, input.n);
    for (uint32_t i = 0; i < input.n; i++)
        tokens[i] = atom_int(i);
    input.tokens = tokens;
    Matrix matrix;
    ck_assert(!eval_selector(graph, 1, input, world.asked, world.arena, world.diags, &matrix));
    ck_assert_int_eq(diagnostics_id(world.diags, 0), DIAG_LIMIT_MEMORY);
}
END_TEST

/* Texts that double at every node end as a diagnostic, not with the machine's memory. */
START_TEST(growing_strings_end_at_the_limit) {
    Buffer text = {0};
    buffer_text(&text, "%0 = tokens_str\n");
    for (int i = 1; i <= 30; i++)
        buffer_printf(&text, "%%%d = add %%%d %%%d\n", i, i - 1, i - 1);
    buffer_text(&text, "out = %30\n");
    Graph *graph = graph_of(text.data);
    Sequence sequence;
    ck_assert(!eval_sequence(graph, 30, input_of("'a 'b"), world.asked, world.arena, world.diags,
                             &sequence));
    ck_assert_int_eq(diagnostics_id(world.diags, 0), DIAG_LIMIT_SIZE);
    buffer_free(&text);
}
END_TEST

/* A long chain reuses two columns, and a diamond keeps what is read again later. */
START_TEST(columns_live_until_their_last_user) {
    Buffer text = {0};
    buffer_text(&text, "%0 = indices\n%1 = const 1\n%2 = select_lt %0 %0\n");
    for (int i = 3; i < 2000; i++)
        buffer_printf(&text, "%%%d = add %%%d %%1\n", i, i == 3 ? 0 : i - 1);
    buffer_text(&text, "%2000 = aggregate %2 %1999 default 0\n%2001 = sub %2000 %0\nout = %2001\n");
    Graph *graph = graph_of(text.data);
    Sequence sequence;
    ck_assert(eval_sequence(graph, graph_find(graph, "out"), input_of("1 2 3 4"), world.asked,
                            world.arena, world.diags, &sequence));
    const Atom wanted[] = {atom_int(0), atom_int(1996), atom_float(1995.5), atom_float(1995)};
    for (int i = 0; i < 4; i++)
        ck_assert(atom_identical(sequence.atoms[i], wanted[i]));
    buffer_free(&text);
}
END_TEST

Suite *eval_suite(void);
Suite *eval_suite(void) {
    Suite *suite = suite_create("eval");
    TCase *tests = tcase_create("graphs");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, values_are_the_languages);
    tcase_add_test(tests, failures_name_the_position_and_the_values);
    tcase_add_test(tests, a_failure_points_at_its_node_and_at_who_asked);
    tcase_add_test(tests, a_node_written_nowhere_fails_where_it_was_asked_for);
    tcase_add_test(tests, only_what_is_needed_is_computed);
    tcase_add_test(tests, a_selector_compares_as_atoms_compare);
    tcase_add_test(tests, strings_equal_no_number);
    tcase_add_test(tests, selectors_combine_cell_by_cell);
    tcase_add_test(tests, a_matrix_too_large_is_refused);
    tcase_add_test(tests, growing_strings_end_at_the_limit);
    tcase_add_test(tests, columns_live_until_their_last_user);
    suite_add_tcase(suite, tests);
    return suite;
}
