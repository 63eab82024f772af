/* A program with loops as it was in the last round of each: a graph without loops, in which what a
   state held when that round began is an input. So a picture of one round is a picture like any
   other. Of a loop in another's body that is the last round of the other's last. */
#ifndef RASPC_DRAW_LAST_ROUND_H
#define RASPC_DRAW_LAST_ROUND_H

#include "runtime/engines/eval.h"

typedef struct LastRound {
    Graph *graph; /* what the node needs, with its names; new nodes may be added */
    NodeId node;
    Input input;
    uint32_t loops;  /* how many were unrolled so */
    uint32_t rounds; /* how many the first of them ran */
} LastRound;

/* In the arena, of the graph's tables and the input's values. False after reporting: the program
   fails on the input. */
bool last_round(const Graph *graph, NodeId node, Input input, Arena *arena, Diagnostics *diags,
                LastRound *out);

#endif
