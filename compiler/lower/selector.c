/* Selectors as formulas: signed sums of conjunctions, so that
     a and b = a * b,   a or b = a + b - a * b,   not a = 1 - a
   holds cell by cell. Comparisons of the same two nodes meet in one literal (a set of the outcomes
   < == >), so that what can't both hold cancels: `k < q or (k == q and ..)` is a plain sum. */
#include "compiler/lower/plan.h"

#include <string.h>

static Formula refused(NodeId at, const char *why) {
    return (Formula){.known = true, .refused_at = at, .why = why};
}

static Conjunction conjunction_true(void) { return (Conjunction){INT32_MIN, INT32_MAX, 0, NULL}; }

bool conjunction_is_mask(const Conjunction *c) { return c->count == 0; }

static Formula formula_single(Lowering *l, Conjunction conjunction) {
    Product *product = ARENA_NEW(l->scratch, Product);
    *product = (Product){1, conjunction};
    return (Formula){.known = true, .count = 1, .products = product, .refused_at = NO_NODE};
}

Formula formula_true(Lowering *l) { return formula_single(l, conjunction_true()); }

static Formula formula_false(void) { return (Formula){.known = true, .refused_at = NO_NODE}; }

/* --- literals -----------------------------------------------------------------------------------
 */

/* What two literals must share to meet in one; orders them otherwise. */
static int literal_order(const Literal *a, const Literal *b) {
    if (a->kind != b->kind) return a->kind < b->kind ? -1 : 1;
    if (a->kind != LITERAL_COMPARE) return a->var < b->var ? -1 : a->var > b->var;
    if (a->key != b->key) return a->key < b->key ? -1 : 1;
    return a->query < b->query ? -1 : a->query > b->query;
}

static bool literal_equal(const Lowering *l, const Literal *a, const Literal *b) {
    if (literal_order(a, b) != 0) return false;
    if (a->kind == LITERAL_COMPARE) return a->relation == b->relation;
    return memcmp(a->bits, b->bits, plan_get(l, a->var)->count) == 0;
}

bool conjunction_equal(const Lowering *l, const Conjunction *a, const Conjunction *b) {
    if (a->low != b->low || a->high != b->high || a->count != b->count) return false;
    for (uint32_t i = 0; i < a->count; i++) {
        if (!literal_equal(l, &a->literals[i], &b->literals[i])) return false;
    }
    return true;
}

/* Both literals at once: RESULT_FALSE when they exclude each other. */
typedef enum Outcome { OUTCOME_FALSE, OUTCOME_TRUE, OUTCOME_OPEN } Outcome;

static Outcome literal_outcome(const Lowering *l, const Literal *literal) {
    if (literal->kind == LITERAL_COMPARE) {
        const Relation all = RELATION_LT | RELATION_EQ | RELATION_GT;
        return literal->relation == 0     ? OUTCOME_FALSE
               : literal->relation == all ? OUTCOME_TRUE
                                          : OUTCOME_OPEN;
    }
    uint32_t count = plan_get(l, literal->var)->count, ones = 0;
    for (uint32_t v = 0; v < count; v++)
        ones += literal->bits[v];
    return ones == 0 ? OUTCOME_FALSE : ones == count ? OUTCOME_TRUE : OUTCOME_OPEN;
}

static Literal literal_meet(Lowering *l, const Literal *a, const Literal *b) {
    Literal out = *a;
    if (a->kind == LITERAL_COMPARE) {
        out.relation = a->relation & b->relation;
        return out;
    }
    uint32_t count = plan_get(l, a->var)->count;
    uint8_t *bits = ARENA_ARRAY(l->scratch, uint8_t, count);
    for (uint32_t v = 0; v < count; v++)
        bits[v] = a->bits[v] & b->bits[v];
    out.bits = bits;
    return out;
}

/* The other cells of a literal. */
static Literal literal_opposite(Lowering *l, const Literal *literal) {
    Literal out = *literal;
    if (literal->kind == LITERAL_COMPARE) {
        out.relation = literal->relation ^ (RELATION_LT | RELATION_EQ | RELATION_GT);
        return out;
    }
    uint32_t count = plan_get(l, literal->var)->count;
    uint8_t *bits = ARENA_ARRAY(l->scratch, uint8_t, count);
    for (uint32_t v = 0; v < count; v++)
        bits[v] = !literal->bits[v];
    out.bits = bits;
    return out;
}

