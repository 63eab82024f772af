/* The feed-forward part of a layer: its unit groups, and that nothing else is written. */
#include "runtime/certify/prover.h"

/* --- what is written -------------------------------------------------------------------------- */

/* Every hidden unit belongs to one group, and writes into that group's target alone. */
static bool prove_targets(Prover *p, uint32_t l, Matrix out) {
    const ClaimedLayer *layer = &p->claims->layers[l];
    const DenseLayer *dense = &p->weights->layers[l];
    uint32_t next = 0;
    if (!prover_work(p, (uint64_t)dense->units * p->claims->width / 16)) return false;
    for (uint32_t g = 0; g < layer->unit_count; g++) {
        const ClaimedUnits *group = &layer->units[g];
        if (group->first != next || group->count > dense->units - next)
            return not_proven(p, "layer %u: the groups of units do not follow one another", l);
        next += group->count;
        for (uint32_t u = group->first; u < next; u++) {
            for (uint32_t r = 0; r < p->claims->width; r++) {
                uint32_t writer =
                    p->erased[r] && group->kind != UNIT_ERASE ? p->next[r] : p->subspace[r];
                if (matrix_at(out, u, r) == 0 || writer == group->target) continue;
                return not_proven(
                    p, "layer %u: the units of '%s' write into '%s', which is not claimed", l,
                    p->claims->subspaces[group->target].name,
                    p->claims->subspaces[p->subspace[r]].name);
            }
        }
    }
    if (next != dense->units)
        return not_proven(p, "layer %u: the groups of units do not have all units", l);
    for (uint32_t r = 0; r < p->claims->width; r++) {
        if (numbers_at(p->type, dense->b_out, r) != 0)
            return not_proven(p, "layer %u: the feed-forward part adds a constant to '%s'", l,
                              p->claims->subspaces[p->subspace[r]].name);
    }
    return true;
}

/* --- the null key ----------------------------------------------------------------------------- */

/* The input of a unit at the null key. False: it may be rounded in some order. */
static bool null_unit(Prover *p, uint32_t u, Matrix in, double bias, mpq_t *out) {
    Exact pool = {0};
    Spread spread = spread_new(&pool);
    mpq_t *term = exact_array(&pool, 1);
    uint32_t terms = bias != 0;
    mpq_set_d(*out, bias);
    spread_grain(&spread, *out);
    spread_magnitude(&spread, *out);
    for (uint32_t r = 0; r < p->claims->width; r++) {
        if (mpq_sgn(p->null[r]) == 0 || matrix_at(in, r, u) == 0) continue;
        mpq_set_d(*term, matrix_at(in, r, u));
        mpq_mul(*term, *term, p->null[r]);
        mpq_add(*out, *out, *term);
        spread_grain(&spread, *term);
        spread_magnitude(&spread, *term);
        terms++;
    }
    bool exact = spread_is_exact(p->type, &spread) || (terms <= 1 && exact_is_float(p->type, *out));
    exact_free(&pool);
    return exact;
}

/* One state, that can be computed: every unit, then what they add. */
static bool run_null(Prover *p, uint32_t l, Matrix in, Matrix out) {
    const DenseLayer *dense = &p->weights->layers[l];
    uint32_t width = p->claims->width;
    Exact pool = {0};
    mpq_t *hidden = exact_array(&pool, 1), *scratch = exact_array(&pool, 1);
    bool fine = true;
    for (uint32_t u = 0; u < dense->units && fine; u++) {
        fine = null_unit(p, u, in, numbers_at(p->type, dense->b_in, u), hidden);
        if (mpq_sgn(*hidden) <= 0) continue;
        for (uint32_t r = 0; r < width; r++)
            exact_add_product(p->null_next[r], *hidden, matrix_at(out, u, r), *scratch);
    }
    for (uint32_t r = 0; r < width && fine; r++)
        fine = exact_is_float(p->type, p->null_next[r]);
    exact_free(&pool);
    return fine || not_proven(p, "layer %u: %s rounds the feed-forward part at the null key", l,
                              prover_floats(p));
}

