/* Every query looks at every key: the queries side by side, one key after the other. A key costs a
   comparison for each condition and a sum for each move, of as many bits as these need. Where all
   queries take but half of a vector, they are there twice, and look at two keys at once. */
#include "runtime/engines/jit/short/head.h"

enum { KEYS_IN_ROUND = 8, LANES_WITHOUT_LOOP = 16, HALF_VECTOR_BITS = 128 };

/* A number of each key, to be read one by one. */
typedef struct Keys {
    LLVMValueRef vector; /* (lanes); NULL: there is no such number */
    LLVMValueRef memory; /* the same; not of keys that are looked at abreast */
} Keys;

/* A condition as what is compared: keys, one by one, with all queries. */
typedef struct Side {
    uint8_t relation;
    bool common; /* key & query is not 0, rather than a relation */
    bool has_sign;
    Keys keys;
    LLVMValueRef query; /* (abreast, lanes) */
} Side;

typedef struct Pairs {
    Short *code;
    const Attend *attend;
    uint32_t bits;    /* of all integers where 32 are enough */
    uint32_t abreast; /* keys that are looked at at once, 1 or 2 */
    Vector keys[ATTEND_CONDITIONS], queries[ATTEND_CONDITIONS];
    Side sides[ATTEND_CONDITIONS];
    Vector values[ATTEND_SUMS]; /* of keys; no value: it counts */
    Keys summed[ATTEND_SUMS];   /* the same */
    Sums sums;
} Pairs;

/* --- what is compared ------------------------------------------------------------------------- */

/* For each class of one side the set of classes of the other that go with it. */
static Vector class_set(Short *code, const Condition *condition, bool of_query, Vector index) {
    int64_t keys = condition->classes.fixed, queries = condition->query_classes;
    int64_t count = of_query ? queries : keys, members = of_query ? keys : queries;
    const ConstantTable *table = &code->plan->columns.tables[condition->table];
    int64_t *sets = ARENA_ARRAY(code->arena, int64_t, (size_t)count);
    for (int64_t i = 0; i < count; i++)
        for (int64_t m = 0; m < members; m++) {
            int64_t cell = of_query ? m * queries + i : i * queries + m;
            if (table_integer(table, (uint32_t)cell) != 0) sets[i] |= (int64_t)1 << m;
        }
    ConstantTable made = {ELEMENT_I64, (uint32_t)count, sets};
    return vector_lookup(code, &made, index);
}

static Vector one_class(Short *code, int64_t count, Vector index) {
    int64_t *sets = ARENA_ARRAY(code->arena, int64_t, (size_t)count);
    for (int64_t i = 0; i < count; i++)
        sets[i] = (int64_t)1 << i;
    ConstantTable made = {ELEMENT_I64, (uint32_t)count, sets};
    return vector_lookup(code, &made, index);
}

static void look_up_sets(Pairs *pairs, uint32_t c) {
    enum { MOST_CLASSES = 62 };
    Short *code = pairs->code;
    const Condition *condition = &pairs->attend->conditions[c];
    Vector key = vector_operand(code, &condition->key);
    Vector query = vector_operand(code, &condition->query);
    pairs->sides[c].common = true;
    if (condition->classes.fixed <= MOST_CLASSES) {
        pairs->keys[c] = one_class(code, condition->classes.fixed, key);
        pairs->queries[c] = class_set(code, condition, true, query);
    } else if (condition->query_classes <= MOST_CLASSES) {
        pairs->keys[c] = class_set(code, condition, false, key);
        pairs->queries[c] = one_class(code, condition->query_classes, query);
    } else {
        pairs->keys[c] = pairs->queries[c] = vector_refused(code);
    }
}

static void look_up(Pairs *pairs, uint32_t c) {
    const Condition *condition = &pairs->attend->conditions[c];
    pairs->sides[c].relation = condition->relation;
    if (condition->table != NO_TABLE) {
        look_up_sets(pairs, c);
        return;
    }
    pairs->keys[c] = vector_operand(pairs->code, &condition->key);
    pairs->queries[c] = vector_operand(pairs->code, &condition->query);
}

