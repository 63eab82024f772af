/* raspc verify --exact: a program and its transformer in rational numbers, which must be equal. */
#ifndef RASPC_DRIVER_VERIFY_EXACT_H
#define RASPC_DRIVER_VERIFY_EXACT_H

#include "compiler/driver/driver.h"
#include "runtime/exact/exact_run.h"

/* How far eval's doubles are from the exact values. */
typedef struct ExactFloats {
    uint64_t inputs;    /* that doubles hold */
    uint64_t otherwise; /* of these, on which doubles decide something else */
    uint64_t fails;     /* of these, on which only eval fails */
    double greatest;    /* relative difference on the rest */
} ExactFloats;

/* What was found so far. */
typedef struct ExactTally {
    uint64_t inputs, equal, fails_too, tied, empty;
    uint64_t not_taken;                    /* for which no input holds what the program requires */
    uint64_t left_out[EXACT_TOO_LONG + 1]; /* by how they end; EXACT_DONE: for the work before */
    ExactFloats floats;
} ExactTally;

/* What did not agree, for people. Texts are the arena's. */
typedef struct ExactMismatch {
    bool found;
    const char *where; /* "c, position 3, component 1, in round 2" */
    const char *input;
    const char *program, *model;
} ExactMismatch;

typedef struct ExactReport {
    const char *outputs; /* their names */
    uint64_t seed;
    bool given; /* the inputs were */
    uint32_t max_length;
    ExactTally tally;
    ExactMismatch mismatch;
} ExactReport;

/* verify_exact_show.c */
void exact_report_text(const ExactReport *report, Buffer *out);
void exact_report_json(const ExactReport *report, Buffer *out);

ExitStatus verify_exact(Driver *driver);

#endif
