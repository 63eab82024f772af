#include "runtime/engines/real/attend.h"

#include "runtime/base/bug.h"

#include <stdlib.h>
#include <string.h>

/* What the values hold besides zeros, where that is little and all are finite. A sum that begins at
   0 is never -0, so what a finite weight times 0 adds changes no bit of it. */
typedef struct NonZeros {
    const size_t *start; /* (keys + 1) where each key's numbers begin; NULL: there are many */
    const uint32_t *column;
    const Real *number;
} NonZeros;

/* A head at work on one input. Where the gates leave the same keys to every query, only those are
   kept: the others have no weight in any row. */
typedef struct Attention {
    const PackedRealHead *head;
    uint32_t keys;                  /* m: kept */
    size_t stride;                  /* m, rounded up to whole registers */
    const Real *key, *gate_key;     /* (K, stride), (C, stride) */
    const Real *value;              /* (m, V) */
    NonZeros non_zeros;             /* of those */
    const Real *query, *gate_query; /* (K, n), (C, n) */
    uint32_t n;
    bool gated;               /* a gate differs from query to query */
    bool same_rows;           /* neither gates nor scores do */
    bool finite;              /* all values are */
    const uint32_t *position; /* (m) of each key kept */
    const bool *uniform;      /* (gate_count) the gate is the same for all queries */
    RealBits *masks;          /* (gate_count, stride) of this row; -1 and 0 */
    Real *score;              /* (stride) of this row */
    Real *sorted;             /* (m) for sparsemax */
    uint32_t *chosen;         /* (m) keys with weight */
    Real *weight;             /* (m) of each of those */
    Real *sum;                /* (V) */
    uint64_t added;           /* numbers that the last row's sums are made of */
} Attention;

PackedRealHead attend_pack(Arena *arena, const DenseRealHead *head, const Real *bos,
                           uint32_t width) {
    PackedRealHead packed = {
        .dense = head,
        .query = columns_pack(arena, head->w_q, width, head->width, false),
        .key = columns_pack(arena, head->w_k, width, head->width, false),
        .value = columns_pack(arena, head->w_v, width, head->values, false),
        .gate_query = columns_pack(arena, head->w_gq, width, head->comparisons, false),
        .gate_key = columns_pack(arena, head->w_gk, width, head->comparisons, false),
        .output = columns_pack(arena, head->w_o, width, head->values, true),
    };
    Real *fallback = real_numbers(arena, 1, head->values);
    columns_apply(&packed.value, bos, 1, 1, fallback, 1);
    packed.fallback = fallback;
    const Columns *all[] = {&packed.query,      &packed.key,      &packed.value,
                            &packed.gate_query, &packed.gate_key, &packed.output};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        packed.weights += columns_weights(all[i]);
    return packed;
}

/* --- gates ------------------------------------------------------------------------------------ */

/* The keys' numbers against one query's, lane by lane. */
FOR_EACH_PROCESSOR
static void compare_keys(Relation relation, const Real *key, Real query, size_t count,
                         RealBits *mask) {
#define COMPARE(bits, operation)                                                                   \
    case bits:                                                                                     \
        for (size_t j = 0; j < count; j += LANES)                                                  \
            *(VectorBits *)(mask + j) = *(const Vector *)(key + j) operation(query - (Vector){0}); \
        return;
    switch (relation) {
        COMPARE(RELATION_LT, <)
        COMPARE(RELATION_LT | RELATION_EQ, <=)
        COMPARE(RELATION_EQ, ==)
        COMPARE(RELATION_LT | RELATION_GT, !=)
        COMPARE(RELATION_GT | RELATION_EQ, >=)
        COMPARE(RELATION_GT, >)
    default:
        for (size_t j = 0; j < count; j++)
            mask[j] = -1;
    }
#undef COMPARE
}

static void combine(const DenseGate *gate, const RealBits *a, const RealBits *b, size_t count,
                    RealBits *out) {
    for (size_t j = 0; j < count; j++)
        out[j] = gate->kind == GATE_AND ? a[j] & b[j] : gate->kind == GATE_OR ? a[j] | b[j] : ~a[j];
}

/* One gate of one query over `count` keys; the earlier ones are there. */
static void run_gate(const DenseGate *gates, uint32_t g, const Real *key, Real query, size_t count,
                     size_t stride, RealBits *masks) {
    const DenseGate *gate = &gates[g];
    RealBits *out = masks + g * stride;
    if (gate->kind == GATE_TRUE)
        compare_keys(RELATION_LT | RELATION_EQ | RELATION_GT, NULL, 0, count, out);
    else if (gate->kind == GATE_COMPARE)
        compare_keys(gate->relation, key + gate->a * stride, query, count, out);
    else
        combine(gate, masks + gate->a * stride,
                masks + (gate->kind == GATE_NOT ? gate->a : gate->b) * stride, count, out);
}

