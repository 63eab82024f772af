/* Models of programs over real vectors, made for the inputs of one run and kept for the next input,
   each with its dense weights. Owns them. */
#ifndef RASPC_DRIVER_LOWERED_REAL_H
#define RASPC_DRIVER_LOWERED_REAL_H

#include "compiler/driver/engines.h"
#include "compiler/lower/lower_real.h"
#include "runtime/engines/interp_real.h"

/* Is it lower_real that makes models of these outputs? named: the program names its inputs. */
bool outputs_are_real(const Graph *graph, const NodeId *nodes, uint32_t count, bool named);

/* What a model for the vocabulary is asked to be: float64 unless someone said otherwise; of ReLUs
   alone, with so many knots, when relu_knots is not 0. */
RealLowerOptions real_lower_options(const Vocabulary *vocabulary, uint32_t relu_knots);
/* False after reporting an option that models of this program do not have: --causal and the like
   where it names its inputs, --require where it requires nothing of them. */
bool options_fit(const Options *given, Session *session);
/* With --require the model asks what the program requires of its inputs. */
void require_option(const Options *given, const Session *session, Arena *arena,
                    RealLowerOptions *options);

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
