/* interp: runs a model's dense weights as a standard transformer would, in its type of floats. What
   it computes is what PyTorch or ONNX Runtime will compute. Of the model it sees the weights, the
   vocabulary and the read-out's names, never the symbolic view. */
#ifndef RASPC_INTERP_H
#define RASPC_INTERP_H

#include "runtime/model/weights.h"
#include "runtime/value/sequence.h"

typedef struct Interp Interp;

/* Materialises the weights into arena. NULL when they do not fit: reported at span. */
Interp *interp_new(Arena *arena, const Model *model, Span span, Diagnostics *diags);

/* Results in result_arena. False when the input is not one that the model takes, when the program
   is undefined at a position, or when there is not enough memory: one diagnostic at span. */
bool interp_run(const Interp *interp, Input input, Span span, Arena *result_arena,
                Diagnostics *diags, Sequence *out);

/* One input of several, and what came of it. */
typedef struct InterpRun {
    Input input;
    Span span;
    bool done;
    Sequence sequence; /* done */
    size_t diagnostic; /* not done: the number of its diagnostic */
} InterpRun;

/* The same for several inputs, run together as frameworks do: padded to one length, in batches.
   nothing attends to PAD, so that each result is the one that interp_run gives. Within a batch the
   inputs that the model does not take are reported before the others run. */
void interp_run_batch(const Interp *interp, InterpRun *runs, uint32_t count, Arena *result_arena,
                      Diagnostics *diags);

/* The residual stream of one pass: streams[0] after the embedding, streams[l] after layer l. */
typedef struct InterpTrace {
    const Model *model;
    uint32_t rows;  /* positions, BOS first */
    uint32_t width; /* D */
    uint32_t layer_count;
    Numbers *streams; /* (layer_count + 1)(rows, D) */
} InterpTrace;

/* In arena. False when the input is not one that the model takes, or too large: one diagnostic. */
bool interp_trace(const Interp *interp, Input input, Span span, Arena *arena, Diagnostics *diags,
                  InterpTrace *out);

#endif
