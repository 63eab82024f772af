/* Arg-maxes that are screened in few bits, on inputs that are made to mislead few bits: against
   eval, bit for bit, and in float32 against code that does not screen. */
#include "runtime/base/random.h"
#include "runtime/engines/eval.h"
#include "tests/unit/jit_real_bench.h"

#include <check.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

/* --- inputs ----------------------------------------------------------------------------------- */

/* Rows between two keys: as near to the middle as a float32's bits, a bfloat16's or a double's
   reach. */
static double nearly_midway(Random *random, double a, double b) {
    static const double steps[] = {0, 0x1p-53, 0x1p-40, 0x1p-30, 0x1p-24, 0x1p-20, 0x1p-12, 0x1p-8};
    double step = steps[random_below(random, 8)];
    return a + (b - a) * (0.5 + (random_below(random, 2) ? step : -step));
}

typedef enum Bait {
    MIDWAY,    /* between two keys */
    FAR_AWAY,  /* a million from the origin, two apart */
    FARTHER,   /* 2^40 from it */
    HUGE_ROWS, /* about 1e30 */
    TINY_ROWS, /* about 1e-30 */
    LIMITS,    /* squares overflow and underflow */
    SUBNORMAL, /* of doubles */
    SUBNORMAL_SINGLE,
    SAME,       /* all rows are one */
    FEW_POINTS, /* three, many times */
    OUTLIERS,   /* a few rows are 1e6 to 1e300 times as long */
    MIXED,      /* components of all magnitudes */
    BAITS
} Bait;

static double baited(Bait bait, Random *random, double unit) {
    switch (bait) {
    case FAR_AWAY: return 1e6 + unit;
    case FARTHER: return 0x1p40 + unit;
    case HUGE_ROWS: return unit * 1e30;
    case TINY_ROWS: return unit * 1e-30;
    case LIMITS: return unit * (random_below(random, 2) ? 1e160 : 1e-170);
    case SUBNORMAL: return unit * 0x1p-1060;
    case SUBNORMAL_SINGLE: return unit * 0x1p-140;
    case SAME: return 0.1;
    case OUTLIERS: return random_below(random, 200) ? unit : unit * 1e6;
    case MIXED: return ldexp(unit, (int)random_below(random, 60) - 30);
    default: return unit;
    }
}

static Input bait_input(Bench *bench, uint32_t n, Bait bait, bool single, uint64_t seed) {
    Random random = random_of(seed, 1);
    Input input = bench_input(bench, n, SMOOTH, seed);
    size_t width = bench->subject->width;
    double *x = (double *)(uintptr_t)input.columns[3].numbers;
    for (size_t i = 0; i < n * width; i++)
        x[i] = baited(bait, &random, x[i]);
    for (size_t i = 2; i < n && bait == MIDWAY; i++) {
        if (input.columns[0].atoms[i].as.boolean) continue;
        const double *a = x + random_below(&random, (uint32_t)i) * width;
        const double *b = x + random_below(&random, (uint32_t)i) * width;
        for (size_t c = 0; c < width; c++)
            x[i * width + c] = nearly_midway(&random, a[c], b[c]);
    }
    for (size_t i = 3; i < n && bait == FEW_POINTS; i++)
        memcpy(x + i * width, x + i % 3 * width, width * sizeof *x);
    for (size_t i = 0; i < n && bait == OUTLIERS; i += 61)
        x[i * width] *= 1e294;
    for (size_t i = 0; i < n * width && single; i++)
        x[i] = (float)fmin(fmax(x[i], -1e38), 1e38);
    return input;
}

/* --- programs --------------------------------------------------------------------------------- */

