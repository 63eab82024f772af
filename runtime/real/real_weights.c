#include "runtime/real/real_weights.h"

#include "runtime/base/limits.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

typedef struct Maker {
    Arena *arena, *scratch;
    const RealModel *model;
    bool overflows; /* a number is beyond the type's greatest */
} Maker;

/* --- matrices --------------------------------------------------------------------------------- */

/* (rows, columns), being made. */
typedef struct Matrix64 {
    double *data;
    size_t rows, columns;
} Matrix64;

static Matrix64 matrix_new(Maker *maker, size_t rows, size_t columns) {
    return (Matrix64){ARENA_ARRAY(maker->scratch, double, rows *columns), rows, columns};
}

static double *cell(Matrix64 *matrix, size_t row, size_t column) {
    return &matrix->data[row * matrix->columns + column];
}

/* Holds the matrix in the model's type. Large ones must not pile up: scratch is given back. */
static Numbers matrix_hold(Maker *maker, const Matrix64 *matrix) {
    size_t count = matrix->rows * matrix->columns;
    double greatest = float_greatest(maker->model->float_type);
    for (size_t i = 0; i < count; i++)
        maker->overflows = maker->overflows || fabs(matrix->data[i]) > greatest;
    Numbers held = numbers_hold(maker->arena, maker->model->float_type, matrix->data, count);
    arena_free(maker->scratch);
    maker->scratch = arena_new(0);
    return held;
}

/* Writes an affine function of the stream from a column on. */
static void add_affine(const RealModel *model, Matrix64 *matrix, uint32_t column,
                       const Affine *affine) {
    for (uint32_t r = 0; r < affine->rows; r++) {
        if (affine->constant)
            *cell(matrix, model->spaces[REAL_ONE].offset, column + r) += affine->constant[r];
        for (uint32_t t = 0; t < affine->count; t++) {
            const AffineTerm *term = &affine->terms[t];
            const RealSpace *space = &model->spaces[term->space];
            if (!term->matrix) {
                *cell(matrix, space->offset + (space->width == 1 ? 0 : r), column + r) +=
                    term->factor;
                continue;
            }
            for (uint32_t c = 0; c < space->width; c++)
                *cell(matrix, space->offset + c, column + r) +=
                    term->matrix[(size_t)r * space->width + c];
        }
    }
}

static Numbers affine_weights(Maker *maker, const Affine *affine) {
    Matrix64 matrix = matrix_new(maker, maker->model->width, affine->rows);
    add_affine(maker->model, &matrix, 0, affine);
    return matrix_hold(maker, &matrix);
}

/* --- heads ------------------------------------------------------------------------------------ */

static uint32_t score_width(const RealHead *head) {
    uint32_t width = 0;
    for (uint32_t s = 0; s < head->score_count; s++)
        width += head->scores[s].key.rows;
    return width;
}

static uint32_t value_width(const RealHead *head) {
    uint32_t width = 0;
    for (uint32_t m = 0; m < head->move_count; m++)
        width += head->moves[m].value.rows;
    return width;
}

static uint32_t comparison_count(const RealHead *head) {
    uint32_t count = 0;
    for (uint32_t g = 0; g < head->gate_count; g++)
        count += head->gates[g].kind == GATE_COMPARE;
    return count;
}

/* by_key: the keys' side, else the queries'. */
static Numbers score_weights(Maker *maker, const RealHead *head, bool by_key) {
    Matrix64 matrix = matrix_new(maker, maker->model->width, score_width(head));
    uint32_t column = 0;
    for (uint32_t s = 0; s < head->score_count; s++) {
        const ScoreTerm *term = &head->scores[s];
        add_affine(maker->model, &matrix, column, by_key ? &term->key : &term->query);
        column += term->key.rows;
    }
    return matrix_hold(maker, &matrix);
}

