/* Forms of element-wise nodes. A function of one variable is a table and costs nothing; a sum of
   whole numbers costs nothing; a test of a sum is a table over its steps; anything else over two or
   three variables is a look-up. */
#include "compiler/lower/plan.h"

#include <float.h>
#include <math.h>
#include <string.h>

/* --- forms ---------------------------------------------------------------------------------------- */

Form form_refused(NodeId at, const char *why) {
    return (Form){.kind = FORM_REFUSED, .refused_at = at, .why = why, .var = NO_VAR};
}

Form form_table(VarId var, const Atom *atoms) {
    return (Form){.kind = FORM_TABLE, .var = var, .atoms = atoms};
}

Form form_constant(Lowering *l, Atom atom) {
    Atom *atoms = ARENA_NEW(l->scratch, Atom);
    *atoms = atom;
    return form_table(NO_VAR, atoms);
}

uint32_t form_count(const Lowering *l, const Form *form) {
    return form->var == NO_VAR ? 1 : plan_get(l, form->var)->count;
}

Form form_of_sum(Lowering *l, PlanFeature sum, bool floating) {
    Form form = {.kind = FORM_SUM, .var = NO_VAR, .sum = sum, .floating = floating};
    feature_range(l, sum, &form.low, &form.high);
    return form;
}

bool form_as_sum(Lowering *l, const Form *form, Form *sum) {
    if (form->kind == FORM_SUM) {
        *sum = *form;
        return true;
    }
    if (form->kind != FORM_TABLE) return false;
    uint32_t count = form_count(l, form), floats = 0;
    double *values = ARENA_ARRAY(l->scratch, double, count);
    for (uint32_t v = 0; v < count; v++) {
        if (atom_failed(form->atoms[v])) continue;
        if (!atom_whole(form->atoms[v], &values[v])) return false;
        floats += form->atoms[v].kind == ATOM_FLOAT;
    }
    PlanFeature feature = form->var == NO_VAR ? feature_constant(values[0])
                                              : feature_table(l, form->var, values);
    *sum = form_of_sum(l, feature, floats > 0);
    sum->noise = form->noise;
    sum->counter = form->counter;
    return true;
}

/* A sum over one variable is a table without any steps. */
static Form sum_of_one_variable(Lowering *l, const Form *form) {
    VarId var = form->sum.count ? form->sum.terms[0].var : NO_VAR;
    uint32_t count = var == NO_VAR ? 1 : plan_get(l, var)->count;
    Atom *atoms = ARENA_ARRAY(l->scratch, Atom, count);
    for (uint32_t v = 0; v < count; v++) {
        double value = form->sum.constant + (form->sum.count ? form->sum.terms[0].values[v] : 0);
        atoms[v] = form->floating ? atom_float(value) : atom_int((int64_t)value);
    }
    return form_table(var, atoms);
}

bool form_as_table(Lowering *l, NodeId node, const Form *form, Form *table) {
    if (form->kind == FORM_TABLE) {
        *table = *form;
        return true;
    }
    if (form->kind != FORM_SUM) return false;
    if (form->sum.count <= 1) {
        *table = sum_of_one_variable(l, form);
    } else {
        VarId var = plan_stepped(l, node, form->sum, form->low, form->high, form->floating);
        if (var == NO_VAR) return false;
        *table = form_table(var, plan_get(l, var)->domain);
    }
    table->noise = form->noise;
    table->counter = form->counter;
    return true;
}

void plan_trap(Lowering *l, NodeId node, const Form *form, const uint8_t *bits, DiagId id,
               const String *why) {
    if (l->trap_count == l->trap_capacity) {
        uint32_t capacity = l->trap_capacity ? 2 * l->trap_capacity : 8;
        l->traps = arena_grow(l->scratch, l->traps, l->trap_count, capacity, sizeof(PlanTrap));
        l->trap_capacity = capacity;
    }
    l->traps[l->trap_count++] = (PlanTrap){node, form->var, bits, id, why};
}

/* --- tables ------------------------------------------------------------------------------------------ */

/* What the definition may compute where the noise-free value is a: a itself, or a neighbour. */
static uint32_t noisy_versions(Atom a, Noise noise, Atom versions[3]) {
    versions[0] = a;
    double value;
    if (noise == NOISE_NONE || atom_failed(a) || !atom_as_double(a, &value)) return 1;
    if (noise == NOISE_NOT_AT_ZERO && value == 0) return 1;
    double step = fabs(value) * 4 * DBL_EPSILON + (noise == NOISE_ANYWHERE ? 1e-12 : 0);
    versions[1] = atom_float(value - step);
    versions[2] = atom_float(value + step);
    return 3;
}

