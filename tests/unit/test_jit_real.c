/* Native code over real vectors against eval: bit for bit where jit.h promises it, for inputs that
   fill no tile, ties, duplicates and empty clusters, on several processors and numbers of threads.
   Without LLVM there is no jit, and the tests say so and pass. */
#include "runtime/engines/eval.h"
#include "tests/unit/jit_real_bench.h"

#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- programs --------------------------------------------------------------------------------- */

static const Subject exact_subjects[] = {
    {"lloyd 1", 1, LLOYD("1", "4", "hardmax"), "added while owner is found"},
    {"lloyd 2", 2, LLOYD("2", "5", "hardmax"), "added while owner is found"},
    {"lloyd 2, first", 2, LLOYD("2", "5", "hardmax_first"), "added while owner is found"},
    {"lloyd 5", 5, LLOYD("5", "3", "hardmax"), "fused dot products"},
    {"lloyd 16", 16, LLOYD("16", "3", "hardmax_first"), "fused dot products"},
    {"lloyd 35", 35, LLOYD("35", "2", "hardmax"), "fused dot products"},
    /* Positions that are keys in one round and none in the next have sums of nothing. */
    {"totals by owner", 2,
     "input x: vec[2]; input mark: bool; input k: int; c = x; active = mark; turn = 0;\n"
     "repeat 4 {\n"
     "  near = hardmax(-distance(c, x), select(mark, True, ==) and select(active, True, ==));\n"
     "  owner = aggregate(near, indices, -1);\n"
     "  c = total(select(owner, indices, ==) and select(k, 2, <), x) / 8 if mark else c;\n"
     "  active = active and not (indices % 5 == turn); turn = turn + 1;\n"
     "}\n"
     "output c, owner, active;\n",
     "added while owner is found"},
    /* Without a key all rows have the default as their owner, a position or none. */
    {"owners without keys", 3,
     "input x: vec[3]; input mark: bool; input k: int; c = x; d = x; active = mark; turn = 0;\n"
     "repeat 4 {\n"
     "  chosen = select(mark, True, ==) and select(active, True, ==);\n"
     "  near = hardmax(-distance(c, x), chosen); owner = aggregate(near, indices);\n"
     "  members = select(owner, indices, ==) and select(mark, False, ==);\n"
     "  best = hardmax_first(score(d, x, *), chosen); leader = aggregate(best, indices, k);\n"
     "  d = total(select(leader, indices, ==), x) / 64; c = aggregate(members, x, c);\n"
     "  active = active and turn < 2; turn = turn + 1;\n"
     "}\n"
     "output c, d, owner;\n",
     "added while owner is found"},
    {"until nothing moves", 3,
     "input x: vec[3]; input mark: bool;\n"
     "c = x; rounds = 0;\n"
     "repeat 20 until (moved == 0) {\n"
     "  near = hardmax_first(-distance(c, x), select(mark, True, ==));\n"
     "  owner = aggregate(near, indices);\n"
     "  members = select(owner, indices, ==) and select(mark, False, ==);\n"
     "  next = aggregate(members, x, c) if mark else c;\n"
     "  moved = total(select(1, 1, ==), 0 if next == c else 1);\n"
     "  c = next; rounds = rounds + 1;\n"
     "}\n"
     "output c, owner, rounds, moved;\n",
     "sums by group"},
    {"until nothing changes in place", 3,
     "input x: vec[3]; input mark: bool;\n"
     "c = x; w = x;\n"
     "repeat 20 until (settled) {\n"
     "  near = hardmax_first(-distance(c, x), select(mark, True, ==));\n"
     "  owner = aggregate(near, indices);\n"
     "  members = select(owner, indices, ==) and select(mark, False, ==);\n"
     "  moved = aggregate(members, x, c) if mark else c;\n"
     "  v = w + c / 16 if mark else w;\n"
     "  settled = moved == c and v == w;\n"
     "  c = moved; w = v;\n"
     "}\n"
     "output c, owner, w;\n",
     "where mark"},
    {"until nothing changes, and it is looked at", 2,
     "input x: vec[2]; input mark: bool; c = x;\n"
     "repeat 20 until (settled) {\n"
     "  near = hardmax(-distance(c, x), select(mark, True, ==));\n"
     "  owner = aggregate(near, indices);\n"
     "  moved = aggregate(select(owner, indices, ==), x, c) if mark else c;\n"
     "  settled = c == moved; c = moved;\n"
     "}\n"
     "output owner, settled;\n",
     "sums by group"},
    {"a choice by the same condition in what a state becomes", 2,
     "input x: vec[2]; input mark: bool; c = x; e = x; n = 0;\n"
     "repeat 3 {\n"
     "  t = aggregate(hardmax(-distance(c, x)), c + x) if mark else c;\n"
     "  u = e if mark else e;\n"
     "  c = t if mark else c; e = u if mark else e; n = n + 1;\n"
     "}\n"
     "output c, e, n;\n",
     "fused dot products"},
    {"hardmax dynamics", 2,
     "input x: vec[2]; z = x;\n"
     "repeat 6 { z = (z + 0.5 * aggregate(hardmax(score(z, z, *)), z)) / 1.5; }\n"
     "output z;\n",
     "fused dot products"},
    {"queries that are constants and positions", 3,
     "input x: vec[3]; input a: float; input k: int;\n"
     "biased = hardmax(2 * score(x, x, *) - score(a, 3, *) / 2 + score(k, 1, -));\n"
     "o0 = aggregate(biased, x); o1 = aggregate(hardmax_first(score(a, -2, *)), indices);\n"
     "o2 = aggregate(hardmax(-distance(k, 1)), x);\n"
     "o3 = aggregate(hardmax_first(score(a, indices, *)), indices); output o0, o1, o2, o3;\n",
     "fused dot products"},
    {"values that are numbers", 3,
     "input x: vec[3]; input a: float; input k: int; input mark: bool;\n"
     "near = hardmax(score(x, x, *) + score(a, 0, +));\n"
     "one = aggregate(near, k); two = aggregate(near, a); three = aggregate(near, x);\n"
     "output one, two, three;\n",
     "fused dot products"},
    {"products of numbers", 1,
     "input a: float; input k: int;\n"
     "near = hardmax(2 * score(a, k, *) - score(k, 3, -) / 7);\n"
     "o0 = aggregate(near, indices); o1 = aggregate(near, a); output o0, o1;\n",
     "fused dot products"},
    {"several terms", 4,
     "input x: vec[4]; input a: float;\n"
     "s = score(x, x, *) * 0.3 - distance(a, a) + score(a, 1, -) - distance(x, 2 * x) / 3;\n"
     "o0 = aggregate(hardmax(s), x); o1 = aggregate(hardmax_first(s), indices); output o0, o1;\n",
     "fused dot products"},
    {"no key", 2,
     "input x: vec[2]; input a: float;\n"
     "none = hardmax(score(x, x, *), select(indices, -1, ==));\n"
     "o0 = aggregate(none, x, -x); o1 = aggregate(none, a, a + 1); o2 = aggregate(none, "
     "indices); output o0, o1, o2;\n",
     "fused dot products"},
    {"keys by query", 2,
     "input x: vec[2];\n"
     "past = hardmax(score(x, x, *), select(indices, indices, <));\n"
     "o0 = aggregate(past, x, 7); o1 = aggregate(past, indices); output o0, o1;\n",
     "row by row"},
    {"sums by group", 3,
     "input x: vec[3]; input k: int; input a: float; input mark: bool;\n"
     "same = select(k, k, ==); marked = same and select(mark, True, ==);\n"
     "mine = marked and select(True, mark, ==);\n"
     "o0 = aggregate(same, x, 0); o1 = total(marked, x); o2 = aggregate(mine, a, -1); o3 "
     "= total(same, k); o4 = total(mine, a); o5 = selector_width(marked); o6 = "
     "aggregate(marked, x, 2 * x); o7 = aggregate(select(a, a, ==), k); output o0, o1, "
     "o2, o3, o4, o5, o6, o7;\n",
     "sums by group"},
    {"everything", 4,
     "input x: vec[4]; input a: float; input k: int; input mark: bool;\n"
     "all = select(1, 1, ==); some = select(mark, True, ==);\n"
     "o0 = aggregate(all, x, 0); o1 = aggregate(some, a); o2 = total(some, x); o3 = "
     "total(all, k); o4 = length; o5 = aggregate(some and select(k, 3, <), x, x); o6 = "
     "selector_width(not some); output o0, o1, o2, o3, o4, o5, o6;\n",
     "one sum for all queries"},
    {"rows", 2,
     "input x: vec[2]; input a: float; input k: int;\n"
     "up = select(indices, indices, <=); two = select(k, k, ==) or select(a, a, >);\n"
     "o0 = aggregate(up, x, 0); o1 = total(up, a); o2 = aggregate(two, a); o3 = "
     "selector_width(two); o4 = aggregate(select(k, k, ==) and select(indices, indices, "
     "<), x, -x); o5 = total(up, k); output o0, o1, o2, o3, o4, o5;\n",
     "row by row"},
    {"sparsemax", 2,
     "input x: vec[2]; input a: float;\n"
     "p = sparsemax(-distance(x, x)); q = sparsemax(score(a, a, *), select(indices, "
     "indices, <));\n"
     "o0 = aggregate(p, x); o1 = aggregate(q, a); o2 = aggregate(q, x, 1); output o0, o1, o2;\n",
     "sparsemax sorts"},
    {"vectors", 3,
     "input x: vec[3]; input a: float; input k: int;\n"
     "y = x * a + 1 - x / 3; m = [[1, 2, 3], [0.5, -1, 2]];\n"
     "o1 = dot(x, y); o2 = sum(x); o3 = norm(y); o4 = matmul(m, y); o5 = argmin(x); o6 = "
     "argmax(y); o7 = onehot(k, 4); o8 = rmsnorm(y + 10); o9 = unit(y + 9); o10 = "
     "layernorm(vec(10, 2, 40) + x); o11 = concat(x, a); o12 = vec(a, k); o13 = x[2] - "
     "x[0]; o14 = relu(x); o15 = abs(x); o16 = sign(x); o17 = floor(y); o18 = ceil(y); "
     "o19 = -x; o20 = x == abs(x); o21 = exp(x); o22 = sqrt(abs(y)); o23 = sin(x); o24 = "
     "cos(a); o25 = tanh(y); o26 = log(abs(x) + 1); output y, o1, o2, o3, o4, o5, o6, "
     "o7, o8, o9, o10, o11, o12, o13, o14, o15, o16, o17, o18, o19, o20, o21, o22, o23, "
     "o24, o25, o26;\n",
     ""},
    {"numbers", 1,
     "input a: float; input k: int; input mark: bool;\n"
     "o0 = a + k; o1 = k * 3 - 1; o2 = k / 4; o3 = k % 5; o4 = a % 2.5; o5 = -k % 7; o6 "
     "= a / (abs(a) + 1); o7 = k == a; o8 = k < a; o9 = k >= 2; o10 = mark and k; o11 = "
     "mark or a; o12 = not k; o13 = k if mark else a; o14 = floor(a); o15 = ceil(a); o16 "
     "= round(a); o17 = abs(k); o18 = relu(-k); o19 = sign(a); o20 = indicator(mark); "
     "o21 = -mark; o22 = abs(mark); o23 = exp(a); o24 = (k + mark) * 2; output o0, o1, "
     "o2, o3, o4, o5, o6, o7, o8, o9, o10, o11, o12, o13, o14, o15, o16, o17, o18, o19, "
     "o20, o21, o22, o23, o24;\n",
     ""},
    {"powers", 2,
     "input x: vec[2]; input a: float; input k: int; input mark: bool;\n"
     "o0 = k ^ 2; o1 = a ^ 2; o2 = (abs(a) + 1) ^ k; o3 = (abs(k) + 1) ^ (-2); o4 = (k + 3) ^ "
     "(k + 2); o5 = 2 ^ (k / 2); o6 = mark ^ 3; o7 = k ^ 0; o8 = (-3) ^ abs(k);\n"
     "output o0, o1, o2, o3, o4, o5, o6, o7, o8;\n",
     ""},
    {"integers that are rounded", 2,
     "input x: vec[2]; input a: float; input mark: bool;\n"
     "far = 10 ^ 300; near = a if mark else far; away = vec(near, 2 ^ 60 if mark else a);\n"
     "o0 = argmin(away); o1 = away; o2 = a + 10 ^ 20; output o0, o1, o2;\n",
     ""},
    {"loops in loops", 2,
     "input x: vec[2]; input a: float;\n"
     "u = x; v = 2 * x; s = a;\n"
     "repeat 3 {\n"
     "  w = u; u = v + 0.25; v = w;\n"
     "  repeat 2 { s = s / 2 + u[0]; t = s + 1; }\n"
     "  s = s + t;\n"
     "}\n"
     "output u, v, s, t;\n",
     ""},
};
enum { EXACT_SUBJECTS = sizeof exact_subjects / sizeof exact_subjects[0] };

