/* PLAN_GATHER: conditions[0] is key's position == query, so the query's value is the address of the
   only key that can be selected. Whatever else is asked is asked of that key. */
#include "runtime/engines/jit/attend_emit.h"

void attend_gather(Emit *emit, const Attend *attend) {
    emit_stage(emit, (Stage){.split = true});
    Loop queries = loop_positions(emit);
    LLVMValueRef address = emit_operand(emit, &attend->conditions[0].query, queries.index);
    LLVMValueRef keep = emit_inside(emit, address, emit->n);
    /* Position 0 is always there to be read; what it holds is then not used. */
    LLVMValueRef key = emit_choose(emit, keep, address, emit_int(emit, 0));
    keep = emit_both(emit, keep, attend_keeps_key(emit, attend, key));
    keep = emit_both(emit, keep, attend_meets(emit, attend, 1, key, queries.index));
    attend_finish(emit, attend, queries.index, attend_with_key(emit, attend, NULL, keep, key));
    loop_end(emit, &queries, NULL);
}
