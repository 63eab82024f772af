/* Layers and heads: which selectors gather at which depth (language I.7). */
#include "runtime/graph/graph.h"

#include <stdlib.h>

/* One use of a selector: the layer above, the selector's id below, so that numbers sort as uses do.
 */
static uint64_t head_use(uint32_t layer, NodeId selector) {
    return (uint64_t)layer << 32 | selector;
}
static uint32_t use_layer(uint64_t use) { return (uint32_t)(use >> 32); }

static int compare_uses(const void *left, const void *right) {
    uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;
    return (a > b) - (a < b);
}

/* Every use by a gather that root needs; a selector asked for by itself is a head too. */
static uint32_t collect_uses(const Graph *graph, NodeId root, Arena *arena, uint64_t *uses) {
    const uint8_t *needed = graph_needed(graph, root, arena);
    uint32_t count = 0;
    for (NodeId id = 0; id <= root; id++) {
        const Node *node = graph_node(graph, id);
        if (needed[id] && op_info(node->op)->kind == OPKIND_ATTENTION)
            uses[count++] = head_use(node->depth - 1, node->args[0]);
    }
    const Node *asked = graph_node(graph, root);
    if (asked->type == TYPE_SELECTOR) uses[count++] = head_use(asked->depth - 1, root);
    return count;
}

static uint32_t sort_unique(uint64_t *uses, uint32_t count) {
    uint32_t kept = 0;
    qsort(uses, count, sizeof *uses, compare_uses);
    for (uint32_t i = 0; i < count; i++)
        if (i == 0 || uses[i] != uses[i - 1]) uses[kept++] = uses[i];
    return kept;
}

Layers graph_layers(const Graph *graph, NodeId root, Arena *arena) {
    uint64_t *uses = ARENA_ARRAY(arena, uint64_t, (size_t)root + 2);
    uint32_t use_count = sort_unique(uses, collect_uses(graph, root, arena, uses));
    Layers layers = {.count = graph_node(graph, root)->depth};
    layers.heads = ARENA_ARRAY(arena, uint32_t, layers.count);
    layers.selectors = ARENA_ARRAY(arena, NodeId *, layers.count);
    NodeId *selectors = ARENA_ARRAY(arena, NodeId, use_count);
    for (uint32_t i = 0; i < use_count; i++) {
        uint32_t layer = use_layer(uses[i]);
        if (layers.heads[layer]++ == 0) layers.selectors[layer] = &selectors[i];
        selectors[i] = (NodeId)uses[i];
    }
    return layers;
}