/* --- keys that no query selects --------------------------------------------------------------- */

/* A key that the relation holds for with no query; false when there is none. */
static bool outsider(Short *code, const Side *side, Vector query, Vector *out) {
    enum { either = RELATION_LT | RELATION_GT };
    bool real = query.real;
    if (side->common)
        *out = vector_int(code, 0);
    else if (real && (side->relation & either) != either)
        *out = vector_real(code, __builtin_nan(""));
    else if (!real && !(side->relation & RELATION_GT))
        *out = vector_int(code, query.high + 1);
    else if (!real && !(side->relation & RELATION_LT))
        *out = vector_int(code, query.low - 1);
    else
        return false;
    return true;
}

/* Makes the keys that are not kept such as no query selects: by one of the conditions where that
   can be, else by values of nought. */
static void leave_out(Pairs *pairs, LLVMValueRef kept) {
    Short *code = pairs->code;
    Vector none;
    for (uint32_t c = 0; c < pairs->attend->condition_count; c++) {
        Vector query = pairs->queries[c];
        if (pairs->keys[c].real) query.real = true;
        if (!outsider(code, &pairs->sides[c], query, &none)) continue;
        pairs->keys[c] = vector_choose(code, kept, pairs->keys[c], none);
        return;
    }
    for (uint32_t s = 0; s < pairs->attend->sum_count; s++) {
        Vector *value = &pairs->values[s];
        if (value->value == NULL) *value = vector_int(code, 1);
        none = value->real ? vector_real(code, -0.0) : vector_int(code, 0);
        *value = vector_choose(code, kept, *value, none);
    }
}

/* --- memory ----------------------------------------------------------------------------------- */

static Keys remember(const Pairs *pairs, LLVMValueRef vector) {
    return (Keys){vector, pairs->abreast > 1 ? NULL : vector_remembered(pairs->code, vector)};
}

/* Lane i of the result is lane (i / lanes) * row + (i % lanes) * column + first of the vector. */
static LLVMValueRef picked(const Pairs *pairs, LLVMValueRef vector, uint32_t first, uint32_t row,
                           uint32_t column) {
    Emit *emit = &pairs->code->emit;
    uint32_t lanes = pairs->code->lanes, count = lanes * pairs->abreast;
    LLVMValueRef *from = ARENA_ARRAY(pairs->code->arena, LLVMValueRef, count);
    for (uint32_t i = 0; i < count; i++)
        from[i] = LLVMConstInt(emit->i32, first + i / lanes * row + i % lanes * column, false);
    return LLVMBuildShuffleVector(emit->builder, vector, LLVMGetPoison(LLVMTypeOf(vector)),
                                  LLVMConstVector(from, count), "");
}

/* The key of that number, counted from `first`, for all queries; and abreast with it the next. */
static LLVMValueRef recall(const Pairs *pairs, const Keys *keys, LLVMValueRef first,
                           uint32_t number) {
    Emit *emit = &pairs->code->emit;
    if (pairs->abreast > 1) return picked(pairs, keys->vector, number, 1, 0);
    LLVMValueRef key = emit_plus(emit, first, emit_int(emit, number));
    LLVMTypeRef element = LLVMGetElementType(LLVMTypeOf(keys->vector));
    return vector_spread(pairs->code, emit_load(emit, element, keys->memory, key));
}

/* (abreast, lanes) of (lanes) */
static LLVMValueRef repeated(const Pairs *pairs, LLVMValueRef vector) {
    return pairs->abreast > 1 ? picked(pairs, vector, 0, 0, 1) : vector;
}

/* (abreast, lanes) */
static LLVMValueRef all_of(const Pairs *pairs, LLVMTypeRef type, int64_t number) {
    LLVMValueRef constant = LLVMConstInt(type, (uint64_t)number, true);
    return repeated(pairs, vector_all(pairs->code, constant));
}

