/* Which models are over real vectors, and what the command line asks of them. */
#ifndef RASPC_DRIVER_REAL_OPTIONS_H
#define RASPC_DRIVER_REAL_OPTIONS_H

#include "compiler/driver/input.h"
#include "compiler/driver/program.h"
#include "compiler/lower/lower_real.h"

/* Is it lower_real that makes models of these outputs? named: the program names its inputs. */
bool outputs_are_real(const Graph *graph, const NodeId *nodes, uint32_t count, bool named);
/* And of this one? */
bool target_is_real(Session *session, Target target);

/* What a model for the vocabulary is asked to be: float64 unless someone said otherwise; of ReLUs
   alone, with so many knots, when relu_knots is not 0. */
RealLowerOptions real_lower_options(const Vocabulary *vocabulary, uint32_t relu_knots);
/* False after reporting an option that models of the targets do not have: --causal and the like
   where one of them is over real vectors, --relu-only over tokens, --require where the program
   requires nothing of its inputs. */
bool options_fit(const Options *given, Session *session, const Targets *targets);
/* With --require the model asks what the program requires of its inputs. */
void require_option(const Options *given, const Session *session, Arena *arena,
                    RealLowerOptions *options);

#endif
