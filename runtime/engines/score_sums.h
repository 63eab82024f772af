/* One query's products with many keys, and its distances from them: what `score(k, q, *)` and
   `distance(k, q)` of vectors mean in doubles.

   A sum begins at 0 and takes a vector's components in their order. A product is added in one
   rounding (IEEE 754, fusedMultiplyAdd), on every processor. The square of a difference is rounded
   before it is added, so that of two squares it makes no difference which comes first. */
#ifndef RASPC_SCORE_SUMS_H
#define RASPC_SCORE_SUMS_H

#include <stddef.h>
#include <stdint.h>

/* keys: (width, count), a component after the other; query: (width); row: (count), written. */
void score_products(const double *keys, const double *query, uint32_t width, double *row,
                    size_t count);
void score_distances(const double *keys, const double *query, uint32_t width, double *row,
                     size_t count);

#endif
