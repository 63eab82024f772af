/* Random programs, eval against the other engines; reports in TAP.
     test-random SEED COUNT [--engines interp,jit] [--dtype f32] [--size K] [--jobs N] [--strict]
                            [--causal]
     test-random --show SEED [--size K]      prints a program
     test-random --replay [--engines interp,jit] [--dtype f32] [--strict] FILE...
                                             judges programs from files; those in a directory open/
                                             are known to go wrong
     test-random --self                      tests the harness itself */
#include "tests/random/generate.h"
#include "tests/random/hunt.h"
#include "tests/random/self.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FAILURES_AT_MOST = 5, TABLE_ROWS = 25 };

static int usage(void) {
    fputs(
        "usage: test-random SEED COUNT [--engines interp,jit] [--dtype f32] [--size K] [--jobs N] "
        "[--strict] [--causal]\n"
        "       test-random --show SEED [--size K] | --replay FILE... | --self\n",
        stderr);
    return 2;
}

/* Names, with commas between; eval may be named and is what the others are compared with. */
static bool choose_engines(const char *names, EngineSet *out) {
    *out = (EngineSet){0};
    while (*names != '\0') {
        size_t len = strcspn(names, ","), i = 0;
        while (i < engine_count() &&
               (strlen(engine_at(i)->name) != len || strncmp(engine_at(i)->name, names, len) != 0))
            i++;
        if (i == engine_count()) return false;
        if (i > 0 && out->count < ENGINES_AT_MOST) out->engines[out->count++] = engine_at(i);
        names += len + (names[len] == ',');
    }
    return out->count > 0;
}

static void print_table(const Reasons *reasons) {
    for (uint32_t i = 0; i < reasons->count && i < TABLE_ROWS; i++) {
        const Reason *reason = &reasons->items[i];
        printf("#   %6llu %s (seed %llu)\n", (unsigned long long)reason->count, reason->text,
               (unsigned long long)reason->seed);
    }
    uint64_t rest = reasons->others;
    for (uint32_t i = TABLE_ROWS; i < reasons->count; i++)
        rest += reasons->items[i].count;
    if (rest > 0) printf("#   %6llu for other reasons\n", (unsigned long long)rest);
}

static void print_failure(const Failure *failure, const EngineSet *engines) {
    static const char *const findings[FINDING_COUNT] = {
        NULL,
        "is wrong",
        "gives different results",
        "is refused without a place",
        "is refused for failing everywhere, which it does not",
        "fails at the same place for another reason",
        "has a model of too many attention layers",
        "has a model whose text does not read back"};
    if (failure->signal == 0) {
        printf("not ok - the program of seed %llu %s\n", (unsigned long long)failure->seed,
               findings[failure->finding]);
    } else {
        printf("not ok - the program of seed %llu: signal %d (%s)\n",
               (unsigned long long)failure->seed, failure->signal, strsignal(failure->signal));
    }
    report_apart(&failure->program, engines);
}

static int run_hunt(const HuntOptions *options) {
    Arena *arena = arena_new(0);
    Hunt found = hunt(arena, options);
    printf("# %llu programs from seed %llu on, %llu inputs; eval fails on %llu\n",
           (unsigned long long)found.totals.programs, (unsigned long long)options->first_seed,
           (unsigned long long)found.totals.inputs, (unsigned long long)found.totals.eval_fails);
    printf("# certificates: %llu models proven, %llu more given what they assume; not proven:\n",
           (unsigned long long)found.totals.proven, (unsigned long long)found.totals.assumed);
    print_table(&found.totals.unproven);
    for (uint32_t i = 0; i < found.failure_count; i++)
        print_failure(&found.failures[i], &options->engines);
    for (size_t i = 0; i < options->engines.count; i++) {
        const EngineTotals *totals = &found.totals.engines[i];
        printf("ok - %s was compared on %llu programs, refused %llu; equal on %llu inputs (%llu "
               "with 1 for 1.0), "
               "failed with eval on %llu%s\n",
               options->engines.engines[i]->name, (unsigned long long)totals->compared,
               (unsigned long long)totals->refused, (unsigned long long)totals->equal,
               (unsigned long long)totals->other_kind, (unsigned long long)totals->failed_too,
               totals->compared == 0 ? " # SKIP it refused everything" : "");
        print_table(&totals->reasons);
    }
    arena_free(arena);
    return found.failure_count == 0 ? 0 : 1;
}

