/* Attention: patterns, each with what it moves. What a query that finds nothing gets is the move's
   term on `null`, or the choice of a unit. */
#include "compiler/lower/real/plan.h"

#include "runtime/base/bug.h"

static const Node *node_at(const RealPlan *plan, NodeId id) { return graph_node(plan->graph, id); }

/* --- patterns --------------------------------------------------------------------------------- */

static Normaliser normaliser_of(GraphOp op) {
    switch (op) {
    case OP_HARDMAX: return NORMALISER_HARDMAX;
    case OP_HARDMAX_FIRST: return NORMALISER_HARDMAX_FIRST;
    case OP_SOFTMAX: return NORMALISER_SOFTMAX;
    case OP_LINEAR: return NORMALISER_LINEAR;
    case OP_SPARSEMAX: return NORMALISER_SPARSEMAX;
    default: BUG("%s is no pattern", op_info(op)->name);
    }
}

/* A total weighs every selected key by the score 1. */
static void score_one(RealPlan *plan, Pattern *pattern) {
    PatternScore *score = ARENA_NEW(plan->scratch, PatternScore);
    *score = (PatternScore){form_number(plan, 1), form_number(plan, 1)};
    pattern->score_count = 1;
    pattern->scores = score;
}

static uint64_t mix(uint64_t hash, uint64_t value) { return (hash ^ value) * 0x100000001b3u; }

static uint64_t mix_form(uint64_t hash, const Form *form) {
    hash = mix(mix(hash, form->rows), form->count);
    for (uint32_t b = 0; b < form->count; b++)
        hash = mix(mix(hash, form->blocks[b].value), form->blocks[b].row);
    return hash;
}

static uint64_t hash_of(const Pattern *pattern) {
    uint64_t hash = mix(0xcbf29ce484222325u, pattern->normaliser);
    for (uint32_t g = 0; g < pattern->gate_count; g++) {
        const PatternGate *gate = &pattern->gates[g];
        hash = mix(mix(mix(hash, gate->kind), gate->a), gate->b);
        hash = mix_form(mix_form(mix(hash, gate->relation), &gate->key), &gate->query);
    }
    for (uint32_t s = 0; s < pattern->score_count; s++)
        hash = mix_form(mix_form(hash, &pattern->scores[s].key), &pattern->scores[s].query);
    return hash;
}

static bool same_pattern(const RealPlan *plan, const Pattern *a, const Pattern *b) {
    if (a->hash != b->hash || a->normaliser != b->normaliser || a->gate_count != b->gate_count ||
        a->score_count != b->score_count)
        return false;
    for (uint32_t g = 0; g < a->gate_count; g++) {
        const PatternGate *x = &a->gates[g], *y = &b->gates[g];
        if (x->kind != y->kind || x->relation != y->relation || x->a != y->a || x->b != y->b ||
            !form_equal(plan, &x->key, &y->key) || !form_equal(plan, &x->query, &y->query))
            return false;
    }
    for (uint32_t s = 0; s < a->score_count; s++)
        if (!form_equal(plan, &a->scores[s].key, &b->scores[s].key) ||
            !form_equal(plan, &a->scores[s].query, &b->scores[s].query))
            return false;
    return true;
}

/* The equal pattern's slot, or the free one for it. */
static PatternId *find_slot(const RealPlan *plan, const Pattern *pattern) {
    for (uint64_t slot = pattern->hash ^ pattern->hash >> 32;; slot++) {
        PatternId *at = &plan->pattern_slots[slot & (plan->pattern_slot_count - 1)];
        if (*at == NO_ITEM || same_pattern(plan, &plan->patterns[*at], pattern)) return at;
    }
}

static void grow_slots(RealPlan *plan) {
    uint32_t count = plan->pattern_slot_count ? plan->pattern_slot_count * 2 : 32;
    plan->pattern_slots = ARENA_ARRAY(plan->scratch, PatternId, count);
    plan->pattern_slot_count = count;
    for (uint32_t s = 0; s < count; s++)
        plan->pattern_slots[s] = NO_ITEM;
    for (PatternId p = 0; p < plan->pattern_count; p++)
        *find_slot(plan, &plan->patterns[p]) = p;
}

/* The equal pattern that is there, or this one, added. */
static PatternId add_pattern(RealPlan *plan, Pattern *pattern) {
    pattern->hash = hash_of(pattern);
    if (2 * plan->pattern_count >= plan->pattern_slot_count) grow_slots(plan);
    PatternId *slot = find_slot(plan, pattern);
    if (*slot != NO_ITEM) return *slot;
    if (plan->pattern_count == plan->pattern_capacity) {
        uint32_t count = plan->pattern_count, capacity = count ? count * 2 : 16;
        plan->patterns =
            arena_grow(plan->scratch, plan->patterns, count, capacity, sizeof(Pattern));
        plan->pattern_capacity = capacity;
    }
    plan->patterns[plan->pattern_count] = *pattern;
    return *slot = plan->pattern_count++;
}

