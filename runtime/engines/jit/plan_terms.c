/* A head's terms as filters, conditions on integers and the mask, and its moves as sums and what is
   made of them. */
#include "runtime/engines/jit/plan.h"

#include "runtime/base/bug.h"

/* --- terms ------------------------------------------------------------------------------------ */

static void add_filter(Planner *planner, const Operand **list, uint32_t *count, Operand operand) {
    *list = arena_grow(planner->arena, *list, *count, *count + 1, sizeof **list);
    ((Operand *)*list)[(*count)++] = operand;
}

void plan_condition(Planner *planner, Attend *attend, Condition condition) {
    if (attend->condition_count == ATTEND_CONDITIONS) {
        buffer_printf(planner->why, "a head that compares more than %d things", ATTEND_CONDITIONS);
        return;
    }
    attend->conditions[attend->condition_count++] = condition;
}

/* Both sides over one scale; false when they are no integers then. */
static bool on_one_scale(Planner *planner, Number *key, Number *query) {
    if (key->is_real || query->is_real) return false;
    if (key->under != NO_BUFFER || query->under != NO_BUFFER) return false;
    int64_t key_scale = key->scale;
    return operand_scale(planner, &key->whole, query->scale, 0) &&
           operand_scale(planner, &query->whole, key_scale, 0);
}

/* A comparison of positions is a bound on their distance. */
static bool narrow_mask(Attend *attend, Relation relation, const Number *key, const Number *query) {
    int64_t key_plus, query_plus;
    if (!operand_is_position(&key->whole, &key_plus) ||
        !operand_is_position(&query->whole, &query_plus))
        return false;
    int64_t distance =
        query_plus - key_plus; /* key position [relation] query position + distance */
    if (distance < -(1 << 30) || distance > 1 << 30) return false;
    int64_t low = INT32_MIN, high = INT32_MAX;
    switch (relation) {
    case RELATION_EQ: low = high = distance; break;
    case RELATION_LT: high = distance - 1; break;
    case RELATION_LT | RELATION_EQ: high = distance; break;
    case RELATION_GT: low = distance + 1; break;
    case RELATION_GT | RELATION_EQ: low = distance; break;
    default: return false;
    }
    if (low > attend->mask.low) attend->mask.low = (int32_t)low;
    if (high < attend->mask.high) attend->mask.high = (int32_t)high;
    return true;
}

static void add_compare(Planner *planner, Attend *attend, const HeadTerm *term) {
    Number key = feature_number(planner, &term->key);
    Number query = feature_number(planner, &term->query);
    Condition condition = {.relation = term->relation, .table = NO_TABLE};
    int64_t low, high, plus;
    if (!on_one_scale(planner, &key, &query)) {
        condition.key = number_real(planner, &key);
        condition.query = number_real(planner, &query);
        plan_condition(planner, attend, condition);
        return;
    }
    if (narrow_mask(attend, term->relation, &key, &query)) return;
    condition.key = key.whole;
    condition.query = query.whole;
    if (operand_is_position(&condition.key, &plus)) {
        condition.classes = (Length){0, 1};
        low = plus;
    } else {
        operand_range(&condition.key, &low, &high);
        condition.classes = (Length){high - low + 1, 0};
    }
    if (!operand_scale(planner, &condition.key, 1, -low) ||
        !operand_scale(planner, &condition.query, 1, -low)) {
        condition.key = number_real(planner, &key);
        condition.query = number_real(planner, &query);
    }
    plan_condition(planner, attend, condition);
}

/* The table as the model has it; class numbers are held inside it, whatever the features say. */
static void add_table(Planner *planner, Attend *attend, const HeadTerm *term) {
    Number key = feature_number(planner, &term->key);
    Number query = feature_number(planner, &term->query);
    int64_t low, high, cells = (int64_t)term->key_count * term->query_count;
    bool inside = !key.is_real && key.under == NO_BUFFER && key.scale == 1 && !query.is_real &&
                  query.under == NO_BUFFER && query.scale == 1 &&
                  operand_range(&key.whole, &low, &high) && low >= 0 && high < term->key_count &&
                  operand_range(&query.whole, &low, &high) && low >= 0 && high < term->query_count;
    if (!inside) {
        buffer_text(planner->why, "a table of a head whose classes may lie outside it");
        return;
    }
    int64_t *table = ARENA_ARRAY(planner->arena, int64_t, (size_t)cells);
    for (int64_t i = 0; i < cells; i++)
        table[i] = term->table[i];
    Condition condition = {
        .key = key.whole,
        .query = query.whole,
        .classes = {term->key_count, 0},
        .table = columns_table(&planner->plan->columns, table, (uint32_t)cells),
        .query_classes = term->query_count,
    };
    arena_give_back(planner->arena, table, (size_t)cells * sizeof *table);
    plan_condition(planner, attend, condition);
}

