/* safetensors, the reading side: a 64-bit length, a JSON header, the data. */
#include "runtime/certify/weights_file.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <string.h>

enum { HEADER_LIMIT = 100 * 1000 * 1000 }; /* as the format's own library has it */

/* A whole number from 0 to limit. */
static bool whole(const cJSON *item, double limit, uint64_t *out) {
    if (!cJSON_IsNumber(item) || !(item->valuedouble >= 0 && item->valuedouble <= limit) ||
        item->valuedouble != floor(item->valuedouble))
        return false;
    *out = (uint64_t)item->valuedouble;
    return true;
}

static bool read_tensor(Arena *arena, const cJSON *entry, const char *data, size_t len,
                        WeightsFile *out, const char **why) {
    const cJSON *dtype = cJSON_GetObjectItemCaseSensitive(entry, "dtype");
    const cJSON *shape = cJSON_GetObjectItemCaseSensitive(entry, "shape");
    const cJSON *offsets = cJSON_GetObjectItemCaseSensitive(entry, "data_offsets");
    uint64_t from, to, rows, columns = 1;
    int rank = cJSON_IsArray(shape) ? cJSON_GetArraySize(shape) : 0;
    *why = "its tensors are not float32 or float64 matrices and vectors within the file";
    FloatType type;
    if (!cJSON_IsString(dtype) || !float_type_named(dtype->valuestring, FLOAT_SAFETENSORS, &type))
        return false;
    size_t size = float_info(type)->size;
    if (rank < 1 || rank > 2 || !cJSON_IsArray(offsets) || cJSON_GetArraySize(offsets) != 2)
        return false;
    if (!whole(cJSON_GetArrayItem(offsets, 0), (double)len, &from) ||
        !whole(cJSON_GetArrayItem(offsets, 1), (double)len, &to) || from > to)
        return false;
    if (!whole(cJSON_GetArrayItem(shape, 0), UINT32_MAX, &rows) ||
        (rank == 2 && !whole(cJSON_GetArrayItem(shape, 1), UINT32_MAX, &columns)))
        return false;
    /* Two factors below 2^32: the product of the sizes does not overflow. */
    if ((to - from) % size != 0 || rows * columns != (to - from) / size) return false;
    if (rank == 2 && columns == 0) return false;
    void *numbers = arena_array(arena, rows * columns, size);
    memcpy(numbers, data + from, to - from);
    tensors_add(&out->tensors, arena, type, (Numbers){.bytes = numbers}, rows,
                rank == 2 ? columns : 0, "%s", entry->string);
    return true;
}

static const char *text_of(Arena *arena, const cJSON *metadata, const char *name) {
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(metadata, name);
    if (!cJSON_IsString(item)) return NULL;
    return arena_strndup(arena, item->valuestring, strlen(item->valuestring));
}

bool read_safetensors(Arena *arena, const char *bytes, size_t len, WeightsFile *out,
                      const char **why) {
    uint64_t header_len;
    *why = "it is no whole .safetensors or .npz file";
    if (len < sizeof header_len) return false;
    memcpy(&header_len, bytes, sizeof header_len);
    if (header_len > HEADER_LIMIT || header_len > len - sizeof header_len) return false;
    cJSON *header = cJSON_ParseWithLength(bytes + sizeof header_len, header_len);
    const char *data = bytes + sizeof header_len + header_len;
    size_t data_len = len - sizeof header_len - header_len;
    const cJSON *entry;
    *why = "its header is no JSON object";
    bool fine = cJSON_IsObject(header);
    if (fine) {
        cJSON_ArrayForEach(entry, header) {
            if (strcmp(entry->string, "__metadata__") == 0) {
                out->config = text_of(arena, entry, "config");
                out->certificate = text_of(arena, entry, "certificate");
            } else if (fine) {
                fine = read_tensor(arena, entry, data, data_len, out, why);
            }
        }
    }
    cJSON_Delete(header);
    return fine;
}
