/* Models of programs over real vectors, made for the inputs of one run and kept for the next input,
   each with its dense weights. Owns them. */
#ifndef RASPC_DRIVER_LOWERED_REAL_H
#define RASPC_DRIVER_LOWERED_REAL_H

#include "compiler/driver/engines.h"
#include "compiler/lower/lower_real.h"
#include "runtime/engines/interp_real.h"

typedef struct LoweredReal LoweredReal;

LoweredReal *lowered_real_new(const EngineOptions *options);
void lowered_real_free(LoweredReal *lowered);
/* One model for all the nodes, its outputs in their order; NULL after reporting. */
const InterpReal *lowered_real_get(LoweredReal *lowered, const ApplyRequest *request,
                                   const NodeId *nodes, uint32_t count);
/* How far the model made last may be from the program: (count) numbers, a node each, in exact
   arithmetic. NULL: none was made, or of other nodes. */
const double *lowered_real_errors(const LoweredReal *lowered, Arena *arena, const NodeId *nodes,
                                  uint32_t count);

#endif
