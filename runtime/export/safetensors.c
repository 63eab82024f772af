#include "runtime/export/formats.h"

#include "runtime/base/bug.h"
#include "runtime/value/json.h"

#include <string.h>

/* Sorted by name, each name once: readers refuse gaps, overlaps and duplicates. */
static cJSON *header_of(const Tensors *tensors, const char *config, const char *certificate) {
    cJSON *header = cJSON_CreateObject();
    cJSON *metadata = cJSON_AddObjectToObject(header, "__metadata__");
    if (certificate != NULL)
        json_add_text(metadata, "certificate", certificate, strlen(certificate));
    json_add_text(metadata, "config", config, strlen(config));
    json_add_text(metadata, "format", "pt", 2);
    uint64_t at = 0;
    for (size_t i = 0; i < tensors->count; i++) {
        const Tensor *tensor = &tensors->items[i];
        cJSON *entry = cJSON_AddObjectToObject(header, tensor->name);
        cJSON_AddStringToObject(entry, "dtype", float_name(tensor->type, FLOAT_SAFETENSORS));
        cJSON *shape = cJSON_AddArrayToObject(entry, "shape");
        for (uint32_t d = 0; d < tensor->rank; d++)
            cJSON_AddItemToArray(shape, cJSON_CreateNumber((double)tensor->shape[d]));
        cJSON *offsets = cJSON_AddArrayToObject(entry, "data_offsets");
        cJSON_AddItemToArray(offsets, cJSON_CreateNumber((double)at));
        at += tensor_bytes(tensor);
        cJSON_AddItemToArray(offsets, cJSON_CreateNumber((double)at));
    }
    return header;
}

void safetensors_write(Buffer *out, const Tensors *tensors, const char *config,
                       const char *certificate) {
    enum { ALIGNMENT = 8 };
    if (!tensors_distinct(tensors)) BUG("two tensors of one name");
    Buffer header = {0};
    json_print(&header, header_of(tensors, config, certificate), false);
    while (header.len % ALIGNMENT != 0)
        buffer_char(&header, ' ');
    uint64_t len = header.len;
    buffer_add(out, (const char *)&len, sizeof len);
    buffer_add(out, header.data, header.len);
    buffer_free(&header);
    for (size_t i = 0; i < tensors->count; i++)
        buffer_add(out, tensors->items[i].data.bytes, tensor_bytes(&tensors->items[i]));
}
