#include "runtime/export/real_config.h"

#include "runtime/export/formats.h"
#include "runtime/model/text_names.h"
#include "runtime/real/real_names.h"

#include <string.h>

/* --- tensors ---------------------------------------------------------------------------------- */

typedef struct Collector {
    Tensors *tensors;
    Arena *arena;
    FloatType type;
} Collector;

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

void real_tensors(Tensors *tensors, const RealExport *e, const DenseRealModel *weights) {
    const Collector c = {tensors, e->arena, weights->type};
    uint32_t width = weights->width;
    add(&c, weights->w_e, weights->inputs, width, "w_e");
    add(&c, weights->w_p, weights->position_rows, width, "w_p");
    for (uint32_t l = 0; l < weights->layer_count; l++)
        add_layer(&c, &weights->layers[l], l, width);
    add(&c, weights->w_until, width, e->model->loop_count, "w_until");
    add(&c, weights->w_trap, width, e->model->trap_count, "w_trap");
    add(&c, weights->w_u, width, weights->outputs, "w_u");
}

/* --- the config ------------------------------------------------------------------------------- */

static cJSON *add_object(cJSON *list) {
    cJSON *item = cJSON_CreateObject();
    cJSON_AddItemToArray(list, item);
    return item;
}

/* "vec", "str", or what a number is; a float where it can be several. */
static const char *type_name(TypeSet types) {
    if (types == TYPE_VECTOR) return "vec";
    if (types == TYPE_STRING) return "str";
    for (size_t i = 0; i < REAL_TYPE_COUNT; i++) {
        if (real_types[i].type == types) return real_types[i].name;
    }
    return "float";
}

static cJSON *add_end(cJSON *list, const String *name, TypeSet types, uint32_t width,
                      double error) {
    cJSON *item = add_object(list);
    json_add_string(item, "name", name);
    cJSON_AddStringToObject(item, "type", type_name(types));
    cJSON_AddNumberToObject(item, "width", width);
    if (error > 0) cJSON_AddNumberToObject(item, "error", error);
    return item;
}

static void add_ends(const RealModel *model, cJSON *to) {
    cJSON *inputs = cJSON_AddArrayToObject(to, "inputs");
    for (uint32_t i = 0; i < model->input_count; i++) {
        const RealInput *input = &model->inputs[i];
        cJSON *item =
            add_end(inputs, input->name, input->types, model->spaces[input->space].width, 0);
        if (input->types == TYPE_STRING)
            cJSON_AddItemToObject(item, "words",
                                  json_atoms(atoms_listed(input->words), input->word_count));
    }
    cJSON *outputs = cJSON_AddArrayToObject(to, "outputs");
    for (uint32_t o = 0; o < model->output_count; o++) {
        const RealOutput *output = &model->outputs[o];
        add_end(outputs, output->name, output->types, output->value.rows, output->error);
    }
}

static void add_residual(const RealModel *model, cJSON *to) {
    cJSON *residual = cJSON_AddArrayToObject(to, "residual");
    for (SpaceId s = 0; s < model->space_count; s++) {
        cJSON *item = add_object(residual);
        json_add_string(item, "name", model->spaces[s].name);
        cJSON_AddNumberToObject(item, "offset", model->spaces[s].offset);
        cJSON_AddNumberToObject(item, "width", model->spaces[s].width);
    }
}

/* Arguments are earlier gates; a comparison is of a column of w_gk with the same of w_gq. */
static void config_gate(cJSON *list, const DenseGate *gate) {
    static const char *const kinds[] = {[GATE_TRUE] = "true",
                                        [GATE_COMPARE] = "compare",
                                        [GATE_AND] = "and",
                                        [GATE_OR] = "or",
                                        [GATE_NOT] = "not"};
    cJSON *item = add_object(list);
    cJSON_AddStringToObject(item, "kind", kinds[gate->kind]);
    if (gate->kind == GATE_COMPARE) {
        cJSON_AddStringToObject(item, "relation", relation_text(gate->relation));
        cJSON_AddNumberToObject(item, "column", gate->a);
    } else if (gate->kind != GATE_TRUE) {
        cJSON_AddNumberToObject(item, "a", gate->a);
        if (gate->kind != GATE_NOT) cJSON_AddNumberToObject(item, "b", gate->b);
    }
}

static void config_head(cJSON *list, const RealHead *head, const DenseRealHead *weights) {
    cJSON *item = add_object(list);
    json_add_string(item, "name", head->name);
    cJSON_AddStringToObject(item, "normaliser", normaliser_name(weights->normaliser));
    cJSON_AddNumberToObject(item, "width", weights->width);
    cJSON_AddNumberToObject(item, "values", weights->values);
    cJSON_AddNumberToObject(item, "comparisons", weights->comparisons);
    cJSON *gates = cJSON_AddArrayToObject(item, "gates");
    for (uint32_t g = 0; g < weights->gate_count; g++)
        config_gate(gates, &weights->gates[g]);
}

