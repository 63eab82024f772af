/* Which tiles go in explicit vectors (attend_lanes.c), and the columns that these read. */
#include "runtime/engines/jit/plan.h"

static bool is_narrow(const Operand *operand) {
    int64_t low, high;
    return !operand->real && operand_range(operand, &low, &high) && range_is_narrow(low, high);
}

static bool is_one(const Operand *operand) {
    return !operand->real && operand->count == 0 && operand->constant == 1;
}

bool lanes_can(const Attend *attend) {
    bool can = true;
    for (uint32_t c = 0; c < attend->condition_count && can; c++) {
        const Condition *condition = &attend->conditions[c];
        can = condition->table == NO_TABLE && is_narrow(&condition->key) &&
              is_narrow(&condition->query);
    }
    for (uint32_t s = 0; s < attend->sum_count && can; s++)
        can = attend->sums[s].narrow && is_narrow(&attend->sums[s].value);
    return can;
}

static BufferId lane_column(Planner *planner) {
    return columns_buffer(&planner->plan->columns, ELEMENT_I32, (Length){LANES, 1});
}

void lanes_plan(Planner *planner, Attend *attend) {
    Lanes *lanes = ARENA_NEW(planner->arena, Lanes);
    for (uint32_t c = 0; c < attend->condition_count; c++) {
        lanes->keys[c] = lane_column(planner);
        lanes->queries[c] = lane_column(planner);
    }
    for (uint32_t s = 0; s < attend->sum_count; s++) {
        bool counts = is_one(&attend->sums[s].value) && attend->key_filters == 0;
        lanes->values[s] = counts ? NO_BUFFER : lane_column(planner);
        attend->sums[s].scratch = lane_column(planner);
    }
    attend->lanes = lanes;
}
