/* The classic programs that eval is measured on, and an input of each for any length. */
#ifndef RASPC_BENCH_CLASSICS_H
#define RASPC_BENCH_CLASSICS_H

#include "runtime/base/buffer.h"

#include <stdbool.h>
#include <stdint.h>

typedef struct Classic {
    const char *label;
    const char *path;    /* a program of ours, in the dialect that the reference reads too */
    const char *name;    /* the s-op of it that is run */
    const char *letters; /* what its inputs are made of */
    double published;    /* seconds that the reference was published to take at n = 1000 */
} Classic;

extern const Classic classics[];
extern const int classic_count;

/* The program's text without its check statements, which the reference does not know. */
bool classic_text(const Classic *classic, Buffer *out);
/* n letters, always the same for the same n; adds them to out. */
void classic_input(const Classic *classic, uint32_t n, Buffer *out);
/* Median CPU seconds of eval on an input of length n; negative when the program does not run. */
double classic_eval(const Classic *classic, uint32_t n);

#endif
