#include "runtime/engines/jit/real/kernel.h"

#include "runtime/base/bug.h"

#include <string.h>

/* Accumulators, the vectors of a component and a broadcast key fill the registers: 32 of them with
   AVX-512, else 16. Where no bests are kept beside the scores there is room for more of them; a
   screen keeps more bests, and the scores of the tile before, so it has fewer keys. */
static const VectorUnit unit_512 = {.bytes = 64,
                                    .fma = true,
                                    .tile_keys = 8,
                                    .tile_vectors = 2,
                                    .screen_keys = 4,
                                    .weigh_vectors = 3};
static const VectorUnit unit_256 = {.bytes = 32,
                                    .fma = true,
                                    .tile_keys = 4,
                                    .tile_vectors = 3,
                                    .screen_keys = 4,
                                    .weigh_vectors = 3};
static const VectorUnit unit_128 = {.bytes = 16,
                                    .fma = false,
                                    .tile_keys = 4,
                                    .tile_vectors = 2,
                                    .screen_keys = 4,
                                    .weigh_vectors = 2};

VectorUnit vector_unit(const char *cpu) {
#if defined(__x86_64__)
    bool native = cpu == NULL || strcmp(cpu, "native") == 0;
    if (native ? __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
                     __builtin_cpu_supports("avx512vl")
               : strcmp(cpu, "x86-64-v4") == 0) {
        VectorUnit unit = unit_512;
        unit.halves = native && __builtin_cpu_supports("avx512bf16");
        return unit;
    }
    if (native ? __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")
               : strcmp(cpu, "x86-64-v3") == 0)
        return unit_256;
#endif
    (void)cpu;
    return unit_128;
}

Kernel kernel_begin(Native *native, VectorUnit unit, bool single) {
    LLVMContextRef context = native_context(native);
    Kernel kernel = {
        .emit = {.context = context,
                 .module = native_module(native),
                 .builder = LLVMCreateBuilderInContext(context),
                 .i1 = LLVMInt1TypeInContext(context),
                 .i8 = LLVMInt8TypeInContext(context),
                 .i32 = LLVMInt32TypeInContext(context),
                 .i64 = LLVMInt64TypeInContext(context),
                 .f64 = LLVMDoubleTypeInContext(context),
                 .pointer = LLVMPointerTypeInContext(context, 0),
                 .nothing = LLVMVoidTypeInContext(context)},
        .unit = unit,
        .single = single,
        .lanes = unit.bytes / (single ? sizeof(float) : sizeof(double)),
    };
    kernel.real = single ? LLVMFloatTypeInContext(context) : kernel.emit.f64;
    kernel.vector = LLVMVectorType(kernel.real, kernel.lanes);
    return kernel;
}

Kernel kernel_as_single(const Kernel *kernel) {
    Kernel single = *kernel;
    single.single = true;
    single.lanes = kernel->unit.bytes / sizeof(float);
    single.real = LLVMFloatTypeInContext(kernel->emit.context);
    single.vector = LLVMVectorType(single.real, single.lanes);
    return single;
}

void kernel_function(Kernel *kernel, const char *name, const char *parameters) {
    Emit *emit = &kernel->emit;
    LLVMTypeRef types[16];
    uint32_t count = (uint32_t)strlen(parameters);
    if (count > 16) BUG("a kernel with %u parameters", count);
    for (uint32_t p = 0; p < count; p++)
        types[p] = parameters[p] == 'p'   ? emit->pointer
                   : parameters[p] == 'd' ? emit->f64
                                          : emit->i64;
    emit->function =
        LLVMAddFunction(emit->module, name, LLVMFunctionType(emit->nothing, types, count, false));
    for (uint32_t p = 0; p < count; p++)
        kernel->parameters[p] = LLVMGetParam(emit->function, p);
    emit->entry = LLVMAppendBasicBlockInContext(emit->context, emit->function, "entry");
    LLVMPositionBuilderAtEnd(emit->builder, emit->entry);
}

void kernel_return(Kernel *kernel) { LLVMBuildRetVoid(kernel->emit.builder); }

void kernel_end(Kernel *kernel) {
    LLVMDisposeBuilder(kernel->emit.builder);
    kernel->emit.builder = NULL;
}

/* --- values ----------------------------------------------------------------------------------- */

