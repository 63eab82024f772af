/* Programs in native code and under eval, on drawn inputs. */
#ifndef RASPC_TEST_JIT_BENCH_H
#define RASPC_TEST_JIT_BENCH_H

#include "compiler/elaborate/elaborate.h"
#include "compiler/lower/lower.h"
#include "runtime/engines/jit.h"

typedef struct Subject {
    const char *name, *text;
    const char *alphabet; /* NULL: integers */
    const char *plan;     /* what its main head must be planned as */
    uint32_t longest;     /* of the long inputs */
} Subject;
enum { LONGEST = 2000, SUBJECTS = 15 };
extern const Subject subjects[SUBJECTS];

/* One program, lowered for one vocabulary and compiled: for short inputs, if these are short, by
   stages as well and for processors with shorter vectors. */
enum { BENCH_OTHERS = 3 };
typedef struct Bench {
    Session *session;
    Jit *jit;
    Arena *arena;
    NodeId node;
    uint32_t vocabulary_count, max_length;
    const Atom *vocabulary;
    JitProgram *program, *others[BENCH_OTHERS]; /* NULL: there is no such program */
} Bench;

/* False, with a line that says so, when raspc was built without LLVM; any other trouble fails. To
   be closed either way. */
bool open_bench(Bench *bench, const Subject *subject, uint32_t vocabulary_count,
                uint32_t max_length);
void close_bench(Bench *bench);
/* What the programs give is eval's. */
void compare(Bench *bench, const Subject *subject, const uint32_t *numbers, uint32_t n);

uint32_t next_random(uint64_t *state, uint32_t below);

#endif
