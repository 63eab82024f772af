/* Functions of several numbers, taken apart into functions of one: sums of those cost nothing,
   where a table over all of them has a cell for every combination.

     x * y              floor((x + y)^2 / 4) - floor((x - y)^2 / 4)
     x % y              x - y * [x >= y] - y * [x >= 2y] - ...
     x if c else y      y + [c] * (x - y)
     x < y, x == y      the sign of the difference of their ranks
     round(x + n)       round(x) + n, but for halves where n is odd
     x and y            of their truth

   [..] is a step over a sum; a bool times a number is a look-up with two cells a number. */
#include "compiler/lower/plan.h"

#include <float.h>
#include <math.h>
#include <string.h>

enum {
    FACTOR_QUOTIENTS = 16, /* steps of one remainder */
    FACTOR_STEPS = 8192,   /* values of a sum whose square is taken */
    FACTOR_LEAVES = 8,     /* parts of a rounded sum */
};

static Form none(void) { return (Form){.kind = FORM_NONE}; }

static bool is_plain(const Form *form) {
    return !form->exact && !form->kind_unknown && form->noise == NOISE_NONE;
}

/* The same numbers, whatever their kinds: a comparison or a rounding does not ask for those. */
static bool is_known_number(const Lowering *l, const Form *form) {
    if (form->noise != NOISE_NONE) return false;
    for (uint32_t v = 0; form->kind == FORM_TABLE && form->exact && v < form_count(l, form); v++) {
        if (atom_failed(atoms_at(form->atoms, v)) != atom_failed(atoms_at(form->alternative, v)))
            return false;
        if (!atom_failed(atoms_at(form->atoms, v)) &&
            !atom_equal(atoms_at(form->atoms, v), atoms_at(form->alternative, v)))
            return false;
    }
    return true;
}

/* --- gates ------------------------------------------------------------------------------------ */

/* The number of each value among the distinct ones, of which there are *count. */
static bool number_values(Lowering *l, VarId var, const double *values, uint32_t *classes,
                          double *distinct, uint32_t *count) {
    uint32_t all = plan_get(l, var)->count;
    *count = 0;
    for (uint32_t v = 0; v < all; v++) {
        uint32_t c = 0;
        while (c < *count && distinct[c] != values[v])
            c++;
        if (c == PLAN_CELLS / 2) return false;
        if (c == *count) distinct[(*count)++] = values[v];
        classes[v] = c;
    }
    return true;
}

/* One term where the bit is set, else 0: a look-up over both variables. */
static bool gate_term(Lowering *l, NodeId node, VarId var, const uint8_t *bits,
                      const PlanTerm *term, PlanFeature *out) {
    uint32_t count = plan_get(l, term->var)->count, found, gates = plan_get(l, var)->count;
    if (count > PLAN_CELLS) return false;
    uint32_t *classes = ARENA_ARRAY(l->scratch, uint32_t, count);
    uint32_t *open = ARENA_ARRAY(l->scratch, uint32_t, gates);
    double *distinct = ARENA_ARRAY(l->scratch, double, count + 1);
    if (!number_values(l, term->var, term->values, classes, distinct, &found)) return false;
    uint32_t *result = ARENA_ARRAY(l->scratch, uint32_t, 2 * (size_t)found);
    Atom *domain = ARENA_ARRAY(l->scratch, Atom, found + 1);
    double *values = ARENA_ARRAY(l->scratch, double, found + 1);
    uint32_t kept = 1;
    domain[0] = atom_int(0);
    for (uint32_t c = 0; c < found; c++) {
        if (distinct[c] == 0) continue;
        result[2 * c + 1] = kept;
        values[kept] = distinct[c];
        domain[kept++] = atom_int((int64_t)distinct[c]);
    }
    for (uint32_t v = 0; v < gates; v++)
        open[v] = bits[v];
    PlanLookup lookup = {.source_count = 2,
                         .sources = {term->var, var},
                         .class_counts = {found, 2},
                         .classes = {classes, open},
                         .result = result};
    *out = feature_table(l, plan_lookup(l, node, &lookup, kept, atoms_listed(domain)), values);
    return true;
}