static const Subject subjects[] = {
    {"lloyd 4", 4, LLOYD("4", "3", "hardmax"), "in fewer bits first"},
    {"lloyd 5", 5, LLOYD("5", "3", "hardmax"), "in fewer bits first"},
    {"lloyd 16", 16, LLOYD("16", "3", "hardmax_first"), "in fewer bits first"},
    {"lloyd 33", 33, LLOYD("33", "2", "hardmax"), "in fewer bits first"},
    {"lloyd 70", 70, LLOYD("70", "2", "hardmax_first"), "in fewer bits first"},
    {"directions", 6,
     "input x: vec[6]; input mark: bool; c = x;\n"
     "repeat 3 {\n"
     "  owner = aggregate(hardmax_first(score(c, x, *), select(mark, True, ==)), indices);\n"
     "  members = select(owner, indices, ==) and select(mark, False, ==);\n"
     "  c = aggregate(members, x, c) if mark else c;\n"
     "}\n"
     "output c, owner;\n",
     "in fewer bits first"},
    {"dynamics", 4,
     "input x: vec[4]; z = x;\n"
     "repeat 4 { z = (z + 0.5 * aggregate(hardmax(score(z, z, *)), z)) / 1.5; }\n"
     "output z;\n",
     "in fewer bits first"},
    {"the farthest", 4,
     "input x: vec[4]; input mark: bool;\n"
     "owner = aggregate(hardmax(3 * distance(x, x), select(mark, True, ==)), indices);\n"
     "output owner;\n",
     "in fewer bits first"},
    {"several terms", 4,
     "input x: vec[4]; input a: float; input mark: bool;\n"
     "s = score(x, x, *) * 0.3 - distance(a, a) + score(a, 1, -) * 1000 - distance(x, 2 * x) / 3;\n"
     "o0 = aggregate(hardmax(s), x); o1 = aggregate(hardmax_first(s), indices);\n"
     "o2 = aggregate(hardmax(s, select(mark, True, ==)), indices); output o0, o1, o2;\n",
     "in fewer bits first"},
};
enum { SUBJECTS = sizeof subjects / sizeof subjects[0] };

/* Scores whose roundings are eval's own: what they are in full says another key. Who is the best is
   looked for row by row. */
static const Subject rounded[] = {
    {"scores that cancel", 4,
     "input x: vec[4]; s = score(x, x, *);\n"
     "o = aggregate(hardmax(s * 10000000000000000 - s * 9999999999999998), indices); output o;\n",
     "its score"},
    {"scores that underflow under way", 4,
     "input x: vec[4]; far = 10.0 ^ 300; s = score(x, x, *);\n"
     "o = aggregate(hardmax(s / far / (10.0 ^ 23) * far), indices); output o;\n",
     "its score"},
};

static const char *const cpus[] = {NULL, "x86-64-v2", "x86-64-v3", "x86-64-v4"};

START_TEST(equal_to_eval) {
    static const uint32_t lengths[] = {1, 5, 31, 300, 1100};
    Bench bench;
    if (bench_open(&bench, &subjects[_i])) {
        for (uint32_t c = 0; c < sizeof cpus / sizeof cpus[0]; c++) {
            JitReal *program = bench_compile(&bench, cpus[c], c % 3 + 1, false);
            for (uint32_t l = 0; program && l < sizeof lengths / sizeof lengths[0]; l++)
                for (Bait bait = 0; bait < BAITS; bait++) {
                    char how[64];
                    /* One long input for each processor and bait in turn. */
                    if (lengths[l] > 300 && (bait + (uint32_t)_i) % 4 != c) continue;
                    snprintf(how, sizeof how, "on %s, bait %d", cpus[c] ? cpus[c] : "native", bait);
                    bench_compare(&bench, program, how,
                                  bait_input(&bench, lengths[l], bait, false, 7 * l + bait));
                }
            jit_real_free(program);
        }
    }
    bench_close(&bench);
}
END_TEST

/* In float32 no processor that can be named screens in bfloat16, so what one computes is what they
   all should; and on inputs that float32 holds the first round's owners are eval's. */
