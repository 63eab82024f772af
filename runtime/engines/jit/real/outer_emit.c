#include "runtime/engines/jit/real/outer_emit.h"

typedef struct Outer {
    Kernel *kernel;
    const OuterShape *shape;
    LLVMValueRef keys, at, values, rows, members, sums, ones, magnitudes;
    LLVMValueRef blocks; /* whole ones */
    LLVMValueRef first;  /* the block's first component */
    uint32_t count;      /* of the block's components */
} Outer;

/* Component `k` of the block, of the member whose key begins at `start`: a double. */
static LLVMValueRef key_component(const Outer *outer, LLVMValueRef start, uint32_t k) {
    Kernel *kernel = outer->kernel;
    Emit *emit = &kernel->emit;
    LLVMTypeRef type = outer->shape->key_doubles ? emit->f64 : kernel->real;
    LLVMValueRef place =
        kernel_add(kernel, start, emit_int(emit, (int64_t)k * outer->shape->key_stride));
    LLVMValueRef key = emit_load(emit, type, outer->keys, place);
    return type == emit->f64 ? key : LLVMBuildFPExt(emit->builder, key, emit->f64, "");
}

/* Where the member's part of this block begins. */
static LLVMValueRef key_start(const Outer *outer, LLVMValueRef member) {
    Kernel *kernel = outer->kernel;
    Emit *emit = &kernel->emit;
    LLVMValueRef at = emit_to_int(emit, emit_load(emit, emit->i32, outer->at, member));
    return kernel_add(kernel, at,
                      kernel_mul(kernel, outer->first, emit_int(emit, outer->shape->key_stride)));
}

/* Where the block's component `k` has its own sum. */
static LLVMValueRef key_place(const Outer *outer, uint32_t k) {
    return kernel_add(outer->kernel, outer->first, emit_int(&outer->kernel->emit, k));
}

/* `width` components of the values from `from` on; with `ones` the keys' own sums too, which take
   no time beside them. */
static void add_products(const Outer *outer, LLVMValueRef from, uint32_t width, bool ones) {
    Kernel *kernel = outer->kernel;
    Emit *emit = &kernel->emit;
    LLVMTypeRef real = outer->shape->value_doubles ? emit->f64 : kernel->real;
    LLVMTypeRef wide = LLVMVectorType(emit->f64, width);
    LLVMValueRef places[OUTER_KEYS_MOST], sums[2 * OUTER_KEYS_MOST];
    uint32_t count = outer->count;
    for (uint32_t k = 0; k < count; k++) {
        LLVMValueRef row = kernel_add(kernel, outer->first, emit_int(emit, k));
        row = kernel_mul(kernel, row, emit_int(emit, outer->shape->width));
        places[k] = kernel_add(kernel, row, from);
        sums[k] = kernel_load(kernel, wide, emit->f64, outer->sums, places[k]);
        if (!ones) continue;
        sums[count + k] = emit_load(emit, emit->f64, outer->ones, key_place(outer, k));
    }
    uint32_t carries = ones ? 2 * count : count;
    Loop loop = loop_begin(emit, emit_int(emit, 0), outer->members, carries, sums);
    LLVMValueRef start = key_start(outer, loop.index);
    LLVMValueRef row = emit_to_int(emit, emit_load(emit, emit->i32, outer->rows, loop.index));
    row = kernel_add(kernel, kernel_mul(kernel, row, emit_int(emit, outer->shape->width)), from);
    LLVMValueRef value = kernel_load(kernel, LLVMVectorType(real, width), real, outer->values, row);
    if (real != emit->f64) value = LLVMBuildFPExt(emit->builder, value, wide, "");
    for (uint32_t k = 0; k < count; k++) {
        LLVMValueRef key = key_component(outer, start, k);
        sums[k] = kernel_fma(kernel, kernel_splat(kernel, key, width), value, loop.carry[k]);
        if (ones) sums[count + k] = LLVMBuildFAdd(emit->builder, loop.carry[count + k], key, "");
    }
    loop_end(emit, &loop, sums);
    for (uint32_t k = 0; k < count; k++) {
        kernel_store(kernel, emit->f64, outer->sums, places[k], loop.result[k]);
        if (ones)
            emit_store(emit, emit->f64, outer->ones, key_place(outer, k), loop.result[count + k]);
    }
}

