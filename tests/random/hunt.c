#include "tests/random/hunt.h"

#include "runtime/base/bug.h"
#include "tests/random/generate.h"
#include "tests/random/shrink.h"

#include <ctype.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
    PROGRAM_SECONDS = 40, /* of the processor: a program that takes longer hangs */
    CANDIDATE_SECONDS = 20,
    SHRINK_ATTEMPTS = 3000,
    SHRINK_SECONDS = 180, /* of the clock: few programs are ever shrunk */
};

/* --- one program, in a process of its own ----------------------------------------------------- */

/* Ends the process by a signal after so much of the processor's time, so that other work on the
   machine makes no program hang. */
static void limit_processor(time_t seconds) {
    struct itimerval limit = {.it_value.tv_sec = seconds};
    setitimer(ITIMER_PROF, &limit, NULL);
}

/* The child's exit status says what was found; it writes nothing. */
static pid_t start_child(void) {
    fflush(stdout);
    fflush(stderr);
    pid_t child = fork();
    if (child < 0) BUG("can't start a process");
    return child;
}

static Finding finding_of(int status, int *signal_number) {
    *signal_number = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    return WIFEXITED(status) ? (Finding)WEXITSTATUS(status) : FIND_NOTHING;
}

Finding judge_apart(const Case *program, const EngineSet *engines, int *signal_number) {
    pid_t child = start_child();
    if (child == 0) {
        limit_processor(CANDIDATE_SECONDS);
        if (freopen("/dev/null", "w", stderr) == NULL) _exit(FIND_NOTHING);
        Arena *arena = arena_new(0);
        Judgement judgement = judge(arena, program, engines);
        _exit((int)judgement.finding);
    }
    int status = 0;
    waitpid(child, &status, 0);
    return finding_of(status, signal_number);
}

typedef struct Wanted {
    const EngineSet *engines;
    Finding finding;
    int signal;
    time_t end; /* of trying candidates */
} Wanted;

static bool shows_wanted(void *state, const Case *candidate) {
    const Wanted *wanted = state;
    if (time(NULL) >= wanted->end) return false;
    int signal_number;
    Finding finding = judge_apart(candidate, wanted->engines, &signal_number);
    return finding == wanted->finding && signal_number == wanted->signal;
}

Case shrink_apart(Arena *arena, Case program, const EngineSet *engines, Finding finding,
                  int signal_number) {
    Wanted wanted = {engines, finding, signal_number, time(NULL) + SHRINK_SECONDS};
    /* A hang would cost its time limit at every candidate. */
    if (signal_number == SIGPROF) return program;
    return shrink(arena, program, shows_wanted, &wanted, SHRINK_ATTEMPTS);
}

static void print_program(const Case *program) {
    Buffer out = {0};
    if (program->by_stages) puts("# with native code as for long inputs");
    model_line(&out, &program->vocabulary);
    buffer_text(&out, program->text);
    for (const char *line = out.data; *line != '\0';) {
        size_t len = strcspn(line, "\n");
        printf("# | %.*s\n", (int)len, line);
        line += len + (line[len] == '\n');
    }
    buffer_free(&out);
}

void report_apart(const Case *program, const EngineSet *engines) {
    print_program(program);
    pid_t child = start_child();
    if (child == 0) {
        limit_processor(CANDIDATE_SECONDS);
        Arena *arena = arena_new(0);
        Judgement judgement = judge(arena, program, engines);
        if (judgement.finding != FIND_NOTHING) judgement_print(&judgement);
        fflush(stdout);
        _exit(0);
    }
    int status = 0;
    waitpid(child, &status, 0);
}

/* --- totals ----------------------------------------------------------------------------------- */

/* "E0701 't' can take 17 values" becomes "E0701 '' can take N values". */
static void normalise(const char *code, const char *message, char text[REASON_BYTES]) {
    size_t len = (size_t)snprintf(text, REASON_BYTES, "%s%s", code, *code != '\0' ? " " : "");
    for (const char *c = message; *c != '\0' && len + 2 < REASON_BYTES; c++) {
        const char *close = *c == '\'' || *c == '"' ? strchr(c + 1, *c) : NULL;
        if (close != NULL) {
            text[len++] = *c;
            c = close;
        } else if (isdigit((unsigned char)*c)) {
            while (isdigit((unsigned char)c[1]) || (c[1] == '.' && isdigit((unsigned char)c[2])))
                c++;
            text[len++] = 'N';
            continue;
        }
        text[len++] = *c;
    }
    text[len] = '\0';
}

static void count_reason(Reasons *reasons, const char *text, uint64_t count, uint64_t seed) {
    for (uint32_t i = 0; i < reasons->count; i++) {
        if (strcmp(reasons->items[i].text, text) != 0) continue;
        reasons->items[i].count += count;
        return;
    }
    if (reasons->count == REASONS_AT_MOST) {
        reasons->others += count;
        return;
    }
    Reason *reason = &reasons->items[reasons->count++];
    snprintf(reason->text, REASON_BYTES, "%s", text);
    reason->count = count;
    reason->seed = seed;
}

static void add_reasons(Reasons *to, const Reasons *from) {
    to->others += from->others;
    for (uint32_t i = 0; i < from->count; i++)
        count_reason(to, from->items[i].text, from->items[i].count, from->items[i].seed);
}

