#include "runtime/engines/jit/decode.h"

#include "runtime/base/bug.h"

#include <math.h>

typedef struct Fraction {
    int64_t p, q; /* q >= 1 */
} Fraction;

/* A whole number of at most 53 bits divided by another rounds as the true quotient does, which is
   what eval's one division gives. */
static Fraction exact_at(const OutputPlan *output, void *const *columns, uint32_t i) {
    Fraction fraction = {((const int64_t *)columns[output->numerator])[i], output->number.scale};
    if (output->under != NO_BUFFER) fraction.q *= ((const int64_t *)columns[output->under])[i];
    return fraction;
}

static int64_t nearest(Fraction fraction) {
    int64_t whole = fraction.p / fraction.q, rest = fraction.p % fraction.q;
    if (rest < 0) whole--, rest += fraction.q;
    return rest > fraction.q - rest ? whole + 1 : whole;
}

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

/* What came from one position is of its own kind. */
static Atom exact_atom(const Readout *readout, int64_t whole) {
    return readout->mixed_with_bools ? atom_bool(whole != 0) : atom_int(whole);
}

static Atom number_at(const Plan *plan, void *const *columns, uint32_t i) {
    const Readout *readout = &plan->model->readout;
    const OutputPlan *output = &plan->output;
    bool exact = output->exact != NO_BUFFER && ((const int64_t *)columns[output->exact])[i] != 0;
    if (output->number.is_real) {
        double value = ((const double *)columns[output->numerator])[i];
        if (exact) return exact_atom(readout, (int64_t)nearbyint(value));
        if (readout->decode == DECODE_INTEGER) return atom_int((int64_t)nearbyint(value));
        if (readout->decode == DECODE_WHOLE) return atom_float(nearbyint(value));
        return atom_float(nearest_fraction(value, readout->denominator));
    }
    Fraction fraction = exact_at(output, columns, i);
    if (exact) return exact_atom(readout, nearest(fraction));
    if (readout->decode == DECODE_INTEGER) return atom_int(nearest(fraction));
    if (readout->decode == DECODE_WHOLE) return atom_float((double)nearest(fraction));
    return atom_float((double)fraction.p / (double)fraction.q);
}

/* Each atom that occurs is copied once. */
static void decode_atoms(const Readout *readout, const int32_t *index, uint32_t n, Arena *arena,
                         Atom *atoms) {
    Atom *copies = ARENA_ARRAY(arena, Atom, readout->atom_count);
    bool *copied = ARENA_ARRAY(arena, bool, readout->atom_count);
    for (uint32_t i = 0; i < n; i++) {
        int32_t v = index[i];
        if (!copied[v]) copies[v] = atom_copy(arena, readout->atoms[v]);
        copied[v] = true;
        atoms[i] = copies[v];
    }
}

bool decode_output(const Plan *plan, void *const *columns, uint32_t n, Span span, Arena *arena,
                   Diagnostics *diags, Sequence *out) {
    const Readout *readout = &plan->model->readout;
    Atom *atoms = ARENA_ARRAY(arena, Atom, n);
    if (readout->decode == DECODE_ATOMS) {
        decode_atoms(readout, columns[plan->output.numerator], n, arena, atoms);
    } else {
        for (uint32_t i = 0; i < n; i++)
            atoms[i] = number_at(plan, columns, i);
    }
    uint32_t bad;
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
