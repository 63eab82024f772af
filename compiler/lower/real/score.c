/* Scores as sums of products of a key's and a query's affine functions. A score is linear in what
   it is made of, so each part has one coefficient, however often it is used. */
#include "compiler/lower/real/plan.h"

#include "runtime/base/bug.h"

#include <math.h>

typedef struct Terms {
    RealPlan *plan;
    PatternScore *scores; /* (count) */
    uint32_t count;
    Form of_key, of_query; /* of one row: what depends on one side alone */
} Terms;

static const Node *node_at(const Terms *t, NodeId id) { return graph_node(t->plan->graph, id); }

/* Does adding a number to all scores of a query change nothing? It cancels in hardmax and softmax;
   the projection onto the simplex too moves along the simplex's normal alone, and its threshold
   with it. It does not cancel in s / sum(s). */
static bool shifts_freely(Normaliser normaliser) {
    return normaliser == NORMALISER_HARDMAX || normaliser == NORMALISER_HARDMAX_FIRST ||
           normaliser == NORMALISER_SOFTMAX || normaliser == NORMALISER_SPARSEMAX;
}

/* Does multiplying all scores by a positive number change nothing? */
static bool scales_freely(Normaliser normaliser) {
    return normaliser == NORMALISER_HARDMAX || normaliser == NORMALISER_HARDMAX_FIRST ||
           normaliser == NORMALISER_LINEAR;
}

static double atom_number(Terms *t, NodeId id) {
    double number;
    if (!atom_as_double(node_at(t, id)->atom, &number)) BUG("a scale that is no number");
    if (!isfinite(number)) plan_real_refuse(t->plan, id, "scores with a scale that is not finite");
    return number;
}

/* Leaves out scales of the whole that change nothing. *sign: what is left of them. */
static NodeId without_scale(Terms *t, NodeId score, Normaliser normaliser, double *sign) {
    bool any_sign = normaliser == NORMALISER_LINEAR;
    *sign = 1;
    while (scales_freely(normaliser)) {
        const Node *node = node_at(t, score);
        double number = -1;
        if (node->op == OP_SCORES_TIMES || node->op == OP_SCORES_OVER)
            number = atom_number(t, score);
        else if (node->op != OP_SCORES_NEG)
            break;
        if (number == 0 || !isfinite(number)) break;
        if (number < 0 && !any_sign) *sign = -*sign;
        score = node->args[0];
    }
    return score;
}

/* --- parts ------------------------------------------------------------------------------------ */

static void add_product(Terms *t, NodeId id, const Form *key, const Form *query, double factor) {
    Form scaled = form_scale(t->plan, id, key, factor);
    if (scaled.rows == 0) return;
    t->scores[t->count++] = (PatternScore){scaled, *query};
}

static void add_alone(Terms *t, NodeId id, Form *sum, const Form *form, double factor) {
    Form scaled = form_scale(t->plan, id, form, factor);
    *sum = form_add(t->plan, id, sum, &scaled);
}

/* |x|^2 of an argument: a unit, as early as the argument is known. */
static Form square_of(RealPlan *plan, NodeId user, NodeId id) {
    Form form = plan_real_form(plan, id);
    const Node *node = graph_node(plan->graph, id);
    if (form.rows == 0) return form;
    if (form_is_constant(&form)) {
        double sum = 0;
        for (uint32_t r = 0; form.constant && r < form.rows; r++)
            sum += form.constant[r] * form.constant[r];
        return form_number(plan, sum);
    }
    if (plan->squares[id] == NO_VALUE)
        plan->squares[id] = plan_real_unit(plan, user, node->type == TYPE_VECTOR ? OP_DOT : OP_MUL,
                                           &form, &form, 1);
    return form_value(plan, plan->squares[id]);
}

/* k - q of vectors or numbers, squared: k^2 + q^2 - 2 k q. */
static void add_distance(Terms *t, NodeId id, const Form *key, const Form *query, double factor,
                         bool with_query) {
    Form of_key = square_of(t->plan, id, node_at(t, id)->args[0]);
    add_alone(t, id, &t->of_key, &of_key, factor);
    if (with_query) {
        Form of_query = square_of(t->plan, id, node_at(t, id)->args[1]);
        add_alone(t, id, &t->of_query, &of_query, factor);
    }
    add_product(t, id, key, query, -2 * factor);
}

