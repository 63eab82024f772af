#include "compiler/lower/registers.h"

#include "runtime/base/bug.h"
#include "runtime/model/lifetimes.h"
#include "runtime/model/weights.h"

#include <stdlib.h>
#include <string.h>

enum {
    FIRST_PLACE = 2,     /* behind `one` and `null` */
    WIDTHS_TRIED = 12,   /* between the least that first fit finds and that without reuse */
    SMALL_BASIS = 160,   /* subspaces up to which every place is compared */
    LARGEST_BASIS = 4096 /* beyond it everything stays where it is */
};

/* A subspace that wants a place. */
typedef struct Tenant {
    SubspaceId id;
    uint32_t width;
    int32_t from;  /* when its place is taken */
    int32_t until; /* when it can be erased; TIME_NEVER: not before the end */
    bool code;
} Tenant;

typedef struct Packing {
    uint32_t width;      /* of the stream */
    uint64_t parameters; /* with the units that erase */
    uint32_t *places;    /* (count): the tenants' */
} Packing;

typedef struct Allocation {
    const Model *model;
    Arena *arena; /* scratch */
    const Lifetime *lifetimes;
    uint32_t count;
    const Tenant *tenants;         /* (count) */
    uint64_t fixed, by_coordinate; /* parameters: fixed + width * by_coordinate, units to erase
                                      apart */
    const bool *has_units;         /* (layer_count) */
} Allocation;

/* --- who can follow whom ---------------------------------------------------------------------- */

static bool follows(const Tenant *old, const Tenant *next) {
    return next->from > old->until || (next->from == old->until && old->code && next->code);
}

static bool collide(const Tenant *a, const Tenant *b) { return !follows(a, b) && !follows(b, a); }

/* The units of its last reader's layer; if units wrote it and nothing reads it, those after. */
static int32_t time_to_erase(const Model *model, const Lifetime *lifetime) {
    int32_t last = lifetime->read;
    uint32_t layer = (uint32_t)(last > 0 ? last - 1 : 0) / 2;
    if (last == lifetime->written && last > 0 && last % 2 == 0) layer++;
    return layer < model->layer_count ? time_of_units(layer) : TIME_NEVER;
}

static void find_tenants(Allocation *a) {
    Tenant *tenants = ARENA_ARRAY(a->arena, Tenant, a->model->subspace_count);
    for (SubspaceId id = MODEL_NULL + 1; id < a->model->subspace_count; id++) {
        const Subspace *s = &a->model->subspaces[id];
        if (s->width == 0) continue;
        tenants[a->count++] =
            (Tenant){id, s->width, a->lifetimes[id].placed,
                     time_to_erase(a->model, &a->lifetimes[id]), subspace_is_coded(s)};
    }
    a->tenants = tenants;
}

/* --- places ----------------------------------------------------------------------------------- */

typedef struct Stretch {
    uint32_t start, end;
} Stretch;

static int by_start(const void *a, const void *b) {
    const Stretch *x = a, *y = b;
    return x->start < y->start ? -1 : x->start > y->start;
}

static uint32_t shared(uint32_t place, uint32_t width, uint32_t other, uint32_t other_width) {
    uint32_t start = place > other ? place : other;
    uint32_t end = place + width < other + other_width ? place + width : other + other_width;
    return end > start ? end - start : 0;
}

typedef struct Packer {
    const Allocation *a;
    uint32_t *places; /* (count) */
    uint32_t *placed; /* (placed_count) tenants */
    uint32_t placed_count;
    Stretch *taken; /* scratch (count + 1) */
    uint32_t limit; /* no place ends beyond */
    bool compare;   /* take the place with the fewest erasures, not the first */
} Packer;

/* What placing the tenant there shares with those that can follow or go before it. */
static uint64_t sharing(const Packer *p, const Tenant *tenant, uint32_t place) {
    uint64_t sum = 0;
    for (uint32_t i = 0; i < p->placed_count; i++) {
        uint32_t other = p->placed[i];
        sum += shared(place, tenant->width, p->places[other], p->a->tenants[other].width);
    }
    return sum;
}

typedef struct Choice {
    uint32_t place;
    uint64_t cost;
    bool any;
} Choice;

static void consider(const Packer *p, const Tenant *tenant, uint32_t place, Choice *best) {
    uint64_t cost = p->compare ? sharing(p, tenant, place) : 0;
    if (best->any && (cost > best->cost || (cost == best->cost && place >= best->place))) return;
    *best = (Choice){place, cost, true};
}

