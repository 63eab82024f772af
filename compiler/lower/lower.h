/* lower: graph -> model. The transformer that computes one s-op exactly, on every input over a
   vocabulary up to a greatest length, or a diagnostic that says which node can't be, and why. The
   model is exact as it is described; whether its float type has the bits for it is asked when its
   weights are made (model_weights). */
#ifndef RASPC_LOWER_H
#define RASPC_LOWER_H

#include "runtime/graph/graph.h"
#include "runtime/model/model.h"

/* Is the place in the residual stream of what is dead used again? (registers.h) */
typedef enum Registers {
    REGISTERS_AUTO,  /* where it takes away parameters */
    REGISTERS_REUSE, /* as far as it makes the stream narrower */
    REGISTERS_KEEP,  /* every value keeps its own place to the end */
} Registers;

typedef struct LowerOptions {
    uint32_t vocabulary_count;
    const Atom *vocabulary; /* (vocabulary_count), distinct; at least one */
    uint32_t max_length;    /* at least 1 */
    bool causal;            /* no head looks at a key after its query */
    Registers registers;
    FloatType float_type; /* of the weights */
} LowerOptions;

/* The model lives in arena; the graph must not change while it is used. On failure reports
   (DIAG_CANNOT_LOWER at the node's span; with causal DIAG_LOOKS_AHEAD for every selector that needs
   what comes later) and returns NULL. */
Model *lower(Arena *arena, const Graph *graph, NodeId output, const LowerOptions *options,
             Diagnostics *diags);

#endif
