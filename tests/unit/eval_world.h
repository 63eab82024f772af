/* Graphs in their text form and what eval makes of them, for the suites of eval. */
#ifndef RASPC_TEST_EVAL_WORLD_H
#define RASPC_TEST_EVAL_WORLD_H

#include "runtime/engines/eval.h"

typedef struct EvalWorld {
    Arena *arena;
    Sources *sources;
    Diagnostics *diags;
    Span asked; /* where "evaluated here" points */
} EvalWorld;

void eval_world_open(EvalWorld *world);
void eval_world_close(EvalWorld *world);
/* The graph of a text; fails the test if it has none. */
Graph *eval_world_graph(EvalWorld *world, const char *text);
/* 1, 2.5, True, 'abc, or [...]: something opaque. */
Atom eval_world_atom(EvalWorld *world, const char *word, size_t len);
/* The values of the s-op `out` as JSON, or "E0401 message" of the one diagnostic. */
Buffer eval_world_outcome(EvalWorld *world, const char *graph_text, Input input);

#endif
