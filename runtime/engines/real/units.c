#include "runtime/engines/real/units.h"

#include "runtime/base/bug.h"

#include <string.h>

PackedRealUnits units_pack(Arena *arena, const DenseRealLayer *layer, uint32_t width) {
    PackedRealUnit *units = ARENA_ARRAY(arena, PackedRealUnit, layer->unit_count);
    PackedRealUnits packed = {.count = layer->unit_count, .units = units};
    for (uint32_t u = 0; u < layer->unit_count; u++) {
        const DenseRealUnit *dense = &layer->units[u];
        units[u].dense = dense;
        if (dense->kind != REAL_ERASE) packed.results += dense->width;
        for (uint32_t a = 0; a < dense->argument_count; a++) {
            units[u].in[a] = columns_pack(arena, dense->w_in[a], width, dense->rows[a], false);
            if (dense->rows[a] > packed.widest) packed.widest = dense->rows[a];
            packed.weights += dense->rows[a] + columns_weights(&units[u].in[a]);
        }
        if (dense->kind != REAL_RELU) continue;
        units[u].out = columns_pack(arena, dense->w_out, dense->rows[0], dense->width, false);
        packed.weights += columns_weights(&units[u].out);
    }
    return packed;
}

/* --- number by number ------------------------------------------------------------------------- */

/* Python's remainder: it has the divisor's sign. */
static double remainder_of(double a, double b) {
    double rest = fmod(a, b);
    if (rest == 0) return copysign(0.0, b);
    return (rest < 0) != (b < 0) ? rest + b : rest;
}

static bool holds(double condition) { return condition > 0.5; }

/* What has one argument; libm's functions are of doubles, and the result is then rounded. */
static void apply_one(GraphOp op, const Real *a, size_t count, Real *out) {
#define EACH(id, expression)                                                                       \
    case id:                                                                                       \
        for (size_t i = 0; i < count; i++) {                                                       \
            double x = a[i];                                                                       \
            out[i] = (Real)(expression);                                                           \
        }                                                                                          \
        return;
    switch (op) {
        EACH(OP_NEG, -x)
        EACH(OP_POS, x)
        EACH(OP_ROUND, nearbyint(x))
        EACH(OP_NOT, !holds(x))
        EACH(OP_INDICATOR, holds(x))
        EACH(OP_EXP, exp(x))
        EACH(OP_LOG, log(x))
        EACH(OP_SQRT, sqrt(x))
        EACH(OP_ABS, fabs(x))
        EACH(OP_FLOOR, floor(x))
        EACH(OP_CEIL, ceil(x))
        EACH(OP_SIN, sin(x))
        EACH(OP_COS, cos(x))
        EACH(OP_TANH, tanh(x))
        EACH(OP_RELU, x > 0 ? x : 0)
        EACH(OP_SIGN, (x > 0) - (x < 0))
    default: BUG("%s as a unit", op_info(op)->name);
    }
#undef EACH
}

/* What has two; of float32s one operation in double, rounded, is the one in float32. */
static void apply_two(GraphOp op, const Real *a, const Real *b, size_t count, Real *out) {
#define EACH(id, expression)                                                                       \
    case id:                                                                                       \
        for (size_t i = 0; i < count; i++) {                                                       \
            double x = a[i], y = b[i];                                                             \
            out[i] = (Real)(expression);                                                           \
        }                                                                                          \
        return;
    switch (op) {
        EACH(OP_ADD, x + y)
        EACH(OP_SUB, x - y)
        EACH(OP_MUL, x * y)
        EACH(OP_DIV, x / y)
        EACH(OP_MOD, remainder_of(x, y))
        EACH(OP_POW, pow(x, y))
        EACH(OP_LT, x < y)
        EACH(OP_LE, x <= y)
        EACH(OP_GT, x > y)
        EACH(OP_GE, x >= y)
        EACH(OP_AND, holds(x) && holds(y))
        EACH(OP_OR, holds(x) || holds(y))
    default: apply_one(op, a, count, out);
    }
#undef EACH
}

/* --- over the components of one position ------------------------------------------------------ */

/* Everything below is of (rows, count) numbers, a column a position; sums begin at component 0. */

static void dot_columns(const Real *a, const Real *b, uint32_t rows, size_t count, Real *out) {
    memset(out, 0, count * sizeof *out);
    for (uint32_t r = 0; r < rows; r++) {
        for (size_t i = 0; i < count; i++)
            out[i] += a[r * count + i] * b[r * count + i];
    }
}

static void sum_columns(const Real *a, uint32_t rows, size_t count, Real *out) {
    memset(out, 0, count * sizeof *out);
    for (uint32_t r = 0; r < rows; r++) {
        for (size_t i = 0; i < count; i++)
            out[i] += a[r * count + i];
    }
}

/* The root of what `out` holds over the divisor. */
static void root_columns(Real *out, Real divisor, size_t count) {
    for (size_t i = 0; i < count; i++)
        out[i] = (Real)sqrt(out[i] / divisor);
}

static void equal_columns(const Real *a, const Real *b, uint32_t rows, size_t count, Real *out) {
    for (size_t i = 0; i < count; i++) {
        out[i] = 1;
        for (uint32_t r = 0; r < rows; r++) {
            if (!(a[r * count + i] == b[r * count + i])) out[i] = 0;
        }
    }
}

static void extreme_columns(const Real *a, uint32_t rows, size_t count, bool greatest, Real *out) {
    for (size_t i = 0; i < count; i++) {
        uint32_t best = 0;
        for (uint32_t r = 1; r < rows; r++) {
            Real here = a[r * count + i], so_far = a[best * count + i];
            if (greatest ? here > so_far : here < so_far) best = r;
        }
        out[i] = (Real)best;
    }
}

