/* Programs over real vectors on ReLUs alone: curves and products are interpolated, no result is
   farther from eval's than the bound that the model states, and what has no bound is refused. */
#include "compiler/lower/real/interpolate.h"
#include "tests/unit/real_world.h"

#include <check.h>
#include <math.h>
#include <string.h>

enum { SAMPLES = 24, KNOTS = 40, POINTS = 5000 };

/* --- curves ----------------------------------------------------------------------------------- */

typedef struct CurveCase {
    Curve curve;
    Interval of;
    double most; /* the bound with KNOTS knots is not above this */
} CurveCase;

static const CurveCase curves[] = {
    {{CURVE_POWER, 2}, {-3, 5}, 0.011},     {{CURVE_POWER, 2}, {0, 1}, 2e-4},
    {{CURVE_POWER, 3}, {-2, 2}, 0.06},      {{CURVE_POWER, -1}, {0.01, 100}, 0.7},
    {{CURVE_POWER, -1}, {-4, -0.5}, 2e-3},  {{CURVE_POWER, 0.5}, {0, 9}, 6e-3},
    {{CURVE_POWER, 0.5}, {1, 9}, 4e-4},     {{CURVE_POWER, -0.5}, {0.1, 4}, 3e-3},
    {{CURVE_EXP, 0}, {-4, 4}, 0.04},        {{CURVE_EXP, 0}, {-INFINITY, 1}, 5e-3},
    {{CURVE_LOG, 0}, {0.001, 1000}, 0.025}, {{CURVE_SIN, 0}, {-7, 9}, 0.03},
    {{CURVE_COS, 0}, {-1, 1}, 4e-4},        {{CURVE_TANH, 0}, {-INFINITY, INFINITY}, 4e-3},
    {{CURVE_TANH, 0}, {-0.25, 1}, 4e-4},
};

static double hinged(const Hinges *hinges, const double *knots, const double *factors,
                     uint32_t count, double x) {
    double sum = hinges->constant;
    for (uint32_t k = 0; k < count; k++)
        sum += factors[k] * fmax(0, hinges->sign * (x - knots[k]));
    return sum;
}

static double bound_with(Curve curve, Interval of, uint32_t count, double *knots) {
    curve_knots(curve, curve_domain(curve, of), count, knots);
    return curve_error(curve, knots, count);
}

/* The bound holds everywhere, is not much above what is measured, and falls with the square of the
   knots; beyond them the sum is flat, and it lies where the curve does. */
START_TEST(curves_keep_their_bounds) {
    const CurveCase *at = &curves[_i];
    double knots[2 * KNOTS], factors[KNOTS], worst = 0;
    Interval image;
    ck_assert(curve_image(at->curve, at->of, &image));
    double finer = bound_with(at->curve, at->of, 2 * KNOTS, knots);
    double bound = bound_with(at->curve, at->of, KNOTS, knots);
    Hinges hinges = curve_hinges(at->curve, knots, KNOTS, factors);
    double low = fmax(at->of.low, -50), high = fmin(at->of.high, 50);
    for (int i = 0; i <= POINTS; i++) {
        double x = low + (high - low) * i / POINTS, y = curve_at(at->curve, x);
        double got = hinged(&hinges, knots, factors, KNOTS, x);
        worst = fmax(worst, fabs(got - y));
        ck_assert_msg(got >= image.low - 1e-12 && got <= image.high + 1e-12, "%g at %g", got, x);
    }
    ck_assert_msg(worst <= bound, "off by %g, the bound is %g", worst, bound);
    ck_assert_msg(bound <= at->most, "case %d: the bound is %g", _i, bound);
    ck_assert_msg(bound <= 8 * worst, "off by %g, the bound is %g", worst, bound);
    ck_assert_msg(finer < bound / 3, "%g, with twice the knots %g", bound, finer);
    double first = knots[0], last = knots[KNOTS - 1];
    ck_assert_double_eq_tol(hinged(&hinges, knots, factors, KNOTS, first - 3),
                            curve_at(at->curve, first), 1e-9 * fmax(1, image.high));
    ck_assert_double_eq_tol(hinged(&hinges, knots, factors, KNOTS, last + 3),
                            curve_at(at->curve, last), 1e-9 * fmax(1, image.high));
}
END_TEST

