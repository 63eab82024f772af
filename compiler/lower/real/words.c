/* Inputs of strings. All that a model can do with one is to compare it with words that the program
   names, so the embedding makes it a one-hot of these; of another string that is zeros. Equality
   with a word is a component: free. */
#include "compiler/lower/real/plan.h"

static const Node *node_at(const RealPlan *plan, NodeId id) { return graph_node(plan->graph, id); }

bool plan_real_is_text(const RealPlan *plan, NodeId id) {
    return node_at(plan, id)->op == OP_INPUT && node_at(plan, id)->type == TYPE_STRING;
}

static void add_word(RealPlan *plan, NodeId text, Atom word) {
    if (word.kind != ATOM_STRING) return;
    if (!plan->words[text]) {
        plan->words[text] = ARENA_NEW(plan->scratch, AtomSet);
        *plan->words[text] = atom_set_new(plan->scratch, 0);
    }
    (void)atom_set_add(plan->words[text], word);
}

/* The words of a comparison, or of a table's keys. */
static void add_words(RealPlan *plan, const Node *node) {
    for (int i = 0; i < 2 && op_info(node->op)->arity == 2; i++) {
        const Node *other = node_at(plan, node->args[1 - i]);
        if (plan_real_is_text(plan, node->args[i]) && other->op == OP_CONST)
            add_word(plan, node->args[i], other->atom);
    }
    if (node->op != OP_MEMBER && node->op != OP_LOOKUP) return;
    for (uint32_t k = 0; plan_real_is_text(plan, node->args[0]) && k < node->table->count; k++)
        add_word(plan, node->args[0], node->table->keys[k]);
}

void plan_real_words(RealPlan *plan) {
    plan->words = ARENA_ARRAY(plan->scratch, AtomSet *, plan->graph->count);
    plan->text_values = ARENA_ARRAY(plan->scratch, ValueId, plan->graph->count);
    for (NodeId id = 0; id < plan->graph->count; id++) {
        plan->text_values[id] = NO_VALUE;
        if (plan->needed[id]) add_words(plan, node_at(plan, id));
    }
}

Form plan_real_is_word(RealPlan *plan, NodeId user, NodeId text, Atom word) {
    if (word.kind != ATOM_STRING) return form_number(plan, 0);
    const AtomSet *words = plan->words[text];
    if (plan->text_values[text] == NO_VALUE) {
        Value value = {.kind = VALUE_INPUT,
                       .node = text,
                       .width = words->count,
                       .writer = NO_ITEM,
                       .of = NO_VALUE};
        plan->text_values[text] = plan_real_value(plan, &value);
    }
    Form all = form_value(plan, plan->text_values[text]);
    return form_row(plan, user, &all, atom_set_find(words, word));
}

bool plan_real_compares_text(RealPlan *plan, NodeId id, Form *is_equal) {
    const Node *node = node_at(plan, id);
    bool first = plan_real_is_text(plan, node->args[0]),
         second = plan_real_is_text(plan, node->args[1]);
    if (!first && !second) return false;
    NodeId text = node->args[first ? 0 : 1];
    const Node *word = node_at(plan, node->args[first ? 1 : 0]);
    *is_equal = (Form){0};
    if (node->op != OP_EQ && node->op != OP_SELECT_EQ && node->op != OP_SELECT_NE)
        plan_real_refuse(plan, id, "strings are compared with == alone");
    else if (first && second)
        plan_real_refuse(
            plan, id,
            "two inputs of strings are compared, and a model knows only the words that "
            "its program names: compare each with those");
    else if (word->op != OP_CONST)
        plan_real_refuse(plan, id, "an input of strings is compared with no constant");
    else
        *is_equal = plan_real_is_word(plan, id, text, word->atom);
    return true;
}
