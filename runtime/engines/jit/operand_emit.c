#include "runtime/engines/jit/operand_emit.h"

#include "runtime/base/bug.h"
#include "runtime/model/model.h"

LLVMTypeRef emit_element(Emit *emit, ElementType type) {
    switch (type) {
    case ELEMENT_I32: return emit->i32;
    case ELEMENT_I64: return emit->i64;
    case ELEMENT_F64: return emit->f64;
    }
    BUG("element type %d does not exist", (int)type);
}

LLVMValueRef emit_length(Emit *emit, Length length) {
    LLVMValueRef fixed = emit_int(emit, length.fixed);
    if (length.per_position == 0) return fixed;
    LLVMValueRef varying = emit_times(emit, emit->n, emit_int(emit, length.per_position));
    return length.fixed ? emit_plus(emit, varying, fixed) : varying;
}

/* An integer as i64, a double as it is. */
static LLVMValueRef widened(Emit *emit, LLVMValueRef value) {
    return LLVMTypeOf(value) == emit->f64 ? value : emit_to_int(emit, value);
}

static LLVMValueRef as_real(Emit *emit, LLVMValueRef value) {
    return LLVMTypeOf(value) == emit->f64 ? value : emit_to_real(emit, value);
}

LLVMValueRef emit_table(Emit *emit, TableId table, LLVMValueRef index) {
    LLVMTypeRef type = emit_element(emit, emit->layout->tables[table].type);
    LLVMValueRef data = emit_column(emit, emit->layout->buffer_count + table);
    return widened(emit, emit_load(emit, type, data, index));
}

LLVMValueRef emit_result_back(Emit *emit, BufferId column, LLVMValueRef position) {
    const BufferSpec *spec = &emit->layout->buffers[column];
    ColumnUse *use = &emit->uses[column];
    if (spec->column && use->position == position) return use->value;
    use->loaded = true;
    return widened(
        emit, emit_load(emit, emit_element(emit, spec->type), emit_column(emit, column), position));
}

static void note_store(Emit *emit, ColumnUse *use, LLVMValueRef position, LLVMValueRef value,
                       LLVMValueRef store) {
    use->position = position;
    use->value = value;
    use->stores = arena_grow(emit->layout->arena, use->stores, use->store_count,
                             use->store_count + 1, sizeof store);
    use->stores[use->store_count++] = store;
}

void emit_result(Emit *emit, BufferId column, LLVMValueRef position, LLVMValueRef value) {
    const BufferSpec *spec = &emit->layout->buffers[column];
    LLVMTypeRef type = emit_element(emit, spec->type);
    LLVMValueRef stored =
        type == emit->i32 ? LLVMBuildTrunc(emit->builder, value, emit->i32, "") : value;
    LLVMValueRef store = emit_store(emit, type, emit_column(emit, column), position, stored);
    if (spec->column) note_store(emit, &emit->uses[column], position, value, store);
}

void emit_note_first(Emit *emit, BufferId cells, int64_t cell, LLVMValueRef condition,
                     LLVMValueRef position) {
    LLVMValueRef place = emit_plus(emit, emit_int(emit, cell * CHUNKS), emit->chunk);
    Branch branch = branch_begin(emit, condition);
    LLVMValueRef first = emit_result_back(emit, cells, place);
    LLVMValueRef sooner = emit_relation(emit, RELATION_LT, position, first);
    emit_result(emit, cells, place, emit_choose(emit, sooner, position, first));
    branch_end(emit, branch);
}

static LLVMValueRef leaf_number(Emit *emit, const Leaf *leaf, LLVMValueRef position) {
    LLVMValueRef value = NULL;
    switch (leaf->kind) {
    case LEAF_ONE: value = emit_int(emit, 1); break;
    case LEAF_POSITION: value = position; break;
    case LEAF_TOKEN:
        value = widened(emit, emit_load(emit, emit->i32, emit->tokens, position));
        break;
    case LEAF_COLUMN: value = emit_result_back(emit, leaf->column, position); break;
    }
    return leaf->table == NO_TABLE ? value : emit_table(emit, leaf->table, value);
}

static LLVMValueRef real_leaf(Emit *emit, const Leaf *leaf, LLVMValueRef position) {
    LLVMValueRef value = as_real(emit, leaf_number(emit, leaf, position));
    if (leaf->under != NO_BUFFER || leaf->scale != 1) {
        LLVMValueRef under = emit_int(emit, leaf->scale);
        if (leaf->under != NO_BUFFER)
            under = emit_times(emit, under, emit_result_back(emit, leaf->under, position));
        value = LLVMBuildFDiv(emit->builder, value, emit_to_real(emit, under), "");
    }
    if (leaf->real_factor == 1) return value;
    return emit_times(emit, value, emit_real(emit, leaf->real_factor));
}

