#include "runtime/base/memory.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

static void *or_stop(void *memory, size_t bytes) {
    if (memory != NULL) return memory;
    fprintf(stderr, "raspc: out of memory (%zu bytes more were needed)\n", bytes);
    abort();
}

void *memory_resize(void *old, size_t bytes) {
    if (bytes == 0) bytes = 1;
    return or_stop(realloc(old, bytes), bytes);
}

void *memory_zeroed(size_t bytes) {
    if (bytes == 0) bytes = 1;
    return or_stop(calloc(1, bytes), bytes);
}

void *memory_reserve(void *old, size_t *capacity, size_t wanted, size_t size) {
    if (wanted <= *capacity) return old;
    size_t grown = *capacity < 8 ? 8 : *capacity * 2;
    if (grown < wanted) grown = wanted;
    if (grown > SIZE_MAX / 2 / size) return or_stop(NULL, SIZE_MAX);
    *capacity = grown;
    return memory_resize(old, grown * size);
}

/* Aligned as large pages are: the system has none for a part of one. */
void *memory_map(size_t bytes) {
    size_t page = (size_t)sysconf(_SC_PAGESIZE), whole = (bytes + page - 1) / page * page;
    size_t room = bytes < MEMORY_LARGE ? whole : whole + MEMORY_LARGE;
    if (room < bytes) return NULL;
    char *memory = mmap(NULL, room, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) return NULL;
    if (bytes < MEMORY_LARGE) return memory;
    size_t before = -(uintptr_t)memory % MEMORY_LARGE;
    if (before > 0) (void)munmap(memory, before);
    memory += before;
    (void)munmap(memory + whole, MEMORY_LARGE - before);
    (void)madvise(memory, whole, MADV_HUGEPAGE);
    return memory;
}

void memory_unmap(void *memory, size_t bytes) { (void)munmap(memory, bytes); }
