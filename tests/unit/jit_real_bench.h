/* Programs over real vectors in native code and under eval, on drawn inputs. */
#ifndef RASPC_TEST_JIT_REAL_BENCH_H
#define RASPC_TEST_JIT_REAL_BENCH_H

#include "compiler/elaborate/elaborate.h"
#include "runtime/engines/jit.h"

/* Each takes x: vec[D] and some of: mark: bool, a: float, k: int, s: str. D is written in its text.
 */
typedef struct Subject {
    const char *name;
    uint32_t width;
    const char *text;
    const char *plan; /* a line of the explanation holds this */
} Subject;

#define LLOYD(d, rounds, pattern)                                                                  \
    "input x: vec[" d "]; input mark: bool;\n"                                                     \
    "c = x;\n"                                                                                     \
    "repeat " rounds " {\n"                                                                        \
    "  near = " pattern "(-distance(c, x), select(mark, True, ==));\n"                             \
    "  owner = aggregate(near, indices);\n"                                                        \
    "  members = select(owner, indices, ==) and select(mark, False, ==);\n"                        \
    "  c = aggregate(members, x, c) if mark else c;\n"                                             \
    "}\n"                                                                                          \
    "output c, owner;\n"

/* Softmax and linear attention are within 1e-12 of eval, of the greatest magnitude among the
   values; other numbers of threads give the same bits. */
#define EM(d, k, rounds)                                                                           \
    "input x: vec[" d "]; input mark: bool;\n"                                                     \
    "centres = select(mark, True, ==); points = select(mark, False, ==);\n"                        \
    "id = onehot(selector_width(centres and select(indices, indices, <)), " k ");\n"               \
    "mean = x; variance = 1 + 0 * x; weight = 1 / " k ";\n"                                        \
    "repeat " rounds " {\n"                                                                        \
    "  bias = log(weight) - sum(mean * mean / variance + log(variance)) / 2;\n"                    \
    "  component = concat(mean / variance, -1 / (2 * variance), bias);\n"                          \
    "  y = aggregate(softmax(score(component, concat(x, x * x, 1), *), centres), id);\n"           \
    "  own = linear(score(y, id, *), points);\n"                                                   \
    "  mean = aggregate(own, x, mean) if mark else mean;\n"                                        \
    "  square = aggregate(own, x * x, variance + mean * mean);\n"                                  \
    "  variance = 1 + abs(square - mean * mean) if mark else variance;\n"                          \
    "  weight = dot(aggregate(points, y), id) if mark else weight;\n"                              \
    "}\n"

enum { OUTPUTS = 40, COLUMNS = 5 };

typedef struct Bench {
    const Subject *subject;
    Session *session;
    Arena *arena;
    Diagnostics *diags;
    Jit *jit;
    NodeId outputs[OUTPUTS];
    uint32_t count;
} Bench;

/* How numbers are drawn. */
typedef enum Flavour { SMOOTH, GRID, FEW, FLAVOURS } Flavour;

/* Reads the program. False: raspc was built without a jit, and said so. */
bool bench_open(Bench *bench, const Subject *subject);
void bench_close(Bench *bench);
Input bench_input(Bench *bench, uint32_t n, Flavour flavour, uint64_t seed);
/* NULL: this machine lacks what the processor has. Fails the test where it can't be compiled. */
JitReal *bench_compile(Bench *bench, const char *cpu, uint32_t threads, bool single);
bool bench_run(const Bench *bench, const JitReal *program, Input input, Sequence *out);
/* Fails the test unless output o is the same to the last bit. */
void bench_same(const Bench *bench, const char *how, uint32_t o, const Sequence *wanted,
                const Sequence *got);
/* Fails the test unless the program gives the bits that eval gives or, where eval fails, fails with
   the same words. */
void bench_compare(Bench *bench, const JitReal *program, const char *how, Input input);

#endif
