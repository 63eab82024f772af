/* What a read-out's steps compute, for every engine that reads logits. */
#include "runtime/model/model.h"

#include "runtime/base/bug.h"

typedef enum StepKind { STEP_NONE, STEP_UNARY, STEP_BINARY, STEP_OTHER } StepKind;

/* How the operation is computed on atoms; STEP_NONE: no step does. */
static StepKind step_kind(GraphOp op, UnaryOp *unary, BinaryOp *binary) {
    switch (op) {
    case OP_NEG: *unary = UNARY_NEG; return STEP_UNARY;
    case OP_POS: *unary = UNARY_POS; return STEP_UNARY;
    case OP_ROUND: *unary = UNARY_ROUND; return STEP_UNARY;
    case OP_NOT: *unary = UNARY_NOT; return STEP_UNARY;
    case OP_ADD: *binary = BINARY_ADD; return STEP_BINARY;
    case OP_SUB: *binary = BINARY_SUB; return STEP_BINARY;
    case OP_MUL: *binary = BINARY_MUL; return STEP_BINARY;
    case OP_DIV: *binary = BINARY_DIV; return STEP_BINARY;
    case OP_EQ: *binary = BINARY_EQ; return STEP_BINARY;
    case OP_LT: *binary = BINARY_LT; return STEP_BINARY;
    case OP_LE: *binary = BINARY_LE; return STEP_BINARY;
    case OP_GT: *binary = BINARY_GT; return STEP_BINARY;
    case OP_GE: *binary = BINARY_GE; return STEP_BINARY;
    case OP_CONST:
    case OP_INDICATOR:
    case OP_AND:
    case OP_OR:
    case OP_CHOOSE: return STEP_OTHER;
    default: return STEP_NONE;
    }
}

bool readout_computes(GraphOp op) {
    UnaryOp unary;
    BinaryOp binary;
    return step_kind(op, &unary, &binary) != STEP_NONE;
}

static ArithStatus step_value(const ReadStep *step, const Atom *values, Arena *arena, Atom *out) {
    UnaryOp unary;
    BinaryOp binary;
    const Atom *a = &values[step->args[0]], *b = &values[step->args[1]];
    switch (step_kind(step->op, &unary, &binary)) {
    case STEP_UNARY: return atom_unary(arena, unary, *a, out);
    case STEP_BINARY: return atom_binary(arena, binary, *a, *b, out);
    default: break;
    }
    if (step->op == OP_CONST)
        *out = step->atom;
    else if (step->op == OP_INDICATOR)
        *out = atom_int(atom_truth(*a));
    else if (step->op == OP_AND)
        *out = atom_bool(atom_truth(*a) && atom_truth(*b));
    else if (step->op == OP_OR)
        *out = atom_bool(atom_truth(*a) || atom_truth(*b));
    else if (step->op == OP_CHOOSE)
        *out = atom_truth(*a) ? *b : values[step->args[2]];
    else
        BUG("%s is no step of a read-out", op_info(step->op)->name);
    return ARITH_OK;
}

/* --- kinds ------------------------------------------------------------------------------------ */

static uint32_t atom_kind(Atom atom) {
    switch ((AtomKind)atom.kind) {
    case ATOM_INT: return READ_INT;
    case ATOM_FLOAT: return READ_FLOAT;
    case ATOM_BOOL: return READ_BOOL;
    case ATOM_OPAQUE: return 0; /* the program fails there */
    default: return READ_OTHER;
    }
}

static uint32_t reading_kinds(const Reading *reading) {
    uint32_t kinds = 0;
    if (reading->decode == DECODE_INTEGER) return READ_INT;
    if (reading->decode != DECODE_ATOMS)
        return READ_FLOAT | (!reading->mixed             ? 0U
                             : reading->mixed_with_bools ? READ_BOOL
                                                         : READ_INT);
    for (uint32_t i = 0; i < reading->atom_count; i++)
        kinds |= atom_kind(reading->atoms[i]);
    return kinds;
}

static uint32_t step_kinds(const ReadStep *step, const uint32_t *kinds) {
    const uint32_t exact = READ_INT | READ_BOOL;
    uint32_t a = kinds[step->args[0]], b = kinds[step->args[1]];
    switch (step->op) {
    case OP_CONST: return atom_kind(step->atom);
    case OP_POS:
    case OP_NEG: return (a & exact ? READ_INT : 0U) | (a & READ_FLOAT);
    case OP_ADD:
    case OP_SUB:
    case OP_MUL: return (a & exact && b & exact ? READ_INT : 0U) | ((a | b) & READ_FLOAT);
    case OP_DIV: return READ_FLOAT;
    case OP_ROUND:
    case OP_INDICATOR: return READ_INT;
    case OP_CHOOSE: return b | kinds[step->args[2]];
    default: return READ_BOOL;
    }
}

void readout_kinds(const Readout *readout, uint32_t *kinds) {
    for (uint32_t r = 0; r < readout->reading_count; r++)
        kinds[r] = reading_kinds(&readout->readings[r]);
    for (uint32_t s = 0; s < readout->step_count; s++)
        kinds[readout->reading_count + s] = step_kinds(&readout->steps[s], kinds);
}

/* --- values ----------------------------------------------------------------------------------- */

bool readout_value(const Readout *readout, const Atom *readings, Arena *arena, Atom *value,
                   uint32_t *failed, const char **why, DiagId *id) {
    Atom values[MODEL_READINGS + MODEL_STEPS];
    for (uint32_t r = 0; r < readout->reading_count; r++)
        values[r] = readings[r];
    uint32_t count = readout->reading_count;
    for (uint32_t s = 0; s < readout->step_count; s++) {
        ArithStatus status = step_value(&readout->steps[s], values, arena, &values[count++]);
        if (status == ARITH_OK) continue;
        *failed = s;
        *why = arith_reason(status);
        *id = arith_diag_id(status);
        return false;
    }
    *value = values[count - 1];
    return true;
}
