/* What the outputs need: folding leaves values that nobody reads (the other components of a vector,
   a state that no result depends on). Traps stay, whoever reads what they guard; limits stay where
   somebody does. */
#include "compiler/lower/real/plan.h"

typedef struct Marking {
    RealPlan *plan;
    ValueId *stack; /* (value_count) each value comes once */
    uint32_t count;
} Marking;

static void mark(void *state, ValueId id) {
    Marking *m = state;
    if (m->plan->values[id].live) return;
    m->plan->values[id].live = true;
    m->stack[m->count++] = id;
}

/* The loop runs, with those around it. */
static void mark_loop(Marking *m, uint32_t region) {
    for (; region > 0; region = m->plan->loops[region - 1].outer) {
        LoopPlan *loop = &m->plan->loops[region - 1];
        if (loop->live) return;
        loop->live = true;
        form_reads(&loop->until, mark, m);
    }
}

static void mark_item(Marking *m, ItemId id) {
    Item *item = &m->plan->items[id];
    item->live = true;
    mark_loop(m, item->region);
    item_reads(m->plan, item, mark, m);
}

/* Of a loop around which there is none: is what it begins with known at every position? */
static bool bring_state(RealPlan *plan, const StatePlan *state) {
    Value *value = &plan->values[state->value];
    const Form *init = &plan->items[state->init].arguments[0];
    uint32_t n = plan->options->max_length;
    if (plan->loops[value->loop].outer != 0) return false;
    for (uint32_t b = 0; b < init->count; b++)
        if (plan->values[init->blocks[b].value].kind != VALUE_POSITION) return false;
    double *numbers = plan_real_numbers(plan, state->node, (uint64_t)n * init->rows);
    if (!numbers) return false;
    for (uint32_t i = 0; i < n; i++)
        form_at_position(plan, init, i, numbers + (size_t)i * init->rows);
    value->numbers = numbers;
    return true;
}

static void mark_value(Marking *m, const Value *value) {
    if (value->kind == VALUE_WRITTEN) mark_item(m, value->writer);
    if (value->kind == VALUE_RESULT) mark(m, value->of);
    if (value->kind != VALUE_STATE) return;
    const StatePlan *state = &m->plan->loops[value->loop].states[value->state];
    mark_loop(m, value->loop + 1);
    form_reads(&state->next, mark, m);
    if (!bring_state(m->plan, state)) mark_item(m, state->init);
}

static void count_read(void *state, ValueId id) { ((uint32_t *)state)[id]++; }

/* How often each value (value_count) is read. */
static const uint32_t *count_reads(const RealPlan *plan) {
    uint32_t *reads = ARENA_ARRAY(plan->scratch, uint32_t, plan->value_count);
    for (ItemId i = 0; i < plan->item_count; i++)
        if (plan->items[i].live) item_reads(plan, &plan->items[i], count_read, reads);
    for (uint32_t o = 0; o < plan->output_count; o++)
        form_reads(&plan->forms[plan->outputs[o]], count_read, reads);
    for (uint32_t t = 0; t < plan->trap_count; t++)
        form_reads(&plan->traps[t].number, count_read, reads);
    for (uint32_t l = 0; l < plan->graph->loop_count; l++) {
        const LoopPlan *loop = &plan->loops[l];
        if (!loop->live) continue;
        form_reads(&loop->until, count_read, reads);
        for (uint32_t s = 0; s < loop->state_count; s++)
            if (plan->values[loop->states[s].value].live)
                form_reads(&loop->states[s].next, count_read, reads);
    }
    return reads;
}

/* An input that only a state begins with lies where the state does. */
static void join_inputs(RealPlan *plan) {
    const uint32_t *reads = count_reads(plan);
    for (uint32_t l = 0; l < plan->graph->loop_count; l++) {
        const LoopPlan *loop = &plan->loops[l];
        for (uint32_t s = 0; s < loop->state_count && loop->live && loop->outer == 0; s++) {
            ValueId input;
            Value *state = &plan->values[loop->states[s].value];
            if (!state->live || state->numbers) continue;
            Item *init = &plan->items[loop->states[s].init];
            if (!form_is_value(plan, &init->arguments[0], &input) || reads[input] != 1) continue;
            if (plan->values[input].kind != VALUE_INPUT) continue;
            init->live = false;
            plan->values[input].place = loop->states[s].value;
        }
    }
}

typedef struct Liveness {
    const RealPlan *plan;
    bool all;
} Liveness;

static void see_live(void *state, ValueId id) {
    Liveness *liveness = state;
    liveness->all = liveness->all && liveness->plan->values[id].live;
}

/* An integer that nobody reads may be any. */
static void drop_limits(RealPlan *plan) {
    uint32_t kept = 0;
    for (uint32_t t = 0; t < plan->trap_count; t++) {
        PlanTrap trap = plan->traps[t];
        Liveness liveness = {plan, trap.region == 0 || plan->loops[trap.region - 1].live};
        form_reads(&trap.number, see_live, &liveness);
        if (trap.limit == 0 || liveness.all) plan->traps[kept++] = trap;
    }
    plan->trap_count = kept;
}

void plan_real_live(RealPlan *plan) {
    Marking m = {plan, ARENA_ARRAY(plan->scratch, ValueId, plan->value_count), 0};
    for (uint32_t o = 0; o < plan->output_count; o++)
        form_reads(&plan->forms[plan->outputs[o]], mark, &m);
    for (uint32_t t = 0; t < plan->trap_count; t++) {
        if (plan->traps[t].limit > 0) continue;
        mark_loop(&m, plan->traps[t].region);
        form_reads(&plan->traps[t].number, mark, &m);
    }
    while (m.count > 0)
        mark_value(&m, &plan->values[m.stack[--m.count]]);
    drop_limits(plan);
    join_inputs(plan);
}
