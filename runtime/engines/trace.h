/* Where a model goes wrong on an input: its residual stream under interp, layer by layer and
   direction by direction, against what eval says of the graph nodes that the directions were made
   for. */
#ifndef RASPC_TRACE_H
#define RASPC_TRACE_H

#include "runtime/model/model.h"
#include "runtime/value/sequence.h"

/* Adds one line: the first layer and coded direction (one-hot or steps) that differ, or that none
   does. A node on which eval fails is passed over. The graph is the one that the model was lowered
   from. */
void trace_model(Buffer *out, const Graph *graph, const Model *model, Input input);

#endif
