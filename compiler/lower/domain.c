/* Variables, their domains, and numeric features over them. */
#include "compiler/lower/plan.h"

#include "runtime/base/bug.h"
#include "runtime/graph/formula.h"

#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_COLUMNS = 60 }; /* of a formula in a message */

VarId plan_var(Lowering *l, const Var *var) {
    if (l->var_count == l->var_capacity) {
        uint32_t capacity = l->var_capacity ? 2 * l->var_capacity : 32;
        l->vars = arena_grow(l->scratch, l->vars, l->var_count, capacity, sizeof(Var));
        l->var_capacity = capacity;
    }
    l->vars[l->var_count] = *var;
    return l->var_count++;
}

VarId plan_token(Lowering *l) {
    (void)l;
    return 0;
}

VarId plan_position(Lowering *l) {
    (void)l;
    return 1;
}

/* --- features ------------------------------------------------------------------------------------
 */

PlanFeature feature_constant(double value) { return (PlanFeature){.constant = value}; }

/* A term whose values are all equal is a constant. */
static bool values_constant(const double *values, uint32_t count) {
    for (uint32_t v = 1; v < count; v++) {
        if (values[v] != values[0]) return false;
    }
    return true;
}

PlanFeature feature_table(Lowering *l, VarId var, const double *values) {
    uint32_t count = plan_get(l, var)->count;
    if (count == 0) return feature_constant(0); /* no input gives it a value */
    if (values_constant(values, count)) return feature_constant(values[0]);
    PlanTerm *term = ARENA_NEW(l->scratch, PlanTerm);
    *term = (PlanTerm){var, values};
    return (PlanFeature){.count = 1, .terms = term};
}

PlanFeature feature_own(Lowering *l, VarId var, double *values) {
    uint32_t count = plan_get(l, var)->count;
    if (count == 0 || values_constant(values, count)) {
        double constant = count == 0 ? 0 : values[0];
        arena_give_back(l->scratch, values, count * sizeof(double));
        return feature_constant(constant);
    }
    return feature_table(l, var, plan_keep_numbers(l, values, count));
}

Atoms plan_keep_atoms(Lowering *l, Atom *atoms, uint32_t count) {
    size_t bytes = count * sizeof(Atom);
    Atoms shortened = atoms_shortened(atoms, count);
    if (!atoms_is_run(shortened))
        return atoms_listed(keep_array(&l->kept, l->scratch, atoms, bytes));
    arena_give_back(l->scratch, atoms, bytes);
    return shortened;
}

const double *plan_progression(Lowering *l, double first, double step, bool squared,
                               uint32_t count) {
    if (first == 0) first = 0; /* no negative zero */
    for (uint32_t i = 0; i < l->progression_count; i++) {
        const Progression *p = &l->progressions[i];
        if (p->first == first && p->step == step && p->squared == squared && p->count >= count)
            return p->values;
    }
    /* Widths begin at 0 or at 1, and are listed from the greatest down: one list will do. */
    if (count == l->options->max_length) count++;
    double *values = ARENA_ARRAY(l->scratch, double, count);
    for (uint32_t v = 0; v < count; v++) {
        double number = first + v * step;
        values[v] = squared ? number * number : number;
    }
    if (l->progression_count == l->progression_capacity) {
        uint32_t capacity = l->progression_capacity ? 2 * l->progression_capacity : 16;
        l->progressions = arena_grow(l->scratch, l->progressions, l->progression_count, capacity,
                                     sizeof(Progression));
        l->progression_capacity = capacity;
    }
    l->progressions[l->progression_count++] = (Progression){first, step, squared, count, values};
    return values;
}

const Progression *progression_of(const Lowering *l, const double *values) {
    for (uint32_t i = 0; i < l->progression_count; i++) {
        const Progression *p = &l->progressions[i];
        if (p->values == values && !p->squared) return p;
    }
    return NULL;
}

const double *plan_keep_numbers(Lowering *l, double *numbers, uint32_t count) {
    return keep_array(&l->kept, l->scratch, numbers, count * sizeof(double));
}

/* The term a * x + b * y where that is a progression; x or y may be NULL for none. False: it is no
   such thing. */
static bool progression_combine(Lowering *l, VarId var, double a, const double *x, double b,
                                const double *y, PlanFeature *out) {
    const Progression none = {0}, *p = x ? progression_of(l, x) : &none;
    const Progression *q = y ? progression_of(l, y) : &none;
    if (!p || !q || a != floor(a) || b != floor(b)) return false;
    double first = a * p->first + b * q->first, step = a * p->step + b * q->step;
    uint32_t count = plan_get(l, var)->count;
    if (fmax(fabs(first), fabs(first + step * count)) > PLAN_NUMBER) return false;
    *out = step == 0 ? feature_constant(first)
                     : feature_table(l, var, plan_progression(l, first, step, false, count));
    return true;
}

