/* The types of a graph's nodes, in parts: infer.c has the atoms, infer_real.c vectors, scores,
   patterns and loops. */
#ifndef RASPC_GRAPH_INFER_H
#define RASPC_GRAPH_INFER_H

#include "runtime/graph/graph.h"

/* An operation of the language's part II, or one on a vector; its arguments are of the kinds that
   it takes (s-ops, selectors, ...). No types: *why says what does not go together, with both
   shapes. */
Shape infer_real(const Graph *graph, const NodeSpec *spec, Buffer *why);

#endif
