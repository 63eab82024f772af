/* Which differences from eval rounding explains: the right transformer's, run rightly, and no
   other's. */
#include "runtime/engines/eval.h"
#include "runtime/engines/interp_real.h"
#include "runtime/exact/retrace.h"
#include "tests/unit/real_world.h"

#include <check.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { POINTS = 6, WIDTH = 2, TRIALS = 150 };

/* Of the marked points the one nearest to their mean, and then the point of all that is nearest to
   that: the two nearest to a mean of two are equally near, and rounding decides. */
#define PROGRAM(pattern)                                                                           \
    "input x: vec[2]; input mark: bool;\n"                                                         \
    "mean = aggregate(select(mark, True, ==), x);\n"                                               \
    "near = aggregate(" pattern "(-distance(x, mean), select(mark, True, ==)), x);\n"              \
    "far = aggregate(" pattern "(distance(x, near)), x);\n"                                        \
    "output near, far;\n"

static RealWorld world;

static void open(const char *program) {
    real_world_open(&world, program);
    world.max_length = POINTS;
}

static void tear_down(void) { real_world_close(&world); }

/* --- inputs ----------------------------------------------------------------------------------- */

typedef enum Kind { REALS, GRID, COPIES, APART } Kind;

/* The first two are marked; COPIES: the others are copies of these. APART: the first three, so that
   none are equally near to their mean. */
static Input draw(Kind kind, uint64_t seed) {
    Random random = random_of(seed, (uint64_t)kind);
    double *x = ARENA_ARRAY(world.arena, double, POINTS *WIDTH);
    Atom *mark = ARENA_ARRAY(world.arena, Atom, POINTS);
    for (size_t i = 0; i < POINTS; i++) {
        mark[i] = atom_bool(i < (kind == APART ? 3 : 2));
        for (size_t c = 0; c < WIDTH; c++) {
            double real = (double)random_below(&random, 1000000) / 77777 - 6;
            x[i * WIDTH + c] = kind == GRID               ? (double)random_below(&random, 5) - 2
                               : kind == COPIES && i >= 2 ? x[i % 2 * WIDTH + c]
                                                          : real;
        }
    }
    InputColumn *columns = ARENA_ARRAY(world.arena, InputColumn, 2);
    columns[0] = (InputColumn){.name = string_from(world.arena, "x"), .width = WIDTH, .numbers = x};
    columns[1] = (InputColumn){.name = string_from(world.arena, "mark"), .atoms = mark};
    return (Input){.n = POINTS, .column_count = 2, .columns = columns};
}

/* --- runs ------------------------------------------------------------------------------------- */

typedef struct Recorder {
    RunStep steps[16];
    const double *heads;
    uint32_t count;
} Recorder;

static void see(void *state, const RealStream *stream) {
    Recorder *recorder = state;
    size_t count = (size_t)stream->model->width * stream->n;
    double *copy = ARENA_ARRAY(world.arena, double, count);
    memcpy(copy, stream->numbers.f64, count * sizeof *copy);
    ck_assert_uint_lt(recorder->count, 16);
    if (stream->between)
        recorder->heads = copy;
    else
        recorder->steps[recorder->count++] = (RunStep){stream->layer, recorder->heads, copy};
}

static bool same(const Sequence *a, const Sequence *b) {
    bool all = true;
    for (size_t i = 0; i < POINTS * WIDTH; i++)
        all = all && fabs(a->numbers[i] - b->numbers[i]) <= 1e-9;
    return all;
}

typedef struct Count {
    uint32_t differ, explained;
} Count;

/* Compares runs of `engine` with eval; how many differences the model explains, were the runs its
   own. */
static Count compare(const RealModel *model, const RealModel *engine, Kind kind) {
    Count count = {0};
    InterpReal *interp = interp_real_new(world.arena, engine, (Span){0}, world.diags);
    ck_assert_msg(interp != NULL, "%s", real_world_message(&world));
    for (uint64_t seed = 0; seed < TRIALS; seed++) {
        Input input = draw(kind, seed);
        Sequence eval[2], gave[2];
        Recorder recorder = {0};
        RealViewer viewer = {.see = see, .state = &recorder, .between = true};
        RealRequest request = {
            .input = &input, .viewer = &viewer, .arena = world.arena, .diags = world.diags};
        ck_assert(interp_real_run(interp, &request, gave));
        bool differs = false;
        for (int o = 0; o < 2; o++) {
            ck_assert(eval_sequence(world.graph, world.outputs[o], input, (Span){0}, world.arena,
                                    world.diags, &eval[o]));
            differs = differs || !same(&eval[o], &gave[o]);
        }
        if (!differs) continue;
        FloatRun run = {.graph = world.graph,
                        .nodes = world.outputs,
                        .count = 2,
                        .model = model,
                        .input = &input,
                        .record = {recorder.count, recorder.steps},
                        .gave = gave,
                        .tolerance = 1e-9};
        uint64_t work = 0;
        count.differ++;
        count.explained += rounding_decides(&run, &work);
    }
    return count;
}

static const RealModel *lowered(void) {
    const RealModel *model = real_world_lower(&world);
    ck_assert_msg(model != NULL, "%s", real_world_message(&world));
    return model;
}

