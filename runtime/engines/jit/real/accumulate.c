/* Linear attention whose scores are products <k, q>: the keys' outer products with the values are
   added up once, and each query takes its part: sum <k, q> v = q (sum k v), in O(n d w) for keys of
   d and values of w components (Katharopoulos et al. 2020, "Transformers are RNNs").

   How near to eval it is. Both compute sum <k, q> v / sum <k, q>. With n keys and u the unit
   roundoff each of the sums is within g(n + d + 8) sum |k| |q| |v| of the real number, here and in
   eval, where g(m) = m u / (1 - m u); with weights and values of one sign that is a relative error,
   else what is lost by cancelling is lost in both. Where the divisor's bound reaches it, so that it
   may be 0 in eval, and where the result is not finite, since a key's product with a value may
   overflow where the score's does not, the row is computed as eval does. */
#include "runtime/engines/jit/real/outer_emit.h"
#include "runtime/engines/jit/real/products.h"

#include <string.h>

enum { BLOCK = 256 };

typedef struct Accumulating {
    Run *run;
    const RealHead *head;
    const uint8_t *mask; /* (n), or NULL: all are keys */
    int64_t piece_rows;
    Products *pieces; /* (pieces) */
    Members *members; /* (pieces) of a block */
    int64_t blocks;   /* whole ones, of a key */
} Accumulating;

static void add_block(const Accumulating *accumulating, uint32_t number, int64_t from, int64_t to) {
    Run *run = accumulating->run;
    const RealHead *head = accumulating->head;
    const ScoreTerm *term = &head->form.terms[0];
    Members *members = &accumulating->members[number];
    const Products *products = &accumulating->pieces[number];
    bool doubles = !run->plan->single || graph_node(run->graph, term->key)->type != TYPE_VECTOR;
    size_t size = doubles ? sizeof(double) : sizeof(float);
    members->count = 0;
    for (int64_t i = from; i < to; i++) {
        if (accumulating->mask && !accumulating->mask[i]) continue;
        members->at[members->count] = (int32_t)((i - from) * term->width);
        members->rows[members->count++] = (int32_t)i;
    }
    OuterKernel *add = (OuterKernel *)(uintptr_t)run->program->functions[head->kernel];
    const char *keys = run->columns[2 * (size_t)term->key];
    add(keys + (size_t)from * term->width * size, members->at,
        run->columns[2 * (size_t)head->value], members->rows, members->count, products->sums,
        products->ones, products->magnitudes, accumulating->blocks);
}

static void add_piece(void *state, uint32_t number) {
    const Accumulating *accumulating = state;
    int64_t from = number * accumulating->piece_rows, end = from + accumulating->piece_rows;
    if (end > accumulating->run->n) end = accumulating->run->n;
    for (; from < end && run_goes_on(accumulating->run); from += BLOCK)
        add_block(accumulating, number, from, from + BLOCK < end ? from + BLOCK : end);
}

static bool take_pieces(Accumulating *accumulating, uint32_t count, uint32_t width) {
    Run *run = accumulating->run;
    accumulating->pieces = run_take(run, count, sizeof(Products));
    accumulating->members = run_take(run, count, sizeof(Members));
    if (!accumulating->pieces || !accumulating->members) return false;
    for (uint32_t p = 0; p < count; p++) {
        Members *members = &accumulating->members[p];
        members->at = run_take(run, BLOCK, sizeof(int32_t));
        members->rows = run_take(run, BLOCK, sizeof(int32_t));
        if (!members->at || !members->rows ||
            !products_take(run, accumulating->head->form.terms[0].width, width,
                           &accumulating->pieces[p]))
            return false;
    }
    return true;
}

/* The softmax that the keys are made the sums. */
static bool finish_fused(Run *run, const RealHead *head) {
    Products *products = &run->products[head - run->plan->heads];
    bool fine = products_finish(run, head, products);
    products_give(run, products);
    return fine;
}

bool run_accumulate(Run *run, const RealHead *head) {
    if (head->fused) return finish_fused(run, head);
    KeyList keys;
    uint32_t width = graph_node(run->graph, head->value)->width;
    uint32_t components = head->form.terms[0].width;
    if (width == 0) width = 1;
    if (!run_keys(run, head, &keys)) return false;
    Accumulating accumulating = {.run = run,
                                 .head = head,
                                 .mask = keys.count < run->n ? keys.mask : NULL,
                                 .blocks = components / run->plan->unit.tile_keys};
    uint32_t pieces = products_pieces(run->n, (size_t)components * width);
    accumulating.piece_rows = (run->n + pieces - 1) / pieces;
    if (!take_pieces(&accumulating, pieces, width)) return false;
    run_pieces(run, add_piece, &accumulating, pieces);
    for (uint32_t p = 1; p < pieces; p++)
        products_add(&accumulating.pieces[0], &accumulating.pieces[p]);
    bool fine = products_finish(run, head, &accumulating.pieces[0]);
    for (uint32_t p = 0; p < pieces; p++) {
        products_give(run, &accumulating.pieces[p]);
        run_give(run, accumulating.members[p].at);
        run_give(run, accumulating.members[p].rows);
    }
    run_give(run, accumulating.pieces);
    run_give(run, accumulating.members);
    return fine;
}
