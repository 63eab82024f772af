/* eval_exact: a graph in rational numbers, as eval computes it in doubles: nothing is rounded, so
   that ties are ties. Where eval's doubles may be infinite or no number in between, a rational
   number is undefined. */
#ifndef RASPC_EVAL_EXACT_H
#define RASPC_EVAL_EXACT_H

#include "runtime/exact/exact_run.h"

/* The first node that the outputs need and that has no rational numbers (exp, strings, softmax), or
   NO_NODE. */
NodeId exact_refuses(const Graph *graph, const NodeId *outputs, uint32_t count);
/* Outputs: s-ops that depend on no loop's state, for which exact_refuses finds nothing. */
ExactResult eval_exact(const Graph *graph, const NodeId *outputs, uint32_t count,
                       const ExactRequest *request, Arena *arena);

#endif