/* --- conjunctions ----------------------------------------------------------------------------- */

/* False when nothing satisfies both; *too_long when there are too many literals. */
static bool conjunction_meet(Lowering *l, const Conjunction *a, const Conjunction *b,
                             Conjunction *out, bool *too_long) {
    Literal *literals = ARENA_ARRAY(l->scratch, Literal, a->count + b->count);
    *out = (Conjunction){a->low > b->low ? a->low : b->low, a->high < b->high ? a->high : b->high,
                         0, literals};
    if (out->low > out->high) return false;
    for (uint32_t i = 0, j = 0; i < a->count || j < b->count;) {
        int order = i == a->count   ? 1
                    : j == b->count ? -1
                                    : literal_order(&a->literals[i], &b->literals[j]);
        Literal next = order < 0   ? a->literals[i]
                       : order > 0 ? b->literals[j]
                                   : literal_meet(l, &a->literals[i], &b->literals[j]);
        i += order <= 0;
        j += order >= 0;
        Outcome outcome = literal_outcome(l, &next);
        if (outcome == OUTCOME_FALSE) return false;
        if (outcome == OUTCOME_OPEN) literals[out->count++] = next;
    }
    *too_long = *too_long || out->count > PLAN_LITERALS;
    return true;
}

/* --- formulas --------------------------------------------------------------------------------- */

typedef struct Sum {
    Lowering *l;
    Product *products;
    uint32_t count, capacity;
    bool too_long;
} Sum;

static void sum_product(Sum *sum, int64_t coefficient, const Conjunction *conjunction) {
    for (uint32_t i = 0; i < sum->count; i++) {
        if (!conjunction_equal(sum->l, &sum->products[i].conjunction, conjunction)) continue;
        sum->products[i].coefficient += coefficient;
        return;
    }
    if (sum->count >= 4 * PLAN_PRODUCTS) {
        sum->too_long = true;
        return;
    }
    if (sum->count == sum->capacity) {
        uint32_t capacity = sum->capacity ? 2 * sum->capacity : 4;
        sum->products =
            arena_grow(sum->l->scratch, sum->products, sum->count, capacity, sizeof(Product));
        sum->capacity = capacity;
    }
    sum->products[sum->count++] = (Product){coefficient, *conjunction};
}

static void sum_formula(Sum *sum, int64_t factor, const Formula *formula) {
    for (uint32_t i = 0; i < formula->count; i++)
        sum_product(sum, factor * formula->products[i].coefficient,
                    &formula->products[i].conjunction);
}

static void sum_of_products(Sum *sum, int64_t factor, const Formula *a, const Formula *b) {
    for (uint32_t i = 0; i < a->count; i++) {
        for (uint32_t j = 0; j < b->count && !sum->too_long; j++) {
            Conjunction both;
            if (conjunction_meet(sum->l, &a->products[i].conjunction, &b->products[j].conjunction,
                                 &both, &sum->too_long))
                sum_product(sum, factor * a->products[i].coefficient * b->products[j].coefficient,
                            &both);
        }
    }
}

static Formula sum_done(Sum *sum, NodeId node) {
    uint32_t kept = 0;
    for (uint32_t i = 0; i < sum->count; i++) {
        if (sum->products[i].coefficient != 0) sum->products[kept++] = sum->products[i];
    }
    if (sum->too_long || kept > PLAN_PRODUCTS)
        return refused(node, plan_text(sum->l,
                                       "%s has more than %d conjunctions or %d comparisons "
                                       "in one",
                                       plan_name(sum->l, node), PLAN_PRODUCTS, PLAN_LITERALS));
    return (Formula){
        .known = true, .count = kept, .products = sum->products, .refused_at = NO_NODE};
}

static Formula formula_and(Lowering *l, NodeId node, const Formula *a, const Formula *b) {
    Sum sum = {.l = l};
    if (a->refused_at != NO_NODE) return *a;
    if (b->refused_at != NO_NODE) return *b;
    sum_of_products(&sum, 1, a, b);
    return sum_done(&sum, node);
}

