/* Loops: what a round starts from, what it leaves for the next, and what is read afterwards. */
#include "compiler/lower/real/plan.h"

#include "runtime/base/bug.h"

static const Node *node_at(const RealPlan *plan, NodeId id) { return graph_node(plan->graph, id); }

void plan_real_loops(RealPlan *plan) {
    const Graph *graph = plan->graph;
    plan->loops = ARENA_ARRAY(plan->scratch, LoopPlan, graph->loop_count);
    for (uint32_t l = 0; l < graph->loop_count; l++) {
        const GraphLoop *loop = &graph->loops[l];
        LoopPlan *own = &plan->loops[l];
        own->outer = loop->outer;
        own->depth = loop->outer == 0 ? 0 : plan->loops[loop->outer - 1].depth + 1;
        own->state_count = loop->state_count;
        own->states = ARENA_ARRAY(plan->scratch, StatePlan, loop->state_count);
        for (uint32_t s = 0; s < loop->state_count; s++) {
            NodeId node = loop->states[s].state;
            own->states[s] = (StatePlan){.node = node,
                                         .value = NO_VALUE,
                                         .after = NO_VALUE,
                                         .init = NO_ITEM,
                                         .update = NO_ITEM,
                                         .erased = NO_LAYER};
            if (node >= graph->count) continue; /* the limit on nodes */
            plan->state_loop[node] = l;
            plan->state_number[node] = s;
        }
    }
}

/* --- before the loop -------------------------------------------------------------------------- */

Form plan_real_state(RealPlan *plan, NodeId id) {
    uint32_t loop = plan->state_loop[id], number = plan->state_number[id];
    const LoopState *state = &plan->graph->loops[loop].states[number];
    Form init = plan_real_form(plan, state->init);
    if (init.rows == 0) {
        plan_real_refuse(plan, state->init, "a state of strings");
        return init;
    }
    if (plan->loops[loop].depth >= REAL_LOOP_DEPTH) {
        plan_real_refuse(plan, id, "more than %d loops within one another", REAL_LOOP_DEPTH);
        return (Form){0};
    }
    Value value = {.kind = VALUE_STATE,
                   .node = id,
                   .width = init.rows,
                   .region = loop + 1,
                   .writer = NO_ITEM,
                   .of = NO_VALUE,
                   .loop = loop,
                   .state = number};
    ValueId made = plan_real_value(plan, &value);
    plan->loops[loop].states[number].value = made;
    return form_value(plan, made);
}

/* Before everything, the embedding can bring a state whose init is an input that nothing else
   reads, or is known for every position; live.c and places.c see to that. Else a unit writes it. */
static void plan_init(RealPlan *plan, uint32_t loop, StatePlan *state, NodeId init) {
    Form form = plan_real_form(plan, init);
    Item item = {.kind = ITEM_UNIT,
                 .node = state->node,
                 .target = state->value,
                 .region = plan->loops[loop].outer,
                 .op = OP_POS,
                 .argument_count = 1,
                 .arguments = {form}};
    (void)plan_real_item(plan, item, 0);
    state->init = plan->item_count - 1;
}

/* --- after it --------------------------------------------------------------------------------- */

static ValueId add_result(RealPlan *plan, uint32_t loop, NodeId node, ValueId of) {
    Value value = {.kind = VALUE_RESULT,
                   .node = node,
                   .width = plan->values[of].width,
                   .region = plan->loops[loop].outer,
                   .writer = NO_ITEM,
                   .of = of,
                   .loop = loop};
    ValueId result = plan_real_value(plan, &value);
    plan->values[of].after = result;
    return result;
}

static void keep(RealPlan *plan, uint32_t loop, ValueId value) {
    LoopPlan *own = &plan->loops[loop];
    if (plan->values[value].kept) return;
    plan->values[value].kept = true;
    if (own->kept_count == own->kept_capacity) {
        uint32_t capacity = own->kept_capacity ? own->kept_capacity * 2 : 4;
        own->kept =
            arena_grow(plan->scratch, own->kept, own->kept_count, capacity, sizeof *own->kept);
        own->kept_capacity = capacity;
    }
    own->kept[own->kept_count++] = value;
}

