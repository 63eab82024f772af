/* Rows of scores become rows of weights. */
#ifndef RASPC_SOFTMAX_H
#define RASPC_SOFTMAX_H

#include "runtime/engines/dense/real.h"

#define softmax_row REAL_NAME(softmax_row)

/* What a query looks at: key 0, the null key, and first..end. */
typedef struct KeyRange {
    uint32_t first, end; /* first >= 1; first == end: the null key alone */
} KeyRange;

/* scores (count): exp(score - greatest), divided by the row's sum; 0 outside the range. */
void softmax_row(Real *scores, uint32_t count, KeyRange range);

#endif
