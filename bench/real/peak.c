/* The machine's peak: fused multiply-adds on registers, as many at a time as hide their latency.
   Compiled for this machine. */
#include "bench/real/peak.h"

#include "bench/measure.h"

#define PEAK(name, type)                                                                           \
    double name(void) {                                                                            \
        typedef type Vector __attribute__((vector_size(VECTOR_BYTES)));                            \
        enum { CHAINS = 12, LANES = VECTOR_BYTES / sizeof(type) };                                 \
        const long rounds = 4000000;                                                               \
        double samples[RUNS];                                                                      \
        for (int r = 0; r < RUNS; r++) {                                                           \
            Vector sums[CHAINS] = {{0}}, half = (Vector){0} + (type)0.5;                           \
            double start = cpu_seconds();                                                          \
            for (long i = 0; i < rounds; i++) {                                                    \
                for (int c = 0; c < CHAINS; c++) {                                                 \
                    sums[c] = sums[c] * half + half;                                               \
                    __asm__ volatile("" : "+v"(sums[c]));                                          \
                }                                                                                  \
            }                                                                                      \
            samples[r] = cpu_seconds() - start;                                                    \
            for (int c = 0; c < CHAINS; c++)                                                       \
                __asm__ volatile("" : : "v"(sums[c]));                                             \
        }                                                                                          \
        return 2.0 * CHAINS * (double)LANES * (double)rounds / median(samples, RUNS);              \
    }

#ifdef __AVX512F__
enum { VECTOR_BYTES = 64 };
#elif defined(__AVX__)
enum { VECTOR_BYTES = 32 };
#else
enum { VECTOR_BYTES = 16 };
#endif

PEAK(peak_single, float)
PEAK(peak_double, double)