static LLVMValueRef nought(const Pairs *pairs, LLVMTypeRef element) {
    return element == pairs->code->emit.f64
               ? repeated(pairs, vector_all(pairs->code, LLVMConstReal(element, -0.0)))
               : all_of(pairs, element, 0);
}

/* All integers of a head have the same bits where they are few: then what a comparison gives is
   what a sum takes. */
static uint32_t common_bits(const Pairs *pairs) {
    uint32_t most = 8;
    for (uint32_t c = 0; c < pairs->attend->condition_count; c++) {
        Vector key = pairs->keys[c], query = pairs->queries[c];
        if (key.real || query.real) continue;
        int64_t low = key.low < query.low ? key.low : query.low;
        int64_t high = key.high > query.high ? key.high : query.high;
        uint32_t bits = vector_bits(low, high);
        if (bits <= 32 && bits > most) most = bits;
    }
    for (uint32_t s = 0; s < pairs->attend->sum_count; s++) {
        Vector sum = pairs->sums.sums[s];
        uint32_t bits = sum.real ? 8 : vector_bits(sum.low, sum.high);
        if (bits <= 32 && bits > most) most = bits;
    }
    return most;
}

static void prepare_side(Pairs *pairs, uint32_t c) {
    Short *code = pairs->code;
    Side *side = &pairs->sides[c];
    Vector key = pairs->keys[c], query = pairs->queries[c];
    if (key.real || query.real)
        key = vector_as_real(code, key), query = vector_as_real(code, query);
    else
        side->has_sign = vector_alike(code, &key, &query, pairs->bits);
    side->query = repeated(pairs, query.value);
    side->keys = remember(pairs, key.value);
}

/* The range of a sum, and nothing summed yet. */
static void prepare_sum(Pairs *pairs, uint32_t s) {
    Short *code = pairs->code;
    Vector value = pairs->values[s], *sum = &pairs->sums.sums[s];
    const int64_t most = (int64_t)1 << 40;
    if (value.value == NULL) value.low = value.high = 1;
    if (value.low < -most || value.high > most) value = vector_refused(code);
    int64_t keys = pairs->attend->at_most_one ? 1 : code->lanes;
    *sum = (Vector){NULL, value.real, 0, 0};
    if (value.low < 0) sum->low = value.low * keys;
    if (value.high > 0) sum->high = value.high * keys;
}

static void prepare_values(Pairs *pairs, uint32_t s) {
    Short *code = pairs->code;
    Vector *sum = &pairs->sums.sums[s], value = pairs->values[s];
    uint32_t bits = sum->real ? 0 : vector_bits(sum->low, sum->high);
    if (!sum->real && bits < pairs->bits) bits = pairs->bits;
    LLVMTypeRef element =
        sum->real ? code->emit.f64 : LLVMIntTypeInContext(code->emit.context, bits);
    sum->value = nought(pairs, element);
    if (value.value)
        pairs->summed[s] =
            remember(pairs, value.real ? value.value : vector_resized(code, value, bits));
}

/* --- looking ---------------------------------------------------------------------------------- */

/* The mask, no wider than needs be told: how far a key may lie after its query. */
typedef struct Masked {
    bool has_low, has_high; /* which bounds matter */
    int64_t low, high;
    LLVMTypeRef type;
} Masked;

static Masked masked(const Pairs *pairs) {
    int64_t lanes = pairs->code->lanes;
    HeadMask mask = pairs->attend->mask;
    uint32_t bits = lanes <= 64 && pairs->bits < 16 ? 8 : pairs->bits < 16 ? 16 : pairs->bits;
    return (Masked){mask.low > -lanes, mask.high < lanes, mask.low < lanes ? mask.low : lanes,
                    mask.high > -lanes ? mask.high : -lanes,
                    LLVMIntTypeInContext(pairs->code->emit.context, bits)};
}

/* behind: how far the queries are behind the first key of a round, of which this is number ahead.
   NULL: the mask lets every key through. */
