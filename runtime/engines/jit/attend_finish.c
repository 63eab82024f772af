/* From the sums that a query found to what the head writes: the only place where counts divide. */
#include "runtime/engines/jit/attend_emit.h"

#include "runtime/base/bug.h"

typedef struct Case {
    LLVMValueRef none; /* nothing selected */
    LLVMValueRef count, sum;
} Case;

static LLVMValueRef one(Emit *emit) { return emit_int(emit, 1); }

/* Sum and count with the null key among the selected. */
static Case with_null(Emit *emit, const Finish *finish, Case at, bool real) {
    LLVMValueRef null_value =
        real ? emit_real(emit, finish->real_when_none) : emit_int(emit, finish->when_none);
    at.sum = emit_plus(emit, at.sum, null_value);
    at.count = emit_plus(emit, at.count, one(emit));
    return at;
}

static void finish_mean(Emit *emit, const Finish *finish, Case at, LLVMValueRef query) {
    if (finish->null_counts) {
        at = with_null(emit, finish, at, false);
    } else {
        at.sum = emit_choose(emit, at.none, emit_int(emit, finish->when_none), at.sum);
        at.count = emit_choose(emit, at.none, one(emit), at.count);
    }
    emit_result(emit, finish->column, query, at.sum);
    emit_result(emit, finish->under, query, at.count);
}

/* A narrow division takes a fraction of a wide one's time. */
static LLVMValueRef divided(Emit *emit, bool narrow, LLVMValueRef sum, LLVMValueRef count) {
    if (narrow) {
        sum = LLVMBuildTrunc(emit->builder, sum, emit->i32, "");
        count = LLVMBuildTrunc(emit->builder, count, emit->i32, "");
    }
    return emit_to_int(emit, LLVMBuildSDiv(emit->builder, sum, count, ""));
}

static void finish_whole(Emit *emit, const Attend *attend, const Finish *finish, Case at,
                         LLVMValueRef query) {
    LLVMValueRef value = at.sum, whether_none = at.none;
    bool narrow = attend->sums[finish->sum].narrow && attend->sums[0].narrow;
    if (finish->null_counts) {
        at = with_null(emit, finish, at, false);
        value = divided(emit, narrow, at.sum, at.count);
    } else if (finish->several != NO_BUFFER) {
        /* Several have no mean: the run fails, but goes on with a value that is in range. */
        LLVMValueRef single = emit_relation(emit, RELATION_EQ, at.count, one(emit));
        whether_none = LLVMBuildNot(emit->builder, single, "");
    } else if (!attend->at_most_one) {
        LLVMValueRef count = emit_choose(emit, at.none, one(emit), at.count);
        value = divided(emit, narrow, at.sum, count);
    }
    if (!finish->null_counts)
        value = emit_choose(emit, whether_none, emit_int(emit, finish->when_none), value);
    emit_result(emit, finish->column, query, value);
}

/* Adding 0.0 makes a sum of several -0.0 the 0.0 that it is when one starts from the integer 0. */
static void finish_real(Emit *emit, const Finish *finish, Case at, LLVMValueRef query) {
    if (finish->null_counts) at = with_null(emit, finish, at, true);
    LLVMValueRef sum = emit_plus(emit, at.sum, emit_real(emit, 0.0));
    LLVMValueRef mean = LLVMBuildFDiv(emit->builder, sum, emit_to_real(emit, at.count), "");
    LLVMValueRef single = emit_relation(emit, RELATION_EQ, at.count, one(emit));
    LLVMValueRef value = emit_choose(emit, single, at.sum, mean);
    if (!finish->null_counts)
        value = emit_choose(emit, at.none, emit_real(emit, finish->real_when_none), value);
    emit_result(emit, finish->column, query, value);
}

void attend_finish(Emit *emit, const Attend *attend, LLVMValueRef query, Found found) {
    found = attend_where(emit, attend, attend_keeps_query(emit, attend, query), found);
    LLVMValueRef count = found.sums[0];
    LLVMValueRef none = emit_relation(emit, RELATION_EQ, count, emit_int(emit, 0));
    for (uint32_t f = 0; f < attend->finish_count; f++) {
        const Finish *finish = &attend->finishes[f];
        Case at = {none, count, found.sums[finish->sum]};
        if (finish->several != NO_BUFFER)
            emit_note_first(emit, finish->several, 0,
                            emit_relation(emit, RELATION_GT, at.count, one(emit)), query);
        switch (finish->kind) {
        case FINISH_MEAN: finish_mean(emit, finish, at, query); break;
        case FINISH_WHOLE: finish_whole(emit, attend, finish, at, query); break;
        case FINISH_REAL: finish_real(emit, finish, at, query); break;
        case FINISH_NULL_WEIGHT:
            emit_result(emit, finish->under, query, emit_plus(emit, count, one(emit)));
            break;
        case FINISH_IS_NULL:
            emit_result(emit, finish->column, query, emit_to_int(emit, none));
            break;
        }
    }
    if (emit->follower.emit) emit->follower.emit(emit, emit->follower.state, query);
}
