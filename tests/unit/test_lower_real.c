/* The lowering of programs over real vectors: its models compute what eval says, in as few layers
   with heads as the program asks for; what it refuses it refuses where it is written. */
#include "tests/unit/real_world.h"

#include <check.h>
#include <string.h>

enum { SAMPLES = 16 };

/* --- programs --------------------------------------------------------------------------------- */

typedef struct Case {
    const char *program;
    int32_t with_heads, layers; /* as they stand; -1: not looked at */
    bool exact;
} Case;

#define POINTS "input x: vec[2]; input m: bool; input a: float; input k: int;\n"

#define TEXTS "input s: str; input t: str; input a: float;\n"

static void check_case(const Case *at) {
    RealWorld w;
    real_world_open(&w, at->program);
    RealModel *model = real_world_lower(&w);
    ck_assert_msg(model != NULL, "%s\n%s", at->program, real_world_message(&w));
    if (at->with_heads >= 0)
        ck_assert_msg(real_layers_with_heads(model) == (uint32_t)at->with_heads,
                      "%s\n%u layers with heads, not %d", at->program,
                      real_layers_with_heads(model), at->with_heads);
    if (at->layers >= 0)
        ck_assert_msg(model->layer_count == (uint32_t)at->layers, "%s\n%u layers, not %d",
                      at->program, model->layer_count, at->layers);
    ck_assert_msg(model->exact == at->exact, "%s\nexact: %d", at->program, model->exact);
    real_world_compare(&w, model, at->program, SAMPLES);
    real_world_close(&w);
}

/* Affine functions and functions of the position cost nothing, other operations a unit. */
static const Case elements[] = {
    {POINTS "y = 2 * x - vec(a, 3) + a / 4; output y;", 0, 0, true},
    {POINTS "y = concat(x[1], concat(matmul([[1, 2], [0, -1], [3, 0]], x), a)); output y;", 0, 0,
     true},
    {POINTS "y = sum(concat(x, x)) - dot(x, [1, 2]) + k; output y;", 0, 0, true},
    {POINTS "y = a + indices % 3 + (2 if indices > 3 else 7) + sqrt(indices * indices); output y;",
     0, 0, true},
    {POINTS "y = not m; output y;", 0, 0, true},
    {POINTS "y = 5 if m else 3; output y;", 0, 0, true},
    {POINTS "y = a * k; z = x * x * 2; output y, z;", 0, 1, true},
    {POINTS "y = a / 3; output y;", 0, 1, true},
    {POINTS "y = a / k; output y;", 0, 1, true},
    {POINTS "y = a % k; output y;", 0, 1, true},
    {POINTS "y = x / x; output y;", 0, 1, true},
    {POINTS "y = a ^ 3; output y;", 0, 1, true},
    {POINTS "y = k ^ -2; output y;", 0, 1, true},
    {POINTS "y = a ^ 0.5; output y;", 0, 2, false},
    {POINTS "y = a if k else indices; output y;", 0, 2, true},
    {POINTS "y = x if m else 2 * x; output y;", 0, 1, true},
    {POINTS "y = x if m and a < 0 else (x[0] if k == 1 else a); output y;", 0, 3, true},
    {POINTS "y = a == k or x[0] <= x[1]; output y;", 0, 2, true},
    {POINTS "y = x == 2 * x; output y;", 0, 1, true},
    {POINTS
     "y = exp(a) + log(abs(a) + 1) - sqrt(relu(a)) * sin(a) + cos(x[0]) + tanh(x[1]); output y;",
     0, -1, false},
    {POINTS "y = vec(floor(a), ceil(a), sign(a), round(a), floor(k)); output y;", 0, 1, true},
    {POINTS "y = norm(x) + sum(unit(x + [3, 0])) + sum(rmsnorm(x + [4, 0])); output y;", 0, 1,
     false},
    {POINTS "y = layernorm(concat(x, [5, 9])); output y;", 0, 1, false},
    {POINTS "y = argmin(x) + 2 * argmax(concat(x, x)) + sum(onehot(k, 3) * [1, 2, 4]); output y;",
     0, 1, true},
    {POINTS "y = (k in [1, 2]) or (k in [3, 9]); output y;", 0, 2, true},
    {POINTS "y = {0: 2, 1: 5, 3: 7, -1: 0}[k]; output y;", 0, 2, true},
    {POINTS "y = [4, 5, 6][k]; output y;", 0, 2, true},
    {POINTS "y = x[0] + x[1] if m else (x[0] if a > 0 else x[0] + x[1]); output y;", 0, 2, true},
    {POINTS "y = onehot(indices % 3, 3) * a; output y;", 0, 1, true},
    {POINTS "y = a - a + indices; output y;", 0, 0, true},
    /* a string is a one-hot of the words that the program names */
    {TEXTS "y = s == \"sale\"; z = \"\" == s or t == \"gift\"; output y, z;", 0, 1, true},
    {TEXTS "y = a if s == \"sale\" else (2 if t == \"none\" else 3); output y;", 0, 1, true},
    {TEXTS "y = s in [\"sale\", \"gift\", \"none\"]; z = not (s == 1); output y, z;", 0, 0, true},
    {TEXTS "y = {\"sale\": 2, \"gift\": 0.5, \"other\": 0, \"\": -1}[s] + a; output y;", 0, 1,
     true},
    {TEXTS "y = {\"sale\": 2, \"gift\": 0.5}[s]; output y;", 0, 1, true},
};

