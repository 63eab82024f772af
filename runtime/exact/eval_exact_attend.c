/* Attention: what is selected, how it scores, and what is gathered, a query after the other. */
#include "runtime/exact/evaluation_exact.h"

#include "runtime/base/bug.h"

/* A selector or score, made of the nodes that it combines, in id order. */
typedef struct Formula {
    uint32_t count;
    NodeId *nodes;  /* (count) */
    uint32_t *step; /* (count of the graph) each one's number among them */
    bool *truth;    /* (count) of selectors: the cell's */
    mpq_t *score;   /* (count) of scores */
} Formula;

typedef struct Attending {
    ExactEvaluation *evaluation;
    NodeId node;
    Formula selector, score;
    bool has_score;
    Exact pool;
    Arena *arena;
    ExactRow row;
} Attending;

/* --- formulas --------------------------------------------------------------------------------- */

static bool combines(GraphOp op) {
    return op == OP_SEL_AND || op == OP_SEL_OR || op == OP_SEL_NOT ||
           (op >= OP_SCORES_ADD && op <= OP_SCORES_OVER);
}

static Formula open_formula(Attending *attending, NodeId root) {
    const Graph *graph = attending->evaluation->graph;
    Arena *arena = attending->arena;
    uint8_t *part = ARENA_ARRAY(arena, uint8_t, root + 1);
    Formula formula = {.step = ARENA_ARRAY(arena, uint32_t, root + 1)};
    part[root] = 1;
    for (NodeId id = root + 1; id-- > 0;) {
        const Node *node = &graph->nodes[id];
        formula.count += part[id];
        for (int i = 0; part[id] && combines(node->op) && i < op_info(node->op)->arity; i++)
            part[node->args[i]] = 1;
    }
    formula.nodes = ARENA_ARRAY(arena, NodeId, formula.count);
    formula.truth = ARENA_ARRAY(arena, bool, formula.count);
    formula.score = exact_array(&attending->pool, formula.count);
    uint32_t next = 0;
    for (NodeId id = 0; id <= root; id++) {
        if (!part[id]) continue;
        formula.step[id] = next;
        formula.nodes[next++] = id;
    }
    return formula;
}

static mpq_t *side(const ExactEvaluation *evaluation, NodeId node, uint32_t position) {
    return evaluation->column[node] + (size_t)position * exact_width(evaluation->graph, node);
}

static bool holds(GraphOp op, const mpq_t key, const mpq_t query) {
    int order = mpq_cmp(key, query);
    switch (op) {
    case OP_SELECT_EQ: return order == 0;
    case OP_SELECT_NE: return order != 0;
    case OP_SELECT_LT: return order < 0;
    case OP_SELECT_LE: return order <= 0;
    case OP_SELECT_GT: return order > 0;
    case OP_SELECT_GE: return order >= 0;
    default: BUG("%s compares nothing", op_info(op)->name);
    }
}

/* Is the key selected? false also after exact_fail. */
static bool select_key(Attending *attending, uint32_t query, uint32_t key, bool *selected) {
    ExactEvaluation *evaluation = attending->evaluation;
    const Formula *formula = &attending->selector;
    for (uint32_t s = 0; s < formula->count; s++) {
        const Node *node = &evaluation->graph->nodes[formula->nodes[s]];
        if (combines(node->op)) {
            bool a = formula->truth[formula->step[node->args[0]]],
                 b = node->op != OP_SEL_NOT && formula->truth[formula->step[node->args[1]]];
            formula->truth[s] = node->op == OP_SEL_NOT   ? !a
                                : node->op == OP_SEL_AND ? a && b
                                                         : a || b;
            continue;
        }
        const mpq_t *k = side(evaluation, node->args[0], key),
                    *q = side(evaluation, node->args[1], query);
        if (rational_is_undefined(*k) || rational_is_undefined(*q))
            return exact_fail(evaluation, EXACT_UNDEFINED, formula->nodes[s], query);
        formula->truth[s] = holds(node->op, *k, *q);
    }
    *selected = formula->truth[formula->count - 1];
    return true;
}

static void score_sides(const ExactEvaluation *evaluation, const Node *node, mpq_t *k, mpq_t *q,
                        mpq_t out) {
    uint32_t width = exact_width(evaluation->graph, node->args[0]);
    switch (node->op) {
    case OP_SCORE_ADD: rational_two(OP_ADD, out, *k, *q); return;
    case OP_SCORE_SUB: rational_two(OP_SUB, out, *k, *q); return;
    case OP_SCORE_MUL: rational_dot(out, k, q, width); return;
    case OP_DISTANCE: rational_distance(out, k, q, width); return;
    default: BUG("%s is no score", op_info(node->op)->name);
    }
}

static void combine_scores(const Formula *formula, const Node *node, mpq_t out) {
    const mpq_t *a = &formula->score[formula->step[node->args[0]]];
    mpq_t factor;
    switch (node->op) {
    case OP_SCORES_ADD:
        rational_two(OP_ADD, out, *a, formula->score[formula->step[node->args[1]]]);
        return;
    case OP_SCORES_SUB:
        rational_two(OP_SUB, out, *a, formula->score[formula->step[node->args[1]]]);
        return;
    case OP_SCORES_NEG: rational_one(OP_NEG, out, *a); return;
    default:
        mpq_init(factor);
        if (!rational_set_atom(factor, node->atom)) BUG("a score times what is no number");
        rational_two(node->op == OP_SCORES_TIMES ? OP_MUL : OP_DIV, out, *a, factor);
        mpq_clear(factor);
    }
}

