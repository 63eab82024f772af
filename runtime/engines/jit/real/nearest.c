/* Hardmax by tiles: a screen decides where it can, then the fast scores of nearest_emit.h, then
   eval's own scores, so that the winners are eval's. screen.h and panel.h have the bounds. */
#include "runtime/engines/jit/real/follow.h"
#include "runtime/engines/jit/real/nearest_emit.h"
#include "runtime/engines/jit/real/panel.h"
#include "runtime/engines/jit/real/score_rows.h"
#include "runtime/engines/jit/real/screen.h"

#include "runtime/base/bug.h"
#include "runtime/base/memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Rows that are assigned one after the other, by one thread. */
typedef struct RowBlock {
    atomic_bool done;
    Ties ties;
    int64_t failed_row, failed_key; /* -1: none */
} RowBlock;

/* What a thread works with. */
typedef struct Worker {
    void *tile;
    ScreenRoom room;
    uint32_t rest, penance; /* blocks that are not screened: still now, and the next time */
    int32_t *all;           /* (block_rows) a block's rows */
    int32_t *found;         /* (block_rows, and a tile more) winners of some of them */
    double *scores;
} Worker;

typedef struct Assigning {
    Run *run;
    const Assignment *assignment;
    const RealHead *head;
    Winners *winners;
    ScoreRows *exact;
    Panel panel;
    int64_t block_rows;
    uint32_t block_count, worker_count;
    RowBlock *blocks;
    Worker *workers;
    atomic_uint next;    /* the next block that nobody has */
    Following following; /* with assignment->follow: the sums */
    uint32_t added;      /* blocks that are in them */
} Assigning;

/* --- rows that the tile can't decide ------------------------------------------------------------
 */

static void add_tie(Ties *ties, int64_t row, uint32_t count) {
    ties->rows = memory_reserve(ties->rows, &ties->capacity, ties->count + 1, sizeof *ties->rows);
    ties->keys = memory_reserve(ties->keys, &ties->key_capacity, ties->key_count + count,
                                sizeof *ties->keys);
    ties->rows[ties->count++] = (Tie){row, ties->key_count, count};
}

/* As eval: the keys of the greatest score, or the first of them. The row's slot. */
static int32_t decide(Assigning *assigning, Worker *worker, RowBlock *block, int64_t row) {
    const double *scores = score_row(assigning->exact, row, row, worker->scores);
    int64_t count = assigning->winners->keys.count;
    double best = -(double)INFINITY;
    int64_t first = -1;
    uint32_t several = 0;
    for (int64_t j = 0; j < count; j++) {
        if (isnan(scores[j])) {
            if (block->failed_row < 0) {
                block->failed_row = row;
                block->failed_key = assigning->winners->keys.positions[j];
            }
            return 0;
        }
        if (scores[j] > best || first < 0) {
            best = scores[j];
            first = j;
            several = 0;
        }
        several += scores[j] == best;
    }
    if (several == 1 || assigning->head->pattern == OP_HARDMAX_FIRST) return (int32_t)first;
    Ties *ties = &block->ties;
    add_tie(ties, row, several);
    for (int64_t j = first; j < count; j++)
        if (scores[j] == best) ties->keys[ties->key_count++] = (int32_t)j;
    return -(int32_t)ties->count;
}

/* --- blocks -------------------------------------------------------------------------------------
 */

/* The rows of a block that a screen leaves, in order; how many they are. Where it leaves most of
   them it rests for a while: what it decides it decides as the others do. */
