/* raspc verify: every engine against eval, the definition, on every input up to a bound or on edge
   cases and random inputs. An engine that differs once is not asked again. */
#include "compiler/driver/compare.h"
#include "compiler/driver/data.h"
#include "compiler/driver/program.h"
#include "compiler/driver/real_options.h"
#include "compiler/driver/show.h"
#include "compiler/driver/trials.h"
#include "compiler/driver/verify_exact.h"
#include "compiler/driver/verify_real.h"
#include "compiler/lower/lower.h"

#include "runtime/base/limits.h"
#include "runtime/engines/trace.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
    FEASIBLE_INPUTS = 20000, /* as many as this are all compared, unless --samples says otherwise */
    DEFAULT_SAMPLES = 1000,
    DEFAULT_REAL_SAMPLES = 200,
    ENGINES_AT_MOST = 8,
    TRIALS_TOGETHER = 256, /* an engine may be faster on several inputs at once */
    TOKENS_TOGETHER = 4096,
};

/* One engine's part in verifying one output. */
typedef struct Contest {
    const Engine *engine;
    void *state;
    uint64_t equal, failed_too;
    uint64_t other_kind; /* of the equal ones: 1 against 1.0 */
    bool refused, differs;
    const char *reason; /* of a refusal: "E0701: why", in the session's arena */
    uint64_t trial;     /* differs: the first input on which it does */
} Contest;

typedef struct Verification {
    Driver *driver;
    Data data; /* its params */
    Session *session;
    const Engine *only; /* NULL: all */
    Trials trials;
    bool json, progress, causal;
    uint32_t relu_knots; /* relus_option */
    uint32_t together;   /* trials at a time */
    Arena *scratch;      /* of the trials at hand */
    Atom *tokens;        /* (together, max_len) of the trials at hand */
    bool bounded;        /* nobody said how many inputs: not more than take minutes */
    uint64_t compared;   /* trials so far, of the output at hand */
    uint64_t left_out;   /* trials, because the others took that long */
    uint64_t eval_fails;
    bool any_verified, any_difference;
} Verification;

/* --- the command line ------------------------------------------------------------------------- */

static bool choose_trials(Verification *verification, const Vocabulary *vocabulary) {
    const Options *options = &verification->driver->options;
    uint64_t samples = DEFAULT_SAMPLES, seed = 1;
    Diagnostics *diags = session_diagnostics(verification->session);
    bool read = number_argument(diags, options, OPT_SAMPLES, &samples);
    read = number_argument(diags, options, OPT_SEED, &seed) && read;
    if (!read) return false;
    bool exhaustive =
        option_given(options, OPT_EXHAUSTIVE) ||
        (!option_given(options, OPT_SAMPLES) && trials_all(vocabulary) <= FEASIBLE_INPUTS);
    verification->bounded =
        !option_given(options, OPT_EXHAUSTIVE) && !option_given(options, OPT_SAMPLES);
    verification->trials =
        exhaustive ? trials_exhaustive(vocabulary) : trials_sampled(vocabulary, samples, seed);
    return true;
}

/* --- one trial -------------------------------------------------------------------------------- */

/* Trial number `index`, its input in place `which` of those at hand. */
static ApplyRequest request_of(const Verification *verification, NodeId node, uint64_t index,
                               uint32_t which) {
    const Trials *trials = &verification->trials;
    Atom *tokens = verification->tokens + (size_t)which * trials->vocabulary.max_len;
    return (ApplyRequest){.graph = session_graph(verification->session),
                          .node = node,
                          .input = {.n = trial_input(trials, index, tokens), .tokens = tokens},
                          .arena = verification->scratch,
                          .diags = session_diagnostics(verification->session)};
}

static void note_refusal(Verification *verification, Contest *contest, const Outcome *outcome) {
    Buffer reason = {0};
    outcome_show(&reason, outcome);
    contest->refused = true;
    contest->reason = arena_strndup(session_arena(verification->session), reason.data, reason.len);
    buffer_free(&reason);
}