START_TEST(float32_is_every_processors) {
    Bench bench;
    if (bench_open(&bench, &subjects[_i])) {
        JitReal *plain = bench_compile(&bench, "x86-64-v3", 1, true);
        for (uint32_t threads = 1; threads <= 3 && plain; threads++) {
            JitReal *program = bench_compile(&bench, NULL, threads, true);
            for (Bait bait = 0; bait < BAITS; bait++) {
                Sequence wanted[OUTPUTS], got[OUTPUTS];
                Input input = bait_input(&bench, 900, bait, true, bait);
                bool fine = bench_run(&bench, plain, input, wanted);
                ck_assert_int_eq(bench_run(&bench, program, input, got), fine);
                for (uint32_t o = 0; o < bench.count && fine; o++)
                    bench_same(&bench, "in float32", o, &wanted[o], &got[o]);
            }
            jit_real_free(program);
        }
        jit_real_free(plain);
    }
    bench_close(&bench);
}
END_TEST

START_TEST(float32_owners_are_evals) {
    static const Subject owners[] = {
        {"owners", 16,
         "input x: vec[16]; input mark: bool;\n"
         "owner = aggregate(hardmax(-distance(x, x), select(mark, True, ==)), indices);\n"
         "output owner;\n",
         ""},
        /* Scalars are doubles: a float32 holds these in steps of 64. */
        {"owners by a scalar too", 4,
         "input x: vec[4]; input a: float; input mark: bool; b = a + 1000000000;\n"
         "s = -distance(x, x) - distance(b, b);\n"
         "owner = aggregate(hardmax(s, select(mark, True, ==)), indices);\n"
         "output owner;\n",
         ""},
    };
    Bench bench;
    if (bench_open(&bench, &owners[_i])) {
        JitReal *program = bench_compile(&bench, NULL, 2, true);
        for (Bait bait = 0; bait < BAITS; bait++)
            for (uint32_t n = 40; n < 1100; n += 500) {
                char how[64];
                snprintf(how, sizeof how, "in float32, bait %d", bait);
                bench_compare(&bench, program, how, bait_input(&bench, n, bait, true, bait + n));
            }
        jit_real_free(program);
    }
    bench_close(&bench);
}
END_TEST

START_TEST(it_is_screened) {
    Bench bench;
    if (bench_open(&bench, &subjects[_i])) {
        Buffer text = {0};
        JitReal *program = bench_compile(&bench, NULL, 1, false);
        jit_real_explain(program, &text);
        buffer_char(&text, '\0');
        ck_assert_ptr_nonnull(strstr(text.data, subjects[_i].plan));
        buffer_free(&text);
        jit_real_free(program);
    }
    bench_close(&bench);
}
END_TEST

/* A key that is no number, where all others are: no score of a row is the highest, whichever key is
   nearest among the others. A component above 2.5 makes it so, which one row alone has. */
#define SPOILS "far = 6.8 * 10.0 ^ 307; z = -1 * x; "
START_TEST(a_key_is_no_number) {
    static const Subject spoilt[] = {
        {"a spoilt key", 4,
         "input x: vec[4]; " SPOILS "y = x + (x * far - x * far);\n"
         "o = aggregate(hardmax(-distance(y, z)), indices); output o;\n",
         ""},
        {"a key that is spoilt in a round", 4,
         "input x: vec[4]; " SPOILS "c = x; o = indices;\n"
         "repeat 2 {\n"
         "  o = aggregate(hardmax(-distance(c, z)), indices); c = c + (c * far - c * far);\n"
         "}\n"
         "output o;\n",
         ""},
    };
    enum { PLACE = 3, N = 100 };
    Bench bench;
    if (bench_open(&bench, &spoilt[_i])) {
        for (uint32_t c = 0; c < sizeof cpus / sizeof cpus[0]; c++) {
            JitReal *program = bench_compile(&bench, cpus[c], c % 3 + 1, false);
            Input input = bench_input(&bench, N, SMOOTH, c);
            ((double *)(uintptr_t)input.columns[3].numbers)[(size_t)PLACE * 4] = 3;
            size_t before = diagnostics_count(bench.diags);
            bench_compare(&bench, program, cpus[c] ? cpus[c] : "native", input);
            ck_assert_uint_gt(diagnostics_count(bench.diags), before);
            jit_real_free(program);
        }
    }
    bench_close(&bench);
}
END_TEST

