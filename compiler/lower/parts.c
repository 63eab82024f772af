/* Numbers that are whole multiples of a power of two: sums of them are exact in doubles, so that a
   mean of them is rounded once, as a mean of whole numbers is. Of others, as of 0.1, every addition
   rounds, and the result depends on their order. */
#include "compiler/lower/plan.h"

#include <math.h>

enum { PARTS_DIGITS = 30 }; /* binary digits behind the point */

bool form_as_parts(Lowering *l, const Form *table, Form *sum, double *unit) {
    if (table->kind != FORM_TABLE || table->var == NO_VAR) return false;
    uint32_t count = form_count(l, table);
    Atom *atoms = ARENA_ARRAY(l->scratch, Atom, count);
    for (*unit = 1; *unit >= ldexp(1, -PARTS_DIGITS); *unit /= 2) {
        bool whole = true;
        for (uint32_t v = 0; v < count && whole; v++) {
            double value, part;
            atoms[v] = atoms_at(table->atoms, v);
            if (atom_failed(atoms[v])) continue;
            whole = atom_as_double(atoms[v], &value) && isfinite(value);
            atoms[v] = atom_float(value == 0 ? 0 : value / *unit); /* -0.0 too */
            whole = whole && atom_whole(atoms[v], &part) &&
                    fabs(part) * l->options->max_length <= PLAN_NUMBER;
        }
        Form parts = form_table(table->var, atoms_listed(atoms));
        if (whole) return form_as_sum(l, &parts, sum);
    }
    return false;
}

Form form_refuse_rounding(Lowering *l, NodeId node, const Form *values) {
    double value = 0, whole;
    for (uint32_t v = 0; values->kind == FORM_TABLE && v < form_count(l, values); v++) {
        Atom atom = atoms_at(values->atoms, v);
        if (!atom_failed(atom) && !atom_whole(atom, &whole) && atom_as_double(atom, &value)) break;
    }
    return form_refused(node,
                        plan_text(l,
                                  "%s can be a mean of numbers that are not whole, such as %.6g, "
                                  "whose sum rounds; average whole numbers and divide the mean",
                                  plan_name(l, node), value));
}
