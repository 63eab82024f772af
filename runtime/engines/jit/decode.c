#include "runtime/engines/jit/decode.h"

#include <math.h>
#include <string.h>

/* The fraction nearest to a double among those of bounded denominator, by continued fractions. */
static double nearest_fraction(double value, int64_t most) {
    double rest = value;
    int64_t p0 = 0, q0 = 1, p1 = 1, q1 = 0;
    if (!(fabs(value) < 9e15)) return value;
    for (int round = 0; round < 64; round++) {
        double whole = floor(rest);
        if (whole > (double)most && q1 > 0) break;
        int64_t p = (int64_t)whole * p1 + p0, q = (int64_t)whole * q1 + q0;
        if (q > most) break;
        p0 = p1, q0 = q1, p1 = p, q1 = q;
        if (rest - whole < 1e-9) break;
        rest = 1 / (rest - whole);
    }
    return (double)p1 / (double)q1;
}

/* What a real number of the read-out stands for: the model says how fine the true values are. */
static double settled(const Readout *readout, double value, bool whole) {
    if (whole || readout->decode != DECODE_FRACTION) return nearbyint(value);
    return nearest_fraction(value, readout->denominator);
}

/* In place: an integer is as long as a double. */
static void settle(const Readout *readout, void *result, const int32_t *exact, uint32_t n) {
    for (uint32_t i = 0; i < n; i++) {
        double *place = (double *)result + i;
        double value = settled(readout, *place, exact && exact[i]);
        int64_t whole = (int64_t)(readout->decode == DECODE_INTEGER ? value : 0);
        if (readout->decode == DECODE_INTEGER)
            memcpy(place, &whole, sizeof whole);
        else
            *place = value;
    }
}

JitColumn decode_column(const Plan *plan, void *const *columns, uint32_t n) {
    const Readout *readout = &plan->model->readout;
    const OutputPlan *output = &plan->output;
    void *result = columns[output->result];
    if (readout->decode == DECODE_ATOMS)
        return (JitColumn){.kind = JIT_ATOMS,
                           .n = n,
                           .indices = result,
                           .atom_count = readout->atom_count,
                           .atoms = readout->atoms};
    const int32_t *exact = output->exact == NO_BUFFER ? NULL : columns[output->exact];
    if (output->number.is_real) settle(readout, result, exact, n);
    if (readout->decode == DECODE_INTEGER)
        return (JitColumn){.kind = JIT_INTEGERS, .n = n, .integers = result};
    return (JitColumn){.kind = JIT_REALS,
                       .n = n,
                       .reals = result,
                       .exact = exact,
                       .exact_is_bool = readout->mixed_with_bools};
}

/* --- atoms ------------------------------------------------------------------------------------ */

/* Each atom that occurs is copied once. */
static void copy_atoms(const JitColumn *column, Arena *arena, Atom *atoms) {
    Atom *copies = ARENA_ARRAY(arena, Atom, column->atom_count);
    bool *copied = ARENA_ARRAY(arena, bool, column->atom_count);
    for (uint32_t i = 0; i < column->n; i++) {
        int32_t v = column->indices[i];
        if (!copied[v]) copies[v] = atom_copy(arena, column->atoms[v]);
        copied[v] = true;
        atoms[i] = copies[v];
    }
}

/* What came from one position is of its own kind. */
static Atom real_atom(const JitColumn *column, uint32_t i) {
    double value = column->reals[i];
    if (column->exact == NULL || column->exact[i] == 0) return atom_float(value);
    return column->exact_is_bool ? atom_bool(value != 0) : atom_int((int64_t)nearbyint(value));
}

bool decode_atoms(const JitColumn *column, Span span, Arena *arena, Diagnostics *diags,
                  Sequence *out) {
    uint32_t n = column->n, bad;
    Atom *atoms = ARENA_ARRAY(arena, Atom, n);
    switch (column->kind) {
    case JIT_ATOMS: copy_atoms(column, arena, atoms); break;
    case JIT_INTEGERS:
        for (uint32_t i = 0; i < n; i++)
            atoms[i] = atom_int(column->integers[i]);
        break;
    case JIT_REALS:
        for (uint32_t i = 0; i < n; i++)
            atoms[i] = real_atom(column, i);
        break;
    }
    for (uint32_t i = 0; i < n; i++) {
        if (atoms[i].kind != ATOM_OPAQUE) continue;
        diag_error(diags, DIAG_MEAN_OF_STRINGS, span,
                   "position %u: no single value: several different ones were gathered", i);
        return false;
    }
    *out = (Sequence){.n = n, .atoms = atoms};
    if (sequence_type_of(atoms, n, &out->type, &bad)) return true;
    diag_error(diags, DIAG_MIXED, span, "positions 0 and %u: strings and numbers in one sequence",
               bad);
    return false;
}
