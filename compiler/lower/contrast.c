/* Comparisons of two means of the same selector: one mean of the difference, whose sign is asked
   for. eval rounds both means, but never two different ones of a count to the same double. */
#include "compiler/lower/plan.h"

#include <math.h>

/* Where nothing is selected eval compares the two defaults, so their order will do. */
static bool order_of_defaults(Atom a, Atom b, Atom *order) {
    double x, y;
    if (a.kind == ATOM_STRING || b.kind == ATOM_STRING || !atom_as_double(a, &x) ||
        !atom_as_double(b, &y) || !isfinite(x) || !isfinite(y))
        return false;
    *order = atom_int((x > y) - (x < y));
    return true;
}

static bool value_as_sum(Lowering *l, NodeId node, Form *sum) {
    const Form *value = &l->forms[node];
    return value->noise == NOISE_NONE && form_as_sum(l, value, sum);
}

static bool is_zero(const Lowering *l, NodeId id) {
    const Node *node = graph_node(l->graph, id);
    double value;
    return node->op == OP_CONST && node->atom.kind != ATOM_STRING &&
           atom_as_double(node->atom, &value) && value == 0;
}

Form form_mean_comparison(Lowering *l, NodeId id, bool *zero_first) {
    const Node *node = graph_node(l->graph, id), *pair = node;
    Form none = {.kind = FORM_NONE}, x, y;
    Atom nothing;
    *zero_first = is_zero(l, node->args[0]);
    if (*zero_first || is_zero(l, node->args[1])) {
        pair = graph_node(l->graph, node->args[*zero_first ? 1 : 0]);
        if (pair->op != OP_SUB) return none;
    }
    const Node *a = graph_node(l->graph, pair->args[0]), *b = graph_node(l->graph, pair->args[1]);
    if (a->op != OP_AGGREGATE || b->op != OP_AGGREGATE || a->args[0] != b->args[0]) return none;
    if (!order_of_defaults(a->atom, b->atom, &nothing) || !value_as_sum(l, a->args[1], &x) ||
        !value_as_sum(l, b->args[1], &y))
        return none;
    Form difference = form_of_sum(l, feature_combine(l, 1, x.sum, -1, y.sum), false);
    double greatest = fmax(fmax(fabs(x.low), fabs(x.high)), fmax(fabs(y.low), fabs(y.high)));
    if (2 * greatest * l->options->max_length > PLAN_NUMBER) return none;
    Form sign = form_sign_of_mean(l, id, a->args[0], &difference, nothing);
    return sign.kind == FORM_TABLE ? sign : none;
}
