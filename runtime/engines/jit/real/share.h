/* Rows added to their groups by all threads. */
#ifndef RASPC_JIT_REAL_SHARE_H
#define RASPC_JIT_REAL_SHARE_H

#include "runtime/engines/jit/real/run.h"

/* What rows are added to which sums; see AccumulateKernel. Group 0 is of those that count nowhere:
   its sum may be anything. */
typedef struct Addition {
    uint32_t kernel; /* the function's number */
    const void *values;
    const int32_t *groups; /* (n) of all rows */
    double *sums;
    int64_t *counts; /* (group_count) */
    int64_t group_count;
} Addition;

/* A thread has groups of its own, about as many rows as the others: so each sum goes from left to
   right, and no two threads add to one. False when memory ends. */
bool run_add_rows(Run *run, const Addition *addition);

#endif
