/* Any bytes as a program: elaboration ends with a verified graph or diagnostics, every named s-op
   and selector evaluates or fails with a diagnostic, and the graph's text form is parsed back. */
#include "tests/fuzz/fuzz.h"

#include "compiler/elaborate/elaborate.h"
#include "runtime/engines/eval.h"

enum { MOST_NODES = 300, MOST_NAMES = 8 }; /* keeps one run short */

static const char *const words[] = {"a", "hello", "abab"};

static Input input_of(Arena *arena, const char *word, bool as_numbers) {
    Input input = {0};
    Atom *tokens = ARENA_ARRAY(arena, Atom, 8);
    for (; word[input.n]; input.n++)
        tokens[input.n] = as_numbers ? atom_int(word[input.n] - 'b')
                                     : atom_string(string_new(arena, word + input.n, 1));
    input.tokens = tokens;
    return input;
}

static void evaluate(Session *session, NodeId node) {
    const Graph *graph = session_graph(session);
    Arena *arena = arena_new(0);
    for (size_t i = 0; i < 2 * sizeof words / sizeof words[0]; i++) {
        Input input = input_of(arena, words[i / 2], i % 2);
        size_t before = diagnostics_count(session_diagnostics(session));
        bool done;
        if (graph_node(graph, node)->type == TYPE_SELECTOR) {
            Matrix matrix;
            done = eval_selector(graph, node, input, (Span){0}, arena, session_diagnostics(session),
                                 &matrix);
        } else {
            Sequence sequence;
            done = eval_sequence(graph, node, input, (Span){0}, arena, session_diagnostics(session),
                                 &sequence);
            Buffer shown = {0};
            if (done) sequence_format(&shown, sequence);
            if (done) sequence_format_json(&shown, sequence);
            buffer_free(&shown);
        }
        if (done == (diagnostics_count(session_diagnostics(session)) > before))
            BUG("%s", done ? "a result and a diagnostic" : "no result and no diagnostic");
    }
    arena_free(arena);
}

static void check_graph(const Graph *graph) {
    Buffer why = {0}, printed = {0}, again = {0};
    if (!graph_verify(graph, &why)) BUG("elaboration made a wrong graph: %s", why.data);
    graph_print(graph, &printed);
    Arena *arena = arena_new(0);
    Sources *sources = sources_new();
    Diagnostics *diags = diagnostics_new(sources);
    uint32_t file = sources_add(sources, "graph", printed.data ? printed.data : "", printed.len);
    const Graph *back = graph_parse(arena, sources, file, diags);
    if (!back) {
        diagnostics_render(diags, 0, DIAG_PLAIN, &why);
        BUG("a printed graph does not parse: %s", why.data);
    }
    graph_print(back, &again);
    require_equal("a graph's print changed", &printed, &again);
    diagnostics_free(diags);
    sources_free(sources);
    arena_free(arena);
    buffer_free(&why);
    buffer_free(&printed);
    buffer_free(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    SessionOptions options = {.run_checks = true, .interactive = size > 0 && data[size - 1] == ' '};
    Session *session = session_new(&options);
    bool is_right = session_run_text(session, "fuzz.rasp", (const char *)data, size, NULL);
    const Graph *graph = session_graph(session);
    if (is_right && graph->count < MOST_NODES) {
        check_graph(graph);
        for (uint32_t i = 0; i < graph->name_count && i < MOST_NAMES; i++)
            evaluate(session, graph->names[i].node);
    }
    render_all(session_diagnostics(session));
    session_free(session);
    return 0;
}
