#include "compiler/driver/verify_exact.h"

#include "compiler/driver/data.h"
#include "compiler/driver/exact_trials.h"
#include "compiler/driver/input.h"
#include "compiler/driver/progress.h"
#include "compiler/lower/lower_real.h"
#include "runtime/base/limits.h"
#include "runtime/exact/eval_exact.h"
#include "runtime/exact/run_exact.h"

#include <math.h>

enum { DEFAULT_SAMPLES = 1000, DEFAULT_LENGTH = 30 };

typedef struct ExactVerification {
    Driver *driver;
    Data data;
    Session *session;
    Arena *arena;
    const char **names; /* (count) of the outputs */
    NodeId *outputs;    /* (count) */
    uint32_t count;
    const RealModel *model;
    ExactReport report;
    uint64_t work;
} ExactVerification;

/* --- the program and its model ---------------------------------------------------------------- */

static Diagnostics *diags_of(const ExactVerification *verification) {
    return session_diagnostics(verification->session);
}

static bool read_program(ExactVerification *verification) {
    Program program;
    bool read = data_program(&verification->data, &verification->driver->options, &program,
                             &verification->session);
    program_free(&program);
    return read;
}

static bool take_target(ExactVerification *verification, Target target, Buffer *names) {
    Diagnostics *diags = diags_of(verification);
    if (target.value.kind != VALUE_SOP) {
        diag_error(diags, DIAG_NO_RESULT, (Span){0}, "'%s' is %s: there is nothing to compare",
                   target.name, value_kind_name(target.value));
        return false;
    }
    buffer_printf(names, "%s%s", verification->count > 0 ? ", " : "", target.name);
    verification->names[verification->count] = target.name;
    verification->outputs[verification->count++] = target.value.as.node;
    return true;
}

static bool take_targets(ExactVerification *verification) {
    Targets targets;
    if (!program_targets(verification->session, &verification->driver->options, &targets))
        return false;
    Buffer names = {0};
    bool fine = true;
    verification->names = ARENA_ARRAY(verification->arena, const char *, targets.count);
    verification->outputs = ARENA_ARRAY(verification->arena, NodeId, targets.count);
    for (size_t i = 0; i < targets.count; i++)
        fine = take_target(verification, targets.items[i], &names) && fine;
    verification->report.outputs = arena_strndup(verification->arena, names.data, names.len);
    buffer_free(&names);
    return fine;
}

static bool check_rational(ExactVerification *verification) {
    const Graph *graph = session_graph(verification->session);
    Diagnostics *diags = diags_of(verification);
    if (!session_has_inputs(verification->session)) {
        Diagnostic *diag = diag_error(diags, DIAG_NOT_RATIONAL, (Span){0},
                                      "a program over tokens has no rational transformer");
        diag_help(diag, "without --exact its transformer is compared in floats");
        return false;
    }
    NodeId found = exact_refuses(graph, verification->outputs, verification->count);
    if (found == NO_NODE) return true;
    const Node *node = graph_node(graph, found);
    Diagnostic *diag =
        diag_error(diags, DIAG_NOT_RATIONAL, node->span, "%s of '%s' is not rational",
                   node->type & TYPE_STRING ? "a string" : "a result", op_info(node->op)->name);
    diag_help(diag, "without --exact the transformer is compared in floats");
    return false;
}

static bool make_model(ExactVerification *verification) {
    RealLowerOptions options = {.max_length = verification->report.max_length,
                                .float_type = FLOAT_64};
    Diagnostics *diags = diags_of(verification);
    verification->model = lower_real(verification->arena, session_graph(verification->session),
                                     verification->outputs, verification->count, &options, diags);
    if (!verification->model || verification->model->exact) return verification->model != NULL;
    diag_error(diags, DIAG_NOT_RATIONAL, (Span){0},
               "the transformer's weights are rounded: it is not meant to be exact");
    return false;
}

/* --- one input -------------------------------------------------------------------------------- */

/* Both engines on one input. */
typedef struct ExactPair {
    const ExactInput *input;
    Exact pool;
    Arena *arena;
    ExactResult program, model;
} ExactPair;

static void run_both(const ExactVerification *verification, ExactPair *pair, uint32_t most_rounds) {
    ExactRequest request = {.input = pair->input, .most_rounds = most_rounds, .pool = &pair->pool};
    pair->program = eval_exact(session_graph(verification->session), verification->outputs,
                               verification->count, &request, pair->arena);
    pair->model = run_exact(verification->model, &request, pair->arena);
}

static bool is_beyond(ExactEnd end) { return end != EXACT_DONE && end != EXACT_FAILS; }

/* Of two runs that both have an end worth comparing. */
static bool agree(const ExactPair *pair, ExactDifference *where) {
    if (pair->program.end != pair->model.end) return false;
    return pair->program.end == EXACT_FAILS ||
           exact_equal(&pair->program, &pair->model, pair->input->n, where);
}

