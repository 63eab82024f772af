/* PLAN_RUNNING and PLAN_RUNNING_GROUP: keys before the query (or up to it, or after it, or from it
   on), all of them or those of the query's class (every condition is key == query). One pass over
   the positions, from the end when the keys lie after the query. */
#include "runtime/engines/jit/attend_emit.h"

static LLVMValueRef one_place(Emit *emit, const Attend *attend) {
    (void)attend;
    return emit_int(emit, 1);
}

/* Sums over the chunk from what `first` are. Each query finds what they are then where `finish`;
   else what they are at the end goes to the chunk's place. */
static void run(Emit *emit, const Attend *attend, Found first, bool finish) {
    Found before = {0}, all = {0};
    Loop loop = loop_begin(emit, emit->from, emit->to, attend->sum_count, first.sums);
    LLVMValueRef position = attend_sweep_position(emit, attend, loop.index);
    for (uint32_t s = 0; s < attend->sum_count; s++)
        before.sums[s] = loop.carry[s];
    LLVMValueRef keep = attend_keeps_key(emit, attend, position);
    Found after = attend_with_key(emit, attend, &before, keep, position);
    if (finish)
        attend_finish(emit, attend, position, attend_sweep_with_itself(attend) ? after : before);
    loop_end(emit, &loop, after.sums);
    for (uint32_t s = 0; s < attend->sum_count; s++)
        all.sums[s] = loop.result[s];
    if (!finish) attend_store(emit, attend, emit->chunk, &all);
}

void attend_running(Emit *emit, const Attend *attend) {
    if (attend->split) {
        emit_stage(emit, (Stage){.split = true, .when_split = true});
        run(emit, attend, attend_nought(emit, attend), false);
        attend_join(emit, attend, one_place, true);
    }
    emit_stage(emit, (Stage){.split = attend->split});
    Found first = attend_nought(emit, attend);
    if (attend->split) {
        LLVMValueRef several = emit_relation(emit, RELATION_GT, emit->chunks, emit_int(emit, 1));
        first = attend_where(emit, attend, several, attend_load(emit, attend, emit->chunk));
    }
    run(emit, attend, first, true);
}

static void add_key(Emit *emit, const Attend *attend, LLVMValueRef position) {
    LLVMValueRef class_ = attend_key_class(emit, attend, attend->condition_count, position);
    LLVMValueRef keep = attend_keeps_key(emit, attend, position);
    Found sums = attend_load(emit, attend, class_);
    sums = attend_with_key(emit, attend, &sums, keep, position);
    attend_store(emit, attend, class_, &sums);
}

void attend_running_group(Emit *emit, const Attend *attend) {
    emit_stage(emit, (Stage){0});
    attend_clear(emit, attend, emit_int(emit, 0),
                 attend_class_count(emit, attend, attend->condition_count));
    Loop loop = loop_positions(emit);
    LLVMValueRef position = attend_sweep_position(emit, attend, loop.index), inside;
    if (attend_sweep_with_itself(attend)) add_key(emit, attend, position);
    LLVMValueRef class_ =
        attend_query_class(emit, attend, attend->condition_count, position, &inside);
    Found found = attend_where(emit, attend, inside, attend_load(emit, attend, class_));
    attend_finish(emit, attend, position, found);
    if (!attend_sweep_with_itself(attend)) add_key(emit, attend, position);
    loop_end(emit, &loop, NULL);
}