/* The feature, of whole numbers, where the variable's bit is set; else 0. */
static bool gate(Lowering *l, NodeId node, VarId var, const uint8_t *bits, PlanFeature feature,
                 PlanFeature *out) {
    if (var == NO_VAR) {
        *out = bits[0] ? feature : feature_constant(0);
        return true;
    }
    uint32_t count = plan_get(l, var)->count;
    double *constant = ARENA_ARRAY(l->scratch, double, count);
    for (uint32_t v = 0; v < count; v++)
        constant[v] = bits[v] ? feature.constant : 0;
    *out = feature_table(l, var, constant);
    for (uint32_t i = 0; i < feature.count; i++) {
        const PlanTerm *term = &feature.terms[i];
        PlanFeature part;
        if (term->var == var) {
            double *values = ARENA_ARRAY(l->scratch, double, count);
            for (uint32_t v = 0; v < count; v++)
                values[v] = bits[v] ? term->values[v] : 0;
            part = feature_table(l, var, values);
        } else if (!gate_term(l, node, var, bits, term, &part)) {
            return false;
        }
        *out = feature_combine(l, 1, *out, 1, part);
    }
    return true;
}

/* --- remainders ------------------------------------------------------------------------------- */

/* *sum += sign * by, wherever x >= 0 (below: x < 0). */
static bool add_where(Lowering *l, NodeId node, PlanFeature x, bool below, double sign,
                      PlanFeature by, PlanFeature *sum) {
    Form steps = form_of_sum(l, x, false), table;
    if (!form_as_table(l, node, &steps, &table)) return false;
    uint32_t count = form_count(l, &table);
    uint8_t *bits = ARENA_ARRAY(l->scratch, uint8_t, count);
    for (uint32_t v = 0; v < count; v++) {
        double value = 0;
        (void)atom_whole(atoms_at(table.atoms, v), &value);
        bits[v] = (value < 0) == below;
    }
    PlanFeature part;
    if (!gate(l, node, table.var, bits, by, &part)) return false;
    *sum = feature_combine(l, 1, *sum, sign, part);
    return true;
}

/* Whole numbers by divisors of at least 1, with few quotients. */
static Form remainder_of(Lowering *l, NodeId id, const Form *args) {
    Form x, y;
    if (!form_as_sum(l, &args[0], &x) || !form_as_sum(l, &args[1], &y) || y.low < 1) return none();
    PlanFeature sum = x.sum;
    uint32_t steps = 0;
    for (int side = 0; side < 2; side++) {
        bool below = side == 1;
        for (double t = below ? 0 : 1;; t += below ? -1 : 1) {
            PlanFeature rest = feature_combine(l, 1, x.sum, -t, y.sum);
            double low, high;
            feature_range(l, rest, &low, &high);
            if (below ? low >= 0 : high < 0) break;
            if (steps++ == FACTOR_QUOTIENTS ||
                !add_where(l, id, rest, below, below ? 1 : -1, y.sum, &sum))
                return none();
        }
    }
    Form form = form_of_sum(l, sum, x.floating || y.floating);
    form.low = fmax(form.low, 0);
    form.high = fmin(form.high, y.high - 1);
    return form;
}

/* --- products --------------------------------------------------------------------------------- */

/* floor(x^2 / 4) */
static bool quarter_square(Lowering *l, NodeId node, PlanFeature x, PlanFeature *out) {
    Form number = form_of_sum(l, x, false), table;
    if (number.high - number.low > FACTOR_STEPS || !form_as_table(l, node, &number, &table))
        return false;
    uint32_t count = form_count(l, &table);
    double *values = ARENA_ARRAY(l->scratch, double, count);
    for (uint32_t v = 0; v < count; v++) {
        double value = 0;
        (void)atom_whole(atoms_at(table.atoms, v), &value);
        values[v] = floor(value * value / 4);
    }
    *out = table.var == NO_VAR ? feature_constant(values[0]) : feature_table(l, table.var, values);
    return true;
}

static bool can_be_zero(const Form *sum) { return sum->low <= 0 && sum->high >= 0; }

