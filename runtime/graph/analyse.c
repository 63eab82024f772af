/* Layers and heads: which selectors gather at which depth (language I.7). */
#include "runtime/graph/graph.h"

#include "runtime/base/limits.h"

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

typedef struct Uses {
    Arena *arena;
    uint64_t *items; /* (count) */
    uint32_t count, capacity;
    bool whole; /* none was left out */
} Uses;

static void add_use(Uses *uses, uint64_t layer, NodeId selector, const Layers *layers) {
    if (layer >= layers->count) return; /* of a round after the one that root is from */
    if (uses->count == LIMIT_GRAPH_LAYERS) {
        uses->whole = false;
        return;
    }
    if (uses->count == uses->capacity) {
        uint32_t larger = uses->capacity ? 2 * uses->capacity : 64;
        uses->items =
            arena_grow(uses->arena, uses->items, uses->count, larger, sizeof *uses->items);
        uses->capacity = larger;
    }
    uses->items[uses->count++] = head_use((uint32_t)layer, selector);
}

/* The node's use in the first round of the loops that it depends on stands last in the list; adds
   those of their other rounds. */
static void add_rounds(Uses *uses, const Graph *graph, const Node *node, const Layers *layers) {
    uint32_t first = uses->count - 1;
    for (uint32_t loop = node->loop; loop && uses->whole; loop = graph->loops[loop - 1].outer) {
        const GraphLoop *at = &graph->loops[loop - 1];
        uint32_t last = uses->count;
        for (uint32_t i = first; i < last && at->times > 1; i++) {
            uint64_t layer = loop == node->loop ? node->again - 1
                                                : use_layer(uses->items[i]) + (uint64_t)at->entry;
            for (uint32_t r = 1; r < at->times && uses->whole && layer < layers->count; r++) {
                add_use(uses, layer, node->args[0], layers);
                if (at->step == 0) break;
                layer += at->step;
            }
        }
    }
}

/* Every use by a gather that root needs; a selector asked for by itself is a head too. */
static void collect_uses(Uses *uses, const Graph *graph, NodeId root, const Layers *layers) {
    const uint8_t *needed = graph_needed(graph, root, uses->arena);
    for (NodeId id = 0; id <= root; id++) {
        const Node *node = graph_node(graph, id);
        if (!needed[id] || op_info(node->op)->kind != OPKIND_ATTENTION) continue;
        uint32_t before = uses->count;
        add_use(uses, node->depth - 1, node->args[0], layers);
        if (uses->count > before) add_rounds(uses, graph, node, layers);
    }
    const Node *asked = graph_node(graph, root);
    if (!type_is_sop(asked->type)) add_use(uses, asked->depth - 1, root, layers);
}

static uint32_t sort_unique(uint64_t *uses, uint32_t count) {
    uint32_t kept = 0;
    qsort(uses, count, sizeof *uses, compare_uses);
    for (uint32_t i = 0; i < count; i++)
        if (i == 0 || uses[i] != uses[i - 1]) uses[kept++] = uses[i];
    return kept;
}

Layers graph_layers(const Graph *graph, NodeId root, Arena *arena) {
    Layers layers = {.count = graph_node(graph, root)->depth};
    Uses uses = {.arena = arena, .whole = true};
    collect_uses(&uses, graph, root, &layers);
    uint32_t use_count = uses.count > 0 ? sort_unique(uses.items, uses.count) : 0;
    layers.whole = uses.whole;
    layers.heads = ARENA_ARRAY(arena, uint32_t, layers.count);
    layers.selectors = ARENA_ARRAY(arena, NodeId *, layers.count);
    NodeId *selectors = ARENA_ARRAY(arena, NodeId, use_count);
    for (uint32_t i = 0; i < use_count; i++) {
        uint32_t layer = use_layer(uses.items[i]);
        if (layers.heads[layer]++ == 0) layers.selectors[layer] = &selectors[i];
        selectors[i] = (NodeId)uses.items[i];
    }
    return layers;
}
