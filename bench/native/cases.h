/* The programs that native code is measured on, and an input of each for any length. */
#ifndef RASPC_BENCH_CASES_H
#define RASPC_BENCH_CASES_H

#include "bench/native/loops.h"
#include "runtime/value/atom.h"

typedef struct Case {
    const char *label;
    const char *path, *name; /* the program and the s-op of it that is run */
    const char *letters;     /* its vocabulary, in the order of token numbers; NULL: integers */
    uint32_t integers;       /* 0, 1, ... so many of them */
    PairLoop *loop;
} Case;

extern const Case cases[];
extern const int case_count;

const Atom *case_vocabulary(const Case *subject, Arena *arena, uint32_t *count);
/* n token numbers below kinds, always the same. */
void case_input(uint32_t n, uint32_t kinds, uint32_t *numbers);

#endif
