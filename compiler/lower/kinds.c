/* Kinds of means: where one position is selected a mean is its value, an int perhaps; where several
   are it is a float; where none is it is the default. So the kind is a matter of how many are
   selected and, where the values have both kinds, of which one: a second mean tells whether all
   that are selected have the first kind. -0.0 is of a kind of its own here: several of them have
   the mean 0.0. */
#include "compiler/lower/plan.h"

#include <math.h>
#include <string.h>

/* --- counts ----------------------------------------------------------------------------------- */

Form selected_count(Lowering *l, NodeId node, NodeId selector) {
    Form width = form_width(l, node, selector, &l->formulas[selector]), table;
    if (width.kind == FORM_REFUSED) return width;
    if (!form_as_table(l, node, &width, &table))
        return form_refused(node, "too many can be selected to count");
    return table;
}

const uint8_t *count_between(Lowering *l, const Form *count, double least, double most) {
    uint32_t values = form_count(l, count);
    uint8_t *bits = ARENA_ARRAY(l->scratch, uint8_t, values);
    for (uint32_t v = 0; v < values; v++) {
        double n = 0;
        (void)atom_whole(atoms_at(count->atoms, v), &n);
        bits[v] = n >= least && n <= most;
    }
    return bits;
}

/* --- two bits --------------------------------------------------------------------------------- */

Bits plan_both(Lowering *l, NodeId node, Bits a, Bits b) {
    static const uint8_t bits[2] = {0, 1};
    static const uint32_t conjunction[4] = {0, 0, 0, 1};
    const Bits sides[2] = {a, b};
    PlanLookup lookup = {.source_count = 2, .result = conjunction};
    if (a.var == NO_VAR) return a.bits[0] ? b : a;
    if (b.var == NO_VAR) return b.bits[0] ? a : b;
    for (int i = 0; i < 2; i++) {
        uint32_t count = plan_get(l, sides[i].var)->count;
        uint32_t *classes = ARENA_ARRAY(l->scratch, uint32_t, count);
        for (uint32_t v = 0; v < count; v++)
            classes[v] = sides[i].bits[v];
        lookup.sources[i] = sides[i].var;
        lookup.class_counts[i] = 2;
        lookup.classes[i] = classes;
    }
    if (a.var == b.var) {
        uint32_t count = plan_get(l, a.var)->count;
        uint8_t *both = ARENA_ARRAY(l->scratch, uint8_t, count);
        for (uint32_t v = 0; v < count; v++)
            both[v] = a.bits[v] && b.bits[v];
        return (Bits){a.var, both};
    }
    Atom *domain = ARENA_ARRAY(l->scratch, Atom, 2);
    domain[0] = atom_bool(false);
    domain[1] = atom_bool(true);
    return (Bits){plan_lookup(l, node, &lookup, 2, atoms_listed(domain)), bits};
}

/* --- the kind of a mean ------------------------------------------------------------------------
 */

/* What a mean of several can be. */
static bool is_plain_float(Atom atom) {
    return atom.kind == ATOM_FLOAT && !atom_is_minus_zero(atom);
}

/* 1 where the value is no plain float. False: that can't be told. */
static bool own_kinds(Lowering *l, const Form *value, Bits *ints) {
    static const uint8_t constants[2] = {0, 1};
    if (value->kind_unknown) return false;
    if (value->kind == FORM_SUM) {
        *ints = value->exact ? (Bits){value->chooser, value->exact}
                             : (Bits){NO_VAR, &constants[!value->floating]};
        return true;
    }
    uint32_t count = form_count(l, value);
    uint8_t *bits = ARENA_ARRAY(l->scratch, uint8_t, count);
    bool floats = true, others = true;
    for (uint32_t v = 0; v < count; v++) {
        if (atom_failed(atoms_at(value->atoms, v))) continue;
        bits[v] = !is_plain_float(atoms_at(value->atoms, v));
        floats = floats && !bits[v];
        others = others && value->exact && !atom_failed(atoms_at(value->alternative, v)) &&
                 !is_plain_float(atoms_at(value->alternative, v));
    }
    *ints = value->exact ? (Bits){value->chooser, value->exact} : (Bits){value->var, bits};
    return !value->exact || (floats && others);
}

/* 1 where all that are selected, or the default where nothing is, are no plain floats. */
static bool all_own(Lowering *l, const Selection *s, const Bits *ints, bool default_own,
                    Bits *all) {
    uint32_t count = plan_get(l, ints->var)->count;
    Atom *atoms = ARENA_ARRAY(l->scratch, Atom, count);
    for (uint32_t v = 0; v < count; v++)
        atoms[v] = atom_int(ints->bits[v] ? 0 : -1);
    Form below = form_table(ints->var, atoms_listed(atoms));
    Form sign = form_sign_of_mean(l, s->node, s->selector, &below, atom_int(default_own ? 0 : -1));
    if (sign.kind != FORM_TABLE) return false;
    count = form_count(l, &sign);
    uint8_t *bits = ARENA_ARRAY(l->scratch, uint8_t, count);
    for (uint32_t v = 0; v < count; v++) {
        double value = 0;
        bits[v] = atom_as_double(atoms_at(sign.atoms, v), &value) && value == 0;
    }
    *all = (Bits){sign.var, bits};
    return true;
}

static MeanKind kind_of_bits(const Lowering *l, const Bits *exact) {
    uint32_t count = exact->var == NO_VAR ? 1 : plan_get(l, exact->var)->count, ones = 0;
    for (uint32_t v = 0; v < count; v++)
        ones += exact->bits[v];
    return ones == 0 ? MEAN_FLOAT : ones == count ? MEAN_OWN : MEAN_CHOSEN;
}

