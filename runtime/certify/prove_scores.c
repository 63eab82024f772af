/* The scores of one head, over all pairs of states that its queries and keys read.

   score(x, y) = (q0 + sum over a of q_a(x_a)) . (k0 + sum over b of k_b(y_b)), a over the variables
   that W_Q reads, b over those that W_K reads. A query variable and a key variable meet when some
   direction of the head has both. What does not meet is a sum, whose greatest values add up; so only
   the query variables of one connected component are taken together, and the key variables of a
   component each on its own. */
#include "runtime/certify/prover.h"

#include "runtime/base/memory.h"

#include <stdlib.h>

/* The greatest value seen and the greatest below it. */
typedef struct Levels {
    mpq_t *top, *next; /* one number each */
    bool has_top, has_next;
} Levels;

static Levels levels_new(Exact *pool) {
    return (Levels){exact_array(pool, 1), exact_array(pool, 1), false, false};
}

static void levels_add(Levels *levels, const mpq_t value) {
    int order = levels->has_top ? mpq_cmp(value, *levels->top) : 1;
    if (order > 0) {
        if (levels->has_top) mpq_set(*levels->next, *levels->top);
        levels->has_next = levels->has_top;
        mpq_set(*levels->top, value);
        levels->has_top = true;
    } else if (order < 0 && (!levels->has_next || mpq_cmp(value, *levels->next) > 0)) {
        mpq_set(*levels->next, value);
        levels->has_next = true;
    }
}

/* A smallest distance: none yet while !any. */
typedef struct Least {
    mpq_t *value; /* one number */
    bool any;
} Least;

static void least_add(Least *least, const mpq_t value) {
    if (least->any && mpq_cmp(value, *least->value) >= 0) return;
    mpq_set(*least->value, value);
    least->any = true;
}

/* A weight of W_K that is not 0. */
typedef struct KeyWeight {
    uint32_t row, direction;
    float weight;
} KeyWeight;

typedef struct Scores {
    Prover *p;
    Exact pool; /* for the head */
    const ClaimedHead *claim;
    const DenseHead *head;
    uint32_t layer, number, directions; /* K */
    Matrix query, key;
    uint32_t *query_variables, *key_variables; /* (counts) */
    uint32_t query_count, key_count;
    KeyWeight *key_weights;                    /* by key variable */
    size_t *key_weights_from;                  /* (key_count + 1) where those of each begin */
    uint8_t *query_reads, *key_reads; /* (count, K): is the direction of the variable used? */
    uint32_t *query_component, *key_component;
    uint32_t component_count;
    mpq_t *query_base, *key_base, *key_null; /* (K) */
    mpq_t *weight; /* (D) scratch, of zeros */
    mpq_t *part;   /* (PROVER_STATES at most) scratch: a key variable's scores */
    /* Over all components: */
    Least gap;       /* between the greatest score and any lower one */
    mpq_t *top;      /* the greatest score */
    mpq_t *null_low, *null_high; /* the null key's, over all queries */
    bool some; /* every query has a key of the greatest score: its own position, or the first */
    bool one;    /* no query has two keys of the greatest score */
} Scores;

__attribute__((format(printf, 2, 3)))
static bool score_wrong(Scores *s, const char *format, ...) {
    Buffer text = {0};
    va_list args;
    va_start(args, format);
    buffer_vprintf(&text, format, args);
    va_end(args);
    not_proven(s->p, "layer %u, head %u (%s): %s", s->layer, s->number, s->claim->name, text.data);
    buffer_free(&text);
    return false;
}

/* --- what is read ------------------------------------------------------------------------------ */

