/* The kernel that adds vectors by group: sums[group of row r] += row r, in the order of the rows,
   so that each group's sum goes from left to right as eval's. Components stand in lanes. Group 0 is
   that of the rows that belong to none. */
#ifndef RASPC_JIT_REAL_ACCUMULATE_EMIT_H
#define RASPC_JIT_REAL_ACCUMULATE_EMIT_H

#include "runtime/engines/jit/real/kernel.h"

/* values: (n, width). sums: (groups, width). counts: (groups), raised by one a row.
   list NULL: the rows [from, to), and groups are theirs; else the rows list[from] to list[to - 1],
   and groups: (n) are those of all. A list goes on for ACCUMULATE_AHEAD rows, which memory is asked
   for and which are not added. */
enum { ACCUMULATE_AHEAD = 8 };
typedef void AccumulateKernel(const void *values, const int32_t *groups, double *sums,
                              int64_t *counts, const int32_t *list, int64_t from, int64_t to);

void accumulate_emit(Kernel *kernel, const char *name, uint32_t width);

#endif
