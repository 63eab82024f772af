/* Aggregates: which head gathers what, and as what it is moved. */
#include "compiler/lower/plan.h"

#include <math.h>
#include <stdlib.h>

enum {
    CODED_VALUES = 4096, /* large numbers that are moved as a code */
};

typedef struct Gather {
    Lowering *l;
    NodeId node, selector;
    Form value;
    Atom nothing; /* the default */
    PlanHead head;
    bool hits;   /* every row selects something */
    bool single; /* no row selects two */
    MeanUse use; /* if it is a mean */
    double unit; /* it is a mean of so many times the sum's whole numbers: 1, or 1 / 2^k */
} Gather;

static Form gather_done(Gather *g, PlanMove move, Var var, uint32_t value_phase) {
    Lowering *l = g->l;
    plan_head_phase(l, &g->head, value_phase);
    g->head.null_policy = g->hits ? NULL_NONE : NULL_DEFAULT;
    move.node = var.node = g->node;
    VarId target = plan_move(l, &g->head, move, var);
    if (atoms_none(var.domain)) return (Form){.kind = FORM_FRACTION, .var = target};
    return form_table(target, plan_get(l, target)->domain);
}

/* --- what is moved ---------------------------------------------------------------------------- */

static Selection selection_of(const Gather *g) {
    return (Selection){g->node, g->selector, &g->value, g->nothing, g->hits};
}

/* Strings have no mean: where two or more are selected, the program fails. False: that can't be
   told. */
static bool trap_several(Gather *g) {
    Form selected = selected_count(g->l, g->node, g->selector);
    if (selected.kind == FORM_REFUSED) return false;
    uint32_t counts = form_count(g->l, &selected), several = 0;
    const uint8_t *bits = count_between(g->l, &selected, 2, g->l->options->max_length);
    for (uint32_t v = 0; v < counts; v++)
        several += bits[v];
    if (several > 0)
        plan_trap(g->l, g->node, &selected, bits, DIAG_MEAN_OF_STRINGS,
                  string_from(g->l->scratch, "several are selected, and strings have no mean"));
    return true;
}

/* The error that floats make of a mean of numbers in 0..range: a rounding for each weight, each
   product and each sum. */
static double mean_error(const Lowering *l, double range) {
    return (l->options->max_length + 4.0) * float_rounding(l->options->float_type) * range;
}

/* What subtracting the shift from the mean's values, which are fractions in double, may lose. */
static double shift_error(double shift, double top) {
    return shift == 0 ? 0 : 2 * float_rounding(FLOAT_64) * fmax(fabs(shift), fabs(top));
}

/* Is the mean of any number of equal numbers that number, as the definition adds them up? 0.1 added
   three times is 0.30000000000000004, and no float is 2^53 + 1. */
static bool mean_of_equals_is_exact(Lowering *l, Atom value) {
    double number;
    if (value.kind == ATOM_STRING || atom_failed(value)) return true;
    if (!atom_as_double(value, &number)) return false;
    if (value.kind != ATOM_FLOAT && fabs(number) <= PLAN_NUMBER / l->options->max_length)
        return true;
    bool exact = true;
    NumberSum *sum = sum_new(l->scratch);
    sum_add(sum, value);
    for (uint32_t count = 2; count <= l->options->max_length && exact; count++) {
        Atom mean;
        sum_add(sum, value);
        exact = sum_mean(sum, count, &mean) == ARITH_OK && mean.as.real == number;
    }
    sum_free(sum);
    return exact;
}

static Form refuse_adding_up(Lowering *l, NodeId node) {
    return form_refused(node, plan_text(l,
                                        "%s is a mean of equal numbers, and adding them up rounds, "
                                        "so that it is not always that number; use a smaller "
                                        "greatest length",
                                        plan_name(l, node)));
}

/* One atom everywhere: not 1 here and 1.0 there. */
static bool is_one_atom(const Form *form) {
    return form->kind == FORM_TABLE && form->var == NO_VAR && !form->exact && !form->kind_unknown;
}

