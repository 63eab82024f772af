/* Choosing what a picture shows. */
#include "runtime/draw/plan.h"

#include "runtime/base/bug.h"

/* How many comparisons of one selector are looked at for keys and queries. */
enum { MOST_COMPARISONS = 256 };

static bool is_constant(const Graph *graph, NodeId id) {
    GraphOp op = graph_node(graph, id)->op;
    return op == OP_CONST || op == OP_VECTOR;
}

/* Adds a node that is no constant and not there yet. */
static void add_series(const Graph *graph, SeriesList *list, NodeId id) {
    if (is_constant(graph, id)) return;
    for (uint32_t i = 0; i < list->count; i++)
        if (list->series[i].node == id) return;
    if (list->count < DRAW_MOST_SERIES)
        list->series[list->count++].node = id;
    else
        list->hidden++;
}

/* The keys and queries of every comparison in the selector's formula, from left to right. */
static void add_comparisons(const Graph *graph, PlanHead *head) {
    NodeId waiting[MOST_COMPARISONS];
    uint32_t count = 0, looked_at = 0;
    waiting[count++] = head->selector;
    while (count > 0 && looked_at++ < MOST_COMPARISONS) {
        const Node *node = graph_node(graph, waiting[--count]);
        if (op_is_selection(node->op) || (node->op >= OP_SCORE_ADD && node->op <= OP_DISTANCE)) {
            add_series(graph, &head->keys, node->args[0]);
            add_series(graph, &head->queries, node->args[1]);
            continue;
        }
        for (int i = op_info(node->op)->arity; i-- > 0 && count < MOST_COMPARISONS;)
            waiting[count++] = node->args[i];
    }
}

static void add_gathers(const Graph *graph, const uint8_t *needed, PlanHead *head, uint32_t depth) {
    for (NodeId id = head->selector + 1; id < graph->count; id++) {
        const Node *node = graph_node(graph, id);
        if (!needed[id] || op_info(node->op)->kind != OPKIND_ATTENTION || node->depth != depth ||
            node->args[0] != head->selector)
            continue;
        if (node->op != OP_WIDTH) add_series(graph, &head->values, node->args[1]);
        add_series(graph, &head->results, id);
    }
}

/* A row of its own have inputs and what the program names; heads show their results anyway. */
static bool *mark_rows(const Graph *graph, const uint8_t *needed, NodeId root, Arena *arena) {
    bool *shown = ARENA_ARRAY(arena, bool, graph->count);
    for (uint32_t i = 0; i < graph->name_count; i++)
        shown[graph->names[i].node] = true;
    for (NodeId id = 0; id < graph->count; id++) {
        const Node *node = graph_node(graph, id);
        if (op_info(node->op)->kind == OPKIND_INPUT) shown[id] = true;
        if (!needed[id] || id == root || !type_is_sop(node->type) || is_constant(graph, id))
            shown[id] = false;
    }
    return shown;
}

static uint32_t head_of(const Graph *graph, const PlanLayer *layer, NodeId id) {
    const Node *node = graph_node(graph, id);
    if (op_info(node->op)->kind != OPKIND_ATTENTION) return 0;
    for (uint32_t i = 0; i < layer->head_count; i++)
        if (layer->heads[i].selector == node->args[0]) return i + 1;
    return 0;
}

/* Rows that the layer's heads give come first, then what is computed from them. */
static void add_rows(const Graph *graph, const bool *shown, PlanLayer *layer, uint32_t depth,
                     Arena *arena) {
    layer->rows = ARENA_ARRAY(arena, PlanRow, DRAW_MOST_ROWS);
    for (int gathered = 1; gathered >= 0; gathered--)
        for (NodeId id = 0; id < graph->count; id++) {
            const Node *node = graph_node(graph, id);
            bool is_gathered = op_info(node->op)->kind == OPKIND_ATTENTION;
            if (!shown[id] || node->depth != depth || is_gathered != gathered) continue;
            if (layer->row_count == DRAW_MOST_ROWS) {
                layer->hidden_rows++;
                continue;
            }
            PlanRow *row = &layer->rows[layer->row_count++];
            row->series.node = id;
            row->head = head_of(graph, layer, id);
        }
}

static void add_heads(const Graph *graph, const uint8_t *needed, PlanLayer *layer, uint32_t depth,
                      const Layers *layers, Arena *arena) {
    uint32_t count = layers->heads[depth - 1];
    layer->head_count = count < DRAW_MOST_HEADS ? count : DRAW_MOST_HEADS;
    layer->hidden_heads = count - layer->head_count;
    layer->heads = ARENA_ARRAY(arena, PlanHead, layer->head_count);
    for (uint32_t i = 0; i < layer->head_count; i++) {
        layer->heads[i].selector = layers->selectors[depth - 1][i];
        layer->heads[i].gather = NO_NODE;
        add_comparisons(graph, &layer->heads[i]);
        add_gathers(graph, needed, &layer->heads[i], depth);
    }
}

