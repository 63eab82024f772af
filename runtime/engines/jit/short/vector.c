#include "runtime/engines/jit/short/vector.h"

#include "runtime/base/bug.h"

#include <string.h>

Vector vector_refused(Short *code) {
    code->refused = true;
    return vector_int(code, 0);
}

/* --- types and constants ---------------------------------------------------------------------- */

static bool has_bits(uint32_t bits, int64_t low, int64_t high) {
    if (bits == 64) return true;
    return low >= 0 ? high < (int64_t)1 << bits
                    : low >= -((int64_t)1 << (bits - 1)) && high < (int64_t)1 << (bits - 1);
}

uint32_t vector_bits(int64_t low, int64_t high) {
    uint32_t bits = 8;
    while (!has_bits(bits, low, high))
        bits *= 2;
    return bits;
}

LLVMTypeRef vector_type(Short *code, uint32_t bits) {
    return LLVMVectorType(LLVMIntTypeInContext(code->emit.context, bits), code->lanes);
}

LLVMValueRef vector_all(Short *code, LLVMValueRef constant) {
    LLVMValueRef *lanes = ARENA_ARRAY(code->arena, LLVMValueRef, code->lanes);
    for (uint32_t i = 0; i < code->lanes; i++)
        lanes[i] = constant;
    return LLVMConstVector(lanes, code->lanes);
}

LLVMValueRef vector_spread(Short *code, LLVMValueRef scalar) {
    LLVMTypeRef type = LLVMVectorType(LLVMTypeOf(scalar), code->lanes);
    LLVMValueRef none = LLVMGetPoison(type), zeros = LLVMConstNull(vector_type(code, 32));
    LLVMValueRef zero = LLVMConstNull(code->emit.i32);
    LLVMValueRef first = LLVMBuildInsertElement(code->emit.builder, none, scalar, zero, "");
    return LLVMBuildShuffleVector(code->emit.builder, first, none, zeros, "");
}

Vector vector_int(Short *code, int64_t value) {
    LLVMTypeRef type = LLVMIntTypeInContext(code->emit.context, vector_bits(value, value));
    LLVMValueRef constant = LLVMConstInt(type, (uint64_t)value, true);
    return (Vector){vector_all(code, constant), false, value, value};
}

Vector vector_real(Short *code, double value) {
    return (Vector){vector_all(code, emit_real(&code->emit, value)), true, 0, 0};
}

static uint32_t width_of(Vector vector) {
    return LLVMGetIntTypeWidth(LLVMGetElementType(LLVMTypeOf(vector.value)));
}

LLVMValueRef vector_resized(Short *code, Vector vector, uint32_t bits) {
    uint32_t width = width_of(vector);
    LLVMTypeRef type = vector_type(code, bits);
    if (width == bits) return vector.value;
    if (width > bits) return LLVMBuildTrunc(code->emit.builder, vector.value, type, "");
    return vector.low >= 0 ? LLVMBuildZExt(code->emit.builder, vector.value, type, "")
                           : LLVMBuildSExt(code->emit.builder, vector.value, type, "");
}

/* --- arithmetic ------------------------------------------------------------------------------- */

static LLVMTypeRef reals(Short *code) { return LLVMVectorType(code->emit.f64, code->lanes); }

Vector vector_as_real(Short *code, Vector vector) {
    if (vector.real) return vector;
    bool narrow = range_is_narrow(vector.low, vector.high);
    LLVMValueRef whole = vector_resized(code, vector, narrow ? 32 : 64);
    return (Vector){LLVMBuildSIToFP(code->emit.builder, whole, reals(code), ""), true, 0, 0};
}

/* Any of the two; the bits that both need. */
static uint32_t join(Vector a, Vector b, int64_t *low, int64_t *high) {
    *low = a.low < b.low ? a.low : b.low;
    *high = a.high > b.high ? a.high : b.high;
    return vector_bits(*low, *high);
}

Vector vector_choose(Short *code, LLVMValueRef condition, Vector yes, Vector no) {
    Vector chosen = {NULL, yes.real || no.real, 0, 0};
    LLVMValueRef a, b;
    if (chosen.real) {
        a = vector_as_real(code, yes).value, b = vector_as_real(code, no).value;
    } else {
        uint32_t bits = join(yes, no, &chosen.low, &chosen.high);
        a = vector_resized(code, yes, bits), b = vector_resized(code, no, bits);
    }
    chosen.value = emit_choose(&code->emit, condition, a, b);
    return chosen;
}

/* The vector of that range; refused where 62 bits don't hold it. */
static bool in_range(Short *code, __int128 low, __int128 high, Vector *out) {
    const __int128 most = (__int128)1 << 62;
    if (low < -most || high > most) {
        *out = vector_refused(code);
        return false;
    }
    *out = (Vector){NULL, false, (int64_t)low, (int64_t)high};
    return true;
}

