/* Tiles of scores: keys by vectors of queries, as dot products with a bias. Queries stand in vector
   lanes: rows of their columns are turned into a scratch first, then each key's component is
   multiplied with a vector of theirs. The accumulators fill the registers. */
#ifndef RASPC_JIT_REAL_TILE_EMIT_H
#define RASPC_JIT_REAL_TILE_EMIT_H

#include "runtime/engines/jit/real/kernel.h"

enum { TILE_TERMS = 4, TILE_VECTORS_MOST = 4, TILE_KEYS_MOST = 8, TILE_ROWS_MOST = 64 };

/* Where a query's components come from. */
typedef struct TileShape {
    uint32_t count;              /* columns */
    uint32_t widths[TILE_TERMS]; /* (count) */
    bool doubles[TILE_TERMS];    /* (count) the column holds doubles, whatever real is */
    bool compact[TILE_TERMS];    /* (count) it holds the row set's rows alone */
    uint32_t width;              /* D: of all together */
} TileShape;

/* queries: (count) columns (n, width). panel: (blocks, D, keys); bias: (blocks * keys), minus
   infinity where there is no key. scratch: (D, rows). Rows go to `last`. */
typedef struct Tile {
    Kernel *kernel;
    const TileShape *shape;
    uint32_t keys, vectors, rows; /* of a tile */
    LLVMValueRef queries, panel, bias, blocks, scratch, last;
    LLVMValueRef positions;             /* of the row set's rows; NULL: each row is its own */
    LLVMValueRef row[TILE_ROWS_MOST];   /* (rows) of the tile; beyond the last one the last */
    LLVMValueRef place[TILE_ROWS_MOST]; /* (rows) their places in the row set */
} Tile;

/* Rows of a tile. */
uint32_t tile_rows(VectorUnit unit, bool single);
/* Without what is in memory. */
Tile tile_begin(Kernel *kernel, const TileShape *shape);
/* Which rows the tile has that begins there. */
void tile_find_rows(Tile *tile, LLVMValueRef first);
/* Into the scratch. */
void tile_turn_queries(Tile *tile);
/* A component of a vector of queries. */
LLVMValueRef tile_query(Tile *tile, LLVMValueRef component, uint32_t vector);
/* The scores of a block of keys: scores[key * vectors + v]. */
void tile_scores(Tile *tile, LLVMValueRef block, LLVMValueRef *scores);
/* In the loop over blocks: asks memory for a part of the tile that begins at row `next`. */
void tile_ask_ahead(Tile *tile, LLVMValueRef block, LLVMValueRef next);

#endif
