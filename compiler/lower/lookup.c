/* Look-ups: functions of several variables. A look-up of a look-up that is made in the same phase
   would wait for it, a layer of units; it looks at what the other looks at instead, where the table
   stays small: a formula of many bools is one group of units, however long its chain. */
#include "compiler/lower/plan.h"

#include <string.h>

enum {
    LOOKUP_FLAT = 512,      /* cells of a table that takes others into itself */
    LOOKUP_MERGED = 1 << 24 /* comparisons that merging the classes of a source may take */
};

/* The look-up without the classes of source s that no value is in. */
static void drop_unused(Lowering *l, PlanLookup *lookup, uint32_t s) {
    uint32_t old = lookup->class_counts[s], kept = 0, cells = 1, stride = 1;
    uint32_t values = plan_get(l, lookup->sources[s])->count;
    uint32_t *number = ARENA_ARRAY(l->scratch, uint32_t, old); /* from 1 on; 0: unused */
    for (uint32_t v = 0; v < values; v++)
        number[lookup->classes[s][v]] = 1;
    for (uint32_t c = 0; c < old; c++) {
        if (number[c]) number[c] = ++kept;
    }
    if (kept == old || kept == 0) return;
    for (uint32_t i = 0; i < lookup->source_count; i++) {
        cells *= lookup->class_counts[i];
        if (i > s) stride *= lookup->class_counts[i];
    }
    uint32_t *classes = ARENA_ARRAY(l->scratch, uint32_t, values);
    for (uint32_t v = 0; v < values; v++)
        classes[v] = number[lookup->classes[s][v]] - 1;
    uint32_t *result = ARENA_ARRAY(l->scratch, uint32_t, cells / old * kept), at = 0;
    for (uint32_t cell = 0; cell < cells; cell++) {
        if (number[cell / stride % old]) result[at++] = lookup->result[cell];
    }
    lookup->classes[s] = classes;
    lookup->class_counts[s] = kept;
    lookup->result = result;
}

