#include "runtime/engines/interp.h"

#include "runtime/base/limits.h"
#include "runtime/engines/dense/forward.h"

#include <math.h>

struct Interp {
    const Model *model; /* its vocabulary and its read-out's names only */
    const DenseModel *weights;
    const Forward *forward; /* in the weights' type */
    const Transformer *transformer;
    ReadoutLogits logits;
};

Interp *interp_new(Arena *arena, const Model *model, Span span, Diagnostics *diags) {
    const DenseModel *weights = model_weights(arena, model, span, diags);
    if (!weights) return NULL;
    Interp *interp = ARENA_NEW(arena, Interp);
    const Forward *forward = forward_of(weights->type);
    *interp = (Interp){model, weights, forward, forward->pack(arena, weights),
                       model_logits(arena, model)};
    return interp;
}

/* --- reading out ------------------------------------------------------------------------------ */

/* The fraction k / d nearest to x, d at most denominator. Just below 0 it is 0.0, not -0.0. */
static double nearest_fraction(double x, uint32_t denominator) {
    double best = nearbyint(x);
    for (uint32_t d = 2; d <= denominator; d++) {
        double candidate = nearbyint(x * d) / d;
        if (fabs(candidate - x) < fabs(best - x)) best = candidate;
    }
    return best + 0.0;
}

/* False: no value stands out. logits: of one position, all columns. */
static bool read_one(const Reading *reading, const Logits *places, const double *logits,
                     Atom *out) {
    const double *own = logits + places->first;
    double value = own[0], whole = nearbyint(value);
    uint32_t best = 0;
    switch (reading->decode) {
    case DECODE_INTEGER: *out = atom_int((int64_t)whole); return fabs(value - whole) < 0.25;
    case DECODE_WHOLE:
    case DECODE_FRACTION:
        if (reading->mixed && logits[places->exact] > 0.5) {
            *out = reading->mixed_with_bools ? atom_bool(whole != 0) : atom_int((int64_t)whole);
            return fabs(value - whole) < 0.25;
        }
        if (reading->decode == DECODE_FRACTION) {
            *out = atom_float(nearest_fraction(value, reading->denominator));
            return isfinite(value);
        }
        *out = atom_float(whole + 0.0);
        return fabs(value - whole) < 0.25;
    default:
        for (uint32_t i = 1; i < places->count; i++) {
            if (own[i] > own[best]) best = i;
        }
        *out = places->atoms[best];
        return own[best] > 0.75; /* 1 where one value was gathered, less for a mixture */
    }
}

/* Reports the first position where the program has no value. */
static bool check_traps(const Interp *interp, const double *logits, uint32_t position, Span span,
                        Diagnostics *diags) {
    const Readout *readout = &interp->model->readout;
    for (uint32_t t = 0; t < readout->trap_count; t++) {
        const Trap *trap = &readout->traps[t];
        if (logits[interp->logits.count + t] < 0.5) continue;
        diag_error(diags, trap->id, trap->span.file ? trap->span : span, "position %u: %s",
                   position, trap->why->bytes);
        return false;
    }
    return true;
}

/* The value of one position; false after reporting that there is none. */
static bool decode(const Interp *interp, const double *logits, uint32_t position, Span span,
                   Arena *arena, Diagnostics *diags, Atom *out) {
    const Readout *readout = &interp->model->readout;
    Atom readings[MODEL_READINGS];
    for (uint32_t r = 0; r < readout->reading_count; r++) {
        if (read_one(&readout->readings[r], &interp->logits.readings[r], logits, &readings[r]) &&
            readings[r].kind != ATOM_OPAQUE)
            continue;
        diag_error(diags, DIAG_MEAN_OF_STRINGS, span,
                   "position %u: no single value: several different ones were gathered", position);
        return false;
    }
    uint32_t failed;
    const char *why;
    DiagId id;
    *out = atom_copy(arena, readings[0]);
    if (readout->step_count == 0 ||
        readout_value(readout, readings, arena, out, &failed, &why, &id))
        return true;
    const ReadStep *step = &readout->steps[failed];
    diag_error(diags, id, step->span.file ? step->span : span, "position %u: %s", position, why);
    return false;
}

static bool read_out(const Interp *interp, const double *logits, uint32_t n, Span span,
                     Arena *result_arena, Diagnostics *diags, Sequence *out) {
    uint32_t outputs = interp->weights->outputs, bad;
    Atom *atoms = ARENA_ARRAY(result_arena, Atom, n);
    *out = (Sequence){.n = n, .atoms = atoms};
    for (uint32_t i = 0; i < n; i++) {
        if (!check_traps(interp, logits + (size_t)(i + 1) * outputs, i, span, diags)) return false;
    }
    for (uint32_t i = 0; i < n; i++) {
        const double *here = logits + (size_t)(i + 1) * outputs;
        if (!decode(interp, here, i, span, result_arena, diags, &atoms[i])) return false;
    }
    if (sequence_type_of(atoms, n, &out->type, &bad)) return true;
    diag_error(diags, DIAG_MIXED, span, "positions 0 and %u: strings and numbers in one sequence",
               bad);
    return false;
}

/* --- running ---------------------------------------------------------------------------------- */

