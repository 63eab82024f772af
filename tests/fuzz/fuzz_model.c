/* Any bytes as the text form of a model: what parses verifies and prints to a text that parses to
   the same print; if it is small, its weights run. */
#include "tests/fuzz/fuzz_model.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    Arena *arena = arena_new(0);
    Sources *sources = sources_new();
    Diagnostics *diags = diagnostics_new(sources);
    uint32_t file = sources_add(sources, "fuzz.model", (const char *)data, size);
    const Model *model = model_parse(arena, sources, file, diags);
    if (!model != (diagnostics_errors(diags) > 0)) BUG("a model and errors, or neither");
    if (model) {
        check_model(arena, sources, diags, model);
        run_model(arena, diags, model);
    }
    render_all(diags);
    diagnostics_free(diags);
    sources_free(sources);
    arena_free(arena);
    return 0;
}
