#include "runtime/certify/certificate.h"

#include "runtime/base/limits.h"
#include "runtime/value/json.h"

#include <math.h>
#include <string.h>

#define FORMAT "raspc certificate 1"

/* --- names ------------------------------------------------------------------------------------ */

static const char *const subspace_names[] = {
#define SUBSPACE(id, name, text) [id] = name,
#include "runtime/model/subspaces.def"
#undef SUBSPACE
};
static const char *const null_names[] = {
#define NULL_POLICY(id, name, text) [id] = name,
#include "runtime/model/nulls.def"
#undef NULL_POLICY
};
static const char *const unit_names[] = {
#define UNIT(id, name, text) [id] = name,
#include "runtime/model/units.def"
#undef UNIT
};
static const char *const decode_names[] = {
#define DECODE(id, name, text) [id] = name,
#include "runtime/model/decodes.def"
#undef DECODE
};
static const char *const always_names[] = {"", "itself", "first", "nearest", "assumed"};

#define COUNT(names) (sizeof(names) / sizeof((names)[0]))

/* --- printing --------------------------------------------------------------------------------- */

static void add_text(cJSON *to, const char *name, const char *text) {
    json_add_text(to, name, text, strlen(text));
}

static void print_subspace(cJSON *list, const ClaimedSubspace *s) {
    cJSON *item = cJSON_CreateObject();
    cJSON_AddItemToArray(list, item);
    add_text(item, "name", s->name);
    add_text(item, "kind", subspace_names[s->kind]);
    cJSON_AddNumberToObject(item, "offset", s->offset);
    cJSON_AddNumberToObject(item, "width", s->width);
    if (!atoms_none(s->values))
        cJSON_AddItemToObject(item, "values", json_atoms(s->values, s->count));
    if (s->kind != SUBSPACE_REAL) return;
    json_add_float(item, "low", s->low);
    json_add_float(item, "high", s->high);
    cJSON_AddNumberToObject(item, "denominator", s->denominator);
}

static void print_head(cJSON *list, const Certificate *c, const ClaimedHead *head) {
    cJSON *item = cJSON_CreateObject();
    cJSON_AddItemToArray(list, item);
    add_text(item, "name", head->name);
    add_text(item, "null", null_names[head->null_policy]);
    if (head->always != ALWAYS_NOTHING) add_text(item, "always", always_names[head->always]);
    cJSON_AddBoolToObject(item, "one", head->one);
    json_add_float(item, "scale", head->scale);
    json_add_float(item, "gap", head->gap);
    cJSON *targets = cJSON_AddArrayToObject(item, "writes");
    for (uint32_t t = 0; t < head->target_count; t++)
        add_text(targets, NULL, c->subspaces[head->targets[t]].name);
}

static void print_layer(cJSON *list, const Certificate *c, const ClaimedLayer *layer) {
    cJSON *item = cJSON_CreateObject();
    cJSON_AddItemToArray(list, item);
    cJSON *heads = cJSON_AddArrayToObject(item, "heads");
    for (uint32_t h = 0; h < layer->head_count; h++)
        print_head(heads, c, &layer->heads[h]);
    cJSON *units = cJSON_AddArrayToObject(item, "units");
    for (uint32_t u = 0; u < layer->unit_count; u++) {
        const ClaimedUnits *group = &layer->units[u];
        cJSON *entry = cJSON_CreateObject();
        cJSON_AddItemToArray(units, entry);
        add_text(entry, "kind", unit_names[group->kind]);
        bool erases = group->kind == UNIT_ERASE;
        add_text(entry, erases ? "erases" : "writes", c->subspaces[group->target].name);
        cJSON_AddNumberToObject(entry, "first", group->first);
        cJSON_AddNumberToObject(entry, "count", group->count);
        if (!erases) json_add_float(entry, "margin", group->margin);
    }
}

static void print_reading(cJSON *to, const Certificate *c, const ClaimedReading *reading) {
    cJSON *item = cJSON_CreateObject();
    cJSON_AddItemToArray(to, item);
    add_text(item, "decode", decode_names[reading->decode]);
    cJSON_AddNumberToObject(item, "logits", reading->logits);
    cJSON_AddBoolToObject(item, "mixed", reading->mixed);
    if (reading->decode == DECODE_FRACTION)
        cJSON_AddNumberToObject(item, "denominator", reading->denominator);
    if (reading->decode != DECODE_ATOMS || reading->source == NO_SUBSPACE) return;
    add_text(item, "reads", c->subspaces[reading->source].name);
    cJSON *of = cJSON_AddArrayToObject(item, "logits_of");
    for (uint32_t v = 0; v < reading->value_count; v++)
        cJSON_AddItemToArray(of, cJSON_CreateNumber(reading->logits_of[v]));
}

