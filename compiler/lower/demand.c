/* What is asked of each variable: whether it lives, whether its number will do or a code is needed,
   and which of its values must be told apart. Backwards from the read-out. */
#include "compiler/lower/encode.h"

#include <math.h>
#include <string.h>

bool values_from_register(const Lowering *l, VarId id, const double *values, double *factor,
                          double *constant) {
    const Var *var = plan_get(l, id);
    if (var->kind != VAR_MOVED || !var->readings || var->error != 0) return false;
    /* 1 / (w + 1) is not 0 at the null key, so only steps may read it. */
    if (l->heads[var->head].moves[var->move].kind != MOVE_REAL) return false;
    if (var->count == 1) {
        *factor = 0;
        *constant = values[0];
        return true;
    }
    *factor = (values[1] - values[0]) / (var->readings[1] - var->readings[0]);
    *constant = values[0] - *factor * var->readings[0];
    if (*factor != floor(*factor) || *constant != floor(*constant)) return false;
    for (uint32_t v = 0; v < var->count; v++) {
        if (*factor * var->readings[v] + *constant != values[v]) return false;
    }
    return true;
}

/* The atoms that the program fails on have no number; 0 stands for them. */
static double atom_number(Atom a) {
    double value = 0;
    if (atom_failed(a) || !atom_whole(a, &value)) return 0;
    return value;
}

static bool all_whole_of_kind(const Form *form, uint32_t count, AtomKind kind) {
    double value;
    for (uint32_t v = 0; v < count; v++) {
        if (atom_failed(atoms_at(form->atoms, v))) continue;
        if (atoms_at(form->atoms, v).kind != kind || !atom_whole(atoms_at(form->atoms, v), &value))
            return false;
    }
    return true;
}

/* Is it a mean as it left its head? */
static bool is_plain_mean(const Lowering *l, const Form *form) {
    const Var *var = plan_get(l, form->var);
    if (var->kind != VAR_MOVED || !var->readings || var->error == 0) return false;
    return var->fractions && var->unit == 1 && form->atoms.list &&
           form->atoms.list == var->domain.list;
}

DecodeKind readout_decode(const Lowering *l, const Form *form) {
    if (form->kind == FORM_FRACTION) return DECODE_FRACTION;
    if (form->kind == FORM_SUM) return form->floating ? DECODE_WHOLE : DECODE_INTEGER;
    if (form->var == NO_VAR) return DECODE_ATOMS;
    uint32_t count = form_count(l, form);
    if (all_whole_of_kind(form, count, ATOM_INT)) return DECODE_INTEGER;
    if (is_plain_mean(l, form)) return DECODE_FRACTION;
    if (all_whole_of_kind(form, count, ATOM_FLOAT)) return DECODE_WHOLE;
    return DECODE_ATOMS;
}

/* --- marking ---------------------------------------------------------------------------------- */

/* A code of the variable; *cut tells neighbours apart. */
static Encoded *demand_code(Encoder *e, VarId var) {
    Encoded *encoded = &e->vars[var];
    encoded->live = encoded->coded = true;
    if (!encoded->cuts)
        encoded->cuts = ARENA_ARRAY(e->l->scratch, uint8_t, plan_get(e->l, var)->count);
    return encoded;
}

static void demand_values(Encoder *e, VarId var, const double *values, bool coded) {
    double factor, constant;
    e->vars[var].live = true;
    if (!coded && (plan_get(e->l, var)->kind == VAR_POSITION ||
                   values_from_register(e->l, var, values, &factor, &constant)))
        return;
    uint32_t count = plan_get(e->l, var)->count;
    uint8_t *cuts = demand_code(e, var)->cuts;
    if (count > 0 && progression_of(e->l, values)) { /* no two are alike */
        memset(cuts, 1, count - 1);
        return;
    }
    for (uint32_t v = 0; v + 1 < count; v++)
        cuts[v] |= values[v] != values[v + 1];
}