static void one_hot(const Real *a, uint32_t width, size_t count, Real *out) {
    for (uint32_t r = 0; r < width; r++) {
        for (size_t i = 0; i < count; i++)
            out[r * count + i] = a[i] == (Real)r;
    }
}

/* a: (rows, count); divisor: (count). */
static void divide_columns(const Real *a, const Real *divisor, uint32_t rows, size_t count,
                           Real *out) {
    for (uint32_t r = 0; r < rows; r++) {
        for (size_t i = 0; i < count; i++)
            out[r * count + i] = a[r * count + i] / divisor[i];
    }
}

/* spare: (count). */
static void normalise(GraphOp op, Real *a, uint32_t rows, size_t count, Real *spare, Real *out) {
    if (op == OP_LAYERNORM) {
        sum_columns(a, rows, count, spare);
        for (size_t i = 0; i < count; i++)
            spare[i] /= (Real)rows;
        for (uint32_t r = 0; r < rows; r++) {
            for (size_t i = 0; i < count; i++)
                a[r * count + i] -= spare[i];
        }
    }
    dot_columns(a, a, rows, count, spare);
    root_columns(spare, op == OP_UNIT ? 1 : (Real)rows, count);
    divide_columns(a, spare, rows, count, out);
}

static void choose_columns(const Real *condition, bool shared, const Real *a, const Real *b,
                           uint32_t rows, size_t count, Real *out) {
    for (uint32_t r = 0; r < rows; r++) {
        for (size_t i = 0; i < count; i++) {
            size_t at = r * count + i;
            out[at] = holds(condition[shared ? i : at]) ? a[at] : b[at];
        }
    }
}

/* --- one unit --------------------------------------------------------------------------------- */

/* args: (rows of each, count); out: (width, count). */
static void run_operation(const DenseRealUnit *unit, Real *const args[3], size_t count, Real *spare,
                          Real *out) {
    uint32_t rows = unit->rows[0];
    switch (unit->op) {
    case OP_DOT: dot_columns(args[0], args[1], rows, count, out); return;
    case OP_SUM: sum_columns(args[0], rows, count, out); return;
    case OP_NORM:
        dot_columns(args[0], args[0], rows, count, out);
        root_columns(out, 1, count);
        return;
    case OP_EQ: equal_columns(args[0], args[1], rows, count, out); return;
    case OP_ARGMIN:
    case OP_ARGMAX: extreme_columns(args[0], rows, count, unit->op == OP_ARGMAX, out); return;
    case OP_ONEHOT: one_hot(args[0], unit->width, count, out); return;
    case OP_LAYERNORM:
    case OP_RMSNORM:
    case OP_UNIT: normalise(unit->op, args[0], rows, count, spare, out); return;
    case OP_CHOOSE:
        choose_columns(args[0], rows == 1, args[1], args[2], unit->width, count, out);
        return;
    default: apply_two(unit->op, args[0], args[1], unit->width * count, out);
    }
}

static void run_unit(const PackedRealUnit *unit, const Real *stream, uint32_t n, size_t count,
                     Real *const args[3], Real *spare, Real *out) {
    const DenseRealUnit *dense = unit->dense;
    for (uint32_t a = 0; a < dense->argument_count; a++)
        columns_apply(&unit->in[a], stream, n, count, args[a], count);
    if (dense->kind == REAL_OPERATION) {
        run_operation(dense, args, count, spare, out);
        return;
    }
    for (size_t i = 0; i < dense->rows[0] * count; i++)
        args[0][i] = args[0][i] > 0 ? args[0][i] : 0;
    columns_apply(&unit->out, args[0], count, count, out, count);
}

/* The targets of erasures become 0, then what the others computed is added. */
static void write_results(const PackedRealUnits *units, const Real *results, Real *stream,
                          uint32_t n, size_t count) {
    for (uint32_t u = 0; u < units->count; u++) {
        const DenseRealUnit *dense = units->units[u].dense;
        for (uint32_t c = 0; dense->kind == REAL_ERASE && c < dense->width; c++)
            memset(stream + (size_t)(dense->offset + c) * n, 0, count * sizeof *stream);
    }
    for (uint32_t u = 0; u < units->count; u++) {
        const DenseRealUnit *dense = units->units[u].dense;
        for (uint32_t c = 0; dense->kind != REAL_ERASE && c < dense->width; c++) {
            Real *target = stream + (size_t)(dense->offset + c) * n;
            for (size_t i = 0; i < count; i++)
                target[i] += *results++;
        }
    }
}

void units_run(const PackedRealUnits *units, Real *stream, uint32_t n) {
    enum { POSITIONS = 256 }; /* so that a block stays in the cache */
    Arena *arena = arena_new(0);
    Real *args[3], *spare = arena_array(arena, POSITIONS, sizeof *spare);
    for (int a = 0; a < 3; a++)
        args[a] = arena_array(arena, (size_t)POSITIONS * units->widest, sizeof *args[a]);
    Real *results = arena_array(arena, (size_t)POSITIONS * units->results, sizeof *results);
    for (uint32_t first = 0; first < n && units->count > 0; first += POSITIONS) {
        size_t count = n - first < POSITIONS ? n - first : POSITIONS;
        Real *out = results;
        for (uint32_t u = 0; u < units->count; u++) {
            const DenseRealUnit *dense = units->units[u].dense;
            if (dense->kind == REAL_ERASE) continue;
            run_unit(&units->units[u], stream + first, n, count, args, spare, out);
            out += dense->width * count;
        }
        write_results(units, results, stream + first, n, count);
    }
    arena_free(arena);
}