/* Products of whole numbers; floats where none is -0.0. */
static Form product_of(Lowering *l, NodeId id, const Form *args) {
    Form x, y;
    if (!form_as_sum(l, &args[0], &x) || !form_as_sum(l, &args[1], &y)) return none();
    bool floating = x.floating || y.floating;
    bool minus_zero = (can_be_zero(&x) && y.low < 0) || (can_be_zero(&y) && x.low < 0);
    double greatest = fmax(fabs(x.low), fabs(x.high)) + fmax(fabs(y.low), fabs(y.high));
    if ((floating && minus_zero) || greatest * greatest > PLAN_NUMBER) return none();
    PlanFeature plus, minus;
    if (!quarter_square(l, id, feature_combine(l, 1, x.sum, 1, y.sum), &plus) ||
        !quarter_square(l, id, feature_combine(l, 1, x.sum, -1, y.sum), &minus))
        return none();
    Form form = form_of_sum(l, feature_combine(l, 1, plus, -1, minus), floating);
    form.low = fmin(fmin(x.low * y.low, x.low * y.high), fmin(x.high * y.low, x.high * y.high));
    form.high = fmax(fmax(x.low * y.low, x.low * y.high), fmax(x.high * y.low, x.high * y.high));
    return form;
}

/* --- choices ---------------------------------------------------------------------------------- */

static const uint8_t *truth_of(Lowering *l, const Form *table) {
    uint32_t count = form_count(l, table);
    uint8_t *bits = ARENA_ARRAY(l->scratch, uint8_t, count);
    for (uint32_t v = 0; v < count; v++)
        bits[v] = !atom_failed(atoms_at(table->atoms, v)) && atom_truth(atoms_at(table->atoms, v));
    return bits;
}

/* All its values ints, or all floats: a sum says as much of them as the table does. */
static bool is_of_one_kind(const Lowering *l, const Form *form) {
    if (form->kind == FORM_SUM) return true;
    AtomKind first = ATOM_OPAQUE;
    for (uint32_t v = 0; v < form_count(l, form); v++) {
        Atom atom = atoms_at(form->atoms, v);
        if (atom_failed(atom)) continue;
        if (first == ATOM_OPAQUE) first = (AtomKind)atom.kind;
        if (atom.kind != first) return false;
    }
    return first == ATOM_INT || first == ATOM_FLOAT;
}

static Form choice_of(Lowering *l, NodeId id, const Form *args) {
    Form condition, x, y;
    if (!is_of_one_kind(l, &args[1]) || !is_of_one_kind(l, &args[2]) ||
        !form_as_sum(l, &args[1], &x) || !form_as_sum(l, &args[2], &y) ||
        !form_as_table(l, id, &args[0], &condition))
        return none();
    const uint8_t *bits = truth_of(l, &condition);
    PlanFeature difference = feature_combine(l, 1, x.sum, -1, y.sum), chosen;
    if (!gate(l, id, condition.var, bits, difference, &chosen)) return none();
    Form form = form_of_sum(l, feature_combine(l, 1, y.sum, 1, chosen), x.floating || y.floating);
    form.low = fmin(x.low, y.low);
    form.high = fmax(x.high, y.high);
    if (x.floating == y.floating || condition.var == NO_VAR) return form;
    uint32_t count = form_count(l, &condition);
    uint8_t *exact = ARENA_ARRAY(l->scratch, uint8_t, count);
    for (uint32_t v = 0; v < count; v++)
        exact[v] = bits[v] != x.floating;
    form.chooser = condition.var;
    form.exact = exact;
    return form;
}

/* --- comparisons ------------------------------------------------------------------------------ */

/* Of tables over different variables, whatever their values. */
static Form comparison_of(Lowering *l, NodeId id, const Form *args) {
    Form x, y, difference, table;
    const char *why;
    Codes codes;
    bool needs_order = graph_node(l->graph, id)->op != OP_EQ;
    if (!form_as_table(l, id, &args[0], &x) || !form_as_table(l, id, &args[1], &y) ||
        x.var == NO_VAR || y.var == NO_VAR || !compare_codes(l, &x, &y, needs_order, &codes, &why))
        return none();
    PlanFeature a = feature_table(l, x.var, codes.key), b = feature_table(l, y.var, codes.query);
    difference = form_of_sum(l, feature_combine(l, 1, a, -1, b), false);
    if (!form_as_signs(l, id, &difference, &table)) return none();
    return table;
}

