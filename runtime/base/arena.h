/* Arena: memory that is freed all at once. Owns every block it hands out.
   Always holds: blocks are zeroed and aligned to 16 bytes; an arena is used by one thread at a
   time. A soft limit marks the arena exhausted; allocation still succeeds, and the work that uses
   the arena looks at arena_exhausted() in its loops and ends with a diagnostic. */
#ifndef RASPC_ARENA_H
#define RASPC_ARENA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct Arena Arena;

/* limit_bytes: where arena_exhausted() begins to hold; 0 means never. */
Arena *arena_new(size_t limit_bytes);
void arena_free(Arena *arena); /* NULL is fine */

/* bytes of zeroed memory; ends the process with a message when the machine has no more. */
void *arena_alloc(Arena *arena, size_t bytes);
/* count elements of size bytes each; the product must not overflow (checked, BUG). */
void *arena_array(Arena *arena, size_t count, size_t size);
/* A grown copy of an array of old_count elements; the old one stays until the arena goes. */
void *arena_grow(Arena *arena, const void *old, size_t old_count, size_t new_count, size_t size);
/* The block is not used any more. A large one is freed now, the others when the arena goes. */
void arena_give_back(Arena *arena, const void *block, size_t bytes);
/* The block for longer: it changes hands where it is a large one of from, and is itself where it
   did so before; else a copy in arena. */
const void *arena_adopt(Arena *arena, Arena *from, const void *block, size_t bytes);
char *arena_strndup(Arena *arena, const char *text, size_t len); /* adds a NUL */

size_t arena_bytes(const Arena *arena); /* handed out so far */
bool arena_exhausted(const Arena *arena);

#define ARENA_NEW(arena, type) ((type *)arena_alloc((arena), sizeof(type)))
#define ARENA_ARRAY(arena, type, count) ((type *)arena_array((arena), (count), sizeof(type)))

#endif
