/* Forms of element-wise nodes. A function of one variable is a table and costs nothing; a sum of
   whole numbers costs nothing; a test of a sum is a table over its steps; anything else over two or
   three variables is a look-up. */
#include "compiler/lower/plan.h"

#include <float.h>
#include <math.h>
#include <string.h>

enum { ELEMENT_CELLS = 1024 }; /* a look-up with more cells is taken apart, where that can be */

/* --- tables ----------------------------------------------------------------------------------- */

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

/* The argument's atom when the variable has value v. */
static Atom argument_at(const Form *arg, uint32_t v, bool exact) {
    uint32_t at = arg->var == NO_VAR ? 0 : v;
    return exact && arg->exact ? atoms_at(arg->alternative, at) : atoms_at(arg->atoms, at);
}

/* One version of a table: with what its arguments are where their kind is exact, or elsewhere. */
typedef struct Version {
    Atom *atoms;
    uint8_t *fails; /* where the operation itself fails */
    Failures failures;
    bool noise_left, noise_decides, kind_decides;
} Version;

/* Does every argument have the atom that it has on the value before? */
static bool repeats(const Form *args, int arity, uint32_t v, bool exact) {
    bool alike = v > 0;
    for (int i = 0; i < arity && alike; i++)
        alike = args[i].var == NO_VAR ||
                atoms_alike(argument_at(&args[i], v, exact), argument_at(&args[i], v - 1, exact));
    return alike;
}

/* Tables of many values are mostly of bools, in long runs. */
static Version table_version(Lowering *l, const Node *node, const Form *args, int arity,
                             uint32_t count, bool exact) {
    Version out = {.atoms = ARENA_ARRAY(l->scratch, Atom, count),
                   .fails = ARENA_ARRAY(l->scratch, uint8_t, count)};
    DiagId failure = DIAG_TYPE;
    for (uint32_t v = 0; v < count; v++) {
        Atom values[3] = {{0}};
        bool failed_before = false;
        if (repeats(args, arity, v, exact)) {
            out.atoms[v] = out.atoms[v - 1];
            out.fails[v] = out.fails[v - 1];
            continue;
        }
        for (int i = 0; i < arity; i++) {
            values[i] = argument_at(&args[i], v, exact);
            failed_before = failed_before || atom_failed(values[i]);
        }
        out.atoms[v] = element_apply(l->scratch, node, values, &failure);
        out.kind_decides = out.kind_decides || kind_decides(l->scratch, node, args, arity, values);
        if (atom_failed(out.atoms[v]) && !failed_before) {
            out.fails[v] = 1;
            failures_add(&out.failures, out.atoms[v], failure);
        }
        for (int i = 0; i < arity; i++) {
            if (args[i].noise == NOISE_NONE) continue;
            out.noise_decides =
                out.noise_decides ||
                !noise_passes(l, node, values, args[i].noise, i, out.atoms[v], &out.noise_left);
        }
    }
    return out;
}

static bool atoms_identical(const Atom *a, const Atom *b, uint32_t count) {
    for (uint32_t v = 0; v < count; v++) {
        if (!atom_identical(a[v], b[v]) && !(atom_failed(a[v]) && atom_failed(b[v]))) return false;
    }
    return true;
}

static bool is_one_value(const Version *version, uint32_t count) {
    for (uint32_t v = 1; v < count; v++) {
        if (version->fails[v] != version->fails[0] ||
            !atom_identical(version->atoms[v], version->atoms[0]))
            return false;
    }
    return true;
}

/* The operation on one run of ints and int constants where that is a run again, so that nothing
   fails and no atom need be looked at. */
