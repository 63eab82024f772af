/* Gathering with patterns, gathering vectors, and totals: a row at a time.

   Where every row selects the same keys, only those are looked at: so a selector on what the keys
   are (centres among points) costs its row once. All sums go over the keys in their order, and
   leave out the zeros of vectors that are nearly all zeros: so the weights themselves, which are
   what a pattern gathers of one-hot positions, cost a number a key. */
#include "runtime/engines/evaluation.h"

#include "runtime/base/bug.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

bool is_pattern_attention(GraphOp op) { return op == OP_ATTEND || op == OP_TOTAL; }

/* What the keys' vectors hold besides zeros. A sum that begins at 0 is never -0, so what a finite
   weight times 0 adds changes no bit of it. */
typedef struct NonZeros {
    const size_t *start; /* (keys + 1) where each key's numbers begin; NULL: there are many */
    const uint32_t *component;
    const double *number;
} NonZeros;

/* One attention being computed. Rows are over the keys, not over all positions. */
typedef struct Attending {
    Evaluation *evaluation;
    NodeId node;
    GraphOp op; /* of the pattern; of a selector OP_ATTEND or OP_TOTAL itself */
    Keys keys;  /* those that some row may select */
    bool all;   /* every row selects all of them */
    SelectorFormula *selector;
    ScoreFormula *score; /* NULL: no pattern */
    uint8_t *selected;   /* (keys) this row's */
    double *weights;     /* (keys) this row's, of a pattern that weighs */
    double *sorted;      /* (keys) for sparsemax */
    Values atoms;        /* (keys) the values, when they are atoms */
    uint64_t added;      /* numbers that this row's sums are made of */
    uint32_t width;      /* of the values, 1 for numbers that are weighed */
    const double *reals; /* (keys, width) the values, when they are vectors or are weighed */
    NonZeros non_zeros;  /* of those */
    Column fallback;     /* what a row without weight gets: a column, or NULLs for 0 */
    uint32_t fallback_width;
    Column out;
} Attending;

static bool weighs(GraphOp op) { return op == OP_SOFTMAX || op == OP_LINEAR || op == OP_SPARSEMAX; }

/* --- the keys --------------------------------------------------------------------------------- */

static bool choose_keys(Attending *attending, NodeId selector, Arena *scratch) {
    Evaluation *evaluation = attending->evaluation;
    attending->selector = selector_formula(evaluation, selector, scratch);
    if (!attending->selector) return false;
    uint32_t *positions = ARENA_ARRAY(scratch, uint32_t, evaluation->n), count = 0;
    attending->all = selector_is_uniform(attending->selector);
    const uint8_t *row = attending->all ? selector_row(attending->selector, 0) : NULL;
    for (uint32_t j = 0; j < evaluation->n; j++)
        if (!row || row[j]) positions[count++] = j;
    attending->keys = (Keys){count, positions};
    attending->selected = ARENA_ARRAY(scratch, uint8_t, count);
    return true;
}

/* What a row's selector and scores cost. */
static uint64_t row_cells(const Attending *attending) {
    uint64_t cells = attending->all ? 1 : selector_row_cells(attending->selector);
    return cells + (attending->score ? score_row_cells(attending->score) : 0);
}

/* How many numbers are the work of one pair: scores and sums of wide vectors are that of several.
 */
enum { NUMBERS_OF_A_PAIR = 16 };

static bool counts_pairs(const Attending *attending) {
    uint64_t pairs = attending->keys.count;
    uint64_t scores = attending->score ? score_row_cells(attending->score) / NUMBERS_OF_A_PAIR : 0;
    return evaluation_counts_pairs(attending->evaluation, attending->node,
                                   attending->evaluation->n * (scores > pairs ? scores : pairs));
}

/* Counts what the last row added up. */
static bool counts_sums(Attending *attending) {
    uint64_t added = attending->added;
    attending->added = 0;
    return evaluation_goes_on(attending->evaluation, attending->node, added) &&
           evaluation_counts_pairs(attending->evaluation, attending->node,
                                   added / NUMBERS_OF_A_PAIR);
}

/* --- the values ------------------------------------------------------------------------------- */

