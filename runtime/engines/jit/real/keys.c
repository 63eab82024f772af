/* The keys that a head looks at, and what parts of selectors say of one side. */
#include "runtime/engines/jit/real/run.h"

#include "runtime/base/bug.h"

#include <string.h>

static bool holds(GraphOp op, double key, double query) {
    switch (op) {
    case OP_SELECT_EQ: return key == query;
    case OP_SELECT_NE: return key != query;
    case OP_SELECT_LT: return key < query;
    case OP_SELECT_LE: return key <= query;
    case OP_SELECT_GT: return key > query;
    case OP_SELECT_GE: return key >= query;
    default: BUG("%s compares nothing", op_info(op)->name);
    }
}

static void compare(const Run *run, const Node *node, uint8_t *out) {
    Scalars key = run_numbers(run, node->args[0]), query = run_numbers(run, node->args[1]);
    for (int64_t i = 0; i < run->n; i++)
        out[i] = holds(node->op, number_at(&key, i), number_at(&query, i));
}

static void combine(const Run *run, const Node *node, uint8_t *const *cells, uint8_t *out) {
    const uint8_t *a = cells[node->args[0]];
    const uint8_t *b = node->op == OP_SEL_NOT ? a : cells[node->args[1]];
    for (int64_t i = 0; i < run->n; i++)
        out[i] = node->op == OP_SEL_AND ? a[i] & b[i] : node->op == OP_SEL_OR ? a[i] | b[i] : !a[i];
}

/* One side is constant in every comparison, so a position stands for either side. */
static bool fill_part(Run *run, NodeId part, uint8_t *mask) {
    uint8_t **cells = run_take(run, part + 1, sizeof *cells);
    uint8_t *under = run_take(run, part + 1, 1);
    if (!cells || !under) return false;
    under[part] = 1;
    for (NodeId id = part + 1; id-- > 0;) {
        const Node *node = graph_node(run->graph, id);
        bool combines = node->op == OP_SEL_AND || node->op == OP_SEL_OR || node->op == OP_SEL_NOT;
        for (int i = 0; under[id] && combines && i < op_info(node->op)->arity; i++)
            under[node->args[i]] = 1;
    }
    bool fine = true;
    for (NodeId id = 0; id <= part && fine; id++) {
        const Node *node = graph_node(run->graph, id);
        if (!under[id]) continue;
        cells[id] = run_take(run, (size_t)run->n, 1);
        fine = cells[id] != NULL;
        if (!fine) break;
        if (op_is_selection(node->op))
            compare(run, node, cells[id]);
        else
            combine(run, node, cells, cells[id]);
    }
    for (int64_t i = 0; i < run->n && fine; i++)
        mask[i] &= cells[part][i];
    for (NodeId id = 0; id <= part; id++)
        run_give(run, cells[id]);
    run_give(run, cells);
    run_give(run, under);
    return fine;
}

uint8_t *run_mask(Run *run, const NodeId *parts, uint32_t count) {
    uint8_t *mask = run_take(run, (size_t)run->n, 1);
    if (mask == NULL) return NULL;
    memset(mask, 1, (size_t)run->n);
    for (uint32_t p = 0; p < count; p++)
        if (!fill_part(run, parts[p], mask)) return NULL;
    return mask;
}

bool run_keys(Run *run, const RealHead *head, KeyList *out) {
    KeyList *cached = &run->keys[head - run->plan->heads];
    const SelectorParts *parts = &head->parts;
    bool constant = true;
    for (uint32_t p = 0; p < parts->key_count; p++)
        constant = constant && graph_node(run->graph, parts->keys[p])->loop == 0;
    if (cached->known && constant) {
        *out = *cached;
        return true;
    }
    run_give(run, (void *)(uintptr_t)cached->mask);
    run_give(run, cached->positions);
    *cached = (KeyList){.made = ++run->lists_made};
    uint8_t *mask = run_mask(run, parts->keys, parts->key_count);
    if (mask == NULL) return false;
    for (int64_t i = 0; i < run->n; i++)
        cached->count += mask[i];
    cached->positions = run_take(run, (size_t)cached->count, sizeof *cached->positions);
    if (cached->positions == NULL) return false;
    for (int64_t i = 0, next = 0; i < run->n; i++)
        if (mask[i]) cached->positions[next++] = (int32_t)i;
    cached->mask = mask;
    cached->known = true;
    *out = *cached;
    return true;
}