/* --- tests -------------------------------------------------------------------------------------
 */

static const char *const cpus[] = {NULL, "x86-64-v2", "x86-64-v3", "x86-64-v4"};
static const uint32_t thread_counts[] = {1, 2, 5};

START_TEST(equal_to_eval) {
    /* The last: several blocks of rows, which threads assign and one of them adds. */
    static const uint32_t lengths[] = {1, 2, 7, 33, 64, 100, 270, 1300};
    Bench bench;
    if (bench_open(&bench, &exact_subjects[_i])) {
        bool blocks = strstr(exact_subjects[_i].plan, "added while") != NULL;
        for (size_t c = 0; c < sizeof cpus / sizeof cpus[0]; c++) {
            uint32_t threads = thread_counts[c % 3];
            JitReal *program = bench_compile(&bench, cpus[c], threads, false);
            for (size_t l = 0; program && l < sizeof lengths / sizeof lengths[0]; l++)
                for (int f = 0; f < FLAVOURS; f++) {
                    char how[64];
                    if (lengths[l] > 270 && !(blocks && f == GRID)) continue;
                    snprintf(how, sizeof how, "on %s, %u threads, flavour %d",
                             cpus[c] ? cpus[c] : "native", threads, f);
                    bench_compare(&bench, program, how,
                                  bench_input(&bench, lengths[l], (Flavour)f, 31 * l + (size_t)f));
                }
            jit_real_free(program);
        }
    }
    bench_close(&bench);
}
END_TEST