/* --- the groups ------------------------------------------------------------------------------- */

static void find_sources(Prover *p, UnitPart *part) {
    part->sources = ARENA_ARRAY(p->arena, uint32_t, p->variable_count);
    for (uint32_t v = 0; v < p->variable_count; v++) {
        bool read = false;
        for (uint32_t u = 0; u < part->claim->count && !read; u++)
            read = variable_is_read(p, v, part->in, part->claim->first + u);
        if (read) part->sources[part->source_count++] = v;
    }
}

/* What is erased, first: the other groups may write where it was. */
static bool prove_erasing(Prover *p, uint32_t l, Matrix in, Matrix out) {
    const ClaimedLayer *layer = &p->claims->layers[l];
    const DenseLayer *dense = &p->weights->layers[l];
    for (uint32_t g = 0; g < layer->unit_count; g++) {
        const ClaimedUnits *claim = &layer->units[g];
        UnitPart part = {.layer = l, .claim = claim, .in = in, .out = out, .bias = dense->b_in};
        if (claim->kind != UNIT_ERASE) continue;
        if (claim->first > dense->units || claim->count > dense->units - claim->first)
            return not_proven(p, "layer %u: the groups of units do not have all units", l);
        if (!prove_erase(p, &part)) return false;
        buffer_printf(p->report, "layer %u, erase %s: %u units: ok\n", l,
                      p->claims->subspaces[claim->target].name, claim->count);
    }
    return prover_find_next(p, l);
}

static bool prove_group(Prover *p, uint32_t l, const ClaimedUnits *claim, Matrix in, Matrix out) {
    const ClaimedSubspace *target = &p->claims->subspaces[claim->target];
    bool steps = claim->kind == UNIT_STEPS;
    if (target->kind != SUBSPACE_STEPS && (steps || target->kind != SUBSPACE_ONE_HOT))
        return not_proven(p, "layer %u: the units of '%s' do not make a code", l, target->name);
    UnitPart part = {
        .layer = l, .claim = claim, .in = in, .out = out, .bias = p->weights->layers[l].b_in};
    if (!prover_work(p, (uint64_t)claim->count * p->claims->width / 8)) return false;
    find_sources(p, &part);
    Exact pool = {0};
    mpq_t *margin = exact_array(&pool, 2);
    bool fine = (steps ? prove_steps : prove_lookup)(p, &part, margin);
    mpq_set_d(margin[1], claim->margin);
    double found = mpq_get_d(margin[0]);
    if (fine && mpq_cmp(margin[0], margin[1]) < 0)
        fine = not_proven(
            p, "layer %u: the units of '%s' have a margin of %.9g, not the %.9g that is claimed", l,
            target->name, found, claim->margin);
    exact_free(&pool);
    if (fine)
        buffer_printf(p->report, "layer %u, %s %s: margin %.9g, %u units: ok\n", l,
                      steps ? "steps" : "look-up", target->name, found, claim->count);
    return fine;
}

bool prove_units(Prover *p, uint32_t l) {
    const ClaimedLayer *layer = &p->claims->layers[l];
    const DenseLayer *dense = &p->weights->layers[l];
    if (dense->units == 0) {
        if (layer->unit_count == 0) return true;
        for (uint32_t g = 0; g < layer->unit_count; g++) {
            /* A code of one value takes no units: it is there from the start. */
            if (layer->units[g].count != 0)
                return not_proven(p, "layer %u has no feed-forward part", l);
        }
        return true;
    }
    Matrix in = matrix_of(p, dense->w_in, dense->units);
    Matrix out = matrix_of(p, dense->w_out, p->claims->width);
    if (!prover_reads_no_rest(p, in, "the feed-forward part") || !prove_erasing(p, l, in, out) ||
        !prove_targets(p, l, out))
        return false;
    for (uint32_t g = 0; g < layer->unit_count; g++) {
        if (layer->units[g].kind != UNIT_ERASE && !prove_group(p, l, &layer->units[g], in, out))
            return false;
    }
    if (!run_null(p, l, in, out)) return false;
    prover_hand_over(p);
    return prover_settle(p);
}
