/* Who looks on at a loop: what a round found and what it leaves, as columns of all positions. */
#include "runtime/engines/jit/real/run.h"

/* A state that changes in place, with what `changed` holds. *known: its first value is there too.
 */
static bool show_state(Run *run, const LoopState *state, const StatePlan *plan, NodeId changed,
                       Arena *arena, Sequence *out, bool *known) {
    const Node *at = graph_node(run->graph, state->state),
               *init = graph_node(run->graph, state->init);
    void **column = &run->columns[2 * (size_t)state->state], *before = *column;
    uint32_t rows = run->plan->rows[state->state];
    if (rows != 0) {
        bool there = init->op == OP_CONST || init->op == OP_INDICES ||
                     run->columns[2 * (size_t)state->init] != NULL;
        *known = there && run->plan->rows[state->init] == 0;
        if (!*known) return true;
    }
    size_t size = at->width && run->plan->single ? sizeof(float) : sizeof(double);
    void *whole = run_take(run, (size_t)run->n * (at->width ? at->width : 1), size);
    if (whole == NULL) return false;
    run_whole_state(run, state, plan, changed, whole);
    *column = whole;
    *out = run_sequence(run, state->state, arena);
    *column = before;
    run_give(run, whole);
    return true;
}

static const LoopState *state_of(const Run *run, uint32_t loop, NodeId node,
                                 const StatePlan **plan) {
    const GraphLoop *at = &run->graph->loops[loop];
    for (uint32_t s = 0; s < at->state_count; s++) {
        *plan = &run->plan->loops[loop].states[s];
        if ((*plan)->in_place && at->states[s].state == node) return &at->states[s];
    }
    return NULL;
}

/* False: a head that was left for later failed, or there is no memory. *known: the node's values
   are there. */
static bool show_node(Run *run, uint32_t loop, NodeId node, Arena *arena, Sequence *out,
                      bool *known) {
    const StatePlan *plan;
    const LoopState *state = run_in_place(run, loop, node, &plan);
    if (state) return show_state(run, state, plan, plan->value, arena, out, known);
    state = state_of(run, loop, node, &plan);
    if (state) return show_state(run, state, plan, node, arena, out, known);
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