static Formula formula_or(Lowering *l, NodeId node, const Formula *a, const Formula *b) {
    Sum sum = {.l = l};
    sum_formula(&sum, 1, a);
    sum_formula(&sum, 1, b);
    sum_of_products(&sum, -1, a, b);
    return sum_done(&sum, node);
}

/* A single literal or a one-sided range of positions turns round; anything else is 1 - a. */
static Formula formula_not(Lowering *l, NodeId node, const Formula *a) {
    if (a->count == 1 && a->products[0].coefficient == 1) {
        Conjunction c = a->products[0].conjunction;
        bool open_low = c.low == INT32_MIN, open_high = c.high == INT32_MAX;
        if (c.count == 1 && open_low && open_high) {
            Literal *literal = ARENA_NEW(l->scratch, Literal);
            *literal = literal_opposite(l, &c.literals[0]);
            c.literals = literal;
            return formula_single(l, c);
        }
        if (c.count == 0 && open_low && !open_high)
            return formula_single(l, (Conjunction){c.high + 1, INT32_MAX, 0, NULL});
        if (c.count == 0 && !open_low && open_high)
            return formula_single(l, (Conjunction){INT32_MIN, c.low - 1, 0, NULL});
    }
    Sum sum = {.l = l};
    Formula all = formula_true(l);
    sum_formula(&sum, 1, &all);
    sum_formula(&sum, -1, a);
    return sum_done(&sum, node);
}

Formula formula_within(Lowering *l, NodeId node, const Formula *formula, int32_t low,
                       int32_t high) {
    Formula range = formula_single(l, (Conjunction){low, high, 0, NULL});
    return formula_and(l, node, formula, &range);
}

Formula formula_and_key(Lowering *l, const Formula *formula, NodeId node, VarId var,
                        const uint8_t *bits) {
    Literal *literal = ARENA_NEW(l->scratch, Literal);
    *literal = (Literal){.kind = LITERAL_KEY,
                         .node = node,
                         .var = var,
                         .bits = bits,
                         .key = NO_NODE,
                         .query = NO_NODE};
    Formula key = formula_single(l, (Conjunction){INT32_MIN, INT32_MAX, 1, literal});
    return formula_and(l, node, formula, &key);
}

/* --- comparisons ------------------------------------------------------------------------------ */

bool relation_holds(Relation relation, Atom key, Atom query, bool *fails) {
    if (atom_failed(key) || atom_failed(query)) return false;
    if (relation == RELATION_EQ) return atom_equal(key, query);
    if (relation == (RELATION_LT | RELATION_GT)) return !atom_equal(key, query);
    bool ordered;
    int order = atom_order(key, query, &ordered);
    if (!ordered) {
        *fails = true;
        return false;
    }
    return relation & (order < 0 ? RELATION_LT : order > 0 ? RELATION_GT : RELATION_EQ);
}

/* A comparison with a constant looks at one side only. */
static Formula compare_with_constant(Lowering *l, NodeId node, const Form *side, Atom constant,
                                     Relation relation, bool side_is_key) {
    Form table;
    if (!form_as_table(l, node, side, &table))
        return refused(node, "one side has too many possible values");
    uint32_t count = form_count(l, &table);
    uint8_t *bits = ARENA_ARRAY(l->scratch, uint8_t, count);
    bool fails = false;
    for (uint32_t v = 0; v < count; v++) {
        bits[v] = side_is_key
                      ? relation_holds(relation, atoms_at(table.atoms, v), constant, &fails)
                      : relation_holds(relation, constant, atoms_at(table.atoms, v), &fails);
    }
    if (fails) return refused(node, "it compares strings with numbers, or what has no order");
    if (side->noise != NOISE_NONE) {
        double value;
        bool zero = atom_as_double(constant, &value) && value == 0;
        if (side->noise == NOISE_ANYWHERE || !zero)
            return refused(node, "a count times a mean rounds twice; round() it before comparing");
    }
    if (table.var == NO_VAR) return bits[0] ? formula_true(l) : formula_false();
    Literal *literal = ARENA_NEW(l->scratch, Literal);
    *literal = (Literal){.kind = side_is_key ? LITERAL_KEY : LITERAL_QUERY,
                         .node = node,
                         .key = NO_NODE,
                         .query = NO_NODE,
                         .var = table.var,
                         .bits = bits};
    Outcome outcome = literal_outcome(l, literal);
    if (outcome == OUTCOME_FALSE) return formula_false();
    if (outcome == OUTCOME_TRUE) return formula_true(l);
    return formula_single(l, (Conjunction){INT32_MIN, INT32_MAX, 1, literal});
}

