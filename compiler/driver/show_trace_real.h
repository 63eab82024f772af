/* raspc run --trace for programs over real vectors: the named parts of the residual stream that are
   not 0 everywhere, after every layer that is run, every round of a loop anew. */
#ifndef RASPC_DRIVER_SHOW_TRACE_REAL_H
#define RASPC_DRIVER_SHOW_TRACE_REAL_H

#include "runtime/engines/interp_real.h"

typedef struct RealTraceText {
    Buffer out;
    bool json; /* [{"layer": 1, "step": 1, "subspaces": [{"name": "z", "values": [..]}]}, ..] */
} RealTraceText;

/* A RealViewer's `see`; its state is a RealTraceText. */
void see_real_stream(void *state, const RealStream *stream);

#endif
