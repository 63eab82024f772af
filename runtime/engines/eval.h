/* eval: the meaning of a graph, by the plainest code possible. Every other engine must agree. */
#ifndef RASPC_EVAL_H
#define RASPC_EVAL_H

#include "runtime/base/cancel.h"
#include "runtime/graph/graph.h"
#include "runtime/value/sequence.h"

/* What a loop is doing, round by round: for pictures, and for tests. */
typedef struct EvalRounds {
    uint32_t loop; /* its number. In another's body it runs in each of that one's rounds, and its
                      own are counted from 0 each time */
    const NodeId *nodes; /* (count) s-ops of its body */
    uint32_t count;
    /* values: (count), valid during the call. Rounds are counted from 0. */
    void (*round)(void *state, uint32_t round, const Sequence *values);
    void *state;
} EvalRounds;

/* An s-op or selector applied to an input: what every engine is asked. */
typedef struct ApplyRequest {
    const Graph *graph;
    NodeId node; /* an s-op, or a selector */
    Input input;
    Span span;    /* where the application is written */
    Arena *arena; /* results go here */
    Diagnostics *diags;
    const Cancel *cancel;     /* the work may be given up: then DIAG_STOPPED is reported; or NULL */
    const EvalRounds *rounds; /* who looks on, when the loop runs at all; or NULL (not interp) */
} ApplyRequest;

/* Results in result_arena; everything else is freed before returning.
   On failure (a value that an operation does not take, a division by zero, mixed strings and
   numbers, memory) reports one diagnostic at the node's span, naming the position and the values,
   with a note at asked_at ("evaluated here"; file 0: no note), and returns false. A node that is
   written nowhere (tokens_int) is reported at asked_at.
   Eager: everything that the node needs is computed at every position, as in the reference; both
   branches of a choice too, so a position fails even where nothing later looks at it. What the
   node does not need is not computed.
   input.n must be at least 1 (checked: diagnostic).
   Where real numbers take part (language, part II) arithmetic is that of IEEE doubles, so values in
   between may be infinite or no number; a result that is so is an error (DIAG_NOT_FINITE).
   eval_request fills *sequence, or *matrix when the node is a selector; the other may be NULL. */
bool eval_request(const ApplyRequest *request, Sequence *sequence, Matrix *matrix);
/* Several s-ops of request->input at once, so that what they share is computed once; request->node
   is not looked at. out: (count). */
bool eval_all(const ApplyRequest *request, const NodeId *nodes, uint32_t count, Sequence *out);
/* The same, never given up. */
bool eval_sequence(const Graph *graph, NodeId node, Input input, Span asked_at, Arena *result_arena,
                   Diagnostics *diags, Sequence *out);
bool eval_selector(const Graph *graph, NodeId node, Input input, Span asked_at, Arena *result_arena,
                   Diagnostics *diags, Matrix *out);

#endif
