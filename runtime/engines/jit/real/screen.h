/* A screen: an arg-max in few bits, which says who wins where that is certain. Rows and keys are
   packed as words (screen_emit.h): float32, or bfloat16 where the processor multiplies those. The
   rows that it leaves, a few in a hundred, are looked at in full (nearest.c). So it changes what an
   arg-max costs, never what it finds.

   The frame. Distances do not change when rows and keys move together: both are taken less the mean
   of the keys, so that data far from the origin keep their bits. In a dot product the keys alone
   move: that adds the same to all scores of a row. And both are multiplied by a power of two that
   brings the keys' norms to about 1. All below is in the frame's units: x is a row there and k_j a
   key with its term's factor (-2 a for a distance times a, a for a product), as real numbers; y and
   l_j are what is packed of them, and b_j is the key's bias.

   The bound. Let r be |y|, e = |x - y|, K the greatest |l_j|, F the greatest |k_j - l_j|, B the
   greatest sum of the magnitudes that make a b_j, and D the components.
   - <y, l_j> differs from <x, k_j> by at most e K + (r + e) F (Cauchy-Schwarz, of <y - x, l_j> and
     <x, l_j - k_j>). e and r are measured, in the kernel's reals, from x as it is in them, which is
     u of those from x (one subtraction; the scale is a power of two): u r K more.
   - The screen adds D products to b_j in float32, and a pair of products of bfloat16 is exact or is
     rounded as often: its error is at most g(2 D + 8) (r K + B), where g(m) = m u / (1 - m u) and
     u = 2^-24 (Higham, Accuracy and Stability, 3.1).
   - The key's number takes the place of a score's lowest m bits: 2^(m - 23) (r K + B).
   - Underflow: what is below 2^-126 may count as 0, a square below it makes e or r too small by
     less than 2^-63 a component, and eval's own numbers may underflow: all less than
     s (1 + K + r + e) with s = D 2^-60.
   - eval's own score is within g(w + P + 8) |a| (K' + r + e)^2 of the real one, for a distance over
     w components in a score of P parts, with u = 2^-53 and K' the greatest norm of its keys here; a
     product's is within the same of |a| K' (r + e), with its keys as they are, not moved; a bias's
     within g(P + 8) of its magnitude.
   A best score that is ahead of the second by more than twice the sum belongs to the key that eval
   finds, and to no other; if it is ahead of the third, that key is one of two. Between those a duel
   decides: both scores in doubles, where the real ones are within g(D + P + 16) of the sum of all
   magnitudes, here and in eval. A row beyond SCREEN_NORM, or of what is not a number, has an
   infinite norm and is never certain; keys beyond it, or more keys than fit in NUMBER_BITS, are not
   screened. The sums of the bounds are computed with a surplus of 1/64, more than their own
   rounding. */
#ifndef RASPC_JIT_REAL_SCREEN_H
#define RASPC_JIT_REAL_SCREEN_H

#include "runtime/engines/jit/real/run.h"

typedef struct Screen Screen;

/* Words and norms of rows. */
typedef struct ScreenRows {
    uint32_t *words;
    float *norms;
} ScreenRows;

/* What a block is screened with. */
typedef struct ScreenRoom {
    ScreenRows rows;                        /* where no round packs them for the others */
    int32_t *open;                          /* (block_rows) rows that have no winner */
    int32_t *rows_of_pairs, *pairs, *found; /* (block_rows) those with two keys left; who won */
} ScreenRoom;

/* The screen of a round's keys, winners->keys: in winners->screen, where it stays from round to
   round. winners->screening says whether the round is screened. block_rows: of a block, whole
   tiles. False after reporting that there is no memory. */
bool screen_ready(Run *run, const Assignment *assignment, Winners *winners, int64_t block_rows);
bool screen_take_room(Screen *screen, ScreenRoom *out);
void screen_give_room(Screen *screen, ScreenRoom *room);
/* winners of the rows [from, to), a block: the key's number, or -1; how many of these there are,
   and room->open has them in order. scratch: (D, tile_rows) reals. Writes up to a whole tile.
   wanted: a column of which the rows are read next, row_bytes each; NULL and 0: none. */
int64_t screen_block(Screen *screen, const ScreenRoom *room, void *scratch, int64_t from,
                     int64_t to, int32_t *winners, const char *wanted, int64_t row_bytes);

#endif
