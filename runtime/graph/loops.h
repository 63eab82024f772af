/* Loops of a graph, for build.c: how deep their states and results are, and what they depend on. */
#ifndef RASPC_GRAPH_LOOPS_H
#define RASPC_GRAPH_LOOPS_H

#include "runtime/graph/graph.h"

/* build.c: the depth of a node to be. */
uint32_t graph_depth(const Graph *graph, const NodeSpec *spec);
/* Of an OP_STATE or OP_RESULT to be, whose argument is known at `depth`. */
uint32_t graph_loop_depth(const Graph *graph, const NodeSpec *spec, uint32_t depth);
/* 1 + the loop that an OP_STATE or OP_RESULT depends on; 0: none. */
uint32_t graph_loop_of(const Graph *graph, const NodeSpec *spec);
/* Marks what a loop's result needs beside its argument. */
void graph_loop_needs(const Graph *graph, const Node *result, uint8_t *needed);

#endif
