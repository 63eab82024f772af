/* Softmax by tiles, over the keys that the selector lets through; memory stays in proportion to n.

   How near to eval it is. A weight is exp of its score less the highest. A tile's score is within
   half a margin (panel.h) of eval's, so each weight is within 1 + half a margin of eval's, but for
   a factor that all of a row have, and their mean of the values within 1 + a margin. exp
   (exp_emit.h) and sums in another order add at most (k + 8) units of roundoff, k keys. Rows whose
   margin passes 2^-41 (4.5e-13) are computed again with eval's scores, in eval's order; so that
   results are within 1e-12 of eval, of the greatest magnitude among the values, for up to 4,000
   keys, and by the bound above beyond. In float32 rows are not computed again: there the margins
   are those of float32. */
#include "runtime/engines/jit/real/softmax_emit.h"

#include "runtime/engines/jit/real/panel.h"
#include "runtime/engines/jit/real/score_rows.h"

#include <math.h>

static const double margin_most = 0x1p-41;

typedef struct Soft {
    Run *run;
    const RealHead *head;
    KeyList keys;
    Panel panel;
    ScoreRows *exact;
    void *values;   /* (blocks, width, tile_keys) reals */
    uint32_t width; /* of the values; 1 for scalars */
    int64_t piece_rows;
    struct SoftPiece *pieces;
} Soft;

typedef struct SoftPiece {
    void *tile;
    double *scores, *sums, *query;
} SoftPiece;

/* --- rows too far from eval's -------------------------------------------------------------------
 */

static bool is_near(const Soft *soft, const SoftPiece *piece, int64_t row) {
    const ScoreForm *form = &soft->head->form;
    double square = 0;
    if (soft->run->plan->single) return true;
    for (uint32_t t = 0; t < form->term_count; t++) {
        run_vector(soft->run, form->terms[t].query, row, piece->query);
        for (uint32_t c = 0; c < form->terms[t].width; c++)
            square += piece->query[c] * piece->query[c];
    }
    Margin margin = soft->panel.margin;
    return margin.fixed + margin.per_norm * sqrt(square) + margin.per_square * square <=
           margin_most;
}

/* As eval; in float64 alone. */
static void exact_row(const Soft *soft, const SoftPiece *piece, int64_t row) {
    Run *run = soft->run;
    const double *scores = score_row(soft->exact, row, piece->scores);
    double highest = -(double)INFINITY, sum = 0;
    for (int64_t j = 0; j < soft->keys.count; j++)
        if (scores[j] > highest) highest = scores[j];
    for (uint32_t c = 0; c < soft->width; c++)
        piece->sums[c] = 0;
    bool vectors = graph_node(run->graph, soft->head->node)->type == TYPE_VECTOR;
    Scalars numbers = {0};
    if (!vectors) numbers = run_numbers(run, soft->head->value);
    const double *column = vectors ? run->columns[2 * (size_t)soft->head->value] : NULL;
    for (int64_t j = 0; j < soft->keys.count; j++) {
        double weight = exp(scores[j] - highest), number = 0;
        int64_t key = soft->keys.positions[j];
        if (!vectors) number = number_at(&numbers, key);
        const double *value = vectors ? column + (size_t)key * soft->width : &number;
        sum += weight;
        for (uint32_t c = 0; c < soft->width; c++)
            piece->sums[c] += weight * value[c];
    }
    for (uint32_t c = 0; c < soft->width; c++)
        piece->sums[c] /= sum;
    if (vectors)
        run_set_vector(run, soft->head->node, row, piece->sums);
    else
        run_set_number(run, soft->head->node, row, piece->sums[0], TAG_FLOAT);
}

/* --- all rows -----------------------------------------------------------------------------------
 */

