/* Which plan a head has: what its selector says and what its score is made of. */
#include "runtime/engines/jit/real/program.h"

#include "runtime/base/bug.h"

#include <math.h>
#include <string.h>

bool real_is_tagged(const Graph *graph, NodeId node) {
    TypeSet types = graph_node(graph, node)->type & TYPE_NUMBER;
    return (types & (types - 1)) != 0;
}

int real_tag(const Graph *graph, NodeId node) {
    TypeSet types = graph_node(graph, node)->type;
    if (types & TYPE_STRING) return TAG_STRING;
    return types & TYPE_FLOAT ? TAG_FLOAT : types & TYPE_INT ? TAG_INT : TAG_BOOL;
}

/* --- selectors -------------------------------------------------------------------------------- */

static bool is_const(const Graph *graph, NodeId node) {
    return graph_node(graph, node)->op == OP_CONST;
}

enum { LOOKS_AT_KEY = 1, LOOKS_AT_QUERY = 2 };

/* What each selector under `root` looks at; (root + 1), 0 where it is not under it. */
static uint8_t *looks(const RealPlan *plan, NodeId root) {
    const Graph *graph = plan->graph;
    uint8_t *under = ARENA_ARRAY(plan->arena, uint8_t, root + 1);
    uint8_t *sides = ARENA_ARRAY(plan->arena, uint8_t, root + 1);
    under[root] = 1;
    for (NodeId id = root + 1; id-- > 0;) {
        const Node *node = graph_node(graph, id);
        if (!under[id]) continue;
        bool combines = node->op == OP_SEL_AND || node->op == OP_SEL_OR || node->op == OP_SEL_NOT;
        for (int i = 0; combines && i < op_info(node->op)->arity; i++)
            under[node->args[i]] = 1;
    }
    for (NodeId id = 0; id <= root; id++) {
        const Node *node = graph_node(graph, id);
        if (!under[id]) continue;
        if (node->op == OP_SEL_AND || node->op == OP_SEL_OR)
            sides[id] = sides[node->args[0]] | sides[node->args[1]];
        else if (node->op == OP_SEL_NOT)
            sides[id] = sides[node->args[0]];
        else
            sides[id] = (uint8_t)((is_const(graph, node->args[0]) ? 0 : LOOKS_AT_KEY) |
                                  (is_const(graph, node->args[1]) ? 0 : LOOKS_AT_QUERY));
    }
    return sides;
}

static void add_part(const RealPlan *plan, NodeId **list, uint32_t *count, NodeId part) {
    *list = arena_grow(plan->arena, *list, *count, *count + 1, sizeof part);
    (*list)[(*count)++] = part;
}

/* The conjunction's parts, in id order. */
static SelectorParts take_apart(const RealPlan *plan, NodeId selector) {
    const Graph *graph = plan->graph;
    SelectorParts parts = {.node = selector};
    const uint8_t *sides = looks(plan, selector);
    uint8_t *joined = ARENA_ARRAY(plan->arena, uint8_t, selector + 1);
    joined[selector] = 1;
    for (NodeId id = selector + 1; id-- > 0;) {
        const Node *node = graph_node(graph, id);
        if (!joined[id]) continue;
        if (node->op == OP_SEL_AND)
            joined[node->args[0]] = joined[node->args[1]] = 1;
        else if (sides[id] <= LOOKS_AT_KEY)
            add_part(plan, &parts.keys, &parts.key_count, id);
        else if (sides[id] == LOOKS_AT_QUERY)
            add_part(plan, &parts.queries, &parts.query_count, id);
        else if (node->op == OP_SELECT_EQ)
            add_part(plan, &parts.equalities, &parts.equality_count, id);
        else
            parts.other_count++;
    }
    return parts;
}

/* --- scores ----------------------------------------------------------------------------------- */

static double number_of(const Graph *graph, NodeId node) {
    double value = NAN;
    if (!atom_as_double(graph_node(graph, node)->atom, &value)) return NAN;
    return value;
}

static bool add_term(const Graph *graph, ScoreForm *form, const Node *node, double coefficient) {
    if (form->term_count == TILE_TERMS) return false;
    uint32_t width = graph_node(graph, node->args[0])->width;
    ScoreTerm *term = &form->terms[form->term_count];
    *term = (ScoreTerm){.distance = node->op == OP_DISTANCE,
                        .coefficient = coefficient,
                        .key = node->args[0],
                        .query = node->args[1],
                        .width = width ? width : 1};
    form->shape.widths[form->term_count] = term->width;
    form->shape.doubles[form->term_count] = width == 0;
    form->shape.width += term->width;
    form->shape.count = ++form->term_count;
    return true;
}

