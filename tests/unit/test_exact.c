/* Rational arithmetic: operations against fractions worked out by hand, and what has none. */
#include "tests/unit/exact_world.h"

#include <check.h>
#include <stdio.h>

#define COUNT(array) (int)(sizeof(array) / sizeof((array)[0]))

/* --- operations ------------------------------------------------------------------------------- */

#define INPUTS "input x: vec[2]; input m: bool; input a: float; input k: int;\n"

typedef struct Case {
    const char *expression, *expected; /* at the three positions */
} Case;

/* x: (1/3, -2) (3/2, 2) (1/3, -2); m: True False True; a: 1/2 -5/2 7/3; k: 2 -1 0 */
static const Case cases[] = {
    {"a + k - 1", "3/2 -9/2 4/3"},
    {"a * a / 3", "1/12 25/12 49/27"},
    {"a % 2", "1/2 3/2 1/3"},
    {"k % -3", "-1 -1 0"},
    {"a ^ 3", "1/8 -125/8 343/27"},
    {"a ^ -2", "4 4/25 9/49"},
    {"-a", "-1/2 5/2 -7/3"},
    {"floor(a) * 100 + ceil(a) * 10 + round(a)", "10 -322 232"},
    {"abs(a) + relu(a) * 10 + sign(a) * 100", "211/2 -195/2 377/3"},
    {"a < k", "1 1 0"},
    {"a >= k or m", "1 0 1"},
    {"not m and k == -1", "0 1 0"},
    {"a if m else k", "1/2 -1 7/3"},
    {"x[0] + x[1]", "-5/3 7/2 -5/3"},
    {"sum(x * x)", "37/9 25/4 37/9"},
    {"dot(x, vec(a, 1))", "-11/6 -7/4 -11/9"},
    {"sum(matmul([[1, 2], [0, -1]], x))", "-5/3 7/2 -5/3"},
    {"argmax(concat(x, a)) * 10 + argmin(x)", "21 10 21"},
    {"sum(onehot(k + 1, 3) * [5, 7, 11])", "0 5 7"},
    {"(x == vec(1.5, 2)) + indices * 10", "0 11 20"},
    {"sum(x / 0 if False else x)", "-5/3 7/2 -5/3"},
    {"sum(vec(a, 1) / vec(k, 1)) if k < 0 else 5", "5 7/2 5"},
    {"(k in [0, 2]) + {2: 5, -1: 7, 0: 9}[k]", "6 7 10"},
    {"[4, 5, 6][k]", "6 6 4"},
    {"selector_width(select(a, a, <))", "1 0 2"},
    {"aggregate(select(a, a, <), k, 9)", "-1 9 1/2"},
    {"aggregate(select(indices, indices, <=) and not select(m, False, ==), a)", "1/2 1/2 17/12"},
    {"sum(aggregate(select(k, k, <), x, vec(a, 1)))", "11/12 -3/2 7/2"},
    {"total(select(a, k, >=), a)", "7/3 17/6 17/6"},
    {"aggregate(hardmax(score(a, k, *)), indices)", "2 1 1"},
    {"aggregate(hardmax_first(score(a, 0, *), select(m, True, ==)), indices)", "0 0 0"},
    {"aggregate(hardmax(-distance(x, x)), indices)", "1 1 1"},
    {"aggregate(best(select(k, k, <), score(a, 1, +)), a, 7)", "7/3 7 -5/2"},
    {"aggregate(linear(score(a, 1, *)), k)", "21/2 21/2 21/2"},
    {"aggregate(linear(score(a, 2, +) / 2 - score(1, 1, *)), k, 4)", "21/2 21/2 21/2"},
    {"aggregate(linear(score(a, 0, *)), k, 4)", "4 4 4"},
    {"aggregate(sparsemax(score(a, k, *)), indices)", "2 1 1"},
    {"aggregate(sparsemax(score(k, 1 / 4, *)), indices)", "1/2 1/2 1/2"},
};

static void give_numbers(ExactWorld *w) {
    exact_world_give(w, "x", TYPE_VECTOR, 2, 3, "1/3 -2 3/2 2 1/3 -2");
    exact_world_give(w, "m", TYPE_BOOL, 1, 3, "1 0 1");
    exact_world_give(w, "a", TYPE_FLOAT, 1, 3, "1/2 -5/2 7/3");
    exact_world_give(w, "k", TYPE_INT, 1, 3, "2 -1 0");
}