static bool find_variables(Scores *s, Matrix m, uint32_t **variables, uint32_t *count,
                           uint8_t **reads) {
    Prover *p = s->p;
    *variables = ARENA_ARRAY(p->arena, uint32_t, p->variable_count);
    *count = 0;
    for (uint32_t v = 0; v < p->variable_count; v++) {
        if (!variable_is_read(p, v, m, UINT32_MAX)) continue;
        if (p->variables[v].kind == VARIABLE_FRACTIONS)
            return score_wrong(s, "its scores read a mean, which float32 rounds");
        (*variables)[(*count)++] = v;
    }
    if (!prover_work(p, (uint64_t)p->claims->width * s->directions * (1 + *count / 8))) return false;
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
    for (uint32_t a = 0; a < s->query_count; a++) s->query_component[a] = a;
    for (uint32_t b = 0; b < s->key_count; b++) s->key_component[b] = s->query_count + b;
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

/* --- no rounding ------------------------------------------------------------------------------- */

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
        fine = spread_is_exact(&query) && spread_is_exact(&key);
        if (!fine || !query.any || !key.any) continue;
        exact_power_of_two(product, query.low + key.low);
        spread_grain(&scores, product);
        mpq_mul(product, *query.magnitude, *key.magnitude);
        spread_magnitude(&scores, product);
    }
    mpq_clear(product);
    if (!fine) return score_wrong(s, "float32 rounds its queries or keys");
    return spread_is_exact(&scores) || score_wrong(s, "float32 rounds its scores");
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

/* --- one query ------------------------------------------------------------------------------------ */

static void dot(const mpq_t *a, const mpq_t *b, uint32_t count, mpq_t out) {
    mpq_t product;
    mpq_init(product);
    mpq_set_ui(out, 0, 1);
    for (uint32_t c = 0; c < count; c++) {
        if (mpq_sgn(a[c]) == 0 || mpq_sgn(b[c]) == 0) continue;
        mpq_mul(product, a[c], b[c]);
        mpq_add(out, out, product);
    }
    mpq_clear(product);
}

/* s->part[y] = query . k_b(y), for key variable number b. */
static bool key_scores(Scores *s, uint32_t b, const mpq_t *query) {
    Prover *p = s->p;
    const Variable *variable = &p->variables[s->key_variables[b]];
    size_t from = s->key_weights_from[b], to = s->key_weights_from[b + 1];
    mpq_t scratch;
    mpq_init(scratch);
    for (uint32_t i = 0; i < variable->member_count; i++) {
        const ClaimedSubspace *sub = &p->claims->subspaces[variable->members[i].subspace];
        for (uint32_t r = sub->offset; r < sub->offset + sub->width; r++)
            mpq_set_ui(s->weight[r], 0, 1);
    }
    for (size_t i = from; i < to; i++) {
        const KeyWeight *w = &s->key_weights[i];
        exact_add_product(s->weight[w->row], query[w->direction], w->weight, scratch);
    }
    mpq_clear(scratch);
    variable_part(p, variable, s->weight, s->part);
    return prover_work(p, to - from + variable->states);
}

/* The levels of one key variable: *top, and the distance down to the next, if any. */
static bool key_levels(Scores *s, uint32_t b, const mpq_t *query, mpq_t top, Least *gap) {
    const Variable *variable = &s->p->variables[s->key_variables[b]];
    Exact pool = {0};
    Levels levels = levels_new(&pool);
    bool fine = key_scores(s, b, query);
    uint32_t tops = 0;
    for (uint32_t y = 0; y < variable->states; y++) levels_add(&levels, s->part[y]);
    for (uint32_t y = 0; y < variable->states; y++)
        tops += mpq_equal(s->part[y], *levels.top) != 0;
    mpq_set(top, *levels.top);
    if (levels.has_next) {
        mpq_sub(*levels.next, *levels.top, *levels.next);
        least_add(gap, *levels.next);
    }
    if (variable->position && tops > 1) s->one = false;
    exact_free(&pool);
    return fine;
}

/* --- a component of query and key variables ----------------------------------------------------------- */

/* The queries of a component: (count, K) vectors, without q0. */
typedef struct Queries {
    const Variable *only; /* the one variable, whose states are gone through; else vectors are listed */
    uint32_t count;
    mpq_t *vectors; /* (count, K) */
} Queries;

/* FNV-1a over the numbers' limbs: equal vectors have equal hashes. */
static uint64_t vector_hash(const mpq_t *vector, uint32_t count) {
    uint64_t hash = 14695981039346656037u;
    for (uint32_t c = 0; c < count; c++) {
        const mpz_srcptr parts[2] = {mpq_numref(vector[c]), mpq_denref(vector[c])};
        for (int i = 0; i < 2; i++) {
            hash = (hash ^ (uint64_t)(mpz_sgn(parts[i]) + 1)) * 1099511628211u;
            for (size_t l = 0; l < mpz_size(parts[i]); l++)
                hash = (hash ^ mpz_getlimbn(parts[i], (mp_size_t)l)) * 1099511628211u;
        }
    }
    return hash ^ hash >> 29;
}

