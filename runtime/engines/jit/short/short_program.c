#include "runtime/engines/jit/short/short_program.h"

#include "runtime/engines/jit.h"
#include "runtime/engines/jit/short/head.h"

#include <string.h>

/* Longer ones take longer to compile than they gain (bench/README.md): they are more instructions,
   most of all where vectors are short. */
enum { LANES_LEAST = 16, LANES_OF_256_BITS = JIT_SHORT_MOST, LANES_OF_128_BITS = 32 };

static bool is_short(const Native *native, const Plan *plan) {
    bool wide = native_vector_bits(native) >= 256;
    return plan->model->max_length <= (wide ? LANES_OF_256_BITS : LANES_OF_128_BITS);
}

/* --- units ------------------------------------------------------------------------------------ */

static Vector clamped(Short *code, Vector value, int64_t most) {
    Vector zero = vector_int(code, 0), last = vector_int(code, most);
    if (value.low < 0) {
        LLVMValueRef below = vector_relation(code, RELATION_LT, value, zero);
        value = vector_choose(code, below, zero, value);
        value.low = 0;
    }
    if (value.high > most) {
        LLVMValueRef above = vector_relation(code, RELATION_GT, value, last);
        value = vector_choose(code, above, last, value);
        value.high = most;
    }
    value.value = vector_resized(code, value, vector_bits(value.low, value.high));
    return value;
}

static Vector one_or_zero(Short *code, LLVMValueRef condition) {
    return vector_choose(code, condition, vector_int(code, 1), vector_int(code, 0));
}

/* How many of the table's entries are below the number: of few each is compared; of many one bit of
   the answer a level, as program_emit.c has it. */
static Vector search(Short *code, const UnitPlan *unit, Vector number) {
    enum { LEVELS_COMPARED = 4 };
    const ConstantTable *table = &code->plan->columns.tables[unit->table];
    Vector found = vector_int(code, 0);
    if (unit->levels <= LEVELS_COMPARED) {
        for (uint32_t t = 0; t < table->count; t++) {
            Vector threshold = vector_real(code, ((const double *)table->data)[t]);
            LLVMValueRef reached = vector_relation(code, RELATION_GT, number, threshold);
            found = vector_plus(code, found, one_or_zero(code, reached));
        }
        return found;
    }
    for (uint32_t level = unit->levels; level-- > 0;) {
        Vector half = vector_int(code, (int64_t)1 << level);
        Vector place = vector_plus(code, found, vector_int(code, half.low - 1));
        LLVMValueRef reached =
            vector_relation(code, RELATION_GT, number, vector_lookup(code, table, place));
        found = vector_plus(code, found, vector_choose(code, reached, half, vector_int(code, 0)));
    }
    return found;
}

static void emit_unit(Short *code, const UnitPlan *unit) {
    Vector input = vector_operand(code, &unit->input), result = {0};
    switch (unit->kind) {
    case UNIT_PLAN_CLAMP: result = clamped(code, input, unit->most); break;
    case UNIT_PLAN_TABLE:
        result = vector_lookup(code, &code->plan->columns.tables[unit->table], input);
        break;
    case UNIT_PLAN_SEARCH: result = search(code, unit, input); break;
    }
    code->columns[unit->target] = result;
}

/* --- the read-out ----------------------------------------------------------------------------- */

void short_trouble(Short *code, BufferId cells, uint32_t cell, LLVMValueRef condition) {
    LLVMBuilderRef builder = code->emit.builder;
    LLVMTypeRef bits = LLVMIntTypeInContext(code->emit.context, code->lanes);
    LLVMValueRef here = LLVMBuildAnd(builder, condition, code->here, "");
    code->troubles = arena_grow(code->arena, code->troubles, code->trouble_count,
                                code->trouble_count + 1, sizeof *code->troubles);
    code->troubles[code->trouble_count++] =
        (Trouble){cells, cell, LLVMBuildBitCast(builder, here, bits, "")};
}

/* The whole number nearest to p / q, of two the lower. */
static Vector nearest(Short *code, Vector p, Vector q) {
    const Vector two = vector_int(code, 2), less = vector_int(code, -1);
    Vector over = vector_plus(code, vector_times(code, p, two), vector_times(code, q, less));
    int64_t low = p.low < 0 ? p.low - 1 : -1, high = p.high > 0 ? p.high + 1 : 1;
    return vector_quotient(code, over, vector_times(code, q, two), true, low, high);
}