static void attend_piece(void *state, uint32_t number) {
    const Soft *soft = state;
    Run *run = soft->run;
    const SoftPiece *piece = &soft->pieces[number];
    int64_t from = number * soft->piece_rows, to = from + soft->piece_rows;
    if (to > run->n) to = run->n;
    SoftmaxKernel *kernel = (SoftmaxKernel *)(uintptr_t)run->program->functions[soft->head->kernel];
    kernel(soft->panel.queries, soft->panel.keys, soft->panel.bias, soft->values,
           soft->panel.blocks, piece->tile, run->n - 1, run->columns[2 * (size_t)soft->head->node],
           from, to);
    bool tagged = graph_node(run->graph, soft->head->node)->type != TYPE_VECTOR &&
                  real_is_tagged(run->graph, soft->head->node);
    for (int64_t i = from; i < to; i++) {
        if (!is_near(soft, piece, i)) exact_row(soft, piece, i);
        if (tagged) ((uint8_t *)run->columns[2 * (size_t)soft->head->node + 1])[i] = TAG_FLOAT;
    }
}

static bool pack_values(Soft *soft) {
    Run *run = soft->run;
    uint32_t wide = run->plan->unit.tile_keys;
    soft->values = run_take(run, (size_t)soft->panel.blocks * wide * soft->width, sizeof(double));
    if (!soft->values) return false;
    for (int64_t j = 0; j < soft->keys.count; j++)
        for (uint32_t c = 0; c < soft->width; c++) {
            double value = run_component(run, soft->head->value, soft->keys.positions[j], c);
            size_t place = ((size_t)(j / wide) * soft->width + c) * wide + (size_t)(j % wide);
            if (run->plan->single)
                ((float *)soft->values)[place] = (float)value;
            else
                ((double *)soft->values)[place] = value;
        }
    return true;
}

static bool make_pieces(Soft *soft, uint32_t count) {
    Run *run = soft->run;
    const TileShape *shape = &soft->head->form.shape;
    size_t tile =
        (size_t)tile_rows(run->plan->unit, run->plan->single) * (shape->width + soft->width);
    soft->pieces = run_take(run, count, sizeof *soft->pieces);
    if (!soft->pieces) return false;
    for (uint32_t p = 0; p < count; p++) {
        SoftPiece *piece = &soft->pieces[p];
        piece->tile = run_take(run, tile, sizeof(double));
        piece->scores = run_take(run, score_rows_scratch(soft->exact), sizeof(double));
        piece->sums = run_take(run, soft->width, sizeof(double));
        piece->query = run_take(run, shape->width, sizeof(double));
        if (!piece->tile || !piece->scores || !piece->sums || !piece->query) return false;
    }
    return true;
}

static void give_all(Soft *soft, uint32_t count) {
    Run *run = soft->run;
    for (uint32_t p = 0; p < count; p++) {
        void *memory[] = {soft->pieces[p].tile, soft->pieces[p].scores, soft->pieces[p].sums,
                          soft->pieces[p].query};
        for (size_t m = 0; m < sizeof memory / sizeof memory[0]; m++)
            run_give(run, memory[m]);
    }
    run_give(run, soft->pieces);
    run_give(run, soft->values);
    score_rows_free(soft->exact);
    panel_free(run, &soft->panel);
}

bool run_softmax(Run *run, const RealHead *head) {
    enum { PIECES_A_THREAD = 8 };
    Soft soft = {.run = run, .head = head};
    uint32_t width = graph_node(run->graph, head->value)->width;
    soft.width = width ? width : 1;
    if (!run_make_column(run, head->node) || !run_keys(run, head, &soft.keys)) return false;
    if (soft.keys.count == 0) {
        for (int64_t i = 0; i < run->n; i++)
            run_give_default(run, head, i, i);
        return true;
    }
    soft.exact = score_rows_new(run, head->score, &soft.keys);
    if (!soft.exact || !panel_pack(run, head, &soft.keys, &soft.panel) || !pack_values(&soft))
        return false;
    int64_t rows = tile_rows(run->plan->unit, run->plan->single);
    int64_t tiles = (run->n + rows - 1) / rows;
    int64_t pieces = run->threads > 1 ? (int64_t)run->threads * PIECES_A_THREAD : 1;
    if (pieces > tiles) pieces = tiles;
    soft.piece_rows = (tiles + pieces - 1) / pieces * rows;
    pieces = (run->n + soft.piece_rows - 1) / soft.piece_rows;
    if (!make_pieces(&soft, (uint32_t)pieces)) return false;
    run_pieces(run, attend_piece, &soft, (uint32_t)pieces);
    give_all(&soft, (uint32_t)pieces);
    return true;
}
