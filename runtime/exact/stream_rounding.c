#include "runtime/exact/stream_rounding.h"

#include <math.h>

StreamRounding stream_rounding(const RealModel *model, uint32_t n, const double *stream,
                               Arena *arena) {
    StreamRounding rounding = {model, n, ARENA_ARRAY(arena, double, (size_t)model->width *n)};
    for (size_t i = 0; i < (size_t)model->width * n; i++)
        rounding.magnitudes[i] = fabs(stream[i]);
    return rounding;
}

/* A sum in magnitudes, and as it is. BOS has a 1 in the null, the others a 0. */
typedef struct Size {
    double magnitude, value;
} Size;

static void add_weighted(Size *size, double weight, double x) {
    size->value += weight * x;
    size->magnitude += fabs(weight * x);
}

/* Row r of the function at a position; of a value that is moved also at BOS. */
static Size size_of(const StreamRounding *rounding, const Affine *affine, uint32_t r, uint32_t i,
                    const double *stream) {
    Size size = {0};
    if (affine->constant) add_weighted(&size, affine->constant[r], 1);
    for (uint32_t t = 0; t < affine->count; t++) {
        const AffineTerm *term = &affine->terms[t];
        const RealSpace *space = &rounding->model->spaces[term->space];
        const double *x = stream + (size_t)space->offset * rounding->n + i;
        for (uint32_t c = 0; c < space->width; c++) {
            bool reads = term->matrix || space->width == 1 || c == r;
            double weight =
                term->matrix ? term->matrix[(size_t)r * space->width + c] : term->factor;
            if (reads) add_weighted(&size, weight, x[(size_t)c * rounding->n]);
            if (reads && term->space == REAL_NULL) size.magnitude += fabs(weight);
        }
    }
    return size;
}

static void add(StreamRounding *rounding, uint32_t coordinate, uint32_t i, double magnitude) {
    rounding->magnitudes[(size_t)coordinate * rounding->n + i] += magnitude;
}

/* An average of some keys. What other normalisers weigh is rounded itself: by a part of 1. */
static void add_move(StreamRounding *rounding, const RealHead *head, const RealMove *move,
                     const double *stream) {
    uint32_t first = rounding->model->spaces[move->target].offset;
    bool averages =
        head->normaliser == NORMALISER_HARDMAX || head->normaliser == NORMALISER_HARDMAX_FIRST;
    for (uint32_t r = 0; r < move->value.rows; r++) {
        double most = averages ? 0 : 1;
        for (uint32_t key = 0; key < rounding->n; key++)
            most = fmax(most, size_of(rounding, &move->value, r, key, stream).magnitude);
        if (head->normaliser == NORMALISER_LINEAR_RAW) most *= rounding->n;
        for (uint32_t query = 0; query < rounding->n; query++)
            add(rounding, first + r, query, most);
    }
}

void stream_rounding_heads(StreamRounding *rounding, const RealLayer *layer, const double *stream) {
    for (uint32_t h = 0; h < layer->head_count; h++)
        for (uint32_t m = 0; m < layer->heads[h].move_count; m++)
            add_move(rounding, &layer->heads[h], &layer->heads[h].moves[m], stream);
}

/* --- units ------------------------------------------------------------------------------------ */

/* Argument a, where row r of the result takes it. */
static Size argument(const StreamRounding *rounding, const RealUnit *unit, uint32_t a, uint32_t r,
                     uint32_t i, const double *stream) {
    if (a >= unit->argument_count) return (Size){0};
    const Affine *affine = &unit->arguments[a];
    return size_of(rounding, affine, affine->rows == 1 ? 0 : r, i, stream);
}

static double dot_magnitude(const StreamRounding *rounding, const RealUnit *unit, uint32_t i,
                            const double *stream) {
    double sum = 0;
    for (uint32_t r = 0; r < unit->arguments[0].rows; r++) {
        double a = argument(rounding, unit, 0, r, i, stream).magnitude;
        sum += unit->op == OP_SUM ? a : a * argument(rounding, unit, 1, r, i, stream).magnitude;
    }
    return sum;
}

static double relus_magnitude(const StreamRounding *rounding, const RealUnit *unit, uint32_t r,
                              uint32_t i, const double *stream) {
    double sum = 0;
    for (uint32_t k = 0; k < unit->relus; k++)
        sum += fabs(unit->out[(size_t)r * unit->relus + k]) *
               size_of(rounding, &unit->arguments[0], k, i, stream).magnitude;
    return sum;
}

/* Truths and integers are off by nothing, or by 1. */
static double operation_magnitude(const StreamRounding *rounding, const RealUnit *unit, uint32_t r,
                                  uint32_t i, const double *stream) {
    if (unit->op == OP_DOT || unit->op == OP_SUM) return dot_magnitude(rounding, unit, i, stream);
    Size a = argument(rounding, unit, 0, r, i, stream);
    Size b = argument(rounding, unit, 1, r, i, stream);
    switch (unit->op) {
    case OP_POS:
    case OP_NEG:
    case OP_ABS:
    case OP_RELU: return a.magnitude;
    case OP_ADD:
    case OP_SUB: return a.magnitude + b.magnitude;
    case OP_MUL: return a.magnitude * b.magnitude;
    case OP_DIV: return a.magnitude * b.magnitude / (b.value * b.value);
    case OP_POW: return b.value >= 1 ? pow(a.magnitude, b.value) : 1;
    case OP_CHOOSE: return fmax(b.magnitude, argument(rounding, unit, 2, r, i, stream).magnitude);
    default: return 1;
    }
}

static void add_unit(StreamRounding *rounding, const RealUnit *unit, const double *stream) {
    const RealSpace *space = &rounding->model->spaces[unit->target];
    for (uint32_t r = 0; r < space->width; r++) {
        for (uint32_t i = 0; i < rounding->n; i++) {
            double magnitude = unit->kind == REAL_RELU
                                   ? relus_magnitude(rounding, unit, r, i, stream)
                                   : operation_magnitude(rounding, unit, r, i, stream);
            add(rounding, space->offset + r, i, isfinite(magnitude) ? magnitude : 1);
        }
    }
}

void stream_rounding_units(StreamRounding *rounding, const RealLayer *layer, const double *stream) {
    for (uint32_t u = 0; u < layer->unit_count; u++) {
        const RealSpace *space = &rounding->model->spaces[layer->units[u].target];
        double *target = rounding->magnitudes + (size_t)space->offset * rounding->n;
        for (size_t i = 0;
             layer->units[u].kind == REAL_ERASE && i < (size_t)space->width * rounding->n; i++)
            target[i] = 0;
    }
    for (uint32_t u = 0; u < layer->unit_count; u++)
        if (layer->units[u].kind != REAL_ERASE) add_unit(rounding, &layer->units[u], stream);
}