/* The places in start..end that touch something: where the gap or another tenant begins or ends. */
static void consider_gap(const Packer *p, const Tenant *tenant, uint32_t start, uint32_t end,
                         Choice *best) {
    if (end > p->limit) end = p->limit;
    if (end < start || end - start < tenant->width) return;
    if (!p->compare && best->any) return;
    consider(p, tenant, start, best);
    if (!p->compare) return;
    consider(p, tenant, end - tenant->width, best);
    for (uint32_t i = 0; i < p->placed_count; i++) {
        uint32_t other = p->placed[i], from = p->places[other];
        uint32_t to = from + p->a->tenants[other].width;
        if (to >= start && to <= end - tenant->width) consider(p, tenant, to, best);
        if (from >= start + tenant->width && from <= end)
            consider(p, tenant, from - tenant->width, best);
    }
}

static bool place_tenant(Packer *p, uint32_t index) {
    const Tenant *tenant = &p->a->tenants[index];
    uint32_t count = 0, free_from = FIRST_PLACE;
    Choice best = {0};
    for (uint32_t i = 0; i < p->placed_count; i++) {
        uint32_t other = p->placed[i], place = p->places[other];
        if (collide(tenant, &p->a->tenants[other]))
            p->taken[count++] = (Stretch){place, place + p->a->tenants[other].width};
    }
    qsort(p->taken, count, sizeof *p->taken, by_start);
    for (uint32_t i = 0; i < count; i++) {
        if (p->taken[i].start > free_from)
            consider_gap(p, tenant, free_from, p->taken[i].start, &best);
        if (p->taken[i].end > free_from) free_from = p->taken[i].end;
    }
    consider_gap(p, tenant, free_from, UINT32_MAX, &best);
    p->places[index] = best.place;
    p->placed[p->placed_count++] = index;
    return best.any;
}

/* Coordinates that nobody has are left out. */
static uint32_t close_gaps(const Allocation *a, uint32_t *places) {
    Stretch *stretches = ARENA_ARRAY(a->arena, Stretch, a->count);
    for (uint32_t i = 0; i < a->count; i++)
        stretches[i] = (Stretch){places[i], places[i] + a->tenants[i].width};
    qsort(stretches, a->count, sizeof *stretches, by_start);
    uint32_t *less = ARENA_ARRAY(a->arena, uint32_t, a->count); /* unused before each stretch */
    uint32_t end = FIRST_PLACE, unused = 0;
    for (uint32_t i = 0; i < a->count; i++) {
        if (stretches[i].start > end) unused += stretches[i].start - end;
        if (stretches[i].end > end) end = stretches[i].end;
        less[i] = unused;
    }
    for (uint32_t i = 0; i < a->count; i++) {
        const Stretch *at =
            bsearch(&(Stretch){places[i], 0}, stretches, a->count, sizeof *stretches, by_start);
        places[i] -= less[at - stretches];
    }
    return end - unused;
}

/* --- what is erased --------------------------------------------------------------------------- */

/* The coordinates of a tenant that others have after it, as runs of one kind of unit. visit is
   called for each run; coordinates count from the tenant's first. */
typedef void (*VisitRun)(void *state, const Tenant *tenant, uint32_t first, uint32_t count,
                         bool either_sign);

static void visit_stretch(const Allocation *a, const Tenant *tenant, uint32_t start, uint32_t end,
                          VisitRun visit, void *state) {
    const HeadMove *defaulted = a->lifetimes[tenant->id].defaulted;
    while (start < end) {
        bool sign = coordinate_below_zero(a->model, tenant->id, defaulted, start);
        uint32_t c = start + 1;
        while (c < end && coordinate_below_zero(a->model, tenant->id, defaulted, c) == sign)
            c++;
        visit(state, tenant, start, c - start, sign);
        start = c;
    }
}

static void visit_runs(const Allocation *a, const uint32_t *places, uint32_t index, VisitRun visit,
                       void *state) {
    const Tenant *tenant = &a->tenants[index];
    Stretch *again = ARENA_ARRAY(a->arena, Stretch, a->count);
    uint32_t count = 0;
    for (uint32_t i = 0; i < a->count && tenant->until != TIME_NEVER; i++) {
        const Tenant *next = &a->tenants[i];
        if (i == index || !shared(places[index], tenant->width, places[i], next->width)) continue;
        if (!follows(tenant, next)) continue;
        uint32_t start = places[i] > places[index] ? places[i] - places[index] : 0;
        uint32_t end = places[i] + next->width - places[index];
        again[count++] = (Stretch){start, end < tenant->width ? end : tenant->width};
    }
    qsort(again, count, sizeof *again, by_start);
    for (uint32_t i = 0; i < count;) {
        uint32_t start = again[i].start, end = again[i].end;
        while (++i < count && again[i].start <= end)
            end = again[i].end > end ? again[i].end : end;
        visit_stretch(a, tenant, start, end, visit, state);
    }
}

