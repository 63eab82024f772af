/* What each subspace is in columns, and features as operands. */
#include "runtime/engines/jit/plan.h"

#include "runtime/base/bug.h"

#include <math.h>
#include <string.h>

/* --- numbers ---------------------------------------------------------------------------------- */

enum { GREATEST_DENOMINATOR = 1 << 20 };

/* By continued fractions: the convergents are the best fractions of their size. */
bool rational_of(double value, int64_t *p, int64_t *q) {
    double rest = value;
    int64_t p0 = 0, q0 = 1, p1 = 1, q1 = 0;
    if (!(fabs(value) < 9e15)) return false;
    if (value == (double)(int64_t)value) {
        *p = (int64_t)value, *q = 1;
        return true;
    }
    for (int round = 0; round < 64; round++) {
        double whole = floor(rest);
        if (fabs(whole) > 9e15) return false;
        __int128 next_p = (__int128)(int64_t)whole * p1 + p0;
        __int128 next_q = (__int128)(int64_t)whole * q1 + q0;
        if (next_q > GREATEST_DENOMINATOR || next_p > INT64_MAX / 2 || next_p < INT64_MIN / 2)
            return false;
        p0 = p1, q0 = q1, p1 = (int64_t)next_p, q1 = (int64_t)next_q;
        if ((double)p1 / (double)q1 == value) {
            *p = p1, *q = q1;
            return true;
        }
        if (rest == whole) return false;
        rest = 1 / (rest - whole);
    }
    return false;
}

static int64_t gcd(int64_t a, int64_t b) {
    while (b != 0) {
        int64_t rest = a % b;
        a = b, b = rest;
    }
    return a;
}

/* The least common multiple of *scale and q, as long as it stays small. */
static bool widen_scale(int64_t *scale, int64_t q) {
    int64_t wide = *scale / gcd(*scale, q) * q;
    if (wide > GREATEST_DENOMINATOR) return false;
    *scale = wide;
    return true;
}

/* Numbers that are to be whole over one scale: the scale, and the greatest magnitude among them. */
typedef struct Scaling {
    int64_t scale;
    double greatest;
} Scaling;

static bool is_whole(double value) { return fabs(value) < 9e15 && value == (double)(int64_t)value; }

static bool scale_for(Scaling *scaling, double value) {
    int64_t p, q;
    if (is_whole(value)) { /* as most are, of very many */
        if (fabs(value) > scaling->greatest) scaling->greatest = fabs(value);
        return true;
    }
    if (!rational_of(value, &p, &q)) return false;
    if (fabs(value) > scaling->greatest) scaling->greatest = fabs(value);
    return q == 1 || widen_scale(&scaling->scale, q);
}

/* Some thousands of them can then be added up without leaving 64 bits. */
static bool scaling_fits(const Scaling *scaling) {
    return scaling->greatest * (double)scaling->scale < 0x1p50;
}

/* value * scale, which is whole. */
static int64_t scaled(double value, int64_t scale) {
    int64_t p = 0, q = 1;
    if (is_whole(value)) return (int64_t)value * scale;
    if (!rational_of(value, &p, &q) || scale % q != 0)
        BUG("%g is not a multiple of 1/%lld", value, (long long)scale);
    return p * (scale / q);
}

/* --- lists of numbers ------------------------------------------------------------------------- */

/* As long lists mostly are: then nothing else has to be gone through. */
static bool list_is_affine(NumberList *list) {
    const double *values = list->values;
    double step = list->count < 2 ? 0 : values[1] - values[0];
    if (step == 0 || !is_whole(values[0]) || !is_whole(values[1])) return false;
    uint32_t v = 2;
    while (v < list->count && values[v] == values[0] + step * v)
        v++;
    double last = values[list->count - 1];
    if (v < list->count || !is_whole(last)) return false;
    list->first = (int64_t)values[0];
    list->step = (int64_t)step;
    list->greatest = fmax(fabs(values[0]), fabs(last));
    return true;
}