static bool vector_equal(const mpq_t *a, const mpq_t *b, uint32_t count) {
    for (uint32_t c = 0; c < count; c++) {
        if (!mpq_equal(a[c], b[c])) return false;
    }
    return true;
}

/* Sums of every vector of the list and every state of the variable; equal ones once. */
static bool add_variable(Scores *s, Queries *queries, const Variable *variable, Exact *pool) {
    uint64_t most = (uint64_t)queries->count * variable->states;
    uint32_t k = s->directions;
    size_t capacity = 8, room = PROVER_NUMBERS / (k ? k : 1), found = 0;
    if (!prover_work(s->p, most * (k / 8 + 1))) return false;
    if (room > most) room = (size_t)most;
    while (capacity < 2 * room) capacity *= 2;
    Arena *scratch = arena_new(0);
    uint32_t *slots = ARENA_ARRAY(scratch, uint32_t, capacity); /* number + 1; 0: empty */
    mpq_t *vectors = exact_array(pool, room * k), *row = exact_array(pool, k);
    bool fits = true;
    for (uint32_t x = 0; x < variable->states && fits; x++) {
        variable_advance(s->p, variable, s->query, x == 0 ? UINT32_MAX : x - 1, x, row);
        for (uint32_t i = 0; i < queries->count && fits; i++) {
            fits = found < room;
            if (!fits) break;
            mpq_t *sum = vectors + found * k;
            for (uint32_t c = 0; c < k; c++)
                mpq_add(sum[c], row[c], queries->vectors[(size_t)i * k + c]);
            size_t slot = vector_hash(sum, k) & (capacity - 1);
            while (slots[slot] && !vector_equal(vectors + (size_t)(slots[slot] - 1) * k, sum, k))
                slot = (slot + 1) & (capacity - 1);
            if (!slots[slot]) slots[slot] = (uint32_t)++found;
        }
        fits = fits || (x + 1 == variable->states && found == most);
    }
    arena_free(scratch);
    *queries = (Queries){.count = (uint32_t)found, .vectors = vectors};
    return fits || score_wrong(s, "too many states of its queries to go through");
}

static bool make_queries(Scores *s, uint32_t component, Exact *pool, Queries *out) {
    uint32_t members = 0;
    *out = (Queries){.count = 1, .vectors = exact_array(pool, s->directions)};
    for (uint32_t a = 0; a < s->query_count; a++) {
        if (s->query_component[a] != component) continue;
        out->only = &s->p->variables[s->query_variables[a]];
        members++;
    }
    if (members <= 1) {
        if (out->only) out->count = out->only->states;
        return true;
    }
    out->only = NULL;
    for (uint32_t a = 0; a < s->query_count; a++) {
        if (s->query_component[a] == component &&
            !add_variable(s, out, &s->p->variables[s->query_variables[a]], pool))
            return false;
    }
    return true;
}

/* The query of state x, and what of it is not q0 (the result). States are taken in order; row keeps
   the last. */
static const mpq_t *query_at(Scores *s, const Queries *queries, uint32_t x, mpq_t *row,
                             mpq_t *query) {
    if (queries->only)
        variable_advance(s->p, queries->only, s->query, x == 0 ? UINT32_MAX : x - 1, x, row);
    const mpq_t *alone = queries->only ? row : queries->vectors + (size_t)x * s->directions;
    for (uint32_t c = 0; c < s->directions; c++) mpq_add(query[c], s->query_base[c], alone[c]);
    return alone;
}

/* The score that query x gives to the key that it is claimed always to select: its own position, when
   both sides of the component are functions of the same variable, or one of them is nothing; or the
   first position, when keys are functions of the position. False: they are not. */