Vector vector_plus(Short *code, Vector a, Vector b) {
    LLVMBuilderRef builder = code->emit.builder;
    Vector sum;
    if (a.real || b.real) {
        a = vector_as_real(code, a), b = vector_as_real(code, b);
        return (Vector){LLVMBuildFAdd(builder, a.value, b.value, ""), true, 0, 0};
    }
    if (!in_range(code, (__int128)a.low + b.low, (__int128)a.high + b.high, &sum)) return sum;
    uint32_t bits = vector_bits(sum.low, sum.high);
    sum.value =
        LLVMBuildAdd(builder, vector_resized(code, a, bits), vector_resized(code, b, bits), "");
    return sum;
}

Vector vector_times(Short *code, Vector a, Vector b) {
    LLVMBuilderRef builder = code->emit.builder;
    Vector product;
    if (a.real || b.real) {
        a = vector_as_real(code, a), b = vector_as_real(code, b);
        return (Vector){LLVMBuildFMul(builder, a.value, b.value, ""), true, 0, 0};
    }
    const __int128 corners[] = {(__int128)a.low * b.low, (__int128)a.low * b.high,
                                (__int128)a.high * b.low, (__int128)a.high * b.high};
    __int128 low = corners[0], high = corners[0];
    for (int i = 1; i < 4; i++) {
        low = corners[i] < low ? corners[i] : low;
        high = corners[i] > high ? corners[i] : high;
    }
    if (a.low == 1 && a.high == 1) return b;
    if (b.low == 1 && b.high == 1) return a;
    if (!in_range(code, low, high, &product)) return product;
    uint32_t bits = vector_bits(product.low, product.high);
    product.value =
        LLVMBuildMul(builder, vector_resized(code, a, bits), vector_resized(code, b, bits), "");
    return product;
}

LLVMValueRef vector_intrinsic(Short *code, const char *name, LLVMTypeRef *types,
                              uint32_t type_count, LLVMValueRef *arguments, uint32_t count) {
    unsigned id = LLVMLookupIntrinsicID(name, strlen(name));
    LLVMValueRef function = LLVMGetIntrinsicDeclaration(code->emit.module, id, types, type_count);
    LLVMTypeRef type = LLVMIntrinsicGetType(code->emit.context, id, types, type_count);
    return LLVMBuildCall2(code->emit.builder, type, function, arguments, count, "");
}

static bool is_below(Vector vector, int64_t bound) {
    return vector.low > -bound && vector.high < bound;
}

/* Where both are of fewer bits than a float has, a quotient that is not whole is too far from a
   whole number to be rounded to it. */
Vector vector_quotient(Short *code, Vector a, Vector b, bool ceiling, int64_t low, int64_t high) {
    LLVMBuilderRef builder = code->emit.builder;
    bool single = is_below(a, (int64_t)1 << 22) && is_below(b, (int64_t)1 << 22);
    if (!single && !(is_below(a, (int64_t)1 << 51) && is_below(b, (int64_t)1 << 51)))
        return vector_refused(code);
    LLVMTypeRef type = single
                           ? LLVMVectorType(LLVMFloatTypeInContext(code->emit.context), code->lanes)
                           : reals(code);
    uint32_t bits = single ? 32 : 64;
    LLVMValueRef over = LLVMBuildSIToFP(builder, vector_resized(code, a, bits), type, "");
    LLVMValueRef under = LLVMBuildSIToFP(builder, vector_resized(code, b, bits), type, "");
    LLVMValueRef quotient = LLVMBuildFDiv(builder, over, under, "");
    if (ceiling) quotient = vector_intrinsic(code, "llvm.ceil", &type, 1, &quotient, 1);
    LLVMValueRef whole = LLVMBuildFPToSI(builder, quotient, vector_type(code, bits), "");
    Vector wide = {whole, false, INT32_MIN, INT32_MAX};
    whole = vector_resized(code, wide, vector_bits(low, high));
    return (Vector){whole, false, low, high};
}

/* --- comparisons ------------------------------------------------------------------------------ */

bool vector_alike(Short *code, Vector *a, Vector *b, uint32_t least_bits) {
    int64_t low, high;
    uint32_t bits = join(*a, *b, &low, &high);
    if (bits < least_bits) bits = least_bits;
    a->value = vector_resized(code, *a, bits);
    b->value = vector_resized(code, *b, bits);
    return low < 0 || bits == 64 || high < (int64_t)1 << (bits - 1);
}

