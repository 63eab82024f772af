/* Expressions: one function a kind of tree. */
#include "compiler/elaborate/internal.h"

#include "runtime/base/bug.h"
#include "runtime/base/limits.h"

#include <stdlib.h>

Value list_value(Session *session, const Value *items, uint32_t count, Span span) {
    if (count > LIMIT_LIST_ITEMS) {
        report(session, DIAG_LIMIT_SIZE, span, "a list of more than %d items", LIMIT_LIST_ITEMS);
        return value_error();
    }
    const List *list = list_new(session->arena, items, count);
    if (list->extent.depth > LIMIT_NESTING || list->extent.size > 4 * LIMIT_LIST_ITEMS) {
        report(session, DIAG_LIMIT_SIZE, span,
               "a list too deep or too large: %u levels, %llu values", list->extent.depth,
               (unsigned long long)list->extent.size);
        return value_error();
    }
    return value_list(list);
}

bool elaborate_children(Session *session, Environment *env, const Tree *tree, uint32_t first,
                        const List **out) {
    bool good = true;
    Value *items = ARENA_ARRAY(session->arena, Value, tree->count - first);
    for (uint32_t i = first; i < tree->count; i++) {
        items[i - first] = elaborate(session, env, tree->child[i]);
        good = good && items[i - first].kind != VALUE_ERROR;
    }
    if (good) *out = list_new(session->arena, items, tree->count - first);
    return good;
}

/* One expression is its value, several are a list. */
Value elaborate_values(Session *session, Environment *env, const Tree *expressions) {
    if (expressions->count == 1) return elaborate(session, env, expressions->child[0]);
    const List *list;
    if (!elaborate_children(session, env, expressions, 0, &list)) return value_error();
    return list_value(session, list->items, list->count, expressions->span);
}

static Value elaborate_float(const Tree *tree) {
    return value_atom(atom_float(strtod(tree->text->bytes, NULL)));
}

static Value elaborate_int(Session *session, const Tree *tree) {
    if (tree->text->len > LIMIT_INTEGER_BITS / 4) {
        report(session, DIAG_LIMIT_SIZE, tree->span, "a number of %u digits", tree->text->len);
        return value_error();
    }
    return value_atom(atom_parse_int(session->arena, tree->text->bytes, tree->text->len));
}

static Value elaborate_list(Session *session, Environment *env, const Tree *tree) {
    const List *list;
    if (!elaborate_children(session, env, tree, 0, &list)) return value_error();
    return list_value(session, list->items, list->count, tree->span);
}

static GraphOp select_op(Operator op) {
    switch (op) {
    case OPERATOR_EQ: return OP_SELECT_EQ;
    case OPERATOR_NE: return OP_SELECT_NE;
    case OPERATOR_LT: return OP_SELECT_LT;
    case OPERATOR_LE: return OP_SELECT_LE;
    case OPERATOR_GT: return OP_SELECT_GT;
    case OPERATOR_GE: return OP_SELECT_GE;
    default: BUG("'%s' does not select", operator_text(op));
    }
}

static Value elaborate_select(Session *session, Environment *env, const Tree *tree) {
    Value key = elaborate(session, env, tree->child[0]);
    Value query = elaborate(session, env, tree->child[1]);
    NodeId key_node = lift(session, key, tree->child[0]->span, "the key");
    NodeId query_node = lift(session, query, tree->child[1]->span, "the query");
    return node2(session, select_op((Operator)tree->op), key_node, query_node, tree->span);
}

