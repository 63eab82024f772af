#include "runtime/engines/jit/library.h"

#include "runtime/engines/jit/program_emit.h"

#include <string.h>

enum { LINE = 64 };

bool library_can(const Plan *plan, Buffer *why) {
    const Readout *readout = &plan->model->readout;
    if (readout->step_count > 0)
        buffer_text(why, "its last operations are computed after the model");
    else if (plan->output.readings[0].number.is_real)
        buffer_text(why, "its numbers are known only when the model's have been rounded");
    return why->len == 0;
}

/* --- the parts of a function ------------------------------------------------------------------ */

typedef struct Library {
    LLVMContextRef context;
    LLVMModuleRef module;
    LLVMBuilderRef builder;
    LLVMTypeRef i8, i32, i64, pointer;
    const Plan *plan;
    LLVMValueRef function, n;
} Library;

static LLVMValueRef whole(const Library *library, int64_t value) {
    return LLVMConstInt(library->i64, (uint64_t)value, true);
}

static LLVMBasicBlockRef block(const Library *library, const char *name) {
    return LLVMAppendBasicBlockInContext(library->context, library->function, name);
}

static void begin(Library *library, const char *name, LLVMTypeRef type, uint32_t n_at) {
    library->function = LLVMAddFunction(library->module, name, type);
    library->n = LLVMGetParam(library->function, n_at);
    LLVMPositionBuilderAtEnd(library->builder, block(library, "entry"));
}

/* A buffer's bytes, to the end of a line. */
static LLVMValueRef buffer_size(const Library *library, const BufferSpec *spec) {
    int64_t size = (int64_t)element_size(spec->type);
    LLVMBuilderRef builder = library->builder;
    LLVMValueRef bytes =
        LLVMBuildMul(builder, library->n, whole(library, spec->length.per_position * size), "");
    bytes = LLVMBuildAdd(builder, bytes, whole(library, spec->length.fixed * size + LINE - 1), "");
    return LLVMBuildAnd(builder, bytes, whole(library, -LINE), "");
}

static bool is_result(const Plan *plan, BufferId buffer) {
    return buffer == plan->output.readings[0].result;
}

static void emit_memory(Library *library, const char *name) {
    const Columns *columns = &library->plan->columns;
    Buffer symbol = {0};
    buffer_printf(&symbol, "%s_memory", name);
    begin(library, symbol.data, LLVMFunctionType(library->i64, &library->i64, 1, false), 0);
    LLVMValueRef total = whole(library, LINE); /* to begin on a line */
    for (uint32_t b = 0; b < columns->buffer_count; b++)
        if (!is_result(library->plan, b))
            total = LLVMBuildAdd(library->builder, total,
                                 buffer_size(library, &columns->buffers[b]), "");
    LLVMBuildRet(library->builder, total);
    buffer_free(&symbol);
}

/* --- the columns ------------------------------------------------------------------------------ */

static LLVMValueRef place(const Library *library, LLVMTypeRef type, LLVMValueRef list,
                          LLVMValueRef index) {
    return LLVMBuildInBoundsGEP2(library->builder, type, list, &index, 1, "");
}

static void set_column(const Library *library, LLVMValueRef list, uint32_t column,
                       LLVMValueRef value) {
    LLVMBuildStore(library->builder, value,
                   place(library, library->pointer, list, whole(library, column)));
}

static LLVMValueRef table_data(const Library *library, const ConstantTable *table) {
    size_t bytes = table->count * element_size(table->type);
    LLVMValueRef data =
        LLVMConstStringInContext2(library->context, table->data, bytes, /* no NUL */ true);
    LLVMValueRef global = LLVMAddGlobal(library->module, LLVMTypeOf(data), "table");
    LLVMSetInitializer(global, data);
    LLVMSetGlobalConstant(global, true);
    LLVMSetLinkage(global, LLVMInternalLinkage);
    LLVMSetAlignment(global, LINE);
    return global;
}

