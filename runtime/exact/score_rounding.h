/* How far the scores of a head may be rounded where they are computed in float64, whatever the
   order in which products are added. */
#ifndef RASPC_SCORE_ROUNDING_H
#define RASPC_SCORE_ROUNDING_H

#include "runtime/exact/pass_exact.h"

/* One function of a score term at every position. */
typedef struct RoundedFeature {
    double *magnitudes; /* (n, rows) sums of the magnitudes of what is added */
    bool *exact;        /* (n) none of its rows is rounded */
} RoundedFeature;

typedef struct ScoreRounding {
    const ExactHead *head;
    const RoundedFeature *keys, *queries; /* (score_count) */
    double unit;                          /* what rounding may be of the magnitudes of products */
} ScoreRounding;

/* Of the pass's stream, in the head's arena. */
ScoreRounding score_rounding(const ExactPass *pass, const ExactHead *head);
/* The score is at most so far from the exact one. */
double score_error(const ScoreRounding *rounding, uint32_t query, uint32_t key);
/* Is it the exact one? Then of keys with equal scores none is above the others. */
bool score_is_exact(const ScoreRounding *rounding, uint32_t query, uint32_t key);

#endif
