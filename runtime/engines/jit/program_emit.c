#include "runtime/engines/jit/program_emit.h"

#include "runtime/base/bug.h"
#include "runtime/engines/jit/attend_emit.h"

/* How many of the table's entries are below the number: one bit of the answer a level, without a
   branch. The entries past the last threshold are infinite. */
static LLVMValueRef search(Emit *emit, const UnitPlan *unit, LLVMValueRef number) {
    LLVMValueRef found = emit_int(emit, 0);
    for (uint32_t level = unit->levels; level-- > 0;) {
        int64_t half = (int64_t)1 << level;
        LLVMValueRef entry =
            emit_table(emit, unit->table, emit_plus(emit, found, emit_int(emit, half - 1)));
        LLVMValueRef reached = emit_relation(emit, RELATION_GT, number, entry);
        found = emit_plus(emit, found,
                          emit_choose(emit, reached, emit_int(emit, half), emit_int(emit, 0)));
    }
    return found;
}

static LLVMValueRef unit_index(Emit *emit, const UnitPlan *unit, LLVMValueRef position) {
    LLVMValueRef input = emit_operand(emit, &unit->input, position);
    switch (unit->kind) {
    case UNIT_PLAN_CLAMP:
        return emit_clamp(emit, input, emit_int(emit, 0), emit_int(emit, unit->most));
    case UNIT_PLAN_TABLE: return emit_table(emit, unit->table, input);
    case UNIT_PLAN_SEARCH: return search(emit, unit, input);
    }
    BUG("unit plan %d does not exist", (int)unit->kind);
}

/* The whole number nearest to p / q, of two upwards; q >= 1. */
static LLVMValueRef nearest(Emit *emit, LLVMValueRef p, LLVMValueRef q) {
    LLVMValueRef zero = emit_int(emit, 0), one = emit_int(emit, 1);
    LLVMValueRef whole = LLVMBuildSDiv(emit->builder, p, q, "");
    LLVMValueRef rest = emit_minus(emit, p, emit_times(emit, whole, q));
    LLVMValueRef negative = emit_relation(emit, RELATION_LT, rest, zero);
    whole = emit_choose(emit, negative, emit_minus(emit, whole, one), whole);
    rest = emit_choose(emit, negative, emit_plus(emit, rest, q), rest);
    LLVMValueRef up = emit_relation(emit, RELATION_GT, rest, emit_minus(emit, q, rest));
    return emit_choose(emit, up, emit_plus(emit, whole, one), whole);
}

/* The number that a reading means. A whole number of at most 53 bits divided by another rounds
   as the true quotient does, which is what eval's one division gives. */
static LLVMValueRef emit_number(Emit *emit, const Number *number, DecodeKind decode,
                                LLVMValueRef position) {
    if (number->is_real) return emit_operand(emit, &number->real, position);
    LLVMValueRef p = emit_operand(emit, &number->whole, position), q = NULL;
    if (number->scale != 1) q = emit_int(emit, number->scale);
    if (number->under != NO_BUFFER) {
        LLVMValueRef under = emit_result_back(emit, number->under, position);
        p = emit_times(emit, p, under);
        p = emit_plus(emit, p, emit_operand(emit, &number->over, position));
        q = q ? emit_times(emit, q, under) : under;
    }
    if (decode == DECODE_FRACTION) {
        LLVMValueRef over = emit_to_real(emit, p);
        return q ? LLVMBuildFDiv(emit->builder, over, emit_to_real(emit, q), "") : over;
    }
    LLVMValueRef whole = q ? nearest(emit, p, q) : p;
    return decode == DECODE_WHOLE ? emit_to_real(emit, whole) : whole;
}

static void emit_reading(Emit *emit, const ReadingPlan *plan, DecodeKind decode,
                         LLVMValueRef position) {
    emit_result(emit, plan->result, position, emit_number(emit, &plan->number, decode, position));
    if (plan->exact == NO_BUFFER) return;
    LLVMValueRef exact = emit_operand(emit, &plan->exact_from, position);
    emit_result(emit, plan->exact, position, emit_to_int(emit, emit_to_bool(emit, exact)));
}

static void emit_output(Emit *emit, const Plan *plan, LLVMValueRef position) {
    const OutputPlan *output = &plan->output;
    const Readout *readout = &plan->model->readout;
    for (uint32_t r = 0; r < readout->reading_count; r++)
        emit_reading(emit, &output->readings[r], readout->readings[r].decode, position);
    for (uint32_t t = 0; t < readout->trap_count; t++) {
        LLVMValueRef fails = emit_operand(emit, &output->traps[t], position);
        emit_note_first(emit, output->trapped, t, emit_to_bool(emit, fails), position);
    }
}

/* --- layers ----------------------------------------------------------------------------------- */

/* What is computed position by position between one layer's heads and the next's. */
typedef struct Between {
    const Plan *plan;
    uint32_t first, end; /* the units of layers [first, end) */
} Between;

static void emit_between(Emit *emit, void *state, LLVMValueRef position) {
    const Between *between = state;
    const Plan *plan = between->plan;
    for (uint32_t l = between->first; l < between->end; l++)
        for (uint32_t u = 0; u < plan->layers[l].unit_count; u++) {
            const UnitPlan *unit = &plan->layers[l].units[u];
            emit_result(emit, unit->target, position, unit_index(emit, unit, position));
        }
    if (between->end == plan->model->layer_count) emit_output(emit, plan, position);
}

static uint32_t next_with_heads(const Model *model, uint32_t layer) {
    while (layer < model->layer_count && model->layers[layer].head_count == 0)
        layer++;
    return layer;
}

/* A layer's last head is followed, in its loop, by the units up to the next heads. */
static void emit_layer(Emit *emit, const Plan *plan, uint32_t layer, uint32_t end) {
    Between between = {plan, layer, end};
    uint32_t heads = plan->model->layers[layer].head_count;
    for (uint32_t h = 0; h < heads; h++) {
        bool last = h + 1 == heads;
        emit->follower = last ? (Follower){emit_between, &between} : (Follower){NULL, NULL};
        attend_emit(emit, &plan->layers[layer].heads[h]);
    }
}

void program_emit(Native *native, Plan *plan, Stages *stages) {
    const Model *model = plan->model;
    Emit emit = emit_begin(native, &plan->columns, stages);
    uint32_t layer = next_with_heads(model, 0);
    if (layer > 0 || layer == model->layer_count) {
        Between between = {plan, 0, layer};
        emit_stage(&emit, (Stage){.split = true});
        Loop loop = loop_positions(&emit);
        emit_between(&emit, &between, loop.index);
        loop_end(&emit, &loop, NULL);
    }
    while (layer < model->layer_count) {
        uint32_t next = next_with_heads(model, layer + 1);
        emit_layer(&emit, plan, layer, next);
        layer = next;
    }
    emit_end(&emit, PROGRAM_ENTRY);
}