static LLVMValueRef make_columns(const Library *library, LLVMValueRef result, LLVMValueRef memory) {
    const Columns *columns = &library->plan->columns;
    LLVMBuilderRef builder = library->builder;
    uint32_t count = columns->buffer_count + columns->table_count;
    LLVMValueRef list =
        LLVMBuildArrayAlloca(builder, library->pointer, whole(library, count + 1), "columns");
    LLVMValueRef at = LLVMBuildPtrToInt(builder, memory, library->i64, "");
    at = LLVMBuildAdd(builder, at, whole(library, LINE - 1), "");
    at = LLVMBuildAnd(builder, at, whole(library, -LINE), "");
    for (uint32_t b = 0; b < columns->buffer_count; b++) {
        if (is_result(library->plan, b)) {
            set_column(library, list, b, result);
            continue;
        }
        set_column(library, list, b, LLVMBuildIntToPtr(builder, at, library->pointer, ""));
        at = LLVMBuildAdd(builder, at, buffer_size(library, &columns->buffers[b]), "");
    }
    for (uint32_t t = 0; t < columns->table_count; t++)
        set_column(library, list, columns->buffer_count + t,
                   table_data(library, &columns->tables[t]));
    return list;
}

/* --- what may go wrong ------------------------------------------------------------------------ */

static void return_where(const Library *library, LLVMValueRef condition, int status) {
    LLVMBasicBlockRef bad = block(library, "bad"), good = block(library, "good");
    LLVMBuildCondBr(library->builder, condition, bad, good);
    LLVMPositionBuilderAtEnd(library->builder, bad);
    LLVMBuildRet(library->builder, LLVMConstInt(library->i32, (uint64_t)status, false));
    LLVMPositionBuilderAtEnd(library->builder, good);
}

static void check_length(const Library *library) {
    LLVMValueRef less = LLVMBuildSub(library->builder, library->n, whole(library, 1), "");
    LLVMValueRef most = whole(library, library->plan->model->max_length);
    return_where(library, LLVMBuildICmp(library->builder, LLVMIntUGE, less, most, ""),
                 LIBRARY_LENGTH);
}

/* Whether some token is no number of the vocabulary: all are looked at, without a branch. */
static void check_tokens(const Library *library, LLVMValueRef tokens) {
    LLVMBuilderRef builder = library->builder;
    LLVMValueRef zero = whole(library, 0), good = LLVMConstInt(library->i32, 0, false);
    LLVMValueRef count = LLVMConstInt(library->i32, library->plan->model->vocabulary_count, false);
    LLVMBasicBlockRef before = LLVMGetInsertBlock(builder);
    LLVMBasicBlockRef body = block(library, "tokens"), after = block(library, "known");
    LLVMBuildBr(builder, body);
    LLVMPositionBuilderAtEnd(builder, body);
    LLVMValueRef index = LLVMBuildPhi(builder, library->i64, "");
    LLVMValueRef bad = LLVMBuildPhi(builder, library->i32, "");
    LLVMValueRef token =
        LLVMBuildLoad2(builder, library->i32, place(library, library->i32, tokens, index), "");
    LLVMValueRef outside = LLVMBuildICmp(builder, LLVMIntUGE, token, count, "");
    outside = LLVMBuildZExt(builder, outside, library->i32, "");
    LLVMValueRef next_bad = LLVMBuildOr(builder, bad, outside, "");
    LLVMValueRef next = LLVMBuildAdd(builder, index, whole(library, 1), "");
    LLVMValueRef more = LLVMBuildICmp(builder, LLVMIntSLT, next, library->n, "");
    LLVMBuildCondBr(builder, more, body, after);
    LLVMAddIncoming(index, &zero, &before, 1);
    LLVMAddIncoming(index, &next, &body, 1);
    LLVMAddIncoming(bad, &good, &before, 1);
    LLVMAddIncoming(bad, &next_bad, &body, 1);
    LLVMPositionBuilderAtEnd(builder, after);
    return_where(library, LLVMBuildICmp(builder, LLVMIntNE, next_bad, good, ""), LIBRARY_TOKEN);
}