static bool all_equal(const Real *values, size_t count) {
    for (size_t i = 1; i < count; i++) {
        if (!(values[i] == values[0])) return false;
    }
    return true;
}

/* Which gates are the same for every query. */
static const bool *find_uniform(const DenseRealHead *head, const Real *gate_query, uint32_t n,
                                Arena *arena) {
    bool *uniform = ARENA_ARRAY(arena, bool, head->gate_count);
    for (uint32_t g = 0; g < head->gate_count; g++) {
        const DenseGate *gate = &head->gates[g];
        switch (gate->kind) {
        case GATE_TRUE: uniform[g] = true; break;
        case GATE_COMPARE: uniform[g] = all_equal(gate_query + (size_t)gate->a * n, n); break;
        case GATE_NOT: uniform[g] = uniform[gate->a]; break;
        default: uniform[g] = uniform[gate->a] && uniform[gate->b];
        }
    }
    return uniform;
}

/* Marks the gates that must hold for the last one to: itself, and the sides of such an `and`. */
static const bool *find_needed(const DenseRealHead *head, Arena *arena) {
    bool *needed = ARENA_ARRAY(arena, bool, head->gate_count);
    for (uint32_t g = head->gate_count; g-- > 0;) {
        needed[g] = needed[g] || g + 1 == head->gate_count;
        if (needed[g] && head->gates[g].kind == GATE_AND)
            needed[head->gates[g].a] = needed[head->gates[g].b] = true;
    }
    return needed;
}

/* --- keys ------------------------------------------------------------------------------------- */

/* The keys that some query may look at: all for which the gates hold that are needed and uniform.
   all_keys: (C, stride of n). Returns how many. */
static uint32_t keep_keys(const DenseRealHead *head, const bool *uniform, const Real *gate_query,
                          const Real *all_keys, size_t stride, uint32_t n, uint32_t *position) {
    Arena *scratch = arena_new(0);
    const bool *needed = find_needed(head, scratch);
    RealBits *masks = arena_array(scratch, head->gate_count * stride, sizeof *masks);
    for (uint32_t g = 0; g < head->gate_count; g++) {
        const DenseGate *gate = &head->gates[g];
        Real query = gate->kind == GATE_COMPARE ? gate_query[(size_t)gate->a * n] : 0;
        if (uniform[g]) run_gate(head->gates, g, all_keys, query, stride, stride, masks);
    }
    uint32_t count = 0;
    for (uint32_t j = 0; j < n; j++) {
        bool kept = true;
        for (uint32_t g = 0; g < head->gate_count && kept; g++)
            kept = !(needed[g] && uniform[g]) || masks[g * stride + j];
        position[count] = j;
        count += kept;
    }
    arena_free(scratch);
    return count;
}

/* Of (rows, from_stride) the kept columns, as (rows, stride). */
static const Real *kept_columns(const Attention *a, const Real *from, size_t from_stride,
                                uint32_t rows, Arena *arena) {
    Real *kept = real_numbers(arena, rows, a->stride);
    for (uint32_t r = 0; r < rows; r++) {
        for (uint32_t j = 0; j < a->keys; j++)
            kept[r * a->stride + j] = from[r * from_stride + a->position[j]];
    }
    return kept;
}

static size_t padded(size_t count) { return (count + LANES - 1) / LANES * LANES; }

static Real *apply_columns(const Columns *columns, const Real *stream, uint32_t n, size_t stride,
                           Arena *arena) {
    Real *out = real_numbers(arena, columns->count, stride);
    columns_apply(columns, stream, n, n, out, stride);
    return out;
}

static void find_non_zeros(Attention *a, Arena *arena) {
    enum { FEW_IN = 8 };
    uint32_t width = a->head->dense->values;
    size_t cells = (size_t)a->keys * width, count = 0;
    for (size_t i = 0; i < cells; i++)
        count += a->value[i] != 0;
    if (!a->finite || width == 1 || count > cells / FEW_IN) return;
    size_t *start = ARENA_ARRAY(arena, size_t, (size_t)a->keys + 1);
    uint32_t *column = ARENA_ARRAY(arena, uint32_t, count);
    Real *number = real_numbers(arena, 1, count);
    count = 0;
    for (uint32_t j = 0; j < a->keys; j++) {
        for (uint32_t c = 0; c < width; c++) {
            Real here = a->value[(size_t)j * width + c];
            if (here == 0) continue;
            column[count] = c;
            number[count++] = here;
        }
        start[j + 1] = count;
    }
    a->non_zeros = (NonZeros){start, column, number};
}

