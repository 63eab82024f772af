/* Emit: a small layer over LLVM's instruction builder, in the words that the plans need: loops over
   positions, columns, constant tables. Writes one function,
       void program(const int32_t *tokens, int64_t n, void **columns)
   columns: the buffers, which the caller allocated, then the tables. The code never allocates and
   keeps nothing. */
#ifndef RASPC_JIT_EMIT_H
#define RASPC_JIT_EMIT_H

#include "runtime/engines/jit/native.h"
#include "runtime/engines/jit/operand.h"

#include <stdint.h>

typedef struct Emit {
    LLVMContextRef context;
    LLVMModuleRef module;
    LLVMBuilderRef builder;
    LLVMValueRef function;
    LLVMValueRef tokens, n, columns; /* the function's parameters */
    const Columns *layout;
    LLVMValueRef *pointers; /* (buffer_count + table_count): what columns holds */
    LLVMTypeRef i1, i8, i32, i64, f64, pointer, nothing;
} Emit;

/* Opens the function of that name; emit_end closes it with a return and drops the builder. */
Emit emit_begin(Native *native, const char *name, const Columns *layout);
void emit_end(Emit *emit);

/* --- values ----------------------------------------------------------------------------------- */

LLVMValueRef emit_int(Emit *emit, int64_t value); /* an i64 */
LLVMValueRef emit_real(Emit *emit, double value);
LLVMValueRef emit_to_int(Emit *emit,
                         LLVMValueRef value); /* an integer of any width, to i64, by sign */
LLVMValueRef emit_to_bool(Emit *emit, LLVMValueRef value); /* not zero */
LLVMValueRef emit_to_real(Emit *emit, LLVMValueRef value); /* i64 to double */
LLVMValueRef emit_choose(Emit *emit, LLVMValueRef condition, LLVMValueRef yes, LLVMValueRef no);

/* The buffer or table that is column number index. */
LLVMValueRef emit_column(Emit *emit, uint32_t index);
/* buffer[index] of elements of that type. */
LLVMValueRef emit_load(Emit *emit, LLVMTypeRef type, LLVMValueRef buffer, LLVMValueRef index);
void emit_store(Emit *emit, LLVMTypeRef type, LLVMValueRef buffer, LLVMValueRef index,
                LLVMValueRef value);
/* buffer[from, to) = value */
void emit_fill(Emit *emit, LLVMTypeRef type, LLVMValueRef buffer, LLVMValueRef from,
               LLVMValueRef to, LLVMValueRef value);

/* --- loops ------------------------------------------------------------------------------------ */

enum { LOOP_CARRIES = 20 };

/* for (index = from; index < to; index++), with values carried from one round to the next. */
typedef struct Loop {
    LLVMValueRef index;                /* in the body */
    LLVMValueRef carry[LOOP_CARRIES];  /* in the body: what the round began with */
    LLVMValueRef result[LOOP_CARRIES]; /* after loop_end: what the last round left */
    uint32_t carries;
    LLVMValueRef to, first[LOOP_CARRIES];
    LLVMBasicBlockRef before, body, after;
} Loop;

Loop loop_begin(Emit *emit, LLVMValueRef from, LLVMValueRef to, uint32_t carries,
                const LLVMValueRef *first);
/* next: (carries) what the round leaves. */
void loop_end(Emit *emit, Loop *loop, const LLVMValueRef *next);
static inline Loop loop_positions(Emit *emit) {
    return loop_begin(emit, emit_int(emit, 0), emit->n, 0, NULL);
}

/* while (condition on what is carried) { ... } */
typedef struct Walk {
    LLVMValueRef
        carry[LOOP_CARRIES]; /* in the condition and the body; after walk_end, at the end */
    uint32_t carries;
    LLVMBasicBlockRef head, after;
} Walk;

Walk walk_begin(Emit *emit, uint32_t carries, const LLVMValueRef *first);
void walk_while(Emit *emit, Walk *walk, LLVMValueRef condition); /* the body begins */
void walk_end(Emit *emit, Walk *walk, const LLVMValueRef *next);

#endif
