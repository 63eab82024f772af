/* jit: compiles a model's symbolic view to native code and runs it. The same results as eval, at
   the cost of what the heads mean rather than n^2. The compiler is a module of its own
   (raspc-jit.so, which needs LLVM), loaded by jit_open: beside the running program, else where
   raspc is installed. No LLVM type passes this door. Programs are independent of one another; one
   program may run on several inputs at once. */
#ifndef RASPC_JIT_H
#define RASPC_JIT_H

#include "runtime/model/model.h"
#include "runtime/value/sequence.h"

typedef struct Jit Jit;               /* the loaded module */
typedef struct JitProgram JitProgram; /* one compiled model */

typedef struct JitOptions {
    const char *cpu; /* "x86-64-v3" and the like (jit/cpus.def); NULL or "native": this machine's */
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

/* A line a head, two blanks in: which plan computes it, what that costs, and for n^2 why. */
void jit_explain(const JitProgram *program, Buffer *out);

/* --- between the door and the module ---------------------------------------------------------- */

#define JIT_MODULE_SYMBOL "raspc_jit_module"
enum { JIT_MODULE_VERSION = 1 };

typedef struct JitModule {
    uint32_t version;
    JitProgram *(*compile)(const Model *model, const JitOptions *options, Span span,
                           Diagnostics *diags);
    void (*free)(JitProgram *program);
    bool (*run)(const JitProgram *program, Input input, Span span, Arena *result_arena,
                Diagnostics *diags, Sequence *out);
    void (*explain)(const JitProgram *program, Buffer *out);
} JitModule;

/* A program begins with the module that made it, so that the door needs no more to use it. */
struct JitProgram {
    const JitModule *module;
};

#endif
