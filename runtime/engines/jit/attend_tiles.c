/* PLAN_TILES: nothing is known that would save work, so every query looks at every key that the
   mask lets through. */
#include "runtime/engines/jit/attend_emit.h"

void attend_tiles(Emit *emit, const Attend *attend) {
    if (attend->lanes) {
        attend_lanes(emit, attend);
        return;
    }
    emit_stage(emit, (Stage){.split = true, .pairs = true});
    Loop queries = loop_positions(emit);
    LLVMValueRef from, to;
    attend_mask_range(emit, attend, queries.index, &from, &to);
    Attend unmasked = *attend;
    unmasked.mask = (HeadMask){INT32_MIN, INT32_MAX};

    Found nought = attend_nought(emit, attend), before = {0}, found = {0};
    Loop keys = loop_begin(emit, from, to, attend->sum_count, nought.sums);
    for (uint32_t s = 0; s < attend->sum_count; s++)
        before.sums[s] = keys.carry[s];
    LLVMValueRef keep = attend_keeps_key(emit, attend, keys.index);
    keep = emit_both(emit, keep, attend_meets(emit, &unmasked, 0, keys.index, queries.index));
    Found next = attend_with_key(emit, attend, &before, keep, keys.index);
    loop_end(emit, &keys, next.sums);
    for (uint32_t s = 0; s < attend->sum_count; s++)
        found.sums[s] = keys.result[s];
    attend_finish(emit, attend, queries.index, found);
    loop_end(emit, &queries, NULL);
}
