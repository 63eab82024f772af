/* What is computed when, and how long it lasts. Nodes that depend on no loop are level 0; a loop's
   body is a level of its own, run when the first of the loop's results is reached. A column goes
   when its last user is done, in a body every round, so memory stays in proportion to what is
   needed at one time. */
#include "runtime/engines/evaluation.h"

#include "runtime/base/bug.h"

#include <string.h>

bool evaluation_is_lazy(const Graph *graph, NodeId node) {
    return !type_is_sop(graph->nodes[node].type);
}

/* --- what is needed, and where ---------------------------------------------------------------- */

static void need(uint8_t *needed, const Graph *graph, NodeId root, Arena *arena) {
    const uint8_t *more = graph_needed(graph, root, arena);
    for (NodeId id = 0; id <= root; id++)
        needed[id] |= more[id];
}

static void find_triggers(Evaluation *evaluation, const uint8_t *needed) {
    const Graph *graph = evaluation->graph;
    for (uint32_t level = 0; level <= graph->loop_count; level++)
        evaluation->levels[level].trigger = evaluation->levels[level].kept = NO_NODE;
    for (NodeId id = graph->count; id-- > 0;) {
        if (!needed[id] || graph->nodes[id].op != OP_RESULT) continue;
        Level *level = &evaluation->levels[graph_result_loop(graph->nodes[id].atom) + 1];
        evaluation->result_next[id] = level->trigger;
        level->trigger = id;
    }
}

/* States have their columns from the loop. */
static bool is_computed(const Graph *graph, NodeId id) {
    return graph->nodes[id].op != OP_STATE && !evaluation_is_lazy(graph, id);
}

static void fill_levels(Evaluation *evaluation, const uint8_t *needed) {
    const Graph *graph = evaluation->graph;
    NodeId **next = ARENA_ARRAY(evaluation->arena, NodeId *, graph->loop_count + 1);
    for (NodeId id = 0; id < graph->count; id++)
        if (needed[id] && is_computed(graph, id)) evaluation->levels[graph->nodes[id].loop].count++;
    for (uint32_t level = 0; level <= graph->loop_count; level++) {
        next[level] = ARENA_ARRAY(evaluation->arena, NodeId, evaluation->levels[level].count);
        evaluation->levels[level].nodes = next[level];
    }
    for (NodeId id = 0; id < graph->count; id++)
        if (needed[id] && is_computed(graph, id)) *next[graph->nodes[id].loop]++ = id;
}

/* --- who uses a node last --------------------------------------------------------------------- */

/* Stands behind all nodes of its level: the end of the round. */
#define END_OF_ROUND NO_NODE

typedef struct Lifetimes {
    Evaluation *evaluation;
    NodeId *last_user; /* (count) of the node's own level */
} Lifetimes;

/* `user`, of level `level`, uses the node. To a node of a level around it, that is when the loop
   runs. */
static void note_use(Lifetimes *lifetimes, NodeId node, NodeId user, uint32_t level) {
    const Graph *graph = lifetimes->evaluation->graph;
    while (level != graph->nodes[node].loop) {
        if (level == 0) BUG("node %u is used outside its loop", node);
        user = lifetimes->evaluation->levels[level].trigger;
        level = graph->loops[level - 1].outer;
    }
    if (lifetimes->last_user[node] < user) lifetimes->last_user[node] = user;
}

/* What a loop leaves for its next round, and what it ends on, last through the round. */
static void note_loop(Lifetimes *lifetimes, uint32_t level) {
    const GraphLoop *loop = &lifetimes->evaluation->graph->loops[level - 1];
    if (loop->until != NO_NODE) note_use(lifetimes, loop->until, END_OF_ROUND, level);
    for (uint32_t s = 0; s < loop->state_count; s++) {
        note_use(lifetimes, loop->states[s].init, END_OF_ROUND, level);
        note_use(lifetimes, loop->states[s].next, END_OF_ROUND, level);
    }
}

static void note_uses(Lifetimes *lifetimes, NodeId id) {
    const Evaluation *evaluation = lifetimes->evaluation;
    const Node *node = &evaluation->graph->nodes[id];
    if (node->op == OP_RESULT) {
        uint32_t level = graph_result_loop(node->atom) + 1;
        if (evaluation->levels[level].trigger == id) note_loop(lifetimes, level);
        /* The loop copies what a round computed, the result itself what no round does. */
        bool of_round = evaluation->graph->nodes[node->args[0]].loop == level;
        note_use(lifetimes, node->args[0], of_round ? END_OF_ROUND : id,
                 of_round ? level : node->loop);
        return;
    }
    /* A selector is computed by the attentions that use it, so what it reads must last as long. */
    NodeId user = evaluation_is_lazy(evaluation->graph, id) ? lifetimes->last_user[id] : id;
    for (int i = 0; i < op_info(node->op)->arity; i++)
        note_use(lifetimes, node->args[i], user, node->loop);
}

static void plan_lifetimes(Lifetimes *lifetimes, const uint8_t *needed) {
    Evaluation *evaluation = lifetimes->evaluation;
    const Graph *graph = evaluation->graph;
    for (NodeId id = graph->count; id-- > 0;) {
        evaluation->dying[id] = NO_NODE;
        if (needed[id]) note_uses(lifetimes, id);
    }
    for (NodeId id = 0; id < graph->count; id++) {
        if (!needed[id] || !is_computed(graph, id)) continue;
        NodeId last = lifetimes->last_user[id];
        NodeId *list = last == END_OF_ROUND ? &evaluation->levels[graph->nodes[id].loop].kept
                                            : &evaluation->dying[last];
        evaluation->dying_next[id] = *list;
        *list = id;
    }
}

