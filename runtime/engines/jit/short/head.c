/* A head over short inputs: its sums by the cheapest way that vectors have, and its columns. */
#include "runtime/engines/jit/short/head.h"

#include "runtime/base/bug.h"

bool short_counts(const Sum *sum) {
    return !sum->value.real && sum->value.count == 0 && sum->value.constant == 1;
}

LLVMValueRef short_nought(Short *code, LLVMTypeRef type) {
    if (LLVMGetElementType(type) != code->emit.f64) return LLVMConstNull(type);
    return vector_all(code, emit_real(&code->emit, -0.0));
}

static bool adds_reals(const Attend *attend) {
    for (uint32_t s = 0; s < attend->sum_count; s++)
        if (attend->sums[s].value.real) return true;
    return false;
}

/* Of operands that are 0 where they rule out; NULL: nothing is ruled out. */
static LLVMValueRef kept(Short *code, const Operand *filters, uint32_t count) {
    LLVMValueRef all = NULL;
    for (uint32_t f = 0; f < count; f++) {
        Vector value = vector_operand(code, &filters[f]);
        LLVMValueRef zero = LLVMConstNull(LLVMTypeOf(value.value));
        all = emit_both(&code->emit, all,
                        LLVMBuildICmp(code->emit.builder, LLVMIntNE, value.value, zero, ""));
    }
    return all;
}

/* --- sums ------------------------------------------------------------------------------------- */

static Vector where(Short *code, LLVMValueRef condition, Vector value) {
    if (condition == NULL) return value;
    LLVMValueRef nought = short_nought(code, LLVMTypeOf(value.value));
    value.value = emit_choose(&code->emit, condition, value.value, nought);
    if (value.low > 0) value.low = 0;
    if (value.high < 0) value.high = 0;
    return value;
}

/* Nothing joins a key with a query but where they are: sums over all keys, or up to the query. */
static Sums by_position(Short *code, const Attend *attend, LLVMValueRef keys) {
    HeadMask mask = attend->mask;
    bool from_end = mask.low != INT32_MIN;
    bool without_itself = mask.high == -1 || mask.low == 1;
    LLVMValueRef valid = emit_both(&code->emit, keys, code->here);
    Sums found = {0};
    for (uint32_t s = 0; s < attend->sum_count; s++) {
        Vector value = where(code, valid, vector_operand(code, &attend->sums[s].value));
        Vector *sum = &found.sums[s];
        if (mask.low == INT32_MIN && mask.high == INT32_MAX) {
            *sum = vector_total(code, value);
            continue;
        }
        *sum = vector_running(code, value, from_end);
        if (without_itself)
            sum->value = vector_shifted(code, sum->value, from_end ? -1 : 1,
                                        LLVMConstNull(LLVMTypeOf(sum->value)));
    }
    return found;
}

static bool is_by_position(const Attend *attend) {
    HeadMask mask = attend->mask;
    bool open_start = mask.low == INT32_MIN, open_end = mask.high == INT32_MAX;
    return attend->condition_count == 0 && !adds_reals(attend) &&
           ((open_start && open_end) || (open_start && (mask.high == 0 || mask.high == -1)) ||
            (open_end && (mask.low == 0 || mask.low == 1)));
}

/* The only key that a query can select stands at a fixed distance from it: by lanes before. */
static bool is_shift(const Attend *attend, int64_t *by) {
    int64_t key, query;
    const Condition *address = &attend->conditions[0];
    if (attend->plan != PLAN_GATHER || !operand_is_position(&address->key, &key) ||
        !operand_is_position(&address->query, &query))
        return false;
    for (uint32_t c = 1; c < attend->condition_count; c++)
        if (attend->conditions[c].table != NO_TABLE) return false;
    *by = key - query;
    return -*by >= attend->mask.low && -*by <= attend->mask.high;
}

/* What the vector is at the key of each query, nought where there is none. */
static Vector at_key(Short *code, int64_t by, Vector vector) {
    LLVMValueRef nought = short_nought(code, LLVMTypeOf(vector.value));
    vector.value = vector_shifted(code, vector.value, by, nought);
    if (vector.low > 0) vector.low = 0;
    if (vector.high < 0) vector.high = 0;
    return vector;
}

static Sums by_shift(Short *code, const Attend *attend, int64_t by, LLVMValueRef keys) {
    Emit *emit = &code->emit;
    const Vector one = vector_int(code, 1), zero = vector_int(code, 0);
    Vector valid = vector_choose(code, emit_both(emit, keys, code->here), one, zero);
    LLVMValueRef selected = vector_relation(code, RELATION_EQ, at_key(code, by, valid), one);
    for (uint32_t c = 1; c < attend->condition_count; c++) {
        const Condition *condition = &attend->conditions[c];
        Vector key = at_key(code, by, vector_operand(code, &condition->key));
        Vector query = vector_operand(code, &condition->query);
        selected =
            emit_both(emit, selected, vector_relation(code, condition->relation, key, query));
    }
    Sums found = {0};
    for (uint32_t s = 0; s < attend->sum_count; s++) {
        Vector value = vector_operand(code, &attend->sums[s].value);
        if (!short_counts(&attend->sums[s])) value = at_key(code, by, value);
        found.sums[s] = where(code, selected, value);
    }
    return found;
}

