#include "runtime/engines/score_sums.h"

#include "runtime/base/processors.h"

#include <math.h>
#include <string.h>

FOR_EACH_PROCESSOR
static void add_fused(const double *restrict keys, double query, double *restrict row,
                      size_t count) {
    for (size_t j = 0; j < count; j++)
        row[j] = fma(keys[j], query, row[j]);
}

FOR_EACH_PROCESSOR
static void add_rounded(const double *restrict keys, double query, double *restrict row,
                        size_t count) {
    for (size_t j = 0; j < count; j++)
        row[j] += keys[j] * query;
}

void score_products(const double *restrict keys, const double *restrict query, uint32_t width,
                    bool fused, double *restrict row, size_t count) {
    memset(row, 0, count * sizeof *row);
    for (uint32_t c = 0; c < width; c++, keys += count)
        (fused ? add_fused : add_rounded)(keys, query[c], row, count);
}

FOR_EACH_PROCESSOR
void score_distances(const double *restrict keys, const double *restrict query, uint32_t width,
                     double *restrict row, size_t count) {
    memset(row, 0, count * sizeof *row);
    for (uint32_t c = 0; c < width; c++, keys += count)
        for (size_t j = 0; j < count; j++) {
            double difference = keys[j] - query[c];
            row[j] += difference * difference;
        }
}
