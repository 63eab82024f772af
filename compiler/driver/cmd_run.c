/* raspc run: what a program's outputs are on inputs, under one engine. */
#include "compiler/driver/engines.h"
#include "compiler/driver/program.h"
#include "compiler/driver/show.h"
#include "compiler/driver/show_trace.h"

#include "runtime/base/limits.h"
#include "runtime/base/visible.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct Run {
    Driver *driver;
    Session *session;
    const Engine *engine;
    void *state; /* the engine's */
    Targets targets;
    InputReader reader;
    bool json, trace;
    Registers registers;
} Run;

typedef struct Outcome {
    Value value; /* of a target on one input: VALUE_ERROR where it failed */
    Sequence sequence;
    Matrix matrix;
    bool traced;
    InterpTrace trace;
} Outcome;

/* --- some inputs ------------------------------------------------------------------------------ */

/* The target on `count` inputs, for input i into outcomes[i * targets]. */
static void apply(const Run *run, Target target, const ReadInput *inputs, uint32_t count,
                  Arena *arena, Outcome *outcomes) {
    ApplyRequest *requests = ARENA_ARRAY(arena, ApplyRequest, count);
    Applied *applied = ARENA_ARRAY(arena, Applied, count);
    for (uint32_t i = 0; i < count; i++) {
        outcomes[i * run->targets.count] = (Outcome){.value = target.value};
        requests[i] = (ApplyRequest){.graph = session_graph(run->session),
                                     .node = target.value.as.node,
                                     .input = inputs[i].input,
                                     .span = inputs[i].span,
                                     .arena = arena,
                                     .diags = session_diagnostics(run->session)};
    }
    if (!target_is_node(target)) return;
    engine_apply_all(run->engine, run->state, requests, count, applied);
    for (uint32_t i = 0; i < count; i++) {
        Outcome *outcome = &outcomes[i * run->targets.count];
        outcome->sequence = applied[i].sequence;
        outcome->matrix = applied[i].matrix;
        if (applied[i].status != APPLY_OK) outcome->value = value_error();
        if (run->trace && applied[i].status != APPLY_REFUSED)
            outcome->traced = run->engine->trace(run->state, &requests[i], &outcome->trace);
    }
}

static void show_traces_json(const Run *run, Input input, const Outcome *outcomes) {
    Buffer *out = &run->driver->out;
    const char *separator = "";
    buffer_text(out, ", \"traces\": {");
    for (size_t i = 0; i < run->targets.count; i++) {
        if (!outcomes[i].traced) continue;
        buffer_printf(out, "%s\"%s\": ", separator, run->targets.items[i].name);
        show_trace_json(out, &outcomes[i].trace, input);
        separator = ", ";
    }
    buffer_char(out, '}');
}

static void show_json(const Run *run, Input input, const Outcome *outcomes) {
    Buffer *out = &run->driver->out;
    buffer_text(out, "{\"input\": ");
    show_input_json(out, input);
    buffer_printf(out, ", \"engine\": \"%s\", \"results\": {", run->engine->name);
    for (size_t i = 0; i < run->targets.count; i++) {
        buffer_printf(out, "%s\"%s\": ", i > 0 ? ", " : "", run->targets.items[i].name);
        if (outcomes[i].value.kind == VALUE_SOP)
            sequence_format_json(out, outcomes[i].sequence);
        else if (outcomes[i].value.kind == VALUE_SELECTOR)
            matrix_format_json(out, outcomes[i].matrix);
        else
            show_value_json(out, session_graph(run->session), outcomes[i].value);
    }
    buffer_char(out, '}');
    if (run->trace) show_traces_json(run, input, outcomes);
    buffer_text(out, "}\n");
}

static void show_sequence(Buffer *out, Sequence sequence) {
    Buffer raw = {0};
    sequence_format(&raw, sequence);
    visible_text(out, raw.data, raw.len);
    buffer_free(&raw);
}

/* hist("aab") = [2, 2, 1] (ints) */
static void show_text(const Run *run, Target target, const Outcome *outcome, Input input) {
    enum { MATRIX_INDENT = 4 };
    Buffer *out = &run->driver->out;
    buffer_text(out, target.name);
    if (target_is_node(target)) {
        buffer_char(out, '(');
        show_input(out, input);
        buffer_char(out, ')');
    }
    buffer_text(out, outcome->value.kind == VALUE_SELECTOR ? " =\n" : " = ");
    if (outcome->value.kind == VALUE_SELECTOR)
        show_matrix(out, outcome->matrix, input, MATRIX_INDENT);
    else if (outcome->value.kind == VALUE_SOP)
        show_sequence(out, outcome->sequence);
    else
        show_value(out, session_graph(run->session), outcome->value);
    if (outcome->value.kind != VALUE_SELECTOR) buffer_char(out, '\n');
}

/* Below the result, if there is one. */
static void show_trace_text(const Run *run, Target target, const Outcome *outcome, Input input) {
    Buffer *out = &run->driver->out;
    if (outcome->value.kind == VALUE_ERROR) {
        buffer_printf(out, "%s(", target.name);
        show_input(out, input);
        buffer_text(out, ") has no value\n");
    }
    show_trace(out, &outcome->trace, input);
}

