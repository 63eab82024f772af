#include "runtime/model/tensors.h"

#include "runtime/base/memory.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

void tensors_add(Tensors *tensors, Arena *arena, FloatType type, Numbers data, uint64_t rows,
                 uint64_t columns, const char *name, ...) {
    Buffer text = {0};
    va_list arguments;
    va_start(arguments, name);
    buffer_vprintf(&text, name, arguments);
    va_end(arguments);
    tensors->items = memory_reserve(tensors->items, &tensors->capacity, tensors->count + 1,
                                    sizeof *tensors->items);
    tensors->items[tensors->count++] = (Tensor){.name = arena_strndup(arena, text.data, text.len),
                                                .type = type,
                                                .rank = columns == 0 ? 1 : 2,
                                                .shape = {rows, columns},
                                                .data = data};
    buffer_free(&text);
}

static int by_name(const void *a, const void *b) {
    return strcmp(((const Tensor *)a)->name, ((const Tensor *)b)->name);
}

void tensors_sort(Tensors *tensors) {
    if (tensors->count != 0) qsort(tensors->items, tensors->count, sizeof *tensors->items, by_name);
}

bool tensors_distinct(const Tensors *tensors) {
    for (size_t i = 1; i < tensors->count; i++) {
        if (strcmp(tensors->items[i - 1].name, tensors->items[i].name) == 0) return false;
    }
    return true;
}

void tensors_free(Tensors *tensors) {
    free(tensors->items);
    *tensors = (Tensors){0};
}

uint64_t tensor_count(const Tensor *tensor) {
    return tensor->rank == 1 ? tensor->shape[0] : tensor->shape[0] * tensor->shape[1];
}

uint64_t tensor_bytes(const Tensor *tensor) {
    return tensor_count(tensor) * float_info(tensor->type)->size;
}

uint64_t tensors_bytes(const Tensors *tensors) {
    uint64_t bytes = 0;
    for (size_t i = 0; i < tensors->count; i++)
        bytes += tensor_bytes(&tensors->items[i]);
    return bytes;
}

/* --- of a model ------------------------------------------------------------------------------- */

Numbers embedding_with_pad(Arena *arena, const DenseModel *weights, uint32_t width) {
    size_t rows = (size_t)weights->vocabulary + 1, size = float_info(weights->type)->size;
    char *out = arena_array(arena, (rows + 1) * width, size);
    const char *from = weights->w_e.bytes;
    for (size_t row = 0; row < rows; row++)
        memcpy(out + row * width * size, from + row * weights->width * size, weights->width * size);
    return (Numbers){.bytes = out};
}

static void add_layer(Tensors *tensors, Arena *arena, const DenseModel *weights, uint32_t l) {
    const DenseLayer *layer = &weights->layers[l];
    uint32_t width = weights->width;
    FloatType type = weights->type;
    for (uint32_t h = 0; h < layer->head_count; h++) {
        const DenseHead *head = &layer->heads[h];
        tensors_add(tensors, arena, type, head->w_q, width, head->width, "layers.%u.heads.%u.w_q",
                    l, h);
        tensors_add(tensors, arena, type, head->w_k, width, head->width, "layers.%u.heads.%u.w_k",
                    l, h);
        tensors_add(tensors, arena, type, head->w_v, width, head->width, "layers.%u.heads.%u.w_v",
                    l, h);
        tensors_add(tensors, arena, type, head->w_o, head->width, width, "layers.%u.heads.%u.w_o",
                    l, h);
    }
    if (layer->units == 0) return;
    tensors_add(tensors, arena, type, layer->w_in, width, layer->units,
                "layers.%u.feed_forward.w_in", l);
    tensors_add(tensors, arena, type, layer->b_in, layer->units, 0, "layers.%u.feed_forward.b_in",
                l);
    tensors_add(tensors, arena, type, layer->w_out, layer->units, width,
                "layers.%u.feed_forward.w_out", l);
    tensors_add(tensors, arena, type, layer->b_out, width, 0, "layers.%u.feed_forward.b_out", l);
}

void tensors_of_model(Tensors *tensors, Arena *arena, const DenseModel *weights) {
    uint32_t width = weights->width;
    FloatType type = weights->type;
    tensors_add(tensors, arena, type, embedding_with_pad(arena, weights, width),
                (uint64_t)weights->vocabulary + 2, width, "w_e");
    tensors_add(tensors, arena, type, weights->w_p, (uint64_t)weights->max_length + 1, width,
                "w_p");
    for (uint32_t l = 0; l < weights->layer_count; l++)
        add_layer(tensors, arena, weights, l);
    tensors_add(tensors, arena, type, weights->w_u, width, weights->outputs, "w_u");
    tensors_add(tensors, arena, type, weights->b_u, weights->outputs, 0, "b_u");
}
