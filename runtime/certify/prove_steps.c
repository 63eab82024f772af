/* Steps: a pair of ReLUs for each threshold of one input X, relu(p + 1) - relu(p) with
   p = slope X + bias, which is exactly 0 up to one value of X and exactly 1 from another one on.
   What lies between the two is the ramp, and no value of X may fall there. */
#include "runtime/certify/prover.h"

typedef struct Steps {
    Prover *p;
    const UnitPart *part;
    const ClaimedSubspace *target;
    uint32_t thresholds;
    uint32_t pivot; /* a coordinate that X reads */
    Exact pool;
    mpq_t *slope, *bias; /* (thresholds): p = slope X + bias, X as the first unit's row has it */
    mpq_t *margin;
} Steps;

static bool steps_wrong(Steps *s, const char *what) {
    return not_proven(s->p, "layer %u: the steps of '%s' %s", s->part->layer, s->target->name,
                      what);
}

/* A value of X: by how much it stays off the ramp of a threshold (in p), less what floats may be
   off (error, of X). -1: below the ramp, 1: above, 0: not off it. */
static int beside_ramp(Steps *s, uint32_t threshold, const mpq_t x, const mpq_t error) {
    mpq_t p, distance, off;
    mpq_inits(p, distance, off, NULL);
    mpq_mul(p, s->slope[threshold], x);
    mpq_add(p, p, s->bias[threshold]);
    mpq_mul(off, s->slope[threshold], error);
    int side = mpq_sgn(p) >= 0 ? 1 : -1;
    mpq_set(distance, p);
    if (side < 0) {
        mpq_set_si(distance, -1, 1);
        mpq_sub(distance, distance, p);
    }
    if (mpq_cmp(distance, *s->margin) < 0) mpq_set(*s->margin, distance);
    if (mpq_cmp(distance, off) < 0) side = 0;
    mpq_clears(p, distance, off, NULL);
    return side;
}

/* --- the weights are steps -------------------------------------------------------------------- */

static bool is_varied(const Steps *s, uint32_t r) {
    return s->p->variable[s->p->subspace[r]] != NO_VARIABLE;
}

static bool find_pivot(Steps *s) {
    for (uint32_t r = 0; r < s->p->claims->width; r++) {
        if (!is_varied(s, r) || matrix_at(s->part->in, r, s->part->claim->first) == 0) continue;
        s->pivot = r;
        return true;
    }
    return steps_wrong(s, "read nothing");
}

static void unit_constant(Steps *s, uint32_t unit, mpq_t out) {
    mpq_t bias;
    mpq_init(bias);
    constant_part(s->p, s->part->in, unit, out);
    mpq_set_d(bias, numbers_at(s->p->type, s->part->bias, unit));
    mpq_add(out, out, bias);
    mpq_clear(bias);
}

/* Threshold v: two units with the same row, which is slope times the first threshold's. */
static bool read_threshold(Steps *s, uint32_t v) {
    Matrix in = s->part->in;
    uint32_t first = s->part->claim->first, unit = first + 2 * v;
    bool fine = true;
    mpq_t a, b;
    mpq_inits(a, b, NULL);
    mpq_set_d(a, matrix_at(in, s->pivot, unit));
    mpq_set_d(b, matrix_at(in, s->pivot, first));
    mpq_div(s->slope[v], a, b);
    if (mpq_sgn(s->slope[v]) <= 0) fine = steps_wrong(s, "do not rise with their input");
    for (uint32_t r = 0; r < s->p->claims->width && fine; r++) {
        double own = matrix_at(in, r, unit);
        if (!is_varied(s, r) || (own == 0 && matrix_at(in, r, first) == 0)) continue;
        mpq_set_d(a, matrix_at(in, r, first));
        mpq_mul(a, a, s->slope[v]);
        mpq_set_d(b, own);
        if (!mpq_equal(a, b)) fine = steps_wrong(s, "do not all read the same input");
    }
    for (uint32_t r = 0; r < s->p->claims->width && fine; r++) {
        if (is_varied(s, r) && matrix_at(in, r, unit) != matrix_at(in, r, unit + 1))
            fine = steps_wrong(s, "are not pairs that read the same input");
    }
    unit_constant(s, unit, a);
    unit_constant(s, unit + 1, s->bias[v]);
    mpq_sub(a, a, s->bias[v]);
    if (fine && mpq_cmp_ui(a, 1, 1) != 0)
        fine = steps_wrong(s, "are not pairs whose biases differ by 1");
    mpq_clears(a, b, NULL);
    for (uint32_t c = 0; c < s->target->width && fine; c++) {
        double up = matrix_at(s->part->out, unit, s->target->offset + c);
        double down = matrix_at(s->part->out, unit + 1, s->target->offset + c);
        if (up != (c == v) || down != -(double)(c == v))
            fine = steps_wrong(s, "do not write one coordinate each, as 1 less 1");
    }
    return fine;
}

