/* Any bytes as the text form of a tree. */
#include "grammar/tree.h"
#include "tests/fuzz/text_form.h"

static const void *parse(Arena *arena, const Sources *sources, uint32_t file, Diagnostics *diags) {
    return tree_parse(arena, sources, file, diags);
}
static void print(const void *tree, Buffer *out) { tree_print(tree, out); }

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const TextForm form = {"tree", parse, NULL, print, NULL};
    text_form_fuzz(&form, data, size);
    return 0;
}
