#include "runtime/engines/dense/softmax.h"

#include <stdbool.h>
#include <string.h>

INSIDE_LOOP Real greatest_of(const Real *scores, uint32_t count, Real start) {
    Vector greatest = start - (Vector){0};
    uint32_t i = 0;
    for (; i + LANES <= count; i += LANES) {
        Vector here = *(const Vector *)(scores + i);
        greatest = VECTOR_CHOOSE(here > greatest, here, greatest);
    }
    Real best = start;
    for (uint32_t l = 0; l < LANES; l++)
        best = greatest[l] > best ? greatest[l] : best;
    for (; i < count; i++)
        best = scores[i] > best ? scores[i] : best;
    return best;
}

/* exp where it is known without computing it: of 0 and of what underflows, which is all there is
   where a head selects exactly. Leaves the scores alone and returns false when there is more. */
INSIDE_LOOP bool simple_exp(Real *scores, uint32_t count, Real greatest) {
    const Vector ones = 1 - (Vector){0};
    VectorBits others = {0};
    uint32_t whole = count - count % LANES;
    bool simple = true;
    for (uint32_t i = 0; i < whole; i += LANES) {
        Vector here = *(const Vector *)(scores + i) - greatest;
        others |= ~((here == 0) | (here < REAL_UNDERFLOW));
    }
    for (uint32_t l = 0; l < LANES; l++)
        simple = simple && others[l] == 0;
    for (uint32_t i = whole; i < count; i++)
        simple = simple && (scores[i] == greatest || scores[i] - greatest < REAL_UNDERFLOW);
    if (!simple) return false;
    for (uint32_t i = 0; i < whole; i += LANES) {
        Vector here = *(const Vector *)(scores + i);
        *(Vector *)(scores + i) = VECTOR_CHOOSE(here == greatest, ones, (Vector){0});
    }
    for (uint32_t i = whole; i < count; i++)
        scores[i] = scores[i] == greatest;
    return true;
}

INSIDE_LOOP Real sum_of(const Real *values, uint32_t count) {
    Vector sums = {0};
    uint32_t i = 0;
    for (; i + LANES <= count; i += LANES)
        sums += *(const Vector *)(values + i);
    Real sum = 0;
    for (uint32_t l = 0; l < LANES; l++)
        sum += sums[l];
    for (; i < count; i++)
        sum += values[i];
    return sum;
}

FOR_EACH_PROCESSOR
void softmax_row(Real *scores, uint32_t count, KeyRange range) {
    Real *inside = scores + range.first;
    uint32_t length = range.end - range.first;
    Real greatest = greatest_of(inside, length, scores[0]);
    memset(scores + 1, 0, (range.first - 1) * sizeof *scores);
    memset(scores + range.end, 0, (count - range.end) * sizeof *scores);
    if (!simple_exp(scores, 1, greatest)) scores[0] = REAL_EXP(scores[0] - greatest);
    if (!simple_exp(inside, length, greatest)) {
        for (uint32_t i = 0; i < length; i++)
            inside[i] = REAL_EXP(inside[i] - greatest);
    }
    Real sum = scores[0] + sum_of(inside, length);
    scores[0] /= sum;
    for (uint32_t i = 0; i < length; i++)
        inside[i] /= sum;
}
