/* libraspc as other programs see it: the header and the shared library, nothing else. */
#include "tests/api/test_columns.h"

#include "tests/api/api_world.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LETTERS = 5 };
static const char letters[LETTERS + 1] = "abcde";

static raspc_transformer_options options_of(raspc_engine engine, raspc_value *vocabulary) {
    for (int i = 0; i < LETTERS; i++)
        vocabulary[i] = (raspc_value){.kind = RASPC_STRING, .text = &letters[i], .length = 1};
    return (raspc_transformer_options){.size = sizeof(raspc_transformer_options),
                                       .engine = engine,
                                       .vocabulary = vocabulary,
                                       .vocabulary_count = LETTERS,
                                       .max_length = 64};
}

static raspc_transformer *transformer_of(raspc_program *program, const char *expression,
                                         raspc_engine engine) {
    raspc_value vocabulary[LETTERS];
    raspc_transformer_options options = options_of(engine, vocabulary);
    raspc_transformer *transformer = transformer_with(program, expression, &options);
    ck_assert_ptr_nonnull(transformer);
    return transformer;
}

static bool has_engine(raspc_engine engine) {
    raspc_program *program = program_of("x = indices;");
    raspc_value vocabulary[LETTERS];
    raspc_transformer_options options = options_of(engine, vocabulary);
    raspc_transformer *transformer = transformer_with(program, "x", &options);
    bool has = transformer != NULL;
    raspc_transformer_free(transformer);
    raspc_program_free(program);
    return has;
}

START_TEST(test_every_engine_runs_a_program) {
    raspc_engine engine = engines[_i];
    if (!has_engine(engine)) return;
    raspc_program *program = program_of("hist = selector_width(select(tokens, tokens, ==));");
    ck_assert_str_eq(raspc_program_main(program), "hist");
    raspc_transformer *hist = transformer_of(program, "hist", engine);
    raspc_result *result;
    int64_t counts[6];
    ck_assert_int_eq(raspc_run_text(hist, "abcaab", 6, &result), RASPC_OK);
    ck_assert_uint_eq(raspc_result_count(result), 6);
    ck_assert_int_eq(raspc_result_kind(result), RASPC_INT);
    ck_assert_int_eq(raspc_result_integers(result, counts), RASPC_OK);
    const int64_t wanted[] = {3, 2, 1, 3, 3, 2};
    for (int i = 0; i < 6; i++)
        ck_assert_int_eq(counts[i], wanted[i]);
    raspc_result_free(result);
    raspc_transformer_free(hist);
    raspc_program_free(program);
}
END_TEST

START_TEST(test_values_of_every_kind_cross_the_border) {
    raspc_program *program = program_of("same = tokens_asis; half = tokens_float / 2;");
    const raspc_value tokens[] = {
        {.kind = RASPC_INT, .integer = -7},
        {.kind = RASPC_FLOAT, .real = 0.1},
        {.kind = RASPC_BIG_INT, .text = "-123456789012345678901234567890", .length = 31},
    };
    raspc_transformer *same, *half;
    ck_assert_int_eq(raspc_transformer_new(program, "same", NULL, &same), RASPC_OK);
    ck_assert_int_eq(raspc_transformer_new(program, "half", NULL, &half), RASPC_OK);
    raspc_result *result;
    raspc_value value;
    ck_assert_int_eq(raspc_run(same, tokens, 3, &result), RASPC_OK);
    ck_assert_int_eq(raspc_result_value(result, 0, &value), RASPC_OK);
    ck_assert(value.kind == RASPC_INT && value.integer == -7);
    ck_assert_int_eq(raspc_result_value(result, 1, &value), RASPC_OK);
    ck_assert(value.kind == RASPC_FLOAT && value.real == 0.1);
    ck_assert_int_eq(raspc_result_value(result, 2, &value), RASPC_OK);
    ck_assert_int_eq(value.kind, RASPC_BIG_INT);
    ck_assert_str_eq(value.text, tokens[2].text);
    ck_assert_int_eq(raspc_result_value(result, 3, &value), RASPC_MISUSED);
    int64_t integers[3];
    ck_assert_int_eq(raspc_result_integers(result, integers), RASPC_WRONG);
    raspc_result_free(result);
    double reals[2];
    ck_assert_int_eq(raspc_run(half, tokens, 2, &result), RASPC_OK);
    ck_assert_int_eq(raspc_result_reals(result, reals), RASPC_OK);
    ck_assert(reals[0] == -3.5 && reals[1] == 0.05);
    raspc_result_free(result);
    raspc_transformer_free(same);
    raspc_transformer_free(half);
    raspc_program_free(program);
}
END_TEST

