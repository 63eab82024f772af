#include "compiler/driver/engine_interp.h"

#include "compiler/driver/lowered.h"
#include "compiler/driver/lowered_real.h"
#include "compiler/driver/real_options.h"
#include "runtime/base/memory.h"

#include <stdlib.h>

typedef struct InterpState {
    Lowered *tokens;    /* models of programs over tokens */
    LoweredReal *reals; /* and over real vectors */
} InterpState;

static void *prepare(void *state, Arena *arena, const Model *model, Span span, Diagnostics *diags) {
    (void)state;
    return interp_new(arena, model, span, diags);
}

void *open_interp(const EngineOptions *options) {
    InterpState *state = memory_zeroed(sizeof *state);
    state->tokens = lowered_new(options, (Preparer){NULL, prepare, NULL, options->registers});
    state->reals = lowered_real_new(options);
    return state;
}

static bool is_real(const ApplyRequest *request) {
    return outputs_are_real(request->graph, &request->node, 1, request->input.tokens == NULL);
}

ApplyStatus trace_outputs_interp(void *state, const ApplyRequest *request, const NodeId *nodes,
                                 uint32_t count, const RealViewer *viewer, Sequence *out) {
    InterpState *interp = state;
    const InterpReal *real = lowered_real_get(interp->reals, request, nodes, count);
    if (real == NULL) return APPLY_REFUSED;
    RealRequest run = {.input = &request->input,
                       .span = request->span,
                       .graph = request->graph,
                       .cancel = request->cancel,
                       .viewer = viewer,
                       .arena = request->arena,
                       .diags = request->diags};
    size_t before = diagnostics_count(request->diags);
    return interp_real_run(real, &run, out) ? APPLY_OK
                                            : engine_gave_nothing(request->diags, before);
}

ApplyStatus apply_outputs_interp(void *state, const ApplyRequest *request, const NodeId *nodes,
                                 uint32_t count, Sequence *out) {
    if (outputs_are_real(request->graph, nodes, count, request->input.tokens == NULL))
        return trace_outputs_interp(state, request, nodes, count, NULL, out);
    ApplyRequest single = *request;
    ApplyStatus status = APPLY_OK;
    for (uint32_t i = 0; i < count && status == APPLY_OK; i++) {
        single.node = nodes[i];
        status = apply_interp(state, &single, &out[i], NULL);
    }
    return status;
}

ApplyStatus apply_interp(void *state, const ApplyRequest *request, Sequence *sequence,
                         Matrix *matrix) {
    (void)matrix;
    if (is_real(request)) return apply_outputs_interp(state, request, &request->node, 1, sequence);
    const InterpState *both = state;
    const Interp *interp = lowered_get(both->tokens, request);
    if (interp == NULL) return APPLY_REFUSED;
    return interp_run(interp, request->input, request->span, request->arena, request->diags,
                      sequence)
               ? APPLY_OK
               : APPLY_FAILED;
}

static void apply_each(void *state, const ApplyRequest *requests, uint32_t count, Applied *out) {
    for (uint32_t i = 0; i < count; i++) {
        out[i] = (Applied){.diagnostic = diagnostics_count(requests[i].diags)};
        out[i].status = apply_interp(state, &requests[i], &out[i].sequence, NULL);
    }
}

/* One after the other where each input has a model of its own. */
void apply_all_interp(void *state, const ApplyRequest *requests, uint32_t count, Applied *out) {
    if (is_real(&requests[0])) {
        apply_each(state, requests, count, out);
        return;
    }
    Lowered *lowered = ((InterpState *)state)->tokens;
    Diagnostics *diags = requests[0].diags;
    Arena *scratch = arena_new(0);
    InterpRun *runs = ARENA_ARRAY(scratch, InterpRun, count);
    bool together = lowered_is_shared(lowered);
    for (uint32_t first = 0, size; first < count; first += size) {
        size = together ? count : 1;
        size_t before = diagnostics_count(diags);
        const Interp *interp = lowered_get(lowered, &requests[first]);
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
    const Interp *interp = lowered_get(((InterpState *)state)->tokens, request);
    return interp != NULL &&
           interp_trace(interp, request->input, request->span, request->arena, request->diags, out);
}

const double *errors_interp(void *state, Arena *arena, const NodeId *nodes, uint32_t count) {
    return lowered_real_errors(((InterpState *)state)->reals, arena, nodes, count);
}

void close_interp(void *state) {
    InterpState *interp = state;
    lowered_free(interp->tokens);
    lowered_real_free(interp->reals);
    free(interp);
}
