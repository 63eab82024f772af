/* The lowering of programs over real vectors, top to bottom. */
#include "compiler/lower/real/plan.h"

#include "runtime/base/bug.h"
#include "runtime/base/limits.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

/* --- for its parts ---------------------------------------------------------------------------- */

void plan_real_refuse(RealPlan *plan, NodeId node, const char *format, ...) {
    char message[512];
    va_list args;
    if (plan->refused) return;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    if (node == NO_NODE) node = plan->outputs[0];
    diag_error(plan->diags, DIAG_CANNOT_LOWER, graph_node(plan->graph, node)->span, "%s", message);
    plan->refused = true;
}

double *plan_real_numbers(RealPlan *plan, NodeId node, uint64_t count) {
    uint64_t most = LIMIT_LOWERING_BYTES / sizeof(double), used = arena_bytes(plan->scratch) / 8;
    if (used < most && count <= most - used)
        return ARENA_ARRAY(plan->scratch, double, (size_t)count + 1);
    plan_real_refuse(plan, node, "lowering this takes more than %zu MiB",
                     LIMIT_LOWERING_BYTES >> 20);
    return NULL;
}

ValueId plan_real_value(RealPlan *plan, const Value *value) {
    if (plan->value_count == plan->value_capacity) {
        uint32_t capacity = plan->value_capacity ? plan->value_capacity * 2 : 64;
        plan->values =
            arena_grow(plan->scratch, plan->values, plan->value_count, capacity, sizeof(Value));
        plan->value_capacity = capacity;
    }
    ValueId id = plan->value_count++;
    plan->values[id] = *value;
    plan->values[id].place = id;
    plan->values[id].after = NO_VALUE;
    return id;
}

static void see_region(void *state, ValueId value) {
    RealPlan *plan = state;
    Item *item = &plan->items[plan->item_count - 1];
    uint32_t region = plan->values[value].region;
    /* An inner loop begins after the one around it. */
    if (region > item->region) item->region = region;
}

ValueId plan_real_item(RealPlan *plan, Item item, uint32_t width) {
    if (plan->item_count == plan->item_capacity) {
        uint32_t capacity = plan->item_capacity ? plan->item_capacity * 2 : 64;
        plan->items =
            arena_grow(plan->scratch, plan->items, plan->item_count, capacity, sizeof(Item));
        plan->item_capacity = capacity;
    }
    ItemId id = plan->item_count++;
    plan->items[id] = item;
    if (width == 0) return item.target;
    plan->items[id].region = 0;
    item_reads(plan, &item, see_region, plan);
    Value value = {.kind = VALUE_WRITTEN,
                   .node = item.node,
                   .width = width,
                   .region = plan->items[id].region,
                   .writer = id,
                   .of = NO_VALUE};
    return plan->items[id].target = plan_real_value(plan, &value);
}

ValueId plan_real_unit(RealPlan *plan, NodeId node, GraphOp op, const Form *a, const Form *b,
                       uint32_t width) {
    Item item = {.kind = ITEM_UNIT, .node = node, .op = op, .argument_count = b ? 2 : 1};
    item.arguments[0] = *a;
    if (b) item.arguments[1] = *b;
    return plan_real_item(plan, item, width);
}

bool plan_real_within(const RealPlan *plan, uint32_t region, uint32_t around) {
    while (region > around)
        region = plan->loops[region - 1].outer;
    return region == around;
}

static int by_id(const void *a, const void *b) {
    NodeId x = *(const NodeId *)a, y = *(const NodeId *)b;
    return (x > y) - (x < y);
}

NodeList plan_real_parts(RealPlan *plan, NodeId root, OpKind kind) {
    NodeList list = {0};
    uint32_t done = 0;
    plan->walks++;
    plan->stamps[root] = plan->walks;
    list.capacity = 8;
    list.ids = ARENA_ARRAY(plan->scratch, NodeId, list.capacity);
    list.ids[list.count++] = root;
    while (done < list.count) {
        const Node *node = graph_node(plan->graph, list.ids[done++]);
        for (int i = 0; i < op_info(node->op)->arity; i++) {
            NodeId arg = node->args[i];
            if (op_info(graph_node(plan->graph, arg)->op)->kind != kind) continue;
            if (plan->stamps[arg] == plan->walks) continue;
            plan->stamps[arg] = plan->walks;
            if (list.count == list.capacity) {
                list.ids = arena_grow(plan->scratch, list.ids, list.count,
                                      (size_t)list.capacity * 2, sizeof(NodeId));
                list.capacity *= 2;
            }
            list.ids[list.count++] = arg;
        }
    }
    qsort(list.ids, list.count, sizeof(NodeId), by_id);
    for (uint32_t i = 0; i < list.count; i++)
        plan->part_number[list.ids[i]] = i;
    return list;
}

