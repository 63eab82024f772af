/* The scores of one head: what they read, that floats do not round them, and where the null key
   lies among them. */
#include "runtime/certify/scores.h"

#include "runtime/base/memory.h"

#include <stdlib.h>

bool score_wrong(Scores *s, const char *format, ...) {
    Buffer text = {0};
    va_list args;
    va_start(args, format);
    buffer_vprintf(&text, format, args);
    va_end(args);
    not_proven(s->p, "layer %u, head %u (%s): %s", s->layer, s->number, s->claim->name, text.data);
    buffer_free(&text);
    return false;
}

/* --- what is read ----------------------------------------------------------------------------- */

static bool find_variables(Scores *s, Matrix m, uint32_t **variables, uint32_t *count,
                           uint8_t **reads) {
    Prover *p = s->p;
    *variables = ARENA_ARRAY(p->arena, uint32_t, p->variable_count);
    *count = 0;
    for (uint32_t v = 0; v < p->variable_count; v++) {
        if (!variable_is_read(p, v, m, UINT32_MAX)) continue;
        if (p->variables[v].kind == VARIABLE_FRACTIONS)
            return score_wrong(s, "its scores read a mean, which %s rounds", prover_floats(p));
        (*variables)[(*count)++] = v;
    }
    if (!prover_work(p, (uint64_t)p->claims->width * s->directions * (1 + *count / 8)))
        return false;
    *reads = ARENA_ARRAY(p->arena, uint8_t, (size_t)*count * s->directions);
    for (uint32_t i = 0; i < *count; i++) {
        for (uint32_t c = 0; c < s->directions; c++)
            (*reads)[(size_t)i * s->directions + c] = variable_is_read(p, (*variables)[i], m, c);
    }
    return true;
}

static bool meet(const Scores *s, uint32_t a, uint32_t b) {
    const uint8_t *query = s->query_reads + (size_t)a * s->directions;
    const uint8_t *key = s->key_reads + (size_t)b * s->directions;
    for (uint32_t c = 0; c < s->directions; c++) {
        if (query[c] && key[c]) return true;
    }
    return false;
}

/* Components by spreading the lowest number until nothing changes. */
static void find_components(Scores *s) {
    s->query_component = ARENA_ARRAY(s->p->arena, uint32_t, s->query_count);
    s->key_component = ARENA_ARRAY(s->p->arena, uint32_t, s->key_count);
    for (uint32_t a = 0; a < s->query_count; a++)
        s->query_component[a] = a;
    for (uint32_t b = 0; b < s->key_count; b++)
        s->key_component[b] = s->query_count + b;
    s->component_count = s->query_count + s->key_count;
    for (bool changed = true; changed;) {
        changed = false;
        for (uint32_t a = 0; a < s->query_count; a++) {
            for (uint32_t b = 0; b < s->key_count; b++) {
                uint32_t *x = &s->query_component[a], *y = &s->key_component[b];
                if (*x == *y || !meet(s, a, b)) continue;
                *x = *y = *x < *y ? *x : *y;
                changed = true;
            }
        }
    }
}

/* --- no rounding ------------------------------------------------------------------------------ */

/* One direction of the queries or keys, at every input position and at the null key. */
static Spread direction_spread(Scores *s, Matrix m, uint32_t c) {
    Spread spread = spread_new(&s->pool), null = spread_new(&s->pool);
    mpq_t product;
    mpq_init(product);
    column_spread(s->p, m, c, &spread);
    for (uint32_t r = 0; r < s->p->claims->width; r++) {
        if (matrix_at(m, r, c) == 0 || mpq_sgn(s->p->null[r]) == 0) continue;
        mpq_set_d(product, matrix_at(m, r, c));
        mpq_mul(product, product, s->p->null[r]);
        spread_grain(&spread, product);
        spread_magnitude(&null, product);
    }
    if (mpq_cmp(*spread.magnitude, *null.magnitude) < 0)
        mpq_set(*spread.magnitude, *null.magnitude);
    mpq_clear(product);
    return spread;
}