static bool element_run(const Lowering *l, const Node *node, const Form *args, int arity, VarId var,
                        Form *form) {
    int64_t first[3] = {0}, step[3] = {0};
    if (var == NO_VAR || plan_get(l, var)->count < 2) return false;
    for (int i = 0; i < arity; i++) {
        bool constant = args[i].var == NO_VAR;
        if (args[i].exact || args[i].kind_unknown || args[i].noise != NOISE_NONE) return false;
        if (!constant && !form_is_run_within(l, &args[i], PLAN_NUMBER)) return false;
        Atom atom = atoms_at(args[i].atoms, 0);
        double number;
        if (atom.kind != ATOM_INT || !atom_whole(atom, &number)) return false;
        first[i] = atom.as.integer;
        step[i] = constant ? 0 : args[i].atoms.step;
    }
    Atoms run = atoms_run(first[0], step[0], false);
    switch (node->op) {
    case OP_INDICES:
    case OP_POS: break;
    case OP_NEG: run = atoms_run(-first[0], -step[0], false); break;
    case OP_ADD: run = atoms_run(first[0] + first[1], step[0] + step[1], false); break;
    case OP_SUB: run = atoms_run(first[0] - first[1], step[0] - step[1], false); break;
    default: return false;
    }
    *form = form_table(var, run);
    return run.step != 0;
}

/* A table over the variable that all table arguments share. NONE: where it fails depends on the
   kind of an argument, or two of them depend on different counts: that takes a look-up. */
static Form element_table(Lowering *l, NodeId id, const Form *args, int arity, VarId var) {
    const Node *node = graph_node(l->graph, id);
    uint32_t count = var == NO_VAR ? 1 : plan_get(l, var)->count;
    const Form *chosen = NULL;
    bool unknown = false, number = false;
    Form run;
    if (element_run(l, node, args, arity, var, &run)) return run;
    for (int i = 0; i < arity; i++) {
        unknown = unknown || args[i].kind_unknown;
        if (!args[i].exact) continue;
        bool other =
            chosen && (chosen->chooser != args[i].chooser || chosen->exact != args[i].exact);
        if (other) return (Form){.kind = FORM_NONE};
        chosen = &args[i];
    }
    Version version = table_version(l, node, args, arity, count, false);
    if (version.noise_decides) return form_refused(id, noise_text);
    if (version.kind_decides) return form_refuse_kind(l, id);
    Form form = form_table(var, atoms_listed(version.atoms));
    for (int i = 0; i < arity; i++) {
        if (args[i].noise != NOISE_NONE) form.counter = args[i].counter;
    }
    if (version.noise_left) form.noise = NOISE_ANYWHERE;
    if (chosen) {
        Version exact = table_version(l, node, args, arity, count, true);
        if (memcmp(exact.fails, version.fails, count) != 0) return (Form){.kind = FORM_NONE};
        if (!atoms_identical(exact.atoms, version.atoms, count)) {
            form.alternative = atoms_listed(exact.atoms);
            form.chooser = chosen->chooser;
            form.exact = chosen->exact;
        }
    }
    for (uint32_t v = 0; v < count && unknown; v++)
        number = number || version.atoms[v].kind == ATOM_FLOAT || version.atoms[v].kind == ATOM_INT;
    form.kind_unknown = unknown && number && node->op != OP_ROUND && node->op != OP_INDICATOR &&
                        node->op != OP_LOOKUP && node->op != OP_ITEM;
    if (!form.exact && is_one_value(&version, count)) {
        Atom *one = ARENA_NEW(l->scratch, Atom);
        *one = version.atoms[0];
        arena_give_back(l->scratch, version.atoms, count * sizeof(Atom));
        form.var = NO_VAR;
        form.atoms = atoms_listed(one);
    } else {
        form.atoms = plan_keep_atoms(l, version.atoms, count);
    }
    plan_traps(l, id, &form, version.fails, &version.failures);
    return form;
}

/* --- sums ------------------------------------------------------------------------------------- */

