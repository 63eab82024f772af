/* Any bytes as the text form of a model over real vectors: what parses verifies and prints to a
   text that parses to the same print. */
#include "runtime/real/real_model.h"
#include "tests/fuzz/fuzz.h"

static void check_model(Arena *arena, Sources *sources, Diagnostics *diags,
                        const RealModel *model) {
    Buffer printed = {0}, again = {0}, why = {0};
    if (!real_model_verify(model, &why)) BUG("a wrong model: %s", why.data);
    real_model_print(model, &printed);
    uint32_t file = sources_add(sources, "printed.model", printed.data, printed.len);
    const RealModel *back = real_model_parse(arena, sources, file, diags);
    if (!back) BUG("a printed model does not parse:\n%s", printed.data);
    real_model_print(back, &again);
    require_equal("a model's print changed", &printed, &again);
    buffer_free(&printed);
    buffer_free(&again);
    buffer_free(&why);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    Arena *arena = arena_new(0);
    Sources *sources = sources_new();
    Diagnostics *diags = diagnostics_new(sources);
    uint32_t file = sources_add(sources, "fuzz.model", (const char *)data, size);
    const RealModel *model = real_model_parse(arena, sources, file, diags);
    if (!model != (diagnostics_errors(diags) > 0)) BUG("a model and errors, or neither");
    if (model) check_model(arena, sources, diags, model);
    render_all(diags);
    diagnostics_free(diags);
    sources_free(sources);
    arena_free(arena);
    return 0;
}
