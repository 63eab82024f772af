/* Affine functions of the stream as ONNX nodes, and the constants that they are made of. */
#include "runtime/export/real_onnx.h"

#include <math.h>
#include <string.h>

struct RealConstant {
    RealConstant *next;
    uint64_t rows, columns;
    Numbers numbers;
    Edge edge;
};

Edge real_fresh(RealWriter *w, const char *text) {
    return onnx_name(&w->graph, "%s.%u", text, w->fresh++);
}

/* --- constants -------------------------------------------------------------------------------- */

/* FNV-1a. */
static uint64_t hash_of(const char *bytes, size_t len) {
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < len; i++)
        hash = (hash ^ (unsigned char)bytes[i]) * UINT64_C(0x100000001b3);
    return hash;
}

static uint64_t count_of(uint64_t rows, uint64_t columns) {
    return (rows ? rows : 1) * (columns ? columns : 1);
}

Edge real_numbers_constant(RealWriter *w, const double *values, uint64_t rows, uint64_t columns) {
    OnnxGraph *g = &w->graph;
    FloatType type = g->float_type;
    uint64_t count = count_of(rows, columns);
    size_t bytes = count * float_info(type)->size;
    for (uint64_t i = 0; i < count; i++)
        w->overflows = w->overflows || fabs(values[i]) > float_greatest(type);
    Numbers numbers = numbers_hold(g->arena, type, values, count);
    RealConstant **bucket = &w->constants[hash_of(numbers.bytes, bytes) % REAL_CONSTANT_BUCKETS];
    for (RealConstant *c = *bucket; c; c = c->next) {
        if (c->rows == rows && c->columns == columns &&
            memcmp(c->numbers.bytes, numbers.bytes, bytes) == 0)
            return c->edge;
    }
    RealConstant *made = ARENA_NEW(g->arena, RealConstant);
    Edge name = onnx_name(&(OnnxGraph){.arena = g->arena}, "constants/%u", w->fresh++);
    uint64_t dims[] = {rows, columns};
    *made = (RealConstant){*bucket, rows, columns, numbers, name};
    *bucket = made;
    return onnx_tensor(g, name, onnx_float_type(g), dims, (rows > 0) + (columns > 0), numbers.bytes,
                       bytes);
}

Edge real_number_constant(RealWriter *w, double value) {
    return real_numbers_constant(w, &value, 0, 0);
}

/* --- the stream ------------------------------------------------------------------------------- */

Edge real_space(RealWriter *w, SpaceId space) {
    if (w->spaces[space]) return w->spaces[space];
    uint32_t width = w->model->spaces[space].width;
    Edge zeros = real_numbers_constant(w, ARENA_ARRAY(w->graph.arena, double, width), width, 0);
    return onnx_binary(&w->graph, "Mul", real_fresh(w, "zeros"), w->one, zeros);
}

void real_add_to_space(RealWriter *w, SpaceId space, Edge update) {
    Edge *held = &w->spaces[space];
    *held = *held ? onnx_binary(&w->graph, "Add",
                                real_fresh(w, w->model->spaces[space].name->bytes), *held, update)
                  : update;
}

/* --- affine functions ------------------------------------------------------------------------- */

/* Its constants and what it has of `one`, (rows). */
static double *constants_of(const Affine *affine, Arena *arena, bool *any) {
    double *values = ARENA_ARRAY(arena, double, affine->rows);
    for (uint32_t r = 0; r < affine->rows && affine->constant; r++)
        values[r] = affine->constant[r];
    for (uint32_t t = 0; t < affine->count; t++) {
        const AffineTerm *term = &affine->terms[t];
        for (uint32_t r = 0; r < affine->rows && term->space == REAL_ONE; r++)
            values[r] += term->matrix ? term->matrix[r] : term->factor;
    }
    *any = false;
    for (uint32_t r = 0; r < affine->rows; r++)
        *any = *any || values[r] != 0;
    return values;
}

/* matrix (rows, width) times each position's vector. */
static Edge matrix_term(RealWriter *w, const AffineTerm *term, Edge space, uint32_t rows) {
    uint32_t width = w->model->spaces[term->space].width;
    double *turned = ARENA_ARRAY(w->graph.arena, double, (size_t)rows *width);
    for (uint32_t r = 0; r < rows; r++) {
        for (uint32_t c = 0; c < width; c++)
            turned[(size_t)c * rows + r] = term->matrix[(size_t)r * width + c];
    }
    return onnx_binary(&w->graph, "MatMul", real_fresh(w, "product"), space,
                       real_numbers_constant(w, turned, width, rows));
}

