/* A case at one length: its program read, an input of token numbers, and how work on it is sampled.
 */
#ifndef RASPC_BENCH_SUBJECT_H
#define RASPC_BENCH_SUBJECT_H

#include "bench/native/cases.h"
#include "compiler/elaborate/elaborate.h"
#include "compiler/lower/lower.h"

typedef struct Subject {
    const Case *case_;
    uint32_t n;
    Session *session;
    Diagnostics *diags; /* the session's */
    Arena *arena;
    NodeId node;
    LowerOptions options;
    uint32_t *numbers; /* (n) */
} Subject;

/* False when the program can't be read; to be closed either way. */
bool subject_open(Subject *subject, const Case *case_, uint32_t n);
void subject_close(Subject *subject);
/* The first diagnostic, or "". */
const char *subject_message(const Subject *subject);

/* The median of some runs of work(state), which take about half a second in all. Negative when a
   run is, which failed. */
double sample(double (*work)(void *state), void *state);
/* How often work on short inputs is done in one sample: reading the clock takes longer than it. */
uint32_t repeats(uint32_t n);

#endif
