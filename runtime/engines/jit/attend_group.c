/* PLAN_GROUP: every condition is key == query. Each key adds its values to its class, each query
   reads the sums of its own class. */
#include "runtime/engines/jit/attend_emit.h"

void attend_group(Emit *emit, const Attend *attend) {
    uint32_t count = attend->condition_count;
    attend_clear(emit, attend, attend_class_count(emit, attend, count));

    Loop keys = loop_positions(emit);
    LLVMValueRef class_ = attend_key_class(emit, attend, count, keys.index);
    Found sums = attend_load(emit, attend, class_);
    LLVMValueRef keep = attend_keeps_key(emit, attend, keys.index);
    sums = attend_with_key(emit, attend, &sums, keep, keys.index);
    attend_store(emit, attend, class_, &sums);
    loop_end(emit, &keys, NULL);

    Loop queries = loop_positions(emit);
    LLVMValueRef inside;
    class_ = attend_query_class(emit, attend, count, queries.index, &inside);
    Found found = attend_load(emit, attend, class_);
    attend_finish(emit, attend, queries.index, attend_where(emit, attend, inside, found));
    loop_end(emit, &queries, NULL);
}
