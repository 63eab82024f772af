/* Bands: a mean that is only compared with constants needs no list of its values, of which there
   are some n^2 / 3 for a greatest length of n. The constants cut the fractions into points and the
   stretches between them, and a stretch is told from its neighbours by its two ends. */
#include "compiler/lower/plan.h"

#include <math.h>
#include <stdlib.h>

enum { BAND_CONSTANTS = 64 }; /* constants that one mean is compared with */

/* Up to here k / d is found near d * c in doubles. */
#define BAND_NUMBER ((double)((int64_t)1 << 50))

/* --- what a mean is compared with ------------------------------------------------------------- */

typedef struct Constants {
    uint32_t count;
    double values[BAND_CONSTANTS];
} Constants;

static bool add_constant(Constants *constants, Atom atom) {
    double value;
    if (atom.kind == ATOM_STRING || atom_failed(atom) || !atom_as_double(atom, &value))
        return false;
    if (!isfinite(value) || constants->count == BAND_CONSTANTS) return false;
    constants->values[constants->count++] = value;
    return true;
}

/* Is the reader no more than a comparison of the mean with constants? Adds them. */
static bool compares(const Lowering *l, const Node *reader, NodeId mean, Constants *constants) {
    if (op_info(reader->op)->use == OPUSE_COMPARES) {
        NodeId other = reader->args[reader->args[0] == mean];
        const Node *against = graph_node(l->graph, other);
        return other != mean && against->op == OP_CONST && add_constant(constants, against->atom);
    }
    switch (reader->op) {
    case OP_CHOOSE:
        return reader->args[1] != mean && reader->args[2] != mean &&
               add_constant(constants, atom_int(0));
    case OP_NOT:
    case OP_INDICATOR:
    case OP_AND:
    case OP_OR: return add_constant(constants, atom_int(0)); /* its truth is asked for */
    case OP_MEMBER:
        for (uint32_t i = 0; i < reader->table->count; i++) {
            if (reader->table->keys[i].kind == ATOM_STRING) continue;
            if (!add_constant(constants, reader->table->keys[i])) return false;
        }
        return true;
    default: return false;
    }
}

static bool reads(const Node *node, NodeId id) {
    for (int i = 0; i < op_info(node->op)->arity; i++) {
        if (node->args[i] == id) return true;
    }
    return false;
}

/* Two means of the same selector: their values may not be needed either. */
static bool compares_means(const Lowering *l, const Node *reader) {
    if (!op_is_comparison(reader->op)) return false;
    const Node *a = graph_node(l->graph, reader->args[0]);
    const Node *b = graph_node(l->graph, reader->args[1]);
    return a->op == OP_AGGREGATE && b->op == OP_AGGREGATE && a->args[0] == b->args[0];
}

MeanUse mean_use(const Lowering *l, NodeId mean) {
    if (mean == l->output) return MEAN_VALUES;
    Constants constants = {0};
    bool perhaps = false, selectors = false;
    for (NodeId id = mean + 1; id <= l->output; id++) {
        const Node *node = graph_node(l->graph, id);
        if (!l->needed[id] || !reads(node, mean)) continue;
        if (node->op == OP_MUL || compares_means(l, node))
            perhaps = true;
        else if (!compares(l, node, mean, &constants))
            return MEAN_VALUES;
        selectors = selectors || op_info(node->op)->kind == OPKIND_SELECTOR;
    }
    if (!perhaps) return MEAN_COMPARED;
    return selectors ? MEAN_VALUES : MEAN_PERHAPS;
}

/* --- fractions next to a constant ------------------------------------------------------------- */

typedef struct Neighbours {
    double below, above; /* the nearest on each side; -INFINITY, INFINITY: none */
    bool there;          /* the constant is one of the values */
} Neighbours;

static void consider(Neighbours *near, double constant, double value) {
    if (value == constant) near->there = true;
    if (value < constant) near->below = fmax(near->below, value);
    if (value > constant) near->above = fmin(near->above, value);
}

/* Among k / d, as doubles have it, with d up to the greatest length, within the mean's range. */
static Neighbours neighbours_of(const Lowering *l, const Form *mean, double constant) {
    Neighbours near = {-INFINITY, INFINITY, false};
    consider(&near, constant, mean->extra);
    for (uint32_t d = 1; d <= l->options->max_length; d++) {
        double least = mean->low * d, most = mean->high * d;
        double middle = fmin(fmax(floor(constant * d), least), most);
        for (double k = fmax(middle - 2, least); k <= fmin(middle + 2, most); k++)
            consider(&near, constant, k / d);
    }
    return near;
}

