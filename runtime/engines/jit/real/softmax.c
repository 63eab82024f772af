/* Softmax by tiles, over the keys that the selector lets through; memory stays in proportion to n.

   How near to eval it is. Scores are eval's (score_emit.h). A weight is exp of its score less the
   highest: within two units of roundoff u of eval's, where both are normal numbers (exp_emit.h).
   When a higher score comes, sums are scaled, which adds one rounding and one exp a time. So a sum
   over k keys, in eval's order or not, is within g(2 k + 8) of the sum of its magnitudes, g(m) =
   m u / (1 - m u), and a result within twice that of eval's, of the greatest magnitude among the
   values: below 1e-12 for 2,000 keys, whatever they are, and in practice for many more. In float32
   u is that of float32, and scores are rounded too. */
#include "runtime/engines/jit/real/softmax_emit.h"

#include "runtime/engines/jit/real/panel.h"
#include "runtime/engines/jit/real/score_rows.h"

#include <math.h>

typedef struct Soft {
    Run *run;
    const RealHead *head;
    KeyList keys;
    Panel panel;
    void *values;   /* (blocks, width, tile_keys) reals */
    uint32_t width; /* of the values; 1 for scalars */
    int64_t rows, piece_rows;
    void **tiles; /* (pieces) scratch */
} Soft;

static void attend_piece(void *state, uint32_t number) {
    enum { BLOCK_TILES = 8 };
    const Soft *soft = state;
    Run *run = soft->run;
    NodeId node = soft->head->node;
    int64_t from = number * soft->piece_rows, to = from + soft->piece_rows;
    if (to > soft->rows) to = soft->rows;
    SoftmaxKernel *kernel = (SoftmaxKernel *)(uintptr_t)run->program->functions[soft->head->kernel];
    int64_t block = BLOCK_TILES * tile_rows(run->plan->unit, run->plan->single);
    for (int64_t i = from; i < to && run_goes_on(run); i += block)
        kernel(soft->panel.queries, soft->panel.keys, soft->panel.bias, soft->values,
               soft->panel.blocks, soft->tiles[number], soft->rows - 1,
               run->columns[2 * (size_t)node], i, i + block < to ? i + block : to,
               run_rows(run, soft->head->rows));
    uint8_t *tags = run->columns[2 * (size_t)node + 1];
    for (int64_t i = from; tags && i < to; i++)
        tags[i] = TAG_FLOAT;
}

static bool pack_values(Soft *soft) {
    Run *run = soft->run;
    NodeId value = soft->head->value;
    uint32_t wide = run->plan->unit.tile_keys;
    soft->values = run_take(run, (size_t)soft->panel.blocks * wide * soft->width, sizeof(double));
    if (!soft->values) return false;
    for (int64_t j = 0; j < soft->keys.count; j++) {
        int64_t row = run_place(run, value, soft->keys.positions[j]);
        for (uint32_t c = 0; c < soft->width; c++) {
            double number = run_component(run, value, row, c);
            size_t place = ((size_t)(j / wide) * soft->width + c) * wide + (size_t)(j % wide);
            if (run->plan->single)
                ((float *)soft->values)[place] = (float)number;
            else
                ((double *)soft->values)[place] = number;
        }
    }
    return true;
}

static bool make_pieces(Soft *soft, uint32_t count) {
    Run *run = soft->run;
    const TileShape *shape = &soft->head->form.shape;
    size_t tile =
        (size_t)tile_rows(run->plan->unit, run->plan->single) * (shape->width + soft->width);
    soft->tiles = run_take(run, count, sizeof *soft->tiles);
    if (!soft->tiles) return false;
    for (uint32_t p = 0; p < count; p++) {
        soft->tiles[p] = run_take(run, tile, sizeof(double));
        if (!soft->tiles[p]) return false;
    }
    return true;
}

static void give_all(Soft *soft, uint32_t count) {
    for (uint32_t p = 0; p < count; p++)
        run_give(soft->run, soft->tiles[p]);
    run_give(soft->run, soft->tiles);
    run_give(soft->run, soft->values);
    panel_free(soft->run, &soft->panel);
}

static bool give_defaults(Run *run, const RealHead *head) {
    const int32_t *rows = run_rows(run, head->rows);
    for (int64_t i = 0; i < run_row_count(run, head->rows); i++)
        run_give_default(run, head, i, rows ? rows[i] : i);
    return true;
}

bool run_softmax(Run *run, const RealHead *head) {
    enum { PIECES_A_THREAD = 8 };
    Soft soft = {.run = run, .head = head, .rows = run_row_count(run, head->rows)};
    uint32_t width = graph_node(run->graph, head->value)->width;
    soft.width = width ? width : 1;
    if (!run_make_column(run, head->node) || !run_keys(run, head, &soft.keys)) return false;
    if (soft.keys.count == 0 || soft.rows == 0) return give_defaults(run, head);
    if (!panel_pack_leaves(run, head, &soft.keys, &soft.panel) || !pack_values(&soft)) return false;
    int64_t rows = tile_rows(run->plan->unit, run->plan->single);
    int64_t tiles = (soft.rows + rows - 1) / rows;
    int64_t pieces = run->threads > 1 ? (int64_t)run->threads * PIECES_A_THREAD : 1;
    if (pieces > tiles) pieces = tiles;
    soft.piece_rows = (tiles + pieces - 1) / pieces * rows;
    pieces = (soft.rows + soft.piece_rows - 1) / soft.piece_rows;
    if (!make_pieces(&soft, (uint32_t)pieces)) return false;
    run_pieces(run, attend_piece, &soft, (uint32_t)pieces);
    give_all(&soft, (uint32_t)pieces);
    return true;
}
