/* raspc run: what a program's outputs are on inputs, under one engine. */
#include "compiler/driver/run.h"

#include "runtime/base/file.h"
#include "runtime/base/limits.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

bool run_inputs(const Run *run, size_t first, uint32_t count) {
    Arena *arena = arena_new(LIMIT_EVALUATION_BYTES);
    Outcome *outcomes = ARENA_ARRAY(arena, Outcome, count * run->targets.count);
    for (size_t t = 0; t < run->targets.count; t++)
        apply(run, run->targets.items[t], run->reader.inputs + first, count, arena, outcomes + t);
    bool all = true;
    for (uint32_t i = 0; i < count; i++)
        all = run_show(run, first + i, outcomes + i * run->targets.count) && all;
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

/* Can lines of standard input be run as they come? Not when all must be known before the first. */
static bool can_stream(const Run *run) {
    const Options *options = &run->driver->options;
    size_t inputs = 0;
    for (size_t i = 0; i < options->count; i++) {
        if (options->given[i].id != OPT_INPUT) continue;
        if (strcmp(options->given[i].value, "-") != 0 || ++inputs > 1) return false;
    }
    bool needs_vocabulary = run->engine->open != NULL;
    return inputs == 1 && !option_given(options, OPT_WHOLE) && run->format != RUN_NPY &&
           (!needs_vocabulary ||
            (option_given(options, OPT_VOCAB) && option_given(options, OPT_MAX_LEN)));
}

static bool run_read_inputs(Run *run) {
    bool all = true, written = true;
    uint32_t count = 0;
    for (size_t i = 0; i < run->reader.count && written; i += count) {
        count = inputs_together(run, i);
        all = run_inputs(run, i, count) && all;
        if (run->path == NULL) written = driver_flush(run->driver);
    }
    return all && written;
}

/* One array holds one result of one input. */
static bool fits_array(const Run *run) {
    const char *why = NULL;
    if (run->reader.count > 1) why = "there are several inputs";
    if (run->targets.count > 1) why = "several names are asked for";
    if (run->targets.count == 1 && run->targets.items[0].value.kind != VALUE_SOP)
        why = "that is no s-op";
    if (why == NULL) return true;
    diag_error(session_diagnostics(run->session), DIAG_NO_RESULT, (Span){0},
               "%s: an .npy file holds the values of one s-op on one input, and %s", run->path,
               why);
    return false;
}

/* The file of --output: whole, or not at all. */
static bool write_output(Run *run) {
    const char *why;
    Buffer *out = &run->driver->out;
    bool written = file_write(run->path, out->data ? out->data : "", out->len, &why);
    if (!written)
        diag_error(session_diagnostics(run->session), DIAG_FILE, (Span){0}, "can't write '%s': %s",
                   run->path, why);
    return written;
}

static bool run_all(Run *run) {
    const Options *options = &run->driver->options;
    Vocabulary vocabulary;
    bool ready = options->operand_count == 0 || program_read(run->session, options->operands[0]);
    /* Every part of the command line is looked at, so that one run tells every mistake. */
    if (ready) ready = program_targets(run->session, options, &run->targets);
    bool stream = can_stream(run);
    if (!stream) ready = input_arguments(&run->reader, run->session, options) && ready;
    ready = vocabulary_argument(&run->reader, vocabulary_text(options), &vocabulary) && ready;
    uint64_t threads = 0;
    ready =
        number_argument(session_diagnostics(run->session), options, OPT_THREADS, &threads) && ready;
    if (!ready || (run->format == RUN_NPY && !fits_array(run))) return false;
    const char *cache = option_value(options, OPT_CACHE);
    EngineOptions engine = {.vocabulary = &vocabulary,
                            .causal = option_given(options, OPT_CAUSAL),
                            .cpu = option_value(options, OPT_CPU),
                            .threads = threads > UINT32_MAX ? UINT32_MAX : (uint32_t)threads,
                            .cache = cache ? cache : getenv("RASPC_CACHE"),
                            .registers = run->registers};
    run->state = engine_open(run->engine, &engine);
    bool done = stream ? run_stream(run) : run_read_inputs(run);
    if (done && run->path != NULL) done = write_output(run);
    if (run->path != NULL) run->driver->out.len = 0;
    if (option_given(options, OPT_EXPLAIN)) explain(run);
    engine_close(run->engine, run->state);
    return done;
}

/* By the name of the file, if there is one. */
static bool choose_format(Run *run) {
    const Options *options = &run->driver->options;
    run->format = option_given(options, OPT_JSON) ? RUN_JSON : RUN_TEXT;
    run->path = option_value(options, OPT_RESULTS);
    if (run->path == NULL || strcmp(run->path, "-") == 0) {
        run->path = NULL;
        return true;
    }
    const char *ending = strrchr(run->path, '.');
    if (ending == NULL) ending = "";
    if (strcmp(ending, ".jsonl") == 0 || strcmp(ending, ".json") == 0)
        run->format = RUN_JSON;
    else if (strcmp(ending, ".npy") == 0)
        run->format = RUN_NPY;
    else if (strcmp(ending, ".txt") != 0)
        return false;
    return true;
}

ExitStatus cmd_run(Driver *driver) {
    const Options *options = &driver->options;
    Run run = {.driver = driver, .trace = option_given(options, OPT_TRACE)};
    if (options->operand_count > 1) {
        return driver_usage(driver, "one program at a time; inputs are given with -i");
    }
    if (options->operand_count == 0 && !option_given(options, OPT_EXPR) &&
        !option_given(options, OPT_NAME)) {
        return driver_usage(driver, "which program? (or an expression, with -e)");
    }
    if (!choose_format(&run))
        return driver_usage(driver, "--output: the file's name ends in .jsonl, .npy or .txt, which "
                                    "says what is written");
    run.engine = engine_find(driver, option_value(options, OPT_ENGINE));
    if (run.engine == NULL) return EXIT_USAGE;
    if (run.engine->explain == NULL && option_given(options, OPT_EXPLAIN))
        return driver_usage(driver, "%s has nothing to explain; --engine jit has",
                            run.engine->name);
    if (run.engine->trace == NULL && option_given(options, OPT_TRACE))
        return driver_usage(driver, "%s has no layers to trace; --engine interp has",
                            run.engine->name);
    if (!registers_option(driver, &run.registers)) return EXIT_USAGE;
    if (run.engine->open == NULL && option_given(options, OPT_CAUSAL))
        return driver_usage(driver, "%s makes no transformer; --engine interp and jit do",
                            run.engine->name);
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