typedef struct Cost {
    const Allocation *a;
    uint64_t units;
    bool *layers; /* (layer_count): erase something */
} Cost;

static uint32_t layer_of(const Tenant *tenant) { return (uint32_t)tenant->until / 2 - 1; }

static void add_cost(void *state, const Tenant *tenant, uint32_t first, uint32_t count,
                     bool either_sign) {
    (void)first;
    Cost *cost = state;
    cost->units += (uint64_t)count * (either_sign ? 2 : 1);
    cost->layers[layer_of(tenant)] = true;
}

/* A unit has 2 D weights and a bias; the first of a layer brings D biases behind it. */
static uint64_t parameters_of(const Allocation *a, uint32_t width, const uint32_t *places) {
    Cost cost = {.a = a, .layers = ARENA_ARRAY(a->arena, bool, a->model->layer_count)};
    for (uint32_t i = 0; i < a->count; i++)
        visit_runs(a, places, i, add_cost, &cost);
    uint64_t parameters =
        a->fixed + width * a->by_coordinate + cost.units * (2 * (uint64_t)width + 1);
    for (uint32_t l = 0; l < a->model->layer_count; l++)
        parameters += cost.layers[l] && !a->has_units[l] ? width : 0;
    return parameters;
}

/* --- orders ----------------------------------------------------------------------------------- */

typedef struct Ranked {
    uint64_t first, second;
    uint32_t index;
} Ranked;

static int by_rank(const void *a, const void *b) {
    const Ranked *x = a, *y = b;
    if (x->first != y->first) return x->first > y->first ? -1 : 1;
    if (x->second != y->second) return x->second > y->second ? -1 : 1;
    return x->index < y->index ? -1 : x->index > y->index;
}

typedef enum Order { ORDER_WIDEST, ORDER_LARGEST, ORDER_LONGEST, ORDER_FIRST, ORDER_COUNT } Order;

static void make_order(const Allocation *a, Order order, uint32_t *out) {
    Ranked *ranked = ARENA_ARRAY(a->arena, Ranked, a->count);
    int32_t end = time_of_readout(a->model);
    for (uint32_t i = 0; i < a->count; i++) {
        const Tenant *t = &a->tenants[i];
        uint64_t life = (uint64_t)((t->until == TIME_NEVER ? end : t->until) - t->from) + 1;
        uint64_t early = (uint64_t)(end - t->from);
        Ranked ranks[ORDER_COUNT] = {[ORDER_WIDEST] = {t->width, early, i},
                                     [ORDER_LARGEST] = {t->width * life, early, i},
                                     [ORDER_LONGEST] = {life, t->width, i},
                                     [ORDER_FIRST] = {early, t->width, i}};
        ranked[i] = ranks[order];
    }
    qsort(ranked, a->count, sizeof *ranked, by_rank);
    for (uint32_t i = 0; i < a->count; i++)
        out[i] = ranked[i].index;
}

/* --- the search ------------------------------------------------------------------------------- */

static bool pack(const Allocation *a, const uint32_t *order, uint32_t limit, bool compare,
                 Packing *out) {
    Packer p = {.a = a,
                .places = ARENA_ARRAY(a->arena, uint32_t, a->count),
                .placed = ARENA_ARRAY(a->arena, uint32_t, a->count),
                .taken = ARENA_ARRAY(a->arena, Stretch, a->count),
                .limit = limit,
                .compare = compare};
    for (uint32_t i = 0; i < a->count; i++) {
        if (!place_tenant(&p, order[i])) return false;
    }
    out->width = close_gaps(a, p.places);
    out->places = p.places;
    out->parameters = parameters_of(a, out->width, p.places);
    return true;
}

static bool is_better(Registers policy, const Packing *a, const Packing *b) {
    if (policy == REGISTERS_REUSE && a->width != b->width) return a->width < b->width;
    return a->parameters < b->parameters;
}