static const CurveCase unbounded[] = {
    {{CURVE_POWER, -1}, {-1, 1}, 0},     {{CURVE_POWER, -1}, {0, 1}, 0},
    {{CURVE_POWER, 0.5}, {-1, 1}, 0},    {{CURVE_POWER, 2}, {0, INFINITY}, 0},
    {{CURVE_LOG, 0}, {0, 1}, 0},         {{CURVE_LOG, 0}, {-1, 1}, 0},
    {{CURVE_EXP, 0}, {0, 1000}, 0},      {{CURVE_EXP, 0}, {0, INFINITY}, 0},
    {{CURVE_SIN, 0}, {-INFINITY, 0}, 0},
};

START_TEST(curves_without_bounds_are_none) {
    Interval image;
    ck_assert(!curve_image(unbounded[_i].curve, unbounded[_i].of, &image));
}
END_TEST

/* --- programs --------------------------------------------------------------------------------- */

#define NAMES "input x: vec[2]; input m: bool; input a: float; input k: int;\n"
#define CLIPPED                                                                                    \
    NAMES "def clip(v, low, high) { return high - relu(high - low - relu(v - low)); }\n"           \
          "p = min(max(a, -1.3), 1.7); q = clip(x, -1, 1);\n"

typedef struct Case {
    const char *program;
    double most; /* the bound of the first output is not above this; 0: it is exact */
} Case;

static const Case programs[] = {
    {CLIPPED "y = p + q[0]; output y;", 0},
    {CLIPPED "y = exp(p); output y;", 2e-3},
    {CLIPPED "y = exp(-abs(a)) + tanh(x)[1]; output y;", 5e-3},
    {CLIPPED "y = log(p + 2) + sqrt(p + 1.3) + 1 / (p + 1.4); output y;", 0.02},
    {CLIPPED "y = p ^ 2 + p ^ 3 - (p + 2) ^ -1.5 + 2 ^ p; output y;", 0.02},
    {CLIPPED "y = p * q + q / (q + 2); output y;", 0.01},
    {CLIPPED "y = sin(p) * cos(q) - tanh(3 * p); output y;", 0.02},
    {CLIPPED "y = dot(q, q) + norm(q) + sum(unit(q + [3, 0])); output y;", 0.05},
    {CLIPPED "y = sum(rmsnorm(q + [3, 0]) * [1, 2]) + layernorm(vec(p, 5, 9))[0]; output y;", 0.1},
    {CLIPPED "y = p / 3 + q[1] / 7; output y;", 0},
    {CLIPPED "y = p if m else 2 * q[0] - 1; z = q if m and k == 1 else vec(p, 0); output y, z;", 0},
    {CLIPPED "y = (p if m else 0) if k > 0 else (q[0] if m else p); output y;", 0},
    {CLIPPED "y = exp(p) if m else (p * p if k > 0 else exp(p)); output y;", 0.01},
    {CLIPPED "y = {0: 2, 1: 5, 2: 0.5, 3: 7, -1: 0}[k]; z = [4, 5, 6, 7][k]; output y, z;", 0},
    {CLIPPED "y = k in [1, 2]; z = not k; output y, z;", 0},
    {CLIPPED "y = aggregate(softmax(-distance(q, q)), q); output y;", 0.05},
    {CLIPPED "y = aggregate(softmax(score(exp(p), p, *), select(m, True, ==)), q, p); output y;",
     0.05},
    {CLIPPED "y = aggregate(sparsemax(score(p * p, q[0], *)), q, 7); output y;", 0.1},
    {CLIPPED "y = aggregate(linear(score(exp(p), 1, *)), q); output y;", 0.1},
    {CLIPPED "y = aggregate(select(k, k, ==), exp(p)); z = total(select(m, True, ==), p * p);\n"
             "output y, z;",
     2e-3},
    {CLIPPED "y = aggregate(hardmax(score(p, q[0], *)), q); output y;", 0},
    /* A key that is chosen by interpolated scores: off by no more than its values differ. */
    {CLIPPED "y = aggregate(hardmax(score(exp(p), 1, *)), q); output y;", 2.1},
    {CLIPPED "b = p; repeat 4 { b = b * b / 3; } output b;", 0.01},
    {CLIPPED "b = p; c = 1; repeat 5 until (c > 3) { b = min(max(b + exp(b) / 9, -2), 2); c = c + "
             "1; }\noutput b, c;",
     0.02},
    {CLIPPED "b = p; repeat 3 { c = b; repeat 2 { c = tanh(c * p); } b = c + p / 2; } output b;",
     0.3},
    /* All rounds have the knots that the last one needs, and are off by as much. */
    {CLIPPED "t = min(max(k, 0), 4) / 3; v = 1 - relu(2.5 - relu(x + 1.5)); repeat 4 { w = t * "
             "matmul([[1, -2], [0, 1]], v); "
             "v = w if indices >= k else v; }\noutput w;",
     12},
    /* Read as the nearest integer: exact while it is off by less than a half. */
    {CLIPPED "n = selector_width(select(k, k, ==)); y = n * (n - 10); output y;", 0},
    {CLIPPED "n = total(select(k, k, ==), indices); y = n * n; output y;", 2},
    {CLIPPED "c = q; repeat 3 { c = aggregate(softmax(-distance(c, q) / 8), c); } output c;", 0.05},
    {CLIPPED "id = onehot(indices % 2, 2); c = q; own = linear(score(id, id, *));\n"
             "repeat 3 { y = aggregate(softmax(-distance(c, q) / 4, select(m, True, ==)), id);\n"
             "    own = linear(score(y, id, *), select(m, False, ==));\n"
             "    c = aggregate(own, q, c) if m else c; } output c;",
     2.1},
};

