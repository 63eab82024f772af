/* libraspc on columns: programs that name their inputs, as other programs run them. */
#include "tests/api/test_columns.h"

#include "tests/api/api_world.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* k-means: the first two rows are where the centres start. */
static const char lloyd[] =
    "param d: int = 2;\n"
    "param rounds: int = 10;\n"
    "input x: vec[d];\n"
    "input is_centre: bool;\n"
    "centres = select(is_centre, True, ==);\n"
    "require has_focus(centres), \"a centre\";\n"
    "c = x;\n"
    "repeat rounds {\n"
    "    owner = aggregate(hardmax_first(-distance(c, x), centres), indices);\n"
    "    members = select(owner, indices, ==) and not centres;\n"
    "    c = aggregate(members, x, c) if is_centre else c;\n"
    "}\n"
    "output c, owner;\n";
enum { ROWS = 4 };
static const double points[ROWS][2] = {{0, 0}, {9, 9}, {1, 0}, {8, 9}};
static const int64_t starts[ROWS] = {1, 1, 0, 0};

/* NULL: there is no jit. */
static raspc_transformer *transformer_of(raspc_program *program, const char *expression,
                                         raspc_engine engine) {
    raspc_transformer_options options = {
        .size = sizeof options, .engine = engine, .max_length = 64, .threads = 1};
    return transformer_with(program, expression, &options);
}

typedef struct Given {
    raspc_column columns[2];
} Given;
static Given given_points(void) {
    return (Given){{{.name = "x", .rows = ROWS, .width = 2, .numbers = points[0]},
                    {.name = "is_centre", .rows = ROWS, .width = 1, .integers = starts}}};
}

static void check_clusters(raspc_result *result) {
    raspc_column c, owner;
    ck_assert_uint_eq(raspc_result_columns(result), 2);
    ck_assert_int_eq(raspc_result_column(result, 0, &c), RASPC_OK);
    ck_assert_int_eq(raspc_result_column(result, 1, &owner), RASPC_OK);
    ck_assert_str_eq(c.name, "c");
    ck_assert(c.rows == ROWS && c.width == 2 && c.kind == RASPC_FLOAT);
    ck_assert(c.numbers[0] == 1 && c.numbers[1] == 0 && c.numbers[2] == 8 && c.numbers[3] == 9);
    ck_assert_str_eq(owner.name, "owner");
    ck_assert(owner.rows == ROWS && owner.width == 1 && owner.kind == RASPC_INT);
    for (int i = 0; i < ROWS; i++)
        ck_assert_int_eq(owner.integers[i], i % 2);
}

START_TEST(test_every_engine_runs_columns) {
    raspc_program *program = program_of(lloyd);
    raspc_transformer *clusters = transformer_of(program, NULL, engines[_i]);
    Given given = given_points();
    raspc_result *result;
    raspc_value last;
    if (clusters != NULL) {
        ck_assert_int_eq(raspc_run_columns(clusters, given.columns, 2, &result), RASPC_OK);
        check_clusters(result);
        ck_assert_int_eq(raspc_result_cell(result, 1, 3, &last), RASPC_OK);
        ck_assert(last.kind == RASPC_INT && last.integer == 1);
        ck_assert_int_eq(raspc_result_cell(result, 0, 0, &last), RASPC_MISUSED);
        ck_assert_int_eq(raspc_result_cell(result, 1, ROWS, &last), RASPC_MISUSED);
        raspc_result_free(result);
    }
    raspc_transformer_free(clusters);
    raspc_program_free(program);
}
END_TEST

START_TEST(test_float32_goes_in_and_computes) {
    raspc_program *program = program_of("input x: vec[2]; input w: float; y = x * w; output y;");
    const float x[] = {0.1f, 1, 2, 3}, w[] = {3, 0.5f};
    const raspc_column columns[] = {{.name = "x", .rows = 2, .width = 2, .singles = x},
                                    {.name = "w", .rows = 2, .width = 1, .singles = w}};
    for (int single = 0; single < 2; single++) {
        raspc_transformer_options options = {
            .size = sizeof options, .engine = RASPC_INTERP, .max_length = 2, .single = single};
        raspc_transformer *y;
        raspc_result *result;
        raspc_column out;
        ck_assert_int_eq(raspc_transformer_new(program, "y", &options, &y), RASPC_OK);
        ck_assert_int_eq(raspc_run_columns(y, columns, 2, &result), RASPC_OK);
        ck_assert_int_eq(raspc_result_column(result, 0, &out), RASPC_OK);
        ck_assert(out.numbers[0] == (single ? (double)(0.1f * 3) : (double)0.1f * 3));
        ck_assert(out.numbers[3] == 1.5);
        raspc_result_free(result);
        raspc_transformer_free(y);
    }
    raspc_program_free(program);
}
END_TEST

