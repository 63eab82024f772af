/* The jit against eval: whole programs, every small input and long ones of the awkward kinds.
   Without LLVM there is no jit, and the tests say so and pass. */
#include "runtime/base/file.h"
#include "tests/unit/jit_bench.h"

#include <check.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

/* --- the tests -------------------------------------------------------------------------------- */

START_TEST(every_small_input) {
    enum { TOKENS = 3, SHORT = 5 };
    const Subject *subject = &subjects[_i];
    Bench bench;
    if (open_bench(&bench, subject, TOKENS, SHORT)) {
        for (uint32_t n = 1, inputs = TOKENS; n <= SHORT; n++, inputs *= TOKENS) {
            for (uint32_t number = 0; number < inputs; number++) {
                uint32_t numbers[SHORT], rest = number;
                for (uint32_t i = 0; i < n; i++, rest /= TOKENS)
                    numbers[i] = rest % TOKENS;
                compare(&bench, subject, numbers, n);
            }
        }
    }
    close_bench(&bench);
}
END_TEST

/* Random, all equal, rising, falling; all different where the vocabulary is large enough. */
START_TEST(long_inputs) {
    const Subject *subject = &subjects[_i];
    const uint32_t lengths[] = {1, 2, subject->longest / 3, subject->longest};
    uint32_t vocabulary =
        subject->alphabet ? (uint32_t)strlen(subject->alphabet) : subject->longest;
    uint64_t random = 1 + (uint64_t)_i;
    Bench bench;
    if (open_bench(&bench, subject, vocabulary, subject->longest)) {
        for (size_t l = 0; l < sizeof lengths / sizeof lengths[0]; l++) {
            uint32_t numbers[LONGEST], n = lengths[l];
            for (uint32_t i = 0; i < n; i++)
                numbers[i] = next_random(&random, vocabulary);
            compare(&bench, subject, numbers, n);
            for (uint32_t i = 0; i < n; i++)
                numbers[i] = next_random(&random, 2);
            compare(&bench, subject, numbers, n);
            for (uint32_t i = 0; i < n; i++)
                numbers[i] = 1;
            compare(&bench, subject, numbers, n);
            for (uint32_t i = 0; i < n; i++)
                numbers[i] = i % vocabulary;
            compare(&bench, subject, numbers, n);
            for (uint32_t i = 0; i < n; i++)
                numbers[i] = (n - i) % vocabulary;
            compare(&bench, subject, numbers, n);
        }
    }
    close_bench(&bench);
}
END_TEST

/* At and beside every number of positions that vectors hold. */
START_TEST(short_inputs_of_every_length) {
    static const uint32_t longest[] = {1, 7, 15, 16, 17, 32, 33, 64, 65, 127, 128, 129};
    const Subject *subject = &subjects[_i];
    uint32_t vocabulary = subject->alphabet ? (uint32_t)strlen(subject->alphabet) : 300;
    uint64_t random = 1 + (uint64_t)_i;
    for (size_t l = 0; l < sizeof longest / sizeof longest[0]; l++) {
        Bench bench;
        uint32_t numbers[LONGEST];
        if (open_bench(&bench, subject, vocabulary, longest[l])) {
            for (uint32_t n = 1; n <= longest[l]; n += n + 10 < longest[l] ? 1 + n / 4 : 1) {
                uint32_t kinds = n % 3 ? vocabulary : 2; /* many ties */
                for (uint32_t i = 0; i < n; i++)
                    numbers[i] = next_random(&random, kinds);
                compare(&bench, subject, numbers, n);
            }
        }
        close_bench(&bench);
    }
}
END_TEST

START_TEST(heads_have_the_plans_that_their_selectors_allow) {
    for (int i = 0; i < SUBJECTS; i++) {
        Bench bench;
        Buffer text = {0}, wanted = {0};
        if (open_bench(&bench, &subjects[i], 3, subjects[i].longest)) {
            buffer_text(&text, "explained\n");
            jit_explain(bench.program, &text);
            buffer_printf(&wanted, ": %s", subjects[i].plan);
            ck_assert_msg(strstr(text.data, wanted.data) != NULL, "%s:\n%s", subjects[i].name,
                          text.data);
            bool quadratic = strstr(text.data, "n^2") != NULL;
            ck_assert_msg(quadratic == (strcmp(subjects[i].plan, "tiles") == 0), "%s:\n%s",
                          subjects[i].name, text.data);
        }
        buffer_free(&text);
        buffer_free(&wanted);
        close_bench(&bench);
    }
}
END_TEST

