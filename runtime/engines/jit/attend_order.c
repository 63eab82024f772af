/* PLAN_ORDER: conditions[0] is key < query or its like, the others are key == query. A counting
   sort whose sorted order nobody needs: keys are summed by class, then scratch[c] becomes the sum
   of the classes below c (of the same group, when there are equalities), up to c = classes. A query
   reads the classes below its own, or all without those. */
#include "runtime/engines/jit/attend_emit.h"

static void add_keys(Emit *emit, const Attend *attend, LLVMValueRef classes) {
    Loop keys = loop_positions(emit);
    LLVMValueRef start = attend_key_group(emit, attend, classes, keys.index);
    LLVMValueRef class_ = emit_operand(emit, &attend->conditions[0].key, keys.index);
    LLVMValueRef place = emit_plus(emit, start, class_);
    Found sums = attend_load(emit, attend, place);
    LLVMValueRef keep = attend_keeps_key(emit, attend, keys.index);
    sums = attend_with_key(emit, attend, &sums, keep, keys.index);
    attend_store(emit, attend, place, &sums);
    loop_end(emit, &keys, NULL);
}

static void sum_classes(Emit *emit, const Attend *attend, LLVMValueRef start,
                        LLVMValueRef classes) {
    Found nought = attend_nought(emit, attend), before = {0}, next = {0};
    LLVMValueRef end = emit_plus(emit, start, classes);
    Loop loop = loop_begin(emit, start, end, attend->sum_count, nought.sums);
    Found own = attend_load(emit, attend, loop.index);
    for (uint32_t s = 0; s < attend->sum_count; s++) {
        before.sums[s] = loop.carry[s];
        next.sums[s] = emit_plus(emit, before.sums[s], own.sums[s]);
    }
    attend_store(emit, attend, loop.index, &before);
    loop_end(emit, &loop, next.sums);
    for (uint32_t s = 0; s < attend->sum_count; s++)
        before.sums[s] = loop.result[s];
    attend_store(emit, attend, end, &before);
}

static Found read_place(Emit *emit, const Attend *attend, LLVMValueRef start, LLVMValueRef border) {
    return attend_load(emit, attend, emit_plus(emit, start, border));
}

void attend_order(Emit *emit, const Attend *attend) {
    LLVMValueRef classes = emit_length(emit, attend->conditions[0].classes);
    LLVMValueRef places = attend_group_places(emit, attend, classes);
    LLVMValueRef step = emit_plus(emit, classes, emit_int(emit, 1));
    attend_clear(emit, attend, places);
    add_keys(emit, attend, classes);

    LLVMValueRef groups = LLVMBuildSDiv(emit->builder, places, step, "");
    Loop each = loop_begin(emit, emit_int(emit, 0), groups, 0, NULL);
    sum_classes(emit, attend, emit_times(emit, each.index, step), classes);
    loop_end(emit, &each, NULL);

    Loop queries = loop_positions(emit);
    Found found = attend_by_order(emit, attend, read_place, classes, queries.index);
    attend_finish(emit, attend, queries.index, found);
    loop_end(emit, &queries, NULL);
}
