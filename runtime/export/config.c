#include "runtime/export/config.h"

#include "runtime/model/lifetimes.h"

#include <inttypes.h>
#include <string.h>

static ExportValues values_of_atom(Atom atom) {
    switch ((AtomKind)atom.kind) {
    case ATOM_INT: return atom.big ? EXPORT_LABELS : EXPORT_INTS;
    case ATOM_FLOAT: return EXPORT_FLOATS;
    case ATOM_BOOL: return EXPORT_BOOLS;
    default: return EXPORT_LABELS;
    }
}

/* Of the read-out's value: KIND_ bits. */
static uint32_t export_kinds(const Export *e) {
    const Readout *readout = &e->model->readout;
    uint32_t kinds[MODEL_READINGS + MODEL_STEPS];
    readout_kinds(readout, kinds);
    return kinds[readout->reading_count + readout->step_count - 1];
}

static ExportValues values_of_steps(const Export *e) {
    uint32_t kinds = export_kinds(e);
    if (kinds & READ_FLOAT) return EXPORT_FLOATS;
    return kinds & READ_INT ? EXPORT_INTS : EXPORT_BOOLS;
}

ExportValues export_values(const Export *e) {
    const Readout *readout = &e->model->readout;
    if (readout->step_count > 0) return values_of_steps(e);
    if (readout->readings[0].decode == DECODE_INTEGER) return EXPORT_INTS;
    if (readout->readings[0].decode != DECODE_ATOMS) return EXPORT_FLOATS;
    const Logits *logits = &e->logits.readings[0];
    bool any = false;
    ExportValues values = EXPORT_LABELS;
    for (uint32_t i = 0; i < logits->count; i++) {
        if (logits->atoms[i].kind == ATOM_OPAQUE) continue; /* where the program fails */
        ExportValues here = values_of_atom(logits->atoms[i]);
        if (any && here != values) return EXPORT_LABELS;
        values = here;
        any = true;
    }
    return values;
}

const char *export_output_name(const Export *e) {
    static const char *const taken[] = {"input_ids", "attention_mask", "logits", "exact",
                                        "undefined"};
    const String *name = e->model->readout.name;
    for (size_t i = 0; i < sizeof taken / sizeof taken[0]; i++) {
        if (strcmp(name->bytes, taken[i]) != 0) continue;
        char *other = arena_strndup(e->arena, name->bytes, (size_t)name->len + 1);
        other[name->len] = '_';
        return other;
    }
    return name->bytes;
}

/* What the logits of a reading stand for; nothing where they are numbers. */
static cJSON *labels_json(const Export *e, uint32_t reading) {
    bool atoms = e->model->readout.readings[reading].decode == DECODE_ATOMS;
    const Logits *logits = &e->logits.readings[reading];
    return json_atoms(atoms_listed(logits->atoms), atoms ? logits->count : 0);
}

void export_vocabulary(const Export *e, Buffer *out) {
    json_print(out, json_atoms(atoms_listed(e->model->vocabulary), e->model->vocabulary_count),
               false);
}

void export_labels(const Export *e, Buffer *out) {
    bool single = e->model->readout.step_count == 0;
    json_print(out, single ? labels_json(e, 0) : cJSON_CreateArray(), false);
}

void export_label(const Export *e, uint32_t logit, Buffer *out) {
    const Readout *readout = &e->model->readout;
    if (readout->step_count > 0)
        buffer_printf(out, "%s.%" PRIu32, readout->name->bytes, logit);
    else if (readout->readings[0].decode == DECODE_ATOMS)
        atom_format_str(out, e->logits.readings[0].atoms[logit]);
    else
        buffer_text(out, readout->name->bytes);
}

/* --- the parts of the config ------------------------------------------------------------------ */

static const char *subspace_kind_name(SubspaceKind kind) {
    static const char *const names[] = {
#define SUBSPACE(id, name, text) [id] = name,
#include "runtime/model/subspaces.def"
#undef SUBSPACE
    };
    return names[kind];
}

static const char *decode_name(DecodeKind kind) {
    static const char *const names[] = {
#define DECODE(id, name, text) [id] = name,
#include "runtime/model/decodes.def"
#undef DECODE
    };
    return names[kind];
}

/* streams: the first and the last of those between layers (0: after the embedding) where the place
   holds this value; the last is before the first when it is needed inside one layer alone. */
static void add_subspace(cJSON *list, const Model *model, const Subspace *subspace,
                         const Lifetime *lifetime) {
    cJSON *item = cJSON_CreateObject();
    cJSON_AddItemToArray(list, item);
    json_add_string(item, "name", subspace->name);
    cJSON_AddStringToObject(item, "kind", subspace_kind_name(subspace->kind));
    cJSON_AddNumberToObject(item, "offset", subspace->offset);
    cJSON_AddNumberToObject(item, "width", subspace->width);
    if (subspace_is_coded(subspace))
        cJSON_AddItemToObject(item, "values", json_atoms(subspace->domain, subspace->count));
    if (subspace->kind == SUBSPACE_REAL) {
        json_add_float(item, "low", subspace->low);
        json_add_float(item, "high", subspace->high);
    }
    uint32_t first, last;
    lifetime_streams(model, lifetime, &first, &last);
    cJSON *streams = cJSON_AddArrayToObject(item, "streams");
    cJSON_AddItemToArray(streams, cJSON_CreateNumber(first));
    cJSON_AddItemToArray(streams, cJSON_CreateNumber(last));
}

