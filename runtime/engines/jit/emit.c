#include "runtime/engines/jit/emit.h"

#include "runtime/base/bug.h"

enum { PARAMETERS = 7 };

Emit emit_begin(Native *native, Columns *layout, Stages *stages) {
    LLVMContextRef context = native_context(native);
    Emit emit = {
        .context = context,
        .module = native_module(native),
        .builder = LLVMCreateBuilderInContext(context),
        .stages = stages,
        .layout = layout,
        .i1 = LLVMInt1TypeInContext(context),
        .i8 = LLVMInt8TypeInContext(context),
        .i32 = LLVMInt32TypeInContext(context),
        .i64 = LLVMInt64TypeInContext(context),
        .f64 = LLVMDoubleTypeInContext(context),
        .pointer = LLVMPointerTypeInContext(context, 0),
        .nothing = LLVMVoidTypeInContext(context),
    };
    LLVMTypeRef types[PARAMETERS] = {emit.pointer, emit.i64, emit.pointer, emit.i64,
                                     emit.i64,     emit.i64, emit.i64};
    emit.stage_type = LLVMFunctionType(emit.nothing, types, PARAMETERS, false);
    emit.pointers =
        ARENA_ARRAY(layout->arena, LLVMValueRef, layout->buffer_count + layout->table_count + 1);
    emit.uses = ARENA_ARRAY(layout->arena, ColumnUse, layout->buffer_count + 1);
    return emit;
}

static void end_stage(Emit *emit) {
    if (emit->function) LLVMBuildRetVoid(emit->builder);
}

void emit_stage(Emit *emit, Stage stage) {
    Stages *stages = emit->stages;
    uint32_t count = stages->count;
    end_stage(emit);
    stages->list = arena_grow(stages->arena, stages->list, count, count + 1, sizeof stage);
    emit->functions =
        arena_grow(stages->arena, emit->functions, count, count + 1, sizeof *emit->functions);
    stages->list[count] = stage;
    emit->function = emit->functions[count] =
        LLVMAddFunction(emit->module, "stage", emit->stage_type);
    stages->count++;
    LLVMSetLinkage(emit->function, LLVMInternalLinkage);
    LLVMValueRef *const parameters[PARAMETERS] = {&emit->tokens, &emit->n,  &emit->columns,
                                                  &emit->from,   &emit->to, &emit->chunk,
                                                  &emit->chunks};
    for (uint32_t p = 0; p < PARAMETERS; p++)
        *parameters[p] = LLVMGetParam(emit->function, p);
    emit->entry = LLVMAppendBasicBlockInContext(emit->context, emit->function, "entry");
    LLVMBasicBlockRef start = LLVMAppendBasicBlockInContext(emit->context, emit->function, "start");
    LLVMPositionBuilderAtEnd(emit->builder, emit->entry);
    LLVMBuildBr(emit->builder, start);
    LLVMPositionBuilderAtEnd(emit->builder, start);
    uint32_t columns = emit->layout->buffer_count + emit->layout->table_count;
    for (uint32_t i = 0; i < columns; i++)
        emit->pointers[i] = NULL;
}

/* What no other loop reads need not be in memory. */
static void drop_unread(Emit *emit) {
    for (uint32_t b = 0; b < emit->layout->buffer_count; b++) {
        BufferSpec *spec = &emit->layout->buffers[b];
        ColumnUse *use = &emit->uses[b];
        if (!spec->column || spec->kept || use->loaded) continue;
        for (uint32_t s = 0; s < use->store_count; s++)
            LLVMInstructionEraseFromParent(use->stores[s]);
        spec->length = (Length){0, 0};
    }
}

static void add_case(Emit *emit, LLVMValueRef which, LLVMValueRef program, int64_t stage) {
    LLVMBasicBlockRef block = LLVMAppendBasicBlockInContext(emit->context, program, "call");
    LLVMAddCase(which, emit_int(emit, stage), block);
    LLVMPositionBuilderAtEnd(emit->builder, block);
}

static void call_stage(Emit *emit, uint32_t stage, LLVMValueRef *parameters) {
    LLVMBuildCall2(emit->builder, emit->stage_type, emit->functions[stage], parameters, PARAMETERS,
                   "");
}

