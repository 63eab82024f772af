/* Formulas: nodes as RASP-like text of a bounded length. */
#include "runtime/graph/formula.h"

#include "runtime/base/bug.h"

#include <string.h>

enum { DEEPEST = 64, MOST_ITEMS = 6 };

/* How tight a form binds (language I.2): 1 binds tightest. */
enum { PRIMARY = 1, UNARY = 2, POWER, PRODUCT, REMAINDER, SUM, COMPARISON, JUNCTION, CHOICE, IN };

typedef struct FormulaShape {
    const char *symbol; /* or the function's name */
    uint8_t level;
} FormulaShape;

static const FormulaShape shapes[OP_COUNT] = {
    [OP_TOKENS_STR] = {"tokens", PRIMARY},
    [OP_TOKENS_INT] = {"tokens_int", PRIMARY},
    [OP_TOKENS_FLOAT] = {"tokens_float", PRIMARY},
    [OP_TOKENS_BOOL] = {"tokens_bool", PRIMARY},
    [OP_TOKENS_ASIS] = {"tokens_asis", PRIMARY},
    [OP_INDICES] = {"indices", PRIMARY},
    [OP_CONST] = {"", PRIMARY},
    [OP_NEG] = {"-", UNARY},
    [OP_POS] = {"+", UNARY},
    [OP_ROUND] = {"round", PRIMARY},
    [OP_NOT] = {"not ", UNARY},
    [OP_INDICATOR] = {"indicator", PRIMARY},
    [OP_ADD] = {"+", SUM},
    [OP_SUB] = {"-", SUM},
    [OP_MUL] = {"*", PRODUCT},
    [OP_DIV] = {"/", PRODUCT},
    [OP_MOD] = {"%", REMAINDER},
    [OP_POW] = {"^", POWER},
    [OP_EQ] = {"==", COMPARISON},
    [OP_LT] = {"<", COMPARISON},
    [OP_LE] = {"<=", COMPARISON},
    [OP_GT] = {">", COMPARISON},
    [OP_GE] = {">=", COMPARISON},
    [OP_AND] = {"and", JUNCTION},
    [OP_OR] = {"or", JUNCTION},
    [OP_CHOOSE] = {"", CHOICE},
    [OP_MEMBER] = {"", IN},
    [OP_LOOKUP] = {"", PRIMARY},
    [OP_ITEM] = {"", PRIMARY},
    [OP_SELECT_EQ] = {"==", COMPARISON},
    [OP_SELECT_NE] = {"!=", COMPARISON},
    [OP_SELECT_LT] = {"<", COMPARISON},
    [OP_SELECT_LE] = {"<=", COMPARISON},
    [OP_SELECT_GT] = {">", COMPARISON},
    [OP_SELECT_GE] = {">=", COMPARISON},
    [OP_SEL_AND] = {"and", JUNCTION},
    [OP_SEL_OR] = {"or", JUNCTION},
    [OP_SEL_NOT] = {"not ", UNARY},
    [OP_AGGREGATE] = {"aggregate", PRIMARY},
    [OP_WIDTH] = {"selector_width", PRIMARY},
    /* part II: what is not here is written as name(a, b), by its operation's name */
    [OP_SCORE_ADD] = {"+", PRIMARY},
    [OP_SCORE_SUB] = {"-", PRIMARY},
    [OP_SCORE_MUL] = {"*", PRIMARY},
    [OP_SCORES_ADD] = {"+", SUM},
    [OP_SCORES_SUB] = {"-", SUM},
    [OP_SCORES_NEG] = {"-", UNARY},
    [OP_SCORES_TIMES] = {"*", PRODUCT},
    [OP_SCORES_OVER] = {"/", PRODUCT},
};

typedef struct Writer {
    const Graph *graph;
    FormulaStyle style;
    Buffer *out;
    size_t most_bytes; /* of out; writing stops soon behind it */
    uint32_t depth;
} Writer;