START_TEST(test_text_is_read_by_characters) {
    raspc_program *program = program_of("x = tokens;");
    raspc_transformer *x;
    raspc_result *result;
    raspc_value value;
    ck_assert_int_eq(raspc_transformer_new(program, "x", NULL, &x), RASPC_OK);
    ck_assert_int_eq(raspc_run_text(x,
                                    "a\xc3\xa9"
                                    "b",
                                    4, &result),
                     RASPC_OK);
    ck_assert_uint_eq(raspc_result_count(result), 3);
    ck_assert_int_eq(raspc_result_value(result, 1, &value), RASPC_OK);
    ck_assert_str_eq(value.text, "\xc3\xa9");
    raspc_result_free(result);
    ck_assert_int_eq(raspc_run_text(x, "\xff", 1, &result), RASPC_MISUSED);
    ck_assert_ptr_null(result);
    raspc_transformer_free(x);
    raspc_program_free(program);
}
END_TEST

START_TEST(test_mistakes_are_diagnostics_with_places) {
    raspc_program *program;
    raspc_diagnostic wrong;
    raspc_transformer *none;
    const char text[] = "a = 1;\n  b = selectr_width(a);\n c = indices + \"1\";";
    ck_assert_int_eq(raspc_program_new(NULL, &program), RASPC_OK);
    ck_assert_int_eq(raspc_program_load(program, "bad.rasp", text, strlen(text)), RASPC_WRONG);
    ck_assert_uint_eq(raspc_program_diagnostics(program), 2);
    ck_assert_int_eq(raspc_program_diagnostic(program, 0, &wrong), RASPC_OK);
    ck_assert_str_eq(wrong.id, "E0201");
    ck_assert_str_eq(wrong.file, "bad.rasp");
    ck_assert_uint_eq(wrong.line, 2);
    ck_assert_uint_eq(wrong.column, 7);
    ck_assert_int_eq(raspc_program_diagnostic(program, 2, &wrong), RASPC_MISUSED);
    raspc_program_forget(program);
    ck_assert_uint_eq(raspc_program_diagnostics(program), 0);
    ck_assert_int_eq(raspc_transformer_new(program, "select(1, 1, ==)", NULL, &none), RASPC_WRONG);
    ck_assert_ptr_null(none);
    ck_assert_uint_eq(raspc_program_diagnostics(program), 1);
    ck_assert_int_eq(raspc_program_load(program, "x", "load \"y\";", 9), RASPC_WRONG);
    raspc_program_free(program);
}
END_TEST

START_TEST(test_a_wrong_input_is_the_result_s_diagnostic) {
    raspc_engine engine = engines[_i];
    if (!has_engine(engine)) return;
    raspc_program *program = program_of("x = 1 / (indices - 2);");
    raspc_transformer *x = transformer_of(program, "x", engine);
    raspc_result *result;
    raspc_diagnostic wrong;
    ck_assert_int_eq(raspc_run_text(x, "ab", 2, &result), RASPC_OK);
    raspc_result_free(result);
    ck_assert_int_eq(raspc_run_text(x, "abc", 3, &result), RASPC_WRONG);
    ck_assert_uint_eq(raspc_result_count(result), 0);
    ck_assert_uint_eq(raspc_result_diagnostics(result), 1);
    ck_assert_int_eq(raspc_result_diagnostic(result, 0, &wrong), RASPC_OK);
    ck_assert_str_eq(wrong.id, "E0401");
    ck_assert_uint_eq(wrong.line, 1);
    raspc_result_free(result);
    ck_assert_int_eq(raspc_run_text(x, "", 0, &result), RASPC_WRONG);
    raspc_result_free(result);
    raspc_transformer_free(x);
    raspc_program_free(program);
}
END_TEST