static Sums sum_keys(Short *code, const Attend *attend) {
    int64_t by;
    LLVMValueRef keys = kept(code, attend->keys_kept, attend->key_filters);
    if (is_by_position(attend)) return by_position(code, attend, keys);
    if (is_shift(attend, &by)) return by_shift(code, attend, by, keys);
    return short_pairs(code, attend, keys);
}

/* --- what becomes of the sums ----------------------------------------------------------------- */

/* As attend_finish.c has it, position by position. */
typedef struct Case {
    LLVMValueRef none; /* nothing selected */
    Vector count, sum;
} Case;

static void write(Short *code, BufferId column, Vector value) { code->columns[column] = value; }

static Case with_null(Short *code, const Finish *finish, Case at, bool real) {
    Vector value =
        real ? vector_real(code, finish->real_when_none) : vector_int(code, finish->when_none);
    at.sum = vector_plus(code, at.sum, value);
    at.count = vector_plus(code, at.count, vector_int(code, 1));
    return at;
}

/* A count of at least 1. */
static Vector counted(Short *code, Case at) {
    Vector count = vector_choose(code, at.none, vector_int(code, 1), at.count);
    count.low = 1;
    return count;
}

static void finish_mean(Short *code, const Finish *finish, Case at) {
    if (finish->null_counts) {
        at = with_null(code, finish, at, false);
    } else {
        at.sum = vector_choose(code, at.none, vector_int(code, finish->when_none), at.sum);
        at.count = counted(code, at);
    }
    write(code, finish->column, at.sum);
    write(code, finish->under, at.count);
}

/* Means lie between the least value and the greatest. */
static Vector mean(Short *code, const Finish *finish, Case at, Vector value) {
    int64_t low = value.low < 0 ? value.low : 0, high = value.high > 0 ? value.high : 0;
    if (finish->null_counts && finish->when_none < low) low = finish->when_none;
    if (finish->null_counts && finish->when_none > high) high = finish->when_none;
    return vector_quotient(code, at.sum, at.count, false, low, high);
}

static void finish_whole(Short *code, const Attend *attend, const Finish *finish, Case at,
                         Vector each) {
    Vector value = at.sum, one = vector_int(code, 1);
    LLVMValueRef whether_none = at.none;
    if (finish->null_counts) {
        at = with_null(code, finish, at, false);
        value = mean(code, finish, at, each);
    } else if (finish->several != NO_BUFFER) {
        whether_none = vector_relation(code, RELATION_LT | RELATION_GT, at.count, one);
    } else if (!attend->at_most_one) {
        at.count = counted(code, at);
        value = mean(code, finish, at, each);
    }
    if (!finish->null_counts)
        value = vector_choose(code, whether_none, vector_int(code, finish->when_none), value);
    write(code, finish->column, value);
}

static void finish_real(Short *code, const Finish *finish, Case at) {
    if (finish->null_counts) at = with_null(code, finish, at, true);
    Vector sum = vector_plus(code, at.sum, vector_real(code, 0.0));
    Vector count = vector_as_real(code, at.count);
    Vector value = {LLVMBuildFDiv(code->emit.builder, sum.value, count.value, ""), true, 0, 0};
    LLVMValueRef single = vector_relation(code, RELATION_EQ, at.count, vector_int(code, 1));
    value = vector_choose(code, single, at.sum, value);
    if (!finish->null_counts)
        value = vector_choose(code, at.none, vector_real(code, finish->real_when_none), value);
    write(code, finish->column, value);
}

/* Several were gathered of what has no mean. */
static void note_several(Short *code, const Finish *finish, Vector count) {
    LLVMValueRef several = vector_relation(code, RELATION_GT, count, vector_int(code, 1));
    short_trouble(code, finish->several, 0, several);
}

static void finish_move(Short *code, const Attend *attend, const Finish *finish, Case at) {
    const Vector one = vector_int(code, 1);
    if (finish->several != NO_BUFFER) note_several(code, finish, at.count);
    switch (finish->kind) {
    case FINISH_MEAN: finish_mean(code, finish, at); return;
    case FINISH_WHOLE:
        finish_whole(code, attend, finish, at,
                     vector_operand(code, &attend->sums[finish->sum].value));
        return;
    case FINISH_REAL: finish_real(code, finish, at); return;
    case FINISH_NULL_WEIGHT: write(code, finish->under, vector_plus(code, at.count, one)); return;
    case FINISH_IS_NULL:
        write(code, finish->column, vector_choose(code, at.none, one, vector_int(code, 0)));
        return;
    }
    BUG("finish kind %d does not exist", (int)finish->kind);
}

void short_head(Short *code, const Attend *attend) {
    if (attend->renumber) code->refused = true;
    if (code->refused) return;
    Sums found = sum_keys(code, attend);
    LLVMValueRef queries = kept(code, attend->queries_kept, attend->query_filters);
    for (uint32_t s = 0; s < attend->sum_count; s++)
        found.sums[s] = where(code, queries, found.sums[s]);
    Vector count = found.sums[0];
    LLVMValueRef none = LLVMBuildICmp(code->emit.builder, LLVMIntEQ, count.value,
                                      LLVMConstNull(LLVMTypeOf(count.value)), "");
    for (uint32_t f = 0; f < attend->finish_count; f++) {
        const Finish *finish = &attend->finishes[f];
        finish_move(code, attend, finish, (Case){none, count, found.sums[finish->sum]});
    }
}
