#include "compiler/driver/engine_jit.h"

#include "compiler/driver/lowered.h"
#include "runtime/base/memory.h"
#include "runtime/engines/jit.h"

#include <stdlib.h>
#include <string.h>

/* A program over real vectors: it runs from the graph. */
typedef struct Real {
    struct Real *next;
    const Graph *graph;
    NodeId *nodes; /* (count) its outputs */
    uint32_t count;
    JitReal *program;
} Real;

typedef struct JitEngine {
    Jit *jit; /* opened by the first model, which can say that there is none */
    JitOptions options;
    Lowered *models;
    Real *reals; /* the oldest first */
} JitEngine;

static bool has_jit(JitEngine *engine, Span span, Diagnostics *diags) {
    if (engine->jit == NULL) engine->jit = jit_open(span, diags);
    return engine->jit != NULL;
}

static void *prepare(void *state, Arena *arena, const Model *model, Span span, Diagnostics *diags) {
    (void)arena;
    JitEngine *engine = state;
    if (!has_jit(engine, span, diags)) return NULL;
    return jit_compile(engine->jit, model, &engine->options, span, diags);
}

static void release(void *prepared) { jit_free(prepared); }

void *open_jit(const EngineOptions *options) {
    JitEngine *engine = memory_zeroed(sizeof *engine);
    const Vocabulary *vocabulary = options->vocabulary;
    engine->options = (JitOptions){.cpu = options->cpu,
                                   .threads = options->threads,
                                   .single = vocabulary_float(vocabulary, FLOAT_64) == FLOAT_32,
                                   .by_stages = options->by_stages,
                                   .cache = options->cache};
    engine->models = lowered_new(options, (Preparer){engine, prepare, release, REGISTERS_KEEP});
    return engine;
}

/* --- programs over real vectors ----------------------------------------------------------------
 */

/* Does the s-op need named inputs, vectors, real functions or loops? */
static bool is_real(const Graph *graph, NodeId node) {
    Arena *scratch = arena_new(0);
    const uint8_t *needed = graph_needed(graph, node, scratch);
    bool real = false;
    for (NodeId id = 0; id <= node && !real; id++)
        real = needed[id] && graph_node(graph, id)->op >= OP_INPUT;
    arena_free(scratch);
    return real && graph_node(graph, node)->type != TYPE_SELECTOR;
}

/* The program of these outputs; NULL after reporting. */
static const JitReal *find_real(JitEngine *engine, const ApplyRequest *request, const NodeId *nodes,
                                uint32_t count) {
    Real **last = &engine->reals;
    for (; *last; last = &(*last)->next)
        if ((*last)->graph == request->graph && (*last)->count == count &&
            memcmp((*last)->nodes, nodes, count * sizeof *nodes) == 0)
            return (*last)->program;
    if (!has_jit(engine, request->span, request->diags)) return NULL;
    JitReal *program = jit_compile_real(engine->jit, request->graph, nodes, count, &engine->options,
                                        request->span, request->diags);
    if (program == NULL) return NULL;
    Real *real = memory_zeroed(sizeof *real);
    *real = (Real){NULL, request->graph, memory_zeroed(count * sizeof *nodes), count, program};
    memcpy(real->nodes, nodes, count * sizeof *nodes);
    *last = real;
    return program;
}

static ApplyStatus apply_real(JitEngine *engine, const ApplyRequest *request, const NodeId *nodes,
                              uint32_t count, Sequence *out) {
    const JitReal *program = find_real(engine, request, nodes, count);
    if (program == NULL) return APPLY_REFUSED;
    size_t before = diagnostics_count(request->diags);
    return jit_real_run(program, request, out) ? APPLY_OK
                                               : engine_gave_nothing(request->diags, before);
}

static void explain_real(const Real *real, Buffer *out) {
    for (uint32_t o = 0; o < real->count; o++) {
        const String *name = graph_name_of(real->graph, real->nodes[o]);
        buffer_printf(out, "%s%s", o ? ", " : "", name ? name->bytes : "out");
    }
    buffer_text(out, ":\n");
    jit_real_explain(real->program, out);
}

/* --- the engine --------------------------------------------------------------------------------
 */

ApplyStatus apply_jit(void *state, const ApplyRequest *request, Sequence *sequence,
                      Matrix *matrix) {
    (void)matrix;
    JitEngine *engine = state;
    if (is_real(request->graph, request->node))
        return apply_real(engine, request, &request->node, 1, sequence);
    const JitProgram *program = lowered_get(engine->models, request);
    if (program == NULL) return APPLY_REFUSED;
    return jit_run(program, request->input, request->span, request->arena, request->diags, sequence)
               ? APPLY_OK
               : APPLY_FAILED;
}

/* Programs that name their inputs are the real ones: elsewhere the outputs are each a model. */
ApplyStatus apply_outputs_jit(void *state, const ApplyRequest *request, const NodeId *nodes,
                              uint32_t count, Sequence *out) {
    return apply_real(state, request, nodes, count, out);
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
    for (const Real *real = engine->reals; real; real = real->next)
        explain_real(real, out);
}

void close_jit(void *state) {
    JitEngine *engine = state;
    lowered_free(engine->models);
    while (engine->reals) {
        Real *real = engine->reals;
        engine->reals = real->next;
        jit_real_free(real->program);
        free(real->nodes);
        free(real);
    }
    jit_close(engine->jit);
    free(engine);
}
