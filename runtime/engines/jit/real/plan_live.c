/* How long columns live: after the last step that reads a node its column is another's. A node that
   a loop reads but does not compute lives until the loop is over. */
#include "runtime/engines/jit/real/program.h"

#include <string.h>

enum { FOREVER = UINT32_MAX };

typedef struct Living {
    RealPlan *plan;
    uint32_t *last; /* (graph->count) the last step that reads each node; FOREVER: all do */
} Living;

static bool is_around(const Graph *graph, uint32_t loop, NodeId node) {
    for (uint32_t at = graph_node(graph, node)->loop; at != 0; at = graph->loops[at - 1].outer)
        if (at == loop + 1) return true;
    return false;
}

/* The step at which a read by `step` ends: the end of the outermost loop around it that does not
   compute the node anew. */
static uint32_t end_of_read(const RealPlan *plan, NodeId node, uint32_t step) {
    for (uint32_t s = 0; s < step; s++)
        if (plan->steps[s].kind == STEP_LOOP && plan->steps[s].target >= step &&
            !is_around(plan->graph, plan->steps[s].number, node))
            return plan->steps[s].target;
    return step;
}

static void keep(Living *living, NodeId node) {
    if (node != NO_NODE) living->last[node] = FOREVER;
}

static void read_node(Living *living, NodeId node, uint32_t step) {
    if (node == NO_NODE || living->last[node] == FOREVER) return;
    uint32_t end = end_of_read(living->plan, node, step);
    if (end > living->last[node]) living->last[node] = end;
}

static void read_head(Living *living, const RealHead *head, uint32_t step) {
    for (uint32_t o = 0; o < head->operand_count; o++)
        read_node(living, head->operands[o], step);
    for (uint32_t f = 0; f < head->follower_count; f++)
        read_head(living, head->followers[f], step);
    /* Rows that can't be told from 0 need the weights once more. */
    for (uint32_t o = 0; head->source && o < head->source->operand_count; o++)
        read_node(living, head->source->operands[o], step);
}

static void read_elements(Living *living, const ElementStep *elements, uint32_t step) {
    const RealPlan *plan = living->plan;
    for (uint32_t i = 0; i < elements->count; i++) {
        const Node *at = graph_node(plan->graph, elements->nodes[i]);
        for (int a = 0; a < op_info(at->op)->arity; a++)
            read_node(living, real_seen(plan, elements->rows, at->args[a]), step);
        /* Nobody need read what it writes. */
        read_node(living, elements->nodes[i], step);
    }
}

/* Heads that were left for later run at the end of the last round, and so does what they gather
   by. */
static void read_late(Living *living, uint32_t loop, uint32_t step) {
    const RealPlan *plan = living->plan;
    for (uint32_t h = 0; h < plan->head_count; h++)
        if (plan->heads[h].late && graph_node(plan->graph, plan->heads[h].node)->loop == loop + 1)
            read_head(living, &plan->heads[h], step);
}

static void read_step(Living *living, uint32_t step) {
    const RealPlan *plan = living->plan;
    const Step *at = &plan->steps[step];
    switch (at->kind) {
    case STEP_ELEMENTS: read_elements(living, &plan->elements[at->number], step); break;
    case STEP_ASSIGN:
        read_head(living, plan->assignments[at->number].head, step);
        if (plan->assignments[at->number].follow)
            read_head(living, plan->assignments[at->number].follow, step);
        break;
    case STEP_HEAD:
        read_head(living, &plan->heads[at->number], step);
        read_node(living, plan->heads[at->number].node, step);
        break;
    case STEP_LOOP: break;
    case STEP_ROUND: read_late(living, at->number, step); break;
    }
}

/* What is read at any time, or by nobody's step, or is not the run's to give. */
static void keep_others(Living *living) {
    const RealPlan *plan = living->plan;
    const Graph *graph = plan->graph;
    for (NodeId id = 0; id < graph->count; id++) {
        const Node *at = graph_node(graph, id);
        OpKind kind = op_info(at->op)->kind;
        bool leaf = at->op == OP_CONST || at->op == OP_VECTOR;
        if (kind == OPKIND_INPUT || kind == OPKIND_LOOP || leaf) keep(living, id);
        if (at->op == OP_RESULT) keep(living, at->args[0]);
    }
    for (uint32_t l = 0; l < graph->loop_count; l++) {
        keep(living, graph->loops[l].until);
        for (uint32_t s = 0; s < graph->loops[l].state_count; s++) {
            keep(living, graph->loops[l].states[s].next);
            if (plan->loops[l].states[s].in_place) keep(living, plan->loops[l].states[s].value);
        }
    }
    for (uint32_t r = 1; r < plan->row_set_count; r++)
        keep(living, plan->row_sets[r].condition);
    for (uint32_t o = 0; o < plan->output_count; o++)
        keep(living, plan->outputs[o]);
}

/* A state's first value is read when its loop begins, and where the state is there at some
   positions only, when it ends. */
static void read_inits(Living *living) {
    const RealPlan *plan = living->plan;
    for (uint32_t s = 0; s < plan->step_count; s++) {
        if (plan->steps[s].kind != STEP_LOOP) continue;
        const GraphLoop *loop = &plan->graph->loops[plan->steps[s].number];
        for (uint32_t i = 0; i < loop->state_count; i++)
            read_node(living, loop->states[i].init,
                      plan->rows[loop->states[i].state] ? plan->steps[s].target : s);
    }
}

void real_plan_live(RealPlan *plan) {
    const Graph *graph = plan->graph;
    Living living = {plan, ARENA_ARRAY(plan->arena, uint32_t, graph->count)};
    keep_others(&living);
    read_inits(&living);
    for (uint32_t s = 0; s < plan->step_count; s++)
        read_step(&living, s);
    for (NodeId id = 0; id < graph->count; id++) {
        if (!plan->needed[id] || !plan->stored[id] || living.last[id] == FOREVER) continue;
        Step *step = &plan->steps[living.last[id]];
        step->dead =
            arena_grow(plan->arena, step->dead, step->dead_count, step->dead_count + 1, sizeof id);
        step->dead[step->dead_count++] = id;
    }
}