void emit_end(Emit *emit, const char *name) {
    end_stage(emit);
    drop_unread(emit);
    LLVMTypeRef types[PARAMETERS + 1] = {emit->i64};
    LLVMGetParamTypes(emit->stage_type, types + 1);
    LLVMValueRef program = LLVMAddFunction(
        emit->module, name, LLVMFunctionType(emit->nothing, types, PARAMETERS + 1, false));
    LLVMValueRef parameters[PARAMETERS + 1];
    LLVMGetParams(program, parameters);
    LLVMBasicBlockRef entry = LLVMAppendBasicBlockInContext(emit->context, program, "entry");
    LLVMBasicBlockRef none = LLVMAppendBasicBlockInContext(emit->context, program, "none");
    LLVMPositionBuilderAtEnd(emit->builder, none);
    LLVMBuildRetVoid(emit->builder);
    LLVMPositionBuilderAtEnd(emit->builder, entry);
    LLVMValueRef which = LLVMBuildSwitch(emit->builder, parameters[0], none, emit->stages->count);
    for (uint32_t s = 0; s < emit->stages->count; s++) {
        add_case(emit, which, program, s);
        call_stage(emit, s, parameters + 1);
        LLVMBuildRetVoid(emit->builder);
    }
    add_case(emit, which, program, STAGE_ALL);
    for (uint32_t s = 0; s < emit->stages->count; s++)
        if (!emit->stages->list[s].when_split) call_stage(emit, s, parameters + 1);
    LLVMBuildRetVoid(emit->builder);
    LLVMDisposeBuilder(emit->builder);
    emit->builder = NULL;
}

/* --- values ----------------------------------------------------------------------------------- */

LLVMValueRef emit_int(Emit *emit, int64_t value) {
    return LLVMConstInt(emit->i64, (uint64_t)value, true);
}

LLVMValueRef emit_real(Emit *emit, double value) { return LLVMConstReal(emit->f64, value); }

LLVMValueRef emit_to_int(Emit *emit, LLVMValueRef value) {
    LLVMTypeRef type = LLVMTypeOf(value);
    if (type == emit->i64) return value;
    if (type == emit->i1) return LLVMBuildZExt(emit->builder, value, emit->i64, "");
    return LLVMBuildSExt(emit->builder, value, emit->i64, "");
}

LLVMValueRef emit_to_bool(Emit *emit, LLVMValueRef value) {
    LLVMTypeRef type = LLVMTypeOf(value);
    if (type == emit->i1) return value;
    return LLVMBuildICmp(emit->builder, LLVMIntNE, value, LLVMConstNull(type), "");
}

LLVMValueRef emit_to_real(Emit *emit, LLVMValueRef value) {
    return LLVMBuildSIToFP(emit->builder, value, emit->f64, "");
}

LLVMValueRef emit_choose(Emit *emit, LLVMValueRef condition, LLVMValueRef yes, LLVMValueRef no) {
    return LLVMBuildSelect(emit->builder, condition, yes, no, "");
}

static LLVMValueRef element(Emit *emit, LLVMTypeRef type, LLVMValueRef buffer, LLVMValueRef index) {
    return LLVMBuildInBoundsGEP2(emit->builder, type, buffer, &index, 1, "");
}

/* Read at the entry, where no store of the code can be thought to change the list. */
LLVMValueRef emit_column(Emit *emit, uint32_t index) {
    uint32_t count = emit->layout->buffer_count + emit->layout->table_count;
    if (index >= count) BUG("column %u of %u", index, count);
    if (emit->pointers[index] == NULL) {
        LLVMBasicBlockRef here = LLVMGetInsertBlock(emit->builder);
        LLVMPositionBuilderBefore(emit->builder, LLVMGetBasicBlockTerminator(emit->entry));
        emit->pointers[index] =
            emit_load(emit, emit->pointer, emit->columns, emit_int(emit, index));
        LLVMPositionBuilderAtEnd(emit->builder, here);
    }
    return emit->pointers[index];
}

LLVMValueRef emit_load(Emit *emit, LLVMTypeRef type, LLVMValueRef buffer, LLVMValueRef index) {
    return LLVMBuildLoad2(emit->builder, type, element(emit, type, buffer, index), "");
}

LLVMValueRef emit_store(Emit *emit, LLVMTypeRef type, LLVMValueRef buffer, LLVMValueRef index,
                        LLVMValueRef value) {
    return LLVMBuildStore(emit->builder, value, element(emit, type, buffer, index));
}

void emit_prefetch(Emit *emit, LLVMTypeRef type, LLVMValueRef buffer, LLVMValueRef index) {
    static const char name[] = "llvm.prefetch";
    enum { KEEP = 3, DATA = 1 };
    LLVMTypeRef overload[] = {emit->pointer};
    unsigned id = LLVMLookupIntrinsicID(name, sizeof name - 1);
    LLVMValueRef function = LLVMGetIntrinsicDeclaration(emit->module, id, overload, 1);
    LLVMValueRef arguments[] = {
        element(emit, type, buffer, index), LLVMConstInt(emit->i32, 0, false),
        LLVMConstInt(emit->i32, KEEP, false), LLVMConstInt(emit->i32, DATA, false)};
    LLVMBuildCall2(emit->builder, LLVMIntrinsicGetType(emit->context, id, overload, 1), function,
                   arguments, 4, "");
}

void emit_fill(Emit *emit, LLVMTypeRef type, LLVMValueRef buffer, LLVMValueRef from,
               LLVMValueRef to, LLVMValueRef value) {
    Loop loop = loop_begin(emit, from, to, 0, NULL);
    emit_store(emit, type, buffer, loop.index, value);
    loop_end(emit, &loop, NULL);
}

/* --- loops ------------------------------------------------------------------------------------ */

