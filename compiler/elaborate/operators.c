/* Operators: Python's on values that are known, lifted to nodes where an s-op takes part. */
#include "compiler/elaborate/internal.h"

#include "runtime/base/bug.h"
#include "runtime/base/limits.h"

static BinaryOp binary_op(Operator op) {
    switch (op) {
    case OPERATOR_ADD: return BINARY_ADD;
    case OPERATOR_SUB: return BINARY_SUB;
    case OPERATOR_MUL: return BINARY_MUL;
    case OPERATOR_DIV: return BINARY_DIV;
    case OPERATOR_MOD: return BINARY_MOD;
    case OPERATOR_POW: return BINARY_POW;
    case OPERATOR_EQ: return BINARY_EQ;
    case OPERATOR_LT: return BINARY_LT;
    case OPERATOR_LE: return BINARY_LE;
    case OPERATOR_GT: return BINARY_GT;
    case OPERATOR_GE: return BINARY_GE;
    default: BUG("'%s' is no operator on values", operator_text(op));
    }
}

static GraphOp graph_op(Operator op) {
    switch (op) {
    case OPERATOR_ADD: return OP_ADD;
    case OPERATOR_SUB: return OP_SUB;
    case OPERATOR_MUL: return OP_MUL;
    case OPERATOR_DIV: return OP_DIV;
    case OPERATOR_MOD: return OP_MOD;
    case OPERATOR_POW: return OP_POW;
    case OPERATOR_EQ: return OP_EQ;
    case OPERATOR_LT: return OP_LT;
    case OPERATOR_LE: return OP_LE;
    case OPERATOR_GT: return OP_GT;
    case OPERATOR_GE: return OP_GE;
    case OPERATOR_AND: return OP_AND;
    case OPERATOR_OR: return OP_OR;
    default: BUG("'%s' does not lift", operator_text(op));
    }
}

Value mismatch(Session *session, const Tree *tree, Value left, Value right) {
    Diagnostic *diag =
        report(session, DIAG_TYPE, tree->span, "'%s' does not take %s (%s) and %s (%s)",
               operator_text((Operator)tree->op), value_kind_name(left), show(session, left),
               value_kind_name(right), show(session, right));
    if (left.kind == VALUE_SCORE || right.kind == VALUE_SCORE)
        diag_help(diag, "scores are added to and taken from each other, and multiplied and divided "
                        "by constant numbers");
    else if (left.kind == VALUE_SELECTOR || right.kind == VALUE_SELECTOR)
        diag_help(diag, "selectors combine with each other only, by 'and', 'or' and 'not'");
    if (left.kind == VALUE_FUNCTION || right.kind == VALUE_FUNCTION)
        diag_help(diag, "a function gives a value when it is called, with '(' and ')'");
    return value_error();
}

static Value arithmetic_failed(Session *session, const Tree *tree, ArithStatus status, Value left,
                               Value right) {
    if (status == ARITH_TYPE) return mismatch(session, tree, left, right);
    DiagId id = status == ARITH_ZERO_DIVISION ? DIAG_ZERO_DIVISION
                : status == ARITH_TOO_LARGE   ? DIAG_LIMIT_SIZE
                : status == ARITH_COMPLEX     ? DIAG_TYPE
                                              : DIAG_NUMBER_RANGE;
    report(session, id, tree->span, "%s %s %s: %s", show(session, left),
           operator_text((Operator)tree->op), show(session, right), arith_reason(status));
    return value_error();
}

/* --- lists ------------------------------------------------------------------------------------ */

static Value concatenate(Session *session, const Tree *tree, List a, List b) {
    if ((uint64_t)a.count + b.count > LIMIT_LIST_ITEMS)
        return list_value(session, NULL, LIMIT_LIST_ITEMS + 1, tree->span);
    Value *items = ARENA_ARRAY(session->arena, Value, a.count + b.count);
    for (uint32_t i = 0; i < a.count; i++)
        items[i] = a.items[i];
    for (uint32_t i = 0; i < b.count; i++)
        items[a.count + i] = b.items[i];
    return list_value(session, items, a.count + b.count, tree->span);
}

