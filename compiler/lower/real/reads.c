/* What an item reads. */
#include "compiler/lower/real/plan.h"

void form_reads(const Form *form, VisitValue visit, void *state) {
    for (uint32_t b = 0; b < form->count; b++)
        visit(state, form->blocks[b].value);
}

void item_reads(const RealPlan *plan, const Item *item, VisitValue visit, void *state) {
    for (uint32_t a = 0; a < item->argument_count; a++)
        form_reads(&item->arguments[a], visit, state);
    if (item->kind != ITEM_MOVE) return;
    const Pattern *pattern = &plan->patterns[item->pattern];
    for (uint32_t g = 0; g < pattern->gate_count; g++) {
        form_reads(&pattern->gates[g].key, visit, state);
        form_reads(&pattern->gates[g].query, visit, state);
    }
    for (uint32_t s = 0; s < pattern->score_count; s++) {
        form_reads(&pattern->scores[s].key, visit, state);
        form_reads(&pattern->scores[s].query, visit, state);
    }
}

/* --- last reads ------------------------------------------------------------------------------- */

typedef struct LastReads {
    const RealPlan *plan;
    uint32_t *last;
    uint32_t region, layer; /* of the reader */
} LastReads;

/* A reader in an inner loop reads again in every round. */
static void see_read(void *state, ValueId id) {
    LastReads *reads = state;
    const RealPlan *plan = reads->plan;
    uint32_t home = plan->values[id].region, region = reads->region, layer = reads->layer;
    while (region != home) {
        const LoopPlan *loop = &plan->loops[region - 1];
        layer = loop->first + loop->count;
        region = loop->outer;
    }
    if (reads->last[id] == NO_LAYER || reads->last[id] < layer) reads->last[id] = layer;
}

static void see_item(LastReads *reads, ItemId id) {
    const Item *item = &reads->plan->items[id];
    reads->region = item->region;
    reads->layer = item->layer;
    item_reads(reads->plan, item, see_read, reads);
}

uint32_t plan_real_region_end(const RealPlan *plan, uint32_t region) {
    uint32_t end = region + 1;
    while (end <= plan->graph->loop_count && plan_real_within(plan, end, region))
        end++;
    return end;
}

const uint32_t *plan_real_last_reads(RealPlan *plan, uint32_t within) {
    LastReads reads = {.plan = plan, .last = plan->last_reads};
    uint32_t end = plan_real_region_end(plan, within);
    for (ValueId v = 0; v < plan->value_count; v++)
        reads.last[v] = NO_LAYER;
    for (uint32_t i = plan->region_items[within]; i < plan->region_items[end]; i++)
        see_item(&reads, plan->by_region[i]);
    for (ItemId i = plan->sorted_items; i < plan->item_count; i++)
        if (plan_real_within(plan, plan->items[i].region, within)) see_item(&reads, i);
    for (uint32_t t = 0; t < plan->trap_count; t++) {
        const PlanTrap *trap = &plan->traps[t];
        if (!plan_real_within(plan, trap->region, within)) continue;
        reads.region = trap->region;
        reads.layer = trap->layer;
        form_reads(&trap->number, see_read, &reads);
    }
    for (uint32_t l = within > 0 ? within - 1 : 0; l + 1 < end; l++) {
        const LoopPlan *loop = &plan->loops[l];
        if (!loop->live || loop->count == 0) continue;
        reads.region = l + 1;
        reads.layer = loop->first + loop->count - 1;
        form_reads(&loop->until, see_read, &reads);
    }
    return reads.last;
}
