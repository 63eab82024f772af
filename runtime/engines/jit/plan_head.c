/* From the shape of a head's selector to its plan: what is left of its terms (plan_terms.c)
 * decides.
 */
#include "runtime/engines/jit/plan.h"

/* Sums kept in memory, at most so many for each position of the longest input; and for each chunk,
   so that chunks can be summed at once. */
enum { SCRATCH_LEAST = 1 << 16, SCRATCH_PER_POSITION = 16, SCRATCH_OF_CHUNK = 1 << 12 };

static const HeadMask open_mask = {INT32_MIN, INT32_MAX};

static bool mask_is(HeadMask mask, int32_t low, int32_t high) {
    return mask.low == low && mask.high == high;
}

static bool is_equality(const Condition *condition) {
    return condition->table == NO_TABLE && condition->relation == RELATION_EQ &&
           !condition->key.real;
}

/* <, <=, >, >= or !=. */
static bool is_order(const Condition *condition) {
    return condition->table == NO_TABLE && !condition->key.real && !is_equality(condition);
}

static void swap_conditions(Attend *attend, uint32_t a, uint32_t b) {
    Condition kept = attend->conditions[a];
    attend->conditions[a] = attend->conditions[b];
    attend->conditions[b] = kept;
}

/* An equality whose keys are the positions themselves, brought to the front. */
static bool find_address(Planner *planner, Attend *attend) {
    int64_t plus;
    for (uint32_t c = 0; c < attend->condition_count; c++) {
        const Condition *condition = &attend->conditions[c];
        if (!is_equality(condition) || !operand_is_position(&condition->key, &plus)) continue;
        swap_conditions(attend, 0, c);
        return true;
    }
    if (attend->mask.low != attend->mask.high) return false;
    Leaf position = leaf_of(LEAF_POSITION);
    position.high = planner->model->max_length - 1;
    plan_condition(planner, attend,
                   (Condition){.relation = RELATION_EQ,
                               .key = operand_of_leaf(planner, position, 0),
                               .query = operand_of_leaf(planner, position, attend->mask.low),
                               .classes = {0, 1},
                               .table = NO_TABLE});
    swap_conditions(attend, 0, attend->condition_count - 1);
    attend->mask = open_mask;
    return true;
}

/* The product of two lengths; false when it would grow as n^2. */
static bool length_times(Length a, Length b, Length *out) {
    if (a.per_position != 0 && b.per_position != 0) return false;
    return !__builtin_mul_overflow(a.fixed, b.fixed, &out->fixed) &&
           !__builtin_mul_overflow(a.per_position ? a.per_position : a.fixed,
                                   a.per_position ? b.fixed : b.per_position, &out->per_position);
}

static bool scratch_fits(const Planner *planner, Length length) {
    int64_t n = planner->model->max_length;
    int64_t most = SCRATCH_LEAST + SCRATCH_PER_POSITION * n;
    return length.fixed <= most && length.per_position <= SCRATCH_PER_POSITION;
}

/* Whether clearing a sum for each class takes less than numbering the classes that there are. */
static bool table_pays(const Planner *planner, Length length) {
    enum { CLASSES_LEAST = 1 << 12, CLASSES_PER_POSITION = 8 };
    return length.fixed <=
           CLASSES_LEAST + (int64_t)CLASSES_PER_POSITION * planner->model->max_length;
}

/* How many joint classes conditions [first, count) have. */
static bool joint_classes(const Planner *planner, const Attend *attend, uint32_t first,
                          Length *classes) {
    *classes = (Length){1, 0};
    for (uint32_t c = first; c < attend->condition_count; c++)
        if (!length_times(*classes, attend->conditions[c].classes, classes)) return false;
    return scratch_fits(planner, *classes);
}

static bool adds_reals(const Attend *attend) {
    for (uint32_t s = 0; s < attend->sum_count; s++)
        if (attend->sums[s].value.real) return true;
    return false;
}

static bool from_start(HeadMask mask) {
    return mask_is(mask, INT32_MIN, 0) || mask_is(mask, INT32_MIN, -1);
}
static bool from_end(HeadMask mask) {
    return mask_is(mask, 0, INT32_MAX) || mask_is(mask, 1, INT32_MAX);
}

/* What things take, in hundredths of nanoseconds, as bench-jit finds them: to clear and sum a
   place, to number the class of a position or just add it to its class, to write a position's
   columns, and to look at a pair of positions: one at a time, or in lanes, for everything that is
   compared or added. */
