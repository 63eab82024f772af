/* The kernel of softmax attention: tiles of scores made into weights as they come, and added up
   with the values, so that no row of weights is ever stored (online softmax: Milakov and Gimelshein
   2018, "Online normalizer calculation for softmax"). When a higher score comes, what was added
   before is scaled down. Queries stand in vector lanes. */
#ifndef RASPC_JIT_REAL_SOFTMAX_EMIT_H
#define RASPC_JIT_REAL_SOFTMAX_EMIT_H

#include "runtime/engines/jit/real/program.h"

/* queries: (count) columns. panel, bias: of score_emit.h. values: (blocks, width, tile_keys) reals,
   0 where there is no key. scratch: (D + width, tile_rows) reals. Rows [from, to) of last + 1 in
   all; positions: of the head's row set, if it has one. out: (rows, width) reals, or of scalars
   (rows) doubles. */
typedef void SoftmaxKernel(const void *const *queries, const void *panel, const void *bias,
                           const void *values, int64_t blocks, void *scratch, int64_t last,
                           void *out, int64_t from, int64_t to, const int32_t *positions);

void softmax_emit(Kernel *kernel, const char *name, const RealPlan *plan, const RealHead *head);

#endif
