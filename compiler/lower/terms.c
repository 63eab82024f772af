/* From a conjunction, or from any formula, to the terms of a head. */
#include "compiler/lower/plan.h"

#include "runtime/base/bug.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    TERM_SMALL = 2048,     /* greatest number that is compared as it is, and not by its rank */
    TERM_VALUES = 20000,   /* values of one side of a comparison that are ranked */
    TERM_CLASSES = 2048,   /* classes of keys in one truth table: directions of a head */
    TERM_CELLS = 1 << 24,  /* cells of one truth table */
    FORMULA_COLUMNS = 128, /* comparisons in one formula, counted by side */
};

/* --- comparing numbers: codes ----------------------------------------------------------------- */

/* Orders by kind, then by value. */
static int atom_rank_order(const void *a, const void *b) {
    const Atom *x = a, *y = b;
    bool x_text = x->kind == ATOM_STRING, y_text = y->kind == ATOM_STRING, ordered;
    if (x_text != y_text) return x_text ? 1 : -1;
    return atom_order(*x, *y, &ordered);
}

static bool whole_within(Atoms atoms, uint32_t count, double bound) {
    bool ends = count > 1 && atoms_is_run(atoms); /* will do */
    uint32_t step = ends ? count - 1 : 1;
    for (uint32_t v = 0; v < count; v += step) {
        double value;
        Atom atom = atoms_at(atoms, v);
        if (atom_failed(atom)) continue;
        if (!atom_whole(atom, &value) || fabs(value) > bound) return false;
    }
    return true;
}

static const double *codes_of_numbers(Lowering *l, const Form *side, uint32_t count) {
    const Atoms atoms = side->atoms;
    if (atoms_is_run(atoms))
        return plan_progression(l, (double)atoms.first, (double)atoms.step, false, count);
    double *codes = ARENA_ARRAY(l->scratch, double, count);
    for (uint32_t v = 0; v < count; v++) {
        Atom atom = atoms_at(atoms, v);
        if (!atom_failed(atom)) (void)atom_whole(atom, &codes[v]);
    }
    return plan_keep_numbers(l, codes, count);
}

static const double *codes_of_ranks(Lowering *l, const Form *side, uint32_t count,
                                    const Atom *ranked, uint32_t ranks) {
    double *codes = ARENA_ARRAY(l->scratch, double, count);
    for (uint32_t v = 0; v < count; v++) {
        Atom atom = atoms_at(side->atoms, v);
        if (atom_failed(atom)) continue;
        const Atom *at = bsearch(&atom, ranked, ranks, sizeof(Atom), atom_rank_order);
        if (!at) BUG("an atom without a rank");
        codes[v] = (double)(at - ranked);
    }
    return plan_keep_numbers(l, codes, count);
}

/* Numbers that compare as the atoms do: the numbers themselves where they are small and whole, else
   ranks. NaN and mixed kinds have no order. */
bool compare_codes(Lowering *l, const Form *key, const Form *query, bool needs_order, Codes *codes,
                   const char **why) {
    uint32_t key_count = form_count(l, key), query_count = form_count(l, query);
    bool many = key_count > TERM_VALUES || query_count > TERM_VALUES;
    double bound = many ? PLAN_NUMBER : TERM_SMALL;
    if (whole_within(key->atoms, key_count, bound) &&
        whole_within(query->atoms, query_count, bound)) {
        *codes =
            (Codes){codes_of_numbers(l, key, key_count), codes_of_numbers(l, query, query_count)};
        return true;
    }
    if (many) {
        *why = "one side has too many possible values";
        return false;
    }
    Atom *ranked = ARENA_ARRAY(l->scratch, Atom, key_count + query_count);
    uint32_t total = 0, ranks = 0;
    for (uint32_t v = 0; v < key_count + query_count; v++) {
        Atom atom = v < key_count ? atoms_at(key->atoms, v) : atoms_at(query->atoms, v - key_count);
        if (atom_failed(atom)) continue;
        if (atom.kind == ATOM_FLOAT && isnan(atom.as.real)) {
            *why = "one side can be NaN";
            return false;
        }
        ranked[total++] = atom;
    }
    qsort(ranked, total, sizeof(Atom), atom_rank_order);
    for (uint32_t i = 0; i < total; i++) {
        if (ranks == 0 || atom_rank_order(&ranked[ranks - 1], &ranked[i]) != 0)
            ranked[ranks++] = ranked[i];
    }
    bool mixed =
        ranks && (ranked[0].kind == ATOM_STRING) != (ranked[ranks - 1].kind == ATOM_STRING);
    if (needs_order && mixed) {
        *why = "it can compare strings with numbers, which have no order";
        return false;
    }
    *codes = (Codes){codes_of_ranks(l, key, key_count, ranked, ranks),
                     codes_of_ranks(l, query, query_count, ranked, ranks)};
    return true;
}