/* A constant where anything is selected. */
static Form gather_constant(Gather *g) {
    Lowering *l = g->l;
    if (!g->single && !mean_of_equals_is_exact(l, atoms_at(g->value.atoms, 0)))
        return refuse_adding_up(l, g->node);
    bool same = g->hits || atom_identical(atoms_at(g->value.atoms, 0), g->nothing);
    bool plain = atoms_at(g->value.atoms, 0).kind == ATOM_FLOAT &&
                 !atom_is_minus_zero(atoms_at(g->value.atoms, 0));
    if (same && (g->single || plain)) return g->value;
    static const double readings[2] = {0, 1};
    Atom *domain = ARENA_ARRAY(l->scratch, Atom, 2);
    domain[0] = g->nothing;
    domain[1] = atoms_at(g->value.atoms, 0);
    PlanMove move = {.kind = MOVE_REAL, .source = NO_VAR, .value = feature_constant(1)};
    Var var = {.count = 2,
               .domain = atoms_listed(domain),
               .readings = readings,
               .error = mean_error(l, 1)};
    double number;
    bool text = domain[1].kind == ATOM_STRING;
    if (text && !g->single && !trap_several(g))
        return form_refused(g->node, "whether several strings are selected can't be told");
    Form form = gather_done(g, move, var, 0);
    if (text || g->single || !atom_as_double(domain[1], &number)) return form;
    Atom *means = ARENA_ARRAY(l->scratch, Atom, 2);
    means[0] = domain[0];
    means[1] = atom_float(number + 0.0); /* of several -0.0 it is 0.0 */
    form.atoms = atoms_listed(means);
    const Selection selection = selection_of(g);
    settle_kind_of_constant(l, &selection, domain, &form);
    return form;
}

/* Moves the coordinates themselves: any value, when at most one is selected. */
static Form gather_coded(Gather *g) {
    Lowering *l = g->l;
    Form table;
    if (!form_as_table(l, g->node, &g->value, &table))
        return form_refused(g->node, plan_text(l, "what %s gathers has too many possible values",
                                               plan_name(l, g->node)));
    if (table.var == NO_VAR) { /* a sum whose parts cancel out */
        g->value = table;
        return gather_constant(g);
    }
    uint32_t count = plan_get(l, table.var)->count, nothing = count;
    Atom *domain = ARENA_ARRAY(l->scratch, Atom, count + 1);
    for (uint32_t v = count; v-- > 0;) {
        domain[v] = atoms_at(table.atoms, v);
        if (atom_identical(atoms_at(table.atoms, v), g->nothing)) nothing = v;
    }
    if (g->hits)
        nothing = 0;
    else if (nothing == count)
        domain[count++] = g->nothing;
    PlanMove move = {.kind = MOVE_CODED, .source = table.var, .default_index = nothing};
    Var var = {.count = count, .domain = plan_keep_atoms(l, domain, count)};
    return gather_done(g, move, var, plan_get(l, table.var)->phase);
}

static int atom_number_order(const void *a, const void *b) {
    double x = 0, y = 0;
    (void)atom_as_double(*(const Atom *)a, &x);
    (void)atom_as_double(*(const Atom *)b, &y);
    return (x > y) - (x < y);
}

/* One whole number, moved as a number. NONE: two different atoms are the same number. */
static Form gather_number(Gather *g, const Form *sum) {
    Lowering *l = g->l;
    bool table = g->value.kind == FORM_TABLE;
    double nothing = 0;
    if (!g->hits && !atom_whole(g->nothing, &nothing)) return (Form){.kind = FORM_NONE};
    if (!table && sum->high - sum->low > PLAN_DOMAIN) return (Form){.kind = FORM_NONE};
    uint32_t count = table ? form_count(l, &g->value) : (uint32_t)(sum->high - sum->low) + 1;
    uint32_t kept = 0;
    Atom *domain = ARENA_ARRAY(l->scratch, Atom, count + 1);
    for (uint32_t v = 0; v < count; v++) {
        Atom atom = table           ? atoms_at(g->value.atoms, v)
                    : sum->floating ? atom_float(sum->low + v)
                                    : atom_int((int64_t)sum->low + v);
        if (!atom_failed(atom)) domain[kept++] = atom;
    }
    if (!g->hits) domain[kept++] = g->nothing;
    qsort(domain, kept, sizeof(Atom), atom_number_order);
    count = 0;
    for (uint32_t v = 0; v < kept; v++) {
        if (count && atom_identical(domain[count - 1], domain[v])) continue;
        if (count && atom_number_order(&domain[count - 1], &domain[v]) == 0)
            return (Form){.kind = FORM_NONE};
        domain[count++] = domain[v];
    }
    double *readings = ARENA_ARRAY(l->scratch, double, count);
    for (uint32_t v = 0; v < count; v++)
        (void)atom_whole(domain[v], &readings[v]);
    PlanMove move = {.kind = MOVE_REAL,
                     .source = NO_VAR,
                     .value = sum->sum,
                     .default_value = g->hits ? 0 : nothing};
    Var var = {.count = count, .domain = plan_keep_atoms(l, domain, count), .readings = readings};
    return gather_done(g, move, var, feature_phase(l, sum->sum));
}

