/* PLAN_CLASSES: conditions[0] is a table over the classes of key and query. Keys are summed by
   class; then, class of queries by class of queries, the classes of keys that it selects are added
   up, behind the sums of the keys. */
#include "runtime/engines/jit/attend_emit.h"

/* Those of the keys, then those of the queries. */
static LLVMValueRef place_count(Emit *emit, const Attend *attend) {
    const Condition *condition = &attend->conditions[0];
    return emit_plus(emit, emit_length(emit, condition->classes),
                     emit_int(emit, condition->query_classes));
}

static LLVMValueRef key_class(Emit *emit, const Attend *attend, LLVMValueRef key) {
    return emit_operand(emit, &attend->conditions[0].key, key);
}

static void add_selected(Emit *emit, const Attend *attend) {
    const Condition *condition = &attend->conditions[0];
    LLVMValueRef zero = emit_int(emit, 0);
    LLVMValueRef key_classes = emit_length(emit, condition->classes);
    LLVMValueRef query_classes = emit_int(emit, condition->query_classes);
    Loop rows = loop_begin(emit, zero, query_classes, 0, NULL);
    Found nought = attend_nought(emit, attend), next = {0};
    Loop row = loop_begin(emit, zero, key_classes, attend->sum_count, nought.sums);
    LLVMValueRef cell = emit_plus(emit, emit_times(emit, row.index, query_classes), rows.index);
    LLVMValueRef selects = emit_to_bool(emit, emit_table(emit, condition->table, cell));
    Found own = attend_where(emit, attend, selects, attend_load(emit, attend, row.index));
    for (uint32_t s = 0; s < attend->sum_count; s++)
        next.sums[s] = emit_plus(emit, row.carry[s], own.sums[s]);
    loop_end(emit, &row, next.sums);
    for (uint32_t s = 0; s < attend->sum_count; s++)
        next.sums[s] = row.result[s];
    attend_store(emit, attend, emit_plus(emit, key_classes, rows.index), &next);
    loop_end(emit, &rows, NULL);
}

void attend_classes(Emit *emit, const Attend *attend) {
    const Condition *condition = &attend->conditions[0];
    attend_sum_keys(emit, attend, key_class, place_count);
    emit_stage(emit, (Stage){0});
    add_selected(emit, attend);

    emit_stage(emit, (Stage){.split = true});
    LLVMValueRef key_classes = emit_length(emit, condition->classes);
    Loop queries = loop_positions(emit);
    LLVMValueRef place =
        emit_plus(emit, key_classes, emit_operand(emit, &condition->query, queries.index));
    attend_finish(emit, attend, queries.index, attend_load(emit, attend, place));
    loop_end(emit, &queries, NULL);
}