static RealModel *lower(RealWorld *w, uint32_t knots) {
    w->relu_only = true;
    w->knots = knots;
    RealModel *model = real_world_lower(w);
    ck_assert_msg(model != NULL, "%s", real_world_message(w));
    return model;
}

START_TEST(results_keep_their_bounds) {
    RealWorld w;
    const Case *at = &programs[_i];
    real_world_open(&w, at->program);
    RealModel *model = lower(&w, KNOTS);
    for (uint32_t l = 0; l < model->layer_count; l++)
        for (uint32_t u = 0; u < model->layers[l].unit_count; u++)
            ck_assert_uint_ne(model->layers[l].units[u].kind, REAL_OPERATION);
    ck_assert_msg(model->outputs[0].error <= at->most, "%s\nthe bound is %g", at->program,
                  model->outputs[0].error);
    ck_assert_msg((model->outputs[0].error > 0) == (at->most > 0), "%s\nthe bound is %g",
                  at->program, model->outputs[0].error);
    real_world_compare(&w, model, at->program, SAMPLES);
    real_world_close(&w);
}
END_TEST

/* Twice the knots, a quarter of the bound. */
START_TEST(bounds_fall_with_the_square) {
    RealWorld w;
    real_world_open(&w, CLIPPED "y = exp(p) + log(p + 2) * q[0]; output y;");
    double coarse = lower(&w, 50)->outputs[0].error, fine = lower(&w, 99)->outputs[0].error;
    ck_assert_msg(fine < coarse / 3.7 && fine > coarse / 4.3, "%g, then %g", coarse, fine);
    real_world_close(&w);
}
END_TEST

/* One step of EM for round Gaussians (arXiv 2502.06007) needs squares, quotients and logarithms:
   the responsibilities and the weights have bounds that fall with the square of the knots. */
