/* The report as one JSON object. The keys are stable: scripts read them. */
#include "compiler/driver/report.h"

#include "runtime/graph/formula.h"
#include "runtime/model/lifetimes.h"
#include "runtime/model/text_names.h"
#include "runtime/model/weights.h"
#include "runtime/value/json.h"

#include <math.h>
#include <string.h>

static void add_number(cJSON *to, const char *name, double number) {
    cJSON_AddNumberToObject(to, name, number);
}

static void add_buffer(cJSON *to, const char *name, Buffer *text) {
    json_add_text(to, name, text->data ? text->data : "", text->len);
    buffer_free(text);
}

static void add_subspace_name(cJSON *to, const char *key, const Model *model, SubspaceId id) {
    json_add_string(to, key, model->subspaces[id].name);
}

/* "file", "line", "column"; nothing for what has no place. */
static void add_place(cJSON *to, const Report *report, Span span) {
    if (span.file == 0) return;
    uint32_t line, column;
    sources_position(report->sources, span, &line, &column);
    const char *file = sources_name(report->sources, span.file);
    json_add_text(to, "file", file, strlen(file));
    add_number(to, "line", line);
    add_number(to, "column", column);
}

static void add_formula(cJSON *to, const Report *report, NodeId node) {
    Buffer text = {0};
    words_of_node(&text, report, node);
    add_buffer(to, "formula", &text);
}

/* --- layers ----------------------------------------------------------------------------------- */

static cJSON *head_json(const Report *report, const Head *head) {
    cJSON *json = cJSON_CreateObject();
    Buffer selects = {0};
    json_add_string(json, "name", head->name);
    words_of_selection(&selects, report, head);
    add_buffer(json, "selects", &selects);
    cJSON *moves = cJSON_AddArrayToObject(json, "moves");
    for (uint32_t m = 0; m < head->move_count; m++) {
        cJSON *move = cJSON_CreateObject();
        Buffer text = {0};
        words_of_move(&text, report, &head->moves[m]);
        add_buffer(move, "what", &text);
        add_subspace_name(move, "to", report->model, head->moves[m].target);
        cJSON_AddItemToArray(moves, move);
    }
    return json;
}

static cJSON *group_json(const Report *report, const UnitGroup *group) {
    const Model *model = report->model;
    cJSON *json = cJSON_CreateObject();
    add_subspace_name(json, "name", model, group->target);
    cJSON_AddStringToObject(json, "kind", unit_kind_name(group->kind));
    add_number(json, "units", group_units(model, group));
    cJSON *from = cJSON_AddArrayToObject(json, "from");
    bool steps = group->kind == UNIT_STEPS;
    uint32_t count = steps ? group->input.count : group->source_count;
    for (uint32_t i = 0; i < count; i++)
        add_subspace_name(from, NULL, model,
                          steps ? group->input.terms[i].subspace : group->sources[i]);
    cJSON_AddBoolToObject(json, "product", is_product(group));
    return json;
}

/* Also fills heads_per_layer and units_per_layer. */
static cJSON *layers_json(const Report *report, cJSON *heads, cJSON *units) {
    cJSON *layers = cJSON_CreateArray();
    for (uint32_t l = 0; l < report->model->layer_count; l++) {
        const Layer *layer = &report->model->layers[l];
        uint64_t all = 0;
        cJSON *json = cJSON_CreateObject();
        cJSON *head_list = cJSON_AddArrayToObject(json, "heads");
        cJSON *unit_list = cJSON_AddArrayToObject(json, "units");
        for (uint32_t h = 0; h < layer->head_count; h++)
            cJSON_AddItemToArray(head_list, head_json(report, &layer->heads[h]));
        for (uint32_t g = 0; g < layer->unit_count; g++) {
            cJSON_AddItemToArray(unit_list, group_json(report, &layer->units[g]));
            all += group_units(report->model, &layer->units[g]);
        }
        cJSON_AddItemToArray(layers, json);
        cJSON_AddItemToArray(heads, cJSON_CreateNumber(layer->head_count));
        cJSON_AddItemToArray(units, cJSON_CreateNumber((double)all));
    }
    return layers;
}

