#include "bench/native/row.h"

#include "bench/measure.h"
#include "bench/native/subject.h"
#include "runtime/base/memory.h"
#include "runtime/engines/interp.h"
#include "runtime/engines/jit.h"

#include <math.h>
#include <stdio.h>
#include <sys/resource.h>

/* Longer, all pairs would take minutes; shorter, results are compared. */
enum { LONGEST_LOOP = 100000, LONGEST_COMPARED = 10000 };

/* --- native code and the loops ---------------------------------------------------------------- */

static double lower_once(void *state) {
    Subject *subject = state;
    Arena *arena = arena_new(0);
    double start = cpu_seconds();
    Model *model = lower(arena, session_graph(subject->session), subject->node, &subject->options,
                         subject->diags);
    double seconds = model ? cpu_seconds() - start : -1;
    arena_free(arena);
    return seconds;
}

typedef struct Compiling {
    Subject *subject;
    const Jit *jit;
    const Model *model;
} Compiling;

static double compile_once(void *state) {
    Compiling *compiling = state;
    double start = cpu_seconds();
    JitProgram *program =
        jit_compile(compiling->jit, compiling->model, NULL, (Span){0}, compiling->subject->diags);
    double seconds = program ? cpu_seconds() - start : -1;
    jit_free(program);
    return seconds;
}

typedef struct Running {
    Subject *subject;
    JitRunner *runner;
    JitColumn column;
    double least_wall; /* infinite before the first run */
} Running;

static double run_once(void *state) {
    Running *running = state;
    const Subject *subject = running->subject;
    uint32_t times = repeats(subject->n);
    double start = cpu_seconds(), wall = wall_seconds();
    bool done = true;
    for (uint32_t i = 0; i < times && done; i++)
        done = jit_runner_run(running->runner, subject->numbers, subject->n, (Span){0},
                              subject->diags, &running->column);
    double seconds = cpu_seconds() - start;
    running->least_wall = fmin(running->least_wall, (wall_seconds() - wall) / times);
    return done ? seconds / times : -1;
}

typedef struct Looping {
    Subject *subject;
    double *out;
    int32_t *space;
} Looping;

static double loop_once(void *state) {
    Looping *looping = state;
    Subject *subject = looping->subject;
    uint32_t times = subject->n <= LONGEST_COMPARED ? repeats(subject->n) : 1;
    double start = cpu_seconds();
    for (uint32_t i = 0; i < times; i++)
        subject->case_->loop((const int32_t *)subject->numbers, (int32_t)subject->n, looping->out,
                             looping->space);
    return (cpu_seconds() - start) / times;
}

static double number_of(const JitColumn *column, uint32_t i) {
    switch (column->kind) {
    case JIT_ATOMS: {
        Atom atom = column->atoms[column->indices[i]];
        if (atom.kind == ATOM_STRING) return atom.as.string->bytes[0];
        return atom.kind == ATOM_INT ? (double)atom.as.integer : NAN;
    }
    case JIT_INTEGERS: return (double)column->integers[i];
    case JIT_REALS: return column->reals[i];
    }
    return NAN;
}

static void measure_loop(Subject *subject, const JitColumn *column, Row *row) {
    uint32_t n = subject->n;
    Looping looping = {subject, ARENA_ARRAY(subject->arena, double, n),
                       ARENA_ARRAY(subject->arena, int32_t, 4 * (size_t)n)};
    row->loop = sample(loop_once, &looping);
    for (uint32_t i = 0; i < n && n <= LONGEST_COMPARED; i++)
        row->differs = row->differs || looping.out[i] != number_of(column, i);
}

static void measure_stages(Subject *subject, const Jit *jit, const Model *model, Row *row) {
    JitOptions options = {.by_stages = true};
    JitProgram *program = jit_compile(jit, model, &options, (Span){0}, subject->diags);
    if (program == NULL) return;
    Running running = {subject, jit_runner_new(program), {0}, INFINITY};
    row->by_stages = sample(run_once, &running);
    jit_runner_free(running.runner);
    jit_free(program);
}

