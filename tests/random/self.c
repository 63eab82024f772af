#include "tests/random/self.h"

#include "compiler/lower/lower.h"
#include "tests/random/generate.h"
#include "tests/random/hunt.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool report(bool passed, const char *name) {
    printf("%s - %s\n", passed ? "ok" : "not ok", name);
    return passed;
}

/* --- the generator ---------------------------------------------------------------------------- */

enum { PROGRAMS = 400 };

static bool same_program_for_a_seed(void) {
    Arena *arena = arena_new(0);
    bool same = true, differs = false;
    for (uint64_t seed = 1; seed <= 20; seed++) {
        const char *one = random_program(arena, seed, DEFAULT_SIZE).text;
        same = same && strcmp(one, random_program(arena, seed, DEFAULT_SIZE).text) == 0;
        differs = differs || strcmp(one, random_program(arena, seed + 1, DEFAULT_SIZE).text) != 0;
    }
    arena_free(arena);
    return report(same && differs, "a seed is a program");
}

/* Elaborates the program and notes the operations and the depth of its output. */
static bool study(const Case *program, bool *seen, uint32_t *depth) {
    SessionOptions options = {0};
    Session *session = session_new(&options);
    const String *name;
    Value output;
    bool right =
        session_run_text(session, "random.rasp", program->text, strlen(program->text), NULL) &&
        diagnostics_count(session_diagnostics(session)) == 0 &&
        session_main_output(session, &name, &output);
    if (right) {
        const Graph *graph = session_graph(session);
        const uint8_t *needed = graph_needed(graph, output.as.node, session_arena(session));
        for (NodeId id = 0; id < graph->count; id++) {
            if (needed[id]) seen[graph_node(graph, id)->op] = true;
        }
        *depth = graph_node(graph, output.as.node)->depth;
    } else if (diagnostics_count(session_diagnostics(session)) > 0) {
        printf("# %s\n# in: %s\n", diagnostics_message(session_diagnostics(session), 0),
               program->text);
    }
    session_free(session);
    return right;
}

static bool programs_are_right_and_varied(void) {
    bool seen[OP_COUNT] = {0}, all_right = true, all_seen = true;
    uint32_t layers[5] = {0};
    for (uint64_t seed = 1; seed <= PROGRAMS; seed++) {
        Arena *arena = arena_new(0);
        RandomProgram random = random_program(arena, seed, DEFAULT_SIZE);
        Case program = {.text = random.text, .vocabulary = random.vocabulary};
        uint32_t depth = 0;
        all_right = study(&program, seen, &depth) && all_right;
        layers[depth < 4 ? depth : 4]++;
        arena_free(arena);
    }
    /* Those on tokens: programs over vectors are made by tests/unit/test_lower_random.c. */
    for (GraphOp op = 0; op < OP_INPUT; op++) {
        if (!seen[op]) printf("# no program has %s\n", op_info(op)->name);
        all_seen = all_seen && seen[op];
    }
    bool deep = layers[2] + layers[3] > PROGRAMS / 5 && layers[0] < PROGRAMS / 5;
    printf("# layers: %u, %u, %u, %u, more: %u\n", layers[0], layers[1], layers[2], layers[3],
           layers[4]);
    bool right = report(all_right, "programs elaborate without a diagnostic");
    right = report(all_seen, "every operation on tokens is in some program") && right;
    return report(deep, "programs have layers") && right;
}

/* --- engines that are wrong on purpose -------------------------------------------------------- */

static bool needs(const ApplyRequest *request, GraphOp op) {
    const uint8_t *needed = graph_needed(request->graph, request->node, request->arena);
    for (NodeId id = 0; id < request->graph->count; id++) {
        if (needed[id] && graph_node(request->graph, id)->op == op) return true;
    }
    return false;
}

/* eval, but it counts one too many at the last position. */
static ApplyStatus apply_miscounting(void *state, const ApplyRequest *request, Sequence *sequence,
                                     Matrix *matrix) {
    ApplyStatus status = apply_eval(state, request, sequence, matrix);
    if (status != APPLY_OK || !needs(request, OP_WIDTH) || sequence->type != SEQUENCE_INTS)
        return status;
    Atom *atoms = ARENA_ARRAY(request->arena, Atom, sequence->n);
    memcpy(atoms, sequence->atoms, sequence->n * sizeof *atoms);
    Atom *last = &atoms[sequence->n - 1];
    if (sequence->n < 2 || last->kind != ATOM_INT || last->big) return status;
    last->as.integer++;
    sequence->atoms = atoms;
    return status;
}

/* eval, but 1.0 and True come out as 1. */
static ApplyStatus apply_careless(void *state, const ApplyRequest *request, Sequence *sequence,
                                  Matrix *matrix) {
    ApplyStatus status = apply_eval(state, request, sequence, matrix);
    if (status != APPLY_OK) return status;
    Atom *atoms = ARENA_ARRAY(request->arena, Atom, sequence->n);
    for (uint32_t i = 0; i < sequence->n; i++) {
        atoms[i] = sequence->atoms[i];
        if (atom_is_number(atoms[i]) && atom_equal(atoms[i], atom_int(1))) atoms[i] = atom_int(1);
    }
    sequence->atoms = atoms;
    return status;
}

