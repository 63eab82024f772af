/* raspc compile: one s-op as a transformer, in a file or a directory that other tools load; of a
   program over real vectors all outputs. */
#include "compiler/driver/data.h"
#include "compiler/driver/input.h"
#include "compiler/driver/native_file.h"
#include "compiler/driver/program.h"
#include "compiler/driver/real_options.h"
#include "compiler/driver/show.h"

#include "compiler/lower/lower.h"

#include "runtime/base/limits.h"
#include "runtime/export/save.h"
#include "runtime/real/real_weights.h"

#include <inttypes.h>
#include <string.h>

typedef struct Compilation {
    Driver *driver;
    Session *session;
    Diagnostics *diags;
    InputReader reader; /* of the vocabulary */
    Vocabulary vocabulary;
    Data data;       /* its params */
    Program program; /* empty where only an expression is given */
    Targets targets;
    bool real;     /* one model of all targets, over real vectors */
    Target target; /* else the only one */
    Registers registers;
    uint32_t relu_knots;
    const char *path;           /* where it goes */
    const ExportFormat *format; /* NULL: a native file */
    Arena *arena;               /* the model's and its weights' */
} Compilation;

/* --- the command line ------------------------------------------------------------------------- */

/* EXIT_DONE, or EXIT_USAGE after saying what is wrong. */
static ExitStatus choose_format(Compilation *c) {
    const char *layout = option_value(&c->driver->options, OPT_LAYOUT);
    c->path = option_value(&c->driver->options, OPT_TO);
    if (c->path == NULL || *c->path == '\0')
        return driver_usage(c->driver, "where to? (-o FILE.onnx, or -o DIRECTORY, ...)");
    c->format = export_format_of(c->path);
    if (native_path(c->path) && layout == NULL) return EXIT_DONE;
    if (option_given(&c->driver->options, OPT_CPU))
        return driver_usage(c->driver, "--cpu is for native code (-o FILE.o or FILE.so)");
    if (c->format != NULL && layout == NULL) return EXIT_DONE;
    if (c->format != NULL)
        return driver_usage(c->driver, "--layout is for directories, and '%s' is a file", c->path);
    if (export_path_is_file(c->path))
        return driver_usage(
            c->driver,
            "'%s' names no format that is known (.safetensors, .onnx, .npz, .rtm, .o, .so, .h); "
            "a directory of that name is written with a '/' behind it",
            c->path);
    c->format = export_format_find(layout == NULL ? "huggingface" : layout);
    if (c->format == NULL)
        return driver_usage(c->driver, "--layout is huggingface or transformer-lens, not '%s'",
                            layout);
    return EXIT_DONE;
}

/* EXIT_DONE, or EXIT_USAGE: what is asked of ONNX files goes with formats that have one. */
static ExitStatus check_onnx(const Compilation *c) {
    const Options *options = &c->driver->options;
    const char *attention = option_value(options, OPT_ATTENTION);
    bool graph = c->format != NULL && (strcmp(c->format->name, "onnx") == 0 ||
                                       strcmp(c->format->name, "huggingface") == 0);
    if (!graph && (attention != NULL || option_given(options, OPT_PATTERNS)))
        return driver_usage(c->driver, "--attention and --patterns are for ONNX, and '%s' has none",
                            c->path);
    if (option_given(options, OPT_UNROLL) &&
        (c->format == NULL || strcmp(c->format->name, "onnx") != 0))
        return driver_usage(c->driver, "--unroll is for ONNX, and '%s' is none", c->path);
    if (attention != NULL && strcmp(attention, "op") != 0 && strcmp(attention, "primitive") != 0)
        return driver_usage(c->driver, "--attention is primitive or op, not '%s'", attention);
    return EXIT_DONE;
}

static bool choose_target(Compilation *c) {
    if (c->targets.count != 1) {
        diag_error(c->diags, DIAG_NO_RESULT, (Span){0}, "a transformer computes one s-op, not %zu",
                   c->targets.count);
        return false;
    }
    c->target = c->targets.items[0];
    if (c->target.value.kind == VALUE_SOP) return true;
    diag_error(c->diags, DIAG_NOT_SOP, (Span){0}, "'%s' is %s: only an s-op becomes a transformer",
               c->target.name, value_kind_name(c->target.value));
    return false;
}

