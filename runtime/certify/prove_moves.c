/* What a head moves: values of its claimed targets' domains. */
#include "runtime/certify/prover.h"

#include <stdlib.h>

typedef struct Moves {
    Prover *p;
    const ClaimedHead *claim;
    const DenseHead *head;
    uint32_t layer, number;
    Selection selection;
    Matrix value;
    uint32_t
        *through; /* (D) the one direction of the head that writes a coordinate, or NO_DIRECTION */
    bool assumes_one;
} Moves;

#define NO_DIRECTION UINT32_MAX

__attribute__((format(printf, 3, 4))) static bool move_wrong(const Moves *m, uint32_t target,
                                                             const char *format, ...) {
    Buffer text = {0};
    va_list args;
    va_start(args, format);
    buffer_vprintf(&text, format, args);
    va_end(args);
    not_proven(m->p, "layer %u, head %u (%s): what it moves to '%s' %s", m->layer, m->number,
               m->claim->name, m->p->claims->subspaces[target].name, text.data);
    buffer_free(&text);
    return false;
}

/* --- W_O -------------------------------------------------------------------------------------- */

/* Each coordinate of a target takes one direction, times a power of two; others take none. */
static bool find_directions(Moves *m) {
    Prover *p = m->p;
    uint32_t width = p->claims->width;
    bool *written = ARENA_ARRAY(p->arena, bool, width);
    mpq_t weight;
    for (uint32_t t = 0; t < m->claim->target_count; t++) {
        const ClaimedSubspace *s = &p->claims->subspaces[m->claim->targets[t]];
        for (uint32_t r = s->offset; r < s->offset + s->width; r++)
            written[r] = true;
        if (!prover_owns(p, m->claim->targets[t]))
            return move_wrong(m, m->claim->targets[t], "comes to a place that is not free");
    }
    m->through = ARENA_ARRAY(p->arena, uint32_t, width);
    mpq_init(weight);
    bool fine = prover_work(p, (uint64_t)width * m->head->width / 8);
    for (uint32_t r = 0; r < width && fine; r++) {
        m->through[r] = NO_DIRECTION;
        for (uint32_t c = 0; c < m->head->width && fine; c++) {
            double w = numbers_at(p->type, m->head->w_o, (size_t)c * width + r);
            if (w == 0) continue;
            mpq_set_d(weight, w);
            if (!written[r])
                fine = move_wrong(m, p->subspace[r], "is not claimed");
            else if (m->through[r] != NO_DIRECTION || !exact_is_power_of_two(weight))
                fine = move_wrong(m, p->subspace[r], "is no single value");
            m->through[r] = c;
        }
    }
    mpq_clear(weight);
    return fine;
}

/* The weight that coordinate r takes its direction with. */
static void output_weight(const Moves *m, uint32_t r, mpq_t out) {
    mpq_set_d(
        out, numbers_at(m->p->type, m->head->w_o, (size_t)m->through[r] * m->p->claims->width + r));
}

/* The one variable that a direction's values read (NO_VARIABLE: none). False: several, or a mean.
 */
static bool value_variable(const Moves *m, uint32_t target, uint32_t direction, uint32_t *out) {
    for (uint32_t v = 0; v < m->p->variable_count; v++) {
        if (!variable_is_read(m->p, v, m->value, direction)) continue;
        if (m->p->variables[v].kind == VARIABLE_FRACTIONS)
            return move_wrong(m, target, "is read from a mean, which %s rounds",
                              prover_floats(m->p));
        if (*out != NO_VARIABLE && *out != v)
            return move_wrong(m, target, "reads several values at once");
        *out = v;
    }
    return true;
}

static bool value_is_exact(const Moves *m, uint32_t target, uint32_t direction) {
    Exact pool = {0};
    Spread spread = spread_new(&pool);
    column_spread(m->p, m->value, direction, &spread);
    bool fine = spread_is_exact(m->p->type, &spread);
    exact_free(&pool);
    return fine || move_wrong(m, target, "is rounded by %s", prover_floats(m->p));
}

/* The stream at the null key takes what the head moves there: its own value. */
static void move_null(Moves *m, uint32_t r, mpq_t moved) {
    mpq_t weight;
    mpq_init(weight);
    null_part(m->p, m->value, m->through[r], moved);
    output_weight(m, r, weight);
    mpq_mul(moved, moved, weight);
    mpq_add(m->p->null_next[r], m->p->null_next[r], moved);
    mpq_clear(weight);
}