/* position + *offset at every position? */
static bool is_shifted_position(Lowering *l, const Form *form, int32_t *offset) {
    double value;
    if (form->kind != FORM_TABLE || form->var != plan_position(l)) return false;
    for (uint32_t i = 0; i < plan_get(l, form->var)->count; i++) {
        if (!atom_whole(atoms_at(form->atoms, i), &value)) return false;
        if (i == 0) *offset = (int32_t)value;
        if (value != (double)*offset + i) return false;
    }
    return true;
}

/* k + a against q + b: a range of position differences. */
static bool position_range(int32_t a, int32_t b, Relation relation, Conjunction *out) {
    *out = conjunction_true();
    int32_t distance = b - a;
    switch (relation) {
    case RELATION_EQ: out->low = out->high = distance; return true;
    case RELATION_LT: out->high = distance - 1; return true;
    case RELATION_LT | RELATION_EQ: out->high = distance; return true;
    case RELATION_GT: out->low = distance + 1; return true;
    case RELATION_GT | RELATION_EQ: out->low = distance; return true;
    default: return false;
    }
}

static Formula formula_compare(Lowering *l, NodeId id) {
    const Node *node = graph_node(l->graph, id);
    const Form *key = &l->forms[node->args[0]], *query = &l->forms[node->args[1]];
    const Form *sides[2] = {key, query};
    for (int i = 0; i < 2; i++) {
        if (sides[i]->kind == FORM_REFUSED) return refused(sides[i]->refused_at, sides[i]->why);
        if (sides[i]->kind == FORM_FRACTION)
            return refused(id, plan_text(l, "%s is a mean with too many possible values to compare",
                                         plan_name(l, node->args[i])));
    }
    Relation relation = relation_of(node->op);
    if (query->kind == FORM_TABLE && query->var == NO_VAR)
        return compare_with_constant(l, id, key, atoms_at(query->atoms, 0), relation, true);
    if (key->kind == FORM_TABLE && key->var == NO_VAR)
        return compare_with_constant(l, id, query, atoms_at(key->atoms, 0), relation, false);
    for (int i = 0; i < 2; i++) {
        /* Equal totals over equal counts round alike; at different positions they need not. */
        if (sides[i]->noise != NOISE_NONE)
            return refused(id, "a count times a mean rounds twice; round() it before comparing");
    }
    int32_t a, b;
    Conjunction range;
    if (is_shifted_position(l, key, &a) && is_shifted_position(l, query, &b) &&
        position_range(a, b, relation, &range))
        return formula_single(l, range);
    Literal *literal = ARENA_NEW(l->scratch, Literal);
    *literal = (Literal){.kind = LITERAL_COMPARE,
                         .node = id,
                         .key = node->args[0],
                         .query = node->args[1],
                         .relation = relation,
                         .var = NO_VAR};
    return formula_single(l, (Conjunction){INT32_MIN, INT32_MAX, 1, literal});
}

Formula formula_of(Lowering *l, NodeId id) {
    const Node *node = graph_node(l->graph, id);
    if (node->op != OP_SEL_AND && node->op != OP_SEL_OR && node->op != OP_SEL_NOT)
        return formula_compare(l, id);
    const Formula *a = &l->composed[node->args[0]];
    const Formula *b = node->op == OP_SEL_NOT ? a : &l->composed[node->args[1]];
    if (a->refused_at != NO_NODE) return *a;
    if (b->refused_at != NO_NODE) return *b;
    switch (node->op) {
    case OP_SEL_AND: return formula_and(l, id, a, b);
    case OP_SEL_OR: return formula_or(l, id, a, b);
    default: return formula_not(l, id, a);
    }
}
