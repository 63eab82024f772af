/* From the read-out's columns to atoms. */
#ifndef RASPC_JIT_DECODE_H
#define RASPC_JIT_DECODE_H

#include "runtime/engines/jit/plan.h"
#include "runtime/value/sequence.h"

/* False after reporting at span when the atoms make no sequence. */
bool decode_output(const Plan *plan, void *const *columns, uint32_t n, Span span, Arena *arena,
                   Diagnostics *diags, Sequence *out);

#endif
