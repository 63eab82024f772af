/* PLAN_GROUP: every condition is key == query. Each key adds its values to its class, each query
   reads the sums of its own class. */
#include "runtime/engines/jit/attend_emit.h"

static LLVMValueRef class_count(Emit *emit, const Attend *attend) {
    return attend_class_count(emit, attend, attend->condition_count);
}

static LLVMValueRef key_class(Emit *emit, const Attend *attend, LLVMValueRef key) {
    return attend_key_class(emit, attend, attend->condition_count, key);
}

void attend_group(Emit *emit, const Attend *attend) {
    attend_sum_keys(emit, attend, key_class, class_count);

    emit_stage(emit, (Stage){.split = true});
    Loop queries = loop_positions(emit);
    LLVMValueRef inside;
    LLVMValueRef class_ =
        attend_query_class(emit, attend, attend->condition_count, queries.index, &inside);
    Found found = attend_load(emit, attend, class_);
    attend_finish(emit, attend, queries.index, attend_where(emit, attend, inside, found));
    loop_end(emit, &queries, NULL);
}