/* What is not 0 among the keys' vectors, where that is little and all of them are finite. */
static bool choose_non_zeros(Attending *attending, Arena *scratch) {
    enum { FEW_IN = 8 };
    const double *reals = attending->reals;
    size_t cells = (size_t)attending->keys.count * attending->width, count = 0;
    bool finite = true;
    for (size_t i = 0; i < cells; i++) {
        count += reals[i] != 0;
        finite = finite && isfinite(reals[i]);
    }
    if (!finite || count > cells / FEW_IN) return true;
    size_t bytes = count * (sizeof(double) + sizeof(uint32_t)) +
                   ((size_t)attending->keys.count + 1) * sizeof(size_t);
    if (!evaluation_has_room(attending->evaluation, attending->node, arena_bytes(scratch) + bytes))
        return false;
    size_t *start = ARENA_ARRAY(scratch, size_t, (size_t)attending->keys.count + 1);
    uint32_t *component = ARENA_ARRAY(scratch, uint32_t, count);
    double *number = ARENA_ARRAY(scratch, double, count);
    count = 0;
    for (uint32_t j = 0; j < attending->keys.count; j++) {
        for (uint32_t c = 0; c < attending->width; c++) {
            double here = reals[(size_t)j * attending->width + c];
            if (here == 0) continue;
            component[count] = c;
            number[count++] = here;
        }
        start[j + 1] = count;
    }
    attending->non_zeros = (NonZeros){start, component, number};
    return true;
}

/* The values as numbers: all of them, or the keys' rows copied out of them. */
static bool choose_reals(Attending *attending, NodeId value, Arena *scratch) {
    Evaluation *evaluation = attending->evaluation;
    Keys keys = attending->keys;
    const double *all = evaluation_numbers(evaluation, value, attending->node, scratch);
    attending->reals = all;
    if (!all) return false;
    if (keys.count < evaluation->n) {
        size_t row = attending->width * sizeof(double), bytes = keys.count * row;
        if (!evaluation_has_room(evaluation, attending->node, arena_bytes(scratch) + bytes))
            return false;
        double *reals = ARENA_ARRAY(scratch, double, bytes / sizeof(double));
        for (size_t j = 0; j < keys.count; j++)
            memcpy(reals + j * attending->width, all + (size_t)keys.positions[j] * attending->width,
                   row);
        attending->reals = reals;
    }
    return attending->width == 1 || choose_non_zeros(attending, scratch);
}

static bool choose_values(Attending *attending, NodeId value, Arena *scratch) {
    Evaluation *evaluation = attending->evaluation;
    Keys keys = attending->keys;
    uint32_t width = evaluation->graph->nodes[value].width;
    attending->width = width ? width : 1;
    size_t bytes = (size_t)keys.count * (sizeof(Atom) + sizeof(int64_t) + 3 * sizeof(double));
    if (!evaluation_has_room(evaluation, attending->node, arena_bytes(scratch) + bytes))
        return false;
    attending->weights = ARENA_ARRAY(scratch, double, keys.count);
    attending->sorted = ARENA_ARRAY(scratch, double, keys.count);
    if (width || weighs(attending->op)) return choose_reals(attending, value, scratch);
    Atom *atoms = ARENA_ARRAY(scratch, Atom, keys.count);
    for (uint32_t j = 0; j < keys.count; j++)
        atoms[j] = evaluation->column[value][keys.positions[j]];
    attending->atoms = values_view(atoms, keys.count, scratch);
    return true;
}

/* --- a row's weights -------------------------------------------------------------------------- */

/* Which keys the row selects; how many. */
static uint32_t select_row(Attending *attending, uint32_t query) {
    Keys keys = attending->keys;
    if (attending->all) {
        memset(attending->selected, 1, keys.count);
        return keys.count;
    }
    memcpy(attending->selected, selector_row(attending->selector, query), keys.count);
    return count_selected(attending->selected, keys.count);
}

static bool fail_nan(Attending *attending, uint32_t query, uint32_t key) {
    return evaluation_fail(attending->evaluation, attending->node, DIAG_NOT_FINITE,
                           "position %u: the score of key %u is not a number, so no score is the "
                           "highest",
                           query, attending->keys.positions[key]);
}

/* Leaves of the selected keys those of the highest score, or the first of them. */
static bool keep_highest(Attending *attending, const double *scores, uint32_t query,
                         uint32_t *count) {
    uint8_t *selected = attending->selected;
    double highest = -(double)INFINITY;
    for (uint32_t j = 0; j < attending->keys.count; j++) {
        if (!selected[j]) continue;
        if (isnan(scores[j])) return fail_nan(attending, query, j);
        if (scores[j] > highest) highest = scores[j];
    }
    *count = 0;
    for (uint32_t j = 0; j < attending->keys.count; j++) {
        bool first = *count == 0 || attending->op == OP_HARDMAX;
        selected[j] = selected[j] && scores[j] == highest && first;
        *count += selected[j];
    }
    return true;
}

/* exp of what a score is below the highest; the sum. */
static double softmax(Attending *attending, const double *scores) {
    uint32_t count = attending->keys.count;
    const uint8_t *selected = attending->selected;
    double highest = -(double)INFINITY, sum = 0;
    for (uint32_t j = 0; j < count; j++)
        if (selected[j] && scores[j] > highest) highest = scores[j];
    for (uint32_t j = 0; j < count; j++) {
        if (!selected[j]) continue;
        attending->weights[j] = exp(scores[j] - highest);
        sum += attending->weights[j];
    }
    return sum;
}