/* The pattern of a selector (raw: that weighs by 1) or pattern node. NO_ITEM: refused. */
static PatternId pattern_of(RealPlan *plan, NodeId id, bool raw) {
    const Node *node = node_at(plan, id);
    PatternId *known = raw ? &plan->raw_pattern_of[id] : &plan->pattern_of[id];
    bool weighs = node->type == TYPE_PATTERN;
    Pattern pattern = {.node = id, .empty = NO_VALUE};
    if (*known != NO_ITEM) return *known;
    pattern.normaliser = weighs ? normaliser_of(node->op)
                         : raw  ? NORMALISER_LINEAR_RAW
                                : NORMALISER_HARDMAX;
    plan->irrational = plan->irrational || pattern.normaliser == NORMALISER_SOFTMAX;
    if (!plan_real_gates(plan, weighs ? node->args[1] : id, &pattern)) return NO_ITEM;
    if (raw) score_one(plan, &pattern);
    if (weighs && !plan_real_scores(plan, node->args[0], &pattern)) return NO_ITEM;
    return *known = add_pattern(plan, &pattern);
}

/* --- moves ------------------------------------------------------------------------------------ */

static ValueId add_move(RealPlan *plan, NodeId id, PatternId pattern, const Form *value,
                        const double *fallback) {
    Item item = {.kind = ITEM_MOVE,
                 .node = id,
                 .argument_count = 1,
                 .arguments = {*value},
                 .pattern = pattern,
                 .fallback = fallback};
    return plan_real_item(plan, item, value->rows);
}

/* 1 where the query finds nothing. */
static Form found_nothing(RealPlan *plan, PatternId pattern) {
    if (plan->patterns[pattern].empty == NO_VALUE) {
        static const double one[1] = {1};
        Form nothing = form_constants(1, NULL);
        ValueId empty = add_move(plan, NO_NODE, pattern, &nothing, one);
        plan->patterns[pattern].empty = empty;
    }
    return form_value(plan, plan->patterns[pattern].empty);
}

/* The value, or where nothing is found the default, which has as many rows. */
static Form move_with_default(RealPlan *plan, NodeId id, PatternId pattern, const Form *value,
                              const Form *other) {
    if (form_is_constant(other))
        return form_value(plan, add_move(plan, id, pattern, value, other->constant));
    Item item = {.kind = ITEM_UNIT, .node = id, .op = OP_CHOOSE, .argument_count = 3};
    item.by_truth = true;
    item.arguments[0] = found_nothing(plan, pattern);
    item.arguments[1] = *other;
    item.arguments[2] = form_value(plan, add_move(plan, id, pattern, value, NULL));
    return form_value(plan, plan_real_item(plan, item, value->rows));
}

static Form aggregate(RealPlan *plan, NodeId id) {
    const Node *node = node_at(plan, id);
    Form value = plan_real_argument(plan, id, 1), other = form_number(plan, 0);
    double number = 0;
    if (value.rows == 0) return value;
    if (node->atom.kind == ATOM_STRING) {
        plan_real_refuse(plan, id, "a mean of numbers whose default is a string");
        return (Form){0};
    }
    if (node->atom.kind != ATOM_OPAQUE && atom_as_double(node->atom, &number))
        other = form_number(plan, number);
    PatternId pattern = pattern_of(plan, node->args[0], false);
    return pattern == NO_ITEM ? (Form){0} : move_with_default(plan, id, pattern, &value, &other);
}

static Form attend(RealPlan *plan, NodeId id) {
    const Node *node = node_at(plan, id);
    Form value = plan_real_argument(plan, id, 1), other = plan_real_argument(plan, id, 2);
    if (value.rows == 0 || other.rows == 0) return (Form){0};
    other = form_spread(plan, id, &other, value.rows);
    PatternId pattern = other.rows == 0 ? NO_ITEM : pattern_of(plan, node->args[0], false);
    return pattern == NO_ITEM ? (Form){0} : move_with_default(plan, id, pattern, &value, &other);
}

static Form total(RealPlan *plan, NodeId id, const Form *value) {
    PatternId pattern = pattern_of(plan, node_at(plan, id)->args[0], true);
    if (value->rows == 0 || pattern == NO_ITEM) return (Form){0};
    return form_value(plan, add_move(plan, id, pattern, value, NULL));
}

Form plan_real_attention(RealPlan *plan, NodeId id) {
    Form one = form_number(plan, 1), value;
    switch (node_at(plan, id)->op) {
    case OP_AGGREGATE: return aggregate(plan, id);
    case OP_ATTEND: return attend(plan, id);
    case OP_WIDTH: return total(plan, id, &one);
    case OP_TOTAL: value = plan_real_argument(plan, id, 1); return total(plan, id, &value);
    default: BUG("%s gathers nothing", op_info(node_at(plan, id)->op)->name);
    }
}