Form form_compare_ranks(Lowering *l, NodeId id, const Form *args) {
    bool known = is_known_number(l, &args[0]) && is_known_number(l, &args[1]);
    return known ? comparison_of(l, id, args) : none();
}

/* --- truth ------------------------------------------------------------------------------------ */

/* The argument with nothing but its truth. */
static Form truth_form(Lowering *l, const Form *table) {
    uint32_t count = form_count(l, table);
    Atom *atoms = ARENA_ARRAY(l->scratch, Atom, count);
    for (uint32_t v = 0; v < count; v++) {
        atoms[v] = atoms_at(table->atoms, v);
        if (!atom_failed(atoms[v])) atoms[v] = atom_bool(atom_truth(atoms[v]));
    }
    return form_table(table->var, atoms_listed(atoms));
}

static Form connective_of(Lowering *l, NodeId id, const Form *args) {
    Form truths[3] = {{0}}, table;
    for (int i = 0; i < 2; i++) {
        if (!form_as_table(l, id, &args[i], &table)) return none();
        truths[i] = truth_form(l, &table);
    }
    return form_lookup(l, id, truths, 2);
}

/* --- rounded sums ----------------------------------------------------------------------------- */

/* A sum's parts: a number that need not be whole, times sign, and whole ones. */
typedef struct Parts {
    Form number; /* TABLE; its kind is FORM_NONE where there is none */
    double sign;
    PlanFeature whole;
    double greatest; /* no partial sum of the whole ones is greater in magnitude */
    uint32_t count;
} Parts;

static bool add_part(Lowering *l, Parts *parts, NodeId node, double sign) {
    const Form *form = &l->forms[node];
    Form sum;
    if (form->kind == FORM_REFUSED || !is_known_number(l, form) || parts->count++ == FACTOR_LEAVES)
        return false;
    if (form_as_sum(l, form, &sum)) {
        parts->whole = feature_combine(l, 1, parts->whole, sign, sum.sum);
        parts->greatest += fmax(fabs(sum.low), fabs(sum.high));
        return true;
    }
    if (form->kind != FORM_TABLE || parts->number.kind != FORM_NONE) return false;
    parts->number = *form;
    parts->sign = sign;
    return true;
}

/* The parts of node: down through sums that have no form of their own. */
static bool parts_of(Lowering *l, NodeId node, Parts *parts) {
    NodeId open[FACTOR_LEAVES] = {node};
    double signs[FACTOR_LEAVES] = {1};
    uint32_t count = 1;
    *parts = (Parts){.number = none(), .whole = feature_constant(0)};
    while (count > 0) {
        NodeId at = open[--count];
        double sign = signs[count];
        const Node *sum = graph_node(l->graph, at);
        bool is_sum = sum->op == OP_ADD || sum->op == OP_SUB;
        if (l->forms[at].kind != FORM_REFUSED || !is_sum) {
            if (!add_part(l, parts, at, sign)) return false;
            continue;
        }
        if (count + 2 > FACTOR_LEAVES) return false;
        for (int i = 0; i < 2; i++) {
            open[count] = sum->args[i];
            signs[count++] = i == 1 && sum->op == OP_SUB ? -sign : sign;
        }
    }
    return parts->number.kind == FORM_TABLE && parts->whole.count > 0;
}

/* Of a value of the number: its rounding, and whether it is a half, and then the other way. */
typedef struct Rounding {
    double nearest, other;
    bool half;
} Rounding;

/* False: not a number, or so near to a half that eval's own roundings of the sum could decide. */
static bool round_number(const Parts *parts, Atom atom, Rounding *out) {
    double value;
    *out = (Rounding){0};
    if (atom_failed(atom)) return true;
    if (atom.kind != ATOM_FLOAT || !atom_as_double(atom, &value) || fabs(value) > PLAN_NUMBER)
        return false;
    value *= parts->sign;
    double down = floor(value), from_half = fabs(value - down - 0.5);
    double error = 8 * parts->count * DBL_EPSILON * (fabs(value) + parts->greatest);
    *out = (Rounding){.nearest = nearbyint(value), .half = from_half == 0};
    if (out->half) out->other = 2 * down + 1 - out->nearest;
    return out->half || from_half > error;
}