/* --- the model -------------------------------------------------------------------------------- */

static cJSON *encoding_json(const Report *report, const Subspace *s, const Lifetime *lifetime) {
    cJSON *json = cJSON_CreateObject();
    json_add_string(json, "name", s->name);
    cJSON_AddStringToObject(json, "kind", subspace_kind_name(s->kind));
    add_number(json, "width", s->width);
    uint32_t first, last;
    lifetime_streams(report->model, lifetime, &first, &last);
    add_number(json, "offset", s->offset);
    cJSON *streams = cJSON_AddArrayToObject(json, "streams");
    cJSON_AddItemToArray(streams, cJSON_CreateNumber(first));
    cJSON_AddItemToArray(streams, cJSON_CreateNumber(last));
    if (subspace_is_coded(s)) {
        add_number(json, "values", s->count);
    } else {
        add_number(json, "low", s->low);
        add_number(json, "high", s->high);
    }
    if (s->node != NO_NODE) {
        add_formula(json, report, s->node);
        add_place(json, report, graph_node(report->graph, s->node)->span);
    }
    return json;
}

static cJSON *trap_json(const Report *report, const Trap *trap) {
    cJSON *json = cJSON_CreateObject();
    Buffer label = {0};
    graph_label(report->graph, trap->node, FORMULA_RASP, 60, &label);
    add_buffer(json, "name", &label);
    json_add_string(json, "message", trap->why);
    cJSON_AddStringToObject(json, "id", diag_code(trap->id));
    add_place(json, report, trap->span);
    return json;
}

static void add_exact_length(cJSON *to, const Report *report, FloatType type) {
    const ExactLength *exact = &report->exact[type];
    cJSON *json = cJSON_AddObjectToObject(to, float_name(type, FLOAT_LONG_NAME));
    add_number(json, "max_length", exact->length);
    cJSON_AddBoolToObject(json, "at_least", exact->beyond != exact->length + 1);
    if (!exact->why) return;
    add_number(json, "beyond", exact->beyond);
    cJSON_AddBoolToObject(json, "refused", exact->refused);
    json_add_text(json, "message", exact->why, strlen(exact->why));
}

static void add_exact(cJSON *to, const Report *report) {
    for (int t = 0; t < FLOAT_TYPE_COUNT; t++)
        add_exact_length(to, report, (FloatType)t);
}

static void add_readout(cJSON *to, const Report *report) {
    Buffer words = {0};
    words_of_readout(&words, report);
    json_add_text(to, "output", words.data, words.len);
    buffer_free(&words);
}

static cJSON *refusal_json(const Report *report, const Refusal *refused) {
    cJSON *json = cJSON_CreateObject();
    cJSON_AddStringToObject(json, "id", diag_code(refused->id));
    json_add_text(json, "message", refused->message, strlen(refused->message));
    add_place(json, report, refused->span);
    return json;
}

static void add_causal(cJSON *to, const Report *report) {
    const Refusal *not_causal = &report->not_causal;
    cJSON_AddBoolToObject(to, "causal", not_causal->message == NULL);
    if (not_causal->message != NULL)
        cJSON_AddItemToObject(to, "not_causal", refusal_json(report, not_causal));
}

