/* The code of a whole plan: heads and units layer by layer, then the read-out's columns. */
#ifndef RASPC_JIT_PROGRAM_EMIT_H
#define RASPC_JIT_PROGRAM_EMIT_H

#include "runtime/engines/jit/emit.h"
#include "runtime/engines/jit/plan.h"

#define PROGRAM_ENTRY "program"

/* Lists the stages; columns that need no memory get none. */
void program_emit(Native *native, Plan *plan, Stages *stages);

#endif