/* eval, but where it fails there is a guess. */
static ApplyStatus apply_guessing(void *state, const ApplyRequest *request, Sequence *sequence,
                                  Matrix *matrix) {
    size_t before = diagnostics_count(request->diags);
    if (apply_eval(state, request, sequence, matrix) == APPLY_OK) return APPLY_OK;
    diagnostics_truncate(request->diags, before);
    uint32_t n = request->input.n;
    Atom *zeros = ARENA_ARRAY(request->arena, Atom, n);
    for (uint32_t i = 0; i < n; i++)
        zeros[i] = atom_int(0);
    *sequence = (Sequence){.n = n, .type = SEQUENCE_INTS, .atoms = zeros};
    return APPLY_OK;
}

/* Dies of a look-up. */
static ApplyStatus apply_crashing(void *state, const ApplyRequest *request, Sequence *sequence,
                                  Matrix *matrix) {
    if (needs(request, OP_LOOKUP)) raise(SIGKILL);
    return apply_eval(state, request, sequence, matrix);
}

/* Refuses sorting, without a place. */
static ApplyStatus apply_mute(void *state, const ApplyRequest *request, Sequence *sequence,
                              Matrix *matrix) {
    if (!needs(request, OP_SELECT_GT)) return apply_eval(state, request, sequence, matrix);
    diag_error(request->diags, DIAG_CANNOT_LOWER, (Span){0}, "no");
    return APPLY_REFUSED;
}

/* Says that a sum divides by zero on every input. */
static ApplyStatus apply_lying(void *state, const ApplyRequest *request, Sequence *sequence,
                               Matrix *matrix) {
    if (!needs(request, OP_ADD)) return apply_eval(state, request, sequence, matrix);
    Span span = graph_node(request->graph, request->node)->span;
    diag_error(request->diags, DIAG_ZERO_DIVISION, span.file != 0 ? span : request->span, "no");
    return APPLY_REFUSED;
}

/* eval, but whatever fails is called a division by zero. */
static ApplyStatus apply_misled(void *state, const ApplyRequest *request, Sequence *sequence,
                                Matrix *matrix) {
    size_t before = diagnostics_count(request->diags);
    ApplyStatus status = apply_eval(state, request, sequence, matrix);
    if (status == APPLY_OK) return status;
    Span span = diagnostics_span(request->diags, before);
    diagnostics_truncate(request->diags, before);
    diag_error(request->diags, DIAG_ZERO_DIVISION, span, "position 0: no");
    return APPLY_FAILED;
}

typedef struct WrongEngine {
    const char *name;
    ApplyFunction apply;
    Finding finding;
    int signal;
    const char *has; /* the shrunk program must have that word */
    size_t at_most;  /* bytes, in the shrunk program */
} WrongEngine;

static bool catches(const WrongEngine *wrong) {
    Arena *arena = arena_new(0);
    Engine engine = {.name = wrong->name, .apply = wrong->apply};
    HuntOptions options = {.first_seed = 1,
                           .count = PROGRAMS,
                           .size = DEFAULT_SIZE,
                           .jobs = 1,
                           .failures_at_most = 1,
                           .engines = {.engines = {&engine}, .count = 1, .strict = true}};
    Hunt found = hunt(arena, &options);
    const Failure *failure = &found.failures[0];
    bool caught = found.failure_count == 1 && failure->finding == wrong->finding &&
                  failure->signal == wrong->signal;
    bool shrunk = caught && strlen(failure->program.text) <= wrong->at_most &&
                  strstr(failure->program.text, wrong->has) != NULL;
    char name[128];
    snprintf(name, sizeof name, "an engine that is %s is caught, and the program is made small",
             wrong->name);
    report(shrunk, name);
    if (caught && !shrunk) printf("# shrunk to: %s\n", failure->program.text);
    arena_free(arena);
    return shrunk;
}

static bool catches_nothing_in_eval(void) {
    Arena *arena = arena_new(0);
    HuntOptions options = {.first_seed = 1,
                           .count = 100,
                           .size = DEFAULT_SIZE,
                           .jobs = 1,
                           .failures_at_most = 1,
                           .engines = {.engines = {engine_at(0)}, .count = 1, .strict = true}};
    Hunt found = hunt(arena, &options);
    bool right = found.failure_count == 0 && found.totals.programs == 100 &&
                 found.totals.engines[0].compared == 100 && found.totals.engines[0].failed_too > 0;
    arena_free(arena);
    return report(right, "eval agrees with itself, and fails on some inputs");
}

/* --- models that break a promise on purpose ------------------------------------------------------
 */