/* A result that is undefined in the model alone is a difference. */
static bool is_left_out(const ExactPair *pair) {
    return is_beyond(pair->program.end) ||
           (is_beyond(pair->model.end) && pair->model.end != EXACT_UNDEFINED);
}

/* The round after which they differ first, where the program is one loop; 0: nobody knows. */
static uint32_t find_round(const ExactVerification *verification, const ExactInput *input) {
    enum { ROUNDS_TRIED = 100 };
    const RealModel *model = verification->model;
    const Graph *graph = session_graph(verification->session);
    if (model->loop_count != 1 || graph->loop_count != 1 ||
        graph->loops[0].times != model->loops[0].times)
        return 0;
    for (uint32_t round = 1; round <= ROUNDS_TRIED && round <= model->loops[0].times; round++) {
        ExactDifference where;
        ExactPair pair = {.input = input, .arena = arena_new(0)};
        run_both(verification, &pair, round);
        bool same = is_left_out(&pair) || agree(&pair, &where);
        exact_free(&pair.pool);
        arena_free(pair.arena);
        if (!same) return round;
    }
    return 0;
}

static const char *keep_text(const ExactVerification *verification, Buffer *text) {
    const char *kept = arena_strndup(verification->arena, text->data ? text->data : "", text->len);
    buffer_free(text);
    return kept;
}

static const char *show_result(const ExactVerification *verification, const ExactResult *result,
                               ExactDifference where) {
    Buffer text = {0};
    if (result->end == EXACT_FAILS)
        buffer_printf(&text, "fails at position %u", result->position);
    else if (result->end == EXACT_UNDEFINED)
        buffer_printf(&text, "is not finite at position %u", result->position);
    else
        rational_format(
            &text,
            result->outputs[where.output][(size_t)where.position * result->widths[where.output] +
                                          where.component]);
    return keep_text(verification, &text);
}

static void note_difference(ExactVerification *verification, const ExactPair *pair,
                            ExactDifference where) {
    ExactMismatch *mismatch = &verification->report.mismatch;
    bool both = pair->program.end == EXACT_DONE && pair->model.end == EXACT_DONE;
    uint32_t round = find_round(verification, pair->input);
    Buffer text = {0};
    buffer_text(&text, verification->names[where.output]);
    if (both) buffer_printf(&text, ", position %u", where.position);
    if (both && pair->program.widths[where.output] > 1)
        buffer_printf(&text, ", component %u", where.component);
    if (round > 0) buffer_printf(&text, "; from round %u on", round);
    mismatch->found = true;
    mismatch->where = keep_text(verification, &text);
    exact_input_show(&text, pair->input);
    mismatch->input = keep_text(verification, &text);
    mismatch->program = show_result(verification, &pair->program, where);
    mismatch->model = show_result(verification, &pair->model, where);
}

/* --- eval's doubles --------------------------------------------------------------------------- */

static double number_of(const Sequence *sequence, size_t i) {
    double number = (double)NAN;
    if (sequence->numbers) return sequence->numbers[i];
    atom_as_double(sequence->atoms[i], &number);
    return number;
}

/* The greatest difference over the greatest number of the output. */
static double relative_difference(const ExactResult *exact, uint32_t o, const Sequence *sequence,
                                  uint32_t n) {
    double greatest = 0, difference = 0;
    mpq_t number, rest;
    mpq_inits(number, rest, NULL);
    for (size_t i = 0; i < (size_t)n * exact->widths[o]; i++) {
        rational_set_double(number, number_of(sequence, i));
        rational_two(OP_SUB, rest, number, exact->outputs[o][i]);
        greatest = fmax(greatest, fabs(rational_to_double(exact->outputs[o][i])));
        difference = fmax(difference, fabs(rational_to_double(rest)));
    }
    mpq_clears(number, rest, NULL);
    return difference == 0 ? 0 : greatest == 0 ? (double)INFINITY : difference / greatest;
}

/* Rounding moves a result by some bits; what moves it more decided otherwise. */
static void compare_floats(ExactVerification *verification, const ExactPair *pair) {
    const double much = 0x1p-20;
    ExactFloats *floats = &verification->report.tally.floats;
    Input input;
    if (pair->program.end != EXACT_DONE || !exact_input_round(pair->arena, pair->input, &input))
        return;
    Diagnostics *diags = diags_of(verification);
    size_t before = diagnostics_count(diags);
    Sequence *out = ARENA_ARRAY(pair->arena, Sequence, verification->count);
    ApplyRequest request = {.graph = session_graph(verification->session),
                            .input = input,
                            .arena = pair->arena,
                            .diags = diags};
    bool ran = eval_all(&request, verification->outputs, verification->count, out);
    diagnostics_truncate(diags, before);
    double greatest = 0;
    for (uint32_t o = 0; ran && o < verification->count; o++)
        greatest = fmax(greatest, relative_difference(&pair->program, o, &out[o], input.n));
    floats->inputs++;
    if (!ran)
        floats->fails++;
    else if (greatest > much)
        floats->otherwise++;
    else
        floats->greatest = fmax(floats->greatest, greatest);
}

