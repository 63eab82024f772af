#include "runtime/value/atoms.h"

#include <math.h>

#define GREATEST ((int64_t)1 << 53)

/* A whole number that a run can hold: not -0.0. */
static bool whole(Atom a, bool floating, int64_t *number) {
    if (a.kind != (floating ? ATOM_FLOAT : ATOM_INT)) return false;
    if (floating) {
        if (!(fabs(a.as.real) <= (double)GREATEST) || floor(a.as.real) != a.as.real) return false;
        *number = (int64_t)a.as.real;
        return *number != 0 || !signbit(a.as.real);
    }
    *number = a.as.integer;
    return !a.big && *number >= -GREATEST && *number <= GREATEST;
}

Atoms atoms_shortened(const Atom *list, uint32_t count) {
    bool floating = count > 0 && list[0].kind == ATOM_FLOAT;
    int64_t first, number;
    if (count < 2 || !whole(list[0], floating, &first) || !whole(list[1], floating, &number) ||
        number == first)
        return atoms_listed(list);
    Atoms run = atoms_run(first, number - first, floating);
    for (uint32_t v = 2; v < count; v++) {
        if (!whole(list[v], floating, &number) || number != run.first + v * run.step)
            return atoms_listed(list);
    }
    return run;
}
