/* The kernels of a screen (screen.h): rows and keys in few bits, and the arg-max of their dot
   products where it is certain. Scores are float32; what is multiplied is float32, or bfloat16
   where the processor adds two products of those at a time.

   A word is 32 bits of a row or a key: a component in float32, or two in bfloat16, the first in the
   low half; of an odd number of components the last is with a zero. Rows are packed in tiles of
   screen_rows: (tiles, words, rows) words. Norms: (tiles, 2, rows) floats: that of the row as it is
   packed, and that of what packing took from it; infinite where either is larger than SCREEN_NORM
   or not a number. */
#ifndef RASPC_JIT_REAL_SCREEN_EMIT_H
#define RASPC_JIT_REAL_SCREEN_EMIT_H

#include "runtime/engines/jit/real/tile_emit.h"

/* The greatest norm of a row or a key; so no score overflows. */
#define SCREEN_NORM 0x1p30
/* The score of a key that is none: below all others, and finite with any number in its low bits. */
#define SCREEN_NO_KEY (-0x1p100)

/* Rows of a tile, and words of a row. */
static inline uint32_t screen_rows(VectorUnit unit) { return tile_rows(unit, true); }
static inline uint32_t screen_words(VectorUnit unit, const TileShape *shape) {
    return unit.halves ? (shape->width + 1) / 2 : shape->width;
}

/* Rows [from, to) of last + 1 in all, less the shift (D) and times the scale, as words and norms.
   from begins a tile; the last tile is filled with copies of the last row. scratch: (D, tile_rows)
   reals. */
typedef void ScreenPackKernel(const void *const *queries, const double *shift, double scale,
                              void *scratch, int64_t last, void *words, float *norms, int64_t from,
                              int64_t to);

/* keys: (blocks, words, screen_keys) words; bias: (blocks * screen_keys). numbers: (screen_keys) of
   any, then (blocks * screen_keys) 0, 1, ...: they fit in the bits that the mask has not. ahead:
   what memory is asked for meanwhile, so many bytes for each row of the tiles. With a row's norm
   and its error added to make r, let margin be fixed + per_norm r + per_square r^2 + per_error
   error. winners: (tiles * rows) the best key's number where the second's score is behind by more
   than the margin; -1 less a pair (duel_emit.h) of the best and the second where the third's is;
   else -1. */
typedef void ScreenKernel(const void *words, const float *norms, const void *keys,
                          const float *bias, const int32_t *numbers, int64_t blocks, double fixed,
                          double per_norm, double per_square, double per_error, int64_t mask,
                          int64_t tiles, int32_t *winners, const void *ahead, int64_t row_bytes);

void screen_pack_emit(Kernel *kernel, const char *name, const TileShape *shape);
void screen_emit(Kernel *kernel, const char *name, const TileShape *shape);

#endif