static Vector number_vector(Short *code, const Number *number, DecodeKind decode) {
    if (number->is_real) return vector_operand(code, &number->real);
    Vector p = vector_operand(code, &number->whole), q = {0};
    if (number->scale != 1) q = vector_int(code, number->scale);
    if (number->under != NO_BUFFER) {
        Vector under = code->columns[number->under];
        if (under.value == NULL) return vector_refused(code);
        p = vector_times(code, p, under);
        p = vector_plus(code, p, vector_operand(code, &number->over));
        q = q.value ? vector_times(code, q, under) : under;
    }
    if (decode == DECODE_FRACTION) {
        p = vector_as_real(code, p);
        if (q.value)
            p.value = LLVMBuildFDiv(code->emit.builder, p.value, vector_as_real(code, q).value, "");
        return p;
    }
    Vector whole = q.value ? nearest(code, p, q) : p;
    return decode == DECODE_WHOLE ? vector_as_real(code, whole) : whole;
}

/* A result is stored to the end of its last vector: its buffer is so long. */
static void store(Short *code, BufferId column, Vector vector) {
    enum { LINE = 64 };
    ElementType type = code->plan->columns.buffers[column].type;
    if (type == ELEMENT_F64)
        vector = vector_as_real(code, vector);
    else if (!vector.real)
        vector.value = vector_resized(code, vector, type == ELEMENT_I32 ? 32 : 64);
    LLVMValueRef at = emit_column(&code->emit, column);
    LLVMSetAlignment(LLVMBuildStore(code->emit.builder, vector.value, at), LINE);
}

static LLVMValueRef holds(Short *code, const Operand *operand) {
    return vector_relation(code, RELATION_LT | RELATION_GT, vector_operand(code, operand),
                           vector_int(code, 0));
}

static void emit_output(Short *code) {
    const OutputPlan *output = &code->plan->output;
    const Readout *readout = &code->plan->model->readout;
    for (uint32_t r = 0; r < readout->reading_count; r++) {
        const ReadingPlan *reading = &output->readings[r];
        store(code, reading->result,
              number_vector(code, &reading->number, readout->readings[r].decode));
        if (reading->exact != NO_BUFFER)
            store(code, reading->exact, one_or_zero(code, holds(code, &reading->exact_from)));
    }
    for (uint32_t t = 0; t < readout->trap_count; t++)
        short_trouble(code, output->trapped, t, holds(code, &output->traps[t]));
}

/* --- the function ----------------------------------------------------------------------------- */

/* Where each trouble was first, which is looked at only if there is one. */
static void emit_troubles(Short *code) {
    Emit *emit = &code->emit;
    LLVMBuilderRef builder = emit->builder;
    LLVMTypeRef bits = LLVMIntTypeInContext(emit->context, code->lanes);
    LLVMValueRef any = LLVMConstNull(bits), none = LLVMConstNull(bits);
    for (uint32_t t = 0; t < code->trouble_count; t++)
        any = LLVMBuildOr(builder, any, code->troubles[t].where, "");
    LLVMValueRef fails = LLVMBuildICmp(builder, LLVMIntNE, any, none, "");
    if (code->trouble_count > 0) {
        Branch branch = branch_begin(emit, fails);
        for (uint32_t t = 0; t < code->trouble_count; t++) {
            const Trouble *trouble = &code->troubles[t];
            LLVMValueRef arguments[] = {trouble->where, LLVMConstInt(emit->i1, 0, false)};
            LLVMValueRef first = vector_intrinsic(code, "llvm.cttz", &bits, 1, arguments, 2);
            first = LLVMBuildIntCast2(builder, first, emit->i64, false, "");
            emit_store(emit, emit->i64, emit_column(emit, trouble->cells),
                       emit_int(emit, (int64_t)trouble->cell * CHUNKS), first);
        }
        branch_end(emit, branch);
    }
    LLVMBuildRet(builder, LLVMBuildZExt(builder, fails, emit->i64, ""));
}

static LLVMValueRef lane_numbers(Short *code) {
    LLVMTypeRef type = LLVMIntTypeInContext(code->emit.context, vector_bits(0, code->lanes));
    LLVMValueRef *lanes = ARENA_ARRAY(code->arena, LLVMValueRef, code->lanes);
    for (uint32_t i = 0; i < code->lanes; i++)
        lanes[i] = LLVMConstInt(type, i, false);
    return LLVMConstVector(lanes, code->lanes);
}

/* Tokens past the end are not read: there they are 0. */
static Vector load_tokens(Short *code) {
    Emit *emit = &code->emit;
    LLVMTypeRef types[] = {vector_type(code, 32), emit->pointer};
    LLVMValueRef arguments[] = {emit->tokens, LLVMConstInt(emit->i32, sizeof(int32_t), false),
                                code->here, LLVMConstNull(types[0])};
    Vector tokens = {vector_intrinsic(code, "llvm.masked.load", types, 2, arguments, 4), false, 0,
                     (int64_t)code->plan->model->vocabulary_count - 1};
    tokens.value = vector_resized(code, tokens, vector_bits(0, tokens.high));
    return tokens;
}

