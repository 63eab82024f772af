/* The end of a loop's round. A state's old value is erased when its last reader has read it, and
   the new one written in its place, which is bit-exact: into 0. A unit may do that in the layer
   that erases, a head only after it.

   Whatever else a round writes is erased in it, so that the next finds 0, and what is read after
   the loop in the next round, before that writes it again. */
#include "compiler/lower/real/plan.h"

typedef struct Round {
    RealPlan *plan;
    uint32_t loop, region;
    const uint32_t *last; /* plan_real_last_reads in the region */
    bool changed;
} Round;

static StatePlan *state_at(const Round *round, uint32_t s) {
    return &round->plan->loops[round->loop].states[s];
}

/* Can the item that computes what is next write the state itself? Then that is its place. */
static bool can_write(const Round *round, const StatePlan *state, ValueId *next) {
    const RealPlan *plan = round->plan;
    if (!form_is_value(plan, &state->next, next)) return false;
    const Value *value = &plan->values[*next];
    return value->kind == VALUE_WRITTEN && value->region == round->region && !value->kept &&
           value->place == *next;
}

static void copy_next(Round *round, StatePlan *state) {
    RealPlan *plan = round->plan;
    Item item = {.kind = ITEM_UNIT,
                 .node = state->node,
                 .target = state->value,
                 .region = round->region,
                 .op = OP_POS,
                 .argument_count = 1,
                 .arguments = {state->next},
                 .live = true,
                 .layer = plan->loops[round->loop].first};
    (void)plan_real_item(plan, item, 0);
    state->update = plan->item_count - 1;
    round->changed = true;
}

static bool stays(const RealPlan *plan, const StatePlan *state) {
    ValueId next;
    return form_is_value(plan, &state->next, &next) && next == state->value;
}

static void begin_update(Round *round, StatePlan *state) {
    RealPlan *plan = round->plan;
    ValueId next;
    if (stays(plan, state)) return;
    if (can_write(round, state, &next)) {
        plan->values[next].place = state->value;
        state->update = plan->values[next].writer;
    } else {
        copy_next(round, state);
    }
}

/* Only a unit whose value nobody in the round waits for. */
static bool can_move_on(const Round *round, const Item *item) {
    return item->kind == ITEM_UNIT && round->last[item->target] == NO_LAYER;
}

static void move_item(Round *round, Item *item, uint32_t layer) {
    if (item->layer == layer) return;
    item->layer = layer;
    round->changed = true;
}

/* Sees to it that the item which writes the state comes after all readers of the old value. */
static void delay_update(Round *round, StatePlan *state) {
    RealPlan *plan = round->plan;
    uint32_t done = plan->loops[round->loop].first;
    if (state->update == NO_ITEM) return;
    Item *item = &plan->items[state->update];
    if (round->last[state->value] != NO_LAYER) done = round->last[state->value];
    done = plan_real_layer_of(plan, round->region, done, true);
    state->erased = item->kind == ITEM_MOVE || item->layer < done ? done : item->layer;
    bool copies = item->target == state->value;
    if (copies) {
        uint32_t readable = plan_real_readable(plan, &state->next);
        if (readable > done) done = plan_real_layer_of(plan, round->region, readable, true);
        if (item->layer < done) move_item(round, item, done);
        state->erased = item->layer;
    } else if (item->layer < done + (item->kind == ITEM_MOVE)) {
        if (can_move_on(round, item)) {
            move_item(round, item, done);
            state->erased = done;
        } else {
            plan->values[item->target].place = item->target;
            copy_next(round, state);
        }
    }
}

/* --- what a round erases at its end ------------------------------------------------------------
 */

/* Adds a layer where there is none to erase the value in, once nobody reads it before `least`. */
static void make_room_for(Round *round, ValueId value, uint32_t least) {
    uint32_t last = value == NO_VALUE ? NO_LAYER : round->last[value];
    if (last != NO_LAYER && last > least) least = last;
    (void)plan_real_layer_of(round->plan, round->region, least, true);
}

static void make_room(Round *round) {
    RealPlan *plan = round->plan;
    uint32_t end = plan_real_region_end(plan, round->region);
    for (uint32_t i = plan->region_items[round->region]; i < plan->region_items[round->region + 1];
         i++) {
        const Item *item = &plan->items[plan->by_region[i]];
        const Value *value = &plan->values[item->target];
        if (value->kind == VALUE_WRITTEN && value->place == item->target && !value->kept)
            make_room_for(round, item->target, item->layer + (item->kind == ITEM_UNIT ? 1 : 0));
    }
    /* What the loops inside leave, whether somebody reads it or not. */
    for (uint32_t l = round->region; l + 1 < end; l++) {
        const LoopPlan *inner = &plan->loops[l];
        if (!inner->live || inner->outer != round->region) continue;
        make_room_for(round, NO_VALUE, inner->first + inner->count);
        for (uint32_t s = 0; s < inner->state_count; s++)
            make_room_for(round, inner->states[s].after, inner->first + inner->count);
        for (uint32_t k = 0; k < inner->kept_count; k++)
            make_room_for(round, plan->values[inner->kept[k]].after, inner->first + inner->count);
    }
}

void plan_real_updates(RealPlan *plan, uint32_t loop) {
    LoopPlan *own = &plan->loops[loop];
    Round round = {.plan = plan, .loop = loop, .region = loop + 1};
    (void)plan_real_layer_of(plan, round.region, own->first, true);
    for (uint32_t s = 0; s < own->state_count; s++)
        if (plan->values[own->states[s].value].live) begin_update(&round, state_at(&round, s));
    do {
        round.changed = false;
        round.last = plan_real_last_reads(plan, round.region);
        for (uint32_t s = 0; s < own->state_count; s++)
            if (plan->values[own->states[s].value].live) delay_update(&round, state_at(&round, s));
    } while (round.changed);
    make_room(&round);
    own->count = plan->layer_count - own->first;
}
