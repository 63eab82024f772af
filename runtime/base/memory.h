/* The one place where the machine's memory is asked for. Running out of it ends the process: what a
   user's program may take is bounded long before (limits.h), so nothing could sensibly go on. */
#ifndef RASPC_MEMORY_H
#define RASPC_MEMORY_H

#include <stddef.h>

/* As realloc and calloc, but never NULL; a product that overflows ends the process too. */
void *memory_resize(void *old, size_t bytes);
void *memory_zeroed(size_t bytes);
/* Room for at least wanted elements: *capacity at least doubles when it is too small. */
void *memory_reserve(void *old, size_t *capacity, size_t wanted, size_t size);

#endif
