#include "runtime/base/arena.h"

#include "runtime/base/bug.h"
#include "runtime/base/memory.h"

#include <stdlib.h>
#include <string.h>

enum { ALIGNMENT = 16, FIRST_CHUNK = 8 * 1024, GREATEST_CHUNK = 1024 * 1024, SPARES = 1 };

typedef struct Chunk Chunk;
struct Chunk {
    Chunk *next;
    size_t mapped; /* bytes, of one that is the system's own; 0: malloc's */
    _Alignas(ALIGNMENT) char bytes[];
};

struct Arena {
    Chunk *chunks;        /* all of them, to be freed */
    Chunk *spare[SPARES]; /* mapped ones that were given back, or NULL: clearing memory that is
                             there takes a fraction of what the system takes to bring some */
    uint32_t next_spare;  /* the oldest of them */
    char *free;           /* the rest of the chunk being filled */
    size_t left;
    size_t next_chunk; /* how large the next one will be */
    size_t used, limit;
};

Arena *arena_new(size_t limit_bytes) {
    Arena *arena = memory_zeroed(sizeof *arena);
    arena->limit = limit_bytes;
    arena->next_chunk = FIRST_CHUNK;
    return arena;
}

static void chunk_free(Chunk *chunk) {
    if (chunk->mapped)
        memory_unmap(chunk, chunk->mapped);
    else
        free(chunk);
}

void arena_free(Arena *arena) {
    if (arena == NULL) return;
    for (Chunk *chunk = arena->chunks, *next; chunk != NULL; chunk = next) {
        next = chunk->next;
        chunk_free(chunk);
    }
    for (int i = 0; i < SPARES; i++) {
        if (arena->spare[i]) chunk_free(arena->spare[i]);
    }
    free(arena);
}

/* A spare chunk of so many bytes or not many more, cleared; NULL: there is none. */
static Chunk *take_spare(Arena *arena, size_t bytes) {
    for (int i = 0; i < SPARES; i++) {
        Chunk *chunk = arena->spare[i];
        if (!chunk || chunk->mapped < bytes || chunk->mapped / 2 > bytes) continue;
        size_t mapped = chunk->mapped;
        arena->spare[i] = NULL;
        memset(chunk, 0, bytes);
        chunk->mapped = mapped;
        return chunk;
    }
    return NULL;
}

static void keep_spare(Arena *arena, Chunk *chunk) {
    Chunk **place = &arena->spare[arena->next_spare];
    arena->next_spare = (arena->next_spare + 1) % SPARES;
    if (*place) chunk_free(*place);
    *place = chunk;
}

static Chunk *new_mapped(Arena *arena, size_t bytes) {
    Chunk *chunk = take_spare(arena, bytes);
    if (chunk) return chunk;
    chunk = memory_map(bytes);
    if (chunk) chunk->mapped = bytes;
    return chunk;
}

/* Large ones are mapped: malloc would keep what is freed between others. */
static char *new_chunk(Arena *arena, size_t bytes) {
    size_t all = sizeof(Chunk) + bytes;
    bool large = bytes >= MEMORY_LARGE && !MEMORY_IS_WATCHED;
    Chunk *chunk = large ? new_mapped(arena, all) : NULL;
    if (chunk == NULL) chunk = memory_zeroed(all);
    chunk->next = arena->chunks;
    arena->chunks = chunk;
    return chunk->bytes;
}

void *arena_alloc(Arena *arena, size_t bytes) {
    if (bytes > SIZE_MAX / 2) BUG("arena: a block of %zu bytes", bytes);
    size_t rounded = (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    if (rounded == 0) rounded = ALIGNMENT;
    arena->used += rounded;
    if (MEMORY_IS_WATCHED) return new_chunk(arena, bytes);
    if (rounded > arena->left) {
        /* What is large gets a chunk of its own, so that the one being filled is not wasted. */
        if (rounded > arena->next_chunk / 4) return new_chunk(arena, rounded);
        arena->free = new_chunk(arena, arena->next_chunk);
        arena->left = arena->next_chunk;
        if (arena->next_chunk < GREATEST_CHUNK) arena->next_chunk *= 2;
    }
    char *block = arena->free;
    arena->free += rounded;
    arena->left -= rounded;
    return block;
}

void *arena_array(Arena *arena, size_t count, size_t size) {
    if (size != 0 && count > SIZE_MAX / 2 / size) BUG("arena: %zu elements of %zu", count, size);
    return arena_alloc(arena, count * size);
}

void *arena_grow(Arena *arena, const void *old, size_t old_count, size_t new_count, size_t size) {
    if (new_count < old_count) BUG("arena: %zu elements cut to %zu", old_count, new_count);
    void *grown = arena_array(arena, new_count, size);
    if (old_count != 0) memcpy(grown, old, old_count * size);
    return grown;
}

/* The link to the chunk that is this block alone; NULL: there is none. */
static Chunk **link_of(Arena *arena, const void *block, size_t bytes) {
    if (bytes < GREATEST_CHUNK && !MEMORY_IS_WATCHED) return NULL;
    for (Chunk **at = &arena->chunks; *at != NULL; at = &(*at)->next) {
        if ((*at)->bytes == block) return at;
    }
    return NULL;
}

void arena_give_back(Arena *arena, const void *block, size_t bytes) {
    Chunk **at = link_of(arena, block, bytes);
    if (at == NULL) return;
    Chunk *chunk = *at;
    *at = chunk->next;
    if (chunk->mapped)
        keep_spare(arena, chunk);
    else
        chunk_free(chunk);
}

const void *arena_adopt(Arena *arena, Arena *from, const void *block, size_t bytes) {
    if (link_of(arena, block, bytes) != NULL) return block;
    Chunk **at = link_of(from, block, bytes);
    if (at == NULL) {
        void *copy = arena_alloc(arena, bytes);
        if (bytes != 0) memcpy(copy, block, bytes);
        return copy;
    }
    Chunk *chunk = *at;
    *at = chunk->next;
    chunk->next = arena->chunks;
    arena->chunks = chunk;
    arena->used += bytes;
    return block;
}

char *arena_strndup(Arena *arena, const char *text, size_t len) {
    char *copy = arena_alloc(arena, len + 1);
    if (len != 0) memcpy(copy, text, len);
    return copy;
}

size_t arena_bytes(const Arena *arena) { return arena->used; }

bool arena_exhausted(const Arena *arena) { return arena->limit != 0 && arena->used > arena->limit; }