const NumberList *number_list(Planner *planner, const double *values, uint32_t count) {
    for (uint32_t i = 0; i < planner->list_count; i++) {
        if (planner->lists[i].values == values && planner->lists[i].count == count)
            return &planner->lists[i];
    }
    if (planner->list_count == planner->list_capacity) {
        uint32_t capacity = planner->list_capacity ? 2 * planner->list_capacity : 16;
        planner->lists = arena_grow(planner->arena, planner->lists, planner->list_count, capacity,
                                    sizeof *planner->lists);
        planner->list_capacity = capacity;
    }
    NumberList *list = &planner->lists[planner->list_count++];
    *list = (NumberList){.values = values, .count = count, .exact = true, .scale = 1};
    list->affine = list_is_affine(list);
    if (list->affine) return list;
    Scaling scaling = {.scale = 1};
    for (uint32_t v = 0; v < count && list->exact; v++)
        list->exact = scale_for(&scaling, values[v]);
    list->scale = scaling.scale;
    list->greatest = scaling.greatest;
    return list;
}

/* --- leaves ----------------------------------------------------------------------------------- */

static void range_of(const int64_t *values, uint32_t count, int64_t *low, int64_t *high) {
    *low = *high = count ? values[0] : 0;
    for (uint32_t i = 1; i < count; i++) {
        if (values[i] < *low) *low = values[i];
        if (values[i] > *high) *high = values[i];
    }
}

static bool is_affine(const int64_t *values, uint32_t count, int64_t *factor, int64_t *constant) {
    *constant = count ? values[0] : 0;
    if (count > 1 && __builtin_sub_overflow(values[1], values[0], factor)) return false;
    if (count < 2) *factor = 0;
    for (uint32_t i = 2; i < count; i++)
        if ((__int128)values[i] != (__int128)*factor * i + *constant) return false;
    return true;
}

/* values[leaf], where leaf counts from 0 to count - 1 and has a factor of 1. The constant is added
   to *constant; a table that is an affine function needs none. */
static Leaf leaf_through(Planner *planner, Leaf leaf, const int64_t *values, uint32_t count,
                         int64_t *constant) {
    int64_t factor, plus;
    if (is_affine(values, count, &factor, &plus)) {
        *constant += plus;
        leaf.factor = factor;
        return leaf;
    }
    Columns *columns = &planner->plan->columns;
    range_of(values, count, &leaf.low, &leaf.high);
    leaf.factor = 1;
    if (leaf.table == NO_TABLE) {
        leaf.table = columns_table(columns, values, count);
        return leaf;
    }
    leaf.table = columns_composed(columns, leaf.table, values);
    return leaf;
}

/* --- subspaces -------------------------------------------------------------------------------- */

static Leaf leaf_one(void) {
    Leaf leaf = leaf_of(LEAF_ONE);
    leaf.low = leaf.high = 1;
    return leaf;
}

/* A number at every token or position: exact when its subspace is or when all are whole. */
static SubspaceValue embedded(Planner *planner, const Embed *embed) {
    const Subspace *subspace = &planner->model->subspaces[embed->subspace];
    bool by_token = embed->kind == EMBED_TOKEN;
    uint32_t count = by_token ? planner->model->vocabulary_count : planner->model->max_length;
    SubspaceValue value = {.kind = VALUE_EXACT,
                           .leaf = leaf_of(by_token ? LEAF_TOKEN : LEAF_POSITION)};
    value.leaf.high = count - 1;
    const NumberList *list = number_list(planner, embed->values, count);
    Scaling scaling = {list->scale, list->greatest};
    int64_t scale = scaling.scale;
    if (list->affine && scaling_fits(&scaling)) {
        value.constant = list->first;
        value.leaf.factor = list->step;
        return value;
    }
    if (list->exact && scaling_fits(&scaling) && (scale == 1 || subspace->denominator > 0)) {
        int64_t *values = ARENA_ARRAY(planner->arena, int64_t, count);
        for (uint32_t i = 0; i < count; i++)
            values[i] = scaled(embed->values[i], scale);
        value.leaf = leaf_through(planner, value.leaf, values, count, &value.constant);
        arena_give_back(planner->arena, values, count * sizeof *values);
        value.leaf.scale = scale;
        return value;
    }
    value.kind = VALUE_REAL;
    value.leaf.table = columns_real_table(&planner->plan->columns, embed->values, count);
    return value;
}

