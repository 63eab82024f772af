/* The plain transformer: float32, dense, position by position. */
#include "runtime/engines/interp.h"

#include "runtime/base/limits.h"

#include <math.h>
#include <string.h>

struct Interp {
    const Model *model; /* its vocabulary and its read-out's names only */
    const DenseModel *weights;
    Logits logits;
};

Interp *interp_new(Arena *arena, const Model *model, Span span, Diagnostics *diags) {
    const DenseModel *weights = model_weights(arena, model, span, diags);
    if (!weights) return NULL;
    Interp *interp = ARENA_NEW(arena, Interp);
    *interp = (Interp){model, weights, model_logits(arena, model)};
    return interp;
}

/* --- one pass --------------------------------------------------------------------------------- */

/* out (rows, columns) += a (rows, inner) b (inner, columns) */
static void multiply_add(const float *a, const float *b, float *out, uint32_t rows, uint32_t inner,
                         uint32_t columns) {
    for (uint32_t r = 0; r < rows; r++) {
        for (uint32_t i = 0; i < inner; i++) {
            float factor = a[(size_t)r * inner + i];
            if (factor == 0) continue; /* most of a named residual stream is 0 */
            const float *row = b + (size_t)i * columns;
            float *target = out + (size_t)r * columns;
            for (uint32_t c = 0; c < columns; c++)
                target[c] += factor * row[c];
        }
    }
}

/* Keys that a query may look at; rows count from BOS. */
static bool lets_through(HeadMask mask, uint32_t query, uint32_t key) {
    if (query == 0 || key == 0) return true;
    int64_t distance = (int64_t)key - query;
    return distance >= mask.low && distance <= mask.high;
}

/* Scores become weights: exp(score - greatest), divided by the row's sum. */
static void softmax(float *scores, uint32_t rows, HeadMask mask, uint32_t query) {
    float greatest = -INFINITY, sum = 0;
    for (uint32_t k = 0; k < rows; k++) {
        if (!lets_through(mask, query, k)) scores[k] = -INFINITY;
        if (scores[k] > greatest) greatest = scores[k];
    }
    for (uint32_t k = 0; k < rows; k++) {
        scores[k] = expf(scores[k] - greatest);
        sum += scores[k];
    }
    for (uint32_t k = 0; k < rows; k++)
        scores[k] /= sum;
}

static float *zeros(Arena *arena, uint32_t rows, uint32_t columns) {
    return arena_array(arena, (size_t)rows * columns, sizeof(float));
}

/* Adds the head's output to update (rows, D). */
static void run_head(const DenseHead *head, const float *stream, uint32_t rows, uint32_t width,
                     float *update, Arena *scratch) {
    uint32_t k = head->width;
    float *query = zeros(scratch, rows, k), *key = zeros(scratch, rows, k);
    float *value = zeros(scratch, rows, k), *gathered = zeros(scratch, rows, k);
    float *scores = zeros(scratch, 1, rows);
    multiply_add(stream, head->w_q, query, rows, width, k);
    multiply_add(stream, head->w_k, key, rows, width, k);
    multiply_add(stream, head->w_v, value, rows, width, k);
    for (uint32_t q = 0; q < rows; q++) {
        for (uint32_t j = 0; j < rows; j++) {
            float score = 0;
            for (uint32_t c = 0; c < k; c++)
                score += query[(size_t)q * k + c] * key[(size_t)j * k + c];
            scores[j] = score;
        }
        softmax(scores, rows, head->mask, q);
        multiply_add(scores, value, gathered + (size_t)q * k, 1, rows, k);
    }
    multiply_add(gathered, head->w_o, update, rows, k, width);
}

static void run_feed_forward(const DenseLayer *layer, const float *stream, uint32_t rows,
                             uint32_t width, float *update, Arena *scratch) {
    float *hidden = zeros(scratch, rows, layer->units);
    for (uint32_t r = 0; r < rows; r++)
        memcpy(hidden + (size_t)r * layer->units, layer->b_in, layer->units * sizeof(float));
    multiply_add(stream, layer->w_in, hidden, rows, width, layer->units);
    for (size_t i = 0; i < (size_t)rows * layer->units; i++)
        hidden[i] = fmaxf(hidden[i], 0);
    for (uint32_t r = 0; r < rows; r++)
        memcpy(update + (size_t)r * width, layer->b_out, width * sizeof(float));
    multiply_add(hidden, layer->w_out, update, rows, layer->units, width);
}

