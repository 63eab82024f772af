/* One pass of the dense weights of a model over real vectors, in one type of floats. */
#ifndef RASPC_REAL_FORWARD_H
#define RASPC_REAL_FORWARD_H

#include "runtime/base/cancel.h"
#include "runtime/real/real_weights.h"

/* Why a pass ended early. */
typedef enum RealEnd {
    REAL_DONE,
    REAL_STOPPED,   /* cancelled */
    REAL_TOO_LONG,  /* more pairs of positions than LIMIT_EVALUATION_PAIRS */
    REAL_SCORE_NAN, /* a hardmax has to compare a score that is not a number: position, key */
    REAL_TRAPPED,   /* a trap's number is 0, or not below its limit: position, trap */
} RealEnd;

typedef struct RealFailure {
    RealEnd end;
    uint32_t position, key, trap;
    uint32_t layer, head; /* REAL_SCORE_NAN */
} RealFailure;

/* What a pass has done so far, and why it ended. */
typedef struct RealWork {
    const Cancel *cancel; /* or NULL */
    uint64_t pairs;       /* of positions looked at */
    uint64_t since;       /* pairs since cancel was last asked */
    RealFailure failure;
} RealWork;

/* Counts; false when the work is to end. */
bool real_work_on(RealWork *work, uint64_t pairs);

/* Who looks on: the stream (D, n), by coordinate, after layer number `layer` (0: the embedding,
   1 the first layer); between: after its heads, before its units. */
typedef struct RealWatcher {
    void (*after)(void *state, uint32_t layer, bool between, Numbers stream);
    void *state;
} RealWatcher;

/* The weights packed, in one type of floats. */
typedef struct RealTransformer RealTransformer;

typedef struct RealLoopShape {
    uint32_t first, count, times;
    bool has_until;
} RealLoopShape;

/* What is not in the weights: how often layers are run, after which a trap's number is looked at,
   and what its limit is. */
typedef struct RealShape {
    uint32_t loop_count;
    const RealLoopShape *loops; /* as the model's */
    uint32_t trap_count;
    const uint32_t *trap_layers; /* (trap_count) */
    const double *trap_limits;   /* (trap_count) RealTrap's */
} RealShape;

typedef struct RealForward {
    const RealTransformer *(*pack)(Arena *arena, const DenseRealModel *weights,
                                   const RealShape *shape);
    /* The bytes that a pass over n positions takes. */
    double (*bytes)(const RealTransformer *transformer, uint32_t n);
    /* inputs: (n, I) of the type. Outputs (outputs, n), by column, in arena; no numbers where
       work->failure says why not. watcher: or NULL. */
    Numbers (*run)(const RealTransformer *transformer, Numbers inputs, uint32_t n, Arena *arena,
                   RealWork *work, const RealWatcher *watcher);
} RealForward;

extern const RealForward real_forward_f32, real_forward_f64;
static inline const RealForward *real_forward_of(FloatType type) {
    return type == FLOAT_64 ? &real_forward_f64 : &real_forward_f32;
}

#endif