static const double *squares(Lowering *l, const double *codes, uint32_t count) {
    const Progression *p = progression_of(l, codes);
    if (p) return plan_progression(l, p->first, p->step, true, count);
    double *out = ARENA_ARRAY(l->scratch, double, count);
    for (uint32_t v = 0; v < count; v++)
        out[v] = codes[v] * codes[v];
    return plan_keep_numbers(l, out, count);
}

static PlanFeature side_feature(Lowering *l, const Form *side, const double *codes) {
    return side->var == NO_VAR ? feature_constant(codes[0]) : feature_table(l, side->var, codes);
}

/* --- gathering by position -------------------------------------------------------------------- */

/* position, or position + a whole number: then *offset. */
static bool key_is_position(Lowering *l, const Form *key, double *offset) {
    double value;
    if (key->kind != FORM_TABLE || key->var != plan_position(l)) return false;
    for (uint32_t i = 0; i < plan_get(l, key->var)->count; i++) {
        if (!atom_whole(atoms_at(key->atoms, i), &value)) return false;
        if (i == 0) *offset = value;
        if (value != *offset + i) return false;
    }
    return true;
}

static PlanFeature number_of(Lowering *l, VarId var) {
    const Var *v = plan_get(l, var);
    const Atoms domain = v->domain;
    if (atoms_is_run(domain)) {
        double first = (double)domain.first, step = (double)domain.step;
        return feature_table(l, var, plan_progression(l, first, step, false, v->count));
    }
    double *values = ARENA_ARRAY(l->scratch, double, v->count);
    for (uint32_t i = 0; i < v->count; i++)
        (void)atom_whole(atoms_at(v->domain, i), &values[i]);
    return feature_own(l, var, values);
}

/* Is there a position of that number in every input? 0 <= target < length, where a position of the
   query itself is below the length too. */
static bool position_exists(Lowering *l, PlanFeature target) {
    double low, high;
    feature_range(l, target, &low, &high);
    if (low < 0) return false;
    PlanFeature own = number_of(l, plan_position(l));
    feature_range(l, feature_combine(l, 1, own, -1, target), &low, &high);
    if (low >= 0) return true;
    for (uint32_t i = 0; i < target.count; i++) {
        if (!plan_get(l, target.terms[i].var)->length) continue;
        PlanFeature length = number_of(l, target.terms[i].var);
        feature_range(l, feature_combine(l, 1, length, -1, target), &low, &high);
        if (low >= 1) return true;
    }
    return false;
}

/* key position == query: score 2kq - k^2 alone, when the position is always there. */
static bool gather_term(Lowering *l, const Form *key, const Form *query, PlanTermOfHead *term) {
    double offset = 0;
    Form sum;
    if (!key_is_position(l, key, &offset) || !form_as_sum(l, query, &sum)) return false;
    PlanFeature target = feature_combine(l, 1, sum.sum, 1, feature_constant(-offset));
    if (!position_exists(l, target)) return false;
    const Var *position = plan_get(l, plan_position(l));
    term->key = number_of(l, plan_position(l));
    term->key_square =
        feature_table(l, plan_position(l), plan_progression(l, 0, 1, true, position->count));
    term->query = target;
    term->squared = 1;
    return true;
}

/* --- terms of a conjunction ------------------------------------------------------------------- */

static bool compare_term(Lowering *l, const Literal *literal, bool alone, bool *hits,
                         PlanTermOfHead *term, const char **why) {
    Form key = l->forms[literal->key], query = l->forms[literal->query];
    *term = (PlanTermOfHead){
        .kind = TERM_COMPARE, .node = literal->node, .relation = literal->relation};
    if (literal->relation == RELATION_EQ && alone && gather_term(l, &key, &query, term)) {
        *hits = true;
        return true;
    }
    if (!form_as_table(l, literal->key, &key, &key) ||
        !form_as_table(l, literal->query, &query, &query)) {
        *why = "one side has too many possible values";
        return false;
    }
    Codes codes;
    bool equality =
        literal->relation == RELATION_EQ || literal->relation == (RELATION_LT | RELATION_GT);
    if (!compare_codes(l, &key, &query, !equality, &codes, why)) return false;
    uint32_t key_count = form_count(l, &key), query_count = form_count(l, &query);
    if (literal->relation == RELATION_EQ) {
        term->squared = 2;
        term->key_square = side_feature(l, &key, squares(l, codes.key, key_count));
        term->query_square = side_feature(l, &query, squares(l, codes.query, query_count));
    }
    term->key = side_feature(l, &key, codes.key);
    term->query = side_feature(l, &query, codes.query);
    return true;
}

