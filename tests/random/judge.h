/* Judging one program: eval against other engines on the inputs of its model. */
#ifndef RASPC_RANDOM_JUDGE_H
#define RASPC_RANDOM_JUDGE_H

#include "compiler/driver/compare.h"
#include "tests/random/promises.h"

/* A program and the model that it is lowered to. */
typedef struct Case {
    const char *text;
    Vocabulary vocabulary;
    uint32_t inputs_at_most; /* to compare on: some of the greatest length and some random ones; 0:
                                all */
    bool by_stages;          /* its native code is as for long inputs */
} Case;

enum { ENGINES_AT_MOST = 4 };

typedef struct EngineSet {
    const Engine *engines[ENGINES_AT_MOST]; /* (count), eval not among them */
    size_t count;
    bool strict;          /* equal is not enough: 1 is not 1.0 */
    bool promises;        /* what the model promises is looked at too */
    bool causal;          /* of causal models: what looks ahead is refused */
    FloatType float_type; /* of the models */
} EngineSet;

typedef enum Finding {
    FIND_NOTHING,
    FIND_WRONG_PROGRAM, /* it has a diagnostic, or no output */
    FIND_DIFFERENCE,    /* an engine does not agree with eval */
    FIND_NOWHERE,       /* an engine refuses without saying where */
    FIND_FALSE_REFUSAL, /* an engine says that the program fails on every input, and it does not */
    FIND_OTHER_REASON,  /* an engine fails at the same place in the program for another reason */
    FIND_LAYERS,        /* the model breaks a promise */
    FIND_TEXT,
    FINDING_COUNT
} Finding;

/* What an engine did with the program. */
typedef struct EngineTally {
    uint64_t equal, failed_too; /* inputs */
    uint64_t other_kind;        /* of the equal ones: 1 against 1.0 */
    bool refused;
    DiagId id;           /* of the refusal */
    const char *message; /* of the refusal */
    Span span;           /* of the refusal */
} EngineTally;

typedef struct Judgement {
    Finding finding;
    EngineTally tally[ENGINES_AT_MOST];
    uint64_t inputs, eval_fails;
    Proof proof;
    const char *unproven; /* why the proof failed, in the arena */
    /* What was found, in the arena. WRONG_PROGRAM and broken promises: message alone. */
    const char *message;
    const Engine *engine;
    Input input;
    Outcome definition, outcome;
} Judgement;

/* Everything that the judgement points to lives in arena. */
Judgement judge(Arena *arena, const Case *program, const EngineSet *engines);
/* What was found, as comment lines of TAP. */
void judgement_print(const Judgement *judgement);

/* Reads a program's file: its first line says which model. False after printing why not. */
bool case_read(const char *path, Arena *arena, Case *out);

#endif
