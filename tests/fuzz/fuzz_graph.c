/* Any bytes as the text form of a graph: what parses verifies, and prints to a text that parses to
   the same print. */
#include "tests/fuzz/fuzz.h"

#include "runtime/graph/graph.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    Arena *arena = arena_new(0);
    Sources *sources = sources_new();
    Diagnostics *diags = diagnostics_new(sources);
    Buffer printed = {0}, again = {0}, why = {0};
    uint32_t file = sources_add(sources, "fuzz.graph", (const char *)data, size);
    const Graph *graph = graph_parse(arena, sources, file, diags);
    if (!graph != (diagnostics_errors(diags) > 0)) BUG("a graph and errors, or neither");
    if (graph) {
        if (!graph_verify(graph, &why)) BUG("a parsed graph is wrong: %s", why.data);
        graph_print(graph, &printed);
        file = sources_add(sources, "printed.graph", printed.data ? printed.data : "", printed.len);
        const Graph *back = graph_parse(arena, sources, file, diags);
        if (!back) BUG("a printed graph does not parse:\n%s", printed.data);
        graph_print(back, &again);
        require_equal("a graph's print changed", &printed, &again);
    }
    render_all(diags);
    buffer_free(&printed);
    buffer_free(&again);
    buffer_free(&why);
    diagnostics_free(diags);
    sources_free(sources);
    arena_free(arena);
    return 0;
}
