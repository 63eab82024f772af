/* A kernel: one function of explicit vector code in a program's module, written with the words of
   emit.h. Tile shapes belong to an instruction set: accumulators fill the registers that it has,
   and one more would spill. Real numbers that vectors are made of are of one type (real): double,
   or float where asked for. */
#ifndef RASPC_JIT_REAL_KERNEL_H
#define RASPC_JIT_REAL_KERNEL_H

#include "runtime/engines/jit/emit.h"

/* What vector code may use. */
typedef struct VectorUnit {
    uint32_t bytes;                   /* of a register */
    bool fma;                         /* a product and its sum are one instruction, rounded once */
    bool halves;                      /* it adds two products of bfloat16 at a time */
    uint32_t tile_keys, tile_vectors; /* the tile of accumulators: keys by vectors of queries */
    uint32_t screen_keys;             /* the keys of a screen's (screen.h) */
    uint32_t weigh_vectors;           /* most of a tile without bests (weigh_emit.h) */
} VectorUnit;

/* Of that processor (as native_new takes it). */
VectorUnit vector_unit(const char *cpu);

typedef struct Kernel {
    Emit emit; /* its stages, layout and tokens are not used */
    VectorUnit unit;
    bool single;        /* real is float rather than double */
    uint32_t lanes;     /* reals in a register */
    LLVMTypeRef real;   /* float or double */
    LLVMTypeRef vector; /* of `lanes` reals */
    LLVMValueRef parameters[16];
} Kernel;

Kernel kernel_begin(Native *native, VectorUnit unit, bool single);
/* The same module and builder, for a function whose reals are floats. */
Kernel kernel_as_single(const Kernel *kernel);
/* The code that follows is the function's of that name; parameters: a letter each, p (pointer),
   i (int64) or d (double). */
void kernel_function(Kernel *kernel, const char *name, const char *parameters);
/* Ends the function. */
void kernel_return(Kernel *kernel);
void kernel_end(Kernel *kernel);

/* --- values ----------------------------------------------------------------------------------- */

LLVMValueRef kernel_splat(Kernel *kernel, LLVMValueRef scalar, uint32_t lanes);
LLVMValueRef kernel_real(Kernel *kernel, double value);         /* of type real */
LLVMValueRef kernel_narrow(Kernel *kernel, LLVMValueRef value); /* a double as real */
LLVMValueRef kernel_vector(Kernel *kernel, double value);       /* in every lane */
/* base[index], any type (a vector's alignment is that of its element). */
LLVMValueRef kernel_load(Kernel *kernel, LLVMTypeRef type, LLVMTypeRef element, LLVMValueRef base,
                         LLVMValueRef index);
void kernel_store(Kernel *kernel, LLVMTypeRef element, LLVMValueRef base, LLVMValueRef index,
                  LLVMValueRef value);
/* Asks memory for base's line at that byte, which need not be there. */
void kernel_prefetch(Kernel *kernel, LLVMValueRef base, LLVMValueRef byte);
LLVMValueRef kernel_add(Kernel *kernel, LLVMValueRef a, LLVMValueRef b); /* int64 */
LLVMValueRef kernel_mul(Kernel *kernel, LLVMValueRef a, LLVMValueRef b); /* int64 */
/* a * b + c, in one rounding where the unit has it, else in two. */
LLVMValueRef kernel_fma(Kernel *kernel, LLVMValueRef a, LLVMValueRef b, LLVMValueRef c);
/* In one rounding everywhere; where the unit does not have it, a call for each lane. */
LLVMValueRef kernel_fma_exact(Kernel *kernel, LLVMValueRef a, LLVMValueRef b, LLVMValueRef c);
/* a 2^n, rounded once: a and n (lanes) of real, n whole. Where the unit has an instruction. */
bool kernel_has_scale(const Kernel *kernel);
LLVMValueRef kernel_scale(Kernel *kernel, LLVMValueRef a, LLVMValueRef n);
/* a (lanes) of float, raised by the products of two bfloat16 in each word of b and c (lanes,
   int32). A unit of halves has it: rounded to even a few times, and zero where it would be
   subnormal. */
LLVMValueRef kernel_add_halves(Kernel *kernel, LLVMValueRef a, LLVMValueRef b, LLVMValueRef c);
/* The intrinsic of that name on values of a's type. */
LLVMValueRef kernel_intrinsic(Kernel *kernel, const char *name, uint32_t count,
                              LLVMValueRef *arguments);
/* The lesser, the greater of a and b; b when they can't be compared. */
LLVMValueRef kernel_least(Kernel *kernel, LLVMValueRef a, LLVMValueRef b);
LLVMValueRef kernel_greatest(Kernel *kernel, LLVMValueRef a, LLVMValueRef b);
/* Turns `lanes` vectors, the rows of a square, into its columns, in place. */
void kernel_transpose(Kernel *kernel, LLVMValueRef *rows);

#endif
