#include "runtime/engines/jit/pool.h"

#include "runtime/base/memory.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

enum { THREADS_MOST = 256 };

struct Pool {
    pthread_mutex_t lock;
    pthread_cond_t begun, done;
    pthread_t *threads; /* (count), the caller's not among them */
    uint32_t count;
    bool spins; /* threads spin for a while before they sleep: each has a processor */
    /* Written under the lock; read without it only to see whether it is worth taking. */
    atomic_uint round;   /* how many times work was given out */
    atomic_uint at_work; /* threads that have not yet finished this round */
    bool ending;
    /* Of this round. */
    void (*work)(void *state, uint32_t piece);
    void *state;
    uint32_t pieces;
    atomic_uint next; /* the next piece that nobody has */
};

uint32_t pool_processors(void) {
    long online = sysconf(_SC_NPROCESSORS_ONLN);
    return online < 1 ? 1 : (uint32_t)online;
}

/* Tells the processor that nothing is done but waiting. */
static void pause_processor(void) {
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("isb");
#endif
}

/* Until the number is `value` (or, with equal false, until it is another one), for some 50
   microseconds at most. Rounds follow each other so fast that to fall asleep and be woken would
   take as long as the work. */
static void spin(const Pool *pool, const atomic_uint *number, uint32_t value, bool equal) {
    enum { SPINS = 2000 };
    for (int s = 0; pool->spins && s < SPINS; s++) {
        if ((atomic_load_explicit(number, memory_order_relaxed) == value) == equal) return;
        pause_processor();
    }
}

static void take_pieces(Pool *pool) {
    uint32_t piece;
    while ((piece = atomic_fetch_add(&pool->next, 1)) < pool->pieces)
        pool->work(pool->state, piece);
}

static void *worker(void *argument) {
    Pool *pool = argument;
    uint32_t seen = 0;
    for (;;) {
        spin(pool, &pool->round, seen, false);
        pthread_mutex_lock(&pool->lock);
        while (pool->round == seen && !pool->ending)
            pthread_cond_wait(&pool->begun, &pool->lock);
        if (pool->ending) break;
        seen = pool->round;
        pthread_mutex_unlock(&pool->lock);
        take_pieces(pool);
        pthread_mutex_lock(&pool->lock);
        if (--pool->at_work == 0) pthread_cond_signal(&pool->done);
        pthread_mutex_unlock(&pool->lock);
    }
    pthread_mutex_unlock(&pool->lock);
    return NULL;
}

Pool *pool_new(uint32_t threads) {
    Pool *pool = memory_zeroed(sizeof *pool);
    if (threads == 0) threads = pool_processors();
    if (threads > THREADS_MOST) threads = THREADS_MOST;
    pool->spins = threads <= pool_processors();
    pool->threads = memory_zeroed(threads * sizeof *pool->threads);
    pthread_mutex_init(&pool->lock, NULL);
    pthread_cond_init(&pool->begun, NULL);
    pthread_cond_init(&pool->done, NULL);
    while (pool->count + 1 < threads &&
           pthread_create(&pool->threads[pool->count], NULL, worker, pool) == 0)
        pool->count++;
    return pool;
}

void pool_free(Pool *pool) {
    if (pool == NULL) return;
    pthread_mutex_lock(&pool->lock);
    pool->ending = true;
    pool->round++; /* ends their spinning */
    pthread_cond_broadcast(&pool->begun);
    pthread_mutex_unlock(&pool->lock);
    for (uint32_t t = 0; t < pool->count; t++)
        pthread_join(pool->threads[t], NULL);
    pthread_cond_destroy(&pool->done);
    pthread_cond_destroy(&pool->begun);
    pthread_mutex_destroy(&pool->lock);
    free(pool->threads);
    free(pool);
}

void pool_run(Pool *pool, void (*work)(void *state, uint32_t piece), void *state, uint32_t pieces) {
    pthread_mutex_lock(&pool->lock);
    pool->work = work;
    pool->state = state;
    pool->pieces = pieces;
    atomic_store(&pool->next, 0);
    pool->at_work = pool->count;
    pool->round++;
    pthread_cond_broadcast(&pool->begun);
    pthread_mutex_unlock(&pool->lock);
    take_pieces(pool);
    spin(pool, &pool->at_work, 0, true);
    pthread_mutex_lock(&pool->lock);
    while (pool->at_work > 0)
        pthread_cond_wait(&pool->done, &pool->lock);
    pthread_mutex_unlock(&pool->lock);
}