/* From the model as it is, *best is replaced by what is better. */
static void search(const Allocation *a, Registers policy, Packing *best) {
    uint32_t *order = ARENA_ARRAY(a->arena, uint32_t, a->count), all = best->width;
    for (Order o = 0; o < ORDER_COUNT; o++) {
        Packing first, next;
        make_order(a, o, order);
        if (!pack(a, order, UINT32_MAX, false, &first)) BUG("a stream without an end is full");
        if (is_better(policy, &first, best)) *best = first;
        if (a->count > SMALL_BASIS) continue;
        for (uint32_t i = 0; i < WIDTHS_TRIED && first.width < all; i++) {
            uint32_t limit =
                first.width + (uint32_t)((uint64_t)(all - first.width) * i / WIDTHS_TRIED);
            if (pack(a, order, limit, true, &next) && is_better(policy, &next, best)) *best = next;
        }
    }
}

/* --- the model -------------------------------------------------------------------------------- */

typedef struct Writing {
    Model *model;
    UnitGroup **units; /* (layer_count) */
    uint32_t *counts;  /* (layer_count) */
} Writing;

static void count_run(void *state, const Tenant *tenant, uint32_t first, uint32_t count,
                      bool either_sign) {
    (void)first, (void)count, (void)either_sign;
    ((Writing *)state)->counts[layer_of(tenant)]++;
}

static void write_run(void *state, const Tenant *tenant, uint32_t first, uint32_t count,
                      bool either_sign) {
    Writing *writing = state;
    uint32_t layer = layer_of(tenant);
    writing->units[layer][writing->counts[layer]++] = (UnitGroup){.kind = UNIT_ERASE,
                                                                  .node = NO_NODE,
                                                                  .target = tenant->id,
                                                                  .erased_first = first,
                                                                  .erased_count = count,
                                                                  .either_sign = either_sign};
}

static void write_model(const Allocation *a, const Packing *packing, Model *model) {
    Subspace *subspaces = ARENA_ARRAY(model->arena, Subspace, model->subspace_count);
    memcpy(subspaces, model->subspaces, model->subspace_count * sizeof *subspaces);
    for (SubspaceId id = 0; id < model->subspace_count; id++) {
        if (subspaces[id].width == 0) subspaces[id].offset = FIRST_PLACE;
    }
    for (uint32_t i = 0; i < a->count; i++)
        subspaces[a->tenants[i].id].offset = packing->places[i];
    Layer *layers = ARENA_ARRAY(model->arena, Layer, model->layer_count);
    Writing writing = {model, ARENA_ARRAY(a->arena, UnitGroup *, model->layer_count),
                       ARENA_ARRAY(a->arena, uint32_t, model->layer_count)};
    for (uint32_t i = 0; i < a->count; i++)
        visit_runs(a, packing->places, i, count_run, &writing);
    for (uint32_t l = 0; l < model->layer_count; l++) {
        const Layer *old = &model->layers[l];
        writing.units[l] =
            ARENA_ARRAY(model->arena, UnitGroup, old->unit_count + writing.counts[l]);
        if (old->unit_count)
            memcpy(writing.units[l], old->units, old->unit_count * sizeof *old->units);
        writing.counts[l] = old->unit_count;
    }
    for (uint32_t i = 0; i < a->count; i++)
        visit_runs(a, packing->places, i, write_run, &writing);
    for (uint32_t l = 0; l < model->layer_count; l++) {
        layers[l] = model->layers[l];
        layers[l].units = writing.units[l];
        layers[l].unit_count = writing.counts[l];
    }
    model->subspaces = subspaces;
    model->layers = layers;
    model->width = packing->width;
}

/* What the parameters are made of: they grow evenly with the width. */
static void find_prices(Allocation *a) {
    Model narrow = *a->model;
    bool *has_units = ARENA_ARRAY(a->arena, bool, a->model->layer_count);
    narrow.width = 0;
    a->fixed = model_parameters(&narrow);
    narrow.width = 1;
    a->by_coordinate = model_parameters(&narrow) - a->fixed;
    for (uint32_t l = 0; l < a->model->layer_count; l++) {
        for (uint32_t g = 0; g < a->model->layers[l].unit_count; g++)
            has_units[l] |= group_units(a->model, &a->model->layers[l].units[g]) > 0;
    }
    a->has_units = has_units;
}

void assign_registers(Model *model, Registers policy) {
    if (policy == REGISTERS_KEEP || model->subspace_count > LARGEST_BASIS) return;
    Arena *scratch = arena_new(0);
    Allocation a = {.model = model, .arena = scratch};
    a.lifetimes = model_lifetimes(scratch, model);
    find_tenants(&a);
    find_prices(&a);
    Packing best = {.width = model->width, .parameters = a.fixed + model->width * a.by_coordinate};
    search(&a, policy, &best);
    if (best.places) write_model(&a, &best, model);
    arena_free(scratch);
}
