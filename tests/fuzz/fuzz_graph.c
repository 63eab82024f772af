/* Any bytes as the text form of a graph. */
#include "runtime/graph/graph.h"
#include "tests/fuzz/text_form.h"

static const void *parse(Arena *arena, const Sources *sources, uint32_t file, Diagnostics *diags) {
    return graph_parse(arena, sources, file, diags);
}
static bool verify(const void *graph, Buffer *why) { return graph_verify(graph, why); }
static void print(const void *graph, Buffer *out) { graph_print(graph, out); }

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const TextForm form = {"graph", parse, verify, print, NULL};
    text_form_fuzz(&form, data, size);
    return 0;
}
