#include "runtime/engines/jit/real/exp_emit.h"

/* What differs between the types. */
typedef struct ExpShape {
    double rounder;       /* added, it leaves an integer in the low bits */
    double high, low;     /* ln 2 in two parts, the first short */
    double least;         /* there and below the result is 0 */
    uint32_t power;       /* of the series */
    uint32_t significand; /* bits, without the leading one */
} ExpShape;

static const ExpShape exp_64 = {0x1.8p52, 0x1.62e42fefap-1, 0x1.cf79abc9e3b39p-40, -746, 13, 52};
static const ExpShape exp_32 = {0x1.8p23, 0x1.62e4p-1, 0x1.7f7d1cp-20, -104, 7, 23};

static LLVMValueRef bits_of(Kernel *kernel, LLVMValueRef value, LLVMTypeRef type) {
    return LLVMBuildBitCast(kernel->emit.builder, value, type, "");
}

/* x 2^n: n in the bits of the exponent. */
static LLVMValueRef times_power(Kernel *kernel, const ExpShape *shape, LLVMValueRef x,
                                LLVMValueRef n) {
    Emit *emit = &kernel->emit;
    LLVMTypeRef integers = LLVMTypeOf(n);
    LLVMValueRef places =
        kernel_splat(kernel, LLVMConstInt(LLVMGetElementType(integers), shape->significand, false),
                     kernel->lanes);
    LLVMValueRef exponent = LLVMBuildShl(emit->builder, n, places, "");
    LLVMValueRef one = bits_of(kernel, kernel_vector(kernel, 1), integers);
    LLVMValueRef power =
        bits_of(kernel, LLVMBuildAdd(emit->builder, exponent, one, ""), kernel->vector);
    return LLVMBuildFMul(emit->builder, x, power, "");
}

/* x 2^n in two steps, of which the first is exact: the result may be no normal number. `shifted` is
   n with the rounder. */
static LLVMValueRef times_powers(Kernel *kernel, const ExpShape *shape, LLVMValueRef x,
                                 LLVMValueRef shifted) {
    Emit *emit = &kernel->emit;
    LLVMTypeRef integer = kernel->single ? emit->i32 : emit->i64;
    LLVMTypeRef integers = LLVMVectorType(integer, kernel->lanes);
    LLVMValueRef rounder = kernel_vector(kernel, shape->rounder);
    LLVMValueRef n = LLVMBuildSub(emit->builder, bits_of(kernel, shifted, integers),
                                  bits_of(kernel, rounder, integers), "");
    LLVMValueRef one_place = kernel_splat(kernel, LLVMConstInt(integer, 1, false), kernel->lanes);
    LLVMValueRef half = LLVMBuildAShr(emit->builder, n, one_place, "");
    x = times_power(kernel, shape, x, half);
    return times_power(kernel, shape, x, LLVMBuildSub(emit->builder, n, half, ""));
}

LLVMValueRef exp_emit(Kernel *kernel, LLVMValueRef x) {
    const ExpShape *shape = kernel->single ? &exp_32 : &exp_64;
    LLVMValueRef rounder = kernel_vector(kernel, shape->rounder);
    x = kernel_greatest(kernel, kernel_vector(kernel, shape->least), x);
    LLVMValueRef shifted =
        kernel_fma(kernel, x, kernel_vector(kernel, 0x1.71547652b82fep0), rounder);
    LLVMValueRef n = LLVMBuildFSub(kernel->emit.builder, shifted, rounder, "");
    LLVMValueRef r = kernel_fma(kernel, n, kernel_vector(kernel, -shape->high), x);
    r = kernel_fma(kernel, n, kernel_vector(kernel, -shape->low), r);
    double factorial = 1;
    for (uint32_t p = 2; p <= shape->power; p++)
        factorial *= p;
    LLVMValueRef sum = kernel_vector(kernel, 1 / factorial);
    for (uint32_t p = shape->power; p-- > 0;) {
        factorial /= p + 1;
        sum = kernel_fma(kernel, sum, r, kernel_vector(kernel, 1 / factorial));
    }
    return kernel_has_scale(kernel) ? kernel_scale(kernel, sum, n)
                                    : times_powers(kernel, shape, sum, shifted);
}
