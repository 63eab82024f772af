/* Inputs that are there, run together: what the engine gives for each target, and showing it. */
#include "compiler/driver/run.h"

#include "runtime/base/limits.h"

/* What runs for the target on the input; NO_NODE after reporting. */
static NodeId node_of(const Run *run, Target target, const ReadInput *input) {
    return session_applied(run->session, target.value, input->input.n, input->span);
}

/* The target on `count` inputs, for input i into outcomes[i * targets]. */
static void apply(const Run *run, Target target, const ReadInput *inputs, uint32_t count,
                  Arena *arena, Outcome *outcomes) {
    ApplyRequest *requests = ARENA_ARRAY(arena, ApplyRequest, count);
    Applied *applied = ARENA_ARRAY(arena, Applied, count);
    NodeId node = run_applies(target) ? node_of(run, target, inputs) : NO_NODE;
    for (uint32_t i = 0; i < count; i++) {
        outcomes[i * run->targets.count] = (Outcome){.value = target.value};
        requests[i] = (ApplyRequest){.graph = session_graph(run->session),
                                     .node = node,
                                     .input = inputs[i].input,
                                     .span = inputs[i].span,
                                     .arena = arena,
                                     .diags = session_diagnostics(run->session)};
    }
    if (!run_applies(target)) return;
    if (node == NO_NODE) { /* a pattern, which runs on one input at a time */
        outcomes->value = value_error();
        return;
    }
    engine_apply_all(run->engine, run->state, requests, count, applied);
    for (uint32_t i = 0; i < count; i++) {
        Outcome *outcome = &outcomes[i * run->targets.count];
        outcome->sequence = applied[i].sequence;
        outcome->matrix = applied[i].matrix;
        if (applied[i].status != APPLY_OK) outcome->value = value_error();
        if (run->trace && !run->named && applied[i].status != APPLY_REFUSED)
            outcome->traced = run->engine->trace(run->state, &requests[i], &outcome->trace);
    }
}

static bool any_is(const Run *run, ValueKind kind) {
    bool any = false;
    for (size_t i = 0; i < run->targets.count; i++)
        any = any || run->targets.items[i].value.kind == kind;
    return any;
}

/* The nodes of the targets that are no constants: nodes (targets). False after reporting. */
static bool nodes_together(const Run *run, const ReadInput *input, NodeId *nodes, uint32_t *count) {
    *count = 0;
    for (size_t i = 0; i < run->targets.count; i++) {
        Target target = run->targets.items[i];
        if (!run_applies(target)) continue;
        nodes[*count] = node_of(run, target, input);
        if (nodes[(*count)++] == NO_NODE) return false;
    }
    return true;
}

/* All on a named input in one evaluation, so that what they share is computed once. False: not
   where there are selectors, which no transformer gives. */
static bool apply_together(Run *run, const ReadInput *input, Arena *arena, Outcome *outcomes) {
    NodeId *nodes = ARENA_ARRAY(arena, NodeId, run->targets.count);
    Sequence *sequences = ARENA_ARRAY(arena, Sequence, run->targets.count);
    uint32_t count, next = 0;
    if (any_is(run, VALUE_SELECTOR) || run->engine->apply_outputs == NULL) return false;
    if (run->trace && run->engine->trace_outputs == NULL) return false;
    bool all = nodes_together(run, input, nodes, &count);
    for (size_t i = 0; i < run->targets.count; i++)
        outcomes[i] = (Outcome){.value = all ? run->targets.items[i].value : value_error()};
    if (!all || count == 0) return true;
    ApplyRequest request = {.graph = session_graph(run->session),
                            .node = nodes[0],
                            .input = input->input,
                            .span = input->span,
                            .arena = arena,
                            .diags = session_diagnostics(run->session)};
    run_watch(run, &request);
    run->stream_text.json = run->format == RUN_JSON;
    RealViewer viewer = {.see = see_real_stream, .state = &run->stream_text};
    ApplyStatus status =
        run->trace
            ? run->engine->trace_outputs(run->state, &request, nodes, count, &viewer, sequences)
            : run->engine->apply_outputs(run->state, &request, nodes, count, sequences);
    run_watched(run);
    for (size_t i = 0; i < run->targets.count; i++) {
        if (!run_applies(run->targets.items[i])) continue;
        outcomes[i].sequence = sequences[next++];
        if (status != APPLY_OK) outcomes[i].value = value_error();
    }
    return true;
}

bool run_inputs(Run *run, size_t first, uint32_t count) {
    Arena *arena = arena_new(LIMIT_EVALUATION_BYTES);
    Outcome *outcomes = ARENA_ARRAY(arena, Outcome, count * run->targets.count);
    const ReadInput *inputs = run->reader.inputs + first;
    if (!run->named || !apply_together(run, inputs, arena, outcomes))
        for (size_t t = 0; t < run->targets.count; t++)
            apply(run, run->targets.items[t], inputs, count, arena, outcomes + t);
    bool all = true;
    for (uint32_t i = 0; i < count; i++)
        all = run_show(run, first + i, outcomes + i * run->targets.count) && all;
    if (all && run->file_count > 0) all = run_write_files(run, outcomes);
    if (all && run->plot != NULL) all = run_write_plot(run, outcomes);
    arena_free(arena);
    return all;
}

/* As many inputs, from the first on, as an engine takes at once; a pattern's weights are of one
   length. */
static uint32_t inputs_together(const Run *run, size_t first) {
    enum { TOKENS_TOGETHER = 4096 };
    if (run->engine->apply_all == NULL || run->trace || any_is(run, VALUE_PATTERN)) return 1;
    uint32_t count = 0;
    for (uint64_t tokens = 0; first + count < run->reader.count; count++) {
        tokens += run->reader.inputs[first + count].input.n;
        if (count > 0 && tokens > TOKENS_TOGETHER) break;
    }
    return count;
}

bool run_all_inputs(Run *run) {
    bool all = true, written = true;
    uint32_t count = 0;
    for (size_t i = 0; i < run->reader.count && written; i += count) {
        count = inputs_together(run, i);
        all = run_inputs(run, i, count) && all;
        if (run->path == NULL) written = driver_flush(run->driver);
    }
    return all && written;
}