/* For each cell that notes where the program fails: sets it to n, or returns where it is less. */
static void each_cell(const Library *library, LLVMValueRef columns, bool check) {
    const Plan *plan = library->plan;
    LLVMBuilderRef builder = library->builder;
    Buffer cells = {0}; /* pairs of column and index, as uint32_t */
    for (uint32_t t = 0; t < plan->model->readout.trap_count; t++) {
        uint32_t cell[] = {plan->output.trapped, t * CHUNKS};
        buffer_add(&cells, (const char *)cell, sizeof cell);
    }
    for (uint32_t l = 0; l < plan->model->layer_count; l++)
        for (uint32_t h = 0; h < plan->model->layers[l].head_count; h++) {
            const Attend *attend = &plan->layers[l].heads[h];
            for (uint32_t f = 0; f < attend->finish_count; f++) {
                uint32_t cell[] = {attend->finishes[f].several, 0};
                if (cell[0] != NO_BUFFER) buffer_add(&cells, (const char *)cell, sizeof cell);
            }
        }
    for (size_t at = 0; at < cells.len; at += 2 * sizeof(uint32_t)) {
        uint32_t cell[2];
        memcpy(cell, cells.data + at, sizeof cell);
        LLVMValueRef column =
            LLVMBuildLoad2(builder, library->pointer,
                           place(library, library->pointer, columns, whole(library, cell[0])), "");
        LLVMValueRef where = place(library, library->i64, column, whole(library, cell[1]));
        if (!check) {
            LLVMBuildStore(builder, library->n, where);
            continue;
        }
        LLVMValueRef first = LLVMBuildLoad2(builder, library->i64, where, "");
        return_where(library, LLVMBuildICmp(builder, LLVMIntSLT, first, library->n, ""),
                     LIBRARY_UNDEFINED);
    }
    buffer_free(&cells);
}

/* --- the function ----------------------------------------------------------------------------- */

static void call_stages(const Library *library, LLVMValueRef tokens, LLVMValueRef columns) {
    LLVMValueRef program = LLVMGetNamedFunction(library->module, PROGRAM_ENTRY);
    LLVMSetLinkage(program, LLVMInternalLinkage);
    LLVMValueRef zero = whole(library, 0), one = whole(library, 1);
    LLVMValueRef arguments[] = {
        whole(library, STAGE_ALL), tokens, library->n, columns, zero, library->n, zero, one};
    LLVMBuildCall2(library->builder, LLVMGlobalGetValueType(program), program, arguments,
                   sizeof arguments / sizeof arguments[0], "");
}

void library_emit(Native *native, const Plan *plan, const char *name) {
    LLVMContextRef context = native_context(native);
    Library library = {
        .context = context,
        .module = native_module(native),
        .builder = LLVMCreateBuilderInContext(context),
        .i8 = LLVMInt8TypeInContext(context),
        .i32 = LLVMInt32TypeInContext(context),
        .i64 = LLVMInt64TypeInContext(context),
        .pointer = LLVMPointerTypeInContext(context, 0),
        .plan = plan,
    };
    emit_memory(&library, name);
    LLVMTypeRef types[] = {library.pointer, library.i64, library.pointer, library.pointer};
    begin(&library, name, LLVMFunctionType(library.i32, types, 4, false), 1);
    LLVMValueRef tokens = LLVMGetParam(library.function, 0);
    check_length(&library);
    check_tokens(&library, tokens);
    LLVMValueRef columns = make_columns(&library, LLVMGetParam(library.function, 2),
                                        LLVMGetParam(library.function, 3));
    each_cell(&library, columns, false);
    call_stages(&library, tokens, columns);
    each_cell(&library, columns, true);
    LLVMBuildRet(library.builder, LLVMConstInt(library.i32, LIBRARY_DONE, false));
    LLVMDisposeBuilder(library.builder);
}