LLVMValueRef kernel_splat(Kernel *kernel, LLVMValueRef scalar, uint32_t lanes) {
    LLVMBuilderRef builder = kernel->emit.builder;
    LLVMTypeRef type = LLVMVectorType(LLVMTypeOf(scalar), lanes);
    LLVMValueRef zero = LLVMConstInt(kernel->emit.i32, 0, false);
    LLVMValueRef one = LLVMBuildInsertElement(builder, LLVMGetPoison(type), scalar, zero, "");
    LLVMValueRef mask = LLVMConstNull(LLVMVectorType(kernel->emit.i32, lanes));
    return LLVMBuildShuffleVector(builder, one, LLVMGetPoison(type), mask, "");
}

LLVMValueRef kernel_real(Kernel *kernel, double value) {
    return LLVMConstReal(kernel->real, value);
}

LLVMValueRef kernel_narrow(Kernel *kernel, LLVMValueRef value) {
    if (!kernel->single) return value;
    return LLVMBuildFPTrunc(kernel->emit.builder, value, kernel->real, "");
}

LLVMValueRef kernel_vector(Kernel *kernel, double value) {
    return kernel_splat(kernel, kernel_real(kernel, value), kernel->lanes);
}

static LLVMValueRef address(Kernel *kernel, LLVMTypeRef element, LLVMValueRef base,
                            LLVMValueRef index) {
    return LLVMBuildInBoundsGEP2(kernel->emit.builder, element, base, &index, 1, "");
}

static uint32_t alignment(const Kernel *kernel, LLVMTypeRef element) {
    return element == kernel->emit.i8                                   ? 1
           : element == kernel->emit.i64 || element == kernel->emit.f64 ? 8
           : element == kernel->emit.pointer                            ? (uint32_t)sizeof(void *)
                                                                        : 4;
}

LLVMValueRef kernel_load(Kernel *kernel, LLVMTypeRef type, LLVMTypeRef element, LLVMValueRef base,
                         LLVMValueRef index) {
    LLVMValueRef value =
        LLVMBuildLoad2(kernel->emit.builder, type, address(kernel, element, base, index), "");
    LLVMSetAlignment(value, alignment(kernel, element));
    return value;
}

void kernel_store(Kernel *kernel, LLVMTypeRef element, LLVMValueRef base, LLVMValueRef index,
                  LLVMValueRef value) {
    LLVMValueRef store =
        LLVMBuildStore(kernel->emit.builder, value, address(kernel, element, base, index));
    LLVMSetAlignment(store, alignment(kernel, element));
}

void kernel_prefetch(Kernel *kernel, LLVMValueRef base, LLVMValueRef byte) {
    static const char name[] = "llvm.prefetch";
    Emit *emit = &kernel->emit;
    unsigned id = LLVMLookupIntrinsicID(name, sizeof name - 1);
    LLVMValueRef function = LLVMGetIntrinsicDeclaration(emit->module, id, &emit->pointer, 1);
    LLVMTypeRef type = LLVMIntrinsicGetType(emit->context, id, &emit->pointer, 1);
    /* It may point past the end: no "in bounds". To read, and to keep in all caches; data. */
    LLVMValueRef place = LLVMBuildGEP2(emit->builder, emit->i8, base, &byte, 1, "");
    LLVMValueRef arguments[] = {place, LLVMConstInt(emit->i32, 0, false),
                                LLVMConstInt(emit->i32, 3, false),
                                LLVMConstInt(emit->i32, 1, false)};
    LLVMBuildCall2(emit->builder, type, function, arguments, 4, "");
}

LLVMValueRef kernel_add(Kernel *kernel, LLVMValueRef a, LLVMValueRef b) {
    return LLVMBuildNSWAdd(kernel->emit.builder, a, b, "");
}
LLVMValueRef kernel_mul(Kernel *kernel, LLVMValueRef a, LLVMValueRef b) {
    return LLVMBuildNSWMul(kernel->emit.builder, a, b, "");
}

LLVMValueRef kernel_intrinsic(Kernel *kernel, const char *name, uint32_t count,
                              LLVMValueRef *arguments) {
    Emit *emit = &kernel->emit;
    LLVMTypeRef type = LLVMTypeOf(arguments[0]);
    unsigned id = LLVMLookupIntrinsicID(name, strlen(name));
    if (id == 0) BUG("LLVM has no %s", name);
    LLVMValueRef function = LLVMGetIntrinsicDeclaration(emit->module, id, &type, 1);
    LLVMTypeRef function_type = LLVMIntrinsicGetType(emit->context, id, &type, 1);
    return LLVMBuildCall2(emit->builder, function_type, function, arguments, count, "");
}

