#include "runtime/base/random.h"

#include "runtime/base/bug.h"

static uint64_t scramble(uint64_t x) {
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

Random random_of(uint64_t seed, uint64_t stream) {
    return (Random){scramble(scramble(seed) + stream)};
}

uint64_t random_next(Random *random) {
    random->state += 0x9e3779b97f4a7c15u;
    return scramble(random->state);
}

/* The product's upper half: its bias is below bound / 2^32, which no test of ours could see. */
uint32_t random_below(Random *random, uint32_t bound) {
    if (bound == 0) BUG("a random number below 0");
    return (uint32_t)(((random_next(random) >> 32) * bound) >> 32);
}

bool random_chance(Random *random, uint32_t percent) { return random_below(random, 100) < percent; }
