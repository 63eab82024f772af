/* Who looks on at a loop: what a round found and what it leaves, as columns of all positions. */
#include "runtime/engines/jit/real/run.h"

#include <string.h>

/* The state that changes in place to be that node; NULL: none. */
static const LoopState *in_place_of(const Run *run, uint32_t loop, NodeId node,
                                    const StatePlan **plan) {
    const GraphLoop *at = &run->graph->loops[loop];
    for (uint32_t s = 0; s < at->state_count; s++) {
        *plan = &run->plan->loops[loop].states[s];
        if ((*plan)->in_place && at->states[s].next == node) return &at->states[s];
    }
    return NULL;
}

/* The state's column as it will be. */
static bool show_changed(Run *run, const StatePlan *plan, NodeId state, Arena *arena,
                         Sequence *out) {
    const Node *at = graph_node(run->graph, state);
    void **column = &run->columns[2 * (size_t)state], *before = *column;
    size_t size = at->width && run->plan->single ? sizeof(float) : sizeof(double);
    size_t bytes = (size_t)run->n * (at->width ? at->width : 1) * size;
    void *after = run_take(run, bytes, 1);
    if (after == NULL) return false;
    memcpy(after, before, bytes);
    run_write_rows(run, plan, state, after);
    *column = after;
    *out = run_sequence(run, state, arena);
    *column = before;
    run_give(run, after);
    return true;
}

/* False: a head that was left for later failed, or there is no memory. *known: the node's values
   are there. */
static bool show_node(Run *run, uint32_t loop, NodeId node, Arena *arena, Sequence *out,
                      bool *known) {
    const StatePlan *plan;
    const LoopState *state = in_place_of(run, loop, node, &plan);
    if (state) return show_changed(run, plan, state->state, arena, out);
    for (uint32_t h = 0; h < run->plan->head_count; h++) {
        const RealHead *head = &run->plan->heads[h];
        if (head->node == node && head->late && !run_head(run, head)) return false;
    }
    GraphOp op = graph_node(run->graph, node)->op;
    bool written = op == OP_CONST || op == OP_INDICES || run->columns[2 * (size_t)node] != NULL;
    *known = *known && written && run->plan->rows[node] == 0;
    if (*known) *out = run_sequence(run, node, arena);
    return true;
}

bool run_show_round(Run *run, uint32_t loop, uint32_t round) {
    const EvalRounds *rounds = run->rounds;
    if (rounds == NULL || rounds->loop != loop) return true;
    Arena *arena = arena_new(0);
    Sequence *values = ARENA_ARRAY(arena, Sequence, rounds->count);
    bool known = true, fine = true;
    for (uint32_t i = 0; i < rounds->count && fine && known; i++)
        fine = show_node(run, loop, rounds->nodes[i], arena, &values[i], &known);
    if (fine && known) rounds->round(rounds->state, round, values);
    arena_free(arena);
    return fine;
}