static Form refuse_large(Lowering *l, NodeId id) {
    return form_refused(
        id, plan_text(l, "%s can reach numbers beyond %.0f", plan_name(l, id), PLAN_NUMBER));
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

/* A sum is an int where both parts are. */
static void sum_kind(Lowering *l, NodeId id, const Form *x, const Form *y, Form *out) {
    const Form *chosen = x->exact ? x : y, *other = x->exact ? y : x;
    bool always_float = (x->floating && !x->exact && !x->kind_unknown) ||
                        (y->floating && !y->exact && !y->kind_unknown);
    if (always_float) return;
    out->kind_unknown = x->kind_unknown || y->kind_unknown;
    if (!chosen->exact || out->kind_unknown) return;
    Bits exact = {chosen->chooser, chosen->exact};
    if (other->exact) exact = plan_both(l, id, exact, (Bits){other->chooser, other->exact});
    out->chooser = exact.var;
    out->exact = exact.bits;
}

static Form sum_combine(Lowering *l, NodeId id, double a, const Form *x, double b, const Form *y) {
    Form out = form_of_sum(l, feature_combine(l, a, x->sum, b, y->sum), x->floating || y->floating);
    sum_noise(x, y, a * b, &out);
    sum_kind(l, id, x, y, &out);
    if (out.low < -PLAN_NUMBER || out.high > PLAN_NUMBER) return refuse_large(l, id);
    return out;
}

/* Can factor * x be -0.0? No sum is: 0.0 and -0.0 are one number there. */
static bool product_loses_sign(double factor, const Form *x, bool floating) {
    bool zero = x->low <= 0 && x->high >= 0;
    return floating && ((factor < 0 && zero) || (factor == 0 && x->low < 0));
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
    case OP_NEG:
        if (product_loses_sign(-1, &sums[0], sums[0].floating)) return (Form){.kind = FORM_NONE};
        return sum_combine(l, id, -1, &sums[0], 1, &zero);
    case OP_ADD: return sum_combine(l, id, 1, &sums[0], 1, &sums[1]);
    case OP_SUB: return sum_combine(l, id, 1, &sums[0], -1, &sums[1]);
    case OP_ROUND: {
        Form rounded = sums[0];
        rounded.floating = false;
        rounded.noise = NOISE_NONE;
        rounded.exact = NULL;
        rounded.kind_unknown = false;
        return rounded;
    }
    case OP_MUL:
        for (int i = 0; i < 2; i++) {
            if (!is_constant(&args[i])) continue;
            zero.floating = sums[i].floating; /* a float factor makes floats, an int one does not */
            form_copy_kind(&zero, &sums[i]);
            if (product_loses_sign(sums[i].sum.constant, &sums[1 - i],
                                   zero.floating || sums[1 - i].floating))
                break;
            return sum_combine(l, id, sums[i].sum.constant, &sums[1 - i], 0, &zero);
        }
        return (Form){.kind = FORM_NONE};
    default: return (Form){.kind = FORM_NONE};
    }
}

/* --- comparisons of two sums ------------------------------------------------------------------ */

typedef bool AsSigns(Lowering *l, NodeId node, const Form *form, Form *table);

/* a op b as a table over the signs of a - b. */
static Form element_comparison(Lowering *l, NodeId id, const Form *args, AsSigns *as_signs) {
    Form a, b, table, zero = form_constant(l, atom_int(0));
    if (!form_as_sum(l, &args[0], &a) || !form_as_sum(l, &args[1], &b))
        return (Form){.kind = FORM_NONE};
    Form difference = sum_combine(l, id, 1, &a, -1, &b);
    if (difference.kind == FORM_REFUSED) return difference;
    if (!as_signs(l, id, &difference, &table)) return (Form){.kind = FORM_NONE};
    Form against[3] = {table, zero, {0}};
    return element_table(l, id, against, 2, table.var);
}

/* a op b as a table over the signs of the difference of their ranks. */
static Form rank_comparison(Lowering *l, NodeId id, const Form *args) {
    Form ranks = form_compare_ranks(l, id, args), zero = form_constant(l, atom_int(0));
    if (ranks.kind == FORM_NONE) return ranks;
    Form against[3] = {ranks, zero, {0}};
    return element_table(l, id, against, 2, ranks.var);
}

/* --- one node --------------------------------------------------------------------------------- */

static Form mean_comparison(Lowering *l, NodeId id) {
    bool zero_first;
    Form mean = form_mean_comparison(l, id, &zero_first), zero = form_constant(l, atom_int(0));
    if (mean.kind == FORM_NONE) return mean;
    Form args[3] = {zero_first ? zero : mean, zero_first ? mean : zero, {0}};
    return element_table(l, id, args, 2, mean.var);
}

/* The variable that all arguments are tables over, if there is only one. */
static bool one_variable(const Form *args, int arity, VarId *var) {
    *var = NO_VAR;
    for (int i = 0; i < arity; i++) {
        if (args[i].kind != FORM_TABLE) return false;
        if (*var == NO_VAR) *var = args[i].var;
        if (args[i].var != NO_VAR && args[i].var != *var) return false;
    }
    return true;
}

