/* Every bound that keeps an untrusted program or input from exhausting the machine.
   Each one ends as a diagnostic, never as a crash. */
#ifndef RASPC_LIMITS_H
#define RASPC_LIMITS_H

#include <stddef.h>
#include <stdint.h>

/* A fuzzer's runs have to be short, so its builds give a program less. */
#ifdef FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION
#define LIMIT_PART_OF 100
#else
#define LIMIT_PART_OF 1
#endif

enum {
    LIMIT_SOURCE_BYTES = 256 * 1024 * 1024, /* one source file */
    LIMIT_NESTING = 1000,                   /* depth of a syntax tree (parentheses, blocks, ...) */
    LIMIT_TREE_NODES = 5000000,             /* names, numbers, operators, ... of one source file */
    LIMIT_CALL_DEPTH = 1000,                /* RASP functions inside one another at elaboration */
    LIMIT_ELABORATION_DEPTH = 5000,         /* expressions and statements inside one another */
    LIMIT_ELABORATION_STEPS = 10000000 / LIMIT_PART_OF, /* expressions, statements of one program */
    LIMIT_LOAD_DEPTH = 50,                              /* files loading files */
    LIMIT_LIST_ITEMS = 1000000 / LIMIT_PART_OF,         /* items of one list or dict */
    LIMIT_STRING_BYTES = 16 * 1024 * 1024 / LIMIT_PART_OF, /* one string */
    LIMIT_INTEGER_BITS = 1000000 / LIMIT_PART_OF,          /* one integer */
    LIMIT_GRAPH_NODES = 1000000 / LIMIT_PART_OF,           /* nodes of one graph */
    LIMIT_GRAPH_LAYERS = 4000000,                          /* attention layers, rounds unrolled */
    LIMIT_VECTOR_WIDTH = 65536,                            /* numbers of one vector */
    LIMIT_DECLARATIONS = 1000,                             /* inputs and params of a program */
    LIMIT_LOOP_ROUNDS = 1000000,                           /* of one `repeat` */
    LIMIT_UNROLLED_LAYERS = 10000,                         /* of one exported graph */
    LIMIT_INPUT_TOKENS = 100000000 / LIMIT_PART_OF,        /* elements of one input */
    LIMIT_DIAGNOSTICS = 100,          /* messages printed for one run; the rest are counted */
    LIMIT_DIAGNOSTIC_RECORDS = 10000, /* messages kept; the rest are only counted */
};

/* Bytes that elaborating one program, or evaluating one node on one input, may take. */
#define LIMIT_ELABORATION_BYTES ((size_t)1 << 30)
#define LIMIT_EVALUATION_BYTES ((size_t)4 << 30)
/* Numbers of one input's vectors together, where they are not a file's own. */
#define LIMIT_INPUT_NUMBERS (((uint64_t)1 << 31) / LIMIT_PART_OF)
/* Pairs of positions that one evaluation may look at: minutes of work. */
#define LIMIT_EVALUATION_PAIRS ((uint64_t)100000000000 / LIMIT_PART_OF)
/* Rounds of loops that native code may run in one evaluation: minutes of work, however short. */
#define LIMIT_EVALUATION_ROUNDS ((uint64_t)1000000000 / LIMIT_PART_OF)
/* Pairs of positions after which a verification whose extent nobody gave leaves out the rest. */
#define LIMIT_VERIFICATION_PAIRS ((uint64_t)10000000000 / LIMIT_PART_OF)
/* Exact arithmetic: bits of one number, numbers kept at a time, and operations on numbers of 64
   bits of one evaluation: about half a minute. */
#define LIMIT_EXACT_BITS (1 << 15)
#define LIMIT_EXACT_NUMBERS ((uint64_t)1 << 24)
#define LIMIT_EXACT_WORK ((uint64_t)300000000 / LIMIT_PART_OF)
/* Bytes that planning one model may take, and that its dense weights may take. */
#define LIMIT_LOWERING_BYTES ((size_t)1 << 30)
#define LIMIT_DENSE_BYTES ((size_t)2 << 30)
/* Numbers that runs stand for in the lists of one model text, and cells of one of its tables. */
#define LIMIT_MODEL_NUMBERS ((1 << 26) / LIMIT_PART_OF)

#endif
