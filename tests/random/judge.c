#include "tests/random/judge.h"

#include "compiler/driver/trials.h"
#include "runtime/base/file.h"
#include "runtime/base/limits.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

enum {
    FEASIBLE_INPUTS = 160, /* as many are all compared */
    SAMPLES = 30,          /* otherwise: so many besides the edge cases */
    CPU_SECONDS = 3,       /* a program that is slow to run is compared on fewer */
};

typedef struct Trying {
    Arena *arena;
    Session *session;
    NodeId node;
    Span span;
    const EngineSet *engines;
    void *states[ENGINES_AT_MOST];
    Judgement judgement;
} Trying;

static Input keep_input(Arena *arena, Input input) {
    Atom *tokens = ARENA_ARRAY(arena, Atom, input.n);
    memcpy(tokens, input.tokens, input.n * sizeof *tokens);
    return (Input){.n = input.n, .tokens = tokens};
}

/* Copied out of the trial's arena. */
static Outcome keep_outcome(Arena *arena, Outcome outcome) {
    Atom *atoms = ARENA_ARRAY(arena, Atom, outcome.sequence.n);
    for (uint32_t i = 0; i < outcome.sequence.n; i++)
        atoms[i] = atom_copy(arena, outcome.sequence.atoms[i]);
    outcome.sequence.atoms = atoms;
    if (outcome.message != NULL)
        outcome.message = arena_strndup(arena, outcome.message, strlen(outcome.message));
    outcome.matrix = (Matrix){0}; /* the output is an s-op */
    return outcome;
}

static void find(Trying *trying, Finding finding, const Engine *engine, const ApplyRequest *request,
                 const Outcome *definition, const Outcome *outcome) {
    Judgement *judgement = &trying->judgement;
    judgement->finding = finding;
    judgement->engine = engine;
    judgement->input = keep_input(trying->arena, request->input);
    judgement->definition = keep_outcome(trying->arena, *definition);
    judgement->outcome = keep_outcome(trying->arena, *outcome);
}

/* "position 3: why" is 3; UINT32_MAX where no position is named. */
static uint32_t position_named(const char *message) {
    unsigned position;
    return sscanf(message, "position %u:", &position) == 1 ? position : UINT32_MAX;
}

/* A program may fail at several places, and an engine report another one than eval; but of one
   place both say the same. */
static bool other_reason(const Outcome *definition, const Outcome *outcome) {
    Span a = definition->span, b = outcome->span;
    if (a.file != b.file || a.start != b.start || a.end != b.end) return false;
    uint32_t position = position_named(definition->message),
             other = position_named(outcome->message);
    return definition->id != outcome->id || (other != UINT32_MAX && other != position);
}

static void compare(Trying *trying, size_t which, const ApplyRequest *request,
                    const Outcome *definition) {
    const Engine *engine = trying->engines->engines[which];
    EngineTally *tally = &trying->judgement.tally[which];
    Outcome outcome = outcome_of(engine, trying->states[which], request);
    Agreement agreement = outcome_agree(definition, &outcome);
    if (agreement == AGREE_EQUAL && trying->engines->strict) agreement = AGREE_NOT;
    switch (agreement) {
    case AGREE_EQUAL: tally->other_kind++; /* fall through */
    case AGREE_VALUE: tally->equal++; break;
    case AGREE_FAILURE:
        tally->failed_too++;
        if (other_reason(definition, &outcome))
            find(trying, FIND_OTHER_REASON, engine, request, definition, &outcome);
        break;
    case AGREE_REFUSED:
        tally->refused = true;
        tally->id = outcome.id;
        tally->message = arena_strndup(trying->arena, outcome.message, strlen(outcome.message));
        tally->span = outcome.span;
        if (outcome.span.file == 0 || outcome.span.end <= outcome.span.start)
            find(trying, FIND_NOWHERE, engine, request, definition, &outcome);
        break;
    case AGREE_NOT: find(trying, FIND_DIFFERENCE, engine, request, definition, &outcome);
    }
}

/* A refusal that is no matter of the engine's says that the program fails on every input. */
static bool claims_failure(const EngineTally *tally) {
    return tally->refused && strcmp(diag_class(tally->id), "engine") != 0;
}

