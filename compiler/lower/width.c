/* Widths: each conjunction is counted by a head, and a formula is a signed sum of these counts. */
#include "compiler/lower/plan.h"

#include <math.h>
#include <string.h>

/* A range of positions that reaches back to the first is counted by the position itself. */
static PlanFeature width_of_range(Lowering *l, int32_t high) {
    VarId position = plan_position(l);
    uint32_t count = plan_get(l, position)->count;
    double *values = ARENA_ARRAY(l->scratch, double, count);
    for (uint32_t i = 0; i < count; i++) {
        int64_t selected = (int64_t)i + high + 1;
        values[i] = selected < 0 ? 0 : (double)selected;
    }
    return feature_own(l, position, values);
}

/* The variable of a head that counts what the conjunction selects; NO_VAR: there is none yet. */
static VarId counted_before(const Lowering *l, const Conjunction *c) {
    for (uint32_t h = 0; h < l->head_count; h++) {
        const PlanHead *head = &l->heads[h];
        if (head->null_policy != NULL_COUNTED || head->whole_formula ||
            !conjunction_equal(l, &head->conjunction, c))
            continue;
        for (uint32_t m = 0; m < head->move_count; m++) {
            if (head->moves[m].kind == MOVE_NULL_WEIGHT) return head->moves[m].target;
        }
    }
    return NO_VAR;
}

/* Value v of the variable is a width of max_length - v. */
static PlanFeature width_feature(Lowering *l, VarId var) {
    uint32_t count = plan_get(l, var)->count;
    return feature_table(l, var, plan_progression(l, l->options->max_length, -1, false, count));
}

/* One head with the null key among the selected: its weight x is 1 / (w + 1), and steps read w off
   x. As x rises, w falls: value v of the domain is w = max_length - v. */
static bool width_of_conjunction(Lowering *l, NodeId node, NodeId selector, const Conjunction *c,
                                 PlanFeature *width, const char **why) {
    bool hits;
    PlanHead head = {.selector = selector, .conjunction = *c, .null_policy = NULL_COUNTED};
    if (c->count == 0 && c->low == INT32_MIN && c->high <= 0) {
        *width = width_of_range(l, c->high);
        return true;
    }
    VarId counted = counted_before(l, c);
    if (counted != NO_VAR) {
        *width = width_feature(l, counted);
        return true;
    }
    if (!terms_of_conjunction(l, c, true, &hits, &head, why)) return false;
    plan_head_phase(l, &head, 0);
    uint32_t most = l->options->max_length, least = hits ? 1 : 0;
    /* Listed down to 0 even where that is no value: all widths share the list. */
    uint32_t listed = most + 1;
    double *readings = ARENA_ARRAY(l->scratch, double, listed);
    for (uint32_t v = 0; v < listed; v++)
        readings[v] = float_round(l->options->float_type, 1.0 / ((double)(most - v) + 1));
    Var var = {.node = node,
               .count = most - least + 1,
               .domain = atoms_run(most, -1, false),
               .readings = plan_keep_numbers(l, readings, listed),
               .length = c->count == 0 && c->low == INT32_MIN && c->high == INT32_MAX};
    PlanMove move = {.kind = MOVE_NULL_WEIGHT, .node = node, .source = NO_VAR};
    *width = width_feature(l, plan_move(l, &head, move, var));
    return true;
}

/* width(a) where a holds `!=`: width(rest) - width(rest and ==). */
static bool width_of_product(Lowering *l, NodeId node, NodeId selector, const Product *product,
                             PlanFeature *sum, const char **why) {
    const Conjunction *c = &product->conjunction;
    for (uint32_t i = 0; i < c->count; i++) {
        if (c->literals[i].kind != LITERAL_COMPARE ||
            c->literals[i].relation != (RELATION_LT | RELATION_GT))
            continue;
        Literal *equal = ARENA_ARRAY(l->scratch, Literal, c->count);
        Literal *rest = ARENA_ARRAY(l->scratch, Literal, c->count);
        memcpy(equal, c->literals, c->count * sizeof(Literal));
        memcpy(rest, c->literals, i * sizeof(Literal));
        memcpy(rest + i, c->literals + i + 1, (c->count - i - 1) * sizeof(Literal));
        equal[i].relation = RELATION_EQ;
        Product without = {product->coefficient, {c->low, c->high, c->count - 1, rest}};
        Product with = {-product->coefficient, {c->low, c->high, c->count, equal}};
        /* Each step removes one `!=`: at most PLAN_LITERALS deep. */
        return width_of_product(l, node, selector, &without, sum, why) &&
               width_of_product(l, node, selector, &with, sum, why);
    }
    PlanFeature width;
    if (!width_of_conjunction(l, node, selector, c, &width, why)) return false;
    *sum = feature_combine(l, 1, *sum, (double)product->coefficient, width);
    return true;
}

Form form_width(Lowering *l, NodeId node, NodeId selector, const Formula *formula) {
    if (formula->refused_at != NO_NODE) return form_refused(formula->refused_at, formula->why);
    PlanFeature sum = feature_constant(0);
    const char *why = NULL;
    for (uint32_t i = 0; i < formula->count; i++) {
        if (!width_of_product(l, node, selector, &formula->products[i], &sum, &why))
            return form_refuse_selector(l, node, why);
    }
    Form form = form_of_sum(l, sum, false);
    /* The parts' ranges say less than that this is a number of positions. */
    form.low = fmax(form.low, 0);
    form.high = fmin(form.high, l->options->max_length);
    if (sum.count <= 1) {
        Form table;
        if (form_as_table(l, node, &form, &table)) return table;
    }
    return form;
}