/* All of them have to be s-ops. */
static bool check_targets(Compilation *c) {
    bool all = true;
    for (size_t i = 0; i < c->targets.count; i++) {
        const Target *target = &c->targets.items[i];
        if (target->value.kind == VALUE_SOP) continue;
        diag_error(c->diags, DIAG_NOT_SOP, (Span){0},
                   "'%s' is %s: only an s-op becomes a transformer", target->name,
                   value_kind_name(target->value));
        all = false;
    }
    return all;
}

static bool choose_targets(Compilation *c) {
    const Options *options = &c->driver->options;
    if (!program_targets(c->session, options, &c->targets) ||
        !options_fit(options, c->session, &c->targets))
        return false;
    uint32_t count;
    const NodeId *nodes = target_nodes(&c->targets, c->arena, &count);
    c->real =
        outputs_are_real(session_graph(c->session), nodes, count, session_has_inputs(c->session));
    return c->real ? check_targets(c) : choose_target(c);
}

/* Also makes the session. */
static bool read_program(Compilation *c) {
    bool ready = data_program(&c->data, &c->driver->options, &c->program, &c->session);
    c->diags = session_diagnostics(c->session);
    c->reader =
        (InputReader){.arena = c->arena, .sources = session_sources(c->session), .diags = c->diags};
    return ready;
}

static bool read_all(Compilation *c) {
    bool ready = read_program(c);
    if (ready) ready = choose_targets(c);
    return vocabulary_argument(&c->reader, vocabulary_text(&c->driver->options), &c->vocabulary) &&
           ready;
}

/* --- the model -------------------------------------------------------------------------------- */

static Span target_span(const Compilation *c) {
    return graph_node(session_graph(c->session), c->target.value.as.node)->span;
}

/* NULL after reporting. */
static Model *lower_target(const Compilation *c) {
    LowerOptions options =
        lower_options(&c->vocabulary, option_given(&c->driver->options, OPT_CAUSAL), c->registers);
    Model *model =
        lower(c->arena, session_graph(c->session), c->target.value.as.node, &options, c->diags);
    if (model != NULL) model->readout.name = string_from(c->arena, c->target.name);
    return model;
}

/* Without its weights. False after reporting. */
static bool make_model(const Compilation *c, Export *out) {
    Model *model = lower_target(c);
    if (model == NULL) return false;
    const char *expression = option_value(&c->driver->options, OPT_EXPR);
    const char *attention = option_value(&c->driver->options, OPT_ATTENTION);
    bool program = c->program.name != NULL;
    *out = (Export){.model = model,
                    .program_name = program ? c->program.name : "<expr>",
                    .source = program ? c->program.text.data : expression,
                    .source_len = program ? c->program.text.len : strlen(expression),
                    .attention_operator = attention != NULL && strcmp(attention, "op") == 0,
                    .patterns = option_given(&c->driver->options, OPT_PATTERNS),
                    .arena = c->arena};
    return true;
}

/* hist.onnx: 1 layer, 1 head, width 12, 340 parameters */
static void tell_counts(Compilation *c, uint32_t layers, uint32_t heads, uint32_t width,
                        uint64_t parameters) {
    Buffer *out = &c->driver->out;
    if (option_given(&c->driver->options, OPT_JSON)) {
        buffer_text(out, "{\"file\": ");
        show_json_text(out, c->path);
        buffer_printf(
            out, ", \"layers\": %u, \"heads\": %u, \"width\": %u, \"parameters\": %" PRIu64 "}\n",
            layers, heads, width, parameters);
        return;
    }
    buffer_printf(out, "%s: %u layer%s, %u head%s, width %u, %" PRIu64 " parameters\n", c->path,
                  layers, layers == 1 ? "" : "s", heads, heads == 1 ? "" : "s", width, parameters);
}

static void tell(Compilation *c, const Model *model) {
    uint32_t heads = 0;
    for (uint32_t l = 0; l < model->layer_count; l++)
        heads += model->layers[l].head_count;
    tell_counts(c, model->layer_count, heads, model->width, model_parameters(model));
}