START_TEST(test_misuse_is_said_and_harmless) {
    raspc_program *program = program_of("x = indices;");
    raspc_transformer *x;
    raspc_value vocabulary[LETTERS];
    raspc_transformer_options options = options_of(RASPC_INTERP, vocabulary);
    vocabulary[1] = vocabulary[0];
    ck_assert_int_eq(raspc_transformer_new(program, "x", &options, &x), RASPC_MISUSED);
    options = options_of(RASPC_INTERP, vocabulary);
    options.max_length = 0;
    ck_assert_int_eq(raspc_transformer_new(program, "x", &options, &x), RASPC_MISUSED);
    options.max_length = 1;
    options.size = 100000;
    ck_assert_int_eq(raspc_transformer_new(program, "x", &options, &x), RASPC_MISUSED);
    ck_assert_int_eq(raspc_transformer_new(NULL, "x", NULL, &x), RASPC_MISUSED);
    ck_assert_int_eq(raspc_program_new(NULL, NULL), RASPC_MISUSED);
    raspc_program_free(NULL);
    raspc_transformer_free(NULL);
    raspc_result_free(NULL);
    raspc_program_free(program);
}
END_TEST

START_TEST(test_a_causal_transformer_looks_back_alone) {
    raspc_program *program = program_of("before = selector_width(select(tokens, tokens, ==) and "
                                        "select(indices, indices, <)); x = length;");
    raspc_value vocabulary[LETTERS];
    raspc_transformer_options options = options_of(RASPC_INTERP, vocabulary);
    raspc_transformer *transformer;
    raspc_diagnostic why;
    options.causal = 1;
    ck_assert_int_eq(raspc_transformer_new(program, "before", &options, &transformer), RASPC_OK);
    ck_assert_ptr_nonnull(strstr(raspc_transformer_text(transformer), "model length 64 causal"));
    raspc_transformer_free(transformer);
    ck_assert_int_eq(raspc_transformer_new(program, "x", &options, &transformer), RASPC_REFUSED);
    ck_assert_int_eq(raspc_program_diagnostic(program, 0, &why), RASPC_OK);
    ck_assert_str_eq(why.id, "E0705");
    raspc_program_free(program);
}
END_TEST

START_TEST(test_a_transformer_says_what_it_takes) {
    raspc_program *program = program_of("hist = selector_width(select(tokens, tokens, ==));");
    raspc_transformer *hist = transformer_of(program, "hist", RASPC_INTERP);
    raspc_size size = {.size = sizeof size};
    ck_assert_int_eq(raspc_transformer_size(hist, &size), RASPC_OK);
    ck_assert(size.layers == 1 && size.attention_layers == 1 && size.heads == 1);
    ck_assert(size.width > 0 && size.parameters > size.width);
    ck_assert_ptr_nonnull(strstr(raspc_transformer_text(hist), "model length 64"));
    raspc_transformer_free(hist);
    raspc_program_free(program);
}
END_TEST

/* The beginning of what is in the file; "" when there is none. */
static const char *beginning_of(const char *path, char *buffer, size_t size) {
    FILE *file = fopen(path, "rb");
    size_t read = file == NULL ? 0 : fread(buffer, 1, size - 1, file);
    buffer[read] = '\0';
    if (file != NULL) fclose(file);
    return buffer;
}

