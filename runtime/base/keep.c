#include "runtime/base/keep.h"

#include <string.h>

enum { LONG = 1 << 20 }; /* bytes; what is shorter is not worth looking for */

/* Arrays that differ mostly do so at once, so that there is no need of a hash. */
const void *keep_array(Keeper *keeper, Arena *arena, void *array, size_t bytes) {
    if (bytes < LONG) return array;
    for (uint32_t i = 0; i < keeper->count; i++) {
        const KeptArray *kept = &keeper->arrays[i];
        if (kept->array == array) return array;
        if (kept->bytes < bytes || memcmp(kept->array, array, bytes) != 0) continue;
        arena_give_back(arena, array, bytes);
        return kept->array;
    }
    if (keeper->count == keeper->capacity) {
        uint32_t capacity = keeper->capacity ? 2 * keeper->capacity : 16;
        keeper->arrays =
            arena_grow(arena, keeper->arrays, keeper->count, capacity, sizeof(KeptArray));
        keeper->capacity = capacity;
    }
    keeper->arrays[keeper->count++] = (KeptArray){array, bytes};
    return array;
}
