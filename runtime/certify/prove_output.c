/* The read-out: the logits of every value, and what they decode to. */
#include "runtime/certify/prover.h"

typedef struct Output {
    Prover *p;
    const char *name;
    const ClaimedReading *claim;
    uint32_t first; /* column of the reading's logits */
    Matrix matrix;  /* W_U (D, outputs) */
    Exact pool;
    mpq_t *scratch; /* (D) */
} Output;

static bool output_wrong(Output *o, const char *what) {
    return not_proven(o->p, "the output '%s' %s", o->name, what);
}

static bool output_rounds(Output *o) {
    return not_proven(o->p, "the output '%s' is rounded by %s", o->name, prover_floats(o->p));
}

static void logit_constant(Output *o, uint32_t column, mpq_t out) {
    mpq_t bias;
    mpq_init(bias);
    constant_part(o->p, o->matrix, column, out);
    mpq_set_d(bias, numbers_at(o->p->type, o->p->weights->b_u, column));
    mpq_add(out, out, bias);
    mpq_clear(bias);
}

static bool logit_is_exact(Output *o, uint32_t column) {
    Exact pool = {0};
    Spread spread = spread_new(&pool);
    mpq_t *bias = exact_array(&pool, 1);
    column_spread(o->p, o->matrix, column, &spread);
    mpq_set_d(*bias, numbers_at(o->p->type, o->p->weights->b_u, column));
    spread_grain(&spread, *bias);
    spread_magnitude(&spread, *bias);
    bool exact = spread_is_exact(o->p->type, &spread);
    exact_free(&pool);
    return exact || output_rounds(o);
}

/* The logits of a column by the states of the one variable that it reads; *variable is NO_VARIABLE
   and there is one state when it reads none. NULL: several variables, or a mean. */
static mpq_t *logit_states(Output *o, uint32_t column, uint32_t *variable, uint32_t *count) {
    Prover *p = o->p;
    mpq_t *constant = exact_array(&o->pool, 1), *out;
    *variable = NO_VARIABLE;
    for (uint32_t v = 0; v < p->variable_count; v++) {
        if (!variable_is_read(p, v, o->matrix, column)) continue;
        if (*variable != NO_VARIABLE || p->variables[v].kind == VARIABLE_FRACTIONS) return NULL;
        *variable = v;
    }
    *count = *variable == NO_VARIABLE ? 1 : p->variables[*variable].states;
    if (!prover_work(p, *count)) return NULL;
    out = exact_array(&o->pool, *count);
    if (*variable != NO_VARIABLE)
        variable_column(p, &p->variables[*variable], o->matrix, column, o->scratch, out);
    logit_constant(o, column, *constant);
    for (uint32_t x = 0; x < *count; x++)
        mpq_add(out[x], out[x], *constant);
    return out;
}

/* --- atoms: a logit of 1 for the value's, 0 for the others ------------------------------------ */

/* The value of the source in each state of a variable; NULL: it is constant. */
static const uint32_t *source_index(const Prover *p, uint32_t source, uint32_t *variable) {
    *variable = p->variable[source];
    if (*variable == NO_VARIABLE) return NULL;
    const Variable *v = &p->variables[*variable];
    for (uint32_t i = 0; i < v->member_count; i++) {
        if (v->members[i].subspace == source) return v->members[i].index;
    }
    return NULL;
}

static bool prove_atoms(Output *o) {
    Prover *p = o->p;
    uint32_t variable = NO_VARIABLE, read, count, constant = 0;
    const uint32_t *index = NULL;
    if (o->claim->source != NO_SUBSPACE) {
        const ClaimedSubspace *s = &p->claims->subspaces[o->claim->source];
        if (s->count != o->claim->value_count) return output_wrong(o, "reads no code");
        if (p->gone[o->claim->source]) return output_wrong(o, "reads something that was erased");
        index = source_index(p, o->claim->source, &variable);
        if (!index) constant = code_index(s, (const mpq_t *)p->base + s->offset);
        if (!index && constant >= s->count)
            return output_wrong(o, "reads something that was not written");
    }
    for (uint32_t c = 0; c < o->claim->logits; c++) {
        mpq_t *logits = logit_states(o, o->first + c, &read, &count);
        if (!logits) return output_wrong(o, "reads more than one value");
        if (read != NO_VARIABLE && read != variable)
            return output_wrong(o, "reads another value than claimed");
        uint32_t states = variable == NO_VARIABLE ? 1 : p->variables[variable].states;
        for (uint32_t x = 0; x < states; x++) {
            uint32_t value = index ? index[x] : constant;
            uint32_t logit = o->claim->source == NO_SUBSPACE ? 0 : o->claim->logits_of[value];
            if (mpq_cmp_ui(logits[count == 1 ? 0 : x], logit == c, 1) != 0)
                return output_wrong(o, "gives a value another logit than claimed");
        }
        if (!logit_is_exact(o, o->first + c)) return false;
        exact_free(&o->pool);
        o->scratch = exact_array(&o->pool, p->claims->width);
    }
    buffer_printf(p->report, "output %s: logits 0 and 1", o->name);
    if (o->claim->source != NO_SUBSPACE && p->assumed_one[o->claim->source])
        buffer_text(p->report, " where one value was gathered");
    return true;
}

/* --- numbers ---------------------------------------------------------------------------------- */