static void check_claim(Trying *trying, size_t which, const ApplyRequest *request,
                        const Outcome *definition) {
    const EngineTally *tally = &trying->judgement.tally[which];
    if (!claims_failure(tally)) return;
    const Engine *engine = trying->engines->engines[which];
    Outcome refusal = {
        .status = APPLY_REFUSED, .id = tally->id, .message = tally->message, .span = tally->span};
    if (definition->status == APPLY_OK)
        find(trying, FIND_FALSE_REFUSAL, engine, request, definition, &refusal);
    else if (other_reason(definition, &refusal))
        find(trying, FIND_OTHER_REASON, engine, request, definition, &refusal);
}

/* False when nothing is left to compare. */
static bool try_input(Trying *trying, Input input) {
    Diagnostics *diags = session_diagnostics(trying->session);
    Arena *scratch = arena_new(LIMIT_EVALUATION_BYTES);
    ApplyRequest request = {.graph = session_graph(trying->session),
                            .node = trying->node,
                            .input = input,
                            .span = trying->span,
                            .arena = scratch,
                            .diags = diags};
    Outcome definition = outcome_of(engine_at(0), NULL, &request);
    trying->judgement.inputs++;
    if (definition.status != APPLY_OK) trying->judgement.eval_fails++;
    bool left = false;
    for (size_t i = 0; i < trying->engines->count && trying->judgement.finding == FIND_NOTHING;
         i++) {
        if (!trying->judgement.tally[i].refused) compare(trying, i, &request, &definition);
        if (trying->judgement.finding == FIND_NOTHING)
            check_claim(trying, i, &request, &definition);
        left = left || !trying->judgement.tally[i].refused ||
               claims_failure(&trying->judgement.tally[i]);
    }
    diagnostics_truncate(diags, 0);
    arena_free(scratch);
    return left && trying->judgement.finding == FIND_NOTHING;
}

/* In turn from the edge cases of the greatest length on, and from the end of the random inputs. */
static uint64_t some_trial(const Trials *trials, uint64_t i) {
    return i % 2 == 0 ? (trials->longest + i / 2) % trials->count : trials->count - 1 - i / 2;
}

static void try_inputs(Trying *trying, const Case *program) {
    Vocabulary typed = program->vocabulary, *vocabulary = &typed;
    typed.float_type = trying->engines->float_type;
    Trials trials = trials_all(vocabulary) <= FEASIBLE_INPUTS
                        ? trials_exhaustive(vocabulary)
                        : trials_sampled(vocabulary, SAMPLES, 1);
    Atom *tokens = ARENA_ARRAY(trying->arena, Atom, vocabulary->max_len);
    for (size_t i = 0; i < trying->engines->count; i++) {
        EngineOptions options = {.vocabulary = vocabulary,
                                 .causal = trying->engines->causal,
                                 .by_stages = program->by_stages};
        trying->states[i] = engine_open(trying->engines->engines[i], &options);
    }
    bool left = true;
    bool fewer = program->inputs_at_most > 0 && program->inputs_at_most < trials.count;
    uint64_t count = fewer ? program->inputs_at_most : trials.count;
    clock_t end = clock() + (clock_t)CPU_SECONDS * CLOCKS_PER_SEC;
    for (uint64_t i = 0; left && i < count && clock() < end; i++) {
        uint32_t n = trial_input(&trials, fewer ? some_trial(&trials, i) : i, tokens);
        left = try_input(trying, (Input){.n = n, .tokens = tokens});
    }
    for (size_t i = 0; i < trying->engines->count; i++) {
        engine_close(trying->engines->engines[i], trying->states[i]);
    }
}

static void look_at_promises(Trying *trying, const Vocabulary *vocabulary) {
    static const Finding findings[] = {
        [PROMISE_KEPT] = FIND_NOTHING, [PROMISE_LAYERS] = FIND_LAYERS, [PROMISE_TEXT] = FIND_TEXT};
    Judgement *judgement = &trying->judgement;
    Promises promises = promises_of_node(trying->arena, trying->session, trying->node, vocabulary);
    judgement->finding = findings[promises.broken];
    judgement->proof = promises.proof;
    if (promises.broken == PROMISE_KEPT)
        judgement->unproven = promises.why;
    else
        judgement->message = promises.why;
}