/* Features that are 0 or 1: not 0 as integers, or, of doubles, above a half. */
static void add_key_filter(Planner *planner, Attend *attend, const HeadTerm *term) {
    Number key = feature_number(planner, &term->key);
    if (!key.is_real && key.under == NO_BUFFER) {
        add_filter(planner, &attend->keys_kept, &attend->key_filters, key.whole);
        return;
    }
    Operand half = {.real = true, .real_constant = 0.5};
    plan_condition(planner, attend,
                   (Condition){.relation = RELATION_GT,
                               .table = NO_TABLE,
                               .key = number_real(planner, &key),
                               .query = half});
}

static void add_query_filter(Planner *planner, Attend *attend, const HeadTerm *term) {
    Number query = feature_number(planner, &term->query);
    if (!query.is_real && query.under == NO_BUFFER) {
        add_filter(planner, &attend->queries_kept, &attend->query_filters, query.whole);
        return;
    }
    Operand half = {.real = true, .real_constant = 0.5};
    plan_condition(planner, attend,
                   (Condition){.relation = RELATION_LT,
                               .table = NO_TABLE,
                               .key = half,
                               .query = number_real(planner, &query)});
}

void plan_term(Planner *planner, Attend *attend, const HeadTerm *term) {
    switch (term->kind) {
    case TERM_COMPARE: add_compare(planner, attend, term); return;
    case TERM_KEY: add_key_filter(planner, attend, term); return;
    case TERM_QUERY: add_query_filter(planner, attend, term); return;
    case TERM_TABLE: add_table(planner, attend, term); return;
    case TERM_KIND_COUNT: break;
    }
    BUG("term kind %d does not exist", (int)term->kind);
}

/* --- moves ------------------------------------------------------------------------------------ */

/* With room for the null key's value. */
static bool sum_is_narrow(const Planner *planner, const Operand *value) {
    int64_t low, high, most = ((int64_t)1 << 30) / ((int64_t)planner->model->max_length + 1);
    return !value->real && operand_range(value, &low, &high) && low > -most && high < most;
}

static uint32_t add_sum(Planner *planner, Attend *attend, Operand value) {
    if (attend->sum_count == ATTEND_SUMS) {
        buffer_printf(planner->why, "a head that moves more than %d things", ATTEND_SUMS - 1);
        return 0;
    }
    attend->sums[attend->sum_count] =
        (Sum){.value = value, .narrow = sum_is_narrow(planner, &value), .scratch = NO_BUFFER};
    return attend->sum_count++;
}

/* A sum over the longest input must fit. */
static bool sum_fits(const Planner *planner, const Operand *value, int64_t *low, int64_t *high) {
    return operand_range(value, low, high) &&
           *low > -((int64_t)1 << 61) / ((int64_t)planner->model->max_length + 1) &&
           *high < ((int64_t)1 << 61) / ((int64_t)planner->model->max_length + 1);
}

/* Whether eval's sums lose nothing, so that adding numerators gives the same: sums of whole
   numbers, halves and so on, and whatever the model itself knows as fractions. */
static bool adds_exactly(const Subspace *target, const Number *value) {
    return target->denominator > 0 || (value->scale & (value->scale - 1)) == 0;
}

