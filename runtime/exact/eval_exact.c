#include "runtime/exact/evaluation_exact.h"

#include "runtime/base/limits.h"

#include <math.h>

bool exact_fail(ExactEvaluation *evaluation, ExactEnd end, NodeId node, uint32_t position) {
    evaluation->result.end = end;
    evaluation->result.node = node;
    evaluation->result.position = position;
    return false;
}

/* --- what is needed --------------------------------------------------------------------------- */

static uint8_t *find_needed(const Graph *graph, const NodeId *outputs, uint32_t count,
                            Arena *arena) {
    uint8_t *needed = ARENA_ARRAY(arena, uint8_t, graph->count);
    for (uint32_t o = 0; o < count; o++) {
        const uint8_t *more = graph_needed(graph, outputs[o], arena);
        for (NodeId id = 0; id <= outputs[o]; id++)
            needed[id] |= more[id];
    }
    return needed;
}

static bool table_is_rational(const Node *node) {
    for (uint32_t i = 0; node->table->values && i < node->table->count; i++)
        if (!atom_is_number(node->table->values[i])) return false;
    return true;
}

/* A constant that is no whole number: most powers of it are roots. */
static bool is_fraction(const Node *node) {
    int64_t whole;
    double number;
    return node->op == OP_CONST && !atom_as_int64(node->atom, &whole) &&
           atom_as_double(node->atom, &number) && number != trunc(number);
}

static bool is_rational(const Graph *graph, NodeId id) {
    const Node *node = &graph->nodes[id];
    if (node->type & TYPE_STRING) return false;
    switch (node->op) {
    case OP_TOKENS_INT:
    case OP_TOKENS_FLOAT:
    case OP_TOKENS_BOOL:
    case OP_EXP:
    case OP_LOG:
    case OP_SQRT:
    case OP_SIN:
    case OP_COS:
    case OP_TANH:
    case OP_NORM:
    case OP_LAYERNORM:
    case OP_RMSNORM:
    case OP_UNIT:
    case OP_SOFTMAX: return false;
    case OP_LOOKUP:
    case OP_VECTOR:
    case OP_MATMUL: return table_is_rational(node);
    case OP_POW: return !is_fraction(&graph->nodes[node->args[1]]);
    /* A float is no index, even a whole one. */
    case OP_ITEM:
        return table_is_rational(node) && !(graph->nodes[node->args[0]].type & TYPE_FLOAT);
    default: return true;
    }
}

NodeId exact_refuses(const Graph *graph, const NodeId *outputs, uint32_t count) {
    Arena *arena = arena_new(0);
    const uint8_t *needed = find_needed(graph, outputs, count, arena);
    NodeId found = 0;
    while (found < graph->count && (!needed[found] || is_rational(graph, found)))
        found++;
    if (found == graph->count) found = NO_NODE;
    arena_free(arena);
    return found;
}

/* --- columns ---------------------------------------------------------------------------------- */

static bool make_columns(ExactEvaluation *evaluation) {
    const Graph *graph = evaluation->graph;
    uint64_t numbers = 0;
    evaluation->column = ARENA_ARRAY(evaluation->arena, mpq_t *, graph->count);
    for (NodeId id = 0; id < graph->count; id++) {
        if (!evaluation->needed[id] || !type_is_sop(graph->nodes[id].type)) continue;
        size_t count = (size_t)evaluation->n * exact_width(graph, id);
        numbers += count;
        if (numbers > LIMIT_EXACT_NUMBERS) return exact_fail(evaluation, EXACT_TOO_LONG, id, 0);
        evaluation->column[id] = exact_array(evaluation->pool, count);
    }
    return true;
}

static void copy_numbers(mpq_t *to, mpq_t *from, size_t count) {
    for (size_t i = 0; i < count; i++)
        mpq_set(to[i], from[i]);
}

/* from's column; of a number for every component where `to` is a vector. */
static void copy_column(const ExactEvaluation *evaluation, NodeId from, mpq_t *to, NodeId type) {
    uint32_t width = exact_width(evaluation->graph, type),
             given = exact_width(evaluation->graph, from);
    mpq_t *source = evaluation->column[from];
    if (given == width) {
        copy_numbers(to, source, (size_t)evaluation->n * width);
        return;
    }
    for (size_t i = 0; i < (size_t)evaluation->n * width; i++)
        mpq_set(to[i], source[i / width]);
}

/* --- loops ------------------------------------------------------------------------------------ */

static bool run_level(ExactEvaluation *evaluation, uint32_t level);

static void next_states(ExactEvaluation *evaluation, const GraphLoop *loop) {
    Exact pool = {0};
    Arena *arena = arena_new(0);
    mpq_t **next = ARENA_ARRAY(arena, mpq_t *, loop->state_count);
    for (uint32_t s = 0; s < loop->state_count; s++) {
        NodeId state = loop->states[s].state;
        if (!evaluation->needed[state]) continue;
        next[s] = exact_array(&pool, (size_t)evaluation->n * exact_width(evaluation->graph, state));
        copy_column(evaluation, loop->states[s].next, next[s], state);
    }
    for (uint32_t s = 0; s < loop->state_count; s++) {
        NodeId state = loop->states[s].state;
        if (next[s])
            copy_numbers(evaluation->column[state], next[s],
                         (size_t)evaluation->n * exact_width(evaluation->graph, state));
    }
    exact_free(&pool);
    arena_free(arena);
}

