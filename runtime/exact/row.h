/* One row of an attention pattern in rational numbers: the keys that a query may look at, their
   scores, and the weights that a normaliser makes of them. */
#ifndef RASPC_EXACT_ROW_H
#define RASPC_EXACT_ROW_H

#include "runtime/exact/rational.h"
#include "runtime/model/model.h"

typedef struct ExactRow {
    uint32_t count; /* keys that were let through, and after row_weigh those that have a weight */
    uint32_t *keys; /* (n) ascending */
    mpq_t *scores;  /* (n) in the order of keys */
    mpq_t *weights; /* (n) likewise */
    mpq_t *sorted;  /* (n) */
    bool tied;      /* row_weigh found several keys of the highest score */
} ExactRow;

/* Room for n keys, none of them let through. */
ExactRow row_new(Exact *pool, Arena *arena, uint32_t n);

typedef enum RowEnd {
    ROW_WEIGHED,
    ROW_EMPTY,     /* no key, or scores whose sum is the divisor and 0 */
    ROW_UNDEFINED, /* a score is undefined */
} RowEnd;
/* Never for softmax. */
RowEnd row_weigh(ExactRow *row, Normaliser normaliser);
/* The same weight for each key. */
RowEnd row_average(ExactRow *row);
/* out (width) = the weighted sum of the keys' values (n, width). */
void row_gather(const ExactRow *row, mpq_t *values, uint32_t width, mpq_t *out);

#endif