/* a * x + b * y, either of which may be NULL for none. */
static double *values_combine(Lowering *l, VarId var, double a, const double *x, double b,
                              const double *y) {
    uint32_t count = plan_get(l, var)->count;
    double *out = ARENA_ARRAY(l->scratch, double, count);
    for (uint32_t v = 0; v < count; v++) {
        out[v] = (x ? a * x[v] : 0) + (y ? b * y[v] : 0);
        if (out[v] == 0) out[v] = 0; /* no negative zero */
    }
    return out;
}

PlanFeature feature_combine(Lowering *l, double a, PlanFeature x, double b, PlanFeature y) {
    PlanTerm *terms = ARENA_ARRAY(l->scratch, PlanTerm, x.count + y.count);
    PlanFeature out = {.constant = a * x.constant + b * y.constant, .terms = terms};
    for (uint32_t i = 0, j = 0; i < x.count || j < y.count;) {
        bool from_x = j == y.count || (i < x.count && x.terms[i].var <= y.terms[j].var);
        bool from_y = i == x.count || (j < y.count && y.terms[j].var <= x.terms[i].var);
        VarId var = from_x ? x.terms[i].var : y.terms[j].var;
        const double *left = from_x ? x.terms[i].values : NULL;
        const double *right = from_y ? y.terms[j].values : NULL;
        PlanFeature part;
        if (!progression_combine(l, var, a, left, b, right, &part))
            part = feature_own(l, var, values_combine(l, var, a, left, b, right));
        out.constant += part.constant;
        if (part.count > 0) terms[out.count++] = part.terms[0];
        i += from_x;
        j += from_y;
    }
    return out;
}

bool feature_equal(const Lowering *l, PlanFeature x, PlanFeature y) {
    if (x.constant != y.constant || x.count != y.count) return false;
    for (uint32_t i = 0; i < x.count; i++) {
        if (x.terms[i].var != y.terms[i].var) return false;
        size_t bytes = plan_get(l, x.terms[i].var)->count * sizeof(double);
        if (x.terms[i].values != y.terms[i].values &&
            memcmp(x.terms[i].values, y.terms[i].values, bytes) != 0)
            return false;
    }
    return true;
}

static void term_range(const Lowering *l, const PlanTerm *term, double *low, double *high) {
    const double *values = term->values;
    uint32_t count = plan_get(l, term->var)->count;
    bool ends = count > 1 && progression_of(l, values); /* will do */
    uint32_t step = ends ? count - 1 : 1;
    *low = INFINITY, *high = -INFINITY;
    for (uint32_t v = 0; v < count; v += step) {
        if (values[v] < *low) *low = values[v];
        if (values[v] > *high) *high = values[v];
    }
}

/* The range of length term + position term over what can occur together: position < length. */
static void length_range(const Lowering *l, const PlanTerm *length, const PlanTerm *position,
                         double *low, double *high) {
    const Var *var = plan_get(l, length->var);
    double position_low = INFINITY, position_high = -INFINITY;
    *low = INFINITY, *high = -INFINITY;
    for (uint32_t n = 1; n <= l->options->max_length; n++) {
        double p = position->values[n - 1];
        if (p < position_low) position_low = p;
        if (p > position_high) position_high = p;
        double value = length->values[var->count - n]; /* the domain runs from the longest down */
        if (value + position_low < *low) *low = value + position_low;
        if (value + position_high > *high) *high = value + position_high;
    }
}

void feature_range(const Lowering *l, PlanFeature feature, double *low, double *high) {
    const PlanTerm *length = NULL, *position = NULL;
    for (uint32_t i = 0; i < feature.count; i++) {
        if (plan_get(l, feature.terms[i].var)->length) length = &feature.terms[i];
        if (plan_get(l, feature.terms[i].var)->kind == VAR_POSITION) position = &feature.terms[i];
    }
    *low = *high = feature.constant;
    if (length && position) {
        double a, b;
        length_range(l, length, position, &a, &b);
        *low += a, *high += b;
    }
    for (uint32_t i = 0; i < feature.count; i++) {
        const PlanTerm *term = &feature.terms[i];
        if (length && position && (term == length || term == position)) continue;
        double a, b;
        term_range(l, term, &a, &b);
        *low += a, *high += b;
    }
}

uint32_t feature_phase(const Lowering *l, PlanFeature feature) {
    uint32_t phase = 0;
    for (uint32_t i = 0; i < feature.count; i++) {
        uint32_t p = plan_get(l, feature.terms[i].var)->phase;
        if (p > phase) phase = p;
    }
    return phase;
}

/* --- stepped sums ----------------------------------------------------------------------------- */

/* A stepped variable of the sum with so many values from low to high; NO_VAR: there is none yet. */
static VarId stepped_before(const Lowering *l, PlanFeature input, double low, double high,
                            uint32_t count, bool floating) {
    for (VarId id = 0; id < l->var_count; id++) {
        const Var *var = plan_get(l, id);
        if (var->kind == VAR_STEPPED && var->count == count && var->readings[0] == low &&
            var->highs[count - 1] == high &&
            (atoms_at(var->domain, 0).kind == ATOM_FLOAT) == floating &&
            feature_equal(l, var->input, input))
            return id;
    }
    return NO_VAR;
}