/* --- all inputs ------------------------------------------------------------------------------- */

/* False after a difference. */
static bool compare(ExactVerification *verification, const ExactInput *input) {
    ExactTally *tally = &verification->report.tally;
    ExactPair pair = {.input = input, .arena = arena_new(0)};
    ExactDifference where = {0};
    run_both(verification, &pair, 0);
    verification->work += pair.program.work + pair.model.work;
    bool same = true;
    if (is_left_out(&pair)) {
        tally->left_out[is_beyond(pair.program.end) ? pair.program.end : pair.model.end]++;
    } else {
        tally->inputs++;
        tally->tied += pair.program.tied;
        tally->empty += pair.program.empty;
        same = agree(&pair, &where);
        if (!same)
            note_difference(verification, &pair, where);
        else if (pair.program.end == EXACT_FAILS)
            tally->fails_too++;
        else
            tally->equal++;
        compare_floats(verification, &pair);
    }
    exact_free(&pair.pool);
    arena_free(pair.arena);
    return same;
}

static void compare_random(ExactVerification *verification, uint64_t samples) {
    bool bounded = !option_given(&verification->driver->options, OPT_SAMPLES), same = true;
    ExactReport *report = &verification->report;
    ExactTrials trials = {verification->session, report->max_length, report->seed};
    Progress progress;
    progress_open(&progress);
    for (uint64_t i = 0; i < samples && same; i++) {
        if (bounded && verification->work > LIMIT_EXACT_WORK) {
            report->tally.left_out[EXACT_DONE] = samples - i;
            break;
        }
        Exact pool = {0};
        Arena *arena = arena_new(0);
        ExactInput input;
        if (exact_trial(&trials, i, &pool, arena, &input, &verification->work))
            same = compare(verification, &input);
        else
            report->tally.not_taken++;
        exact_free(&pool);
        arena_free(arena);
        progress_say(&progress, "input", i + 1, samples);
    }
    progress_close(&progress);
}

static bool compare_given(ExactVerification *verification, const Input *given) {
    Exact pool = {0};
    ExactInput input;
    bool fine = exact_input_of(&pool, verification->arena, given, &input);
    if (fine) compare(verification, &input);
    if (!fine)
        diag_error(diags_of(verification), DIAG_NOT_RATIONAL, (Span){0}, "an input of strings");
    exact_free(&pool);
    return fine;
}

/* What -i gives, when the program takes it. */
static bool read_input(ExactVerification *verification, Input *out) {
    Session *session = verification->session;
    if (!data_input(&verification->data, session, &verification->driver->options, out))
        return false;
    ApplyRequest request = {
        .graph = session_graph(session), .input = *out, .diags = diags_of(verification)};
    return session_takes(session, &request, NULL, NULL);
}

static bool verify(ExactVerification *verification) {
    const Options *options = &verification->driver->options;
    ExactReport *report = &verification->report;
    uint64_t samples = DEFAULT_SAMPLES, length = DEFAULT_LENGTH;
    Input input;
    report->seed = 1;
    if (!read_program(verification) || !take_targets(verification)) return false;
    Diagnostics *diags = diags_of(verification);
    if (!number_argument(diags, options, OPT_SAMPLES, &samples) ||
        !number_argument(diags, options, OPT_SEED, &report->seed) ||
        !number_argument(diags, options, OPT_MAX_LEN, &length) || !check_rational(verification))
        return false;
    report->given = option_given(options, OPT_INPUT);
    if (report->given && !read_input(verification, &input)) return false;
    if (report->given) length = input.n;
    if (length < 1 || length > LIMIT_INPUT_TOKENS) {
        diag_error(diags, DIAG_INPUT_SYNTAX, (Span){0}, "--max-len is at least 1");
        return false;
    }
    report->max_length = (uint32_t)length;
    if (!make_model(verification)) return false;
    if (report->given) return compare_given(verification, &input);
    compare_random(verification, samples);
    return true;
}

ExitStatus verify_exact(Driver *driver) {
    static const OptionId others[] = {OPT_ENGINE, OPT_VOCAB, OPT_CAUSAL, OPT_DTYPE, OPT_EXHAUSTIVE};
    const Options *options = &driver->options;
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        if (option_given(options, others[i]))
            return driver_usage(driver, "--exact goes without --%s", option_info(others[i])->name);
    ExactVerification verification = {.driver = driver, .arena = arena_new(0)};
    ExactReport *report = &verification.report;
    data_open(&verification.data, options);
    bool done = verify(&verification);
    if (done)
        (option_given(options, OPT_JSON) ? exact_report_json : exact_report_text)(report,
                                                                                  &driver->out);
    done = driver_flush(driver) && done;
    driver_show(driver, verification.data.diags);
    driver_show(driver, session_diagnostics(verification.session));
    session_free(verification.session);
    data_close(&verification.data);
    arena_free(verification.arena);
    if (report->mismatch.found) return EXIT_FAILED;
    return done && report->tally.inputs > 0 ? EXIT_DONE : EXIT_WRONG;
}