Plan *plan_new(const Graph *graph, NodeId root, Arena *arena) {
    const uint8_t *needed = graph_needed(graph, root, arena);
    const bool *shown = mark_rows(graph, needed, root, arena);
    Layers layers = graph_layers(graph, root, arena);
    Plan *plan = ARENA_NEW(arena, Plan);
    plan->attention_layers = layers.count;
    plan->heads_per_layer = layers.heads;
    uint32_t drawn = layers.count < DRAW_MOST_LAYERS ? layers.count : DRAW_MOST_LAYERS;
    plan->hidden_layers = layers.count - drawn;
    plan->layer_count = 1 + drawn;
    plan->layers = ARENA_ARRAY(arena, PlanLayer, plan->layer_count);
    for (uint32_t depth = 0; depth < plan->layer_count; depth++) {
        PlanLayer *layer = &plan->layers[depth];
        if (depth > 0) add_heads(graph, needed, layer, depth, &layers, arena);
        add_rows(graph, shown, layer, depth, arena);
    }
    plan->is_selector = !type_is_sop(graph_node(graph, root)->type);
    plan->output.node = root;
    return plan;
}

void plan_add_weights(Plan *plan, Graph *graph, uint32_t n) {
    Buffer why = {0};
    for (uint32_t depth = 1; depth < plan->layer_count; depth++) {
        PlanLayer *layer = &plan->layers[depth];
        for (uint32_t i = 0; i < layer->head_count; i++) {
            PlanHead *head = &layer->heads[i];
            if (graph_node(graph, head->selector)->type != TYPE_PATTERN) continue;
            head->gather = graph_weights(graph, head->selector, n, &why);
            if (head->gather == NO_NODE) BUG("a pattern that gathers nothing: %s", why.data);
        }
    }
    buffer_free(&why);
}

/* --- values ----------------------------------------------------------------------------------- */

typedef struct Evaluator {
    const Graph *graph;
    Input input;
    Arena *arena;
    Diagnostics *diags;
    Sequence *known; /* (count) by node; n is 0 until it is evaluated */
} Evaluator;

/* Many heads compare the same s-ops: each is evaluated once. */
static bool evaluate(const Evaluator *evaluator, Series *series) {
    Sequence *known = &evaluator->known[series->node];
    if (known->n == 0 && !eval_sequence(evaluator->graph, series->node, evaluator->input, (Span){0},
                                        evaluator->arena, evaluator->diags, known))
        return false;
    series->values = *known;
    return true;
}

static bool evaluate_list(const Evaluator *evaluator, SeriesList *list) {
    for (uint32_t i = 0; i < list->count; i++)
        if (!evaluate(evaluator, &list->series[i])) return false;
    return true;
}

static bool evaluate_weights(const Evaluator *evaluator, PlanHead *head) {
    Series weights = {.node = head->gather};
    if (head->gather == NO_NODE)
        return eval_selector(evaluator->graph, head->selector, evaluator->input, (Span){0},
                             evaluator->arena, evaluator->diags, &head->matrix);
    if (!evaluate(evaluator, &weights)) return false;
    head->weights = weights.values.numbers;
    return true;
}

static bool evaluate_head(const Evaluator *evaluator, PlanHead *head) {
    return evaluate_weights(evaluator, head) && evaluate_list(evaluator, &head->keys) &&
           evaluate_list(evaluator, &head->queries) && evaluate_list(evaluator, &head->values) &&
           evaluate_list(evaluator, &head->results);
}

static bool evaluate_layer(const Evaluator *evaluator, PlanLayer *layer) {
    for (uint32_t i = 0; i < layer->head_count; i++)
        if (!evaluate_head(evaluator, &layer->heads[i])) return false;
    for (uint32_t i = 0; i < layer->row_count; i++)
        if (!evaluate(evaluator, &layer->rows[i].series)) return false;
    return true;
}

bool plan_evaluate(Plan *plan, const Graph *graph, Input input, Arena *arena, Diagnostics *diags) {
    Evaluator evaluator = {graph, input, arena, diags, ARENA_ARRAY(arena, Sequence, graph->count)};
    /* First what was asked for: if it fails, its own mistake is the one to report. */
    if (!plan->is_selector && !evaluate(&evaluator, &plan->output)) return false;
    for (uint32_t i = 0; i < plan->layer_count; i++)
        if (!evaluate_layer(&evaluator, &plan->layers[i])) return false;
    return true;
}