START_TEST(classes_of_a_wide_range_are_numbered) {
    for (int i = 0; i < SUBJECTS; i++) {
        Bench bench;
        Buffer text = {0};
        bool wide = strstr(subjects[i].text, "select(h, ") != NULL;
        if (wide && open_bench(&bench, &subjects[i], 600, 600)) {
            jit_explain(bench.program, &text);
            ck_assert_msg(strstr(text.data, "hash table") != NULL, "%s", text.data);
        }
        if (wide) close_bench(&bench);
        buffer_free(&text);
    }
}
END_TEST

/* Two values for each count: more cells than a table may have that does not grow with the length.
 */
START_TEST(a_table_of_counts_grows_with_the_length) {
    static const Subject subject = {"firsts",
                                    "same = select(tokens, tokens, ==);\n"
                                    "f = 0 if has_focus(same and select(indices, indices, <))\n"
                                    "    else selector_width(same);\n",
                                    "abc", "group by", LONGEST};
    enum { TOKENS = 3, LONG = 12000 };
    Bench bench;
    if (open_bench(&bench, &subject, TOKENS, LONG)) {
        uint32_t numbers[LONGEST];
        uint64_t random = 11;
        for (uint32_t n = 1; n <= LONGEST; n = 3 * n + 1) {
            for (uint32_t i = 0; i < n; i++)
                numbers[i] = next_random(&random, TOKENS);
            compare(&bench, &subject, numbers, n);
        }
    }
    close_bench(&bench);
}
END_TEST

START_TEST(several_programs_at_once) {
    Bench benches[3];
    const uint32_t numbers[] = {0, 1, 1, 0, 1};
    for (int i = 0; i < 3; i++) {
        if (open_bench(&benches[i], &subjects[i], 2, 5)) continue;
        close_bench(&benches[i]);
        while (i-- > 0)
            close_bench(&benches[i]);
        return;
    }
    for (int i = 2; i >= 0; i--)
        compare(&benches[i], &subjects[i], numbers, 5);
    close_bench(&benches[1]);
    compare(&benches[0], &subjects[0], numbers, 4);
    compare(&benches[2], &subjects[2], numbers, 4);
    close_bench(&benches[0]);
    close_bench(&benches[2]);
}
END_TEST

START_TEST(a_named_cpu) {
    Bench bench;
    const uint32_t numbers[] = {0, 1, 1, 0, 1, 0, 0, 0, 0};
    if (open_bench(&bench, &subjects[0], 2, 9)) {
#if defined(__x86_64__)
        JitOptions options = {.cpu = "x86-64"};
#else
        JitOptions options = {.cpu = NULL};
#endif
        Diagnostics *diags = session_diagnostics(bench.session);
        LowerOptions lowering = {.vocabulary_count = 2,
                                 .vocabulary = bench.vocabulary,
                                 .max_length = 9,
                                 .registers = REGISTERS_AUTO};
        Model *model =
            lower(bench.arena, session_graph(bench.session), bench.node, &lowering, diags);
        jit_free(bench.program);
        bench.program = jit_compile(bench.jit, model, &options, (Span){0}, diags);
        ck_assert_ptr_nonnull(bench.program);
        compare(&bench, &subjects[0], numbers, 9);
        options.cpu = "no-such-cpu";
        size_t before = diagnostics_count(diags);
        ck_assert_ptr_null(jit_compile(bench.jit, model, &options, (Span){0}, diags));
        ck_assert_uint_eq(diagnostics_count(diags), before + 1);
    }
    close_bench(&bench);
}
END_TEST

static bool same_columns(const JitColumn *a, const JitColumn *b) {
    if (a->kind != b->kind || a->n != b->n) return false;
    switch (a->kind) {
    case JIT_ATOMS: return memcmp(a->indices, b->indices, a->n * sizeof *a->indices) == 0;
    case JIT_INTEGERS: return memcmp(a->integers, b->integers, a->n * sizeof *a->integers) == 0;
    case JIT_REALS: return memcmp(a->reals, b->reals, a->n * sizeof *a->reals) == 0;
    }
    return false;
}