/* What is known to go wrong is no failure, but its going right is worth a word. */
static bool report_replay(const char *path, bool right) {
    bool open = strstr(path, "/open/") != NULL;
    const char *remark = !open   ? ""
                         : right ? " is right now: move it out of open/"
                                 : " # SKIP known to go wrong";
    printf("%s - %s%s\n", right || open ? "ok" : "not ok", path, remark);
    return right || open;
}

/* With native code as for short inputs and as for long ones. */
static bool replay_one(Case program, const char *path, const EngineSet *engines) {
    for (int by_stages = 0; by_stages < 2; by_stages++) {
        int signal_number = 0;
        program.by_stages = by_stages;
        Finding finding = judge_apart(&program, engines, &signal_number);
        if (finding == FIND_NOTHING && signal_number == 0) continue;
        bool passed = report_replay(path, false);
        if (!passed && signal_number != 0) printf("# signal %d\n", signal_number);
        if (!passed) report_apart(&program, engines);
        return passed;
    }
    return report_replay(path, true);
}

static int replay(char **paths, int count, const EngineSet *engines) {
    bool all = true;
    for (int i = 0; i < count; i++) {
        Arena *arena = arena_new(0);
        Case program;
        bool passed = case_read(paths[i], arena, &program) ? replay_one(program, paths[i], engines)
                                                           : report_replay(paths[i], false);
        all = all && passed;
        arena_free(arena);
    }
    if (count == 0) puts("1..0 # SKIP no programs");
    return all ? 0 : 1;
}

static int show(const char *seed, uint32_t size) {
    Arena *arena = arena_new(0);
    fputs(random_program(arena, strtoull(seed, NULL, 10), size).text, stdout);
    arena_free(arena);
    return 0;
}

int main(int argc, char **argv) {
    static const struct option longs[] = {
        {"engines", required_argument, NULL, 'e'}, {"size", required_argument, NULL, 'k'},
        {"jobs", required_argument, NULL, 'j'},    {"show", required_argument, NULL, 's'},
        {"replay", no_argument, NULL, 'r'},        {"strict", no_argument, NULL, 'x'},
        {"self", no_argument, NULL, 't'},          {"causal", no_argument, NULL, 'c'},
        {"dtype", required_argument, NULL, 'd'},   {NULL, 0, NULL, 0}};
    HuntOptions options = {.size = DEFAULT_SIZE, .jobs = 1, .failures_at_most = FAILURES_AT_MOST};
    const char *shown = NULL;
    bool replays = false, self = false, strict = false, causal = false;
    FloatType float_type = FLOAT_32;
    setvbuf(stdout, NULL, _IOLBF, 0);
    choose_engines("interp,jit", &options.engines);
    for (int found; (found = getopt_long(argc, argv, "", longs, NULL)) != -1;) {
        if (found == 'e' && !choose_engines(optarg, &options.engines)) return usage();
        if (found == 'd' && !float_type_named(optarg, FLOAT_SHORT_NAME, &float_type))
            return usage();
        if (found == 'k') options.size = (uint32_t)strtoul(optarg, NULL, 10);
        if (found == 'j') options.jobs = (uint32_t)strtoul(optarg, NULL, 10);
        if (found == 's') shown = optarg;
        if (found == 'r') replays = true;
        if (found == 't') self = true;
        if (found == 'x') strict = true;
        if (found == 'c') causal = true;
        if (found == '?') return usage();
    }
    options.engines.strict = strict;
    options.engines.promises = true;
    options.engines.causal = causal;
    options.engines.float_type = float_type;
    if (self) return self_test() ? 0 : 1;
    if (shown != NULL) return show(shown, options.size);
    if (replays) return replay(argv + optind, argc - optind, &options.engines);
    if (argc - optind != 2 || options.jobs < 1) return usage();
    options.first_seed = strtoull(argv[optind], NULL, 10);
    options.count = strtoull(argv[optind + 1], NULL, 10);
    return run_hunt(&options);
}