static void add_model(cJSON *to, const Report *report) {
    const Model *model = report->model;
    cJSON *json = cJSON_AddObjectToObject(to, "model");
    add_number(json, "vocabulary", model->vocabulary_count);
    add_number(json, "max_length", model->max_length);
    add_number(json, "layers", model->layer_count);
    add_number(json, "attention_layers", model_attention_layers(model));
    cJSON *heads = cJSON_AddArrayToObject(json, "heads_per_layer");
    cJSON *units = cJSON_AddArrayToObject(json, "units_per_layer");
    add_number(json, "width", model->width);
    add_number(json, "width_without_reuse", (double)width_without_reuse(model));
    add_number(json, "parameters", (double)model_parameters(model));
    cJSON_AddStringToObject(json, "dtype", float_name(model->float_type, FLOAT_LONG_NAME));
    add_readout(json, report);
    cJSON_AddBoolToObject(json, "exact",
                          report->exact[model->float_type].length >= model->max_length);
    add_exact(json, report);
    add_causal(json, report);
    cJSON_AddItemToObject(json, "layer", layers_json(report, heads, units));
    cJSON *encodings = cJSON_AddArrayToObject(json, "encodings");
    const Lifetime *lifetimes = model_lifetimes(report->arena, model);
    for (uint32_t s = 0; s < model->subspace_count; s++)
        cJSON_AddItemToArray(encodings, encoding_json(report, &model->subspaces[s], &lifetimes[s]));
    cJSON *undefined = cJSON_AddArrayToObject(json, "undefined");
    for (uint32_t t = 0; t < model->readout.trap_count; t++)
        cJSON_AddItemToArray(undefined, trap_json(report, &model->readout.traps[t]));
}

static void add_model_chain(cJSON *to, const Report *report) {
    cJSON *why = cJSON_AddArrayToObject(to, "model_why");
    for (uint32_t i = 0; i < report->model_chain.count; i++) {
        const Link *link = &report->model_chain.links[i];
        cJSON *json = cJSON_CreateObject();
        add_number(json, "layer", link->layer + 1);
        add_subspace_name(json, "name", report->model, link->subspace);
        if (link->head) json_add_string(json, "head", link->head->name);
        cJSON_AddItemToArray(why, json);
    }
}

static void add_refusal(cJSON *to, const Report *report) {
    cJSON_AddNullToObject(to, "model");
    cJSON *json = refusal_json(report, &report->refused);
    cJSON_AddItemToObject(to, "refused", json);
    add_number(json, "vocabulary", report->options.vocabulary_count);
    add_number(json, "max_length", report->options.max_length);
    add_exact(json, report);
}

/* --- the program ------------------------------------------------------------------------------ */

static void add_program(cJSON *to, const Report *report) {
    const Layers *layers = &report->layers;
    uint32_t heads = 0;
    json_add_text(to, "name", report->name, strlen(report->name));
    cJSON_AddStringToObject(to, "kind", report->value.kind == VALUE_SOP ? "sop" : "selector");
    add_number(to, "layers", layers->count);
    cJSON *each = cJSON_AddArrayToObject(to, "heads_per_layer");
    for (uint32_t i = 0; i < layers->count; i++) {
        cJSON_AddItemToArray(each, cJSON_CreateNumber(layers->heads[i]));
        heads += layers->heads[i];
    }
    add_number(to, "heads", heads);
    cJSON *operations = cJSON_AddObjectToObject(to, "operations");
    add_number(operations, "input", report->operations[OPKIND_INPUT]);
    add_number(operations, "element", report->operations[OPKIND_ELEMENT]);
    add_number(operations, "selector", report->operations[OPKIND_SELECTOR]);
    add_number(operations, "attention", report->operations[OPKIND_ATTENTION]);
}

static void add_chain(cJSON *to, const Report *report) {
    cJSON *why = cJSON_AddArrayToObject(to, "why");
    for (uint32_t i = 0; i < report->chain.count; i++) {
        NodeId id = report->chain.nodes[i];
        const String *name = graph_name_of(report->graph, id);
        cJSON *json = cJSON_CreateObject();
        add_number(json, "layer", graph_node(report->graph, id)->depth);
        if (name) json_add_string(json, "name", name);
        add_formula(json, report, id);
        add_place(json, report, graph_node(report->graph, id)->span);
        cJSON_AddItemToArray(why, json);
    }
}

void report_json(Buffer *out, const Report *report) {
    cJSON *json = cJSON_CreateObject();
    add_program(json, report);
    if (report->with_chain) add_chain(json, report);
    if (report->with_chain && report->model) add_model_chain(json, report);
    if (report->model)
        add_model(json, report);
    else if (report->value.kind == VALUE_SOP)
        add_refusal(json, report);
    json_print(out, json, false);
    buffer_char(out, '\n');
}