START_TEST(elements_cost_units) { check_case(&elements[_i]); }
END_TEST

#define SCORE                                                                                      \
    "s = score(x, x, *); d = distance(x, matmul([[0, 1], [1, 0]], x)); p = score(a, k, +); q = "   \
    "score(k, a, -);\n"

static const Case attentions[] = {
    {POINTS "y = aggregate(select(k, k, ==), a); output y;", 1, 1, true},
    {POINTS "y = aggregate(select(k, a, <) and not select(indices, indices, >), x, 7); output y;",
     1, 1, true},
    {POINTS "y = aggregate(select(a, k, >=) or select(m, True, ==), x, vec(a, 2)); output y;", 1, 1,
     true},
    {POINTS "y = aggregate(select(a, 1, >), a, k); output y;", 1, 1, true},
    {POINTS "y = aggregate(select(1, 2, >), a, 3); output y;", 1, 1, true},
    {POINTS "y = selector_width(select(k, k, ==)) + total(select(k, k, ==), x)[0]; output y;", 1, 1,
     true},
    {POINTS "y = total(select(k, a, <=), a * 2 + 1); output y;", 1, 1, true},
    {POINTS SCORE "y = aggregate(hardmax(s), x); output y;", 1, 1, true},
    {POINTS SCORE "y = aggregate(hardmax(-d, select(m, True, ==)), x, 9); output y;", 1, 2, true},
    {POINTS SCORE "y = aggregate(hardmax(3 * d / 7 - p), concat(x, a)); output y;", 1, 2, false},
    {POINTS SCORE "y = aggregate(hardmax_first(-s), indices); output y;", 1, 1, true},
    {POINTS SCORE
     "n = hardmax_first(s, select(m, True, ==)); y = aggregate(n, k); z = aggregate(n, m); "
     "w = aggregate(n, k, k) if m else aggregate(n, indices); output y, z, w;",
     1, 2, true},
    {POINTS SCORE "y = aggregate(best(select(m, False, ==), q), a, a); output y;", 1, 1, true},
    {POINTS SCORE "y = aggregate(softmax(s - d), x); output y;", 1, 2, false},
    {POINTS SCORE "y = aggregate(softmax(p * 2, select(m, True, ==)), a, x[0]); output y;", 1, 1,
     false},
    {POINTS SCORE "y = aggregate(linear(d + 1 * score(a * a, k * k, +)), a, 5); output y;", 1, 2,
     true},
    {POINTS SCORE "y = aggregate(linear(-2 * p, select(m, True, ==)), x); output y;", 1, 1, true},
    {POINTS SCORE "y = aggregate(linear(score(k, k, *)), x, vec(1, a)); output y;", 1, 1, true},
    {POINTS SCORE "y = aggregate(sparsemax(s), x); output y;", 1, 1, true},
    {POINTS SCORE "y = aggregate(sparsemax(d - s / 2, select(k, k, !=)), a, 1); output y;", 1, 2,
     true},
    {POINTS SCORE "y = aggregate(hardmax(score(a, 2, *) - score(3, a, -)), x); output y;", 1, 1,
     true},
    {POINTS "y = aggregate(select(k, k, ==), a); z = aggregate(select(k, k, ==), x); output y, z;",
     1, 1, true},
    {TEXTS "y = aggregate(select(s, \"sale\", ==), a, 7); z = total(select(\"gift\", t, ==), a);\n"
           "w = aggregate(select(s, \"sale\", ==) and not select(t, 3, ==), a); output y, z, w;",
     1, 1, true},
    {POINTS "y = aggregate(select(k, k, ==), a); z = aggregate(select(y, y, <), y); output z;", 2,
     2, true},
    /* What is taken away and put in its place: 0, exactly, and then the new value. */
    {"input a: float; z = a / 3; b = z * 1000000007;\n"
     "y = (b - aggregate(select(indices, indices, ==), b)) + z; output y;",
     1, -1, true},
    /* The second chain waits with its head for the first's. */
    {POINTS
     "y = aggregate(full_s, exp(exp(a * a) / 9)); z = aggregate(select(k, k, ==), a); output y, z;",
     1, -1, false},
    {POINTS "w = aggregate(full_s, a); y = aggregate(select(w, a, <), a * a * a) + "
            "aggregate(select(k, 1, ==), x[0] * a * k); output y;",
     2, -1, true},
};