static bool atoms_close(Atom a, Atom b) {
    double x, y;
    if (atom_failed(a) || atom_failed(b)) return atom_failed(a) && atom_failed(b);
    if (atom_equal(a, b)) return true;
    if (a.kind != ATOM_FLOAT && b.kind != ATOM_FLOAT) return false;
    if (!atom_as_double(a, &x) || !atom_as_double(b, &y)) return false;
    return fabs(x - y) <= 1e-9 * fmax(1, fabs(x));
}

/* Sets *noise to what is left of it after the operation; false: the noise decides the result. */
static bool noise_passes(Lowering *l, const Node *node, const Atom *args, Noise noise, int noisy,
                         Atom result, bool *left) {
    Atom versions[3], changed[3];
    uint32_t count = noisy_versions(args[noisy], noise, versions);
    for (uint32_t i = 1; i < count; i++) {
        memcpy(changed, args, sizeof changed);
        changed[noisy] = versions[i];
        DiagId id;
        Atom other = element_apply(l->scratch, node, changed, &id);
        if (!atoms_close(result, other)) return false;
        if (!atom_equal(result, other)) *left = true;
    }
    return true;
}

static const char *const noise_text =
    "a count times a mean rounds twice (49 * (1 / 49) is not 1), and here the rounding could "
    "decide; round() it first, or use a smaller greatest length";

/* A table over the variable that all table arguments share. */
static Form element_table(Lowering *l, NodeId id, const Form *args, int arity, VarId var) {
    const Node *node = graph_node(l->graph, id);
    uint32_t count = var == NO_VAR ? 1 : plan_get(l, var)->count;
    Atom *atoms = ARENA_ARRAY(l->scratch, Atom, count);
    uint8_t *fails = ARENA_ARRAY(l->scratch, uint8_t, count);
    const String *why = NULL;
    DiagId failure = DIAG_TYPE, reported = DIAG_TYPE;
    bool noise_left = false;
    Form form = form_table(var, atoms);
    for (uint32_t v = 0; v < count; v++) {
        Atom values[3] = {{0}};
        bool failed_before = false;
        for (int i = 0; i < arity; i++) {
            values[i] = args[i].atoms[args[i].var == NO_VAR ? 0 : v];
            failed_before = failed_before || atom_failed(values[i]);
        }
        atoms[v] = element_apply(l->scratch, node, values, &failure);
        if (atom_failed(atoms[v]) && !failed_before) {
            fails[v] = 1;
            reported = failure;
            why = atoms[v].as.string;
        }
        for (int i = 0; i < arity; i++) {
            if (args[i].noise == NOISE_NONE) continue;
            form.counter = args[i].counter;
            if (!noise_passes(l, node, values, args[i].noise, i, atoms[v], &noise_left))
                return form_refused(id, noise_text);
        }
    }
    if (noise_left) form.noise = NOISE_ANYWHERE;
    bool constant = true;
    for (uint32_t v = 1; v < count && constant; v++)
        constant = fails[v] == fails[0] && atom_identical(atoms[v], atoms[0]);
    if (constant) form.var = NO_VAR;
    if (why) plan_trap(l, id, &form, fails, reported, why);
    return form;
}

/* --- sums -------------------------------------------------------------------------------------------- */

static Form refuse_large(Lowering *l, NodeId id) {
    return form_refused(id, plan_text(l, "%s can reach numbers beyond %.0f", plan_name(l, id),
                                      PLAN_NUMBER));
}

/* Noise of a sum. Two totals over the same count are rounded alike, so that their difference is 0
   exactly when they are equal. */
static void sum_noise(const Form *a, const Form *b, double sign, Form *out) {
    out->noise = NOISE_NONE;
    if (a->noise == NOISE_NONE && b->noise == NOISE_NONE) return;
    bool alike = a->noise == NOISE_NOT_AT_ZERO && b->noise == NOISE_NOT_AT_ZERO && sign < 0 &&
                 a->counter == b->counter && a->sum.count == 1 && b->sum.count == 1;
    const Form *noisy = a->noise != NOISE_NONE ? a : b, *other = a->noise != NOISE_NONE ? b : a;
    bool nothing_added = other->sum.count == 0 && other->sum.constant == 0;
    out->noise = alike ? NOISE_NOT_AT_ZERO : nothing_added ? noisy->noise : NOISE_ANYWHERE;
    out->counter = noisy->counter;
}

static Form sum_combine(Lowering *l, NodeId id, double a, const Form *x, double b, const Form *y) {
    Form out = form_of_sum(l, feature_combine(l, a, x->sum, b, y->sum),
                           x->floating || y->floating);
    sum_noise(x, y, a * b, &out);
    if (out.low < -PLAN_NUMBER || out.high > PLAN_NUMBER) return refuse_large(l, id);
    return out;
}