Judgement judge(Arena *arena, const Case *program, const EngineSet *engines) {
    SessionOptions options = {0};
    Trying trying = {.arena = arena, .session = session_new(&options), .engines = engines};
    Diagnostics *diags = session_diagnostics(trying.session);
    const String *name;
    Value output;
    bool read =
        session_run_text(trying.session, "random.rasp", program->text, strlen(program->text), NULL);
    if (!read || diagnostics_count(diags) > 0) {
        const char *message = diagnostics_message(diags, 0);
        trying.judgement.finding = FIND_WRONG_PROGRAM;
        trying.judgement.message = arena_strndup(arena, message, strlen(message));
    } else if (!session_main_output(trying.session, &name, &output) || output.kind != VALUE_SOP) {
        trying.judgement.finding = FIND_WRONG_PROGRAM;
        trying.judgement.message = "the program computes no s-op";
    } else {
        trying.node = output.as.node;
        trying.span = graph_node(session_graph(trying.session), output.as.node)->span;
        /* An input that is written nowhere (tokens_int): the program is the place. */
        if (trying.span.file == 0) trying.span = (Span){1, 0, (uint32_t)strlen(program->text)};
        try_inputs(&trying, program);
        if (engines->promises && trying.judgement.finding == FIND_NOTHING)
            look_at_promises(&trying, &program->vocabulary);
    }
    session_free(trying.session);
    return trying.judgement;
}

void judgement_print(const Judgement *judgement) {
    if (judgement->engine == NULL) {
        printf("# %s\n", judgement->message);
        return;
    }
    Buffer out = {0};
    buffer_printf(&out, "# input of %u: [", judgement->input.n);
    for (uint32_t i = 0; i < judgement->input.n; i++) {
        if (i > 0) buffer_text(&out, ", ");
        atom_format_json(&out, judgement->input.tokens[i]);
    }
    buffer_text(&out, "]\n# eval: ");
    outcome_show(&out, &judgement->definition);
    buffer_printf(&out, "\n# %s: ", judgement->engine->name);
    outcome_show(&out, &judgement->outcome);
    printf("%s%s\n", out.data,
           judgement->finding == FIND_NOWHERE ? " (refused without a place)" : "");
    buffer_free(&out);
}

/* --- files ------------------------------------------------------------------------------------ */

/* # model: --max-len 4 --vocab '["a", "b"]' */
static bool read_model(const char *line, Arena *arena, Vocabulary *out) {
    static const char before[] = "# model: --max-len ", between[] = " --vocab '";
    if (strncmp(line, before, strlen(before)) != 0) return false;
    line += strlen(before);
    size_t digits = strspn(line, "0123456789"), rest = strcspn(line, "\n");
    if (strncmp(line + digits, between, strlen(between)) != 0 || line[rest - 1] != '\'')
        return false;
    const char *max_len = arena_strndup(arena, line, digits),
               *spec = line + digits + strlen(between);
    const char *vocab = arena_strndup(arena, spec, (size_t)(line + rest - 1 - spec));
    Sources *sources = sources_new();
    InputReader reader = {.arena = arena, .sources = sources, .diags = diagnostics_new(sources)};
    bool read = vocabulary_argument(&reader, (VocabularyText){vocab, max_len, NULL}, out);
    diagnostics_free(reader.diags);
    sources_free(sources);
    return read;
}

bool case_read(const char *path, Arena *arena, Case *out) {
    Buffer text = {0};
    const char *why;
    bool read = file_read(path, LIMIT_SOURCE_BYTES, &text, &why);
    if (!read) printf("# %s: %s\n", path, why);
    if (read && !read_model(text.data, arena, &out->vocabulary)) {
        printf("# %s: the first line must be like \"# model: --max-len 4 --vocab '[1, 2]'\"\n",
               path);
        read = false;
    }
    if (read) out->text = arena_strndup(arena, text.data, text.len);
    buffer_free(&text);
    return read;
}
