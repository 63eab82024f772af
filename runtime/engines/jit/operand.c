#include "runtime/engines/jit/operand.h"

#include "runtime/base/bug.h"

#include <string.h>

size_t element_size(ElementType type) { return type == ELEMENT_I32 ? 4 : 8; }

BufferId columns_buffer(Columns *columns, ElementType type, Length length) {
    if (columns->buffer_count == columns->buffer_capacity) {
        uint32_t capacity = columns->buffer_capacity ? columns->buffer_capacity * 2 : 16;
        columns->buffers = arena_grow(columns->arena, columns->buffers, columns->buffer_count,
                                      capacity, sizeof *columns->buffers);
        columns->buffer_capacity = capacity;
    }
    columns->buffers[columns->buffer_count] = (BufferSpec){.type = type, .length = length};
    return columns->buffer_count++;
}

BufferId columns_per_position(Columns *columns, ElementType type) {
    BufferId column = columns_buffer(columns, type, (Length){0, 1});
    columns->buffers[column].column = true;
    return column;
}

bool range_is_narrow(int64_t low, int64_t high) { return low >= INT32_MIN && high <= INT32_MAX; }

BufferId columns_of_range(Columns *columns, int64_t low, int64_t high) {
    return columns_per_position(columns, range_is_narrow(low, high) ? ELEMENT_I32 : ELEMENT_I64);
}

static TableId add_table(Columns *columns, ElementType type, uint32_t count, const void *data) {
    if (columns->table_count == columns->table_capacity) {
        uint32_t capacity = columns->table_capacity ? columns->table_capacity * 2 : 16;
        columns->tables = arena_grow(columns->arena, columns->tables, columns->table_count,
                                     capacity, sizeof *columns->tables);
        columns->table_capacity = capacity;
    }
    columns->tables[columns->table_count] = (ConstantTable){type, count, data};
    return columns->table_count++;
}

TableId columns_table(Columns *columns, const int64_t *values, uint32_t count) {
    bool fits = true;
    for (uint32_t i = 0; i < count; i++)
        fits = fits && values[i] == (int32_t)values[i];
    if (!fits) {
        int64_t *copy = ARENA_ARRAY(columns->arena, int64_t, count);
        memcpy(copy, values, count * sizeof *copy);
        return add_table(columns, ELEMENT_I64, count, copy);
    }
    int32_t *copy = ARENA_ARRAY(columns->arena, int32_t, count);
    for (uint32_t i = 0; i < count; i++)
        copy[i] = (int32_t)values[i];
    return add_table(columns, ELEMENT_I32, count, copy);
}

TableId columns_real_table(Columns *columns, const double *values, uint32_t count) {
    double *copy = ARENA_ARRAY(columns->arena, double, count);
    memcpy(copy, values, count * sizeof *copy);
    return add_table(columns, ELEMENT_F64, count, copy);
}

int64_t table_integer(const ConstantTable *table, uint32_t index) {
    return table->type == ELEMENT_I32 ? ((const int32_t *)table->data)[index]
                                      : ((const int64_t *)table->data)[index];
}

TableId columns_composed(Columns *columns, TableId first, const int64_t *values) {
    const ConstantTable *table = &columns->tables[first];
    int64_t *both = ARENA_ARRAY(columns->arena, int64_t, table->count);
    for (uint32_t i = 0; i < table->count; i++)
        both[i] = values[table_integer(table, i)];
    return columns_table(columns, both, table->count);
}

bool operand_is_position(const Operand *operand, int64_t *plus) {
    *plus = operand->constant;
    return !operand->real && operand->count == 1 && operand->leaves[0].kind == LEAF_POSITION &&
           operand->leaves[0].table == NO_TABLE && operand->leaves[0].factor == 1;
}

bool operand_range(const Operand *operand, int64_t *low, int64_t *high) {
    if (operand->real) BUG("the range of a real operand");
    const __int128 most = (__int128)1 << 62;
    __int128 least = operand->constant, greatest = operand->constant;
    for (uint32_t i = 0; i < operand->count; i++) {
        const Leaf *leaf = &operand->leaves[i];
        __int128 a = (__int128)leaf->low * leaf->factor, b = (__int128)leaf->high * leaf->factor;
        least += a < b ? a : b;
        greatest += a < b ? b : a;
        if (least < -most || greatest > most) return false;
    }
    *low = (int64_t)least;
    *high = (int64_t)greatest;
    return true;
}