static void add_judgement(HuntTotals *totals, const Judgement *judgement, size_t engines,
                          uint64_t seed) {
    totals->programs++;
    totals->inputs += judgement->inputs;
    totals->eval_fails += judgement->eval_fails;
    totals->proven += judgement->proof == PROOF_DONE;
    totals->assumed += judgement->proof == PROOF_ASSUMES;
    char text[REASON_BYTES];
    if (judgement->proof == PROOF_FAILED) {
        normalise("", judgement->unproven, text);
        count_reason(&totals->unproven, text, 1, seed);
    }
    for (size_t i = 0; i < engines; i++) {
        const EngineTally *tally = &judgement->tally[i];
        EngineTotals *engine = &totals->engines[i];
        engine->equal += tally->equal;
        engine->other_kind += tally->other_kind;
        engine->failed_too += tally->failed_too;
        if (!tally->refused) {
            engine->compared++;
            continue;
        }
        engine->refused++;
        normalise(diag_code(tally->id), tally->message, text);
        count_reason(&engine->reasons, text, 1, seed);
    }
}

static void add_totals(HuntTotals *sum, const HuntTotals *part) {
    sum->programs += part->programs;
    sum->inputs += part->inputs;
    sum->eval_fails += part->eval_fails;
    sum->proven += part->proven;
    sum->assumed += part->assumed;
    add_reasons(&sum->unproven, &part->unproven);
    for (size_t i = 0; i < ENGINES_AT_MOST; i++) {
        EngineTotals *to = &sum->engines[i];
        const EngineTotals *from = &part->engines[i];
        to->compared += from->compared;
        to->refused += from->refused;
        to->equal += from->equal;
        to->other_kind += from->other_kind;
        to->failed_too += from->failed_too;
        add_reasons(&to->reasons, &from->reasons);
    }
}

static int more_frequent(const void *a, const void *b) {
    const Reason *left = a, *right = b;
    if (left->count != right->count) return left->count < right->count ? 1 : -1;
    return strcmp(left->text, right->text);
}

static void sort_reasons(Reasons *reasons) {
    qsort(reasons->items, reasons->count, sizeof reasons->items[0], more_frequent);
}

/* --- workers ---------------------------------------------------------------------------------- */

/* Shared with the worker, which is the only one to write while it runs. */
typedef struct Worker {
    uint64_t next; /* the number of the program that it is at; it takes every jobs-th */
    HuntTotals totals;
} Worker;

static Case random_case(Arena *arena, const HuntOptions *options, uint64_t number) {
    RandomProgram program = random_program(arena, options->first_seed + number, options->size);
    return (Case){
        .text = program.text, .vocabulary = program.vocabulary, .by_stages = number % 2 == 1};
}

static void work(Worker *worker, const HuntOptions *options) {
    for (; worker->next < options->count; worker->next += options->jobs) {
        limit_processor(PROGRAM_SECONDS);
        Arena *arena = arena_new(0);
        Case program = random_case(arena, options, worker->next);
        Judgement judgement = judge(arena, &program, &options->engines);
        add_judgement(&worker->totals, &judgement, options->engines.count,
                      options->first_seed + worker->next);
        arena_free(arena);
        if (judgement.finding != FIND_NOTHING) _exit((int)judgement.finding);
    }
    _exit(FIND_NOTHING);
}

typedef struct Hunting {
    Arena *arena;
    const HuntOptions *options;
    Worker *workers; /* (jobs) */
    pid_t *pids;     /* (jobs), 0: ended */
    Hunt *hunt;
} Hunting;

static void start_worker(Hunting *hunting, uint32_t job) {
    hunting->pids[job] = 0;
    if (hunting->hunt->failure_count >= hunting->options->failures_at_most) return;
    if (hunting->workers[job].next >= hunting->options->count) return;
    pid_t child = start_child();
    if (child == 0) work(&hunting->workers[job], hunting->options);
    hunting->pids[job] = child;
}

static void add_failure(Hunting *hunting, uint64_t number, Finding finding, int signal_number) {
    Hunt *result = hunting->hunt;
    Case program = random_case(hunting->arena, hunting->options, number);
    Failure failure = {
        .seed = hunting->options->first_seed + number, .finding = finding, .signal = signal_number};
    failure.program =
        shrink_apart(hunting->arena, program, &hunting->options->engines, finding, signal_number);
    result->failures[result->failure_count++] = failure;
}

/* Waits for a worker to end; false when none is left. */
static bool wait_worker(Hunting *hunting) {
    int status = 0, signal_number;
    pid_t ended = waitpid(-1, &status, 0);
    if (ended <= 0) return false;
    uint32_t job = 0;
    while (hunting->pids[job] != ended)
        job++;
    Finding finding = finding_of(status, &signal_number);
    Worker *worker = &hunting->workers[job];
    if (finding != FIND_NOTHING || signal_number != 0) {
        uint64_t number = worker->next;
        worker->next += hunting->options->jobs;
        if (hunting->hunt->failure_count < hunting->options->failures_at_most)
            add_failure(hunting, number, finding, signal_number);
    } else if (worker->next < hunting->options->count) {
        BUG("a worker ended before its work was done");
    }
    start_worker(hunting, job);
    return true;
}

Hunt hunt(Arena *arena, const HuntOptions *options) {
    Hunt result = {.failures = ARENA_ARRAY(arena, Failure, options->failures_at_most)};
    size_t bytes = options->jobs * sizeof(Worker);
    Worker *workers = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (workers == MAP_FAILED) BUG("no memory to share");
    Hunting hunting = {arena, options, workers, ARENA_ARRAY(arena, pid_t, options->jobs), &result};
    for (uint32_t job = 0; job < options->jobs; job++) {
        workers[job].next = job;
        start_worker(&hunting, job);
    }
    bool left = options->jobs > 0;
    while (left)
        left = wait_worker(&hunting);
    for (uint32_t job = 0; job < options->jobs; job++)
        add_totals(&result.totals, &workers[job].totals);
    sort_reasons(&result.totals.unproven);
    for (size_t i = 0; i < ENGINES_AT_MOST; i++)
        sort_reasons(&result.totals.engines[i].reasons);
    munmap(workers, bytes);
    return result;
}