static LLVMValueRef integer_leaf(Emit *emit, const Leaf *leaf, LLVMValueRef position) {
    LLVMValueRef value = leaf_number(emit, leaf, position);
    if (leaf->factor == 1) return value;
    return emit_times(emit, value, emit_int(emit, leaf->factor));
}

LLVMValueRef emit_operand(Emit *emit, const Operand *operand, LLVMValueRef position) {
    LLVMValueRef total = NULL;
    for (uint32_t i = 0; i < operand->count; i++) {
        LLVMValueRef value = operand->real ? real_leaf(emit, &operand->leaves[i], position)
                                           : integer_leaf(emit, &operand->leaves[i], position);
        total = total ? emit_plus(emit, total, value) : value;
    }
    bool zero = operand->real ? operand->real_constant == 0 : operand->constant == 0;
    if (total && zero) return total;
    LLVMValueRef constant =
        operand->real ? emit_real(emit, operand->real_constant) : emit_int(emit, operand->constant);
    return total ? emit_plus(emit, total, constant) : constant;
}

LLVMValueRef emit_compared(Emit *emit, uint8_t relation, LLVMValueRef a, LLVMValueRef b,
                           bool has_sign) {
    /* By the bits RELATION_LT, RELATION_EQ, RELATION_GT. */
    static const LLVMIntPredicate with_sign[] = {
        [1] = LLVMIntSLT, [2] = LLVMIntEQ, [3] = LLVMIntSLE,
        [4] = LLVMIntSGT, [5] = LLVMIntNE, [6] = LLVMIntSGE,
    };
    static const LLVMIntPredicate without[] = {
        [1] = LLVMIntULT, [2] = LLVMIntEQ, [3] = LLVMIntULE,
        [4] = LLVMIntUGT, [5] = LLVMIntNE, [6] = LLVMIntUGE,
    };
    static const LLVMRealPredicate reals[] = {
        LLVMRealPredicateFalse,
        LLVMRealOLT,
        LLVMRealOEQ,
        LLVMRealOLE,
        LLVMRealOGT,
        LLVMRealUNE,
        LLVMRealOGE,
        LLVMRealPredicateTrue,
    };
    LLVMTypeRef type = LLVMTypeOf(a), truth = emit->i1;
    if (LLVMGetTypeKind(type) == LLVMVectorTypeKind) {
        truth = LLVMVectorType(truth, LLVMGetVectorSize(type));
        type = LLVMGetElementType(type);
    }
    if (type == emit->f64) return LLVMBuildFCmp(emit->builder, reals[relation & 7], a, b, "");
    if (relation == 0) return LLVMConstNull(truth);
    if (relation == 7) return LLVMConstAllOnes(truth);
    return LLVMBuildICmp(emit->builder, has_sign ? with_sign[relation] : without[relation], a, b,
                         "");
}

LLVMValueRef emit_relation(Emit *emit, uint8_t relation, LLVMValueRef a, LLVMValueRef b) {
    return emit_compared(emit, relation, a, b, true);
}

LLVMValueRef emit_inside(Emit *emit, LLVMValueRef value, LLVMValueRef bound) {
    return LLVMBuildICmp(emit->builder, LLVMIntULT, value, bound, "");
}

LLVMValueRef emit_clamp(Emit *emit, LLVMValueRef value, LLVMValueRef least, LLVMValueRef most) {
    LLVMValueRef low = LLVMBuildICmp(emit->builder, LLVMIntSLT, value, least, "");
    value = emit_choose(emit, low, least, value);
    LLVMValueRef high = LLVMBuildICmp(emit->builder, LLVMIntSGT, value, most, "");
    return emit_choose(emit, high, most, value);
}

LLVMValueRef emit_both(Emit *emit, LLVMValueRef a, LLVMValueRef b) {
    if (a == NULL || b == NULL) return a ? a : b;
    return LLVMBuildAnd(emit->builder, a, b, "");
}

LLVMValueRef emit_plus(Emit *emit, LLVMValueRef a, LLVMValueRef b) {
    return LLVMTypeOf(a) == emit->f64 ? LLVMBuildFAdd(emit->builder, a, b, "")
                                      : LLVMBuildAdd(emit->builder, a, b, "");
}

LLVMValueRef emit_minus(Emit *emit, LLVMValueRef a, LLVMValueRef b) {
    return LLVMTypeOf(a) == emit->f64 ? LLVMBuildFSub(emit->builder, a, b, "")
                                      : LLVMBuildSub(emit->builder, a, b, "");
}

LLVMValueRef emit_times(Emit *emit, LLVMValueRef a, LLVMValueRef b) {
    return LLVMTypeOf(a) == emit->f64 ? LLVMBuildFMul(emit->builder, a, b, "")
                                      : LLVMBuildMul(emit->builder, a, b, "");
}
