/* PLAN_SWEEP: conditions[0] is key < query or its like, the others are key == query, and the keys
   lie before their queries (or after them). One pass over the positions; a Fenwick tree for each
   group holds the sums so far by class: place c, from 1 on, the classes in (c - lowest bit of c,
   c]. */
#include "runtime/engines/jit/attend_emit.h"

static LLVMValueRef lowest_bit(Emit *emit, LLVMValueRef place) {
    return LLVMBuildAnd(emit->builder, place, LLVMBuildNeg(emit->builder, place, ""), "");
}

static void add_key(Emit *emit, const Attend *attend, LLVMValueRef classes, LLVMValueRef position) {
    LLVMValueRef start = attend_key_group(emit, attend, classes, position);
    LLVMValueRef class_ = emit_operand(emit, &attend->conditions[0].key, position);
    LLVMValueRef keep = attend_keeps_key(emit, attend, position);
    Found own = attend_with_key(emit, attend, NULL, keep, position);
    LLVMValueRef first = emit_plus(emit, class_, emit_int(emit, 1));
    Walk walk = walk_begin(emit, 1, &first);
    walk_while(emit, &walk, emit_relation(emit, RELATION_LT | RELATION_EQ, walk.carry[0], classes));
    LLVMValueRef place = emit_plus(emit, start, walk.carry[0]);
    Found sums = attend_load(emit, attend, place);
    for (uint32_t s = 0; s < attend->sum_count; s++)
        sums.sums[s] = emit_plus(emit, sums.sums[s], own.sums[s]);
    attend_store(emit, attend, place, &sums);
    LLVMValueRef next = emit_plus(emit, walk.carry[0], lowest_bit(emit, walk.carry[0]));
    walk_end(emit, &walk, &next);
}

/* The sums of the classes below the border. */
static Found below(Emit *emit, const Attend *attend, LLVMValueRef start, LLVMValueRef border) {
    LLVMValueRef first[LOOP_CARRIES], next[LOOP_CARRIES];
    Found found = attend_nought(emit, attend);
    first[0] = border;
    for (uint32_t s = 0; s < attend->sum_count; s++)
        first[s + 1] = found.sums[s];
    Walk walk = walk_begin(emit, attend->sum_count + 1, first);
    walk_while(emit, &walk, emit_relation(emit, RELATION_GT, walk.carry[0], emit_int(emit, 0)));
    Found own = attend_load(emit, attend, emit_plus(emit, start, walk.carry[0]));
    for (uint32_t s = 0; s < attend->sum_count; s++)
        next[s + 1] = emit_plus(emit, walk.carry[s + 1], own.sums[s]);
    next[0] = emit_minus(emit, walk.carry[0], lowest_bit(emit, walk.carry[0]));
    walk_end(emit, &walk, next);
    for (uint32_t s = 0; s < attend->sum_count; s++)
        found.sums[s] = walk.carry[s + 1];
    return found;
}

void attend_sweep(Emit *emit, const Attend *attend) {
    emit_stage(emit, (Stage){0});
    LLVMValueRef classes = emit_length(emit, attend->conditions[0].classes);
    attend_clear(emit, attend, emit_int(emit, 0), attend_group_places(emit, attend, classes));
    Loop loop = loop_positions(emit);
    LLVMValueRef position = attend_sweep_position(emit, attend, loop.index);
    if (attend_sweep_with_itself(attend)) add_key(emit, attend, classes, position);
    attend_finish(emit, attend, position, attend_by_order(emit, attend, below, classes, position));
    if (!attend_sweep_with_itself(attend)) add_key(emit, attend, classes, position);
    loop_end(emit, &loop, NULL);
}