void values_begin(Planner *planner) {
    const Model *model = planner->model;
    planner->values = ARENA_ARRAY(planner->arena, SubspaceValue, model->subspace_count);
    planner->values[MODEL_ONE] = (SubspaceValue){.kind = VALUE_EXACT, .leaf = leaf_one()};
    planner->values[MODEL_NULL] = (SubspaceValue){.kind = VALUE_EXACT, .leaf = leaf_one()};
    planner->values[MODEL_NULL].leaf.factor = 0;
    for (uint32_t e = 0; e < model->embed_count; e++)
        planner->values[model->embeds[e].subspace].embed = &model->embeds[e];
}

/* Squares, which scores alone are made of, are in the embedding too, and nobody asks for them. */
const SubspaceValue *value_of(Planner *planner, SubspaceId subspace) {
    SubspaceValue *value = &planner->values[subspace];
    if (value->embed) *value = embedded(planner, value->embed);
    return value;
}

void value_set_column(Planner *planner, SubspaceId subspace, BufferId column, int64_t low,
                      int64_t high) {
    Leaf leaf = leaf_of(LEAF_COLUMN);
    leaf.column = column;
    leaf.low = low;
    leaf.high = high;
    planner->values[subspace] = (SubspaceValue){.kind = VALUE_EXACT, .leaf = leaf};
}

/* --- operands --------------------------------------------------------------------------------- */

static void add_leaf(Planner *planner, Operand *operand, Leaf leaf) {
    operand->leaves = arena_grow(planner->arena, operand->leaves, operand->count,
                                 operand->count + 1, sizeof leaf);
    ((Leaf *)operand->leaves)[operand->count++] = leaf;
}

Operand operand_of_leaf(Planner *planner, Leaf leaf, int64_t constant) {
    Operand operand = operand_int(constant);
    if (leaf.factor == 0) return operand;
    if (leaf.kind == LEAF_ONE && leaf.table == NO_TABLE)
        operand.constant += leaf.factor;
    else
        add_leaf(planner, &operand, leaf);
    return operand;
}

Operand index_operand(Planner *planner, SubspaceId subspace) {
    const SubspaceValue *value = value_of(planner, subspace);
    return operand_of_leaf(planner, value->leaf, value->constant);
}

Operand lookup_operand(Planner *planner, SubspaceId subspace, const int64_t *values) {
    const SubspaceValue *value = value_of(planner, subspace);
    uint32_t count = planner->model->subspaces[subspace].count;
    int64_t constant = 0, factor = value->leaf.factor, plus = value->constant;
    /* Indices that are an affine function of a leaf go through a table of the leaf's values. */
    if (factor != 1 || plus != 0) {
        int64_t span = value->leaf.high - value->leaf.low + 1;
        int64_t *moved = ARENA_ARRAY(planner->arena, int64_t, (size_t)span);
        for (int64_t i = 0; i < span; i++)
            moved[i] = values[factor * (value->leaf.low + i) + plus];
        if (value->leaf.low != 0) BUG("a leaf that does not count from 0");
        Leaf leaf = value->leaf;
        leaf.factor = 1;
        leaf = leaf_through(planner, leaf, moved, (uint32_t)span, &constant);
        arena_give_back(planner->arena, moved, (size_t)span * sizeof *moved);
        return operand_of_leaf(planner, leaf, constant);
    }
    Leaf leaf = leaf_through(planner, value->leaf, values, count, &constant);
    return operand_of_leaf(planner, leaf, constant);
}

Operand operand_plus(Planner *planner, const Operand *a, const Operand *b) {
    Operand sum = operand_int(a->constant + b->constant);
    for (uint32_t i = 0; i < a->count; i++)
        add_leaf(planner, &sum, a->leaves[i]);
    for (uint32_t i = 0; i < b->count; i++)
        add_leaf(planner, &sum, b->leaves[i]);
    return sum;
}

bool operand_scale(Planner *planner, Operand *operand, int64_t factor, int64_t plus) {
    int64_t low, high;
    Operand scaled_operand = operand_int(0);
    if (__builtin_mul_overflow(operand->constant, factor, &scaled_operand.constant) ||
        __builtin_add_overflow(scaled_operand.constant, plus, &scaled_operand.constant))
        return false;
    for (uint32_t i = 0; i < operand->count; i++) {
        Leaf leaf = operand->leaves[i];
        if (__builtin_mul_overflow(leaf.factor, factor, &leaf.factor)) return false;
        add_leaf(planner, &scaled_operand, leaf);
    }
    *operand = scaled_operand;
    return operand_range(operand, &low, &high);
}

