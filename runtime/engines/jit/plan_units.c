/* Unit groups: steps and look-ups become one table or clamp over an integer wherever their input is
   one; steps over other numbers become a search among thresholds. */
#include "runtime/engines/jit/plan.h"

#include "runtime/base/bug.h"

#include <math.h>

/* A table over the input's range may have this many entries for each entry that the model itself
   needs. */
enum { TABLE_LEAST = 1 << 16, TABLE_FACTOR = 4 };

/* Any number between the two will do: the input is never between them. */
static inline double threshold(const UnitGroup *group, uint32_t v) {
    return group->below[v] / 2 + group->above[v] / 2;
}

/* How many thresholds the number reaches, beginning to look at a guess: numbers come in order, so
   that the next one's answer is near. */
static uint32_t steps_reached(const UnitGroup *group, uint32_t count, double number,
                              uint32_t guess) {
    while (guess < count && number > threshold(group, guess))
        guess++;
    while (guess > 0 && number <= threshold(group, guess - 1))
        guess--;
    return guess;
}

/* result[i] is clamp(sign * i + plus) in [0, most] for every i: then no table is needed. */
static bool is_clamp(const int64_t *results, uint32_t count, int64_t most, int64_t *sign,
                     int64_t *plus) {
    uint32_t inner = 0;
    while (inner < count && (results[inner] <= 0 || results[inner] >= most))
        inner++;
    if (inner == count) {
        /* No entry off the edges: look for the last one on the first edge. */
        inner = 0;
        while (inner + 1 < count && results[inner + 1] == results[0])
            inner++;
    }
    for (*sign = 1; *sign >= -1; *sign -= 2) {
        *plus = results[inner] - *sign * (int64_t)inner;
        uint32_t i = 0;
        for (; i < count; i++) {
            int64_t value = *sign * (int64_t)i + *plus;
            value = value < 0 ? 0 : value > most ? most : value;
            if (value != results[i]) break;
        }
        if (i == count) return true;
    }
    return false;
}

/* results[input - low], for an integer input in [low, low + count). */
static void plan_function(Planner *planner, UnitPlan *unit, Operand input, int64_t low,
                          const int64_t *results, uint32_t count) {
    int64_t sign, plus;
    if (!operand_scale(planner, &input, 1, -low)) BUG("an input beyond its range");
    if (is_clamp(results, count, unit->most, &sign, &plus)) {
        unit->kind = UNIT_PLAN_CLAMP;
        if (!operand_scale(planner, &input, sign, plus)) BUG("a clamp beyond its range");
    } else {
        unit->kind = UNIT_PLAN_TABLE;
        unit->table = columns_table(&planner->plan->columns, results, count);
    }
    unit->input = input;
}

static bool table_pays(const Planner *planner, const UnitGroup *group, int64_t entries) {
    int64_t needed = planner->model->subspaces[group->target].count;
    if (planner->model->max_length > needed) needed = planner->model->max_length;
    return entries > 0 && entries <= TABLE_LEAST + TABLE_FACTOR * needed;
}

/* A number that depends on an integer alone: on whole, or on under when nothing else varies. */
static bool single_integer(Planner *planner, const Number *number, Operand *integer) {
    if (number->is_real) return false;
    if (number->under == NO_BUFFER) {
        *integer = number->whole;
        return true;
    }
    if (number->whole.count > 0 || number->over.count > 0) return false;
    Leaf under = leaf_of(LEAF_COLUMN);
    under.column = number->under;
    under.low = 1;
    under.high = (int64_t)planner->model->max_length + 1;
    *integer = operand_of_leaf(planner, under, 0);
    return true;
}

static inline double number_at(const Number *number, int64_t integer) {
    if (number->under == NO_BUFFER) return (double)integer / (double)number->scale;
    double under = (double)integer;
    return ((double)number->whole.constant * under + (double)number->over.constant) /
           ((double)number->scale * under);
}

/* Whether the number reaches just so many thresholds. */
static inline bool reaches(const UnitGroup *group, uint32_t count, double number, uint32_t steps) {
    return (steps == 0 || number > threshold(group, steps - 1)) &&
           (steps == count || number <= threshold(group, steps));
}

/* The least integer of (from, to] where so many thresholds are not reached, as they are at from. */
static int64_t first_other(const UnitGroup *group, uint32_t count, const Number *number,
                           uint32_t steps, int64_t from, int64_t to) {
    while (to - from > 1) {
        int64_t middle = from + (to - from) / 2;
        if (reaches(group, count, number_at(number, middle), steps))
            from = middle;
        else
            to = middle;
    }
    return to;
}

/* Steps that count the integers from low to high one by one, up or down, are a clamp and need no
   table: what two neighbours say is then true of all. */
