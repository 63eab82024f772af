/* A form as another one of the same values: a table as a sum of whole numbers, a sum as a table
   over the steps of one variable. */
#include "compiler/lower/plan.h"

#include <math.h>

Form form_table(VarId var, Atoms atoms) {
    return (Form){.kind = FORM_TABLE, .var = var, .atoms = atoms};
}

Form form_constant(Lowering *l, Atom atom) {
    Atom *atoms = ARENA_NEW(l->scratch, Atom);
    *atoms = atom;
    return form_table(NO_VAR, atoms_listed(atoms));
}

uint32_t form_count(const Lowering *l, const Form *form) {
    return form->var == NO_VAR ? 1 : plan_get(l, form->var)->count;
}

Form form_of_sum(Lowering *l, PlanFeature sum, bool floating) {
    Form form = {.kind = FORM_SUM, .var = NO_VAR, .sum = sum, .floating = floating};
    feature_range(l, sum, &form.low, &form.high);
    return form;
}

void form_copy_kind(Form *to, const Form *from) {
    to->chooser = from->chooser;
    to->exact = from->exact;
    to->kind_unknown = from->kind_unknown;
}

/* Some values are ints and some are floats: the variable itself says which. */
static void kinds_by_value(Lowering *l, const Form *form, uint32_t count, Form *sum) {
    uint8_t *exact = ARENA_ARRAY(l->scratch, uint8_t, count);
    uint32_t ints = 0;
    for (uint32_t v = 0; v < count; v++) {
        exact[v] =
            !atom_failed(atoms_at(form->atoms, v)) && atoms_at(form->atoms, v).kind != ATOM_FLOAT;
        ints += exact[v];
    }
    if (ints == 0) return;
    sum->chooser = form->var;
    sum->exact = exact;
}

/* A table of numbers in a run. */
static Form sum_of_run(Lowering *l, const Form *form) {
    const Atoms run = form->atoms;
    const double *values =
        plan_progression(l, (double)run.first, (double)run.step, false, form_count(l, form));
    Form sum = form_of_sum(l, feature_table(l, form->var, values), run.floating);
    sum.noise = form->noise;
    sum.counter = form->counter;
    form_copy_kind(&sum, form);
    return sum;
}

bool form_is_run_within(const Lowering *l, const Form *form, double bound) {
    if (!atoms_is_run(form->atoms)) return false;
    double last = (double)form->atoms.step * (form_count(l, form) - 1) + (double)form->atoms.first;
    return fabs((double)form->atoms.first) <= bound && fabs(last) <= bound;
}

bool form_as_sum(Lowering *l, const Form *form, Form *sum) {
    if (form->kind == FORM_SUM) {
        *sum = *form;
        return true;
    }
    if (form->kind != FORM_TABLE) return false;
    if (!form->exact && form_is_run_within(l, form, PLAN_NUMBER)) {
        *sum = sum_of_run(l, form);
        return true;
    }
    uint32_t count = form_count(l, form), floats = 0, first = 0;
    double *values = ARENA_ARRAY(l->scratch, double, count);
    for (uint32_t v = count; v-- > 0;) {
        if (atom_failed(atoms_at(form->atoms, v))) continue;
        if (!atom_whole(atoms_at(form->atoms, v), &values[v])) return false;
        floats += atoms_at(form->atoms, v).kind == ATOM_FLOAT;
        first = v;
    }
    /* Where the program fails any number will do: one that occurs elsewhere is no new value. */
    for (uint32_t v = 0; v < count; v++) {
        if (atom_failed(atoms_at(form->atoms, v))) values[v] = values[first];
    }
    PlanFeature feature =
        form->var == NO_VAR ? feature_constant(values[0]) : feature_own(l, form->var, values);
    *sum = form_of_sum(l, feature, floats > 0);
    sum->noise = form->noise;
    sum->counter = form->counter;
    form_copy_kind(sum, form);
    if (!form->exact && floats > 0 && !form->kind_unknown) kinds_by_value(l, form, count, sum);
    for (uint32_t v = 0; form->exact && v < count; v++) {
        double whole;
        AtomKind kind = (AtomKind)atoms_at(form->alternative, v).kind;
        bool known = atom_failed(atoms_at(form->alternative, v)) || kind == ATOM_INT ||
                     kind == ATOM_BOOL || !atom_whole(atoms_at(form->alternative, v), &whole);
        if (known && atoms_at(form->atoms, v).kind == ATOM_FLOAT) continue;
        sum->exact = NULL;
        sum->kind_unknown = true;
    }
    return true;
}

/* A sum over one variable is a table without any steps. */
static Form sum_of_one_variable(Lowering *l, const Form *form) {
    VarId var = form->sum.count ? form->sum.terms[0].var : NO_VAR;
    uint32_t count = var == NO_VAR ? 1 : plan_get(l, var)->count;
    const double *values = form->sum.count ? form->sum.terms[0].values : NULL;
    double constant = form->sum.constant;
    const Progression *p = values && count > 1 ? progression_of(l, values) : NULL;
    if (p) {
        Atoms run = atoms_run((int64_t)(p->first + constant), (int64_t)p->step, form->floating);
        return form_table(var, run);
    }
    Atom *atoms = ARENA_ARRAY(l->scratch, Atom, count);
    for (uint32_t v = 0; v < count; v++) {
        double value = constant + (values ? values[v] : 0);
        atoms[v] = form->floating ? atom_float(value) : atom_int((int64_t)value);
    }
    return form_table(var, plan_keep_atoms(l, atoms, count));
}

typedef VarId Stepped(Lowering *l, NodeId node, PlanFeature input, double low, double high,
                      bool floating);

static bool as_table(Lowering *l, NodeId node, const Form *given, Stepped *stepped, Form *table) {
    Form copy = *given, *form = &copy; /* table may be the same place */
    if (form->kind == FORM_TABLE) {
        *table = *form;
        return true;
    }
    if (form->kind != FORM_SUM) return false;
    if (form->sum.count <= 1) {
        *table = sum_of_one_variable(l, form);
    } else {
        VarId var = stepped(l, node, form->sum, form->low, form->high, form->floating);
        if (var == NO_VAR) return false;
        *table = form_table(var, plan_get(l, var)->domain);
    }
    table->noise = form->noise;
    table->counter = form->counter;
    form_copy_kind(table, form);
    if (form->exact) {
        uint32_t count = form_count(l, table);
        Atom *ints = ARENA_ARRAY(l->scratch, Atom, count);
        for (uint32_t v = 0; v < count; v++) {
            double value = 0;
            (void)atom_whole(atoms_at(table->atoms, v), &value);
            ints[v] = atom_int((int64_t)value);
        }
        table->alternative = plan_keep_atoms(l, ints, count);
    }
    return true;
}

bool form_as_table(Lowering *l, NodeId node, const Form *form, Form *table) {
    return as_table(l, node, form, plan_stepped, table);
}

bool form_as_signs(Lowering *l, NodeId node, const Form *form, Form *table) {
    return as_table(l, node, form, plan_signs, table);
}

bool form_as_wide_signs(Lowering *l, NodeId node, const Form *form, Form *table) {
    return as_table(l, node, form, plan_wide_signs, table);
}