static PlanTermOfHead side_term(Lowering *l, const Literal *literal) {
    uint32_t count = plan_get(l, literal->var)->count;
    double *values = ARENA_ARRAY(l->scratch, double, count);
    for (uint32_t v = 0; v < count; v++)
        values[v] = literal->bits[v];
    bool is_key = literal->kind == LITERAL_KEY;
    PlanTermOfHead term = {.kind = is_key ? TERM_KEY : TERM_QUERY, .node = literal->node};
    PlanFeature feature = feature_own(l, literal->var, values);
    if (is_key)
        term.key = feature;
    else
        term.query = feature;
    return term;
}

/* k - q == distance on positions, as a comparison. */
static PlanTermOfHead distance_term(Lowering *l, int32_t distance) {
    PlanTermOfHead term = {
        .kind = TERM_COMPARE, .node = NO_NODE, .relation = RELATION_EQ, .squared = 2};
    VarId position = plan_position(l);
    uint32_t count = plan_get(l, position)->count;
    const double *key = plan_progression(l, 0, 1, false, count);
    const double *query = plan_progression(l, distance, 1, false, count);
    term.key_square = feature_table(l, position, squares(l, key, count));
    term.query_square = feature_table(l, position, squares(l, query, count));
    term.key = feature_table(l, position, key);
    term.query = feature_table(l, position, query);
    return term;
}

/* Does every position select itself? */
static bool selects_itself(const Conjunction *c) {
    if (c->low > 0 || c->high < 0) return false;
    for (uint32_t i = 0; i < c->count; i++) {
        const Literal *literal = &c->literals[i];
        if (literal->kind != LITERAL_COMPARE || literal->key != literal->query ||
            !(literal->relation & RELATION_EQ))
            return false;
    }
    return true;
}

/* Does every position select position 0? */
static bool selects_the_first(Lowering *l, const Conjunction *c) {
    if (c->count != 1 || c->low != INT32_MIN || c->high < 0) return false;
    const Literal *literal = &c->literals[0];
    return literal->kind == LITERAL_KEY && literal->var == plan_position(l) && literal->bits[0];
}

bool terms_of_conjunction(Lowering *l, const Conjunction *c, bool counted, bool *hits,
                          PlanHead *head, const char **why) {
    PlanTermOfHead *terms = ARENA_ARRAY(l->scratch, PlanTermOfHead, c->count + 1);
    int32_t far = (int32_t)l->options->max_length;
    bool one_distance = c->low == c->high && c->low > -far && c->low < far;
    head->mask = one_distance ? plan_open_mask(l) : (HeadMask){c->low, c->high};
    head->terms = terms;
    *hits = selects_itself(c) || selects_the_first(l, c);
    bool alone = !counted && c->count == 1 && c->low == INT32_MIN && c->high == INT32_MAX;
    if (one_distance) terms[head->term_count++] = distance_term(l, c->low);
    for (uint32_t i = 0; i < c->count; i++) {
        const Literal *literal = &c->literals[i];
        PlanTermOfHead *term = &terms[head->term_count++];
        if (literal->kind != LITERAL_COMPARE)
            *term = side_term(l, literal);
        else if (!compare_term(l, literal, alone, hits, term, why))
            return false;
    }
    return true;
}

/* --- any formula: a truth table over classes of keys and classes of queries ------------------- */

/* What one literal (or the position, for ranges) looks at on one side. */
typedef struct Column {
    VarId var; /* NO_VAR: a constant side */
    const double *codes;
} Column;

typedef struct Side {
    Column columns[FORMULA_COLUMNS];
    uint32_t column_count;
    VarId vars[3];
    uint32_t var_count;
    uint32_t *reps[3]; /* a value a class */
    PlanLookup lookup;
    uint32_t cells;
} Side;

static bool side_column(Side *side, VarId var, const double *codes, const char **why) {
    if (side->column_count == FORMULA_COLUMNS) {
        *why = "it has too many comparisons";
        return false;
    }
    side->columns[side->column_count++] = (Column){var, codes};
    for (uint32_t i = 0; i < side->var_count; i++) {
        if (side->vars[i] == var) return true;
    }
    if (var == NO_VAR) return true;
    if (side->var_count == 3) {
        *why = "it looks at more than three values of one side at once";
        return false;
    }
    side->vars[side->var_count++] = var;
    return true;
}