/* --- features --------------------------------------------------------------------------------- */

/* What a term of the feature asks of the scale and under of the whole. */
static bool fit_term(Planner *planner, const FeatureTerm *term, Scaling *scaling, BufferId *under) {
    const Subspace *subspace = &planner->model->subspaces[term->subspace];
    const SubspaceValue *value = value_of(planner, term->subspace);
    int64_t p, q;
    if (value->kind != VALUE_EXACT) return false;
    if (subspace_is_coded(subspace)) {
        const NumberList *list = number_list(planner, term->values, subspace->count);
        scaling->greatest = fmax(scaling->greatest, list->greatest);
        return list->exact && widen_scale(&scaling->scale, list->scale);
    }
    if (!scale_for(scaling, term->factor) || !rational_of(term->factor, &p, &q)) return false;
    if (q > GREATEST_DENOMINATOR / value->leaf.scale ||
        !widen_scale(&scaling->scale, q * value->leaf.scale))
        return false;
    if (value->leaf.under == NO_BUFFER) return true;
    if (*under != NO_BUFFER && *under != value->leaf.under) return false;
    *under = value->leaf.under;
    return true;
}

/* Whether the feature is exact, and over which scale and under. */
static bool exact_shape(Planner *planner, const Feature *feature, Number *number) {
    enum { MOST_TERMS = 1000 };
    Scaling scaling = {.scale = 1};
    number->under = NO_BUFFER;
    bool exact = feature->count <= MOST_TERMS && scale_for(&scaling, feature->constant);
    for (uint32_t t = 0; t < feature->count && exact; t++)
        exact = fit_term(planner, &feature->terms[t], &scaling, &number->under);
    number->scale = scaling.scale;
    return exact && scaling_fits(&scaling);
}

static Operand term_operand(Planner *planner, const FeatureTerm *term, int64_t scale) {
    uint32_t count = planner->model->subspaces[term->subspace].count;
    const NumberList *list = number_list(planner, term->values, count);
    Operand operand = index_operand(planner, term->subspace);
    if (list->affine && operand_scale(planner, &operand, list->step * scale, list->first * scale))
        return operand;
    int64_t *values = ARENA_ARRAY(planner->arena, int64_t, count);
    for (uint32_t v = 0; v < count; v++)
        values[v] = scaled(term->values[v], scale);
    operand = lookup_operand(planner, term->subspace, values);
    arena_give_back(planner->arena, values, count * sizeof *values);
    return operand;
}

/* The term's numbers times the scale. Features share their lists of numbers: each is looked at
   once, and once a table. */
static Operand scaled_lookup(Planner *planner, const FeatureTerm *term, int64_t scale) {
    for (uint32_t i = 0; i < planner->lookup_count; i++) {
        const Lookup *known = &planner->lookups[i];
        if (known->subspace == term->subspace && known->values == term->values &&
            known->scale == scale)
            return known->operand;
    }
    Operand operand = term_operand(planner, term, scale);
    if (planner->lookup_count == planner->lookup_capacity) {
        uint32_t capacity = planner->lookup_capacity ? 2 * planner->lookup_capacity : 16;
        planner->lookups = arena_grow(planner->arena, planner->lookups, planner->lookup_count,
                                      capacity, sizeof *planner->lookups);
        planner->lookup_capacity = capacity;
    }
    planner->lookups[planner->lookup_count++] =
        (Lookup){term->subspace, term->values, scale, operand};
    return operand;
}

