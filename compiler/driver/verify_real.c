#include "compiler/driver/verify_real.h"

#include "compiler/driver/real_trials.h"
#include "compiler/driver/show.h"
#include "compiler/driver/verify_ties.h"
#include "compiler/lower/lower_real.h"
#include "runtime/base/bug.h"
#include "runtime/base/limits.h"
#include "runtime/base/random.h"

#include <math.h>
#include <string.h>

enum { ENGINES_AT_MOST = 8 };

/* What one engine gives on one input. */
typedef struct RealOutcome {
    ApplyStatus status;
    Sequence *sequences;    /* (targets): APPLY_OK */
    const char *diagnostic; /* else: "E0402: why" */
    DiagId id;              /* its id */
} RealOutcome;

/* Where two results differ most. */
typedef struct Distance {
    double greatest; /* relative to numbers of 1 or more; infinite where they can't be compared */
    double excess;   /* the same of what is beyond the bound that the engine promises */
    uint32_t target, position, component;
} Distance;

typedef struct Contest {
    const Engine *engine;
    void *state;
    uint64_t exact, close, failed_too;
    uint64_t rounded;     /* the engine's floats could not tell */
    uint64_t ties;        /* that rounding decides */
    uint64_t work;        /* in rational numbers, to show that */
    double greatest;      /* of the close ones */
    const double *errors; /* (targets) the engine's bounds, or NULL: 0 */
    const char *refused;
    bool differs;
    uint64_t trial; /* differs: the first input on which it does */
    Distance distance;
} Contest;

typedef struct Comparison {
    RealVerification *verification;
    RealTrials trials;
    const Targets *targets;
    const NodeId *nodes; /* (count) */
    uint32_t count;
    double tolerance;
    double moved; /* a rounding's worth */
    uint64_t compared, eval_fails, left_out;
    uint64_t not_taken; /* trials, for which no input holds what the program requires */
    Contest contests[ENGINES_AT_MOST];
    size_t contest_count;
} Comparison;

/* --- comparing -------------------------------------------------------------------------------- */

static bool as_number(Sequence sequence, uint32_t position, uint32_t component, double *out) {
    if (!sequence.numbers) return atom_as_double(sequence.atoms[position], out);
    *out = sequence.numbers[(size_t)position * sequence.width + component];
    return true;
}

/* bound: what need not be counted. */
static double number_distance(Sequence a, Sequence b, uint32_t position, uint32_t component,
                              double bound) {
    double x, y;
    if (!as_number(a, position, component, &x) || !as_number(b, position, component, &y))
        return !a.numbers && !b.numbers && atom_equal(a.atoms[position], b.atoms[position])
                   ? 0
                   : (double)INFINITY;
    if (x == y || fabs(x - y) <= bound) return 0;
    return (fabs(x - y) - bound) / fmax(1, fmax(fabs(x), fabs(y)));
}

static void add_distance(Distance *distance, Sequence a, Sequence b, uint32_t target,
                         double bound) {
    bool same_shape = a.n == b.n && !a.numbers == !b.numbers && a.width == b.width;
    uint32_t width = a.numbers ? a.width : 1;
    if (!same_shape) *distance = (Distance){(double)INFINITY, (double)INFINITY, target, 0, 0};
    for (uint32_t i = 0; same_shape && i < a.n; i++) {
        for (uint32_t c = 0; c < width; c++) {
            double here = number_distance(a, b, i, c, 0);
            double excess = bound > 0 ? number_distance(a, b, i, c, bound) : here;
            bool worse = excess > distance->excess || isnan(here);
            if (worse) *distance = (Distance){distance->greatest, excess, target, i, c};
            distance->greatest = fmax(distance->greatest, here);
        }
    }
}

/* Of a trial that was compared before. */
static Input input_again(const Comparison *comparison, uint64_t index, Arena *arena) {
    Input input;
    uint64_t pairs = 0;
    if (!real_trial(&comparison->trials, index, arena, &input, &pairs))
        BUG("trial %llu is another one", (unsigned long long)index);
    return input;
}

