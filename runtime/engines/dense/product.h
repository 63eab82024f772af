/* Matrix products in blocks, without the zeros.

   The left factor is cut into blocks of LEFT_ROWS rows, the right one into panels of LANES columns,
   and both into slices of SLICE of the inner dimension. What is left is cells. A cell holds only
   the lines (of the left: columns; of the right: rows) that are not all zeros, so that a product
   takes the lines that both have: x + 0 * w is x. The weights of a model whose directions have
   names, its residual stream and the weights of exact attention are nearly all zeros. A cell
   without zeros costs what a dense product in register tiles costs.

   The order of summation is not that of a plain loop: what is computed must be exact in any order
   (model/precision.c sees to that), as it must be for any framework.

   Goto and van de Geijn, Anatomy of high-performance matrix multiplication, 2008, is where the
   blocks, panels and slices come from. */
#ifndef RASPC_PRODUCT_H
#define RASPC_PRODUCT_H

#include "runtime/base/arena.h"
#include "runtime/engines/dense/real.h"

#define left_factor REAL_NAME(left_factor)
#define right_factor REAL_NAME(right_factor)
#define product_add REAL_NAME(product_add)

enum { LEFT_ROWS = 6, SLICE = 256 };

/* A matrix whose element (row, column) is data[row * row_step + column * column_step]. */
typedef struct MatrixView {
    const Real *data;
    uint32_t rows, columns;
    size_t row_step, column_step;
} MatrixView;

/* Where a line of a slice that a cell does not hold would be. */
#define NO_LINE UINT16_MAX

typedef struct Cell {
    uint32_t count;        /* lines it holds */
    const uint16_t *line;  /* (count): which of the slice, ascending */
    const uint16_t *place; /* (SLICE, or what the last slice has): where a line is, or NO_LINE */
    const Real *values;    /* (count, LEFT_ROWS or LANES) */
} Cell;

/* A packed factor; lives in the arena that it was packed into. */
typedef struct Factor {
    uint32_t lines; /* left: rows; right: columns */
    uint32_t inner;
    uint32_t strips; /* blocks or panels */
    uint32_t slices;
    const Cell *cells; /* (strips, slices) */
} Factor;

Factor left_factor(Arena *arena, MatrixView a);
Factor right_factor(Arena *arena, MatrixView b);

/* out (rows, columns), rows `stride` apart, += left right. */
void product_add(const Factor *left, const Factor *right, Real *out, size_t stride);

#endif
