/* Softmax weights that are only added up: an E step whose M step follows. A block of positions has
   its weights in the cache; each follower adds what it needs of them, and they are gone. What the
   weights weigh (often the keys' one-hot numbers) comes last: the sum of (sum w V) x is V (sum w
   x).

   How near to eval it is. Scores are eval's (score_emit.h); a weight is within (k + 8) units of
   roundoff of eval's, k keys, and sums over n positions within g(n + k + 16) of the sum of
   magnitudes (accumulate.c). A divisor so small that its weights were no normal numbers is computed
   as eval does. */
#include "runtime/engines/jit/real/outer_emit.h"
#include "runtime/engines/jit/real/panel.h"
#include "runtime/engines/jit/real/products.h"
#include "runtime/engines/jit/real/weigh_emit.h"

#include <math.h>
#include <string.h>

typedef struct WeighPiece {
    void *tile, *weights;
    Members members;
    Products *products; /* (follower_count) */
} WeighPiece;

typedef struct Weigh {
    Run *run;
    const RealHead *head;
    KeyList keys;
    Panel panel;
    const uint8_t **masks; /* (follower_count) NULL: all */
    int64_t block_rows, piece_rows, key_places;
    WeighPiece *pieces; /* (piece_count) */
    uint32_t piece_count;
} Weigh;

/* --- a block ---------------------------------------------------------------------------------- */

static uint32_t value_width(const Run *run, const RealHead *follower) {
    if (follower->plan != HEAD_ACCUMULATE) return 0;
    uint32_t width = graph_node(run->graph, follower->value)->width;
    return width ? width : 1;
}

static void add_follower(const Weigh *weigh, WeighPiece *piece, uint32_t f, int64_t from,
                         int64_t to) {
    Run *run = weigh->run;
    const RealHead *follower = weigh->head->followers[f];
    Members *members = &piece->members;
    int64_t tile = weigh_rows(run->plan, weigh->head);
    members->count = 0;
    for (int64_t i = from; i < to; i++) {
        if (weigh->masks[f] && !weigh->masks[f][i]) continue;
        int64_t row = i - from;
        members->at[members->count] = (int32_t)(row / tile * tile * weigh->key_places + row % tile);
        members->rows[members->count++] = (int32_t)i;
    }
    OuterKernel *add = (OuterKernel *)(uintptr_t)run->program->functions[follower->kernel];
    const Products *products = &piece->products[f];
    bool valued = follower->plan == HEAD_ACCUMULATE;
    add(piece->weights, members->at, valued ? run->columns[2 * (size_t)follower->value] : NULL,
        members->rows, members->count, products->sums, products->ones, products->magnitudes,
        weigh->panel.blocks);
}

static void weigh_piece(void *state, uint32_t number) {
    const Weigh *weigh = state;
    Run *run = weigh->run;
    WeighPiece *piece = &weigh->pieces[number];
    WeighKernel *kernel =
        (WeighKernel *)(uintptr_t)run->program->functions[weigh->head->weigh_kernel];
    int64_t from = number * weigh->piece_rows, end = from + weigh->piece_rows;
    if (end > run->n) end = run->n;
    for (; from < end && run_goes_on(run); from += weigh->block_rows) {
        int64_t to = from + weigh->block_rows < end ? from + weigh->block_rows : end;
        kernel(weigh->panel.queries, weigh->panel.keys, weigh->panel.bias, weigh->panel.blocks,
               piece->tile, run->n - 1, piece->weights, from, to);
        for (uint32_t f = 0; f < weigh->head->follower_count; f++)
            add_follower(weigh, piece, f, from, to);
    }
}

/* --- what the weights weigh --------------------------------------------------------------------
 */

/* Of products by key, those by component of what the softmax gives. */
static bool expand(const Weigh *weigh, const Products *by_key, Products *out) {
    Run *run = weigh->run;
    NodeId value = weigh->head->value;
    uint32_t components = graph_node(run->graph, value)->width;
    double *weighed = run_take(run, components, sizeof *weighed);
    if (!weighed || !products_take(run, components, by_key->width, out)) return false;
    for (int64_t j = 0; j < weigh->keys.count; j++) {
        run_vector(run, value, run_place(run, value, weigh->keys.positions[j]), weighed);
        for (uint32_t c = 0; c < components; c++) {
            if (weighed[c] == 0) continue;
            out->ones[c] += weighed[c] * by_key->ones[j];
            out->magnitudes[c] += fabs(weighed[c]) * by_key->ones[j];
            const double *row = by_key->sums + (size_t)j * by_key->width;
            for (uint32_t v = 0; v < by_key->width; v++)
                out->sums[(size_t)c * by_key->width + v] += weighed[c] * row[v];
        }
    }
    run_give(run, weighed);
    return true;
}

/* No keys: the softmax's result is its default everywhere, and they are added as they come. */
static bool add_defaults(Weigh *weigh, uint32_t f, Products *out) {
    Run *run = weigh->run;
    const RealHead *follower = weigh->head->followers[f];
    NodeId node = weigh->head->node;
    uint32_t components = graph_node(run->graph, node)->width, width = value_width(run, follower);
    double *row = run_take(run, components, sizeof *row);
    double *value = run_take(run, width, sizeof *value);
    if (!row || !value || !products_take(run, components, width, out)) return false;
    for (int64_t i = 0; i < run->n; i++) {
        if (weigh->masks[f] && !weigh->masks[f][i]) continue;
        run_vector(run, node, i, row);
        if (width > 0) run_vector(run, follower->value, i, value);
        for (uint32_t c = 0; c < components; c++) {
            out->ones[c] += row[c];
            out->magnitudes[c] += fabs(row[c]);
            for (uint32_t v = 0; v < width; v++)
                out->sums[(size_t)c * width + v] += row[c] * value[v];
        }
    }
    run_give(run, row);
    run_give(run, value);
    return true;
}

