/* Loops of a graph, for build.c: how deep their states and results are, and what they depend on. */
#ifndef RASPC_GRAPH_LOOPS_H
#define RASPC_GRAPH_LOOPS_H

#include "runtime/graph/graph.h"

/* Language I.7: does it take a layer more to use an argument of that type? */
bool graph_crosses(GraphOp op, int argument, TypeSet type);
/* How deep the node is in the last round of that loop. */
uint32_t graph_result_depth(const Graph *graph, uint32_t loop, NodeId node);
/* Marks what a state or a loop's result needs beside its arguments. */
void graph_loop_needs(const Graph *graph, NodeId node, uint8_t *needed);
/* verify.c: the loops, and that every node says rightly on which of them it depends. Arguments,
   payloads and types are known to be right; *why says what is not. */
bool graph_verify_loops(const Graph *graph, Buffer *why);

#endif
