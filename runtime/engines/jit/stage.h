/* The stages of a program's code, run one after the other. A stage runs once over all positions, or
   is split: chunk by chunk, at once where there are threads. Chunks are the same however many
   threads there are, and what is split adds integers, so results do not depend on threads. */
#ifndef RASPC_JIT_STAGE_H
#define RASPC_JIT_STAGE_H

#include "runtime/base/arena.h"

#include <stdint.h>

enum { CHUNKS = 16 }; /* at most */

typedef struct Stage {
    bool split;      /* chunk by chunk */
    bool when_split; /* only where there are several chunks: makes or joins their parts */
    bool pairs;      /* looks at pairs of positions: worth splitting from few positions on */
} Stage;

typedef struct Stages {
    Arena *arena;
    Stage *list; /* (count) */
    uint32_t count;
} Stages;

/* The number of all stages in turn, each over all positions: what a short input takes. */
enum { STAGE_ALL = -1 };

/* The code of all stages. [from, to): the positions (or rounds of a sweep) of the chunk. */
typedef void (*Code)(int64_t stage, const int32_t *tokens, int64_t n, void **columns, int64_t from,
                     int64_t to, int64_t chunk, int64_t chunks);

#endif
