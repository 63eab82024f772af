/* Hunting: random programs by the thousand, over several processes. A worker judges programs; it
   ends at the first one that shows something, and so does one that crashes or hangs. The parent,
   which runs no engine itself, then shrinks that program, trying each candidate in a process of its
   own, and starts the worker again behind it. */
#ifndef RASPC_RANDOM_HUNT_H
#define RASPC_RANDOM_HUNT_H

#include "tests/random/judge.h"

typedef struct HuntOptions {
    uint64_t first_seed, count;
    uint32_t size;
    uint32_t jobs;
    uint32_t failures_at_most; /* the hunt ends after so many */
    EngineSet engines;
} HuntOptions;

enum { REASONS_AT_MOST = 64, REASON_BYTES = 160 };

/* Why programs were refused, "E0701 the message", or not proven, with what differs from program to
   program left out. */
typedef struct Reason {
    char text[REASON_BYTES];
    uint64_t count;
    uint64_t seed; /* of one of them */
} Reason;

typedef struct Reasons {
    uint32_t count;
    Reason items[REASONS_AT_MOST]; /* (count), the most frequent first once the hunt is over */
    uint64_t others;               /* programs with reasons that found no place */
} Reasons;

typedef struct EngineTotals {
    uint64_t compared, refused; /* programs */
    uint64_t equal, failed_too; /* inputs */
    uint64_t other_kind;        /* of the equal ones: 1 against 1.0 */
    Reasons reasons;
} EngineTotals;

typedef struct HuntTotals {
    uint64_t programs, inputs, eval_fails;
    uint64_t proven, assumed; /* certificates: outright, and given what they assume */
    Reasons unproven;
    EngineTotals engines[ENGINES_AT_MOST];
} HuntTotals;

typedef struct Failure {
    uint64_t seed;
    Finding finding; /* FIND_NOTHING: the process ended by the signal */
    int signal;
    Case program; /* shrunk */
} Failure;

typedef struct Hunt {
    HuntTotals totals;
    Failure *failures; /* (failure_count), in arena */
    uint32_t failure_count;
} Hunt;

Hunt hunt(Arena *arena, const HuntOptions *options);

/* Judges one program in a process of its own: what it shows (with its signal when it dies). */
Finding judge_apart(const Case *program, const EngineSet *engines, int *signal);
/* Shrinks a program that shows that. */
Case shrink_apart(Arena *arena, Case program, const EngineSet *engines, Finding finding,
                  int signal);
/* Prints as TAP comments what the program shows, with the results that differ. */
void report_apart(const Case *program, const EngineSet *engines);

#endif
