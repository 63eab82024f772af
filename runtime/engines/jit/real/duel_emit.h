/* The kernel of duels: rows whose winner is one of two keys. Both scores are computed in doubles,
   components in lanes, with the sum of the magnitudes that they are made of: so it is known how far
   each may be from eval's (screen.h). */
#ifndef RASPC_JIT_REAL_DUEL_EMIT_H
#define RASPC_JIT_REAL_DUEL_EMIT_H

#include "runtime/engines/jit/real/program.h"

/* Two keys' numbers in an int32, the first in the upper bits; more than -1 - it is below -1. */
enum { DUEL_BITS = 12 };

/* queries: (terms) columns. keys: (keys, D) as they are; biases, weights: (keys) what the score
   adds to a key's terms, and its magnitude. rows, pairs: (count). winners: (count) the first key or
   the second, where its score is ahead by more than unit times all magnitudes, and `least`; else
   -1. */
typedef void DuelKernel(const void *const *queries, const double *keys, const double *biases,
                        const double *weights, const int32_t *rows, const int32_t *pairs,
                        int64_t count, double unit, double least, int32_t *winners);

void duel_emit(Kernel *kernel, const char *name, const ScoreForm *form);

#endif
