/* One query's products with many keys, and its distances from them: what `score(k, q, *)` and
   `distance(k, q)` of vectors mean in doubles.

   A sum begins at 0 and takes a vector's components in their order. Each product, and each square
   of a difference, is rounded before it is added: of two it makes no difference which comes first,
   and what cancels does so exactly, which decides ties and sums of 0. Softmax has neither: there a
   product is added in one rounding (IEEE 754, fusedMultiplyAdd), on every processor. */
#ifndef RASPC_SCORE_SUMS_H
#define RASPC_SCORE_SUMS_H

#include "runtime/graph/graph.h"

#include <stddef.h>
#include <stdint.h>

/* Whether the pattern's scores add products in one rounding. */
static inline bool score_is_fused(GraphOp pattern) { return pattern == OP_SOFTMAX; }

/* keys: (width, count), a component after the other; query: (width); row: (count), written. */
void score_products(const double *keys, const double *query, uint32_t width, bool fused,
                    double *row, size_t count);
void score_distances(const double *keys, const double *query, uint32_t width, double *row,
                     size_t count);

#endif