/* What is added to the rounding of each value, where the whole part is odd. */
static bool odd_correction(Lowering *l, NodeId id, const Parts *parts, const double *corrections,
                           PlanFeature *out) {
    const PlanFeature whole = parts->whole;
    uint32_t count = plan_get(l, parts->number.var)->count, cells = 3;
    PlanLookup lookup = {.source_count = whole.count + 1, .sources = {parts->number.var}};
    if (whole.count + 1 > PLAN_SOURCES) return false;
    uint32_t *classes = ARENA_ARRAY(l->scratch, uint32_t, count);
    for (uint32_t v = 0; v < count; v++)
        classes[v] = (uint32_t)(corrections[v] + 1);
    lookup.classes[0] = classes;
    lookup.class_counts[0] = 3;
    for (uint32_t i = 0; i < whole.count; i++) {
        uint32_t values = plan_get(l, whole.terms[i].var)->count;
        uint32_t *odd = ARENA_ARRAY(l->scratch, uint32_t, values);
        if (whole.terms[i].var == parts->number.var) return false;
        for (uint32_t v = 0; v < values; v++)
            odd[v] = fmod(whole.terms[i].values[v], 2) != 0;
        lookup.sources[i + 1] = whole.terms[i].var;
        lookup.classes[i + 1] = odd;
        lookup.class_counts[i + 1] = 2;
        cells *= 2;
    }
    uint32_t *result = ARENA_ARRAY(l->scratch, uint32_t, cells);
    for (uint32_t cell = 0; cell < cells; cell++) {
        bool odd = fmod(whole.constant, 2) != 0;
        uint32_t terms = cell % (cells / 3);
        for (uint32_t bits = terms; bits; bits /= 2)
            odd = odd != (bits % 2 == 1);
        result[cell] = odd ? cell / (cells / 3) : 1;
    }
    lookup.result = result;
    static const double values[3] = {-1, 0, 1};
    *out = feature_table(l, plan_lookup(l, id, &lookup, 3, atoms_run(-1, 1, false)), values);
    return true;
}

Form form_rounded_sum(Lowering *l, NodeId id) {
    const Node *node = graph_node(l->graph, id);
    Parts parts;
    if (node->op != OP_ROUND || !parts_of(l, node->args[0], &parts)) return none();
    uint32_t count = form_count(l, &parts.number);
    double *rounded = ARENA_ARRAY(l->scratch, double, count);
    double *corrections = ARENA_ARRAY(l->scratch, double, count);
    bool halves = false;
    for (uint32_t v = 0; v < count; v++) {
        Rounding rounding;
        if (!round_number(&parts, atoms_at(parts.number.atoms, v), &rounding)) return none();
        rounded[v] = rounding.nearest;
        if (rounding.half) corrections[v] = rounding.other - rounding.nearest;
        halves = halves || rounding.half;
    }
    PlanFeature number = feature_table(l, parts.number.var, rounded), odd;
    PlanFeature sum = feature_combine(l, 1, parts.whole, 1, number);
    if (halves) {
        if (!odd_correction(l, id, &parts, corrections, &odd)) return none();
        sum = feature_combine(l, 1, sum, 1, odd);
    }
    return form_of_sum(l, sum, false);
}

/* --- by operation ----------------------------------------------------------------------------- */

Form form_factored(Lowering *l, NodeId id, const Form *args, int arity) {
    for (int i = 0; i < arity; i++) {
        if (!is_plain(&args[i])) return none();
    }
    switch (graph_node(l->graph, id)->op) {
    case OP_MUL: return product_of(l, id, args);
    case OP_MOD: return remainder_of(l, id, args);
    case OP_CHOOSE: return choice_of(l, id, args);
    case OP_AND:
    case OP_OR: return connective_of(l, id, args);
    default: return none();
    }
}
