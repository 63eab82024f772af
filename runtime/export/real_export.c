/* Models over real vectors as an archive of their dense weights, and as text. */
#include "runtime/export/real_export.h"

#include "runtime/export/formats.h"
#include "runtime/export/json.h"
#include "runtime/real/real_weights.h"

#include <string.h>

typedef struct Collector {
    Tensors *tensors;
    Arena *arena;
    FloatType type;
} Collector;

/* A matrix of no columns is left out. */
static void add(const Collector *c, Numbers data, uint64_t rows, uint64_t columns,
                const char *name) {
    if (rows > 0 && columns > 0)
        tensors_add(c->tensors, c->arena, c->type, data, rows, columns, "%s", name);
}

static void add_of(const Collector *c, Numbers data, uint64_t rows, uint64_t columns,
                   const char *prefix, const char *name) {
    Buffer whole = {0};
    buffer_printf(&whole, "%s.%s", prefix, name);
    add(c, data, rows, columns, whole.data);
    buffer_free(&whole);
}

static void add_head(const Collector *c, const DenseRealHead *head, uint32_t width,
                     const char *prefix) {
    add_of(c, head->w_q, width, head->width, prefix, "w_q");
    add_of(c, head->w_k, width, head->width, prefix, "w_k");
    add_of(c, head->w_v, width, head->values, prefix, "w_v");
    add_of(c, head->w_o, head->values, width, prefix, "w_o");
    add_of(c, head->w_gq, width, head->comparisons, prefix, "w_gq");
    add_of(c, head->w_gk, width, head->comparisons, prefix, "w_gk");
}

static void add_unit(const Collector *c, const DenseRealUnit *unit, uint32_t width,
                     const char *prefix) {
    static const char *const names[] = {"w_in.0", "w_in.1", "w_in.2"};
    for (uint32_t a = 0; a < unit->argument_count; a++)
        add_of(c, unit->w_in[a], width, unit->rows[a], prefix, names[a]);
    if (unit->kind == REAL_RELU)
        add_of(c, unit->w_out, unit->rows[0], unit->width, prefix, "w_out");
}

static void add_layer(const Collector *c, const DenseRealLayer *layer, uint32_t l, uint32_t width) {
    Buffer prefix = {0};
    for (uint32_t h = 0; h < layer->head_count; h++) {
        prefix.len = 0;
        buffer_printf(&prefix, "layers.%u.heads.%u", l, h);
        add_head(c, &layer->heads[h], width, prefix.data);
    }
    for (uint32_t u = 0; u < layer->unit_count; u++) {
        prefix.len = 0;
        buffer_printf(&prefix, "layers.%u.units.%u", l, u);
        add_unit(c, &layer->units[u], width, prefix.data);
    }
    buffer_free(&prefix);
}

/* Every matrix of real_weights.h by its name there. */
static void add_all(const Collector *c, const RealModel *model, const DenseRealModel *weights) {
    uint32_t width = weights->width;
    add(c, weights->w_e, weights->inputs, width, "w_e");
    add(c, weights->w_p, weights->position_rows, width, "w_p");
    for (uint32_t l = 0; l < weights->layer_count; l++)
        add_layer(c, &weights->layers[l], l, width);
    add(c, weights->w_until, width, model->loop_count, "w_until");
    add(c, weights->w_trap, width, model->trap_count, "w_trap");
    add(c, weights->w_u, width, weights->outputs, "w_u");
}

/* {"program": .., "max_length": .., "model": the model's text, which says what the weights are} */
static void print_config(const RealExport *e, Buffer *out) {
    Buffer text = {0};
    cJSON *config = cJSON_CreateObject();
    real_model_print(e->model, &text);
    json_add_text(config, "program", e->program_name, strlen(e->program_name));
    cJSON_AddNumberToObject(config, "max_length", e->model->max_length);
    json_add_text(config, "model", text.data, text.len);
    json_print(out, config, false);
    buffer_free(&text);
}

bool real_export_npz(const RealExport *e, Diagnostics *diags, Files *files) {
    const DenseRealModel *weights = real_model_weights(e->arena, e->model, e->span, diags);
    if (weights == NULL) return false;
    Tensors tensors = {0};
    Buffer config = {0};
    add_all(&(Collector){&tensors, e->arena, weights->type}, e->model, weights);
    print_config(e, &config);
    bool fits = npz_write(files_add(files, ""), &tensors, config.data, NULL);
    if (!fits) {
        Diagnostic *diag = diag_error(diags, DIAG_TOO_LARGE_FOR_FORMAT, e->span,
                                      "%zu MiB of weights do not fit into an .npz file",
                                      (size_t)(tensors_bytes(&tensors) >> 20));
        diag_help(diag, "write an .onnx file, or make the model smaller");
    }
    tensors_free(&tensors);
    buffer_free(&config);
    return fits;
}

bool real_export_rtm(const RealExport *e, Diagnostics *diags, Files *files) {
    (void)diags;
    real_model_print(e->model, files_add(files, ""));
    return true;
}
