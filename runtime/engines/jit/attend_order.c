/* PLAN_ORDER: conditions[0] is key < query or its like, the others are key == query. A counting sort
   whose sorted order nobody needs: keys are summed by class, then scratch[c] becomes the sum of the
   classes below c (of the same group, when there are equalities), up to c = classes. A query reads
   the classes below its own, or all without those. */
#include "runtime/engines/jit/attend_emit.h"

/* The groups of the equalities: their number, or the group of a key or query. */
static Attend equalities(const Attend *attend) {
    Attend rest = *attend;
    rest.conditions++;
    rest.condition_count--;
    return rest;
}

/* Where the classes of a group begin; each group has one place more than there are classes. */
static LLVMValueRef group_start(Emit *emit, LLVMValueRef group, LLVMValueRef classes) {
    return emit_times(emit, group, emit_plus(emit, classes, emit_int(emit, 1)));
}

static void add_keys(Emit *emit, const Attend *attend, LLVMValueRef classes) {
    Attend rest = equalities(attend);
    Loop keys = loop_positions(emit);
    LLVMValueRef place = emit_operand(emit, &attend->conditions[0].key, keys.index);
    if (rest.condition_count > 0) {
        LLVMValueRef group = attend_key_class(emit, &rest, rest.condition_count, keys.index);
        place = emit_plus(emit, place, group_start(emit, group, classes));
    }
    Found sums = attend_load(emit, attend, place);
    LLVMValueRef keep = attend_keeps_key(emit, attend, keys.index);
    sums = attend_with_key(emit, attend, &sums, keep, keys.index);
    attend_store(emit, attend, place, &sums);
    loop_end(emit, &keys, NULL);
}

static void sum_classes(Emit *emit, const Attend *attend, LLVMValueRef start, LLVMValueRef classes) {
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
    for (uint32_t s = 0; s < attend->sum_count; s++) before.sums[s] = loop.result[s];
    attend_store(emit, attend, end, &before);
}

static void read_queries(Emit *emit, const Attend *attend, LLVMValueRef classes) {
    const Condition *order = &attend->conditions[0];
    Attend rest = equalities(attend);
    bool above = order->relation & RELATION_GT;
    /* Selected are the classes below the border, or (above) those from the border on. */
    bool past_own = order->relation == (RELATION_LT | RELATION_EQ) || order->relation == RELATION_GT;
    LLVMValueRef zero = emit_int(emit, 0), inside = NULL;

    Loop queries = loop_positions(emit);
    LLVMValueRef border = emit_operand(emit, &order->query, queries.index), end = classes;
    if (past_own) border = emit_plus(emit, border, emit_int(emit, 1));
    border = emit_clamp(emit, border, zero, classes);
    if (rest.condition_count > 0) {
        LLVMValueRef group =
            attend_query_class(emit, &rest, rest.condition_count, queries.index, &inside);
        LLVMValueRef start = group_start(emit, group, classes);
        border = emit_plus(emit, border, start);
        end = emit_plus(emit, end, start);
    }
    Found found = attend_load(emit, attend, border);
    if (above) {
        Found all = attend_load(emit, attend, end);
        for (uint32_t s = 0; s < attend->sum_count; s++)
            found.sums[s] = emit_minus(emit, all.sums[s], found.sums[s]);
    }
    attend_finish(emit, attend, queries.index, attend_where(emit, attend, inside, found));
    loop_end(emit, &queries, NULL);
}

void attend_order(Emit *emit, const Attend *attend) {
    LLVMValueRef classes = emit_length(emit, attend->conditions[0].classes);
    Attend rest = equalities(attend);
    LLVMValueRef groups = rest.condition_count
                              ? attend_class_count(emit, &rest, rest.condition_count)
                              : emit_int(emit, 1);
    attend_clear(emit, attend, group_start(emit, groups, classes));
    add_keys(emit, attend, classes);
    Loop each = loop_begin(emit, emit_int(emit, 0), groups, 0, NULL);
    sum_classes(emit, attend, group_start(emit, each.index, classes), classes);
    loop_end(emit, &each, NULL);
    read_queries(emit, attend, classes);
}
