/* PLAN_ORDER: conditions[0] is key < query or its like, the others are key == query. A counting
   sort whose sorted order nobody needs: keys are summed by class, then scratch[c] becomes the sum
   of the classes below c (of the same group, when there are equalities), up to c = classes. A query
   reads the classes below its own, or all without those. */
#include "runtime/engines/jit/attend_emit.h"

static LLVMValueRef class_count(Emit *emit, const Attend *attend) {
    return emit_length(emit, attend->conditions[0].classes);
}

static LLVMValueRef place_count(Emit *emit, const Attend *attend) {
    return attend_group_places(emit, attend, class_count(emit, attend));
}

static LLVMValueRef key_place(Emit *emit, const Attend *attend, LLVMValueRef key) {
    LLVMValueRef start = attend_key_group(emit, attend, class_count(emit, attend), key);
    return emit_plus(emit, start, emit_operand(emit, &attend->conditions[0].key, key));
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

static void sum_groups(Emit *emit, const Attend *attend) {
    LLVMValueRef classes = class_count(emit, attend), places = place_count(emit, attend);
    LLVMValueRef step = emit_plus(emit, classes, emit_int(emit, 1));
    LLVMValueRef groups = LLVMBuildSDiv(emit->builder, places, step, "");
    Loop each = loop_begin(emit, emit_int(emit, 0), groups, 0, NULL);
    sum_classes(emit, attend, emit_times(emit, each.index, step), classes);
    loop_end(emit, &each, NULL);
}

void attend_order(Emit *emit, const Attend *attend) {
    attend_sum_keys(emit, attend, key_place, place_count);
    emit_stage(emit, (Stage){0});
    sum_groups(emit, attend);

    emit_stage(emit, (Stage){.split = true});
    LLVMValueRef classes = class_count(emit, attend);
    Loop queries = loop_positions(emit);
    Found found = attend_by_order(emit, attend, read_place, classes, queries.index);
    attend_finish(emit, attend, queries.index, found);
    loop_end(emit, &queries, NULL);
}