/* --- running ---------------------------------------------------------------------------------- */

static ApplyRequest request_of(const Comparison *comparison, const Input *input, Arena *arena) {
    Session *session = comparison->verification->session;
    return (ApplyRequest){.graph = session_graph(session),
                          .node = comparison->nodes[0],
                          .input = *input,
                          .arena = arena,
                          .diags = session_diagnostics(session)};
}

static RealOutcome run_engine(const Comparison *comparison, const Engine *engine, void *state,
                              const Input *input, Arena *arena) {
    Diagnostics *diags = session_diagnostics(comparison->verification->session);
    size_t before = diagnostics_count(diags);
    RealOutcome outcome = {.sequences = ARENA_ARRAY(arena, Sequence, comparison->count)};
    ApplyRequest request = request_of(comparison, input, arena);
    if (engine->apply_outputs != NULL) {
        outcome.status = engine->apply_outputs(state, &request, comparison->nodes,
                                               comparison->count, outcome.sequences);
    } else {
        for (uint32_t i = 0; i < comparison->count && outcome.status == APPLY_OK; i++) {
            request.node = comparison->nodes[i];
            outcome.status = engine->apply(state, &request, &outcome.sequences[i], NULL);
        }
    }
    if (outcome.status != APPLY_OK) {
        Buffer text = {0};
        outcome.id = diagnostics_id(diags, before);
        buffer_printf(&text, "%s: %s", diag_code(outcome.id), diagnostics_message(diags, before));
        outcome.diagnostic = arena_strndup(arena, text.data, text.len);
        buffer_free(&text);
    }
    /* A refusal is worth reading in full, once. */
    diagnostics_truncate(diags, before);
    return outcome;
}

/* --- ties ------------------------------------------------------------------------------------- */

/* The same numbers, each moved by that at most. */
static Input moved_input(const Input *input, double by, Random *random, Arena *arena) {
    InputColumn *columns = ARENA_ARRAY(arena, InputColumn, input->column_count);
    for (uint32_t i = 0; i < input->column_count; i++) {
        InputColumn *column = &columns[i];
        *column = input->columns[i];
        size_t count = column->numbers ? (size_t)input->n * column->width : 0;
        double *numbers = ARENA_ARRAY(arena, double, count);
        for (size_t k = 0; k < count; k++)
            numbers[k] = column->numbers[k] + by * ((double)random_below(random, 2001) / 1000 - 1);
        if (column->numbers) column->numbers = numbers;
    }
    Input moved = *input;
    moved.columns = columns;
    return moved;
}

/* Does eval itself give something else when the vectors move by a rounding's worth? */
static bool is_at_a_jump(const Comparison *comparison, uint64_t index) {
    enum { TRIES = 8 };
    double jump = fmax(1e-6, 10 * comparison->tolerance);
    Arena *arena = arena_new(LIMIT_EVALUATION_BYTES);
    Input input = input_again(comparison, index, arena);
    Random random = random_of(comparison->trials.seed, index);
    RealOutcome definition = run_engine(comparison, engine_at(0), NULL, &input, arena);
    Distance distance = {0};
    for (int i = 0; i < TRIES && definition.status == APPLY_OK; i++) {
        Input moved = moved_input(&input, comparison->moved, &random, arena);
        RealOutcome other = run_engine(comparison, engine_at(0), NULL, &moved, arena);
        for (uint32_t t = 0; other.status == APPLY_OK && t < comparison->count; t++)
            add_distance(&distance, definition.sequences[t], other.sequences[t], t, 0);
    }
    arena_free(arena);
    return distance.greatest > jump;
}

/* May eval and the engine differ there, and both be right? Rounding has to move eval's result, and
   to explain the engine's. */
