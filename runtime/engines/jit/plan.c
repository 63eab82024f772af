#include "runtime/engines/jit/plan.h"

#include "runtime/base/visible.h"

const PlanInfo *plan_info(PlanKind plan) {
    static const PlanInfo infos[] = {
#define PLAN(id, name, function, cost, text) {name, cost, text},
#include "runtime/engines/jit/plans.def"
#undef PLAN
    };
    return &infos[plan];
}

static void plan_number(Planner *planner, ReadingPlan *plan, const Reading *reading) {
    Columns *columns = &planner->plan->columns;
    plan->number = feature_number(planner, &reading->number);
    bool whole = reading->decode == DECODE_INTEGER && !plan->number.is_real;
    plan->result = columns_per_position(columns, whole ? ELEMENT_I64 : ELEMENT_F64);
    if (!reading->mixed) return;
    Number exact = feature_number(planner, &reading->exact);
    if (exact.is_real || exact.under != NO_BUFFER)
        buffer_text(planner->why, "a kind of number that depends on a fraction");
    plan->exact_from = exact.whole;
    plan->exact = columns_per_position(columns, ELEMENT_I32);
}

static void plan_reading(Planner *planner, ReadingPlan *plan, const Reading *reading) {
    plan->exact = NO_BUFFER;
    if (reading->decode == DECODE_ATOMS) {
        plan->number = (Number){.under = NO_BUFFER, .scale = 1};
        if (reading->source != NO_SUBSPACE)
            plan->number.whole = index_operand(planner, reading->source);
        plan->result = columns_per_position(&planner->plan->columns, ELEMENT_I32);
    } else {
        plan_number(planner, plan, reading);
    }
}

static void keep(Columns *columns, BufferId column) {
    if (column != NO_BUFFER) columns->buffers[column].kept = true;
}

static void keep_columns(Columns *columns, const OutputPlan *output, uint32_t readings) {
    for (uint32_t r = 0; r < readings; r++) {
        keep(columns, output->readings[r].result);
        keep(columns, output->readings[r].exact);
    }
    keep(columns, output->result);
    keep(columns, output->exact);
}

static void plan_output(Planner *planner, OutputPlan *output) {
    const Readout *readout = &planner->model->readout;
    Columns *columns = &planner->plan->columns;
    output->readings = ARENA_ARRAY(planner->arena, ReadingPlan, readout->reading_count);
    for (uint32_t r = 0; r < readout->reading_count; r++)
        plan_reading(planner, &output->readings[r], &readout->readings[r]);
    output->result = output->exact = NO_BUFFER;
    if (readout->step_count > 0) {
        output->result = columns_per_position(columns, ELEMENT_F64);
        output->exact = columns_per_position(columns, ELEMENT_I32);
    }
    keep_columns(columns, output, readout->reading_count);
    output->traps = ARENA_ARRAY(planner->arena, Operand, readout->trap_count);
    for (uint32_t t = 0; t < readout->trap_count; t++) {
        Number number = feature_number(planner, &readout->traps[t].feature);
        if (number.is_real || number.under != NO_BUFFER)
            buffer_text(planner->why, "a failure that depends on a fraction");
        output->traps[t] = number.whole;
    }
    output->trapped =
        columns_buffer(columns, ELEMENT_I64, (Length){(int64_t)readout->trap_count * CHUNKS, 0});
}

Plan *plan_model(const Model *model, Arena *arena, Buffer *why) {
    Plan *plan = ARENA_NEW(arena, Plan);
    plan->model = model;
    plan->columns.arena = arena;
    plan->layers = ARENA_ARRAY(arena, LayerPlan, model->layer_count);
    Planner planner = {.model = model, .plan = plan, .arena = arena, .why = why};
    values_begin(&planner);
    for (uint32_t l = 0; l < model->layer_count; l++) {
        const Layer *layer = &model->layers[l];
        LayerPlan *planned = &plan->layers[l];
        planned->heads = ARENA_ARRAY(arena, Attend, layer->head_count);
        planned->units = ARENA_ARRAY(arena, UnitPlan, layer->unit_count);
        for (uint32_t h = 0; h < layer->head_count && why->len == 0; h++)
            plan_head(&planner, &layer->heads[h], &planned->heads[h]);
        for (uint32_t u = 0; u < layer->unit_count && why->len == 0; u++) {
            if (layer->units[u].kind == UNIT_ERASE) continue;
            plan_units(&planner, &layer->units[u], &planned->units[planned->unit_count++]);
        }
    }
    if (why->len == 0) plan_output(&planner, &plan->output);
    return why->len == 0 ? plan : NULL;
}

bool plan_is_quadratic(const Plan *plan) {
    for (uint32_t l = 0; l < plan->model->layer_count; l++)
        for (uint32_t h = 0; h < plan->model->layers[l].head_count; h++)
            if (plan->layers[l].heads[h].plan == PLAN_TILES &&
                plan->layers[l].heads[h].lanes == NULL)
                return true;
    return false;
}

void plan_print(const Plan *plan, Buffer *out) {
    const Model *model = plan->model;
    for (uint32_t l = 0; l < model->layer_count; l++) {
        for (uint32_t h = 0; h < model->layers[l].head_count; h++) {
            const Attend *attend = &plan->layers[l].heads[h];
            const PlanInfo *info = plan_info(attend->plan);
            const String *name = model->layers[l].heads[h].name;
            buffer_printf(out, "  layer %u, ", l + 1);
            visible_text(out, name->bytes, name->len);
            buffer_printf(out, ": %s, %s: %s", info->name, info->cost, info->text);
            if (attend->why) buffer_printf(out, " (%s)", attend->why);
            buffer_char(out, '\n');
        }
    }
}
