/* Running a compiled program: the memory of its columns, and what its code left there. */
#ifndef RASPC_JIT_RUNNER_H
#define RASPC_JIT_RUNNER_H

#include "runtime/engines/jit.h"
#include "runtime/engines/jit/native.h"
#include "runtime/engines/jit/plan.h"
#include "runtime/engines/jit/short/short_program.h"
#include "runtime/engines/jit/stage.h"
#include "runtime/engines/jit/tokens.h"

typedef struct Compiled {
    JitProgram base; /* first */
    Arena *arena;    /* of this and of what follows */
    Plan *plan;
    TokenIndex *tokens;
    Native *native;
    Stages stages;
    Code code;            /* NULL where there is short code */
    ShortCode short_code; /* NULL: inputs may be long */
    uint32_t threads;     /* 0: as many as there are processors */
} Compiled;

/* What jit.h says of the functions without the prefix. */
JitRunner *runner_new(const JitProgram *program);
void runner_free(JitRunner *runner);
bool runner_run(JitRunner *runner, const uint32_t *numbers, uint32_t n, Span span,
                Diagnostics *diags, JitColumn *out);
bool runner_run_input(const JitProgram *program, Input input, Span span, Arena *result_arena,
                      Diagnostics *diags, Sequence *out);

#endif
