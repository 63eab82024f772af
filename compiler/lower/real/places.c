/* Places in the stream. A value has a subspace from when it is written until it is erased; then
   another of the same width may have it. Values are taken in the order in which they come, and each
   gets a subspace that is free, if there is one: then no subspace is added while one of its width
   is 0 for long enough, and the stream of each width is as narrow as it can be (interval graphs:
   Golumbic, Algorithmic Graph Theory and Perfect Graphs, chapter 8).

   Of those that are free it gets the first: so values of one width that come in one step lie in
   the stream in their order. Products with weights add from the first coordinate on
   (runtime/engines/real/columns.h), so a sum of such values, say of the products of a row and a
   column, is rounded as in eval.

   Time goes in steps: 0 is the embedding, 2 l + 1 the heads of layer l, 2 l + 2 its units, which
   erase before they add. What loops read again, and what they carry, has its subspace as long as
   the loop runs. */
#include "compiler/lower/real/plan.h"

#include "runtime/base/bug.h"

#include <stdlib.h>

enum { NEVER = UINT32_MAX };

typedef struct Tenant {
    ValueId value;
    uint32_t width, from, until; /* steps; until: it is erased, or NEVER */
    bool erased;                 /* in any case, since a round ends there */
    SpaceId space;
} Tenant;

typedef struct Housing {
    RealPlan *plan;
    Places places;
    const uint32_t *last; /* (value_count) plan_real_last_reads */
    uint32_t *after;      /* (value_count) the same of what a loop leaves, of all that read it */
    bool *is_output;      /* (value_count) */
    Tenant *tenants;
    uint32_t count;
} Housing;

/* The value whose place it is. */
static ValueId place_of(const RealPlan *plan, ValueId id) {
    while (plan->values[id].kind == VALUE_RESULT || plan->values[id].place != id)
        id = plan->values[id].kind == VALUE_RESULT ? plan->values[id].of : plan->values[id].place;
    return id;
}

static void add_erasure(Housing *h, uint32_t layer, ValueId value) {
    Places *p = &h->places;
    if (p->erase_count == p->erase_capacity) {
        uint32_t capacity = p->erase_capacity ? p->erase_capacity * 2 : 16;
        p->erasures = arena_grow(h->plan->scratch, p->erasures, p->erase_count, capacity,
                                 sizeof *p->erasures);
        p->erase_capacity = capacity;
    }
    p->erasures[p->erase_count++] = (Erasure){layer, value};
}

/* --- how long --------------------------------------------------------------------------------- */

static void see_output(void *state, ValueId id) {
    Housing *h = state;
    h->is_output[place_of(h->plan, id)] = true;
}

static void find_readers(Housing *h) {
    RealPlan *plan = h->plan;
    h->last = plan_real_last_reads(plan, 0);
    h->after = ARENA_ARRAY(plan->scratch, uint32_t, plan->value_count);
    h->is_output = ARENA_ARRAY(plan->scratch, bool, plan->value_count);
    for (ValueId v = 0; v < plan->value_count; v++) {
        const Value *value = &plan->values[v];
        if (!value->live || value->kind != VALUE_RESULT || h->last[v] == NO_LAYER) continue;
        ValueId of = place_of(plan, v);
        if (h->last[v] > h->after[of]) h->after[of] = h->last[v];
    }
    for (uint32_t o = 0; o < plan->output_count; o++)
        form_reads(&plan->forms[plan->outputs[o]], see_output, h);
}

static uint32_t step_of(const Item *item) {
    return 2 * item->layer + (item->kind == ITEM_MOVE ? 1 : 2);
}

/* Sets *home: the region in whose round it is erased. Returns the first layer that could. */
static uint32_t first_to_erase(Housing *h, Tenant *tenant, uint32_t *home) {
    RealPlan *plan = h->plan;
    ValueId id = tenant->value;
    const Value *value = &plan->values[id];
    uint32_t last = h->last[id] == NO_LAYER ? 0 : h->last[id];
    *home = value->region;
    if (value->kind == VALUE_INPUT || value->kind == VALUE_POSITION) return last;
    const Item *writer = value->writer == NO_ITEM ? NULL : &plan->items[value->writer];
    if (value->kind == VALUE_WRITTEN && !value->kept) {
        tenant->from = step_of(writer);
        uint32_t readable = writer->layer + (writer->kind == ITEM_UNIT ? 1 : 0);
        return last > readable ? last : readable;
    }
    const LoopPlan *loop = &plan->loops[value->region - 1];
    *home = loop->outer;
    if (value->kept) {
        tenant->from = 2 * loop->first + 1;
        add_erasure(h, plan_real_layer_of(plan, value->region, loop->first, false), id);
    } else {
        const StatePlan *state = &loop->states[value->state];
        if (plan->items[state->init].live) tenant->from = step_of(&plan->items[state->init]);
        if (state->erased != NO_LAYER) add_erasure(h, state->erased, id);
    }
    uint32_t end = loop->first + loop->count;
    return h->after[id] > end ? h->after[id] : end;
}

