/* From named tensors to the matrices of a transformer. */
#include "runtime/certify/weights_file.h"

#include "runtime/base/limits.h"
#include "runtime/base/sha256.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/* --- finding tensors -------------------------------------------------------------------------- */

/* Sorted by name: a binary search. */
static const Tensor *find(const Tensors *tensors, const char *name) {
    size_t low = 0, high = tensors->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(name, tensors->items[middle].name);
        if (order == 0) return &tensors->items[middle];
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}

typedef struct Finder {
    const Tensors *tensors;
    FloatType type; /* of the first that is there: all must be of it */
    size_t used;
    Arena *arena;
    const char **why;
} Finder;

static bool wrong(Finder *f, const char *what, const char *name) {
    Buffer text = {0};
    buffer_printf(&text, "tensor '%.80s' %s", name, what);
    *f->why = arena_strndup(f->arena, text.data, text.len);
    buffer_free(&text);
    return false;
}

/* The tensor of that shape; columns == 0: a vector. UINT64_MAX: any size, which is written there.
 */
static bool take(Finder *f, const char *name, uint64_t *rows, uint64_t *columns, Numbers *out) {
    const Tensor *tensor = find(f->tensors, name);
    if (!tensor) return wrong(f, "is missing", name);
    uint64_t there = tensor->rank == 2 ? tensor->shape[1] : 0;
    if (*rows == UINT64_MAX && tensor->rank == 2) *rows = tensor->shape[0];
    if (*columns == UINT64_MAX && tensor->rank == 2) *columns = there;
    if (tensor->shape[0] != *rows || there != *columns) return wrong(f, "has another shape", name);
    if (tensor->type != f->type) return wrong(f, "is of another type than 'w_e'", name);
    f->used++;
    *out = tensor->data;
    return true;
}

static bool take_part(Finder *f, uint32_t layer, const char *part, uint64_t *rows,
                      uint64_t *columns, Numbers *out) {
    char name[96];
    snprintf(name, sizeof name, "layers.%u.%s", layer, part);
    return take(f, name, rows, columns, out);
}

/* --- masks ------------------------------------------------------------------------------------ */

static bool read_bound(const cJSON *item, int32_t none, int32_t *out) {
    *out = none;
    if (cJSON_IsNull(item)) return true;
    if (!cJSON_IsNumber(item) || !(fabs(item->valuedouble) < INT32_MAX)) return false;
    *out = (int32_t)item->valuedouble;
    return (double)*out == item->valuedouble;
}

static bool read_mask(const cJSON *head, HeadMask *out) {
    const cJSON *mask = cJSON_GetObjectItemCaseSensitive(head, "mask");
    return cJSON_IsArray(mask) && cJSON_GetArraySize(mask) == 2 &&
           read_bound(cJSON_GetArrayItem(mask, 0), INT32_MIN, &out->low) &&
           read_bound(cJSON_GetArrayItem(mask, 1), INT32_MAX, &out->high);
}

/* --- the whole -------------------------------------------------------------------------------- */

static bool read_head(Finder *f, uint32_t l, uint32_t h, uint64_t width, DenseHead *out) {
    char part[64];
    uint64_t inner = UINT64_MAX;
    const char *const names[] = {"w_q", "w_k", "w_v", "w_o"};
    Numbers *const slots[] = {&out->w_q, &out->w_k, &out->w_v, &out->w_o};
    for (int i = 0; i < 4; i++) {
        snprintf(part, sizeof part, "heads.%u.%s", h, names[i]);
        bool last = i == 3;
        if (!take_part(f, l, part, last ? &inner : &width, last ? &width : &inner, slots[i]))
            return false;
    }
    out->width = (uint32_t)inner;
    return true;
}

static bool read_layer(Finder *f, uint32_t l, const cJSON *config, uint64_t width,
                       DenseLayer *out) {
    const cJSON *heads = cJSON_GetObjectItemCaseSensitive(config, "heads"), *item;
    DenseHead *dense = ARENA_ARRAY(f->arena, DenseHead, (size_t)cJSON_GetArraySize(heads));
    uint64_t units = UINT64_MAX, none = 0;
    out->heads = dense;
    cJSON_ArrayForEach(item, heads) {
        uint32_t h = out->head_count++;
        if (!read_mask(item, &dense[h].mask)) {
            *f->why = "its config gives a head no mask";
            return false;
        }
        if (!read_head(f, l, h, width, &dense[h])) return false;
    }
    char name[64];
    snprintf(name, sizeof name, "layers.%u.feed_forward.w_in", l);
    if (!find(f->tensors, name)) return true;
    if (!take_part(f, l, "feed_forward.w_in", &width, &units, &out->w_in) ||
        !take_part(f, l, "feed_forward.b_in", &units, &none, &out->b_in) ||
        !take_part(f, l, "feed_forward.w_out", &units, &width, &out->w_out) ||
        !take_part(f, l, "feed_forward.b_out", &width, &none, &out->b_out))
        return false;
    out->units = (uint32_t)units;
    return true;
}

