/* Hardmax by tiles: a screen decides where it can, then the fast scores of nearest_emit.h, then
   eval's own scores, so that the winners are eval's. screen.h and panel.h have the bounds. */
#include "runtime/engines/jit/real/nearest_emit.h"
#include "runtime/engines/jit/real/panel.h"
#include "runtime/engines/jit/real/score_rows.h"
#include "runtime/engines/jit/real/screen.h"
#include "runtime/engines/jit/real/share.h"

#include "runtime/base/bug.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct Assigning {
    Run *run;
    const Assignment *assignment;
    const RealHead *head;
    Winners *winners;
    ScoreRows *exact;
    Panel panel;
    int64_t block_rows, piece_rows;
    struct Piece *pieces;
    bool sum_too;           /* the rows are added to their groups as they go */
    const uint8_t *members; /* (n) which rows are added, or NULL: all */
    int32_t *groups;        /* (block_rows, or n) */
    const char *wanted; /* with sum_too, the column of what is added, and a row's bytes; else 0 */
    int64_t wanted_bytes;
} Assigning;

/* What one thread at a time works with. */
typedef struct Piece {
    void *tile;
    ScreenRoom room;
    uint32_t rest, penance; /* blocks that are not screened: still now, and the next time */
    int32_t *all;           /* (block_rows) a block's rows */
    int32_t *found;         /* (block_rows, and a tile more) winners of some of them */
    double *scores;
    Tie *ties;
    int32_t *tied;
    uint32_t tie_count, tie_capacity;
    uint64_t tied_count, tied_capacity;
    int64_t failed_row, failed_key; /* -1: none */
} Piece;

/* --- rows that the tile can't decide ------------------------------------------------------------
 */

static void *grown(void *old, uint64_t count, uint64_t *capacity, size_t size) {
    if (count < *capacity) return old;
    *capacity = *capacity ? 2 * *capacity : 64;
    void *larger = realloc(old, *capacity * size);
    if (larger == NULL) abort();
    return larger;
}

static void add_tied(Piece *piece, int32_t key) {
    piece->tied = grown(piece->tied, piece->tied_count, &piece->tied_capacity, sizeof *piece->tied);
    piece->tied[piece->tied_count++] = key;
}