static bool is_tie(const Comparison *comparison, Contest *contest, uint64_t index) {
    if (!is_at_a_jump(comparison, index)) return false;
    Arena *arena = arena_new(LIMIT_EVALUATION_BYTES);
    Input input = input_again(comparison, index, arena);
    ApplyRequest request = request_of(comparison, &input, arena);
    bool shown = is_rounding(contest->engine, contest->state, &request, comparison->nodes,
                             comparison->count, comparison->tolerance, &contest->work);
    arena_free(arena);
    return shown;
}

/* --- judging ---------------------------------------------------------------------------------- */

static void judge(const Comparison *comparison, Contest *contest, uint64_t index,
                  const RealOutcome *definition, const RealOutcome *outcome) {
    Distance distance = {0};
    if (outcome->status == APPLY_REFUSED && outcome->id == DIAG_INTEGER_ROUNDED) {
        contest->rounded++;
        return;
    }
    if (outcome->status == APPLY_REFUSED) {
        contest->refused = arena_strndup(session_arena(comparison->verification->session),
                                         outcome->diagnostic, strlen(outcome->diagnostic));
        return;
    }
    if (definition->status != APPLY_OK && outcome->status != APPLY_OK) {
        contest->failed_too++;
        return;
    }
    if (definition->status != outcome->status)
        distance.greatest = distance.excess = (double)INFINITY;
    bool same = definition->status == outcome->status;
    for (uint32_t t = 0; same && t < comparison->count; t++)
        add_distance(&distance, definition->sequences[t], outcome->sequences[t], t,
                     contest->errors ? contest->errors[t] : 0);
    if (distance.greatest == 0) {
        contest->exact++;
    } else if (distance.excess <= comparison->tolerance) {
        contest->close++;
        contest->greatest = fmax(contest->greatest, distance.greatest);
    } else if (same && is_tie(comparison, contest, index)) {
        contest->ties++;
    } else {
        contest->differs = true;
        contest->trial = index;
        contest->distance = distance;
    }
}

static bool is_left(const Contest *contest) {
    return contest->refused == NULL && !contest->differs;
}

/* Adds to *pairs the pairs of positions that were looked at. False when no engine is left to
   compare. */
static bool compare_trial(Comparison *comparison, uint64_t index, uint64_t *pairs) {
    Arena *arena = arena_new(LIMIT_EVALUATION_BYTES);
    Input input;
    if (!real_trial(&comparison->trials, index, arena, &input, pairs)) {
        comparison->not_taken++;
        arena_free(arena);
        return true;
    }
    RealOutcome definition = run_engine(comparison, engine_at(0), NULL, &input, arena);
    bool any = false, left = false;
    for (size_t i = 0; i < comparison->contest_count; i++) {
        Contest *contest = &comparison->contests[i];
        if (!is_left(contest)) continue;
        RealOutcome outcome =
            run_engine(comparison, contest->engine, contest->state, &input, arena);
        if (contest->errors == NULL && contest->engine->errors != NULL)
            contest->errors = contest->engine->errors(
                contest->state, session_arena(comparison->verification->session), comparison->nodes,
                comparison->count);
        judge(comparison, contest, index, &definition, &outcome);
        any = any || contest->refused == NULL;
        left = left || is_left(contest);
    }
    comparison->compared += any;
    comparison->eval_fails += any && definition.status != APPLY_OK;
    arena_free(arena);
    return left;
}

static uint64_t exact_work_of(const Comparison *comparison) {
    uint64_t work = 0;
    for (size_t i = 0; i < comparison->contest_count; i++)
        work += comparison->contests[i].work;
    return work;
}

static void compare_all(Comparison *comparison) {
    uint64_t pairs = 0;
    bool left = true;
    for (uint64_t index = 0; left && index < comparison->trials.count; index++) {
        bool enough =
            pairs > LIMIT_VERIFICATION_PAIRS || exact_work_of(comparison) > LIMIT_EXACT_WORK;
        if (comparison->verification->bounded && enough) {
            comparison->left_out = comparison->trials.count - index;
            break;
        }
        left = compare_trial(comparison, index, &pairs);
    }
}

/* --- results ---------------------------------------------------------------------------------- */

