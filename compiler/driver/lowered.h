/* Models made for the inputs of one run, kept for the next input: what interp and the jit share.
   An engine prepares each model once (its weights, native code). Owns the models and what was
   prepared. */
#ifndef RASPC_DRIVER_LOWERED_H
#define RASPC_DRIVER_LOWERED_H

#include "compiler/driver/engines.h"
#include "compiler/elaborate/elaborate.h"
#include "compiler/lower/lower.h"

/* What an engine makes of a model, in arena or freed by its own function. NULL after reporting. */
typedef struct Preparer {
    void *state; /* the engine's own, for prepare */
    void *(*prepare)(void *state, Arena *arena, const Model *model, Span span, Diagnostics *diags);
    void (*release)(void *prepared); /* NULL: the arena is enough */
    Registers registers;             /* of the models: KEEP for who does not look at places */
} Preparer;

typedef struct Lowered Lowered;

Lowered *lowered_new(const EngineOptions *options, Preparer preparer);
void lowered_free(Lowered *lowered);
/* What was prepared for the request's node and input; NULL after reporting. */
void *lowered_get(Lowered *lowered, const ApplyRequest *request);
/* Are all inputs run by one model? (The vocabulary and the greatest length are given.) */
bool lowered_is_shared(const Lowered *lowered);
/* Everything that is prepared at present, the oldest first. */
void lowered_visit(const Lowered *lowered,
                   void (*visit)(void *state, const Graph *graph, NodeId node, void *prepared),
                   void *state);

#endif