START_TEST(test_a_transformer_is_saved) {
    char directory[] = "/tmp/raspc-api-XXXXXX", start[32];
    ck_assert_ptr_nonnull(mkdtemp(directory));
    ck_assert_int_eq(chdir(directory), 0);
    raspc_program *program = program_of("hist = selector_width(select(tokens, tokens, ==));");
    raspc_transformer *hist = transformer_of(program, "hist", RASPC_INTERP);
    ck_assert_int_eq(raspc_transformer_save(hist, "hist.rtm"), RASPC_OK);
    ck_assert_str_eq(beginning_of("hist.rtm", start, 16), "model length 64");
    ck_assert_int_eq(raspc_transformer_save(hist, "hist.npz"), RASPC_OK);
    ck_assert_str_eq(beginning_of("hist.npz", start, 3), "PK");
    ck_assert_int_eq(raspc_transformer_save(hist, "hist"), RASPC_OK);
    ck_assert_str_eq(beginning_of("hist/program.rasp", start, 8), "hist = ");
    ck_assert_uint_eq(raspc_program_diagnostics(program), 0);
    ck_assert_int_eq(raspc_transformer_save(hist, "hist.doc"), RASPC_WRONG);
    ck_assert_int_eq(raspc_transformer_save(hist, "none/hist.npz"), RASPC_REFUSED);
    raspc_diagnostic why;
    ck_assert_int_eq(raspc_program_diagnostic(program, 1, &why), RASPC_OK);
    ck_assert_str_eq(why.message, "can't write 'none/hist.npz': No such file or directory");
    raspc_transformer *plain = transformer_of(program, "hist", RASPC_EVAL);
    ck_assert_int_eq(raspc_transformer_save(plain, "plain.npz"), RASPC_MISUSED);
    ck_assert_int_eq(raspc_transformer_save(hist, NULL), RASPC_MISUSED);
    raspc_transformer_free(plain);
    raspc_transformer_free(hist);
    raspc_program_free(program);
    char command[64];
    snprintf(command, sizeof command, "rm -rf %s", directory);
    ck_assert_int_eq(system(command), 0);
}
END_TEST

/* The mean of ones and zeros lies closer together than float32 tells apart at length 300. */
START_TEST(test_weights_are_float32_or_float64) {
    raspc_program *program = program_of("x = aggregate(select(indices, indices, <=), "
                                        "indicator(tokens == \"a\"));");
    raspc_value vocabulary[LETTERS];
    raspc_transformer_options options = options_of(RASPC_INTERP, vocabulary);
    raspc_transformer *x;
    raspc_result *result;
    double means[3];
    options.max_length = 300;
    ck_assert_int_eq(raspc_transformer_new(program, "x", &options, &x), RASPC_REFUSED);
    options.float_type = RASPC_F64;
    ck_assert_int_eq(raspc_transformer_new(program, "x", &options, &x), RASPC_OK);
    ck_assert_int_eq(raspc_run_text(x, "abb", 3, &result), RASPC_OK);
    ck_assert_int_eq(raspc_result_reals(result, means), RASPC_OK);
    ck_assert(means[0] == 1 && means[1] == 0.5 && means[2] == 1.0 / 3);
    raspc_result_free(result);
    raspc_transformer_free(x);
    options.float_type = (raspc_float_type)7;
    ck_assert_int_eq(raspc_transformer_new(program, "x", &options, &x), RASPC_MISUSED);
    raspc_program_free(program);
}
END_TEST

/* --- files for load ----------------------------------------------------------------------------
 */

static int read_counting(void *state, const char *path,
                         void (*add)(void *to, const char *bytes, size_t length), void *to) {
    const char *text = state;
    if (strstr(path, "missing") != NULL) return 0;
    for (size_t i = 0; text[i] != '\0'; i++)
        add(to, text + i, 1);
    return 1;
}

START_TEST(test_load_asks_the_caller) {
    char text[] = "twice = indices * 2;";
    raspc_program_options options = {
        .size = sizeof options, .read_file = read_counting, .read_state = text};
    raspc_program *program;
    raspc_transformer *twice;
    ck_assert_int_eq(raspc_program_new(&options, &program), RASPC_OK);
    ck_assert_int_eq(raspc_program_load(program, "a", "load \"lib\";", 11), RASPC_OK);
    ck_assert_int_eq(raspc_transformer_new(program, "twice", NULL, &twice), RASPC_OK);
    ck_assert_int_eq(raspc_program_load(program, "b", "load \"missing\";", 15), RASPC_WRONG);
    raspc_transformer_free(twice);
    raspc_program_free(program);
}
END_TEST

/* --- threads -----------------------------------------------------------------------------------
 */

enum { ROUNDS = 20 };