static void print_output(cJSON *to, const Certificate *c) {
    const ClaimedOutput *output = &c->output;
    cJSON *item = cJSON_AddObjectToObject(to, "output");
    add_text(item, "name", output->name);
    cJSON_AddNumberToObject(item, "traps", output->traps);
    cJSON *readings = cJSON_AddArrayToObject(item, "readings");
    for (uint32_t r = 0; r < output->reading_count; r++)
        print_reading(readings, c, &output->readings[r]);
}

void certificate_print(const Certificate *c, Buffer *out) {
    cJSON *all = cJSON_CreateObject();
    add_text(all, "format", FORMAT);
    add_text(all, "arithmetic", float_name(c->float_type, FLOAT_LONG_NAME));
    add_text(all, "weights_sha256", c->weights_hash);
    cJSON_AddNumberToObject(all, "max_length", c->max_length);
    cJSON_AddBoolToObject(all, "causal", c->causal);
    cJSON_AddNumberToObject(all, "tokens", c->vocabulary_count);
    if (c->vocabulary)
        cJSON_AddItemToObject(all, "vocabulary",
                              json_atoms(atoms_listed(c->vocabulary), c->vocabulary_count));
    cJSON_AddNumberToObject(all, "width", c->width);
    cJSON *subspaces = cJSON_AddArrayToObject(all, "subspaces");
    for (uint32_t s = 0; s < c->subspace_count; s++)
        print_subspace(subspaces, &c->subspaces[s]);
    cJSON *layers = cJSON_AddArrayToObject(all, "layers");
    for (uint32_t l = 0; l < c->layer_count; l++)
        print_layer(layers, c, &c->layers[l]);
    print_output(all, c);
    json_print(out, all, false);
    buffer_char(out, '\n');
}

/* --- reading ---------------------------------------------------------------------------------- */

typedef struct Reader {
    Arena *arena;
    Certificate *certificate;
    ClaimedSubspace *subspaces;
    uint32_t subspace_count;
    const char **why;
    bool failed;
    uint32_t names; /* looked up so far */
} Reader;

enum { NAMES_LIMIT = 1 << 15 }; /* subspaces, and names of them */

/* Remembers the first mistake. */
static void mistake(Reader *r, const char *what, const char *name) {
    if (r->failed) return;
    r->failed = true;
    Buffer text = {0};
    buffer_printf(&text, "'%s' %s", name, what);
    *r->why = arena_strndup(r->arena, text.data, text.len);
    buffer_free(&text);
}

static const cJSON *member(Reader *r, const cJSON *object, const char *name,
                           bool (*is)(const cJSON *)) {
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);
    if (item != NULL && is(item)) return item;
    mistake(r, "is not there, or not what it should be", name);
    return NULL;
}

static bool is_number(const cJSON *item) {
    return cJSON_IsNumber(item) && isfinite(item->valuedouble);
}
static bool is_count(const cJSON *item) {
    return cJSON_IsNumber(item) && item->valuedouble >= 0 && item->valuedouble < UINT32_MAX &&
           item->valuedouble == floor(item->valuedouble);
}
static bool is_text(const cJSON *item) { return cJSON_IsString(item); }
static bool is_truth(const cJSON *item) { return cJSON_IsBool(item); }
static bool is_list(const cJSON *item) { return cJSON_IsArray(item); }
static bool is_object(const cJSON *item) { return cJSON_IsObject(item); }

static double read_number(Reader *r, const cJSON *object, const char *name) {
    const cJSON *item = member(r, object, name, is_number);
    return item ? item->valuedouble : 0;
}

static uint32_t read_count(Reader *r, const cJSON *object, const char *name) {
    const cJSON *item = member(r, object, name, is_count);
    return item ? (uint32_t)item->valuedouble : 0;
}

static const char *read_text(Reader *r, const cJSON *object, const char *name) {
    const cJSON *item = member(r, object, name, is_text);
    return item ? arena_strndup(r->arena, item->valuestring, strlen(item->valuestring)) : "";
}

static uint32_t read_name(Reader *r, const cJSON *object, const char *name,
                          const char *const *names, size_t count) {
    const char *text = read_text(r, object, name);
    for (uint32_t i = 0; i < count; i++) {
        if (strcmp(names[i], text) == 0) return i;
    }
    mistake(r, "has a value that is not known", name);
    return 0;
}

/* The list under name and its length; NULL after a mistake. */
static const cJSON *read_list(Reader *r, const cJSON *object, const char *name, uint32_t *count) {
    const cJSON *list = member(r, object, name, is_list);
    *count = list ? (uint32_t)cJSON_GetArraySize(list) : 0;
    return list;
}

