#include "compiler/driver/engine_interp.h"

#include "compiler/driver/lowered.h"

static void *prepare(void *state, Arena *arena, const Model *model, Span span, Diagnostics *diags) {
    (void)state;
    return interp_new(arena, model, span, diags);
}

void *open_interp(const EngineOptions *options) {
    return lowered_new(options->vocabulary, (Preparer){NULL, prepare, NULL});
}

ApplyStatus apply_interp(void *state, const ApplyRequest *request, Sequence *sequence,
                         Matrix *matrix) {
    (void)matrix;
    const Interp *interp = lowered_get(state, request);
    if (interp == NULL) return APPLY_REFUSED;
    return interp_run(interp, request->input, request->span, request->arena, request->diags,
                      sequence)
               ? APPLY_OK
               : APPLY_FAILED;
}

bool trace_interp(void *state, const ApplyRequest *request, InterpTrace *out) {
    const Interp *interp = lowered_get(state, request);
    return interp != NULL &&
           interp_trace(interp, request->input, request->span, request->arena, request->diags, out);
}

void close_interp(void *state) { lowered_free(state); }
