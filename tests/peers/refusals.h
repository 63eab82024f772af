/* What engines refuse today: lines "ENGINE NAME CODE WHY" of a file. The list is kept true: what is
   on it must be refused with that code, what is not on it must be computed. */
#ifndef RASPC_PEERS_REFUSALS_H
#define RASPC_PEERS_REFUSALS_H

#include "tests/random/judge.h"

typedef struct Refusals {
    Buffer text;
} Refusals;

bool refusals_read(const char *path, Refusals *out);

/* Reports in TAP, a line an engine, what the judgement of the case says; false when one failed. */
bool refusals_report(const Refusals *refusals, const char *name, const Judgement *judgement,
                     const EngineSet *engines);

#endif
