/* Long arrays of which many are equal, kept once: a plan for a million positions makes the same
   table again and again. The arrays live in the arena. */
#ifndef RASPC_KEEP_H
#define RASPC_KEEP_H

#include "runtime/base/arena.h"

typedef struct KeptArray {
    const void *array;
    size_t bytes;
} KeptArray;

typedef struct Keeper {
    KeptArray *arrays; /* (count), in the arena */
    uint32_t count, capacity;
} Keeper;

/* array: from the arena, and nobody's any more but the keeper's. Gives it, or one that was kept
   before and begins like it, byte for byte; then this one is given back. */
const void *keep_array(Keeper *keeper, Arena *arena, void *array, size_t bytes);

#endif