static bool is_full(const Writer *writer) { return writer->out->len > writer->most_bytes; }

static void write_atom(Writer *writer, Atom atom) {
    size_t left = is_full(writer) ? 0 : writer->most_bytes - writer->out->len;
    if (atom.kind == ATOM_STRING && atom.as.string->len > left) {
        buffer_char(writer->out, '"');
        buffer_add(writer->out, atom.as.string->bytes, left);
    } else {
        atom_format_source(writer->out, atom);
    }
}

static void write_table(Writer *writer, const Node *node) {
    const Table *table = node->table;
    bool dict = node->op == OP_LOOKUP;
    const Atom *items = node->op == OP_ITEM ? table->values : table->keys;
    buffer_char(writer->out, dict ? '{' : '[');
    for (uint32_t i = 0; i < table->count && !is_full(writer); i++) {
        if (i > 0) buffer_text(writer->out, ", ");
        if (i == MOST_ITEMS) {
            buffer_text(writer->out, "…");
            break;
        }
        write_atom(writer, items[i]);
        if (!dict) continue;
        buffer_text(writer->out, ": ");
        write_atom(writer, table->values[i]);
    }
    buffer_char(writer->out, dict ? '}' : ']');
}

/* A selector that compares a constant with itself selects every position. */
static bool selects_all(const Graph *graph, const Node *node) {
    return (node->op == OP_SELECT_EQ || node->op == OP_SELECT_LE || node->op == OP_SELECT_GE) &&
           node->args[0] == node->args[1] && graph_node(graph, node->args[0])->op == OP_CONST;
}

static bool is_comparison_of_words(const Writer *writer, const Node *node) {
    return writer->style == FORMULA_WORDS && op_is_selection(node->op);
}

static uint8_t level_of(const Writer *writer, const Node *node) {
    double value;
    if (node->op == OP_CONST)
        return atom_as_double(node->atom, &value) && value < 0 ? UNARY : PRIMARY;
    if (op_is_selection(node->op))
        return is_comparison_of_words(writer, node) ? COMPARISON : PRIMARY;
    return shapes[node->op].level ? shapes[node->op].level : PRIMARY;
}

static void write_node(Writer *writer, NodeId id);

/* What the library calls a selector of every position, and how many they are. */
static const char *library_name(const Writer *writer, NodeId id) {
    const Node *node = graph_node(writer->graph, id);
    if (selects_all(writer->graph, node))
        return writer->style == FORMULA_RASP ? "full_s" : "all positions";
    bool is_length = node->op == OP_WIDTH &&
                     selects_all(writer->graph, graph_node(writer->graph, node->args[0]));
    return is_length ? "length" : NULL;
}

/* A name stands alone; anything looser than loosest goes into parentheses. */
static void write_part(Writer *writer, NodeId id, uint8_t loosest) {
    if (is_full(writer)) return;
    bool spell =
        writer->style == FORMULA_WORDS && graph_node(writer->graph, id)->type == TYPE_SELECTOR;
    const String *name = spell ? NULL : graph_name_of(writer->graph, id);
    const char *known = library_name(writer, id);
    if (name || known) {
        buffer_text(writer->out, name ? name->bytes : known);
        return;
    }
    bool enclose = level_of(writer, graph_node(writer->graph, id)) > loosest;
    if (enclose) buffer_char(writer->out, '(');
    write_node(writer, id);
    if (enclose) buffer_char(writer->out, ')');
}

/* Operators of one level group to the left, but a reader of other languages does not know that
   `and` and `or` are of one level, that comparisons chain, or that `not` binds tight. */
static uint8_t loosest_left(const Writer *writer, const Node *node) {
    const Node *left = graph_node(writer->graph, node->args[0]);
    uint8_t level = shapes[node->op].level;
    if (left->op == OP_NOT || left->op == OP_SEL_NOT) return level == JUNCTION ? JUNCTION : PRIMARY;
    if (level == COMPARISON || (level == JUNCTION && left->op != node->op)) return level - 1;
    return level;
}