START_TEST(rounded_scores) {
    Bench bench;
    if (bench_open(&bench, &rounded[_i])) {
        Buffer text = {0};
        JitReal *program = bench_compile(&bench, NULL, 2, false);
        for (uint64_t seed = 0; seed < 10; seed++)
            bench_compare(&bench, program, "", bench_input(&bench, 200, SMOOTH, seed));
        jit_real_explain(program, &text);
        buffer_char(&text, '\0');
        ck_assert_ptr_nonnull(strstr(text.data, rounded[_i].plan));
        buffer_free(&text);
        jit_real_free(program);
    }
    bench_close(&bench);
}
END_TEST

/* Numbers for as many keys as there are bits, and one more key than that. */
START_TEST(many_keys) {
    static const Subject subject = {
        "many", 4,
        "input x: vec[4]; o = aggregate(hardmax(-distance(x, 0.75 * x)), indices); output o;\n",
        ""};
    static const uint32_t lengths[] = {4088, 4096, 4097};
    Bench bench;
    if (bench_open(&bench, &subject)) {
        JitReal *screened = bench_compile(&bench, NULL, 2, false);
        bench_compare(&bench, screened, "with many keys",
                      bait_input(&bench, lengths[_i], MIXED, false, 3));
        jit_real_free(screened);
    }
    bench_close(&bench);
}
END_TEST

/* --- room ------------------------------------------------------------------------------------- */

/* Bytes of this process's addresses; 0: they can't be limited. */
static size_t addresses(void) {
    unsigned long pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    if (file == NULL) return 0;
    if (fscanf(file, "%lu", &pages) != 1) pages = 0;
    fclose(file);
    size_t bytes = pages * (size_t)sysconf(_SC_PAGESIZE);
    return bytes >> 40 ? 0 : bytes; /* terabytes are a sanitizer's, which maps more as it goes */
}

/* Runs with so many bytes more than there are now. */
static bool run_within(Bench *bench, const JitReal *program, Input input, size_t bytes,
                       Sequence *out) {
    struct rlimit before, limit;
    ck_assert_int_eq(getrlimit(RLIMIT_AS, &before), 0);
    limit = before;
    limit.rlim_cur = addresses() + bytes;
    ck_assert_int_eq(setrlimit(RLIMIT_AS, &limit), 0);
    bool fine = bench_run(bench, program, input, out);
    ck_assert_int_eq(setrlimit(RLIMIT_AS, &before), 0);
    return fine;
}

/* Rows are packed once for all rounds where there is room for that. It is no reason to refuse: not
   where there is none at first, and not where something else wants it later. */
START_TEST(packed_rows_are_not_missed) {
    /* Packed in bfloat16 they are 26 MiB, with all else 36. */
    enum { WIDTH = 64, N = 200000, KEYS = 8, MIB_LEAST = 12, MIB_MOST = 40, STEP = 4 };
    static const Subject subject = {
        "packed rows", WIDTH,
        "input x: vec[64]; input mark: bool; c = x; owner = indices;\n"
        "repeat 3 {\n"
        "  owner = aggregate(hardmax(-distance(c, x), select(mark, True, ==)), indices);\n"
        "  members = select(owner, indices, ==) and select(mark, False, ==);\n"
        "  c = aggregate(members, x, c) if mark else c;\n"
        "}\n"
        "output owner;\n",
        ""};
    Bench bench;
    if (bench_open(&bench, &subject) && addresses() > 0) {
        JitReal *program = bench_compile(&bench, NULL, 1, false);
        Input input = bench_input(&bench, N, SMOOTH, 1);
        for (uint32_t i = 0; i < N; i++)
            ((Atom *)(uintptr_t)input.columns[0].atoms)[i] = atom_bool(i < KEYS);
        Sequence wanted, got;
        ck_assert(bench_run(&bench, program, input, &wanted));
        /* Room for the results, which are no part of the run's memory. */
        got.atoms = ARENA_ARRAY(bench.arena, Atom, N);
        for (size_t mib = MIB_LEAST; mib <= MIB_MOST; mib += STEP) {
            arena_give_back(bench.arena, got.atoms, N * sizeof(Atom));
            ck_assert_msg(run_within(&bench, program, input, mib << 20, &got), "in %zu MiB", mib);
            bench_same(&bench, "in little room", 0, &wanted, &got);
        }
        jit_real_free(program);
    }
    bench_close(&bench);
}
END_TEST

