/* raspc run: what a program's outputs are on inputs, under one engine. */
#include "compiler/driver/run.h"

#include "compiler/driver/real_options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
    return inputs == 1 && !option_given(options, OPT_WHOLE) && run->file_count == 0 &&
           (!needs_vocabulary ||
            (option_given(options, OPT_VOCAB) && option_given(options, OPT_MAX_LEN)));
}

static bool read_inputs(Run *run) {
    const Options *options = &run->driver->options;
    if (!run->named) return input_arguments(&run->reader, run->session, options);
    Input input;
    return data_input(&run->data, run->session, options, &input) && input_add(&run->reader, input);
}

/* Is the named input one that the program takes? Where the engine would first make a transformer
   or code of that question, which this input is not worth, eval answers it as well. In doubles:
   what a program takes does not depend on the floats of the run. */
static bool is_taken(Run *run, const EngineOptions *given) {
    Vocabulary doubles = *given->vocabulary;
    EngineOptions options = *given;
    uint32_t quick_from = run->engine->quick_from, n = run->reader.inputs[0].input.n;
    const Engine *engine = quick_from > 0 && n >= quick_from ? run->engine : engine_at(0);
    doubles.float_chosen = false;
    options.vocabulary = &doubles;
    void *state = engine_open(engine, &options);
    ApplyRequest request = {.graph = session_graph(run->session),
                            .input = run->reader.inputs[0].input,
                            .diags = session_diagnostics(run->session)};
    bool taken = session_takes(run->session, &request, engine->apply_outputs, state);
    engine_close(engine, state);
    return taken;
}

/* What is over real vectors is traced with all its inputs, which have names. False after reporting.
 */
static bool can_trace(const Run *run) {
    for (size_t i = 0; run->trace && !run->named && i < run->targets.count; i++) {
        Target target = run->targets.items[i];
        if (!target_is_real(run->session, target)) continue;
        Diagnostic *diag =
            diag_error(session_diagnostics(run->session), DIAG_CANNOT_LOWER, (Span){0},
                       "--trace: '%s' is computed over real vectors, and its inputs have no names",
                       target.name);
        diag_help(diag, "name what it reads: input x: float; or leave out --trace");
        return false;
    }
    return true;
}

static bool run_all(Run *run) {
    const Options *options = &run->driver->options;
    Vocabulary vocabulary;
    Program program;
    bool ready = data_program(&run->data, options, &program, &run->session);
    program_free(&program);
    /* Not the session's arena: large inputs must not use up what elaboration may take. */
    run->reader = (InputReader){.arena = arena_new(0),
                                .sources = session_sources(run->session),
                                .diags = session_diagnostics(run->session)};
    run->named = session_has_inputs(run->session);
    /* Every part of the command line is looked at, so that one run tells every mistake. */
    if (ready)
        ready = program_targets(run->session, options, &run->targets) &&
                options_fit(options, run->session, &run->targets) && can_trace(run);
    bool stream = !run->named && can_stream(run);
    /* But whether the program has inputs of those names is known only when it was read. */
    bool skip = !ready && (run->named || columns_any(run->data.columns));
    if (!stream && !skip) ready = read_inputs(run) && ready;
    ready = vocabulary_argument(&run->reader, vocabulary_text(options), &vocabulary) && ready;
    uint64_t threads = 0;
    ready =
        number_argument(session_diagnostics(run->session), options, OPT_THREADS, &threads) && ready;
    if (!ready || !run_check_files(run) || !run_check_plot(run)) return false;
    const char *cache = option_value(options, OPT_CACHE);
    EngineOptions engine = {.vocabulary = &vocabulary,
                            .causal = option_given(options, OPT_CAUSAL),
                            .cpu = option_value(options, OPT_CPU),
                            .threads = threads > UINT32_MAX ? UINT32_MAX : (uint32_t)threads,
                            .cache = cache ? cache : getenv("RASPC_CACHE"),
                            .registers = run->registers};
    if (run->named && !is_taken(run, &engine)) return false;
    run->state = engine_open(run->engine, &engine);
    bool done = (stream ? run_stream(run) : run_all_inputs(run)) && !run->broken;
    if (run->path != NULL && !run->broken) done = run_write_output(run, done) && done;
    if (option_given(options, OPT_EXPLAIN)) explain(run);
    engine_close(run->engine, run->state);
    return done;
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
    data_open(&run.data, options);
    bool done = false,
         understood = run_choose_files(&run) && run_choose_plot(&run) && run_paths_differ(&run);
    if (understood) {
        done = run_all(&run);
        driver_show(driver, run.data.diags);
        driver_show(driver, session_diagnostics(run.session));
        input_reader_free(&run.reader);
        session_free(run.session);
        arena_free(run.reader.arena);
        run_forget_rounds(&run);
        buffer_free(&run.stream_text.out);
    }
    data_close(&run.data);
    return !understood ? EXIT_USAGE : done ? EXIT_DONE : EXIT_WRONG;
}
