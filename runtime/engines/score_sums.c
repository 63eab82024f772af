#include "runtime/engines/score_sums.h"

#include "runtime/base/processors.h"

#include <math.h>
#include <string.h>

FOR_EACH_PROCESSOR
void score_products(const double *restrict keys, const double *restrict query, uint32_t width,
                    double *restrict row, size_t count) {
    memset(row, 0, count * sizeof *row);
    for (uint32_t c = 0; c < width; c++, keys += count)
        for (size_t j = 0; j < count; j++)
            row[j] = fma(keys[j], query[c], row[j]);
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