static bool side_classes(Lowering *l, Side *side, uint32_t s, const char **why) {
    uint32_t count = plan_get(l, side->vars[s])->count, found = 0;
    uint32_t *classes = ARENA_ARRAY(l->scratch, uint32_t, count);
    uint32_t *reps = side->reps[s] = ARENA_ARRAY(l->scratch, uint32_t, count);
    for (uint32_t v = 0; v < count; v++) {
        uint32_t c = 0;
        for (; c < found; c++) {
            bool same = true;
            for (uint32_t i = 0; i < side->column_count && same; i++) {
                const Column *column = &side->columns[i];
                if (column->var == side->vars[s]) same = column->codes[v] == column->codes[reps[c]];
            }
            if (same) break;
        }
        if (c == found) {
            if (found == TERM_CLASSES) {
                *why = "one side has too many possible values for a truth table";
                return false;
            }
            reps[found++] = v;
        }
        classes[v] = c;
    }
    side->lookup.sources[s] = side->vars[s];
    side->lookup.classes[s] = classes;
    side->lookup.class_counts[s] = found;
    return true;
}

static bool side_cells(Lowering *l, Side *side, const char **why) {
    side->cells = 1;
    side->lookup.source_count = side->var_count;
    for (uint32_t s = 0; s < side->var_count; s++) {
        if (!side_classes(l, side, s, why)) return false;
        if (side->lookup.class_counts[s] > PLAN_CELLS / side->cells) {
            *why = "one side has too many combinations of values for a truth table";
            return false;
        }
        side->cells *= side->lookup.class_counts[s];
    }
    return true;
}

static double column_at(const Side *side, uint32_t column, uint32_t cell) {
    const Column *at = &side->columns[column];
    uint32_t value = 0;
    for (uint32_t s = side->var_count; s-- > 0; cell /= side->lookup.class_counts[s]) {
        if (side->vars[s] == at->var) value = side->reps[s][cell % side->lookup.class_counts[s]];
    }
    return at->codes[value];
}

/* Adds the columns of a literal, the same number on both sides. */
static bool literal_columns(Lowering *l, const Literal *literal, Side *key, Side *query,
                            const char **why) {
    static const double always[1] = {1};
    if (literal->kind != LITERAL_COMPARE) {
        double *bits = ARENA_ARRAY(l->scratch, double, plan_get(l, literal->var)->count);
        for (uint32_t v = 0; v < plan_get(l, literal->var)->count; v++)
            bits[v] = literal->bits[v];
        bool is_key = literal->kind == LITERAL_KEY;
        return side_column(is_key ? key : query, literal->var, bits, why) &&
               side_column(is_key ? query : key, NO_VAR, always, why);
    }
    Form k = l->forms[literal->key], q = l->forms[literal->query];
    if (!form_as_table(l, literal->key, &k, &k) || !form_as_table(l, literal->query, &q, &q)) {
        *why = "one side has too many possible values";
        return false;
    }
    Codes codes;
    bool equality =
        literal->relation == RELATION_EQ || literal->relation == (RELATION_LT | RELATION_GT);
    return compare_codes(l, &k, &q, !equality, &codes, why) &&
           side_column(key, k.var, codes.key, why) && side_column(query, q.var, codes.query, why);
}

static bool range_columns(Lowering *l, Side *key, Side *query, const char **why) {
    uint32_t count = plan_get(l, plan_position(l))->count;
    const double *numbers = plan_progression(l, 0, 1, false, count);
    return side_column(key, plan_position(l), numbers, why) &&
           side_column(query, plan_position(l), numbers, why);
}

static bool formula_columns(Lowering *l, const Formula *formula, bool ranges, Side *key,
                            Side *query, const char **why) {
    for (uint32_t i = 0; i < formula->count; i++) {
        const Conjunction *c = &formula->products[i].conjunction;
        if (ranges && !range_columns(l, key, query, why)) return false;
        for (uint32_t j = 0; j < c->count; j++) {
            if (!literal_columns(l, &c->literals[j], key, query, why)) return false;
        }
    }
    return side_cells(l, key, why) && side_cells(l, query, why);
}

static bool literal_holds(const Literal *literal, double key, double query) {
    if (literal->kind == LITERAL_KEY) return key != 0;
    if (literal->kind == LITERAL_QUERY) return query != 0;
    return literal->relation & (key < query   ? RELATION_LT
                                : key > query ? RELATION_GT
                                              : RELATION_EQ);
}

