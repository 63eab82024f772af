/* Emit: a small layer over LLVM's instruction builder, in the words that the plans need: stages,
   loops over positions, columns, constant tables. Writes one function for each stage and one that
   calls them by number (Code, stage.h). columns: the buffers, which the caller allocated, then the
   tables. The code never allocates and keeps nothing.

   A column that is read at the position where its value was made is not read from memory; one that
   is read nowhere else is not written either. */
#ifndef RASPC_JIT_EMIT_H
#define RASPC_JIT_EMIT_H

#include "runtime/engines/jit/native.h"
#include "runtime/engines/jit/operand.h"
#include "runtime/engines/jit/stage.h"

#include <stdint.h>

/* Of a column: its latest value, and whether memory has to have it. */
typedef struct ColumnUse {
    LLVMValueRef position, value;
    LLVMValueRef *stores; /* (store_count) */
    uint32_t store_count;
    bool loaded;
} ColumnUse;

typedef struct Emit Emit;

/* What is computed at a position once a head is done with it. */
typedef struct Follower {
    void (*emit)(Emit *emit, void *state, LLVMValueRef position); /* NULL: nothing */
    void *state;
} Follower;

struct Emit {
    LLVMContextRef context;
    LLVMModuleRef module;
    LLVMBuilderRef builder;
    Stages *stages;
    LLVMValueRef *functions; /* (stages->count) */
    LLVMTypeRef stage_type;
    LLVMValueRef function; /* the stage's */
    LLVMBasicBlockRef entry;
    LLVMValueRef tokens, n, columns, from, to, chunk, chunks; /* its parameters */
    Columns *layout;
    LLVMValueRef *pointers; /* (buffer_count + table_count): what columns holds, once asked for */
    ColumnUse *uses;        /* (buffer_count) */
    Follower follower;
    LLVMTypeRef i1, i8, i32, i64, f64, pointer, nothing;
};

Emit emit_begin(Native *native, Columns *layout, Stages *stages);
/* The code that follows is another stage's. */
void emit_stage(Emit *emit, Stage stage);
/* Writes the function of that name, which calls the stages, and drops the builder. */
void emit_end(Emit *emit, const char *name);

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
LLVMValueRef emit_store(Emit *emit, LLVMTypeRef type, LLVMValueRef buffer, LLVMValueRef index,
                        LLVMValueRef value); /* the instruction */
/* buffer[index] will be asked for soon: the cache brings it meanwhile. */
void emit_prefetch(Emit *emit, LLVMTypeRef type, LLVMValueRef buffer, LLVMValueRef index);
/* buffer[from, to) = value */
void emit_fill(Emit *emit, LLVMTypeRef type, LLVMValueRef buffer, LLVMValueRef from,
               LLVMValueRef to, LLVMValueRef value);

/* --- loops ------------------------------------------------------------------------------------ */

enum { LOOP_CARRIES = 32 };

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
/* Over the positions of the stage's chunk. */
static inline Loop loop_positions(Emit *emit) {
    return loop_begin(emit, emit->from, emit->to, 0, NULL);
}

/* if (condition) { ... }, which seldom holds */
typedef struct Branch {
    LLVMBasicBlockRef after;
} Branch;

Branch branch_begin(Emit *emit, LLVMValueRef condition);
void branch_end(Emit *emit, Branch branch);

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