static Numbers gate_weights(Maker *maker, const RealHead *head, bool by_key) {
    Matrix64 matrix = matrix_new(maker, maker->model->width, comparison_count(head));
    uint32_t column = 0;
    for (uint32_t g = 0; g < head->gate_count; g++) {
        const Gate *gate = &head->gates[g];
        if (gate->kind == GATE_COMPARE)
            add_affine(maker->model, &matrix, column++, by_key ? &gate->key : &gate->query);
    }
    return matrix_hold(maker, &matrix);
}

static const DenseGate *dense_gates(Maker *maker, const RealHead *head) {
    DenseGate *gates = ARENA_ARRAY(maker->arena, DenseGate, head->gate_count);
    uint32_t column = 0;
    for (uint32_t g = 0; g < head->gate_count; g++) {
        const Gate *gate = &head->gates[g];
        gates[g] = (DenseGate){gate->kind, gate->relation, gate->a, gate->b};
        if (gate->kind == GATE_COMPARE) gates[g].a = column++;
    }
    return gates;
}

static Numbers value_weights(Maker *maker, const RealHead *head) {
    Matrix64 matrix = matrix_new(maker, maker->model->width, value_width(head));
    uint32_t column = 0;
    for (uint32_t m = 0; m < head->move_count; m++) {
        add_affine(maker->model, &matrix, column, &head->moves[m].value);
        column += head->moves[m].value.rows;
    }
    return matrix_hold(maker, &matrix);
}

static Numbers output_weights(Maker *maker, const RealHead *head) {
    Matrix64 matrix = matrix_new(maker, value_width(head), maker->model->width);
    uint32_t row = 0;
    for (uint32_t m = 0; m < head->move_count; m++) {
        const RealSpace *target = &maker->model->spaces[head->moves[m].target];
        for (uint32_t c = 0; c < target->width; c++)
            *cell(&matrix, row++, target->offset + c) = 1;
    }
    return matrix_hold(maker, &matrix);
}

static DenseRealHead dense_head(Maker *maker, const RealHead *head) {
    return (DenseRealHead){.normaliser = head->normaliser,
                           .width = score_width(head),
                           .w_q = score_weights(maker, head, false),
                           .w_k = score_weights(maker, head, true),
                           .values = value_width(head),
                           .w_v = value_weights(maker, head),
                           .w_o = output_weights(maker, head),
                           .comparisons = comparison_count(head),
                           .w_gq = gate_weights(maker, head, false),
                           .w_gk = gate_weights(maker, head, true),
                           .gate_count = head->gate_count,
                           .gates = dense_gates(maker, head)};
}

/* --- units ------------------------------------------------------------------------------------ */

/* Row by row a ReLU, where the model has them column by column. */
static Numbers relu_weights(Maker *maker, const RealUnit *unit, uint32_t width) {
    Matrix64 matrix = matrix_new(maker, unit->relus, width);
    for (uint32_t r = 0; r < unit->relus; r++) {
        for (uint32_t c = 0; c < width; c++)
            *cell(&matrix, r, c) = unit->out[(size_t)c * unit->relus + r];
    }
    return matrix_hold(maker, &matrix);
}

static DenseRealUnit dense_unit(Maker *maker, const RealUnit *unit) {
    const RealSpace *target = &maker->model->spaces[unit->target];
    DenseRealUnit dense = {
        .kind = unit->kind, .op = unit->op, .offset = target->offset, .width = target->width};
    if (unit->kind == REAL_ERASE) return dense;
    dense.argument_count = unit->argument_count;
    for (uint32_t a = 0; a < unit->argument_count; a++) {
        dense.rows[a] = unit->arguments[a].rows;
        dense.w_in[a] = affine_weights(maker, &unit->arguments[a]);
    }
    if (unit->kind == REAL_RELU) dense.w_out = relu_weights(maker, unit, target->width);
    return dense;
}