/* What the input node reads, as an argument. */
static Form input_form(Lowering *l, const Node *node) {
    VarId var = node->op == OP_INDICES ? plan_position(l) : plan_token(l);
    return form_table(var, plan_get(l, var)->domain);
}

/* A mean whose values are not listed, as its reader takes it. */
static Form read_mean(Lowering *l, NodeId mean, NodeId reader) {
    Form bands = form_bands(l, mean, &l->forms[mean], reader);
    if (bands.kind != FORM_NONE) return bands;
    l->forms[mean] = form_aggregate_listed(l, mean);
    return l->forms[mean];
}

/* The forms of the node's arguments; REFUSED: one of them has none that could be computed with. */
static Form read_arguments(Lowering *l, NodeId id, Form *args) {
    const Node *node = graph_node(l->graph, id);
    for (int i = 0; i < op_info(node->op)->arity; i++) {
        args[i] = l->forms[node->args[i]];
        if (args[i].kind == FORM_REFUSED) return args[i];
        if (args[i].kind == FORM_FRACTION) args[i] = read_mean(l, node->args[i], id);
        if (args[i].kind == FORM_REFUSED) return args[i];
        if (args[i].kind == FORM_FRACTION)
            return form_refused(node->args[i],
                                plan_text(l,
                                          "%s is a mean with too many possible values to "
                                          "compute with; as an output it would do",
                                          plan_name(l, node->args[i])));
    }
    return (Form){.kind = FORM_NONE};
}

/* A function of several variables: a look-up, or if that is large the sum that does the same (or,
   at the end, the output's reader). */
static Form element_of_several(Lowering *l, NodeId id, const Form *given, int arity) {
    const Node *node = graph_node(l->graph, id);
    Form args[3] = {{0}}, form = {.kind = FORM_NONE};
    VarId var;
    for (int i = 0; i < arity; i++) {
        if (!form_as_table(l, node->args[i], &given[i], &args[i]))
            return form_refuse_values(l, id, node->args[i], &given[i]);
    }
    if (one_variable(args, arity, &var)) {
        form = element_table(l, id, args, arity, var);
        if (form.kind != FORM_NONE) return form;
    }
    for (int i = 0; i < arity; i++) {
        if (args[i].noise != NOISE_NONE) return form_refused(id, noise_text);
    }
    if (!l->last[id] && form_lookup_cells(l, id, args, arity) > ELEMENT_CELLS)
        form = op_is_comparison(node->op) ? rank_comparison(l, id, args)
                                          : form_factored(l, id, given, arity);
    return form.kind == FORM_NONE ? form_lookup(l, id, args, arity) : form;
}

Form form_element(Lowering *l, NodeId id) {
    const Node *node = graph_node(l->graph, id);
    int arity = op_info(node->op)->arity;
    Form args[3] = {{0}}, form;
    VarId var;
    if (op_info(node->op)->kind == OPKIND_INPUT) {
        args[0] = input_form(l, node);
        return element_table(l, id, args, 1, args[0].var);
    }
    if (op_is_comparison(node->op)) form = mean_comparison(l, id);
    if (op_is_comparison(node->op) && form.kind != FORM_NONE) return form;
    form = read_arguments(l, id, args);
    if (form.kind == FORM_REFUSED) {
        Form rounded = form_rounded_sum(l, id);
        return rounded.kind == FORM_NONE ? form : rounded;
    }
    if (one_variable(args, arity, &var)) {
        form = element_table(l, id, args, arity, var);
        if (form.kind != FORM_NONE) return form;
    }
    form = element_sum(l, id, args, arity);
    if (form.kind != FORM_NONE) return form;
    if (op_is_comparison(node->op)) form = element_comparison(l, id, args, form_as_signs);
    if (form.kind == FORM_NONE) form = element_of_several(l, id, args, arity);
    if (form.kind == FORM_REFUSED && op_is_comparison(node->op) && !l->last[id]) {
        Form wide = element_comparison(l, id, args, form_as_wide_signs);
        if (wide.kind == FORM_TABLE) return wide;
    }
    return form;
}