/* False when the engine need not be asked again. */
static bool is_left(const Contest *contest) { return !contest->refused && !contest->differs; }

static void judge(Verification *verification, Contest *contest, uint64_t index,
                  const Outcome *definition, const Outcome *outcome) {
    switch (outcome_agree(definition, outcome)) {
    case AGREE_EQUAL: contest->other_kind++; /* fall through */
    case AGREE_VALUE: contest->equal++; break;
    case AGREE_FAILURE: contest->failed_too++; break;
    case AGREE_REFUSED: note_refusal(verification, contest, outcome); break;
    case AGREE_NOT: contest->differs = true; contest->trial = index;
    }
}

/* Compares trial number `index`, which outcomes (engines, together) hold in place `which`. False
   when no engine is left to compare. */
static bool compare_trial(Verification *verification, uint64_t index, uint32_t which,
                          const Outcome *definitions, Contest *contests, const Outcome *outcomes,
                          size_t count) {
    bool any = false, left = false;
    for (size_t i = 0; i < count; i++) {
        if (!is_left(&contests[i])) continue;
        judge(verification, &contests[i], index, &definitions[which],
              &outcomes[i * verification->together + which]);
        any = any || !contests[i].refused;
        left = left || is_left(&contests[i]);
    }
    if (any) verification->compared++;
    if (any && definitions[which].status != APPLY_OK) verification->eval_fails++;
    return left;
}

/* Every engine that is left on the trials from `first` on, `size` of them; then the comparison.
   Counts the pairs of positions that eval may have looked at.
   False when no engine is left. */
static bool compare_trials(Verification *verification, NodeId node, uint64_t first, uint32_t size,
                           Contest *contests, size_t count, uint64_t *pairs) {
    Diagnostics *diags = session_diagnostics(verification->session);
    size_t before = diagnostics_count(diags);
    uint32_t together = verification->together;
    verification->scratch = arena_new(LIMIT_EVALUATION_BYTES);
    ApplyRequest *requests = ARENA_ARRAY(verification->scratch, ApplyRequest, size);
    Outcome *definitions = ARENA_ARRAY(verification->scratch, Outcome, size);
    Outcome *outcomes = ARENA_ARRAY(verification->scratch, Outcome, count * together);
    for (uint32_t i = 0; i < size; i++) {
        requests[i] = request_of(verification, node, first + i, i);
        *pairs += (uint64_t)requests[i].input.n * requests[i].input.n;
    }
    outcomes_of(engine_at(0), NULL, requests, size, definitions);
    diagnostics_truncate(diags, before);
    for (size_t i = 0; i < count; i++) {
        if (!is_left(&contests[i])) continue;
        outcomes_of(contests[i].engine, contests[i].state, requests, size, outcomes + i * together);
        /* A refusal is worth reading in full. */
        if (outcomes[i * together].status == APPLY_REFUSED) before++;
        diagnostics_truncate(diags, before);
    }
    bool left = true;
    for (uint32_t i = 0; left && i < size; i++)
        left = compare_trial(verification, first + i, i, definitions, contests, outcomes, count);
    arena_free(verification->scratch);
    verification->scratch = NULL;
    return left;
}

/* --- progress --------------------------------------------------------------------------------- */

