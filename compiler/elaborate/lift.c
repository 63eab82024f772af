/* From compile-time values to nodes of the graph. */
#include "compiler/elaborate/internal.h"

#include "runtime/base/limits.h"

void report_full(Session *session, Span span) {
    if (!session->stopped)
        report(session, DIAG_LIMIT_GRAPH, span, "the program unrolls to more than %d nodes",
               LIMIT_GRAPH_NODES);
    session->stopped = true;
}

NodeId node_const(Session *session, Atom atom, Span span) {
    NodeId node = graph_const(session->graph, atom, span);
    if (node == NO_NODE) report_full(session, span);
    return node;
}

NodeId lift(Session *session, Value value, Span span, const char *what) {
    if (value.kind == VALUE_SOP) return value.as.node;
    if (value.kind == VALUE_ATOM) return node_const(session, value.as.atom, span);
    if (value.kind == VALUE_ERROR) return NO_NODE;
    Diagnostic *diag =
        report(session, DIAG_NOT_SOP, span, "%s must be an s-op or an atom, not %s %s", what,
               value_kind_name(value), show(session, value));
    if (value.kind == VALUE_SEQUENCE)
        diag_help(diag, "this is the result of applying an s-op to one input; leave out the input "
                        "to keep the s-op");
    return NO_NODE;
}

Shape node_shape(const Session *session, NodeId node) {
    const Node *at = graph_node(session->graph, node);
    return (Shape){at->type, at->width};
}

bool is_vector_sop(const Session *session, Value value) {
    return value.kind == VALUE_SOP && node_shape(session, value.as.node).types == TYPE_VECTOR;
}

NodeId lift_vector(Session *session, Value value, Span span, const char *what) {
    DeclaredType type = {.atoms = TYPE_FLOAT, .dimensions = 1, .rows = 1};
    Value numbers;
    if (value.kind != VALUE_LIST) return lift(session, value, span, what);
    type.columns = value.as.list->count;
    if (!declared_value(session, type, value, &numbers)) return lift(session, value, span, what);
    Atom *atoms = ARENA_ARRAY(session->arena, Atom, type.columns);
    for (uint32_t i = 0; i < type.columns; i++)
        atoms[i] = numbers.as.list->items[i].as.atom;
    Table *table = ARENA_NEW(session->arena, Table);
    *table = (Table){.count = type.columns, .values = atoms};
    NodeSpec spec = {
        .op = OP_VECTOR, .args = {NO_NODE, NO_NODE, NO_NODE}, .table = table, .span = span};
    Value vector = node_value(session, &spec);
    return vector.kind == VALUE_ERROR ? NO_NODE : vector.as.node;
}

static ValueKind kind_of_node(TypeSet type) {
    switch (type) {
    case TYPE_SELECTOR: return VALUE_SELECTOR;
    case TYPE_SCORE: return VALUE_SCORE;
    case TYPE_PATTERN: return VALUE_PATTERN;
    default: return VALUE_SOP;
    }
}

static bool reads_text(const Session *session, const NodeSpec *spec) {
    for (int i = 0; i < op_info(spec->op)->arity; i++)
        if (graph_node(session->graph, spec->args[i])->op == OP_TOKENS_STR) return true;
    return false;
}

Value node_value(Session *session, const NodeSpec *spec) {
    Buffer why = {0};
    NodeSpec placed = *spec;
    placed.span = node_span(session, spec->span);
    NodeId node = graph_add(session->graph, &placed, &why);
    Value value = value_error();
    if (node != NO_NODE) {
        TypeSet type = graph_node(session->graph, node)->type;
        value = (Value){.kind = kind_of_node(type), .as.node = node};
    } else if (session->graph->count >= LIMIT_GRAPH_NODES) {
        report_full(session, spec->span);
    } else {
        Diagnostic *diag = report(session, DIAG_TYPE, spec->span, "%s", why.data);
        if (reads_text(session, spec))
            diag_help(diag,
                      "'tokens' reads the input as text; 'tokens_int' and 'tokens_float' read "
                      "numbers");
    }
    buffer_free(&why);
    return value;
}

Value node1(Session *session, GraphOp op, NodeId a, Span span) {
    if (a == NO_NODE) return value_error();
    NodeSpec spec = {.op = op, .args = {a, NO_NODE, NO_NODE}, .span = span};
    return node_value(session, &spec);
}

Value node2(Session *session, GraphOp op, NodeId a, NodeId b, Span span) {
    if (a == NO_NODE || b == NO_NODE) return value_error();
    NodeSpec spec = {.op = op, .args = {a, b, NO_NODE}, .span = span};
    return node_value(session, &spec);
}

Value node_aggregate(Session *session, NodeId selector, NodeId value, Atom otherwise, Span span) {
    if (selector == NO_NODE || value == NO_NODE) return value_error();
    NodeSpec spec = {
        .op = OP_AGGREGATE, .args = {selector, value, NO_NODE}, .atom = otherwise, .span = span};
    return node_value(session, &spec);
}

Value full_selector(Session *session, Span span) {
    NodeId one = node_const(session, atom_int(1), span);
    return node2(session, OP_SELECT_EQ, one, one, span);
}
