/* PLAN_WINDOW: every key whose position lies within the mask. scratch[p] becomes the sum of the
   keys before position p; a query takes the difference at the two ends of its window. */
#include "runtime/engines/jit/attend_emit.h"

static void sum_positions(Emit *emit, const Attend *attend) {
    Found nought = attend_nought(emit, attend), before = {0};
    Loop loop = loop_begin(emit, emit_int(emit, 0), emit->n, attend->sum_count, nought.sums);
    for (uint32_t s = 0; s < attend->sum_count; s++)
        before.sums[s] = loop.carry[s];
    attend_store(emit, attend, loop.index, &before);
    LLVMValueRef keep = attend_keeps_key(emit, attend, loop.index);
    Found after = attend_with_key(emit, attend, &before, keep, loop.index);
    loop_end(emit, &loop, after.sums);
    for (uint32_t s = 0; s < attend->sum_count; s++)
        before.sums[s] = loop.result[s];
    attend_store(emit, attend, emit->n, &before);
}

void attend_window(Emit *emit, const Attend *attend) {
    emit_stage(emit, (Stage){0});
    sum_positions(emit, attend);
    emit_stage(emit, (Stage){.split = true});
    Loop queries = loop_positions(emit);
    LLVMValueRef from, to;
    attend_mask_range(emit, attend, queries.index, &from, &to);
    Found below = attend_load(emit, attend, from), found = attend_load(emit, attend, to);
    for (uint32_t s = 0; s < attend->sum_count; s++)
        found.sums[s] = emit_minus(emit, found.sums[s], below.sums[s]);
    attend_finish(emit, attend, queries.index, found);
    loop_end(emit, &queries, NULL);
}