/* Do a node's values lie in memory? A constant's and a position's are known without. */
static bool has_column(const Graph *graph, NodeId node) {
    return !is_const(graph, node) && graph_node(graph, node)->op != OP_INDICES;
}

/* The leaf as it is. One whose query has no column is a constant's. */
static void note_leaf(const RealPlan *plan, ScoreForm *form, NodeId id) {
    const Graph *graph = plan->graph;
    const Node *node = graph_node(graph, id);
    uint32_t width = graph_node(graph, node->args[0])->width;
    ScoreLeaf leaf = {.node = id,
                      .key = node->args[0],
                      .query = node->args[1],
                      .width = width ? width : 1,
                      .constant = !has_column(graph, node->args[1]),
                      .key_at = form->key_width,
                      .query_at = form->shape.width};
    if (leaf.constant) leaf.number = number_of(graph, leaf.query);
    form->leaves =
        arena_grow(plan->arena, form->leaves, form->leaf_count, form->leaf_count + 1, sizeof leaf);
    form->leaves[form->leaf_count++] = leaf;
    form->key_width += leaf.width;
}

/* What only the key says is a bias: a query that is a constant is a factor or a summand of it. */
static bool add_leaf(const RealPlan *plan, ScoreForm *form, NodeId id, double coefficient) {
    const Graph *graph = plan->graph;
    const Node *node = graph_node(graph, id);
    double other = 0;
    note_leaf(plan, form, id);
    if (is_const(graph, node->args[1]) && node->op == OP_SCORE_MUL)
        coefficient *= number_of(graph, node->args[1]);
    else if (is_const(graph, node->args[1]) && node->op != OP_DISTANCE)
        other = number_of(graph, node->args[1]);
    else if ((node->op == OP_DISTANCE || node->op == OP_SCORE_MUL) &&
             has_column(graph, node->args[1]))
        return isfinite(coefficient) && add_term(graph, form, node, coefficient);
    else
        return false;
    if (!isfinite(coefficient)) return false;
    form->biases = arena_grow(plan->arena, form->biases, form->bias_count, form->bias_count + 1,
                              sizeof(ScoreBias));
    form->biases[form->bias_count++] = (ScoreBias){coefficient, node->args[0], other};
    return true;
}

/* What a score is multiplied with, summed over the ways that lead from it to the whole. */
typedef struct Factor {
    double sum, magnitude;
} Factor;

static void add_factor(Factor *factor, double number) {
    factor->sum += number;
    factor->magnitude += fabs(number);
}

/* Of ways that cancel each other eval's roundings are left, which no bound (panel.h) counts. */
static bool is_tame(Factor factor) {
    return fabs(factor.sum) == factor.magnitude && factor.magnitude <= SCORE_FACTOR_MOST &&
           factor.magnitude >= 1 / SCORE_FACTOR_MOST;
}

/* A sum of scores with constant factors, as the sum of its leaves with theirs. */
static ScoreForm form_of(const RealPlan *plan, NodeId root) {
    const Graph *graph = plan->graph;
    ScoreForm form = {.fits = true};
    Factor *factors = ARENA_ARRAY(plan->arena, Factor, root + 1);
    uint8_t *under = ARENA_ARRAY(plan->arena, uint8_t, root + 1);
    under[root] = 1;
    add_factor(&factors[root], 1);
    for (NodeId id = root + 1; id-- > 0 && form.fits;) {
        const Node *node = graph_node(graph, id);
        if (!under[id]) continue;
        double factor = factors[id].sum, number;
        form.fits = is_tame(factors[id]);
        form.node_count++;
        for (int i = 0; op_info(node->op)->kind == OPKIND_SCORE && i < op_info(node->op)->arity;
             i++)
            if (op_info(graph_node(graph, node->args[i])->op)->kind == OPKIND_SCORE)
                under[node->args[i]] = 1;
        switch (node->op) {
        case OP_SCORES_ADD:
        case OP_SCORES_SUB:
            add_factor(&factors[node->args[0]], factor);
            add_factor(&factors[node->args[1]], node->op == OP_SCORES_ADD ? factor : -factor);
            break;
        case OP_SCORES_NEG: add_factor(&factors[node->args[0]], -factor); break;
        case OP_SCORES_TIMES:
        case OP_SCORES_OVER:
            if (!atom_as_double(node->atom, &number)) number = NAN;
            add_factor(&factors[node->args[0]],
                       node->op == OP_SCORES_TIMES ? factor * number : factor / number);
            break;
        default: form.fits = form.fits && add_leaf(plan, &form, id, factor);
        }
    }
    form.fits = form.fits && form.term_count > 0;
    return form;
}