/* --- nodes ------------------------------------------------------------------------------------ */

static Form form_of_input(RealPlan *plan, NodeId id) {
    const Node *node = graph_node(plan->graph, id);
    if (node->op != OP_INPUT) {
        plan_real_refuse(plan, id, "'%s' beside vectors is not lowered: name the inputs",
                         op_info(node->op)->name);
        return (Form){0};
    }
    if (plan_real_is_text(plan, id)) return (Form){0}; /* words.c */
    Value value = {.kind = VALUE_INPUT,
                   .node = id,
                   .width = node->type == TYPE_VECTOR ? node->width : 1,
                   .writer = NO_ITEM,
                   .of = NO_VALUE};
    return form_value(plan, plan_real_value(plan, &value));
}

static Form form_of(RealPlan *plan, NodeId id) {
    const Node *node = graph_node(plan->graph, id);
    if ((node->type & TYPE_STRING) && node->op != OP_INPUT && node->op < OP_INPUT &&
        op_info(node->op)->kind != OPKIND_INPUT) {
        plan_real_refuse(plan, id,
                         "a transformer over real vectors computes numbers, and this may be a "
                         "string: compute a number that stands for it");
        return (Form){0};
    }
    switch (op_info(node->op)->kind) {
    case OPKIND_INPUT: return form_of_input(plan, id);
    case OPKIND_ELEMENT: return plan_real_element(plan, id);
    case OPKIND_ATTENTION: return plan_real_attention(plan, id);
    case OPKIND_LOOP:
        return node->op == OP_STATE ? plan_real_state(plan, id) : plan_real_result(plan, id);
    default: BUG("%s has no value", op_info(node->op)->name);
    }
}

static void plan_nodes(RealPlan *plan, NodeId last) {
    for (NodeId id = 0; id <= last && !plan->refused; id++) {
        const Node *node = graph_node(plan->graph, id);
        if (!plan->needed[id] || !type_is_sop(node->type)) continue;
        if (plan->dependence[id] != DEPENDS_INPUT) continue; /* when somebody asks */
        plan->forms[id] = form_of(plan, id);
        plan->formed[id] = true;
        if (!plan->refused && !form_is_finite(plan, &plan->forms[id]))
            plan_real_refuse(plan, id, "a factor here is infinite or no number");
        if (!plan->refused && arena_exhausted(plan->scratch))
            plan_real_refuse(plan, id, "lowering this takes more than %zu MiB",
                             LIMIT_LOWERING_BYTES >> 20);
    }
}

/* Positions whose forms were not asked for before. */
static void plan_outputs(RealPlan *plan) {
    for (uint32_t o = 0; o < plan->output_count && !plan->refused; o++) {
        NodeId id = plan->outputs[o];
        if (plan_real_form(plan, id).rows == 0)
            plan_real_refuse(plan, id, "an output of strings is no number");
    }
}

/* A truth is 1 or 0, and a trap fails where its divisor is 0. */
static void plan_requirements(RealPlan *plan) {
    for (uint32_t r = 0; r < plan->options->requirement_count && !plan->refused; r++) {
        const RealRequirement *requirement = &plan->options->requirements[r];
        Form holds = plan_real_form(plan, requirement->node);
        plan_real_trap(plan, requirement->node, DIAG_REQUIREMENT, requirement->why, &holds);
    }
}

/* Traps are in the round that computes what they look at. */
static void see_trap(void *state, ValueId value) {
    const RealPlan *plan = ((void **)state)[0];
    PlanTrap *trap = ((void **)state)[1];
    uint32_t region = plan->values[value].region;
    if (region > trap->region) trap->region = region;
}

