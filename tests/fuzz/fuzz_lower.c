/* Any bytes as a program: what its names stand for lowers to a model that verifies and runs, or is
   refused with a diagnostic. */
#include "compiler/elaborate/elaborate.h"
#include "compiler/lower/lower.h"
#include "tests/fuzz/fuzz_model.h"

enum { MOST_NODES = 200, MOST_NAMES = 4, MAX_LENGTH = 4 }; /* keeps one run short */

static void lower_node(Session *session, NodeId node, bool as_numbers, bool causal) {
    Arena *arena = arena_new(0);
    Atom vocabulary[3];
    for (int i = 0; i < 3; i++)
        vocabulary[i] = as_numbers ? atom_int(i - 1) : atom_string(string_new(arena, &"abc"[i], 1));
    LowerOptions options = {.vocabulary_count = 3,
                            .vocabulary = vocabulary,
                            .max_length = MAX_LENGTH,
                            .causal = causal};
    Diagnostics *diags = session_diagnostics(session);
    size_t before = diagnostics_errors(diags);
    Model *model = lower(arena, session_graph(session), node, &options, diags);
    if (!model != (diagnostics_errors(diags) > before)) BUG("a model and errors, or neither");
    if (model) {
        text_form_check(&model_form, arena, session_sources(session), diags, model);
        run_model(arena, diags, model);
    }
    arena_free(arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    SessionOptions options = {.interactive = false};
    Session *session = session_new(&options);
    if (session_run_text(session, "fuzz.rasp", (const char *)data, size, NULL) &&
        session_graph(session)->count < MOST_NODES) {
        const Graph *graph = session_graph(session);
        uint32_t lowered = 0;
        for (uint32_t i = graph->name_count; i-- > 0 && lowered < MOST_NAMES;) {
            if (graph_node(graph, graph->names[i].node)->type == TYPE_SELECTOR) continue;
            lower_node(session, graph->names[i].node, size % 2, size % 3 == 0);
            lowered++;
        }
    }
    render_all(session_diagnostics(session));
    session_free(session);
    return 0;
}
