/* Sums of outer products over positions: what linear attention and means by softmax weights come
   to. sums[c] is the sum of component c of each key times its value.

   Positions are cut into pieces, each added from left to right, and the pieces are added in their
   order: how many there are depends on the sizes alone, so that results do not depend on threads.
 */
#ifndef RASPC_JIT_REAL_PRODUCTS_H
#define RASPC_JIT_REAL_PRODUCTS_H

#include "runtime/engines/jit/real/run.h"

/* Zeros. False after reporting that there is no memory. */
bool products_take(Run *run, int64_t keys, uint32_t width, Products *out);
void products_give(Run *run, Products *products);
void products_add(const Products *to, const Products *from);
/* How many pieces `rows` positions are cut into, when each has products of so many numbers. */
uint32_t products_pieces(int64_t rows, size_t numbers);

/* The positions of [from, to) that a list of keys has. */
typedef struct Members {
    int32_t *at;   /* (count) where each one's key begins */
    int32_t *rows; /* (count) */
    int64_t count;
} Members;

/* What the head's own rows make of the products: (q sums) / (q ones). Rows whose divisor may be 0
   are computed as eval does; those of a fused head have their softmax computed so first. */
bool products_finish(Run *run, const RealHead *head, const Products *products);
/* The mean or total over the members of the keys themselves: the ones, over how many they are. */
bool products_finish_uniform(Run *run, const RealHead *head, const Products *products);

#endif