typedef struct PromiseCase {
    Arena *arena;
    Session *session;
    NodeId node; /* of length, a layer deep */
    Model *model;
} PromiseCase;

static Promises promises_of(const PromiseCase *c, NodeId node) {
    return promises_of_model(c->arena, c->session, node, c->model);
}

static bool keeps_its_promises(const PromiseCase *c) {
    Promises promises = promises_of(c, c->node);
    return report(promises.broken == PROMISE_KEPT && promises.proof == PROOF_DONE &&
                      promises.why == NULL,
                  "a model as it is lowered keeps its promises");
}

static bool too_deep_is_noticed(const PromiseCase *c) {
    NodeId indices = graph_find(session_graph(c->session), "no_layer");
    return report(promises_of(c, indices).broken == PROMISE_LAYERS,
                  "a model of more attention layers than the analysis counts is noticed");
}

/* No two subspaces have one name. */
static bool a_text_that_does_not_parse_is_noticed(PromiseCase *c) {
    Subspace *last = (Subspace *)&c->model->subspaces[c->model->subspace_count - 1];
    const String *name = last->name;
    last->name = c->model->subspaces[0].name;
    bool noticed = promises_of(c, c->node).broken == PROMISE_TEXT;
    last->name = name;
    return report(noticed, "a model whose text does not parse is noticed");
}

/* Softmax is an exact choice no longer. */
static bool a_scale_too_small_is_noticed(PromiseCase *c) {
    Head *head = (Head *)&c->model->layers[0].heads[0];
    double scale = head->scale;
    head->scale = 1;
    Promises promises = promises_of(c, c->node);
    head->scale = scale;
    return report(promises.proof == PROOF_FAILED && promises.why != NULL,
                  "a model that can't be certified is noticed");
}

/* Of those that are lowered nine in ten: a proof goes through states that no input reaches, and
   ends at some of them. */
static bool models_are_certified(void) {
    enum { MODELS = 100 };
    EngineSet none = {.promises = true};
    uint32_t proven = 0, failed = 0;
    for (uint64_t seed = 1; seed <= MODELS; seed++) {
        Arena *arena = arena_new(0);
        RandomProgram random = random_program(arena, seed, DEFAULT_SIZE);
        Case program = {.text = random.text, .vocabulary = random.vocabulary};
        Proof proof = judge(arena, &program, &none).proof;
        proven += proof == PROOF_DONE || proof == PROOF_ASSUMES;
        failed += proof == PROOF_FAILED;
        arena_free(arena);
    }
    printf("# certificates: %u proven, %u not\n", proven, failed);
    return report(proven > MODELS / 2 && failed < proven / 9, "random models are certified");
}

static bool broken_promises_are_noticed(void) {
    static const char text[] = "no_layer = indices + 1;\n"
                               "result = selector_width(select(tokens, tokens, ==));\n";
    Atom tokens[2];
    PromiseCase c = {.arena = arena_new(0), .session = session_new(&(SessionOptions){0})};
    tokens[0] = atom_string(string_from(c.arena, "a"));
    tokens[1] = atom_string(string_from(c.arena, "b"));
    LowerOptions options = {.vocabulary_count = 2, .vocabulary = tokens, .max_length = 4};
    bool right = session_run_text(c.session, "promises.rasp", text, sizeof text - 1, NULL);
    c.node = graph_find(session_graph(c.session), "result");
    c.model = right ? lower(c.arena, session_graph(c.session), c.node, &options,
                            session_diagnostics(c.session))
                    : NULL;
    right = c.model != NULL && keeps_its_promises(&c) && too_deep_is_noticed(&c) &&
            a_text_that_does_not_parse_is_noticed(&c) && a_scale_too_small_is_noticed(&c);
    session_free(c.session);
    arena_free(c.arena);
    return right;
}

bool self_test(void) {
    static const WrongEngine wrongs[] = {
        {"miscounting", apply_miscounting, FIND_DIFFERENCE, 0, "=", 60},
        {"careless of kinds", apply_careless, FIND_DIFFERENCE, 0, "=", 60},
        {"guessing", apply_guessing, FIND_DIFFERENCE, 0, "=", 60},
        {"crashing", apply_crashing, FIND_NOTHING, SIGKILL, "tokens", 60},
        {"lying", apply_lying, FIND_FALSE_REFUSAL, 0, "=", 60},
        {"misled about reasons", apply_misled, FIND_OTHER_REASON, 0, "=", 60},
        {"refusing without a place", apply_mute, FIND_NOWHERE, 0, "=", 100},
    };
    bool passed = same_program_for_a_seed();
    passed = programs_are_right_and_varied() && passed;
    passed = catches_nothing_in_eval() && passed;
    passed = broken_promises_are_noticed() && passed;
    passed = models_are_certified() && passed;
    for (size_t i = 0; i < sizeof wrongs / sizeof wrongs[0]; i++)
        passed = catches(&wrongs[i]) && passed;
    return passed;
}
