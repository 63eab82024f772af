/* Sums and products of doubles that err to one side: never above, or never below, what they would
   be without rounding. What is exact stays as it is. */
#ifndef RASPC_LOWER_REAL_INTERVAL_H
#define RASPC_LOWER_REAL_INTERVAL_H

#include <float.h>
#include <math.h>
#include <stdbool.h>

/* What is lost in a + b is a number again (Knuth, The Art of Computer Programming, 4.2.2). */
static inline double lost_in_sum(double a, double b, double sum) {
    double of_b = sum - a;
    return (a - (sum - of_b)) + (b - of_b);
}

static inline double sum_below(double a, double b) {
    double sum = a + b;
    if (sum == INFINITY && isfinite(a) && isfinite(b)) return DBL_MAX;
    return isfinite(sum) && lost_in_sum(a, b, sum) < 0 ? nextafter(sum, -INFINITY) : sum;
}

static inline double sum_above(double a, double b) { return -sum_below(-a, -b); }

/* 0 times infinity is 0: an infinite bound stands for any number below it. (A product so small that
   what it loses is no double either is moved too.) */
static inline double product_below(double a, double b) {
    if (a == 0 || b == 0) return 0;
    double product = a * b;
    if (product == INFINITY && isfinite(a) && isfinite(b)) return DBL_MAX;
    bool tiny = fabs(product) < 0x1p-900;
    return isfinite(product) && (tiny || fma(a, b, -product) < 0) ? nextafter(product, -INFINITY)
                                                                  : product;
}

static inline double product_above(double a, double b) { return -product_below(-a, b); }

#endif
