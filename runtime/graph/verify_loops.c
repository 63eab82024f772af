/* Checks what graph.h says of loops: which nodes depend on which, what states hold, and that a loop
   is whole before its results. */
#include "runtime/graph/loops.h"

#include <inttypes.h>
#include <stdarg.h>

__attribute__((format(printf, 3, 4))) static bool wrong(Buffer *why, uint32_t loop,
                                                        const char *format, ...);
static bool wrong(Buffer *why, uint32_t loop, const char *format, ...) {
    va_list args;
    buffer_printf(why, "loop %" PRIu32 ": ", loop);
    va_start(args, format);
    buffer_vprintf(why, format, args);
    va_end(args);
    return false;
}

/* Loops as nodes have them: 1 + the number, 0 for none. Is `within` this one or inside it? */
static bool is_within(const Graph *graph, uint32_t within, uint32_t loop) {
    while (within > loop)
        within = graph->loops[within - 1].outer;
    return within == loop;
}

/* --- loops and their states ------------------------------------------------------------------- */

static bool verify_state(const Graph *graph, uint32_t number, const LoopState *state, NodeId least,
                         Buffer *why) {
    const GraphLoop *loop = &graph->loops[number];
    if (state->state >= graph->count || state->state < least ||
        graph_node(graph, state->state)->op != OP_STATE || state->init >= state->state)
        return wrong(why, number, "a state that is none, or stands before its init");
    const Node *at = graph_node(graph, state->state), *init = graph_node(graph, state->init);
    TypeSet holds = at->type;
    if (holds != TYPE_VECTOR && (holds & ~TYPE_ANY) != 0)
        return wrong(why, number, "%%%" PRIu32 " holds no values", state->state);
    if (at->loop != number + 1 || at->depth != init->depth)
        return wrong(why, number, "%%%" PRIu32 " is a state of something else", state->state);
    if ((init->type & ~holds) != 0 || init->width != at->width)
        return wrong(why, number, "%%%" PRIu32 " can't hold its init", state->state);
    if (!is_within(graph, loop->outer, init->loop))
        return wrong(why, number, "an init that is known only in a round");
    if (!loop->closed) return true;
    if (state->next >= graph->count || (graph_node(graph, state->next)->type & ~holds) != 0 ||
        graph_node(graph, state->next)->width != at->width)
        return wrong(why, number, "%%%" PRIu32 " can't hold what is next", state->state);
    if (!is_within(graph, number + 1, graph_node(graph, state->next)->loop))
        return wrong(why, number, "what is next is known only in another loop");
    return true;
}

static bool verify_loop(const Graph *graph, uint32_t number, uint32_t *states, Buffer *why) {
    const GraphLoop *loop = &graph->loops[number];
    if (loop->outer > number) return wrong(why, number, "it begins before the loop that it is in");
    if (loop->closed && loop->times == 0) return wrong(why, number, "it has no rounds");
    for (uint32_t s = 0; s < loop->state_count; s++) {
        NodeId least = s > 0 ? loop->states[s - 1].state + 1 : 0;
        if (!verify_state(graph, number, &loop->states[s], least, why)) return false;
    }
    *states += loop->state_count;
    if (!loop->closed || loop->until == NO_NODE) return true;
    if (loop->until >= graph->count || !(graph_node(graph, loop->until)->type & TYPE_ANY))
        return wrong(why, number, "it ends when something is true that never is");
    if (!is_within(graph, number + 1, graph_node(graph, loop->until)->loop))
        return wrong(why, number, "it ends when something is true in another loop");
    return true;
}

/* --- nodes ------------------------------------------------------------------------------------ */

/* first: (loop_count) each loop's first result, or NO_NODE. */
static bool verify_result(const Graph *graph, NodeId id, NodeId *first, Buffer *why) {
    const Node *node = graph_node(graph, id);
    int64_t number;
    if (!atom_as_int64(node->atom, &number) || number < 0 || number >= graph->loop_count ||
        !graph->loops[number].closed) {
        buffer_printf(why, "%%%" PRIu32 ": it is a result of no loop", id);
        return false;
    }
    const GraphLoop *loop = &graph->loops[number];
    const Node *arg = graph_node(graph, node->args[0]);
    bool whole = loop->until == NO_NODE || loop->until < id;
    for (uint32_t s = 0; s < loop->state_count && first[number] == NO_NODE; s++)
        whole = whole && loop->states[s].next < id;
    if (!whole || !is_within(graph, (uint32_t)number + 1, arg->loop) ||
        node->depth != graph_result_depth(graph, (uint32_t)number, node->args[0])) {
        buffer_printf(why, "%%%" PRIu32 ": it is not what the last round left", id);
        return false;
    }
    if (first[number] == NO_NODE) first[number] = id;
    return true;
}

/* The innermost loop that the node's arguments depend on; they must lie within one another. */
static bool innermost(const Graph *graph, const Node *node, uint32_t *loop) {
    *loop = 0;
    for (int i = 0; i < op_info(node->op)->arity; i++) {
        uint32_t other = graph_node(graph, node->args[i])->loop;
        if (other > graph->loop_count) return false;
        uint32_t inner = other > *loop ? other : *loop, outer = other > *loop ? *loop : other;
        if (!is_within(graph, inner, outer)) return false;
        *loop = inner;
    }
    return true;
}

static bool verify_node(const Graph *graph, NodeId id, NodeId *first, Buffer *why) {
    const Node *node = graph_node(graph, id);
    uint32_t loop = node->loop;
    bool fine = loop <= graph->loop_count;
    if (node->op == OP_RESULT) {
        if (!verify_result(graph, id, first, why)) return false;
        loop = graph->loops[graph_result_loop(node->atom)].outer;
    } else if (node->op != OP_STATE) {
        fine = innermost(graph, node, &loop);
    }
    if (!fine || loop != node->loop) {
        buffer_printf(why, "%%%" PRIu32 ": it does not depend on the loop that it says", id);
        return false;
    }
    for (; loop > 0; loop = graph->loops[loop - 1].outer) {
        if (first[loop - 1] == NO_NODE) continue;
        buffer_printf(why, "%%%" PRIu32 ": it stands behind a result of its loop", id);
        return false;
    }
    return true;
}

bool graph_verify_loops(const Graph *graph, Buffer *why) {
    uint32_t states = 0, state_nodes = 0;
    for (uint32_t loop = 0; loop < graph->loop_count; loop++)
        if (!verify_loop(graph, loop, &states, why)) return false;
    /* Every loop's states are nodes that say its number, so equal counts leave none over. */
    for (NodeId id = 0; id < graph->count; id++)
        state_nodes += graph_node(graph, id)->op == OP_STATE;
    if (states != state_nodes) {
        buffer_text(why, "a state of no loop");
        return false;
    }
    Arena *scratch = arena_new(0);
    NodeId *first = ARENA_ARRAY(scratch, NodeId, graph->loop_count);
    for (uint32_t loop = 0; loop < graph->loop_count; loop++)
        first[loop] = NO_NODE;
    bool fine = true;
    for (NodeId id = 0; id < graph->count && fine; id++)
        fine = verify_node(graph, id, first, why);
    arena_free(scratch);
    return fine;
}
