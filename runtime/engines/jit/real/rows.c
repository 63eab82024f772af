/* Heads that have no faster plan: a row of all keys for each query, as eval does it, but without
   atoms and on several threads. */
#include "runtime/engines/jit/real/score_rows.h"

#include "runtime/base/bug.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct Attending {
    Run *run;
    const RealHead *head;
    KeyList keys;
    ScoreRows *scores; /* of a pattern */
    double *values;    /* (keys, width) */
    uint8_t *tags;     /* (keys) of scalar values, or NULL for vectors */
    uint32_t width;    /* of the values; 1 for numbers */
    int64_t rows, piece_rows, between_questions;
    const uint8_t *marks; /* (rows) which are wanted; NULL: all */
    struct RowPiece *pieces;
    /* The selector's comparisons and combinations, in id order. */
    NodeId *formula;
    uint32_t formula_count;
    uint32_t *number; /* (selector + 1) a node's number in the formula */
} Attending;

typedef struct RowPiece {
    uint8_t *cells;    /* (formula_count, keys) */
    uint8_t *selected; /* (keys) */
    double *scores, *weights, *sorted, *sums;
    int64_t position;           /* of the row in hand */
    int64_t failed, failed_key; /* its position, -1: none; a key, or what the failure is */
    int64_t strings[3];         /* FAILED_STRINGS: how many, and the first two */
} RowPiece;

enum {
    FAILED_SUM = -1,     /* an integer sum reached 2^53 */
    FAILED_STRINGS = -2, /* a mean of strings */
};

/* --- selectors ---------------------------------------------------------------------------------
 */

static bool is_combination(GraphOp op) {
    return op == OP_SEL_AND || op == OP_SEL_OR || op == OP_SEL_NOT;
}

static bool find_formula(Attending *attending) {
    Run *run = attending->run;
    NodeId selector = attending->head->parts.node;
    attending->number = run_take(run, selector + 1, sizeof(uint32_t));
    attending->formula = run_take(run, selector + 1, sizeof(NodeId));
    if (!attending->number || !attending->formula) return false;
    attending->number[selector] = 1;
    for (NodeId id = selector + 1; id-- > 0;) {
        const Node *node = graph_node(run->graph, id);
        for (int i = 0;
             attending->number[id] && is_combination(node->op) && i < op_info(node->op)->arity; i++)
            attending->number[node->args[i]] = 1;
    }
    for (NodeId id = 0; id <= selector; id++) {
        if (!attending->number[id]) continue;
        attending->number[id] = attending->formula_count;
        attending->formula[attending->formula_count++] = id;
    }
    return true;
}

static void compare_row(const Attending *attending, const Node *node, int64_t query, uint8_t *out) {
    Scalars key = run_numbers(attending->run, node->args[0]);
    Scalars other = run_numbers(attending->run, node->args[1]);
    double q = number_at(&other, query);
    const int32_t *positions = attending->keys.positions;
    for (int64_t j = 0; j < attending->keys.count; j++) {
        double k = number_at(&key, positions[j]);
        switch (node->op) {
        case OP_SELECT_EQ: out[j] = k == q; break;
        case OP_SELECT_NE: out[j] = k != q; break;
        case OP_SELECT_LT: out[j] = k < q; break;
        case OP_SELECT_LE: out[j] = k <= q; break;
        case OP_SELECT_GT: out[j] = k > q; break;
        default: out[j] = k >= q; break;
        }
    }
}