static bool certain_score(Scores *s, uint32_t component, const Queries *queries, uint32_t x,
                      const mpq_t *query, const mpq_t additive, Levels *own) {
    uint32_t keys = 0, key = 0;
    for (uint32_t b = 0; b < s->key_count; b++) {
        if (s->key_component[b] != component) continue;
        keys++;
        key = b;
    }
    if (keys == 0) {
        levels_add(own, additive);
        return true;
    }
    const Variable *variable = &s->p->variables[s->key_variables[key]];
    bool first = s->claim->always == ALWAYS_FIRST;
    if (keys > 1 || (first && !variable->position)) return false;
    if (!first && (queries->only ? queries->only != variable : queries->count > 1)) return false;
    if (!key_scores(s, key, query)) return false;
    mpq_t score;
    mpq_init(score);
    for (uint32_t y = 0; y < variable->states; y++) {
        if (first ? y != 0 : queries->only && y != x) continue;
        mpq_add(score, s->part[y], additive);
        levels_add(own, score);
    }
    mpq_clear(score);
    return true;
}

/* Goes through the queries of a component; adds its greatest score to s->top and its gap to s->gap. */
static bool prove_component(Scores *s, uint32_t component) {
    Exact pool = {0};
    uint32_t k = s->directions;
    mpq_t *query = exact_array(&pool, k), *row = exact_array(&pool, k);
    mpq_t *total = exact_array(&pool, 3), *top = total + 1, *null = total + 2;
    Levels levels = levels_new(&pool), own = levels_new(&pool), nulls = levels_new(&pool);
    mpq_t *null_low = exact_array(&pool, 1);
    Queries queries;
    bool fine = make_queries(s, component, &pool, &queries);
    Least gap = {exact_array(&pool, 1), false};
    for (uint32_t x = 0; x < queries.count && fine; x++) {
        const mpq_t *alone = query_at(s, &queries, x, row, query);
        dot(alone, s->key_base, k, *total);
        dot(alone, s->key_null, k, *null);
        levels_add(&nulls, *null);
        if (x == 0 || mpq_cmp(*null, *null_low) < 0) mpq_set(*null_low, *null);
        s->some = s->some && certain_score(s, component, &queries, x, query, *total, &own);
        gap.any = false;
        for (uint32_t b = 0; b < s->key_count && fine; b++) {
            if (s->key_component[b] != component) continue;
            fine = key_levels(s, b, query, *top, &gap);
            mpq_add(*total, *total, *top);
        }
        levels_add(&levels, *total);
        if (gap.any) {
            mpq_sub(*top, *total, *gap.value);
            levels_add(&levels, *top);
        }
        fine = fine && prover_work(s->p, k);
    }
    if (fine) {
        mpq_add(*s->top, *s->top, *levels.top);
        mpq_add(*s->null_high, *s->null_high, *nulls.top);
        mpq_add(*s->null_low, *s->null_low, *null_low);
        s->some = s->some && own.has_top && !own.has_next && mpq_equal(*own.top, *levels.top);
        if (levels.has_next) {
            mpq_sub(*levels.next, *levels.top, *levels.next);
            least_add(&s->gap, *levels.next);
        }
    }
    exact_free(&pool);
    return fine;
}

/* --- the key of the highest score, whatever that is ---------------------------------------------------- */

/* One query against the keys at positions 0 to n - 1, for every n: the greatest score belongs to one
   key, and every other key's and the null key's is lower by the gap. */
static bool nearest_of(Scores *s, const mpq_t *query, uint32_t key, mpq_t *scratch) {
    const Variable *variable = &s->p->variables[s->key_variables[key]];
    mpq_t *best = scratch, *constant = scratch + 1, *distance = scratch + 2;
    if (!key_scores(s, key, query)) return false;
    dot(query, s->key_base, s->directions, *constant);
    dot(query, s->key_null, s->directions, *best);
    for (uint32_t y = 0; y < variable->states; y++) {
        mpq_add(s->part[y], s->part[y], *constant);
        mpq_sub(*distance, s->part[y], *best);
        if (y == 0 && mpq_sgn(*distance) <= 0) return score_wrong(s, "the null key can be selected");
        if (mpq_sgn(*distance) == 0) return score_wrong(s, "two keys can have the greatest score");
        if (mpq_sgn(*distance) > 0) mpq_set(*best, s->part[y]);
        mpq_abs(*distance, *distance);
        least_add(&s->gap, *distance);
    }
    return true;
}