LLVMValueRef kernel_fma_exact(Kernel *kernel, LLVMValueRef a, LLVMValueRef b, LLVMValueRef c) {
    return kernel_intrinsic(kernel, "llvm.fma", 3, (LLVMValueRef[]){a, b, c});
}

LLVMValueRef kernel_fma(Kernel *kernel, LLVMValueRef a, LLVMValueRef b, LLVMValueRef c) {
    LLVMBuilderRef builder = kernel->emit.builder;
    if (kernel->unit.fma) return kernel_fma_exact(kernel, a, b, c);
    return LLVMBuildFAdd(builder, LLVMBuildFMul(builder, a, b, ""), c, "");
}

bool kernel_has_scale(const Kernel *kernel) { return kernel->unit.bytes == 64; }

LLVMValueRef kernel_scale(Kernel *kernel, LLVMValueRef a, LLVMValueRef n) {
    enum { ROUNDING_AS_SET = 4 };
    static const char *const names[] = {"llvm.x86.avx512.mask.scalef.pd.512",
                                        "llvm.x86.avx512.mask.scalef.ps.512"};
    Emit *emit = &kernel->emit;
    const char *name = names[kernel->single];
    unsigned id = LLVMLookupIntrinsicID(name, strlen(name));
    if (id == 0) BUG("LLVM has no %s", name);
    LLVMValueRef function = LLVMGetIntrinsicDeclaration(emit->module, id, NULL, 0);
    LLVMTypeRef type = LLVMIntrinsicGetType(emit->context, id, NULL, 0);
    LLVMValueRef all = LLVMConstAllOnes(LLVMIntTypeInContext(emit->context, kernel->lanes));
    LLVMValueRef arguments[] = {a, n, a, all, LLVMConstInt(emit->i32, ROUNDING_AS_SET, false)};
    return LLVMBuildCall2(emit->builder, type, function, arguments, 5, "");
}

LLVMValueRef kernel_add_halves(Kernel *kernel, LLVMValueRef a, LLVMValueRef b, LLVMValueRef c) {
    static const char name[] = "llvm.x86.avx512bf16.dpbf16ps.512";
    Emit *emit = &kernel->emit;
    unsigned id = LLVMLookupIntrinsicID(name, sizeof name - 1);
    if (id == 0) BUG("LLVM has no %s", name);
    LLVMValueRef function = LLVMGetIntrinsicDeclaration(emit->module, id, NULL, 0);
    LLVMTypeRef type = LLVMIntrinsicGetType(emit->context, id, NULL, 0), types[3];
    LLVMGetParamTypes(type, types);
    LLVMValueRef arguments[] = {a, LLVMBuildBitCast(emit->builder, b, types[1], ""),
                                LLVMBuildBitCast(emit->builder, c, types[2], "")};
    return LLVMBuildCall2(emit->builder, type, function, arguments, 3, "");
}

LLVMValueRef kernel_least(Kernel *kernel, LLVMValueRef a, LLVMValueRef b) {
    LLVMValueRef less = LLVMBuildFCmp(kernel->emit.builder, LLVMRealOLT, a, b, "");
    return emit_choose(&kernel->emit, less, a, b);
}

LLVMValueRef kernel_greatest(Kernel *kernel, LLVMValueRef a, LLVMValueRef b) {
    LLVMValueRef greater = LLVMBuildFCmp(kernel->emit.builder, LLVMRealOGT, a, b, "");
    return emit_choose(&kernel->emit, greater, a, b);
}

/* Squares of half the size change places with their mirror images, then the halves of those. */
void kernel_transpose(Kernel *kernel, LLVMValueRef *rows) {
    uint32_t lanes = kernel->lanes;
    LLVMValueRef low[64], high[64];
    for (uint32_t half = lanes / 2; half > 0; half /= 2) {
        for (uint32_t x = 0; x < lanes; x++) {
            low[x] = LLVMConstInt(kernel->emit.i32, x & half ? lanes + x - half : x, false);
            high[x] = LLVMConstInt(kernel->emit.i32, x & half ? lanes + x : x + half, false);
        }
        LLVMValueRef low_mask = LLVMConstVector(low, lanes),
                     high_mask = LLVMConstVector(high, lanes);
        for (uint32_t i = 0; i < lanes; i++) {
            if (i & half) continue;
            LLVMValueRef a = rows[i], b = rows[i + half];
            rows[i] = LLVMBuildShuffleVector(kernel->emit.builder, a, b, low_mask, "");
            rows[i + half] = LLVMBuildShuffleVector(kernel->emit.builder, a, b, high_mask, "");
        }
    }
}
