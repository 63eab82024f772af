/* Shrinking: a smaller program that still shows what was found. Works on the text, by the spans of
   its tree, so that it shrinks any program, whoever wrote it. */
#ifndef RASPC_RANDOM_SHRINK_H
#define RASPC_RANDOM_SHRINK_H

#include "tests/random/judge.h"

/* True when the candidate shows the same as the program that is being shrunk. */
typedef bool (*StillShows)(void *state, const Case *candidate);

/* The result lives in arena. At most `attempts` candidates are tried. */
Case shrink(Arena *arena, Case program, StillShows still_shows, void *state, uint32_t attempts);

#endif
