#include "runtime/engines/jit/attend_emit.h"

#include "runtime/base/bug.h"

void attend_emit(Emit *emit, const Attend *attend) {
    if (attend->renumber) renumber_emit(emit, attend->renumber);
    switch (attend->plan) {
#define PLAN(id, name, function, cost, text)                                                       \
    case id: function(emit, attend); return;
#include "runtime/engines/jit/plans.def"
#undef PLAN
    case PLAN_COUNT: break;
    }
    BUG("plan %d does not exist", (int)attend->plan);
}

/* --- sums ------------------------------------------------------------------------------------- */

/* What a sum starts with: 0, and -0.0 for doubles, the only one to which adding a single value
   gives that very value (-0.0 as well). */
static LLVMValueRef nought(Emit *emit, const Sum *sum) {
    return sum->value.real ? emit_real(emit, -0.0) : emit_int(emit, 0);
}

Found attend_nought(Emit *emit, const Attend *attend) {
    Found found = {0};
    for (uint32_t s = 0; s < attend->sum_count; s++)
        found.sums[s] = nought(emit, &attend->sums[s]);
    return found;
}

Found attend_where(Emit *emit, const Attend *attend, LLVMValueRef condition, Found found) {
    if (condition == NULL) return found;
    for (uint32_t s = 0; s < attend->sum_count; s++)
        found.sums[s] = emit_choose(emit, condition, found.sums[s], nought(emit, &attend->sums[s]));
    return found;
}

Found attend_with_key(Emit *emit, const Attend *attend, const Found *before, LLVMValueRef keep,
                      LLVMValueRef key) {
    Found values = {0};
    for (uint32_t s = 0; s < attend->sum_count; s++)
        values.sums[s] = emit_operand(emit, &attend->sums[s].value, key);
    values = attend_where(emit, attend, keep, values);
    for (uint32_t s = 0; before && s < attend->sum_count; s++)
        values.sums[s] = emit_plus(emit, before->sums[s], values.sums[s]);
    return values;
}

Found attend_load(Emit *emit, const Attend *attend, LLVMValueRef index) {
    Found found = {0};
    for (uint32_t s = 0; s < attend->sum_count; s++)
        found.sums[s] = emit_result_back(emit, attend->sums[s].scratch, index);
    return found;
}

void attend_store(Emit *emit, const Attend *attend, LLVMValueRef index, const Found *found) {
    for (uint32_t s = 0; s < attend->sum_count; s++)
        emit_result(emit, attend->sums[s].scratch, index, found->sums[s]);
}

void attend_clear(Emit *emit, const Attend *attend, LLVMValueRef from, LLVMValueRef to) {
    for (uint32_t s = 0; s < attend->sum_count; s++) {
        const Sum *sum = &attend->sums[s];
        ElementType type = emit->layout->buffers[sum->scratch].type;
        LLVMValueRef value = type == ELEMENT_I32 ? LLVMConstNull(emit->i32) : nought(emit, sum);
        emit_fill(emit, emit_element(emit, type), emit_column(emit, sum->scratch), from, to, value);
    }
}

void attend_sum_keys(Emit *emit, const Attend *attend, PlaceOf *place, PlaceCount *count) {
    emit_stage(emit, (Stage){.split = attend->split});
    LLVMValueRef places = count(emit, attend), start = emit_int(emit, 0);
    if (attend->split) start = emit_times(emit, emit->chunk, places);
    attend_clear(emit, attend, start, emit_plus(emit, start, places));
    Loop keys = loop_positions(emit);
    LLVMValueRef at = emit_plus(emit, start, place(emit, attend, keys.index));
    Found sums = attend_load(emit, attend, at);
    LLVMValueRef keep = attend_keeps_key(emit, attend, keys.index);
    sums = attend_with_key(emit, attend, &sums, keep, keys.index);
    attend_store(emit, attend, at, &sums);
    loop_end(emit, &keys, NULL);
    if (attend->split) attend_join(emit, attend, count, false);
}

void attend_join(Emit *emit, const Attend *attend, PlaceCount *count, bool running) {
    emit_stage(emit, (Stage){.when_split = true});
    LLVMValueRef places = count(emit, attend);
    Loop loop = loop_begin(emit, emit_int(emit, 0), places, 0, NULL);
    Found nought = attend_nought(emit, attend), next = {0}, before = {0}, all = {0};
    Loop chunks = loop_begin(emit, emit_int(emit, 0), emit->chunks, attend->sum_count, nought.sums);
    LLVMValueRef at = emit_plus(emit, emit_times(emit, chunks.index, places), loop.index);
    Found own = attend_load(emit, attend, at);
    for (uint32_t s = 0; s < attend->sum_count; s++) {
        before.sums[s] = chunks.carry[s];
        next.sums[s] = emit_plus(emit, before.sums[s], own.sums[s]);
    }
    if (running) attend_store(emit, attend, at, &before);
    loop_end(emit, &chunks, next.sums);
    for (uint32_t s = 0; s < attend->sum_count; s++)
        all.sums[s] = chunks.result[s];
    if (!running) attend_store(emit, attend, loop.index, &all);
    loop_end(emit, &loop, NULL);
}

/* --- predicates ------------------------------------------------------------------------------- */

