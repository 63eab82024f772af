/* Functions of one number: on atoms, and on vectors component by component. libm's are the
   definition; nothing fails on a double. */
#include "runtime/engines/evaluation.h"

#include "runtime/base/bug.h"

#include <math.h>

/* A NaN is neither above 0 nor below. */
static double sign_of(double x) { return (x > 0) - (x < 0); }

static double apply(GraphOp op, double x) {
    switch (op) {
    case OP_NEG: return -x;
    case OP_POS: return x;
    case OP_ROUND: return nearbyint(x); /* half to even */
    case OP_EXP: return exp(x);
    case OP_LOG: return log(x);
    case OP_SQRT: return sqrt(x);
    case OP_ABS: return fabs(x);
    case OP_FLOOR: return floor(x);
    case OP_CEIL: return ceil(x);
    case OP_SIN: return sin(x);
    case OP_COS: return cos(x);
    case OP_TANH: return tanh(x);
    case OP_RELU: return x > 0 ? x : 0;
    case OP_SIGN: return sign_of(x);
    default: BUG("%s is no function of a number", op_info(op)->name);
    }
}

bool is_number_function(GraphOp op) {
    return (op >= OP_EXP && op <= OP_SIGN) || op == OP_NEG || op == OP_POS || op == OP_ROUND;
}

/* --- atoms ------------------------------------------------------------------------------------ */

static bool fail_number(Evaluation *evaluation, NodeId node, uint32_t position, Atom value) {
    if (atom_is_number(value))
        return evaluation_fail_at(evaluation, node, DIAG_NUMBER_RANGE, position, value,
                                  "is too large for a float");
    return evaluation_fail_at(evaluation, node, DIAG_TYPE, position, value, "is not a number");
}

/* abs and relu leave integers as they are, or turn their sign. */
static bool apply_to_integer(Evaluation *evaluation, GraphOp op, Atom value, Atom *out) {
    bool ordered;
    int order = atom_order(value, atom_int(0), &ordered);
    if (op == OP_SIGN) {
        *out = atom_int(order);
        return true;
    }
    if (op == OP_RELU && order < 0) {
        *out = atom_int(0);
        return true;
    }
    return atom_unary(evaluation->arena, order < 0 ? UNARY_NEG : UNARY_POS, value, out) == ARITH_OK;
}

static bool apply_to_atom(Evaluation *evaluation, NodeId node, uint32_t position, Atom value,
                          Atom *out) {
    GraphOp op = evaluation->graph->nodes[node].op;
    if (!atom_is_number(value)) return fail_number(evaluation, node, position, value);
    bool keeps = op == OP_ABS || op == OP_RELU || op == OP_SIGN,
         rounds = op == OP_FLOOR || op == OP_CEIL;
    if (value.kind != ATOM_FLOAT && keeps)
        return apply_to_integer(evaluation, op, value, out) ||
               fail_number(evaluation, node, position, value);
    if (value.kind != ATOM_FLOAT && rounds)
        return atom_unary(evaluation->arena, UNARY_POS, value, out) == ARITH_OK;
    double real;
    if (!atom_as_double(value, &real)) return fail_number(evaluation, node, position, value);
    Atom result = atom_float(apply(op, real));
    if (op == OP_SIGN) {
        *out = atom_int((int64_t)result.as.real);
    } else if (rounds) {
        if (atom_unary(evaluation->arena, UNARY_ROUND, result, out) != ARITH_OK)
            return evaluation_fail_at(evaluation, node, DIAG_NUMBER_RANGE, position, value,
                                      "can't be rounded to an integer");
    } else {
        *out = result;
    }
    return true;
}

/* --- a column --------------------------------------------------------------------------------- */

bool eval_function(Evaluation *evaluation, NodeId node, Column out) {
    const Node *at = &evaluation->graph->nodes[node];
    Column in = evaluation_column(evaluation, at->args[0]);
    if (out.numbers) {
        size_t count = (size_t)evaluation->n * at->width;
        for (size_t i = 0; i < count; i++)
            out.numbers[i] = apply(at->op, in.numbers[i]);
        return true;
    }
    for (uint32_t i = 0; i < evaluation->n; i++) {
        if (!apply_to_atom(evaluation, node, i, in.atoms[i], &out.atoms[i])) return false;
        if (arena_exhausted(evaluation->arena)) return evaluation_has_room(evaluation, node, 1);
    }
    return true;
}

const double *evaluation_numbers(Evaluation *evaluation, NodeId node, NodeId user, Arena *scratch) {
    Column column = evaluation_column(evaluation, node);
    if (column.numbers) return column.numbers;
    double *numbers = ARENA_ARRAY(scratch, double, evaluation->n);
    for (uint32_t i = 0; i < evaluation->n; i++) {
        if (atom_as_double(column.atoms[i], &numbers[i])) continue;
        fail_number(evaluation, user, i, column.atoms[i]);
        return NULL;
    }
    return numbers;
}
