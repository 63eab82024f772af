/* How large the transformer is that a program becomes, and what making it takes. */
#ifndef RASPC_BENCH_SIZE_H
#define RASPC_BENCH_SIZE_H

#include <stdbool.h>
#include <stdint.h>

/* One program, compiled. */
typedef struct Size {
    bool lowered;    /* false: why says with what it was refused */
    bool dense;      /* the weights were made; false: why says with what they were refused */
    uint32_t layers; /* those of feed-forward units alone included */
    uint32_t heads;  /* of the layer that has the most */
    uint32_t width;  /* of the residual stream */
    uint64_t parameters;
    double seconds; /* from the program's text to its weights: the median of some runs */
    long kilobytes; /* the most memory that the process held */
    char why[256];
} Size;

/* Compiles the s-op `name` of the program at path for the letters (each a token) and inputs of up
   to max_length tokens, in a process of its own so that its memory can be told. */
Size size_measure(const char *path, const char *name, const char *letters, uint32_t max_length);

#endif