static LLVMValueRef in_mask(const Pairs *pairs, const Masked *mask, LLVMValueRef behind,
                            uint32_t ahead) {
    Short *code = pairs->code;
    LLVMValueRef all = NULL;
    if (mask->has_low) {
        LLVMValueRef most = all_of(pairs, mask->type, (int64_t)ahead - mask->low);
        all = emit_compared(&code->emit, RELATION_LT | RELATION_EQ, behind, most, true);
    }
    if (mask->has_high) {
        LLVMValueRef least = all_of(pairs, mask->type, (int64_t)ahead - mask->high);
        all = emit_both(&code->emit, all,
                        emit_compared(&code->emit, RELATION_GT | RELATION_EQ, behind, least, true));
    }
    return all;
}

static LLVMValueRef meets(const Pairs *pairs, uint32_t c, LLVMValueRef first, uint32_t number) {
    LLVMBuilderRef builder = pairs->code->emit.builder;
    const Side *side = &pairs->sides[c];
    LLVMValueRef key = recall(pairs, &side->keys, first, number);
    if (!side->common)
        return emit_compared(&pairs->code->emit, side->relation, key, side->query, side->has_sign);
    LLVMValueRef both = LLVMBuildAnd(builder, key, side->query, "");
    return LLVMBuildICmp(builder, LLVMIntNE, both, LLVMConstNull(LLVMTypeOf(both)), "");
}

/* Adds what a key (two abreast) gives the queries that select it; selected: so far, NULL: by all.
 */
static void look_at(const Pairs *pairs, LLVMValueRef first, uint32_t number, LLVMValueRef selected,
                    LLVMValueRef *sums) {
    Emit *emit = &pairs->code->emit;
    LLVMBuilderRef builder = emit->builder;
    for (uint32_t c = 0; c < pairs->attend->condition_count; c++)
        selected = emit_both(emit, selected, meets(pairs, c, first, number));
    for (uint32_t s = 0; s < pairs->attend->sum_count; s++) {
        LLVMTypeRef type = LLVMTypeOf(sums[s]), element = LLVMGetElementType(type);
        if (pairs->summed[s].vector) {
            LLVMValueRef value = recall(pairs, &pairs->summed[s], first, number);
            if (selected) value = emit_choose(emit, selected, value, nought(pairs, element));
            sums[s] = element == emit->f64 ? LLVMBuildFAdd(builder, sums[s], value, "")
                                           : LLVMBuildAdd(builder, sums[s], value, "");
        } else if (selected) {
            LLVMValueRef less_one = LLVMBuildSExt(builder, selected, type, "");
            sums[s] = LLVMBuildSub(builder, sums[s], less_one, "");
        } else {
            sums[s] = LLVMBuildAdd(builder, sums[s], all_of(pairs, element, 1), "");
        }
    }
}

/* How far each query is behind the first key of a round, which is at 0; and behind the one abreast
   of it. */
static LLVMValueRef first_behind(const Pairs *pairs, LLVMTypeRef type) {
    uint32_t lanes = pairs->code->lanes, count = lanes * pairs->abreast;
    LLVMValueRef *behind = ARENA_ARRAY(pairs->code->arena, LLVMValueRef, count);
    for (uint32_t i = 0; i < count; i++)
        behind[i] = LLVMConstInt(type, (uint64_t)(i % lanes) - i / lanes, true);
    return LLVMConstVector(behind, count);
}

static void look_at_some(const Pairs *pairs, LLVMValueRef first, uint32_t count, const Masked *mask,
                         LLVMValueRef behind, LLVMValueRef *sums) {
    for (uint32_t k = 0; k < count; k += pairs->abreast)
        look_at(pairs, first, k, in_mask(pairs, mask, behind, k), sums);
}

