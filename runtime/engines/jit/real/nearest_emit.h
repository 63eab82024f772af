/* The kernel of the greatest dot product: for each query q the key k of the greatest q.k + b, where
   q is what several columns hold at a position, one after the other. Queries stand in vector lanes;
   a tile of keys by vectors of queries is computed at a time and never stored: best, second best
   and the best one's number are kept by comparing and blending. */
#ifndef RASPC_JIT_REAL_NEAREST_EMIT_H
#define RASPC_JIT_REAL_NEAREST_EMIT_H

#include "runtime/engines/jit/real/tile_emit.h"

/* queries: (count) columns (n, width). panel: (blocks, D, tile_keys) the keys; bias: (blocks *
   tile_keys), minus infinity where there is no key. scratch: (D, tile_rows) reals. rows: (count)
   the positions that are asked for. winners: (count, made a multiple of tile_rows) the key's number
   where the best score exceeds the second by more than fixed + per_norm |q| + per_square |q|^2; -1
   less the number where it does not, or where a score is not a number. */
typedef void NearestKernel(const void *const *queries, const void *panel, const void *bias,
                           int64_t blocks, double fixed, double per_norm, double per_square,
                           void *scratch, const int32_t *rows, int64_t count, int32_t *winners);

void nearest_emit(Kernel *kernel, const char *name, const TileShape *shape);

#endif