/* Inputs long enough to be split among threads. */
START_TEST(threads_change_nothing) {
    enum { LONG = 140000, TOKENS = 3, RUNS = 3 };
    static const uint32_t threads[RUNS] = {1, 2, 5};
    const Subject *subject = &subjects[_i];
    uint32_t n = strcmp(subject->plan, "tiles") == 0 ? LONGEST : LONG;
    Bench bench;
    if (open_bench(&bench, subject, TOKENS, n)) {
        Diagnostics *diags = session_diagnostics(bench.session);
        LowerOptions lowering = {
            .vocabulary_count = TOKENS, .vocabulary = bench.vocabulary, .max_length = n};
        Model *model =
            lower(bench.arena, session_graph(bench.session), bench.node, &lowering, diags);
        uint32_t *numbers = ARENA_ARRAY(bench.arena, uint32_t, n);
        uint64_t random = 7;
        for (uint32_t i = 0; i < n; i++)
            numbers[i] = next_random(&random, TOKENS);
        JitProgram *programs[RUNS];
        JitRunner *runners[RUNS];
        JitColumn columns[RUNS];
        for (int r = 0; r < RUNS; r++) {
            JitOptions options = {.threads = threads[r]};
            programs[r] = jit_compile(bench.jit, model, &options, (Span){0}, diags);
            runners[r] = jit_runner_new(programs[r]);
            for (int again = 0; again < 2; again++)
                ck_assert(jit_runner_run(runners[r], numbers, n, (Span){0}, diags, &columns[r]));
            ck_assert_msg(same_columns(&columns[0], &columns[r]), "%s: %u threads", subject->name,
                          threads[r]);
        }
        for (int r = 0; r < RUNS; r++) {
            jit_runner_free(runners[r]);
            jit_free(programs[r]);
        }
    }
    close_bench(&bench);
}
END_TEST

/* --- the cache -------------------------------------------------------------------------------- */

/* The only file of a directory, those that are being written aside; the caller frees it. NULL when
   there is not one alone. */
static char *only_file(const char *directory) {
    char *found = NULL;
    uint32_t count = 0;
    DIR *list = opendir(directory);
    for (struct dirent *entry; list && (entry = readdir(list)) != NULL;) {
        size_t len = strlen(entry->d_name);
        if (entry->d_name[0] == '.') continue;
        if (len > 4 && strcmp(entry->d_name + len - 4, ".tmp") == 0) continue;
        Buffer path = {0};
        buffer_printf(&path, "%s/%s", directory, entry->d_name);
        free(found);
        found = strdup(path.data);
        buffer_free(&path);
        count++;
    }
    if (list) closedir(list);
    if (count == 1) return found;
    free(found);
    return NULL;
}

static void compile_cached(Bench *bench, const char *directory) {
    const uint32_t numbers[] = {0, 1, 1, 0, 1, 0, 0, 0, 0};
    JitOptions options = {.cache = directory};
    Diagnostics *diags = session_diagnostics(bench->session);
    LowerOptions lowering = {
        .vocabulary_count = 2, .vocabulary = bench->vocabulary, .max_length = 9};
    Model *model =
        lower(bench->arena, session_graph(bench->session), bench->node, &lowering, diags);
    jit_free(bench->program);
    bench->program = jit_compile(bench->jit, model, &options, (Span){0}, diags);
    ck_assert_ptr_nonnull(bench->program);
    compare(bench, &subjects[0], numbers, 9);
    ck_assert_uint_eq(diagnostics_count(diags), 0);
}