static bool add_exact_term(Planner *planner, Number *number, const FeatureTerm *term) {
    const Subspace *subspace = &planner->model->subspaces[term->subspace];
    const SubspaceValue *value = value_of(planner, term->subspace);
    if (subspace_is_coded(subspace)) {
        Operand operand = scaled_lookup(planner, term, number->scale);
        number->whole = operand_plus(planner, &number->whole, &operand);
        return true;
    }
    int64_t p = 0, q = 1;
    rational_of(term->factor, &p, &q);
    Leaf leaf = value->leaf;
    leaf.under = NO_BUFFER;
    leaf.scale = 1;
    Operand operand = operand_of_leaf(planner, leaf, value->constant);
    if (!operand_scale(planner, &operand, p * (number->scale / (q * value->leaf.scale)), 0))
        return false;
    Operand *part = value->leaf.under == NO_BUFFER ? &number->whole : &number->over;
    *part = operand_plus(planner, part, &operand);
    return true;
}

static void add_real_term(Planner *planner, Operand *operand, const FeatureTerm *term) {
    const Subspace *subspace = &planner->model->subspaces[term->subspace];
    const SubspaceValue *value = value_of(planner, term->subspace);
    Leaf leaf = value->leaf;
    if (subspace_is_coded(subspace)) {
        /* The table of a coded subspace's numbers, by whatever its index is read from. */
        Operand index = index_operand(planner, term->subspace);
        if (index.count == 0) {
            operand->real_constant += term->values[index.constant];
            return;
        }
        leaf = index.leaves[0];
        uint32_t span = (uint32_t)(leaf.high + 1);
        const ConstantTable *before =
            leaf.table == NO_TABLE ? NULL : &planner->plan->columns.tables[leaf.table];
        if (before) span = before->count;
        double *values = ARENA_ARRAY(planner->arena, double, span);
        for (uint32_t i = 0; i < span; i++) {
            int64_t v = before ? table_integer(before, i) : (int64_t)i;
            values[i] = term->values[leaf.factor * v + index.constant];
        }
        leaf.table = columns_real_table(&planner->plan->columns, values, span);
        leaf.real_factor = 1;
        arena_give_back(planner->arena, values, span * sizeof *values);
    } else {
        leaf.real_factor = term->factor * (value->kind == VALUE_EXACT ? (double)leaf.factor : 1);
        operand->real_constant +=
            term->factor * (double)value->constant / (double)value->leaf.scale;
    }
    add_leaf(planner, operand, leaf);
}

Number feature_number(Planner *planner, const Feature *feature) {
    Number number = {.under = NO_BUFFER, .scale = 1};
    int64_t low, high;
    if (exact_shape(planner, feature, &number)) {
        bool fits = true;
        number.whole = operand_int(scaled(feature->constant, number.scale));
        for (uint32_t t = 0; t < feature->count && fits; t++)
            fits = add_exact_term(planner, &number, &feature->terms[t]);
        int64_t most = INT64_MAX / 4;
        if (number.under != NO_BUFFER) most /= (int64_t)planner->model->max_length + 1;
        if (fits && operand_range(&number.over, &low, &high) &&
            operand_range(&number.whole, &low, &high) && low > -most && high < most)
            return number;
    }
    number = (Number){.is_real = true, .under = NO_BUFFER, .scale = 1};
    number.real = (Operand){.real = true, .real_constant = feature->constant};
    for (uint32_t t = 0; t < feature->count; t++)
        add_real_term(planner, &number.real, &feature->terms[t]);
    return number;
}

/* Each leaf divides for itself. */
Operand number_real(Planner *planner, const Number *number) {
    if (number->is_real) return number->real;
    Operand real = {.real = true};
    real.real_constant = (double)number->whole.constant / (double)number->scale;
    for (uint32_t i = 0; i < number->whole.count; i++) {
        Leaf leaf = number->whole.leaves[i];
        leaf.real_factor = (double)leaf.factor;
        leaf.scale = number->scale;
        add_leaf(planner, &real, leaf);
    }
    if (number->under == NO_BUFFER) return real;
    for (uint32_t i = 0; i < number->over.count; i++) {
        Leaf leaf = number->over.leaves[i];
        leaf.real_factor = (double)leaf.factor;
        leaf.scale = number->scale;
        leaf.under = number->under;
        add_leaf(planner, &real, leaf);
    }
    if (number->over.constant != 0) {
        Leaf leaf = leaf_one();
        leaf.real_factor = (double)number->over.constant;
        leaf.scale = number->scale;
        leaf.under = number->under;
        add_leaf(planner, &real, leaf);
    }
    return real;
}
