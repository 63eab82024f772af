/* Selectors that select one position: where a mean is the value itself. */
#include "compiler/lower/plan.h"

/* Is the key a different one at every position? */
static bool is_injective_position(Lowering *l, NodeId node) {
    const Form *form = &l->forms[node];
    if (form->kind != FORM_TABLE || form->var != plan_position(l)) return false;
    bool rising = true, falling = true;
    for (uint32_t i = 1; i < plan_get(l, form->var)->count; i++) {
        bool ordered;
        Atom before = atoms_at(form->atoms, i - 1), atom = atoms_at(form->atoms, i);
        int order = atom_failed(atom) ? 0 : atom_order(before, atom, &ordered);
        rising = rising && order < 0;
        falling = falling && order > 0;
    }
    return rising || falling;
}

/* All positions before (or all after) in the input? */
static bool is_one_way(const Conjunction *c) {
    return (c->low == INT32_MIN && c->high == -1) || (c->low == 1 && c->high == INT32_MAX);
}

/* Is the formula a strict order of all positions (by a key, ties by position)? */
static bool is_strict_order(const Formula *f) {
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
        strict = strict || (anywhere &&
                            (literal->relation == RELATION_LT || literal->relation == RELATION_GT));
        ties = ties || (is_one_way(c) && literal->relation == RELATION_EQ);
    }
    return strict && ties && compared[0] == compared[1];
}

/* Is the node how many positions come before in a strict order of them all? Then it takes each of
   0..length - 1 at exactly one position. */
static bool is_rank(const Lowering *l, NodeId id) {
    const Node *node = graph_node(l->graph, id);
    return node->op == OP_WIDTH && is_strict_order(&l->formulas[node->args[0]]);
}

/* --- the occurrence of that number -------------------------------------------------------------
 */

static bool is_equality(const Literal *literal) {
    return literal->kind == LITERAL_COMPARE && literal->relation == RELATION_EQ;
}

/* Do all selected keys agree on the value of node? (Equality of atoms is transitive.) */
static bool keys_agree_on(const Conjunction *c, NodeId node) {
    for (uint32_t i = 0; i < c->count; i++) {
        if (is_equality(&c->literals[i]) && c->literals[i].key == node) return true;
    }
    return false;
}

/* Is the key how many earlier (or later) positions equal it in what all selected keys agree on?
   Then no two of them have the same number. */
static bool is_occurrence_number(const Lowering *l, const Conjunction *selected, NodeId key) {
    const Node *node = graph_node(l->graph, key);
    if (node->op != OP_WIDTH) return false;
    const Formula *f = &l->formulas[node->args[0]];
    if (f->refused_at != NO_NODE || f->count != 1 || f->products[0].coefficient != 1) return false;
    const Conjunction *c = &f->products[0].conjunction;
    if (!is_one_way(c)) return false;
    for (uint32_t i = 0; i < c->count; i++) {
        const Literal *literal = &c->literals[i];
        if (!is_equality(literal) || literal->key != literal->query ||
            !keys_agree_on(selected, literal->key))
            return false;
    }
    return true;
}

/* --- where a selector selects nothing ----------------------------------------------------------
 */

/* Does the variable say whether the head selects anything, its value 0 that it does not? */
static const PlanHead *head_of_focus(const Lowering *l, VarId id) {
    const Var *var = plan_get(l, id);
    if (var->kind != VAR_MOVED || var->count != 2 || !var->readings) return NULL;
    const PlanHead *head = &l->heads[var->head];
    const PlanMove *move = &head->moves[var->move];
    bool constant = move->kind == MOVE_REAL && move->value.count == 0 && move->value.constant == 1;
    return constant && move->default_value == 0 && var->readings[0] == 0 ? head : NULL;
}

/* Is the variable how many positions precede in a strict order of all? */
static bool counts_predecessors(Lowering *l, VarId id) {
    const Var *var = plan_get(l, id);
    if (var->kind != VAR_STEPPED || var->node == NO_NODE) return false;
    const Node *node = graph_node(l->graph, var->node);
    if (node->op != OP_AGGREGATE && node->op != OP_WIDTH) return false;
    const PlanFeature input = var->input;
    NodeId selector = node->args[0];
    if (!is_strict_order(&l->formulas[selector])) return false;
    Form width = form_width(l, var->node, selector, &l->formulas[selector]);
    return width.kind == FORM_SUM && feature_equal(l, width.sum, input);
}

/* Is the set that of the positions that no other precedes in a strict order of all? */
static bool is_least(Lowering *l, const Literal *literal) {
    const PlanHead *head = head_of_focus(l, literal->var);
    if (head)
        return head->whole_formula && is_strict_order(&l->formulas[head->selector]) &&
               literal->bits[0] && !literal->bits[1];
    if (!counts_predecessors(l, literal->var)) return false;
    const Var *var = plan_get(l, literal->var);
    for (uint32_t v = 0; v < var->count; v++) {
        if (literal->bits[v] != (var->readings[v] == 0)) return false;
    }
    return true;
}