/* --- all -------------------------------------------------------------------------------------- */

static bool take_pieces(Weigh *weigh) {
    Run *run = weigh->run;
    const RealHead *head = weigh->head;
    size_t tile = weigh_rows(run->plan, weigh->head);
    weigh->pieces = run_take(run, weigh->piece_count, sizeof(WeighPiece));
    if (!weigh->pieces) return false;
    for (uint32_t p = 0; p < weigh->piece_count; p++) {
        WeighPiece *piece = &weigh->pieces[p];
        size_t rows = (size_t)weigh->block_rows;
        piece->tile = run_take(run, tile * head->form.shape.width, sizeof(double));
        piece->weights = run_take(run, rows * (size_t)weigh->key_places, sizeof(double));
        piece->members.at = run_take(run, rows, sizeof(int32_t));
        piece->members.rows = run_take(run, rows, sizeof(int32_t));
        piece->products = run_take(run, head->follower_count, sizeof(Products));
        if (!piece->tile || !piece->weights || !piece->members.at || !piece->members.rows ||
            !piece->products)
            return false;
        for (uint32_t f = 0; f < head->follower_count; f++)
            if (!products_take(run, weigh->key_places, value_width(run, head->followers[f]),
                               &piece->products[f]))
                return false;
    }
    return true;
}

static void give_pieces(Weigh *weigh) {
    Run *run = weigh->run;
    for (uint32_t p = 0; weigh->pieces && p < weigh->piece_count; p++) {
        WeighPiece *piece = &weigh->pieces[p];
        for (uint32_t f = 0; piece->products && f < weigh->head->follower_count; f++)
            products_give(run, &piece->products[f]);
        run_give(run, piece->tile);
        run_give(run, piece->weights);
        run_give(run, piece->members.at);
        run_give(run, piece->members.rows);
        run_give(run, piece->products);
    }
    run_give(run, weigh->pieces);
}

/* Blocks whose weights stay in the second cache; pieces by what the products take. */
static void choose_sizes(Weigh *weigh) {
    enum { BLOCK_BYTES = 128 << 10, BLOCK_MOST = 64 };
    Run *run = weigh->run;
    int64_t tile = weigh_rows(run->plan, weigh->head);
    int64_t rows = BLOCK_BYTES / (int64_t)sizeof(double) / weigh->key_places;
    rows = rows > BLOCK_MOST ? BLOCK_MOST : rows;
    weigh->block_rows = rows < tile ? tile : rows / tile * tile;
    size_t numbers = 0;
    for (uint32_t f = 0; f < weigh->head->follower_count; f++)
        numbers += (size_t)weigh->key_places * (value_width(run, weigh->head->followers[f]) + 2);
    uint32_t pieces = products_pieces(run->n, numbers);
    int64_t blocks = (run->n + weigh->block_rows - 1) / weigh->block_rows;
    int64_t piece_blocks = (blocks + pieces - 1) / pieces;
    weigh->piece_rows = piece_blocks * weigh->block_rows;
    weigh->piece_count = (uint32_t)((blocks + piece_blocks - 1) / piece_blocks);
}

static bool find_members(Weigh *weigh) {
    Run *run = weigh->run;
    uint32_t count = weigh->head->follower_count;
    weigh->masks = run_take(run, count, sizeof *weigh->masks);
    if (!weigh->masks) return false;
    for (uint32_t f = 0; f < count; f++) {
        KeyList members;
        if (!run_keys(run, weigh->head->followers[f], &members)) return false;
        weigh->masks[f] = members.count < run->n ? members.mask : NULL;
    }
    return true;
}

/* The follower reads them at its own step. */
static Products *products_of(const Weigh *weigh, uint32_t f) {
    const RealHead *follower = weigh->head->followers[f];
    return &weigh->run->products[follower - weigh->run->plan->heads];
}

static bool add_all(Weigh *weigh) {
    Run *run = weigh->run;
    weigh->key_places = (weigh->keys.count + run->plan->unit.tile_keys - 1) /
                        run->plan->unit.tile_keys * run->plan->unit.tile_keys;
    choose_sizes(weigh);
    if (!panel_pack_leaves(run, weigh->head, &weigh->keys, &weigh->panel) || !take_pieces(weigh))
        return false;
    run_pieces(run, weigh_piece, weigh, weigh->piece_count);
    bool fine = true;
    for (uint32_t f = 0; f < weigh->head->follower_count && fine; f++) {
        Products *first = &weigh->pieces[0].products[f];
        for (uint32_t p = 1; p < weigh->piece_count; p++)
            products_add(first, &weigh->pieces[p].products[f]);
        fine = expand(weigh, first, products_of(weigh, f));
    }
    give_pieces(weigh);
    panel_free(run, &weigh->panel);
    return fine;
}

bool run_weigh(Run *run, const RealHead *head) {
    Weigh weigh = {.run = run, .head = head};
    if (!run_keys(run, head, &weigh.keys) || !find_members(&weigh)) return false;
    bool fine = true;
    if (weigh.keys.count > 0) {
        fine = add_all(&weigh);
    } else {
        fine = run_softmax(run, head);
        for (uint32_t f = 0; f < head->follower_count && fine; f++)
            fine = add_defaults(&weigh, f, products_of(&weigh, f));
    }
    run_give(run, (void *)(uintptr_t)weigh.masks);
    return fine;
}