static bool all_finite(Finder *f) {
    for (size_t i = 0; i < f->tensors->count; i++) {
        const Tensor *tensor = &f->tensors->items[i];
        for (uint64_t n = tensor_count(tensor), j = 0; j < n; j++) {
            if (!isfinite(numbers_at(tensor->type, tensor->data, j)))
                return wrong(f, "holds something that is no number", tensor->name);
        }
    }
    return true;
}

static bool names_differ(Finder *f) {
    for (size_t i = 1; i < f->tensors->count; i++) {
        if (strcmp(f->tensors->items[i - 1].name, f->tensors->items[i].name) == 0)
            return wrong(f, "is there twice", f->tensors->items[i].name);
    }
    return true;
}

/* Only those over real vectors name what goes in. */
static bool over_tokens(Finder *f, const cJSON *config) {
    if (cJSON_GetObjectItemCaseSensitive(config, "inputs") == NULL) return true;
    *f->why = "it is a transformer over real vectors: certificates are for those over tokens";
    return false;
}

static bool read_model(Finder *f, const cJSON *config, DenseModel *out) {
    const cJSON *layers = cJSON_GetObjectItemCaseSensitive(config, "layers"), *item;
    uint64_t tokens = UINT64_MAX, positions = UINT64_MAX, width = UINT64_MAX;
    uint64_t outputs = UINT64_MAX, none = 0;
    const Tensor *first = find(f->tensors, "w_e");
    if (first != NULL) out->type = f->type = first->type;
    if (!take(f, "w_e", &tokens, &width, &out->w_e) ||
        !take(f, "w_p", &positions, &width, &out->w_p) ||
        !take(f, "w_u", &width, &outputs, &out->w_u) || !take(f, "b_u", &outputs, &none, &out->b_u))
        return false;
    if (tokens < 3 || positions < 2) {
        *f->why = "it has no tokens or no positions";
        return false;
    }
    out->width = (uint32_t)width;
    out->vocabulary = (uint32_t)tokens - 2; /* less BOS and PAD */
    out->max_length = (uint32_t)positions - 1;
    out->outputs = (uint32_t)outputs;
    DenseLayer *dense = ARENA_ARRAY(f->arena, DenseLayer, (size_t)cJSON_GetArraySize(layers));
    out->layers = dense;
    cJSON_ArrayForEach(item, layers) {
        uint32_t l = out->layer_count++;
        if (!read_layer(f, l, item, width, &dense[l])) return false;
    }
    if (f->used == f->tensors->count) return true;
    *f->why = "it holds tensors that its config does not name";
    return false;
}

bool weights_file_read(Arena *arena, const char *bytes, size_t len, WeightsFile *out,
                       const char **why) {
    *out = (WeightsFile){0};
    bool zip = len >= 4 && memcmp(bytes, "PK\3\4", 4) == 0;
    if (!(zip ? read_npz : read_safetensors)(arena, bytes, len, out, why)) return false;
    tensors_sort(&out->tensors);
    DenseModel *weights = ARENA_NEW(arena, DenseModel);
    Finder finder = {.tensors = &out->tensors, .arena = arena, .why = why};
    cJSON *config = out->config ? cJSON_Parse(out->config) : NULL;
    *why = "it has no config";
    bool fine = cJSON_IsObject(config) && over_tokens(&finder, config) && names_differ(&finder) &&
                all_finite(&finder) && read_model(&finder, config, weights);
    cJSON_Delete(config);
    out->weights = weights;
    return fine;
}

void weights_file_free(WeightsFile *file) { tensors_free(&file->tensors); }

const char *weights_hash(Arena *arena, const Tensors *tensors) {
    Buffer list = {0}, hash = {0};
    for (size_t i = 0; i < tensors->count; i++) {
        const Tensor *tensor = &tensors->items[i];
        buffer_printf(&list, "%s ", tensor->name);
        sha256_hex(&list, tensor->data.bytes, tensor_bytes(tensor));
        buffer_char(&list, '\n');
    }
    sha256_hex(&hash, list.data ? list.data : "", list.len);
    const char *text = arena_strndup(arena, hash.data, hash.len);
    buffer_free(&list);
    buffer_free(&hash);
    return text;
}