/* False also after exact_fail. */
static bool is_over(ExactEvaluation *evaluation, const GraphLoop *loop, bool *over) {
    *over = loop->until != NO_NODE;
    for (uint32_t i = 0; *over && i < evaluation->n; i++) {
        const mpq_t *condition = &evaluation->column[loop->until][i];
        if (rational_is_undefined(*condition))
            return exact_fail(evaluation, EXACT_UNDEFINED, loop->until, i);
        *over = rational_is_true(*condition);
    }
    return true;
}

static bool run_loop(ExactEvaluation *evaluation, uint32_t number) {
    const GraphLoop *loop = &evaluation->graph->loops[number];
    uint32_t most = evaluation->request->most_rounds,
             times = loop->outer || most == 0 || most > loop->times ? loop->times : most;
    for (uint32_t s = 0; s < loop->state_count; s++) {
        NodeId state = loop->states[s].state;
        if (evaluation->needed[state])
            copy_column(evaluation, loop->states[s].init, evaluation->column[state], state);
    }
    bool over = false;
    for (uint32_t round = 1;; round++) {
        if (!run_level(evaluation, number + 1) || !is_over(evaluation, loop, &over)) return false;
        if (over || round == times) return true;
        next_states(evaluation, loop);
    }
}

/* --- the walk --------------------------------------------------------------------------------- */

static bool check_size(ExactEvaluation *evaluation, NodeId id) {
    size_t count = (size_t)evaluation->n * exact_width(evaluation->graph, id);
    size_t bits = exact_widest(evaluation->column[id], count);
    if (bits > LIMIT_EXACT_BITS) return exact_fail(evaluation, EXACT_TOO_LARGE, id, 0);
    if (!exact_work(&evaluation->work, count, bits))
        return exact_fail(evaluation, EXACT_TOO_LONG, id, 0);
    return true;
}

static bool run_node(ExactEvaluation *evaluation, NodeId id) {
    const Node *node = &evaluation->graph->nodes[id];
    if (op_info(node->op)->kind == OPKIND_ATTENTION) return exact_attention(evaluation, id);
    return exact_element(evaluation, id);
}

/* The nodes of a level in id order; a loop is run at the first of its results. (Levels are numbered
   as Node.loop is.) */
static bool run_level(ExactEvaluation *evaluation, uint32_t level) {
    const Graph *graph = evaluation->graph;
    Arena *arena = arena_new(0);
    uint8_t *ran = ARENA_ARRAY(arena, uint8_t, graph->loop_count + 1);
    bool fine = true;
    for (NodeId id = 0; id < graph->count && fine; id++) {
        const Node *node = &graph->nodes[id];
        if (!evaluation->column[id] || node->loop != level || node->op == OP_STATE) continue;
        if (node->op == OP_RESULT) {
            uint32_t loop = graph_result_loop(node->atom);
            fine = ran[loop] || run_loop(evaluation, loop);
            ran[loop] = 1;
            if (fine) copy_column(evaluation, node->args[0], evaluation->column[id], id);
        } else {
            fine = run_node(evaluation, id) && check_size(evaluation, id);
        }
    }
    arena_free(arena);
    return fine;
}

static void take_outputs(ExactEvaluation *evaluation, const NodeId *outputs, Arena *arena) {
    ExactResult *result = &evaluation->result;
    result->outputs = ARENA_ARRAY(arena, mpq_t *, result->count);
    result->widths = ARENA_ARRAY(arena, uint32_t, result->count);
    for (uint32_t o = 0; o < result->count; o++) {
        result->widths[o] = exact_width(evaluation->graph, outputs[o]);
        size_t count = (size_t)evaluation->n * result->widths[o];
        result->outputs[o] = exact_array(evaluation->request->pool, count);
        copy_numbers(result->outputs[o], evaluation->column[outputs[o]], count);
    }
    exact_check_outputs(result, evaluation->n);
}

ExactResult eval_exact(const Graph *graph, const NodeId *outputs, uint32_t count,
                       const ExactRequest *request, Arena *arena) {
    Exact pool = {0};
    ExactEvaluation evaluation = {.graph = graph,
                                  .request = request,
                                  .n = request->input->n,
                                  .pool = &pool,
                                  .arena = arena_new(0),
                                  .result = {.node = NO_NODE, .count = count}};
    evaluation.needed = find_needed(graph, outputs, count, evaluation.arena);
    if (make_columns(&evaluation) && run_level(&evaluation, 0))
        take_outputs(&evaluation, outputs, arena);
    evaluation.result.work = evaluation.work.done;
    exact_free(&pool);
    arena_free(evaluation.arena);
    return evaluation.result;
}