static DenseRealLayer dense_layer(Maker *maker, const RealLayer *layer) {
    DenseRealHead *heads = ARENA_ARRAY(maker->arena, DenseRealHead, layer->head_count);
    DenseRealUnit *units = ARENA_ARRAY(maker->arena, DenseRealUnit, layer->unit_count);
    for (uint32_t h = 0; h < layer->head_count; h++)
        heads[h] = dense_head(maker, &layer->heads[h]);
    for (uint32_t u = 0; u < layer->unit_count; u++)
        units[u] = dense_unit(maker, &layer->units[u]);
    return (DenseRealLayer){layer->head_count, heads, layer->unit_count, units};
}

/* --- both ends -------------------------------------------------------------------------------- */

static uint32_t input_columns(const RealModel *model) {
    uint32_t columns = 0;
    for (uint32_t i = 0; i < model->input_count; i++)
        columns += model->spaces[model->inputs[i].space].width;
    return columns;
}

static uint32_t output_columns(const RealModel *model) {
    uint32_t columns = 0;
    for (uint32_t o = 0; o < model->output_count; o++)
        columns += model->outputs[o].value.rows;
    return columns;
}

static uint32_t position_rows(const RealModel *model) {
    return model->position_count > 0 ? 1 + model->max_length : 2;
}

static Numbers input_weights(Maker *maker) {
    const RealModel *model = maker->model;
    Matrix64 matrix = matrix_new(maker, input_columns(model), model->width);
    uint32_t column = 0;
    for (uint32_t i = 0; i < model->input_count; i++) {
        const RealSpace *space = &model->spaces[model->inputs[i].space];
        for (uint32_t c = 0; c < space->width; c++)
            *cell(&matrix, column++, space->offset + c) = 1;
    }
    return matrix_hold(maker, &matrix);
}

static Numbers position_weights(Maker *maker) {
    const RealModel *model = maker->model;
    uint32_t rows = position_rows(model);
    Matrix64 matrix = matrix_new(maker, rows, model->width);
    *cell(&matrix, 0, model->spaces[REAL_NULL].offset) = 1;
    for (uint32_t r = 1; r < rows; r++)
        *cell(&matrix, r, model->spaces[REAL_ONE].offset) = 1;
    for (uint32_t p = 0; p < model->position_count; p++) {
        const RealSpace *space = &model->spaces[model->positions[p].space];
        const double *values = model->positions[p].values;
        for (uint32_t r = 1; r < rows; r++) {
            memcpy(cell(&matrix, r, space->offset), values, space->width * sizeof *values);
            values += space->width;
        }
    }
    return matrix_hold(maker, &matrix);
}

static Numbers until_weights(Maker *maker) {
    const RealModel *model = maker->model;
    Matrix64 matrix = matrix_new(maker, model->width, model->loop_count);
    for (uint32_t i = 0; i < model->loop_count; i++) {
        if (model->loops[i].has_until) add_affine(model, &matrix, i, &model->loops[i].until);
    }
    return matrix_hold(maker, &matrix);
}

static Numbers trap_weights(Maker *maker) {
    const RealModel *model = maker->model;
    Matrix64 matrix = matrix_new(maker, model->width, model->trap_count);
    for (uint32_t t = 0; t < model->trap_count; t++)
        add_affine(model, &matrix, t, &model->traps[t].number);
    return matrix_hold(maker, &matrix);
}

static Numbers unembedding(Maker *maker) {
    const RealModel *model = maker->model;
    Matrix64 matrix = matrix_new(maker, model->width, output_columns(model));
    uint32_t column = 0;
    for (uint32_t o = 0; o < model->output_count; o++) {
        add_affine(model, &matrix, column, &model->outputs[o].value);
        column += model->outputs[o].value.rows;
    }
    return matrix_hold(maker, &matrix);
}

/* --- the whole -------------------------------------------------------------------------------- */

