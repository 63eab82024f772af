/* raspc dump: a program's forms as text: the tree as it was written, the graph as it is meant, the
   model that computes it. What it prints it also reads back: --from, or a file's name that ends in
   .tree, .graph, .model or .rtm, says so. */
#include "compiler/driver/data.h"
#include "compiler/driver/input.h"
#include "compiler/driver/program.h"
#include "compiler/driver/real_options.h"

#include "runtime/base/bug.h"

#include <string.h>

typedef enum Form { FORM_PROGRAM, FORM_TREE, FORM_GRAPH, FORM_MODEL } Form;
static const char *const form_names[] = {"program", "tree", "graph", "model"};

typedef struct Dump {
    Driver *driver;
    Data data; /* the program's params */
    Session *session;
    Form from, to;
    Registers registers;
    uint32_t relu_knots;
    Program text;
} Dump;

static bool ends_in(const char *path, const char *end) {
    size_t len = strlen(path), end_len = strlen(end);
    return len > end_len && strcmp(path + len - end_len, end) == 0;
}

/* False: --from is none of the four. */
static bool read_form(const Options *options, const char *path, Form *out) {
    const char *from = option_value(options, OPT_FROM);
    *out = ends_in(path, ".tree")                             ? FORM_TREE
           : ends_in(path, ".graph")                          ? FORM_GRAPH
           : ends_in(path, ".model") || ends_in(path, ".rtm") ? FORM_MODEL
                                                              : FORM_PROGRAM;
    if (from == NULL) return true;
    for (*out = FORM_PROGRAM; *out <= FORM_MODEL; (*out)++) {
        if (strcmp(from, form_names[*out]) == 0) return true;
    }
    return false;
}

static uint32_t add_source(const Dump *dump) {
    return sources_add(session_sources(dump->session), dump->text.name, dump->text.text.data,
                       dump->text.text.len);
}

/* NULL after reporting. */
static Tree *read_tree(const Dump *dump) {
    Sources *sources = session_sources(dump->session);
    Diagnostics *diags = session_diagnostics(dump->session);
    Arena *arena = session_arena(dump->session);
    uint32_t file = add_source(dump);
    if (dump->from == FORM_TREE) return tree_parse(arena, sources, file, diags);
    size_t errors = diagnostics_errors(diags);
    Tree *tree = parse_program(arena, sources, file, diags);
    return diagnostics_errors(diags) == errors ? tree : NULL;
}

/* The parts that -o asks for. */
static bool print_outputs(const Dump *dump, const Graph *graph) {
    Targets targets;
    if (!program_targets(dump->session, &dump->driver->options, &targets)) return false;
    bool all = true;
    for (size_t i = 0; i < targets.count; i++) {
        Target target = targets.items[i];
        if (value_is_node(target.value)) {
            graph_print_node(graph, target.value.as.node, &dump->driver->out);
            continue;
        }
        diag_error(session_diagnostics(dump->session), DIAG_NO_RESULT, (Span){0},
                   "'%s' is %s: it has no node of the graph", target.name,
                   value_kind_name(target.value));
        all = false;
    }
    return all;
}

/* A graph read back is checked as one that was made: the verifier is its fourth door. */
static bool graph_from_text(const Dump *dump) {
    Diagnostics *diags = session_diagnostics(dump->session);
    Graph *graph = graph_parse(session_arena(dump->session), session_sources(dump->session),
                               add_source(dump), diags);
    Buffer why = {0};
    if (graph != NULL && !graph_verify(graph, &why))
        BUG("a graph read back is wrong: %s", why.data);
    buffer_free(&why);
    if (graph != NULL) graph_print(graph, &dump->driver->out);
    return graph != NULL;
}

static bool dump_graph(const Dump *dump) {
    if (dump->from == FORM_GRAPH) return graph_from_text(dump);
    const Graph *graph = session_graph(dump->session);
    if (option_given(&dump->driver->options, OPT_NAME)) return print_outputs(dump, graph);
    graph_print(graph, &dump->driver->out);
    return true;
}

/* --- the model -------------------------------------------------------------------------------- */

static bool model_from_text(const Dump *dump) {
    Arena *arena = session_arena(dump->session);
    Sources *sources = session_sources(dump->session);
    Diagnostics *diags = session_diagnostics(dump->session);
    uint32_t file = add_source(dump);
    if (real_model_is_text(sources, file)) {
        RealModel *real = real_model_parse(arena, sources, file, diags);
        if (real != NULL) real_model_print(real, &dump->driver->out);
        return real != NULL;
    }
    Model *model = model_parse(arena, sources, file, diags);
    if (model != NULL) model_print(model, &dump->driver->out);
    return model != NULL;
}

/* One model for all that is asked for; nodes: their s-ops. */
static bool print_real_model(const Dump *dump, const NodeId *nodes, uint32_t count,
                             const Vocabulary *vocabulary) {
    Arena *arena = arena_new(0);
    RealLowerOptions options = real_lower_options(vocabulary, dump->relu_knots);
    require_option(&dump->driver->options, dump->session, arena, &options);
    const RealModel *model = lower_real(arena, session_graph(dump->session), nodes, count, &options,
                                        session_diagnostics(dump->session));
    if (model != NULL) real_model_print(model, &dump->driver->out);
    arena_free(arena);
    return model != NULL;
}

