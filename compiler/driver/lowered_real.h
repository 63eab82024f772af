/* Models of programs over real vectors, made for the inputs of one run and kept for the next input,
   each with its dense weights. Owns them. */
#ifndef RASPC_DRIVER_LOWERED_REAL_H
#define RASPC_DRIVER_LOWERED_REAL_H

#include "compiler/driver/engines.h"
#include "compiler/lower/lower_real.h"
#include "runtime/engines/interp_real.h"

/* Is it lower_real that makes models of these outputs? named: the program names its inputs. */
bool outputs_are_real(const Graph *graph, const NodeId *nodes, uint32_t count, bool named);

/* What a model for the vocabulary is asked to be: float64 unless someone said otherwise. */
RealLowerOptions real_lower_options(const Vocabulary *vocabulary);

typedef struct LoweredReal LoweredReal;

LoweredReal *lowered_real_new(const EngineOptions *options);
void lowered_real_free(LoweredReal *lowered);
/* One model for all the nodes, its outputs in their order; NULL after reporting. */
const InterpReal *lowered_real_get(LoweredReal *lowered, const ApplyRequest *request,
                                   const NodeId *nodes, uint32_t count);

#endif
