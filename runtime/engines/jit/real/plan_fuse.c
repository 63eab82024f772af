/* Sums that are made by the step before them, while what they add up is in the cache: sums by owner
   that follow an arg-max, and sums of a softmax's weights. What only these look at is computed
   after the last round, if the loop's result wants it, and in no other. */
#include "runtime/engines/jit/real/program.h"

/* Is the node filled before the step? Inputs and what no loop changes are, if the step is in one.
 */
static bool is_before(const RealPlan *plan, NodeId node, const RealHead *head) {
    const Node *at = graph_node(plan->graph, node);
    if (at->op == OP_INPUT || at->op == OP_STATE || at->op == OP_CONST || at->op == OP_VECTOR)
        return true;
    return at->loop == 0 && graph_node(plan->graph, head->node)->loop != 0;
}

static bool parts_are_before(const RealPlan *plan, const SelectorParts *parts,
                             const RealHead *head) {
    const Graph *graph = plan->graph;
    for (uint32_t p = 0; p < parts->key_count; p++) {
        const Node *part = graph_node(graph, parts->keys[p]);
        if (!op_is_selection(part->op)) return false;
        if (!is_before(plan, part->args[0], head)) return false;
    }
    return true;
}

/* Does anything that is computed in a round read the node, but for heads that are fused with it? */
static bool others_use(const RealPlan *plan, NodeId node) {
    const Graph *graph = plan->graph;
    for (uint32_t h = 0; h < plan->head_count; h++) {
        const RealHead *head = &plan->heads[h];
        if (head->fused) continue;
        for (uint32_t o = 0; o < head->operand_count; o++)
            if (head->operands[o] == node) return true;
    }
    for (uint32_t e = 0; e < plan->element_count; e++)
        for (uint32_t i = 0; i < plan->elements[e].count; i++) {
            NodeId id = plan->elements[e].nodes[i];
            const Node *at = graph_node(graph, id);
            for (int a = 0; a < op_info(at->op)->arity; a++)
                if (real_seen(plan, plan->rows[id], at->args[a]) == node) return true;
        }
    for (uint32_t l = 0; l < graph->loop_count; l++) {
        const GraphLoop *loop = &graph->loops[l];
        if (loop->until == node) return true;
        for (uint32_t s = 0; s < loop->state_count; s++) {
            const StatePlan *state = &plan->loops[l].states[s];
            NodeId next = state->in_place ? state->value : loop->states[s].next;
            if (next == node || loop->states[s].init == node) return true;
        }
    }
    for (uint32_t r = 1; r < plan->row_set_count; r++)
        if (plan->row_sets[r].condition == node) return true;
    return false;
}

/* --- sums by owner ---------------------------------------------------------------------------- */

static uint32_t find_assignment(const RealPlan *plan, NodeId pattern) {
    for (uint32_t a = 0; a < plan->assignment_count; a++)
        if (plan->assignments[a].pattern == pattern) return a;
    return UINT32_MAX;
}

/* members = select(owner, indices, ==) and what the key is; owner = attend(hardmax, indices). */
static void follow_owner(RealPlan *plan, RealHead *head) {
    const Graph *graph = plan->graph;
    if (head->plan != HEAD_GROUP || head->parts.query_count > 0) return;
    if (graph_node(graph, head->node)->type != TYPE_VECTOR) return;
    const Node *equal = graph_node(graph, head->parts.equalities[0]);
    const Node *owner = graph_node(graph, equal->args[0]);
    if (owner->op != OP_ATTEND || graph_node(graph, equal->args[1])->op != OP_INDICES ||
        graph_node(graph, owner->args[1])->op != OP_INDICES)
        return;
    uint32_t number = find_assignment(plan, owner->args[0]);
    if (number == UINT32_MAX || plan->assignments[number].follow) return;
    Assignment *assignment = &plan->assignments[number];
    if (graph_node(graph, head->node)->loop != graph_node(graph, assignment->head->node)->loop ||
        !is_before(plan, head->value, assignment->head) ||
        !is_before(plan, owner->args[2], assignment->head) ||
        !parts_are_before(plan, &head->parts, assignment->head))
        return;
    head->fused = true;
    head->assignment = number;
    assignment->follow = head;
    assignment->owner = equal->args[0];
}

static void delay(RealPlan *plan, RealHead *head) {
    head->late = true;
    head->unread = !real_is_wanted(plan, head->node);
}

static void delay_owner(RealPlan *plan, const Assignment *assignment) {
    if (graph_node(plan->graph, assignment->owner)->loop == 0 ||
        others_use(plan, assignment->owner))
        return;
    for (uint32_t h = 0; h < plan->head_count; h++)
        if (plan->heads[h].node == assignment->owner) delay(plan, &plan->heads[h]);
}

/* --- sums of weights -------------------------------------------------------------------------- */

static bool can_follow(const RealPlan *plan, const RealHead *head, const RealHead *softmax) {
    const Graph *graph = plan->graph;
    const Node *at = graph_node(graph, head->node);
    if (head->fused || at->loop != graph_node(graph, softmax->node)->loop) return false;
    if (!parts_are_before(plan, &head->parts, softmax)) return false;
    if (head->plan == HEAD_ACCUMULATE)
        return head->form.terms[0].key == softmax->node && head->value != softmax->node &&
               is_before(plan, head->value, softmax);
    return head->plan == HEAD_UNIFORM && head->value == softmax->node &&
           head->parts.query_count == 0;
}

/* All heads that read the softmax add it up, or none is fused with it. */
static void follow_softmax(RealPlan *plan, RealHead *softmax) {
    const Node *at = graph_node(plan->graph, softmax->node);
    if (softmax->plan != HEAD_SOFTMAX || at->type != TYPE_VECTOR || at->loop == 0) return;
    if (softmax->rows != 0) return;
    for (uint32_t h = 0; h < plan->head_count; h++) {
        RealHead *head = &plan->heads[h];
        if (!can_follow(plan, head, softmax)) continue;
        softmax->followers = arena_grow(plan->arena, softmax->followers, softmax->follower_count,
                                        softmax->follower_count + 1, sizeof head);
        softmax->followers[softmax->follower_count++] = head;
        head->fused = true;
        head->source = softmax;
    }
    if (softmax->follower_count > 0 && !others_use(plan, softmax->node)) {
        softmax->weigh_kernel = plan->function_count++;
        delay(plan, softmax);
        return;
    }
    for (uint32_t f = 0; f < softmax->follower_count; f++) {
        softmax->followers[f]->fused = false;
        softmax->followers[f]->source = NULL;
    }
    softmax->follower_count = 0;
}

void real_plan_fuse(RealPlan *plan) {
    for (uint32_t h = 0; h < plan->head_count; h++)
        follow_owner(plan, &plan->heads[h]);
    for (uint32_t a = 0; a < plan->assignment_count; a++)
        if (plan->assignments[a].follow) delay_owner(plan, &plan->assignments[a]);
    for (uint32_t h = 0; h < plan->head_count; h++)
        follow_softmax(plan, &plan->heads[h]);
}
