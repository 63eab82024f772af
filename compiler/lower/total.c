/* Totals: a mean times its own count is a sum, and a sum is counted exactly: how many selected keys
   have each value or, where there are many values, each binary digit. */
#include "compiler/lower/plan.h"

#include <math.h>

enum { NOISE_TRIED = 1 << 16 }; /* totals that are tried; greater ones are taken to round */

/* Is the factor the number of positions that the aggregate averages over? */
static bool counts_selected(Lowering *l, NodeId factor, NodeId selector) {
    const Node *node = graph_node(l->graph, factor);
    if (node->op == OP_WIDTH && node->args[0] == selector) return true;
    const Formula *formula = &l->formulas[selector];
    const Form *form = &l->forms[factor];
    if (formula->refused_at != NO_NODE || formula->count != 1 ||
        formula->products[0].coefficient != 1 || form->kind != FORM_TABLE || form->var == NO_VAR)
        return false;
    const Conjunction *c = &formula->products[0].conjunction;
    const Var *var = plan_get(l, form->var);
    if (!conjunction_is_mask(c) || c->low != INT32_MIN) return false;
    bool by_length = c->high == INT32_MAX && var->length;
    bool by_position = c->high <= 0 && form->var == plan_position(l);
    if (!by_length && !by_position) return false;
    for (uint32_t v = 0; v < var->count; v++) {
        double value, expected;
        if (!atom_whole(atoms_at(form->atoms, v), &value)) return false;
        (void)atom_whole(atoms_at(var->domain, v), &expected);
        if (by_position) expected = fmax(0, expected + c->high + 1);
        if (value != expected) return false;
    }
    return true;
}

/* Does count * (total / count) differ from the total, in doubles, for any that can occur? */
static bool total_is_noisy(const Lowering *l, double greatest) {
    if (greatest * l->options->max_length > NOISE_TRIED) return true;
    for (uint32_t count = 1; count <= l->options->max_length; count++) {
        for (double total = 1; total <= greatest * count; total++) {
            if (count * (total / count) != total) return true;
        }
    }
    return false;
}

/* Where the mean is an int the total is one: int * int; else int * float is a float. */
static void total_kind(Lowering *l, Form *total, NodeId factor, const Selection *mean) {
    static const uint8_t everywhere[1] = {1};
    Form count = l->forms[factor];
    Bits exact = {NO_VAR, NULL};
    MeanKind kind = kind_of_mean(l, mean, &exact);
    if (kind == MEAN_FLOAT) return;
    if (kind == MEAN_OWN) exact = (Bits){NO_VAR, everywhere};
    total->kind_unknown = kind == MEAN_UNKNOWN || !form_as_table(l, factor, &count, &count) ||
                          count.exact || count.kind_unknown;
    if (total->kind_unknown) return;
    uint32_t counts = form_count(l, &count), ints = 0;
    uint8_t *bits = ARENA_ARRAY(l->scratch, uint8_t, counts);
    for (uint32_t v = 0; v < counts; v++) {
        bits[v] = atoms_at(count.atoms, v).kind != ATOM_FLOAT;
        ints += bits[v];
    }
    if (ints == 0) return;
    total->floating = kind != MEAN_OWN || ints < counts;
    if (!total->floating) return;
    if (ints < counts) exact = plan_both(l, mean->node, exact, (Bits){count.var, bits});
    total->chooser = exact.var;
    total->exact = exact.bits;
}

/* --- counting --------------------------------------------------------------------------------- */

/* A total of one variable's numbers, as a sum of counts of keys. */
typedef struct Counting {
    Lowering *l;
    NodeId node, selector;
    VarId var;
    const double *values; /* (count of var) whole */
    PlanFeature sum;
    Form refused; /* REFUSED, or NONE */
} Counting;

/* Adds weight * how many selected keys have their bit set; bits NULL: all selected keys. */
static bool add_count(Counting *c, double weight, const uint8_t *bits) {
    Lowering *l = c->l;
    Formula holding = l->formulas[c->selector];
    if (bits) holding = formula_and_key(l, &holding, c->selector, c->var, bits);
    Form width = form_width(l, c->node, c->selector, &holding), as_sum;
    if (width.kind == FORM_REFUSED) {
        c->refused = width;
        return false;
    }
    if (!form_as_sum(l, &width, &as_sum)) return false;
    c->sum = feature_combine(l, 1, c->sum, weight, as_sum.sum);
    return true;
}

/* A count for every value. */
static bool add_values(Counting *c, uint32_t distinct, const double *seen) {
    uint32_t count = plan_get(c->l, c->var)->count;
    for (uint32_t i = 0; i < distinct; i++) {
        uint8_t *bits = ARENA_ARRAY(c->l->scratch, uint8_t, count);
        for (uint32_t v = 0; v < count; v++)
            bits[v] = c->values[v] == seen[i];
        if (!add_count(c, seen[i], bits)) return false;
    }
    return true;
}

