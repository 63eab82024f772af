/* What must hold of any model, whether it was parsed or lowered. */
#ifndef RASPC_FUZZ_MODEL_H
#define RASPC_FUZZ_MODEL_H

#include "runtime/engines/interp.h"
#include "runtime/model/model.h"
#include "tests/fuzz/fuzz.h"

/* It verifies; its print parses back to the same print. */
static inline void check_model(Arena *arena, Sources *sources, Diagnostics *diags,
                               const Model *model) {
    Buffer printed = {0}, again = {0}, why = {0};
    if (!model_verify(model, &why)) BUG("a wrong model: %s", why.data);
    model_print(model, &printed);
    uint32_t file = sources_add(sources, "printed.model", printed.data, printed.len);
    const Model *back = model_parse(arena, sources, file, diags);
    if (!back) BUG("a printed model does not parse:\n%s", printed.data);
    model_print(back, &again);
    require_equal("a model's print changed", &printed, &again);
    buffer_free(&printed);
    buffer_free(&again);
    buffer_free(&why);
}

/* Runs the weights on a few inputs, if they are small: they may fail, with a diagnostic. */
static inline void run_model(Arena *arena, Diagnostics *diags, const Model *model) {
    if (model_parameters(model) > 100000 || model->max_length == 0 || model->vocabulary_count == 0)
        return;
    Interp *interp = interp_new(arena, model, (Span){0}, diags);
    if (!interp) return;
    Atom tokens[4];
    for (uint32_t n = 1; n <= 4 && n <= model->max_length; n++) {
        for (uint32_t i = 0; i < n; i++)
            tokens[i] = model->vocabulary[(i * i) % model->vocabulary_count];
        Sequence sequence;
        size_t before = diagnostics_count(diags);
        bool done = interp_run(interp, (Input){.n = n, .tokens = tokens}, (Span){0}, arena, diags,
                               &sequence);
        if (done == (diagnostics_count(diags) > before))
            BUG("a result and a diagnostic, or neither");
    }
}

#endif