/* Does the head select the earlier (or the later) positions where a variable is in a set? */
static const Literal *set_before(const PlanHead *head) {
    const Conjunction *c = &head->conjunction;
    if (head->whole_formula || !is_one_way(c) || c->count != 1) return NULL;
    return c->literals[0].kind == LITERAL_KEY ? &c->literals[0] : NULL;
}

/* Is a position in the look-up's cell in the set, and is none before it? */
static bool cell_is_first(const PlanLookup *lookup, const uint32_t *cell, uint32_t focus,
                          uint32_t member, const Literal *set, uint32_t members) {
    const uint32_t *anything = lookup->classes[focus], *class = lookup->classes[member];
    if (cell[focus] != anything[0] || anything[0] == anything[1]) return false;
    for (uint32_t v = 0; v < members; v++) {
        if (class[v] == cell[member] && !set->bits[v]) return false;
    }
    return true;
}

/* The same of all cells of the literal. */
static bool cells_are_first(const Lowering *l, const Literal *literal, uint32_t focus,
                            uint32_t member, const Literal *set) {
    const PlanLookup *lookup = &plan_get(l, literal->var)->lookup;
    uint32_t cells = 1, members = plan_get(l, set->var)->count;
    for (uint32_t s = 0; s < lookup->source_count; s++)
        cells *= lookup->class_counts[s];
    for (uint32_t i = 0; i < cells; i++) {
        uint32_t cell[PLAN_SOURCES] = {0}, rest = i;
        if (!literal->bits[lookup->result[i]]) continue;
        for (uint32_t s = lookup->source_count; s-- > 0; rest /= lookup->class_counts[s])
            cell[s] = rest % lookup->class_counts[s];
        if (!cell_is_first(lookup, cell, focus, member, set, members)) return false;
    }
    return true;
}

/* Is the literal's set within that of the first (or last) position where something holds? It is a
   look-up over what holds and whether it holds anywhere before. */
static bool is_first_instance(const Lowering *l, const Literal *literal) {
    const Var *var = plan_get(l, literal->var);
    if (var->kind != VAR_LOOKUP) return false;
    for (uint32_t focus = 0; focus < var->lookup.source_count; focus++) {
        const PlanHead *head = head_of_focus(l, var->lookup.sources[focus]);
        const Literal *set = head ? set_before(head) : NULL;
        for (uint32_t member = 0; set && member < var->lookup.source_count; member++) {
            if (var->lookup.sources[member] == set->var &&
                cells_are_first(l, literal, focus, member, set))
                return true;
        }
    }
    return false;
}

static bool is_one_position(Lowering *l, const Literal *literal) {
    uint32_t ones = 0;
    if (literal->var != plan_position(l)) return false;
    for (uint32_t v = 0; v < plan_get(l, literal->var)->count; v++)
        ones += literal->bits[v];
    return ones <= 1;
}

/* Is the set of the literal a single place in a strict order of all positions? */
static bool is_one_rank(const Lowering *l, const Literal *literal) {
    const Node *node = graph_node(l->graph, literal->node);
    return node->op == OP_SELECT_EQ && graph_node(l->graph, node->args[1])->op == OP_CONST &&
           is_rank(l, node->args[0]);
}

/* --- what is asked -----------------------------------------------------------------------------
 */

/* key == own position, for a key that takes every position once, or the least position of all. */
bool selects_exactly_one(Lowering *l, const Conjunction *c) {
    if (c->count != 1 || c->low != INT32_MIN || c->high != INT32_MAX) return false;
    const Literal *literal = &c->literals[0];
    if (literal->kind == LITERAL_KEY) return is_least(l, literal);
    return literal->kind == LITERAL_COMPARE && literal->relation == RELATION_EQ &&
           is_rank(l, literal->key) && graph_node(l->graph, literal->query)->op == OP_INDICES;
}

bool selects_at_most_one(Lowering *l, const Conjunction *c) {
    if (c->low == c->high) return true;
    for (uint32_t i = 0; i < c->count; i++) {
        const Literal *literal = &c->literals[i];
        if (is_equality(literal) &&
            (is_injective_position(l, literal->key) || is_rank(l, literal->key) ||
             is_occurrence_number(l, c, literal->key)))
            return true;
        if (literal->kind == LITERAL_KEY &&
            (is_one_position(l, literal) || is_least(l, literal) || is_one_rank(l, literal) ||
             is_first_instance(l, literal)))
            return true;
    }
    return false;
}
