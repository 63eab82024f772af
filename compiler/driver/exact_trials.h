/* The inputs on which verify --exact compares: random ones, in rational numbers. They are small
   and simple, so that ties, duplicates and clusters without points happen. Where the program
   requires something of its inputs, others are drawn until one holds it. */
#ifndef RASPC_DRIVER_EXACT_TRIALS_H
#define RASPC_DRIVER_EXACT_TRIALS_H

#include "compiler/elaborate/elaborate.h"
#include "runtime/exact/exact_run.h"

typedef struct ExactTrials {
    Session *session;    /* whose inputs are filled */
    uint32_t max_length; /* at least 1 */
    uint64_t seed;
} ExactTrials;

/* Input number index, its numbers in pool, the rest in arena: the first has one position, the
   second max_length. False: the program takes none of those that were drawn. *work grows by what
   it took to find that out. */
bool exact_trial(const ExactTrials *trials, uint64_t index, Exact *pool, Arena *arena,
                 ExactInput *out, uint64_t *work);
/* x = [[0, 1/3], [2, -1]], is_centre = [True, False]; a long one is cut. */
void exact_input_show(Buffer *out, const ExactInput *input);

#endif
