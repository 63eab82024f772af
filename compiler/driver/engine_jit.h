/* The engine that runs a program as native code. */
#ifndef RASPC_DRIVER_ENGINE_JIT_H
#define RASPC_DRIVER_ENGINE_JIT_H

#include "compiler/driver/engines.h"

void *open_jit(const EngineOptions *options);
ApplyStatus apply_jit(void *state, const ApplyRequest *request, Sequence *sequence, Matrix *matrix);
ApplyStatus apply_outputs_jit(void *state, const ApplyRequest *request, const NodeId *nodes,
                              uint32_t count, Sequence *out);
void explain_jit(void *state, Buffer *out);
void close_jit(void *state);

#endif