static bool print_model(const Dump *dump, Target target, const Vocabulary *vocabulary) {
    Diagnostics *diags = session_diagnostics(dump->session);
    if (target.value.kind != VALUE_SOP) {
        diag_error(diags, DIAG_NO_RESULT, (Span){0}, "'%s' is %s: only an s-op makes a transformer",
                   target.name, value_kind_name(target.value));
        return false;
    }
    LowerOptions options = lower_options(
        vocabulary, option_given(&dump->driver->options, OPT_CAUSAL), dump->registers);
    Arena *arena = arena_new(0);
    Model *model =
        lower(arena, session_graph(dump->session), target.value.as.node, &options, diags);
    if (model != NULL) model_print(model, &dump->driver->out);
    arena_free(arena);
    return model != NULL;
}

/* A model for each output asked for. */
static bool dump_model(const Dump *dump) {
    if (dump->from == FORM_MODEL) return model_from_text(dump);
    const Options *options = &dump->driver->options;
    Targets targets;
    if (!program_targets(dump->session, options, &targets) ||
        !options_fit(options, dump->session, &targets))
        return false;
    InputReader reader = {.arena = arena_new(0),
                          .sources = session_sources(dump->session),
                          .diags = session_diagnostics(dump->session)};
    Vocabulary vocabulary;
    bool all = vocabulary_argument(&reader, vocabulary_text(options), &vocabulary);
    uint32_t count;
    const NodeId *nodes = target_nodes(&targets, reader.arena, &count);
    if (all && outputs_are_real(session_graph(dump->session), nodes, count,
                                session_has_inputs(dump->session)))
        all = print_real_model(dump, nodes, count, &vocabulary);
    else
        for (size_t i = 0; all && i < targets.count; i++)
            all = print_model(dump, targets.items[i], &vocabulary);
    input_reader_free(&reader);
    arena_free(reader.arena);
    return all;
}

static bool dump_tree(const Dump *dump) {
    Tree *tree = read_tree(dump);
    if (tree != NULL) tree_print(tree, &dump->driver->out);
    return tree != NULL;
}

/* False: not exactly one of the three is asked for. */
static bool wanted_form(const Options *options, Form *out) {
    static const OptionId ids[] = {OPT_TREE, OPT_GRAPH, OPT_MODEL};
    int wanted = 0;
    for (int i = 0; i < 3; i++) {
        if (!option_given(options, ids[i])) continue;
        *out = (Form)(FORM_TREE + i);
        wanted++;
    }
    return wanted == 1;
}

/* What says how a model is made does nothing where none is. */
static bool asks_no_model(const Driver *driver) {
    static const OptionId of_models[] = {OPT_VOCAB,     OPT_MAX_LEN,   OPT_DTYPE, OPT_CAUSAL,
                                         OPT_REGISTERS, OPT_RELU_ONLY, OPT_KNOTS, OPT_REQUIRE};
    for (size_t i = 0; i < sizeof of_models / sizeof of_models[0]; i++) {
        if (!option_given(&driver->options, of_models[i])) continue;
        driver_usage(driver, "--%s is for the model of a program", option_info(of_models[i])->name);
        return false;
    }
    return true;
}

ExitStatus cmd_dump(Driver *driver) {
    const Options *options = &driver->options;
    Dump dump = {.driver = driver};
    if (options->operand_count != 1) return driver_usage(driver, "which program? (just one)");
    if (!wanted_form(options, &dump.to))
        return driver_usage(driver, "which form? --tree, --graph or --model");
    if (!read_form(options, options->operands[0], &dump.from)) {
        return driver_usage(driver, "--from is program, tree, graph or model");
    }
    if (dump.from > dump.to) {
        return driver_usage(driver, "a %s can't be turned back into a %s", form_names[dump.from],
                            form_names[dump.to]);
    }
    if (dump.from == FORM_GRAPH && dump.to == FORM_MODEL)
        return driver_usage(driver, "a model is made from a program, or read back from its text");
    if (option_given(options, OPT_NAME) && (dump.to == FORM_TREE || dump.from >= FORM_GRAPH)) {
        return driver_usage(driver, "-o names a part of a program's graph");
    }
    bool elaborates = dump.from <= FORM_TREE && dump.to >= FORM_GRAPH;
    if (option_given(options, OPT_PARAM) && !elaborates)
        return driver_usage(driver, "--param is for the graph or the model of a program");
    if (!(elaborates && dump.to == FORM_MODEL) && !asks_no_model(driver)) return EXIT_USAGE;
    if (!registers_option(driver, &dump.registers)) return EXIT_USAGE;
    if (!relus_option(driver, &dump.relu_knots)) return EXIT_USAGE;
    data_open(&dump.data, options);
    bool done = program_fetch(options->operands[0], dump.data.diags, &dump.text);
    dump.text.is_tree = dump.from == FORM_TREE;
    if (done && elaborates)
        done = data_session(&dump.data, options, &dump.text, &dump.session);
    else
        dump.session = program_session(NULL, NULL);
    if (done && dump.to == FORM_TREE)
        done = dump_tree(&dump);
    else if (done && dump.to == FORM_GRAPH)
        done = dump_graph(&dump);
    else if (done)
        done = dump_model(&dump);
    driver_show(driver, dump.data.diags);
    driver_show(driver, session_diagnostics(dump.session));
    program_free(&dump.text);
    session_free(dump.session);
    data_close(&dump.data);
    return done ? EXIT_DONE : EXIT_WRONG;
}
