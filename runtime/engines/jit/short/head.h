/* Heads of a program for short inputs. */
#ifndef RASPC_JIT_SHORT_HEAD_H
#define RASPC_JIT_SHORT_HEAD_H

#include "runtime/engines/jit/short/vector.h"

/* What each sum of the head is at each query. */
typedef struct Sums {
    Vector sums[ATTEND_SUMS];
} Sums;

void short_head(Short *code, const Attend *attend); /* leaves its columns in code->columns */
/* pairs.c: every query looks at every key. kept: (lanes) i1 of keys; NULL: all. */
Sums short_pairs(Short *code, const Attend *attend, LLVMValueRef kept);
/* What a sum starts with: 0, and for doubles -0.0 (attend_emit.c). */
LLVMValueRef short_nought(Short *code, LLVMTypeRef type);
/* Whether the sum is of ones. */
bool short_counts(const Sum *sum);

#endif
