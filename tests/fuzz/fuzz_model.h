/* What must hold of any model, whether it was parsed or lowered. */
#ifndef RASPC_FUZZ_MODEL_H
#define RASPC_FUZZ_MODEL_H

#include "runtime/engines/interp.h"
#include "runtime/model/model.h"
#include "tests/fuzz/text_form.h"

static inline const void *parse_model(Arena *arena, const Sources *sources, uint32_t file,
                                      Diagnostics *diags) {
    return model_parse(arena, sources, file, diags);
}
static inline bool verify_model(const void *model, Buffer *why) { return model_verify(model, why); }
static inline void print_model(const void *model, Buffer *out) { model_print(model, out); }

/* Runs the weights on a few inputs, if they are small: they may fail, with a diagnostic. */
static inline void run_model(Arena *arena, Diagnostics *diags, const void *thing) {
    const Model *model = thing;
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

static const TextForm model_form = {"model", parse_model, verify_model, print_model, run_model};

#endif
