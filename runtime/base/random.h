/* Random: seeded pseudo-random numbers, the same on every machine. For tests and samples, never for
   secrets. The generator is splitmix64 (Steele, Lea, Flood 2014): any seed is as good as another,
   and the states of two seeds do not walk into one another soon. */
#ifndef RASPC_RANDOM_H
#define RASPC_RANDOM_H

#include <stdbool.h>
#include <stdint.h>

typedef struct Random {
    uint64_t state;
} Random;

/* The numbers of one stream of a seed: sample number i, program number i, ... */
Random random_of(uint64_t seed, uint64_t stream);
uint64_t random_next(Random *random);
/* 0 .. bound - 1; bound at least 1. */
uint32_t random_below(Random *random, uint32_t bound);
/* True in percent of 100 cases. */
bool random_chance(Random *random, uint32_t percent);

#endif
