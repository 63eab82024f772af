/* Code for operands and the arithmetic that plans need. Integers are i64, reals double. */
#ifndef RASPC_JIT_OPERAND_EMIT_H
#define RASPC_JIT_OPERAND_EMIT_H

#include "runtime/engines/jit/emit.h"
#include "runtime/engines/jit/operand.h"

LLVMTypeRef emit_element(Emit *emit, ElementType type);
LLVMValueRef emit_length(Emit *emit, Length length);
LLVMValueRef emit_operand(Emit *emit, const Operand *operand, LLVMValueRef position);
/* table[index], integers as i64 */
LLVMValueRef emit_table(Emit *emit, TableId table, LLVMValueRef index);
/* Stores an i64 or double into a buffer of the element type given, at the position. */
void emit_result(Emit *emit, BufferId column, LLVMValueRef position, LLVMValueRef value);
LLVMValueRef emit_result_back(Emit *emit, BufferId column, LLVMValueRef position);

/* Where the condition holds, notes the position in a cell of the chunk's if it is the least so far:
   cells[cell * CHUNKS + chunk]. */
void emit_note_first(Emit *emit, BufferId cells, int64_t cell, LLVMValueRef condition,
                     LLVMValueRef position);

/* LT, EQ, GT as LLVM's comparison of two integers or two reals, or of vectors of them, lane by
   lane; integers are signed or not. */
LLVMValueRef emit_compared(Emit *emit, uint8_t relation, LLVMValueRef a, LLVMValueRef b,
                           bool has_sign);
/* The same of signed ones. */
LLVMValueRef emit_relation(Emit *emit, uint8_t relation, LLVMValueRef a, LLVMValueRef b);
/* 0 <= value < bound, as one unsigned comparison. */
LLVMValueRef emit_inside(Emit *emit, LLVMValueRef value, LLVMValueRef bound);
LLVMValueRef emit_clamp(Emit *emit, LLVMValueRef value, LLVMValueRef least, LLVMValueRef most);
/* a and b, either may be NULL (true). */
LLVMValueRef emit_both(Emit *emit, LLVMValueRef a, LLVMValueRef b);
LLVMValueRef emit_plus(Emit *emit, LLVMValueRef a, LLVMValueRef b);
LLVMValueRef emit_minus(Emit *emit, LLVMValueRef a, LLVMValueRef b);
LLVMValueRef emit_times(Emit *emit, LLVMValueRef a, LLVMValueRef b);

#endif
