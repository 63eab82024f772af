/* raspc run --trace: the value of every named part of the residual stream after every layer. */
#ifndef RASPC_DRIVER_SHOW_TRACE_H
#define RASPC_DRIVER_SHOW_TRACE_H

#include "runtime/engines/interp.h"

/* A line for each subspace that holds something, under the name of each layer; positions are
   columns, headed by the input's tokens. Long inputs are cut into parts of a terminal's width. */
void show_trace(Buffer *out, const InterpTrace *trace, Input input);
/* [{"layer": 0, "subspaces": [{"name": "hist", "kind": "steps", "values": [1, 2]}, ...]}, ...];
   layer 0 is the embedding, and null is where a subspace holds no value. */
void show_trace_json(Buffer *out, const InterpTrace *trace, Input input);

#endif
