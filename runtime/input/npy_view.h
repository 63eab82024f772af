/* An array of numpy's .npy as it lies in memory: versions 1 to 3, one or two dimensions, bools,
   ints, floats or strings, little-endian. A view owns nothing. */
#ifndef RASPC_INPUT_NPY_VIEW_H
#define RASPC_INPUT_NPY_VIEW_H

#include "runtime/value/atom.h"

typedef struct NpyView {
    const unsigned char *data; /* the first element */
    char kind;                 /* b, i, u, f, U as in numpy */
    size_t size;               /* bytes of one element */
    uint32_t rank;             /* 1 or 2 */
    size_t rows, columns;      /* columns: 1 for rank 1 */
    bool by_columns;           /* Fortran's order: a column's elements lie together */
} NpyView;

/* NULL, or why the bytes are no such array. What a view says lies within the bytes. */
const char *npy_view(const char *bytes, size_t len, NpyView *out);

/* Element `index` (below rows * columns) as it lies there; strings and great ints in the arena.
   False for a string that is not Unicode. */
bool npy_atom(const NpyView *view, size_t index, Arena *arena, Atom *out);
/* The same of numbers, as a double; a bool is 0 or 1. */
double npy_number(const NpyView *view, size_t index);

#endif
