/* What attention is made of (language I.5, II.3): scores, patterns, and what is gathered by
   selectors and patterns. */
#include "compiler/elaborate/builtin.h"

/* --- scores ----------------------------------------------------------------------------------- */

static Value score_and_constant(Session *session, const Tree *tree, Value score, Atom number) {
    if (tree->op == OPERATOR_DIV && !atom_truth(number)) {
        report(session, DIAG_ZERO_DIVISION, tree->span, "a score divided by zero");
        return value_error();
    }
    NodeSpec spec = {.op = tree->op == OPERATOR_MUL ? OP_SCORES_TIMES : OP_SCORES_OVER,
                     .args = {score.as.node, NO_NODE, NO_NODE},
                     .atom = number,
                     .span = tree->span};
    return node_value(session, &spec);
}

Value score_binary(Session *session, const Tree *tree, Value left, Value right) {
    bool both = left.kind == VALUE_SCORE && right.kind == VALUE_SCORE;
    if (both && tree->op == OPERATOR_ADD)
        return node2(session, OP_SCORES_ADD, left.as.node, right.as.node, tree->span);
    if (both && tree->op == OPERATOR_SUB)
        return node2(session, OP_SCORES_SUB, left.as.node, right.as.node, tree->span);
    bool times = tree->op == OPERATOR_MUL, over = tree->op == OPERATOR_DIV;
    if ((times || over) && left.kind == VALUE_SCORE && right.kind == VALUE_ATOM &&
        atom_is_number(right.as.atom))
        return score_and_constant(session, tree, left, right.as.atom);
    if (times && right.kind == VALUE_SCORE && left.kind == VALUE_ATOM &&
        atom_is_number(left.as.atom))
        return score_and_constant(session, tree, right, left.as.atom);
    return mismatch(session, tree, left, right);
}

static Value pair(Session *session, const BuiltinCall *call, GraphOp op) {
    NodeId key = lift_vector(session, call->arguments->items[0], argument_span(call, 0), "the key");
    NodeId query =
        lift_vector(session, call->arguments->items[1], argument_span(call, 1), "the query");
    return node2(session, op, key, query, call->tree->span);
}

Value apply_score(Session *session, const BuiltinCall *call) {
    Operator op = (Operator)call->lone->op;
    return pair(session, call,
                op == OPERATOR_ADD   ? OP_SCORE_ADD
                : op == OPERATOR_SUB ? OP_SCORE_SUB
                                     : OP_SCORE_MUL);
}

Value apply_distance(Session *session, const BuiltinCall *call) {
    return pair(session, call, OP_DISTANCE);
}

/* --- patterns --------------------------------------------------------------------------------- */

/* Argument number i, which must be of that kind; NO_NODE after reporting. */
static NodeId wanted(Session *session, const BuiltinCall *call, uint32_t i, ValueKind kind) {
    Value value = call->arguments->items[i];
    if (value.kind == kind) return value.as.node;
    const char *what = value_kind_name((Value){.kind = kind});
    Diagnostic *diag =
        report(session, kind == VALUE_SELECTOR ? DIAG_NOT_SELECTOR : DIAG_NOT_SCORE,
               argument_span(call, i), "%s takes %s here, not %s (%s)", builtin_name(call->builtin),
               what, value_kind_name(value), show(session, value));
    if (kind == VALUE_SCORE && value.kind == VALUE_SOP)
        diag_help(diag, "score(keys, queries, *) and distance(keys, queries) give scores");
    if (kind == VALUE_SELECTOR && value.kind == VALUE_SOP)
        diag_help(diag, "select(x, True, ==) lets those keys through where x is true");
    return NO_NODE;
}

