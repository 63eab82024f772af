/* What the two exact engines share: an input in rational numbers, how a run ends, and whether two
   runs gave the same. eval_exact.h runs the graph, run_exact.h the transformer. */
#ifndef RASPC_EXACT_RUN_H
#define RASPC_EXACT_RUN_H

#include "runtime/exact/rational.h"
#include "runtime/value/sequence.h"

/* One of the inputs that a program names. A double is taken exactly: the text 0.1 stands for the
   double that it is read as. */
typedef struct ExactColumn {
    const String *name;
    TypeSet type; /* TYPE_BOOL, TYPE_INT, TYPE_FLOAT or TYPE_VECTOR */
    uint32_t width;
    mpq_t *numbers; /* (n, width); bools are 0 and 1 */
} ExactColumn;

typedef struct ExactInput {
    uint32_t n, count;
    const ExactColumn *columns; /* (count) */
} ExactInput;

/* False where a column is of strings. Numbers go into pool, the rest into arena. */
bool exact_input_of(Exact *pool, Arena *arena, const Input *input, ExactInput *out);
/* The doubles nearest to it; true when they are all equal to it. */
bool exact_input_round(Arena *arena, const ExactInput *input, Input *out);
const ExactColumn *exact_column(const ExactInput *input, const String *name);

typedef struct ExactRequest {
    const ExactInput *input;
    uint32_t most_rounds; /* of loops that are in no other; 0: as many as they have */
    Exact *pool;          /* outputs go here */
} ExactRequest;

typedef struct ExactResult {
    ExactEnd end;
    NodeId node; /* where it ended early, or NO_NODE */
    uint32_t position;
    bool tied;        /* a hardmax had several keys of the highest score */
    bool empty;       /* an attention had nothing to look at */
    mpq_t **outputs;  /* (count) each (n, width); where end is EXACT_DONE */
    uint32_t *widths; /* (count) */
    uint32_t count;
    uint64_t work; /* that it took */
} ExactResult;

/* Counts work on numbers of so many bits; false when it is too much. */
typedef struct ExactWork {
    uint64_t done;
} ExactWork;
bool exact_work(ExactWork *work, uint64_t operations, size_t bits);
/* The most bits of `count` numbers. */
size_t exact_widest(mpq_t *numbers, size_t count);
/* The first of (n, width) outputs that is undefined ends the run. */
void exact_check_outputs(ExactResult *result, uint32_t n);

/* Where two finished runs differ first. */
typedef struct ExactDifference {
    uint32_t output, position, component;
} ExactDifference;
/* True when all outputs are equal. */
bool exact_equal(const ExactResult *a, const ExactResult *b, uint32_t n, ExactDifference *out);

#endif