START_TEST(attention_costs_heads) { check_case(&attentions[_i]); }
END_TEST

/* The constructions of the papers: layers with heads as they stand. */
static const Case papers[] = {
    /* hardmax dynamics, arXiv 2407.01602 */
    {"input z0: vec[2]; z = z0;\n"
     "repeat 5 { z = (z + 0.5 * aggregate(hardmax(score(z, z, *)), z)) / 1.5; } output z;",
     1, 1, true},
    /* Lloyd's algorithm, arXiv 2506.19125 */
    {"input x: vec[2]; input is_centre: bool; c = x;\n"
     "repeat 4 {\n"
     "    near = best(select(is_centre, True, ==), -distance(c, x));\n"
     "    owner = aggregate(near, indices);\n"
     "    members = select(owner, indices, ==) and select(is_centre, False, ==);\n"
     "    c = aggregate(members, x, c) if is_centre else c;\n"
     "} output c, owner;",
     2, 4, true},
    /* one step of EM, arXiv 2502.06007 */
    {"input x: vec[2]; input c: vec[2]; input id: vec[2]; input is_centre: bool; \n"
     "y = aggregate(softmax(-distance(c, x), select(is_centre, True, ==)), id);\n"
     "mean = aggregate(linear(score(y, id, *), select(is_centre, False, ==)), x, c); output mean;",
     2, 3, false},
};

START_TEST(papers_cost_few_layers) { check_case(&papers[_i]); }
END_TEST