/* Long enough that every thread has several pieces. */
START_TEST(threads_change_nothing) {
    Bench bench;
    if (bench_open(&bench, &exact_subjects[_i])) {
        Sequence first[OUTPUTS], other[OUTPUTS];
        for (int f = 0; f < FLAVOURS; f++) {
            bool quadratic = strstr(exact_subjects[_i].plan, "row by row") ||
                             strstr(exact_subjects[_i].plan, "sparsemax");
            Input input = bench_input(&bench, quadratic ? 300 : 3000, (Flavour)f, (uint64_t)_i);
            for (size_t t = 0; t < 3; t++) {
                size_t before = diagnostics_count(bench.diags);
                JitReal *program = bench_compile(&bench, NULL, thread_counts[t], false);
                bool ran = bench_run(&bench, program, input, t ? other : first);
                ck_assert_msg(ran, "%s: %s", bench.subject->name,
                              ran ? "" : diagnostics_message(bench.diags, before));
                for (uint32_t o = 0; t > 0 && o < bench.count; o++)
                    bench_same(&bench, "with other threads", o, &first[o], &other[o]);
                jit_real_free(program);
            }
        }
    }
    bench_close(&bench);
}
END_TEST

static void check_plan(const Subject *subject) {
    Bench bench;
    if (bench_open(&bench, subject)) {
        Buffer text = {0};
        JitReal *program = bench_compile(&bench, NULL, 1, false);
        jit_real_explain(program, &text);
        buffer_char(&text, '\0');
        ck_assert_msg(strstr(text.data, subject->plan) != NULL, "%s:\n%s", subject->name,
                      text.data);
        buffer_free(&text);
        jit_real_free(program);
    }
    bench_close(&bench);
}