Value apply_pattern(Session *session, const BuiltinCall *call) {
    NodeId score = wanted(session, call, 0, VALUE_SCORE);
    if (score == NO_NODE) return value_error();
    if (call->arguments->count > 1)
        return node2(session, call->builtin->op, score, wanted(session, call, 1, VALUE_SELECTOR),
                     call->tree->span);
    Value all = full_selector(session, call->tree->span);
    if (all.kind == VALUE_ERROR) return all;
    return node2(session, call->builtin->op, score, all.as.node, call->tree->span);
}

Value apply_best(Session *session, const BuiltinCall *call) {
    NodeId selector = wanted(session, call, 0, VALUE_SELECTOR);
    NodeId score = wanted(session, call, 1, VALUE_SCORE);
    return node2(session, call->builtin->op, score, selector, call->tree->span);
}

/* --- gathering -------------------------------------------------------------------------------- */

Value apply_width(Session *session, const BuiltinCall *call) {
    return node1(session, OP_WIDTH, wanted(session, call, 0, VALUE_SELECTOR), call->tree->span);
}

Value apply_total(Session *session, const BuiltinCall *call) {
    NodeId selector = wanted(session, call, 0, VALUE_SELECTOR);
    if (selector == NO_NODE) return value_error();
    NodeId value =
        lift(session, call->arguments->items[1], argument_span(call, 1), "what is added");
    return node2(session, OP_TOTAL, selector, value, call->tree->span);
}

/* A list or dict is let through, as the reference does: it fails only where nothing is selected. */
static Atom default_atom(Session *session, Value value) {
    if (value.kind == VALUE_ATOM) return value.as.atom;
    const char *text = show(session, value);
    return (Atom){.kind = ATOM_OPAQUE, .as.string = string_from(session->arena, text)};
}

/* By a pattern, of vectors, or with another default at each position. */
static Value attend(Session *session, const Tree *tree, NodeId weights, NodeId node,
                    Value otherwise) {
    Span span = tree->count > 2 ? tree->child[2]->span : tree->span;
    NodeId other = lift_vector(session, otherwise, span, "the default of an aggregate");
    if (node == NO_NODE || other == NO_NODE) return value_error();
    NodeSpec spec = {.op = OP_ATTEND, .args = {weights, node, other}, .span = tree->span};
    return node_value(session, &spec);
}

Value elaborate_aggregate(Session *session, Environment *env, const Tree *tree) {
    Value weights = elaborate(session, env, tree->child[0]);
    Value value = elaborate(session, env, tree->child[1]);
    Value otherwise = value_atom(atom_int(0));
    if (tree->count > 2) otherwise = elaborate(session, env, tree->child[2]);
    if (weights.kind == VALUE_ERROR || value.kind == VALUE_ERROR || otherwise.kind == VALUE_ERROR)
        return value_error();
    if (weights.kind != VALUE_SELECTOR && weights.kind != VALUE_PATTERN) {
        Diagnostic *diag = report(session, DIAG_NOT_SELECTOR, tree->child[0]->span,
                                  "aggregate takes a selector or a pattern first, not %s (%s)",
                                  value_kind_name(weights), show(session, weights));
        if (weights.kind == VALUE_SCORE)
            diag_help(diag, "softmax(score), hardmax(score) and linear(score) are patterns");
        return value_error();
    }
    if (otherwise.kind != VALUE_ATOM && otherwise.kind != VALUE_LIST &&
        otherwise.kind != VALUE_DICT && otherwise.kind != VALUE_SOP) {
        report(session, DIAG_NOT_ATOM, tree->child[2]->span,
               "the default of an aggregate is an atom or an s-op, not %s (%s)",
               value_kind_name(otherwise), show(session, otherwise));
        return value_error();
    }
    NodeId node = lift(session, value, tree->child[1]->span, "what is aggregated");
    if (weights.kind == VALUE_PATTERN || otherwise.kind == VALUE_SOP ||
        is_vector_sop(session, value))
        return attend(session, tree, weights.as.node, node, otherwise);
    return node_aggregate(session, weights.as.node, node, default_atom(session, otherwise),
                          tree->span);
}