static void take_values(Attention *a, const Real *stream, Arena *arena) {
    uint32_t width = a->head->dense->values;
    Arena *scratch = arena_new(0);
    const Real *all = apply_columns(&a->head->value, stream, a->n, a->n, scratch);
    Real *value = real_numbers(arena, a->keys, width);
    a->finite = true;
    for (uint32_t c = 0; c < width; c++) {
        for (uint32_t j = 0; j < a->keys; j++) {
            Real here = all[(size_t)c * a->n + a->position[j]];
            value[(size_t)j * width + c] = here;
            a->finite = a->finite && isfinite(here);
        }
    }
    a->value = value;
    find_non_zeros(a, arena);
    arena_free(scratch);
}

/* Those gates that are the same for every query, once for all rows. */
static void run_uniform_gates(Attention *a) {
    const DenseRealHead *head = a->head->dense;
    for (uint32_t g = 0; g < head->gate_count; g++) {
        const DenseGate *gate = &head->gates[g];
        Real query = gate->kind == GATE_COMPARE ? a->gate_query[(size_t)gate->a * a->n] : 0;
        if (a->uniform[g])
            run_gate(head->gates, g, a->gate_key, query, a->stride, a->stride, a->masks);
    }
}

static void prepare(Attention *a, const Real *stream, Arena *arena) {
    const DenseRealHead *head = a->head->dense;
    size_t stride = padded(a->n);
    Arena *scratch = arena_new(0);
    a->query = apply_columns(&a->head->query, stream, a->n, a->n, arena);
    a->gate_query = apply_columns(&a->head->gate_query, stream, a->n, a->n, arena);
    const Real *gate_key = apply_columns(&a->head->gate_key, stream, a->n, stride, scratch);
    a->uniform = find_uniform(head, a->gate_query, a->n, arena);
    a->gated = head->gate_count > 0 && !a->uniform[head->gate_count - 1];
    uint32_t *position = ARENA_ARRAY(arena, uint32_t, a->n + 1);
    a->keys = keep_keys(head, a->uniform, a->gate_query, gate_key, stride, a->n, position);
    a->position = position;
    a->stride = padded(a->keys);
    a->gate_key = kept_columns(a, gate_key, stride, head->comparisons, arena);
    a->key = kept_columns(a, apply_columns(&a->head->key, stream, a->n, a->n, scratch), a->n,
                          head->width, arena);
    a->same_rows = !a->gated;
    for (uint32_t k = 0; k < head->width; k++)
        a->same_rows = a->same_rows && all_equal(a->query + (size_t)k * a->n, a->n);
    take_values(a, stream, arena);
    a->masks = arena_array(arena, head->gate_count * a->stride, sizeof *a->masks);
    run_uniform_gates(a);
    a->score = real_numbers(arena, 1, a->stride);
    a->sorted = real_numbers(arena, 1, a->keys);
    a->chosen = ARENA_ARRAY(arena, uint32_t, a->keys + 1);
    a->weight = real_numbers(arena, 1, a->keys + 1);
    a->sum = real_numbers(arena, 1, head->values);
    arena_free(scratch);
}

/* --- a row's keys and scores ------------------------------------------------------------------ */

/* The numbers of the keys that the mask has; how many. Most masks have few: those of equality. */
FOR_EACH_PROCESSOR
static uint32_t marked_keys(const RealBits *mask, uint32_t keys, uint32_t *chosen) {
    uint32_t count = 0;
    for (uint32_t first = 0; first < keys; first += LANES) {
        VectorBits here = *(const VectorBits *)(mask + first);
        RealBits any = 0;
        for (uint32_t l = 0; l < LANES; l++)
            any |= here[l];
        for (uint32_t j = first; any && j < first + LANES && j < keys; j++) {
            chosen[count] = j;
            count += mask[j] != 0;
        }
    }
    return count;
}