/* Between two keys there is a tie. The middle of their positions is no key's and a group of its
   own: there are more of these than the sums have room for at first. */
START_TEST(ties_make_groups) {
    enum { KEYS = 100, N = 1300, TIED_FROM = 600 }; /* behind a first block of rows */
    static const Subject subject = {
        "ties", 2,
        "input x: vec[2]; input mark: bool; c = x;\n"
        "repeat 3 {\n"
        "  owner = aggregate(hardmax(-distance(c, x), select(mark, True, ==)), indices);\n"
        "  members = select(owner, indices, ==) and select(mark, False, ==);\n"
        "  s = aggregate(members, x, 3 * c + 1); t = total(members, x);\n"
        "  c = c + 0 * s;\n"
        "}\n"
        "output s, t, owner;\n",
        "added while owner is found"};
    check_plan(&subject);
    Bench bench;
    if (bench_open(&bench, &subject)) {
        Input input = bench_input(&bench, N, SMOOTH, 6);
        Atom *mark = (Atom *)(uintptr_t)input.columns[0].atoms;
        double *x = (double *)(uintptr_t)input.columns[3].numbers;
        for (uint32_t i = 0; i < N; i++) {
            bool key = i < 2 * KEYS && i % 2 == 0;
            mark[i] = atom_bool(key);
            bool tied = i >= TIED_FROM && i % 3 > 0;
            x[2 * i] = key ? i : tied ? 2 * (i % (KEYS - 1)) + 1 : 0.1 + i % (2 * KEYS);
            if (key) x[2 * i + 1] = 0;
        }
        for (size_t t = 0; t < sizeof thread_counts / sizeof thread_counts[0]; t++) {
            JitReal *program = bench_compile(&bench, NULL, thread_counts[t], false);
            bench_compare(&bench, program, "with ties", input);
            jit_real_free(program);
        }
    }
    bench_close(&bench);
}
END_TEST