START_TEST(em_has_bounds) {
    static const char program[] = CLIPPED
        "centres = select(m, True, ==); points = select(m, False, ==); id = onehot(k, 2);\n"
        "mean = q; safe = max(min(exp(p), 2), 0.05); weight = min(max(a, 0.01), 1);\n"
        "bias = log(weight) - dot(mean, mean) / (2 * safe) - log(6.283185307179586 * safe);\n"
        "component = concat(mean / safe, -1 / (2 * safe), bias);\n"
        "y = aggregate(softmax(score(component, concat(q, dot(q, q), 1), *), centres), id);\n"
        "own = linear(score(y, id, *), points); mean = aggregate(own, q, mean) if m else mean;\n"
        "weight = dot(aggregate(points, y), id) if m else weight; output y, weight, mean;";
    RealWorld w;
    real_world_open(&w, program);
    const RealModel *coarse = lower(&w, 128), *fine = lower(&w, 255);
    for (int o = 0; o < 2; o++) {
        double before = coarse->outputs[o].error, after = fine->outputs[o].error;
        ck_assert_msg(after < before / 3.7 && after > before / 4.3, "%g, then %g", before, after);
        ck_assert_msg(before < 0.02, "%g", before);
    }
    ck_assert_double_le(fine->outputs[2].error, 2.1);
    real_world_compare(&w, fine, program, SAMPLES);
    real_world_close(&w);
}
END_TEST

/* The error is part of the model's text. */
START_TEST(errors_read_back) {
    RealWorld w;
    real_world_open(&w, CLIPPED "y = exp(p); output y;");
    RealModel *model = lower(&w, 8);
    Buffer text = {0}, again = {0};
    real_model_print(model, &text);
    Sources *sources = session_sources(w.session);
    uint32_t file = sources_add(sources, "test.model", text.data, text.len);
    RealModel *read = real_model_parse(w.arena, sources, file, w.diags);
    ck_assert_msg(read != NULL, "%s", real_world_message(&w));
    ck_assert_double_eq(read->outputs[0].error, model->outputs[0].error);
    ck_assert(!read->exact);
    real_model_print(read, &again);
    ck_assert_str_eq(again.data, text.data);
    buffer_free(&text);
    buffer_free(&again);
    real_world_close(&w);
}
END_TEST

/* --- refusals --------------------------------------------------------------------------------- */

static const Refusal refusals[] = {
    {NAMES "y = a * a; output y;", "may be from -inf to inf", "a * a"},
    {NAMES "y = exp(a); output y;", "may be from -inf to inf", "exp(a)"},
    {CLIPPED "y = log(p); output y;", "argument is from -1.3 to 1.7", "log(p)"},
    {CLIPPED "y = 2 / p; output y;", "argument is from -1.3 to 1.7", "2 / p"},
    {CLIPPED "y = 2 / exp(q[0] * 800); output y;", "may fail (division by zero)",
     "2 / exp(q[0] * 800)"},
    {NAMES "y = a if m else 0; output y;", "numbers without bounds", "a if m else 0"},
    {NAMES "y = a < 1; output y;", "'lt' is no sum of ReLUs but of integers", "a < 1"},
    {NAMES "y = floor(a); output y;", "'floor' is no sum of ReLUs", "floor(a)"},
    {NAMES "y = exp(a * 1.0) ^ a; output y;", "neither side", "exp(a * 1.0) ^ a"},
    {NAMES "b = 0.5; repeat 100000 { b = b + exp(tanh(a)); } output b;", "nothing bounds", NULL},
};

START_TEST(refusals_are_located) {
    RealWorld w;
    real_world_open(&w, refusals[_i].program);
    w.relu_only = true;
    w.knots = KNOTS;
    real_world_refused(&w, &refusals[_i]);
    real_world_close(&w);
}
END_TEST

#define COUNT(array) ((int)(sizeof(array) / sizeof(array)[0]))

Suite *relus_real_suite(void);
Suite *relus_real_suite(void) {
    Suite *suite = suite_create("relus_real");
    TCase *tests = tcase_create("relus_real");
    tcase_add_loop_test(tests, curves_keep_their_bounds, 0, COUNT(curves));
    tcase_add_loop_test(tests, curves_without_bounds_are_none, 0, COUNT(unbounded));
    tcase_add_loop_test(tests, results_keep_their_bounds, 0, COUNT(programs));
    tcase_add_test(tests, bounds_fall_with_the_square);
    tcase_add_test(tests, em_has_bounds);
    tcase_add_test(tests, errors_read_back);
    tcase_add_loop_test(tests, refusals_are_located, 0, COUNT(refusals));
    suite_add_tcase(suite, tests);
    return suite;
}
