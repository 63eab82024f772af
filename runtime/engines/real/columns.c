#include "runtime/engines/real/columns.h"

#include <string.h>

Columns columns_pack(Arena *arena, Numbers weights, uint32_t rows, uint32_t columns,
                     bool transposed) {
    const Real *dense = weights.REAL_MEMBER;
    size_t cells = (size_t)rows * columns, count = 0;
    for (size_t i = 0; i < cells; i++)
        count += dense[i] != 0;
    size_t *start = ARENA_ARRAY(arena, size_t, (size_t)columns + 1);
    uint32_t *coordinate = ARENA_ARRAY(arena, uint32_t, count);
    Real *weight = ARENA_ARRAY(arena, Real, count);
    count = 0;
    for (uint32_t c = 0; c < columns; c++) {
        for (uint32_t r = 0; r < rows; r++) {
            Real here = dense[transposed ? (size_t)c * rows + r : (size_t)r * columns + c];
            if (here == 0) continue;
            coordinate[count] = r;
            weight[count++] = here;
        }
        start[c + 1] = count;
    }
    return (Columns){columns, start, coordinate, weight};
}

FOR_EACH_PROCESSOR
static void scale(const Real *in, Real weight, size_t count, Real *out) {
    size_t i = 0;
    for (; i + LANES <= count; i += LANES)
        *(Vector *)(out + i) = *(const Vector *)(in + i) * weight;
    for (; i < count; i++)
        out[i] = in[i] * weight;
}

FOR_EACH_PROCESSOR
static void add_scaled(const Real *in, Real weight, size_t count, Real *out) {
    size_t i = 0;
    for (; i + LANES <= count; i += LANES)
        *(Vector *)(out + i) += *(const Vector *)(in + i) * weight;
    for (; i < count; i++)
        out[i] += in[i] * weight;
}

void columns_apply(const Columns *columns, const Real *in, size_t in_stride, size_t positions,
                   Real *out, size_t out_stride) {
    for (uint32_t c = 0; c < columns->count; c++, out += out_stride) {
        size_t first = columns->start[c], end = columns->start[c + 1];
        if (first == end) memset(out, 0, positions * sizeof *out);
        for (size_t w = first; w < end; w++) {
            const Real *row = in + columns->coordinate[w] * in_stride;
            if (w == first)
                scale(row, columns->weight[w], positions, out);
            else
                add_scaled(row, columns->weight[w], positions, out);
        }
    }
}