/* --- codes ------------------------------------------------------------------------------------ */

/* The value that every state of the variable moves, one coordinate after another: steps and
   one-hots are read as by code_index. states == 1 and variable == NULL: constants alone. */
static bool moved_codes(Moves *m, uint32_t target, const Variable *variable) {
    Prover *p = m->p;
    const ClaimedSubspace *s = &p->claims->subspaces[target];
    uint32_t states = variable ? variable->states : 1;
    Exact pool = {0};
    mpq_t *out = exact_array(&pool, states), *numbers = exact_array(&pool, 2);
    mpq_t *scratch = exact_array(&pool, p->claims->width);
    uint32_t *ones = ARENA_ARRAY(p->arena, uint32_t, states);
    bool fine = prover_work(p, (uint64_t)s->width * states);
    for (uint32_t v = 0; v < s->width && fine; v++) {
        uint32_t r = s->offset + v;
        mpq_set_ui(numbers[0], 0, 1);
        for (uint32_t x = 0; x < states; x++)
            mpq_set_ui(out[x], 0, 1);
        if (m->through[r] != NO_DIRECTION) {
            if (variable) variable_column(p, variable, m->value, m->through[r], scratch, out);
            constant_part(p, m->value, m->through[r], numbers[0]);
            output_weight(m, r, numbers[1]);
        }
        for (uint32_t x = 0; x < states && fine; x++) {
            mpq_add(out[x], out[x], numbers[0]);
            mpq_mul(out[x], out[x], numbers[1]);
            mpq_add(out[x], out[x], p->base[r]);
            bool one = mpq_cmp_ui(out[x], 1, 1) == 0;
            fine = one || mpq_sgn(out[x]) == 0;
            if (one && s->kind == SUBSPACE_STEPS && ones[x] != v) fine = false;
            ones[x] += one;
        }
    }
    for (uint32_t x = 0; x < states && fine; x++)
        fine = s->kind == SUBSPACE_STEPS || ones[x] == 1;
    exact_free(&pool);
    return fine || move_wrong(m, target, "is not a claimed value");
}

static bool move_code(Moves *m, uint32_t target) {
    Prover *p = m->p;
    const ClaimedSubspace *s = &p->claims->subspaces[target];
    uint32_t variable = NO_VARIABLE;
    mpq_t moved;
    bool fine = true;
    if (m->claim->null_policy == NULL_COUNTED)
        return move_wrong(m, target, "mixes with the null key's");
    mpq_init(moved);
    for (uint32_t r = s->offset; r < s->offset + s->width && fine; r++) {
        if (m->through[r] == NO_DIRECTION) continue;
        fine = value_variable(m, target, m->through[r], &variable) &&
               value_is_exact(m, target, m->through[r]);
        if (!fine) break;
        move_null(m, r, moved);
        if (mpq_sgn(moved) != 0) fine = move_wrong(m, target, "is not 0 at the null key");
    }
    mpq_clear(moved);
    if (!fine) return false;
    if (m->claim->null_policy == NULL_DEFAULT &&
        code_index(s, (const mpq_t *)p->base + s->offset) >= s->count)
        return move_wrong(m, target, "is no claimed value when nothing is selected");
    if (!moved_codes(m, target, variable == NO_VARIABLE ? NULL : &p->variables[variable]))
        return false;
    variable_of_code(p, target);
    if (!m->selection.one && !m->claim->one)
        return move_wrong(m, target, "can be a mixture of values");
    p->assumed_one[target] = !m->selection.one;
    m->assumes_one = m->assumes_one || !m->selection.one;
    return true;
}

/* --- numbers ---------------------------------------------------------------------------------- */

static int number_order(const void *a, const void *b) {
    return mpq_cmp(*(const mpq_t *)a, *(const mpq_t *)b);
}

/* Sorts and drops repetitions. mpq_t may be moved as it lies. */
static uint32_t distinct(mpq_t *values, uint32_t count) {
    uint32_t kept = 0;
    qsort(values, count, sizeof(mpq_t), number_order);
    for (uint32_t i = 0; i < count; i++) {
        if (kept && mpq_equal(values[kept - 1], values[i])) continue;
        if (kept != i) mpq_swap(values[kept], values[i]);
        kept++;
    }
    return kept;
}