START_TEST(plans_are_what_they_should) { check_plan(&exact_subjects[_i]); }
END_TEST

static const Subject near_subjects[] = {
    {"softmax 1", 1, "input x: vec[1]; y = aggregate(softmax(score(x, x, *)), x); output y;",
     "online softmax"},
    {"softmax 5", 5,
     "input x: vec[5]; input mark: bool; input a: float;\n"
     "p = softmax(-3 * distance(x, x + 1) + score(a, 0, +), select(mark, True, ==));\n"
     "y = aggregate(p, x, 2 * x); z = aggregate(p, a, 7); w = aggregate(p, indices, 7);\n"
     "output y, z, w;",
     "online softmax"},
    {"softmax 40", 40, "input x: vec[40]; y = aggregate(softmax(score(x, x, *) / 6), x); output y;",
     "online softmax"},
    /* scores of -inf, a block of them and more before the first one that is finite */
    {"hidden keys", 3,
     "input x: vec[3]; hidden = log(1 if indices >= 20 else 0);\n"
     "y = aggregate(softmax(score(x, x, *) + score(hidden, 0, +)), x); output y;",
     "online softmax"},
    /* from 0 the distance is infinite: what fills the last block of keys must not be there */
    {"far away", 3,
     "input x: vec[3]; far = 0 * x + 10.0 ^ 200;\n"
     "y = aggregate(softmax(distance(far, far)), x); output y;",
     "online softmax"},
    {"steep", 3, "input x: vec[3]; y = aggregate(softmax(-10000 * distance(x, x)), -x); output y;",
     "online softmax"},
    {"every leaf", 3,
     "input x: vec[3]; input a: float; input k: int; input mark: bool;\n"
     "s = score(a, 2, *) - score(k, 3, -) / 7 - distance(a, a) / 3 + 2 * score(x, x, *);\n"
     "y = aggregate(softmax(-s + distance(x, x)), x); z = aggregate(softmax(s), a);\n"
     "output y, z;",
     "online softmax"},
    {"queries at some positions", 3,
     "input x: vec[3]; input mark: bool; c = x;\n"
     "repeat 3 { c = aggregate(softmax(score(x, c * 0.25, *), select(mark, False, ==)), x, c)\n"
     "               if mark else c; }\n"
     "output c;",
     "where mark"},
    {"linear", 5,
     "input x: vec[5]; input a: float; input k: int; input mark: bool;\n"
     "p = linear(score(abs(x) + 1, abs(x), *)); q = linear(3 * score(k, mark, *), select(mark, "
     "False, ==));\n"
     "o0 = aggregate(p, x); o1 = aggregate(p, a); o2 = aggregate(q, x, 7 * x); o3 = aggregate(q, "
     "indices, 7); output o0, o1, o2, o3;",
     "keys times values"},
    {"linear, wide", 35,
     "input x: vec[35]; p = linear(score(x * x, concat(x * x, 1)[0] + x * x, *)); y = aggregate(p, "
     "x); output y;",
     "keys times values"},
    /* a key's product with a value overflows, its product with a query does not */
    {"linear, large keys", 2,
     "input x: vec[2]; large = 10.0 ^ 200;\n"
     "p = linear(score((x * x + 1) * large, (x * x + 1) / large, *));\n"
     "y = aggregate(p, x * large) / large; output y;",
     "keys times values"},
    {"linear, sums of 0", 2,
     "input x: vec[2]; input k: int; input a: float;\n"
     "p = linear(score(k - 1, sign(a) * (k % 2), *)); y = aggregate(p, x, 5); output y;",
     "keys times values"},
    {"em 1", 1, EM("1", "400", "3") "output mean, variance, weight, y;", "is weighed"},
    {"em 2", 2, EM("2", "400", "4") "output mean, variance, weight;", "its weights are added"},
    {"em 16", 16, EM("16", "400", "2") "output mean, y, square;", "is weighed"},
    {"em that is looked at", 3, EM("3", "400", "2") "z = y; output mean, weight, z;", "is weighed"},
    {"softmax added up", 4,
     "input x: vec[4]; input mark: bool; centres = select(mark, True, ==); c = x;\n"
     "repeat 3 {\n"
     "  y = aggregate(softmax(-distance(c, x), centres), 2 * c, -x);\n"
     "  c = aggregate(linear(score(y, c * c, *), select(mark, False, ==)), x, c)\n"
     "      if mark else c;\n"
     "  t = total(select(mark, False, ==), y);\n"
     "}\n"
     "output c, t;",
     "is weighed"},
};
enum { NEAR_SUBJECTS = sizeof near_subjects / sizeof near_subjects[0] };

