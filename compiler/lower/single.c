/* Selectors that select one position: where a mean is the value itself. */
#include "compiler/lower/plan.h"

/* Is the key a different one at every position? */
static bool is_injective_position(Lowering *l, NodeId node) {
    const Form *form = &l->forms[node];
    if (form->kind != FORM_TABLE || form->var != plan_position(l)) return false;
    bool rising = true, falling = true;
    for (uint32_t i = 1; i < plan_get(l, form->var)->count; i++) {
        bool ordered;
        int order = atom_failed(form->atoms[i])
                        ? 0
                        : atom_order(form->atoms[i - 1], form->atoms[i], &ordered);
        rising = rising && order < 0;
        falling = falling && order > 0;
    }
    return rising || falling;
}

/* Is the node how many positions come before in a strict order of them all (by a key, ties by
   position)? Then it takes each of 0..length - 1 at exactly one position. */
static bool is_rank(Lowering *l, NodeId id) {
    const Node *node = graph_node(l->graph, id);
    if (node->op != OP_WIDTH) return false;
    const Formula *f = &l->formulas[node->args[0]];
    if (f->refused_at != NO_NODE || f->count != 2) return false;
    bool strict = false, ties = false;
    NodeId compared[2] = {NO_NODE, NO_NODE};
    for (uint32_t i = 0; i < 2; i++) {
        const Conjunction *c = &f->products[i].conjunction;
        if (f->products[i].coefficient != 1 || c->count != 1) return false;
        const Literal *literal = &c->literals[0];
        if (literal->kind != LITERAL_COMPARE || literal->key != literal->query) return false;
        compared[i] = literal->key;
        bool anywhere = c->low == INT32_MIN && c->high == INT32_MAX;
        bool one_way =
            (c->low == INT32_MIN && c->high == -1) || (c->low == 1 && c->high == INT32_MAX);
        strict = strict || (anywhere &&
                            (literal->relation == RELATION_LT || literal->relation == RELATION_GT));
        ties = ties || (one_way && literal->relation == RELATION_EQ);
    }
    return strict && ties && compared[0] == compared[1];
}

/* key == own position, for a key that takes every position once: one is selected, always. */
bool selects_exactly_one(Lowering *l, const Conjunction *c) {
    if (c->count != 1 || c->low != INT32_MIN || c->high != INT32_MAX) return false;
    const Literal *literal = &c->literals[0];
    return literal->kind == LITERAL_COMPARE && literal->relation == RELATION_EQ &&
           is_rank(l, literal->key) && graph_node(l->graph, literal->query)->op == OP_INDICES;
}

bool selects_at_most_one(Lowering *l, const Conjunction *c) {
    if (c->low == c->high) return true;
    for (uint32_t i = 0; i < c->count; i++) {
        const Literal *literal = &c->literals[i];
        if (literal->kind == LITERAL_COMPARE && literal->relation == RELATION_EQ &&
            (is_injective_position(l, literal->key) || is_rank(l, literal->key)))
            return true;
        if (literal->kind == LITERAL_KEY && literal->var == plan_position(l)) {
            uint32_t ones = 0;
            for (uint32_t v = 0; v < plan_get(l, literal->var)->count; v++)
                ones += literal->bits[v];
            if (ones <= 1) return true;
        }
    }
    return false;
}