/* Adds rows * columns; stays at UINT64_MAX once that is passed. */
static void count_cells(uint64_t *count, uint64_t rows, uint64_t columns) {
    uint64_t cells = rows * columns; /* both below 2^32 */
    *count = cells > UINT64_MAX - *count ? UINT64_MAX : *count + cells;
}

static void count_layer(uint64_t *count, const RealModel *model, const RealLayer *layer) {
    for (uint32_t h = 0; h < layer->head_count; h++) {
        const RealHead *head = &layer->heads[h];
        for (int i = 0; i < 2; i++) {
            count_cells(count, model->width, score_width(head));
            count_cells(count, model->width, value_width(head));
            count_cells(count, model->width, comparison_count(head));
        }
    }
    for (uint32_t u = 0; u < layer->unit_count; u++) {
        const RealUnit *unit = &layer->units[u];
        if (unit->kind == REAL_ERASE) continue;
        for (uint32_t a = 0; a < unit->argument_count; a++)
            count_cells(count, model->width, unit->arguments[a].rows);
        if (unit->kind == REAL_RELU)
            count_cells(count, unit->relus, model->spaces[unit->target].width);
    }
}

uint64_t real_model_parameters(const RealModel *model) {
    uint64_t count = 0;
    count_cells(&count, model->width, input_columns(model));
    count_cells(&count, model->width, position_rows(model));
    count_cells(&count, model->width, model->loop_count);
    count_cells(&count, model->width, model->trap_count);
    count_cells(&count, model->width, output_columns(model));
    for (uint32_t l = 0; l < model->layer_count; l++)
        count_layer(&count, model, &model->layers[l]);
    return count;
}

static bool fits(const RealModel *model, Span span, Diagnostics *diags) {
    uint64_t parameters = real_model_parameters(model);
    size_t size = float_info(model->float_type)->size;
    if (parameters <= LIMIT_DENSE_BYTES / size) return true;
    Diagnostic *diag = diag_error(
        diags, DIAG_TOO_LARGE_FOR_DENSE, span,
        "the dense weights hold %" PRIu64 " numbers, %" PRIu64 " MiB; the limit is %zu MiB",
        parameters, parameters / ((1 << 20) / size), LIMIT_DENSE_BYTES >> 20);
    diag_help(diag, "use the jit, or narrower vectors or a smaller greatest length");
    return false;
}

static const DenseRealModel *make(Maker *maker) {
    const RealModel *model = maker->model;
    DenseRealModel *dense = ARENA_NEW(maker->arena, DenseRealModel);
    DenseRealLayer *layers = ARENA_ARRAY(maker->arena, DenseRealLayer, model->layer_count);
    for (uint32_t l = 0; l < model->layer_count; l++)
        layers[l] = dense_layer(maker, &model->layers[l]);
    *dense = (DenseRealModel){.type = model->float_type,
                              .width = model->width,
                              .max_length = model->max_length,
                              .inputs = input_columns(model),
                              .w_e = input_weights(maker),
                              .position_rows = position_rows(model),
                              .w_p = position_weights(maker),
                              .layer_count = model->layer_count,
                              .layers = layers,
                              .w_until = until_weights(maker),
                              .w_trap = trap_weights(maker),
                              .outputs = output_columns(model),
                              .w_u = unembedding(maker)};
    return dense;
}

const DenseRealModel *real_model_weights(Arena *arena, const RealModel *model, Span span,
                                         Diagnostics *diags) {
    if (!fits(model, span, diags)) return NULL;
    Maker maker = {.arena = arena, .scratch = arena_new(0), .model = model};
    const DenseRealModel *dense = make(&maker);
    arena_free(maker.scratch);
    if (!maker.overflows) return dense;
    Diagnostic *diag = diag_error(diags, DIAG_TOO_LARGE_FOR_DENSE, span,
                                  "a number of the weights is beyond the greatest %s",
                                  float_name(model->float_type, FLOAT_LONG_NAME));
    diag_help(diag, "use --dtype f64");
    return NULL;
}
