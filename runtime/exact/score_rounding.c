#include "runtime/exact/score_rounding.h"

#include <float.h>
#include <math.h>

/* Adds weight * x, for a row. */
typedef struct RowSums {
    Spread spread;
    double magnitude;
    mpq_t product, scratch;
} RowSums;

static void add_product(RowSums *sums, double weight, const mpq_t x) {
    if (weight == 0) return;
    if (!isfinite(weight) || rational_is_undefined(x)) {
        sums->magnitude = (double)INFINITY;
        sums->spread.any = true;
        sums->spread.dyadic = false;
        return;
    }
    mpq_set_ui(sums->product, 0, 1);
    exact_add_product(sums->product, x, weight, sums->scratch);
    spread_grain(&sums->spread, sums->product);
    spread_magnitude(&sums->spread, sums->product);
    sums->magnitude += fabs(rational_to_double(sums->product));
}

/* Row r of the function at one position; true when it is not rounded. */
static bool look_at_row(const ExactPass *pass, const Affine *affine, mpq_t *stream, uint32_t r,
                        double *magnitude) {
    Exact pool = {0};
    RowSums sums = {.spread = spread_new(&pool)};
    mpq_inits(sums.product, sums.scratch, NULL);
    const mpq_t *one = &stream[pass->model->spaces[REAL_ONE].offset];
    if (affine->constant) add_product(&sums, affine->constant[r], *one);
    for (uint32_t t = 0; t < affine->count; t++) {
        const AffineTerm *term = &affine->terms[t];
        const RealSpace *space = &pass->model->spaces[term->space];
        mpq_t *x = stream + space->offset;
        for (uint32_t c = 0; term->matrix && c < space->width; c++)
            add_product(&sums, term->matrix[(size_t)r * space->width + c], x[c]);
        if (!term->matrix) add_product(&sums, term->factor, x[space->width == 1 ? 0 : r]);
    }
    *magnitude = sums.magnitude;
    bool exact = spread_is_exact(FLOAT_64, &sums.spread);
    mpq_clears(sums.product, sums.scratch, NULL);
    exact_free(&pool);
    return exact;
}

static RoundedFeature look_at(const ExactPass *pass, const Affine *affine, Arena *arena) {
    RoundedFeature out = {ARENA_ARRAY(arena, double, (size_t)pass->n * affine->rows),
                          ARENA_ARRAY(arena, bool, pass->n)};
    for (uint32_t i = 0; i < pass->n; i++) {
        out.exact[i] = true;
        for (uint32_t r = 0; r < affine->rows; r++) {
            double *magnitude = &out.magnitudes[(size_t)i * affine->rows + r];
            if (!look_at_row(pass, affine, pass_row(pass, i), r, magnitude)) out.exact[i] = false;
        }
    }
    return out;
}

/* The most numbers that one row of it adds. */
static uint32_t longest_sum(const RealModel *model, const Affine *affine) {
    uint32_t count = 1;
    for (uint32_t t = 0; t < affine->count; t++)
        count += affine->terms[t].matrix ? model->spaces[affine->terms[t].space].width : 1;
    return count;
}

ScoreRounding score_rounding(const ExactPass *pass, const ExactHead *head) {
    uint32_t count = head->head->score_count;
    RoundedFeature *keys = ARENA_ARRAY(head->arena, RoundedFeature, count);
    RoundedFeature *queries = ARENA_ARRAY(head->arena, RoundedFeature, count);
    uint32_t steps = 4;
    for (uint32_t s = 0; s < count; s++) {
        const ScoreTerm *term = &head->head->scores[s];
        keys[s] = look_at(pass, &term->key, head->arena);
        queries[s] = look_at(pass, &term->query, head->arena);
        steps += longest_sum(pass->model, &term->key) + longest_sum(pass->model, &term->query) +
                 term->key.rows;
    }
    /* A rounding is half of this: so that products of errors are covered. */
    return (ScoreRounding){head, keys, queries, steps * DBL_EPSILON};
}

double score_error(const ScoreRounding *rounding, uint32_t query, uint32_t key) {
    const RealHead *head = rounding->head->head;
    double sum = 0;
    for (uint32_t s = 0; s < head->score_count; s++) {
        uint32_t rows = head->scores[s].key.rows;
        const double *k = rounding->keys[s].magnitudes + (size_t)key * rows;
        const double *q = rounding->queries[s].magnitudes + (size_t)query * rows;
        for (uint32_t r = 0; r < rows; r++)
            sum += k[r] * q[r];
    }
    return sum * rounding->unit;
}

bool score_is_exact(const ScoreRounding *rounding, uint32_t query, uint32_t key) {
    const ExactHead *head = rounding->head;
    Exact pool = {0};
    Spread spread = spread_new(&pool);
    mpq_t product;
    mpq_init(product);
    bool exact = true;
    for (uint32_t s = 0; exact && s < head->head->score_count; s++) {
        uint32_t rows = head->head->scores[s].key.rows;
        mpq_t *k = head->score_key[s] + (size_t)key * rows;
        mpq_t *q = head->score_query[s] + (size_t)query * rows;
        exact = rounding->keys[s].exact[key] && rounding->queries[s].exact[query];
        for (uint32_t r = 0; exact && r < rows; r++) {
            mpq_mul(product, k[r], q[r]);
            spread_grain(&spread, product);
            spread_magnitude(&spread, product);
        }
    }
    exact = exact && spread_is_exact(FLOAT_64, &spread);
    mpq_clear(product);
    exact_free(&pool);
    return exact;
}