START_TEST(operations_are_exact) {
    const Case *at = &cases[_i];
    char text[512];
    snprintf(text, sizeof text, INPUTS "y = %s; output y;", at->expression);
    ExactWorld w;
    exact_world_open(&w, text, 3);
    give_numbers(&w);
    ExactResult result = exact_world_both(&w, 0);
    ck_assert_msg(result.end == EXACT_DONE, "%s ends as %d", at->expression, result.end);
    exact_same(result.outputs[0], 3, at->expected, at->expression);
    exact_world_close(&w);
}
END_TEST

typedef struct EndCase {
    const char *expression;
    ExactEnd end;
    uint32_t position;
} EndCase;

static const EndCase ends[] = {
    {"a / k", EXACT_FAILS, 2},
    {"a % (k + 1)", EXACT_FAILS, 1},
    {"k ^ -1", EXACT_FAILS, 2},
    {"x / k", EXACT_UNDEFINED, 2},
    {"{2: 5, -1: 7}[k]", EXACT_FAILS, 2},
    {"[4, 5][k]", EXACT_FAILS, 0},
    {"a ^ 0.5", EXACT_NOT_RATIONAL, 0},
    {"a ^ (10 ^ 9)", EXACT_TOO_LARGE, 0},
};

START_TEST(ends_are_told) {
    char text[512];
    snprintf(text, sizeof text, INPUTS "y = %s; output y;", ends[_i].expression);
    ExactWorld w;
    exact_world_read(&w, text);
    give_numbers(&w);
    ExactResult result = exact_world_program(&w, 0);
    ck_assert_msg(result.end == ends[_i].end && result.position == ends[_i].position,
                  "%s ends as %d at %u", ends[_i].expression, result.end, result.position);
    exact_world_close(&w);
}
END_TEST

START_TEST(division_by_zero_fails_in_both) {
    ExactWorld w;
    exact_world_open(&w, INPUTS "y = aggregate(select(k, k, ==), a) / k; output y;", 3);
    give_numbers(&w);
    ck_assert_int_eq(exact_world_both(&w, 0).end, EXACT_FAILS);
    exact_world_close(&w);
}
END_TEST

/* Every round squares: 2^20 digits are too many, and that is found in time. */
START_TEST(growth_is_bounded) {
    ExactWorld w;
    exact_world_open(&w, INPUTS "b = a; repeat 100 { b = b * b + 1 / 3; } output b;", 3);
    give_numbers(&w);
    ck_assert_int_eq(exact_world_both(&w, 0).end, EXACT_TOO_LARGE);
    exact_world_close(&w);
}
END_TEST

static const char *const refused[] = {
    "exp(a)",       "norm(x)",
    "sum(unit(x))", "aggregate(softmax(score(a, a, *)), k)",
    "a ^ 0.5",      "sin(a) if False else k",
};

START_TEST(what_is_not_rational_is_refused) {
    char text[512];
    snprintf(text, sizeof text, INPUTS "y = %s; output y;", refused[_i]);
    ExactWorld w;
    exact_world_read(&w, text);
    /* What folds away is not looked at. */
    ck_assert((exact_refuses(w.graph, w.outputs, 1) == NO_NODE) == (_i == COUNT(refused) - 1));
    exact_world_close(&w);
}
END_TEST

/* --- doubles ---------------------------------------------------------------------------------- */

START_TEST(doubles_are_taken_exactly) {
    mpq_t x;
    mpq_init(x);
    rational_set_double(x, 0.1);
    Buffer text = {0};
    rational_format(&text, x);
    ck_assert_str_eq(text.data, "3602879701896397/36028797018963968");
    buffer_free(&text);
    mpq_set_si(x, -2, 3);
    ck_assert_double_eq(rational_to_double(x), -2.0 / 3);
    mpq_set_str(x, "10000000000000000000000/7", 10);
    ck_assert_double_eq(rational_to_double(x), 1e22 / 7);
    mpq_clear(x);
}
END_TEST

Suite *exact_suite(void);
Suite *exact_suite(void) {
    Suite *suite = suite_create("exact");
    TCase *all = tcase_create("exact");
    tcase_set_timeout(all, 60);
    tcase_add_loop_test(all, operations_are_exact, 0, COUNT(cases));
    tcase_add_loop_test(all, ends_are_told, 0, COUNT(ends));
    tcase_add_test(all, division_by_zero_fails_in_both);
    tcase_add_test(all, growth_is_bounded);
    tcase_add_loop_test(all, what_is_not_rational_is_refused, 0, COUNT(refused));
    tcase_add_test(all, doubles_are_taken_exactly);
    suite_add_tcase(suite, all);
    return suite;
}
