/* A run's memory: blocks that are its own, as many as the limit lets it have. What it gives back
   waits for whoever asks for as many bytes, in this run or in the program's next one: memory that
   was touched before costs no page faults. What waited longest goes first where there is too much,
   and all of it where the system has no more. Of two runs at once one has what the program keeps.
 */
#include "runtime/engines/jit/real/run.h"

#include "runtime/base/limits.h"
#include "runtime/base/memory.h"

#include <stdlib.h>
#include <string.h>

/* Before what is handed out; the list of all. */
typedef struct Block {
    struct Block *before, *after;
    struct Block *next; /* among those that are unused, or kept */
    size_t bytes;       /* with this */
    void **holder;      /* of what the run can do without: who has it; else NULL */
    bool mapped;
} Block;

enum { LINE = 64 };
/* What is kept, of blocks that are not worth less than the search for them. */
enum { KEPT_LEAST = 16 << 10, KEPT_MOST = MEMORY_IS_WATCHED ? 0 : 32 << 20 };

static void *no_room(Run *run, size_t bytes) {
    if (run->short_of_memory) return NULL;
    run->short_of_memory = true;
    diag_error(
        run->diags, DIAG_LIMIT_MEMORY, run->span,
        "an input of %lld positions needs too much memory (%zu MiB more than the %zu in use)",
        (long long)run->n, bytes >> 20, run->bytes >> 20);
    return NULL;
}

/* With a line for the block's own numbers, and rounded up to lines. */
static size_t block_bytes(size_t bytes) { return (bytes + 2 * LINE - 1) / LINE * LINE + LINE; }

static void give_unused(Run *run) {
    while (run->unused) {
        Block *block = run->unused;
        run->unused = block->next;
        run_give(run, (char *)block + LINE);
    }
}

static void give_optional(Run *run) {
    for (Block *block = run->blocks, *after; block; block = after) {
        after = block->after;
        if (block->holder == NULL) continue;
        *block->holder = NULL;
        run_give(run, (char *)block + LINE);
    }
}

void run_release(Run *run, void *memory) {
    if (memory == NULL) return;
    Block *block = (Block *)(void *)((char *)memory - LINE);
    block->next = run->unused;
    run->unused = block;
}

/* --- what is kept ----------------------------------------------------------------------------- */

static void give_to_system(Block *block) {
    if (block->mapped)
        memory_unmap(block, block->bytes);
    else
        free(block);
}

static void give_list_to_system(Block *block) {
    while (block) {
        Block *next = block->next;
        give_to_system(block);
        block = next;
    }
}

static void give_kept(Run *run) {
    give_list_to_system(run->kept);
    run->kept = NULL;
    run->kept_bytes = 0;
}

static void give_oldest(Run *run) {
    Block **at = &run->kept;
    while ((*at)->next)
        at = &(*at)->next;
    run->kept_bytes -= (*at)->bytes;
    give_to_system(*at);
    *at = NULL;
}

static void keep(Run *run, Block *block) {
    if (block->bytes < KEPT_LEAST || block->bytes > KEPT_MOST) {
        give_to_system(block);
        return;
    }
    while (run->kept_bytes + block->bytes > KEPT_MOST)
        give_oldest(run);
    block->next = run->kept;
    run->kept = block;
    run->kept_bytes += block->bytes;
}

static Block *take_kept(Run *run, size_t bytes) {
    for (Block **at = &run->kept; bytes >= KEPT_LEAST && *at; at = &(*at)->next)
        if ((*at)->bytes == bytes) {
            Block *block = *at;
            *at = block->next;
            run->kept_bytes -= bytes;
            return block;
        }
    return NULL;
}

void run_take_kept(Run *run) {
    run->kept = atomic_exchange(run->program->kept, NULL);
    for (Block *block = run->kept; block; block = block->next)
        run->kept_bytes += block->bytes;
}

void run_keep_all(Run *run) {
    Block *none = NULL;
    run_give_all(run);
    if (!atomic_compare_exchange_strong(run->program->kept, &none, run->kept))
        give_list_to_system(run->kept);
    run->kept = NULL;
}

void run_free_kept(const RealProgram *program) {
    if (program->kept) give_list_to_system(atomic_exchange(program->kept, NULL));
}

/* --- blocks ----------------------------------------------------------------------------------- */

static Block *new_block(Run *run, size_t bytes, bool mapped) {
    Block *block = mapped ? memory_map(bytes) : aligned_alloc(LINE, bytes);
    if (block == NULL && run->kept) {
        give_kept(run);
        return new_block(run, bytes, mapped);
    }
    if (block && !mapped) memset(block, 0, bytes);
    return block;
}

/* NULL: the run may not have so much, or there is none. Zeroed, or as it was left. */
static Block *take_block(Run *run, size_t bytes, bool zeroed) {
    if (bytes > LIMIT_EVALUATION_BYTES || run->bytes + bytes > LIMIT_EVALUATION_BYTES) return NULL;
    bytes = block_bytes(bytes);
    bool mapped = bytes >= MEMORY_LARGE;
    Block *block = take_kept(run, bytes);
    if (block && zeroed) memset(block, 0, bytes);
    if (block == NULL) block = new_block(run, bytes, mapped);
    if (block == NULL) return NULL;
    *block = (Block){.after = run->blocks, .bytes = bytes, .mapped = mapped};
    if (run->blocks) run->blocks->before = block;
    run->blocks = block;
    run->bytes += bytes;
    return block;
}

static void *take(Run *run, size_t bytes, bool zeroed) {
    Block *block = take_block(run, bytes, zeroed);
    if (block == NULL) {
        give_unused(run);
        block = take_block(run, bytes, zeroed);
    }
    if (block == NULL && !run->sharing) {
        give_optional(run);
        block = take_block(run, bytes, zeroed);
    }
    return block ? (char *)block + LINE : no_room(run, bytes);
}

void *run_take(Run *run, size_t count, size_t size) {
    size_t bytes;
    if (__builtin_mul_overflow(count ? count : 1, size, &bytes)) return no_room(run, SIZE_MAX);
    return take(run, bytes, true);
}

void *run_take_column(Run *run, size_t count, size_t size) {
    size_t bytes;
    if (__builtin_mul_overflow(count ? count : 1, size, &bytes)) return no_room(run, SIZE_MAX);
    for (Block **at = &run->unused; bytes < LIMIT_EVALUATION_BYTES && *at; at = &(*at)->next)
        if ((*at)->bytes == block_bytes(bytes)) {
            Block *block = *at;
            *at = block->next;
            return (char *)block + LINE;
        }
    return take(run, bytes, false);
}

void run_take_optional(Run *run, size_t bytes, void **holder) {
    Block *block = take_block(run, bytes, true);
    *holder = NULL;
    if (block == NULL) return;
    block->holder = holder;
    *holder = (char *)block + LINE;
}

void run_give(Run *run, void *memory) {
    if (memory == NULL) return;
    Block *block = (Block *)(void *)((char *)memory - LINE);
    if (block->before)
        block->before->after = block->after;
    else
        run->blocks = block->after;
    if (block->after) block->after->before = block->before;
    run->bytes -= block->bytes;
    keep(run, block);
}

void run_give_all(Run *run) {
    while (run->blocks)
        run_give(run, (char *)run->blocks + LINE);
}
