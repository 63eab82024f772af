/* jit: compiles a model's symbolic view to native code and runs it. The same results as eval, at
   the cost of what the heads mean rather than n^2. The compiler is a module of its own
   (raspc-jit.so, which needs LLVM), loaded by jit_open: beside the running program, else where
   raspc is installed. No LLVM type passes this door. Programs are independent of one another; one
   program may run on several inputs at once. */
#ifndef RASPC_JIT_H
#define RASPC_JIT_H

#include "runtime/engines/eval.h"
#include "runtime/graph/graph.h"
#include "runtime/model/model.h"
#include "runtime/value/sequence.h"

typedef struct Jit Jit;               /* the loaded module */
typedef struct JitProgram JitProgram; /* one compiled model */

/* Programs whose inputs are no longer may have code of their own: all positions side by side. */
enum { JIT_SHORT_MOST = 64 };

typedef struct JitOptions {
    const char *cpu; /* "x86-64-v3" and the like (jit/cpus.def); NULL or "native": this machine's */
    uint32_t threads;  /* that a run may use; 0: as many as there are processors. What a run gives
                          does not depend on it */
    bool single;       /* vectors of a program over reals are of float32 rather than float64 */
    bool by_stages;    /* the code that long inputs need even where none is longer than
                          JIT_SHORT_MOST: the same results, for tests */
    const char *cache; /* a directory that keeps native code for the next time, made when it is not
                          there; NULL: none. Its files are run: it must be the user's own */
} JitOptions;

/* NULL after reporting (DIAG_NO_JIT): raspc was built without LLVM, or the module does not load. */
Jit *jit_open(Span asked_at, Diagnostics *diags);
void jit_close(Jit *jit); /* after its programs are freed; NULL is fine */

/* NULL after reporting (DIAG_CANNOT_LOWER, DIAG_NO_JIT) at span. The model must outlive the
   program. */
JitProgram *jit_compile(const Jit *jit, const Model *model, const JitOptions *options, Span span,
                        Diagnostics *diags);
void jit_free(JitProgram *program); /* NULL is fine */

/* Results in result_arena. False when the input is not one that the model takes, when the program
   is undefined at a position, or when there is not enough memory: one diagnostic at span. */
bool jit_run(const JitProgram *program, Input input, Span span, Arena *result_arena,
             Diagnostics *diags, Sequence *out);

/* --- columns: token numbers in, numbers out, no atom made ------------------------------------- */

typedef enum JitColumnKind { JIT_ATOMS, JIT_INTEGERS, JIT_REALS } JitColumnKind;

/* A result. It lies in the memory of the runner that made it and stands until that runs again. */
typedef struct JitColumn {
    JitColumnKind kind;
    uint32_t n;
    const int32_t *indices;  /* ATOMS: (n) of atoms */
    const int64_t *integers; /* INTEGERS: (n) */
    const double *reals;     /* REALS: (n) */
    const int32_t *exact;    /* REALS: (n) not 0 where the number is an int; NULL: all are floats */
    bool exact_is_bool;      /* it is a bool there rather than an int */
    uint32_t atom_count;
    const Atom *atoms; /* ATOMS: (atom_count); opaque where there is no single value */
} JitColumn;

/* The memory that runs of one program need, one run at a time; kept from run to run. Several
   runners may run one program at once. */
typedef struct JitRunner JitRunner;

JitRunner *jit_runner_new(const JitProgram *program); /* the program must outlive it */
void jit_runner_free(JitRunner *runner);              /* NULL is fine */
/* As jit_run, for n tokens by their numbers, each one of the model's vocabulary: those are not
   looked at again. */
bool jit_runner_run(JitRunner *runner, const uint32_t *numbers, uint32_t n, Span span,
                    Diagnostics *diags, JitColumn *out);

/* A line a head, two blanks in: which plan computes it, what that costs, and for n^2 why. */
void jit_explain(const JitProgram *program, Buffer *out);

/* Ahead of time: the model as a C function of that name, which others link. Adds to object an
   object file for options->cpu that needs nothing else, and to header its C header, which says
   everything about it; object may be NULL. False after reporting at span. */
bool jit_library(const Jit *jit, const Model *model, const JitOptions *options, const char *name,
                 Span span, Diagnostics *diags, Buffer *object, Buffer *header);

/* --- programs over real vectors (language, part II): from the graph ----------------------------
 */

/* The compiled outputs of one graph, for any number of positions. */
typedef struct JitReal JitReal;

/* outputs: (count) s-ops that depend on no loop. The graph must outlive the program; what is
   added to it later does not matter. NULL after reporting (DIAG_CANNOT_LOWER, DIAG_NO_JIT) what has
   no native code. */
JitReal *jit_compile_real(const Jit *jit, const Graph *graph, const NodeId *outputs, uint32_t count,
                          const JitOptions *options, Span span, Diagnostics *diags);
void jit_real_free(JitReal *program); /* NULL is fine */
/* All outputs on request->input, in its arena; out: (count). request->graph and node are not looked
   at. Who looks on at rounds sees states of the loop, and nodes that results are of: a round with
   others is not shown. Columns of doubles are read where they lie.
   Equal to eval_all bit for bit, but for softmax and linear attention (real/softmax.c, accumulate.c
   and weigh.c say how near they are); in float32 each column is eval's on the columns it is made
   of, rounded. Several runs may go on at once; the program keeps up to 32 MiB of
   one's memory for the next, until it is freed. False after reporting at the node, else at span. */
bool jit_real_run(const JitReal *program, const ApplyRequest *request, Sequence *out);
/* A line a head, two blanks in: its plan, what that costs, and for all pairs why. */
void jit_real_explain(const JitReal *program, Buffer *out);

/* --- between the door and the module ---------------------------------------------------------- */

#define JIT_MODULE_SYMBOL "raspc_jit_module"
enum { JIT_MODULE_VERSION = 7 };

typedef struct JitModule {
    uint32_t version;
    JitProgram *(*compile)(const Model *model, const JitOptions *options, Span span,
                           Diagnostics *diags);
    void (*free)(JitProgram *program);
    bool (*run)(const JitProgram *program, Input input, Span span, Arena *result_arena,
                Diagnostics *diags, Sequence *out);
    JitRunner *(*runner_new)(const JitProgram *program);
    void (*runner_free)(JitRunner *runner);
    bool (*runner_run)(JitRunner *runner, const uint32_t *numbers, uint32_t n, Span span,
                       Diagnostics *diags, JitColumn *out);
    void (*explain)(const JitProgram *program, Buffer *out);
    bool (*library)(const Model *model, const JitOptions *options, const char *name, Span span,
                    Diagnostics *diags, Buffer *object, Buffer *header);
    JitReal *(*real_compile)(const struct JitModule *module, const Graph *graph,
                             const NodeId *outputs, uint32_t count, const JitOptions *options,
                             Span span, Diagnostics *diags);
    void (*real_free)(JitReal *program);
    bool (*real_run)(const JitReal *program, const ApplyRequest *request, Sequence *out);
    void (*real_explain)(const JitReal *program, Buffer *out);
} JitModule;

/* A program and a runner begin with the module that made them, so that the door needs no more to
   use them. */
struct JitProgram {
    const JitModule *module;
};
struct JitRunner {
    const JitModule *module;
};
struct JitReal {
    const JitModule *module;
};

#endif