static void plan_real_move(Planner *planner, Attend *attend, const HeadMove *move, Finish *finish) {
    Columns *columns = &planner->plan->columns;
    const Subspace *target = &planner->model->subspaces[move->target];
    Number value = feature_number(planner, &move->value);
    int64_t low, high, p, q;
    bool exact = adds_exactly(target, &value) && !value.is_real && value.under == NO_BUFFER &&
                 sum_fits(planner, &value.whole, &low, &high) &&
                 rational_of(move->default_value, &p, &q) && value.scale % q == 0 &&
                 !__builtin_mul_overflow(p, value.scale / q, &finish->when_none);
    if (!exact) {
        finish->kind = FINISH_REAL;
        finish->real_when_none = move->default_value;
        finish->sum = add_sum(planner, attend, number_real(planner, &value));
        finish->column = columns_per_position(columns, ELEMENT_F64);
        value_set_column(planner, move->target, finish->column, 0, 0);
        planner->values[move->target].kind = VALUE_REAL;
        return;
    }
    if (finish->when_none < low) low = finish->when_none;
    if (finish->when_none > high) high = finish->when_none;
    finish->sum = add_sum(planner, attend, value.whole);
    if (target->denominator == 1 && value.scale == 1) {
        finish->kind = FINISH_WHOLE;
        finish->column = columns_of_range(columns, low, high);
        value_set_column(planner, move->target, finish->column, low, high);
        return;
    }
    int64_t most = (int64_t)planner->model->max_length + 1;
    finish->kind = FINISH_MEAN;
    finish->under = columns_of_range(columns, 1, most);
    low = low < 0 ? low * most : low;
    high = high > 0 ? high * most : high;
    finish->column = columns_of_range(columns, low, high);
    value_set_column(planner, move->target, finish->column, low, high);
    Leaf *leaf = &planner->values[move->target].leaf;
    leaf->under = finish->under;
    leaf->scale = value.scale;
}

static bool has_strings(const Subspace *subspace) {
    for (uint32_t v = 0; v < subspace->count; v++)
        if (atoms_at(subspace->domain, v).kind == ATOM_STRING) return true;
    return false;
}

static void plan_coded_move(Planner *planner, Attend *attend, const HeadMove *move,
                            Finish *finish) {
    finish->kind = FINISH_WHOLE;
    finish->sum = add_sum(planner, attend, index_operand(planner, move->source));
    finish->column = columns_per_position(&planner->plan->columns, ELEMENT_I32);
    finish->when_none = move->default_index;
    if (has_strings(&planner->model->subspaces[move->target]))
        finish->several = columns_buffer(&planner->plan->columns, ELEMENT_I64, (Length){CHUNKS, 0});
    value_set_column(planner, move->target, finish->column, 0,
                     planner->model->subspaces[move->target].count - 1);
}

static void plan_null_weight(Planner *planner, NullPolicy policy, const HeadMove *move,
                             Finish *finish) {
    Columns *columns = &planner->plan->columns;
    if (policy == NULL_COUNTED) {
        finish->kind = FINISH_NULL_WEIGHT;
        finish->under = columns_of_range(columns, 1, (int64_t)planner->model->max_length + 1);
        planner->values[move->target] = planner->values[MODEL_ONE];
        planner->values[move->target].leaf.under = finish->under;
        return;
    }
    finish->kind = FINISH_IS_NULL;
    finish->column = columns_per_position(columns, ELEMENT_I32);
    value_set_column(planner, move->target, finish->column, 0, 1);
}

void plan_moves(Planner *planner, const Head *head, Attend *attend) {
    Finish *finishes = ARENA_ARRAY(planner->arena, Finish, head->move_count);
    attend->finishes = finishes;
    attend->finish_count = head->move_count;
    attend->sums = ARENA_ARRAY(planner->arena, Sum, ATTEND_SUMS);
    add_sum(planner, attend, operand_int(1));
    for (uint32_t m = 0; m < head->move_count; m++) {
        const HeadMove *move = &head->moves[m];
        Finish *finish = &finishes[m];
        *finish = (Finish){.column = NO_BUFFER,
                           .under = NO_BUFFER,
                           .several = NO_BUFFER,
                           .null_counts = head->null_policy == NULL_COUNTED};
        switch (move->kind) {
        case MOVE_REAL: plan_real_move(planner, attend, move, finish); break;
        case MOVE_CODED: plan_coded_move(planner, attend, move, finish); break;
        case MOVE_NULL_WEIGHT: plan_null_weight(planner, head->null_policy, move, finish); break;
        case MOVE_KIND_COUNT: BUG("move kind %d does not exist", (int)move->kind);
        }
    }
}