/* As eval: the keys of the greatest score, or the first of them. The row's slot. */
static int32_t decide(Assigning *assigning, Piece *piece, int64_t row) {
    const double *scores = score_row(assigning->exact, row, row, piece->scores);
    int64_t count = assigning->winners->keys.count;
    double best = -(double)INFINITY;
    int64_t first = -1;
    uint32_t several = 0;
    for (int64_t j = 0; j < count; j++) {
        if (isnan(scores[j])) {
            if (piece->failed_row < 0 || row < piece->failed_row) {
                piece->failed_row = row;
                piece->failed_key = assigning->winners->keys.positions[j];
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
    uint64_t capacity = piece->tie_capacity;
    piece->ties = grown(piece->ties, piece->tie_count, &capacity, sizeof *piece->ties);
    piece->tie_capacity = (uint32_t)capacity;
    piece->ties[piece->tie_count] = (Tie){row, piece->tied_count, several};
    for (int64_t j = first; j < count; j++)
        if (scores[j] == best) add_tied(piece, (int32_t)j);
    return -1 - (int32_t)piece->tie_count++;
}

/* --- sums as it goes ---------------------------------------------------------------------------
 */

static double tie_mean(const KeyList *keys, const int32_t *tied, uint32_t count) {
    double sum = 0;
    for (uint32_t t = 0; t < count; t++)
        sum += keys->positions[tied[t]];
    return sum / count;
}

/* Room for one group more. A sum begins at -0.0, which added to the first value is that value. */
static bool room_for_group(Run *run, Sums *sums, size_t width) {
    if (sums->groups < sums->capacity) return true;
    int64_t capacity = 2 * sums->capacity;
    double *larger = run_take(run, (size_t)capacity * width, sizeof *larger);
    int64_t *counts = run_take(run, (size_t)capacity, sizeof *counts);
    if (!larger || !counts) return false;
    memcpy(larger, sums->sums, (size_t)sums->groups * width * sizeof *larger);
    memcpy(counts, sums->counts, (size_t)sums->groups * sizeof *counts);
    for (size_t i = (size_t)sums->groups * width; i < (size_t)capacity * width; i++)
        larger[i] = -0.0;
    run_give(run, sums->sums);
    run_give(run, sums->counts);
    sums->sums = larger;
    sums->counts = counts;
    sums->capacity = capacity;
    return true;
}

/* A key's group is its number + 1. The mean of several may be a position too; one that is no key
   gets a group of its own. */
static int32_t group_of_tie(Assigning *assigning, const Tie *tie, const int32_t *tied) {
    Run *run = assigning->run;
    Sums *sums = &run->sums[assigning->assignment - run->plan->assignments];
    double mean = tie_mean(&assigning->winners->keys, tied + tie->first, tie->count);
    if (mean != floor(mean)) return 0;
    int32_t *group = &sums->group_of_position[(int64_t)mean];
    size_t width = graph_node(run->graph, assigning->assignment->follow->value)->width;
    if (*group == 0 && room_for_group(run, sums, width)) *group = (int32_t)sums->groups++;
    return *group;
}

/* The groups of rows that have one winner; of those with several, 0 for now. */
static void find_groups(const Assigning *assigning, int64_t from, int64_t to, int32_t *groups) {
    const int32_t *slots = assigning->winners->slots;
    const uint8_t *members = assigning->members;
    for (int64_t i = from; i < to; i++) {
        int32_t group = slots[i] < 0 ? 0 : slots[i] + 1;
        groups[i - from] = members && !members[i] ? 0 : group;
    }
}

/* Those of the rest; groups[0] is row `from`'s. */
static void find_tied_groups(Assigning *assigning, int64_t from, const Tie *ties, uint32_t count,
                             const int32_t *tied, int32_t *groups) {
    const uint8_t *members = assigning->members;
    for (uint32_t t = 0; t < count; t++)
        if (!members || members[ties[t].row])
            groups[ties[t].row - from] = group_of_tie(assigning, &ties[t], tied);
}

static Addition addition_of(const Assigning *assigning, const int32_t *groups) {
    const Run *run = assigning->run;
    const RealHead *follow = assigning->assignment->follow;
    const Sums *sums = &run->sums[assigning->assignment - run->plan->assignments];
    return (Addition){.kernel = follow->kernel,
                      .values = run->columns[2 * (size_t)follow->value],
                      .groups = groups,
                      .sums = sums->sums,
                      .counts = sums->counts,
                      .group_count = sums->groups};
}

/* --- rows --------------------------------------------------------------------------------------
 */

/* The rows of a block that a screen leaves, in order; how many they are. Where it leaves most of
   them it rests for a while: what it decides it decides as the others do. */
static int64_t find_open(Assigning *assigning, Piece *piece, int64_t from, int64_t to,
                         const int32_t **open) {
    enum { PENANCE_MOST = 31 };
    const Winners *winners = assigning->winners;
    if (winners->screening && piece->rest == 0) {
        int64_t count =
            screen_block(winners->screen, &piece->room, piece->tile, from, to,
                         winners->slots + from, assigning->wanted, assigning->wanted_bytes);
        if (2 * count <= to - from)
            piece->penance = 0;
        else if (piece->penance < PENANCE_MOST)
            piece->penance = 2 * piece->penance + 1;
        piece->rest = piece->penance;
        *open = piece->room.open;
        return count;
    }
    if (piece->rest > 0) piece->rest--;
    for (int64_t i = from; i < to; i++)
        piece->all[i - from] = (int32_t)i;
    *open = piece->all;
    return to - from;
}

static void assign_block(Assigning *assigning, Piece *piece, int64_t from, int64_t to) {
    Run *run = assigning->run;
    int32_t *slots = assigning->winners->slots;
    const Panel *panel = &assigning->panel;
    NearestKernel *nearest =
        (NearestKernel *)(uintptr_t)run->program->functions[assigning->assignment->kernel];
    const int32_t *open;
    int64_t count = find_open(assigning, piece, from, to, &open);
    uint32_t ties = piece->tie_count;
    if (count > 0)
        nearest(panel->queries, panel->keys, panel->bias, panel->blocks, panel->margin.fixed,
                panel->margin.per_norm, panel->margin.per_square, piece->tile, open, count,
                piece->found);
    for (int64_t o = 0; o < count; o++) {
        int32_t row = open[o];
        slots[row] = piece->found[o] < 0 ? decide(assigning, piece, row) : piece->found[o];
    }
    if (assigning->groups == NULL) return;
    int32_t *groups = assigning->groups + (assigning->sum_too ? 0 : from);
    find_groups(assigning, from, to, groups);
    if (!assigning->sum_too) return;
    if (piece->tie_count > ties)
        find_tied_groups(assigning, from, piece->ties + ties, piece->tie_count - ties, piece->tied,
                         groups);
    Addition addition = addition_of(assigning, assigning->groups);
    run_add_block(run, &addition, from, to);
}

static void assign_piece(void *state, uint32_t number) {
    Assigning *assigning = state;
    int64_t from = number * assigning->piece_rows, end = from + assigning->piece_rows;
    if (end > assigning->run->n) end = assigning->run->n;
    for (; from < end && run_goes_on(assigning->run); from += assigning->block_rows) {
        int64_t to = from + assigning->block_rows < end ? from + assigning->block_rows : end;
        assign_block(assigning, &assigning->pieces[number], from, to);
    }
}

/* The pieces' ties, in the order of their rows. */
static void join_ties(Assigning *assigning, uint32_t count) {
    Winners *winners = assigning->winners;
    winners->tie_count = 0;
    winners->tied_count = 0;
    for (uint32_t p = 0; p < count; p++) {
        Piece *piece = &assigning->pieces[p];
        for (uint32_t t = 0; t < piece->tie_count; t++) {
            Tie tie = piece->ties[t];
            uint64_t capacity = winners->tie_capacity;
            winners->ties =
                grown(winners->ties, winners->tie_count, &capacity, sizeof *winners->ties);
            winners->tie_capacity = (uint32_t)capacity;
            winners->slots[tie.row] = -1 - (int32_t)winners->tie_count;
            winners->ties[winners->tie_count++] = (Tie){tie.row, winners->tied_count, tie.count};
            for (uint32_t k = 0; k < tie.count; k++) {
                winners->tied = grown(winners->tied, winners->tied_count, &winners->tied_capacity,
                                      sizeof *winners->tied);
                winners->tied[winners->tied_count++] = piece->tied[tie.first + k];
            }
        }
        free(piece->ties);
        free(piece->tied);
    }
}

static bool make_pieces(Assigning *assigning, uint32_t count) {
    Run *run = assigning->run;
    assigning->pieces = run_take(run, count, sizeof *assigning->pieces);
    if (assigning->pieces == NULL) return false;
    size_t tile =
        (size_t)tile_rows(run->plan->unit, run->plan->single) * assigning->head->form.shape.width;
    for (uint32_t p = 0; p < count; p++) {
        Piece *piece = &assigning->pieces[p];
        piece->failed_row = -1;
        piece->tile = run_take(run, tile, sizeof(double));
        piece->scores = run_take(run, score_rows_scratch(assigning->exact), sizeof(double));
        piece->all = run_take(run, (size_t)assigning->block_rows, sizeof(int32_t));
        piece->found =
            run_take(run, (size_t)assigning->block_rows + TILE_ROWS_MOST, sizeof(int32_t));
        if (!piece->tile || !piece->scores || !piece->all || !piece->found) return false;
        if (assigning->winners->screening &&
            !screen_take_room(assigning->winners->screen, &piece->room))
            return false;
    }
    return true;
}

static bool give_pieces(Assigning *assigning, uint32_t count) {
    Run *run = assigning->run;
    const Piece *failed = NULL;
    for (uint32_t p = 0; p < count; p++) {
        Piece *piece = &assigning->pieces[p];
        run_give(run, piece->tile);
        run_give(run, piece->scores);
        run_give(run, piece->all);
        run_give(run, piece->found);
        if (assigning->winners->screening)
            screen_give_room(assigning->winners->screen, &piece->room);
        if (!failed && piece->failed_row >= 0) failed = piece;
    }
    bool fine = failed == NULL ||
                run_fail(run, assigning->head->node, DIAG_NOT_FINITE,
                         "position %lld: the score of key %lld is not a number, so no score is the "
                         "highest",
                         (long long)failed->failed_row, (long long)failed->failed_key);
    run_give(run, assigning->pieces);
    return fine;
}

/* --- sums, before and after ---------------------------------------------------------------------
 */

static bool clear_sums(Assigning *assigning) {
    Run *run = assigning->run;
    const RealHead *follow = assigning->assignment->follow;
    Sums *sums = &run->sums[assigning->assignment - run->plan->assignments];
    const KeyList *keys = &assigning->winners->keys;
    KeyList members;
    if (!run_keys(run, follow, &members)) return false;
    assigning->members = follow->parts.key_count > 0 ? members.mask : NULL;
    size_t width = graph_node(run->graph, follow->value)->width;
    enum { SPARE = 16 }; /* groups for means of ties */
    size_t most = (size_t)keys->count + 1 + SPARE;
    if (sums->group_of_position == NULL)
        sums->group_of_position = run_take(run, (size_t)run->n, sizeof(int32_t));
    if (sums->group_of_position == NULL) return false;
    if (sums->keys != keys->made || sums->groups > keys->count + 1) {
        memset(sums->group_of_position, 0, (size_t)run->n * sizeof(int32_t));
        for (int64_t j = 0; j < keys->count; j++)
            sums->group_of_position[keys->positions[j]] = (int32_t)j + 1;
        sums->keys = keys->made;
    }
    run_give(run, sums->sums);
    run_give(run, sums->counts);
    sums->groups = keys->count + 1;
    sums->sums = run_take(run, most * width, sizeof(double));
    sums->counts = run_take(run, most, sizeof(int64_t));
    if (!sums->sums || !sums->counts) return false;
    for (size_t i = 0; i < most * width; i++)
        sums->sums[i] = -0.0;
    sums->capacity = (int64_t)most;
    return true;
}

static bool add_all(Assigning *assigning) {
    const Winners *winners = assigning->winners;
    find_tied_groups(assigning, 0, winners->ties, winners->tie_count, winners->tied,
                     assigning->groups);
    Addition addition = addition_of(assigning, assigning->groups);
    return run_add_rows(assigning->run, &addition);
}

/* --- the step -----------------------------------------------------------------------------------
 */

static bool assign(Assigning *assigning) {
    Run *run = assigning->run;
    bool follows = assigning->assignment->follow != NULL;
    uint32_t rows = tile_rows(run->plan->unit, true);
    enum { BLOCK = 512, PIECES_A_THREAD = 8 };
    assigning->block_rows = rows * (BLOCK / rows);
    int64_t blocks = (run->n + assigning->block_rows - 1) / assigning->block_rows;
    int64_t pieces = run->threads > 1 ? (int64_t)run->threads * PIECES_A_THREAD : 1;
    if (pieces > blocks) pieces = blocks;
    assigning->piece_rows = (blocks + pieces - 1) / pieces * assigning->block_rows;
    assigning->sum_too = follows && pieces == 1;
    if (assigning->sum_too) {
        NodeId value = assigning->assignment->follow->value;
        assigning->wanted = run->columns[2 * (size_t)value];
        assigning->wanted_bytes = (int64_t)graph_node(run->graph, value)->width *
                                  (int64_t)(run->plan->single ? sizeof(float) : sizeof(double));
    }
    if (follows) {
        if (!clear_sums(assigning)) return false;
        int64_t groups = assigning->sum_too ? assigning->block_rows : run->n;
        assigning->groups = run_take_column(run, (size_t)groups, sizeof(int32_t));
        if (assigning->groups == NULL) return false;
    }
    if (!screen_ready(run, assigning->assignment, assigning->winners, assigning->block_rows) ||
        !make_pieces(assigning, (uint32_t)pieces))
        return false;
    run_pieces(run, assign_piece, assigning, (uint32_t)pieces);
    join_ties(assigning, (uint32_t)pieces);
    /* A run that is given up has not found all groups. */
    bool adds = follows && !assigning->sum_too && run_goes_on(run);
    return give_pieces(assigning, (uint32_t)pieces) && (!adds || add_all(assigning));
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
        winners->tie_count = 0;
        return assignment->follow == NULL || clear_sums(&assigning);
    }
    assigning.exact = score_rows_new(run, assignment->head, &winners->keys);
    bool fine = assigning.exact != NULL &&
                panel_pack(run, assignment->head, &winners->keys, &assigning.panel) &&
                assign(&assigning);
    score_rows_free(assigning.exact);
    panel_free(run, &assigning.panel);
    run_release(run, assigning.groups);
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
    const Tie *tie = &winners->ties[-1 - slot];
    double sum = 0;
    for (uint32_t t = 0; t < tie->count; t++)
        sum += number_at(values, key_place(gathering, winners->tied[tie->first + t]));
    run_set_number(run, gathering->head->node, row, sum / tie->count, TAG_FLOAT);
}

static void gather_vector(const Gathering *gathering, int64_t row) {
    Run *run = gathering->run;
    const Winners *winners = gathering->winners;
    NodeId node = gathering->head->node, value = gathering->head->value;
    uint32_t width = graph_node(run->graph, node)->width;
    int32_t slot = winners->slots[row];
    const Tie *tie = slot < 0 ? &winners->ties[-1 - slot] : NULL;
    for (uint32_t c = 0; c < width; c++) {
        double number = 0;
        for (uint32_t t = 0; tie && t < tie->count; t++)
            number +=
                run_component(run, value, key_place(gathering, winners->tied[tie->first + t]), c);
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
    int64_t first = winners->ties[0].row;
    for (uint32_t t = 1; t < winners->tie_count; t++)
        if (winners->ties[t].row < first) first = winners->ties[t].row;
    return first;
}

bool run_nearest(Run *run, const RealHead *head) {
    enum { PIECE = 8192 };
    if (!run_make_column(run, head->node)) return false;
    Gathering gathering = {run, head, &run->winners[head->assignment], PIECE};
    if (graph_node(run->graph, head->value)->type == TYPE_STRING && gathering.winners->tie_count)
        return run_fail_strings(run, head, first_tie(gathering.winners));
    run_pieces(run, gather_piece, &gathering, (uint32_t)((run->n + PIECE - 1) / PIECE));
    return true;
}