/* --- no rounding ------------------------------------------------------------------------------ */

/* Sums of multiples of a grid that stay small: exact in any order. */
static bool unit_is_exact(Steps *s, uint32_t unit) {
    Exact pool = {0};
    Spread spread = spread_new(&pool);
    mpq_t *bias = exact_array(&pool, 1);
    column_spread(s->p, s->part->in, unit, &spread);
    mpq_set_d(*bias, numbers_at(s->p->type, s->part->bias, unit));
    spread_grain(&spread, *bias);
    spread_magnitude(&spread, *bias);
    bool exact = spread_is_exact(s->p->type, &spread);
    exact_free(&pool);
    return exact;
}

/* How many numbers a unit adds besides X's: at most one may be. */
static uint32_t constant_terms(const Steps *s, uint32_t unit) {
    uint32_t terms = numbers_at(s->p->type, s->part->bias, unit) != 0;
    for (uint32_t r = 0; r < s->p->claims->width; r++)
        terms +=
            !is_varied(s, r) && mpq_sgn(s->p->base[r]) != 0 && matrix_at(s->part->in, r, unit) != 0;
    return terms;
}

/* One register x, at most `greatest`, times a power of two, and one constant: a sum of two,
   which rounds monotonically, so that what is at most 0 below the ramp stays so. Above it relu(p +
   1) and relu(p) are at most slope x, because bias + 1 <= 0, and multiples of the last place of
   slope x, because the bias is one of that of the greatest x: both are exact. */
static bool register_is_exact(Steps *s, uint32_t v, const mpq_t greatest) {
    uint32_t unit = s->part->claim->first + 2 * v;
    mpq_t weight, place, part;
    mpq_inits(weight, place, part, NULL);
    mpq_set_d(weight, matrix_at(s->part->in, s->pivot, unit));
    bool exact = mpq_sgn(weight) > 0 && exact_is_power_of_two(weight) && mpq_sgn(greatest) > 0 &&
                 constant_terms(s, unit) <= 1 && constant_terms(s, unit + 1) <= 1 &&
                 mpq_cmp_si(s->bias[v], -1, 1) <= 0;
    if (exact) {
        long bits = float_info(s->p->type)->significand - 1;
        exact_power_of_two(place, exact_high_bit(greatest) - bits + exact_high_bit(weight));
        mpq_div(part, s->bias[v], place);
        exact = exact_is_whole(part);
        mpq_inv(part, place); /* of bias + 1 as well */
        exact = exact && exact_is_whole(part);
    }
    mpq_clears(weight, place, part, NULL);
    return exact;
}

/* Is X one real subspace, times a weight? */
static bool is_register(const Steps *s) {
    for (uint32_t r = 0; r < s->p->claims->width; r++) {
        if (r != s->pivot && is_varied(s, r) &&
            matrix_at(s->part->in, r, s->part->claim->first) != 0)
            return false;
    }
    return s->p->claims->subspaces[s->p->subspace[s->pivot]].kind == SUBSPACE_REAL;
}

/* greatest: of the register, errors included; NULL: X is no register. */
static bool prove_exact(Steps *s, const mpq_t *greatest) {
    bool is_mean = s->p->variables[s->part->sources[0]].kind == VARIABLE_FRACTIONS;
    for (uint32_t v = 0; v < s->thresholds; v++) {
        uint32_t unit = s->part->claim->first + 2 * v;
        if (greatest && register_is_exact(s, v, *greatest)) continue;
        if (is_mean || !unit_is_exact(s, unit) || !unit_is_exact(s, unit + 1))
            return not_proven(s->p, "layer %u: the steps of '%s' are rounded by %s", s->part->layer,
                              s->target->name, prover_floats(s->p));
    }
    return true;
}

/* --- X is a function of one variable ---------------------------------------------------------- */

