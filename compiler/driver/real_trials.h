/* Trials of programs that name their inputs: the data on which engines are compared. Edge cases
   first (one position; everything 0; few different rows, small integers, so that there are ties),
   then seeded random ones of the same kinds and clustered reals. Where the program requires
   something of its inputs, other inputs are drawn until one holds it. A trial is a function of its
   number alone. */
#ifndef RASPC_DRIVER_REAL_TRIALS_H
#define RASPC_DRIVER_REAL_TRIALS_H

#include "compiler/elaborate/elaborate.h"

typedef struct RealTrials {
    Session *session; /* whose inputs are filled */
    uint32_t max_len; /* at least 1 */
    uint64_t edges;   /* trials before the random ones */
    uint64_t count;   /* in all */
    uint64_t seed;
} RealTrials;

RealTrials real_trials(Session *session, uint32_t max_len, uint64_t samples, uint64_t seed);
/* Input number `index`, in arena. False: the program takes none of those that were drawn. *pairs
   grows by the pairs of positions of all of them. */
bool real_trial(const RealTrials *trials, uint64_t index, Arena *arena, Input *out,
                uint64_t *pairs);
/* What the program says of an input of the greatest length, zeros, that it does not take. */
void real_trials_refusal(const RealTrials *trials, Buffer *out);

#endif