static void place_traps(RealPlan *plan) {
    for (uint32_t t = 0; t < plan->trap_count; t++) {
        void *state[2] = {plan, &plan->traps[t]};
        form_reads(&plan->traps[t].number, see_trap, state);
    }
}

/* --- the whole -------------------------------------------------------------------------------- */

bool graph_is_real(const Graph *graph, NodeId output) {
    Arena *scratch = arena_new(0);
    const uint8_t *needed = graph_needed(graph, output, scratch);
    bool real = false;
    for (NodeId id = 0; id <= output && !real; id++) {
        const Node *node = graph_node(graph, id);
        real = needed[id] && (node->op >= OP_INPUT || node->type == TYPE_VECTOR);
    }
    arena_free(scratch);
    return real;
}

static RealPlan *new_plan(const Graph *graph, Arena *scratch) {
    RealPlan *plan = ARENA_NEW(scratch, RealPlan);
    uint32_t count = graph->count;
    plan->graph = graph;
    plan->scratch = scratch;
    plan->needed = ARENA_ARRAY(scratch, uint8_t, count);
    plan->dependence = ARENA_ARRAY(scratch, uint8_t, count);
    plan->forms = ARENA_ARRAY(scratch, Form, count);
    plan->formed = ARENA_ARRAY(scratch, bool, count);
    plan->squares = ARENA_ARRAY(scratch, ValueId, count);
    plan->state_loop = ARENA_ARRAY(scratch, uint32_t, count);
    plan->state_number = ARENA_ARRAY(scratch, uint32_t, count);
    plan->stamps = ARENA_ARRAY(scratch, uint32_t, count);
    plan->part_number = ARENA_ARRAY(scratch, uint32_t, count);
    plan->pattern_of = ARENA_ARRAY(scratch, PatternId, count);
    plan->raw_pattern_of = ARENA_ARRAY(scratch, PatternId, count);
    for (NodeId id = 0; id < count; id++) {
        plan->squares[id] = NO_VALUE;
        plan->pattern_of[id] = plan->raw_pattern_of[id] = NO_ITEM;
    }
    plan->indices = plan->last_position = NO_VALUE;
    return plan;
}

/* Marks what the node needs; the greatest that is wanted is *last. */
static void want(RealPlan *plan, NodeId node, NodeId *last) {
    const uint8_t *needed = graph_needed(plan->graph, node, plan->scratch);
    for (NodeId id = 0; id < plan->graph->count; id++)
        plan->needed[id] |= needed[id];
    if (node > *last) *last = node;
}

static RealModel *make_model(RealPlan *plan) {
    NodeId last = 0;
    for (uint32_t o = 0; o < plan->output_count; o++)
        want(plan, plan->outputs[o], &last);
    for (uint32_t r = 0; r < plan->options->requirement_count; r++)
        want(plan, plan->options->requirements[r].node, &last);
    plan_real_loops(plan);
    plan_real_words(plan);
    plan_real_dependences(plan);
    plan_nodes(plan, last);
    plan_outputs(plan);
    plan_requirements(plan);
    if (!plan->refused && !plan->options->relu_only) plan_real_whole(plan);
    if (plan->refused) return NULL;
    place_traps(plan);
    if (plan->options->relu_only) plan_real_bounds(plan);
    plan_real_live(plan);
    if (plan->refused) return NULL;
    plan_real_layout(plan);
    Places places = plan_real_places(plan);
    return plan_real_emit(plan, &places);
}

RealModel *lower_real(Arena *arena, const Graph *graph, const NodeId *outputs, uint32_t count,
                      const RealLowerOptions *options, Diagnostics *diags) {
    if (count == 0 || options->max_length == 0) BUG("a model of nothing");
    for (uint32_t o = 0; o < count; o++)
        if (!type_is_sop(graph_node(graph, outputs[o])->type)) BUG("only s-ops are lowered");
    Arena *scratch = arena_new(LIMIT_LOWERING_BYTES);
    RealPlan *plan = new_plan(graph, scratch);
    plan->arena = arena;
    plan->outputs = outputs;
    plan->output_count = count;
    plan->options = options;
    plan->diags = diags;
    RealModel *model = make_model(plan);
    arena_free(scratch);
    Buffer why = {0};
    if (model && !real_model_verify(model, &why)) BUG("the lowering made no model: %s", why.data);
    buffer_free(&why);
    return model;
}