/* Which of the keys the query selects; how many. */
static int64_t select_row(const Attending *attending, RowPiece *piece, int64_t query) {
    int64_t count = attending->keys.count, ones = 0;
    const uint8_t *last = piece->cells;
    for (uint32_t f = 0; f < attending->formula_count; f++) {
        const Node *node = graph_node(attending->run->graph, attending->formula[f]);
        uint8_t *out = piece->cells + f * (size_t)count;
        if (!is_combination(node->op)) {
            compare_row(attending, node, query, out);
        } else {
            const uint8_t *a = piece->cells + attending->number[node->args[0]] * (size_t)count;
            const uint8_t *b =
                node->op == OP_SEL_NOT
                    ? a
                    : piece->cells + attending->number[node->args[1]] * (size_t)count;
            for (int64_t j = 0; j < count; j++)
                out[j] = node->op == OP_SEL_AND  ? a[j] & b[j]
                         : node->op == OP_SEL_OR ? a[j] | b[j]
                                                 : !a[j];
        }
        last = out;
    }
    memcpy(piece->selected, last, (size_t)count);
    for (int64_t j = 0; j < count; j++)
        ones += piece->selected[j];
    return ones;
}

/* --- weights -----------------------------------------------------------------------------------
 */

static void fail_row(RowPiece *piece, int64_t key) {
    if (piece->failed >= 0) return;
    piece->failed = piece->position;
    piece->failed_key = key;
}

/* Leaves the keys of the highest score; how many, or -1 where a score is not a number. */
static int64_t keep_highest(const Attending *attending, RowPiece *piece, const double *scores) {
    double highest = -(double)INFINITY;
    int64_t kept = 0;
    bool all = attending->head->pattern == OP_HARDMAX;
    for (int64_t j = 0; j < attending->keys.count; j++) {
        if (!piece->selected[j]) continue;
        if (isnan(scores[j])) {
            fail_row(piece, attending->keys.positions[j]);
            return -1;
        }
        if (scores[j] > highest) highest = scores[j];
    }
    for (int64_t j = 0; j < attending->keys.count; j++) {
        piece->selected[j] = piece->selected[j] && scores[j] == highest && (all || kept == 0);
        kept += piece->selected[j];
    }
    return kept;
}

static double soft_weights(const Attending *attending, RowPiece *piece, const double *scores) {
    double highest = -(double)INFINITY, sum = 0;
    for (int64_t j = 0; j < attending->keys.count; j++)
        if (piece->selected[j] && scores[j] > highest) highest = scores[j];
    for (int64_t j = 0; j < attending->keys.count; j++) {
        if (!piece->selected[j]) continue;
        piece->weights[j] = exp(scores[j] - highest);
        sum += piece->weights[j];
    }
    return sum;
}

static double linear_weights(const Attending *attending, RowPiece *piece, const double *scores) {
    double sum = 0;
    for (int64_t j = 0; j < attending->keys.count; j++) {
        if (!piece->selected[j]) continue;
        piece->weights[j] = scores[j];
        sum += scores[j];
    }
    return sum;
}

/* From the greatest down; what is not a number before all. */
static int descending(const void *left, const void *right) {
    double a = *(const double *)left, b = *(const double *)right;
    if (isnan(a) || isnan(b)) return isnan(b) - isnan(a);
    return (a < b) - (a > b);
}

/* The projection onto the simplex (Martins and Astudillo 2016, algorithm 1), of the scores less the
   greatest. */
static void sparse_weights(const Attending *attending, RowPiece *piece, const double *scores) {
    int64_t count = 0;
    for (int64_t j = 0; j < attending->keys.count; j++)
        if (piece->selected[j]) piece->sorted[count++] = scores[j];
    qsort(piece->sorted, (size_t)count, sizeof(double), descending);
    double sum = 0, threshold = (double)NAN, greatest = piece->sorted[0];
    for (int64_t k = 1; k <= count; k++) {
        double score = piece->sorted[k - 1] - greatest;
        sum += score;
        if (!(1 + (double)k * score > sum)) break;
        threshold = (sum - 1) / (double)k;
    }
    for (int64_t j = 0; j < attending->keys.count; j++) {
        double above = (scores[j] - greatest) - threshold;
        piece->weights[j] = above < 0 ? 0 : above;
    }
}

/* --- results -----------------------------------------------------------------------------------
 */