static double linear(Attending *attending, const double *scores) {
    double sum = 0;
    for (uint32_t j = 0; j < attending->keys.count; j++) {
        if (!attending->selected[j]) continue;
        attending->weights[j] = scores[j];
        sum += scores[j];
    }
    return sum;
}

/* From the greatest down; a NaN before all. */
static int compare_scores(const void *left, const void *right) {
    double a = *(const double *)left, b = *(const double *)right;
    if (isnan(a) || isnan(b)) return isnan(b) - isnan(a);
    return (a < b) - (a > b);
}

/* The threshold of the projection onto the simplex (Martins and Astudillo 2016, algorithm 1): with
   the scores in descending order, k grows while 1 + k z_k > z_1 + ... + z_k; then what the first k
   are above 1 together is taken from each of them. The z are the scores less the greatest, which
   changes no weight: beside large scores 1 would be lost. */
static void sparsemax(Attending *attending, const double *scores) {
    uint32_t count = 0;
    for (uint32_t j = 0; j < attending->keys.count; j++)
        if (attending->selected[j]) attending->sorted[count++] = scores[j];
    qsort(attending->sorted, count, sizeof(double), compare_scores);
    double sum = 0, threshold = (double)NAN, greatest = attending->sorted[0];
    for (uint32_t k = 1; k <= count; k++) {
        double score = attending->sorted[k - 1] - greatest;
        sum += score;
        if (!(1 + k * score > sum)) break;
        threshold = (sum - 1) / k;
    }
    for (uint32_t j = 0; j < attending->keys.count; j++) {
        double above = (scores[j] - greatest) - threshold;
        if (attending->selected[j]) attending->weights[j] = above < 0 ? 0 : above;
    }
}

/* --- a row's result --------------------------------------------------------------------------- */

static double *out_row(const Attending *attending, uint32_t query) {
    return attending->out.numbers + (size_t)query * attending->width;
}

static void give_fallback(const Attending *attending, uint32_t query) {
    Column fallback = attending->fallback;
    if (attending->out.atoms) {
        attending->out.atoms[query] = fallback.atoms ? fallback.atoms[query] : atom_int(0);
        return;
    }
    for (uint32_t c = 0; c < attending->width; c++)
        out_row(attending, query)[c] = !fallback.numbers ? 0
                                       : attending->fallback_width == 1
                                           ? fallback.numbers[query]
                                           : fallback.numbers[(size_t)query * attending->width + c];
}

static void add_weighted(Attending *attending, uint32_t key, double weight, double *sums) {
    const NonZeros *non_zeros = &attending->non_zeros;
    uint32_t width = attending->width;
    const double *value = attending->reals + (size_t)key * width;
    if (non_zeros->start && isfinite(weight)) {
        size_t first = non_zeros->start[key], end = non_zeros->start[key + 1];
        for (size_t i = first; i < end; i++)
            sums[non_zeros->component[i]] += weight * non_zeros->number[i];
        attending->added += end - first;
        return;
    }
    attending->added += width;
    for (uint32_t c = 0; c < width; c++)
        sums[c] += weight * value[c];
}

/* (sum of weights times values) / divisor, or undivided. */
static void give_weighted(Attending *attending, uint32_t query, const double *divisor) {
    uint32_t width = attending->width;
    double single, *sums = attending->out.numbers ? out_row(attending, query) : &single;
    for (uint32_t c = 0; c < width; c++)
        sums[c] = 0;
    for (uint32_t j = 0; j < attending->keys.count; j++)
        if (attending->selected[j]) add_weighted(attending, j, attending->weights[j], sums);
    for (uint32_t c = 0; c < width && divisor; c++)
        sums[c] /= *divisor;
    if (attending->out.atoms) attending->out.atoms[query] = atom_float(single);
}

/* The sum of the selected vectors over the divisor. A single one stays as it is. */
static void give_vectors(Attending *attending, uint32_t query, uint32_t count) {
    uint32_t width = attending->width;
    double *sums = out_row(attending, query);
    const uint8_t *selected = attending->selected;
    bool mean = attending->op != OP_TOTAL;
    if (count == 1 && mean) {
        size_t key =
            (size_t)((const uint8_t *)memchr(selected, 1, attending->keys.count) - selected);
        memcpy(sums, attending->reals + key * width, width * sizeof *sums);
        return;
    }
    for (uint32_t c = 0; c < width; c++)
        sums[c] = 0;
    for (uint32_t j = 0; j < attending->keys.count; j++)
        if (selected[j]) add_weighted(attending, j, 1, sums);
    for (uint32_t c = 0; c < width && mean; c++)
        sums[c] /= count;
}

