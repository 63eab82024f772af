/* What a run of native code over real vectors is asked beside its results: its rounds, to be given
   up, others at the same time, a cache of its code. */
#include "runtime/engines/eval.h"
#include "tests/unit/jit_real_bench.h"

#include <check.h>
#include <dirent.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* All numbers that were shown. */
typedef struct Shown {
    Arena *arena;
    double *numbers;
    uint32_t count, rounds;
} Shown;

static void show(void *state, uint32_t round, const Sequence *values) {
    Shown *shown = state;
    ck_assert_uint_eq(round, shown->rounds++);
    for (int v = 0; v < 2; v++) {
        ck_assert_int_eq(values[v].type, SEQUENCE_VECTORS);
        uint32_t more = values[v].n * values[v].width;
        shown->numbers = arena_grow(shown->arena, shown->numbers, shown->count, shown->count + more,
                                    sizeof(double));
        memcpy(shown->numbers + shown->count, values[v].numbers, more * sizeof(double));
        shown->count += more;
    }
}

/* The first result's state as a round found it, and what it leaves: in place, fused, left for the
   last round or not. */
START_TEST(rounds_are_evals) {
    static const Subject subjects[] = {
        {"lloyd", 3, LLOYD("3", "4", "hardmax"), ""},
        {"twice looked at", 2,
         "input x: vec[2]; c = x;\n"
         "repeat 3 { d = c + 1; c = d * 2 - x; }\n"
         "output c, d;",
         ""},
        {"em", 2, EM("2", "300", "3") "output mean, y;", ""},
        {"em, looking at the softmax", 2, EM("2", "300", "3") "output y, mean;", ""},
    };
    const Subject *subject = &subjects[_i];
    Bench bench;
    if (bench_open(&bench, subject)) {
        const Graph *graph = session_graph(bench.session);
        NodeId body = graph_node(graph, bench.outputs[0])->args[0], nodes[2] = {body, body};
        for (uint32_t s = 0; s < graph->loops[0].state_count; s++)
            if (graph->loops[0].states[s].next == body) nodes[0] = graph->loops[0].states[s].state;
        JitReal *program = bench_compile(&bench, NULL, 2, false);
        Shown wanted = {.arena = bench.arena}, got = {.arena = bench.arena};
        EvalRounds rounds = {.nodes = nodes, .count = 2, .round = show, .state = &wanted};
        Sequence out[OUTPUTS];
        ApplyRequest request = {.graph = graph,
                                .input = bench_input(&bench, 60, SMOOTH, 3),
                                .arena = bench.arena,
                                .diags = bench.diags,
                                .rounds = &rounds};
        ck_assert(eval_all(&request, bench.outputs, bench.count, out));
        rounds.state = &got;
        ck_assert(jit_real_run(program, &request, out));
        ck_assert_uint_eq(wanted.rounds, graph->loops[0].times);
        ck_assert_uint_eq(wanted.rounds, got.rounds);
        ck_assert_uint_eq(wanted.count, got.count);
        for (uint32_t i = 0; i < wanted.count; i++)
            ck_assert_msg(fabs(wanted.numbers[i] - got.numbers[i]) <= 1e-12,
                          "%s: number %u is %.17g, not %.17g", subject->name, i, got.numbers[i],
                          wanted.numbers[i]);
        jit_real_free(program);
    }
    bench_close(&bench);
}
END_TEST

/* Asked for the time'th time, somebody wants no more. */
static bool ask(void *state) {
    int *left = state;
    if (*left > 0) --*left;
    return *left == 0;
}

START_TEST(a_run_is_given_up) {
    static const char *const texts[] = {
        EM("2", "100", "50") "output mean, y;", LLOYD("2", "50", "hardmax"),
        "input x: vec[2]; y = aggregate(sparsemax(score(x, x, *)), x); output y;",
        "input x: vec[2]; y = aggregate(softmax(score(x, x, *)), x); output y;"};
    for (size_t t = 0; t < sizeof texts / sizeof texts[0]; t++)
        for (int when = 1; when < 4; when++) {
            Subject subject = {"given up", 2, texts[t], ""};
            Bench bench;
            if (bench_open(&bench, &subject)) {
                JitReal *program = bench_compile(&bench, NULL, 2, false);
                int left = when;
                Cancel cancel = {ask, &left};
                Sequence out[OUTPUTS];
                ApplyRequest request = {.input = bench_input(&bench, 2000, SMOOTH, 3),
                                        .arena = bench.arena,
                                        .diags = bench.diags,
                                        .cancel = &cancel};
                size_t before = diagnostics_count(bench.diags);
                ck_assert(!jit_real_run(program, &request, out));
                ck_assert_uint_eq(diagnostics_count(bench.diags), before + 1);
                ck_assert_int_eq(diagnostics_id(bench.diags, before), DIAG_STOPPED);
                jit_real_free(program);
            }
            bench_close(&bench);
        }
}
END_TEST

/* Runs of one program, on inputs of several lengths in another order for each thread. */
typedef struct Runner {
    const JitReal *program;
    const Input *inputs;    /* (LENGTHS) */
    const Sequence *wanted; /* (LENGTHS) */
    uint32_t number, failures;
} Runner;

