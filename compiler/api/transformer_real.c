/* Transformers over real vectors: dense weights for interp, native code from the graph for the jit.
 */
#include "compiler/api/api.h"

static bool make_native(raspc_transformer *t, const raspc_transformer_options *options) {
    Session *session = t->program->session;
    Diagnostics *diags = session_diagnostics(session);
    const Graph *graph = session_graph(session);
    JitOptions native = {
        .cpu = options->cpu, .threads = options->threads, .single = options->single != 0};
    t->jit = jit_open((Span){0}, diags);
    if (t->jit == NULL) return false;
    t->native_real = jit_compile_real(t->jit, graph, t->nodes, t->count, &native, (Span){0}, diags);
    if (t->native_real == NULL) return false;
    const Requirement *required = session_requirements(session, &t->requirement_count);
    if (t->requirement_count == 0) return true;
    NodeId *nodes = ARENA_ARRAY(t->arena, NodeId, t->requirement_count);
    for (uint32_t i = 0; i < t->requirement_count; i++)
        nodes[i] = required[i].node;
    /* Where these have no native code, eval answers them. */
    size_t before = diagnostics_count(diags);
    native.single = false;
    t->requirements =
        jit_compile_real(t->jit, graph, nodes, t->requirement_count, &native, (Span){0}, diags);
    diagnostics_truncate(diags, before);
    return true;
}

bool make_real(raspc_transformer *t, const raspc_transformer_options *options) {
    if (t->engine == RASPC_JIT) return make_native(t, options);
    Session *session = t->program->session;
    Diagnostics *diags = session_diagnostics(session);
    RealLowerOptions lowering = {.max_length = options->max_length,
                                 .float_type = options->single ? FLOAT_32 : FLOAT_64};
    t->real_model =
        lower_real(t->arena, session_graph(session), t->nodes, t->count, &lowering, diags);
    if (t->real_model == NULL) return false;
    t->interp_real = interp_real_new(t->arena, t->real_model, (Span){0}, diags);
    if (t->interp_real == NULL) return false;
    Buffer text = {0};
    real_model_print(t->real_model, &text);
    t->text = arena_strndup(t->arena, text.data, text.len);
    buffer_free(&text);
    return true;
}