/* The keys that the gates let through, in `chosen`; how many. */
static uint32_t choose_keys(Attention *a, uint32_t query) {
    const DenseRealHead *head = a->head->dense;
    if (!a->gated) {
        for (uint32_t j = 0; j < a->keys; j++)
            a->chosen[j] = j;
        return a->keys;
    }
    for (uint32_t g = 0; g < head->gate_count; g++) {
        const DenseGate *gate = &head->gates[g];
        if (a->uniform[g]) continue;
        Real number =
            gate->kind == GATE_COMPARE ? a->gate_query[(size_t)gate->a * a->n + query] : 0;
        run_gate(head->gates, g, a->gate_key, number, a->stride, a->stride, a->masks);
    }
    return marked_keys(a->masks + (head->gate_count - 1) * a->stride, a->keys, a->chosen);
}

/* score = key * query, or with `more` score += key * query. */
FOR_EACH_PROCESSOR
static void add_products(const Real *key, Real query, size_t count, bool more, Real *score) {
    for (size_t j = 0; j < count; j += LANES) {
        Vector sum = *(const Vector *)(key + j) * query;
        if (more) sum = *(const Vector *)(score + j) + sum;
        *(Vector *)(score + j) = sum;
    }
}

static void run_scores(Attention *a, uint32_t query) {
    for (uint32_t k = 0; k < a->head->dense->width; k++)
        add_products(a->key + k * a->stride, a->query[(size_t)k * a->n + query], a->stride, k > 0,
                     a->score);
}

/* --- normalisers ------------------------------------------------------------------------------ */

/* The greatest score of the chosen keys; a NaN is passed over. */
static Real highest_score(const Attention *a, uint32_t count) {
    Real highest = -(Real)INFINITY;
    for (uint32_t i = 0; i < count; i++) {
        Real score = a->score[a->chosen[i]];
        if (score > highest) highest = score;
    }
    return highest;
}

/* Leaves the keys of the highest score, or the first of them; 0 after a NaN. */
static uint32_t keep_highest(Attention *a, uint32_t query, uint32_t count, RealWork *work) {
    for (uint32_t i = 0; i < count; i++) {
        if (!isnan(a->score[a->chosen[i]])) continue;
        work->failure =
            (RealFailure){REAL_SCORE_NAN, .position = query, .key = a->position[a->chosen[i]]};
        return 0;
    }
    Real highest = highest_score(a, count);
    uint32_t kept = 0;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t key = a->chosen[i];
        a->chosen[kept] = key;
        kept += a->score[key] == highest;
    }
    return a->head->dense->normaliser == NORMALISER_HARDMAX_FIRST ? 1 : kept;
}

/* exp of what a score is below the highest, where that is not 0; *sum is what they are divided by.
 */
static uint32_t weigh_softmax(Attention *a, uint32_t count, Real *sum) {
    Real highest = highest_score(a, count);
    uint32_t kept = 0;
    *sum = 0;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t key = a->chosen[i];
        Real below = a->score[key] - highest;
        if (a->finite && below < REAL_UNDERFLOW) continue;
        a->chosen[kept] = key;
        a->weight[kept] = REAL_EXP(below);
        *sum += a->weight[kept++];
    }
    return kept;
}

static void weigh_linear(Attention *a, uint32_t count, Real *sum) {
    *sum = 0;
    for (uint32_t i = 0; i < count; i++) {
        a->weight[i] = a->score[a->chosen[i]];
        *sum += a->weight[i];
    }
}

/* From the greatest down; a NaN before all. */
static int compare_scores(const void *left, const void *right) {
    Real a = *(const Real *)left, b = *(const Real *)right;
    if (isnan(a) || isnan(b)) return isnan(b) - isnan(a);
    return (a < b) - (a > b);
}

/* Projection onto the simplex (Martins and Astudillo 2016, algorithm 1), of the scores less the
   greatest. */
static void weigh_sparsemax(Attention *a, uint32_t count) {
    for (uint32_t i = 0; i < count; i++)
        a->sorted[i] = a->score[a->chosen[i]];
    qsort(a->sorted, count, sizeof *a->sorted, compare_scores);
    Real sum = 0, threshold = (Real)NAN, greatest = a->sorted[0];
    for (uint32_t k = 1; k <= count; k++) {
        Real score = a->sorted[k - 1] - greatest;
        sum += score;
        if (!(1 + (Real)k * score > sum)) break;
        threshold = (sum - 1) / (Real)k;
    }
    for (uint32_t i = 0; i < count; i++) {
        Real above = (a->score[a->chosen[i]] - greatest) - threshold;
        a->weight[i] = above < 0 ? 0 : above;
    }
}

/* --- a row's result --------------------------------------------------------------------------- */