static void add_names(Buffer *out, const Targets *targets) {
    for (size_t i = 0; i < targets->count; i++)
        buffer_printf(out, "%s%s", i ? ", " : "", targets->items[i].name);
}

static void add_number(Buffer *out, double number) {
    if (isfinite(number))
        buffer_printf(out, "%.2g", number);
    else
        buffer_text(out, "any number");
}

/* One target's value at the place where they differ most, or the failure. */
static void add_value(Buffer *out, const RealOutcome *outcome, Distance distance) {
    if (outcome->status != APPLY_OK) {
        buffer_text(out, outcome->diagnostic);
        return;
    }
    double number;
    Sequence sequence = outcome->sequences[distance.target];
    if (as_number(sequence, distance.position, distance.component, &number))
        float_format_repr(out, number);
    else
        atom_format_source(out, sequence.atoms[distance.position]);
}

/* The input and the two results where they differ most. */
static void add_difference(const Comparison *comparison, const Contest *contest, Buffer *input_text,
                           Buffer *eval_text, Buffer *engine_text, bool json) {
    Arena *arena = arena_new(LIMIT_EVALUATION_BYTES);
    Input input = input_again(comparison, contest->trial, arena);
    RealOutcome definition = run_engine(comparison, engine_at(0), NULL, &input, arena);
    RealOutcome outcome = run_engine(comparison, contest->engine, contest->state, &input, arena);
    (json ? show_input_json : show_input)(input_text, input);
    add_value(eval_text, &definition, contest->distance);
    add_value(engine_text, &outcome, contest->distance);
    arena_free(arena);
}

/* Of several outputs the greatest. */
static double promised(const Comparison *comparison, const Contest *contest) {
    double most = 0;
    for (uint32_t t = 0; contest->errors && t < comparison->count; t++)
        most = fmax(most, contest->errors[t]);
    return most;
}

static void add_promise(Buffer *out, const Comparison *comparison, const Contest *contest) {
    if (promised(comparison, contest) == 0) return;
    buffer_text(out, "; its interpolations may be off by ");
    for (uint32_t t = 0; t < comparison->count; t++) {
        buffer_text(out, t ? ", " : "");
        show_bound(out, contest->errors[t]);
    }
}

static void add_contest(Buffer *out, const Comparison *comparison, const Contest *contest) {
    buffer_printf(out, "  %-7s ", contest->engine->name);
    if (contest->refused != NULL) {
        buffer_printf(out, "not compared: %s\n", contest->refused);
        return;
    }
    if (contest->differs) buffer_text(out, "DIFFERS; before that ");
    buffer_printf(out, "exactly equal on %llu", (unsigned long long)contest->exact);
    if (contest->close > 0) {
        buffer_printf(out, ", within ");
        add_number(out, contest->greatest);
        buffer_printf(out, " on %llu", (unsigned long long)contest->close);
    }
    add_promise(out, comparison, contest);
    if (contest->ties > 0)
        buffer_printf(out, ", rounding decides a tie on %llu", (unsigned long long)contest->ties);
    if (contest->rounded > 0)
        buffer_printf(out, ", not compared on %llu with integers too large for it (E0707)",
                      (unsigned long long)contest->rounded);
    if (contest->failed_too > 0)
        buffer_printf(out, ", fails where eval does on %llu",
                      (unsigned long long)contest->failed_too);
    buffer_char(out, '\n');
    if (!contest->differs) return;
    Buffer input = {0}, eval = {0}, engine = {0};
    add_difference(comparison, contest, &input, &eval, &engine, false);
    Distance distance = contest->distance;
    buffer_printf(out, "  first difference: '%s' at position %u",
                  comparison->targets->items[distance.target].name, distance.position);
    if (graph_node(session_graph(comparison->verification->session),
                   comparison->nodes[distance.target])
            ->width > 1)
        buffer_printf(out, ", component %u", distance.component);
    buffer_printf(out, "\n    input   %s\n    eval    %s\n    %-7s %s\n", input.data, eval.data,
                  contest->engine->name, engine.data);
    if (is_at_a_jump(comparison, contest->trial))
        buffer_printf(out,
                      "    there eval gives something else too when the vectors move by %g: "
                      "perhaps rounding decides, which is not shown\n",
                      comparison->moved);
    buffer_free(&input);
    buffer_free(&eval);
    buffer_free(&engine);
}

