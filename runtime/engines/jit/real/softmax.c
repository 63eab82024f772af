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
#include "runtime/engines/jit/real/weigh_emit.h"

#include <math.h>

/* Queries that share a part of the keys, at most. */
enum { GROUP_TILES = 4 };

typedef struct Soft {
    Run *run;
    const RealHead *head;
    KeyList keys;
    Panel panel;
    void *values;   /* (blocks, width, tile_keys) reals */
    uint32_t width; /* of the values; 1 for scalars */
    int64_t rows, tile_rows, part_blocks;
    void **scratch;    /* (threads) */
    atomic_llong next; /* the next row that nobody has */
} Soft;

static void attend_group(const Soft *soft, void *scratch, int64_t from, int64_t rows) {
    Run *run = soft->run;
    NodeId node = soft->head->node;
    int64_t to = from + rows < soft->rows ? from + rows : soft->rows;
    SoftmaxKernel *kernel = (SoftmaxKernel *)(uintptr_t)run->program->functions[soft->head->kernel];
    for (int64_t first = 0; first < soft->panel.blocks; first += soft->part_blocks) {
        int64_t end = first + soft->part_blocks;
        if (end > soft->panel.blocks) end = soft->panel.blocks;
        kernel(soft->panel.queries, soft->panel.keys, soft->panel.bias, soft->values, first, end,
               soft->panel.blocks, scratch, soft->rows - 1, run->columns[2 * (size_t)node], from,
               to, run_rows(run, soft->head->rows));
    }
    uint8_t *tags = run->columns[2 * (size_t)node + 1];
    for (int64_t i = from; tags && i < to; i++)
        tags[i] = TAG_FLOAT;
}

/* The next rows that nobody has: a group, or fewer towards the end, so that all threads end at
   about the same time. */
static int64_t take_group(Soft *soft, int64_t *from) {
    long long first = atomic_load(&soft->next);
    int64_t tiles;
    do {
        int64_t left = (soft->rows - first + soft->tile_rows - 1) / soft->tile_rows;
        if (left <= 0) return 0;
        tiles = left / (2 * (int64_t)soft->run->threads);
        tiles = tiles > GROUP_TILES ? GROUP_TILES : tiles < 1 ? 1 : tiles;
    } while (!atomic_compare_exchange_weak(&soft->next, &first, first + tiles * soft->tile_rows));
    *from = first;
    return tiles * soft->tile_rows;
}

static void attend_groups(void *state, uint32_t thread) {
    Soft *soft = state;
    int64_t from, rows;
    while (run_goes_on(soft->run) && (rows = take_group(soft, &from)) > 0)
        attend_group(soft, soft->scratch[thread], from, rows);
}

static bool pack_values(Soft *soft) {
    Run *run = soft->run;
    size_t count = (size_t)soft->panel.blocks * run->plan->unit.tile_keys * soft->width;
    soft->values = run_take(run, count, run->plan->single ? sizeof(float) : sizeof(double));
    if (!soft->values) return false;
    panel_scatter(run, soft->head->value, &soft->keys, soft->values, soft->width);
    return true;
}

static bool take_scratch(Soft *soft) {
    Run *run = soft->run;
    soft->scratch = run_take(run, run->threads, sizeof *soft->scratch);
    if (!soft->scratch) return false;
    size_t bytes = run->plan->single ? sizeof(float) : sizeof(double);
    for (uint32_t t = 0; t < run->threads; t++) {
        size_t reals = GROUP_TILES * (size_t)softmax_scratch(run->plan, soft->head);
        soft->scratch[t] = run_take(run, reals, bytes);
        if (!soft->scratch[t]) return false;
    }
    return true;
}

static void give_all(Soft *soft) {
    for (uint32_t t = 0; t < soft->run->threads; t++)
        run_give(soft->run, soft->scratch[t]);
    run_give(soft->run, soft->scratch);
    run_give(soft->run, soft->values);
    panel_free(soft->run, &soft->panel);
}

/* Keys and values of a part stay in the second cache, with the scratch of a group. */
static void choose_sizes(Soft *soft) {
    enum { PART_BYTES = 256 << 10 };
    const RealPlan *plan = soft->run->plan;
    size_t key = (soft->head->form.key_width + soft->width) *
                 (plan->single ? sizeof(float) : sizeof(double));
    soft->part_blocks = (int64_t)(PART_BYTES / (key * plan->unit.tile_keys));
    if (soft->part_blocks < 1) soft->part_blocks = 1;
    soft->tile_rows = weigh_rows(plan, soft->head);
}

static bool give_defaults(Run *run, const RealHead *head) {
    const int32_t *rows = run_rows(run, head->rows);
    for (int64_t i = 0; i < run_row_count(run, head->rows); i++)
        run_give_default(run, head, i, rows ? rows[i] : i);
    return true;
}

bool run_softmax(Run *run, const RealHead *head) {
    Soft soft = {.run = run, .head = head, .rows = run_row_count(run, head->rows)};
    uint32_t width = graph_node(run->graph, head->value)->width;
    soft.width = width ? width : 1;
    if (!run_make_column(run, head->node) || !run_keys(run, head, &soft.keys)) return false;
    if (soft.keys.count == 0 || soft.rows == 0) return give_defaults(run, head);
    choose_sizes(&soft);
    if (!panel_pack_leaves(run, head, &soft.keys, &soft.panel) || !pack_values(&soft) ||
        !take_scratch(&soft))
        return false;
    run_pieces(run, attend_groups, &soft, run->threads);
    give_all(&soft);
    return true;
}