static void score_key(const Attending *attending, uint32_t query, uint32_t key, mpq_t out) {
    const ExactEvaluation *evaluation = attending->evaluation;
    const Formula *formula = &attending->score;
    for (uint32_t s = 0; s < formula->count; s++) {
        const Node *node = &evaluation->graph->nodes[formula->nodes[s]];
        if (combines(node->op))
            combine_scores(formula, node, formula->score[s]);
        else
            score_sides(evaluation, node, side(evaluation, node->args[0], key),
                        side(evaluation, node->args[1], query), formula->score[s]);
    }
    mpq_set(out, formula->score[formula->count - 1]);
}

/* --- rows ------------------------------------------------------------------------------------- */

static bool look_at_keys(Attending *attending, uint32_t query) {
    ExactRow *row = &attending->row;
    row->count = 0;
    for (uint32_t key = 0; key < attending->evaluation->n; key++) {
        bool selected = false;
        if (!select_key(attending, query, key, &selected)) return false;
        if (!selected) continue;
        row->keys[row->count] = key;
        if (attending->has_score) score_key(attending, query, key, row->scores[row->count]);
        row->count++;
    }
    uint64_t cells = (uint64_t)attending->evaluation->n * attending->selector.count +
                     (uint64_t)row->count * (attending->score.count + 1);
    size_t bits = attending->has_score ? exact_widest(row->scores, row->count) : 0;
    return exact_work(&attending->evaluation->work, cells, bits) ||
           exact_fail(attending->evaluation, EXACT_TOO_LONG, attending->node, query);
}

static Normaliser normaliser_of(GraphOp pattern) {
    switch (pattern) {
    case OP_HARDMAX: return NORMALISER_HARDMAX;
    case OP_HARDMAX_FIRST: return NORMALISER_HARDMAX_FIRST;
    case OP_LINEAR: return NORMALISER_LINEAR;
    case OP_SPARSEMAX: return NORMALISER_SPARSEMAX;
    default: BUG("%s is not rational", op_info(pattern)->name);
    }
}

static void give_default(const Attending *attending, uint32_t query, mpq_t *out, uint32_t width) {
    const ExactEvaluation *evaluation = attending->evaluation;
    const Node *node = &evaluation->graph->nodes[attending->node];
    for (uint32_t c = 0; c < width; c++) {
        if (node->op == OP_AGGREGATE) {
            if (!rational_set_atom(out[c], node->atom)) BUG("a default that is no number");
        } else if (node->op == OP_ATTEND) {
            uint32_t given = exact_width(evaluation->graph, node->args[2]);
            mpq_set(out[c], side(evaluation, node->args[2], query)[given == 1 ? 0 : c]);
        } else {
            mpq_set_ui(out[c], 0, 1);
        }
    }
}

static bool gather_row(Attending *attending, uint32_t query) {
    ExactEvaluation *evaluation = attending->evaluation;
    const Graph *graph = evaluation->graph;
    const Node *node = &graph->nodes[attending->node];
    ExactRow *row = &attending->row;
    if (!look_at_keys(attending, query)) return false;
    evaluation->result.empty = evaluation->result.empty || row->count == 0;
    mpq_t *out = side(evaluation, attending->node, query);
    if (node->op == OP_WIDTH) {
        mpq_set_ui(*out, row->count, 1);
        return true;
    }
    uint32_t width = exact_width(graph, node->args[1]);
    RowEnd end = attending->has_score
                     ? row_weigh(row, normaliser_of(graph->nodes[node->args[0]].op))
                     : row_average(row);
    evaluation->result.tied = evaluation->result.tied || (attending->has_score && row->tied);
    if (end == ROW_UNDEFINED)
        return exact_fail(evaluation, EXACT_UNDEFINED, attending->node, query);
    if (end == ROW_EMPTY) {
        give_default(attending, query, out, width);
        return true;
    }
    for (uint32_t i = 0; node->op == OP_TOTAL && i < row->count; i++)
        mpq_set_ui(row->weights[i], 1, 1);
    row_gather(row, evaluation->column[node->args[1]], width, out);
    return true;
}

bool exact_attention(ExactEvaluation *evaluation, NodeId id) {
    const Node *node = &evaluation->graph->nodes[id],
               *first = &evaluation->graph->nodes[node->args[0]];
    Attending attending = {.evaluation = evaluation,
                           .node = id,
                           .arena = arena_new(0),
                           .has_score = first->type == TYPE_PATTERN};
    attending.row = row_new(&attending.pool, attending.arena, evaluation->n);
    attending.selector =
        open_formula(&attending, attending.has_score ? first->args[1] : node->args[0]);
    if (attending.has_score) attending.score = open_formula(&attending, first->args[0]);
    bool fine = true;
    for (uint32_t query = 0; query < evaluation->n && fine; query++)
        fine = gather_row(&attending, query);
    exact_free(&attending.pool);
    arena_free(attending.arena);
    return fine;
}