static uint32_t subspace_named(Reader *r, const cJSON *item, const char *key) {
    if (++r->names > NAMES_LIMIT) {
        mistake(r, "are too many", key);
        return 0;
    }
    for (uint32_t s = 0; cJSON_IsString(item) && s < r->subspace_count; s++) {
        if (strcmp(r->subspaces[s].name, item->valuestring) == 0) return s;
    }
    mistake(r, "names a subspace that is not there", key);
    return 0;
}

static void read_subspace(Reader *r, const cJSON *item, ClaimedSubspace *s) {
    s->name = read_text(r, item, "name");
    s->kind = (SubspaceKind)read_name(r, item, "kind", subspace_names, COUNT(subspace_names));
    s->offset = read_count(r, item, "offset");
    s->width = read_count(r, item, "width");
    if (s->kind == SUBSPACE_ONE_HOT || s->kind == SUBSPACE_STEPS) {
        (void)read_list(r, item, "values", &s->count);
        if (s->count == 0 || s->width != (s->kind == SUBSPACE_STEPS ? s->count - 1 : s->count))
            mistake(r, "are not as many as the subspace is wide", "values");
    } else if (s->width != 1) {
        mistake(r, "of a number is 1", "width");
    }
    if (s->kind != SUBSPACE_REAL) return;
    s->low = read_number(r, item, "low");
    s->high = read_number(r, item, "high");
    s->denominator = read_count(r, item, "denominator");
}

static void read_subspaces(Reader *r, const cJSON *all) {
    uint32_t count;
    uint32_t width = r->certificate->width;
    const cJSON *list = read_list(r, all, "subspaces", &count), *item;
    ClaimedSubspace *subspaces = ARENA_ARRAY(r->arena, ClaimedSubspace, count);
    r->subspaces = subspaces;
    cJSON_ArrayForEach(item, list) {
        ClaimedSubspace *s = &subspaces[r->subspace_count++];
        read_subspace(r, item, s);
        if (s->width > width || s->offset > width - s->width)
            mistake(r, "is not in the residual stream", "offset");
        bool constant = s->kind == SUBSPACE_ONE || s->kind == SUBSPACE_NULL;
        if (constant && s->offset != r->subspace_count - 1)
            mistake(r, "of `one` and `null` are 0 and 1", "offset");
        if ((s->kind == SUBSPACE_ONE) != (r->subspace_count == MODEL_ONE + 1) ||
            (s->kind == SUBSPACE_NULL) != (r->subspace_count == MODEL_NULL + 1))
            mistake(r, "do not begin with `one` and `null`", "subspaces");
    }
    if (count > NAMES_LIMIT) mistake(r, "are too many", "subspaces");
    if (count < 2) mistake(r, "do not begin with `one` and `null`", "subspaces");
    r->certificate->subspaces = subspaces;
    r->certificate->subspace_count = r->subspace_count;
}

static void read_head(Reader *r, const cJSON *item, ClaimedHead *head) {
    head->name = read_text(r, item, "name");
    head->null_policy = (NullPolicy)read_name(r, item, "null", null_names, COUNT(null_names));
    if (head->null_policy == NULL_NONE || cJSON_HasObjectItem(item, "always"))
        head->always = (Always)read_name(r, item, "always", always_names, COUNT(always_names));
    if (head->null_policy == NULL_NONE && head->always == ALWAYS_NOTHING)
        mistake(r, "has a value that is not known", "always");
    head->one = cJSON_IsTrue(member(r, item, "one", is_truth));
    head->scale = read_number(r, item, "scale");
    head->gap = read_number(r, item, "gap");
    if (!(head->scale > 0 && head->gap > 0)) mistake(r, "and 'scale' are positive", "gap");
    const cJSON *list = read_list(r, item, "writes", &head->target_count), *target;
    uint32_t *targets = ARENA_ARRAY(r->arena, uint32_t, head->target_count), t = 0;
    cJSON_ArrayForEach(target, list) targets[t++] = subspace_named(r, target, "writes");
    head->targets = targets;
}

static void read_units(Reader *r, const cJSON *item, ClaimedUnits *units) {
    units->kind = (UnitKind)read_name(r, item, "kind", unit_names, COUNT(unit_names));
    const char *key = units->kind == UNIT_ERASE ? "erases" : "writes";
    units->target = subspace_named(r, cJSON_GetObjectItemCaseSensitive(item, key), key);
    units->first = read_count(r, item, "first");
    units->count = read_count(r, item, "count");
    if (units->kind != UNIT_ERASE) units->margin = read_number(r, item, "margin");
    if (!(units->margin >= 0)) mistake(r, "is negative", "margin");
}