LLVMValueRef vector_relation(Short *code, uint8_t relation, Vector a, Vector b) {
    bool has_sign = true;
    if (a.real || b.real)
        a = vector_as_real(code, a), b = vector_as_real(code, b);
    else
        has_sign = vector_alike(code, &a, &b, 0);
    return emit_compared(&code->emit, relation, a.value, b.value, has_sign);
}

/* --- tables ----------------------------------------------------------------------------------- */

/* A table that changes at most so often is a chain of choices: more take longer than a gather. */
enum { MOST_CHANGES = 16 };

static bool entries_same(const ConstantTable *table, int64_t a, int64_t b) {
    size_t size = element_size(table->type);
    const char *data = table->data;
    return memcmp(data + (size_t)a * size, data + (size_t)b * size, size) == 0;
}

/* An entry in every lane, in the bits of the range. */
static Vector entry(Short *code, const ConstantTable *table, int64_t index, int64_t low,
                    int64_t high) {
    if (table->type == ELEMENT_F64) return vector_real(code, ((const double *)table->data)[index]);
    LLVMTypeRef type = LLVMIntTypeInContext(code->emit.context, vector_bits(low, high));
    int64_t value = table_integer(table, (uint32_t)index);
    LLVMValueRef constant = LLVMConstInt(type, (uint64_t)value, true);
    return (Vector){vector_all(code, constant), false, low, high};
}

static LLVMValueRef table_data(Short *code, const ConstantTable *table) {
    enum { LINE = 64 };
    size_t bytes = table->count * element_size(table->type);
    LLVMValueRef data =
        LLVMConstStringInContext2(code->emit.context, table->data, bytes, /* no NUL */ true);
    LLVMValueRef global = LLVMAddGlobal(code->emit.module, LLVMTypeOf(data), "table");
    LLVMSetInitializer(global, data);
    LLVMSetGlobalConstant(global, true);
    LLVMSetLinkage(global, LLVMInternalLinkage);
    LLVMSetAlignment(global, LINE);
    return global;
}

static Vector gather(Short *code, const ConstantTable *table, Vector index, int64_t low,
                     int64_t high) {
    Emit *emit = &code->emit;
    const int64_t last = (int64_t)table->count - 1;
    if (index.low < 0)
        index = vector_choose(code, vector_relation(code, RELATION_LT, index, vector_int(code, 0)),
                              vector_int(code, 0), index);
    if (index.high > last)
        index =
            vector_choose(code, vector_relation(code, RELATION_GT, index, vector_int(code, last)),
                          vector_int(code, last), index);
    LLVMTypeRef element = emit_element(emit, table->type);
    LLVMTypeRef types[] = {LLVMVectorType(element, code->lanes),
                           LLVMVectorType(emit->pointer, code->lanes)};
    LLVMValueRef at = vector_resized(code, index, 32);
    LLVMValueRef places =
        LLVMBuildInBoundsGEP2(emit->builder, element, table_data(code, table), &at, 1, "");
    LLVMValueRef arguments[] = {places, LLVMConstInt(emit->i32, element_size(table->type), false),
                                vector_all(code, LLVMConstInt(emit->i1, 1, false)),
                                LLVMGetPoison(types[0])};
    Vector found = {vector_intrinsic(code, "llvm.masked.gather", types, 2, arguments, 4),
                    table->type == ELEMENT_F64, low, high};
    if (!found.real) found.value = vector_resized(code, found, vector_bits(low, high));
    return found;
}

Vector vector_lookup(Short *code, const ConstantTable *table, Vector index) {
    int64_t first = index.low < 0 ? 0 : index.low, last = (int64_t)table->count - 1;
    if (index.high < last) last = index.high;
    if (first > last || table->count > INT32_MAX) return vector_refused(code);
    int64_t low = 0, high = 0;
    uint32_t changes = 0;
    for (int64_t i = first; i <= last; i++) {
        changes += i > first && !entries_same(table, i - 1, i);
        if (table->type == ELEMENT_F64) continue;
        int64_t value = table_integer(table, (uint32_t)i);
        low = i == first || value < low ? value : low;
        high = i == first || value > high ? value : high;
    }
    if (changes > MOST_CHANGES) return gather(code, table, index, low, high);
    Vector found = entry(code, table, first, low, high);
    for (int64_t i = first + 1; i <= last; i++) {
        if (entries_same(table, i - 1, i)) continue;
        LLVMValueRef reached =
            vector_relation(code, RELATION_GT | RELATION_EQ, index, vector_int(code, i));
        found = vector_choose(code, reached, entry(code, table, i, low, high), found);
    }
    return found;
}

/* --- across positions ------------------------------------------------------------------------- */

