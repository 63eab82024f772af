#include "runtime/certify/exact.h"

#include "runtime/base/memory.h"

#include <limits.h>
#include <stdlib.h>

struct ExactBlock {
    struct ExactBlock *next;
    size_t count;
    mpq_t numbers[];
};

mpq_t *exact_array(Exact *pool, size_t count) {
    struct ExactBlock *block = memory_resize(NULL, sizeof *block + count * sizeof(mpq_t));
    block->next = pool->blocks;
    block->count = count;
    pool->blocks = block;
    for (size_t i = 0; i < count; i++)
        mpq_init(block->numbers[i]);
    return block->numbers;
}

void exact_free(Exact *pool) {
    while (pool->blocks) {
        struct ExactBlock *block = pool->blocks;
        pool->blocks = block->next;
        for (size_t i = 0; i < block->count; i++)
            mpq_clear(block->numbers[i]);
        free(block);
    }
}

void exact_add_product(mpq_t sum, const mpq_t a, double b, mpq_t scratch) {
    if (b == 0 || mpq_sgn(a) == 0) return;
    mpq_set_d(scratch, b);
    mpq_mul(scratch, scratch, a);
    mpq_add(sum, sum, scratch);
}

bool exact_is_whole(const mpq_t x) { return mpz_cmp_ui(mpq_denref(x), 1) == 0; }

static bool is_power(const mpz_t n) {
    return mpz_sgn(n) != 0 && mpz_scan1(n, 0) + 1 == mpz_sizeinbase(n, 2);
}

bool exact_is_power_of_two(const mpq_t x) {
    return is_power(mpq_numref(x)) && is_power(mpq_denref(x));
}

bool exact_low_bit(const mpq_t x, long *k) {
    if (!is_power(mpq_denref(x))) return false;
    *k = (long)mpz_scan1(mpq_numref(x), 0) - (long)mpz_scan1(mpq_denref(x), 0);
    return true;
}

long exact_high_bit(const mpq_t x) {
    long k = (long)mpz_sizeinbase(mpq_numref(x), 2) - (long)mpz_sizeinbase(mpq_denref(x), 2);
    mpq_t power, size;
    mpq_inits(power, size, NULL);
    mpq_abs(size, x);
    exact_power_of_two(power, k);
    if (mpq_cmp(size, power) < 0) k--;
    mpq_clears(power, size, NULL);
    return k;
}

void exact_power_of_two(mpq_t out, long k) {
    mpq_set_ui(out, 1, 1);
    if (k >= 0)
        mpq_mul_2exp(out, out, (mp_bitcnt_t)k);
    else
        mpq_div_2exp(out, out, (mp_bitcnt_t)-k);
}

bool exact_is_float(FloatType type, const mpq_t x) {
    const FloatInfo *info = float_info(type);
    long low;
    if (mpq_sgn(x) == 0) return true;
    if (!exact_low_bit(x, &low)) return false;
    long high = exact_high_bit(x);
    return high - low < info->significand && low >= info->lowest && high <= info->highest;
}

void exact_reciprocal(FloatType type, mpq_t out, unsigned long n) {
    /* The double nearest to 1 / n rounds to the same float32 as 1 / n itself: a tie of float32
       would need a 1 / n of 25 bits, and only a power of two has a finite 1 / n. */
    mpq_set_d(out, float_round(type, 1.0 / (double)n));
}

Spread spread_new(Exact *pool) {
    return (Spread){.magnitude = exact_array(pool, 1), .low = LONG_MAX, .dyadic = true};
}

void spread_grain(Spread *spread, const mpq_t x) {
    long low;
    if (mpq_sgn(x) == 0) return;
    spread->any = true;
    if (!exact_low_bit(x, &low))
        spread->dyadic = false;
    else if (low < spread->low)
        spread->low = low;
}

void spread_magnitude(Spread *spread, const mpq_t greatest) {
    mpq_t size;
    mpq_init(size);
    mpq_abs(size, greatest);
    mpq_add(*spread->magnitude, *spread->magnitude, size);
    mpq_clear(size);
}

bool spread_is_exact(FloatType type, const Spread *spread) {
    const FloatInfo *info = float_info(type);
    if (!spread->any) return true;
    if (!spread->dyadic || spread->low < info->lowest) return false;
    mpq_t bound;
    mpq_init(bound);
    exact_power_of_two(bound, spread->low + info->significand);
    bool fits = mpq_cmp(*spread->magnitude, bound) <= 0;
    mpq_clear(bound);
    return fits && (mpq_sgn(*spread->magnitude) == 0 ||
                    exact_high_bit(*spread->magnitude) <= info->highest);
}
