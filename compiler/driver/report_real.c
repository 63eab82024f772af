#include "compiler/driver/report_real.h"

#include "compiler/driver/counts.h"
#include "compiler/driver/real_options.h"
#include "compiler/driver/show.h"
#include "runtime/base/limits.h"
#include "runtime/base/visible.h"
#include "runtime/real/real_weights.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

typedef struct RealReport {
    const Targets *targets;
    RealLowerOptions options;
    const RealModel *model;
    uint32_t heads, units;
    double error;          /* the greatest of an interpolation */
    uint32_t interpolated; /* units that are one */
} RealReport;

static void count_parts(RealReport *report) {
    for (uint32_t l = 0; l < report->model->layer_count; l++) {
        const RealLayer *layer = &report->model->layers[l];
        report->heads += layer->head_count;
        for (uint32_t u = 0; u < layer->unit_count; u++) {
            report->units += layer->units[u].kind != REAL_ERASE;
            report->error = fmax(report->error, layer->units[u].error);
            report->interpolated += layer->units[u].error > 0;
        }
    }
}

/* --- text ------------------------------------------------------------------------------------- */

static void begin(Buffer *out, const char *label) { buffer_printf(out, "  %-12s", label); }

static void add_head_counts(Buffer *out, const RealModel *model) {
    uint32_t *heads = ARENA_ARRAY(model->arena, uint32_t, model->layer_count);
    for (uint32_t l = 0; l < model->layer_count; l++)
        heads[l] = model->layers[l].head_count;
    counts_show(out, model->layer_count, heads);
    buffer_char(out, '\n');
}

static void add_loops(Buffer *out, const RealModel *model) {
    for (uint32_t i = 0; i < model->loop_count; i++) {
        const RealLoop *loop = &model->loops[i];
        begin(out, i ? "" : "loops");
        if (loop->count == 1)
            buffer_printf(out, "layer %" PRIu32, loop->first + 1);
        else
            buffer_printf(out, "layers %" PRIu32 " to %" PRIu32, loop->first + 1,
                          loop->first + loop->count);
        buffer_printf(out, ", %s%" PRIu32 " times%s\n", loop->has_until ? "at most " : "",
                      loop->times, loop->has_until ? ", until a condition holds" : "");
    }
}

static void add_parameters(Buffer *out, const RealModel *model) {
    uint64_t parameters = real_model_parameters(model);
    size_t size = float_info(model->float_type)->size;
    begin(out, "parameters");
    buffer_printf(out, "%" PRIu64 ", in %s", parameters,
                  float_name(model->float_type, FLOAT_LONG_NAME));
    if (parameters > LIMIT_DENSE_BYTES / size)
        buffer_printf(out, ", %" PRIu64 " MiB: too many to be written out; the jit does without",
                      parameters / ((1 << 20) / size));
    buffer_char(out, '\n');
}

static void add_errors(Buffer *out, const RealReport *report) {
    const RealModel *model = report->model;
    for (uint32_t o = 0; o < model->output_count; o++) {
        if (o > 0) begin(out, "");
        buffer_printf(out, "%s'%s' is ", o == 0 ? "no: " : "    ", model->outputs[o].name->bytes);
        if (model->outputs[o].error == 0) {
            buffer_text(out, "exact\n");
            continue;
        }
        buffer_text(out, "within ");
        show_bound(out, model->outputs[o].error);
        buffer_text(out, " of the program's\n");
    }
    buffer_printf(out, "  interpolated ");
    buffer_printf(out, "%" PRIu32 " unit%s, with %" PRIu32 " knots a curve, within ",
                  report->interpolated, report->interpolated == 1 ? "" : "s",
                  report->options.knots);
    show_bound(out, report->error);
    buffer_text(out, "\n");
}

static void add_exactness(Buffer *out, const RealReport *report) {
    begin(out, "exact");
    if (report->model->exact)
        buffer_text(out, "in exact arithmetic; its floats round\n");
    else if (report->error == 0)
        buffer_text(out,
                    "in exact arithmetic, but for roots, exp and their like; its floats round\n");
    else
        add_errors(out, report);
}

/* Is the declared one the first input that is as wide as some param says? */
static bool names_width(Session *session, size_t index) {
    Declared declared = session_declared(session, index);
    if (declared.is_param || declared.width_name == NULL) return false;
    for (size_t i = 0; i < index; i++) {
        Declared before = session_declared(session, i);
        if (!before.is_param && before.width_name != NULL &&
            string_equal(before.width_name, declared.width_name))
            return false;
    }
    return true;
}

