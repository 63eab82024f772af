/* What is measured of a case at one length. */
#ifndef RASPC_BENCH_ROW_H
#define RASPC_BENCH_ROW_H

#include "bench/native/cases.h"

#include <stdbool.h>

typedef struct Row {
    double lower, compile, work, loop; /* CPU seconds; negative: not measured */
    double by_stages;                  /* the work by the code that longer inputs get */
    double wall;                       /* the shortest run of the work */
    double megabytes;                  /* the most that this process has held, before the loops */
    bool differs;                      /* the loop's result is another */
    bool f64;                          /* the dense weights are of float64 */
    char why[200];                     /* when there is no program */
} Row;

/* Nothing measured. */
Row row_none(const char *why);
/* Native code and, up to n = 100,000, the loop over all pairs. */
Row row_measure(const Case *subject, uint32_t n);
/* The dense weights: `compile` is how long it takes to make them, `work` a pass. */
Row row_measure_dense(const Case *subject, uint32_t n);

#endif