static const char *unit_op(const DenseRealUnit *unit) {
    if (unit->kind == REAL_ERASE) return REAL_ERASE_WORD;
    return unit->kind == REAL_RELU ? REAL_RELU_WORD : op_info(unit->op)->name;
}

static void config_unit(cJSON *list, const RealModel *model, const RealUnit *unit,
                        const DenseRealUnit *weights) {
    cJSON *item = add_object(list);
    json_add_string(item, "name", model->spaces[unit->target].name);
    cJSON_AddStringToObject(item, "op", unit_op(weights));
    cJSON_AddNumberToObject(item, "offset", weights->offset);
    cJSON_AddNumberToObject(item, "width", weights->width);
    cJSON *rows = cJSON_AddArrayToObject(item, "rows");
    for (uint32_t a = 0; a < weights->argument_count; a++)
        cJSON_AddItemToArray(rows, cJSON_CreateNumber(weights->rows[a]));
}

static void add_layers(const RealModel *model, const DenseRealModel *weights, cJSON *to) {
    cJSON *layers = cJSON_AddArrayToObject(to, "layers");
    for (uint32_t l = 0; l < model->layer_count; l++) {
        const RealLayer *layer = &model->layers[l];
        const DenseRealLayer *dense = &weights->layers[l];
        cJSON *item = add_object(layers);
        cJSON *heads = cJSON_AddArrayToObject(item, "heads");
        for (uint32_t h = 0; h < layer->head_count; h++)
            config_head(heads, &layer->heads[h], &dense->heads[h]);
        cJSON *units = cJSON_AddArrayToObject(item, "units");
        for (uint32_t u = 0; u < layer->unit_count; u++)
            config_unit(units, model, &layer->units[u], &dense->units[u]);
    }
}

/* Number i of both has column i of w_until and w_trap. */
static void add_loops_and_traps(const RealModel *model, cJSON *to) {
    cJSON *loops = cJSON_AddArrayToObject(to, "loops");
    for (uint32_t i = 0; i < model->loop_count; i++) {
        const RealLoop *loop = &model->loops[i];
        cJSON *item = add_object(loops);
        cJSON_AddNumberToObject(item, "first", loop->first);
        cJSON_AddNumberToObject(item, "count", loop->count);
        cJSON_AddNumberToObject(item, "times", loop->times);
        cJSON_AddBoolToObject(item, "until", loop->has_until);
    }
    cJSON *traps = cJSON_AddArrayToObject(to, "traps");
    for (uint32_t t = 0; t < model->trap_count; t++) {
        cJSON *item = add_object(traps);
        cJSON_AddNumberToObject(item, "layer", model->traps[t].layer);
        cJSON_AddNumberToObject(item, "limit", model->traps[t].limit);
        json_add_string(item, "why", model->traps[t].why);
    }
}

void real_config_items(const RealExport *e, const DenseRealModel *weights, cJSON *to) {
    const RealModel *model = e->model;
    Buffer text = {0};
    real_model_print(model, &text);
    cJSON_AddStringToObject(to, "producer", "raspc");
    json_add_text(to, "program", e->program_name, strlen(e->program_name));
    cJSON_AddStringToObject(to, "dtype", float_name(model->float_type, FLOAT_LONG_NAME));
    cJSON_AddNumberToObject(to, "max_length", model->max_length);
    cJSON_AddNumberToObject(to, "position_rows", weights->position_rows);
    cJSON_AddNumberToObject(to, "width", model->width);
    cJSON_AddBoolToObject(to, "exact", model->exact);
    add_residual(model, to);
    add_ends(model, to);
    add_layers(model, weights, to);
    add_loops_and_traps(model, to);
    json_add_text(to, "model", text.data, text.len);
    buffer_free(&text);
}

void real_config(const RealExport *e, const DenseRealModel *weights, Buffer *out) {
    cJSON *config = cJSON_CreateObject();
    real_config_items(e, weights, config);
    json_print(out, config, false);
}

void real_safetensors_write(const RealExport *e, const DenseRealModel *weights, Buffer *out) {
    Tensors tensors = {0};
    Buffer config = {0};
    real_tensors(&tensors, e, weights);
    tensors_sort(&tensors);
    real_config(e, weights, &config);
    safetensors_write(out, &tensors, config.data, NULL);
    tensors_free(&tensors);
    buffer_free(&config);
}
