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

/* All unit groups of a layer in one pass over the positions. */
static void emit_units(Emit *emit, const UnitPlan *units, uint32_t count) {
    if (count == 0) return;
    Loop loop = loop_positions(emit);
    for (uint32_t u = 0; u < count; u++)
        emit_result(emit, units[u].target, loop.index, unit_index(emit, &units[u], loop.index));
    loop_end(emit, &loop, NULL);
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

static void emit_reading(Emit *emit, const ReadingPlan *plan, DecodeKind decode) {
    Loop loop = loop_positions(emit);
    emit_result(emit, plan->result, loop.index,
                emit_number(emit, &plan->number, decode, loop.index));
    if (plan->exact != NO_BUFFER)
        emit_result(emit, plan->exact, loop.index,
                    emit_to_int(emit, emit_to_bool(emit, emit_operand(emit, &plan->exact_from,
                                                                      loop.index))));
    loop_end(emit, &loop, NULL);
}

static void emit_trap(Emit *emit, const OutputPlan *output, uint32_t trap) {
    LLVMValueRef nowhere = emit->n;
    Loop loop = loop_begin(emit, emit_int(emit, 0), emit->n, 1, &nowhere);
    LLVMValueRef fails = emit_to_bool(emit, emit_operand(emit, &output->traps[trap], loop.index));
    LLVMValueRef here = emit_choose(emit, fails, loop.index, emit->n);
    LLVMValueRef sooner = emit_relation(emit, RELATION_LT, here, loop.carry[0]);
    LLVMValueRef first = emit_choose(emit, sooner, here, loop.carry[0]);
    loop_end(emit, &loop, &first);
    emit_result(emit, output->trapped, emit_int(emit, trap), loop.result[0]);
}

void program_emit(Native *native, const Plan *plan) {
    const Model *model = plan->model;
    Emit emit = emit_begin(native, PROGRAM_ENTRY, &plan->columns);
    for (uint32_t l = 0; l < model->layer_count; l++) {
        for (uint32_t h = 0; h < model->layers[l].head_count; h++)
            attend_emit(&emit, &plan->layers[l].heads[h]);
        emit_units(&emit, plan->layers[l].units, plan->layers[l].unit_count);
    }
    for (uint32_t r = 0; r < model->readout.reading_count; r++)
        emit_reading(&emit, &plan->output.readings[r], model->readout.readings[r].decode);
    for (uint32_t t = 0; t < model->readout.trap_count; t++)
        emit_trap(&emit, &plan->output, t);
    emit_end(&emit);
}
