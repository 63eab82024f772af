/* raspc report: what a program's outputs need of a transformer (language I.7), and the transformers
   that they become. */
#include "compiler/driver/data.h"
#include "compiler/driver/input.h"
#include "compiler/driver/real_options.h"
#include "compiler/driver/report.h"
#include "compiler/driver/report_real.h"

#include <string.h>

/* The model, or why there is none: a refusal is a finding here, not a failure. */
static const Model *lowered(const Report *report, Arena *arena, const LowerOptions *options,
                            Refusal *refused) {
    Diagnostics *diags = diagnostics_new(report->sources);
    const Model *model = lower(arena, report->graph, report_node(report), options, diags);
    if (!model && diagnostics_count(diags) > 0) {
        const char *message = diagnostics_message(diags, 0);
        *refused = (Refusal){diagnostics_id(diags, 0), diagnostics_span(diags, 0),
                             arena_strndup(report->arena, message, strlen(message))};
    }
    diagnostics_free(diags);
    return model;
}

static void lower_target(Report *report) {
    NodeId node = report_node(report);
    LowerOptions causal = report->options;
    Arena *arena = arena_new(0);
    causal.causal = true;
    (void)lowered(report, arena, &causal, &report->not_causal);
    arena_free(arena);
    report->model = lowered(report, report->arena, &report->options, &report->refused);
    LowerOptions options = report->options;
    for (int t = 0; t < FLOAT_TYPE_COUNT; t++) {
        options.float_type = (FloatType)t;
        report->exact[t] =
            exact_length(report->arena, report->graph, node, report->sources, options);
        /* What one type carries a wider one does: there it goes on. */
        if (report->exact[t].length > options.max_length)
            options.max_length = report->exact[t].length;
    }
}

static void count_operations(Report *report) {
    const uint8_t *needed = graph_needed(report->graph, report_node(report), report->arena);
    for (NodeId id = 0; id < report->graph->count; id++) {
        if (needed[id]) report->operations[op_info(graph_node(report->graph, id)->op)->kind]++;
    }
}

static void report_target(Driver *driver, Session *session, Target target,
                          const Vocabulary *vocabulary, Registers registers) {
    Arena *arena = arena_new(0);
    Report report = {.arena = arena,
                     .graph = session_graph(session),
                     .sources = session_sources(session),
                     .name = target.name,
                     .value = target.value,
                     .with_chain = option_given(&driver->options, OPT_WHY),
                     .options = lower_options(
                         vocabulary, option_given(&driver->options, OPT_CAUSAL), registers)};
    report.layers = graph_layers(report.graph, report_node(&report), arena);
    count_operations(&report);
    if (report.with_chain) report.chain = depth_chain(arena, report.graph, report_node(&report));
    if (target.value.kind == VALUE_SOP) lower_target(&report);
    if (report.with_chain && report.model) report.model_chain = model_chain(arena, report.model);
    bool json = option_given(&driver->options, OPT_JSON);
    (json ? report_json : report_text)(&driver->out, &report);
    arena_free(arena);
}

static bool report_targets(Driver *driver, Session *session, const Vocabulary *vocabulary,
                           Registers registers, uint32_t relu_knots) {
    Targets targets;
    if (!program_targets(session, &driver->options, &targets) ||
        !options_fit(&driver->options, session, &targets))
        return false;
    if (session_has_inputs(session))
        return report_real(driver, session, &targets, vocabulary, relu_knots);
    bool all = true;
    for (size_t i = 0; i < targets.count; i++) {
        Target target = targets.items[i];
        if (target.value.kind == VALUE_SOP && target_is_real(session, target)) {
            Targets alone = {&target, 1};
            all = report_real(driver, session, &alone, vocabulary, relu_knots) && all;
        } else if (target_is_node(target)) {
            report_target(driver, session, target, vocabulary, registers);
        } else {
            diag_error(session_diagnostics(session), DIAG_NO_RESULT, (Span){0},
                       "'%s' is %s: only s-ops and selectors need a transformer", target.name,
                       value_kind_name(target.value));
            all = false;
        }
    }
    return all;
}

static bool report(Driver *driver, Session *session, Registers registers, uint32_t relu_knots) {
    const Options *options = &driver->options;
    InputReader reader = {.arena = session_arena(session),
                          .sources = session_sources(session),
                          .diags = session_diagnostics(session)};
    Vocabulary vocabulary;
    bool done = vocabulary_argument(&reader, vocabulary_text(options), &vocabulary) &&
                report_targets(driver, session, &vocabulary, registers, relu_knots);
    input_reader_free(&reader);
    return done;
}

ExitStatus cmd_report(Driver *driver) {
    const Options *options = &driver->options;
    if (options->operand_count > 1) return driver_usage(driver, "one program at a time");
    if (options->operand_count == 0 && !option_given(options, OPT_EXPR)) {
        return driver_usage(driver, "which program? (or an expression, with -e)");
    }
    Registers registers;
    uint32_t relu_knots;
    if (!registers_option(driver, &registers)) return EXIT_USAGE;
    if (!relus_option(driver, &relu_knots)) return EXIT_USAGE;
    Data data;
    Program program;
    Session *session;
    data_open(&data, options);
    bool done = data_program(&data, options, &program, &session) &&
                report(driver, session, registers, relu_knots);
    driver_show(driver, data.diags);
    driver_show(driver, session_diagnostics(session));
    program_free(&program);
    session_free(session);
    data_close(&data);
    return done ? EXIT_DONE : EXIT_WRONG;
}