static Value repeat(Session *session, const Tree *tree, List list, Atom times) {
    int64_t count;
    if (!atom_as_int64(times, &count)) count = INT64_MAX;
    if (count < 0) count = 0;
    if (list.count > 0 && count > LIMIT_LIST_ITEMS / list.count)
        return list_value(session, NULL, LIMIT_LIST_ITEMS + 1, tree->span);
    uint32_t total = list.count ? (uint32_t)count * list.count : 0;
    Value *items = ARENA_ARRAY(session->arena, Value, total);
    for (uint32_t i = 0; i < total; i++)
        items[i] = list.items[i % list.count];
    return list_value(session, items, total, tree->span);
}

/* Python's order of lists: by the first items that differ, else by length. False: no order. */
static bool order_values(Session *session, Value left, Value right, int *order) {
    bool ordered;
    if (left.kind == VALUE_ATOM && right.kind == VALUE_ATOM) {
        *order = atom_order(left.as.atom, right.as.atom, &ordered);
        return ordered;
    }
    List a, b;
    if (!value_as_list(session->arena, left, &a) || !value_as_list(session->arena, right, &b))
        return false;
    for (uint32_t i = 0; i < a.count && i < b.count; i++)
        if (!value_equal(a.items[i], b.items[i]))
            return order_values(session, a.items[i], b.items[i], order);
    *order = (a.count > b.count) - (a.count < b.count);
    return true;
}

static bool is_whole(Value value) {
    return value.kind == VALUE_ATOM &&
           (value.as.atom.kind == ATOM_INT || value.as.atom.kind == ATOM_BOOL);
}

static Value binary_on_lists(Session *session, const Tree *tree, Value left, Value right) {
    List a, b;
    bool left_list = value_as_list(session->arena, left, &a);
    bool right_list = value_as_list(session->arena, right, &b);
    if (tree->op == OPERATOR_ADD && left_list && right_list)
        return concatenate(session, tree, a, b);
    if (tree->op == OPERATOR_MUL && left_list && is_whole(right))
        return repeat(session, tree, a, right.as.atom);
    if (tree->op == OPERATOR_MUL && right_list && is_whole(left))
        return repeat(session, tree, b, left.as.atom);
    int order;
    bool comparison = tree->op == OPERATOR_LT || tree->op == OPERATOR_LE ||
                      tree->op == OPERATOR_GT || tree->op == OPERATOR_GE;
    if (!comparison || !left_list || !right_list || !order_values(session, left, right, &order))
        return mismatch(session, tree, left, right);
    bool holds = tree->op == OPERATOR_LT   ? order < 0
                 : tree->op == OPERATOR_LE ? order <= 0
                 : tree->op == OPERATOR_GT ? order > 0
                                           : order >= 0;
    return value_atom(atom_bool(holds));
}

/* --- binary ----------------------------------------------------------------------------------- */

/* s-op == something that no position can hold: false everywhere. */
static Value never_equal(Session *session, const Tree *tree, NodeId node) {
    Table *none = ARENA_NEW(session->arena, Table);
    NodeSpec spec = {
        .op = OP_MEMBER, .args = {node, NO_NODE, NO_NODE}, .table = none, .span = tree->span};
    return node_value(session, &spec);
}

static Value lifted_binary(Session *session, const Tree *tree, Value left, Value right) {
    bool vectors = (is_vector_sop(session, left) && right.kind == VALUE_LIST) ||
                   (is_vector_sop(session, right) && left.kind == VALUE_LIST);
    bool fits = (left.kind == VALUE_SOP || left.kind == VALUE_ATOM) &&
                (right.kind == VALUE_SOP || right.kind == VALUE_ATOM);
    if (!fits && !vectors) {
        if (tree->op == OPERATOR_EQ && left.kind != VALUE_SELECTOR && right.kind != VALUE_SELECTOR)
            return never_equal(session, tree,
                               left.kind == VALUE_SOP ? left.as.node : right.as.node);
        return mismatch(session, tree, left, right);
    }
    NodeId a = lift_vector(session, left, tree->child[0]->span, "this side");
    NodeId b = lift_vector(session, right, tree->child[1]->span, "this side");
    return node2(session, graph_op((Operator)tree->op), a, b, tree->span);
}