static const Case loops[] = {
    {"input a: float; b = 0; repeat 4 { b = b + a; } output b;", 0, 1, true},
    {"input a: float; b = a; c = 1; repeat 3 { t = b; b = c + t; c = t; } output b, c;", 0, 1,
     true},
    {"input a: float; b = a; repeat 3 { t = 2 * b; b = t + 1; } output b, t;", 0, -1, true},
    {"input a: float; b = a; repeat 3 { t = aggregate(select(b, b, <), b); b = t + 1; } output b, "
     "t;",
     1, -1, true},
    {"input a: float; b = a; repeat 3 { t = b * b; b = aggregate(select(t, a, <=), t / 8, b); } "
     "output b, t;",
     1, -1, true},
    {"input a: float; b = a; repeat 20 until (b > 3) { b = b + 1; } output b;", 0, -1, true},
    {"input a: float; b = a; d = True; repeat 20 until (d) { n = b if b > 2 else b + 1; d = n == "
     "b; b = n; } output b, d;",
     0, -1, true},
    {"input a: float; b = a; repeat 3 { c = b; repeat 2 { c = c * c / 4; } b = c + a; } output b;",
     0, -1, true},
    {"input a: float; b = a; repeat 3 { c = 1; repeat 2 { c = c + b * a; e = c * 2; } b = "
     "aggregate(select(c, b, >=), e, b) / 8; } output b, c, e;",
     1, -1, true},
    {"input a: float; b = a; repeat 2 { b = b * 2; } repeat 3 { b = aggregate(select(b, b, <), b, "
     "1); } output b;",
     1, -1, true},
    {"input a: float; b = a; q = aggregate(select(a, a, <), exp(a)); repeat 3 { b = b + q * b; } "
     "output b;",
     1, -1, false},
    {"input a: float; b = a; c = indices; repeat 3 { b = c; } output b;", 0, -1, true},
    {"input x: vec[3]; b = x; repeat 3 { b = vec(b[1], b[2] * b[0], b[0]); } output b;", 0, -1,
     true},
    {"input a: float; b = indices * 2; repeat 3 { b = b - a; } output b;", 0, 1, true},
    {"input a: float; b = a; repeat 3 { b = b * a; } y = aggregate(select(b, b, <), b * b) + b; "
     "output y;",
     1, -1, true},
    {"input a: float; b = 1; repeat 3 { b = a / b; } output b;", 0, 1, true},
};

START_TEST(loops_share_weights) { check_case(&loops[_i]); }
END_TEST

/* Softmax(X A X') X with every number an input (arXiv 2506.18739): n = 2 rows of d = 2. */
START_TEST(simulator_has_four_layers) {
    RealWorld w;
    static const char program[] =
        "input v: float; n = 2; d = 2; p = indices;\n"
        "def gather(x, at) { return aggregate(select(indices, at, ==), x); }\n"
        "def product(x, a, y, b, k, c) { r = 0; i = floor(p / c); j = p % c;\n"
        "    for t in range(k) { r = r + gather(x, a + i * k + t) * gather(y, b + t * c + j); }\n"
        "    return r; }\n"
        "xa = product(v, 0, v, 4, 2, 2);\n"
        "def with_transpose(x, y, b, k, c) { r = 0; i = floor(p / c); j = p % c;\n"
        "    for t in range(k) { r = r + gather(x, i * k + t) * gather(y, b + j * k + t); }\n"
        "    return r; }\n"
        "s = with_transpose(xa, v, 0, 2, 2);\n"
        "e = exp(s); row = floor(p / 2);\n"
        "weights = e / (2 * aggregate(select(row, row, ==), e));\n"
        "y = product(weights, 0, v, 0, 2, 2) if p < 4 else 0; output y;\n";
    real_world_open(&w, program);
    w.max_length = 8;
    RealModel *model = real_world_lower(&w);
    ck_assert_msg(model != NULL, "%s", real_world_message(&w));
    ck_assert_uint_eq(real_layers_with_heads(model), 4);
    real_world_compare(&w, model, program, SAMPLES);
    real_world_close(&w);
}
END_TEST