static int64_t find_open(Assigning *assigning, Worker *worker, int64_t from, int64_t to,
                         const int32_t **open) {
    enum { PENANCE_MOST = 31 };
    const Winners *winners = assigning->winners;
    if (winners->screening && worker->rest == 0) {
        const Following *following = &assigning->following;
        int64_t count =
            screen_block(winners->screen, &worker->room, worker->tile, from, to,
                         winners->slots + from, following->values, following->row_bytes);
        if (2 * count <= to - from)
            worker->penance = 0;
        else if (worker->penance < PENANCE_MOST)
            worker->penance = 2 * worker->penance + 1;
        worker->rest = worker->penance;
        *open = worker->room.open;
        return count;
    }
    if (worker->rest > 0) worker->rest--;
    for (int64_t i = from; i < to; i++)
        worker->all[i - from] = (int32_t)i;
    *open = worker->all;
    return to - from;
}

static void assign_block(Assigning *assigning, Worker *worker, uint32_t number) {
    Run *run = assigning->run;
    RowBlock *block = &assigning->blocks[number];
    int64_t from = number * assigning->block_rows, to = from + assigning->block_rows;
    if (to > run->n) to = run->n;
    int32_t *slots = assigning->winners->slots;
    const Panel *panel = &assigning->panel;
    NearestKernel *nearest =
        (NearestKernel *)(uintptr_t)run->program->functions[assigning->assignment->kernel];
    const int32_t *open;
    int64_t count = find_open(assigning, worker, from, to, &open);
    if (count > 0)
        nearest(panel->queries, panel->keys, panel->bias, panel->blocks, panel->margin.fixed,
                panel->margin.per_norm, panel->margin.per_square, worker->tile, open, count,
                worker->found);
    for (int64_t o = 0; o < count; o++) {
        int32_t row = open[o];
        slots[row] =
            worker->found[o] < 0 ? decide(assigning, worker, block, row) : worker->found[o];
    }
}

/* Blocks are added in their order, as far as they are assigned. */
static void add_blocks(Assigning *assigning) {
    for (; assigning->added < assigning->block_count; assigning->added++) {
        const RowBlock *block = &assigning->blocks[assigning->added];
        if (!atomic_load(&block->done)) return;
        int64_t from = assigning->added * assigning->block_rows, to = from + assigning->block_rows;
        if (to > assigning->run->n) to = assigning->run->n;
        follow_add(&assigning->following, from, to, assigning->winners->slots + from, &block->ties);
    }
}

/* All threads assign. Only the first worker adds, so that the sums stay in one cache; it assigns
   the less. */
static void assign_blocks(void *state, uint32_t number) {
    Assigning *assigning = state;
    bool adds = assigning->following.run && number == 0;
    while (run_goes_on(assigning->run)) {
        uint32_t block = atomic_fetch_add(&assigning->next, 1);
        if (block >= assigning->block_count) return;
        assign_block(assigning, &assigning->workers[number], block);
        atomic_store(&assigning->blocks[block].done, true);
        if (adds) add_blocks(assigning);
    }
}

/* --- before and after ---------------------------------------------------------------------------
 */

static bool take_workers(Assigning *assigning) {
    Run *run = assigning->run;
    assigning->workers = run_take(run, assigning->worker_count, sizeof *assigning->workers);
    assigning->blocks = run_take(run, assigning->block_count, sizeof *assigning->blocks);
    if (!assigning->workers || !assigning->blocks) return false;
    for (uint32_t b = 0; b < assigning->block_count; b++)
        assigning->blocks[b].failed_row = -1;
    size_t tile =
        (size_t)tile_rows(run->plan->unit, run->plan->single) * assigning->head->form.shape.width;
    for (uint32_t d = 0; d < assigning->worker_count; d++) {
        Worker *worker = &assigning->workers[d];
        worker->tile = run_take(run, tile, sizeof(double));
        worker->scores = run_take(run, score_rows_scratch(assigning->exact), sizeof(double));
        worker->all = run_take(run, (size_t)assigning->block_rows, sizeof(int32_t));
        worker->found =
            run_take(run, (size_t)assigning->block_rows + TILE_ROWS_MOST, sizeof(int32_t));
        if (!worker->tile || !worker->scores || !worker->all || !worker->found) return false;
        if (assigning->winners->screening &&
            !screen_take_room(assigning->winners->screen, &worker->room))
            return false;
    }
    return true;
}