/* A new variable that holds one of these numbers, exactly. */
static bool variable_of_numbers(Moves *m, uint32_t target, mpq_t *values, uint32_t count) {
    Prover *p = m->p;
    for (uint32_t i = 0; i < count; i++) {
        if (!claimed_holds(&p->claims->subspaces[target], values[i]))
            return move_wrong(m, target, "can be %.9g, which is not claimed", mpq_get_d(values[i]));
        if (!exact_is_float(p->type, values[i]))
            return move_wrong(m, target, "is rounded by %s", prover_floats(m->p));
    }
    uint32_t id = variable_new(p, VARIABLE_STATES, count);
    variable_join(p, id, (Member){.subspace = target, .value = (const mpq_t *)values});
    return true;
}

/* The weight of the null key among n others, as floats divide: 1 / (n + 1). */
static bool move_weight(Moves *m, uint32_t target, const mpq_t moved) {
    Prover *p = m->p;
    uint32_t r = p->claims->subspaces[target].offset, n = p->claims->max_length;
    bool plain = mpq_sgn(p->base[r]) == 0 && mpq_cmp_ui(moved, 1, 1) == 0;
    for (uint32_t v = 0; v < p->variable_count; v++)
        plain = plain && !variable_is_read(p, v, m->value, m->through[r]);
    mpq_t constant;
    mpq_init(constant);
    constant_part(p, m->value, m->through[r], constant);
    plain = plain && mpq_sgn(constant) == 0;
    mpq_clear(constant);
    if (!plain) return move_wrong(m, target, "is not the weight of the null key");
    uint32_t least = m->selection.some ? 1 : 0;
    mpq_t *values = exact_array(&p->numbers, (size_t)n + 1);
    for (uint32_t w = least; w <= n; w++)
        exact_reciprocal(p->type, values[n - w], (unsigned long)w + 1);
    return variable_of_numbers(m, target, values, n - least + 1);
}

/* A mean of the numbers values[0..count) over at most max_length keys: a Fractions variable. extra:
   what is there when nothing is selected, or NULL. base: what was there before. */
static bool move_mean(Moves *m, uint32_t target, const mpq_t *values, uint32_t count,
                      const mpq_t *extra, const mpq_t base) {
    Prover *p = m->p;
    const ClaimedSubspace *s = &p->claims->subspaces[target];
    Fractions f = {.subspace = target, .most = p->claims->max_length, .has_extra = extra != NULL};
    mpq_t *numbers = exact_array(&p->numbers, 6), *greatest = numbers + 4, *size = numbers + 5;
    Spread grain = spread_new(&p->numbers);
    f.low = numbers, f.high = numbers + 1, f.extra = numbers + 2, f.error = numbers + 3;
    for (uint32_t i = 0; i < count; i++) {
        if (i == 0 || mpq_cmp(values[i], *f.low) < 0) mpq_set(*f.low, values[i]);
        if (i == 0 || mpq_cmp(values[i], *f.high) > 0) mpq_set(*f.high, values[i]);
        spread_grain(&grain, values[i]);
        mpq_sub(*size, values[i], base); /* what the head itself adds up */
        mpq_abs(*size, *size);
        if (mpq_cmp(*size, *greatest) > 0) mpq_set(*greatest, *size);
    }
    if (extra) mpq_set(*f.extra, *extra);
    f.grain = grain.any ? grain.low : 0;
    /* A rounding for each weight, each product and each of at most most - 1 sums: (n + 4) /
       2^significand of the greatest term covers their products too. One more where something was
       there before. */
    mpq_set_ui(*size, f.most + 4ul, 1);
    mpq_mul(*f.error, *greatest, *size);
    if (mpq_sgn(base) != 0) {
        mpq_abs(*size, base);
        mpq_add(*size, *size, *greatest);
        mpq_mul_2exp(*size, *size, 1);
        mpq_add(*f.error, *f.error, *size);
    }
    mpq_div_2exp(*f.error, *f.error, (mp_bitcnt_t)float_info(p->type)->significand);
    mpq_set_d(*size, s->low);
    bool inside = mpq_cmp(*f.low, *size) >= 0 && (!extra || mpq_cmp(*extra, *size) >= 0);
    mpq_set_d(*size, s->high);
    inside = inside && mpq_cmp(*f.high, *size) <= 0 && (!extra || mpq_cmp(*extra, *size) <= 0);
    if (s->denominator != 0)
        inside = inside && f.grain >= 0 &&
                 (f.most <= s->denominator || mpq_equal(*f.low, *f.high)) &&
                 (!extra || exact_is_whole(*extra));
    if (!grain.dyadic || !inside) return move_wrong(m, target, "leaves its claimed range");
    uint32_t id = variable_new(p, VARIABLE_FRACTIONS, 0);
    p->variables[id].fractions = f;
    variable_join(p, id, (Member){.subspace = target});
    return true;
}