/* --- the variable ----------------------------------------------------------------------------- */

static int double_order(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

typedef struct Bands {
    uint32_t count;
    double *lows, *highs; /* the least and the greatest value of each, ascending */
} Bands;

static void add_band(Bands *bands, double low, double high) {
    bands->lows[bands->count] = low;
    bands->highs[bands->count++] = high;
}

static Bands bands_between(Lowering *l, const Form *mean, Constants *constants) {
    uint32_t most = 2 * constants->count + 1;
    Bands bands = {0, ARENA_ARRAY(l->scratch, double, most), ARENA_ARRAY(l->scratch, double, most)};
    double low = fmin(mean->low, mean->extra), high = fmax(mean->high, mean->extra);
    qsort(constants->values, constants->count, sizeof(double), double_order);
    for (uint32_t i = 0; i < constants->count; i++) {
        double constant = constants->values[i];
        if (i > 0 && constant == constants->values[i - 1]) continue;
        Neighbours near = neighbours_of(l, mean, constant);
        if (low <= near.below) add_band(&bands, low, near.below);
        if (near.there) add_band(&bands, constant, constant);
        low = near.above;
    }
    if (low <= high) add_band(&bands, low, high);
    return bands;
}

static VarId plan_banded(Lowering *l, NodeId node, VarId mean, const Bands *bands) {
    double shift = plan_get(l, mean)->shift;
    double *lows = ARENA_ARRAY(l->scratch, double, bands->count);
    double *highs = ARENA_ARRAY(l->scratch, double, bands->count);
    Atom *domain = ARENA_ARRAY(l->scratch, Atom, bands->count);
    for (uint32_t b = 0; b < bands->count; b++) {
        lows[b] = bands->lows[b] - shift;
        highs[b] = bands->highs[b] - shift;
        domain[b] = atom_float(bands->lows[b] * plan_get(l, mean)->unit);
    }
    Var var = {.kind = VAR_BANDED,
               .node = node,
               .phase = plan_get(l, mean)->phase,
               .count = bands->count,
               .domain = atoms_listed(domain),
               .readings = lows,
               .highs = highs,
               .error = plan_get(l, mean)->error,
               .source = mean};
    return plan_var(l, &var);
}

static bool same_bands(const Lowering *l, const Var *var, VarId mean, const Bands *bands) {
    if (var->kind != VAR_BANDED || var->source != mean || var->count != bands->count) return false;
    for (uint32_t b = 0; b < bands->count; b++) {
        double shift = plan_get(l, mean)->shift;
        if (var->readings[b] != bands->lows[b] - shift || var->highs[b] != bands->highs[b] - shift)
            return false;
    }
    return true;
}

static Form bands_of(Lowering *l, NodeId node, const Form *mean, Constants *constants) {
    double range = fmax(fabs(mean->low), fabs(mean->high)) * l->options->max_length;
    if (range > BAND_NUMBER) return (Form){.kind = FORM_NONE};
    for (uint32_t i = 0; i < constants->count; i++) {
        constants->values[i] /= plan_get(l, mean->var)->unit;
        if (!isfinite(constants->values[i])) return (Form){.kind = FORM_NONE};
    }
    Bands bands = bands_between(l, mean, constants);
    VarId var = 0;
    while (var < l->var_count && !same_bands(l, plan_get(l, var), mean->var, &bands))
        var++;
    if (var == l->var_count) var = plan_banded(l, node, mean->var, &bands);
    return form_table(var, plan_get(l, var)->domain);
}

Form form_bands(Lowering *l, NodeId node, const Form *mean, NodeId reader) {
    Constants constants = {0};
    if (reader != NO_NODE && !compares(l, graph_node(l->graph, reader), node, &constants))
        return (Form){.kind = FORM_NONE};
    /* All readers' constants together make one variable. */
    for (NodeId id = node + 1; id <= l->output; id++) {
        const Node *other = graph_node(l->graph, id);
        uint32_t count = constants.count;
        if (id == reader || !l->needed[id] || !reads(other, node)) continue;
        if (!compares(l, other, node, &constants)) constants.count = count;
    }
    return bands_of(l, node, mean, &constants);
}

Form form_sign(Lowering *l, NodeId node, const Form *mean) {
    Constants zero = {1, {0}};
    return bands_of(l, node, mean, &zero);
}