/* A count for every binary digit of the values, of low upwards. */
static bool add_digits(Counting *c, double low, uint32_t digits) {
    uint32_t count = plan_get(c->l, c->var)->count;
    if (low != 0 && !add_count(c, low, NULL)) return false;
    for (uint32_t d = 0; d < digits; d++) {
        uint8_t *bits = ARENA_ARRAY(c->l->scratch, uint8_t, count);
        uint32_t ones = 0;
        for (uint32_t v = 0; v < count; v++) {
            bits[v] = (uint64_t)(c->values[v] - low) >> d & 1;
            ones += bits[v];
        }
        if (ones > 0 && !add_count(c, ldexp(1, (int)d), bits)) return false;
    }
    return true;
}

static uint32_t digits_of(double greatest) {
    uint32_t digits = 0;
    while (ldexp(1, (int)digits) <= greatest)
        digits++;
    return digits;
}

/* By values or by digits, whichever takes fewer counts; values from the least one upwards where
   that is negative or saves two digits. */
static bool count_variable(Counting *c) {
    uint32_t count = plan_get(c->l, c->var)->count, distinct = 0;
    double seen[PLAN_TOTAL_VALUES], low = INFINITY, high = -INFINITY;
    for (uint32_t v = 0; v < count; v++) {
        uint32_t i = 0;
        low = fmin(low, c->values[v]);
        high = fmax(high, c->values[v]);
        while (i < distinct && i < PLAN_TOTAL_VALUES && seen[i] != c->values[v])
            i++;
        if (i < distinct || c->values[v] == 0) continue;
        if (distinct < PLAN_TOTAL_VALUES) seen[distinct] = c->values[v];
        distinct = i + 1;
    }
    uint32_t shifted = digits_of(high - low) + 1, plain = low < 0 ? UINT32_MAX : digits_of(high);
    uint32_t digits = shifted < plain ? shifted : plain;
    if (distinct <= PLAN_TOTAL_VALUES && distinct <= digits) return add_values(c, distinct, seen);
    return shifted < plain ? add_digits(c, low, shifted - 1) : add_digits(c, 0, plain);
}

/* A total of a sum is the sum of its terms' totals. value: averaged, as a sum. */
static Form total_of_sum(Lowering *l, NodeId id, NodeId selector, NodeId factor,
                         const Form *averaged, const Form *value, Atom nothing) {
    Counting c = {.l = l, .node = id, .selector = selector};
    double greatest = fmax(fabs(value->low), fabs(value->high));
    if (greatest * l->options->max_length > PLAN_NUMBER)
        return form_refused(
            id, plan_text(l, "%s can reach numbers beyond %.0f", plan_name(l, id), PLAN_NUMBER));
    c.refused = (Form){.kind = FORM_NONE};
    if (value->sum.constant != 0 && !add_count(&c, value->sum.constant, NULL)) return c.refused;
    for (uint32_t i = 0; i < value->sum.count; i++) {
        c.var = value->sum.terms[i].var;
        c.values = value->sum.terms[i].values;
        if (!count_variable(&c)) return c.refused;
    }
    Form form = form_of_sum(l, c.sum, true), table;
    /* The parts' ranges say less than that so many values are added. */
    form.low = fmax(form.low, fmin(0, value->low * l->options->max_length));
    form.high = fmin(form.high, fmax(0, value->high * l->options->max_length));
    if (total_is_noisy(l, greatest)) form.noise = NOISE_NOT_AT_ZERO;
    form.counter = selector;
    const Selection mean = {id, selector, averaged, nothing, false};
    total_kind(l, &form, factor, &mean);
    if (c.sum.count <= 1 && form_as_table(l, id, &form, &table)) return table;
    return form;
}

NodeId total_factor(Lowering *l, NodeId id) {
    const Node *node = graph_node(l->graph, id);
    for (int i = 0; i < 2 && node->op == OP_MUL; i++) {
        const Node *mean = graph_node(l->graph, node->args[i]);
        if (mean->op == OP_AGGREGATE && counts_selected(l, node->args[1 - i], mean->args[0]))
            return node->args[1 - i];
    }
    return NO_NODE;
}

Form form_total(Lowering *l, NodeId id) {
    NodeId factor = total_factor(l, id);
    Form none = {.kind = FORM_NONE}, sum;
    double nothing;
    if (factor == NO_NODE) return none;
    const Node *node = graph_node(l->graph, id);
    const Node *mean = graph_node(l->graph, node->args[node->args[0] == factor]);
    if (l->formulas[mean->args[0]].refused_at != NO_NODE) return none; /* it may fail, even for 0 */
    if (mean->atom.kind == ATOM_STRING || !atom_as_double(mean->atom, &nothing) ||
        !isfinite(nothing))
        return none;
    bool ints = mean->atom.kind != ATOM_FLOAT && graph_node(l->graph, factor)->op == OP_WIDTH;
    if (signbit(nothing) && !ints) return none; /* 0 * -1.0 is -0.0 */
    Form value = l->forms[mean->args[1]];
    if (!form_as_sum(l, &value, &sum) || sum.noise != NOISE_NONE || value.exact) return none;
    return total_of_sum(l, id, mean->args[0], factor, &value, &sum, mean->atom);
}
