#include "runtime/engines/jit/real/accumulate_emit.h"

/* Components that are added at once. */
enum { ACCUMULATE_PART = 8 };

typedef struct Accumulate {
    Kernel *kernel;
    uint32_t width;
    LLVMValueRef values, groups, sums, counts, list, from, to;
} Accumulate;

/* sums[place, +width) += values[row, +width) */
static void add_part(Accumulate *accumulate, LLVMValueRef place, LLVMValueRef row, uint32_t width) {
    Kernel *kernel = accumulate->kernel;
    Emit *emit = &kernel->emit;
    LLVMTypeRef wide = LLVMVectorType(emit->f64, width);
    LLVMValueRef value = kernel_load(kernel, LLVMVectorType(kernel->real, width), kernel->real,
                                     accumulate->values, row);
    if (kernel->single) value = LLVMBuildFPExt(emit->builder, value, wide, "");
    LLVMValueRef sum = kernel_load(kernel, wide, emit->f64, accumulate->sums, place);
    kernel_store(kernel, emit->f64, accumulate->sums, place,
                 LLVMBuildFAdd(emit->builder, sum, value, ""));
}

/* Asks for a listed row some rows before its turn: memory can't foresee which it will be. */
static void ask_ahead(Accumulate *accumulate, LLVMValueRef index) {
    enum { LINE = 64, LINES_MOST = 16 };
    Kernel *kernel = accumulate->kernel;
    Emit *emit = &kernel->emit;
    uint32_t bytes = accumulate->width * (kernel->single ? sizeof(float) : sizeof(double));
    LLVMValueRef place = kernel_add(kernel, index, emit_int(emit, ACCUMULATE_AHEAD));
    LLVMValueRef row = emit_to_int(emit, emit_load(emit, emit->i32, accumulate->list, place));
    row = kernel_mul(kernel, row, emit_int(emit, bytes));
    for (uint32_t at = 0; at < bytes && at < LINES_MOST * LINE; at += LINE)
        kernel_prefetch(kernel, accumulate->values, kernel_add(kernel, row, emit_int(emit, at)));
}

static void add_rows(Accumulate *accumulate, bool listed) {
    Kernel *kernel = accumulate->kernel;
    Emit *emit = &kernel->emit;
    Loop loop = loop_begin(emit, accumulate->from, accumulate->to, 0, NULL);
    LLVMValueRef index = loop.index;
    LLVMValueRef at = LLVMBuildNSWSub(emit->builder, index, accumulate->from, "");
    if (listed) ask_ahead(accumulate, index);
    if (listed) at = index = emit_to_int(emit, emit_load(emit, emit->i32, accumulate->list, index));
    LLVMValueRef group = emit_to_int(emit, emit_load(emit, emit->i32, accumulate->groups, at));
    LLVMValueRef size = emit_int(emit, accumulate->width);
    LLVMValueRef place = kernel_mul(kernel, group, size);
    LLVMValueRef row = kernel_mul(kernel, index, size);
    LLVMValueRef count = emit_load(emit, emit->i64, accumulate->counts, group);
    emit_store(emit, emit->i64, accumulate->counts, group,
               kernel_add(kernel, count, emit_int(emit, 1)));
    uint32_t width = accumulate->width, whole = width / ACCUMULATE_PART;
    if (whole > 8) {
        Loop parts = loop_begin(emit, emit_int(emit, 0), emit_int(emit, whole), 0, NULL);
        LLVMValueRef offset = kernel_mul(kernel, parts.index, emit_int(emit, ACCUMULATE_PART));
        add_part(accumulate, kernel_add(kernel, place, offset), kernel_add(kernel, row, offset),
                 ACCUMULATE_PART);
        loop_end(emit, &parts, NULL);
    } else {
        for (uint32_t p = 0; p < whole; p++) {
            LLVMValueRef offset = emit_int(emit, (int64_t)p * ACCUMULATE_PART);
            add_part(accumulate, kernel_add(kernel, place, offset), kernel_add(kernel, row, offset),
                     ACCUMULATE_PART);
        }
    }
    if (width % ACCUMULATE_PART != 0) {
        LLVMValueRef offset = emit_int(emit, (int64_t)whole * ACCUMULATE_PART);
        add_part(accumulate, kernel_add(kernel, place, offset), kernel_add(kernel, row, offset),
                 width % ACCUMULATE_PART);
    }
    loop_end(emit, &loop, NULL);
}

void accumulate_emit(Kernel *kernel, const char *name, uint32_t width) {
    Emit *emit = &kernel->emit;
    kernel_function(kernel, name, "pppppii");
    const LLVMValueRef *p = kernel->parameters;
    Accumulate accumulate = {kernel, width, p[0], p[1], p[2], p[3], p[4], p[5], p[6]};
    Branch all = branch_begin(emit, LLVMBuildIsNull(emit->builder, p[4], ""));
    add_rows(&accumulate, false);
    branch_end(emit, all);
    Branch some = branch_begin(emit, LLVMBuildIsNotNull(emit->builder, p[4], ""));
    add_rows(&accumulate, true);
    branch_end(emit, some);
    kernel_return(kernel);
}
