/* The dense kernels: products in blocks against plain loops, on small whole numbers, which are
   exact in any order; softmax against its definition. test_product_f64.c compiles this again for
   float64. */
#include "runtime/engines/dense/product.h"
#include "runtime/engines/dense/softmax.h"

#include "runtime/base/random.h"

#include <check.h>
#include <math.h>

#if REAL_BITS == 64
#define product_suite product_f64_suite
#endif

enum { GUARD = 3 }; /* columns beside the product, which it must leave alone */

typedef struct Shape {
    uint32_t rows, inner, columns;
} Shape;

/* Around the sizes of blocks, panels and slices, and none of a kind. */
static const Shape shapes[] = {
    {1, 1, 1},
    {LEFT_ROWS, SLICE, LANES},
    {LEFT_ROWS + 1, SLICE + 1, LANES + 1},
    {LEFT_ROWS - 1, SLICE - 1, LANES - 1},
    {64 * LEFT_ROWS + 5, 3, 2 * LANES + 7},
    {17, 2 * SLICE + 40, 5},
    {3, 700, 70},
    {0, 5, 5},
    {5, 5, 0},
    {5, 0, 5},
};

static const uint32_t percents[] = {0, 2, 20, 60, 90, 100}; /* of numbers that are not 0 */

enum {
    DENSITIES = sizeof percents / sizeof percents[0],
    SHAPES = sizeof shapes / sizeof shapes[0]
};

static Real *whole_numbers(Arena *arena, Random *random, size_t count, uint32_t percent) {
    Real *numbers = ARENA_ARRAY(arena, Real, count);
    for (size_t i = 0; i < count; i++) {
        if (random_chance(random, percent)) numbers[i] = (Real)random_below(random, 9) - 4;
    }
    return numbers;
}

static void check_product(Shape shape, uint32_t left, uint32_t right, bool transposed) {
    Arena *arena = arena_new(0);
    Random random = random_of(1, left * 1000 + right);
    size_t stride = shape.columns + GUARD;
    Real *a = whole_numbers(arena, &random, (size_t)shape.rows * shape.inner, left);
    Real *b = whole_numbers(arena, &random, (size_t)shape.inner * shape.columns, right);
    Real *out = whole_numbers(arena, &random, shape.rows * stride, 100);
    Real *expected = ARENA_ARRAY(arena, Real, shape.rows * stride);
    size_t b_row = transposed ? 1 : shape.columns, b_column = transposed ? shape.inner : 1;
    for (size_t i = 0; i < shape.rows * stride; i++)
        expected[i] = out[i];
    for (uint32_t r = 0; r < shape.rows; r++) {
        for (uint32_t c = 0; c < shape.columns; c++) {
            for (uint32_t k = 0; k < shape.inner; k++)
                expected[r * stride + c] +=
                    a[(size_t)r * shape.inner + k] * b[k * b_row + c * b_column];
        }
    }
    Factor packed_a = left_factor(arena, (MatrixView){a, shape.rows, shape.inner, shape.inner, 1});
    Factor packed_b =
        right_factor(arena, (MatrixView){b, shape.inner, shape.columns, b_row, b_column});
    product_add(&packed_a, &packed_b, out, stride);
    for (size_t i = 0; i < shape.rows * stride; i++)
        if (out[i] != expected[i]) /* an assertion that holds is slow */
            ck_abort_msg("%u x %u x %u, %u%% by %u%%: %zu is %g, not %g", shape.rows, shape.inner,
                         shape.columns, left, right, i, (double)out[i], (double)expected[i]);
    arena_free(arena);
}

START_TEST(a_product) {
    for (uint32_t left = 0; left < DENSITIES; left++) {
        for (uint32_t right = 0; right < DENSITIES; right++) {
            check_product(shapes[_i], percents[left], percents[right], false);
            check_product(shapes[_i], percents[left], percents[right], true);
        }
    }
}
END_TEST

/* --- softmax ---------------------------------------------------------------------------------- */

enum { KEYS = 3 * LANES + 5 };

static void check_softmax(const Real *scores, KeyRange range) {
    const double tolerance = REAL_BITS == 64 ? 1e-14 : 1e-6;
    Real row[KEYS];
    double greatest = scores[0], sum = 0;
    for (uint32_t k = 0; k < KEYS; k++) {
        bool inside = k == 0 || (k >= range.first && k < range.end);
        row[k] = scores[k];
        if (inside) greatest = fmax(greatest, scores[k]);
    }
    for (uint32_t k = 0; k < KEYS; k++) {
        bool inside = k == 0 || (k >= range.first && k < range.end);
        if (inside) sum += exp(scores[k] - greatest);
    }
    softmax_row(row, KEYS, range);
    for (uint32_t k = 0; k < KEYS; k++) {
        bool inside = k == 0 || (k >= range.first && k < range.end);
        double expected = inside ? (Real)(exp(scores[k] - greatest) / sum) : 0;
        ck_assert_msg(fabs(row[k] - expected) <= tolerance * expected,
                      "key %u of %u..%u: %g, not %g", k, range.first, range.end, (double)row[k],
                      expected);
    }
}

static void check_ranges(const Real *scores) {
    check_softmax(scores, (KeyRange){1, KEYS});
    check_softmax(scores, (KeyRange){1, 1});
    check_softmax(scores, (KeyRange){5, 2 * LANES + 1});
    check_softmax(scores, (KeyRange){KEYS - 1, KEYS});
}

/* Selected keys score alike, and what is not selected underflows. */
START_TEST(exact_softmax) {
    Real scores[KEYS];
    for (uint32_t k = 0; k < KEYS; k++)
        scores[k] = k % 3 == 1 ? 0 : k == 0 ? 4 * REAL_UNDERFLOW : 8 * REAL_UNDERFLOW * (Real)k;
    check_ranges(scores);
    scores[0] = 0;
    check_ranges(scores);
}
END_TEST

/* Scores that are near each other, and one vector or the end alone that has such. */
START_TEST(soft_softmax) {
    Real scores[KEYS];
    Random random = random_of(3, 0);
    for (uint32_t k = 0; k < KEYS; k++)
        scores[k] = (Real)random_below(&random, 1000) / 100;
    check_ranges(scores);
    const uint32_t soft[] = {LANES + 3, KEYS - 2};
    for (uint32_t s = 0; s < 2; s++) {
        for (uint32_t k = 0; k < KEYS; k++)
            scores[k] = k % 2 ? 0 : 2 * REAL_UNDERFLOW;
        scores[soft[s]] = -1;
        check_ranges(scores);
    }
}
END_TEST

Suite *product_suite(void);
Suite *product_suite(void) {
    Suite *suite = suite_create(REAL_BITS == 64 ? "product_f64" : "product");
    TCase *tests = tcase_create("product");
    tcase_add_loop_test(tests, a_product, 0, SHAPES);
    tcase_add_test(tests, exact_softmax);
    tcase_add_test(tests, soft_softmax);
    suite_add_tcase(suite, tests);
    return suite;
}
