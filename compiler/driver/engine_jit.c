#include "compiler/driver/engine_jit.h"

#include "compiler/driver/lowered.h"
#include "runtime/base/memory.h"
#include "runtime/engines/jit.h"

#include <stdlib.h>

typedef struct JitEngine {
    Jit *jit; /* opened by the first model, which can say that there is none */
    JitOptions options;
    Lowered *models;
} JitEngine;

static void *prepare(void *state, Arena *arena, const Model *model, Span span, Diagnostics *diags) {
    (void)arena;
    JitEngine *engine = state;
    if (engine->jit == NULL) engine->jit = jit_open(span, diags);
    if (engine->jit == NULL) return NULL;
    return jit_compile(engine->jit, model, &engine->options, span, diags);
}

static void release(void *prepared) { jit_free(prepared); }

void *open_jit(const EngineOptions *options) {
    JitEngine *engine = memory_zeroed(sizeof *engine);
    engine->options =
        (JitOptions){.cpu = options->cpu, .threads = options->threads, .cache = options->cache};
    engine->models = lowered_new(options, (Preparer){engine, prepare, release, REGISTERS_KEEP});
    return engine;
}

ApplyStatus apply_jit(void *state, const ApplyRequest *request, Sequence *sequence,
                      Matrix *matrix) {
    (void)matrix;
    JitEngine *engine = state;
    const JitProgram *program = lowered_get(engine->models, request);
    if (program == NULL) return APPLY_REFUSED;
    return jit_run(program, request->input, request->span, request->arena, request->diags, sequence)
               ? APPLY_OK
               : APPLY_FAILED;
}

static void explain_one(void *state, const Graph *graph, NodeId node, void *prepared) {
    Buffer *out = state;
    const String *name = graph_name_of(graph, node);
    buffer_printf(out, "%s:\n", name != NULL ? name->bytes : "out");
    jit_explain(prepared, out);
}

void explain_jit(void *state, Buffer *out) {
    JitEngine *engine = state;
    lowered_visit(engine->models, explain_one, out);
}

void close_jit(void *state) {
    JitEngine *engine = state;
    lowered_free(engine->models);
    jit_close(engine->jit);
    free(engine);
}