/* The mean of whole numbers, or of so many parts of 1. */
static Form gather_mean(Gather *g, const Form *sum) {
    Lowering *l = g->l;
    double nothing = 0;
    if (!g->hits && (g->nothing.kind == ATOM_STRING || !atom_as_double(g->nothing, &nothing) ||
                     !isfinite(nothing) || fabs(nothing) > PLAN_NUMBER))
        return form_refused(g->node, plan_text(l,
                                               "the default of %s is no number, and what it "
                                               "gathers is a mean",
                                               plan_name(l, g->node)));
    nothing = nothing == 0 ? 0 : nothing / g->unit; /* -0.0 is a matter of its kind */
    double shift = g->hits ? sum->low : fmin(sum->low, nothing);
    double top = g->hits ? sum->high : fmax(sum->high, nothing);
    const double *fractions = NULL;
    uint32_t count = 0;
    if (g->use == MEAN_VALUES)
        count = plan_fractions(l, (int64_t)sum->low, (int64_t)sum->high, g->hits ? NULL : &nothing,
                               &fractions);
    if (g->use == MEAN_VALUES && count == 0 && nothing != floor(nothing))
        return form_refused(g->node, plan_text(l,
                                               "%s is a mean with too many possible values "
                                               "beside a default that is not whole",
                                               plan_name(l, g->node)));
    double *readings = count ? ARENA_ARRAY(l->scratch, double, count) : NULL;
    Atom *domain = count ? ARENA_ARRAY(l->scratch, Atom, count) : NULL;
    for (uint32_t v = 0; v < count; v++) {
        readings[v] = fractions[v] - shift;
        domain[v] = atom_float(fractions[v] * g->unit);
    }
    PlanMove move = {.kind = MOVE_REAL,
                     .source = NO_VAR,
                     .value = feature_combine(l, 1, sum->sum, 1, feature_constant(-shift)),
                     .default_value = g->hits ? 0 : nothing - shift};
    Var var = {.count = count,
               .domain = atoms_listed(domain),
               .readings = readings,
               .shift = shift,
               .fractions = nothing == floor(nothing),
               .unit = g->unit,
               .error = mean_error(l, top - shift) + shift_error(shift, top)};
    Form form = gather_done(g, move, var, feature_phase(l, sum->sum));
    form.low = sum->low;
    form.high = sum->high;
    form.extra = g->hits ? sum->low : nothing;
    if (g->use == MEAN_COMPARED) {
        Form bands = form_bands(l, g->node, &form, NO_NODE);
        if (bands.kind != FORM_NONE) return bands;
    }
    if (g->use == MEAN_SIGN) return form_sign(l, g->node, &form);
    if (g->use == MEAN_PERHAPS) return form;
    const Selection selection = selection_of(g);
    settle_kind_of_mean(l, &selection, sum, &form);
    /* An int would be read as so many parts. */
    if (form.kind == FORM_FRACTION && g->unit != 1 && form.exact) {
        form.kind_unknown = true;
        form.exact = NULL;
    }
    return form;
}

static bool holds_text(const Lowering *l, const Form *form) {
    if (form->kind != FORM_TABLE) return false;
    for (uint32_t v = 0; v < form_count(l, form); v++) {
        if (atoms_at(form->atoms, v).kind == ATOM_STRING) return true;
    }
    return false;
}

/* A sum of the same numbers, in which -0.0 is 0. */
static bool sum_without_signs(Lowering *l, const Form *form, Form *sum) {
    if (form->kind != FORM_TABLE) return false;
    Form unsigned_zeros = *form;
    const Atoms sides[2] = {form->atoms, form->alternative};
    for (int side = 0; side < 2; side++) {
        uint32_t count = side == 0 || form->exact ? form_count(l, form) : 0;
        Atom *atoms = ARENA_ARRAY(l->scratch, Atom, count);
        for (uint32_t v = 0; v < count; v++) {
            atoms[v] = atoms_at(sides[side], v);
            if (atom_is_minus_zero(atoms[v])) atoms[v] = atom_float(0);
        }
        if (count && side == 0) unsigned_zeros.atoms = atoms_listed(atoms);
        if (count && side == 1) unsigned_zeros.alternative = atoms_listed(atoms);
    }
    return form_as_sum(l, &unsigned_zeros, sum);
}

/* Numbers that the float type does not hold are moved as a code. */
static bool is_large_table(const Lowering *l, const Form *form) {
    double value, most = ldexp(1, float_info(l->options->float_type)->significand);
    if (form->kind != FORM_TABLE || form_count(l, form) > CODED_VALUES) return false;
    for (uint32_t v = 0; v < form_count(l, form); v++) {
        if (atom_failed(atoms_at(form->atoms, v)) || !atom_whole(atoms_at(form->atoms, v), &value))
            continue;
        if (fabs(value) > most) return true;
    }
    return false;
}