/* ReLUs alone; a gate is closed where its bound is below every number. */
static const Case with_relus[] = {
    {POINTS "y = relu(a) + abs(x)[0] + relu(x - 1)[1]; output y;", 0, 1, true},
    {POINTS "y = onehot(k, 3); z = (k < indices) + (k >= 2) + (k == 1); output y, z;", 0, 1, true},
    {POINTS "y = m and k > 1; z = m or k <= 1; output y, z;", 0, 2, true},
    {"input a: float; b = a; repeat 4 { b = a - relu(b); } output b;", 0, 3, true},
    {POINTS "b = 99 * (1 - indicator(m)); y = relu(a - b) - relu(-a - b);\n"
            "z = aggregate(select(m, True, ==), y); output z;",
     1, 2, true},
};

START_TEST(relus_alone) {
    RealWorld w;
    const Case *at = &with_relus[_i];
    real_world_open(&w, at->program);
    w.relu_only = true;
    RealModel *model = real_world_lower(&w);
    ck_assert_msg(model != NULL, "%s\n%s", at->program, real_world_message(&w));
    for (uint32_t l = 0; l < model->layer_count; l++)
        for (uint32_t u = 0; u < model->layers[l].unit_count; u++)
            ck_assert_uint_ne(model->layers[l].units[u].kind, REAL_OPERATION);
    ck_assert_uint_eq(real_layers_with_heads(model), (uint32_t)at->with_heads);
    ck_assert_uint_eq(model->layer_count, (uint32_t)at->layers);
    real_world_compare(&w, model, at->program, SAMPLES);
    real_world_close(&w);
}
END_TEST

/* --- refusals --------------------------------------------------------------------------------- */

static const Refusal refusals[] = {
    {TEXTS "y = aggregate(select(s, s, ==), a); output y;", "two inputs of strings",
     "select(s, s, ==)"},
    {TEXTS "y = a if s == t else 0; output y;", "two inputs of strings", "s == t"},
    {TEXTS "y = a if s < \"b\" else 0; output y;", "with == alone", "s < \"b\""},
    {TEXTS "y = aggregate(select(a, 1, ==), s); output y;", "may be a string",
     "aggregate(select(a, 1, ==), s)"},
    {TEXTS "output s;", "an output of strings", "input s: str;"},
    {"input a: float; y = a / 0; output y;", "division by zero", "a / 0"},
    {"input a: float; y = a + 1 / indices; output y;", "division by zero", "1 / indices"},
    {"input a: float; y = a + 1 / (indices - 4); output y;", "--max-len 4", "1 / (indices - 4)"},
    {"input a: float; y = a ^ a; output y;", "both computed", "a ^ a"},
    {"input a: float; b = 10.0 ^ 300; y = vec(a, 1) * b * b; output y;", "infinite", NULL},
};

START_TEST(refusals_are_located) {
    RealWorld w;
    real_world_open(&w, refusals[_i].program);
    real_world_refused(&w, &refusals[_i]);
    real_world_close(&w);
}
END_TEST

Suite *lower_real_suite(void);
Suite *lower_real_suite(void) {
    Suite *suite = suite_create("lower_real");
    TCase *tests = tcase_create("lower_real");
    tcase_add_loop_test(tests, elements_cost_units, 0, sizeof elements / sizeof *elements);
    tcase_add_loop_test(tests, attention_costs_heads, 0, sizeof attentions / sizeof *attentions);
    tcase_add_loop_test(tests, papers_cost_few_layers, 0, sizeof papers / sizeof *papers);
    tcase_add_loop_test(tests, loops_share_weights, 0, sizeof loops / sizeof *loops);
    tcase_add_test(tests, simulator_has_four_layers);
    tcase_add_loop_test(tests, relus_alone, 0, sizeof with_relus / sizeof *with_relus);
    tcase_add_loop_test(tests, refusals_are_located, 0, sizeof refusals / sizeof *refusals);
    suite_add_tcase(suite, tests);
    return suite;
}