static bool steps_of_states(Steps *s) {
    Prover *p = s->p;
    uint32_t source = s->part->sources[0], states = p->variables[source].states;
    const Variable *variable = &p->variables[source];
    mpq_t *x = exact_array(&s->pool, states), *zero = exact_array(&s->pool, 1);
    mpq_t *scratch = exact_array(&s->pool, p->claims->width), *greatest = exact_array(&s->pool, 1);
    uint32_t *index = ARENA_ARRAY(p->arena, uint32_t, states);
    if (!prover_work(p, (uint64_t)states * (2 + s->thresholds))) return false;
    variable_column(p, variable, s->part->in, s->part->claim->first, scratch, x);
    for (uint32_t i = 0; i < states; i++) {
        for (uint32_t v = 0; v < s->thresholds; v++) {
            int side = beside_ramp(s, v, x[i], *zero);
            if (side == 0 || (side > 0 && index[i] != v))
                return steps_wrong(s, side ? "are out of order" : "have a value on a ramp");
            index[i] += side > 0;
        }
    }
    const mpq_t *value = NULL;
    for (uint32_t i = 0; i < variable->member_count && is_register(s); i++) {
        if (variable->members[i].subspace == p->subspace[s->pivot])
            value = variable->members[i].value;
    }
    for (uint32_t i = 0; value && i < states; i++) {
        if (i == 0 || mpq_cmp(value[i], *greatest) > 0) mpq_set(*greatest, value[i]);
    }
    if (!prove_exact(s, value ? (const mpq_t *)greatest : NULL)) return false;
    variable_join(p, source, (Member){.subspace = s->part->claim->target, .index = index});
    return true;
}

/* --- X is a mean ------------------------------------------------------------------------------ */

/* The fractions nearest to the ramp's two ends: the greatest at most -bias - 1 and the least at
   least -bias (both over slope) leave none between. By denominators: S / c with S a multiple of the
   grain. */
static bool mean_beside_ramp(Steps *s, uint32_t v, const Fractions *f, mpq_t *t) {
    mpq_t *end = t, *grain = t + 1, *near = t + 2, *weight = t + 3;
    mpq_set_d(*weight, matrix_at(s->part->in, s->pivot, s->part->claim->first));
    exact_power_of_two(*grain, f->grain);
    mpq_mul(*near, *weight, s->slope[v]);
    mpq_neg(*end, s->bias[v]);
    mpq_div(*end, *end, *near); /* of the mean itself: where p = 0 */
    for (unsigned long c = 1; c <= f->most; c++) {
        for (int up = 0; up < 2; up++) {
            mpq_set_ui(*near, c, 1);
            mpq_mul(*near, *near, *end);
            mpq_div(*near, *near, *grain);
            mpz_fdiv_q(mpq_numref(*near), mpq_numref(*near), mpq_denref(*near));
            if (up) mpz_add_ui(mpq_numref(*near), mpq_numref(*near), 1);
            mpz_set_ui(mpq_denref(*near), c);
            mpq_canonicalize(*near);
            mpq_mul(*near, *near, *grain);
            /* floor may have given p = 0 itself, which is above the ramp: the side decides */
            if (mpq_cmp(*near, *f->low) < 0) mpq_set(*near, *f->low);
            if (mpq_cmp(*near, *f->high) > 0) mpq_set(*near, *f->high);
            mpq_mul(*near, *near, *weight);
            mpq_mul(t[4], *weight, *f->error);
            int side = beside_ramp(s, v, *near, t[4]);
            if (side == 0) return false;
            /* The greatest below p = 0: when floor gave one at p = 0, the one before it too. */
            if (!up && side > 0) {
                mpq_div(*near, *near, *weight);
                mpq_set_ui(t[5], 1, c);
                mpq_mul(t[5], t[5], *grain);
                mpq_sub(*near, *near, t[5]);
                if (mpq_cmp(*near, *f->low) < 0) continue;
                mpq_mul(*near, *near, *weight);
                if (beside_ramp(s, v, *near, t[4]) == 0) return false;
            }
        }
    }
    if (!f->has_extra) return true;
    mpq_mul(*near, *f->extra, *weight);
    mpq_mul(t[4], *weight, *f->error);
    return beside_ramp(s, v, *near, t[4]) != 0;
}

/* Thresholds whose ramps do not overlap are in order: each begins where the one before has ended.
 */
static bool ramps_rise(Steps *s) {
    mpq_t end, begin;
    mpq_inits(end, begin, NULL);
    bool rise = true;
    for (uint32_t v = 0; v + 1 < s->thresholds && rise; v++) {
        mpq_div(end, s->bias[v], s->slope[v]); /* less the X where p = 0 */
        mpq_div(begin, s->bias[v + 1], s->slope[v + 1]);
        rise = mpq_cmp(end, begin) >= 0;
    }
    mpq_clears(end, begin, NULL);
    return rise || steps_wrong(s, "are out of order");
}

