/* What the module offers for programs over real vectors; jit.h says what each does. */
#ifndef RASPC_JIT_REAL_REAL_PROGRAM_H
#define RASPC_JIT_REAL_REAL_PROGRAM_H

#include "runtime/engines/jit.h"

/* module: what the program's door calls. */
JitReal *real_compile(const JitModule *module, const Graph *graph, const NodeId *outputs,
                      uint32_t count, const JitOptions *options, Span span, Diagnostics *diags);
void real_free(JitReal *program);
bool real_run(const JitReal *program, const ApplyRequest *request, Sequence *out);
void real_explain(const JitReal *program, Buffer *out);

#endif
