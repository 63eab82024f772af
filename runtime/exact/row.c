#include "runtime/exact/row.h"

#include "runtime/base/bug.h"

#include <stdlib.h>

ExactRow row_new(Exact *pool, Arena *arena, uint32_t n) {
    return (ExactRow){.keys = ARENA_ARRAY(arena, uint32_t, n),
                      .scores = exact_array(pool, n),
                      .weights = exact_array(pool, n),
                      .sorted = exact_array(pool, n)};
}

RowEnd row_average(ExactRow *row) {
    for (uint32_t i = 0; i < row->count; i++)
        mpq_set_ui(row->weights[i], 1, row->count);
    return row->count > 0 ? ROW_WEIGHED : ROW_EMPTY;
}

/* Leaves the keys of the highest score, or the first of them. */
static RowEnd keep_highest(ExactRow *row, bool first) {
    uint32_t highest = 0, kept = 0;
    for (uint32_t i = 1; i < row->count; i++)
        if (mpq_cmp(row->scores[i], row->scores[highest]) > 0) highest = i;
    for (uint32_t i = 0; i < row->count; i++)
        if (i == highest || mpq_equal(row->scores[i], row->scores[highest]))
            row->keys[kept++] = row->keys[i];
    row->tied = kept > 1;
    row->count = first ? 1 : kept;
    return row_average(row);
}

static void sum_scores(const ExactRow *row, mpq_t sum) {
    mpq_set_ui(sum, 0, 1);
    for (uint32_t i = 0; i < row->count; i++)
        mpq_add(sum, sum, row->scores[i]);
}

static RowEnd divide_by_sum(ExactRow *row) {
    mpq_t sum;
    mpq_init(sum);
    sum_scores(row, sum);
    bool empty = mpq_sgn(sum) == 0;
    for (uint32_t i = 0; i < row->count && !empty; i++)
        mpq_div(row->weights[i], row->scores[i], sum);
    mpq_clear(sum);
    return empty ? ROW_EMPTY : ROW_WEIGHED;
}

static RowEnd take_scores(ExactRow *row) {
    for (uint32_t i = 0; i < row->count; i++)
        mpq_set(row->weights[i], row->scores[i]);
    return ROW_WEIGHED;
}

static int descending(const void *a, const void *b) {
    return mpq_cmp(*(const mpq_t *)b, *(const mpq_t *)a);
}

/* The threshold of the projection onto the simplex (Martins and Astudillo 2016, algorithm 1): with
   the scores in descending order, k grows while 1 + k z_k > z_1 + ... + z_k. */
static void find_threshold(const ExactRow *row, mpq_t threshold) {
    mpq_t sum, reach;
    mpq_inits(sum, reach, NULL);
    for (uint32_t i = 0; i < row->count; i++)
        mpq_set(row->sorted[i], row->scores[i]);
    qsort(row->sorted, row->count, sizeof row->sorted[0], descending);
    for (uint32_t k = 1; k <= row->count; k++) {
        mpq_add(sum, sum, row->sorted[k - 1]);
        mpq_set_ui(reach, k, 1);
        mpq_mul(reach, reach, row->sorted[k - 1]);
        mpz_add(mpq_numref(reach), mpq_numref(reach), mpq_denref(reach)); /* + 1 */
        if (mpq_cmp(reach, sum) <= 0) break;
        mpz_sub(mpq_numref(reach), mpq_numref(sum), mpq_denref(sum)); /* sum - 1 */
        mpz_set(mpq_denref(reach), mpq_denref(sum));
        mpz_mul_ui(mpq_denref(reach), mpq_denref(reach), k);
        mpq_canonicalize(reach);
        mpq_set(threshold, reach);
    }
    mpq_clears(sum, reach, NULL);
}

static RowEnd project(ExactRow *row) {
    mpq_t threshold;
    mpq_init(threshold);
    find_threshold(row, threshold);
    for (uint32_t i = 0; i < row->count; i++) {
        mpq_sub(row->weights[i], row->scores[i], threshold);
        if (mpq_sgn(row->weights[i]) < 0) mpq_set_ui(row->weights[i], 0, 1);
    }
    mpq_clear(threshold);
    return ROW_WEIGHED;
}

RowEnd row_weigh(ExactRow *row, Normaliser normaliser) {
    row->tied = false;
    if (row->count == 0) return ROW_EMPTY;
    for (uint32_t i = 0; i < row->count; i++)
        if (rational_is_undefined(row->scores[i])) return ROW_UNDEFINED;
    switch (normaliser) {
    case NORMALISER_HARDMAX: return keep_highest(row, false);
    case NORMALISER_HARDMAX_FIRST: return keep_highest(row, true);
    case NORMALISER_LINEAR: return divide_by_sum(row);
    case NORMALISER_LINEAR_RAW: return take_scores(row);
    case NORMALISER_SPARSEMAX: return project(row);
    default: BUG("a normaliser that is not rational");
    }
}

void row_gather(const ExactRow *row, mpq_t *values, uint32_t width, mpq_t *out) {
    mpq_t product;
    mpq_init(product);
    for (uint32_t c = 0; c < width; c++)
        mpq_set_ui(out[c], 0, 1);
    for (uint32_t i = 0; i < row->count; i++) {
        mpq_t *value = values + (size_t)row->keys[i] * width;
        for (uint32_t c = 0; c < width; c++) {
            rational_two(OP_MUL, product, row->weights[i], value[c]);
            rational_two(OP_ADD, out[c], out[c], product);
        }
    }
    mpq_clear(product);
}