VarId plan_lookup(Lowering *l, NodeId node, const PlanLookup *given, uint32_t count, Atoms domain) {
    PlanLookup used = *given, *lookup = &used;
    for (uint32_t s = 0; s < lookup->source_count; s++)
        drop_unused(l, lookup, s);
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

static uint64_t mix(uint64_t hash, uint64_t more) {
    return ((hash ^ more) * 0x9e3779b97f4a7c15u) ^ (hash >> 29);
}

/* A growing list of distinct atoms; all that failed for the same reason are one. */
typedef struct Distinct {
    Atom *list;
    uint32_t count, slots;
    uint32_t *slot; /* (slots, a power of two) a number, from 1 on; 0: free */
} Distinct;

/* The list stays. */
static void distinct_done(Lowering *l, const Distinct *distinct) {
    arena_give_back(l->scratch, distinct->slot, distinct->slots * sizeof *distinct->slot);
}

static Distinct distinct_new(Lowering *l, uint32_t most) {
    Distinct out = {.list = ARENA_ARRAY(l->scratch, Atom, most), .slots = 4};
    while (out.slots < 2 * (uint64_t)most)
        out.slots *= 2;
    out.slot = ARENA_ARRAY(l->scratch, uint32_t, out.slots);
    return out;
}

/* Numbers come in order, and so neighbours go to neighbouring places. */
static uint32_t first_slot(const Distinct *distinct, Atom atom) {
    enum { NEIGHBOURS = 16 };
    uint64_t hash;
    if (atom.kind == ATOM_INT && !atom.big) {
        uint64_t number = (uint64_t)atom.as.integer;
        hash = mix(0, number / NEIGHBOURS) >> 32;
        hash = hash / NEIGHBOURS * NEIGHBOURS + number % NEIGHBOURS;
    } else {
        hash = atom_hash(atom) >> 32;
    }
    return (uint32_t)hash & (distinct->slots - 1);
}

static uint32_t atom_number(Distinct *distinct, Atom atom) {
    uint32_t last = distinct->count - 1;
    if (distinct->count > 0 && atoms_alike(distinct->list[last], atom)) return last;
    uint32_t at = first_slot(distinct, atom);
    for (; distinct->slot[at]; at = (at + 1) & (distinct->slots - 1)) {
        if (atom_identical(distinct->list[distinct->slot[at] - 1], atom))
            return distinct->slot[at] - 1;
    }
    distinct->list[distinct->count++] = atom;
    distinct->slot[at] = distinct->count;
    return distinct->count - 1;
}

/* --- sources ---------------------------------------------------------------------------------- */

typedef struct Sources {
    uint32_t count;
    VarId vars[PLAN_SOURCES];
} Sources;

/* False: there is no room for it. */
static bool add_source(Sources *sources, VarId var) {
    uint32_t s = 0;
    if (var == NO_VAR) return true;
    while (s < sources->count && sources->vars[s] != var)
        s++;
    if (s == PLAN_SOURCES) return false;
    sources->vars[s] = var;
    if (s == sources->count) sources->count++;
    return true;
}

/* The variables of the arguments, and those that choose their kinds: at most two an argument. */
static Sources sources_of(const Form *args, int arity) {
    Sources sources = {0};
    for (int i = 0; i < arity; i++)
        (void)add_source(&sources, args[i].var);
    for (int i = 0; i < arity; i++) {
        if (args[i].exact) (void)add_source(&sources, args[i].chooser);
    }
    return sources;
}

/* The look-ups among the sources that a table over them all would wait for, with what they look at
   in their place. False: there is none, or there is no room. */
static bool flat_sources(const Lowering *l, const Sources *direct, Sources *flat) {
    uint32_t phase = 0;
    bool waits = false, fits = true;
    for (uint32_t s = 0; s < direct->count; s++) {
        uint32_t p = plan_get(l, direct->vars[s])->phase;
        if (p > phase) phase = p;
    }
    *flat = (Sources){0};
    for (uint32_t s = 0; s < direct->count && fits; s++) {
        const Var *var = plan_get(l, direct->vars[s]);
        if (var->kind != VAR_LOOKUP || var->phase != phase) {
            fits = add_source(flat, direct->vars[s]);
            continue;
        }
        waits = true;
        for (uint32_t i = 0; i < var->lookup.source_count && fits; i++)
            fits = add_source(flat, var->lookup.sources[i]);
    }
    return waits && fits;
}

/* --- cells ------------------------------------------------------------------------------------ */

/* A table's sources, their classes, and a value for each class. */
typedef struct Cells {
    const Lowering *l;
    const Form *args;
    int arity;
    Sources direct; /* the variables of the arguments: sources, or look-ups over sources */
    PlanLookup lookup;
    uint32_t *reps[PLAN_SOURCES];
    uint32_t count;
} Cells;

static bool is_source(const Cells *cells, VarId var) {
    for (uint32_t s = 0; s < cells->lookup.source_count; s++) {
        if (cells->lookup.sources[s] == var) return true;
    }
    return false;
}

/* Has every argument over the source the same atom on both values? */
static bool same_arguments(const Cells *cells, VarId source, uint32_t a, uint32_t b) {
    for (int i = 0; i < cells->arity; i++) {
        const Form *arg = &cells->args[i];
        if (arg->var == source &&
            (!atom_identical(atoms_at(arg->atoms, a), atoms_at(arg->atoms, b)) ||
             (arg->exact &&
              !atom_identical(atoms_at(arg->alternative, a), atoms_at(arg->alternative, b)))))
            return false;
        if (arg->exact && arg->chooser == source && arg->exact[a] != arg->exact[b]) return false;
    }
    return true;
}

/* Do the look-ups that were taken apart put both values of the source into the same class? */
static bool same_inside(const Cells *cells, VarId source, uint32_t a, uint32_t b) {
    for (uint32_t d = 0; d < cells->direct.count; d++) {
        if (is_source(cells, cells->direct.vars[d])) continue;
        const PlanLookup *inner = &plan_get(cells->l, cells->direct.vars[d])->lookup;
        for (uint32_t i = 0; i < inner->source_count; i++) {
            if (inner->sources[i] == source && inner->classes[i][a] != inner->classes[i][b])
                return false;
        }
    }
    return true;
}

/* Of what same_arguments and same_inside compare. */
static uint64_t value_hash(const Cells *cells, VarId source, uint32_t v) {
    uint64_t hash = 0;
    for (int i = 0; i < cells->arity; i++) {
        const Form *arg = &cells->args[i];
        if (arg->var == source) hash = mix(hash, atom_hash(atoms_at(arg->atoms, v)));
        if (arg->var == source && arg->exact)
            hash = mix(hash, atom_hash(atoms_at(arg->alternative, v)));
        if (arg->exact && arg->chooser == source) hash = mix(hash, arg->exact[v]);
    }
    for (uint32_t d = 0; d < cells->direct.count; d++) {
        if (is_source(cells, cells->direct.vars[d])) continue;
        const PlanLookup *inner = &plan_get(cells->l, cells->direct.vars[d])->lookup;
        for (uint32_t i = 0; i < inner->source_count; i++) {
            if (inner->sources[i] == source) hash = mix(hash, inner->classes[i][v]);
        }
    }
    return hash;
}

/* Is it plain that no two values of the source are alike? */
static bool all_differ(const Cells *cells, VarId source) {
    bool differ = false;
    for (int i = 0; i < cells->arity && !differ; i++) {
        const Form *arg = &cells->args[i];
        differ = arg->var == source && atoms_is_run(arg->atoms);
    }
    return differ;
}

/* Classes of a source: values that make no difference. *reps: one value a class. 0: more than most.
 */
static uint32_t source_classes(const Cells *cells, VarId source, uint32_t most, uint32_t *classes,
                               uint32_t *reps) {
    uint32_t count = plan_get(cells->l, source)->count, found = 0, slots = 4;
    if (all_differ(cells, source)) {
        if (count > most) return 0;
        for (uint32_t v = 0; v < count; v++)
            classes[v] = reps[v] = v;
        return count;
    }
    while (slots < 2 * (uint64_t)(most < count ? most : count))
        slots *= 2;
    uint32_t *slot = ARENA_ARRAY(cells->l->scratch, uint32_t, slots); /* a class, from 1 on */
    for (uint32_t v = 0; v < count; v++) {
        uint32_t at = (uint32_t)(value_hash(cells, source, v) >> 32) & (slots - 1);
        while (slot[at] && !(same_arguments(cells, source, v, reps[slot[at] - 1]) &&
                             same_inside(cells, source, v, reps[slot[at] - 1])))
            at = (at + 1) & (slots - 1);
        if (!slot[at]) {
            if (found == most) return 0;
            reps[found++] = v;
            slot[at] = found;
        }
        classes[v] = slot[at] - 1;
    }
    arena_give_back(cells->l->scratch, slot, slots * sizeof *slot);
    return found;
}

/* False: more than most cells. */
static bool prepare_cells(Lowering *l, const Form *args, int arity, const Sources *sources,
                          uint32_t most, Cells *out) {
    *out = (Cells){
        .l = l, .args = args, .arity = arity, .direct = sources_of(args, arity), .count = 1};
    out->lookup.source_count = sources->count;
    memcpy(out->lookup.sources, sources->vars, sizeof sources->vars);
    for (uint32_t s = 0; s < sources->count; s++) {
        uint32_t count = plan_get(l, sources->vars[s])->count;
        uint32_t *classes = ARENA_ARRAY(l->scratch, uint32_t, count);
        out->reps[s] = ARENA_ARRAY(l->scratch, uint32_t, count);
        uint32_t found =
            source_classes(out, sources->vars[s], most / out->count, classes, out->reps[s]);
        out->lookup.classes[s] = classes;
        out->lookup.class_counts[s] = found;
        if (found == 0) return false;
        out->count *= found;
    }
    return true;
}

/* The values in a cell, by place in the look-up's sources. */
static void values_in(const Cells *cells, uint32_t cell, uint32_t values[PLAN_SOURCES]) {
    const PlanLookup *lookup = &cells->lookup;
    for (uint32_t s = lookup->source_count; s-- > 0; cell /= lookup->class_counts[s])
        values[s] = cells->reps[s][cell % lookup->class_counts[s]];
}

/* What the variable is where the sources have these values. */
static uint32_t value_of(const Cells *cells, VarId var, const uint32_t values[PLAN_SOURCES]) {
    const PlanLookup *lookup = &cells->lookup;
    for (uint32_t s = 0; s < lookup->source_count; s++) {
        if (lookup->sources[s] == var) return values[s];
    }
    const PlanLookup *inner = &plan_get(cells->l, var)->lookup;
    uint32_t cell = 0;
    for (uint32_t i = 0; i < inner->source_count; i++) {
        uint32_t s = 0;
        while (lookup->sources[s] != inner->sources[i])
            s++;
        cell = cell * inner->class_counts[i] + inner->classes[i][values[s]];
    }
    return inner->result[cell];
}

static Atom argument_in(const Cells *cells, const Form *arg, const uint32_t values[PLAN_SOURCES]) {
    uint32_t at = arg->var == NO_VAR ? 0 : value_of(cells, arg->var, values);
    bool exact = arg->exact && arg->exact[value_of(cells, arg->chooser, values)];
    return exact ? atoms_at(arg->alternative, at) : atoms_at(arg->atoms, at);
}

/* --- merging classes -------------------------------------------------------------------------- */

/* A source's classes a and b give the same results, whatever the others. */
static bool same_results(const PlanLookup *lookup, uint32_t source, uint32_t count, uint32_t a,
                         uint32_t b) {
    uint32_t stride = 1, classes = lookup->class_counts[source];
    for (uint32_t s = source + 1; s < lookup->source_count; s++)
        stride *= lookup->class_counts[s];
    for (uint32_t outer = 0; outer < count; outer += stride * classes) {
        const uint32_t *block = lookup->result + outer;
        if (memcmp(block + (size_t)a * stride, block + (size_t)b * stride,
                   stride * sizeof *block) != 0)
            return false;
    }
    return true;
}

/* The table without the classes that were merged away: keep[c] is the class that c goes into. */
static void drop_classes(Lowering *l, Cells *cells, uint32_t source, const uint32_t *keep) {
    PlanLookup *lookup = &cells->lookup;
    uint32_t stride = 1, old = lookup->class_counts[source], kept = 0, at = 0;
    uint32_t *number = ARENA_ARRAY(l->scratch, uint32_t, old);
    for (uint32_t c = 0; c < old; c++)
        number[c] = keep[c] == c ? kept++ : number[keep[c]];
    for (uint32_t s = source + 1; s < lookup->source_count; s++)
        stride *= lookup->class_counts[s];
    uint32_t *result = ARENA_ARRAY(l->scratch, uint32_t, cells->count / old * kept);
    for (uint32_t cell = 0; cell < cells->count; cell++) {
        uint32_t c = cell / stride % old;
        if (keep[c] == c) result[at++] = lookup->result[cell];
    }
    uint32_t values = plan_get(l, lookup->sources[source])->count;
    uint32_t *classes = ARENA_ARRAY(l->scratch, uint32_t, values);
    for (uint32_t v = 0; v < values; v++)
        classes[v] = number[lookup->classes[source][v]];
    lookup->classes[source] = classes;
    lookup->class_counts[source] = kept;
    lookup->result = result;
    cells->count = at;
}

/* A flattened table often asks less of its sources than the tables in it did. Where an argument's
   kind is unknown the results are not: what fails for a float may do for an int. */
static void merge_classes(Lowering *l, Cells *cells) {
    PlanLookup *lookup = &cells->lookup;
    for (int i = 0; i < cells->arity; i++) {
        if (cells->args[i].kind_unknown) return;
    }
    for (uint32_t s = 0; s < lookup->source_count; s++) {
        uint32_t old = lookup->class_counts[s], kept = 0;
        if ((uint64_t)old * cells->count > LOOKUP_MERGED) continue;
        uint32_t *keep = ARENA_ARRAY(l->scratch, uint32_t, old);
        for (uint32_t c = 0; c < old; c++) {
            keep[c] = c;
            for (uint32_t k = 0; k < c && keep[c] == c; k++) {
                if (keep[k] == k && same_results(lookup, s, cells->count, k, c)) keep[c] = k;
            }
            kept += keep[c] == c;
        }
        if (kept < old) drop_classes(l, cells, s, keep);
    }
    uint32_t left = 0;
    for (uint32_t s = 0; s < lookup->source_count; s++) {
        if (lookup->class_counts[s] == 1) continue;
        lookup->sources[left] = lookup->sources[s];
        lookup->classes[left] = lookup->classes[s];
        lookup->class_counts[left++] = lookup->class_counts[s];
    }
    lookup->source_count = left;
}

/* The variable or, where one source is left, a table over that. */
static Form form_of_cells(Lowering *l, NodeId id, Cells *cells, uint32_t count,
                          const Atom *domain) {
    merge_classes(l, cells);
    const PlanLookup *lookup = &cells->lookup;
    if (lookup->source_count > 1)
        return form_table(plan_lookup(l, id, lookup, count, atoms_listed(domain)),
                          atoms_listed(domain));
    VarId var = lookup->source_count ? lookup->sources[0] : NO_VAR;
    uint32_t values = var == NO_VAR ? 1 : plan_get(l, var)->count;
    Atom *atoms = ARENA_ARRAY(l->scratch, Atom, values);
    for (uint32_t v = 0; v < values; v++)
        atoms[v] = domain[lookup->result[var == NO_VAR ? 0 : lookup->classes[0][v]]];
    return form_table(var, plan_keep_atoms(l, atoms, values));
}

/* --- refusals --------------------------------------------------------------------------------- */

/* How many combinations there would be, of which values. */
static Form refuse_cells(Lowering *l, NodeId id, const Form *args, int arity) {
    Cells cells = {.l = l, .args = args, .arity = arity, .direct = sources_of(args, arity)};
    cells.lookup.source_count = cells.direct.count;
    memcpy(cells.lookup.sources, cells.direct.vars, sizeof cells.direct.vars);
    PlanSide sides[PLAN_SOURCES];
    uint32_t count = 0;
    for (uint32_t s = 0; s < cells.direct.count; s++) {
        VarId var = cells.direct.vars[s];
        uint32_t values = plan_get(l, var)->count;
        uint32_t *classes = ARENA_ARRAY(l->scratch, uint32_t, values);
        uint32_t *reps = ARENA_ARRAY(l->scratch, uint32_t, values);
        uint32_t found = source_classes(&cells, var, values, classes, reps);
        bool chooses_kind = true;
        for (int i = 0; i < arity; i++)
            chooses_kind = chooses_kind && args[i].var != var;
        if (found > 1) sides[count++] = (PlanSide){var, found, chooses_kind};
    }
    return form_refuse_cells(l, id, sides, count);
}

/* --- forms ------------------------------------------------------------------------------------ */

uint32_t plan_most_cells(const Lowering *l) {
    uint64_t by_length = (uint64_t)PLAN_CELLS_OF_POSITION * l->options->max_length;
    if (by_length > PLAN_DOMAIN) by_length = PLAN_DOMAIN;
    return by_length > PLAN_CELLS ? (uint32_t)by_length : PLAN_CELLS;
}

/* The cells over what the arguments' look-ups look at, or else over the arguments' variables.
   False: too many. */
static bool cells_of(Lowering *l, NodeId id, const Form *args, int arity, Cells *cells) {
    uint32_t most = l->last[id] ? PLAN_LAST_CELLS : plan_most_cells(l);
    Sources direct = sources_of(args, arity), flat;
    return (flat_sources(l, &direct, &flat) &&
            prepare_cells(l, args, arity, &flat, LOOKUP_FLAT, cells)) ||
           prepare_cells(l, args, arity, &direct, most, cells);
}

uint32_t form_lookup_cells(Lowering *l, NodeId id, const Form *args, int arity) {
    Cells cells;
    if (!cells_of(l, id, args, arity, &cells)) return UINT32_MAX;
    for (uint32_t s = 0; s < cells.lookup.source_count; s++) {
        size_t bytes = plan_get(l, cells.lookup.sources[s])->count * sizeof(uint32_t);
        arena_give_back(l->scratch, cells.lookup.classes[s], bytes);
        arena_give_back(l->scratch, cells.reps[s], bytes);
    }
    return cells.count;
}

static void trap_failures(Lowering *l, NodeId id, const Form *form, const Failures *failures) {
    uint32_t count = form_count(l, form);
    uint8_t *fails = ARENA_ARRAY(l->scratch, uint8_t, count);
    for (uint32_t v = 0; v < count; v++)
        fails[v] = atom_failed(atoms_at(form->atoms, v));
    plan_traps(l, id, form, fails, failures);
}

Form form_lookup(Lowering *l, NodeId id, const Form *args, int arity) {
    const Node *node = graph_node(l->graph, id);
    Cells cells;
    if (!cells_of(l, id, args, arity, &cells)) return refuse_cells(l, id, args, arity);
    uint32_t *result = ARENA_ARRAY(l->scratch, uint32_t, cells.count);
    Distinct distinct = distinct_new(l, cells.count);
    Failures failures = {0};
    DiagId failure = DIAG_TYPE;
    for (uint32_t cell = 0; cell < cells.count; cell++) {
        uint32_t at[PLAN_SOURCES] = {0};
        Atom values[3] = {{0}};
        bool failed_before = false;
        values_in(&cells, cell, at);
        for (int i = 0; i < arity; i++) {
            values[i] = argument_in(&cells, &args[i], at);
            failed_before = failed_before || atom_failed(values[i]);
        }
        if (kind_decides(l->scratch, node, args, arity, values)) return form_refuse_kind(l, id);
        Atom atom = element_apply(l->scratch, node, values, &failure);
        if (atom_failed(atom) && !failed_before) failures_add(&failures, atom, failure);
        result[cell] = atom_number(&distinct, atom);
    }
    cells.lookup.result = result;
    distinct_done(l, &distinct);
    Form form = form_of_cells(l, id, &cells, distinct.count, distinct.list);
    bool unknown = false, number = false;
    for (int i = 0; i < arity; i++)
        unknown = unknown || args[i].kind_unknown;
    for (uint32_t v = 0; v < distinct.count; v++)
        number = number || distinct.list[v].kind == ATOM_INT || distinct.list[v].kind == ATOM_FLOAT;
    form.kind_unknown = unknown && number;
    trap_failures(l, id, &form, &failures);
    return form;
}

Form form_choose_kind(Lowering *l, NodeId node, const Form *form) {
    Form table;
    Cells cells;
    if (!form_as_table(l, node, form, &table)) return form_refuse_values(l, node, node, form);
    if (!cells_of(l, node, &table, 1, &cells)) return refuse_cells(l, node, &table, 1);
    uint32_t *result = ARENA_ARRAY(l->scratch, uint32_t, cells.count);
    Distinct distinct = distinct_new(l, cells.count);
    for (uint32_t cell = 0; cell < cells.count; cell++) {
        uint32_t at[PLAN_SOURCES] = {0};
        values_in(&cells, cell, at);
        result[cell] = atom_number(&distinct, argument_in(&cells, &table, at));
    }
    cells.lookup.result = result;
    distinct_done(l, &distinct);
    return form_of_cells(l, node, &cells, distinct.count, distinct.list);
}