static void add_tenant(Housing *h, ValueId id) {
    RealPlan *plan = h->plan;
    Tenant *tenant = &h->tenants[h->count++];
    uint32_t home;
    *tenant = (Tenant){.value = id, .width = plan->values[id].width, .until = NEVER};
    uint32_t layer = first_to_erase(h, tenant, &home);
    if (h->is_output[id]) return;
    layer = plan_real_layer_of(plan, home, layer, false);
    tenant->erased = home > 0;
    if (home > 0) {
        const LoopPlan *loop = &plan->loops[home - 1];
        if (layer == NO_LAYER || layer - loop->first >= loop->count)
            BUG("a round has no layer to erase value %u", id);
        add_erasure(h, layer, id);
    }
    if (layer != NO_LAYER) tenant->until = 2 * layer + 2;
}

/* --- which ------------------------------------------------------------------------------------ */

static int by_from(const void *a, const void *b) {
    const Tenant *x = a, *y = b;
    if (x->from != y->from) return x->from < y->from ? -1 : 1;
    return x->value < y->value ? -1 : x->value > y->value;
}

static int by_until(const void *a, const void *b) {
    const Tenant *x = *(const Tenant *const *)a, *y = *(const Tenant *const *)b;
    if (x->until != y->until) return x->until < y->until ? -1 : 1;
    return x->value < y->value ? -1 : x->value > y->value;
}

/* A tenant that is gone, in a heap of those of its width: the first subspace is on top. */
typedef struct Vacant {
    const Tenant *tenant;
    uint32_t left, right; /* 1 + numbers of others, or 0 */
} Vacant;

/* Two heaps as one (skew heaps: Sleator and Tarjan, Self-adjusting heaps, 1986). */
static uint32_t merge(Vacant *vacant, uint32_t a, uint32_t b) {
    uint32_t top = 0, *link = &top;
    while (a && b) {
        bool first = vacant[a - 1].tenant->space < vacant[b - 1].tenant->space;
        uint32_t upper = first ? a : b;
        Vacant *node = &vacant[upper - 1];
        b = first ? b : a;
        a = node->right;
        node->right = node->left;
        *link = upper;
        link = &node->left;
    }
    *link = a ? a : b;
    return top;
}

static SpaceId new_space(Housing *h, ValueId value) {
    h->places.first[h->places.space_count] = value;
    return h->places.space_count++;
}

static bool has_name(const Housing *h, ValueId id) {
    const Value *value = &h->plan->values[id];
    if (value->kind == VALUE_INPUT || value->kind == VALUE_STATE) return true;
    return value->node != NO_NODE && graph_name_of(h->plan->graph, value->node);
}

static void assign(Housing *h) {
    Arena *scratch = h->plan->scratch;
    uint32_t widest = 1;
    qsort(h->tenants, h->count, sizeof *h->tenants, by_from);
    const Tenant **leaving = ARENA_ARRAY(scratch, const Tenant *, h->count);
    for (uint32_t i = 0; i < h->count; i++) {
        leaving[i] = &h->tenants[i];
        if (h->tenants[i].width > widest) widest = h->tenants[i].width;
    }
    qsort(leaving, h->count, sizeof *leaving, by_until);
    uint32_t *heaps = ARENA_ARRAY(scratch, uint32_t, (size_t)widest + 1), gone = 0;
    Vacant *vacant = ARENA_ARRAY(scratch, Vacant, h->count);
    for (uint32_t i = 0; i < h->count; i++) {
        Tenant *tenant = &h->tenants[i];
        for (; gone < h->count && leaving[gone]->until <= tenant->from; gone++) {
            uint32_t *heap = &heaps[leaving[gone]->width];
            vacant[gone].tenant = leaving[gone];
            *heap = merge(vacant, *heap, gone + 1);
        }
        uint32_t free = heaps[tenant->width];
        if (free == 0) {
            tenant->space = new_space(h, tenant->value);
        } else {
            const Tenant *before = vacant[free - 1].tenant;
            heaps[tenant->width] = merge(vacant, vacant[free - 1].left, vacant[free - 1].right);
            tenant->space = before->space;
            if (!before->erased) add_erasure(h, before->until / 2 - 1, before->value);
        }
        h->places.spaces[tenant->value] = tenant->space;
        ValueId *first = &h->places.first[tenant->space];
        if (!has_name(h, *first) && has_name(h, tenant->value)) *first = tenant->value;
    }
}

Places plan_real_places(RealPlan *plan) {
    Housing h = {.plan = plan};
    h.places.spaces = ARENA_ARRAY(plan->scratch, SpaceId, plan->value_count);
    h.places.first = ARENA_ARRAY(plan->scratch, ValueId, (size_t)plan->value_count + 2);
    h.tenants = ARENA_ARRAY(plan->scratch, Tenant, plan->value_count);
    find_readers(&h);
    new_space(&h, NO_VALUE); /* one */
    new_space(&h, NO_VALUE); /* null */
    for (ValueId v = 0; v < plan->value_count; v++) {
        h.places.spaces[v] = NO_SPACE;
        if (plan->values[v].live && place_of(plan, v) == v) add_tenant(&h, v);
    }
    assign(&h);
    for (ValueId v = 0; v < plan->value_count; v++)
        if (plan->values[v].live) h.places.spaces[v] = h.places.spaces[place_of(plan, v)];
    return h.places;
}