MeanKind kind_of_mean(Lowering *l, const Selection *s, Bits *exact) {
    bool default_own = !s->hits && !is_plain_float(s->nothing);
    bool default_float = !s->hits && is_plain_float(s->nothing);
    Bits ints, all;
    if (!own_kinds(l, s->value, &ints)) return MEAN_UNKNOWN;
    MeanKind values = kind_of_bits(l, &ints);
    if (values == MEAN_FLOAT && !default_own) return MEAN_FLOAT;
    Form count = selected_count(l, s->node, s->selector);
    if (count.kind == FORM_REFUSED) return MEAN_UNKNOWN;
    double least = values == MEAN_OWN && default_float ? 1 : 0;
    double most = values == MEAN_FLOAT ? 0 : 1;
    *exact = (Bits){count.var, count_between(l, &count, least, most)};
    if (values == MEAN_CHOSEN) {
        if (!all_own(l, s, &ints, default_own, &all)) return MEAN_UNKNOWN;
        *exact = plan_both(l, s->node, *exact, all);
    }
    return kind_of_bits(l, exact);
}

/* --- a mean's form -----------------------------------------------------------------------------
 */

/* The atom, if that is no plain float, is put in the place of the float that it equals, among count
   numbers that ascend. False: another one is there. */
static bool consider_own(Atom atom, uint32_t count, Atoms numbers, Atom *out) {
    double value;
    if (is_plain_float(atom) || atom_failed(atom) || !atom_as_double(atom, &value)) return true;
    uint32_t from = 0, to = count;
    while (from < to) {
        uint32_t middle = from + (to - from) / 2;
        if (atoms_at(numbers, middle).as.real < value)
            from = middle + 1;
        else
            to = middle;
    }
    if (from == count || atoms_at(numbers, from).as.real != value) return true;
    if (!is_plain_float(out[from])) return atom_identical(out[from], atom);
    out[from] = atom;
    return true;
}

static bool is_other(Atom atom) { return atom.kind == ATOM_BOOL || atom_is_minus_zero(atom); }

/* Can a value that is no plain float be something else than an int? */
static bool has_others(const Lowering *l, const Selection *s) {
    const Form *value = s->value;
    if (!s->hits && is_other(s->nothing)) return true;
    for (uint32_t v = 0; value->kind == FORM_TABLE && v < form_count(l, value); v++) {
        if (is_other(atoms_at(value->atoms, v))) return true;
        if (value->exact && is_other(atoms_at(value->alternative, v))) return true;
    }
    return false;
}

/* Each of the mean's values as an atom that is no float, where there is one; NULL: there are two.
 */
static const Atom *own_atoms(Lowering *l, const Selection *s, const Form *mean, const Form *sum) {
    const Form *value = s->value;
    uint32_t count = form_count(l, mean), values = 0;
    Atom *out = ARENA_ARRAY(l->scratch, Atom, count);
    const Atoms atoms = value->exact ? value->alternative : value->atoms;
    if (value->kind == FORM_TABLE) values = form_count(l, value);
    bool whole = value->kind == FORM_SUM && (!value->floating || value->exact);
    bool ints = !has_others(l, s);
    for (uint32_t v = 0; v < count; v++)
        out[v] = atoms_at(mean->atoms, v);
    if (!s->hits && !consider_own(s->nothing, count, mean->atoms, out)) return NULL;
    for (uint32_t u = 0; u < values; u++) {
        if (!consider_own(atoms_at(atoms, u), count, mean->atoms, out)) return NULL;
    }
    for (uint32_t v = 0; v < count; v++) {
        double number = atoms_at(mean->atoms, v).as.real;
        if (number != floor(number)) continue;
        Atom integer = atom_int((int64_t)number);
        bool in_range = number >= sum->low && number <= sum->high;
        if (whole && in_range && !consider_own(integer, count, mean->atoms, out)) return NULL;
        /* No position has the number alone: an int is as good as any, and the plainest. */
        if (ints && is_plain_float(out[v])) out[v] = integer;
    }
    return out;
}

static void choose_kind(Lowering *l, MeanKind kind, const Bits *exact, const Atom *own,
                        Form *form) {
    bool differs = false;
    for (uint32_t v = 0; v < form_count(l, form) && !differs; v++)
        differs = !atom_identical(own[v], atoms_at(form->atoms, v));
    if (!differs || kind == MEAN_FLOAT) return;
    form->kind_unknown = kind == MEAN_UNKNOWN;
    if (kind == MEAN_OWN) form->atoms = atoms_listed(own);
    if (kind != MEAN_CHOSEN) return;
    form->chooser = exact->var;
    form->exact = exact->bits;
    form->alternative = atoms_listed(own);
}

void settle_kind_of_mean(Lowering *l, const Selection *s, const Form *sum, Form *form) {
    Bits exact = {NO_VAR, NULL};
    MeanKind kind = kind_of_mean(l, s, &exact);
    if (kind == MEAN_FLOAT) return;
    if (form->kind == FORM_TABLE) {
        const Atom *own = own_atoms(l, s, form, sum);
        if (own) choose_kind(l, kind, &exact, own, form);
        form->kind_unknown = form->kind_unknown || !own;
        return;
    }
    form->kind_unknown = kind != MEAN_CHOSEN || has_others(l, s);
    if (form->kind_unknown) return;
    form->chooser = exact.var;
    form->exact = exact.bits;
}

void settle_kind_of_constant(Lowering *l, const Selection *s, const Atom *own, Form *form) {
    Form count = selected_count(l, s->node, s->selector);
    if (count.kind == FORM_REFUSED) {
        choose_kind(l, MEAN_UNKNOWN, NULL, own, form);
        return;
    }
    Bits exact = {count.var, count_between(l, &count, 0, 1)};
    choose_kind(l, kind_of_bits(l, &exact), &exact, own, form);
}
