/* bench-jit [LABEL|all|programs [MOST [LEAST]]]: native code beside plain loops over all pairs of
   positions, for lengths from LEAST up to MOST. A process for each row, so that its peak memory is
   its own. */
#include "bench/measure.h"
#include "bench/native/cases.h"
#include "bench/native/programs.h"
#include "compiler/elaborate/elaborate.h"
#include "compiler/lower/lower.h"
#include "runtime/base/file.h"
#include "runtime/base/limits.h"
#include "runtime/base/memory.h"
#include "runtime/engines/jit.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SAMPLES = 101, LEAST_SAMPLES = 5, LENGTHS = 9 };
static const uint32_t lengths[LENGTHS] = {16, 24, 32, 64, 128, 1000, 10000, 100000, 1000000};
/* Longer, all pairs would take minutes; shorter, results are compared. */
enum { LONGEST_LOOP = 100000, LONGEST_COMPARED = 10000 };
static const double seconds_of_samples = 0.5;

typedef struct Row {
    double lower, compile, work, loop; /* CPU seconds; negative: not measured */
    double wall;                       /* the shortest run of the work */
    double megabytes;
    bool differs;
    char why[200]; /* when there is no program */
} Row;

/* --- one row ---------------------------------------------------------------------------------- */

typedef struct Subject {
    const Case *case_;
    uint32_t n;
    Session *session;
    Arena *arena;
    Jit *jit;
    NodeId node;
    LowerOptions options;
    uint32_t *numbers; /* (n) */
} Subject;

static bool open_subject(Subject *subject) {
    Buffer text = {0};
    const char *why;
    subject->session = session_new(&(SessionOptions){0});
    subject->arena = arena_new(0);
    subject->options.max_length = subject->n;
    subject->options.registers = REGISTERS_KEEP; /* as for the jit in the command */
    subject->options.vocabulary =
        case_vocabulary(subject->case_, subject->arena, &subject->options.vocabulary_count);
    subject->numbers = ARENA_ARRAY(subject->arena, uint32_t, subject->n);
    case_input(subject->n, subject->options.vocabulary_count, subject->numbers);
    bool read = file_read(subject->case_->path, LIMIT_SOURCE_BYTES, &text, &why) &&
                session_run_text(subject->session, subject->case_->path, text.data, text.len, NULL);
    const Value *value = read ? session_lookup(subject->session, subject->case_->name) : NULL;
    buffer_free(&text);
    if (value == NULL || value->kind != VALUE_SOP) return false;
    subject->node = value->as.node;
    subject->jit = jit_open((Span){0}, session_diagnostics(subject->session));
    return subject->jit != NULL;
}

static void close_subject(Subject *subject) {
    jit_close(subject->jit);
    arena_free(subject->arena);
    session_free(subject->session);
}

/* The median of some runs of work(state), which takes about so long in all. */
static double sample(double (*work)(void *state), void *state) {
    double samples[SAMPLES], total = 0;
    size_t count = 0;
    while (count < SAMPLES && (count < LEAST_SAMPLES || total < seconds_of_samples)) {
        samples[count] = work(state);
        if (samples[count] < 0) return -1;
        total += samples[count++];
        if (total > 4 * seconds_of_samples) break;
    }
    return median(samples, count);
}

/* How often work on short inputs is done in one sample: reading the clock takes longer than it. */
static uint32_t repeats(uint32_t n) {
    enum { POSITIONS = 20000 };
    return n < POSITIONS ? POSITIONS / n : 1;
}

static double lower_once(void *state) {
    Subject *subject = state;
    Arena *arena = arena_new(0);
    double start = cpu_seconds();
    Model *model = lower(arena, session_graph(subject->session), subject->node, &subject->options,
                         session_diagnostics(subject->session));
    double seconds = model ? cpu_seconds() - start : -1;
    arena_free(arena);
    return seconds;
}

typedef struct Compiling {
    Subject *subject;
    const Model *model;
} Compiling;

static double compile_once(void *state) {
    Compiling *compiling = state;
    double start = cpu_seconds();
    JitProgram *program = jit_compile(compiling->subject->jit, compiling->model, NULL, (Span){0},
                                      session_diagnostics(compiling->subject->session));
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
                              session_diagnostics(subject->session), &running->column);
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

