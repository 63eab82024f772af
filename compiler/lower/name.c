/* Names of heads, as the program would say them: the selector's own, else that of the first
   aggregate or width that the head is for, else of what that is a part of. */
#include "compiler/lower/encode.h"

#include <string.h>

/* For every node (graph count) the nearest one that has a name and needs it, itself first; of
   several the first. NO_NODE: there is none. */
static const NodeId *named_owners(const Lowering *l) {
    NodeId *owners = ARENA_ARRAY(l->scratch, NodeId, l->graph->count);
    for (NodeId id = 0; id < l->graph->count; id++)
        owners[id] = NO_NODE;
    for (NodeId id = l->output + 1; id-- > 0;) {
        const Node *node = graph_node(l->graph, id);
        if (!l->needed[id]) continue;
        if (graph_name_of(l->graph, id)) owners[id] = id;
        for (int i = 0; i < op_info(node->op)->arity && owners[id] != NO_NODE; i++)
            owners[node->args[i]] = owners[id];
    }
    return owners;
}

static const PlanMove *first_live_move(const PlanHead *head) {
    for (uint32_t m = 0; m < head->move_count; m++) {
        if (head->moves[m].live) return &head->moves[m];
    }
    return NULL;
}

static const String *basic_name(const Encoder *e, const NodeId *owners, const PlanHead *head) {
    const Graph *graph = e->l->graph;
    const String *own = graph_name_of(graph, head->selector);
    const PlanMove *move = first_live_move(head);
    if (own) return own;
    NodeId owner = move ? owners[move->node] : NO_NODE;
    if (owner != NO_NODE) return graph_name_of(graph, owner);
    return string_from(e->arena, op_info(graph_node(graph, head->selector)->op)->name);
}

static bool is_taken(const String *const *names, uint32_t count, const String *name) {
    for (uint32_t h = 0; h < count; h++) {
        if (names[h] && string_equal(names[h], name)) return true;
    }
    return false;
}

const String *const *encode_head_names(Encoder *e) {
    const Lowering *l = e->l;
    const NodeId *owners = named_owners(l);
    const String **names = ARENA_ARRAY(l->scratch, const String *, l->head_count);
    for (uint32_t h = 0; h < l->head_count; h++) {
        if (!e->head_live[h]) continue;
        const String *basic = basic_name(e, owners, &l->heads[h]), *name = basic;
        for (uint32_t copy = 2; is_taken(names, h, name); copy++) {
            Buffer text = {0};
            buffer_add(&text, basic->bytes, basic->len);
            buffer_printf(&text, ".%u", copy);
            name = string_new(e->arena, text.data, text.len);
            buffer_free(&text);
        }
        names[h] = name;
    }
    return names;
}
