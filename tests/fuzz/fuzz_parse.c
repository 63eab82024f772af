/* Any bytes as a program: scanning and parsing end without a crash; what parses formats to a text
   that parses to the same tree, and prints as a tree that parses back to the same print. */
#include "tests/fuzz/fuzz.h"

#include "grammar/tree.h"

#include <string.h>

static Tree *parse(Arena *arena, Sources *sources, Diagnostics *diags, const char *name,
                   const Buffer *text) {
    uint32_t file = sources_add(sources, name, text->data ? text->data : "", text->len);
    return parse_program(arena, sources, file, diags);
}

/* The formatter keeps the meaning: the formatted text parses to the same tree. */
static void check_format(Arena *arena, Sources *sources, Diagnostics *diags, const Tree *tree,
                         const Buffer *printed) {
    Buffer formatted = {0}, again = {0};
    tree_format(tree, sources, 1, &formatted);
    const Tree *back = parse(arena, sources, diags, "formatted", &formatted);
    if (diagnostics_errors(diags) > 0) BUG("formatted text does not parse:\n%s", formatted.data);
    tree_print(back, &again);
    require_equal("formatting changed the tree", printed, &again);
    again.len = 0;
    tree_format(back, sources, (uint32_t)sources_count(sources), &again);
    require_equal("formatting twice differs", &formatted, &again);
    buffer_free(&formatted);
    buffer_free(&again);
}

static void check_round_trip(Arena *arena, Sources *sources, Diagnostics *diags,
                             const Buffer *printed) {
    Buffer again = {0};
    uint32_t file = sources_add(sources, "tree", printed->data ? printed->data : "", printed->len);
    const Tree *back = tree_parse(arena, sources, file, diags);
    if (!back) BUG("a printed tree does not parse:\n%s", printed->data);
    tree_print(back, &again);
    require_equal("a tree's print changed", printed, &again);
    buffer_free(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    Arena *arena = arena_new(0);
    Sources *sources = sources_new();
    Diagnostics *diags = diagnostics_new(sources);
    Buffer text = {0}, printed = {0};
    buffer_add(&text, (const char *)data, size);

    const Tree *tree = parse(arena, sources, diags, "fuzz.rasp", &text);
    if (diagnostics_errors(diags) == 0) {
        tree_print(tree, &printed);
        check_round_trip(arena, sources, diags, &printed);
        check_format(arena, sources, diags, tree, &printed);
    }
    Tree *entry = NULL;
    uint32_t file = sources_add(sources, "<console>", text.data ? text.data : "", text.len);
    parse_entry(arena, sources, file, diags, &entry);
    render_all(diags);

    buffer_free(&text);
    buffer_free(&printed);
    diagnostics_free(diags);
    sources_free(sources);
    arena_free(arena);
    return 0;
}
