/* interp for models over real vectors: runs their dense weights as a standard transformer would, in
   their type of floats. Of the model it sees the weights, the names and types at both ends, and
   which layers are run how often; never the symbolic view. */
#ifndef RASPC_INTERP_REAL_H
#define RASPC_INTERP_REAL_H

#include "runtime/base/cancel.h"
#include "runtime/real/real_weights.h"
#include "runtime/value/sequence.h"

typedef struct InterpReal InterpReal;

/* Materialises the weights into arena. NULL when they do not fit: reported at span. */
InterpReal *interp_real_new(Arena *arena, const RealModel *model, Span span, Diagnostics *diags);

/* The residual stream under way, at the rows of the input. Valid during the call. */
typedef struct RealStream {
    const RealModel *model;
    uint32_t layer; /* 0: the embedding; 1 + l: after layer l */
    bool between;   /* after its heads, before its units: only for who asks for that */
    uint64_t step;  /* layers run so far, rounds unrolled */
    uint32_t n;
    Numbers numbers; /* (D, n) */
} RealStream;
static inline double real_stream_at(const RealStream *stream, uint32_t coordinate,
                                    uint32_t position) {
    return numbers_at(stream->model->float_type, stream->numbers,
                      (size_t)coordinate * stream->n + position);
}
typedef struct RealViewer {
    void (*see)(void *state, const RealStream *stream);
    void *state;
    bool between; /* wants to see that as well */
} RealViewer;
typedef struct RealRequest {
    const Input *input;
    Span span; /* where it was asked for */
    const Graph
        *graph; /* that the model was made from: says where its nodes are written; or NULL */
    const Cancel *cancel; /* as ApplyRequest's, or NULL */
    const RealViewer
        *viewer;  /* sees the stream after the embedding and after every layer; or NULL */
    Arena *arena; /* results go here */
    Diagnostics *diags;
} RealRequest;

/* All outputs of the model, in out (output_count). False when the input is not one that the model
   takes, when the program fails at a position or returns a number that is not finite, or when it
   takes too much memory or work: one diagnostic. */
bool interp_real_run(const InterpReal *interp, const RealRequest *request, Sequence *out);

#endif
