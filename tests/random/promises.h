/* What the model of every program promises besides right results: no more attention layers than the
   analysis of the graph counts, a text form that reads back. Whether its weights prove its
   certificate is only counted: a proof goes through states that no input reaches, and may end
   there. */
#ifndef RASPC_RANDOM_PROMISES_H
#define RASPC_RANDOM_PROMISES_H

#include "compiler/driver/input.h"
#include "compiler/elaborate/elaborate.h"
#include "runtime/model/model.h"

typedef enum Promise { PROMISE_KEPT, PROMISE_LAYERS, PROMISE_TEXT } Promise;

typedef enum Proof {
    PROOF_NOT_TRIED, /* of large weights it takes too long to be part of a hunt */
    PROOF_DONE,
    PROOF_ASSUMES, /* done, given what it assumes */
    PROOF_FAILED,
} Proof;

typedef struct Promises {
    Promise broken;
    Proof proof;
    const char *why; /* PROMISE_KEPT and PROOF_FAILED too: what does not hold; else NULL */
} Promises;

/* Of the model that the node is lowered to; all kept when it is refused. why lives in arena. */
Promises promises_of_node(Arena *arena, Session *session, NodeId node,
                          const Vocabulary *vocabulary);
Promises promises_of_model(Arena *arena, Session *session, NodeId node, const Model *model);

#endif
