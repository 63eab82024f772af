/* The kernel of softmax weights over few keys: those of a block of queries are kept while they are
   in the cache, for what is made of them at once, and never stored as a whole. Queries stand in
   vector lanes. */
#ifndef RASPC_JIT_REAL_WEIGH_EMIT_H
#define RASPC_JIT_REAL_WEIGH_EMIT_H

#include "runtime/engines/jit/real/program.h"

/* Vectors of queries in a tile of the head, and the rows that they are. */
uint32_t weigh_vectors(const RealPlan *plan, const RealHead *head);
uint32_t weigh_rows(const RealPlan *plan, const RealHead *head);

/* queries: (count) columns. panel, bias: of score_emit.h. scratch: (D, weigh_rows) reals. Rows
   [from, to) of last + 1 in all. weights: (tiles, blocks * tile_keys, weigh_rows) reals: each is
   exp(score - the row's highest), times one over their sum; 0 where there is no key. */
typedef void WeighKernel(const void *const *queries, const void *panel, const void *bias,
                         int64_t blocks, void *scratch, int64_t last, void *weights, int64_t from,
                         int64_t to);

void weigh_emit(Kernel *kernel, const char *name, const RealPlan *plan, const RealHead *head);

#endif
