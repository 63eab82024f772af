/* The engine that runs a program as its dense weights. */
#ifndef RASPC_DRIVER_ENGINE_INTERP_H
#define RASPC_DRIVER_ENGINE_INTERP_H

#include "compiler/driver/engines.h"

void *open_interp(const EngineOptions *options);
ApplyStatus apply_interp(void *state, const ApplyRequest *request, Sequence *sequence,
                         Matrix *matrix);
ApplyStatus apply_outputs_interp(void *state, const ApplyRequest *request, const NodeId *nodes,
                                 uint32_t count, Sequence *out);
ApplyStatus trace_outputs_interp(void *state, const ApplyRequest *request, const NodeId *nodes,
                                 uint32_t count, const RealViewer *viewer, Sequence *out);
void apply_all_interp(void *state, const ApplyRequest *requests, uint32_t count, Applied *out);
bool trace_interp(void *state, const ApplyRequest *request, InterpTrace *out);
const double *errors_interp(void *state, Arena *arena, const NodeId *nodes, uint32_t count);
void close_interp(void *state);

#endif
