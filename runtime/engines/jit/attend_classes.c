/* PLAN_CLASSES: conditions[0] is a table over the classes of key and query. Keys are summed by
   class; then, class of queries by class of queries, the classes of keys that it selects are added
   up, behind the sums of the keys. */
#include "runtime/engines/jit/attend_emit.h"

void attend_classes(Emit *emit, const Attend *attend) {
    const Condition *condition = &attend->conditions[0];
    LLVMValueRef zero = emit_int(emit, 0);
    LLVMValueRef key_classes = emit_length(emit, condition->classes);
    LLVMValueRef query_classes = emit_int(emit, condition->query_classes);
    attend_clear(emit, attend, key_classes);

    Loop keys = loop_positions(emit);
    LLVMValueRef class_ = emit_operand(emit, &condition->key, keys.index);
    Found sums = attend_load(emit, attend, class_);
    LLVMValueRef keep = attend_keeps_key(emit, attend, keys.index);
    sums = attend_with_key(emit, attend, &sums, keep, keys.index);
    attend_store(emit, attend, class_, &sums);
    loop_end(emit, &keys, NULL);

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

    Loop queries = loop_positions(emit);
    LLVMValueRef place =
        emit_plus(emit, key_classes, emit_operand(emit, &condition->query, queries.index));
    attend_finish(emit, attend, queries.index, attend_load(emit, attend, place));
    loop_end(emit, &queries, NULL);
}