LLVMValueRef vector_shifted(Short *code, LLVMValueRef vector, int64_t by, LLVMValueRef fill) {
    LLVMValueRef *lanes = ARENA_ARRAY(code->arena, LLVMValueRef, code->lanes);
    for (uint32_t i = 0; i < code->lanes; i++) {
        int64_t from = (int64_t)i - by;
        bool inside = from >= 0 && from < (int64_t)code->lanes;
        lanes[i] =
            LLVMConstInt(code->emit.i32, inside ? (uint64_t)from : (uint64_t)code->lanes, false);
    }
    LLVMValueRef order = LLVMConstVector(lanes, code->lanes);
    return LLVMBuildShuffleVector(code->emit.builder, vector, fill, order, "");
}

/* What a sum of one number a lane may be. */
static bool sum_range(Short *code, Vector vector, Vector *out) {
    __int128 low = vector.low < 0 ? (__int128)vector.low * code->lanes : 0;
    __int128 high = vector.high > 0 ? (__int128)vector.high * code->lanes : 0;
    return in_range(code, low, high, out);
}

Vector vector_total(Short *code, Vector vector) {
    Vector total;
    if (!sum_range(code, vector, &total)) return total;
    LLVMValueRef wide = vector_resized(code, vector, vector_bits(total.low, total.high));
    LLVMTypeRef type = LLVMTypeOf(wide);
    total.value =
        vector_spread(code, vector_intrinsic(code, "llvm.vector.reduce.add", &type, 1, &wide, 1));
    return total;
}

Vector vector_running(Short *code, Vector vector, bool from_end) {
    Vector sums;
    if (!sum_range(code, vector, &sums)) return sums;
    LLVMValueRef wide = vector_resized(code, vector, vector_bits(sums.low, sums.high));
    LLVMValueRef zero = LLVMConstNull(LLVMTypeOf(wide));
    for (uint32_t step = 1; step < code->lanes; step *= 2) {
        int64_t by = from_end ? -(int64_t)step : (int64_t)step;
        LLVMValueRef moved = vector_shifted(code, wide, by, zero);
        wide = LLVMBuildAdd(code->emit.builder, wide, moved, "");
    }
    sums.value = wide;
    return sums;
}

LLVMValueRef vector_remembered(Short *code, LLVMValueRef vector) {
    LLVMBuilderRef builder = code->emit.builder;
    LLVMBasicBlockRef here = LLVMGetInsertBlock(builder);
    LLVMPositionBuilderBefore(builder, LLVMGetBasicBlockTerminator(code->emit.entry));
    LLVMValueRef memory = LLVMBuildAlloca(builder, LLVMTypeOf(vector), "");
    LLVMPositionBuilderAtEnd(builder, here);
    LLVMBuildStore(builder, vector, memory);
    return memory;
}

/* --- operands --------------------------------------------------------------------------------- */

static Vector column(Short *code, BufferId id) {
    return code->columns[id].value ? code->columns[id] : vector_refused(code);
}

static Vector leaf_number(Short *code, const Leaf *leaf) {
    Vector value = {0};
    switch (leaf->kind) {
    case LEAF_ONE: value = vector_int(code, 1); break;
    case LEAF_POSITION: value = code->positions; break;
    case LEAF_TOKEN: value = code->tokens; break;
    case LEAF_COLUMN: value = column(code, leaf->column); break;
    }
    if (leaf->table == NO_TABLE) return value;
    if (value.real) BUG("a table that is looked up by reals");
    return vector_lookup(code, &code->plan->columns.tables[leaf->table], value);
}

/* As emit_operand has it, operation by operation. */
static Vector real_leaf(Short *code, const Leaf *leaf) {
    Vector value = vector_as_real(code, leaf_number(code, leaf));
    if (leaf->under != NO_BUFFER || leaf->scale != 1) {
        Vector under = vector_int(code, leaf->scale);
        if (leaf->under != NO_BUFFER) under = vector_times(code, under, column(code, leaf->under));
        under = vector_as_real(code, under);
        value.value = LLVMBuildFDiv(code->emit.builder, value.value, under.value, "");
    }
    if (leaf->real_factor == 1) return value;
    return vector_times(code, value, vector_real(code, leaf->real_factor));
}

Vector vector_operand(Short *code, const Operand *operand) {
    Vector total = {0};
    for (uint32_t i = 0; i < operand->count; i++) {
        const Leaf *leaf = &operand->leaves[i];
        Vector value = operand->real ? real_leaf(code, leaf)
                                     : vector_times(code, leaf_number(code, leaf),
                                                    vector_int(code, leaf->factor));
        total = total.value ? vector_plus(code, total, value) : value;
    }
    bool zero = operand->real ? operand->real_constant == 0 : operand->constant == 0;
    if (total.value && zero) return total;
    Vector constant = operand->real ? vector_real(code, operand->real_constant)
                                    : vector_int(code, operand->constant);
    return total.value ? vector_plus(code, total, constant) : constant;
}