static bool prove_exact(Scores *s) {
    Spread scores = spread_new(&s->pool);
    mpq_t product;
    mpq_init(product);
    bool fine = true;
    for (uint32_t c = 0; c < s->directions && fine; c++) {
        Spread query = direction_spread(s, s->query, c), key = direction_spread(s, s->key, c);
        fine = spread_is_exact(s->p->type, &query) && spread_is_exact(s->p->type, &key);
        if (!fine || !query.any || !key.any) continue;
        exact_power_of_two(product, query.low + key.low);
        spread_grain(&scores, product);
        mpq_mul(product, *query.magnitude, *key.magnitude);
        spread_magnitude(&scores, product);
    }
    mpq_clear(product);
    if (!fine) return score_wrong(s, "%s rounds its queries or keys", prover_floats(s->p));
    return spread_is_exact(s->p->type, &scores) ||
           score_wrong(s, "%s rounds its scores", prover_floats(s->p));
}

static void find_key_weights(Scores *s) {
    size_t count = 0, capacity = 0;
    s->key_weights_from = ARENA_ARRAY(s->p->arena, size_t, s->key_count + 1);
    for (uint32_t b = 0; b < s->key_count; b++) {
        const Variable *variable = &s->p->variables[s->key_variables[b]];
        for (uint32_t i = 0; i < variable->member_count; i++) {
            const ClaimedSubspace *sub = &s->p->claims->subspaces[variable->members[i].subspace];
            for (uint32_t r = sub->offset; r < sub->offset + sub->width; r++) {
                for (uint32_t c = 0; c < s->directions; c++) {
                    if (matrix_at(s->key, r, c) == 0) continue;
                    s->key_weights = memory_reserve(s->key_weights, &capacity, count + 1,
                                                    sizeof *s->key_weights);
                    s->key_weights[count++] = (KeyWeight){r, c, matrix_at(s->key, r, c)};
                }
            }
        }
        s->key_weights_from[b + 1] = count;
    }
}

/* --- the null key ----------------------------------------------------------------------------- */

/* Where the null key's score lies: s->gap takes its distances too. */
static bool prove_null(Scores *s) {
    Exact pool = {0};
    mpq_t *distance = exact_array(&pool, 1);
    bool fine = true, constant = mpq_equal(*s->null_low, *s->null_high) != 0;
    int order = mpq_cmp(*s->null_high, *s->top);
    if (s->claim->null_policy == NULL_NONE) {
        mpq_sub(*distance, *s->top, *s->null_high);
        least_add(&s->gap, *distance);
        if (!s->some && s->claim->always != ALWAYS_ASSUMED)
            fine = score_wrong(s, "a query need not select any key");
    } else if (!constant) {
        fine = score_wrong(s, "the null key's score is not the same for every query");
    } else if (order > 0) { /* no key is ever selected */
        mpq_sub(*distance, *s->null_low, *s->top);
        s->gap.any = false;
        least_add(&s->gap, *distance);
    } else if (s->claim->null_policy == NULL_COUNTED) {
        if (order != 0) fine = score_wrong(s, "the null key's score is not that of a selected key");
    } else {
        mpq_sub(*distance, *s->top, *s->null_high);
        if (s->gap.any) mpq_sub(*s->gap.value, *s->gap.value, *distance);
        least_add(&s->gap, *distance);
    }
    exact_free(&pool);
    return fine;
}

/* BOS attends to itself alone. */
static bool prove_null_query(Scores *s) {
    Exact pool = {0};
    mpq_t *query = exact_array(&pool, s->directions), *numbers = exact_array(&pool, 3);
    mpq_t *own = numbers, *other = numbers + 1, *top = numbers + 2;
    Least gap = {exact_array(&pool, 1), false};
    bool one = s->one, fine = true;
    for (uint32_t c = 0; c < s->directions; c++)
        null_part(s->p, s->query, c, query[c]);
    exact_dot(query, s->key_null, s->directions, *own);
    exact_dot(query, s->key_base, s->directions, *other);
    for (uint32_t b = 0; b < s->key_count && fine; b++) {
        fine = key_levels(s, b, query, *top, &gap);
        mpq_add(*other, *other, *top);
    }
    s->one = one;
    mpq_sub(*own, *own, *other);
    if (fine && mpq_cmp_si(*own, float_info(s->p->type)->underflow, 1) < 0)
        fine = score_wrong(s, "the null key does not attend to itself alone");
    exact_free(&pool);
    return fine;
}

/* --- the whole -------------------------------------------------------------------------------- */

