/* Layers for everything: a region's items, up to its first loop, that loop, the items that read its
   results, and so on. */
#include "compiler/lower/real/plan.h"

#include "runtime/base/bug.h"

typedef struct Layout {
    RealPlan *plan;
    uint32_t *phases; /* (regions) how many phases each region has */
} Layout;

static void add_layer(RealPlan *plan, uint32_t region) {
    if (plan->layer_count == plan->layer_capacity) {
        uint32_t capacity = plan->layer_capacity ? plan->layer_capacity * 2 : 16;
        plan->layer_regions = arena_grow(plan->scratch, plan->layer_regions, plan->layer_count,
                                         capacity, sizeof(uint32_t));
        plan->layer_capacity = capacity;
    }
    plan->layer_regions[plan->layer_count++] = region;
}

uint32_t plan_real_layer_of(RealPlan *plan, uint32_t region, uint32_t least, bool append) {
    for (uint32_t layer = least; layer < plan->layer_count; layer++)
        if (plan->layer_regions[layer] == region) return layer;
    if (!append) return NO_LAYER;
    while (plan->layer_count <= least)
        add_layer(plan, region);
    if (plan->layer_regions[plan->layer_count - 1] != region) add_layer(plan, region);
    return plan->layer_count - 1;
}

uint32_t plan_real_readable(const RealPlan *plan, const Form *form) {
    uint32_t layer = 0;
    for (uint32_t b = 0; b < form->count; b++) {
        const Value *value = &plan->values[form->blocks[b].value];
        uint32_t from = 0;
        if (value->kind == VALUE_RESULT) {
            from = plan->loops[value->loop].first + plan->loops[value->loop].count;
        } else if (value->kind == VALUE_STATE) {
            from = plan->loops[value->loop].first;
        } else if (value->kind == VALUE_WRITTEN) {
            const Item *item = &plan->items[value->writer];
            from = item->layer + (item->kind == ITEM_UNIT ? 1 : 0);
        }
        if (from > layer) layer = from;
    }
    return layer;
}

/* --- phases ----------------------------------------------------------------------------------- */

typedef struct PhaseOf {
    const RealPlan *plan;
    uint32_t region, phase;
} PhaseOf;

static void see_phase(void *state, ValueId id) {
    PhaseOf *of = state;
    const Value *value = &of->plan->values[id];
    uint32_t phase = 0;
    if (value->region != of->region) return;
    if (value->kind == VALUE_WRITTEN) phase = of->plan->items[value->writer].phase;
    if (value->kind == VALUE_RESULT) phase = of->plan->loops[value->loop].rank + 1;
    if (phase > of->phase) of->phase = phase;
}

static void find_phases(RealPlan *plan) {
    for (ItemId i = 0; i < plan->item_count; i++) {
        Item *item = &plan->items[i];
        PhaseOf of = {plan, item->region, 0};
        if (!item->live) continue;
        item_reads(plan, item, see_phase, &of);
        item->phase = of.phase;
    }
    for (uint32_t t = 0; t < plan->trap_count; t++) {
        PhaseOf of = {plan, plan->traps[t].region, 0};
        form_reads(&plan->traps[t].number, see_phase, &of);
        plan->traps[t].phase = of.phase;
    }
}

/* Live loops are numbered within their region. */
static void rank_loops(Layout *layout) {
    RealPlan *plan = layout->plan;
    for (uint32_t l = 0; l < plan->graph->loop_count; l++)
        if (plan->loops[l].live) plan->loops[l].rank = layout->phases[plan->loops[l].outer]++;
}

static void sort_items(RealPlan *plan) {
    uint32_t regions = plan->graph->loop_count + 1;
    uint32_t *starts = ARENA_ARRAY(plan->scratch, uint32_t, (size_t)regions + 1);
    plan->by_region = ARENA_ARRAY(plan->scratch, ItemId, plan->item_count);
    plan->sorted_items = plan->item_count;
    plan->region_items = starts;
    for (ItemId i = 0; i < plan->item_count; i++)
        if (plan->items[i].live) starts[plan->items[i].region + 1]++;
    for (uint32_t r = 0; r < regions; r++)
        starts[r + 1] += starts[r];
    uint32_t *next = ARENA_ARRAY(plan->scratch, uint32_t, regions);
    for (uint32_t r = 0; r < regions; r++)
        next[r] = starts[r];
    for (ItemId i = 0; i < plan->item_count; i++)
        if (plan->items[i].live) plan->by_region[next[plan->items[i].region]++] = i;
}

/* --- regions ---------------------------------------------------------------------------------- */

static void lay_out_items(RealPlan *plan, uint32_t region, uint32_t phase) {
    uint32_t first = plan->region_items[region], end = plan->region_items[region + 1], count = 0;
    ItemId *items = ARENA_ARRAY(plan->scratch, ItemId, end - first);
    for (uint32_t i = first; i < end; i++)
        if (plan->items[plan->by_region[i]].phase == phase) items[count++] = plan->by_region[i];
    uint32_t layers = plan_real_phase(plan, items, count, plan->layer_count);
    for (uint32_t l = 0; l < layers; l++)
        add_layer(plan, region);
    for (uint32_t t = 0; t < plan->trap_count; t++) {
        PlanTrap *trap = &plan->traps[t];
        if (trap->region != region || trap->phase != phase) continue;
        uint32_t readable = plan_real_readable(plan, &trap->number);
        if (region > 0 && readable < plan->loops[region - 1].first)
            readable = plan->loops[region - 1].first;
        trap->layer = plan_real_layer_of(plan, region, readable, true);
    }
}

/* Recursive: loops are at most REAL_LOOP_DEPTH deep. */
static void lay_out_region(Layout *layout, uint32_t region) {
    RealPlan *plan = layout->plan;
    uint32_t phase = 0;
    if (region > 0) plan->loops[region - 1].first = plan->layer_count;
    lay_out_items(plan, region, phase);
    for (uint32_t l = region; l < plan->graph->loop_count; l++) {
        LoopPlan *loop = &plan->loops[l];
        if (!loop->live || loop->outer != region) continue;
        if (loop->rank != phase) BUG("loops out of order");
        lay_out_region(layout, l + 1);
        lay_out_items(plan, region, ++phase);
    }
    if (region > 0) plan_real_updates(plan, region - 1);
}

void plan_real_layout(RealPlan *plan) {
    Layout layout = {.plan = plan};
    layout.phases = ARENA_ARRAY(plan->scratch, uint32_t, (size_t)plan->graph->loop_count + 1);
    rank_loops(&layout);
    find_phases(plan);
    sort_items(plan);
    plan->last_reads = ARENA_ARRAY(plan->scratch, uint32_t, plan->value_count);
    lay_out_region(&layout, 0);
}