static uint8_t loosest_right(const Writer *writer, const Node *node) {
    const Node *right = graph_node(writer->graph, node->args[1]);
    uint8_t level = shapes[node->op].level;
    if ((right->op == OP_NOT || right->op == OP_SEL_NOT) && level != JUNCTION) return PRIMARY;
    return level - 1;
}

static void write_binary(Writer *writer, const Node *node) {
    write_part(writer, node->args[0], loosest_left(writer, node));
    buffer_printf(writer->out, " %s ", shapes[node->op].symbol);
    write_part(writer, node->args[1], loosest_right(writer, node));
}

static void write_choice(Writer *writer, const Node *node) {
    write_part(writer, node->args[1], JUNCTION);
    buffer_text(writer->out, " if ");
    write_part(writer, node->args[0], JUNCTION);
    buffer_text(writer->out, " else ");
    write_part(writer, node->args[2], JUNCTION);
}

static void write_table_use(Writer *writer, const Node *node) {
    if (node->op == OP_MEMBER) {
        write_part(writer, node->args[0], CHOICE);
        buffer_text(writer->out, " in ");
        write_table(writer, node);
        return;
    }
    write_table(writer, node);
    buffer_char(writer->out, '[');
    write_part(writer, node->args[0], IN);
    buffer_char(writer->out, ']');
}

/* name(a, b[, what the operation adds]) */
static void write_call(Writer *writer, const Node *node) {
    const OpInfo *info = op_info(node->op);
    bool select = info->kind == OPKIND_SELECTOR;
    buffer_printf(writer->out, "%s(", select ? "select" : shapes[node->op].symbol);
    for (int i = 0; i < info->arity; i++) {
        if (i > 0) buffer_text(writer->out, ", ");
        write_part(writer, node->args[i], IN);
    }
    if (select) buffer_printf(writer->out, ", %s", shapes[node->op].symbol);
    if (node->op == OP_AGGREGATE && !atom_identical(node->atom, atom_int(0))) {
        buffer_text(writer->out, ", ");
        write_atom(writer, node->atom);
    }
    buffer_char(writer->out, ')');
}

static void write_numbers(Writer *writer, const Table *table) {
    buffer_char(writer->out, '[');
    for (uint32_t i = 0; i < table->count && !is_full(writer); i++) {
        if (i > 0) buffer_text(writer->out, ", ");
        if (i == MOST_ITEMS) {
            buffer_text(writer->out, "…");
            break;
        }
        write_atom(writer, table->values[i]);
    }
    buffer_char(writer->out, ']');
}

/* name(a, b, more) */
static void write_function(Writer *writer, const Node *node, const char *name, const char *more) {
    buffer_printf(writer->out, "%s(", name);
    for (int i = 0; i < op_info(node->op)->arity; i++) {
        if (i > 0) buffer_text(writer->out, ", ");
        write_part(writer, node->args[i], IN);
    }
    if (more) buffer_printf(writer->out, ", %s", more);
    if (node->op == OP_ONEHOT) {
        buffer_text(writer->out, ", ");
        write_atom(writer, node->atom);
    }
    buffer_char(writer->out, ')');
}

