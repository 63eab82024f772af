/* raspc report: what a program's outputs need of a transformer: attention layers and heads as the
   graph's depth gives them (language I.7), and how many operations of each kind. */
#include "compiler/driver/program.h"
#include "compiler/driver/show.h"

/* The numbers of one output. */
typedef struct Need {
    Layers layers;
    uint32_t heads; /* in all layers */
    uint32_t operations[OPKIND_ATTENTION + 1];
} Need;

static Need need_of(const Graph *graph, NodeId root, Arena *arena) {
    Need need = {.layers = graph_layers(graph, root, arena)};
    for (uint32_t i = 0; i < need.layers.count; i++) need.heads += need.layers.heads[i];
    const uint8_t *needed = graph_needed(graph, root, arena);
    for (NodeId id = 0; id < graph->count; id++) {
        if (needed[id]) need.operations[op_info(graph_node(graph, id)->op)->kind]++;
    }
    return need;
}

static void show_text(Buffer *out, const char *name, Value value, Need need) {
    const uint32_t *operations = need.operations;
    buffer_printf(out, "%s: %s\n", name, value_kind_name(value));
    buffer_printf(out, "  layers      %u\n  heads       %u", need.layers.count, need.heads);
    for (uint32_t i = 0; i < need.layers.count; i++) {
        buffer_printf(out, "%s%u", i == 0 ? " (" : ", ", need.layers.heads[i]);
    }
    buffer_text(out, need.layers.count == 0 ? "\n" : ")\n");
    buffer_printf(out, "  operations  input %u, element-wise %u, selector %u, attention %u\n",
                  operations[OPKIND_INPUT], operations[OPKIND_ELEMENT],
                  operations[OPKIND_SELECTOR], operations[OPKIND_ATTENTION]);
}

static void show_json(Buffer *out, const char *name, Value value, Need need) {
    const uint32_t *operations = need.operations;
    buffer_printf(out, "{\"name\": \"%s\", \"kind\": \"%s\", \"layers\": %u, \"heads_per_layer\": [",
                  name, value.kind == VALUE_SOP ? "sop" : "selector", need.layers.count);
    for (uint32_t i = 0; i < need.layers.count; i++) {
        buffer_printf(out, "%s%u", i == 0 ? "" : ", ", need.layers.heads[i]);
    }
    buffer_printf(out,
                  "], \"heads\": %u, \"operations\": {\"input\": %u, \"element\": %u, "
                  "\"selector\": %u, \"attention\": %u}}\n",
                  need.heads, operations[OPKIND_INPUT], operations[OPKIND_ELEMENT],
                  operations[OPKIND_SELECTOR], operations[OPKIND_ATTENTION]);
}

static bool report(Driver *driver, Session *session, const char *path) {
    Targets targets;
    bool read = path == NULL || program_read(session, path);
    if (!read || !program_targets(session, &driver->options, &targets)) return false;
    bool all = true;
    for (size_t i = 0; i < targets.count; i++) {
        Target target = targets.items[i];
        if (!target_is_node(target)) {
            diag_error(session_diagnostics(session), DIAG_NO_RESULT, (Span){0},
                       "'%s' is %s: only s-ops and selectors need a transformer", target.name,
                       value_kind_name(target.value));
            all = false;
            continue;
        }
        Arena *arena = arena_new(0);
        Need need = need_of(session_graph(session), target.value.as.node, arena);
        bool json = option_given(&driver->options, OPT_JSON);
        (json ? show_json : show_text)(&driver->out, target.name, target.value, need);
        arena_free(arena);
    }
    return all;
}

ExitStatus cmd_report(Driver *driver) {
    const Options *options = &driver->options;
    if (options->operand_count > 1) return driver_usage(driver, "one program at a time");
    if (options->operand_count == 0 && !option_given(options, OPT_EXPR)) {
        return driver_usage(driver, "which program? (or an expression, with -e)");
    }
    Session *session = program_session(NULL, NULL);
    bool done = report(driver, session, options->operand_count == 0 ? NULL : options->operands[0]);
    driver_show(driver, session_diagnostics(session));
    session_free(session);
    return done ? EXIT_DONE : EXIT_WRONG;
}
