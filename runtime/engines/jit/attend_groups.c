/* Orders within groups: what PLAN_ORDER and PLAN_SWEEP share. */
#include "runtime/engines/jit/attend_emit.h"

static Attend equalities(const Attend *attend) {
    Attend rest = *attend;
    rest.conditions++;
    rest.condition_count--;
    return rest;
}

static LLVMValueRef group_start(Emit *emit, LLVMValueRef group, LLVMValueRef classes) {
    return emit_times(emit, group, emit_plus(emit, classes, emit_int(emit, 1)));
}

LLVMValueRef attend_group_places(Emit *emit, const Attend *attend, LLVMValueRef classes) {
    Attend rest = equalities(attend);
    LLVMValueRef groups = emit_int(emit, 1);
    if (rest.condition_count > 0) groups = attend_class_count(emit, &rest, rest.condition_count);
    return group_start(emit, groups, classes);
}

LLVMValueRef attend_key_group(Emit *emit, const Attend *attend, LLVMValueRef classes,
                              LLVMValueRef key) {
    Attend rest = equalities(attend);
    if (rest.condition_count == 0) return emit_int(emit, 0);
    return group_start(emit, attend_key_class(emit, &rest, rest.condition_count, key), classes);
}

static LLVMValueRef query_group(Emit *emit, const Attend *attend, LLVMValueRef classes,
                                LLVMValueRef query, LLVMValueRef *inside) {
    Attend rest = equalities(attend);
    *inside = NULL;
    if (rest.condition_count == 0) return emit_int(emit, 0);
    LLVMValueRef group = attend_query_class(emit, &rest, rest.condition_count, query, inside);
    return group_start(emit, group, classes);
}

/* Everything below the query's own class, everything above it, or both; own itself as well when the
   relation has EQ. Queries may lie outside the classes. */
Found attend_by_order(Emit *emit, const Attend *attend, ReadBelow read, LLVMValueRef classes,
                      LLVMValueRef query) {
    const Condition *order = &attend->conditions[0];
    bool below = order->relation & RELATION_LT, above = order->relation & RELATION_GT;
    bool own = order->relation & RELATION_EQ;
    LLVMValueRef inside, zero = emit_int(emit, 0);
    LLVMValueRef start = query_group(emit, attend, classes, query, &inside);
    LLVMValueRef class_ = emit_operand(emit, &order->query, query);
    LLVMValueRef next = emit_plus(emit, class_, emit_int(emit, 1));
    LLVMValueRef low = emit_clamp(emit, own ? next : class_, zero, classes);
    LLVMValueRef high = emit_clamp(emit, own ? class_ : next, zero, classes);
    Found found = attend_nought(emit, attend);
    if (below) found = read(emit, attend, start, low);
    if (above) {
        Found all = read(emit, attend, start, classes), rest = read(emit, attend, start, high);
        for (uint32_t s = 0; s < attend->sum_count; s++) {
            LLVMValueRef from_high = emit_minus(emit, all.sums[s], rest.sums[s]);
            found.sums[s] = emit_plus(emit, found.sums[s], from_high);
        }
    }
    return attend_where(emit, attend, inside, found);
}