/* There are no data here, and a run may have others. */
static void add_widths(Buffer *out, Session *session) {
    const char *label = "widths";
    for (size_t i = 0; i < session_declared_count(session); i++) {
        if (!names_width(session, i)) continue;
        Declared declared = session_declared(session, i);
        begin(out, label);
        buffer_printf(out, "%s = %" PRIu32 "; a run without --param takes it from '%s'\n",
                      declared.width_name->bytes, declared.type.columns, declared.name->bytes);
        label = "";
    }
}

static void add_text(Buffer *out, const RealReport *report, Session *session) {
    const RealModel *model = report->model;
    uint64_t rounds = real_attention_layers(model);
    uint32_t with_heads = real_layers_with_heads(model);
    buffer_printf(out, "as a transformer over real vectors, up to length %" PRIu32 "\n",
                  model->max_length);
    add_widths(out, session);
    begin(out, "layers");
    buffer_printf(out, "%" PRIu32, model->layer_count);
    if (with_heads < model->layer_count)
        buffer_printf(out, ", %" PRIu32 " of them feed-forward alone",
                      model->layer_count - with_heads);
    buffer_char(out, '\n');
    if (rounds != with_heads) {
        begin(out, "");
        buffer_printf(out, "%" PRIu64 " of attention when all rounds are run\n", rounds);
    }
    begin(out, "heads");
    buffer_printf(out, "%" PRIu32, report->heads);
    add_head_counts(out, model);
    begin(out, "units");
    buffer_printf(out, "%" PRIu32 "\n", report->units);
    begin(out, "width");
    buffer_printf(out, "%" PRIu32 "\n", model->width);
    add_parameters(out, model);
    add_loops(out, model);
    add_exactness(out, report);
    buffer_text(out, "  residual stream\n");
    for (SpaceId id = 0; id < model->space_count; id++) {
        const RealSpace *space = &model->spaces[id];
        buffer_printf(out, "    %-15s ", space->name->bytes);
        if (space->width > 1)
            buffer_printf(out, "real[%" PRIu32 "]\n", space->width);
        else
            buffer_text(out, id == REAL_ONE ? "one\n" : id == REAL_NULL ? "null\n" : "real\n");
    }
}

/* What the program asks for of one output (language I.7): "c: an s-op, 2 layers, 2 heads". */
static void add_program(Buffer *out, const Graph *graph, Target target) {
    Arena *arena = arena_new(0);
    Layers layers = graph_layers(graph, target.value.as.node, arena);
    uint32_t heads = 0;
    for (uint32_t l = 0; l < layers.count; l++)
        heads += layers.heads[l];
    buffer_printf(out, "%s: %s, %" PRIu32 " layer%s, %" PRIu32 " head%s", target.name,
                  value_kind_name(target.value), layers.count, layers.count == 1 ? "" : "s", heads,
                  heads == 1 ? "" : "s");
    counts_show(out, layers.count, layers.heads);
    buffer_char(out, '\n');
    arena_free(arena);
}

static void add_refusal(Buffer *out, const RealReport *report, Session *session,
                        const Diagnostics *diags) {
    buffer_printf(out, "as a transformer over real vectors, up to length %" PRIu32 ": refused\n",
                  report->options.max_length);
    add_widths(out, session);
    begin(out, "because");
    const char *message = diagnostics_message(diags, 0);
    visible_text(out, message, strlen(message));
    buffer_printf(out, " [%s]\n", diag_code(diagnostics_id(diags, 0)));
}

/* --- JSON ------------------------------------------------------------------------------------- */

/* A line an output, as of programs over tokens. */
static void add_program_json(Buffer *out, const Graph *graph, Target target) {
    Arena *arena = arena_new(0);
    Layers layers = graph_layers(graph, target.value.as.node, arena);
    buffer_text(out, "{\"name\":");
    show_json_text(out, target.name);
    buffer_printf(out, ",\"kind\":\"sop\",\"layers\":%" PRIu32 ",\"heads_per_layer\":[",
                  layers.count);
    for (uint32_t l = 0; l < layers.count; l++)
        buffer_printf(out, "%s%" PRIu32, l ? "," : "", layers.heads[l]);
    buffer_text(out, "]}\n");
    arena_free(arena);
}

static void add_names_json(Buffer *out, const Targets *targets) {
    buffer_text(out, "{\"outputs\": [");
    for (size_t i = 0; i < targets->count; i++) {
        buffer_text(out, i ? ", " : "");
        show_json_text(out, targets->items[i].name);
    }
    buffer_text(out, "], \"kind\": \"real\"");
}

