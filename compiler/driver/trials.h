/* Trials: the inputs on which engines are compared. Every input over a vocabulary up to a greatest
   length, shortest first, or else the edge cases and then seeded random ones.
   A trial is a function of its number alone, so it can be named, skipped and repeated. */
#ifndef RASPC_DRIVER_TRIALS_H
#define RASPC_DRIVER_TRIALS_H

#include "compiler/driver/input.h"

typedef struct Trials {
    Vocabulary vocabulary; /* at least one token, a greatest length of at least 1 */
    bool exhaustive;
    uint64_t longest; /* sampled: the first trial of the greatest length; more of it follow */
    uint64_t edges;   /* sampled: how many trials come before the random ones */
    uint64_t count;   /* in all */
    uint64_t seed;
} Trials;

/* How many inputs there are over the vocabulary up to its greatest length; UINT64_MAX: more. */
uint64_t trials_all(const Vocabulary *vocabulary);

Trials trials_exhaustive(const Vocabulary *vocabulary);
/* The edge cases (length 1, the greatest length, all tokens equal, all distinct, ties, ...) and
   `samples` random inputs. */
Trials trials_sampled(const Vocabulary *vocabulary, uint64_t samples, uint64_t seed);

/* Writes input number `index` to tokens (vocabulary.max_len) and returns its length. */
uint32_t trial_input(const Trials *trials, uint64_t index, Atom *tokens);

#endif
