/* Numberings of classes of a wide range: heads that compare alike share one. */
#include "runtime/engines/jit/plan.h"

static bool leaf_same(const Leaf *a, const Leaf *b) {
    return a->kind == b->kind && a->column == b->column && a->table == b->table &&
           a->under == b->under && a->scale == b->scale && a->factor == b->factor &&
           a->real_factor == b->real_factor;
}

bool operand_same(const Operand *a, const Operand *b) {
    bool same = a->real == b->real && a->constant == b->constant &&
                a->real_constant == b->real_constant && a->count == b->count;
    for (uint32_t i = 0; same && i < a->count; i++)
        same = leaf_same(&a->leaves[i], &b->leaves[i]);
    return same;
}

static bool conditions_same(const Renumber *renumber, const Condition *conditions, uint32_t count) {
    bool same = renumber->count == count;
    for (uint32_t c = 0; same && c < count; c++)
        same = operand_same(&renumber->conditions[c].key, &conditions[c].key) &&
               operand_same(&renumber->conditions[c].query, &conditions[c].query);
    return same;
}

static Renumber renumber_new(Planner *planner, const Condition *conditions, uint32_t count) {
    enum { PLACES_LEAST = 128, PLACES_PER_POSITION = 8 };
    const Length places = {PLACES_LEAST, PLACES_PER_POSITION};
    Columns *columns = &planner->plan->columns;
    Condition *copy = ARENA_ARRAY(planner->arena, Condition, count);
    Renumber renumber = {.conditions = copy, .count = count, .same = true};
    for (uint32_t c = 0; c < count; c++) {
        copy[c] = conditions[c];
        renumber.same = renumber.same && operand_same(&conditions[c].key, &conditions[c].query);
    }
    renumber.key = columns_per_position(columns, ELEMENT_I32);
    renumber.query = renumber.same ? renumber.key : columns_per_position(columns, ELEMENT_I32);
    renumber.places = columns_buffer(columns, ELEMENT_I64, places);
    return renumber;
}

const Renumber *renumber_of(Planner *planner, Attend *attend, uint32_t first) {
    const Condition *conditions = attend->conditions + first;
    uint32_t count = attend->condition_count - first;
    for (uint32_t r = 0; r < planner->renumber_count; r++)
        if (conditions_same(&planner->renumbers[r], conditions, count))
            return &planner->renumbers[r];
    planner->renumbers = arena_grow(planner->arena, planner->renumbers, planner->renumber_count,
                                    planner->renumber_count + 1, sizeof *planner->renumbers);
    Renumber *made = &planner->renumbers[planner->renumber_count++];
    *made = renumber_new(planner, conditions, count);
    attend->renumber = made;
    return made;
}