static Form gather_value(Gather *g) {
    Lowering *l = g->l;
    Form sum;
    if (is_one_atom(&g->value)) return gather_constant(g);
    if (g->value.kind == FORM_FRACTION)
        return form_refused(g->node, plan_text(l, "%s gathers means with too many possible values",
                                               plan_name(l, g->node)));
    if (holds_text(l, &g->value)) {
        if (!g->single && !trap_several(g))
            return form_refused(g->node, "whether several strings are selected can't be told");
        return gather_coded(g);
    }
    if (g->value.noise != NOISE_NONE)
        return form_refused(g->node, "a count times a mean rounds twice; round() it before "
                                     "gathering it");
    bool whole = form_as_sum(l, &g->value, &sum);
    if (!g->single && !whole) whole = sum_without_signs(l, &g->value, &sum);
    if (g->single && g->value.exact) {
        g->value = form_choose_kind(l, g->node, &g->value);
        return g->value.kind == FORM_REFUSED ? g->value : gather_coded(g);
    }
    if (g->single) {
        bool number = whole && !is_large_table(l, &g->value);
        Form form = number ? gather_number(g, &sum) : (Form){.kind = FORM_NONE};
        if (form.kind == FORM_NONE) form = gather_coded(g);
        form.kind_unknown = g->value.kind_unknown;
        return form;
    }
    if (!whole && !form_as_parts(l, &g->value, &sum, &g->unit))
        return form_refuse_rounding(l, g->node, &g->value);
    return gather_mean(g, &sum);
}

/* A constant of a selector that no head realises: how many it selects says what is gathered. */
static Form gather_by_count(Gather *g) {
    Lowering *l = g->l;
    Form count = selected_count(l, g->node, g->selector);
    Atom value = atoms_at(g->value.atoms, 0);
    double number = 0;
    bool text = value.kind == ATOM_STRING;
    if (count.kind == FORM_REFUSED) return count;
    if (text && !trap_several(g))
        return form_refused(g->node, "whether several strings are selected can't be told");
    if (!text && (atom_failed(value) || !atom_as_double(value, &number)))
        return form_refused(
            g->node, plan_text(l, "%s gathers a number that is no float", plan_name(l, g->node)));
    if (!mean_of_equals_is_exact(l, value)) return refuse_adding_up(l, g->node);
    uint32_t counts = form_count(l, &count);
    Atom *atoms = ARENA_ARRAY(l->scratch, Atom, counts);
    for (uint32_t v = 0; v < counts; v++) {
        double n = 0;
        (void)atom_whole(atoms_at(count.atoms, v), &n);
        atoms[v] = n <= 0 ? g->nothing : n == 1 || text ? value : atom_float(number + 0.0);
    }
    return form_table(count.var, atoms_listed(atoms));
}

/* What the gather's selector gathers of its value. */
static Form gather(Gather g) {
    Lowering *l = g.l;
    const Formula *formula = &l->formulas[g.selector];
    if (g.value.kind == FORM_REFUSED) return g.value;
    if (formula->refused_at != NO_NODE) return form_refused(formula->refused_at, formula->why);
    if (formula->count == 0) return form_constant(l, g.nothing);
    const char *why = NULL;
    g.head.selector = g.selector;
    if (formula->count == 1 && formula->products[0].coefficient == 1) {
        g.head.conjunction = formula->products[0].conjunction;
        g.single = selects_at_most_one(l, &g.head.conjunction);
        if (!terms_of_conjunction(l, &g.head.conjunction, false, &g.hits, &g.head, &why))
            return form_refuse_selector(l, g.selector, why);
        g.hits = g.hits || selects_exactly_one(l, &g.head.conjunction);
    } else {
        g.head.whole_formula = true;
        if (!terms_of_formula(l, formula, g.selector, &g.head, &why)) {
            bool constant = is_one_atom(&g.value);
            Form counted = constant ? gather_by_count(&g) : g.value;
            return constant && counted.kind != FORM_REFUSED
                       ? counted
                       : form_refuse_selector(l, g.selector, why);
        }
    }
    return gather_value(&g);
}

static Form aggregate_used(Lowering *l, NodeId id, MeanUse use) {
    const Node *node = graph_node(l->graph, id);
    return gather((Gather){.l = l,
                           .node = id,
                           .selector = node->args[0],
                           .value = l->forms[node->args[1]],
                           .nothing = node->atom,
                           .use = use,
                           .unit = 1});
}

Form form_aggregate(Lowering *l, NodeId id) { return aggregate_used(l, id, mean_use(l, id)); }

Form form_aggregate_listed(Lowering *l, NodeId id) { return aggregate_used(l, id, MEAN_VALUES); }

Form form_sign_of_mean(Lowering *l, NodeId id, NodeId selector, const Form *value, Atom nothing) {
    Form sign = gather((Gather){.l = l,
                                .node = id,
                                .selector = selector,
                                .value = *value,
                                .nothing = nothing,
                                .use = MEAN_SIGN,
                                .unit = 1});
    sign.exact = NULL; /* the sign is the same, whatever the kind */
    sign.kind_unknown = false;
    return sign;
}