/* Does the form read nothing that a round computes anew? */
static bool is_invariant(const RealPlan *plan, uint32_t loop, const Form *form) {
    for (uint32_t b = 0; b < form->count; b++)
        if (plan_real_within(plan, plan->values[form->blocks[b].value].region, loop + 1))
            return false;
    return true;
}

/* The form as a round leaves it, in values that last until the next round: itself over the one
   value that it reads, if an item of the round's own writes that, else a copy. */
static Form kept_form(RealPlan *plan, uint32_t loop, NodeId node, const Form *form) {
    if (form->rows == 0 || is_invariant(plan, loop, form)) return *form;
    const Value *value = &plan->values[form->blocks[0].value];
    bool alone = value->kind == VALUE_WRITTEN && value->region == loop + 1;
    for (uint32_t b = 1; b < form->count; b++)
        alone = alone && form->blocks[b].value == form->blocks[0].value;
    if (alone && plan->items[value->writer].kind == ITEM_UNIT) {
        keep(plan, loop, form->blocks[0].value);
        return *form;
    }
    /* A head may write in the round's first layer, before its units could erase the old value. */
    ValueId copy = plan_real_unit(plan, node, OP_POS, form, NULL, form->rows);
    plan->items[plan->values[copy].writer].region = loop + 1;
    plan->values[copy].region = loop + 1;
    keep(plan, loop, copy);
    return form_value(plan, copy);
}

/* What every round leaves for the next, once its nodes have their forms. */
static void close_loop(RealPlan *plan, uint32_t loop) {
    const GraphLoop *own = &plan->graph->loops[loop];
    LoopPlan *closing = &plan->loops[loop];
    closing->closed = true;
    for (uint32_t s = 0; s < own->state_count; s++) {
        StatePlan *state = &closing->states[s];
        if (state->value == NO_VALUE) continue; /* refused */
        state->next = plan_real_form(plan, own->states[s].next);
        if (state->next.rows == 0) {
            plan_real_refuse(plan, own->states[s].next, "a state of strings");
            return;
        }
        state->after = add_result(plan, loop, state->node, state->value);
        plan_init(plan, loop, state, own->states[s].init);
    }
    if (own->until == NO_NODE) return;
    bool truth = graph_node(plan->graph, own->until)->type == TYPE_BOOL;
    for (uint32_t s = 0; truth && s < own->state_count; s++) {
        const StatePlan *state = &closing->states[s];
        if (own->states[s].next != own->until || state->value == NO_VALUE) continue;
        closing->until = form_value(plan, state->value);
        return;
    }
    Form given = plan_real_form(plan, own->until);
    Form until = plan_real_truth_of(plan, own->until, &given);
    closing->until = kept_form(plan, loop, own->until, &until);
}

/* The form with each value that lasts replaced by the same value after the loop. */
static Form after_loop(RealPlan *plan, uint32_t loop, NodeId node, const Form *form) {
    if (form->rows == 0 || is_invariant(plan, loop, form)) return *form;
    ValueId of = form->blocks[0].value, after = plan->values[of].after;
    if (after == NO_VALUE) after = add_result(plan, loop, node, of);
    Block *blocks = ARENA_ARRAY(plan->scratch, Block, form->count);
    for (uint32_t b = 0; b < form->count; b++) {
        blocks[b] = form->blocks[b];
        blocks[b].value = after;
    }
    Form out = *form;
    out.blocks = blocks;
    return out;
}

Form plan_real_result(RealPlan *plan, NodeId id) {
    NodeId body = node_at(plan, id)->args[0];
    int64_t number;
    if (!atom_as_int64(node_at(plan, id)->atom, &number)) BUG("a result of no loop");
    uint32_t loop = (uint32_t)number;
    const GraphLoop *own = &plan->graph->loops[loop];
    if (!plan->loops[loop].closed) close_loop(plan, loop);
    if (plan->refused) return (Form){0};
    for (uint32_t s = 0; s < own->state_count; s++)
        if (own->states[s].next == body) return form_value(plan, plan->loops[loop].states[s].after);
    Form form = plan_real_form(plan, body), kept = kept_form(plan, loop, id, &form);
    return after_loop(plan, loop, id, &kept);
}