static bool is_too_large(const Interp *interp, uint32_t n, Span span, Diagnostics *diags) {
    double bytes = interp->forward->bytes(interp->transformer, 1, n + 1);
    if (bytes <= (double)LIMIT_DENSE_BYTES) return false;
    diag_error(diags, DIAG_TOO_LARGE_FOR_DENSE, span,
               "running the dense weights on %u positions takes %.0f MiB; the limit is %zu MiB", n,
               bytes / (1 << 20), LIMIT_DENSE_BYTES >> 20);
    return true;
}

/* Rows of the token embedding: 0 is BOS. False when the input is not one that the model takes. */
static bool embedding_rows(const Interp *interp, Input input, Span span, Diagnostics *diags,
                           uint32_t *rows) {
    if (!model_tokens(interp->model, input.tokens, input.n, span, diags, rows + 1)) return false;
    for (uint32_t i = 1; i <= input.n; i++)
        rows[i]++;
    return true;
}

/* As many of the inputs, from the first on, as are run together: few rows more than are worth
   running at once, PAD included, and little memory. At least one. */
static uint32_t batch_size(const Interp *interp, const InterpRun *runs, uint32_t count) {
    enum { ROWS_AT_ONCE = 512 };
    uint32_t rows = runs[0].input.n + 1, size = 1;
    for (; size < count; size++) {
        uint32_t longer = runs[size].input.n + 1 > rows ? runs[size].input.n + 1 : rows;
        if ((uint64_t)longer * (size + 1) > ROWS_AT_ONCE) break;
        if (interp->forward->bytes(interp->transformer, size + 1, longer) >
            (double)LIMIT_DENSE_BYTES)
            break;
        rows = longer;
    }
    return size;
}

/* The inputs that the model takes, one after the other. Returns how many; which[i] is the input of
   row i of the batch. */
static Batch batch_of(const Interp *interp, InterpRun *runs, uint32_t count, Diagnostics *diags,
                      Arena *arena, uint32_t *which) {
    uint32_t *lengths = ARENA_ARRAY(arena, uint32_t, count);
    Batch batch = {.lengths = lengths};
    for (uint32_t i = 0; i < count; i++) {
        if (runs[i].input.n + 1 > batch.rows) batch.rows = runs[i].input.n + 1;
    }
    uint32_t *tokens = ARENA_ARRAY(arena, uint32_t, (size_t)count *batch.rows);
    batch.tokens = tokens;
    for (uint32_t i = 0; i < count; i++) {
        Input input = runs[i].input;
        runs[i].diagnostic = diagnostics_count(diags);
        runs[i].done = embedding_rows(interp, input, runs[i].span, diags,
                                      tokens + (size_t)batch.count * batch.rows) &&
                       !is_too_large(interp, input.n, runs[i].span, diags);
        if (!runs[i].done) continue;
        which[batch.count] = i;
        lengths[batch.count++] = input.n;
    }
    return batch;
}

/* Logits (rows, outputs) as doubles. */
static const double *widened(const Interp *interp, Arena *arena, Numbers logits, size_t rows) {
    size_t count = rows * interp->weights->outputs;
    double *wide = ARENA_ARRAY(arena, double, count);
    for (size_t i = 0; i < count; i++)
        wide[i] = numbers_at(interp->weights->type, logits, i);
    return wide;
}

static void run_together(const Interp *interp, InterpRun *runs, uint32_t count, Arena *result_arena,
                         Diagnostics *diags) {
    Arena *scratch = arena_new(0);
    uint32_t *which = ARENA_ARRAY(scratch, uint32_t, count);
    Batch batch = batch_of(interp, runs, count, diags, scratch, which);
    Numbers narrow = interp->forward->run(interp->transformer, &batch, scratch, NULL);
    const double *logits = widened(interp, scratch, narrow, (size_t)batch.count * batch.rows);
    for (uint32_t b = 0; b < batch.count; b++) {
        InterpRun *run = &runs[which[b]];
        run->diagnostic = diagnostics_count(diags);
        run->done = read_out(interp, logits + (size_t)b * batch.rows * interp->weights->outputs,
                             run->input.n, run->span, result_arena, diags, &run->sequence);
    }
    arena_free(scratch);
}

void interp_run_batch(const Interp *interp, InterpRun *runs, uint32_t count, Arena *result_arena,
                      Diagnostics *diags) {
    for (uint32_t first = 0, size; first < count; first += size) {
        size = batch_size(interp, runs + first, count - first);
        run_together(interp, runs + first, size, result_arena, diags);
    }
}

bool interp_run(const Interp *interp, Input input, Span span, Arena *result_arena,
                Diagnostics *diags, Sequence *out) {
    InterpRun run = {.input = input, .span = span};
    interp_run_batch(interp, &run, 1, result_arena, diags);
    *out = run.sequence;
    return run.done;
}

bool interp_trace(const Interp *interp, Input input, Span span, Arena *arena, Diagnostics *diags,
                  InterpTrace *out) {
    uint32_t *tokens = ARENA_ARRAY(arena, uint32_t, (size_t)input.n + 1);
    const DenseModel *weights = interp->weights;
    if (!embedding_rows(interp, input, span, diags, tokens) ||
        is_too_large(interp, input.n, span, diags))
        return false;
    *out = (InterpTrace){.model = interp->model,
                         .rows = input.n + 1,
                         .width = weights->width,
                         .layer_count = weights->layer_count};
    out->streams = ARENA_ARRAY(arena, Numbers, weights->layer_count + 1);
    Batch batch = {1, input.n + 1, &input.n, tokens};
    (void)interp->forward->run(interp->transformer, &batch, arena, out->streams);
    return true;
}