static bool fail_strings(Attending *attending, uint32_t query, uint32_t count) {
    const char *what = attending->op == OP_TOTAL ? "total" : "mean";
    return evaluation_fail(attending->evaluation, attending->node, DIAG_MEAN_OF_STRINGS,
                           "position %u selects %u positions of strings, which have no %s", query,
                           count, what);
}

static bool give_atoms(Attending *attending, uint32_t query, uint32_t count) {
    const Values *values = &attending->atoms;
    Atom *out = &attending->out.atoms[query];
    if (count == 1 && attending->op != OP_TOTAL) {
        const uint8_t *selected = attending->selected;
        *out = values->atoms[(const uint8_t *)memchr(selected, 1, values->count) - selected];
        return true;
    }
    if (values->atoms[0].kind == ATOM_STRING) return fail_strings(attending, query, count);
    ArithStatus status = attending->op == OP_TOTAL
                             ? values_total(values, attending->selected, out)
                             : values_mean(values, attending->selected, count, out);
    /* A large total is in memory that goes before it. */
    if (status == ARITH_OK) *out = atom_copy(attending->evaluation->arena, *out);
    if (status == ARITH_OK) return true;
    return evaluation_fail(attending->evaluation, attending->node, arith_diag_id(status),
                           "position %u: the %s of %u numbers: %s", query,
                           attending->op == OP_TOTAL ? "total" : "mean", count,
                           arith_reason(status));
}

static bool give_selected(Attending *attending, uint32_t query, uint32_t count) {
    if (attending->out.atoms) return give_atoms(attending, query, count);
    give_vectors(attending, query, count);
    return true;
}

static bool attend_row(Attending *attending, uint32_t query) {
    uint32_t count = select_row(attending, query);
    if (count == 0) {
        give_fallback(attending, query);
        return true;
    }
    if (!attending->score) return give_selected(attending, query, count);
    const double *scores = score_row(attending->score, query);
    double sum;
    switch (attending->op) {
    case OP_HARDMAX:
    case OP_HARDMAX_FIRST:
        return keep_highest(attending, scores, query, &count) &&
               give_selected(attending, query, count);
    case OP_SOFTMAX:
        sum = softmax(attending, scores);
        give_weighted(attending, query, &sum);
        return true;
    case OP_LINEAR:
        sum = linear(attending, scores);
        if (sum == 0)
            give_fallback(attending, query);
        else
            give_weighted(attending, query, &sum);
        return true;
    case OP_SPARSEMAX:
        sparsemax(attending, scores);
        give_weighted(attending, query, NULL);
        return true;
    default: BUG("%s is no pattern", op_info(attending->op)->name);
    }
}

/* --- the whole -------------------------------------------------------------------------------- */

static bool choose_fallback(Attending *attending, Arena *scratch) {
    const Graph *graph = attending->evaluation->graph;
    const Node *at = &graph->nodes[attending->node];
    if (at->op == OP_TOTAL) return true;
    attending->fallback = evaluation_column(attending->evaluation, at->args[2]);
    if (attending->out.atoms) return true;
    uint32_t width = graph->nodes[at->args[2]].width;
    attending->fallback_width = width ? width : 1;
    if (!evaluation_has_room(attending->evaluation, attending->node,
                             arena_bytes(scratch) + attending->evaluation->n * sizeof(double)))
        return false;
    /* Only read. */
    attending->fallback.numbers = (double *)(uintptr_t)evaluation_numbers(
        attending->evaluation, at->args[2], attending->node, scratch);
    return attending->fallback.numbers != NULL;
}

static bool prepare(Attending *attending, Arena *scratch) {
    const Graph *graph = attending->evaluation->graph;
    const Node *at = &graph->nodes[attending->node];
    const Node *pattern = &graph->nodes[at->args[0]];
    bool has_score = pattern->type == TYPE_PATTERN;
    if (has_score) attending->op = pattern->op;
    if (!choose_keys(attending, has_score ? pattern->args[1] : at->args[0], scratch) ||
        !choose_values(attending, at->args[1], scratch) || !choose_fallback(attending, scratch))
        return false;
    if (has_score) {
        attending->score = score_formula(attending->evaluation, pattern->args[0], pattern->op,
                                         attending->keys, scratch);
        if (!attending->score) return false;
    }
    return counts_pairs(attending);
}

bool eval_pattern(Evaluation *evaluation, NodeId node, Column out) {
    Arena *scratch = arena_new(0);
    Attending attending = {.evaluation = evaluation,
                           .node = node,
                           .op = evaluation->graph->nodes[node].op,
                           .out = out};
    bool fine = prepare(&attending, scratch);
    for (uint32_t query = 0; query < evaluation->n && fine; query++)
        fine = evaluation_goes_on(evaluation, node, row_cells(&attending)) &&
               attend_row(&attending, query) && counts_sums(&attending);
    if (attending.atoms.sum) sum_free(attending.atoms.sum);
    arena_free(scratch);
    return fine;
}
