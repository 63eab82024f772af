/* Totals: a mean times its own count is a sum, and a sum is counted value by value, exactly. */
#include "compiler/lower/plan.h"

#include <math.h>

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
        if (!atom_whole(form->atoms[v], &value)) return false;
        (void)atom_whole(var->domain[v], &expected);
        if (by_position) expected = fmax(0, expected + c->high + 1);
        if (value != expected) return false;
    }
    return true;
}

/* Does count * (total / count) differ from the total, in doubles, for any that can occur? */
static bool total_is_noisy(const Lowering *l, double greatest) {
    for (uint32_t count = 1; count <= l->options->max_length; count++) {
        for (double total = 1; total <= greatest * count; total++) {
            if (count * (total / count) != total) return true;
        }
    }
    return false;
}

/* Where the mean is an int the total is one: int * int; else int * float is a float. */
static void total_kind(Lowering *l, Form *total, NodeId factor, const Selection *mean) {
    Form count = l->forms[factor];
    Bits exact = {NO_VAR, NULL};
    MeanKind kind = kind_of_mean(l, mean, &exact);
    if (kind == MEAN_FLOAT) return;
    total->kind_unknown = kind == MEAN_UNKNOWN || !form_as_table(l, factor, &count, &count) ||
                          count.exact || count.kind_unknown;
    if (total->kind_unknown) return;
    for (uint32_t v = 0; v < form_count(l, &count); v++) {
        if (count.atoms[v].kind == ATOM_FLOAT) return; /* a float count makes floats of all */
    }
    total->floating = kind != MEAN_OWN;
    if (kind == MEAN_OWN) return;
    total->chooser = exact.var;
    total->exact = exact.bits;
}

/* Sum over each value x of x * (how many selected keys hold x). */
static Form total_by_values(Lowering *l, NodeId id, NodeId selector, NodeId factor,
                            const Form *value, Atom nothing) {
    const Formula *formula = &l->formulas[selector];
    uint32_t count = form_count(l, value);
    double seen[PLAN_TOTAL_VALUES], greatest = 0;
    uint32_t distinct = 0;
    PlanFeature sum = feature_constant(0);
    for (uint32_t v = 0; v < count; v++) {
        double x = 0;
        bool known = atom_failed(value->atoms[v]) || (atom_whole(value->atoms[v], &x) && x == 0);
        for (uint32_t i = 0; i < distinct && !known; i++)
            known = seen[i] == x;
        if (known) continue;
        if (distinct == PLAN_TOTAL_VALUES)
            return form_refused(id, plan_text(l,
                                              "%s is a total of numbers with more than %d "
                                              "different values",
                                              plan_name(l, id), PLAN_TOTAL_VALUES));
        seen[distinct++] = x;
        greatest = fmax(greatest, fabs(x));
        uint8_t *bits = ARENA_ARRAY(l->scratch, uint8_t, count);
        for (uint32_t u = 0; u < count; u++) {
            double y = 0;
            bits[u] = !atom_failed(value->atoms[u]) && atom_whole(value->atoms[u], &y) && y == x;
        }
        Formula holding = value->var == NO_VAR
                              ? *formula
                              : formula_and_key(l, formula, selector, value->var, bits);
        Form width = form_width(l, id, selector, &holding), as_sum;
        if (width.kind == FORM_REFUSED) return width;
        if (!form_as_sum(l, &width, &as_sum)) return (Form){.kind = FORM_NONE};
        sum = feature_combine(l, 1, sum, x, as_sum.sum);
    }
    Form form = form_of_sum(l, sum, true), table;
    if (form.low < -PLAN_NUMBER || form.high > PLAN_NUMBER)
        return form_refused(
            id, plan_text(l, "%s can reach numbers beyond %.0f", plan_name(l, id), PLAN_NUMBER));
    if (total_is_noisy(l, greatest)) form.noise = NOISE_NOT_AT_ZERO;
    form.counter = selector;
    const Selection mean = {id, selector, value, nothing, false};
    total_kind(l, &form, factor, &mean);
    if (sum.count <= 1 && form_as_table(l, id, &form, &table)) return table;
    return form;
}

Form form_total(Lowering *l, NodeId id) {
    const Node *node = graph_node(l->graph, id);
    Form none = {.kind = FORM_NONE};
    if (node->op != OP_MUL) return none;
    for (int i = 0; i < 2; i++) {
        NodeId mean = node->args[i], factor = node->args[1 - i];
        const Node *aggregate = graph_node(l->graph, mean);
        double nothing;
        if (aggregate->op != OP_AGGREGATE || !counts_selected(l, factor, aggregate->args[0]))
            continue;
        if (aggregate->atom.kind == ATOM_STRING || !atom_as_double(aggregate->atom, &nothing) ||
            !isfinite(nothing))
            return none;
        bool ints =
            aggregate->atom.kind != ATOM_FLOAT && graph_node(l->graph, factor)->op == OP_WIDTH;
        if (signbit(nothing) && !ints) return none; /* 0 * -1.0 is -0.0 */
        Form value = l->forms[aggregate->args[1]], sum, table;
        if (!form_as_sum(l, &value, &sum) || value.noise != NOISE_NONE || value.exact ||
            !form_as_table(l, aggregate->args[1], &value, &table))
            return none;
        return total_by_values(l, id, aggregate->args[0], factor, &table, aggregate->atom);
    }
    return none;
}