/* One key's values, with its weight; how many numbers that took. */
static size_t add_values(Attention *a, uint32_t key, Real weight) {
    const NonZeros *non_zeros = &a->non_zeros;
    uint32_t width = a->head->dense->values;
    const Real *value = a->value + (size_t)key * width;
    if (non_zeros->start && isfinite(weight)) {
        size_t first = non_zeros->start[key], end = non_zeros->start[key + 1];
        for (size_t i = first; i < end; i++)
            a->sum[non_zeros->column[i]] += weight * non_zeros->number[i];
        return end - first;
    }
    for (uint32_t c = 0; c < width; c++)
        a->sum[c] += weight * value[c];
    return width;
}

/* The chosen keys' values, each with its weight (NULL: 1), from the first key on. */
static void sum_values(Attention *a, uint32_t count, const Real *weight) {
    uint32_t width = a->head->dense->values;
    for (uint32_t c = 0; c < width; c++)
        a->sum[c] = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (weight && a->finite && weight[i] == 0) continue;
        a->added += add_values(a, a->chosen[i], weight ? weight[i] : 1);
    }
}

static void divide_sum(Attention *a, Real divisor) {
    for (uint32_t c = 0; c < a->head->dense->values; c++)
        a->sum[c] /= divisor;
}

static void take_fallback(Attention *a) {
    memcpy(a->sum, a->head->fallback, a->head->dense->values * sizeof *a->sum);
}

/* Leaves one query's values in a->sum; false where there are none. */
static bool attend_row(Attention *a, uint32_t query, RealWork *work) {
    uint32_t count = choose_keys(a, query);
    Normaliser normaliser = a->head->dense->normaliser;
    Real sum;
    if (count == 0 && normaliser != NORMALISER_LINEAR_RAW) {
        take_fallback(a);
        return true;
    }
    run_scores(a, query);
    switch (normaliser) {
    case NORMALISER_HARDMAX:
    case NORMALISER_HARDMAX_FIRST:
        count = keep_highest(a, query, count, work);
        sum_values(a, count, NULL);
        divide_sum(a, (Real)count);
        return count > 0;
    case NORMALISER_SOFTMAX:
        count = weigh_softmax(a, count, &sum);
        sum_values(a, count, a->weight);
        divide_sum(a, sum);
        return true;
    case NORMALISER_LINEAR:
    case NORMALISER_LINEAR_RAW:
        weigh_linear(a, count, &sum);
        sum_values(a, count, a->weight);
        if (normaliser == NORMALISER_LINEAR && sum == 0)
            take_fallback(a);
        else if (normaliser == NORMALISER_LINEAR)
            divide_sum(a, sum);
        return true;
    case NORMALISER_SPARSEMAX:
        weigh_sparsemax(a, count);
        sum_values(a, count, a->weight);
        return true;
    default: BUG("a head without a normaliser");
    }
}

/* --- all rows --------------------------------------------------------------------------------- */

/* gathered: (V, n). */
static bool attend_rows(Attention *a, Real *gathered, RealWork *work) {
    enum { NUMBERS_OF_A_PAIR = 16 }; /* one of wide vectors is as much work as several */
    uint32_t values = a->head->dense->values;
    uint64_t pairs = 1 + a->keys * (1 + (uint64_t)a->head->dense->width / NUMBERS_OF_A_PAIR);
    for (uint32_t query = 0; query < a->n; query++) {
        bool anew = query == 0 || !a->same_rows;
        if (!real_work_on(work, anew ? pairs : 1)) return false;
        if (anew && !attend_row(a, query, work)) return false;
        if (!real_work_on(work, a->added / NUMBERS_OF_A_PAIR)) return false;
        a->added = 0;
        for (uint32_t c = 0; c < values; c++)
            gathered[(size_t)c * a->n + query] = a->sum[c];
    }
    return true;
}

bool attend_run(const PackedRealHead *head, const Real *stream, uint32_t n, Real *update,
                RealWork *work) {
    Arena *arena = arena_new(0);
    Attention attention = {.head = head, .n = n};
    prepare(&attention, stream, arena);
    Real *gathered = real_numbers(arena, head->dense->values, n);
    bool fine = attend_rows(&attention, gathered, work);
    for (uint32_t c = 0; fine && c < head->output.count; c++) {
        for (size_t w = head->output.start[c]; w < head->output.start[c + 1]; w++) {
            Real *target = update + (size_t)head->output.coordinate[w] * n;
            for (uint32_t i = 0; i < n; i++)
                target[i] += head->output.weight[w] * gathered[(size_t)c * n + i];
        }
    }
    arena_free(arena);
    return fine;
}
