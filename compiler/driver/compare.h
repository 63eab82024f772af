/* Comparing an engine with eval, the definition, on one input. */
#ifndef RASPC_DRIVER_COMPARE_H
#define RASPC_DRIVER_COMPARE_H

#include "compiler/driver/engines.h"

/* What one engine makes of one node on one input. Results live in the request's arena. */
typedef struct Outcome {
    ApplyStatus status;
    Sequence sequence; /* APPLY_OK and the node an s-op */
    Matrix matrix;     /* APPLY_OK and the node a selector */
    /* The diagnostic otherwise, copied into the request's arena. */
    DiagId id;
    const char *message;
    Span span;
} Outcome;

/* Applies the engine to requests that differ in the input alone: out (count). What it reports stays
   on the requests' diagnostics. */
void outcomes_of(const Engine *engine, void *state, const ApplyRequest *requests, uint32_t count,
                 Outcome *out);
Outcome outcome_of(const Engine *engine, void *state, const ApplyRequest *request);

typedef enum Agreement {
    AGREE_VALUE,   /* the same value: type of the sequence, kind and bits of every position */
    AGREE_EQUAL,   /* equal at every position, but not the same: 1 against 1.0 or True */
    AGREE_FAILURE, /* the program fails on this input, and both say so */
    AGREE_REFUSED, /* the engine can't run the program at all */
    AGREE_NOT,
} Agreement;
Agreement outcome_agree(const Outcome *definition, const Outcome *other);
/* [1, 2] (ints), or E0401: division by zero. */
void outcome_show(Buffer *out, const Outcome *outcome);

#endif
