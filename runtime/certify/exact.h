/* Exact numbers: GMP's rationals, in arrays that are freed all at once, and what of them a type of
   floats can hold. Every finite float is a dyadic rational, so that nothing here ever rounds. */
#ifndef RASPC_CERTIFY_EXACT_H
#define RASPC_CERTIFY_EXACT_H

#include "runtime/model/float_type.h"

#include <gmp.h>
#include <stdbool.h>
#include <stddef.h>

/* Owns the arrays that it hands out. */
typedef struct Exact {
    struct ExactBlock *blocks;
} Exact;

mpq_t *exact_array(Exact *pool, size_t count); /* of zeros */
void exact_free(Exact *pool);

/* sum += a * b for a finite b (0 costs nothing). */
void exact_add_product(mpq_t sum, const mpq_t a, double b, mpq_t scratch);

bool exact_is_whole(const mpq_t x);
/* |x| = 2^k for some k. */
bool exact_is_power_of_two(const mpq_t x);
/* Does the type hold x without rounding? */
bool exact_is_float(FloatType type, const mpq_t x);
/* The k of the greatest 2^k that x != 0 is a multiple of; false: x is no dyadic rational. */
bool exact_low_bit(const mpq_t x, long *k);
/* The k with 2^k <= |x| < 2^(k+1), for x != 0. */
long exact_high_bit(const mpq_t x);
void exact_power_of_two(mpq_t out, long k);
/* The float nearest to 1 / n, as a correctly rounded division gives it. */
void exact_reciprocal(FloatType type, mpq_t out, unsigned long n);

/* What a sum of products adds up to, in whatever order: when every term is a multiple of 2^low and
   the magnitudes together stay within 2^(significand + low), then no partial sum is rounded. */
typedef struct Spread {
    mpq_t *magnitude; /* one number */
    long low;
    bool any, dyadic;
} Spread;

Spread spread_new(Exact *pool);
/* A term that takes the value x, among others that have the magnitude of `greatest` at most. */
void spread_grain(Spread *spread, const mpq_t x);
void spread_magnitude(Spread *spread, const mpq_t greatest);
bool spread_is_exact(FloatType type, const Spread *spread);

#endif