START_TEST(a_cache_is_read_and_mended) {
    char directory[] = "/tmp/raspc-test-XXXXXX";
    Bench bench;
    if (open_bench(&bench, &subjects[0], 2, 9)) {
        const char *why;
        Buffer whole = {0}, again = {0};
        ck_assert_ptr_nonnull(mkdtemp(directory));
        compile_cached(&bench, directory);
        char *path = only_file(directory);
        ck_assert_ptr_nonnull(path);
        ck_assert(file_read(path, 1 << 20, &whole, &why));
        compile_cached(&bench, directory);
        for (size_t cut = 0; cut < whole.len; cut += whole.len / 5) {
            ck_assert(file_write(path, whole.data, cut, &why));
            compile_cached(&bench, directory);
        }
        for (size_t at = 0; at < whole.len; at += whole.len / 9) {
            whole.data[at] ^= 1;
            ck_assert(file_write(path, whole.data, whole.len, &why));
            whole.data[at] ^= 1;
            compile_cached(&bench, directory);
        }
        ck_assert(file_read(path, 1 << 20, &again, &why));
        ck_assert_uint_eq(again.len, whole.len);
        ck_assert_mem_eq(again.data, whole.data, whole.len);
        unlink(path);
        rmdir(directory);
        free(path);
        buffer_free(&whole);
        buffer_free(&again);
    }
    close_bench(&bench);
}
END_TEST

START_TEST(a_cache_has_several_writers) {
    enum { WRITERS = 4 };
    char directory[] = "/tmp/raspc-test-XXXXXX";
    Bench bench;
    if (open_bench(&bench, &subjects[0], 2, 9)) {
        pid_t writers[WRITERS];
        ck_assert_ptr_nonnull(mkdtemp(directory));
        for (int w = 0; w < WRITERS; w++) {
            writers[w] = fork();
            if (writers[w] != 0) continue;
            for (int i = 0; i < 5; i++) {
                char *path = only_file(directory);
                if (path) unlink(path);
                free(path);
                compile_cached(&bench, directory);
            }
            _exit(0);
        }
        for (int w = 0; w < WRITERS; w++) {
            int status = 1;
            waitpid(writers[w], &status, 0);
            ck_assert_int_eq(status, 0);
        }
        char *path = only_file(directory);
        if (path) unlink(path);
        free(path);
        ck_assert_int_eq(rmdir(directory), 0);
    }
    close_bench(&bench);
}
END_TEST

START_TEST(a_thousand_programs_in_one_process) {
    Bench bench;
    const uint32_t numbers[] = {0, 1, 1};
    if (open_bench(&bench, &subjects[0], 2, 3)) {
        Diagnostics *diags = session_diagnostics(bench.session);
        LowerOptions lowering = {
            .vocabulary_count = 2, .vocabulary = bench.vocabulary, .max_length = 3};
        Model *model =
            lower(bench.arena, session_graph(bench.session), bench.node, &lowering, diags);
        struct rusage early, late;
        for (int i = 0; i < 1000; i++) {
            jit_free(bench.program);
            JitOptions options = {.by_stages = i % 2};
            bench.program = jit_compile(bench.jit, model, &options, (Span){0}, diags);
            ck_assert_ptr_nonnull(bench.program);
            compare(&bench, &subjects[0], numbers, 3);
            if (i == 200) getrusage(RUSAGE_SELF, &early);
        }
        getrusage(RUSAGE_SELF, &late);
        /* Kilobytes; 800 programs that leave only their code behind would take more. */
        ck_assert_int_lt(late.ru_maxrss - early.ru_maxrss, 4096);
    }
    close_bench(&bench);
}
END_TEST

START_TEST(inputs_that_the_model_does_not_take) {
    Bench bench;
    if (open_bench(&bench, &subjects[0], 2, 3)) {
        Diagnostics *diags = session_diagnostics(bench.session);
        Atom stranger = atom_int(7), tokens[4];
        Sequence out;
        for (int i = 0; i < 4; i++)
            tokens[i] = bench.vocabulary[0];
        ck_assert(!jit_run(bench.program, (Input){.n = 1, .tokens = &stranger}, (Span){0},
                           bench.arena, diags, &out));
        ck_assert_int_eq(diagnostics_id(diags, 0), DIAG_INPUT_VOCAB);
        ck_assert(!jit_run(bench.program, (Input){.n = 4, .tokens = tokens}, (Span){0}, bench.arena,
                           diags, &out));
        ck_assert_int_eq(diagnostics_id(diags, 1), DIAG_INPUT_LENGTH);
    }
    close_bench(&bench);
}
END_TEST

