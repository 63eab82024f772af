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

/* The query says the position of the only key that it can select: always so far from its own, or
   a number, and then `inside` whether there is such a position; where not, the number is another.
 */
typedef struct Address {
    int64_t by; /* where there is no number */
    Vector number;
    LLVMValueRef inside; /* of the numbers; NULL: of a shift */
} Address;

/* False where a pair takes less than an address, or the conditions are no comparisons. */
static bool find_address(Short *code, const Attend *attend, Address *out) {
    enum { NUMBERS_FROM = 64 };
    int64_t key, query;
    const Condition *address = &attend->conditions[0];
    if (attend->plan != PLAN_GATHER || !operand_is_position(&address->key, &key)) return false;
    for (uint32_t c = 1; c < attend->condition_count; c++)
        if (attend->conditions[c].table != NO_TABLE) return false;
    *out = (Address){0};
    if (operand_is_position(&address->query, &query)) {
        out->by = key - query;
        return true;
    }
    if (code->lanes < NUMBERS_FROM) return false;
    Vector zero = vector_int(code, 0), last = vector_int(code, code->lanes - 1);
    Vector number =
        vector_plus(code, vector_operand(code, &address->query), vector_int(code, -key));
    LLVMValueRef from = vector_relation(code, RELATION_GT | RELATION_EQ, number, zero);
    LLVMValueRef to = vector_relation(code, RELATION_LT | RELATION_EQ, number, last);
    out->inside = emit_both(&code->emit, from, to);
    out->number = vector_choose(code, out->inside, number, zero);
    out->number.low = 0, out->number.high = code->lanes - 1;
    return true;
}

/* number[i] becomes the lane of the vector that is read in lane i: one by one, in memory. */
static LLVMValueRef read_lanes(Short *code, LLVMValueRef vector, Vector number) {
    Emit *emit = &code->emit;
    LLVMTypeRef type = LLVMTypeOf(vector), element = LLVMGetElementType(type);
    LLVMValueRef from = vector_remembered(code, vector);
    LLVMValueRef at = vector_remembered(code, vector_resized(code, number, 16));
    LLVMValueRef to = vector_memory(code, type);
    Loop loop = loop_begin(emit, emit_int(emit, 0), emit_int(emit, code->lanes), 0, NULL);
    LLVMTypeRef i16 = LLVMInt16TypeInContext(emit->context);
    LLVMValueRef lane = emit_to_int(emit, emit_load(emit, i16, at, loop.index));
    emit_store(emit, element, to, loop.index, emit_load(emit, element, from, lane));
    loop_end(emit, &loop, NULL);
    return LLVMBuildLoad2(emit->builder, type, to, "");
}

/* What the vector is at the key of each query; where there is none, nought or any other key's. */
static Vector at_key(Short *code, const Address *address, Vector vector) {
    vector.value = address->inside ? read_lanes(code, vector.value, address->number)
                                   : vector_shifted(code, vector.value, address->by,
                                                    short_nought(code, LLVMTypeOf(vector.value)));
    if (vector.low > 0) vector.low = 0;
    if (vector.high < 0) vector.high = 0;
    return vector;
}

/* Whether the mask lets the key through; NULL: it does. */
static LLVMValueRef key_in_mask(Short *code, HeadMask mask, const Address *address) {
    const int64_t lanes = code->lanes;
    Vector key = address->inside
                     ? address->number
                     : vector_plus(code, code->positions, vector_int(code, -address->by));
    LLVMValueRef all = NULL;
    if (mask.low > -lanes) {
        Vector least = vector_plus(code, code->positions, vector_int(code, mask.low));
        all = vector_relation(code, RELATION_GT | RELATION_EQ, key, least);
    }
    if (mask.high < lanes) {
        Vector most = vector_plus(code, code->positions, vector_int(code, mask.high));
        all = emit_both(&code->emit, all,
                        vector_relation(code, RELATION_LT | RELATION_EQ, key, most));
    }
    return all;
}

static Sums by_address(Short *code, const Attend *attend, const Address *address,
                       LLVMValueRef keys) {
    Emit *emit = &code->emit;
    const Vector one = vector_int(code, 1), zero = vector_int(code, 0);
    Vector valid = vector_choose(code, emit_both(emit, keys, code->here), one, zero);
    LLVMValueRef selected = vector_relation(code, RELATION_EQ, at_key(code, address, valid), one);
    selected = emit_both(emit, selected, address->inside);
    selected = emit_both(emit, selected, key_in_mask(code, attend->mask, address));
    for (uint32_t c = 1; c < attend->condition_count; c++) {
        const Condition *condition = &attend->conditions[c];
        Vector key = at_key(code, address, vector_operand(code, &condition->key));
        selected = emit_both(emit, selected,
                             vector_relation(code, condition->relation, key,
                                             vector_operand(code, &condition->query)));
    }
    Sums found = {0};
    for (uint32_t s = 0; s < attend->sum_count; s++) {
        Vector value = vector_operand(code, &attend->sums[s].value);
        if (!short_counts(&attend->sums[s])) value = at_key(code, address, value);
        found.sums[s] = where(code, selected, value);
    }
    return found;
}

static Sums sum_keys(Short *code, const Attend *attend) {
    Address address;
    LLVMValueRef keys = kept(code, attend->keys_kept, attend->key_filters);
    if (is_by_position(attend)) return by_position(code, attend, keys);
    if (find_address(code, attend, &address)) return by_address(code, attend, &address, keys);
    return short_pairs(code, attend, keys);
}

/* --- what becomes of the sums (attend_finish.c, position by position) --------------------------
 */

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
