#include "runtime/engines/dense/forward.h"

#include "runtime/engines/dense/product.h"
#include "runtime/engines/dense/softmax.h"

#include <string.h>

/* Rows of a matrix that are worked on at a time, so that what a layer holds for each of them (the
   scores of all keys, the units) takes little memory. */
enum { ROWS_TOGETHER = 64 * LEFT_ROWS / 2 };

typedef struct PackedHead {
    uint32_t width;
    Factor query, key, value, output;
    HeadMask mask;
} PackedHead;

typedef struct PackedLayer {
    uint32_t head_count;
    const PackedHead *heads;
    uint32_t units;
    Factor in, out;
    const Real *in_bias, *out_bias;
} PackedLayer;

struct Transformer {
    const DenseModel *weights; /* embedding, sizes */
    const PackedLayer *layers;
    Factor unembedding;
};

/* --- the weights ------------------------------------------------------------------------------ */

static Factor pack_weights(Arena *arena, Numbers weights, uint32_t rows, uint32_t columns) {
    return right_factor(arena, (MatrixView){weights.REAL_MEMBER, rows, columns, columns, 1});
}

static PackedHead pack_head(Arena *arena, const DenseHead *head, uint32_t width) {
    uint32_t k = head->width;
    return (PackedHead){.width = k,
                        .query = pack_weights(arena, head->w_q, width, k),
                        .key = pack_weights(arena, head->w_k, width, k),
                        .value = pack_weights(arena, head->w_v, width, k),
                        .output = pack_weights(arena, head->w_o, k, width),
                        .mask = head->mask};
}

static PackedLayer pack_layer(Arena *arena, const DenseLayer *layer, uint32_t width) {
    PackedHead *heads = ARENA_ARRAY(arena, PackedHead, layer->head_count);
    for (uint32_t h = 0; h < layer->head_count; h++)
        heads[h] = pack_head(arena, &layer->heads[h], width);
    PackedLayer packed = {.head_count = layer->head_count,
                          .heads = heads,
                          .units = layer->units,
                          .in_bias = layer->b_in.REAL_MEMBER,
                          .out_bias = layer->b_out.REAL_MEMBER};
    if (layer->units == 0) return packed;
    packed.in = pack_weights(arena, layer->w_in, width, layer->units);
    packed.out = pack_weights(arena, layer->w_out, layer->units, width);
    return packed;
}

static const Transformer *pack_transformer(Arena *arena, const DenseModel *weights) {
    Transformer *transformer = ARENA_NEW(arena, Transformer);
    PackedLayer *layers = ARENA_ARRAY(arena, PackedLayer, weights->layer_count);
    for (uint32_t l = 0; l < weights->layer_count; l++)
        layers[l] = pack_layer(arena, &weights->layers[l], weights->width);
    *transformer = (Transformer){
        weights, layers, pack_weights(arena, weights->w_u, weights->width, weights->outputs)};
    return transformer;
}

/* --- one pass --------------------------------------------------------------------------------- */

static Real *zeros(Arena *arena, size_t rows, uint32_t columns) {
    return arena_array(arena, rows * columns, sizeof(Real));
}

static Factor pack_rows(Arena *arena, const Real *rows, size_t count, uint32_t columns) {
    return left_factor(arena, (MatrixView){rows, (uint32_t)count, columns, columns, 1});
}

static size_t fewer(size_t a, size_t b) { return a < b ? a : b; }

/* The keys that a query may look at beside BOS; rows count from it, and PAD begins at `rows`. */
static KeyRange keys_of(HeadMask mask, uint32_t query, uint32_t rows) {
    int64_t first = (int64_t)query + mask.low, last = (int64_t)query + mask.high;
    if (first < 1) first = 1;
    if (last > (int64_t)rows - 1) last = (int64_t)rows - 1;
    if (first > last) return (KeyRange){1, 1};
    return (KeyRange){(uint32_t)first, (uint32_t)last + 1};
}

/* One input's queries, keys and values (rows, K) become gathered values (rows, K). */
static void attend(const PackedHead *head, const Real *query, const Real *key, const Real *value,
                   uint32_t rows, Real *gathered) {
    uint32_t k = head->width;
    Arena *arena = arena_new(0);
    Factor keys = right_factor(arena, (MatrixView){key, k, rows, 1, k});
    Factor values = right_factor(arena, (MatrixView){value, rows, k, k, 1});
    size_t tile = fewer(rows, ROWS_TOGETHER);
    Real *scores = zeros(arena, tile, rows);
    for (uint32_t first = 0; first < rows; first += (uint32_t)tile) {
        size_t count = fewer(tile, rows - first);
        Arena *scratch = arena_new(0);
        Factor queries = pack_rows(scratch, query + (size_t)first * k, count, k);
        memset(scores, 0, count * rows * sizeof *scores);
        product_add(&queries, &keys, scores, rows);
        for (uint32_t q = 0; q < count; q++)
            softmax_row(scores + (size_t)q * rows, rows, keys_of(head->mask, first + q, rows));
        Factor weights = pack_rows(scratch, scores, count, rows);
        product_add(&weights, &values, gathered + (size_t)first * k, k);
        arena_free(scratch);
    }
    arena_free(arena);
}