START_TEST(weights_are_near) {
    static const uint32_t lengths[] = {1, 2, 9, 33, 100, 330};
    const Subject *subject = &near_subjects[_i];
    Bench bench;
    if (bench_open(&bench, subject)) {
        for (size_t c = 0; c < sizeof cpus / sizeof cpus[0]; c++) {
            JitReal *one = bench_compile(&bench, cpus[c], 1, false);
            JitReal *five = bench_compile(&bench, cpus[c], 5, false);
            for (size_t l = 0; one && l < sizeof lengths / sizeof lengths[0]; l++) {
                uint32_t n = lengths[l];
                Sequence wanted[OUTPUTS], got[OUTPUTS], again[OUTPUTS];
                Input input = bench_input(&bench, n, (Flavour)(l % FLAVOURS), l);
                ApplyRequest request = {.graph = session_graph(bench.session),
                                        .input = input,
                                        .arena = bench.arena,
                                        .diags = bench.diags};
                bool fine = eval_all(&request, bench.outputs, bench.count, wanted);
                bool ran = bench_run(&bench, one, input, got);
                ck_assert_msg(fine == ran, "%s on %s, n = %u: eval %s", subject->name,
                              cpus[c] ? cpus[c] : "native", n, fine ? "succeeds" : "fails");
                if (!fine) continue;
                ck_assert(bench_run(&bench, five, input, again));
                for (uint32_t o = 0; o < bench.count; o++) {
                    bench_same(&bench, "with five threads", o, &got[o], &again[o]);
                    bool vectors = wanted[o].type == SEQUENCE_VECTORS;
                    for (size_t i = 0; i < (size_t)n * (vectors ? wanted[o].width : 1); i++) {
                        double a = 0, b = 0, most = vectors ? 4 : n;
                        if (vectors) {
                            a = wanted[o].numbers[i];
                            b = got[o].numbers[i];
                        } else {
                            ck_assert_int_eq(wanted[o].atoms[i].kind, got[o].atoms[i].kind);
                            ck_assert(atom_as_double(wanted[o].atoms[i], &a));
                            ck_assert(atom_as_double(got[o].atoms[i], &b));
                        }
                        ck_assert_msg(fabs(a - b) <= 1e-12 * most,
                                      "%s on %s, n = %u, output %u, number %zu: %.17g, not %.17g",
                                      subject->name, cpus[c] ? cpus[c] : "native", n, o, i, b, a);
                    }
                }
            }
            jit_real_free(one);
            jit_real_free(five);
        }
    }
    bench_close(&bench);
}
END_TEST

START_TEST(near_plans_are_what_they_should) { check_plan(&near_subjects[_i]); }
END_TEST

/* In float32 every column is eval's on rounded operands, rounded: so on inputs that float32 holds,
   assignments are eval's, and what is made of one rounding is eval's rounded. */