/* The model with one piece of its text exchanged everywhere. */
static const RealModel *broken(const RealModel *model, const char *from, const char *to) {
    Buffer text = {0}, changed = {0};
    real_model_print(model, &text);
    uint32_t found = 0;
    for (const char *at = text.data; *at;) {
        bool here = strncmp(at, from, strlen(from)) == 0;
        found += here;
        if (here)
            buffer_text(&changed, to);
        else
            buffer_char(&changed, *at);
        at += here ? strlen(from) : 1;
    }
    ck_assert_msg(found > 0, "no %s in\n%s", from, text.data);
    Sources *sources = sources_new();
    uint32_t file = sources_add(sources, "broken", changed.data, changed.len);
    RealModel *out = real_model_parse(world.arena, sources, file, world.diags);
    ck_assert_msg(out != NULL, "%s\n%s", real_world_message(&world), changed.data);
    sources_free(sources);
    buffer_free(&text);
    buffer_free(&changed);
    return out;
}

/* --- tests ------------------------------------------------------------------------------------ */

static const char *const programs[] = {PROGRAM("hardmax_first"), PROGRAM("hardmax")};
static const char *const normalisers[] = {"hardmax-first;", "hardmax;"};

START_TEST(ties_are_explained) {
    open(programs[_i]);
    const RealModel *model = lowered();
    Count reals = compare(model, model, REALS), copies = compare(model, model, COPIES);
    ck_assert_uint_gt(reals.differ, 0);
    ck_assert_uint_gt(copies.differ, 0);
    ck_assert_uint_eq(reals.explained, reals.differ);
    ck_assert_uint_eq(copies.explained, copies.differ);
    /* Nothing is rounded but the mean. */
    ck_assert_uint_eq(compare(model, model, GRID).differ, 0);
}
END_TEST

/* A model that is wrong explains nothing, though there are ties and its runs are its own. */
static void check_broken(const RealModel *model, const char *from, const char *to) {
    const RealModel *wrong = broken(model, from, to);
    uint32_t differ = 0;
    for (Kind kind = REALS; kind <= APART; kind++) {
        Count own = compare(wrong, wrong, kind);
        ck_assert_msg(own.explained == 0, "%s for %s, kind %d: %u of %u", to, from, (int)kind,
                      own.explained, own.differ);
        differ += own.differ;
    }
    ck_assert_uint_gt(differ, 0);
}

START_TEST(wrong_models_are_not) {
    open(programs[_i]);
    const RealModel *model = lowered();
    check_broken(model, normalisers[_i], normalisers[1 - _i]);
    check_broken(model, "score 2*", "score 1.99*");
    check_broken(model, "x -> ", "1.01*x -> ");
}
END_TEST

/* Beside a tie a square so small that what is wrong there is far below 1. */
#define SMALL_PROGRAM                                                                              \
    "input x: vec[2]; input mark: bool;\n"                                                         \
    "mean = aggregate(select(mark, True, ==), x);\n"                                               \
    "near = aggregate(hardmax_first(-distance(x, mean), select(mark, True, ==)), x);\n"            \
    "small = dot(x / 1048576, x / 1048576);\n"                                                     \
    "far = vec(1000000000000 * small, 0);\n"                                                       \
    "output near, far;\n"

START_TEST(small_wrong_numbers_are_not) {
    open(SMALL_PROGRAM);
    const RealModel *model = lowered();
    Count own = compare(model, model, REALS);
    Count wrong = compare(model, broken(model, "dot small: 9.5", "dot small: 8.5"), REALS);
    ck_assert(own.differ > 0 && wrong.differ > 0);
    ck_assert_uint_eq(own.explained, own.differ);
    ck_assert_uint_eq(wrong.explained, 0);
}
END_TEST

/* What engines would give that are wrong in one head: one that takes the first of several keys
   where it should take all, or all; whose keys are not the highest; or that moves something else.
 */
START_TEST(wrong_runs_are_not) {
    const char *right = normalisers[_i], *wrong = normalisers[1 - _i];
    char from[64], to[64];
    open(programs[_i]);
    const RealModel *model = lowered();
    snprintf(from, sizeof from, "-1*near.distance by 1; %s", right);
    snprintf(to, sizeof to, "-1*near.distance by 1; %s", wrong);
    Count keys = compare(model, broken(model, from, to), GRID);
    Count scores = compare(model, broken(model, "score 2*", "score 2.2*"), APART);
    snprintf(from, sizeof from, "%s x -> mean for %%2", right);
    snprintf(to, sizeof to, "%s 1.01*x -> mean for %%2", right);
    Count values = compare(model, broken(model, from, to), REALS);
    ck_assert(keys.differ > 0 && scores.differ > 0 && values.differ > 0);
    ck_assert_uint_eq(keys.explained, 0);
    ck_assert_uint_eq(scores.explained, 0);
    ck_assert_uint_eq(values.explained, 0);
}
END_TEST

Suite *retrace_suite(void);

Suite *retrace_suite(void) {
    Suite *suite = suite_create("retrace");
    TCase *tests = tcase_create("retrace");
    tcase_add_checked_fixture(tests, NULL, tear_down);
    tcase_add_loop_test(tests, ties_are_explained, 0, 2);
    tcase_add_loop_test(tests, wrong_models_are_not, 0, 2);
    tcase_add_test(tests, small_wrong_numbers_are_not);
    tcase_add_loop_test(tests, wrong_runs_are_not, 0, 2);
    suite_add_tcase(suite, tests);
    return suite;
}