static void add_update(float *stream, float *update, size_t count) {
    for (size_t i = 0; i < count; i++)
        stream[i] += update[i];
    memset(update, 0, count * sizeof(float));
}

/* Keeps the stream after a layer; 0 is the embedding. */
static void keep_stream(InterpTrace *trace, uint32_t layer, const float *stream, Arena *arena) {
    if (trace == NULL) return;
    float *kept = zeros(arena, trace->rows, trace->width);
    memcpy(kept, stream, (size_t)trace->rows * trace->width * sizeof(float));
    trace->streams[layer] = kept;
}

/* Logits (rows, outputs); rows = n + 1, BOS first. trace may be NULL. */
static const float *run_weights(const DenseModel *weights, const uint32_t *tokens, uint32_t n,
                                Arena *arena, InterpTrace *trace) {
    uint32_t rows = n + 1, width = weights->width;
    float *stream = zeros(arena, rows, width), *update = zeros(arena, rows, width);
    for (uint32_t r = 0; r < rows; r++) {
        uint32_t token = r == 0 ? 0 : 1 + tokens[r - 1];
        for (uint32_t c = 0; c < width; c++)
            stream[(size_t)r * width + c] =
                weights->w_e[(size_t)token * width + c] + weights->w_p[(size_t)r * width + c];
    }
    keep_stream(trace, 0, stream, arena);
    for (uint32_t l = 0; l < weights->layer_count; l++) {
        const DenseLayer *layer = &weights->layers[l];
        Arena *scratch = arena_new(0);
        for (uint32_t h = 0; h < layer->head_count; h++)
            run_head(&layer->heads[h], stream, rows, width, update, scratch);
        add_update(stream, update, (size_t)rows * width);
        if (layer->units > 0) run_feed_forward(layer, stream, rows, width, update, scratch);
        add_update(stream, update, (size_t)rows * width);
        keep_stream(trace, l + 1, stream, arena);
        arena_free(scratch);
    }
    float *logits = zeros(arena, rows, weights->outputs);
    for (uint32_t r = 0; r < rows; r++)
        memcpy(logits + (size_t)r * weights->outputs, weights->b_u,
               weights->outputs * sizeof(float));
    multiply_add(stream, weights->w_u, logits, rows, width, weights->outputs);
    return logits;
}

/* --- reading out ------------------------------------------------------------------------------ */

/* The fraction k / d nearest to x, d at most denominator. */
static double nearest_fraction(double x, uint32_t denominator) {
    double best = nearbyint(x);
    for (uint32_t d = 2; d <= denominator; d++) {
        double candidate = nearbyint(x * d) / d;
        if (fabs(candidate - x) < fabs(best - x)) best = candidate;
    }
    return best;
}

/* False: no value stands out. */
static bool decode(const Interp *interp, const float *logits, Atom *out) {
    const Readout *readout = &interp->model->readout;
    double value = logits[0], whole = nearbyint(value);
    uint32_t best = 0;
    switch (readout->decode) {
    case DECODE_INTEGER: *out = atom_int((int64_t)whole); return fabs(value - whole) < 0.25;
    case DECODE_WHOLE:
    case DECODE_FRACTION:
        if (readout->mixed && logits[interp->logits.count + readout->trap_count] > 0.5f) {
            *out = readout->mixed_with_bools ? atom_bool(whole != 0) : atom_int((int64_t)whole);
            return fabs(value - whole) < 0.25;
        }
        if (readout->decode == DECODE_FRACTION) {
            *out = atom_float(nearest_fraction(value, readout->denominator));
            return isfinite(value);
        }
        *out = atom_float(whole);
        return fabs(value - whole) < 0.25;
    default:
        for (uint32_t i = 1; i < interp->logits.count; i++) {
            if (logits[i] > logits[best]) best = i;
        }
        *out = interp->logits.atoms[best];
        return logits[best] > 0.75f; /* 1 where one value was gathered, less for a mixture */
    }
}