static void read_layers(Reader *r, const cJSON *all) {
    const cJSON *list = read_list(r, all, "layers", &r->certificate->layer_count), *item, *entry;
    ClaimedLayer *layers = ARENA_ARRAY(r->arena, ClaimedLayer, r->certificate->layer_count);
    uint32_t l = 0;
    cJSON_ArrayForEach(item, list) {
        ClaimedLayer *layer = &layers[l++];
        const cJSON *heads = read_list(r, item, "heads", &layer->head_count);
        const cJSON *units = read_list(r, item, "units", &layer->unit_count);
        ClaimedHead *claimed_heads = ARENA_ARRAY(r->arena, ClaimedHead, layer->head_count);
        ClaimedUnits *claimed_units = ARENA_ARRAY(r->arena, ClaimedUnits, layer->unit_count);
        uint32_t h = 0, u = 0;
        cJSON_ArrayForEach(entry, heads) read_head(r, entry, &claimed_heads[h++]);
        cJSON_ArrayForEach(entry, units) read_units(r, entry, &claimed_units[u++]);
        layer->heads = claimed_heads;
        layer->units = claimed_units;
    }
    r->certificate->layers = layers;
}

static void read_reading(Reader *r, const cJSON *item, ClaimedReading *reading) {
    const cJSON *entry;
    reading->decode = (DecodeKind)read_name(r, item, "decode", decode_names, COUNT(decode_names));
    reading->logits = read_count(r, item, "logits");
    const cJSON *mixed = member(r, item, "mixed", is_truth);
    reading->mixed = cJSON_IsTrue(mixed);
    reading->source = NO_SUBSPACE;
    if (reading->decode == DECODE_FRACTION)
        reading->denominator = read_count(r, item, "denominator");
    const cJSON *reads = cJSON_GetObjectItemCaseSensitive(item, "reads");
    if (reading->decode != DECODE_ATOMS || reads == NULL) return;
    reading->source = subspace_named(r, reads, "reads");
    const cJSON *list = read_list(r, item, "logits_of", &reading->value_count);
    uint32_t *of = ARENA_ARRAY(r->arena, uint32_t, reading->value_count), v = 0;
    cJSON_ArrayForEach(entry, list) {
        if (!is_count(entry))
            mistake(r, "holds something else than numbers", "logits_of");
        else
            of[v] = (uint32_t)entry->valuedouble;
        v++;
    }
    reading->logits_of = of;
    if (!r->failed && reading->value_count != r->subspaces[reading->source].count)
        mistake(r, "are not as many as the values that are read", "logits_of");
}

static void read_output(Reader *r, const cJSON *all) {
    const cJSON *item = member(r, all, "output", is_object), *entry;
    ClaimedOutput *output = &r->certificate->output;
    if (item == NULL) return;
    output->name = read_text(r, item, "name");
    output->traps = read_count(r, item, "traps");
    const cJSON *list = read_list(r, item, "readings", &output->reading_count);
    ClaimedReading *readings = ARENA_ARRAY(r->arena, ClaimedReading, output->reading_count);
    uint32_t reading = 0;
    cJSON_ArrayForEach(entry, list) read_reading(r, entry, &readings[reading++]);
    output->readings = readings;
}

const Certificate *certificate_parse(Arena *arena, const char *text, size_t len, const char **why) {
    Certificate *certificate = ARENA_NEW(arena, Certificate);
    Reader r = {.arena = arena, .certificate = certificate, .why = why};
    size_t bad;
    if (!utf8_valid(text, len, &bad)) {
        *why = "it is not UTF-8";
        return NULL;
    }
    cJSON *all = cJSON_ParseWithLength(text, len);
    if (!cJSON_IsObject(all)) {
        *why = "it is no JSON object";
        cJSON_Delete(all);
        return NULL;
    }
    if (strcmp(read_text(&r, all, "format"), FORMAT) != 0)
        mistake(&r, "is not '" FORMAT "'", "format");
    if (!float_type_named(read_text(&r, all, "arithmetic"), FLOAT_LONG_NAME,
                          &certificate->float_type))
        mistake(&r, "is neither 'float32' nor 'float64'", "arithmetic");
    certificate->weights_hash = read_text(&r, all, "weights_sha256");
    certificate->max_length = read_count(&r, all, "max_length");
    certificate->causal = cJSON_IsTrue(member(&r, all, "causal", is_truth));
    certificate->vocabulary_count = read_count(&r, all, "tokens");
    certificate->width = read_count(&r, all, "width");
    if (!r.failed) read_subspaces(&r, all);
    if (!r.failed) read_layers(&r, all);
    if (!r.failed) read_output(&r, all);
    cJSON_Delete(all);
    return r.failed ? NULL : certificate;
}