/* The nodes that somebody looks at in every round, if the loop runs. */
static void plan_rounds(Lifetimes *lifetimes, uint8_t *needed) {
    const Evaluation *evaluation = lifetimes->evaluation;
    const EvalRounds *rounds = evaluation->rounds;
    if (!rounds) return;
    uint32_t level = rounds->loop + 1;
    if (level > evaluation->graph->loop_count) BUG("rounds of no loop");
    if (evaluation->levels[level].trigger == NO_NODE) return;
    for (uint32_t i = 0; i < rounds->count; i++) {
        if (evaluation->graph->nodes[rounds->nodes[i]].loop != level)
            BUG("node %u is not of the loop's body", rounds->nodes[i]);
        need(needed, evaluation->graph, rounds->nodes[i], evaluation->arena);
        note_use(lifetimes, rounds->nodes[i], END_OF_ROUND, level);
    }
}

void evaluation_plan(Evaluation *evaluation, const NodeId *roots, uint32_t root_count) {
    const Graph *graph = evaluation->graph;
    uint32_t count = graph->count;
    evaluation->column = ARENA_ARRAY(evaluation->arena, Atom *, count);
    evaluation->numbers = ARENA_ARRAY(evaluation->arena, double *, count);
    evaluation->dying = ARENA_ARRAY(evaluation->arena, NodeId, count);
    evaluation->dying_next = ARENA_ARRAY(evaluation->arena, NodeId, count);
    evaluation->result_next = ARENA_ARRAY(evaluation->arena, NodeId, count);
    evaluation->step_of = ARENA_ARRAY(evaluation->arena, uint32_t, count);
    evaluation->levels = ARENA_ARRAY(evaluation->arena, Level, graph->loop_count + 1);
    Lifetimes lifetimes = {evaluation, ARENA_ARRAY(evaluation->arena, NodeId, count)};
    uint8_t *needed = ARENA_ARRAY(evaluation->arena, uint8_t, count);
    for (uint32_t i = 0; i < root_count; i++) {
        if (graph->nodes[roots[i]].loop) BUG("node %u is known only in a round", roots[i]);
        need(needed, graph, roots[i], evaluation->arena);
        lifetimes.last_user[roots[i]] = END_OF_ROUND;
    }
    find_triggers(evaluation, needed);
    plan_rounds(&lifetimes, needed);
    plan_lifetimes(&lifetimes, needed);
    fill_levels(evaluation, needed);
}

/* --- columns ---------------------------------------------------------------------------------- */

static size_t bytes_a_position(const Node *node) {
    return node->type == TYPE_VECTOR ? node->width * sizeof(double) : sizeof(Atom);
}

static Spare *find_spare(Evaluation *evaluation, size_t bytes) {
    for (uint32_t i = 0; i < evaluation->spare_count; i++)
        if (evaluation->spares[i].bytes == bytes) return &evaluation->spares[i];
    if (evaluation->spare_count == evaluation->spare_capacity) {
        uint32_t larger = evaluation->spare_capacity ? 2 * evaluation->spare_capacity : 4;
        evaluation->spares = arena_grow(evaluation->arena, evaluation->spares,
                                        evaluation->spare_count, larger, sizeof(Spare));
        evaluation->spare_capacity = larger;
    }
    evaluation->spares[evaluation->spare_count] = (Spare){.bytes = bytes};
    return &evaluation->spares[evaluation->spare_count++];
}

bool evaluation_take_column(Evaluation *evaluation, NodeId node) {
    const Node *at = &evaluation->graph->nodes[node];
    size_t bytes = bytes_a_position(at);
    Spare *spare = find_spare(evaluation, bytes);
    void *column;
    if (spare->count > 0) {
        column = spare->columns[--spare->count];
    } else {
        if (!evaluation_has_room(evaluation, node, evaluation->n * bytes)) return false;
        column = arena_array(evaluation->arena, evaluation->n, bytes);
    }
    if (at->type == TYPE_VECTOR)
        evaluation->numbers[node] = column;
    else
        evaluation->column[node] = column;
    return true;
}

void evaluation_release_one(Evaluation *evaluation, NodeId node) {
    Spare *spare = find_spare(evaluation, bytes_a_position(&evaluation->graph->nodes[node]));
    if (spare->count == spare->capacity) {
        uint32_t larger = spare->capacity ? 2 * spare->capacity : 8;
        spare->columns =
            arena_grow(evaluation->arena, spare->columns, spare->count, larger, sizeof(void *));
        spare->capacity = larger;
    }
    bool vectors = evaluation->numbers[node] != NULL;
    spare->columns[spare->count++] =
        vectors ? (void *)evaluation->numbers[node] : (void *)evaluation->column[node];
    evaluation->numbers[node] = NULL;
    evaluation->column[node] = NULL;
}

void evaluation_release(Evaluation *evaluation, NodeId first) {
    for (NodeId id = first; id != NO_NODE; id = evaluation->dying_next[id])
        evaluation_release_one(evaluation, id);
}

Column evaluation_column(const Evaluation *evaluation, NodeId node) {
    return (Column){evaluation->column[node], evaluation->numbers[node]};
}

void evaluation_copy_column(const Evaluation *evaluation, NodeId node, Column from, Column to) {
    size_t bytes = evaluation->n * bytes_a_position(&evaluation->graph->nodes[node]);
    if (to.numbers)
        memcpy(to.numbers, from.numbers, bytes);
    else
        memcpy(to.atoms, from.atoms, bytes);
}