START_TEST(float32_is_rounded_once) {
    static const Subject subject = {
        "float32", 16,
        "input x: vec[16]; input mark: bool;\n"
        "near = hardmax(-distance(x, x), select(mark, True, ==));\n"
        "o0 = aggregate(near, indices); o1 = aggregate(near, x); o2 = x * 0.1; output "
        "o0, o1, o2;\n",
        ""};
    Bench bench;
    if (bench_open(&bench, &subject)) {
        for (size_t c = 0; c < sizeof cpus / sizeof cpus[0]; c++) {
            JitReal *program = bench_compile(&bench, cpus[c], 2, true);
            for (int f = 0; program && f < FLAVOURS; f++) {
                Input input = bench_input(&bench, 300, (Flavour)f, 5);
                double *x = (double *)(uintptr_t)input.columns[3].numbers;
                for (size_t i = 0; i < (size_t)input.n * 16; i++)
                    x[i] = (float)x[i];
                Sequence wanted[3], got[3];
                ApplyRequest request = {.graph = session_graph(bench.session),
                                        .input = input,
                                        .arena = bench.arena,
                                        .diags = bench.diags};
                ck_assert(eval_all(&request, bench.outputs, 3, wanted));
                ck_assert(bench_run(&bench, program, input, got));
                bench_same(&bench, "in float32", 0, &wanted[0], &got[0]);
                for (int o = 1; o < 3; o++)
                    for (size_t i = 0; i < (size_t)input.n * 16; i++)
                        ck_assert(got[o].numbers[i] == (double)(float)wanted[o].numbers[i]);
            }
            jit_real_free(program);
        }
    }
    bench_close(&bench);
}
END_TEST

/* Where eval fails, the jit does so at the same position with the same words. */
START_TEST(failures_are_evals) {
    static const Subject subjects[] = {
        {"division", 1, "input k: int; d = 1 / (k - 1); output d;", ""},
        {"remainder", 1, "input k: int; input a: float; d = a % k; output d;", ""},
        {"power of 0", 1, "input k: int; d = (k - 1) ^ (-1); output d;", ""},
        {"no real power", 1, "input k: int; d = k ^ 0.5; output d;", ""},
        {"large power", 1, "input k: int; d = (10.0 ^ 200) ^ k; output d;", ""},
        {"infinite", 1, "input k: int; d = exp(k * 1000.0); output d;", ""},
        {"no number", 2, "input x: vec[2]; d = x / (x - x); output d;", ""},
        {"no score", 2,
         "input x: vec[2]; y = log(x); o0 = aggregate(hardmax(score(y, y, *)), indices); output "
         "o0;",
         ""},
        {"rounding", 1,
         "input a: float; input k: int; d = round(exp(abs(a) * 1000 * k)); output d;", ""},
    };
    for (size_t s = 0; s < sizeof subjects / sizeof subjects[0]; s++) {
        Bench bench;
        if (bench_open(&bench, &subjects[s])) {
            JitReal *program = bench_compile(&bench, NULL, 2, false);
            for (uint32_t n = 1; n < 200; n = 3 * n + 1)
                bench_compare(&bench, program, "failing", bench_input(&bench, n, GRID, n));
            jit_real_free(program);
        }
        bench_close(&bench);
    }
}
END_TEST

Suite *jit_real_suite(void);

Suite *jit_real_suite(void) {
    Suite *suite = suite_create("jit_real");
    TCase *tests = tcase_create("programs");
    tcase_set_timeout(tests, 120);
    tcase_add_loop_test(tests, equal_to_eval, 0, EXACT_SUBJECTS);
    tcase_add_loop_test(tests, threads_change_nothing, 0, EXACT_SUBJECTS);
    tcase_add_test(tests, ties_make_groups);
    tcase_add_loop_test(tests, plans_are_what_they_should, 0, EXACT_SUBJECTS);
    tcase_add_loop_test(tests, weights_are_near, 0, NEAR_SUBJECTS);
    tcase_add_loop_test(tests, near_plans_are_what_they_should, 0, NEAR_SUBJECTS);
    tcase_add_test(tests, float32_is_rounded_once);
    tcase_add_test(tests, failures_are_evals);
    suite_add_tcase(suite, tests);
    return suite;
}