START_TEST(test_params_are_given_before_the_text) {
    static const char text[] = "param k: int = 1; param w: vec[2] = [1, 1];\n"
                               "param m: mat[2, 2] = [[1, 0], [0, 1]];\n"
                               "input x: vec[2]; y = k * matmul(m, x) + w; output y;";
    const raspc_value k = {.kind = RASPC_INT, .integer = 10};
    const raspc_value w[] = {{.kind = RASPC_FLOAT, .real = 0.5}, {.kind = RASPC_INT, .integer = 2}};
    const raspc_value m[] = {{.kind = RASPC_INT, .integer = 0},
                             {.kind = RASPC_INT, .integer = 1},
                             {.kind = RASPC_INT, .integer = 1},
                             {.kind = RASPC_INT, .integer = 0}};
    const double x[] = {3, 4};
    const raspc_column column = {.name = "x", .rows = 1, .width = 2, .numbers = x};
    raspc_program *program;
    raspc_diagnostic wrong;
    ck_assert_int_eq(raspc_program_new(NULL, &program), RASPC_OK);
    ck_assert_int_eq(raspc_program_param(program, "k", &k, 0, 0), RASPC_OK);
    ck_assert_int_eq(raspc_program_param(program, "w", w, 0, 2), RASPC_OK);
    ck_assert_int_eq(raspc_program_param(program, "m", m, 2, 2), RASPC_OK);
    ck_assert_int_eq(raspc_program_load(program, "p.rasp", text, strlen(text)), RASPC_OK);
    raspc_transformer *y;
    raspc_result *result;
    raspc_column out;
    ck_assert_int_eq(raspc_transformer_new(program, NULL, NULL, &y), RASPC_OK);
    ck_assert_int_eq(raspc_run_columns(y, &column, 1, &result), RASPC_OK);
    ck_assert_int_eq(raspc_result_column(result, 0, &out), RASPC_OK);
    ck_assert(out.numbers[0] == 40.5 && out.numbers[1] == 32);
    raspc_result_free(result);
    raspc_transformer_free(y);
    raspc_program_free(program);

    ck_assert_int_eq(raspc_program_new(NULL, &program), RASPC_OK);
    ck_assert_int_eq(raspc_program_param(program, "kk", &k, 0, 0), RASPC_OK);
    ck_assert_int_eq(raspc_program_param(program, "w", w, 2, 0), RASPC_MISUSED);
    ck_assert_int_eq(raspc_program_load(program, "p.rasp", text, strlen(text)), RASPC_WRONG);
    ck_assert_uint_eq(raspc_program_diagnostics(program), 1);
    ck_assert_int_eq(raspc_program_diagnostic(program, 0, &wrong), RASPC_OK);
    ck_assert_str_eq(wrong.message, "the program has no param 'kk'");
    raspc_program_free(program);

    ck_assert_int_eq(raspc_program_new(NULL, &program), RASPC_OK);
    ck_assert_int_eq(raspc_program_param(program, "w", &k, 0, 0), RASPC_OK);
    ck_assert_int_eq(raspc_program_load(program, "p.rasp", text, strlen(text)), RASPC_WRONG);
    ck_assert_int_eq(raspc_program_diagnostic(program, 0, &wrong), RASPC_OK);
    ck_assert_str_eq(wrong.id, "E0315");
    ck_assert_uint_eq(wrong.line, 1);
    raspc_program_free(program);
}
END_TEST