/* The keys' own sums, or those of their magnitudes. */
static void add_keys(const Outer *outer, LLVMValueRef to, bool magnitudes) {
    Kernel *kernel = outer->kernel;
    Emit *emit = &kernel->emit;
    LLVMValueRef sums[OUTER_KEYS_MOST];
    for (uint32_t k = 0; k < outer->count; k++)
        sums[k] = emit_load(emit, emit->f64, to, key_place(outer, k));
    Loop loop = loop_begin(emit, emit_int(emit, 0), outer->members, outer->count, sums);
    LLVMValueRef start = key_start(outer, loop.index);
    for (uint32_t k = 0; k < outer->count; k++) {
        LLVMValueRef key = key_component(outer, start, k);
        if (magnitudes) key = kernel_intrinsic(kernel, "llvm.fabs", 1, &key);
        sums[k] = LLVMBuildFAdd(emit->builder, loop.carry[k], key, "");
    }
    loop_end(emit, &loop, sums);
    for (uint32_t k = 0; k < outer->count; k++)
        emit_store(emit, emit->f64, to, key_place(outer, k), loop.result[k]);
}

/* What is added of one block of components. */
typedef struct Part {
    LLVMValueRef from; /* the values' components; NULL: the keys' own sums alone */
    uint32_t width;
    bool ones;
    LLVMValueRef keys_to; /* of the keys' own sums */
    bool magnitudes;
} Part;

static void add_block(const Outer *outer, const Part *part) {
    if (part->from)
        add_products(outer, part->from, part->width, part->ones);
    else
        add_keys(outer, part->keys_to, part->magnitudes);
}

/* For all blocks: a part of the values stays in the cache while the keys pass. */
static void add_part(Outer *outer, const Part *part) {
    Kernel *kernel = outer->kernel;
    Emit *emit = &kernel->emit;
    LLVMValueRef wide = emit_int(emit, kernel->unit.tile_keys);
    outer->count = kernel->unit.tile_keys;
    Loop loop = loop_begin(emit, emit_int(emit, 0), outer->blocks, 0, NULL);
    outer->first = kernel_mul(kernel, loop.index, wide);
    add_block(outer, part);
    loop_end(emit, &loop, NULL);
    if (outer->shape->tail == 0) return;
    outer->first = kernel_mul(kernel, outer->blocks, wide);
    outer->count = outer->shape->tail;
    add_block(outer, part);
}

static void add_all(Outer *outer) {
    Kernel *kernel = outer->kernel;
    Emit *emit = &kernel->emit;
    uint32_t part = kernel->unit.tile_vectors * kernel->unit.bytes / (uint32_t)sizeof(double);
    uint32_t whole = outer->shape->width / part, rest = outer->shape->width % part;
    if (whole > 0) add_part(outer, &(Part){.from = emit_int(emit, 0), .width = part, .ones = true});
    if (whole > 1) {
        Loop loop = loop_begin(emit, emit_int(emit, 1), emit_int(emit, whole), 0, NULL);
        LLVMValueRef from = kernel_mul(kernel, loop.index, emit_int(emit, part));
        add_part(outer, &(Part){.from = from, .width = part});
        loop_end(emit, &loop, NULL);
    }
    if (rest > 0)
        add_part(outer, &(Part){.from = emit_int(emit, (int64_t)whole * part),
                                .width = rest,
                                .ones = whole == 0});
    if (outer->shape->width == 0) add_part(outer, &(Part){.keys_to = outer->ones});
    if (outer->shape->magnitudes)
        add_part(outer, &(Part){.keys_to = outer->magnitudes, .magnitudes = true});
}

void outer_emit(Kernel *kernel, const char *name, const OuterShape *shape) {
    kernel_function(kernel, name, "ppppipppi");
    const LLVMValueRef *p = kernel->parameters;
    Outer outer = {.kernel = kernel,
                   .shape = shape,
                   .keys = p[0],
                   .at = p[1],
                   .values = p[2],
                   .rows = p[3],
                   .members = p[4],
                   .sums = p[5],
                   .ones = p[6],
                   .magnitudes = p[7],
                   .blocks = p[8]};
    add_all(&outer);
    kernel_return(kernel);
}
