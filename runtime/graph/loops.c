/* Loops: a body that runs round after round. Only the states tell one round from the next, so that
   whatever does not depend on them is computed once. */
#include "runtime/graph/loops.h"

#include "runtime/base/bug.h"
#include "runtime/base/limits.h"

/* A loop's states stand in the order of their ids. */
const LoopState *graph_state(const Graph *graph, NodeId state) {
    const GraphLoop *loop = &graph->loops[graph->nodes[state].loop - 1];
    uint32_t low = 0, high = loop->state_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (loop->states[middle].state < state)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == loop->state_count || loop->states[low].state != state) BUG("a state of no loop");
    return &loop->states[low];
}

uint32_t graph_result_loop(Atom number) {
    int64_t loop;
    if (!atom_as_int64(number, &loop) || loop < 0 || loop > UINT32_MAX) BUG("a result of no loop");
    return (uint32_t)loop;
}

uint32_t graph_loop_begin(Graph *graph, uint32_t outer, Span span) {
    if (graph->loop_count == graph->loop_capacity) {
        uint32_t capacity = graph->loop_capacity ? graph->loop_capacity * 2 : 8;
        graph->loops =
            arena_grow(graph->arena, graph->loops, graph->loop_count, capacity, sizeof(GraphLoop));
        graph->loop_capacity = capacity;
    }
    graph->loops[graph->loop_count] = (GraphLoop){.until = NO_NODE, .outer = outer, .span = span};
    return graph->loop_count++;
}

NodeId graph_loop_state(Graph *graph, uint32_t loop, NodeId init, Shape declared, Span span) {
    GraphLoop *l = &graph->loops[loop];
    if (l->closed || init >= graph->count) BUG("a state of a loop that is over");
    if (l->state_count == l->state_capacity) {
        uint32_t capacity = l->state_capacity ? l->state_capacity * 2 : 4;
        l->states =
            arena_grow(graph->arena, l->states, l->state_count, capacity, sizeof(LoopState));
        l->state_capacity = capacity;
    }
    Buffer why = {0};
    NodeSpec spec = {.op = OP_STATE,
                     .args = {NO_NODE, NO_NODE, NO_NODE},
                     .atom = atom_int(graph->state_count),
                     .declared = declared,
                     .span = span};
    NodeId state = graph_add(graph, &spec, &why);
    buffer_free(&why);
    if (state == NO_NODE) return NO_NODE; /* the limit on nodes, or on a vector's width */
    graph->nodes[state].depth = graph->nodes[init].depth;
    graph->nodes[state].loop = loop + 1;
    l->states[l->state_count++] = (LoopState){.state = state, .init = init, .next = NO_NODE};
    graph->state_count++;
    return state;
}

/* --- layers of rounds ------------------------------------------------------------------------- */

static bool is_body(const Graph *graph, uint32_t loop, NodeId node) {
    return graph->nodes[node].loop == loop + 1;
}

static uint32_t depth_again(const Graph *graph, uint32_t loop, NodeId id) {
    const Node *node = &graph->nodes[id];
    /* What a loop inside leaves: no deeper by more than what it begins with. */
    if (node->op == OP_RESULT) return node->depth + graph->loops[loop].entry;
    uint32_t depth = 0;
    for (int i = 0; i < op_info(node->op)->arity; i++) {
        const Node *arg = &graph->nodes[node->args[i]];
        uint32_t here = is_body(graph, loop, node->args[i]) ? arg->again : arg->depth;
        here += graph_crosses(node->op, i, arg->type);
        if (here > depth) depth = here;
    }
    return depth;
}

/* Rounds share their layers' weights, so each begins where the one before has ended: with all
   states at the depth of the deepest. What does not depend on a round can only make the first one
   deeper: the second is as deep as all others. */
static void find_steps(Graph *graph, uint32_t loop) {
    GraphLoop *l = &graph->loops[loop];
    uint32_t start = 0, end = 0;
    for (uint32_t s = 0; s < l->state_count; s++) {
        uint32_t left = graph->nodes[l->states[s].next].depth;
        if (left > start) start = left;
    }
    for (uint32_t s = 0; s < l->state_count; s++) {
        Node *state = &graph->nodes[l->states[s].state];
        state->again = start;
        if (start > state->depth && start - state->depth > l->entry)
            l->entry = start - state->depth;
    }
    for (NodeId id = l->state_count ? l->states[0].state : graph->count; id < graph->count; id++)
        if (is_body(graph, loop, id) && graph->nodes[id].op != OP_STATE)
            graph->nodes[id].again = depth_again(graph, loop, id);
    for (uint32_t s = 0; s < l->state_count; s++) {
        const Node *next = &graph->nodes[l->states[s].next];
        if (is_body(graph, loop, l->states[s].next) && next->again > end) end = next->again;
    }
    l->step = end > start ? end - start : 0;
}

void graph_loop_end(Graph *graph, uint32_t loop, uint32_t times, NodeId until, const NodeId *next) {
    GraphLoop *l = &graph->loops[loop];
    for (uint32_t s = 0; s < l->state_count; s++) {
        const Node *state = &graph->nodes[l->states[s].state];
        if (next[s] >= graph->count || (graph->nodes[next[s]].type & ~state->type) != 0 ||
            graph->nodes[next[s]].width != state->width)
            BUG("a round leaves state %u what it is not declared to hold", s);
        l->states[s].next = next[s];
    }
    l->times = times;
    l->until = until;
    l->closed = true;
    find_steps(graph, loop);
}

NodeId graph_loop_result(Graph *graph, uint32_t loop, NodeId node, Span span, Buffer *why) {
    if (!graph->loops[loop].closed) BUG("a result of a loop that is not over");
    NodeSpec spec = {
        .op = OP_RESULT, .args = {node, NO_NODE, NO_NODE}, .atom = atom_int(loop), .span = span};
    return graph_add(graph, &spec, why);
}

/* --- for build.c ------------------------------------------------------------------------------ */

uint32_t graph_result_depth(const Graph *graph, uint32_t loop, NodeId node) {
    const GraphLoop *l = &graph->loops[loop];
    const Node *at = &graph->nodes[node];
    if (l->times == 1 || !is_body(graph, loop, node)) return at->depth;
    uint64_t all = at->again + (uint64_t)l->step * (l->times - 2);
    return all < UINT32_MAX ? (uint32_t)all : UINT32_MAX;
}

void graph_loop_needs(const Graph *graph, NodeId node, uint8_t *needed) {
    const Node *at = &graph->nodes[node];
    if (at->op == OP_STATE) {
        needed[graph_state(graph, node)->init] = 1;
        return;
    }
    const GraphLoop *loop = &graph->loops[graph_result_loop(at->atom)];
    if (loop->until != NO_NODE) needed[loop->until] = 1;
    for (uint32_t s = 0; s < loop->state_count; s++) {
        needed[loop->states[s].state] = 1;
        needed[loop->states[s].next] = 1;
    }
}