static void demand_atoms(Encoder *e, VarId var, Atoms atoms) {
    uint32_t count = plan_get(e->l, var)->count;
    uint8_t *cuts = demand_code(e, var)->cuts;
    if (count > 0 && atoms_is_run(atoms)) {
        memset(cuts, 1, count - 1);
        return;
    }
    for (uint32_t v = 0; v + 1 < count; v++)
        cuts[v] |= !atom_identical(atoms_at(atoms, v), atoms_at(atoms, v + 1));
}

static void demand_feature(Encoder *e, PlanFeature feature, bool coded) {
    for (uint32_t i = 0; i < feature.count; i++)
        demand_values(e, feature.terms[i].var, feature.terms[i].values, coded);
}

static void demand_head(Encoder *e, uint32_t h) {
    const PlanHead *head = &e->l->heads[h];
    if (e->head_live[h]) return;
    e->head_live[h] = true;
    for (uint32_t i = 0; i < head->term_count; i++) {
        const PlanTermOfHead *term = &head->terms[i];
        bool table = term->kind == TERM_TABLE || (term->kind == TERM_COMPARE && !term->squared);
        demand_feature(e, term->key, table);
        demand_feature(e, term->query, table);
        demand_feature(e, term->key_square, false);
        demand_feature(e, term->query_square, false);
    }
}

static void demand_inputs(Encoder *e, VarId id) {
    const Var *var = plan_get(e->l, id);
    if (var->kind == VAR_STEPPED) demand_feature(e, var->input, false);
    if (var->kind == VAR_BANDED) e->vars[var->source].live = true;
    if (var->kind == VAR_LOOKUP) {
        for (uint32_t s = 0; s < var->lookup.source_count; s++) {
            VarId source = var->lookup.sources[s];
            Encoded *encoded = demand_code(e, source);
            for (uint32_t v = 0; v + 1 < plan_get(e->l, source)->count; v++)
                encoded->cuts[v] |= var->lookup.classes[s][v] != var->lookup.classes[s][v + 1];
        }
    }
    if (var->kind != VAR_MOVED) return;
    PlanMove *move = &e->l->heads[var->head].moves[var->move];
    move->live = true;
    demand_head(e, var->head);
    if (move->kind == MOVE_REAL) demand_feature(e, move->value, false);
    if (move->kind == MOVE_CODED) {
        e->vars[id].coded = true; /* its domain begins with its source's values */
        demand_atoms(e, move->source, var->domain);
    }
}

static void demand_bits(Encoder *e, VarId var, const uint8_t *bits) {
    uint32_t count = plan_get(e->l, var)->count;
    double *values = ARENA_ARRAY(e->l->scratch, double, count);
    for (uint32_t v = 0; v < count; v++)
        values[v] = bits[v];
    demand_values(e, var, values, false);
}

static void demand_reading(Encoder *e, const Form *form) {
    DecodeKind decode = readout_decode(e->l, form);
    if (form->exact) demand_bits(e, form->chooser, form->exact);
    if (form->kind == FORM_SUM) {
        demand_feature(e, form->sum, false);
    } else if (decode == DECODE_FRACTION) {
        e->vars[form->var].live = true;
    } else if (decode == DECODE_ATOMS) {
        if (form->var != NO_VAR) demand_atoms(e, form->var, form->atoms);
    } else {
        uint32_t count = form_count(e->l, form);
        double *values = ARENA_ARRAY(e->l->scratch, double, count);
        for (uint32_t v = 0; v < count; v++)
            values[v] = atom_number(atoms_at(form->atoms, v));
        demand_values(e, form->var, values, false);
    }
}

void encode_demands(Encoder *e) {
    for (uint32_t r = 0; r < e->l->readout.reading_count; r++)
        demand_reading(e, &e->l->readout.readings[r]);
    for (uint32_t t = 0; t < e->l->trap_count; t++) {
        const PlanTrap *trap = &e->l->traps[t];
        if (trap->var != NO_VAR) demand_bits(e, trap->var, trap->bits);
    }
    for (VarId var = e->l->var_count; var-- > 0;) {
        if (e->vars[var].live) demand_inputs(e, var);
    }
}