/* What fails is left out; its diagnostic is on record. */
static bool show_input_results(const Run *run, size_t index, const Outcome *outcomes) {
    Input input = run->reader.inputs[index].input;
    bool all = true;
    for (size_t i = 0; i < run->targets.count; i++) {
        Target target = run->targets.items[i];
        bool done = outcomes[i].value.kind != VALUE_ERROR;
        all = all && done;
        bool again = !target_is_node(target) && index > 0; /* a constant is said once */
        if (done && !run->json && !again) show_text(run, target, &outcomes[i], input);
        if (outcomes[i].traced && !run->json) show_trace_text(run, target, &outcomes[i], input);
    }
    if (all && run->json) show_json(run, input, outcomes);
    return all;
}

static bool run_inputs(const Run *run, size_t first, uint32_t count) {
    Arena *arena = arena_new(LIMIT_EVALUATION_BYTES);
    Outcome *outcomes = ARENA_ARRAY(arena, Outcome, count * run->targets.count);
    for (size_t t = 0; t < run->targets.count; t++)
        apply(run, run->targets.items[t], run->reader.inputs + first, count, arena, outcomes + t);
    bool all = true;
    for (uint32_t i = 0; i < count; i++)
        all = show_input_results(run, first + i, outcomes + i * run->targets.count) && all;
    arena_free(arena);
    return all;
}

/* As many inputs, from the first on, as an engine takes at once. */
static uint32_t inputs_together(const Run *run, size_t first) {
    enum { TOKENS_TOGETHER = 4096 };
    if (run->engine->apply_all == NULL || run->trace) return 1;
    uint32_t count = 0;
    for (uint64_t tokens = 0; first + count < run->reader.count; count++) {
        tokens += run->reader.inputs[first + count].input.n;
        if (count > 0 && tokens > TOKENS_TOGETHER) break;
    }
    return count;
}

/* --- all -------------------------------------------------------------------------------------- */

/* Apart from the results, which another program may read. */
static void explain(const Run *run) {
    Buffer text = {0};
    run->engine->explain(run->state, &text);
    if (text.len != 0) fwrite(text.data, 1, text.len, stderr);
    buffer_free(&text);
}

static bool run_all(Run *run) {
    const Options *options = &run->driver->options;
    Vocabulary vocabulary;
    bool ready = options->operand_count == 0 || program_read(run->session, options->operands[0]);
    /* Every part of the command line is looked at, so that one run tells every mistake. */
    if (ready) ready = program_targets(run->session, options, &run->targets);
    ready = input_arguments(&run->reader, run->session, options) && ready;
    ready = vocabulary_argument(&run->reader, option_value(options, OPT_VOCAB),
                                option_value(options, OPT_MAX_LEN), &vocabulary) &&
            ready;
    if (!ready) return false;
    EngineOptions engine = {.vocabulary = &vocabulary,
                            .cpu = option_value(options, OPT_CPU),
                            .registers = run->registers};
    run->state = engine_open(run->engine, &engine);
    bool all = true, written = true;
    uint32_t count = 0;
    for (size_t i = 0; i < run->reader.count && written; i += count) {
        count = inputs_together(run, i);
        all = run_inputs(run, i, count) && all;
        written = driver_flush(run->driver);
    }
    if (option_given(options, OPT_EXPLAIN)) explain(run);
    engine_close(run->engine, run->state);
    return all && written;
}

ExitStatus cmd_run(Driver *driver) {
    const Options *options = &driver->options;
    Run run = {.driver = driver,
               .json = option_given(options, OPT_JSON),
               .trace = option_given(options, OPT_TRACE)};
    if (options->operand_count > 1) {
        return driver_usage(driver, "one program at a time; inputs are given with -i");
    }
    if (options->operand_count == 0 && !option_given(options, OPT_EXPR) &&
        !option_given(options, OPT_NAME)) {
        return driver_usage(driver, "which program? (or an expression, with -e)");
    }
    run.engine = engine_find(driver, option_value(options, OPT_ENGINE));
    if (run.engine == NULL) return EXIT_USAGE;
    if (run.engine->explain == NULL && option_given(options, OPT_EXPLAIN))
        return driver_usage(driver, "%s has nothing to explain; --engine jit has",
                            run.engine->name);
    if (run.engine->trace == NULL && option_given(options, OPT_TRACE))
        return driver_usage(driver, "%s has no layers to trace; --engine interp has",
                            run.engine->name);
    if (!registers_option(driver, &run.registers)) return EXIT_USAGE;
    run.session = program_session(NULL, NULL);
    /* Not the session's arena: large inputs must not use up what elaboration may take. */
    run.reader = (InputReader){.arena = arena_new(0),
                               .sources = session_sources(run.session),
                               .diags = session_diagnostics(run.session)};
    bool done = run_all(&run);
    driver_show(driver, session_diagnostics(run.session));
    input_reader_free(&run.reader);
    session_free(run.session);
    arena_free(run.reader.arena);
    return done ? EXIT_DONE : EXIT_WRONG;
}