/* Written with the test at the end and once before the first round, the form that LLVM's loop
   passes want to see. */
Loop loop_begin(Emit *emit, LLVMValueRef from, LLVMValueRef to, uint32_t carries,
                const LLVMValueRef *first) {
    if (carries > LOOP_CARRIES) BUG("a loop that carries %u values", carries);
    Loop loop = {
        .to = to,
        .carries = carries,
        .before = LLVMGetInsertBlock(emit->builder),
        .body = LLVMAppendBasicBlockInContext(emit->context, emit->function, "body"),
        .after = LLVMAppendBasicBlockInContext(emit->context, emit->function, "after"),
    };
    LLVMValueRef any = LLVMBuildICmp(emit->builder, LLVMIntSLT, from, to, "");
    LLVMBuildCondBr(emit->builder, any, loop.body, loop.after);
    LLVMPositionBuilderAtEnd(emit->builder, loop.body);
    loop.index = LLVMBuildPhi(emit->builder, emit->i64, "i");
    LLVMAddIncoming(loop.index, &from, &loop.before, 1);
    for (uint32_t i = 0; i < carries; i++) {
        loop.first[i] = first[i];
        loop.carry[i] = LLVMBuildPhi(emit->builder, LLVMTypeOf(first[i]), "");
        LLVMAddIncoming(loop.carry[i], &loop.first[i], &loop.before, 1);
    }
    return loop;
}

void loop_end(Emit *emit, Loop *loop, const LLVMValueRef *next) {
    LLVMBasicBlockRef latch = LLVMGetInsertBlock(emit->builder);
    LLVMValueRef index = LLVMBuildNSWAdd(emit->builder, loop->index, emit_int(emit, 1), "");
    LLVMValueRef more = LLVMBuildICmp(emit->builder, LLVMIntSLT, index, loop->to, "");
    LLVMBuildCondBr(emit->builder, more, loop->body, loop->after);
    LLVMAddIncoming(loop->index, &index, &latch, 1);
    LLVMPositionBuilderAtEnd(emit->builder, loop->after);
    for (uint32_t i = 0; i < loop->carries; i++) {
        LLVMValueRef last = next[i];
        LLVMAddIncoming(loop->carry[i], &last, &latch, 1);
        loop->result[i] = LLVMBuildPhi(emit->builder, LLVMTypeOf(last), "");
        LLVMAddIncoming(loop->result[i], &last, &latch, 1);
        LLVMAddIncoming(loop->result[i], &loop->first[i], &loop->before, 1);
    }
}

Walk walk_begin(Emit *emit, uint32_t carries, const LLVMValueRef *first) {
    if (carries > LOOP_CARRIES) BUG("a loop that carries %u values", carries);
    Walk walk = {
        .carries = carries,
        .head = LLVMAppendBasicBlockInContext(emit->context, emit->function, "head"),
        .after = LLVMAppendBasicBlockInContext(emit->context, emit->function, "after"),
    };
    LLVMBasicBlockRef before = LLVMGetInsertBlock(emit->builder);
    LLVMBuildBr(emit->builder, walk.head);
    LLVMPositionBuilderAtEnd(emit->builder, walk.head);
    for (uint32_t i = 0; i < carries; i++) {
        LLVMValueRef value = first[i];
        walk.carry[i] = LLVMBuildPhi(emit->builder, LLVMTypeOf(value), "");
        LLVMAddIncoming(walk.carry[i], &value, &before, 1);
    }
    return walk;
}

void walk_while(Emit *emit, Walk *walk, LLVMValueRef condition) {
    LLVMBasicBlockRef body = LLVMAppendBasicBlockInContext(emit->context, emit->function, "body");
    LLVMBuildCondBr(emit->builder, condition, body, walk->after);
    LLVMPositionBuilderAtEnd(emit->builder, body);
}

void walk_end(Emit *emit, Walk *walk, const LLVMValueRef *next) {
    LLVMBasicBlockRef latch = LLVMGetInsertBlock(emit->builder);
    LLVMBuildBr(emit->builder, walk->head);
    for (uint32_t i = 0; i < walk->carries; i++) {
        LLVMValueRef value = next[i];
        LLVMAddIncoming(walk->carry[i], &value, &latch, 1);
    }
    LLVMPositionBuilderAtEnd(emit->builder, walk->after);
}

Branch branch_begin(Emit *emit, LLVMValueRef condition) {
    LLVMBasicBlockRef inside = LLVMAppendBasicBlockInContext(emit->context, emit->function, "if");
    Branch branch = {LLVMAppendBasicBlockInContext(emit->context, emit->function, "after")};
    LLVMBuildCondBr(emit->builder, condition, inside, branch.after);
    LLVMPositionBuilderAtEnd(emit->builder, inside);
    return branch;
}

void branch_end(Emit *emit, Branch branch) {
    LLVMBuildBr(emit->builder, branch.after);
    LLVMPositionBuilderAtEnd(emit->builder, branch.after);
}