/* A loop's layers count once. */
static void tell_real(Compilation *c, const RealModel *model) {
    uint32_t heads = 0;
    for (uint32_t l = 0; l < model->layer_count; l++)
        heads += model->layers[l].head_count;
    tell_counts(c, model->layer_count, heads, model->width, real_model_parameters(model));
    if (option_given(&c->driver->options, OPT_JSON)) return;
    for (uint32_t o = 0; o < model->output_count; o++) {
        if (model->outputs[o].error == 0) continue;
        buffer_printf(&c->driver->out, "  '%s' is within ", model->outputs[o].name->bytes);
        show_bound(&c->driver->out, model->outputs[o].error);
        buffer_text(&c->driver->out, " of the program's\n");
    }
}

static bool compile_native(Compilation *c) {
    const Model *model = lower_target(c);
    bool written =
        model != NULL && native_write(c->path, model, option_value(&c->driver->options, OPT_CPU),
                                      target_span(c), c->diags);
    if (written) tell(c, model);
    return written;
}

/* --- over real vectors ------------------------------------------------------------------------ */

/* Of the first output. */
static Span outputs_span(const Compilation *c) {
    return graph_node(session_graph(c->session), c->targets.items[0].value.as.node)->span;
}

/* NULL after reporting. */
static RealModel *lower_targets(const Compilation *c) {
    RealLowerOptions options = real_lower_options(&c->vocabulary, c->relu_knots);
    uint32_t count;
    const NodeId *nodes = target_nodes(&c->targets, c->arena, &count);
    require_option(&c->driver->options, c->session, c->arena, &options);
    /* Files are float32 unless someone says otherwise. */
    options.float_type = vocabulary_float(&c->vocabulary, FLOAT_32);
    RealModel *model =
        lower_real(c->arena, session_graph(c->session), nodes, count, &options, c->diags);
    if (model == NULL) return NULL;
    RealOutput *outputs = ARENA_ARRAY(c->arena, RealOutput, count);
    for (uint32_t i = 0; i < count; i++) {
        outputs[i] = model->outputs[i];
        outputs[i].name = string_from(c->arena, c->targets.items[i].name);
    }
    model->outputs = outputs;
    return model;
}

static bool compile_real(Compilation *c) {
    const Options *given = &c->driver->options;
    if (!export_holds_real(c->format, outputs_span(c), c->diags)) return false;
    const RealModel *model = lower_targets(c);
    if (model == NULL) return false;
    bool program = c->program.name != NULL;
    const char *expression = option_value(given, OPT_EXPR);
    RealExport export = {.model = model,
                         .program_name = program ? c->program.name : "<expr>",
                         .source = program ? c->program.text.data : expression,
                         .source_len = program ? c->program.text.len : strlen(expression),
                         .unroll = option_given(given, OPT_UNROLL),
                         .span = outputs_span(c),
                         .arena = c->arena};
    bool written = export_save_real(&export, c->format, c->path, c->diags);
    if (written) tell_real(c, model);
    return written;
}

/* --- the whole -------------------------------------------------------------------------------- */

static bool compile(Compilation *c) {
    Export export;
    if (!read_all(c)) return false;
    if (c->real) return compile_real(c);
    if (c->format == NULL) return compile_native(c);
    if (!make_model(c, &export)) return false;
    bool written = export_save(&export, c->format, c->path, target_span(c), c->diags);
    if (written) tell(c, export.model);
    return written;
}

ExitStatus cmd_compile(Driver *driver) {
    const Options *options = &driver->options;
    Compilation c = {.driver = driver};
    if (options->operand_count > 1) return driver_usage(driver, "one program at a time");
    if (options->operand_count == 0 && !option_given(options, OPT_EXPR))
        return driver_usage(driver, "which program? (or an expression, with -e)");
    ExitStatus status = choose_format(&c);
    if (status == EXIT_DONE) status = check_onnx(&c);
    if (status != EXIT_DONE) return status;
    if (!registers_option(driver, &c.registers)) return EXIT_USAGE;
    if (!relus_option(driver, &c.relu_knots)) return EXIT_USAGE;
    data_open(&c.data, options);
    c.arena = arena_new(0);
    bool done = compile(&c);
    driver_show(driver, c.data.diags);
    driver_show(driver, c.diags);
    program_free(&c.program);
    input_reader_free(&c.reader);
    session_free(c.session);
    arena_free(c.arena);
    data_close(&c.data);
    return done ? EXIT_DONE : EXIT_WRONG;
}