/* Lazy only when the condition is known: that is how recursion ends. */
static Value elaborate_choose(Session *session, Environment *env, const Tree *tree) {
    Value condition = elaborate(session, env, tree->child[1]);
    if (condition.kind == VALUE_ERROR) return condition;
    if (value_is_node(condition) && condition.kind != VALUE_SOP) {
        report(session, DIAG_TYPE, tree->child[1]->span, "%s can't be a condition",
               value_kind_name(condition));
        return value_error();
    }
    if (condition.kind != VALUE_SOP)
        return elaborate(session, env, tree->child[value_truth(condition) ? 0 : 2]);
    Value yes = elaborate(session, env, tree->child[0]);
    Value no = elaborate(session, env, tree->child[2]);
    bool vectors = is_vector_sop(session, yes) || is_vector_sop(session, no);
    NodeId (*lifted)(Session *, Value, Span, const char *) = vectors ? lift_vector : lift;
    NodeId a = lifted(session, yes, tree->child[0]->span, "what is chosen");
    NodeId b = lifted(session, no, tree->child[2]->span, "what is chosen");
    if (a == NO_NODE || b == NO_NODE) return value_error();
    NodeSpec spec = {.op = OP_CHOOSE, .args = {condition.as.node, a, b}, .span = tree->span};
    return node_value(session, &spec);
}

static Value elaborate_binary(Session *session, Environment *env, const Tree *tree) {
    Value left = elaborate(session, env, tree->child[0]);
    Value right = elaborate(session, env, tree->child[1]);
    return apply_binary(session, tree, left, right);
}

static const Declared *first_input(const Session *session) {
    uint32_t i = 0;
    while (session->declared[i].is_param)
        i++;
    return &session->declared[i];
}

static bool reads_tokens(const Session *session, Value value) {
    if (value.kind != VALUE_SOP) return false;
    GraphOp op = graph_node(session->graph, value.as.node)->op;
    return op >= OP_TOKENS_STR && op <= OP_TOKENS_ASIS;
}

static Value elaborate_name(Session *session, Environment *env, const Tree *tree) {
    const Value *value = find_name(session, env, tree);
    if (!value) return value_error();
    if (session->input_count > 0 && reads_tokens(session, *value)) {
        Diagnostic *diag = report(session, DIAG_NO_TOKENS, tree->span,
                                  "'%s' is there only without named inputs", tree->text->bytes);
        diag_note(diag, first_input(session)->span, "this program has inputs");
        return value_error();
    }
    return *value;
}

static Value dispatch(Session *session, Environment *env, const Tree *tree) {
    switch (tree->kind) {
    case TREE_NAME: return elaborate_name(session, env, tree);
    case TREE_INT: return elaborate_int(session, tree);
    case TREE_FLOAT: return elaborate_float(tree);
    case TREE_STRING: return value_atom(atom_string(tree->text));
    case TREE_LIST: return elaborate_list(session, env, tree);
    case TREE_DICT: return elaborate_dict(session, env, tree);
    case TREE_LIST_FOR: return elaborate_list_for(session, env, tree);
    case TREE_DICT_FOR: return elaborate_dict_for(session, env, tree);
    case TREE_PAREN: return elaborate(session, env, tree->child[0]);
    case TREE_SELECT: return elaborate_select(session, env, tree);
    case TREE_AGGREGATE: return elaborate_aggregate(session, env, tree);
    case TREE_RANGE: return elaborate_range(session, env, tree);
    case TREE_ZIP: return elaborate_zip(session, env, tree);
    case TREE_LEN: return elaborate_len(session, env, tree);
    case TREE_ROUND:
    case TREE_UNARY: return apply_unary(session, tree, elaborate(session, env, tree->child[0]));
    case TREE_INDICATOR:
        return apply_indicator(session, tree, elaborate(session, env, tree->child[0]));
    case TREE_INDEX: return elaborate_index(session, env, tree);
    case TREE_CALL: return elaborate_call(session, env, tree);
    case TREE_BINARY: return elaborate_binary(session, env, tree);
    case TREE_CHOOSE: return elaborate_choose(session, env, tree);
    case TREE_IN: {
        Value value = elaborate(session, env, tree->child[0]);
        return apply_in(session, tree, value, elaborate(session, env, tree->child[1]));
    }
    case TREE_ERROR: return value_error();
    default: BUG("%s is no expression", tree_kind_name(tree->kind));
    }
}

Value elaborate(Session *session, Environment *env, const Tree *tree) {
    Value value = value_error();
    if (step_in(session, tree->span)) value = dispatch(session, env, tree);
    step_out(session);
    if (!value_usable(session, value, tree->span)) return value_error();
    return value;
}