static const Subject grouping = {
    "groups", 1, "input x: vec[1]; input a: float; t = total(select(a, a, ==), 1); output t;\n",
    ""};

/* Where a step's memory does not fit, that is said once, however many pieces of it do not. */
START_TEST(no_room_is_said_once) {
    /* Two tables of the group-by are the largest pieces: 8 and 4 MiB. */
    enum { N = 400000, MIB_LEAST = 3, MIB_MOST = 24, MIB_ENOUGH = 64 };
    Bench bench;
    if (bench_open(&bench, &grouping) && addresses() > 0) {
        JitReal *program = bench_compile(&bench, NULL, 1, false);
        Input input = bench_input(&bench, N, SMOOTH, 1);
        Sequence got = {.atoms = ARENA_ARRAY(bench.arena, Atom, N)};
        arena_give_back(bench.arena, got.atoms, N * sizeof(Atom));
        uint32_t refused = 0;
        for (size_t mib = MIB_LEAST; mib <= MIB_MOST; mib++) {
            size_t before = diagnostics_count(bench.diags);
            if (run_within(&bench, program, input, mib << 20, &got)) continue;
            ck_assert_uint_eq(diagnostics_count(bench.diags), before + 1);
            ck_assert_int_eq(diagnostics_id(bench.diags, before), DIAG_LIMIT_MEMORY);
            refused++;
        }
        ck_assert_uint_gt(refused, 0);
        ck_assert(run_within(&bench, program, input, (size_t)MIB_ENOUGH << 20, &got));
        jit_real_free(program);
    }
    bench_close(&bench);
}
END_TEST

/* What a run keeps for the next one is room for a run that asks for other sizes, too. */
START_TEST(kept_memory_is_room) {
    enum { N = 600000, N_BEFORE = 400000, MIB = 44 }; /* it takes 36, and 52 beside what is kept */
    Bench bench;
    if (bench_open(&bench, &grouping) && addresses() > 0) {
        JitReal *program = bench_compile(&bench, NULL, 1, false);
        Input input = bench_input(&bench, N, SMOOTH, 1);
        Sequence got = {.atoms = ARENA_ARRAY(bench.arena, Atom, N)}, before;
        ck_assert(bench_run(&bench, program, bench_input(&bench, N_BEFORE, SMOOTH, 1), &before));
        arena_give_back(bench.arena, got.atoms, N * sizeof(Atom));
        ck_assert(run_within(&bench, program, input, (size_t)MIB << 20, &got));
        jit_real_free(program);
    }
    bench_close(&bench);
}
END_TEST

Suite *jit_real_screen_suite(void);

Suite *jit_real_screen_suite(void) {
    Suite *suite = suite_create("jit_real_screen");
    TCase *tests = tcase_create("screens");
    tcase_set_timeout(tests, 120);
    tcase_add_loop_test(tests, equal_to_eval, 0, SUBJECTS);
    tcase_add_loop_test(tests, float32_is_every_processors, 0, SUBJECTS);
    tcase_add_loop_test(tests, float32_owners_are_evals, 0, 2);
    tcase_add_loop_test(tests, it_is_screened, 0, SUBJECTS);
    tcase_add_loop_test(tests, a_key_is_no_number, 0, 2);
    tcase_add_loop_test(tests, rounded_scores, 0, 2);
    tcase_add_loop_test(tests, many_keys, 0, 3);
    suite_add_tcase(suite, tests);
    TCase *room = tcase_create("room");
    tcase_set_timeout(room, 60);
    tcase_add_test(room, packed_rows_are_not_missed);
    tcase_add_test(room, no_room_is_said_once);
    tcase_add_test(room, kept_memory_is_room);
    suite_add_tcase(suite, room);
    return suite;
}
