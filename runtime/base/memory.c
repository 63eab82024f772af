#include "runtime/base/memory.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

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

void *memory_map(size_t bytes) {
    void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) return NULL;
    if (bytes >= MEMORY_LARGE) (void)madvise(memory, bytes, MADV_HUGEPAGE);
    return memory;
}

void memory_unmap(void *memory, size_t bytes) { (void)munmap(memory, bytes); }
