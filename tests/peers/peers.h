/* What other compilers get wrong, held against ours: two lists, each reported in TAP. */
#ifndef RASPC_PEERS_H
#define RASPC_PEERS_H

#include "tests/peers/refusals.h"

/* Every case of Tracr's test list (a .jsonl) with its program in the directory. */
bool tracr_cases(const char *cases, const char *directory, const Refusals *refusals,
                 const EngineSet *engines);
/* A program that a peer computes wrongly, at each of the lengths that its second line names. */
bool peer_failure(const char *path, const Refusals *refusals, const EngineSet *engines);

#endif