static void give_sums(const Attending *attending, RowPiece *piece, int64_t row) {
    Run *run = attending->run;
    NodeId node = attending->head->node;
    if (graph_node(run->graph, node)->type == TYPE_VECTOR)
        run_set_vector(run, node, row, piece->sums);
    else
        run_set_number(run, node, row, piece->sums[0], TAG_FLOAT);
}

/* (sum of weights times values) / divisor */
static void give_weighted(const Attending *attending, RowPiece *piece, int64_t row,
                          double divisor) {
    uint32_t width = attending->width;
    memset(piece->sums, 0, width * sizeof *piece->sums);
    for (int64_t j = 0; j < attending->keys.count; j++) {
        if (!piece->selected[j]) continue;
        const double *value = attending->values + (size_t)j * width;
        for (uint32_t c = 0; c < width; c++)
            piece->sums[c] += piece->weights[j] * value[c];
    }
    for (uint32_t c = 0; c < width && divisor != 1; c++)
        piece->sums[c] /= divisor;
    give_sums(attending, piece, row);
}

/* The keys that a position selects are strings, and several. */
static void fail_strings(const Attending *attending, RowPiece *piece, int64_t count) {
    if (piece->failed >= 0) return;
    fail_row(piece, FAILED_STRINGS);
    piece->strings[0] = count;
    for (int64_t j = 0, found = 0; found < 2; j++)
        if (piece->selected[j]) piece->strings[++found] = attending->keys.positions[j];
}

/* The selected values: one itself, the mean of several, or their total. */
static void give_selected(const Attending *attending, RowPiece *piece, int64_t row, int64_t count) {
    Run *run = attending->run;
    bool total = graph_node(run->graph, attending->head->node)->op == OP_TOTAL;
    bool floats = false, beyond = false;
    uint32_t width = attending->width;
    uint8_t tag = TAG_INT;
    for (uint32_t c = 0; c < width; c++)
        piece->sums[c] = -0.0;
    for (int64_t j = 0; j < attending->keys.count; j++) {
        if (!piece->selected[j]) continue;
        const double *value = attending->values + (size_t)j * width;
        for (uint32_t c = 0; c < width; c++)
            piece->sums[c] += value[c];
        if (!attending->tags) continue;
        tag = attending->tags[j];
        floats = floats || tag == TAG_FLOAT;
        beyond = beyond || (!floats && fabs(piece->sums[0]) > REAL_INTEGER_MOST);
    }
    bool one = count == 1 && !total;
    for (uint32_t c = 0; c < width && !one; c++)
        piece->sums[c] = total ? piece->sums[c] + 0.0 : (piece->sums[c] + 0.0) / (double)count;
    if (!attending->tags) {
        give_sums(attending, piece, row);
        return;
    }
    if (tag == TAG_STRING && !one) {
        fail_strings(attending, piece, count);
        return;
    }
    if (beyond && !one) fail_row(piece, FAILED_SUM);
    if (!one) tag = floats || !total ? TAG_FLOAT : TAG_INT;
    run_set_number(run, attending->head->node, row, piece->sums[0], tag);
}

/* The row set's row in place `row`. */
static void attend_row(const Attending *attending, RowPiece *piece, int64_t row) {
    Run *run = attending->run;
    const RealHead *head = attending->head;
    const int32_t *rows = run_rows(run, head->rows);
    int64_t position = piece->position = rows ? rows[row] : row;
    GraphOp op = graph_node(run->graph, head->node)->op;
    int64_t count = select_row(attending, piece, position);
    if (op == OP_WIDTH) {
        run_set_number(run, head->node, row, (double)count, TAG_INT);
        return;
    }
    if (count == 0 && op != OP_TOTAL) {
        run_give_default(run, head, row, position);
        return;
    }
    const double *scores =
        attending->scores ? score_row(attending->scores, row, position, piece->scores) : NULL;
    double sum;
    switch (head->pattern) {
    case OP_SOFTMAX:
        sum = soft_weights(attending, piece, scores);
        give_weighted(attending, piece, row, sum);
        break;
    case OP_LINEAR:
        sum = linear_weights(attending, piece, scores);
        if (sum == 0)
            run_give_default(run, head, row, position);
        else
            give_weighted(attending, piece, row, sum);
        break;
    case OP_SPARSEMAX:
        sparse_weights(attending, piece, scores);
        give_weighted(attending, piece, row, 1);
        break;
    case OP_HARDMAX:
    case OP_HARDMAX_FIRST:
        count = keep_highest(attending, piece, scores);
        if (count > 0) give_selected(attending, piece, row, count);
        break;
    default: give_selected(attending, piece, row, count);
    }
}