static bool steps_of_mean(Steps *s) {
    const Fractions *f = &s->p->variables[s->part->sources[0]].fractions;
    mpq_t *t = exact_array(&s->pool, 7), *high = t + 6;
    mpq_add(*high, *f->high, *f->error);
    if (f->has_extra && mpq_cmp(*f->extra, *f->high) > 0) mpq_add(*high, *f->extra, *f->error);
    if (matrix_at(s->part->in, s->pivot, s->part->claim->first) < 0)
        return steps_wrong(s, "do not rise with the mean that they read");
    if (!prover_work(s->p, (uint64_t)s->thresholds * f->most * 8)) return false;
    for (uint32_t v = 0; v < s->thresholds; v++) {
        if (!mean_beside_ramp(s, v, f, t)) return steps_wrong(s, "have a value on a ramp");
    }
    if (!ramps_rise(s) || !prove_exact(s, (const mpq_t *)high)) return false;
    variable_of_code(s->p, s->part->claim->target);
    return true;
}

/* --- X is a sum over several variables -------------------------------------------------------- */

/* X lies among the multiples of a power of two from low to high: no matter which of them occur. */
static bool steps_of_sum(Steps *s) {
    Prover *p = s->p;
    mpq_t *t = exact_array(&s->pool, 5), *low = t, *high = t + 1, *grain = t + 2, *x = t + 3;
    mpq_t *scratch = exact_array(&s->pool, p->claims->width), *zero = t + 4;
    Spread grains = spread_new(&s->pool);
    for (uint32_t i = 0; i < s->part->source_count; i++) {
        const Variable *variable = &p->variables[s->part->sources[i]];
        if (variable->kind == VARIABLE_FRACTIONS)
            return steps_wrong(s, "add a mean to something else");
        mpq_t *out = exact_array(&s->pool, variable->states);
        uint32_t least = 0, most = 0;
        if (!prover_work(p, variable->states)) return false;
        variable_column(p, variable, s->part->in, s->part->claim->first, scratch, out);
        for (uint32_t j = 0; j < variable->states; j++) {
            spread_grain(&grains, out[j]);
            if (mpq_cmp(out[j], out[least]) < 0) least = j;
            if (mpq_cmp(out[j], out[most]) > 0) most = j;
        }
        mpq_add(*low, *low, out[least]);
        mpq_add(*high, *high, out[most]);
    }
    if (!grains.dyadic) return steps_wrong(s, "add numbers that no float holds");
    exact_power_of_two(*grain, grains.any ? grains.low : 0);
    for (uint32_t v = 0; v < s->thresholds; v++) {
        /* The multiple at or below where p = 0, and its neighbours. */
        mpq_neg(*x, s->bias[v]);
        mpq_div(*x, *x, s->slope[v]);
        mpq_div(*x, *x, *grain);
        mpz_fdiv_q(mpq_numref(*x), mpq_numref(*x), mpq_denref(*x));
        mpz_set_ui(mpq_denref(*x), 1);
        mpq_mul(*x, *x, *grain);
        mpq_sub(*x, *x, *grain);
        for (int i = 0; i < 3; i++, mpq_add(*x, *x, *grain)) {
            if (mpq_cmp(*x, *low) < 0 || mpq_cmp(*x, *high) > 0) continue;
            if (beside_ramp(s, v, *x, *zero) == 0) return steps_wrong(s, "have a value on a ramp");
        }
    }
    if (!ramps_rise(s) || !prove_exact(s, NULL)) return false;
    variable_of_code(p, s->part->claim->target);
    return true;
}

/* --- the whole -------------------------------------------------------------------------------- */

static bool prove_all(Steps *s) {
    Prover *p = s->p;
    if (!prover_is_empty(p, s->part->claim->target))
        return steps_wrong(s, "add to something that is not 0");
    if (s->part->claim->count != 2 * s->thresholds)
        return steps_wrong(s, "are not two units for each coordinate");
    if (s->thresholds == 0) return true;
    if (!find_pivot(s)) return false;
    for (uint32_t v = 0; v < s->thresholds; v++) {
        if (!read_threshold(s, v)) return false;
    }
    if (s->part->source_count > 1) return steps_of_sum(s);
    if (p->variables[s->part->sources[0]].kind == VARIABLE_FRACTIONS) return steps_of_mean(s);
    return steps_of_states(s);
}

bool prove_steps(Prover *p, const UnitPart *part, mpq_t *margin) {
    const ClaimedSubspace *target = &p->claims->subspaces[part->claim->target];
    Steps s = {
        .p = p, .part = part, .target = target, .thresholds = target->width, .margin = margin};
    s.slope = exact_array(&s.pool, target->width);
    s.bias = exact_array(&s.pool, target->width);
    mpq_set_ui(*margin, 1, 1); /* the ramp's own size: more says nothing */
    bool fine = prove_all(&s);
    exact_free(&s.pool);
    return fine;
}