static void add_widths_json(Buffer *out, Session *session) {
    bool any = false;
    buffer_text(out, ", \"widths\": {");
    for (size_t i = 0; i < session_declared_count(session); i++) {
        if (!names_width(session, i)) continue;
        Declared declared = session_declared(session, i);
        buffer_text(out, any ? ", " : "");
        show_json_text(out, declared.width_name->bytes);
        buffer_printf(out, ": %" PRIu32, declared.type.columns);
        any = true;
    }
    buffer_char(out, '}');
}

static void add_json(Buffer *out, const RealReport *report) {
    const RealModel *model = report->model;
    buffer_printf(out,
                  ", \"model\": {\"max_length\": %" PRIu32
                  ", \"dtype\": \"%s\", \"layers\": %" PRIu32 ", \"attention_layers\": %" PRIu32
                  ", \"attention_layers_run\": %" PRIu64 ", \"heads\": [",
                  model->max_length, float_name(model->float_type, FLOAT_LONG_NAME),
                  model->layer_count, real_layers_with_heads(model), real_attention_layers(model));
    for (uint32_t l = 0; l < model->layer_count; l++)
        buffer_printf(out, "%s%" PRIu32, l ? ", " : "", model->layers[l].head_count);
    buffer_printf(out,
                  "], \"units\": %" PRIu32 ", \"width\": %" PRIu32 ", \"parameters\": %" PRIu64
                  ", \"loops\": [",
                  report->units, model->width, real_model_parameters(model));
    for (uint32_t i = 0; i < model->loop_count; i++) {
        const RealLoop *loop = &model->loops[i];
        buffer_printf(out,
                      "%s{\"first\": %" PRIu32 ", \"layers\": %" PRIu32 ", \"times\": %" PRIu32
                      ", \"until\": %s}",
                      i ? ", " : "", loop->first, loop->count, loop->times,
                      loop->has_until ? "true" : "false");
    }
    buffer_printf(out, "], \"exact\": %s, \"error\": %g, \"output_errors\": [",
                  model->exact ? "true" : "false", report->error);
    for (uint32_t o = 0; o < model->output_count; o++)
        buffer_printf(out, "%s%.17g", o ? ", " : "", model->outputs[o].error);
    buffer_text(out, "]}");
}

static void add_refusal_json(Buffer *out, const Diagnostics *diags) {
    buffer_printf(
        out, ", \"refused\": {\"id\": \"%s\", \"message\": ", diag_code(diagnostics_id(diags, 0)));
    show_json_text(out, diagnostics_message(diags, 0));
    buffer_char(out, '}');
}

/* --- the whole -------------------------------------------------------------------------------- */

static bool are_sequences(Session *session, const Targets *targets) {
    bool all = true;
    for (size_t i = 0; i < targets->count; i++) {
        if (targets->items[i].value.kind == VALUE_SOP) continue;
        diag_error(session_diagnostics(session), DIAG_NO_RESULT, (Span){0},
                   "'%s' is %s: only an s-op makes a transformer", targets->items[i].name,
                   value_kind_name(targets->items[i].value));
        all = false;
    }
    return all;
}

bool report_real(Driver *driver, Session *session, const Targets *targets,
                 const Vocabulary *vocabulary, uint32_t relu_knots) {
    if (!are_sequences(session, targets)) return false;
    bool json = option_given(&driver->options, OPT_JSON);
    Buffer *out = &driver->out;
    Arena *arena = arena_new(0);
    Diagnostics *diags = diagnostics_new(session_sources(session));
    RealReport report = {.targets = targets, .options = real_lower_options(vocabulary, relu_knots)};
    uint32_t count;
    const NodeId *nodes = target_nodes(targets, arena, &count);
    require_option(&driver->options, session, arena, &report.options);
    report.model = lower_real(arena, session_graph(session), nodes, count, &report.options, diags);
    if (report.model) count_parts(&report);
    for (size_t i = 0; i < targets->count; i++)
        (json ? add_program_json : add_program)(out, session_graph(session), targets->items[i]);
    if (json) {
        add_names_json(out, targets);
        add_widths_json(out, session);
        if (report.model)
            add_json(out, &report);
        else
            add_refusal_json(out, diags);
        buffer_text(out, "}\n");
    } else if (report.model) {
        add_text(out, &report, session);
    } else {
        add_refusal(out, &report, session, diags);
    }
    diagnostics_free(diags);
    arena_free(arena);
    return true;
}