static Value logical(Session *session, const Tree *tree, Value left, Value right) {
    bool is_and = tree->op == OPERATOR_AND;
    if (left.kind == VALUE_SELECTOR && right.kind == VALUE_SELECTOR)
        return node2(session, is_and ? OP_SEL_AND : OP_SEL_OR, left.as.node, right.as.node,
                     tree->span);
    if ((value_is_node(left) && left.kind != VALUE_SOP) ||
        (value_is_node(right) && right.kind != VALUE_SOP))
        return mismatch(session, tree, left, right);
    if (left.kind == VALUE_SOP || right.kind == VALUE_SOP)
        return lifted_binary(session, tree, left, right);
    return value_truth(left) == is_and ? right : left;
}

Value apply_binary(Session *session, const Tree *tree, Value left, Value right) {
    if (left.kind == VALUE_ERROR || right.kind == VALUE_ERROR) return value_error();
    if (tree->op == OPERATOR_AND || tree->op == OPERATOR_OR)
        return logical(session, tree, left, right);
    if (left.kind == VALUE_SCORE || right.kind == VALUE_SCORE)
        return score_binary(session, tree, left, right);
    if (value_is_node(left) || value_is_node(right)) {
        if ((value_is_node(left) && left.kind != VALUE_SOP) ||
            (value_is_node(right) && right.kind != VALUE_SOP))
            return mismatch(session, tree, left, right);
        return lifted_binary(session, tree, left, right);
    }
    if (tree->op == OPERATOR_EQ) return value_atom(atom_bool(value_equal(left, right)));
    if (left.kind != VALUE_ATOM || right.kind != VALUE_ATOM)
        return binary_on_lists(session, tree, left, right);
    Atom result;
    ArithStatus status = atom_binary(session->arena, binary_op((Operator)tree->op), left.as.atom,
                                     right.as.atom, &result);
    if (status != ARITH_OK) return arithmetic_failed(session, tree, status, left, right);
    return value_atom(result);
}

/* --- unary ------------------------------------------------------------------------------------ */

static Value unary_of_score(Session *session, const Tree *tree, Value score) {
    if (tree->kind == TREE_UNARY && tree->op == OPERATOR_ADD) return score;
    if (tree->kind == TREE_UNARY && tree->op == OPERATOR_SUB)
        return node1(session, OP_SCORES_NEG, score.as.node, tree->span);
    report(session, DIAG_TYPE, tree->span, "'%s' does not take a score",
           tree->kind == TREE_ROUND ? "round" : operator_text((Operator)tree->op));
    return value_error();
}

static Value unary_not(Session *session, const Tree *tree, Value operand) {
    if (operand.kind == VALUE_SELECTOR)
        return node1(session, OP_SEL_NOT, operand.as.node, tree->span);
    if (operand.kind == VALUE_SOP) return node1(session, OP_NOT, operand.as.node, tree->span);
    return value_atom(atom_bool(!value_truth(operand)));
}

/* tree is a TREE_UNARY or TREE_ROUND. */
Value apply_unary(Session *session, const Tree *tree, Value operand) {
    if (operand.kind == VALUE_ERROR) return operand;
    if (operand.kind == VALUE_SCORE) return unary_of_score(session, tree, operand);
    bool rounds = tree->kind == TREE_ROUND;
    if (!rounds && tree->op == OPERATOR_NOT) return unary_not(session, tree, operand);
    bool negates = !rounds && tree->op == OPERATOR_SUB;
    const char *text = rounds ? "round" : operator_text((Operator)tree->op);
    if (operand.kind == VALUE_SOP)
        return node1(session,
                     rounds    ? OP_ROUND
                     : negates ? OP_NEG
                               : OP_POS,
                     operand.as.node, tree->span);
    ArithStatus status = ARITH_TYPE;
    Atom result;
    if (operand.kind == VALUE_ATOM)
        status = atom_unary(session->arena,
                            rounds    ? UNARY_ROUND
                            : negates ? UNARY_NEG
                                      : UNARY_POS,
                            operand.as.atom, &result);
    if (status == ARITH_OK) return value_atom(result);
    if (status == ARITH_TYPE)
        report(session, DIAG_TYPE, tree->span, "'%s' does not take %s (%s)", text,
               value_kind_name(operand), show(session, operand));
    else
        report(session, DIAG_NUMBER_RANGE, tree->span, "%s of %s: %s", text, show(session, operand),
               arith_reason(status));
    return value_error();
}

