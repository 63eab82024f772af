/* PLAN_ALL: nothing joins a key with a query, so the kept keys are summed once. */
#include "runtime/engines/jit/attend_emit.h"

static LLVMValueRef one_place(Emit *emit, const Attend *attend) {
    (void)attend;
    return emit_int(emit, 1);
}

void attend_all(Emit *emit, const Attend *attend) {
    emit_stage(emit, (Stage){.split = attend->split});
    Found nought = attend_nought(emit, attend);
    Loop keys = loop_begin(emit, emit->from, emit->to, attend->sum_count, nought.sums);
    Found before = {0}, all = {0};
    for (uint32_t s = 0; s < attend->sum_count; s++)
        before.sums[s] = keys.carry[s];
    LLVMValueRef keep = attend_keeps_key(emit, attend, keys.index);
    Found next = attend_with_key(emit, attend, &before, keep, keys.index);
    loop_end(emit, &keys, next.sums);
    for (uint32_t s = 0; s < attend->sum_count; s++)
        all.sums[s] = keys.result[s];
    attend_store(emit, attend, emit->chunk, &all);
    if (attend->split) attend_join(emit, attend, one_place, false);

    emit_stage(emit, (Stage){.split = true});
    all = attend_load(emit, attend, emit_int(emit, 0));
    Loop queries = loop_positions(emit);
    attend_finish(emit, attend, queries.index, all);
    loop_end(emit, &queries, NULL);
}