/* Of whole numbers, as ints or floats. */
static Atoms whole_atoms(Lowering *l, const double *numbers, uint32_t count, bool floating) {
    const Progression *p = count < 2 ? NULL : progression_of(l, numbers);
    if (p && p->step != 0) return atoms_run((int64_t)p->first, (int64_t)p->step, floating);
    Atom *atoms = ARENA_ARRAY(l->scratch, Atom, count);
    for (uint32_t v = 0; v < count; v++)
        atoms[v] = floating ? atom_float(numbers[v]) : atom_int((int64_t)numbers[v]);
    return plan_keep_atoms(l, atoms, count);
}

/* Value v is whatever the sum has from lows[v] to highs[v]. */
static VarId stepped_new(Lowering *l, NodeId node, PlanFeature input, const double *lows,
                         const double *highs, uint32_t count, bool floating) {
    Var var = {.kind = VAR_STEPPED,
               .node = node,
               .phase = feature_phase(l, input),
               .count = count,
               .domain = whole_atoms(l, lows, count, floating),
               .readings = lows,
               .highs = highs,
               .input = input};
    return plan_var(l, &var);
}

VarId plan_stepped(Lowering *l, NodeId node, PlanFeature input, double low, double high,
                   bool floating) {
    if (high - low + 1 > PLAN_DOMAIN) return NO_VAR;
    uint32_t count = (uint32_t)(high - low) + 1;
    VarId before = stepped_before(l, input, low, high, count, floating);
    if (before != NO_VAR) return before;
    const double *readings = plan_progression(l, low, 1, false, count);
    return stepped_new(l, node, input, readings, readings, count, floating);
}

VarId plan_wide_signs(Lowering *l, NodeId node, PlanFeature input, double low, double high,
                      bool floating) {
    double *lows = ARENA_ARRAY(l->scratch, double, 3), *highs = ARENA_ARRAY(l->scratch, double, 3);
    const double bounds[3][2] = {{low, fmin(high, -1)}, {0, 0}, {fmax(low, 1), high}};
    uint32_t count = 0;
    for (int sign = 0; sign < 3; sign++) {
        if (bounds[sign][0] > bounds[sign][1] || bounds[sign][0] < low || bounds[sign][1] > high)
            continue;
        lows[count] = bounds[sign][0];
        highs[count++] = bounds[sign][1];
    }
    VarId before = stepped_before(l, input, low, high, count, floating);
    return before != NO_VAR ? before : stepped_new(l, node, input, lows, highs, count, floating);
}

VarId plan_signs(Lowering *l, NodeId node, PlanFeature input, double low, double high,
                 bool floating) {
    if (high - low + 1 > PLAN_DOMAIN) return NO_VAR;
    VarId before = stepped_before(l, input, low, high, (uint32_t)(high - low) + 1, floating);
    return before != NO_VAR ? before : plan_wide_signs(l, node, input, low, high, floating);
}

/* --- fractions -------------------------------------------------------------------------------- */

static int64_t greatest_common_divisor(int64_t a, int64_t b) {
    while (b) {
        int64_t rest = a % b;
        a = b;
        b = rest;
    }
    return a < 0 ? -a : a;
}

static int double_compare(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

uint32_t plan_fractions(Lowering *l, int64_t low, int64_t high, const double *extra,
                        const double **readings) {
    uint32_t count = 0, capacity = 256;
    double *out = ARENA_ARRAY(l->scratch, double, capacity);
    for (int64_t d = 1; d <= l->options->max_length; d++) {
        for (int64_t k = low * d; k <= high * d; k++) {
            if (greatest_common_divisor(k, d) != 1) continue;
            if (count == PLAN_FRACTIONS) return 0;
            if (count == capacity) {
                out = arena_grow(l->scratch, out, count, 2 * (size_t)capacity, sizeof(double));
                capacity *= 2;
            }
            out[count++] = (double)k / (double)d;
        }
    }
    qsort(out, count, sizeof(double), double_compare);
    bool there = extra == NULL;
    for (uint32_t v = 0; v < count && !there; v++)
        there = out[v] == *extra;
    if (!there) {
        out = arena_grow(l->scratch, out, count, (size_t)count + 1, sizeof(double));
        out[count++] = *extra;
        qsort(out, count, sizeof(double), double_compare);
    }
    *readings = out;
    return count;
}

/* --- messages --------------------------------------------------------------------------------- */

const char *plan_text(Lowering *l, const char *format, ...) {
    char text[512];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return arena_strndup(l->scratch, text, strlen(text));
}

const char *plan_name(Lowering *l, NodeId node) {
    if (node == NO_NODE) return "a value";
    const String *name = graph_name_of(l->graph, node);
    if (name) return plan_text(l, "'%.*s'", (int)(name->len > 60 ? 60 : name->len), name->bytes);
    Buffer formula = {0};
    graph_formula(l->graph, node, FORMULA_RASP, NAME_COLUMNS, &formula);
    const char *text = plan_text(l, "'%s'", formula.data);
    buffer_free(&formula);
    return text;
}