START_TEST(test_params_are_for_the_next_text_alone) {
    static const char *const texts[] = {"input x: float;", "param k: int = 1; y = x + k;",
                                        "z = 2 * x;"};
    const raspc_value ten = {.kind = RASPC_INT, .integer = 10};
    const double x[] = {3};
    const raspc_column column = {.name = "x", .rows = 1, .width = 1, .numbers = x};
    raspc_program *program;
    raspc_transformer *y;
    raspc_result *result;
    raspc_column out;
    ck_assert_int_eq(raspc_program_new(NULL, &program), RASPC_OK);
    ck_assert_int_eq(raspc_program_param(program, "k", &ten, 0, 0), RASPC_OK);
    ck_assert_int_eq(raspc_program_load(program, "a", texts[0], strlen(texts[0])), RASPC_WRONG);
    ck_assert_int_eq(raspc_program_load(program, "b", texts[1], strlen(texts[1])), RASPC_OK);
    ck_assert_int_eq(raspc_transformer_new(program, "y", NULL, &y), RASPC_OK);
    ck_assert_int_eq(raspc_run_columns(y, &column, 1, &result), RASPC_OK);
    ck_assert_int_eq(raspc_result_column(result, 0, &out), RASPC_OK);
    ck_assert(out.numbers[0] == 4);
    ck_assert_int_eq(raspc_program_param(program, "k", &ten, 0, 0), RASPC_OK);
    ck_assert_int_eq(raspc_program_load(program, "c", texts[2], strlen(texts[2])), RASPC_WRONG);
    raspc_result_free(result);
    raspc_transformer_free(y);
    raspc_program_free(program);
}
END_TEST

START_TEST(test_a_later_text_requires_nothing_of_tokens) {
    static const char later[] = "input x: float; require x > 0;";
    raspc_program *program = program_of("y = indices + 1;");
    raspc_transformer *y = transformer_of(program, "y", RASPC_EVAL);
    raspc_result *result;
    ck_assert_int_eq(raspc_program_load(program, "later", later, strlen(later)), RASPC_OK);
    ck_assert_int_eq(raspc_run_text(y, "ab", 2, &result), RASPC_OK);
    ck_assert_uint_eq(raspc_result_count(result), 2);
    raspc_result_free(result);
    raspc_transformer_free(y);
    raspc_program_free(program);
}
END_TEST

static void check_wrong(const raspc_transformer *t, const raspc_column *columns, size_t count,
                        const char *id, const char *message) {
    raspc_result *result;
    raspc_diagnostic wrong;
    ck_assert_int_eq(raspc_run_columns(t, columns, count, &result), RASPC_WRONG);
    ck_assert_uint_eq(raspc_result_columns(result), 0);
    ck_assert_uint_eq(raspc_result_count(result), 0);
    ck_assert_int_eq(raspc_result_diagnostic(result, 0, &wrong), RASPC_OK);
    ck_assert_str_eq(wrong.message, message);
    ck_assert_str_eq(wrong.id, id);
    raspc_result_free(result);
}

START_TEST(test_wrong_columns_are_diagnostics) {
    raspc_program *program = program_of(lloyd);
    raspc_transformer *t = transformer_of(program, NULL, engines[_i]);
    if (t != NULL) {
        const double nan_in[ROWS][2] = {{0, 0}, {9, NAN}};
        const int64_t nobody[ROWS] = {0}, three[ROWS] = {1, 3, 0, 0};
        Given given = given_points();
        check_wrong(t, given.columns, 1, "E0610",
                    "the program's input 'is_centre: bool' is not given");
        given.columns[1].rows = 3;
        check_wrong(t, given.columns, 2, "E0608", "'is_centre' has 3 elements, and 'x' 4");
        given.columns[1].rows = ROWS;
        given.columns[1].integers = three;
        check_wrong(t, given.columns, 2, "E0609", "3 is no bool, and 'is_centre' is bool");
        given.columns[1].integers = nobody;
        check_wrong(t, given.columns, 2, "E0611", "the program requires: a centre");
        given = given_points();
        given.columns[0].numbers = nan_in[0];
        check_wrong(t, given.columns, 2, "E0609", "x: [1, 1] is not a number (NaN)");
        given = given_points();
        given.columns[0].rows = 2 * ROWS;
        given.columns[0].width = 1;
        check_wrong(t, given.columns, 2, "E0608",
                    "x has the shape (8,), and 'x' is vec[2]: (n, 2)");
        given = given_points();
        given.columns[1].name = "x";
        check_wrong(t, given.columns, 2, "E0610", "'x' is given twice");
        given.columns[1].name = "y";
        check_wrong(t, given.columns, 2, "E0610", "the program has no input 'y'");
        given = given_points();
        given.columns[0].rows = given.columns[1].rows = 0;
        check_wrong(t, given.columns, 2, "E0608",
                    "'x' is empty: an input has at least one element");
    }
    raspc_transformer_free(t);
    raspc_program_free(program);
}
END_TEST

