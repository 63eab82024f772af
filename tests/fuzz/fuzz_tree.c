/* Any bytes as the text form of a tree: what parses prints to a text that parses to the same print.
 */
#include "tests/fuzz/fuzz.h"

#include "grammar/tree.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    Arena *arena = arena_new(0);
    Sources *sources = sources_new();
    Diagnostics *diags = diagnostics_new(sources);
    Buffer printed = {0}, again = {0};
    uint32_t file = sources_add(sources, "fuzz.tree", (const char *)data, size);
    const Tree *tree = tree_parse(arena, sources, file, diags);
    if (!tree != (diagnostics_errors(diags) > 0)) BUG("a tree and errors, or neither");
    if (tree) {
        tree_print(tree, &printed);
        file = sources_add(sources, "printed.tree", printed.data ? printed.data : "", printed.len);
        const Tree *back = tree_parse(arena, sources, file, diags);
        if (!back) BUG("a printed tree does not parse:\n%s", printed.data);
        tree_print(back, &again);
        require_equal("a tree's print changed", &printed, &again);
    }
    render_all(diags);
    buffer_free(&printed);
    buffer_free(&again);
    diagnostics_free(diags);
    sources_free(sources);
    arena_free(arena);
    return 0;
}
