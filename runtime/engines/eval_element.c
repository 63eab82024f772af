/* Inputs and operations position by position: Python's operators on atoms, in plain loops. */
#include "runtime/engines/evaluation.h"

#include "runtime/base/bug.h"

#include <string.h>

/* --- what went wrong where -------------------------------------------------------------------- */

static bool fail_binary(Evaluation *evaluation, NodeId node, uint32_t position, BinaryOp op, Atom a,
                        Atom b, ArithStatus status) {
    Buffer left = {0}, right = {0};
    atom_format_brief(&left, a);
    atom_format_brief(&right, b);
    evaluation_fail(evaluation, node, arith_diag_id(status), "position %u: %s %s %s: %s", position,
                    left.data, binary_op_text(op), right.data, arith_reason(status));
    buffer_free(&left);
    buffer_free(&right);
    return false;
}

/* --- inputs ----------------------------------------------------------------------------------- */

static bool eval_input(Evaluation *evaluation, NodeId node, Atom *out) {
    Arena *arena = evaluation->arena;
    GraphOp op = evaluation->graph->nodes[node].op;
    if (op != OP_INDICES && !evaluation->input.tokens)
        return evaluation_fail(evaluation, node, DIAG_BAD_INPUT,
                               "the input is given by names, so it has no tokens");
    for (uint32_t i = 0; i < evaluation->n; i++) {
        if (op == OP_INDICES) {
            out[i] = atom_int(i);
            continue;
        }
        Atom token = evaluation->input.tokens[i];
        double real = 0;
        switch (op) {
        case OP_TOKENS_STR: out[i] = atom_to_string(arena, token); break;
        case OP_TOKENS_INT:
            if (!atom_to_int(arena, token, &out[i]))
                return evaluation_fail_at(evaluation, node, DIAG_CONVERSION, i, token,
                                          "is not an integer");
            break;
        case OP_TOKENS_FLOAT:
            if (!atom_to_float(token, &real))
                return evaluation_fail_at(evaluation, node, DIAG_CONVERSION, i, token,
                                          "is not a float");
            out[i] = atom_float(real);
            break;
        case OP_TOKENS_BOOL: out[i] = atom_bool(atom_truth(token)); break;
        case OP_TOKENS_ASIS: out[i] = token; break;
        default: BUG("input %s", op_info(op)->name);
        }
    }
    return true;
}

/* What the input gives by that name must be what the program declares. */
static bool check_named(Evaluation *evaluation, NodeId node, const InputColumn *column) {
    const Node *at = &evaluation->graph->nodes[node];
    const char *name = at->atom.as.string->bytes;
    Shape given = {0};
    if (!column)
        return evaluation_fail(evaluation, node, DIAG_BAD_INPUT, "the input gives no '%.100s'",
                               name);
    if (column->numbers) given = (Shape){TYPE_VECTOR, column->width};
    for (uint32_t i = 0; column->atoms && i < evaluation->n; i++)
        given.types |= type_of_atom(column->atoms[i]);
    if (given.types == at->type && given.width == at->width) return true;
    Buffer text = {0};
    shape_format(&text, (Shape){at->type, at->width});
    buffer_text(&text, " here, and the input gives ");
    shape_format(&text, given);
    evaluation_fail(evaluation, node, DIAG_BAD_INPUT, "'%.100s' is %s", name, text.data);
    buffer_free(&text);
    return false;
}

bool eval_named_input(Evaluation *evaluation, NodeId node, Column out) {
    const Node *at = &evaluation->graph->nodes[node];
    const InputColumn *column = input_column(&evaluation->input, at->atom.as.string);
    if (!check_named(evaluation, node, column)) return false;
    if (out.numbers)
        memcpy(out.numbers, column->numbers, (size_t)evaluation->n * at->width * sizeof(double));
    else
        memcpy(out.atoms, column->atoms, evaluation->n * sizeof(Atom));
    return true;
}