static bool steps_are_clamp(const UnitGroup *group, uint32_t count, const Number *number,
                            int64_t low, int64_t high, int64_t *sign, int64_t *plus) {
    bool rises = number_at(number, high) > number_at(number, low);
    uint32_t begin = steps_reached(group, count, number_at(number, low), rises ? 0 : count);
    if (low == high || reaches(group, count, number_at(number, high), begin)) return false;
    int64_t other = first_other(group, count, number, begin, low, high);
    uint32_t next = steps_reached(group, count, number_at(number, other), begin);
    *sign = rises ? 1 : -1;
    *plus = next - *sign * other;
    for (int64_t integer = low; integer <= high; integer++) {
        int64_t steps = *sign * integer + *plus;
        steps = steps < 0 ? 0 : steps > count ? count : steps;
        if (!reaches(group, count, number_at(number, integer), (uint32_t)steps)) return false;
    }
    return true;
}

static void plan_search(Planner *planner, const UnitGroup *group, uint32_t count, Operand input,
                        UnitPlan *unit) {
    unit->kind = UNIT_PLAN_SEARCH;
    unit->input = input;
    while (((uint64_t)1 << unit->levels) - 1 < count)
        unit->levels++;
    size_t entries = ((size_t)1 << unit->levels) - 1;
    double *thresholds = ARENA_ARRAY(planner->arena, double, entries + 1);
    for (size_t v = 0; v < entries; v++)
        thresholds[v] = v < count ? threshold(group, (uint32_t)v) : INFINITY;
    unit->table = columns_real_table(&planner->plan->columns, thresholds, (uint32_t)entries);
    arena_give_back(planner->arena, thresholds, (entries + 1) * sizeof *thresholds);
}

static void plan_steps(Planner *planner, const UnitGroup *group, UnitPlan *unit) {
    uint32_t count = planner->model->subspaces[group->target].count - 1;
    Number number = feature_number(planner, &group->input);
    Operand integer;
    int64_t low, high;
    if (!single_integer(planner, &number, &integer) || !operand_range(&integer, &low, &high) ||
        !table_pays(planner, group, high - low + 1)) {
        plan_search(planner, group, count, number_real(planner, &number), unit);
        return;
    }
    int64_t sign, plus;
    if (steps_are_clamp(group, count, &number, low, high, &sign, &plus)) {
        unit->kind = UNIT_PLAN_CLAMP;
        unit->input = integer;
        if (!operand_scale(planner, &unit->input, sign, plus)) BUG("a clamp beyond its range");
        return;
    }
    uint32_t entries = (uint32_t)(high - low + 1);
    int64_t *results = ARENA_ARRAY(planner->arena, int64_t, entries);
    uint32_t reached = 0;
    for (uint32_t i = 0; i < entries; i++)
        results[i] = reached = steps_reached(group, count, number_at(&number, low + i), reached);
    plan_function(planner, unit, integer, low, results, entries);
    arena_give_back(planner->arena, results, entries * sizeof *results);
}

/* cell = sum of class[s] * stride[s]; every class is inside its count by model_verify. */
static void plan_lookup(Planner *planner, const UnitGroup *group, UnitPlan *unit) {
    Operand cell = operand_int(0);
    uint64_t cells = 1;
    for (uint32_t s = group->source_count; s-- > 0;) {
        uint32_t count = planner->model->subspaces[group->sources[s]].count;
        int64_t *values = ARENA_ARRAY(planner->arena, int64_t, count);
        for (uint32_t v = 0; v < count; v++)
            values[v] = (int64_t)(group->classes[s][v] * cells);
        Operand part = lookup_operand(planner, group->sources[s], values);
        arena_give_back(planner->arena, values, count * sizeof *values);
        cell = operand_plus(planner, &cell, &part);
        cells *= group->class_counts[s];
    }
    int64_t *results = ARENA_ARRAY(planner->arena, int64_t, (size_t)cells);
    for (uint64_t i = 0; i < cells; i++)
        results[i] = group->result[i];
    if (cell.count == 1 && cell.constant == 0 && cell.leaves[0].table != NO_TABLE) {
        unit->kind = UNIT_PLAN_TABLE;
        Leaf leaf = cell.leaves[0];
        unit->table = columns_composed(&planner->plan->columns, leaf.table, results);
        leaf.table = NO_TABLE;
        unit->input = operand_of_leaf(planner, leaf, 0);
    } else {
        plan_function(planner, unit, cell, 0, results, (uint32_t)cells);
    }
    arena_give_back(planner->arena, results, (size_t)cells * sizeof *results);
}

void plan_units(Planner *planner, const UnitGroup *group, UnitPlan *unit) {
    *unit = (UnitPlan){.group = group, .table = NO_TABLE, .input = operand_int(0)};
    unit->most = (int64_t)planner->model->subspaces[group->target].count - 1;
    switch (group->kind) {
    case UNIT_STEPS: plan_steps(planner, group, unit); break;
    case UNIT_LOOKUP: plan_lookup(planner, group, unit); break;
    case UNIT_ERASE:
    case UNIT_KIND_COUNT: BUG("unit kind %d does not exist", (int)group->kind);
    }
    unit->target = columns_per_position(&planner->plan->columns, ELEMENT_I32);
    value_set_column(planner, group->target, unit->target, 0, unit->most);
}
