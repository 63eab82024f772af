/* The kernel of softmax attention: tiles of scores made into weights as they come, and added up
   with the values, so that no row of weights is ever stored (online softmax: Milakov and Gimelshein
   2018, "Online normalizer calculation for softmax"). When a higher score comes, what was added
   before is scaled down. Queries stand in vector lanes. */
#ifndef RASPC_JIT_REAL_SOFTMAX_EMIT_H
#define RASPC_JIT_REAL_SOFTMAX_EMIT_H

#include "runtime/engines/jit/real/program.h"

/* queries: (count) columns. panel, bias: of score_emit.h. values: (blocks, width, tile_keys) reals,
   0 where there is no key. Blocks [first, end) of keys are added for the rows [from, to) of last +
   1 in all: so a part of the keys serves several tiles of queries while the cache has it. What is
   known of the rows meanwhile stands in scratch: (tiles, softmax_scratch) reals; the first block
   begins with it, the last one gives the results. positions: of the head's row set, if it has one.
   out: (rows, width) reals, or of scalars (rows) doubles. */
typedef void SoftmaxKernel(const void *const *queries, const void *panel, const void *bias,
                           const void *values, int64_t first, int64_t end, int64_t blocks,
                           void *scratch, int64_t last, void *out, int64_t from, int64_t to,
                           const int32_t *positions);

/* Reals of scratch for a tile of weigh_rows queries. */
uint32_t softmax_scratch(const RealPlan *plan, const RealHead *head);
void softmax_emit(Kernel *kernel, const char *name, const RealPlan *plan, const RealHead *head);

#endif