static void give_workers(Assigning *assigning) {
    Run *run = assigning->run;
    for (uint32_t d = 0; d < assigning->worker_count; d++) {
        Worker *worker = &assigning->workers[d];
        run_give(run, worker->tile);
        run_give(run, worker->scores);
        run_give(run, worker->all);
        run_give(run, worker->found);
        if (assigning->winners->screening)
            screen_give_room(assigning->winners->screen, &worker->room);
    }
    run_give(run, assigning->workers);
    run_give(run, assigning->blocks);
}

/* The blocks' ties, which are in the order of their rows. */
static void join_ties(Assigning *assigning) {
    Winners *winners = assigning->winners;
    Ties *all = &winners->ties;
    all->count = all->key_count = 0;
    for (uint32_t b = 0; b < assigning->block_count; b++) {
        Ties *ties = &assigning->blocks[b].ties;
        for (size_t t = 0; t < ties->count; t++) {
            const Tie *tie = &ties->rows[t];
            add_tie(all, tie->row, tie->count);
            memcpy(all->keys + all->key_count, ties->keys + tie->first,
                   tie->count * sizeof *all->keys);
            all->key_count += tie->count;
            winners->slots[tie->row] = -(int32_t)all->count;
        }
        free(ties->rows);
        free(ties->keys);
    }
}

static bool check_scores(const Assigning *assigning) {
    for (uint32_t b = 0; b < assigning->block_count; b++) {
        const RowBlock *block = &assigning->blocks[b];
        if (block->failed_row >= 0)
            return run_fail(assigning->run, assigning->head->node, DIAG_NOT_FINITE,
                            "position %lld: the score of key %lld is not a number, so no score is "
                            "the highest",
                            (long long)block->failed_row, (long long)block->failed_key);
    }
    return true;
}

/* --- the step -----------------------------------------------------------------------------------
 */

static bool assign(Assigning *assigning) {
    Run *run = assigning->run;
    enum { BLOCK = 512 };
    uint32_t rows = tile_rows(run->plan->unit, true);
    assigning->block_rows = rows * (BLOCK / rows);
    assigning->block_count =
        (uint32_t)((run->n + assigning->block_rows - 1) / assigning->block_rows);
    assigning->worker_count =
        run->threads < assigning->block_count ? run->threads : assigning->block_count;
    if (!screen_ready(run, assigning->assignment, assigning->winners, assigning->block_rows) ||
        !take_workers(assigning) ||
        (assigning->assignment->follow &&
         !follow_begin(&assigning->following, run, assigning->assignment, &assigning->winners->keys,
                       assigning->block_rows)))
        return false;
    run_pieces(run, assign_blocks, assigning, assigning->worker_count);
    if (assigning->following.run) add_blocks(assigning);
    join_ties(assigning);
    bool fine = check_scores(assigning) && (!assigning->following.run || assigning->following.fine);
    give_workers(assigning);
    follow_end(&assigning->following);
    return fine;
}

bool run_assign(Run *run, uint32_t number) {
    const Assignment *assignment = &run->plan->assignments[number];
    Winners *winners = &run->winners[number];
    Assigning assigning = {
        .run = run, .assignment = assignment, .head = assignment->head, .winners = winners};
    if (!run_keys(run, assignment->head, &winners->keys)) return false;
    if (winners->slots == NULL)
        winners->slots = run_take(run, (size_t)run->n + 64, sizeof *winners->slots);
    if (winners->slots == NULL) return false;
    if (winners->keys.count == 0) {
        winners->ties.count = 0;
        bool fine = assignment->follow == NULL ||
                    (follow_begin(&assigning.following, run, assignment, &winners->keys, run->n) &&
                     follow_add_defaults(&assigning.following));
        follow_end(&assigning.following);
        return fine;
    }
    assigning.exact = score_rows_new(run, assignment->head, &winners->keys);
    bool fine = assigning.exact != NULL &&
                panel_pack(run, assignment->head, &winners->keys, &assigning.panel) &&
                assign(&assigning);
    score_rows_free(assigning.exact);
    panel_free(run, &assigning.panel);
    return fine;
}

