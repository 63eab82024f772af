/* Products with weights, over many positions at once. What the positions hold lies by coordinate:
   (coordinates, positions), so that one weight meets a row of numbers that lie together. Zeros of
   the weights are left out, here as in product.h: x + 0 * w is x, and nothing is lost where w is
   infinite. Sums go from the first coordinate on; no product is fused with its sum, as in eval but
   for the scores of softmax (score_sums.h). */
#ifndef RASPC_REAL_COLUMNS_H
#define RASPC_REAL_COLUMNS_H

#include "runtime/base/arena.h"
#include "runtime/engines/dense/real.h"

#define columns_pack REAL_NAME(columns_pack)
#define columns_apply REAL_NAME(columns_apply)

/* A matrix without its zeros, column by column. */
typedef struct Columns {
    uint32_t count;             /* columns */
    const size_t *start;        /* (count + 1): where each column's weights begin */
    const uint32_t *coordinate; /* the row of each weight, ascending in a column */
    const Real *weight;
} Columns;

/* (rows, columns) zeros. */
static inline Real *real_numbers(Arena *arena, size_t rows, size_t columns) {
    return (Real *)arena_array(arena, rows * columns, sizeof(Real));
}

static inline size_t columns_weights(const Columns *columns) {
    return columns->count ? columns->start[columns->count] : 0;
}

/* weights: (rows, columns); transposed: (columns, rows). */
Columns columns_pack(Arena *arena, Numbers weights, uint32_t rows, uint32_t columns,
                     bool transposed);

/* out[column * out_stride + i] = sum over coordinates of in[coordinate * in_stride + i] * weight,
   for i below positions. */
void columns_apply(const Columns *columns, const Real *in, size_t in_stride, size_t positions,
                   Real *out, size_t out_stride);

#endif