/* A range of multiples of a power of two that holds every sum of the direction's terms, as a list.
 */
static bool range_of_sums(Moves *m, uint32_t target, uint32_t direction, mpq_t **values,
                          uint32_t *count) {
    Prover *p = m->p;
    Exact pool = {0};
    mpq_t *numbers = exact_array(&pool, 4), *low = numbers, *high = numbers + 1,
          *step = numbers + 2;
    mpq_t *scratch = exact_array(&pool, p->claims->width);
    Spread grain = spread_new(&pool);
    constant_part(p, m->value, direction, *low);
    mpq_set(*high, *low);
    spread_grain(&grain, *low);
    for (uint32_t v = 0; v < p->variable_count; v++) {
        if (!variable_is_read(p, v, m->value, direction)) continue;
        const Variable *variable = &p->variables[v];
        mpq_t *out = exact_array(&pool, variable->states);
        variable_column(p, variable, m->value, direction, scratch, out);
        uint32_t least = 0, most = 0;
        for (uint32_t x = 0; x < variable->states; x++) {
            spread_grain(&grain, out[x]);
            if (mpq_cmp(out[x], out[least]) < 0) least = x;
            if (mpq_cmp(out[x], out[most]) > 0) most = x;
        }
        mpq_add(*low, *low, out[least]);
        mpq_add(*high, *high, out[most]);
    }
    exact_power_of_two(*step, grain.any ? grain.low : 0);
    mpq_sub(numbers[3], *high, *low);
    mpq_div(numbers[3], numbers[3], *step);
    bool fine = grain.dyadic && mpq_cmp_ui(numbers[3], PROVER_STATES, 1) < 0;
    if (fine) {
        *count = (uint32_t)mpz_get_ui(mpq_numref(numbers[3])) + 1;
        *values = exact_array(&p->numbers, (size_t)*count + 1);
        for (uint32_t i = 0; i < *count; i++) {
            mpq_set((*values)[i], *low);
            mpq_add(*low, *low, *step);
        }
    }
    exact_free(&pool);
    return fine || move_wrong(m, target, "can have too many values");
}

/* What every state of the one variable (or of the sums of several) has in the direction; room for
   one more value behind them. */
static bool direction_values(Moves *m, uint32_t target, uint32_t direction, mpq_t **values,
                             uint32_t *count) {
    Prover *p = m->p;
    uint32_t variable = NO_VARIABLE, read = 0;
    for (uint32_t v = 0; v < p->variable_count; v++) {
        if (!variable_is_read(p, v, m->value, direction)) continue;
        if (p->variables[v].kind == VARIABLE_FRACTIONS)
            return move_wrong(m, target, "is read from a mean, which %s rounds",
                              prover_floats(m->p));
        variable = v;
        read++;
    }
    if (read > 1) return range_of_sums(m, target, direction, values, count);
    Exact pool = {0};
    mpq_t *constant = exact_array(&pool, 1);
    *count = read ? p->variables[variable].states : 1;
    *values = exact_array(&p->numbers, (size_t)*count + 1);
    if (read) {
        mpq_t *scratch = exact_array(&pool, p->claims->width);
        variable_column(p, &p->variables[variable], m->value, direction, scratch, *values);
    }
    constant_part(p, m->value, direction, *constant);
    for (uint32_t x = 0; x < *count; x++)
        mpq_add((*values)[x], (*values)[x], *constant);
    exact_free(&pool);
    return true;
}