/* One number for every row: (B, S, 1) becomes (B, S, rows). */
static Edge spread_term(RealWriter *w, const AffineTerm *term, Edge space, uint32_t rows) {
    double *factors = ARENA_ARRAY(w->graph.arena, double, rows);
    for (uint32_t r = 0; r < rows; r++)
        factors[r] = term->factor;
    return onnx_binary(&w->graph, "Mul", real_fresh(w, "spread"), space,
                       real_numbers_constant(w, factors, rows, 0));
}

static Edge add_term(RealWriter *w, const AffineTerm *term, uint32_t rows, Edge sum) {
    OnnxGraph *g = &w->graph;
    Edge space = w->spaces[term->space];
    double factor = term->factor;
    if (term->matrix)
        space = matrix_term(w, term, space, rows);
    else if (w->model->spaces[term->space].width != rows)
        space = spread_term(w, term, space, rows);
    else if (factor == -1 && sum)
        return onnx_binary(g, "Sub", real_fresh(w, "affine"), sum, space);
    else if (factor != 1)
        space =
            onnx_binary(g, "Mul", real_fresh(w, "scaled"), space, real_number_constant(w, factor));
    return sum ? onnx_binary(g, "Add", real_fresh(w, "affine"), sum, space) : space;
}

Edge real_affine(RealWriter *w, const Affine *affine) {
    bool any, full = false;
    double *constant = constants_of(affine, w->graph.arena, &any);
    Edge sum = any ? real_numbers_constant(w, constant, affine->rows, 0) : NULL;
    for (uint32_t t = 0; t < affine->count; t++) {
        const AffineTerm *term = &affine->terms[t];
        /* `null` is 0 at the rows of the input. */
        if (term->space <= REAL_NULL || !w->spaces[term->space]) continue;
        sum = add_term(w, term, affine->rows, sum);
        full = true;
    }
    if (full) return sum;
    return onnx_binary(&w->graph, "Mul", real_fresh(w, "everywhere"), w->one,
                       real_numbers_constant(w, constant, affine->rows, 0));
}

bool real_affine_constant(const Affine *affine, double *value) {
    *value = affine->constant ? affine->constant[0] : 0;
    for (uint32_t t = 0; t < affine->count; t++) {
        const AffineTerm *term = &affine->terms[t];
        if (term->space != REAL_ONE) return false;
        *value += term->matrix ? term->matrix[0] : term->factor;
    }
    return true;
}

const double *real_affine_at_bos(RealWriter *w, const Affine *affine) {
    double *values = ARENA_ARRAY(w->graph.arena, double, affine->rows);
    for (uint32_t t = 0; t < affine->count; t++) {
        const AffineTerm *term = &affine->terms[t];
        for (uint32_t r = 0; r < affine->rows && term->space == REAL_NULL; r++)
            values[r] = term->matrix ? term->matrix[r] : term->factor;
    }
    return values;
}

/* --- conditions ------------------------------------------------------------------------------- */

Edge real_truth_number(RealWriter *w, Edge truth) {
    return onnx_cast(&w->graph, real_fresh(w, "number"), truth, onnx_float_type(&w->graph));
}

Edge real_holds(RealWriter *w, Edge number) {
    return onnx_binary(&w->graph, "Greater", real_fresh(w, "holds"), number, w->half);
}

Edge real_row_sum(RealWriter *w, Edge a) {
    return onnx_binary(&w->graph, "ReduceSum", real_fresh(w, "sum"), a, w->component);
}

Edge real_row_greatest(RealWriter *w, Edge a) {
    const OnnxAttribute axes[] = {{"axes", 0, 1, {REAL_AXIS_COMPONENT}}, {0}};
    return onnx_node(&w->graph, "ReduceMax", real_fresh(w, "greatest"), axes,
                     (const Edge[]){a, NULL});
}

void real_mark_undefined(RealWriter *w, Edge bad) {
    OnnxGraph *g = &w->graph;
    Edge anywhere = real_holds(w, real_row_greatest(w, real_truth_number(w, bad)));
    w->undefined = onnx_binary(g, "Or", real_fresh(w, "undefined"), w->undefined, anywhere);
}

/* inf - inf is not a number either. */
Edge real_not_finite(RealWriter *w, Edge a) {
    Edge difference = onnx_binary(&w->graph, "Sub", real_fresh(w, "difference"), a, a);
    return onnx_unary(&w->graph, "IsNaN", real_fresh(w, "not_finite"), difference);
}

Edge real_reaches(RealWriter *w, Edge a, double limit) {
    OnnxGraph *g = &w->graph;
    Edge magnitude = onnx_unary(g, "Abs", real_fresh(w, "magnitude"), a);
    Edge most = onnx_float(g, real_fresh(w, "limit"), limit);
    return onnx_binary(g, "GreaterOrEqual", real_fresh(w, "is_rounded"), magnitude, most);
}
