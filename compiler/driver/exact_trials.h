/* The inputs on which verify --exact compares: random ones, in rational numbers. They are small
   and simple, so that ties, duplicates and clusters without points happen. */
#ifndef RASPC_DRIVER_EXACT_TRIALS_H
#define RASPC_DRIVER_EXACT_TRIALS_H

#include "compiler/elaborate/elaborate.h"
#include "runtime/exact/exact_run.h"

/* Input number index of the seed, of what the session's program declares: the first has one
   position, the second max_length. */
void exact_trial(Exact *pool, Arena *arena, const Session *session, uint32_t max_length,
                 uint64_t seed, uint64_t index, ExactInput *out);
/* x = [[0, 1/3], [2, -1]], is_centre = [True, False]; a long one is cut. */
void exact_input_show(Buffer *out, const ExactInput *input);

#endif