static bool prove_gap(Scores *s) {
    mpq_t claimed, scale;
    mpq_inits(claimed, scale, NULL);
    mpq_set_d(claimed, s->claim->gap);
    mpq_set_d(scale, s->claim->scale);
    mpq_mul(claimed, claimed, scale);
    bool as_claimed = !s->gap.any || mpq_cmp(*s->gap.value, claimed) >= 0;
    bool wide = mpq_cmp_si(claimed, float_info(s->p->type)->underflow, 1) >= 0;
    double gap = s->gap.any ? mpq_get_d(*s->gap.value) : 0, want = mpq_get_d(claimed);
    mpq_clears(claimed, scale, NULL);
    if (!as_claimed)
        return score_wrong(s, "scores are apart by %.9g, not by the %.9g that is claimed", gap,
                           want);
    return wide || score_wrong(s, "scores apart by %.9g are too close for softmax in %s", want,
                               prover_floats(s->p));
}

static bool prove_levels(Scores *s) {
    s->one = false;
    for (uint32_t b = 0; b < s->key_count; b++)
        s->one = s->one || s->p->variables[s->key_variables[b]].position;
    HeadMask mask = s->head->mask;
    s->some = (s->claim->always == ALWAYS_ITSELF && mask.low <= 0 && mask.high >= 0) ||
              (s->claim->always == ALWAYS_FIRST && mask.low == INT32_MIN && mask.high >= 0);
    exact_dot(s->query_base, s->key_base, s->directions, *s->top);
    exact_dot(s->query_base, s->key_null, s->directions, *s->null_low);
    mpq_set(*s->null_high, *s->null_low);
    if (s->claim->always == ALWAYS_NEAREST) {
        if (s->claim->null_policy != NULL_NONE) return score_wrong(s, "its null key has no place");
        s->one = s->some = true;
        return prove_nearest(s);
    }
    for (uint32_t component = 0; component < s->component_count; component++) {
        bool any = false;
        for (uint32_t a = 0; a < s->query_count; a++)
            any = any || s->query_component[a] == component;
        for (uint32_t b = 0; b < s->key_count; b++)
            any = any || s->key_component[b] == component;
        if (any && !prove_component(s, component)) return false;
    }
    return prove_null(s);
}

static bool prove_all(Scores *s) {
    if (!prover_reads_no_rest(s->p, s->query, s->claim->name) ||
        !prover_reads_no_rest(s->p, s->key, s->claim->name))
        return false;
    if (!find_variables(s, s->query, &s->query_variables, &s->query_count, &s->query_reads) ||
        !find_variables(s, s->key, &s->key_variables, &s->key_count, &s->key_reads))
        return false;
    uint32_t most = 0;
    for (uint32_t b = 0; b < s->key_count; b++) {
        uint32_t states = s->p->variables[s->key_variables[b]].states;
        most = states > most ? states : most;
    }
    s->part = exact_array(&s->pool, most);
    find_key_weights(s);
    find_components(s);
    for (uint32_t c = 0; c < s->directions; c++) {
        constant_part(s->p, s->query, c, s->query_base[c]);
        constant_part(s->p, s->key, c, s->key_base[c]);
        null_part(s->p, s->key, c, s->key_null[c]);
    }
    return prove_exact(s) && prove_levels(s) && prove_null_query(s) && prove_gap(s);
}

bool prove_scores(Prover *p, uint32_t layer, uint32_t number, Selection *out) {
    const DenseHead *head = &p->weights->layers[layer].heads[number];
    Scores s = {.p = p,
                .claim = &p->claims->layers[layer].heads[number],
                .head = head,
                .layer = layer,
                .number = number,
                .directions = head->width,
                .query = matrix_of(p, head->w_q, head->width),
                .key = matrix_of(p, head->w_k, head->width)};
    s.query_base = exact_array(&s.pool, head->width);
    s.key_base = exact_array(&s.pool, head->width);
    s.key_null = exact_array(&s.pool, head->width);
    s.weight = exact_array(&s.pool, p->claims->width);
    s.gap.value = exact_array(&s.pool, 1);
    s.top = exact_array(&s.pool, 1);
    s.null_low = exact_array(&s.pool, 1);
    s.null_high = exact_array(&s.pool, 1);
    bool fine = prove_all(&s);
    if (fine && s.gap.any) mpq_set(*out->gap, *s.gap.value);
    if (fine && !s.gap.any) mpq_set_si(*out->gap, -1, 1);
    out->one = s.one || head->mask.low == head->mask.high;
    out->some = s.some;
    free(s.key_weights);
    exact_free(&s.pool);
    return fine;
}
