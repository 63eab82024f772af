/* A pool: threads that share work cut into pieces. The caller of pool_run is one of them and waits
   until all pieces are done; one caller at a time. */
#ifndef RASPC_JIT_POOL_H
#define RASPC_JIT_POOL_H

#include <stdint.h>

typedef struct Pool Pool;

/* As many threads in all as asked for (0: as there are processors), or fewer where the machine
   gives no more. */
Pool *pool_new(uint32_t threads);
void pool_free(Pool *pool); /* NULL is fine */
/* work(state, piece) for every piece in [0, pieces), in any order, by any thread. */
void pool_run(Pool *pool, void (*work)(void *state, uint32_t piece), void *state, uint32_t pieces);
uint32_t pool_processors(void);

#endif
