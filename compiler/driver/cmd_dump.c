/* raspc dump: a program's forms as text: the tree as it was written, the graph as it is meant. What
   it prints it also reads back: --from, or a file's name that ends in .tree or .graph, says so. */
#include "compiler/driver/program.h"

#include "runtime/base/bug.h"

#include <string.h>

typedef enum Form { FORM_PROGRAM, FORM_TREE, FORM_GRAPH } Form;

typedef struct Dump {
    Driver *driver;
    Session *session;
    Form from, to;
    Program text;
} Dump;

static bool ends_in(const char *path, const char *end) {
    size_t len = strlen(path), end_len = strlen(end);
    return len > end_len && strcmp(path + len - end_len, end) == 0;
}

/* False: --from is none of the three. */
static bool read_form(const Options *options, const char *path, Form *out) {
    const char *from = option_value(options, OPT_FROM);
    *out = ends_in(path, ".tree") ? FORM_TREE : ends_in(path, ".graph") ? FORM_GRAPH : FORM_PROGRAM;
    if (from == NULL) return true;
    *out = FORM_PROGRAM;
    if (strcmp(from, "program") == 0) return true;
    *out = strcmp(from, "tree") == 0 ? FORM_TREE : FORM_GRAPH;
    return *out == FORM_TREE || strcmp(from, "graph") == 0;
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
        if (target_is_node(target)) {
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
    if (graph != NULL && !graph_verify(graph, &why)) BUG("a graph read back is wrong: %s", why.data);
    buffer_free(&why);
    if (graph != NULL) graph_print(graph, &dump->driver->out);
    return graph != NULL;
}

static bool dump_graph(const Dump *dump) {
    if (dump->from == FORM_GRAPH) return graph_from_text(dump);
    Tree *tree = read_tree(dump);
    if (tree == NULL || !session_run(dump->session, tree, NULL)) return false;
    const Graph *graph = session_graph(dump->session);
    if (option_given(&dump->driver->options, OPT_NAME)) return print_outputs(dump, graph);
    graph_print(graph, &dump->driver->out);
    return true;
}

static bool dump_tree(const Dump *dump) {
    Tree *tree = read_tree(dump);
    if (tree != NULL) tree_print(tree, &dump->driver->out);
    return tree != NULL;
}

ExitStatus cmd_dump(Driver *driver) {
    const Options *options = &driver->options;
    bool to_tree = option_given(options, OPT_TREE), to_graph = option_given(options, OPT_GRAPH);
    Dump dump = {.driver = driver, .to = to_tree ? FORM_TREE : FORM_GRAPH};
    if (options->operand_count != 1) return driver_usage(driver, "which program? (just one)");
    if (to_tree == to_graph) return driver_usage(driver, "which form? --tree or --graph");
    if (!read_form(options, options->operands[0], &dump.from)) {
        return driver_usage(driver, "--from is program, tree or graph");
    }
    if (dump.from > dump.to) return driver_usage(driver, "a graph can't be turned back into a tree");
    if (option_given(options, OPT_NAME) && (to_tree || dump.from == FORM_GRAPH)) {
        return driver_usage(driver, "-o names a part of a program's graph");
    }
    dump.session = program_session(NULL, NULL);
    Diagnostics *diags = session_diagnostics(dump.session);
    bool done = program_fetch(options->operands[0], diags, &dump.text) &&
                (to_tree ? dump_tree(&dump) : dump_graph(&dump));
    driver_show(driver, diags);
    program_free(&dump.text);
    session_free(dump.session);
    return done ? EXIT_DONE : EXIT_WRONG;
}