static bool prove_nearest(Scores *s) {
    uint32_t component = s->query_count ? s->query_component[0] : 0;
    bool simple = s->key_count == 1 && s->p->variables[s->key_variables[0]].position &&
                  s->head->mask.low == INT32_MIN && s->head->mask.high == INT32_MAX;
    for (uint32_t a = 0; a < s->query_count; a++)
        simple = simple && s->query_component[a] == component;
    simple = simple && (s->query_count == 0 || s->key_component[0] == component);
    if (!simple) return score_wrong(s, "its keys are not positions alone, all of them let through");
    Exact pool = {0};
    uint32_t k = s->directions;
    mpq_t *query = exact_array(&pool, k), *row = exact_array(&pool, k);
    mpq_t *scratch = exact_array(&pool, 3);
    Queries queries;
    bool fine = make_queries(s, component, &pool, &queries);
    for (uint32_t x = 0; x < queries.count && fine; x++) {
        query_at(s, &queries, x, row, query);
        fine = nearest_of(s, query, 0, scratch);
    }
    exact_free(&pool);
    return fine;
}

/* --- the null key ------------------------------------------------------------------------------------------- */

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
    for (uint32_t c = 0; c < s->directions; c++) null_part(s->p, s->query, c, query[c]);
    dot(query, s->key_null, s->directions, *own);
    dot(query, s->key_base, s->directions, *other);
    for (uint32_t b = 0; b < s->key_count && fine; b++) {
        fine = key_levels(s, b, query, *top, &gap);
        mpq_add(*other, *other, *top);
    }
    s->one = one;
    mpq_sub(*own, *own, *other);
    if (fine && mpq_cmp_ui(*own, UNDERFLOW_SCORE, 1) < 0)
        fine = score_wrong(s, "the null key does not attend to itself alone");
    exact_free(&pool);
    return fine;
}

/* --- the whole ------------------------------------------------------------------------------------------------- */

static bool prove_gap(Scores *s) {
    mpq_t claimed, scale;
    mpq_inits(claimed, scale, NULL);
    mpq_set_d(claimed, s->claim->gap);
    mpq_set_d(scale, s->claim->scale);
    mpq_mul(claimed, claimed, scale);
    bool as_claimed = !s->gap.any || mpq_cmp(*s->gap.value, claimed) >= 0;
    bool wide = mpq_cmp_ui(claimed, UNDERFLOW_SCORE, 1) >= 0;
    double gap = s->gap.any ? mpq_get_d(*s->gap.value) : 0, want = mpq_get_d(claimed);
    mpq_clears(claimed, scale, NULL);
    if (!as_claimed) return score_wrong(s, "scores are apart by %.9g, not by the %.9g that is claimed", gap, want);
    return wide || score_wrong(s, "scores apart by %.9g are too close for softmax in float32", want);
}

static bool prove_levels(Scores *s) {
    s->one = false;
    for (uint32_t b = 0; b < s->key_count; b++)
        s->one = s->one || s->p->variables[s->key_variables[b]].position;
    HeadMask mask = s->head->mask;
    s->some = (s->claim->always == ALWAYS_ITSELF && mask.low <= 0 && mask.high >= 0) ||
              (s->claim->always == ALWAYS_FIRST && mask.low == INT32_MIN && mask.high >= 0);
    dot(s->query_base, s->key_base, s->directions, *s->top);
    dot(s->query_base, s->key_null, s->directions, *s->null_low);
    mpq_set(*s->null_high, *s->null_low);
    if (s->claim->always == ALWAYS_NEAREST) {
        if (s->claim->null_policy != NULL_NONE) return score_wrong(s, "its null key has no place");
        s->one = s->some = true;
        return prove_nearest(s);
    }
    for (uint32_t component = 0; component < s->component_count; component++) {
        bool any = false;
        for (uint32_t a = 0; a < s->query_count; a++) any = any || s->query_component[a] == component;
        for (uint32_t b = 0; b < s->key_count; b++) any = any || s->key_component[b] == component;
        if (any && !prove_component(s, component)) return false;
    }
    return prove_null(s);
}

static bool prove_all(Scores *s) {
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
                .query = {head->w_q, head->width},
                .key = {head->w_k, head->width}};
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