static bool move_number(Moves *m, uint32_t target) {
    Prover *p = m->p;
    uint32_t r = p->claims->subspaces[target].offset, direction = m->through[r], count = 0;
    mpq_t *numbers = exact_array(&p->numbers, 3), *moved = numbers, *weight = numbers + 1;
    mpq_t *base = numbers + 2, *values = NULL;
    if (direction == NO_DIRECTION) return move_wrong(m, target, "is nothing");
    move_null(m, r, *moved);
    if (m->claim->null_policy == NULL_COUNTED) return move_weight(m, target, *moved);
    if (mpq_sgn(*moved) != 0) return move_wrong(m, target, "is not 0 at the null key");
    if (!direction_values(m, target, direction, &values, &count) ||
        !value_is_exact(m, target, direction) || !prover_work(p, count))
        return false;
    mpq_set(*base, p->base[r]);
    output_weight(m, r, *weight);
    for (uint32_t x = 0; x < count; x++) {
        mpq_mul(values[x], values[x], *weight);
        mpq_add(values[x], values[x], *base);
    }
    bool has_default = m->claim->null_policy == NULL_DEFAULT;
    bool whole = m->claim->one && p->claims->subspaces[target].denominator == 1;
    m->assumes_one = m->assumes_one || (whole && !m->selection.one);
    if (!m->selection.one && !whole)
        return move_mean(m, target, (const mpq_t *)values, count,
                         has_default ? (const mpq_t *)base : NULL, *base);
    if (has_default) mpq_set(values[count++], *base);
    return variable_of_numbers(m, target, values, distinct(values, count));
}

/* --- the heads of a layer --------------------------------------------------------------------- */

static bool is_code(const ClaimedSubspace *s) {
    return s->kind == SUBSPACE_ONE_HOT || s->kind == SUBSPACE_STEPS;
}

/* What a query selects. */
static const char *selected_text(const Moves *m) {
    bool some_assumed = m->claim->always == ALWAYS_ASSUMED;
    if (some_assumed) return m->claim->one ? "one key (assumed)" : "some keys (assumed)";
    if (m->assumes_one)
        return m->selection.some ? "one key (assumed)" : "at most one key (assumed)";
    if (m->selection.one) return m->selection.some ? "one key" : "at most one key";
    return m->selection.some ? "some keys" : "any keys";
}

static void report_head(const Moves *m) {
    static const char *const nulls[] = {
#define NULL_POLICY(id, name, text) [id] = name,
#include "runtime/model/nulls.def"
#undef NULL_POLICY
    };
    Buffer *out = m->p->report;
    double scale = m->claim->scale, gap = mpq_get_d(*m->selection.gap) / scale;
    buffer_printf(out, "layer %u, head %u (%s): ", m->layer, m->number, m->claim->name);
    if (gap < 0)
        buffer_text(out, "one score");
    else
        buffer_printf(out, "gap %.9g", gap);
    buffer_printf(out, ", scale %.9g, null key %s, selects %s: ok\n", scale,
                  nulls[m->claim->null_policy], selected_text(m));
}

static bool prove_head(Prover *p, uint32_t layer, uint32_t number) {
    const DenseHead *head = &p->weights->layers[layer].heads[number];
    Moves m = {.p = p,
               .claim = &p->claims->layers[layer].heads[number],
               .head = head,
               .layer = layer,
               .number = number,
               .value = matrix_of(p, head->w_v, head->width)};
    m.selection.gap = exact_array(&p->numbers, 1);
    if (!prover_reads_no_rest(p, m.value, m.claim->name) ||
        !prove_scores(p, layer, number, &m.selection) || !find_directions(&m))
        return false;
    for (uint32_t t = 0; t < m.claim->target_count; t++) {
        uint32_t target = m.claim->targets[t];
        const ClaimedSubspace *s = &p->claims->subspaces[target];
        if (s->kind == SUBSPACE_ONE || s->kind == SUBSPACE_NULL)
            return move_wrong(&m, target, "changes what tells the null key");
        if (!(is_code(s) ? move_code : move_number)(&m, target)) return false;
    }
    p->assumes = p->assumes || m.assumes_one || m.claim->always == ALWAYS_ASSUMED;
    report_head(&m);
    return true;
}

bool prove_heads(Prover *p, uint32_t layer) {
    for (uint32_t h = 0; h < p->weights->layers[layer].head_count; h++) {
        if (!prove_head(p, layer, h)) return false;
    }
    return prover_settle(p);
}