static double seconds_now(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static void show_progress(const Verification *verification, uint64_t done, double *last) {
    const double every = 0.1; /* seconds */
    if (!verification->progress || seconds_now() - *last < every) return;
    *last = seconds_now();
    fprintf(stderr, "\r%llu of %llu inputs\033[K", (unsigned long long)done,
            (unsigned long long)verification->trials.count);
}

/* --- results ---------------------------------------------------------------------------------- */

static void show_contest(const Verification *verification, const Contest *contest) {
    Buffer *out = &verification->driver->out;
    buffer_printf(out, "  %-7s ", contest->engine->name);
    if (contest->refused) {
        buffer_printf(out, "not compared: %s\n", contest->reason);
        return;
    }
    if (contest->differs) buffer_text(out, "DIFFERS; before that ");
    buffer_printf(out, "equal on %llu", (unsigned long long)contest->equal);
    if (contest->failed_too > 0) {
        buffer_printf(out, ", fails where eval does on %llu",
                      (unsigned long long)contest->failed_too);
    }
    if (contest->other_kind > 0) {
        buffer_printf(out, "; on %llu of these some number is of another kind (1 for 1.0)",
                      (unsigned long long)contest->other_kind);
    }
    buffer_char(out, '\n');
}

static void trace(const Verification *verification, const ApplyRequest *request, Buffer *out) {
    LowerOptions options =
        lower_options(&verification->trials.vocabulary, verification->causal, REGISTERS_AUTO);
    Arena *arena = arena_new(0);
    const Model *model = lower(arena, request->graph, request->node, &options, request->diags);
    if (model != NULL)
        trace_model(out, request->graph, model, request->input);
    else
        buffer_text(out, "there is no trace: the program is not lowered");
    arena_free(arena);
}

/* The two results on the input, and where they differ first. */
static void show_difference(Verification *verification, NodeId node, const Contest *contest,
                            bool json) {
    Buffer *out = &verification->driver->out, results = {0};
    Diagnostics *diags = session_diagnostics(verification->session);
    size_t before = diagnostics_count(diags);
    verification->scratch = arena_new(LIMIT_EVALUATION_BYTES);
    ApplyRequest request = request_of(verification, node, contest->trial, 0);
    Outcome definition = outcome_of(engine_at(0), NULL, &request);
    Outcome outcome = outcome_of(contest->engine, contest->state, &request);
    Buffer where = {0};
    trace(verification, &request, &where);
    diagnostics_truncate(diags, before);
    if (json) {
        buffer_text(out, ", \"difference\": {\"input\": ");
        show_input_json(out, request.input);
        outcome_show(&results, &definition);
        buffer_text(out, ", \"eval\": ");
        show_json_text(out, results.data);
        results.len = 0;
        outcome_show(&results, &outcome);
        buffer_printf(out, ", \"%s\": ", contest->engine->name);
        show_json_text(out, results.data);
        buffer_text(out, ", \"trace\": ");
        show_json_text(out, where.data);
        buffer_char(out, '}');
    } else {
        buffer_text(out, "  first difference: input ");
        show_input(out, request.input);
        buffer_text(out, "\n    eval    ");
        outcome_show(out, &definition);
        buffer_printf(out, "\n    %-7s ", contest->engine->name);
        outcome_show(out, &outcome);
        buffer_printf(out, "\n    trace   %s\n", where.data);
    }
    buffer_free(&where);
    buffer_free(&results);
    arena_free(verification->scratch);
    verification->scratch = NULL;
}

static void show_text(Verification *verification, Target target, const Contest *contests,
                      size_t count) {
    Buffer *out = &verification->driver->out;
    const Trials *trials = &verification->trials;
    buffer_printf(out, "%s: %llu inputs compared", target.name,
                  (unsigned long long)verification->compared);
    if (verification->compared < trials->count) {
        buffer_printf(out, " of %llu, ", (unsigned long long)trials->count);
    } else
        buffer_text(out, ", ");
    if (trials->exhaustive)
        buffer_text(out, "all there are");
    else
        buffer_printf(out, "edge cases and random ones of seed %llu",
                      (unsigned long long)trials->seed);
    buffer_printf(out, ": %u token%s, length 1 to %u\n", trials->vocabulary.count,
                  trials->vocabulary.count == 1 ? "" : "s", trials->vocabulary.max_len);
    if (verification->left_out > 0) {
        buffer_printf(out,
                      "  left out: %llu inputs, after so many positions; --samples N compares N "
                      "random ones however long it takes\n",
                      (unsigned long long)verification->left_out);
    }
    if (verification->eval_fails > 0) {
        buffer_printf(out, "  eval    fails on %llu\n",
                      (unsigned long long)verification->eval_fails);
    }
    for (size_t i = 0; i < count; i++) {
        show_contest(verification, &contests[i]);
        if (contests[i].differs)
            show_difference(verification, target.value.as.node, &contests[i], false);
    }
}

static void show_json(Verification *verification, Target target, const Contest *contests,
                      size_t count) {
    Buffer *out = &verification->driver->out;
    const Trials *trials = &verification->trials;
    buffer_printf(
        out,
        "{\"output\": \"%s\", \"inputs\": %llu, \"exhaustive\": %s, \"seed\": %llu, "
        "\"tokens\": %u, \"max_len\": %u, \"left_out\": %llu, \"eval_fails\": %llu, \"engines\": [",
        target.name, (unsigned long long)verification->compared,
        trials->exhaustive ? "true" : "false", (unsigned long long)trials->seed,
        trials->vocabulary.count, trials->vocabulary.max_len,
        (unsigned long long)verification->left_out, (unsigned long long)verification->eval_fails);
    for (size_t i = 0; i < count; i++) {
        const Contest *contest = &contests[i];
        buffer_printf(out,
                      "%s{\"engine\": \"%s\", \"outcome\": \"%s\", \"equal\": %llu, "
                      "\"other_kind\": %llu, \"failed_too\": %llu",
                      i > 0 ? ", " : "", contest->engine->name,
                      contest->refused   ? "refused"
                      : contest->differs ? "different"
                                         : "equal",
                      (unsigned long long)contest->equal, (unsigned long long)contest->other_kind,
                      (unsigned long long)contest->failed_too);
        if (contest->refused) {
            buffer_text(out, ", \"reason\": ");
            show_json_text(out, contest->reason);
        }
        if (contest->differs) show_difference(verification, target.value.as.node, contest, true);
        buffer_char(out, '}');
    }
    buffer_text(out, "]}\n");
}

/* --- one output ------------------------------------------------------------------------------- */

static void verify_target(Verification *verification, Target target) {
    Contest contests[ENGINES_AT_MOST] = {0};
    size_t count = 0;
    for (size_t i = 1; i < engine_count() && count < ENGINES_AT_MOST; i++) {
        const Engine *engine = engine_at(i);
        if (verification->only != NULL && verification->only != engine) continue;
        EngineOptions options = {.vocabulary = &verification->trials.vocabulary,
                                 .causal = verification->causal};
        contests[count++] = (Contest){.engine = engine, .state = engine_open(engine, &options)};
    }
    double last = seconds_now();
    verification->compared = verification->eval_fails = verification->left_out = 0;
    bool left = true; /* an engine to compare */
    uint64_t all = verification->trials.count, pairs = 0;
    for (uint64_t first = 0, size; left && first < all; first += size) {
        /* The first alone: an engine that refuses the program is asked once. */
        size = first == 0 ? 1 : verification->together;
        if (size > all - first) size = all - first;
        if (verification->bounded && pairs > LIMIT_VERIFICATION_PAIRS) {
            verification->left_out = all - first;
            break;
        }
        left = compare_trials(verification, target.value.as.node, first, (uint32_t)size, contests,
                              count, &pairs);
        show_progress(verification, first + size, &last);
    }
    if (verification->progress) fputs("\r\033[K", stderr);
    (verification->json ? show_json : show_text)(verification, target, contests, count);
    for (size_t i = 0; i < count; i++) {
        verification->any_difference = verification->any_difference || contests[i].differs;
        verification->any_verified = verification->any_verified || !contests[i].refused;
        engine_close(contests[i].engine, contests[i].state);
    }
}

/* A program that names its inputs has no vocabulary: all that it gives is compared at once. */
static bool verify_inputs(Verification *verification, const Targets *targets,
                          const Vocabulary *vocabulary) {
    const Options *options = &verification->driver->options;
    RealVerification real = {.driver = verification->driver,
                             .session = verification->session,
                             .only = verification->only,
                             .vocabulary = *vocabulary,
                             .samples = DEFAULT_REAL_SAMPLES,
                             .seed = 1,
                             .relu_knots = verification->relu_knots,
                             .bounded = !option_given(options, OPT_SAMPLES)};
    Diagnostics *diags = session_diagnostics(verification->session);
    bool read = number_argument(diags, options, OPT_SAMPLES, &real.samples);
    read = number_argument(diags, options, OPT_SEED, &real.seed) && read;
    bool done = read && verify_real(&real, targets);
    verification->any_difference = real.any_difference;
    verification->any_verified = real.any_verified;
    return done;
}

/* read: whether the program was. */
static bool verify(Verification *verification, InputReader *reader, bool read) {
    const Options *options = &verification->driver->options;
    Targets targets;
    Vocabulary vocabulary;
    bool ready = read && program_targets(verification->session, options, &targets) &&
                 options_fit(options, verification->session, &targets);
    ready = vocabulary_argument(reader, vocabulary_text(options), &vocabulary) && ready;
    if (!ready) return false;
    if (session_has_inputs(verification->session))
        return verify_inputs(verification, &targets, &vocabulary);
    if (!choose_trials(verification, &vocabulary)) return false;
    uint32_t fit = TOKENS_TOGETHER / vocabulary.max_len;
    verification->together = fit < 1 ? 1 : fit < TRIALS_TOGETHER ? fit : TRIALS_TOGETHER;
    verification->tokens =
        ARENA_ARRAY(reader->arena, Atom, (size_t)verification->together * vocabulary.max_len);
    for (size_t i = 0; i < targets.count; i++) {
        Target target = targets.items[i];
        if (!target_is_node(target)) {
            diag_error(session_diagnostics(verification->session), DIAG_NO_RESULT, (Span){0},
                       "'%s' is %s: there is nothing to compare", target.name,
                       value_kind_name(target.value));
            ready = false;
        } else {
            verify_target(verification, target);
            ready = driver_flush(verification->driver) && ready;
        }
    }
    return ready;
}

ExitStatus cmd_verify(Driver *driver) {
    const Options *options = &driver->options;
    Verification verification = {.driver = driver,
                                 .json = option_given(options, OPT_JSON),
                                 .causal = option_given(options, OPT_CAUSAL),
                                 .progress = isatty(STDERR_FILENO)};
    if (options->operand_count > 1) return driver_usage(driver, "one program at a time");
    if (options->operand_count == 0 && !option_given(options, OPT_EXPR)) {
        return driver_usage(driver, "which program? (or an expression, with -e)");
    }
    if (option_given(options, OPT_EXHAUSTIVE) && option_given(options, OPT_SAMPLES)) {
        return driver_usage(driver, "either --exhaustive or --samples");
    }
    if (!relus_option(driver, &verification.relu_knots)) return EXIT_USAGE;
    if (option_given(options, OPT_EXACT) && verification.relu_knots > 0)
        return driver_usage(driver, "either --exact or --relu-only");
    if (option_given(options, OPT_EXACT)) return verify_exact(driver);
    if (option_given(options, OPT_INPUT))
        return driver_usage(driver, "inputs are given with --exact alone");
    const char *engine = option_value(options, OPT_ENGINE);
    if (engine != NULL) verification.only = engine_find(driver, engine);
    if (engine != NULL && verification.only == NULL) return EXIT_USAGE;
    if (verification.only == engine_at(0)) {
        return driver_usage(driver, "eval is what the others are compared with");
    }
    Program program;
    data_open(&verification.data, options);
    bool read = data_program(&verification.data, options, &program, &verification.session);
    program_free(&program);
    InputReader reader = {.arena = arena_new(0),
                          .sources = session_sources(verification.session),
                          .diags = session_diagnostics(verification.session)};
    bool done = verify(&verification, &reader, read);
    driver_show(driver, verification.data.diags);
    driver_show(driver, session_diagnostics(verification.session));
    input_reader_free(&reader);
    session_free(verification.session);
    data_close(&verification.data);
    arena_free(reader.arena);
    if (verification.any_difference) return EXIT_FAILED;
    return done && verification.any_verified ? EXIT_DONE : EXIT_WRONG;
}
