/* Vectors: a number at every position of a short input, side by side, in as few bits as its range
   needs. What a program for short inputs is written in (short_program.h): there are no columns in
   memory and no loops over positions. Lanes past the input's end hold numbers too, which nobody
   reads, within the same range: so no lane reads a table outside it. */
#ifndef RASPC_JIT_SHORT_VECTOR_H
#define RASPC_JIT_SHORT_VECTOR_H

#include "runtime/engines/jit/operand_emit.h"
#include "runtime/engines/jit/plan.h"

/* A vector of doubles, or of integers of 8, 16, 32 or 64 bits: zero-extended when low >= 0, else
   sign-extended, they are in [low, high]. */
typedef struct Vector {
    LLVMValueRef value; /* (lanes); NULL: none yet */
    bool real;
    int64_t low, high;
} Vector;

/* Where the program fails: cells[cell * CHUNKS] = the first of these positions. */
typedef struct Trouble {
    BufferId cells;
    uint32_t cell;
    LLVMValueRef where; /* (lanes) of bits, as one integer */
} Trouble;

typedef struct Short {
    Emit emit;
    Arena *arena; /* of what lives while the code is written */
    const Plan *plan;
    uint32_t lanes;    /* a power of two, no less than the longest input */
    LLVMValueRef here; /* (lanes) i1: a position of the input */
    Vector tokens, positions;
    Vector *columns; /* (buffer_count) */
    Trouble *troubles;
    uint32_t trouble_count;
    bool refused; /* something has no form here: the code is of no use */
} Short;

/* Notes that; something to go on with. */
Vector vector_refused(Short *code);

uint32_t vector_bits(int64_t low, int64_t high); /* that integers of the range need */
LLVMTypeRef vector_type(Short *code, uint32_t bits);
LLVMValueRef vector_all(Short *code, LLVMValueRef constant); /* in every lane */
LLVMValueRef vector_spread(Short *code, LLVMValueRef scalar);

Vector vector_int(Short *code, int64_t value);
Vector vector_real(Short *code, double value);
LLVMValueRef vector_resized(Short *code, Vector vector, uint32_t bits);
Vector vector_as_real(Short *code, Vector vector);
/* One range for both where they are integers. */
Vector vector_choose(Short *code, LLVMValueRef condition, Vector yes, Vector no);
Vector vector_plus(Short *code, Vector a, Vector b);
Vector vector_times(Short *code, Vector a, Vector b);
/* ceil(a / b) or, truncated, a / b; b >= 1 in every lane. In [low, high], as the caller knows. */
Vector vector_quotient(Short *code, Vector a, Vector b, bool ceiling, int64_t low, int64_t high);

/* A call of LLVM's function of that name, for these types. */
LLVMValueRef vector_intrinsic(Short *code, const char *name, LLVMTypeRef *types,
                              uint32_t type_count, LLVMValueRef *arguments, uint32_t count);

/* Both sides of a comparison in the same bits, at least so many; whether these have a sign. */
bool vector_alike(Short *code, Vector *a, Vector *b, uint32_t least_bits);
LLVMValueRef vector_relation(Short *code, uint8_t relation, Vector a, Vector b);

/* table[index]; for an index outside the nearest entry. */
Vector vector_lookup(Short *code, const ConstantTable *table, Vector index);
/* Lane i becomes what lane i - by is; fill where there is no such lane. */
LLVMValueRef vector_shifted(Short *code, LLVMValueRef vector, int64_t by, LLVMValueRef fill);
/* Sums of integers over all lanes; over those up to each lane, or from it on. */
Vector vector_total(Short *code, Vector vector);
Vector vector_running(Short *code, Vector vector, bool from_end);

/* The vector in memory. */
LLVMValueRef vector_remembered(Short *code, LLVMValueRef vector);

Vector vector_operand(Short *code, const Operand *operand);

/* The program fails at the positions of the input where the condition holds. */
void short_trouble(Short *code, BufferId cells, uint32_t cell, LLVMValueRef condition);

#endif