/* Also after inputs that it does, whose columns are there. */
static void check_lengths(const JitProgram *program, uint32_t longest, Diagnostics *diags) {
    static const uint32_t numbers[5] = {0};
    JitRunner *runner = jit_runner_new(program);
    JitColumn column;
    for (int again = 0; again < 2; again++) {
        size_t before = diagnostics_count(diags);
        ck_assert(!jit_runner_run(runner, numbers, 0, (Span){0}, diags, &column));
        ck_assert(!jit_runner_run(runner, numbers, longest + 1, (Span){0}, diags, &column));
        ck_assert_uint_eq(diagnostics_count(diags), before + 2);
        ck_assert_int_eq(diagnostics_id(diags, before), DIAG_BAD_INPUT);
        ck_assert_int_eq(diagnostics_id(diags, before + 1), DIAG_INPUT_LENGTH);
        ck_assert(jit_runner_run(runner, numbers, longest, (Span){0}, diags, &column));
        ck_assert_uint_eq(column.n, longest);
    }
    jit_runner_free(runner);
}

START_TEST(lengths_that_a_runner_does_not_take) {
    enum { LONGEST_TAKEN = 4 };
    Bench bench;
    if (open_bench(&bench, &subjects[0], 2, LONGEST_TAKEN)) {
        Diagnostics *diags = session_diagnostics(bench.session);
        check_lengths(bench.program, LONGEST_TAKEN, diags);
        check_lengths(bench.others[0], LONGEST_TAKEN, diags);
    }
    close_bench(&bench);
}
END_TEST

/* Programs that fail on some inputs fail there under the jit, with eval's diagnostic. */
START_TEST(inputs_on_which_the_program_fails) {
    static const struct {
        Subject subject;
        uint32_t good[3], bad[3];
        DiagId id;
    } cases[] = {
        {{"mean of strings", "s = aggregate(select(tokens, tokens, ==), tokens);", "abc", "", 0},
         {0, 1, 2},
         {0, 1, 0},
         DIAG_MEAN_OF_STRINGS},
        {{"division", "d = 12 / (tokens_int - 1);", NULL, "", 0},
         {0, 2, 2},
         {0, 2, 1},
         DIAG_ZERO_DIVISION},
    };
    for (size_t c = 0; c < sizeof cases / sizeof cases[0]; c++) {
        Bench bench;
        if (open_bench(&bench, &cases[c].subject, 3, 3)) {
            Diagnostics *diags = session_diagnostics(bench.session);
            Atom tokens[3];
            Sequence out;
            compare(&bench, &cases[c].subject, cases[c].good, 3);
            for (int i = 0; i < 3; i++)
                tokens[i] = bench.vocabulary[cases[c].bad[i]];
            size_t before = diagnostics_count(diags);
            ck_assert(!jit_run(bench.program, (Input){.n = 3, .tokens = tokens}, (Span){0},
                               bench.arena, diags, &out));
            ck_assert_uint_eq(diagnostics_count(diags), before + 1);
            ck_assert_int_eq(diagnostics_id(diags, before), cases[c].id);
        }
        close_bench(&bench);
    }
}
END_TEST

Suite *jit_suite(void);

Suite *jit_suite(void) {
    Suite *suite = suite_create("jit");
    TCase *tests = tcase_create("programs");
    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, every_small_input, 0, SUBJECTS);
    tcase_add_loop_test(tests, long_inputs, 0, SUBJECTS);
    tcase_add_loop_test(tests, short_inputs_of_every_length, 0, SUBJECTS);
    tcase_add_test(tests, heads_have_the_plans_that_their_selectors_allow);
    tcase_add_test(tests, classes_of_a_wide_range_are_numbered);
    tcase_add_test(tests, a_table_of_counts_grows_with_the_length);
    tcase_add_test(tests, several_programs_at_once);
    tcase_add_test(tests, a_named_cpu);
    tcase_add_loop_test(tests, threads_change_nothing, 0, SUBJECTS);
    tcase_add_test(tests, a_cache_is_read_and_mended);
    tcase_add_test(tests, a_cache_has_several_writers);
    tcase_add_test(tests, inputs_that_the_model_does_not_take);
    tcase_add_test(tests, lengths_that_a_runner_does_not_take);
    tcase_add_test(tests, inputs_on_which_the_program_fails);
    suite_add_tcase(suite, tests);
    TCase *many = tcase_create("many programs");
    tcase_set_timeout(many, 600);
    tcase_add_test(many, a_thousand_programs_in_one_process);
    suite_add_tcase(suite, many);
    return suite;
}