static bool is_constant(const Form *form) {
    return form->kind == FORM_TABLE && form->var == NO_VAR;
}

/* The node as a sum of its arguments, if it is one. */
static Form element_sum(Lowering *l, NodeId id, const Form *args, int arity) {
    const Node *node = graph_node(l->graph, id);
    Form sums[3], zero = form_of_sum(l, feature_constant(0), false);
    for (int i = 0; i < arity; i++) {
        if (!form_as_sum(l, &args[i], &sums[i])) return (Form){.kind = FORM_NONE};
    }
    switch (node->op) {
    case OP_POS: return sum_combine(l, id, 1, &sums[0], 1, &zero);
    case OP_NEG: return sum_combine(l, id, -1, &sums[0], 1, &zero);
    case OP_ADD: return sum_combine(l, id, 1, &sums[0], 1, &sums[1]);
    case OP_SUB: return sum_combine(l, id, 1, &sums[0], -1, &sums[1]);
    case OP_ROUND: {
        Form rounded = sums[0];
        rounded.floating = false;
        rounded.noise = NOISE_NONE;
        return rounded;
    }
    case OP_MUL:
        for (int i = 0; i < 2; i++) {
            if (!is_constant(&args[i])) continue;
            zero.floating = sums[i].floating;
            Form out = sum_combine(l, id, sums[i].sum.constant, &sums[1 - i], 0, &zero);
            return out;
        }
        return (Form){.kind = FORM_NONE};
    default: return (Form){.kind = FORM_NONE};
    }
}

/* --- comparisons of two sums ------------------------------------------------------------------------------ */

static bool is_comparison(GraphOp op) {
    return op == OP_EQ || op == OP_LT || op == OP_LE || op == OP_GT || op == OP_GE;
}

/* a op b as a table over the steps of a - b. */
static Form element_comparison(Lowering *l, NodeId id, const Form *args) {
    Form a, b, table, zero = form_constant(l, atom_int(0));
    if (!form_as_sum(l, &args[0], &a) || !form_as_sum(l, &args[1], &b))
        return (Form){.kind = FORM_NONE};
    Form difference = sum_combine(l, id, 1, &a, -1, &b);
    if (difference.kind == FORM_REFUSED) return difference;
    if (!form_as_table(l, id, &difference, &table)) return (Form){.kind = FORM_NONE};
    Form against[3] = {table, zero, {0}};
    return element_table(l, id, against, 2, table.var);
}

/* --- look-ups over several variables ------------------------------------------------------------------------- */

VarId plan_lookup(Lowering *l, NodeId node, const PlanLookup *lookup, uint32_t count,
                  const Atom *domain) {
    uint32_t phase = 0;
    for (uint32_t s = 0; s < lookup->source_count; s++) {
        uint32_t p = plan_get(l, lookup->sources[s])->phase;
        if (p > phase) phase = p;
    }
    Var var = {.kind = VAR_LOOKUP,
               .node = node,
               .phase = phase,
               .count = count,
               .domain = domain,
               .lookup = *lookup};
    return plan_var(l, &var);
}

/* Number of the atom in a growing list of distinct ones. */
static uint32_t atom_number(Atom *list, uint32_t *count, Atom atom) {
    for (uint32_t i = 0; i < *count; i++) {
        if (atom_identical(list[i], atom) ||
            (atom_failed(list[i]) && atom_failed(atom)))
            return i;
    }
    list[*count] = atom;
    return (*count)++;
}

/* Classes of a source: values on which every argument over it has the same atom. *reps: one value
   a class. 0: more than PLAN_CELLS. */
static uint32_t source_classes(Lowering *l, VarId source, const Form *args, int arity,
                               uint32_t *classes, uint32_t *reps) {
    uint32_t count = plan_get(l, source)->count, found = 0;
    for (uint32_t v = 0; v < count; v++) {
        uint32_t c = 0;
        for (; c < found; c++) {
            bool same = true;
            for (int i = 0; i < arity && same; i++) {
                if (args[i].var == source)
                    same = atom_identical(args[i].atoms[v], args[i].atoms[reps[c]]);
            }
            if (same) break;
        }
        if (c == found) {
            if (found == PLAN_CELLS) return 0;
            reps[found++] = v;
        }
        classes[v] = c;
    }
    return found;
}

static Form refuse_cells(Lowering *l, NodeId id) {
    return form_refused(
        id, plan_text(l, "%s depends on several values together, in more than %d combinations",
                      plan_name(l, id), PLAN_CELLS));
}

