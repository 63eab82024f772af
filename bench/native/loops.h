/* The same results by plain C loops over all pairs of positions: what attention costs when nothing
   is known of the selector. Compiled for this machine with every optimisation (bench.mk). */
#ifndef RASPC_BENCH_LOOPS_H
#define RASPC_BENCH_LOOPS_H

#include <stdint.h>

/* tokens: (n) token numbers, in the order of the case's vocabulary; out: (n) the result, a letter
   as its code; space: (4, n) for what lies between two layers. */
typedef void PairLoop(const int32_t *tokens, int32_t n, double *out, int32_t *space);

PairLoop loop_histogram, loop_reverse, loop_shift, loop_running_mean, loop_sort, loop_dyck1,
    loop_dyck3, loop_double_histogram, loop_most_frequent;

#endif