/* null: unbounded. */
static void add_bound(cJSON *list, int32_t limit, int32_t none) {
    cJSON_AddItemToArray(list, limit == none ? cJSON_CreateNull() : cJSON_CreateNumber(limit));
}

static void add_layer(cJSON *list, const Layer *layer, const DenseLayer *weights) {
    cJSON *item = cJSON_CreateObject();
    cJSON_AddItemToArray(list, item);
    cJSON *heads = cJSON_AddArrayToObject(item, "heads");
    for (uint32_t h = 0; h < weights->head_count; h++) {
        cJSON *head = cJSON_CreateObject();
        cJSON_AddItemToArray(heads, head);
        json_add_string(head, "name", layer->heads[h].name);
        cJSON_AddNumberToObject(head, "width", weights->heads[h].width);
        cJSON *mask = cJSON_AddArrayToObject(head, "mask");
        add_bound(mask, weights->heads[h].mask.low, INT32_MIN);
        add_bound(mask, weights->heads[h].mask.high, INT32_MAX);
    }
    cJSON_AddNumberToObject(item, "units", weights->units);
}

/* How the logits of one reading become its value. */
static void add_reading(const Export *e, cJSON *to, uint32_t r) {
    const Reading *reading = &e->model->readout.readings[r];
    const Logits *logits = &e->logits.readings[r];
    cJSON_AddStringToObject(to, "decode", decode_name(reading->decode));
    cJSON_AddNumberToObject(to, "logits", logits->count);
    cJSON_AddItemToObject(to, "labels", labels_json(e, r));
    cJSON *fails = cJSON_AddArrayToObject(to, "labels_undefined");
    for (uint32_t i = 0; reading->decode == DECODE_ATOMS && i < logits->count; i++) {
        if (logits->atoms[i].kind == ATOM_OPAQUE)
            cJSON_AddItemToArray(fails, cJSON_CreateNumber(i));
    }
    if (reading->decode == DECODE_FRACTION)
        cJSON_AddNumberToObject(to, "denominator", reading->denominator);
    if (reading->mixed)
        cJSON_AddStringToObject(to, "mixed", reading->mixed_with_bools ? "bool" : "int");
}

static void add_step(cJSON *list, const ReadStep *step) {
    cJSON *item = cJSON_CreateObject();
    cJSON_AddItemToArray(list, item);
    cJSON_AddStringToObject(item, "op", op_info(step->op)->name);
    if (step->op == OP_CONST) json_add_atom(item, "value", step->atom);
    cJSON *args = cJSON_AddArrayToObject(item, "args");
    for (int i = 0; i < op_info(step->op)->arity; i++)
        cJSON_AddItemToArray(args, cJSON_CreateNumber(step->args[i]));
}

static void add_steps(const Export *e, cJSON *output) {
    const Readout *readout = &e->model->readout;
    uint32_t kinds = export_kinds(e);
    cJSON_AddStringToObject(output, "decode", "steps");
    cJSON_AddNumberToObject(output, "logits", e->logits.count);
    cJSON *readings = cJSON_AddArrayToObject(output, "readings");
    for (uint32_t r = 0; r < readout->reading_count; r++) {
        cJSON *item = cJSON_CreateObject();
        cJSON_AddItemToArray(readings, item);
        add_reading(e, item, r);
    }
    cJSON *steps = cJSON_AddArrayToObject(output, "steps");
    for (uint32_t s = 0; s < readout->step_count; s++)
        add_step(steps, &readout->steps[s]);
    if (kinds & READ_FLOAT && kinds & (READ_INT | READ_BOOL))
        cJSON_AddStringToObject(output, "mixed", kinds & READ_INT ? "int" : "bool");
}

static void add_output(const Export *e, cJSON *to) {
    const Readout *readout = &e->model->readout;
    cJSON *output = cJSON_AddObjectToObject(to, "output");
    json_add_string(output, "name", readout->name);
    if (readout->step_count == 0)
        add_reading(e, output, 0);
    else
        add_steps(e, output);
    cJSON *traps = cJSON_AddArrayToObject(output, "traps");
    for (uint32_t t = 0; t < readout->trap_count; t++)
        json_add_string(traps, NULL, readout->traps[t].why);
}

void export_config_items(const Export *e, cJSON *to) {
    const Model *model = e->model;
    cJSON_AddStringToObject(to, "producer", "raspc");
    cJSON_AddStringToObject(to, "dtype", float_name(model->float_type, FLOAT_LONG_NAME));
    cJSON_AddItemToObject(to, "vocabulary",
                          json_atoms(atoms_listed(model->vocabulary), model->vocabulary_count));
    cJSON_AddNumberToObject(to, "max_length", model->max_length);
    cJSON_AddBoolToObject(to, "causal", model->causal);
    cJSON_AddNumberToObject(to, "width", model->width);
    cJSON *residual = cJSON_AddArrayToObject(to, "residual");
    const Lifetime *lifetimes = model_lifetimes(e->arena, model);
    for (uint32_t s = 0; s < model->subspace_count; s++)
        add_subspace(residual, model, &model->subspaces[s], &lifetimes[s]);
    cJSON *layers = cJSON_AddArrayToObject(to, "layers");
    for (uint32_t l = 0; l < model->layer_count; l++)
        add_layer(layers, &model->layers[l], &e->weights->layers[l]);
    add_output(e, to);
}

void export_config(const Export *e, Buffer *out) {
    cJSON *config = cJSON_CreateObject();
    export_config_items(e, config);
    json_print(out, config, false);
}