static void add_part(Terms *t, NodeId id, double factor, Normaliser normaliser) {
    bool with_query = !shifts_freely(normaliser);
    Form key = plan_real_argument(t->plan, id, 0), query = plan_real_argument(t->plan, id, 1);
    if (key.rows == 0 || query.rows == 0 || factor == 0) return;
    switch (node_at(t, id)->op) {
    case OP_SCORE_ADD:
    case OP_SCORE_SUB:
        add_alone(t, id, &t->of_key, &key, factor);
        if (with_query)
            add_alone(t, id, &t->of_query, &query,
                      node_at(t, id)->op == OP_SCORE_ADD ? factor : -factor);
        break;
    case OP_SCORE_MUL: add_product(t, id, &key, &query, factor); break;
    case OP_DISTANCE: add_distance(t, id, &key, &query, factor, with_query); break;
    default: BUG("%s is no score of a key and a query", op_info(node_at(t, id)->op)->name);
    }
}

/* --- the whole -------------------------------------------------------------------------------- */

/* The coefficient of every part, from the whole downwards. */
static void find_coefficients(Terms *t, const NodeList *nodes, double *coefficients) {
    const uint32_t *number_of = t->plan->part_number;
    for (uint32_t i = nodes->count; i-- > 0;) {
        NodeId id = nodes->ids[i];
        const Node *node = node_at(t, id);
        double of_a = coefficients[i], of_b = coefficients[i], number;
        switch (node->op) {
        case OP_SCORES_ADD: break;
        case OP_SCORES_SUB: of_b = -of_b; break;
        case OP_SCORES_NEG: of_a = -of_a; break;
        case OP_SCORES_TIMES:
            number = atom_number(t, id);
            if (fma(of_a, number, -(of_a * number)) != 0) t->plan->rounded = true;
            of_a *= number;
            break;
        case OP_SCORES_OVER:
            number = atom_number(t, id);
            if (fma(of_a / number, number, -of_a) != 0) t->plan->rounded = true;
            of_a /= number;
            break;
        default: continue;
        }
        if (!isfinite(of_a)) plan_real_refuse(t->plan, id, "scores with an infinite factor");
        coefficients[number_of[node->args[0]]] += of_a;
        if (op_info(node->op)->arity > 1) coefficients[number_of[node->args[1]]] += of_b;
    }
}

/* What depends on one side alone. A constant can be on either: it is on the query's. */
static void add_ends(Terms *t, Normaliser normaliser) {
    Form one = form_number(t->plan, 1), rest = t->of_query;
    if (t->of_key.count > 0)
        t->scores[t->count++] = (PatternScore){t->of_key, one};
    else if (t->of_key.rows > 0 && !shifts_freely(normaliser))
        rest = form_add(t->plan, NO_NODE, &t->of_query, &t->of_key);
    if (rest.count > 0 || rest.constant) t->scores[t->count++] = (PatternScore){one, rest};
}

bool plan_real_scores(RealPlan *plan, NodeId score, Pattern *pattern) {
    Terms t = {.plan = plan};
    double sign;
    score = without_scale(&t, score, pattern->normaliser, &sign);
    NodeList nodes = plan_real_parts(plan, score, OPKIND_SCORE);
    t.scores = ARENA_ARRAY(plan->scratch, PatternScore, (size_t)nodes.count + 2);
    t.of_key = t.of_query = form_constants(1, NULL);
    double *coefficients = ARENA_ARRAY(plan->scratch, double, nodes.count);
    coefficients[nodes.count - 1] = sign;
    find_coefficients(&t, &nodes, coefficients);
    for (uint32_t i = 0; i < nodes.count && !plan->refused; i++)
        if (node_at(&t, nodes.ids[i])->op < OP_SCORES_ADD)
            add_part(&t, nodes.ids[i], coefficients[i], pattern->normaliser);
    if (plan->refused) return false;
    add_ends(&t, pattern->normaliser);
    pattern->score_count = t.count;
    pattern->scores = t.scores;
    return true;
}