/* No engine was asked anything: the program takes none of the inputs. */
static bool compared_nothing(const Comparison *comparison) {
    return comparison->compared == 0 && comparison->not_taken > 0;
}

/* Nothing was compared, or the engine could not tell each time. */
static bool told_nothing(const Comparison *comparison, const Contest *contest) {
    return contest->rounded == comparison->compared;
}

static void add_text(Buffer *out, const Comparison *comparison) {
    const RealTrials *trials = &comparison->trials;
    add_names(out, comparison->targets);
    buffer_printf(out, ": %llu inputs compared", (unsigned long long)comparison->compared);
    if (comparison->compared < trials->count)
        buffer_printf(out, " of %llu", (unsigned long long)trials->count);
    buffer_printf(out, ", edge cases and random ones of seed %llu: length 1 to %u\n",
                  (unsigned long long)trials->seed, trials->max_len);
    buffer_printf(out, "  numbers may differ by %g of themselves (of 1, where they are less)\n",
                  comparison->tolerance);
    if (comparison->left_out > 0)
        buffer_printf(out,
                      "  left out: %llu inputs, after so much work; --samples N compares N "
                      "random ones however long it takes\n",
                      (unsigned long long)comparison->left_out);
    if (comparison->not_taken > 0)
        buffer_printf(out, "  left out: %llu inputs, which the program does not take\n",
                      (unsigned long long)comparison->not_taken);
    if (comparison->eval_fails > 0)
        buffer_printf(out, "  eval    fails on %llu\n", (unsigned long long)comparison->eval_fails);
    if (compared_nothing(comparison)) {
        buffer_printf(out,
                      "  nothing is compared: no input that was drawn holds what the program "
                      "requires\n    of zeros, of length %u, it says: ",
                      trials->max_len);
        real_trials_refusal(trials, out);
        buffer_text(out, "\n    --max-len N draws longer inputs\n");
        return;
    }
    for (size_t i = 0; i < comparison->contest_count; i++)
        add_contest(out, comparison, &comparison->contests[i]);
}

static void add_contest_json(Buffer *out, const Comparison *comparison, const Contest *contest) {
    buffer_printf(out,
                  "{\"engine\": \"%s\", \"outcome\": \"%s\", \"equal\": %llu, \"close\": %llu, "
                  "\"ties\": %llu, \"rounded\": %llu, \"greatest_difference\": %g, \"bound\": %g, "
                  "\"failed_too\": %llu",
                  contest->engine->name,
                  contest->refused                    ? "refused"
                  : contest->differs                  ? "different"
                  : told_nothing(comparison, contest) ? "nothing"
                                                      : "equal",
                  (unsigned long long)contest->exact, (unsigned long long)contest->close,
                  (unsigned long long)contest->ties, (unsigned long long)contest->rounded,
                  contest->greatest, promised(comparison, contest),
                  (unsigned long long)contest->failed_too);
    if (contest->refused != NULL) {
        buffer_text(out, ", \"reason\": ");
        show_json_text(out, contest->refused);
    } else if (compared_nothing(comparison)) {
        Buffer why = {0};
        real_trials_refusal(&comparison->trials, &why);
        buffer_text(out, ", \"reason\": ");
        show_json_text(out, why.data);
        buffer_free(&why);
    }
    if (contest->differs) {
        Buffer input = {0}, eval = {0}, engine = {0};
        add_difference(comparison, contest, &input, &eval, &engine, true);
        buffer_printf(out, ", \"difference\": {\"input\": %s, \"output\": ", input.data);
        show_json_text(out, comparison->targets->items[contest->distance.target].name);
        buffer_printf(out, ", \"position\": %u, \"component\": %u, \"eval\": ",
                      contest->distance.position, contest->distance.component);
        show_json_text(out, eval.data);
        buffer_printf(out, ", \"%s\": ", contest->engine->name);
        show_json_text(out, engine.data);
        buffer_printf(out, ", \"at_a_jump\": %s}",
                      is_at_a_jump(comparison, contest->trial) ? "true" : "false");
        buffer_free(&input);
        buffer_free(&eval);
        buffer_free(&engine);
    }
    buffer_char(out, '}');
}