/* --- all rows ----------------------------------------------------------------------------------
 */

static void attend_piece(void *state, uint32_t number) {
    const Attending *attending = state;
    RowPiece *piece = &attending->pieces[number];
    int64_t from = number * attending->piece_rows, to = from + attending->piece_rows;
    for (int64_t i = from; i < to && i < attending->rows && piece->failed < 0; i++) {
        if (i % attending->between_questions == 0 && !run_goes_on(attending->run)) return;
        if (!attending->marks || attending->marks[i]) attend_row(attending, piece, i);
    }
}

static bool pack_values(Attending *attending) {
    Run *run = attending->run;
    NodeId value = attending->head->value;
    if (value == NO_NODE) return true;
    uint32_t width = graph_node(run->graph, value)->width;
    attending->width = width ? width : 1;
    size_t count = (size_t)attending->keys.count;
    attending->values = run_take(run, count * attending->width, sizeof(double));
    if (!attending->values) return false;
    if (width == 0) {
        attending->tags = run_take(run, count, 1);
        if (!attending->tags) return false;
        Scalars numbers = run_numbers(run, value);
        for (size_t j = 0; j < count; j++) {
            int64_t row = run_place(run, value, attending->keys.positions[j]);
            attending->values[j] = number_at(&numbers, row);
            attending->tags[j] = tag_at(&numbers, row);
        }
        return true;
    }
    for (size_t j = 0; j < count; j++)
        run_vector(run, value, run_place(run, value, attending->keys.positions[j]),
                   attending->values + j * width);
    return true;
}

static bool make_pieces(Attending *attending, uint32_t count) {
    Run *run = attending->run;
    size_t keys = (size_t)attending->keys.count;
    attending->pieces = run_take(run, count, sizeof(RowPiece));
    if (!attending->pieces) return false;
    for (uint32_t p = 0; p < count; p++) {
        RowPiece *piece = &attending->pieces[p];
        piece->failed = -1;
        piece->cells = run_take(run, attending->formula_count * keys + 1, 1);
        piece->selected = run_take(run, keys + 1, 1);
        piece->scores =
            run_take(run, attending->scores ? score_rows_scratch(attending->scores) : 1, 8);
        piece->weights = run_take(run, keys + 1, sizeof(double));
        piece->sorted = run_take(run, keys + 1, sizeof(double));
        piece->sums = run_take(run, attending->width + 1, sizeof(double));
        if (!piece->cells || !piece->selected || !piece->scores || !piece->weights ||
            !piece->sorted || !piece->sums)
            return false;
    }
    return true;
}

static bool report_strings(const Attending *attending, const RowPiece *piece) {
    Run *run = attending->run;
    NodeId node = attending->head->node;
    long long row = (long long)piece->failed, count = (long long)piece->strings[0];
    if (graph_node(run->graph, node)->op != OP_AGGREGATE)
        return run_fail(run, node, DIAG_MEAN_OF_STRINGS,
                        "position %lld selects %lld positions of strings, which have no mean", row,
                        count);
    Scalars values = run_numbers(run, attending->head->value);
    Buffer texts[2] = {{0}, {0}};
    for (int i = 0; i < 2; i++) {
        int64_t at = run_place(run, attending->head->value, piece->strings[1 + i]);
        atom_format_brief(&texts[i], run_atom(run, number_at(&values, at), TAG_STRING));
    }
    run_fail(run, node, DIAG_MEAN_OF_STRINGS,
             "position %lld selects %lld positions (%lld: %s, %lld: %s%s): strings have no mean",
             row, count, (long long)piece->strings[1], texts[0].data, (long long)piece->strings[2],
             texts[1].data, count > 2 ? ", ..." : "");
    buffer_free(&texts[0]);
    buffer_free(&texts[1]);
    return false;
}