static uint8_t formula_at(const Formula *formula, bool ranges, const Side *key, uint32_t key_cell,
                          const Side *query, uint32_t query_cell) {
    int64_t sum = 0;
    uint32_t column = 0;
    for (uint32_t i = 0; i < formula->count; i++) {
        const Conjunction *c = &formula->products[i].conjunction;
        bool holds = true;
        if (ranges) {
            double distance =
                column_at(key, column, key_cell) - column_at(query, column, query_cell);
            holds = distance >= c->low && distance <= c->high;
            column++;
        }
        for (uint32_t j = 0; j < c->count; j++, column++) {
            holds = holds && literal_holds(&c->literals[j], column_at(key, column, key_cell),
                                           column_at(query, column, query_cell));
        }
        if (holds) sum += formula->products[i].coefficient;
    }
    /* Cells that no input reaches (a constant compared with itself, say) may sum to anything. */
    return sum >= 1;
}

/* Classes of keys with equal rows become one. Returns their number; result[cell] is the class. */
static uint32_t merge_rows(uint8_t *table, uint32_t keys, uint32_t queries, uint32_t *result) {
    uint32_t kept = 0;
    for (uint32_t k = 0; k < keys; k++) {
        uint32_t c = 0;
        while (c < kept &&
               memcmp(table + (size_t)c * queries, table + (size_t)k * queries, queries) != 0)
            c++;
        if (c == kept)
            memmove(table + (size_t)kept++ * queries, table + (size_t)k * queries, queries);
        result[k] = c;
    }
    return kept;
}

/* The class number as a feature: of one variable, or of a new one over several. */
static PlanFeature class_feature(Lowering *l, Side *side, NodeId selector, const uint32_t *result,
                                 uint32_t classes) {
    if (side->var_count == 0) return feature_constant(result[0]);
    if (side->var_count == 1) {
        uint32_t count = plan_get(l, side->vars[0])->count;
        double *values = ARENA_ARRAY(l->scratch, double, count);
        for (uint32_t v = 0; v < count; v++)
            values[v] = result[side->lookup.classes[0][v]];
        return feature_own(l, side->vars[0], values);
    }
    double *values = ARENA_ARRAY(l->scratch, double, classes);
    for (uint32_t c = 0; c < classes; c++)
        values[c] = c;
    side->lookup.result = result;
    return feature_table(
        l, plan_lookup(l, selector, &side->lookup, classes, atoms_run(0, 1, false)), values);
}

bool terms_of_formula(Lowering *l, const Formula *formula, NodeId selector, PlanHead *head,
                      const char **why) {
    const Conjunction *first = &formula->products[0].conjunction;
    bool ranges = false;
    for (uint32_t i = 1; i < formula->count; i++) {
        const Conjunction *c = &formula->products[i].conjunction;
        ranges = ranges || c->low != first->low || c->high != first->high;
    }
    Side *key = ARENA_NEW(l->scratch, Side), *query = ARENA_NEW(l->scratch, Side);
    if (!formula_columns(l, formula, ranges, key, query, why)) return false;
    if ((uint64_t)key->cells * query->cells > TERM_CELLS) {
        *why = "its truth table has too many cells";
        return false;
    }
    uint8_t *table = ARENA_ARRAY(l->scratch, uint8_t, (size_t)key->cells * query->cells);
    for (uint32_t k = 0; k < key->cells; k++) {
        for (uint32_t q = 0; q < query->cells; q++)
            table[(size_t)k * query->cells + q] = formula_at(formula, ranges, key, k, query, q);
    }
    uint32_t *key_class = ARENA_ARRAY(l->scratch, uint32_t, key->cells);
    uint32_t *query_class = ARENA_ARRAY(l->scratch, uint32_t, query->cells);
    for (uint32_t q = 0; q < query->cells; q++)
        query_class[q] = q;
    uint32_t keys = merge_rows(table, key->cells, query->cells, key_class);
    PlanTermOfHead *term = ARENA_NEW(l->scratch, PlanTermOfHead);
    *term = (PlanTermOfHead){.kind = TERM_TABLE,
                             .node = selector,
                             .key_count = keys,
                             .query_count = query->cells,
                             .table = table};
    term->key = class_feature(l, key, selector, key_class, keys);
    term->query = class_feature(l, query, selector, query_class, query->cells);
    head->terms = term;
    head->term_count = 1;
    head->mask = ranges ? plan_open_mask(l) : (HeadMask){first->low, first->high};
    return true;
}