static void add_json(Buffer *out, const Comparison *comparison) {
    const RealTrials *trials = &comparison->trials;
    buffer_text(out, "{\"outputs\": [");
    for (size_t i = 0; i < comparison->targets->count; i++) {
        buffer_text(out, i ? ", " : "");
        show_json_text(out, comparison->targets->items[i].name);
    }
    buffer_printf(out,
                  "], \"inputs\": %llu, \"seed\": %llu, \"max_len\": %u, \"tolerance\": %g, "
                  "\"left_out\": %llu, \"not_taken\": %llu, \"eval_fails\": %llu, \"engines\": [",
                  (unsigned long long)comparison->compared, (unsigned long long)trials->seed,
                  trials->max_len, comparison->tolerance, (unsigned long long)comparison->left_out,
                  (unsigned long long)comparison->not_taken,
                  (unsigned long long)comparison->eval_fails);
    for (size_t i = 0; i < comparison->contest_count; i++) {
        if (i > 0) buffer_text(out, ", ");
        add_contest_json(out, comparison, &comparison->contests[i]);
    }
    buffer_text(out, "]}\n");
}

/* --- the whole -------------------------------------------------------------------------------- */

static bool are_sequences(const RealVerification *verification, const Targets *targets) {
    bool all = true;
    for (size_t i = 0; i < targets->count; i++) {
        if (targets->items[i].value.kind == VALUE_SOP) continue;
        diag_error(session_diagnostics(verification->session), DIAG_NO_RESULT, (Span){0},
                   "'%s' is %s: only s-ops are compared", targets->items[i].name,
                   value_kind_name(targets->items[i].value));
        all = false;
    }
    return all;
}

bool verify_real(RealVerification *verification, const Targets *targets) {
    if (!are_sequences(verification, targets)) return false;
    const Vocabulary *vocabulary = &verification->vocabulary;
    bool narrow = vocabulary_float(vocabulary, FLOAT_64) == FLOAT_32;
    Comparison comparison = {.verification = verification,
                             .trials = real_trials(verification->session, vocabulary->max_len,
                                                   verification->samples, verification->seed),
                             .targets = targets,
                             .tolerance = narrow ? 1e-4 : 1e-9,
                             .moved = narrow ? 1e-7 : 1e-12};
    Arena *arena = arena_new(0);
    comparison.nodes = target_nodes(targets, arena, &comparison.count);
    EngineOptions options = {.vocabulary = vocabulary, .relu_knots = verification->relu_knots};
    for (size_t i = 1; i < engine_count() && comparison.contest_count < ENGINES_AT_MOST; i++) {
        const Engine *engine = engine_at(i);
        if (verification->only != NULL && verification->only != engine) continue;
        comparison.contests[comparison.contest_count++] =
            (Contest){.engine = engine, .state = engine_open(engine, &options)};
    }
    compare_all(&comparison);
    Buffer *out = &verification->driver->out;
    bool json = option_given(&verification->driver->options, OPT_JSON);
    (json ? add_json : add_text)(out, &comparison);
    for (size_t i = 0; i < comparison.contest_count; i++) {
        const Contest *contest = &comparison.contests[i];
        verification->any_difference = verification->any_difference || contest->differs;
        verification->any_verified =
            verification->any_verified ||
            (contest->refused == NULL && !told_nothing(&comparison, contest));
        engine_close(contest->engine, contest->state);
    }
    arena_free(arena);
    return true;
}
