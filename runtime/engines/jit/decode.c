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

/* What a real number of a reading stands for: the model says how fine the true values are. */
static double settled(const Reading *reading, double value, bool whole) {
    bool integer = whole || reading->decode != DECODE_FRACTION;
    /* -0.0 + 0.0 is 0.0: the sign is that of an error. */
    return (integer ? nearbyint(value) : nearest_fraction(value, reading->denominator)) + 0.0;
}

/* In place: an integer is as long as a double. */
static void settle(const Reading *reading, void *result, const int32_t *exact, uint32_t n) {
    for (uint32_t i = 0; i < n; i++) {
        double *place = (double *)result + i;
        double value = settled(reading, *place, exact && exact[i]);
        int64_t whole = (int64_t)(reading->decode == DECODE_INTEGER ? value : 0);
        if (reading->decode == DECODE_INTEGER)
            memcpy(place, &whole, sizeof whole);
        else
            *place = value;
    }
}

static JitColumn reading_column(const Plan *plan, uint32_t r, void *const *columns, uint32_t n) {
    const Reading *reading = &plan->model->readout.readings[r];
    const ReadingPlan *planned = &plan->output.readings[r];
    void *result = columns[planned->result];
    if (reading->decode == DECODE_ATOMS)
        return (JitColumn){.kind = JIT_ATOMS,
                           .n = n,
                           .indices = result,
                           .atom_count = reading->atom_count,
                           .atoms = reading->atoms};
    const int32_t *exact = planned->exact == NO_BUFFER ? NULL : columns[planned->exact];
    if (planned->number.is_real) settle(reading, result, exact, n);
    if (reading->decode == DECODE_INTEGER)
        return (JitColumn){.kind = JIT_INTEGERS, .n = n, .integers = result};
    return (JitColumn){.kind = JIT_REALS,
                       .n = n,
                       .reals = result,
                       .exact = exact,
                       .exact_is_bool = reading->mixed_with_bools};
}

/* What came from one position is of its own kind. */
static Atom real_atom(const JitColumn *column, uint32_t i) {
    double value = column->reals[i];
    if (column->exact == NULL || column->exact[i] == 0) return atom_float(value);
    return column->exact_is_bool ? atom_bool(value != 0) : atom_int((int64_t)nearbyint(value));
}

/* --- steps ------------------------------------------------------------------------------------ */

static Atom atom_at(const JitColumn *column, uint32_t i) {
    switch (column->kind) {
    case JIT_ATOMS: return column->atoms[column->indices[i]];
    case JIT_INTEGERS: return atom_int(column->integers[i]);
    case JIT_REALS: break;
    }
    return real_atom(column, i);
}

/* What the steps give is in the output's result, as an integer or a double, and in its exact. */
typedef struct StepColumns {
    bool whole;
    void *result;   /* (n) i64 or f64 */
    int32_t *exact; /* (n) */
} StepColumns;

/* False: an integer that no column holds. */
static bool put_atom(const StepColumns *to, uint32_t i, Atom value) {
    to->exact[i] = value.kind != ATOM_FLOAT;
    if (to->whole) return atom_as_int64(value, (int64_t *)to->result + i);
    return atom_as_double(value, (double *)to->result + i);
}

static bool report_no_value(Diagnostics *diags, Span span, uint32_t position) {
    diag_error(diags, DIAG_MEAN_OF_STRINGS, span,
               "position %u: no single value: several different ones were gathered", position);
    return false;
}

/* The steps at one position; false after reporting. */
static bool compute_at(const Readout *readout, const JitColumn *readings, uint32_t i, Arena *arena,
                       const StepColumns *to, Span span, Diagnostics *diags) {
    Atom here[MODEL_READINGS], value;
    uint32_t failed = 0;
    const char *why = arith_reason(ARITH_OVERFLOW);
    DiagId id = arith_diag_id(ARITH_OVERFLOW);
    for (uint32_t r = 0; r < readout->reading_count; r++) {
        here[r] = atom_at(&readings[r], i);
        if (here[r].kind == ATOM_OPAQUE) return report_no_value(diags, span, i);
    }
    if (readout_value(readout, here, arena, &value, &failed, &why, &id) && put_atom(to, i, value))
        return true;
    Span at = readout->steps[failed].span;
    diag_error(diags, id, at.file ? at : span, "position %u: %s", i, why);
    return false;
}

static bool compute_steps(const Plan *plan, const JitColumn *readings, void *const *columns,
                          uint32_t n, Span span, Diagnostics *diags, JitColumn *out) {
    const Readout *readout = &plan->model->readout;
    uint32_t kinds[MODEL_READINGS + MODEL_STEPS];
    readout_kinds(readout, kinds);
    uint32_t last = kinds[readout->reading_count + readout->step_count - 1];
    StepColumns to = {.whole = last == READ_INT,
                      .result = columns[plan->output.result],
                      .exact = columns[plan->output.exact]};
    Arena *arena = arena_new(0);
    bool fine = true;
    for (uint32_t i = 0; i < n && fine; i++)
        fine = compute_at(readout, readings, i, arena, &to, span, diags);
    arena_free(arena);
    *out = to.whole ? (JitColumn){.kind = JIT_INTEGERS, .n = n, .integers = to.result}
                    : (JitColumn){.kind = JIT_REALS,
                                  .n = n,
                                  .reals = to.result,
                                  .exact = last == READ_FLOAT ? NULL : to.exact,
                                  .exact_is_bool = !(last & READ_INT)};
    return fine;
}

bool decode_column(const Plan *plan, void *const *columns, uint32_t n, Span span,
                   Diagnostics *diags, JitColumn *out) {
    const Readout *readout = &plan->model->readout;
    JitColumn readings[MODEL_READINGS];
    if (readout->step_count == 0) {
        *out = reading_column(plan, 0, columns, n);
        return true;
    }
    for (uint32_t r = 0; r < readout->reading_count; r++)
        readings[r] = reading_column(plan, r, columns, n);
    return compute_steps(plan, readings, columns, n, span, diags, out);
}

bool decode_is_plain(const Plan *plan) {
    return plan->model->readout.step_count == 0 && !plan->output.readings[0].number.is_real;
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
        if (atoms[i].kind == ATOM_OPAQUE) return report_no_value(diags, span, i);
    }
    *out = (Sequence){.n = n, .atoms = atoms};
    if (sequence_type_of(atoms, n, &out->type, &bad)) return true;
    diag_error(diags, DIAG_MIXED, span, "positions 0 and %u: strings and numbers in one sequence",
               bad);
    return false;
}
