/* What a selector or a score is made of: its nodes in id order, so that a plain loop computes them.
 */
#include "runtime/engines/evaluation.h"

#include <stdlib.h>

static int compare_ids(const void *a, const void *b) {
    NodeId x = *(const NodeId *)a, y = *(const NodeId *)b;
    return (x > y) - (x < y);
}

bool formula_combines(GraphOp op) {
    return op == OP_SEL_AND || op == OP_SEL_OR || op == OP_SEL_NOT ||
           (op >= OP_SCORES_ADD && op <= OP_SCORES_OVER);
}

static void add(Evaluation *evaluation, FormulaNodes *parts, NodeId node, Arena *scratch) {
    if (evaluation->step_of[node]) return;
    evaluation->step_of[node] = 1;
    if (parts->count == parts->capacity) {
        uint32_t larger = parts->capacity ? 2 * parts->capacity : 16;
        parts->nodes = arena_grow(scratch, parts->nodes, parts->count, larger, sizeof(NodeId));
        parts->capacity = larger;
    }
    parts->nodes[parts->count++] = node;
}

/* The list is its own stack: what stands behind next is still to be looked into. */
FormulaNodes formula_open(Evaluation *evaluation, NodeId node, Arena *scratch) {
    FormulaNodes parts = {0};
    add(evaluation, &parts, node, scratch);
    for (uint32_t next = 0; next < parts.count; next++) {
        const Node *at = &evaluation->graph->nodes[parts.nodes[next]];
        for (int i = 0; formula_combines(at->op) && i < op_info(at->op)->arity; i++)
            add(evaluation, &parts, at->args[i], scratch);
    }
    qsort(parts.nodes, parts.count, sizeof(NodeId), compare_ids);
    for (uint32_t i = 0; i < parts.count; i++)
        evaluation->step_of[parts.nodes[i]] = i;
    return parts;
}

void formula_close(Evaluation *evaluation, const FormulaNodes *parts) {
    for (uint32_t i = 0; i < parts->count; i++)
        evaluation->step_of[parts->nodes[i]] = 0;
}