/* A comparison of 256 bits gives what is summed; of 512 bits, a mask, and takes as long as two. */
static void prefer_256_bits(Emit *emit) {
    static const char *const names[] = {"prefer-vector-width", "min-legal-vector-width"};
    static const char *const values[] = {"256", "0"};
    for (int i = 0; i < 2; i++) {
        LLVMAttributeRef attribute =
            LLVMCreateStringAttribute(emit->context, names[i], (unsigned)strlen(names[i]),
                                      values[i], (unsigned)strlen(values[i]));
        LLVMAddAttributeAtIndex(emit->function, (LLVMAttributeIndex)LLVMAttributeFunctionIndex,
                                attribute);
    }
}

static void begin(Short *code) {
    enum { PARAMETERS = 3 };
    Emit *emit = &code->emit;
    LLVMTypeRef types[PARAMETERS] = {emit->pointer, emit->i64, emit->pointer};
    emit->function = LLVMAddFunction(emit->module, SHORT_ENTRY,
                                     LLVMFunctionType(emit->i64, types, PARAMETERS, false));
    prefer_256_bits(emit);
    emit->tokens = LLVMGetParam(emit->function, 0);
    emit->n = LLVMGetParam(emit->function, 1);
    emit->columns = LLVMGetParam(emit->function, 2);
    emit->entry = LLVMAppendBasicBlockInContext(emit->context, emit->function, "entry");
    LLVMBasicBlockRef start = LLVMAppendBasicBlockInContext(emit->context, emit->function, "start");
    LLVMPositionBuilderAtEnd(emit->builder, emit->entry);
    LLVMBuildBr(emit->builder, start);
    LLVMPositionBuilderAtEnd(emit->builder, start);
    code->positions = (Vector){lane_numbers(code), false, 0, code->lanes - 1};
    LLVMTypeRef narrow = LLVMGetElementType(LLVMTypeOf(code->positions.value));
    LLVMValueRef n = vector_spread(code, LLVMBuildTrunc(emit->builder, emit->n, narrow, ""));
    code->here = LLVMBuildICmp(emit->builder, LLVMIntULT, code->positions.value, n, "");
    code->tokens = load_tokens(code);
}

static void emit_layers(Short *code) {
    const Plan *plan = code->plan;
    for (uint32_t l = 0; l < plan->model->layer_count && !code->refused; l++) {
        for (uint32_t h = 0; h < plan->model->layers[l].head_count; h++)
            short_head(code, &plan->layers[l].heads[h]);
        for (uint32_t u = 0; u < plan->layers[l].unit_count && !code->refused; u++)
            emit_unit(code, &plan->layers[l].units[u]);
    }
}

static void keep_memory(const Short *code, Columns *columns) {
    for (uint32_t b = 0; b < columns->buffer_count; b++)
        columns->buffers[b].length = (Length){columns->buffers[b].kept ? code->lanes : 0, 0};
    for (uint32_t t = 0; t < code->trouble_count; t++) {
        Length *length = &columns->buffers[code->troubles[t].cells].length;
        int64_t needed = ((int64_t)code->troubles[t].cell + 1) * CHUNKS;
        if (length->fixed < needed) length->fixed = needed;
    }
}

static void drop(const Short *code) {
    LLVMValueRef table;
    LLVMDeleteFunction(code->emit.function);
    while ((table = LLVMGetFirstGlobal(code->emit.module)) != NULL)
        LLVMDeleteGlobal(table);
}

bool short_emit(Native *native, Plan *plan) {
    if (!is_short(native, plan)) return false;
    Arena *arena = arena_new(0);
    Short code = {.emit = emit_begin(native, &plan->columns, NULL),
                  .arena = arena,
                  .plan = plan,
                  .lanes = LANES_LEAST,
                  .columns = ARENA_ARRAY(arena, Vector, plan->columns.buffer_count + 1)};
    while (code.lanes < plan->model->max_length)
        code.lanes *= 2;
    begin(&code);
    emit_layers(&code);
    if (!code.refused) emit_output(&code);
    emit_troubles(&code);
    LLVMDisposeBuilder(code.emit.builder);
    if (code.refused)
        drop(&code);
    else
        keep_memory(&code, &plan->columns);
    arena_free(arena);
    return !code.refused;
}