/* --- operators -------------------------------------------------------------------------------- */

static bool eval_binary(Evaluation *evaluation, NodeId node, BinaryOp op, Atom *out) {
    const NodeId *args = evaluation->graph->nodes[node].args;
    const Atom *a = evaluation->column[args[0]], *b = evaluation->column[args[1]];
    for (uint32_t i = 0; i < evaluation->n; i++) {
        ArithStatus status = atom_binary(evaluation->arena, op, a[i], b[i], &out[i]);
        if (status != ARITH_OK) return fail_binary(evaluation, node, i, op, a[i], b[i], status);
        if (arena_exhausted(evaluation->arena)) return evaluation_has_room(evaluation, node, 1);
    }
    return true;
}

static bool eval_unary(Evaluation *evaluation, NodeId node, UnaryOp op, Atom *out) {
    const Atom *a = evaluation->column[evaluation->graph->nodes[node].args[0]];
    for (uint32_t i = 0; i < evaluation->n; i++) {
        ArithStatus status = atom_unary(evaluation->arena, op, a[i], &out[i]);
        if (status == ARITH_TYPE)
            return evaluation_fail_at(evaluation, node, DIAG_TYPE, i, a[i], "is not a number");
        if (status != ARITH_OK)
            return evaluation_fail_at(evaluation, node, arith_diag_id(status), i, a[i],
                                      "can't be rounded to an integer");
        if (arena_exhausted(evaluation->arena)) return evaluation_has_room(evaluation, node, 1);
    }
    return true;
}

/* not, indicator, and, or, choose: they look at truth, and never fail. */
static void eval_logic(Evaluation *evaluation, NodeId node, Atom *out) {
    const Node *at = &evaluation->graph->nodes[node];
    const Atom *arg[3] = {NULL};
    for (int i = 0; i < op_info(at->op)->arity; i++)
        arg[i] = evaluation->column[at->args[i]];
    for (uint32_t i = 0; i < evaluation->n; i++) {
        bool truth = atom_truth(arg[0][i]);
        switch (at->op) {
        case OP_NOT: out[i] = atom_bool(!truth); break;
        case OP_INDICATOR: out[i] = atom_int(truth); break;
        case OP_AND: out[i] = atom_bool(truth && atom_truth(arg[1][i])); break;
        case OP_OR: out[i] = atom_bool(truth || atom_truth(arg[1][i])); break;
        case OP_CHOOSE: out[i] = truth ? arg[1][i] : arg[2][i]; break;
        default: BUG("logic %s", op_info(at->op)->name);
        }
    }
}

/* --- tables ----------------------------------------------------------------------------------- */

/* Where each key stands: open addressing; 0 is an empty slot, else the number + 1. */
typedef struct KeyIndex {
    const Table *table;
    uint32_t *slots;
    uint32_t mask;
} KeyIndex;

static KeyIndex index_keys(Arena *arena, const Table *table) {
    uint32_t capacity = 8;
    while (capacity < 2 * (uint64_t)table->count)
        capacity *= 2;
    KeyIndex index = {table, ARENA_ARRAY(arena, uint32_t, capacity), capacity - 1};
    for (uint32_t i = 0; i < table->count; i++) {
        uint32_t slot = (uint32_t)atom_hash(table->keys[i]) & index.mask;
        while (index.slots[slot])
            slot = (slot + 1) & index.mask;
        index.slots[slot] = i + 1;
    }
    return index;
}

static bool find_key(const KeyIndex *index, Atom key, uint32_t *number) {
    uint32_t slot = (uint32_t)atom_hash(key) & index->mask;
    for (; index->slots[slot]; slot = (slot + 1) & index->mask) {
        *number = index->slots[slot] - 1;
        if (atom_equal(index->table->keys[*number], key)) return true;
    }
    return false;
}