Value apply_indicator(Session *session, const Tree *tree, Value value) {
    if (value.kind == VALUE_ERROR) return value;
    if (value.kind == VALUE_SOP) return node1(session, OP_INDICATOR, value.as.node, tree->span);
    report(session, DIAG_NOT_SOP, tree->child[0]->span, "indicator takes an s-op, not %s (%s)",
           value_kind_name(value), show(session, value));
    return value_error();
}

/* --- in --------------------------------------------------------------------------------------- */

static Value sop_in(Session *session, const Tree *tree, NodeId node, Value container) {
    List list;
    if (!value_as_list(session->arena, container, &list)) {
        Diagnostic *diag =
            report(session, DIAG_NOT_LIST, tree->child[1]->span,
                   "an s-op can only be looked for in a list of atoms, not in %s (%s)",
                   value_kind_name(container), show(session, container));
        if (container.kind == VALUE_ATOM && container.as.atom.kind == ATOM_STRING)
            diag_help(diag, "write its characters as a list: [\"a\", \"b\"]");
        return value_error();
    }
    Atom *keys = ARENA_ARRAY(session->arena, Atom, list.count);
    for (uint32_t i = 0; i < list.count; i++) {
        if (list.items[i].kind != VALUE_ATOM) {
            report(session, DIAG_NOT_ATOM, tree->child[1]->span,
                   "this list must hold atoms alone, but its item %u is %s", i,
                   value_kind_name(list.items[i]));
            return value_error();
        }
        keys[i] = list.items[i].as.atom;
    }
    Table *table = ARENA_NEW(session->arena, Table);
    *table = (Table){.count = list.count, .keys = keys};
    NodeSpec spec = {
        .op = OP_MEMBER, .args = {node, NO_NODE, NO_NODE}, .table = table, .span = tree->span};
    return node_value(session, &spec);
}

/* atom in s-op: does it occur anywhere? The same at every position. */
static Value atom_in_sop(Session *session, const Tree *tree, Value atom, NodeId node) {
    Span span = tree->span;
    NodeId wanted = lift(session, atom, tree->child[0]->span, "what is looked for");
    Value equal = node2(session, OP_EQ, node, wanted, span);
    if (equal.kind == VALUE_ERROR) return equal;
    Value one = node1(session, OP_INDICATOR, equal.as.node, span);
    Value all = full_selector(session, span);
    Value mean = node_aggregate(session, all.as.node, one.as.node, atom_int(0), span);
    NodeId zero = node_const(session, atom_int(0), span);
    return node2(session, OP_GT, mean.as.node, zero, span);
}

Value apply_in(Session *session, const Tree *tree, Value value, Value container) {
    if (value.kind == VALUE_ERROR || container.kind == VALUE_ERROR) return value_error();
    if (value.kind == VALUE_SOP) return sop_in(session, tree, value.as.node, container);
    if (value.kind != VALUE_ATOM) {
        report(session, DIAG_NOT_ATOM, tree->child[0]->span,
               "'in' looks for an atom or an s-op, not for %s (%s)", value_kind_name(value),
               show(session, value));
        return value_error();
    }
    if (container.kind == VALUE_SOP) return atom_in_sop(session, tree, value, container.as.node);
    List list;
    if (!value_as_list(session->arena, container, &list)) {
        Diagnostic *diag = report(session, DIAG_NOT_LIST, tree->child[1]->span,
                                  "'in' looks in a list or an s-op, not in %s (%s)",
                                  value_kind_name(container), show(session, container));
        if (tree->child[1]->kind == TREE_BINARY)
            diag_help(diag, "the right side of 'in' takes everything after it; write "
                            "'(a in b) and c' for the other reading");
        return value_error();
    }
    for (uint32_t i = 0; i < list.count; i++)
        if (value_equal(value, list.items[i])) return value_atom(atom_bool(true));
    return value_atom(atom_bool(false));
}