static void measure(Subject *subject, const Jit *jit, Row *row) {
    Diagnostics *diags = subject->diags;
    row->lower = sample(lower_once, subject);
    if (row->lower < 0) return;
    Arena *arena = arena_new(0);
    Model *model =
        lower(arena, session_graph(subject->session), subject->node, &subject->options, diags);
    Compiling compiling = {subject, jit, model};
    row->compile = sample(compile_once, &compiling);
    JitProgram *program = jit_compile(jit, model, NULL, (Span){0}, diags);
    if (program) {
        Running running = {subject, jit_runner_new(program), {0}, INFINITY};
        row->work = sample(run_once, &running);
        row->wall = running.least_wall;
        struct rusage usage;
        getrusage(RUSAGE_SELF, &usage);
        row->megabytes = (double)usage.ru_maxrss / 1024;
        if (row->work >= 0 && subject->n <= LONGEST_LOOP)
            measure_loop(subject, &running.column, row);
        if (subject->n <= JIT_SHORT_MOST) measure_stages(subject, jit, model, row);
        jit_runner_free(running.runner);
    }
    jit_free(program);
    arena_free(arena);
}

Row row_measure(const Case *subject_case, uint32_t n) {
    Row row = row_none("");
    Subject subject;
    if (subject_open(&subject, subject_case, n)) {
        Jit *jit = jit_open((Span){0}, subject.diags);
        if (jit) measure(&subject, jit, &row);
        jit_close(jit);
    }
    if (row.work < 0) snprintf(row.why, sizeof row.why, "%s", subject_message(&subject));
    subject_close(&subject);
    return row;
}

Row row_none(const char *why) {
    Row row = {.lower = -1, .compile = -1, .work = -1, .by_stages = -1, .wall = -1, .loop = -1};
    snprintf(row.why, sizeof row.why, "%s", why);
    return row;
}

/* --- the dense weights ------------------------------------------------------------------------ */

typedef struct Passing {
    const Subject *subject;
    const Interp *interp;
    Input input;
} Passing;

static double pass_once(void *state) {
    Passing *passing = state;
    Arena *arena = arena_new(0);
    Sequence result;
    double start = cpu_seconds();
    bool ran = interp_run(passing->interp, passing->input, (Span){0}, arena,
                          passing->subject->diags, &result);
    double seconds = cpu_seconds() - start;
    arena_free(arena);
    return ran ? seconds : -1;
}

/* The dense weights in float32 or, where that has no exact ones, in float64. NULL with why. */
static Interp *make_weights(Subject *subject, Row *row) {
    static const FloatType types[] = {FLOAT_32, FLOAT_64};
    Interp *interp = NULL;
    subject->options.registers = REGISTERS_AUTO;
    for (int t = 0; t < 2 && interp == NULL; t++) {
        double start = cpu_seconds();
        subject->options.float_type = types[t];
        Model *model = lower(subject->arena, session_graph(subject->session), subject->node,
                             &subject->options, subject->diags);
        row->lower = cpu_seconds() - start;
        if (model) interp = interp_new(subject->arena, model, (Span){0}, subject->diags);
        row->compile = cpu_seconds() - start - row->lower;
        row->f64 = types[t] == FLOAT_64;
    }
    return interp;
}

Row row_measure_dense(const Case *subject_case, uint32_t n) {
    Row row = row_none("");
    Subject subject;
    if (subject_open(&subject, subject_case, n)) {
        Atom *tokens = ARENA_ARRAY(subject.arena, Atom, n);
        for (uint32_t i = 0; i < n; i++)
            tokens[i] = subject.options.vocabulary[subject.numbers[i]];
        Interp *interp = make_weights(&subject, &row);
        Passing passing = {&subject, interp, {.n = n, .tokens = tokens}};
        if (interp) row.work = sample(pass_once, &passing);
    }
    if (row.work < 0) snprintf(row.why, sizeof row.why, "%s", subject_message(&subject));
    subject_close(&subject);
    return row;
}
