/* From the read-out's columns to a result, and from that to atoms. */
#ifndef RASPC_JIT_DECODE_H
#define RASPC_JIT_DECODE_H

#include "runtime/engines/jit.h"
#include "runtime/engines/jit/plan.h"

/* What the code left in the columns; rounds there what is real and should be whole, and computes
   the read-out's steps. False after reporting where one fails. */
bool decode_column(const Plan *plan, void *const *columns, uint32_t n, Span span,
                   Diagnostics *diags, JitColumn *out);
/* Whether the result is what the code wrote, as it stands: its column is then the same in every run
   but for n, while the columns stay where they are. */
bool decode_is_plain(const Plan *plan);
/* False after reporting at span when the atoms make no sequence. */
bool decode_atoms(const JitColumn *column, Span span, Arena *arena, Diagnostics *diags,
                  Sequence *out);

#endif