START_TEST(test_columns_of_strings) {
    raspc_program *program = program_of("input kind: str; input n: int;\n"
                                        "last = aggregate(select(indices, indices - 1, ==), kind, "
                                        "\"none\"); sales = n if kind == \"sale\" else 0;\n"
                                        "output last, sales;");
    const raspc_value kinds[] = {{.kind = RASPC_STRING, .text = "sale", .length = 4},
                                 {.kind = RASPC_STRING, .text = "gift", .length = 4}};
    const int64_t n[] = {7, 8};
    const raspc_column columns[] = {{.name = "n", .rows = 2, .width = 1, .integers = n},
                                    {.name = "kind", .rows = 2, .width = 1, .values = kinds}};
    const raspc_engine with_strings[] = {RASPC_EVAL, RASPC_JIT};
    for (int e = 0; e < 2; e++) {
        raspc_transformer *t = transformer_of(program, NULL, with_strings[e]);
        raspc_result *result;
        raspc_column out;
        raspc_value text;
        if (t == NULL) continue;
        ck_assert_int_eq(raspc_run_columns(t, columns, 2, &result), RASPC_OK);
        ck_assert_int_eq(raspc_result_column(result, 0, &out), RASPC_OK);
        ck_assert(out.kind == RASPC_STRING && out.numbers == NULL && out.integers == NULL);
        ck_assert_int_eq(raspc_result_cell(result, 0, 1, &text), RASPC_OK);
        ck_assert_str_eq(text.text, "sale");
        ck_assert_int_eq(raspc_result_column(result, 1, &out), RASPC_OK);
        ck_assert(out.integers[0] == 7 && out.integers[1] == 0);
        raspc_result_free(result);
        raspc_transformer_free(t);
    }
    raspc_program_free(program);
}
END_TEST

START_TEST(test_misuse_of_columns_is_said_and_harmless) {
    raspc_program *program = program_of(lloyd), *tokens = program_of("x = indices;");
    raspc_transformer *t = transformer_of(program, "owner", RASPC_EVAL), *x, *none;
    Given given = given_points();
    raspc_result *result;
    raspc_column column;
    ck_assert_int_eq(raspc_transformer_new(tokens, NULL, NULL, &x), RASPC_OK);
    ck_assert_int_eq(raspc_run_columns(x, given.columns, 2, &result), RASPC_MISUSED);
    ck_assert_int_eq(raspc_run_text(t, "ab", 2, &result), RASPC_MISUSED);
    ck_assert_int_eq(raspc_run_columns(NULL, given.columns, 2, &result), RASPC_MISUSED);
    ck_assert_int_eq(raspc_run_columns(t, NULL, 2, &result), RASPC_MISUSED);
    ck_assert_int_eq(raspc_run_columns(t, given.columns, 2, NULL), RASPC_MISUSED);
    given.columns[0].integers = starts;
    ck_assert_int_eq(raspc_run_columns(t, given.columns, 2, &result), RASPC_MISUSED);
    ck_assert_ptr_null(result);
    given = given_points();
    given.columns[0].width = 0;
    ck_assert_int_eq(raspc_run_columns(t, given.columns, 2, &result), RASPC_MISUSED);
    ck_assert_int_eq(raspc_result_column(NULL, 0, &column), RASPC_MISUSED);
    raspc_transformer_options options = {.size = sizeof options, .engine = RASPC_INTERP};
    ck_assert_int_eq(raspc_transformer_new(program, NULL, &options, &none), RASPC_MISUSED);
    raspc_transformer_free(x);
    raspc_transformer_free(t);
    raspc_program_free(tokens);
    raspc_program_free(program);
}
END_TEST

