#include "runtime/engines/jit/real/products.h"

#include <float.h>
#include <math.h>
#include <string.h>

bool products_take(Run *run, int64_t keys, uint32_t width, Products *out) {
    *out = (Products){.keys = keys,
                      .width = width,
                      .sums = run_take(run, (size_t)keys * width, sizeof(double)),
                      .ones = run_take(run, (size_t)keys, sizeof(double)),
                      .magnitudes = run_take(run, (size_t)keys, sizeof(double))};
    return out->sums && out->ones && out->magnitudes;
}

void products_give(Run *run, Products *products) {
    run_give(run, products->sums);
    run_give(run, products->ones);
    run_give(run, products->magnitudes);
    *products = (Products){0};
}

void products_add(const Products *to, const Products *from) {
    for (size_t i = 0; i < (size_t)to->keys * to->width; i++)
        to->sums[i] += from->sums[i];
    for (int64_t c = 0; c < to->keys; c++) {
        to->ones[c] += from->ones[c];
        to->magnitudes[c] += from->magnitudes[c];
    }
}

uint32_t products_pieces(int64_t rows, size_t numbers) {
    enum { ROWS_LEAST = 2048, PIECES_MOST = 64, NUMBERS_MOST = 1 << 23 };
    int64_t pieces = (rows + ROWS_LEAST - 1) / ROWS_LEAST;
    int64_t room = (int64_t)(NUMBERS_MOST / (numbers ? numbers : 1));
    if (pieces > PIECES_MOST) pieces = PIECES_MOST;
    if (pieces > room) pieces = room;
    return pieces < 1 ? 1 : (uint32_t)pieces;
}

/* --- linear attention --------------------------------------------------------------------------
 */

typedef struct Finish {
    Run *run;
    const RealHead *head;
    const Products *products;
    double unit;  /* the bound on the divisor's rounding, relative to magnitudes */
    double least; /* and what underflow may add */
    int64_t rows, piece_rows;
    uint8_t *undecided; /* (rows) the divisor may be 0, or something is not finite */
    double *scratch;    /* (pieces)(keys + width) */
} Finish;

static void finish_row(const Finish *finish, int64_t at, double *query, double *sums) {
    Run *run = finish->run;
    const RealHead *head = finish->head;
    const Products *products = finish->products;
    const ScoreTerm *term = &head->form.terms[0];
    const int32_t *rows = run_rows(run, head->rows);
    int64_t position = rows ? rows[at] : at;
    uint32_t width = products->width;
    run_vector(run, term->query, run->plan->rows[term->query] ? at : position, query);
    double divisor = 0, magnitude = 0;
    memset(sums, 0, width * sizeof *sums);
    for (uint32_t c = 0; c < term->width; c++) {
        double q = term->coefficient * query[c];
        if (q == 0) continue;
        divisor += q * products->ones[c];
        magnitude += fabs(q) * products->magnitudes[c];
        const double *row = products->sums + (size_t)c * width;
        for (uint32_t v = 0; v < width; v++)
            sums[v] += q * row[v];
    }
    if (magnitude == 0) {
        run_give_default(run, head, at, position);
        return;
    }
    if (!(fabs(divisor) > finish->unit * magnitude + finish->least)) {
        finish->undecided[at] = 1;
        return;
    }
    for (uint32_t v = 0; v < width; v++) {
        sums[v] /= divisor;
        if (!isfinite(sums[v])) finish->undecided[at] = 1;
    }
    if (graph_node(run->graph, head->node)->type == TYPE_VECTOR)
        run_set_vector(run, head->node, at, sums);
    else
        run_set_number(run, head->node, at, sums[0], TAG_FLOAT);
}

static void finish_piece(void *state, uint32_t number) {
    const Finish *finish = state;
    size_t keys = finish->head->form.terms[0].width;
    double *scratch = finish->scratch + number * (keys + finish->products->width);
    int64_t from = number * finish->piece_rows, to = from + finish->piece_rows;
    for (int64_t i = from; i < to && i < finish->rows; i++)
        finish_row(finish, i, scratch, scratch + keys);
}

bool products_finish(Run *run, const RealHead *head, const Products *products) {
    enum { PIECE = 256 };
    Finish finish = {.run = run, .head = head, .products = products, .piece_rows = PIECE};
    finish.rows = run_row_count(run, head->rows);
    uint32_t pieces = (uint32_t)((finish.rows + PIECE - 1) / PIECE);
    size_t width = head->form.terms[0].width;
    double terms = (double)run->n + (double)width + 8, u = 0x1p-53;
    finish.unit = 2 * terms * u / (1 - terms * u);
    finish.least = DBL_MIN * terms;
    finish.undecided = run_take(run, (size_t)finish.rows, 1);
    finish.scratch = run_take(run, pieces * (width + products->width), sizeof(double));
    if (!run_make_column(run, head->node) || !finish.undecided || !finish.scratch) return false;
    run_pieces(run, finish_piece, &finish, pieces);
    bool fine = true;
    if (finish.rows > 0 && memchr(finish.undecided, 1, (size_t)finish.rows)) {
        if (head->fused) fine = run_some_rows(run, head->source, NULL);
        fine = fine && run_some_rows(run, head, finish.undecided);
    }
    run_give(run, finish.undecided);
    run_give(run, finish.scratch);
    return fine;
}

/* --- means of weights --------------------------------------------------------------------------
 */

bool products_finish_uniform(Run *run, const RealHead *head, const Products *products) {
    KeyList members;
    if (!run_keys(run, head, &members)) return false;
    const int32_t *rows = run_rows(run, head->rows);
    uint32_t width = graph_node(run->graph, head->node)->width;
    bool total = graph_node(run->graph, head->node)->op == OP_TOTAL;
    double *mean = run_take(run, width, sizeof *mean);
    if (!mean || !run_make_column(run, head->node)) return false;
    for (uint32_t c = 0; c < width; c++)
        mean[c] = total ? products->ones[c] : products->ones[c] / (double)members.count;
    for (int64_t i = 0; i < run_row_count(run, head->rows); i++)
        if (members.count == 0 && !total)
            run_give_default(run, head, i, rows ? rows[i] : i);
        else
            run_set_vector(run, head->node, i, mean);
    run_give(run, mean);
    return true;
}
