/* The levels of a head's scores: one query state after another, against all states of the keys. */
#include "runtime/certify/scores.h"

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

void least_add(Least *least, const mpq_t value) {
    if (least->any && mpq_cmp(value, *least->value) >= 0) return;
    mpq_set(*least->value, value);
    least->any = true;
}

/* --- one query -------------------------------------------------------------------------------- */

void exact_dot(const mpq_t *a, const mpq_t *b, uint32_t count, mpq_t out) {
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
bool key_levels(Scores *s, uint32_t b, const mpq_t *query, mpq_t top, Least *gap) {
    const Variable *variable = &s->p->variables[s->key_variables[b]];
    Exact pool = {0};
    Levels levels = levels_new(&pool);
    bool fine = key_scores(s, b, query);
    uint32_t tops = 0;
    for (uint32_t y = 0; y < variable->states; y++)
        levels_add(&levels, s->part[y]);
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

/* --- a component of query and key variables --------------------------------------------------- */

/* The queries of a component: (count, K) vectors, without q0. */
typedef struct Queries {
    const Variable
        *only; /* the one variable, whose states are gone through; else vectors are listed */
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
    while (capacity < 2 * room)
        capacity *= 2;
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
    for (uint32_t c = 0; c < s->directions; c++)
        mpq_add(query[c], s->query_base[c], alone[c]);
    return alone;
}

/* The score that query x gives to the key that it is claimed always to select: its own position,
   when both sides of the component are functions of the same variable, or one of them is nothing;
   or the first position, when keys are functions of the position. False: they are not. */
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

/* Goes through the queries of a component; adds its greatest score to s->top and its gap to s->gap.
 */
bool prove_component(Scores *s, uint32_t component) {
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
        exact_dot(alone, s->key_base, k, *total);
        exact_dot(alone, s->key_null, k, *null);
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

/* --- the key of the highest score, whatever that is ------------------------------------------- */

/* One query against the keys at positions 0 to n - 1, for every n: the greatest score belongs to
   one key, and every other key's and the null key's is lower by the gap. */
static bool nearest_of(Scores *s, const mpq_t *query, uint32_t key, mpq_t *scratch) {
    const Variable *variable = &s->p->variables[s->key_variables[key]];
    mpq_t *best = scratch, *constant = scratch + 1, *distance = scratch + 2;
    if (!key_scores(s, key, query)) return false;
    exact_dot(query, s->key_base, s->directions, *constant);
    exact_dot(query, s->key_null, s->directions, *best);
    for (uint32_t y = 0; y < variable->states; y++) {
        mpq_add(s->part[y], s->part[y], *constant);
        mpq_sub(*distance, s->part[y], *best);
        if (y == 0 && mpq_sgn(*distance) <= 0)
            return score_wrong(s, "the null key can be selected");
        if (mpq_sgn(*distance) == 0) return score_wrong(s, "two keys can have the greatest score");
        if (mpq_sgn(*distance) > 0) mpq_set(*best, s->part[y]);
        mpq_abs(*distance, *distance);
        least_add(&s->gap, *distance);
    }
    return true;
}

bool prove_nearest(Scores *s) {
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
