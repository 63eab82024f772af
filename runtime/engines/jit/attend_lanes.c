/* PLAN_TILES over narrow integers, in explicit vectors: LANES queries side by side, and one key
   after the other that all of them look at. What is compared and what is added is written out
   first, a column of 32 bits for each, so that the pairs cost a comparison and a sum. */
#include "runtime/engines/jit/attend_emit.h"

static LLVMTypeRef vector_type(Emit *emit) { return LLVMVectorType(emit->i32, LANES); }

/* The number in every lane. */
static LLVMValueRef spread(Emit *emit, LLVMValueRef number) {
    LLVMValueRef none = LLVMGetUndef(vector_type(emit));
    LLVMValueRef first =
        LLVMBuildInsertElement(emit->builder, none, number, LLVMConstNull(emit->i32), "");
    LLVMValueRef zeros = LLVMConstNull(vector_type(emit));
    return LLVMBuildShuffleVector(emit->builder, first, none, zeros, "");
}

static LLVMValueRef all_lanes(Emit *emit, int64_t number) {
    LLVMValueRef lanes[LANES];
    for (int i = 0; i < LANES; i++)
        lanes[i] = LLVMConstInt(emit->i32, (uint64_t)number, true);
    return LLVMConstVector(lanes, LANES);
}

static LLVMValueRef lane_numbers(Emit *emit) {
    LLVMValueRef lanes[LANES];
    for (unsigned i = 0; i < LANES; i++)
        lanes[i] = LLVMConstInt(emit->i32, i, false);
    return LLVMConstVector(lanes, LANES);
}

static LLVMValueRef vector_place(Emit *emit, BufferId column, LLVMValueRef index) {
    return LLVMBuildInBoundsGEP2(emit->builder, emit->i32, emit_column(emit, column), &index, 1,
                                 "");
}

static LLVMValueRef load_queries(Emit *emit, BufferId column, LLVMValueRef first) {
    LLVMValueRef place = vector_place(emit, column, first);
    LLVMValueRef load = LLVMBuildLoad2(emit->builder, vector_type(emit), place, "");
    LLVMSetAlignment(load, sizeof(int32_t));
    return load;
}

static void store_queries(Emit *emit, BufferId column, LLVMValueRef first, LLVMValueRef numbers) {
    LLVMValueRef store = LLVMBuildStore(emit->builder, numbers, vector_place(emit, column, first));
    LLVMSetAlignment(store, sizeof(int32_t));
}

static LLVMValueRef load_key(Emit *emit, BufferId column, LLVMValueRef key) {
    return spread(emit, emit_load(emit, emit->i32, emit_column(emit, column), key));
}

/* --- the columns ------------------------------------------------------------------------------ */

static void write_columns(Emit *emit, const Attend *attend) {
    const Lanes *lanes = attend->lanes;
    Loop loop = loop_positions(emit);
    LLVMValueRef keep = attend_keeps_key(emit, attend, loop.index);
    for (uint32_t c = 0; c < attend->condition_count; c++) {
        const Condition *condition = &attend->conditions[c];
        emit_result(emit, lanes->keys[c], loop.index,
                    emit_operand(emit, &condition->key, loop.index));
        emit_result(emit, lanes->queries[c], loop.index,
                    emit_operand(emit, &condition->query, loop.index));
    }
    Found values = attend_with_key(emit, attend, NULL, keep, loop.index);
    for (uint32_t s = 0; s < attend->sum_count; s++)
        if (lanes->values[s] != NO_BUFFER)
            emit_result(emit, lanes->values[s], loop.index, values.sums[s]);
    loop_end(emit, &loop, NULL);
}

/* --- the pairs -------------------------------------------------------------------------------- */

/* The keys that the mask lets through for some query of the block: [*from, *to). */
static void block_keys(Emit *emit, const Attend *attend, LLVMValueRef first, LLVMValueRef *from,
                       LLVMValueRef *to) {
    LLVMValueRef last = emit_plus(emit, first, emit_int(emit, LANES - 1)), ignored;
    attend_mask_range(emit, attend, first, from, &ignored);
    attend_mask_range(emit, attend, last, &ignored, to);
}