/* --- heads --------------------------------------------------------------------------------------
 */

typedef struct Gathering {
    Run *run;
    const RealHead *head;
    const Winners *winners;
    int64_t piece_rows;
} Gathering;

/* Where the value of the key of that number stands. */
static int64_t key_place(const Gathering *gathering, int32_t number) {
    return run_place(gathering->run, gathering->head->value,
                     gathering->winners->keys.positions[number]);
}

static void gather_number(const Gathering *gathering, const Scalars *values, int64_t row) {
    Run *run = gathering->run;
    const Winners *winners = gathering->winners;
    int32_t slot = winners->slots[row];
    if (slot >= 0) {
        int64_t key = key_place(gathering, slot);
        run_set_number(run, gathering->head->node, row, number_at(values, key),
                       tag_at(values, key));
        return;
    }
    const Tie *tie = &winners->ties.rows[-1 - slot];
    double sum = 0;
    for (uint32_t t = 0; t < tie->count; t++)
        sum += number_at(values, key_place(gathering, winners->ties.keys[tie->first + t]));
    run_set_number(run, gathering->head->node, row, sum / tie->count, TAG_FLOAT);
}

static void gather_vector(const Gathering *gathering, int64_t row) {
    Run *run = gathering->run;
    const Winners *winners = gathering->winners;
    NodeId node = gathering->head->node, value = gathering->head->value;
    uint32_t width = graph_node(run->graph, node)->width;
    int32_t slot = winners->slots[row];
    const Tie *tie = slot < 0 ? &winners->ties.rows[-1 - slot] : NULL;
    for (uint32_t c = 0; c < width; c++) {
        double number = 0;
        for (uint32_t t = 0; tie && t < tie->count; t++)
            number += run_component(run, value,
                                    key_place(gathering, winners->ties.keys[tie->first + t]), c);
        number =
            tie ? number / tie->count : run_component(run, value, key_place(gathering, slot), c);
        size_t place = (size_t)row * width + c;
        if (run->plan->single)
            ((float *)run->columns[2 * (size_t)node])[place] = (float)number;
        else
            ((double *)run->columns[2 * (size_t)node])[place] = number;
    }
}

static void gather_piece(void *state, uint32_t number) {
    const Gathering *gathering = state;
    Run *run = gathering->run;
    int64_t from = number * gathering->piece_rows, to = from + gathering->piece_rows;
    bool vectors = graph_node(run->graph, gathering->head->node)->type == TYPE_VECTOR;
    Scalars values = {0};
    if (!vectors) values = run_numbers(run, gathering->head->value);
    for (int64_t i = from; i < to && i < run->n; i++) {
        if (gathering->winners->keys.count == 0)
            run_give_default(run, gathering->head, i, i);
        else if (vectors)
            gather_vector(gathering, i);
        else
            gather_number(gathering, &values, i);
    }
}

static int64_t first_tie(const Winners *winners) {
    int64_t first = winners->ties.rows[0].row;
    for (size_t t = 1; t < winners->ties.count; t++)
        if (winners->ties.rows[t].row < first) first = winners->ties.rows[t].row;
    return first;
}

bool run_nearest(Run *run, const RealHead *head) {
    enum { PIECE = 8192 };
    if (!run_make_column(run, head->node)) return false;
    Gathering gathering = {run, head, &run->winners[head->assignment], PIECE};
    if (graph_node(run->graph, head->value)->type == TYPE_STRING && gathering.winners->ties.count)
        return run_fail_strings(run, head, first_tie(gathering.winners));
    run_pieces(run, gather_piece, &gathering, (uint32_t)((run->n + PIECE - 1) / PIECE));
    return true;
}
