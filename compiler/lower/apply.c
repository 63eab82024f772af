/* One element-wise operation on one position's atoms, with failures as values: a table records
   where the program would fail, and the read-out says so if the position is reached. */
#include "compiler/lower/plan.h"

#include "runtime/base/bug.h"

#include <math.h>
#include <string.h>

bool atom_failed(Atom a) { return a.kind == ATOM_OPAQUE; }

Atom atom_failure(Arena *arena, const char *why) {
    return (Atom){.kind = ATOM_OPAQUE, .as.string = string_from(arena, why)};
}

bool atom_whole(Atom a, double *value) {
    if (a.kind == ATOM_INT && !a.big) {
        *value = (double)a.as.integer;
        return fabs(*value) <= PLAN_NUMBER;
    }
    if (a.kind == ATOM_STRING || a.kind == ATOM_OPAQUE || !atom_as_double(a, value)) return false;
    return floor(*value) == *value && fabs(*value) <= PLAN_NUMBER && !atom_is_minus_zero(a);
}

bool atoms_alike(Atom a, Atom b) {
    if (a.kind != b.kind || a.big != b.big || a.truth != b.truth) return false;
    return a.kind == ATOM_BOOL ? a.as.boolean == b.as.boolean : a.as.integer == b.as.integer;
}

bool atom_is_minus_zero(Atom a) {
    return a.kind == ATOM_FLOAT && a.as.real == 0 && signbit(a.as.real);
}

/* Where and into what an operation fails. */
typedef struct Failing {
    Arena *arena;
    DiagId *id;
} Failing;

static Atom fail(Failing f, DiagId id, const char *why) {
    *f.id = id;
    return atom_failure(f.arena, why);
}

static Atom apply_binary(Failing f, BinaryOp op, const Atom *args) {
    Atom out;
    ArithStatus status = atom_binary(f.arena, op, args[0], args[1], &out);
    return status == ARITH_OK ? out : fail(f, arith_diag_id(status), arith_reason(status));
}

static Atom apply_unary(Failing f, UnaryOp op, Atom a) {
    Atom out;
    ArithStatus status = atom_unary(f.arena, op, a, &out);
    return status == ARITH_OK ? out : fail(f, arith_diag_id(status), arith_reason(status));
}

static Atom apply_keyed(Failing f, const Node *node, Atom key) {
    for (uint32_t i = 0; i < node->table->count; i++) {
        if (!atom_equal(node->table->keys[i], key)) continue;
        return node->op == OP_MEMBER ? atom_bool(true) : node->table->values[i];
    }
    if (node->op == OP_MEMBER) return atom_bool(false);
    return fail(f, DIAG_MISSING_KEY, "a key that the dict does not have");
}

static Atom apply_item(Failing f, const Node *node, Atom number) {
    int64_t at, count = node->table->count;
    if (number.kind != ATOM_INT && number.kind != ATOM_BOOL)
        return fail(f, DIAG_BAD_INDEX, "not an integer, so no index");
    if (!atom_as_int64(number, &at) || at >= count || at < -count)
        return fail(f, DIAG_INDEX_RANGE, "an index out of range");
    return node->table->values[at < 0 ? at + count : at];
}

static Atom apply_token(Failing f, GraphOp op, Atom token) {
    Atom out;
    double real;
    switch (op) {
    case OP_TOKENS_STR: return atom_to_string(f.arena, token);
    case OP_TOKENS_INT:
        return atom_to_int(f.arena, token, &out) ? out : fail(f, DIAG_CONVERSION, "not an integer");
    case OP_TOKENS_FLOAT:
        return atom_to_float(token, &real) ? atom_float(real)
                                           : fail(f, DIAG_CONVERSION, "not a float");
    case OP_TOKENS_BOOL: return atom_bool(atom_truth(token));
    default: return token;
    }
}

Atom element_apply(Arena *arena, const Node *node, const Atom *args, DiagId *id) {
    Failing f = {arena, id};
    int arity = op_info(node->op)->kind == OPKIND_INPUT ? 1 : op_info(node->op)->arity;
    for (int i = 0; i < arity; i++) {
        if (atom_failed(args[i])) return args[i];
    }
    switch (node->op) {
    case OP_TOKENS_STR:
    case OP_TOKENS_INT:
    case OP_TOKENS_FLOAT:
    case OP_TOKENS_BOOL:
    case OP_TOKENS_ASIS: return apply_token(f, node->op, args[0]);
    case OP_INDICES: return args[0];
    case OP_CONST: return node->atom;
    case OP_NEG: return apply_unary(f, UNARY_NEG, args[0]);
    case OP_POS: return apply_unary(f, UNARY_POS, args[0]);
    case OP_ROUND: return apply_unary(f, UNARY_ROUND, args[0]);
    case OP_NOT: return atom_bool(!atom_truth(args[0]));
    case OP_INDICATOR: return atom_int(atom_truth(args[0]));
    case OP_ADD: return apply_binary(f, BINARY_ADD, args);
    case OP_SUB: return apply_binary(f, BINARY_SUB, args);
    case OP_MUL: return apply_binary(f, BINARY_MUL, args);
    case OP_DIV: return apply_binary(f, BINARY_DIV, args);
    case OP_MOD: return apply_binary(f, BINARY_MOD, args);
    case OP_POW: return apply_binary(f, BINARY_POW, args);
    case OP_EQ: return apply_binary(f, BINARY_EQ, args);
    case OP_LT: return apply_binary(f, BINARY_LT, args);
    case OP_LE: return apply_binary(f, BINARY_LE, args);
    case OP_GT: return apply_binary(f, BINARY_GT, args);
    case OP_GE: return apply_binary(f, BINARY_GE, args);
    case OP_AND: return atom_bool(atom_truth(args[0]) && atom_truth(args[1]));
    case OP_OR: return atom_bool(atom_truth(args[0]) || atom_truth(args[1]));
    case OP_CHOOSE: return atom_truth(args[0]) ? args[1] : args[2];
    case OP_MEMBER:
    case OP_LOOKUP: return apply_keyed(f, node, args[0]);
    case OP_ITEM: return apply_item(f, node, args[0]);
    default: BUG("%s is no element-wise operation", op_info(node->op)->name);
    }
}

bool kind_decides(Arena *arena, const Node *node, const Form *args, int arity, const Atom *values) {
    uint32_t unknown = 0, failing = 0, tried = 0;
    for (int i = 0; i < arity; i++) {
        double value;
        if (args[i].kind_unknown && !atom_failed(values[i]) && atom_whole(values[i], &value))
            unknown |= 1u << i;
    }
    if (unknown == 0) return false;
    for (uint32_t ints = 0; ints < 1u << arity; ints++) {
        Atom kinds[3] = {{0}};
        DiagId id;
        if ((ints & unknown) != ints) continue;
        for (int i = 0; i < arity; i++) {
            double value = 0;
            kinds[i] = values[i];
            if (!(unknown >> i & 1)) continue;
            (void)atom_whole(values[i], &value);
            kinds[i] = ints >> i & 1 ? atom_int((int64_t)value) : atom_float(value);
        }
        failing += atom_failed(element_apply(arena, node, kinds, &id));
        tried++;
    }
    return failing > 0 && failing < tried;
}
