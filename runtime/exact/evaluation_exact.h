/* One evaluation in rational numbers, inside eval_exact: the state that its parts share. A node's
   column is made when the evaluation begins and holds what the node was computed to be last. */
#ifndef RASPC_EVALUATION_EXACT_H
#define RASPC_EVALUATION_EXACT_H

#include "runtime/exact/eval_exact.h"
#include "runtime/exact/row.h"

typedef struct ExactEvaluation {
    const Graph *graph;
    const ExactRequest *request;
    uint32_t n;
    Exact *pool; /* freed with the evaluation */
    Arena *arena;
    const uint8_t *needed; /* (count) */
    mpq_t **column;        /* (count) of the needed s-ops: (n, width) */
    ExactWork work;
    ExactResult result;
} ExactEvaluation;

/* Of vectors; 1 for numbers. */
static inline uint32_t exact_width(const Graph *graph, NodeId node) {
    uint32_t width = graph->nodes[node].width;
    return width ? width : 1;
}
/* Ends the evaluation; always false. */
bool exact_fail(ExactEvaluation *evaluation, ExactEnd end, NodeId node, uint32_t position);

/* Each fills the node's column; false after exact_fail. */
bool exact_element(ExactEvaluation *evaluation, NodeId node);   /* eval_exact_element.c */
bool exact_attention(ExactEvaluation *evaluation, NodeId node); /* eval_exact_attend.c */

#endif