static void look_in_rounds(const Pairs *pairs, const Masked *mask, LLVMValueRef *sums) {
    Emit *emit = &pairs->code->emit;
    uint32_t count = pairs->attend->sum_count;
    LLVMValueRef step = emit_int(emit, KEYS_IN_ROUND);
    LLVMValueRef rounded = emit_plus(emit, emit->n, emit_int(emit, KEYS_IN_ROUND - 1));
    LLVMValueRef rounds = LLVMBuildUDiv(emit->builder, rounded, step, "");
    sums[count] = first_behind(pairs, mask->type);
    Loop loop = loop_begin(emit, emit_int(emit, 0), rounds, count + 1, sums);
    for (uint32_t s = 0; s < count; s++)
        sums[s] = loop.carry[s];
    look_at_some(pairs, emit_times(emit, loop.index, step), KEYS_IN_ROUND, mask, loop.carry[count],
                 sums);
    sums[count] = LLVMBuildSub(emit->builder, loop.carry[count],
                               all_of(pairs, mask->type, KEYS_IN_ROUND), "");
    loop_end(emit, &loop, sums);
    for (uint32_t s = 0; s < count; s++)
        sums[s] = loop.result[s];
}

/* What the keys abreast gave is added. */
static LLVMValueRef added_up(Pairs *pairs, LLVMValueRef sum) {
    if (pairs->abreast == 1) return sum;
    const uint32_t abreast = pairs->abreast;
    pairs->abreast = 1; /* what is picked has the lanes of one */
    LLVMValueRef even = picked(pairs, sum, 0, 0, 1);
    LLVMValueRef odd = picked(pairs, sum, pairs->code->lanes, 0, 1);
    pairs->abreast = abreast;
    return LLVMBuildAdd(pairs->code->emit.builder, even, odd, "");
}

static void look_at_all(Pairs *pairs) {
    uint32_t count = pairs->attend->sum_count;
    LLVMValueRef sums[LOOP_CARRIES];
    Masked mask = masked(pairs);
    for (uint32_t s = 0; s < count; s++)
        sums[s] = pairs->sums.sums[s].value;
    if (pairs->code->lanes <= LANES_WITHOUT_LOOP)
        look_at_some(pairs, emit_int(&pairs->code->emit, 0), pairs->code->lanes, &mask,
                     first_behind(pairs, mask.type), sums);
    else
        look_in_rounds(pairs, &mask, sums);
    for (uint32_t s = 0; s < count; s++)
        pairs->sums.sums[s].value = added_up(pairs, sums[s]);
}

/* Sums of reals go from key to key. */
static bool fits_twice(const Pairs *pairs) {
    bool fits = pairs->code->lanes <= LANES_WITHOUT_LOOP &&
                pairs->bits * pairs->code->lanes <= HALF_VECTOR_BITS;
    for (uint32_t s = 0; s < pairs->attend->sum_count; s++)
        fits = fits && !pairs->sums.sums[s].real;
    return fits;
}

Sums short_pairs(Short *code, const Attend *attend, LLVMValueRef kept) {
    Pairs pairs = {.code = code, .attend = attend};
    for (uint32_t c = 0; c < attend->condition_count; c++)
        look_up(&pairs, c);
    for (uint32_t s = 0; s < attend->sum_count; s++)
        if (!short_counts(&attend->sums[s]))
            pairs.values[s] = vector_operand(code, &attend->sums[s].value);
    /* A key past the end comes after every query: where the mask forbids that, it is enough. */
    if (attend->mask.high > 0) kept = emit_both(&code->emit, kept, code->here);
    if (kept) leave_out(&pairs, kept);
    for (uint32_t s = 0; s < attend->sum_count; s++)
        prepare_sum(&pairs, s);
    pairs.bits = common_bits(&pairs);
    pairs.abreast = fits_twice(&pairs) ? 2 : 1;
    for (uint32_t c = 0; c < attend->condition_count; c++)
        prepare_side(&pairs, c);
    for (uint32_t s = 0; s < attend->sum_count; s++)
        prepare_values(&pairs, s);
    look_at_all(&pairs);
    return pairs.sums;
}