enum { LENGTHS = 3, RUNNERS = 4, RUNS = 12 };

static void *run_often(void *state) {
    Runner *runner = state;
    for (uint32_t r = 0; r < RUNS; r++) {
        uint32_t l = (r * (runner->number + 1) + runner->number) % LENGTHS;
        const Sequence *wanted = &runner->wanted[l];
        Sources *sources = sources_new();
        Diagnostics *diags = diagnostics_new(sources);
        Arena *arena = arena_new(0);
        Sequence got;
        ApplyRequest request = {.input = runner->inputs[l], .arena = arena, .diags = diags};
        bool same = jit_real_run(runner->program, &request, &got) && got.n == wanted->n &&
                    got.width == wanted->width &&
                    memcmp(got.numbers, wanted->numbers,
                           (size_t)got.n * got.width * sizeof *got.numbers) == 0;
        runner->failures += !same;
        arena_free(arena);
        diagnostics_free(diags);
        sources_free(sources);
    }
    return NULL;
}

/* Memory that a run keeps is another's, of another length and at the same time. */
START_TEST(runs_at_once_are_as_alone) {
    static const char *const texts[] = {
        LLOYD("8", "3", "hardmax"), EM("4", "500", "2") "output mean;",
        "input x: vec[8]; y = aggregate(softmax(score(x, x, *)), x); output y;"};
    static const uint32_t widths[] = {8, 4, 8}, lengths[LENGTHS] = {900, 500, 1800};
    Subject subject = {"runs at once", widths[_i], texts[_i], ""};
    Bench bench;
    if (bench_open(&bench, &subject)) {
        Input inputs[LENGTHS];
        Sequence wanted[LENGTHS];
        bench.count = 1;
        JitReal *program = bench_compile(&bench, NULL, 2, false);
        for (uint32_t l = 0; l < LENGTHS; l++) {
            inputs[l] = bench_input(&bench, lengths[l], SMOOTH, l);
            JitReal *fresh = bench_compile(&bench, NULL, 1, false);
            ck_assert(bench_run(&bench, fresh, inputs[l], &wanted[l]));
            jit_real_free(fresh);
        }
        Runner runners[RUNNERS];
        pthread_t threads[RUNNERS];
        for (uint32_t t = 0; t < RUNNERS; t++) {
            runners[t] = (Runner){program, inputs, wanted, t, 0};
            ck_assert_int_eq(pthread_create(&threads[t], NULL, run_often, &runners[t]), 0);
        }
        for (uint32_t t = 0; t < RUNNERS; t++) {
            pthread_join(threads[t], NULL);
            ck_assert_uint_eq(runners[t].failures, 0);
        }
        jit_real_free(program);
    }
    bench_close(&bench);
}
END_TEST

static uint32_t files_in(const char *directory, char *path, size_t room) {
    uint32_t count = 0;
    DIR *listing = opendir(directory);
    ck_assert_ptr_nonnull(listing);
    for (const struct dirent *entry = readdir(listing); entry; entry = readdir(listing)) {
        if (entry->d_name[0] == '.') continue;
        snprintf(path, room, "%s/%s", directory, entry->d_name);
        count++;
    }
    closedir(listing);
    return count;
}

/* The second program's code is the first one's file; another program has its own. */
START_TEST(a_cache_is_kept) {
    char directory[] = "/tmp/raspc-test-XXXXXX", path[512];
    ck_assert_ptr_nonnull(mkdtemp(directory));
    static const Subject subjects[] = {
        {"division", 1, "input k: int; d = 1 / (k - 1); output d;", ""},
        {"lloyd", 3, LLOYD("3", "4", "hardmax"), ""},
        {"lloyd", 3, LLOYD("3", "4", "hardmax"), ""},
    };
    static const uint32_t files[] = {1, 2, 2};
    for (size_t s = 0; s < sizeof subjects / sizeof subjects[0]; s++) {
        Bench bench;
        if (bench_open(&bench, &subjects[s])) {
            JitOptions options = {.threads = 1, .cache = directory};
            for (int again = 0; again < 2; again++) {
                JitReal *program =
                    jit_compile_real(bench.jit, session_graph(bench.session), bench.outputs,
                                     bench.count, &options, (Span){0}, bench.diags);
                ck_assert_ptr_nonnull(program);
                ck_assert_uint_eq(files_in(directory, path, sizeof path), files[s]);
                bench_compare(&bench, program, "cached", bench_input(&bench, 50, GRID, 3));
                jit_real_free(program);
            }
        }
        bench_close(&bench);
    }
    while (files_in(directory, path, sizeof path) > 0)
        unlink(path);
    rmdir(directory);
}
END_TEST

Suite *jit_real_run_suite(void);

Suite *jit_real_run_suite(void) {
    Suite *suite = suite_create("jit_real_run");
    TCase *tests = tcase_create("runs");
    tcase_set_timeout(tests, 120);
    tcase_add_loop_test(tests, rounds_are_evals, 0, 4);
    tcase_add_test(tests, a_run_is_given_up);
    tcase_add_loop_test(tests, runs_at_once_are_as_alone, 0, 3);
    tcase_add_test(tests, a_cache_is_kept);
    suite_add_tcase(suite, tests);
    return suite;
}
