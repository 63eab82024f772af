/* raspc verify for programs that name their inputs: all outputs of an engine at once against
   eval's, number by number. */
#ifndef RASPC_DRIVER_VERIFY_REAL_H
#define RASPC_DRIVER_VERIFY_REAL_H

#include "compiler/driver/engines.h"
#include "compiler/driver/program.h"

typedef struct RealVerification {
    Driver *driver;
    Session *session;
    const Engine *only; /* NULL: all */
    Vocabulary vocabulary;
    uint64_t samples, seed;
    uint32_t relu_knots; /* relus_option */
    bool bounded;        /* nobody said how many inputs: not more than take minutes */
    bool any_verified, any_difference;
} RealVerification;

/* False after reporting that there is nothing to compare. */
bool verify_real(RealVerification *verification, const Targets *targets);

#endif