enum {
    COST_OF_PLACE = 60,
    COST_OF_NUMBERING = 2000,
    COST_OF_POSITION = 100,
    COST_OF_COLUMNS = 150,
    COST_OF_PAIR = 30,
    COST_OF_LANE = 2,
};

/* Whether even the longest input is so short that looking at every pair takes less than keeping so
   many sums. */
static bool is_short(const Planner *planner, const Attend *attend, Length scratch, bool numbered) {
    int64_t n = planner->model->max_length;
    if (n > 1 << 12) return false;
    int64_t places = scratch.fixed + scratch.per_position * n;
    int64_t position = numbered ? COST_OF_NUMBERING : COST_OF_POSITION;
    int64_t pair = COST_OF_PAIR, columns = 0;
    if (lanes_can(attend)) {
        pair = COST_OF_LANE * (attend->condition_count + attend->sum_count);
        columns = COST_OF_COLUMNS;
    }
    return n * n * pair + n * columns < places * COST_OF_PLACE + n * position;
}

static PlanKind tiles(Attend *attend, const char *why) {
    attend->why = why;
    return PLAN_TILES;
}

static PlanKind short_tiles(Attend *attend) {
    return tiles(attend, "inputs so short that this takes less than sums by class");
}

static PlanKind choose_without_conditions(Attend *attend, Length *scratch) {
    HeadMask mask = attend->mask;
    *scratch = (Length){1, 0};
    if (mask_is(mask, INT32_MIN, INT32_MAX)) return PLAN_ALL;
    if (from_start(mask)) return PLAN_RUNNING;
    if (adds_reals(attend))
        return tiles(attend, "floats are added from left to right, and sums of later positions or "
                             "of a window would add them otherwise");
    if (from_end(mask)) return PLAN_RUNNING;
    *scratch = (Length){1, 1};
    return PLAN_WINDOW;
}

static PlanKind choose_by_class(Attend *attend) {
    HeadMask mask = attend->mask;
    if (mask_is(mask, INT32_MIN, INT32_MAX)) return PLAN_GROUP;
    if (from_start(mask)) return PLAN_RUNNING_GROUP;
    if (from_end(mask) && !adds_reals(attend)) return PLAN_RUNNING_GROUP;
    return tiles(attend, from_end(mask)
                             ? "floats are added from left to right, and a pass from the "
                               "end would add them otherwise"
                             : "an equality and a window that neither begins at the "
                               "start nor ends at the end");
}

/* Conditions [first, count), all equalities, become one of the numbers of their classes; false when
   their classes can't be told by 62 bits. */
static bool renumber(Planner *planner, Attend *attend, uint32_t first) {
    const int64_t n = planner->model->max_length;
    int64_t classes = 1;
    for (uint32_t c = first; c < attend->condition_count; c++) {
        Length length = attend->conditions[c].classes;
        if (__builtin_mul_overflow(classes, length.fixed + length.per_position * n, &classes) ||
            classes >= (int64_t)1 << 62)
            return false;
    }
    const Renumber *numbers = renumber_of(planner, attend, first);
    Leaf key = leaf_of(LEAF_COLUMN), query = key;
    key.column = numbers->key, query.column = numbers->query;
    key.high = query.high = n - 1;
    query.low = -1;
    attend->condition_count = first;
    plan_condition(planner, attend,
                   (Condition){.relation = RELATION_EQ,
                               .key = operand_of_leaf(planner, key, 0),
                               .query = operand_of_leaf(planner, query, 0),
                               .classes = {0, 1},
                               .table = NO_TABLE});
    attend->why = "classes of a wide range, numbered by a hash table";
    return true;
}

static const char too_wide[] = "the compared values have too wide a range to keep a sum for each";

/* conditions[0] is an order, the others are equalities. */
static PlanKind choose_by_order(Planner *planner, Attend *attend, Length *scratch) {
    HeadMask mask = attend->mask;
    Length groups, places = attend->conditions[0].classes;
    places.fixed++;
    if (adds_reals(attend))
        return tiles(attend, "floats are added from left to right, and sums by class would add "
                             "them otherwise");
    if (attend->condition_count > 1 && !joint_classes(planner, attend, 1, &groups)) {
        if (is_short(planner, attend, places, true)) return short_tiles(attend);
        if (!renumber(planner, attend, 1)) return tiles(attend, too_wide);
    }
    if (!joint_classes(planner, attend, 1, &groups) || !length_times(groups, places, scratch) ||
        !scratch_fits(planner, *scratch))
        return tiles(attend, too_wide);
    if (mask_is(mask, INT32_MIN, INT32_MAX)) return PLAN_ORDER;
    if (from_start(mask) || from_end(mask)) return PLAN_SWEEP;
    return tiles(attend, "an order comparison and a window that neither begins at the start nor "
                         "ends at the end");
}

