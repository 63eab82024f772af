/* Names that s-ops without a name of their own show in lists. */
#include "compiler/driver/repl.h"

#include <string.h>

enum { LONGEST_NAME = 30, DEEPEST_NAME = 8 };

/* How an operation is written: before its operand or between its two; NULL: not spelt out. */
static const char *operation_text(GraphOp op) {
    switch (op) {
    case OP_NEG:
    case OP_SUB: return "-";
    case OP_POS:
    case OP_ADD: return "+";
    case OP_ROUND: return "round";
    case OP_NOT: return "not";
    case OP_MUL: return "*";
    case OP_DIV: return "/";
    case OP_MOD: return "%";
    case OP_POW: return "^";
    case OP_EQ: return "==";
    case OP_LT: return "<";
    case OP_LE: return "<=";
    case OP_GT: return ">";
    case OP_GE: return ">=";
    default: return NULL;
    }
}

/* False when it would be longer than LONGEST_NAME. */
static bool derive(const Graph *graph, NodeId id, int level, Buffer *out) {
    const Node *node = graph_node(graph, id);
    const String *own = graph_name_of(graph, id);
    const char *text = operation_text(node->op);
    if (own != NULL) {
        buffer_add(out, own->bytes, own->len);
    } else if (node->op == OP_CONST) {
        atom_format_str(out, node->atom);
    } else if (text != NULL && level < DEEPEST_NAME) {
        bool unary = node->args[1] == NO_NODE;
        buffer_text(out, "( ");
        if (!unary && !derive(graph, node->args[0], level + 1, out)) return false;
        buffer_printf(out, "%s%s ", unary ? "" : " ", text);
        if (!derive(graph, node->args[unary ? 0 : 1], level + 1, out)) return false;
        buffer_text(out, " )");
    } else {
        return false;
    }
    return out->len <= LONGEST_NAME;
}

void repl_node_name(const Graph *graph, NodeId node, Buffer *out) {
    const String *own = graph_name_of(graph, node);
    Buffer derived = {0};
    if (own != NULL)
        buffer_add(out, own->bytes, own->len);
    else if (derive(graph, node, 0, &derived))
        buffer_add(out, derived.data, derived.len);
    else
        buffer_text(out, graph_node(graph, node)->type == TYPE_SELECTOR ? "plain select" : "s-op");
    buffer_free(&derived);
}