/* Whether a key lies within the mask of each query; NULL: of all. */
static LLVMValueRef in_mask(Emit *emit, HeadMask mask, LLVMValueRef key, LLVMValueRef queries) {
    enum { FAR = 1 << 30 }; /* farther than any input is long */
    LLVMValueRef all = NULL;
    if (mask.low == INT32_MIN && mask.high == INT32_MAX) return NULL;
    LLVMValueRef position = spread(emit, LLVMBuildTrunc(emit->builder, key, emit->i32, ""));
    LLVMValueRef distance = emit_minus(emit, position, queries);
    if (mask.low > -FAR)
        all = emit_relation(emit, RELATION_GT | RELATION_EQ, distance, all_lanes(emit, mask.low));
    if (mask.high < FAR)
        all = emit_both(
            emit, all,
            emit_relation(emit, RELATION_LT | RELATION_EQ, distance, all_lanes(emit, mask.high)));
    return all;
}

static void sum_block(Emit *emit, const Attend *attend, LLVMValueRef first) {
    const Lanes *lanes = attend->lanes;
    LLVMValueRef queries[ATTEND_CONDITIONS], sums[LOOP_CARRIES], from, to;
    LLVMValueRef zero = all_lanes(emit, 0), one = all_lanes(emit, 1);
    LLVMValueRef start = spread(emit, LLVMBuildTrunc(emit->builder, first, emit->i32, ""));
    LLVMValueRef positions = emit_plus(emit, start, lane_numbers(emit));
    for (uint32_t c = 0; c < attend->condition_count; c++)
        queries[c] = load_queries(emit, lanes->queries[c], first);
    for (uint32_t s = 0; s < attend->sum_count; s++)
        sums[s] = zero;
    block_keys(emit, attend, first, &from, &to);
    Loop keys = loop_begin(emit, from, to, attend->sum_count, sums);
    LLVMValueRef selected = in_mask(emit, attend->mask, keys.index, positions);
    for (uint32_t c = 0; c < attend->condition_count; c++) {
        LLVMValueRef key = load_key(emit, lanes->keys[c], keys.index);
        selected = emit_both(emit, selected,
                             emit_relation(emit, attend->conditions[c].relation, key, queries[c]));
    }
    for (uint32_t s = 0; s < attend->sum_count; s++) {
        bool counts = lanes->values[s] == NO_BUFFER;
        LLVMValueRef value = counts ? one : load_key(emit, lanes->values[s], keys.index);
        if (selected) value = emit_choose(emit, selected, value, zero);
        sums[s] = emit_plus(emit, keys.carry[s], value);
    }
    loop_end(emit, &keys, sums);
    for (uint32_t s = 0; s < attend->sum_count; s++)
        store_queries(emit, attend->sums[s].scratch, first, keys.result[s]);
}

/* How many blocks begin before the position. */
static LLVMValueRef blocks_before(Emit *emit, LLVMValueRef position) {
    enum { LANE_BITS = 4 };
    _Static_assert(1 << LANE_BITS == LANES, "a block is shifted by its bits");
    LLVMValueRef rounded = emit_plus(emit, position, emit_int(emit, LANES - 1));
    return LLVMBuildLShr(emit->builder, rounded, emit_int(emit, LANE_BITS), "");
}

void attend_lanes(Emit *emit, const Attend *attend) {
    emit_stage(emit, (Stage){.split = true});
    write_columns(emit, attend);

    emit_stage(emit, (Stage){.split = true, .pairs = true});
    Loop blocks =
        loop_begin(emit, blocks_before(emit, emit->from), blocks_before(emit, emit->to), 0, NULL);
    sum_block(emit, attend, emit_times(emit, blocks.index, emit_int(emit, LANES)));
    loop_end(emit, &blocks, NULL);

    emit_stage(emit, (Stage){.split = true});
    Loop loop = loop_positions(emit);
    attend_finish(emit, attend, loop.index, attend_load(emit, attend, loop.index));
    loop_end(emit, &loop, NULL);
}