static PlanKind choose_by_table(const Planner *planner, Attend *attend, Length *scratch) {
    const Condition *condition = &attend->conditions[0];
    if (attend->condition_count > 1 || !mask_is(attend->mask, INT32_MIN, INT32_MAX))
        return tiles(attend, "a table of classes together with something else");
    if (adds_reals(attend))
        return tiles(attend, "floats are added from left to right, and sums by class would add "
                             "them otherwise");
    Length cells = {condition->classes.fixed * condition->query_classes, 0};
    if (!scratch_fits(planner, cells))
        return tiles(attend, "a table with more cells than are worth going through");
    *scratch = (Length){condition->classes.fixed + condition->query_classes, 0};
    return PLAN_CLASSES;
}

static PlanKind choose(Planner *planner, Attend *attend, Length *scratch) {
    uint32_t count = attend->condition_count, equalities = 0, orders = 0, tables = 0;
    if (find_address(planner, attend)) return PLAN_GATHER;
    if (count == 0) return choose_without_conditions(attend, scratch);
    for (uint32_t c = 0; c < count; c++) {
        equalities += is_equality(&attend->conditions[c]);
        orders += is_order(&attend->conditions[c]);
        tables += attend->conditions[c].table != NO_TABLE;
    }
    if (tables > 0) return choose_by_table(planner, attend, scratch);
    if (equalities + orders < count)
        return tiles(attend, "a comparison of numbers that are no integers");
    if (orders > 1) return tiles(attend, "more than one order comparison");
    if (orders == 1) {
        for (uint32_t c = 0; c < count; c++)
            if (is_order(&attend->conditions[c])) swap_conditions(attend, 0, c);
        return choose_by_order(planner, attend, scratch);
    }
    PlanKind plan = choose_by_class(attend);
    if (plan == PLAN_TILES) return plan;
    if (joint_classes(planner, attend, 0, scratch) && table_pays(planner, *scratch)) return plan;
    *scratch = (Length){0, 1};
    if (is_short(planner, attend, *scratch, true)) return short_tiles(attend);
    return renumber(planner, attend, 0) ? plan : tiles(attend, too_wide);
}

/* Whether its sums can be made chunk by chunk and then be added. */
static bool can_split(const Attend *attend, Length scratch) {
    switch (attend->plan) {
    case PLAN_ALL:
    case PLAN_RUNNING:
    case PLAN_GROUP:
    case PLAN_ORDER:
    case PLAN_CLASSES:
        return !adds_reals(attend) && scratch.per_position == 0 &&
               scratch.fixed <= SCRATCH_OF_CHUNK;
    default: return false;
    }
}

void plan_head(Planner *planner, const Head *head, Attend *attend) {
    *attend = (Attend){.mask = head->mask};
    if (head->normaliser != NORMALISER_HARDMAX && head->normaliser != NORMALISER_SOFTMAX) {
        buffer_text(planner->why, "a head that weighs its keys otherwise than equally");
        return;
    }
    attend->conditions = ARENA_ARRAY(planner->arena, Condition, ATTEND_CONDITIONS);
    for (uint32_t t = 0; t < head->term_count; t++)
        plan_term(planner, attend, &head->terms[t]);
    plan_moves(planner, head, attend);
    Length scratch = {0, 0};
    attend->plan = choose(planner, attend, &scratch);
    if (attend->plan != PLAN_TILES && is_short(planner, attend, scratch, false))
        attend->plan = short_tiles(attend);
    attend->at_most_one = attend->plan == PLAN_GATHER;
    for (uint32_t f = 0; f < attend->finish_count && attend->at_most_one; f++)
        attend->finishes[f].several = NO_BUFFER;
    if (attend->plan == PLAN_TILES && lanes_can(attend)) {
        lanes_plan(planner, attend);
        return;
    }
    if (attend->plan == PLAN_TILES) return;
    attend->split = can_split(attend, scratch);
    if (attend->split) scratch.fixed *= CHUNKS;
    if (scratch.fixed == 0 && scratch.per_position == 0) return;
    for (uint32_t s = 0; s < attend->sum_count; s++) {
        Sum *sum = &attend->sums[s];
        ElementType type = sum->value.real ? ELEMENT_F64 : sum->narrow ? ELEMENT_I32 : ELEMENT_I64;
        sum->scratch = columns_buffer(&planner->plan->columns, type, scratch);
    }
}