/* Everything that the number adds is whole, a mean apart: *mean is its variable or NO_VARIABLE. */
static bool prove_whole(Output *o, uint32_t *mean) {
    Prover *p = o->p;
    mpq_t *total = exact_array(&o->pool, 2), *rest = total + 1;
    *mean = NO_VARIABLE;
    logit_constant(o, o->first, *total);
    for (uint32_t v = 0; v < p->variable_count; v++) {
        const Variable *variable = &p->variables[v];
        if (!variable_is_read(p, v, o->matrix, o->first)) continue;
        if (variable->kind == VARIABLE_FRACTIONS) {
            if (*mean != NO_VARIABLE) return output_wrong(o, "adds two means");
            *mean = v;
            continue;
        }
        if (!prover_work(p, variable->states)) return false;
        mpq_t *part = exact_array(&o->pool, variable->states);
        variable_column(p, variable, o->matrix, o->first, o->scratch, part);
        mpq_add(*total, *total, part[0]);
        for (uint32_t x = 1; x < variable->states; x++) {
            mpq_sub(*rest, part[x], part[0]);
            if (!exact_is_whole(*rest)) return output_wrong(o, "can be a number that is not whole");
        }
    }
    return exact_is_whole(*total) || output_wrong(o, "can be a number that is not whole");
}

/* A mean plus whole numbers: a fraction, nearer to it than half of what two fractions differ by. */
static bool prove_fraction(Output *o, const Fractions *f) {
    const ClaimedSubspace *s = &o->p->claims->subspaces[f->subspace];
    mpq_t *t = exact_array(&o->pool, 4), *weight = t, *error = t + 1, *size = t + 2, *half = t + 3;
    mpq_set_d(*weight, matrix_at(o->matrix, s->offset, o->first));
    bool whole =
        exact_is_whole(*weight) && f->grain >= 0 && (!f->has_extra || exact_is_whole(*f->extra));
    bool listed = f->most <= o->claim->denominator || mpq_equal(*f->low, *f->high);
    if (o->claim->decode != DECODE_FRACTION || !whole || !listed)
        return output_wrong(o, "can be a fraction that is not claimed");
    logit_constant(o, o->first, *size);
    mpq_abs(*size, *size);
    mpq_abs(*half, *f->low);
    mpq_add(*size, *size, *half);
    mpq_abs(*half, *f->high);
    mpq_add(*size, *size, *half);
    mpq_mul(*size, *size, *weight);
    /* What adding them rounds. */
    mpq_div_2exp(*size, *size, (mp_bitcnt_t)float_info(o->p->type)->significand - 1);
    mpq_mul(*error, *f->error, *weight);
    mpq_abs(*error, *error);
    mpq_abs(*size, *size);
    mpq_add(*error, *error, *size);
    mpq_set_ui(*half, o->claim->denominator, 1);
    mpq_mul(*half, *half, *half);
    mpq_mul_2exp(*half, *half, 1);
    mpq_inv(*half, *half);
    if (mpq_cmp(*error, *half) >= 0)
        return not_proven(o->p, "the output '%s' can be nearer to another fraction in %s", o->name,
                          prover_floats(o->p));
    buffer_printf(o->p->report, "output %s: within %.3g of a fraction, where %.3g would do",
                  o->name, mpq_get_d(*error), mpq_get_d(*half));
    return true;
}

static bool prove_number(Output *o) {
    uint32_t mean;
    if (o->claim->logits != 1) return output_wrong(o, "has more than one number");
    if (!prove_whole(o, &mean)) return false;
    if (mean != NO_VARIABLE) {
        for (uint32_t v = 0; v < o->p->variable_count; v++) {
            if (v != mean && variable_is_read(o->p, v, o->matrix, o->first))
                return output_wrong(o, "adds to a mean");
        }
        return o->claim->denominator != 0
                   ? prove_fraction(o, &o->p->variables[mean].fractions)
                   : output_wrong(o, "can be a fraction that is not claimed");
    }
    if (!logit_is_exact(o, o->first)) return false;
    buffer_printf(o->p->report, "output %s: whole numbers", o->name);
    return true;
}

/* --- flags: traps, and what tells ints from means --------------------------------------------- */

static bool prove_flag(Output *o, uint32_t column) {
    uint32_t variable, count;
    mpq_t *logits = logit_states(o, column, &variable, &count);
    if (!logits) return output_wrong(o, "has a flag that reads more than one value");
    for (uint32_t x = 0; x < count; x++) {
        if (mpq_sgn(logits[x]) != 0 && mpq_cmp_ui(logits[x], 1, 1) != 0)
            return output_wrong(o, "has a flag that is neither 0 nor 1");
    }
    return logit_is_exact(o, column);
}

bool prove_output(Prover *p) {
    const ClaimedOutput *claim = &p->claims->output;
    Output o = {
        .p = p, .name = claim->name, .matrix = matrix_of(p, p->weights->w_u, p->weights->outputs)};
    o.scratch = exact_array(&o.pool, p->claims->width);
    bool fine = prover_reads_no_rest(p, o.matrix, "the output");
    uint32_t flags = claim->traps;
    for (uint32_t r = 0; r < claim->reading_count && fine; r++) {
        o.claim = &claim->readings[r];
        fine = o.claim->decode == DECODE_ATOMS ? prove_atoms(&o) : prove_number(&o);
        if (fine && r + 1 < claim->reading_count) buffer_text(p->report, ": ok\n");
        o.first += o.claim->logits;
        flags += o.claim->mixed;
    }
    for (uint32_t f = 0; f < flags && fine; f++)
        fine = prove_flag(&o, o.first + f);
    if (fine && claim->traps)
        buffer_printf(p->report, ", %u trap%s", claim->traps, claim->traps == 1 ? "" : "s");
    if (fine) buffer_text(p->report, ": ok\n");
    exact_free(&o.pool);
    return fine;
}
