#include "compiler/driver/real_options.h"

bool outputs_are_real(const Graph *graph, const NodeId *nodes, uint32_t count, bool named) {
    bool real = named;
    for (uint32_t i = 0; i < count && !real; i++)
        real = graph_is_real(graph, nodes[i]);
    return real;
}

bool target_is_real(Session *session, Target target) {
    return value_is_node(target.value) &&
           outputs_are_real(session_graph(session), &target.value.as.node, 1,
                            session_has_inputs(session));
}

RealLowerOptions real_lower_options(const Vocabulary *vocabulary, uint32_t relu_knots) {
    return (RealLowerOptions){.max_length = vocabulary->max_len,
                              .relu_only = relu_knots > 0,
                              .knots = relu_knots,
                              .float_type = vocabulary_float(vocabulary, FLOAT_64)};
}

static bool require_fits(const Options *given, Session *session) {
    uint32_t count;
    session_requirements(session, &count);
    if (count > 0 || !option_given(given, OPT_REQUIRE)) return true;
    bool named = session_has_inputs(session);
    Diagnostic *diag = diag_error(session_diagnostics(session), DIAG_CANNOT_LOWER, (Span){0},
                                  "--require: %s requires nothing of its inputs",
                                  named ? "the program" : "a program over tokens");
    diag_help(diag, named ? "it is a statement that says what they have to be: require x > 0;"
                          : "only inputs that have names may have to be something: input x: float; "
                            "require x > 0;");
    return false;
}

static bool relus_fit(const Options *given, Session *session) {
    if (session_has_inputs(session) || !option_given(given, OPT_RELU_ONLY)) return true;
    Diagnostic *diag = diag_error(session_diagnostics(session), DIAG_CANNOT_LOWER, (Span){0},
                                  "--relu-only: the program names no inputs");
    diag_help(diag, "a transformer over tokens has no other units than ReLUs anyway");
    return false;
}

/* What only transformers over tokens have. */
static const struct {
    OptionId id;
    const char *instead;
} of_tokens[] = {
    {OPT_CAUSAL,
     "what it must not look at the program says: add `and select(indices, indices, <=)`"},
    {OPT_VOCAB, "what its inputs may hold the program says, where it declares them"},
    {OPT_REGISTERS, NULL},
    {OPT_PATTERNS, NULL},
    {OPT_ATTENTION, NULL},
    {OPT_WHY, "what is in its layers `raspc dump --model` shows"},
};

static bool any_is_real(Session *session, const Targets *targets) {
    bool real = session_has_inputs(session);
    for (size_t i = 0; i < targets->count && !real; i++)
        real = target_is_real(session, targets->items[i]);
    return real;
}

bool options_fit(const Options *given, Session *session, const Targets *targets) {
    bool named = session_has_inputs(session), real = any_is_real(session, targets);
    bool fit = require_fits(given, session);
    fit = relus_fit(given, session) && fit;
    for (size_t i = 0; i < sizeof of_tokens / sizeof of_tokens[0]; i++) {
        OptionId id = of_tokens[i].id;
        if (!real || !option_given(given, id)) continue;
        if (id == OPT_VOCAB && !named) continue; /* there are tokens */
        Diagnostic *diag =
            diag_error(session_diagnostics(session), DIAG_CANNOT_LOWER, (Span){0},
                       "a transformer over real vectors has no --%s", option_info(id)->name);
        if (of_tokens[i].instead) diag_help(diag, "%s", of_tokens[i].instead);
        fit = false;
    }
    return fit;
}

void require_option(const Options *given, const Session *session, Arena *arena,
                    RealLowerOptions *options) {
    uint32_t count;
    const Requirement *asked = session_requirements(session, &count);
    if (!option_given(given, OPT_REQUIRE)) return;
    RealRequirement *requirements = ARENA_ARRAY(arena, RealRequirement, count);
    for (uint32_t i = 0; i < count; i++) {
        const char *why = asked[i].message ? asked[i].message->bytes : "what the program requires";
        requirements[i] = (RealRequirement){asked[i].node, why};
    }
    options->requirements = requirements;
    options->requirement_count = count;
}
