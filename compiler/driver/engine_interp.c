#include "compiler/driver/engine_interp.h"

#include "compiler/driver/lowered.h"

static void *prepare(void *state, Arena *arena, const Model *model, Span span, Diagnostics *diags) {
    (void)state;
    return interp_new(arena, model, span, diags);
}

void *open_interp(const EngineOptions *options) {
    return lowered_new(options, (Preparer){NULL, prepare, NULL, options->registers});
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

/* One after the other where each input has a model of its own. */
void apply_all_interp(void *state, const ApplyRequest *requests, uint32_t count, Applied *out) {
    Diagnostics *diags = requests[0].diags;
    Arena *scratch = arena_new(0);
    InterpRun *runs = ARENA_ARRAY(scratch, InterpRun, count);
    bool together = lowered_is_shared(state);
    for (uint32_t first = 0, size; first < count; first += size) {
        size = together ? count : 1;
        size_t before = diagnostics_count(diags);
        const Interp *interp = lowered_get(state, &requests[first]);
        for (uint32_t i = 0; i < size; i++)
            runs[i] =
                (InterpRun){.input = requests[first + i].input, .span = requests[first + i].span};
        if (interp != NULL) interp_run_batch(interp, runs, size, requests[0].arena, diags);
        for (uint32_t i = 0; i < size; i++) {
            const InterpRun *run = &runs[i];
            ApplyStatus status = run->done ? APPLY_OK : APPLY_FAILED;
            out[first + i] = interp == NULL ? (Applied){APPLY_REFUSED, .diagnostic = before}
                                            : (Applied){status, .sequence = run->sequence,
                                                        .diagnostic = run->diagnostic};
        }
    }
    arena_free(scratch);
}

bool trace_interp(void *state, const ApplyRequest *request, InterpTrace *out) {
    const Interp *interp = lowered_get(state, request);
    return interp != NULL &&
           interp_trace(interp, request->input, request->span, request->arena, request->diags, out);
}

void close_interp(void *state) { lowered_free(state); }