/* Always false. */
static bool report_row(const Attending *attending, const RowPiece *piece) {
    Run *run = attending->run;
    if (piece->failed_key == FAILED_STRINGS) return report_strings(attending, piece);
    if (piece->failed_key == FAILED_SUM)
        return run_fail(run, attending->head->node, DIAG_INTEGER_ROUNDED,
                        "position %lld: a sum of integers reaches 2^53, which the jit "
                        "can't hold exactly; --engine eval can",
                        (long long)piece->failed);
    return run_fail(run, attending->head->node, DIAG_NOT_FINITE,
                    "position %lld: the score of key %lld is not a number, so no "
                    "score is the highest",
                    (long long)piece->failed, (long long)piece->failed_key);
}

static bool give_pieces(Attending *attending, uint32_t count) {
    Run *run = attending->run;
    bool fine = true;
    for (uint32_t p = 0; p < count; p++) {
        RowPiece *piece = &attending->pieces[p];
        if (fine && piece->failed >= 0) fine = report_row(attending, piece);
        void *memory[] = {piece->cells,   piece->selected, piece->scores,
                          piece->weights, piece->sorted,   piece->sums};
        for (size_t m = 0; m < sizeof memory / sizeof memory[0]; m++)
            run_give(run, memory[m]);
    }
    run_give(run, attending->pieces);
    return fine;
}

bool run_rows_head(Run *run, const RealHead *head) { return run_some_rows(run, head, NULL); }

bool run_fail_strings(Run *run, const RealHead *head, int64_t at) {
    uint8_t *marks = run_take(run, (size_t)run_row_count(run, head->rows), 1);
    if (marks == NULL) return false;
    marks[at] = 1;
    if (run_some_rows(run, head, marks) && !atomic_load(&run->stopped))
        BUG("row %lld has a mean", (long long)at);
    run_give(run, marks);
    return false;
}

bool run_some_rows(Run *run, const RealHead *head, const uint8_t *marks) {
    enum { PIECES_A_THREAD = 8, CELLS_BETWEEN_QUESTIONS = 1 << 16 };
    Attending attending = {.run = run, .head = head, .marks = marks};
    if (!run_make_column(run, head->node) || !run_keys(run, head, &attending.keys) ||
        !pack_values(&attending) || !find_formula(&attending))
        return false;
    if (head->score != NO_NODE) {
        attending.scores = score_rows_new(run, head, &attending.keys);
        if (!attending.scores) return false;
    }
    int64_t pieces = run->threads > 1 ? (int64_t)run->threads * PIECES_A_THREAD : 1;
    attending.rows = run_row_count(run, head->rows);
    attending.between_questions = 1 + CELLS_BETWEEN_QUESTIONS / (attending.keys.count + 1);
    if (pieces > attending.rows) pieces = attending.rows;
    attending.piece_rows = pieces ? (attending.rows + pieces - 1) / pieces : 0;
    if (!make_pieces(&attending, (uint32_t)pieces)) return false;
    run_pieces(run, attend_piece, &attending, (uint32_t)pieces);
    bool fine = give_pieces(&attending, (uint32_t)pieces);
    score_rows_free(attending.scores);
    run_give(run, attending.values);
    run_give(run, attending.tags);
    run_give(run, attending.number);
    run_give(run, attending.formula);
    return fine;
}