/* A program of its own a thread. */
static void *whole_lives(void *state) {
    const raspc_engine *engine = state;
    for (int round = 0; round < ROUNDS; round++) {
        raspc_program *program = program_of("rev = aggregate(select(indices, length - 1 - indices, "
                                            "==), tokens); wrong = 1 / (indices - 3);");
        raspc_transformer *rev = transformer_of(program, "rev", *engine);
        raspc_transformer *wrong = transformer_of(program, "wrong", *engine);
        raspc_result *result;
        raspc_value last;
        ck_assert_int_eq(raspc_run_text(rev, "abcde", 5, &result), RASPC_OK);
        ck_assert_int_eq(raspc_result_value(result, 0, &last), RASPC_OK);
        ck_assert_str_eq(last.text, "e");
        raspc_result_free(result);
        ck_assert_int_eq(raspc_run_text(wrong, "abcde", 5, &result), RASPC_WRONG);
        raspc_result_free(result);
        raspc_transformer_free(rev);
        raspc_transformer_free(wrong);
        raspc_program_free(program);
    }
    return NULL;
}

typedef struct Shared {
    const raspc_transformer *hist, *wrong;
} Shared;

/* One transformer on all threads; failing too, since that looks up places. */
static void *many_inputs(void *state) {
    const Shared *shared = state;
    for (int round = 0; round < ROUNDS; round++) {
        raspc_result *result;
        int64_t counts[4];
        raspc_diagnostic where;
        ck_assert_int_eq(raspc_run_text(shared->hist, "abba", 4, &result), RASPC_OK);
        ck_assert_int_eq(raspc_result_integers(result, counts), RASPC_OK);
        ck_assert(counts[0] == 2 && counts[3] == 2);
        raspc_result_free(result);
        ck_assert_int_eq(raspc_run_text(shared->wrong, "abba", 4, &result), RASPC_WRONG);
        ck_assert_int_eq(raspc_result_diagnostic(result, 0, &where), RASPC_OK);
        ck_assert_uint_eq(where.line, 2);
        raspc_result_free(result);
    }
    return NULL;
}

START_TEST(test_threads_with_programs_of_their_own) {
    raspc_engine engine = engines[_i];
    if (has_engine(engine)) run_threads(whole_lives, &engine);
}
END_TEST

START_TEST(test_threads_share_a_transformer) {
    raspc_engine engine = engines[_i];
    if (!has_engine(engine)) return;
    raspc_program *program = program_of("hist = selector_width(select(tokens, tokens, ==));\n"
                                        "wrong = 1 / (indices - 3);");
    raspc_transformer *hist = transformer_of(program, "hist", engine);
    raspc_transformer *wrong = transformer_of(program, "wrong", engine);
    Shared shared = {hist, wrong};
    run_threads(many_inputs, &shared);
    raspc_transformer_free(hist);
    raspc_transformer_free(wrong);
    raspc_program_free(program);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("api");
    TCase *tests = tcase_create("libraspc");
    enum { SECONDS = 120 };
    tcase_set_timeout(tests, SECONDS);
    tcase_add_loop_test(tests, test_every_engine_runs_a_program, 0, ENGINES);
    tcase_add_test(tests, test_values_of_every_kind_cross_the_border);
    tcase_add_test(tests, test_text_is_read_by_characters);
    tcase_add_test(tests, test_mistakes_are_diagnostics_with_places);
    tcase_add_loop_test(tests, test_a_wrong_input_is_the_result_s_diagnostic, 0, ENGINES);
    tcase_add_test(tests, test_misuse_is_said_and_harmless);
    tcase_add_test(tests, test_a_causal_transformer_looks_back_alone);
    tcase_add_test(tests, test_a_transformer_says_what_it_takes);
    tcase_add_test(tests, test_a_transformer_is_saved);
    tcase_add_test(tests, test_weights_are_float32_or_float64);
    tcase_add_test(tests, test_load_asks_the_caller);
    tcase_add_loop_test(tests, test_threads_with_programs_of_their_own, 0, ENGINES);
    tcase_add_loop_test(tests, test_threads_share_a_transformer, 0, ENGINES);
    suite_add_tcase(suite, tests);
    suite_add_tcase(suite, columns_tests());
    SRunner *runner = srunner_create(suite);
    srunner_set_tap(runner, "-");
    srunner_run_all(runner, CK_SILENT);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
