/* A head's keys, packed for tiles. For dot products with a bias, and how far a tile's scores may be
   from eval's.

   The bound. Let u be the unit roundoff of the tile's type, D the components of all terms, and for
   a term with factor a let K be the greatest norm of its keys and |q| the query's. Both the tile
   and eval compute the same real number s (less what only the query says, which moves all keys
   alike).
   - The tile starts with a bias, correct to a few u, and adds D products, each in one rounding (two
     without fused products): its error is at most g(D + 8), or g(2D + 8), times the sum of the
   magnitudes, which for a distance is |a| (K^2 + 2 K |q|), for a product |a| K |q|, for a bias its
   greatest; where g(m) = m u / (1 - m u) (Higham, Accuracy and Stability, 3.1 and 3.5).
   - eval adds w squares of differences, or products, in doubles, and combines P parts: its error is
   at most g(w + P + 8), in doubles, times |a| (K + |q|)^2, or |a| K |q|, or the bias. If the tile's
   best is ahead of its second by more than twice both, eval's best is the same key and alone. What
   underflows in a tile adds at most D + 8 of the smallest normal numbers, and what does in eval
   D + P + 8 times SCORE_FACTOR_MOST of them (no way from a term to the whole cancels another, and
   none multiplies it with more). The sums of the bounds are computed with a surplus of 1/64, more
   than their own rounding. */
#ifndef RASPC_JIT_REAL_PANEL_H
#define RASPC_JIT_REAL_PANEL_H

#include "runtime/engines/jit/real/run.h"

/* Twice both errors, as a function of the query's norm: fixed + per_norm |q| + per_square |q|^2. */
typedef struct Margin {
    double fixed, per_norm, per_square;
} Margin;

typedef struct Panel {
    void *keys, *bias; /* (blocks, D, tile_keys), (blocks * tile_keys) reals */
    int64_t blocks;
    Margin margin;
    const void *queries[TILE_TERMS]; /* the terms' query columns */
} Panel;

/* Of one key or more, the leaves' components as they are (score_emit.h), without a margin. Places
   behind the keys have the last key again, whose score is finite wherever the row's weights are,
   and a bias of -inf. False after reporting that there is no memory. */
bool panel_pack_leaves(Run *run, const RealHead *head, const KeyList *keys, Panel *out);
/* The same for dot products; places behind the keys have zeros. */
bool panel_pack(Run *run, const RealHead *head, const KeyList *keys, Panel *out);
/* The node's values at the keys, into reals (blocks, width, tile_keys). */
void panel_scatter(Run *run, NodeId node, const KeyList *keys, void *reals, uint32_t width);
void panel_free(Run *run, Panel *panel);

#endif
