/* The sums by owner that follow an arg-max, made while it runs: the rows that it has just looked at
   are still in a cache. Rows are added from the first to the last, so that each sum goes from left
   to right as eval's. */
#ifndef RASPC_JIT_REAL_FOLLOW_H
#define RASPC_JIT_REAL_FOLLOW_H

#include "runtime/engines/jit/real/run.h"

typedef struct Following {
    Run *run;
    const RealHead *head; /* the sum */
    const KeyList *keys;  /* the arg-max's */
    Sums *sums;
    NodeId other;           /* the owner where there are no keys */
    const uint8_t *members; /* (n) which rows are added, or NULL: all */
    const char *values;     /* what is added, row after row */
    int64_t row_bytes;
    int32_t *groups; /* (block_rows) */
    bool fine;       /* false after reporting that there is no memory */
} Following;

/* Sums of nothing. block_rows: the most that are added at once. False as `fine` is. */
bool follow_begin(Following *following, Run *run, const Assignment *assignment, const KeyList *keys,
                  int64_t block_rows);
/* Adds the rows [from, to), whose winners are slots[0] and so on; those below 0 are the rows of
   `ties`. One caller at a time. */
void follow_add(Following *following, int64_t from, int64_t to, const int32_t *slots,
                const Ties *ties);
/* Adds all rows, of which there are block_rows, where there are no keys. False as `fine` is. */
bool follow_add_defaults(Following *following);
void follow_end(Following *following);

#endif