static void measure(Subject *subject, Row *row) {
    Diagnostics *diags = session_diagnostics(subject->session);
    row->lower = sample(lower_once, subject);
    if (row->lower < 0) return;
    Arena *arena = arena_new(0);
    Model *model =
        lower(arena, session_graph(subject->session), subject->node, &subject->options, diags);
    Compiling compiling = {subject, model};
    row->compile = sample(compile_once, &compiling);
    JitProgram *program = jit_compile(subject->jit, model, NULL, (Span){0}, diags);
    if (program) {
        Running running = {subject, jit_runner_new(program), {0}, INFINITY};
        row->work = sample(run_once, &running);
        row->wall = running.least_wall;
        struct rusage usage;
        getrusage(RUSAGE_SELF, &usage);
        row->megabytes = (double)usage.ru_maxrss / 1024;
        if (row->work >= 0 && subject->n <= LONGEST_LOOP)
            measure_loop(subject, &running.column, row);
        jit_runner_free(running.runner);
    }
    jit_free(program);
    arena_free(arena);
}

static Row row_of(const Case *subject_case, uint32_t n) {
    Row row = {.lower = -1, .compile = -1, .work = -1, .wall = -1, .loop = -1};
    Subject subject = {.case_ = subject_case, .n = n};
    if (open_subject(&subject)) measure(&subject, &row);
    Diagnostics *diags = session_diagnostics(subject.session);
    if (row.work < 0 && diagnostics_count(diags) > 0)
        snprintf(row.why, sizeof row.why, "%s", diagnostics_message(diags, 0));
    close_subject(&subject);
    return row;
}

/* In a process of its own. */
static Row row_apart(const Case *subject, uint32_t n) {
    Row row = {
        .lower = -1, .compile = -1, .work = -1, .wall = -1, .loop = -1, .why = "the process ended"};
    int ends[2];
    if (pipe(ends) != 0) return row;
    pid_t child = fork();
    if (child == 0) {
        row = row_of(subject, n);
        _exit(write(ends[1], &row, sizeof row) == (ssize_t)sizeof row ? 0 : 1);
    }
    close(ends[1]);
    Row got;
    if (child > 0 && read(ends[0], &got, sizeof got) == (ssize_t)sizeof got) row = got;
    if (child > 0) waitpid(child, NULL, 0);
    close(ends[0]);
    return row;
}

/* --- the table -------------------------------------------------------------------------------- */

static void print_time(double seconds) {
    if (seconds < 0)
        printf(" %10s", "-");
    else
        printf(" %10.4g", seconds * 1e3);
}

static void print_row(const Case *subject, uint32_t n, const Row *row) {
    printf("%-17s %8u", subject->label, n);
    print_time(row->lower);
    print_time(row->compile);
    print_time(row->work);
    print_time(row->wall);
    print_time(row->loop);
    if (row->loop > 0 && row->work > 0)
        printf(" %8.3g", row->loop / row->work);
    else
        printf(" %8s", "-");
    printf(" %6.0f", row->megabytes);
    printf("%s%s%s\n", row->why[0] ? "  " : "", row->why, row->differs ? "  DIFFERS" : "");
    fflush(stdout);
}

/* The exponent of the work's growth between the last three lengths. */
static void print_growth(const Row *rows) {
    const Row *from = &rows[LENGTHS - 3], *to = &rows[LENGTHS - 1];
    if (from->work <= 0 || to->work <= 0) return;
    double ratio = (double)lengths[LENGTHS - 1] / lengths[LENGTHS - 3];
    printf("%26s grows as n^%.2f from n = %u\n", "", log(to->work / from->work) / log(ratio),
           lengths[LENGTHS - 3]);
}

static bool is_asked(int argc, char **argv, const char *label) {
    return argc < 2 || strcmp(argv[1], "all") == 0 || strcmp(argv[1], label) == 0;
}

int main(int argc, char **argv) {
    uint32_t most = argc > 2 ? (uint32_t)strtoul(argv[2], NULL, 10) : UINT32_MAX;
    uint32_t least = argc > 3 ? (uint32_t)strtoul(argv[3], NULL, 10) : 0;
    bool right = true;
    printf("%-17s %8s %10s %10s %10s %10s %10s %8s %6s\n", "medians, ms", "n", "lowering",
           "compiling", "work", "wall", "all pairs", "ratio", "MB");
    for (int c = 0; c < case_count; c++) {
        Row rows[LENGTHS] = {0};
        if (!is_asked(argc, argv, cases[c].label)) continue;
        for (int l = 0; l < LENGTHS; l++) {
            if (lengths[l] < least || lengths[l] > most) continue;
            rows[l] = row_apart(&cases[c], lengths[l]);
            right = right && !rows[l].differs;
            print_row(&cases[c], lengths[l], &rows[l]);
        }
        print_growth(rows);
    }
    if (argc < 2 || strcmp(argv[1], "programs") == 0) bench_programs();
    return right ? 0 : 1;
}
