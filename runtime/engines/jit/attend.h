/* Attend: a head, planned. A plan computes sums over the selected keys, and nothing else: a count
   is a sum of ones, a gather a sum of one number, a mean a sum and a count that are divided
   afterwards. Sums are of integers where the values are; plans that add in another order than from
   left to right are never given reals to add. */
#ifndef RASPC_JIT_ATTEND_H
#define RASPC_JIT_ATTEND_H

#include "runtime/engines/jit/operand.h"
#include "runtime/model/model.h"

typedef enum PlanKind {
#define PLAN(id, name, function, cost, text) id,
#include "runtime/engines/jit/plans.def"
#undef PLAN
    PLAN_COUNT
} PlanKind;

typedef struct PlanInfo {
    const char *name, *cost, *text;
} PlanInfo;
const PlanInfo *plan_info(PlanKind plan);

enum { ATTEND_CONDITIONS = 16, ATTEND_SUMS = 16 };

/* key[j] stands in the relation to query[i]; or, with a table, table[key[j] * query_classes +
   query[i]] is not 0, and both lie inside. */
typedef struct Condition {
    Relation relation;
    Operand key, query; /* both integer or both real */
    Length classes;     /* integers: every key lies in [0, classes); a query may lie outside */
    TableId table;
    int64_t query_classes;
} Condition;

/* Classes of too wide a range for a sum each: the classes that keys have are numbered from 0 in the
   order in which they come, in a hash table; a query whose class no key has gets -1. */
typedef struct Renumber {
    const Condition *conditions; /* (count) equalities */
    uint32_t count;
    bool same;           /* every query's side is its key's */
    BufferId key, query; /* (n) i32; one column when they are the same */
    BufferId places;     /* the table: (8 n + 128) i64, two for each of its places */
} Renumber;

typedef struct Sum {
    Operand value;
    bool narrow;      /* 32 bits hold any sum of it */
    BufferId scratch; /* for plans that keep sums in memory, else NO_BUFFER */
} Sum;

/* What becomes of the sums of a query: one a move. sums[0] is the count. */
typedef enum FinishKind {
    FINISH_MEAN,        /* column = sum, under = count; with none selected the default and 1 */
    FINISH_WHOLE,       /* column = sum / count, which is whole; with none selected the default */
    FINISH_REAL,        /* the same as a double */
    FINISH_NULL_WEIGHT, /* under = count + 1 */
    FINISH_IS_NULL,     /* column = 1 with none selected, else 0 */
} FinishKind;

typedef struct Finish {
    FinishKind kind;
    uint32_t sum;
    BufferId column, under;
    int64_t when_none;
    double real_when_none;
    bool null_counts; /* the null key is one of the selected, with the default as its value */
    BufferId
        several; /* WHOLE, of values that have no mean: (CHUNKS) i64, the first query of a
                    chunk that selects more than one key, or n; NO_BUFFER where that can't be */
} Finish;

/* Tiles of narrow integers, LANES queries at a time: columns of 32 bits, (n + LANES). */
enum { LANES = 16 };
typedef struct Lanes {
    BufferId keys[ATTEND_CONDITIONS], queries[ATTEND_CONDITIONS];
    BufferId values[ATTEND_SUMS]; /* 0 where the key is not kept; NO_BUFFER: it is 1 everywhere */
} Lanes;

typedef struct Attend {
    PlanKind plan;
    const char *why; /* of the tiles: what would have to be known for a better plan; else NULL */
    const Operand *keys_kept;    /* (key_filters) not 0 where a key may be selected */
    const Operand *queries_kept; /* (query_filters) not 0 where a query selects anything */
    uint32_t key_filters, query_filters;
    Condition *conditions; /* (condition_count) */
    uint32_t condition_count;
    HeadMask mask;
    bool at_most_one; /* no query selects more than one key */
    bool split; /* its sums are made chunk by chunk: scratch is (CHUNKS) times what it needs */
    Renumber *renumber; /* to be done before it, or NULL */
    const Lanes *lanes; /* of tiles; NULL: one query at a time */
    Sum *sums;          /* (sum_count) */
    uint32_t sum_count;
    Finish *finishes; /* (finish_count) */
    uint32_t finish_count;
} Attend;

#endif