/* Reports the first position where the program has no value. */
static bool check_traps(const Interp *interp, const float *logits, uint32_t position, Span span,
                        Diagnostics *diags) {
    const Readout *readout = &interp->model->readout;
    for (uint32_t t = 0; t < readout->trap_count; t++) {
        const Trap *trap = &readout->traps[t];
        if (logits[interp->logits.count + t] < 0.5f) continue;
        diag_error(diags, trap->id, trap->span.file ? trap->span : span, "position %u: %s",
                   position, trap->why->bytes);
        return false;
    }
    return true;
}

static bool read_out(const Interp *interp, const float *logits, uint32_t n, Span span,
                     Arena *result_arena, Diagnostics *diags, Sequence *out) {
    uint32_t outputs = interp->weights->outputs, bad;
    Atom *atoms = ARENA_ARRAY(result_arena, Atom, n);
    *out = (Sequence){.n = n, .atoms = atoms};
    for (uint32_t i = 0; i < n; i++) {
        if (!check_traps(interp, logits + (size_t)(i + 1) * outputs, i, span, diags)) return false;
    }
    for (uint32_t i = 0; i < n; i++) {
        bool fine = decode(interp, logits + (size_t)(i + 1) * outputs, &atoms[i]);
        atoms[i] = atom_copy(result_arena, atoms[i]);
        if (fine && atoms[i].kind != ATOM_OPAQUE) continue;
        diag_error(diags, DIAG_MEAN_OF_STRINGS, span,
                   "position %u: no single value: several different ones were gathered", i);
        return false;
    }
    if (sequence_type_of(atoms, n, &out->type, &bad)) return true;
    diag_error(diags, DIAG_MIXED, span, "positions 0 and %u: strings and numbers in one sequence",
               bad);
    return false;
}

static bool is_too_large(const Interp *interp, uint32_t n, Span span, Diagnostics *diags) {
    double numbers = 0;
    for (uint32_t l = 0; l < interp->weights->layer_count; l++) {
        const DenseLayer *layer = &interp->weights->layers[l];
        double here = layer->units;
        for (uint32_t h = 0; h < layer->head_count; h++)
            here += 4.0 * layer->heads[h].width;
        numbers = fmax(numbers, here);
    }
    double bytes = (numbers + 2.0 * interp->weights->width) * (n + 1.0) * sizeof(float);
    if (bytes <= (double)LIMIT_DENSE_BYTES) return false;
    diag_error(diags, DIAG_TOO_LARGE_FOR_DENSE, span,
               "running the dense weights on %u positions takes %.0f MiB; the limit is %zu MiB", n,
               bytes / (1 << 20), LIMIT_DENSE_BYTES >> 20);
    return true;
}

bool interp_run(const Interp *interp, Input input, Span span, Arena *result_arena,
                Diagnostics *diags, Sequence *out) {
    Arena *scratch = arena_new(0);
    uint32_t *tokens = ARENA_ARRAY(scratch, uint32_t, input.n);
    bool fine = model_tokens(interp->model, input.tokens, input.n, span, diags, tokens) &&
                !is_too_large(interp, input.n, span, diags);
    if (fine) {
        const float *logits = run_weights(interp->weights, tokens, input.n, scratch, NULL);
        fine = read_out(interp, logits, input.n, span, result_arena, diags, out);
    }
    arena_free(scratch);
    return fine;
}

bool interp_trace(const Interp *interp, Input input, Span span, Arena *arena, Diagnostics *diags,
                  InterpTrace *out) {
    uint32_t *tokens = ARENA_ARRAY(arena, uint32_t, input.n);
    const DenseModel *weights = interp->weights;
    if (!model_tokens(interp->model, input.tokens, input.n, span, diags, tokens) ||
        is_too_large(interp, input.n, span, diags))
        return false;
    *out = (InterpTrace){
        .rows = input.n + 1, .width = weights->width, .layer_count = weights->layer_count};
    out->streams = ARENA_ARRAY(arena, const float *, weights->layer_count + 1);
    (void)run_weights(weights, tokens, input.n, arena, out);
    return true;
}