static bool eval_keyed(Evaluation *evaluation, NodeId node, Atom *out) {
    const Node *at = &evaluation->graph->nodes[node];
    const Atom *keys = evaluation->column[at->args[0]];
    KeyIndex index = index_keys(evaluation->arena, at->table);
    for (uint32_t i = 0; i < evaluation->n; i++) {
        uint32_t number = 0;
        bool found = find_key(&index, keys[i], &number);
        if (at->op == OP_MEMBER)
            out[i] = atom_bool(found);
        else if (found)
            out[i] = at->table->values[number];
        else
            return evaluation_fail_at(evaluation, node, DIAG_MISSING_KEY, i, keys[i],
                                      "is not among the dict's keys");
    }
    return true;
}

static bool eval_item(Evaluation *evaluation, NodeId node, Atom *out) {
    const Node *at = &evaluation->graph->nodes[node];
    const Atom *numbers = evaluation->column[at->args[0]];
    int64_t count = at->table->count;
    for (uint32_t i = 0; i < evaluation->n; i++) {
        if (numbers[i].kind != ATOM_INT && numbers[i].kind != ATOM_BOOL)
            return evaluation_fail_at(evaluation, node, DIAG_BAD_INDEX, i, numbers[i],
                                      "is not an integer, so no index");
        int64_t number;
        if (!atom_as_int64(numbers[i], &number) || number >= count || number < -count) {
            Buffer text = {0};
            atom_format_brief(&text, numbers[i]);
            evaluation_fail(evaluation, node, DIAG_INDEX_RANGE,
                            "position %u: index %s is out of range for %lld items", i, text.data,
                            (long long)count);
            buffer_free(&text);
            return false;
        }
        out[i] = at->table->values[number < 0 ? number + count : number];
    }
    return true;
}

/* --- one node --------------------------------------------------------------------------------- */

bool eval_element(Evaluation *evaluation, NodeId node, Atom *out) {
    const Node *at = &evaluation->graph->nodes[node];
    switch (at->op) {
    case OP_TOKENS_STR:
    case OP_TOKENS_INT:
    case OP_TOKENS_FLOAT:
    case OP_TOKENS_BOOL:
    case OP_TOKENS_ASIS:
    case OP_INDICES: return eval_input(evaluation, node, out);
    case OP_CONST:
        for (uint32_t i = 0; i < evaluation->n; i++)
            out[i] = at->atom;
        return true;
    case OP_NEG: return eval_unary(evaluation, node, UNARY_NEG, out);
    case OP_POS: return eval_unary(evaluation, node, UNARY_POS, out);
    case OP_ROUND: return eval_unary(evaluation, node, UNARY_ROUND, out);
    case OP_NOT:
    case OP_INDICATOR:
    case OP_AND:
    case OP_OR:
    case OP_CHOOSE: eval_logic(evaluation, node, out); return true;
    case OP_ADD: return eval_binary(evaluation, node, BINARY_ADD, out);
    case OP_SUB: return eval_binary(evaluation, node, BINARY_SUB, out);
    case OP_MUL: return eval_binary(evaluation, node, BINARY_MUL, out);
    case OP_DIV: return eval_binary(evaluation, node, BINARY_DIV, out);
    case OP_MOD: return eval_binary(evaluation, node, BINARY_MOD, out);
    case OP_POW: return eval_binary(evaluation, node, BINARY_POW, out);
    case OP_EQ: return eval_binary(evaluation, node, BINARY_EQ, out);
    case OP_LT: return eval_binary(evaluation, node, BINARY_LT, out);
    case OP_LE: return eval_binary(evaluation, node, BINARY_LE, out);
    case OP_GT: return eval_binary(evaluation, node, BINARY_GT, out);
    case OP_GE: return eval_binary(evaluation, node, BINARY_GE, out);
    case OP_MEMBER:
    case OP_LOOKUP: return eval_keyed(evaluation, node, out);
    case OP_ITEM: return eval_item(evaluation, node, out);
    default: BUG("%s is no element-wise operation", op_info(at->op)->name);
    }
}
