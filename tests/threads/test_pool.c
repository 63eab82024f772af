/* The pool alone, for ThreadSanitizer (make tsan): what the pieces write without a lock must be
   there for the caller and for the next round's threads. */
#include "runtime/engines/jit/pool.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

enum { PIECES = 64, ROUNDS = 500, POOLS = 20 };

/* Each round moves every number on by one place, from one array to the other. */
typedef struct Round {
    const uint64_t *from; /* (pieces) */
    uint64_t *to;         /* (pieces) */
    uint32_t pieces;
} Round;

static void move_on(void *state, uint32_t piece) {
    const Round *round = state;
    round->to[piece] = round->from[(piece + 1) % round->pieces] + 1;
}

static bool rounds_are_right(Pool *pool, uint32_t pieces) {
    uint64_t numbers[2][PIECES];
    for (uint32_t p = 0; p < pieces; p++)
        numbers[0][p] = p;
    for (uint32_t r = 0; r < ROUNDS; r++) {
        Round round = {numbers[r % 2], numbers[(r + 1) % 2], pieces};
        pool_run(pool, move_on, &round, pieces);
    }
    for (uint32_t p = 0; p < pieces; p++)
        if (numbers[ROUNDS % 2][p] != (p + ROUNDS) % pieces + ROUNDS) return false;
    return true;
}

static bool report(int number, bool right, const char *what) {
    printf("%s %d - %s\n", right ? "ok" : "not ok", number, what);
    return right;
}

int main(void) {
    static const uint32_t threads[] = {1, 2, 3, 8}, pieces[] = {1, 2, 7, PIECES};
    bool rounds = true, many = true;
    for (size_t t = 0; t < sizeof threads / sizeof threads[0]; t++) {
        Pool *pool = pool_new(threads[t]);
        for (size_t p = 0; p < sizeof pieces / sizeof pieces[0]; p++)
            rounds = rounds_are_right(pool, pieces[p]) && rounds;
        pool_free(pool);
    }
    for (int i = 0; i < POOLS; i++) {
        Pool *first = pool_new(4), *second = pool_new(2);
        many = rounds_are_right(second, 3) && many;
        pool_free(first); /* which never worked */
        pool_free(second);
    }
    printf("1..2\n");
    bool all = report(1, rounds, "every round sees what the one before wrote");
    all = report(2, many, "pools come and go") && all;
    return all ? EXIT_SUCCESS : EXIT_FAILURE;
}