/* The operations of vectors and reals. */
static void write_real(Writer *writer, const Node *node) {
    const OpInfo *info = op_info(node->op);
    const FormulaShape *shape = &shapes[node->op];
    switch (node->op) {
    case OP_INPUT: buffer_text(writer->out, node->atom.as.string->bytes); break;
    case OP_VECTOR: write_numbers(writer, node->table); break;
    case OP_MATMUL:
        buffer_text(writer->out, "matmul(");
        write_numbers(writer, node->table);
        buffer_text(writer->out, ", ");
        write_part(writer, node->args[0], IN);
        buffer_char(writer->out, ')');
        break;
    case OP_COMPONENT:
        write_part(writer, node->args[0], PRIMARY);
        buffer_char(writer->out, '[');
        write_atom(writer, node->atom);
        buffer_char(writer->out, ']');
        break;
    case OP_SCORE_ADD:
    case OP_SCORE_SUB:
    case OP_SCORE_MUL: write_function(writer, node, "score", shape->symbol); break;
    case OP_SCORES_ADD:
    case OP_SCORES_SUB: write_binary(writer, node); break;
    case OP_SCORES_NEG:
        buffer_text(writer->out, shape->symbol);
        write_part(writer, node->args[0], UNARY);
        break;
    case OP_SCORES_TIMES:
    case OP_SCORES_OVER:
        write_part(writer, node->args[0], shape->level);
        buffer_printf(writer->out, " %s ", shape->symbol);
        write_atom(writer, node->atom);
        break;
    case OP_ATTEND: write_function(writer, node, "aggregate", NULL); break;
    case OP_STATE: buffer_text(writer->out, "what a loop carries"); break;
    case OP_RESULT: write_part(writer, node->args[0], PRIMARY); break;
    default: write_function(writer, node, info->name, NULL);
    }
}

static void write_form(Writer *writer, const Node *node) {
    const OpInfo *info = op_info(node->op);
    bool select = op_is_selection(node->op);
    if (node->op >= OP_INPUT)
        write_real(writer, node);
    else if (info->kind == OPKIND_INPUT)
        buffer_text(writer->out, shapes[node->op].symbol);
    else if (node->op == OP_CONST)
        write_atom(writer, node->atom);
    else if (node->op == OP_CHOOSE)
        write_choice(writer, node);
    else if (info->payload == PAYLOAD_TABLE)
        write_table_use(writer, node);
    else if (select && writer->style == FORMULA_RASP)
        write_call(writer, node);
    else if (select && selects_all(writer->graph, node))
        buffer_text(writer->out, "all positions");
    else if (shapes[node->op].level == PRIMARY)
        write_call(writer, node);
    else if (info->arity == 2)
        write_binary(writer, node);
    else if (info->arity == 1) {
        buffer_text(writer->out, shapes[node->op].symbol);
        write_part(writer, node->args[0],
                   node->op == OP_NOT || node->op == OP_SEL_NOT ? PRIMARY : UNARY);
    } else
        BUG("no form for %s", info->name);
}

static void write_node(Writer *writer, NodeId id) {
    if (is_full(writer)) return;
    if (writer->depth == DEEPEST) {
        buffer_text(writer->out, "…");
        return;
    }
    writer->depth++;
    write_form(writer, graph_node(writer->graph, id));
    writer->depth--;
}

/* Cuts what stands from start on to max_columns, the last one an ellipsis. */
static void clip(Buffer *out, size_t start, size_t max_columns) {
    if (utf8_columns(out->data + start, out->len - start) <= max_columns) return;
    size_t at = start, fits = start, columns = 0;
    while (at < out->len) {
        size_t step = utf8_step(out->data + at, out->len - at);
        columns += utf8_columns(out->data + at, step);
        if (columns + 1 > max_columns) break;
        at += step;
        fits = at;
    }
    out->len = fits;
    buffer_text(out, "…");
}

void graph_formula(const Graph *graph, NodeId node, FormulaStyle style, size_t max_columns,
                   Buffer *out) {
    size_t start = out->len;
    buffer_text(out, "");
    Writer writer = {.graph = graph, .style = style, .out = out};
    writer.most_bytes = start + max_columns * 4;
    write_node(&writer, node);
    clip(out, start, max_columns);
}

void graph_label(const Graph *graph, NodeId node, FormulaStyle style, size_t max_columns,
                 Buffer *out) {
    const String *name = graph_name_of(graph, node);
    size_t start = out->len;
    if (!name) {
        graph_formula(graph, node, style, max_columns, out);
        return;
    }
    buffer_add(out, name->bytes, name->len);
    clip(out, start, max_columns);
}