/* --- plans ------------------------------------------------------------------------------------ */

static bool looks_at_pairs(const SelectorParts *parts) {
    return parts->equality_count > 0 || parts->other_count > 0 || parts->query_count > 0;
}

static void by_rows(RealHead *head, const char *why) {
    head->plan = HEAD_ROWS;
    head->why = why;
}

static void plan_selector(RealHead *head) {
    const SelectorParts *parts = &head->parts;
    if (parts->other_count > 0)
        by_rows(head, "its selector is no equality of a key and a query");
    else if (parts->equality_count > 1)
        by_rows(head, "its selector joins several equalities");
    else
        head->plan = parts->equality_count == 1 ? HEAD_GROUP : HEAD_UNIFORM;
}

static void plan_pattern(RealPlan *plan, RealHead *head) {
    bool hard = head->pattern == OP_HARDMAX || head->pattern == OP_HARDMAX_FIRST;
    if (looks_at_pairs(&head->parts)) {
        by_rows(head, "its keys are not the same for all queries");
        return;
    }
    head->form = form_of(plan, head->score);
    const ScoreForm *form = &head->form;
    if (head->pattern == OP_SPARSEMAX)
        by_rows(head, "sparsemax sorts each row's scores");
    else if (!form->fits)
        by_rows(head, "its score is no sum of products or distances");
    else if (hard)
        head->plan = HEAD_NEAREST;
    else if (head->pattern == OP_SOFTMAX)
        head->plan = HEAD_SOFTMAX;
    else if (form->term_count != 1 || form->bias_count != 0 || form->terms[0].distance)
        by_rows(head, "its score is no single product");
    else
        head->plan = HEAD_ACCUMULATE;
}

void real_plan_head(RealPlan *plan, RealHead *head, NodeId node) {
    const Graph *graph = plan->graph;
    const Node *at = graph_node(graph, node);
    const Node *first = graph_node(graph, at->args[0]);
    *head = (RealHead){
        .node = node, .pattern = OP_COUNT, .score = NO_NODE, .value = NO_NODE, .other = NO_NODE};
    if (at->op != OP_WIDTH) head->value = at->args[1];
    if (at->op == OP_ATTEND) head->other = at->args[2];
    bool weighs = first->type == TYPE_PATTERN;
    if (weighs) {
        head->pattern = first->op;
        head->score = first->args[0];
    }
    head->parts = take_apart(plan, weighs ? first->args[1] : at->args[0]);
    if (weighs)
        plan_pattern(plan, head);
    else
        plan_selector(head);
}

/* --- explaining ------------------------------------------------------------------------------- */

static const char *const plan_names[] = {
#define REAL_PLAN(id, name, cost) name,
#include "runtime/engines/jit/real/plans.def"
#undef REAL_PLAN
};
static const char *const plan_costs[] = {
#define REAL_PLAN(id, name, cost) cost,
#include "runtime/engines/jit/real/plans.def"
#undef REAL_PLAN
};

static void print_name(const Graph *graph, NodeId node, Buffer *out) {
    const String *name = graph_name_of(graph, node);
    if (name)
        buffer_add(out, name->bytes, name->len);
    else
        buffer_printf(out, "%s %%%u", op_info(graph_node(graph, node)->op)->name, node);
}

void real_plan_print(const RealPlan *plan, Buffer *out) {
    for (uint32_t h = 0; h < plan->head_count; h++) {
        const RealHead *head = &plan->heads[h];
        buffer_text(out, "  ");
        print_name(plan->graph, head->node, out);
        buffer_printf(out, ": %s, %s", plan_names[head->plan], plan_costs[head->plan]);
        if (head->plan == HEAD_ROWS) buffer_printf(out, ": %s", head->why);
        if (head->plan == HEAD_NEAREST && plan->assignments[head->assignment].screened)
            buffer_text(out, "; in fewer bits first");
        if (head->fused) {
            buffer_text(out, "; added while ");
            print_name(
                plan->graph,
                head->source ? head->source->node : plan->assignments[head->assignment].owner, out);
            buffer_text(out, head->source ? " is weighed" : " is found");
        }
        if (head->follower_count > 0) buffer_text(out, "; its weights are added as they come");
        if (head->rows != 0) {
            buffer_text(out, "; where ");
            buffer_text(out, plan->row_sets[head->rows].negated ? "not " : "");
            print_name(plan->graph, plan->row_sets[head->rows].condition, out);
        }
        buffer_char(out, '\n');
    }
}
