/* What makes a node as deep as it is. */
#include "compiler/driver/report.h"

/* An argument for whose sake the node lies where it does: an attention lies in the layer of its
   selector or above its values, a selector above what it compares, everything else where its
   deepest argument is. NO_NODE: it has no arguments. */
static NodeId deepest_reason(const Graph *graph, NodeId id) {
    const Node *node = graph_node(graph, id);
    for (uint32_t i = 0; i < op_info(node->op)->arity; i++) {
        const Node *argument = graph_node(graph, node->args[i]);
        bool above = op_info(node->op)->kind == OPKIND_SELECTOR
                         ? argument->type != TYPE_SELECTOR
                         : node->op == OP_AGGREGATE && i == 1;
        if (argument->depth + above == node->depth) return node->args[i];
    }
    return NO_NODE;
}

Chain depth_chain(Arena *arena, const Graph *graph, NodeId root) {
    NodeId *nodes = ARENA_ARRAY(arena, NodeId, (size_t)root + 1);
    Chain chain = {.nodes = nodes};
    for (NodeId id = root; id != NO_NODE && graph_node(graph, id)->depth > 0;
         id = deepest_reason(graph, id)) {
        bool element = op_info(graph_node(graph, id)->op)->kind == OPKIND_ELEMENT;
        if (id == root || !element || graph_name_of(graph, id)) nodes[chain.count++] = id;
    }
    return chain;
}