START_TEST(test_a_model_of_columns_is_measured_and_saved) {
    char path[] = "/tmp/raspc-api-XXXXXX.rtm";
    int file = mkstemps(path, 4);
    ck_assert_int_ge(file, 0);
    close(file);
    raspc_program *program = program_of(lloyd);
    raspc_transformer *t = transformer_of(program, NULL, RASPC_INTERP);
    raspc_size size = {.size = sizeof size};
    ck_assert_int_eq(raspc_transformer_size(t, &size), RASPC_OK);
    ck_assert(size.heads == 2 && size.attention_layers == 2 && size.parameters > size.width);
    ck_assert_ptr_nonnull(strstr(raspc_transformer_text(t), "model real f64 length 64"));
    ck_assert_int_eq(raspc_transformer_save(t, path), RASPC_OK);
    char start[24] = "";
    FILE *saved = fopen(path, "rb");
    ck_assert_ptr_nonnull(fgets(start, sizeof start, saved));
    ck_assert_int_eq(strncmp(start, "model real f64", 14), 0);
    fclose(saved);
    remove(path);
    raspc_transformer_free(t);
    raspc_transformer *native = transformer_of(program, NULL, RASPC_JIT);
    if (native != NULL) ck_assert_int_eq(raspc_transformer_save(native, path), RASPC_MISUSED);
    raspc_transformer_free(native);
    raspc_program_free(program);
}
END_TEST

/* --- threads -----------------------------------------------------------------------------------
 */

static void *one_transformer(void *state) {
    enum { ROUNDS = 10 };
    Given given = given_points();
    for (int round = 0; round < ROUNDS; round++) {
        raspc_result *result;
        ck_assert_int_eq(raspc_run_columns(state, given.columns, 2, &result), RASPC_OK);
        check_clusters(result);
        raspc_result_free(result);
        check_wrong(state, given.columns, 1, "E0610",
                    "the program's input 'is_centre: bool' is not given");
    }
    return NULL;
}

/* Programs of a thread's own, several at once, under all engines. */
static void *whole_lives(void *state) {
    (void)state;
    raspc_program *first = program_of(lloyd), *second = program_of(lloyd);
    for (int e = 0; e < ENGINES; e++) {
        raspc_transformer *a = transformer_of(first, NULL, engines[e]);
        raspc_transformer *b = transformer_of(second, NULL, engines[e]);
        if (a != NULL) one_transformer(a);
        if (b != NULL) one_transformer(b);
        raspc_transformer_free(a);
        raspc_transformer_free(b);
    }
    raspc_program_free(first);
    raspc_program_free(second);
    return NULL;
}

START_TEST(test_threads_share_a_transformer_of_columns) {
    raspc_program *program = program_of(lloyd);
    raspc_transformer *clusters = transformer_of(program, NULL, engines[_i]);
    if (clusters != NULL) run_threads(one_transformer, clusters);
    raspc_transformer_free(clusters);
    raspc_program_free(program);
}
END_TEST

START_TEST(test_threads_have_several_programs_of_columns) { run_threads(whole_lives, NULL); }
END_TEST

TCase *columns_tests(void) {
    enum { SECONDS = 120 };
    TCase *tests = tcase_create("columns");
    tcase_set_timeout(tests, SECONDS);
    tcase_add_loop_test(tests, test_every_engine_runs_columns, 0, ENGINES);
    tcase_add_test(tests, test_float32_goes_in_and_computes);
    tcase_add_test(tests, test_params_are_given_before_the_text);
    tcase_add_test(tests, test_params_are_for_the_next_text_alone);
    tcase_add_test(tests, test_a_later_text_requires_nothing_of_tokens);
    tcase_add_loop_test(tests, test_wrong_columns_are_diagnostics, 0, ENGINES);
    tcase_add_test(tests, test_columns_of_strings);
    tcase_add_test(tests, test_misuse_of_columns_is_said_and_harmless);
    tcase_add_test(tests, test_a_model_of_columns_is_measured_and_saved);
    tcase_add_loop_test(tests, test_threads_share_a_transformer_of_columns, 0, ENGINES);
    tcase_add_test(tests, test_threads_have_several_programs_of_columns);
    return tests;
}