/* Adds the head's output to update (count, rows, D). */
static void run_head(const PackedHead *head, const Factor *stream, const Batch *batch, Real *update,
                     uint32_t width) {
    size_t all = (size_t)batch->count * batch->rows;
    uint32_t k = head->width;
    Arena *arena = arena_new(0);
    Real *query = zeros(arena, all, k), *key = zeros(arena, all, k);
    Real *value = zeros(arena, all, k), *gathered = zeros(arena, all, k);
    product_add(stream, &head->query, query, k);
    product_add(stream, &head->key, key, k);
    product_add(stream, &head->value, value, k);
    for (uint32_t i = 0; i < batch->count; i++) {
        size_t at = (size_t)i * batch->rows * k;
        attend(head, query + at, key + at, value + at, 1 + batch->lengths[i], gathered + at);
    }
    Factor rows = pack_rows(arena, gathered, all, k);
    product_add(&rows, &head->output, update, width);
    arena_free(arena);
}

static void run_heads(const PackedLayer *layer, const Batch *batch, Real *stream, uint32_t width) {
    size_t all = (size_t)batch->count * batch->rows;
    Arena *arena = arena_new(0);
    Factor rows = pack_rows(arena, stream, all, width);
    for (uint32_t h = 0; h < layer->head_count; h++)
        run_head(&layer->heads[h], &rows, batch, stream, width);
    arena_free(arena);
}

static void set_rows(Real *rows, size_t count, const Real *row, uint32_t columns) {
    for (size_t r = 0; r < count; r++)
        memcpy(rows + r * columns, row, columns * sizeof *row);
}

FOR_EACH_PROCESSOR
static void rectify(Real *values, size_t count) {
    size_t i = 0;
    for (; i + LANES <= count; i += LANES) {
        Vector here = *(const Vector *)(values + i);
        *(Vector *)(values + i) = VECTOR_CHOOSE(here > 0, here, (Vector){0});
    }
    for (; i < count; i++)
        values[i] = values[i] > 0 ? values[i] : 0;
}

static void run_feed_forward(const PackedLayer *layer, Real *stream, size_t rows, uint32_t width) {
    Arena *arena = arena_new(0);
    Factor before = pack_rows(arena, stream, rows, width);
    Real *hidden = zeros(arena, rows, layer->units);
    set_rows(hidden, rows, layer->in_bias, layer->units);
    product_add(&before, &layer->in, hidden, layer->units);
    rectify(hidden, rows * layer->units);
    for (size_t r = 0; r < rows; r++) {
        for (uint32_t c = 0; c < width; c++)
            stream[r * width + c] += layer->out_bias[c];
    }
    Factor units = pack_rows(arena, hidden, rows, layer->units);
    product_add(&units, &layer->out, stream, width);
    arena_free(arena);
}

static Real *embed(const DenseModel *weights, const Batch *batch, Arena *arena) {
    uint32_t width = weights->width;
    Real *stream = zeros(arena, (size_t)batch->count * batch->rows, width);
    for (uint32_t i = 0; i < batch->count; i++) {
        for (uint32_t r = 0; r <= batch->lengths[i]; r++) {
            size_t at = (size_t)i * batch->rows + r;
            const Real *token = weights->w_e.REAL_MEMBER + (size_t)batch->tokens[at] * width;
            const Real *position = weights->w_p.REAL_MEMBER + (size_t)r * width;
            for (uint32_t c = 0; c < width; c++)
                stream[at * width + c] = token[c] + position[c];
        }
    }
    return stream;
}

static const Real *copy_of(Arena *arena, const Real *stream, size_t rows, uint32_t width) {
    Real *copy = zeros(arena, rows, width);
    memcpy(copy, stream, rows * width * sizeof *stream);
    return copy;
}

static Numbers run(const Transformer *transformer, const Batch *batch, Arena *arena,
                   Numbers *streams) {
    const DenseModel *weights = transformer->weights;
    uint32_t width = weights->width;
    size_t rows = (size_t)batch->count * batch->rows;
    Arena *scratch = arena_new(0);
    Real *stream = embed(weights, batch, scratch);
    if (streams) streams[0].REAL_MEMBER = copy_of(arena, stream, rows, width);
    for (uint32_t l = 0; l < weights->layer_count; l++) {
        const PackedLayer *layer = &transformer->layers[l];
        if (layer->head_count > 0) run_heads(layer, batch, stream, width);
        for (size_t first = 0; layer->units > 0 && first < rows; first += ROWS_TOGETHER)
            run_feed_forward(layer, stream + first * width, fewer(ROWS_TOGETHER, rows - first),
                             width);
        if (streams) streams[l + 1].REAL_MEMBER = copy_of(arena, stream, rows, width);
    }
    Real *logits = zeros(arena, rows, weights->outputs);
    set_rows(logits, rows, weights->b_u.REAL_MEMBER, weights->outputs);
    Factor last = pack_rows(scratch, stream, rows, width);
    product_add(&last, &transformer->unembedding, logits, weights->outputs);
    arena_free(scratch);
    return (Numbers){.REAL_MEMBER = logits};
}

static double bytes_of_pass(const Transformer *transformer, uint32_t count, uint32_t rows) {
    const DenseModel *weights = transformer->weights;
    double all = (double)count * rows, widest = 0, units = 0;
    for (uint32_t l = 0; l < weights->layer_count; l++) {
        const DenseLayer *layer = &weights->layers[l];
        units = fmax(units, layer->units);
        for (uint32_t h = 0; h < layer->head_count; h++)
            widest = fmax(widest, layer->heads[h].width);
    }
    /* The stream and a packed copy; queries, keys, values and what they gather, with copies of
       three; and for the rows worked on, scores and units with copies. */
    double numbers = 2 * all * weights->width + 7 * all * widest +
                     2.0 * fmin(rows, ROWS_TOGETHER) * rows + 2 * fmin(all, ROWS_TOGETHER) * units +
                     all * weights->outputs;
    return numbers * sizeof(Real);
}

const Forward REAL_NAME(forward) = {pack_transformer, bytes_of_pass, run};
