/* The one place where the machine's memory is asked for. Running out of it ends the process: what a
   user's program may take is bounded long before (limits.h), so nothing could sensibly go on. */
#ifndef RASPC_MEMORY_H
#define RASPC_MEMORY_H

#include <stdbool.h>
#include <stddef.h>

/* As realloc and calloc, but never NULL; a product that overflows ends the process too. */
void *memory_resize(void *old, size_t bytes);
void *memory_zeroed(size_t bytes);
/* Room for at least wanted elements: *capacity at least doubles when it is too small. */
void *memory_reserve(void *old, size_t *capacity, size_t wanted, size_t size);

/* Zeroed memory straight from the system, which has it back with memory_unmap; NULL where it has no
   more. For what is large: from MEMORY_LARGE on, in pages so large that touching them all for the
   first time takes no longer than the work. */
#define MEMORY_LARGE ((size_t)2 << 20)
void *memory_map(size_t bytes);
void memory_unmap(void *memory, size_t bytes); /* the bytes that were asked for */

/* Whether a sanitizer looks on. It sees an overrun only at the end of a block of its own, and a use
   after the end only of what was given back. */
#if defined(__SANITIZE_ADDRESS__)
#define MEMORY_IS_WATCHED true
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define MEMORY_IS_WATCHED true
#endif
#endif
#ifndef MEMORY_IS_WATCHED
#define MEMORY_IS_WATCHED false
#endif

#endif
