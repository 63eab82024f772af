/* Layers for items that follow one another without a loop between.

   Layers with heads are dear, so there are as few of them as the longest chain of moves asks for:
   each of them waits until all moves are ready that can wait for no later one. Other moves ride
   along as soon as they are ready. A unit is in the first layer whose heads have left what it
   reads. */
#include "compiler/lower/real/plan.h"

#include "runtime/base/bug.h"

#include <string.h>

#define NOWHERE UINT32_MAX

typedef struct Phase {
    RealPlan *plan;
    const ItemId *items; /* (count) */
    uint32_t count;
    uint32_t *earliest; /* (count) attention layers up to and with it, at least */
    uint32_t *latest;   /* (count) at most, when none is added */
    uint32_t *first_reader, *next_reader, *reader; /* readers of each item, as lists of edges */
    uint32_t edge_count, edge_capacity;
    uint32_t *waits;  /* (count) for so many of those that it reads */
    uint32_t current; /* the item whose reads are visited */
    uint32_t most;
} Phase;

static bool is_move(const Phase *p, uint32_t i) {
    return p->plan->items[p->items[i]].kind == ITEM_MOVE;
}

static void see_read(void *state, ValueId value) {
    Phase *p = state;
    const Value *read = &p->plan->values[value];
    if (read->kind != VALUE_WRITTEN) return;
    uint32_t writer = p->plan->items[read->writer].number;
    if (writer >= p->count || p->items[writer] != read->writer) return; /* done before */
    if (p->edge_count == p->edge_capacity) {
        uint32_t capacity = p->edge_capacity ? p->edge_capacity * 2 : 64;
        p->next_reader =
            arena_grow(p->plan->scratch, p->next_reader, p->edge_count, capacity, sizeof(uint32_t));
        p->reader =
            arena_grow(p->plan->scratch, p->reader, p->edge_count, capacity, sizeof(uint32_t));
        p->edge_capacity = capacity;
    }
    p->next_reader[p->edge_count] = p->first_reader[writer];
    p->reader[p->edge_count] = p->current;
    p->first_reader[writer] = p->edge_count++;
    p->waits[p->current]++;
    uint32_t after = p->earliest[writer] + is_move(p, p->current);
    if (after > p->earliest[p->current]) p->earliest[p->current] = after;
}

static void find_bounds(Phase *p) {
    for (uint32_t i = 0; i < p->count; i++) {
        p->current = i;
        p->first_reader[i] = NOWHERE;
        p->earliest[i] = is_move(p, i);
        item_reads(p->plan, &p->plan->items[p->items[i]], see_read, p);
        if (p->earliest[i] > p->most) p->most = p->earliest[i];
    }
    for (uint32_t i = p->count; i-- > 0;) {
        p->latest[i] = p->most;
        for (uint32_t e = p->first_reader[i]; e != NOWHERE; e = p->next_reader[e]) {
            uint32_t before = p->latest[p->reader[e]] - is_move(p, p->reader[e]);
            if (before < p->latest[i]) p->latest[i] = before;
        }
    }
}

/* Items that wait for nothing more. */
typedef struct Ready {
    uint32_t *moves, *units; /* (count) */
    uint32_t move_count, unit_count;
    uint32_t *urgent; /* (most + 1) how many of the moves can't wait beyond that layer with heads */
} Ready;

static void make_ready(const Phase *p, Ready *ready, uint32_t i) {
    if (!is_move(p, i)) {
        ready->units[ready->unit_count++] = i;
        return;
    }
    ready->moves[ready->move_count++] = i;
    ready->urgent[p->latest[i]]++;
}

static void place(Phase *p, Ready *ready, uint32_t i, uint32_t layer) {
    p->plan->items[p->items[i]].layer = layer;
    for (uint32_t e = p->first_reader[i]; e != NOWHERE; e = p->next_reader[e])
        if (--p->waits[p->reader[e]] == 0) make_ready(p, ready, p->reader[e]);
}

/* Places the first `count` of a list of ready items; those that this makes ready come behind them,
   and are moved to the front. Returns the list's count. */
static uint32_t place_first(Phase *p, Ready *ready, uint32_t *list, const uint32_t *list_count,
                            uint32_t layer) {
    uint32_t count = *list_count;
    for (uint32_t i = 0; i < count; i++)
        place(p, ready, list[i], layer);
    memmove(list, list + count, (*list_count - count) * sizeof *list);
    return *list_count - count;
}

static uint32_t place_all(Phase *p, const uint32_t *all_urgent, uint32_t start) {
    Arena *scratch = p->plan->scratch;
    Ready ready = {.moves = ARENA_ARRAY(scratch, uint32_t, p->count),
                   .units = ARENA_ARRAY(scratch, uint32_t, p->count),
                   .urgent = ARENA_ARRAY(scratch, uint32_t, (size_t)p->most + 1)};
    uint32_t heads = 0, placed = 0, layers = 0;
    for (uint32_t i = 0; i < p->count; i++)
        if (p->waits[i] == 0) make_ready(p, &ready, i);
    for (; placed < p->count; layers++) {
        uint32_t layer = start + layers, before = placed;
        if (heads < p->most && ready.urgent[heads + 1] == all_urgent[heads + 1]) {
            heads++;
            placed += ready.move_count;
            ready.move_count = place_first(p, &ready, ready.moves, &ready.move_count, layer);
        }
        placed += ready.unit_count;
        ready.unit_count = place_first(p, &ready, ready.units, &ready.unit_count, layer);
        if (placed == before) BUG("nothing can be done in layer %u", layer);
    }
    return layers;
}

uint32_t plan_real_phase(RealPlan *plan, const ItemId *items, uint32_t count, uint32_t start) {
    Arena *scratch = plan->scratch;
    Phase p = {.plan = plan, .items = items, .count = count};
    for (uint32_t i = 0; i < count; i++)
        plan->items[items[i]].number = i;
    p.earliest = ARENA_ARRAY(scratch, uint32_t, count);
    p.latest = ARENA_ARRAY(scratch, uint32_t, count);
    p.first_reader = ARENA_ARRAY(scratch, uint32_t, count);
    p.waits = ARENA_ARRAY(scratch, uint32_t, count);
    find_bounds(&p);
    uint32_t *all_urgent = ARENA_ARRAY(scratch, uint32_t, (size_t)p.most + 2);
    for (uint32_t i = 0; i < count; i++)
        if (is_move(&p, i)) all_urgent[p.latest[i]]++;
    return place_all(&p, all_urgent, start);
}