static Form element_lookup(Lowering *l, NodeId id, const Form *args, int arity,
                           const VarId *sources, uint32_t source_count) {
    const Node *node = graph_node(l->graph, id);
    PlanLookup lookup = {.source_count = source_count};
    uint32_t *reps[3], cells = 1;
    for (uint32_t s = 0; s < source_count; s++) {
        uint32_t count = plan_get(l, sources[s])->count;
        uint32_t *classes = ARENA_ARRAY(l->scratch, uint32_t, count);
        reps[s] = ARENA_ARRAY(l->scratch, uint32_t, count);
        lookup.sources[s] = sources[s];
        lookup.class_counts[s] = source_classes(l, sources[s], args, arity, classes, reps[s]);
        lookup.classes[s] = classes;
        if (lookup.class_counts[s] == 0 || lookup.class_counts[s] > PLAN_CELLS / cells)
            return refuse_cells(l, id);
        cells *= lookup.class_counts[s];
    }
    uint32_t *result = ARENA_ARRAY(l->scratch, uint32_t, cells), count = 0;
    Atom *domain = ARENA_ARRAY(l->scratch, Atom, cells);
    bool fails_afresh = false;
    DiagId failure = DIAG_TYPE;
    for (uint32_t cell = 0; cell < cells; cell++) {
        Atom values[3] = {{0}};
        bool failed_before = false;
        for (int i = 0; i < arity; i++) {
            uint32_t at = 0, rest = cell;
            for (uint32_t s = source_count; s-- > 0; rest /= lookup.class_counts[s]) {
                if (args[i].var == sources[s]) at = reps[s][rest % lookup.class_counts[s]];
            }
            values[i] = args[i].atoms[at];
            failed_before = failed_before || atom_failed(values[i]);
        }
        Atom atom = element_apply(l->scratch, node, values, &failure);
        fails_afresh = fails_afresh || (atom_failed(atom) && !failed_before);
        result[cell] = atom_number(domain, &count, atom);
    }
    lookup.result = result;
    VarId var = plan_lookup(l, id, &lookup, count, domain);
    Form form = form_table(var, domain);
    if (fails_afresh) {
        uint8_t *fails = ARENA_ARRAY(l->scratch, uint8_t, count);
        const String *why = NULL;
        for (uint32_t v = 0; v < count; v++) {
            fails[v] = atom_failed(domain[v]);
            if (fails[v]) why = domain[v].as.string;
        }
        plan_trap(l, id, &form, fails, failure, why);
    }
    return form;
}

/* --- one node ------------------------------------------------------------------------------------------------------ */

static uint32_t distinct_sources(const Form *args, int arity, VarId sources[3]) {
    uint32_t count = 0;
    for (int i = 0; i < arity; i++) {
        if (args[i].var == NO_VAR) continue;
        uint32_t s = 0;
        while (s < count && sources[s] != args[i].var) s++;
        if (s == count) sources[count++] = args[i].var;
    }
    return count;
}

/* What the input node reads, as an argument. */
static Form input_form(Lowering *l, const Node *node) {
    VarId var = node->op == OP_INDICES ? plan_position(l) : plan_token(l);
    return form_table(var, plan_get(l, var)->domain);
}

Form form_element(Lowering *l, NodeId id) {
    const Node *node = graph_node(l->graph, id);
    int arity = op_info(node->op)->arity;
    Form args[3] = {{0}}, form;
    if (op_info(node->op)->kind == OPKIND_INPUT) {
        args[0] = input_form(l, node);
        return element_table(l, id, args, 1, args[0].var);
    }
    bool all_tables = true;
    for (int i = 0; i < arity; i++) {
        args[i] = l->forms[node->args[i]];
        if (args[i].kind == FORM_REFUSED) return args[i];
        if (args[i].kind == FORM_FRACTION)
            return form_refused(node->args[i],
                                plan_text(l, "%s is a mean with too many possible values to "
                                             "compute with; as an output it would do",
                                          plan_name(l, node->args[i])));
        all_tables = all_tables && args[i].kind == FORM_TABLE;
    }
    VarId sources[3];
    if (all_tables && distinct_sources(args, arity, sources) <= 1)
        return element_table(l, id, args, arity,
                             distinct_sources(args, arity, sources) ? sources[0] : NO_VAR);
    form = element_sum(l, id, args, arity);
    if (form.kind != FORM_NONE) return form;
    if (is_comparison(node->op)) form = element_comparison(l, id, args);
    if (form.kind != FORM_NONE) return form;
    for (int i = 0; i < arity; i++) {
        if (!form_as_table(l, node->args[i], &args[i], &args[i])) return refuse_cells(l, id);
    }
    uint32_t count = distinct_sources(args, arity, sources);
    if (count <= 1) return element_table(l, id, args, arity, count ? sources[0] : NO_VAR);
    for (int i = 0; i < arity; i++) {
        if (args[i].noise != NOISE_NONE) return form_refused(id, noise_text);
    }
    return element_lookup(l, id, args, arity, sources, count);
}