static LLVMValueRef kept(Emit *emit, const Operand *filters, uint32_t count,
                         LLVMValueRef position) {
    LLVMValueRef all = NULL;
    for (uint32_t i = 0; i < count; i++) {
        LLVMValueRef value = emit_operand(emit, &filters[i], position);
        all = emit_both(emit, all, emit_to_bool(emit, value));
    }
    return all;
}

LLVMValueRef attend_keeps_key(Emit *emit, const Attend *attend, LLVMValueRef position) {
    return kept(emit, attend->keys_kept, attend->key_filters, position);
}

LLVMValueRef attend_keeps_query(Emit *emit, const Attend *attend, LLVMValueRef position) {
    return kept(emit, attend->queries_kept, attend->query_filters, position);
}

static LLVMValueRef in_mask(Emit *emit, const Attend *attend, LLVMValueRef key,
                            LLVMValueRef query) {
    LLVMValueRef all = NULL, distance = emit_minus(emit, key, query);
    if (attend->mask.low != INT32_MIN)
        all = emit_relation(emit, RELATION_GT | RELATION_EQ, distance,
                            emit_int(emit, attend->mask.low));
    if (attend->mask.high != INT32_MAX)
        all = emit_both(emit, all,
                        emit_relation(emit, RELATION_LT | RELATION_EQ, distance,
                                      emit_int(emit, attend->mask.high)));
    return all;
}

void attend_mask_range(Emit *emit, const Attend *attend, LLVMValueRef query, LLVMValueRef *from,
                       LLVMValueRef *to) {
    LLVMValueRef zero = emit_int(emit, 0);
    *from = zero;
    *to = emit->n;
    if (attend->mask.low != INT32_MIN)
        *from = emit_clamp(emit, emit_plus(emit, query, emit_int(emit, attend->mask.low)), zero,
                           emit->n);
    if (attend->mask.high != INT32_MAX)
        *to = emit_clamp(emit, emit_plus(emit, query, emit_int(emit, attend->mask.high + 1LL)),
                         *from, emit->n);
}

LLVMValueRef attend_sweep_position(Emit *emit, const Attend *attend, LLVMValueRef round) {
    if (attend->mask.low == INT32_MIN) return round;
    LLVMValueRef last = emit_minus(emit, emit->n, emit_int(emit, 1));
    return emit_minus(emit, last, round);
}

bool attend_sweep_with_itself(const Attend *attend) {
    return attend->mask.low == 0 || attend->mask.high == 0;
}

static LLVMValueRef meets_one(Emit *emit, const Condition *condition, LLVMValueRef key,
                              LLVMValueRef query) {
    LLVMValueRef a = emit_operand(emit, &condition->key, key);
    LLVMValueRef b = emit_operand(emit, &condition->query, query);
    if (condition->table == NO_TABLE) return emit_relation(emit, condition->relation, a, b);
    LLVMValueRef row = emit_times(emit, a, emit_int(emit, condition->query_classes));
    return emit_to_bool(emit, emit_table(emit, condition->table, emit_plus(emit, row, b)));
}

LLVMValueRef attend_meets(Emit *emit, const Attend *attend, uint32_t first, LLVMValueRef key,
                          LLVMValueRef query) {
    LLVMValueRef all = in_mask(emit, attend, key, query);
    for (uint32_t c = first; c < attend->condition_count; c++)
        all = emit_both(emit, all, meets_one(emit, &attend->conditions[c], key, query));
    return all;
}

/* --- classes ---------------------------------------------------------------------------------- */

LLVMValueRef attend_class_count(Emit *emit, const Attend *attend, uint32_t count) {
    LLVMValueRef classes = emit_length(emit, attend->conditions[0].classes);
    for (uint32_t c = 1; c < count; c++)
        classes = emit_times(emit, classes, emit_length(emit, attend->conditions[c].classes));
    return classes;
}

static LLVMValueRef joined(Emit *emit, const Condition *condition, LLVMValueRef before,
                           LLVMValueRef class_) {
    if (before == NULL) return class_;
    LLVMValueRef row = emit_times(emit, before, emit_length(emit, condition->classes));
    return emit_plus(emit, row, class_);
}

LLVMValueRef attend_key_class(Emit *emit, const Attend *attend, uint32_t count, LLVMValueRef key) {
    LLVMValueRef all = NULL;
    for (uint32_t c = 0; c < count; c++) {
        const Condition *condition = &attend->conditions[c];
        all = joined(emit, condition, all, emit_operand(emit, &condition->key, key));
    }
    return all;
}

LLVMValueRef attend_query_class(Emit *emit, const Attend *attend, uint32_t count,
                                LLVMValueRef query, LLVMValueRef *inside) {
    LLVMValueRef all = NULL;
    *inside = NULL;
    for (uint32_t c = 0; c < count; c++) {
        const Condition *condition = &attend->conditions[c];
        LLVMValueRef class_ = emit_operand(emit, &condition->query, query);
        LLVMValueRef one = emit_inside(emit, class_, emit_length(emit, condition->classes));
        *inside = emit_both(emit, *inside, one);
        all = joined(emit, condition, all, class_);
    }
    /* Class 0 is always there to be read; what it holds is then not used. */
    return emit_choose(emit, *inside, all, emit_int(emit, 0));
}
