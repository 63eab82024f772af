/* What each element-wise operation is, as code. */
#include "runtime/engines/jit/real/element_emit.h"

#include "runtime/base/bug.h"

#include <math.h>
#include <string.h>

#define B(elements) ((elements)->kernel->emit.builder)

static ElementValue scalar(Elements *elements, LLVMValueRef number, int tag) {
    return (ElementValue){number, LLVMConstInt(elements->kernel->emit.i8, (uint64_t)tag, false)};
}
static ElementValue vector(LLVMValueRef number) { return (ElementValue){number, NULL}; }

static LLVMValueRef real(Elements *elements, double value) {
    return emit_real(&elements->kernel->emit, value);
}
static LLVMValueRef choose(Elements *elements, LLVMValueRef condition, LLVMValueRef yes,
                           LLVMValueRef no) {
    return emit_choose(&elements->kernel->emit, condition, yes, no);
}
static LLVMValueRef compare(Elements *elements, LLVMRealPredicate how, LLVMValueRef a,
                            LLVMValueRef b) {
    return LLVMBuildFCmp(B(elements), how, a, b, "");
}
static LLVMValueRef truth(Elements *elements, ElementValue a) {
    return compare(elements, LLVMRealUNE, a.number, real(elements, 0));
}
static ElementValue of_truth(Elements *elements, LLVMValueRef condition, int tag) {
    LLVMValueRef number = LLVMBuildUIToFP(B(elements), condition, elements->kernel->emit.f64, "");
    return scalar(elements, number, tag);
}
static LLVMValueRef intrinsic(Elements *elements, const char *name, LLVMValueRef a) {
    return kernel_intrinsic(elements->kernel, name, 1, &a);
}

/* --- the C library's functions ---------------------------------------------------------------- */

static LLVMValueRef call(Elements *elements, const char *name, uint32_t count, LLVMValueRef *args) {
    Emit *emit = &elements->kernel->emit;
    LLVMTypeRef types[2] = {emit->f64, emit->f64};
    LLVMTypeRef type = LLVMFunctionType(emit->f64, types, count, false);
    LLVMValueRef function = LLVMGetNamedFunction(emit->module, name);
    if (function == NULL) function = LLVMAddFunction(emit->module, name, type);
    return LLVMBuildCall2(emit->builder, type, function, args, count, "");
}

/* name(a) or name(a, b), component by component. */
static ElementValue apply(Elements *elements, const char *name, uint32_t count,
                          const ElementValue *args, uint32_t width) {
    LLVMValueRef parts[2];
    if (width == 0) {
        for (uint32_t i = 0; i < count; i++)
            parts[i] = args[i].number;
        return scalar(elements, call(elements, name, count, parts), TAG_FLOAT);
    }
    Emit *emit = &elements->kernel->emit;
    LLVMValueRef result = LLVMGetPoison(LLVMVectorType(emit->f64, width));
    for (uint32_t c = 0; c < width; c++) {
        for (uint32_t i = 0; i < count; i++)
            parts[i] = element_part(elements, element_splat(elements, &args[i], width), c);
        LLVMValueRef part = call(elements, name, count, parts);
        result = LLVMBuildInsertElement(emit->builder, result, part,
                                        LLVMConstInt(emit->i32, c, false), "");
    }
    return vector(result);
}

/* --- numbers ---------------------------------------------------------------------------------- */

/* Both ints or bools? An i1. */
static LLVMValueRef both_whole(Elements *elements, ElementValue a, ElementValue b) {
    LLVMValueRef zero = LLVMConstNull(elements->kernel->emit.i8);
    LLVMValueRef left = LLVMBuildICmp(B(elements), LLVMIntNE, a.tag, zero, "");
    LLVMValueRef right = LLVMBuildICmp(B(elements), LLVMIntNE, b.tag, zero, "");
    return LLVMBuildAnd(B(elements), left, right, "");
}

/* The tag int where whole holds, else float. */
static LLVMValueRef whole_tag(Elements *elements, LLVMValueRef whole) {
    Emit *emit = &elements->kernel->emit;
    return choose(elements, whole, LLVMConstInt(emit->i8, TAG_INT, false),
                  LLVMConstInt(emit->i8, TAG_FLOAT, false));
}

/* An int that a double does not hold with certainty ends the run. An int has no minus zero. */
static ElementValue whole_result(Elements *elements, NodeId node, LLVMValueRef number,
                                 LLVMValueRef whole, ElementValue a, ElementValue b) {
    LLVMValueRef size = intrinsic(elements, "llvm.fabs", number);
    LLVMValueRef large = LLVMBuildNot(
        B(elements), compare(elements, LLVMRealOLE, size, real(elements, REAL_INTEGER_MOST)), "");
    if (!LLVMIsConstant(whole) || !LLVMIsNull(whole))
        element_trap(elements, LLVMBuildAnd(B(elements), whole, large, ""), node, a, b);
    LLVMValueRef unsigned_zero = LLVMBuildFAdd(B(elements), number, real(elements, 0), "");
    return (ElementValue){choose(elements, whole, unsigned_zero, number),
                          whole_tag(elements, whole)};
}

/* Python's %: the sign is the divisor's. */
static LLVMValueRef remainder_of(Elements *elements, LLVMValueRef a, LLVMValueRef b) {
    LLVMValueRef args[] = {a, b};
    LLVMValueRef rest = call(elements, "fmod", 2, args);
    LLVMValueRef zero = real(elements, 0);
    LLVMValueRef some = compare(elements, LLVMRealUNE, rest, zero);
    LLVMValueRef apart = LLVMBuildXor(B(elements), compare(elements, LLVMRealOLT, b, zero),
                                      compare(elements, LLVMRealOLT, rest, zero), "");
    LLVMValueRef moved = LLVMBuildFAdd(B(elements), rest, b, "");
    LLVMValueRef none[] = {zero, b};
    LLVMValueRef signed_zero = kernel_intrinsic(elements->kernel, "llvm.copysign", 2, none);
    return choose(elements, some, choose(elements, apart, moved, rest), signed_zero);
}

/* Python's ^ of scalars: ints where the exponent is not negative. The C library's pow is exact
   where the result is an integer that a double holds. Which of its failures it was, report_trap
   says. */
static ElementValue power(Elements *elements, NodeId node, ElementValue a, ElementValue b) {
    LLVMBuilderRef builder = B(elements);
    LLVMValueRef zero = real(elements, 0), endless = real(elements, (double)INFINITY);
    LLVMValueRef args[] = {a.number, b.number};
    LLVMValueRef number = call(elements, "pow", 2, args);
    LLVMValueRef negative = compare(elements, LLVMRealOLT, b.number, zero);
    LLVMValueRef whole =
        LLVMBuildAnd(builder, both_whole(elements, a, b), LLVMBuildNot(builder, negative, ""), "");
    LLVMValueRef finite = LLVMBuildAnd(
        builder,
        compare(elements, LLVMRealOLT, intrinsic(elements, "llvm.fabs", a.number), endless),
        compare(elements, LLVMRealOLT, intrinsic(elements, "llvm.fabs", b.number), endless), "");
    /* Infinite by a pole or beyond the largest float; not a number where there is no real power. */
    LLVMValueRef size = intrinsic(elements, "llvm.fabs", number);
    LLVMValueRef bad = LLVMBuildNot(builder, compare(elements, LLVMRealOLT, size, endless), "");
    bad = LLVMBuildAnd(builder, LLVMBuildAnd(builder, bad, finite, ""),
                       LLVMBuildNot(builder, whole, ""), "");
    element_trap(elements, bad, node, a, b);
    return whole_result(elements, node, number, whole, a, b);
}

static ElementValue arithmetic(Elements *elements, NodeId node, GraphOp op, ElementValue a,
                               ElementValue b) {
    LLVMValueRef whole = both_whole(elements, a, b), x = a.number, y = b.number;
    switch (op) {
    case OP_ADD: x = LLVMBuildFAdd(B(elements), x, y, ""); break;
    case OP_SUB: x = LLVMBuildFSub(B(elements), x, y, ""); break;
    case OP_MUL: x = LLVMBuildFMul(B(elements), x, y, ""); break;
    case OP_DIV:
    case OP_MOD: {
        LLVMValueRef zero = compare(elements, LLVMRealOEQ, y, real(elements, 0));
        element_trap(elements, zero, node, a, b);
        if (op == OP_DIV) return scalar(elements, LLVMBuildFDiv(B(elements), x, y, ""), TAG_FLOAT);
        x = remainder_of(elements, x, y);
        break;
    }
    default: BUG("%s is no arithmetic", op_info(op)->name);
    }
    return whole_result(elements, node, x, whole, a, b);
}

static ElementValue component_wise(Elements *elements, GraphOp op, ElementValue a, ElementValue b,
                                   uint32_t width) {
    LLVMValueRef x = element_splat(elements, &a, width), y = element_splat(elements, &b, width);
    switch (op) {
    case OP_ADD: return vector(LLVMBuildFAdd(B(elements), x, y, ""));
    case OP_SUB: return vector(LLVMBuildFSub(B(elements), x, y, ""));
    case OP_MUL: return vector(LLVMBuildFMul(B(elements), x, y, ""));
    case OP_DIV: return vector(LLVMBuildFDiv(B(elements), x, y, ""));
    case OP_POW: return apply(elements, "pow", 2, (ElementValue[]){a, b}, width);
    default: BUG("%s of vectors", op_info(op)->name);
    }
}

static ElementValue comparison(Elements *elements, GraphOp op, ElementValue a, ElementValue b) {
    LLVMRealPredicate how = op == OP_EQ   ? LLVMRealOEQ
                            : op == OP_LT ? LLVMRealOLT
                            : op == OP_LE ? LLVMRealOLE
                            : op == OP_GT ? LLVMRealOGT
                                          : LLVMRealOGE;
    LLVMValueRef holds = compare(elements, how, a.number, b.number);
    if (LLVMGetTypeKind(LLVMTypeOf(holds)) == LLVMVectorTypeKind)
        holds = intrinsic(elements, "llvm.vector.reduce.and", holds);
    return of_truth(elements, holds, TAG_BOOL);
}

static ElementValue choice(Elements *elements, NodeId node, const ElementValue *args) {
    const Node *at = graph_node(elements->plan->graph, node);
    LLVMValueRef condition = truth(elements, args[0]);
    if (at->type == TYPE_VECTOR)
        return vector(choose(elements, condition, element_splat(elements, &args[1], at->width),
                             element_splat(elements, &args[2], at->width)));
    return (ElementValue){choose(elements, condition, args[1].number, args[2].number),
                          choose(elements, condition, args[1].tag, args[2].tag)};
}

/* --- functions of one number or vector -------------------------------------------------------- */

static LLVMValueRef all(Elements *elements, const Node *at, double value) {
    LLVMValueRef number = real(elements, value);
    return at->type == TYPE_VECTOR ? kernel_splat(elements->kernel, number, at->width) : number;
}

/* A scalar without a fraction becomes an int. */
static ElementValue rounded(Elements *elements, NodeId node, const char *name, ElementValue a) {
    const Node *at = graph_node(elements->plan->graph, node);
    LLVMValueRef number = intrinsic(elements, name, a.number);
    if (at->type == TYPE_VECTOR) return vector(number);
    LLVMValueRef whole = LLVMConstInt(elements->kernel->emit.i1, 1, false);
    return whole_result(elements, node, number, whole, a, a);
}

static ElementValue keep_kind(Elements *elements, const Node *at, ElementValue a,
                              LLVMValueRef number) {
    if (at->type == TYPE_VECTOR) return vector(number);
    LLVMValueRef is_float =
        LLVMBuildICmp(B(elements), LLVMIntEQ, a.tag, LLVMConstNull(elements->kernel->emit.i8), "");
    LLVMValueRef whole = LLVMBuildNot(B(elements), is_float, "");
    LLVMValueRef unsigned_zero = LLVMBuildFAdd(B(elements), number, real(elements, 0), "");
    return (ElementValue){choose(elements, whole, unsigned_zero, number),
                          whole_tag(elements, whole)};
}

static ElementValue sign_of(Elements *elements, const Node *at, ElementValue a) {
    LLVMValueRef zero = all(elements, at, 0), x = a.number;
    LLVMValueRef positive = compare(elements, LLVMRealOGT, x, zero);
    LLVMValueRef negative = compare(elements, LLVMRealOLT, x, zero);
    LLVMValueRef number = choose(elements, positive, all(elements, at, 1),
                                 choose(elements, negative, all(elements, at, -1), zero));
    if (at->type != TYPE_VECTOR) return scalar(elements, number, TAG_INT);
    /* No number stays none. */
    LLVMValueRef ordered = compare(elements, LLVMRealORD, x, x);
    return vector(choose(elements, ordered, number, x));
}

static ElementValue function_of(Elements *elements, NodeId node, ElementValue a) {
    const Node *at = graph_node(elements->plan->graph, node);
    uint32_t width = at->type == TYPE_VECTOR ? at->width : 0;
    switch (at->op) {
    case OP_EXP: return apply(elements, "exp", 1, &a, width);
    case OP_LOG: return apply(elements, "log", 1, &a, width);
    case OP_SIN: return apply(elements, "sin", 1, &a, width);
    case OP_COS: return apply(elements, "cos", 1, &a, width);
    case OP_TANH: return apply(elements, "tanh", 1, &a, width);
    case OP_SQRT: {
        LLVMValueRef root = intrinsic(elements, "llvm.sqrt", a.number);
        return width ? vector(root) : scalar(elements, root, TAG_FLOAT);
    }
    case OP_ABS: return keep_kind(elements, at, a, intrinsic(elements, "llvm.fabs", a.number));
    case OP_RELU: {
        LLVMValueRef above = compare(elements, LLVMRealOGT, a.number, all(elements, at, 0));
        LLVMValueRef none = compare(elements, LLVMRealUNO, a.number, a.number);
        LLVMValueRef keep = LLVMBuildOr(B(elements), above, none, "");
        return keep_kind(elements, at, a, choose(elements, keep, a.number, all(elements, at, 0)));
    }
    case OP_NEG: return keep_kind(elements, at, a, LLVMBuildFNeg(B(elements), a.number, ""));
    case OP_POS: return keep_kind(elements, at, a, a.number);
    case OP_FLOOR: return rounded(elements, node, "llvm.floor", a);
    case OP_CEIL: return rounded(elements, node, "llvm.ceil", a);
    case OP_ROUND: return rounded(elements, node, "llvm.roundeven", a);
    case OP_SIGN: return sign_of(elements, at, a);
    default: BUG("%s is no function", op_info(at->op)->name);
    }
}

/* --- vectors ---------------------------------------------------------------------------------- */

/* Component after component, from 0. */
static LLVMValueRef sum_of(Elements *elements, LLVMValueRef v) {
    Emit *emit = &elements->kernel->emit;
    LLVMTypeRef type = LLVMTypeOf(v);
    static const char name[] = "llvm.vector.reduce.fadd";
    unsigned id = LLVMLookupIntrinsicID(name, sizeof name - 1);
    LLVMValueRef function = LLVMGetIntrinsicDeclaration(emit->module, id, &type, 1);
    LLVMValueRef args[] = {real(elements, 0), v};
    return LLVMBuildCall2(emit->builder, LLVMIntrinsicGetType(emit->context, id, &type, 1),
                          function, args, 2, "");
}

static LLVMValueRef product_sum(Elements *elements, LLVMValueRef a, LLVMValueRef b) {
    return sum_of(elements, LLVMBuildFMul(B(elements), a, b, ""));
}

static LLVMValueRef over(Elements *elements, LLVMValueRef v, LLVMValueRef scale, uint32_t width) {
    return LLVMBuildFDiv(B(elements), v, kernel_splat(elements->kernel, scale, width), "");
}

static LLVMValueRef normalised(Elements *elements, GraphOp op, LLVMValueRef v, uint32_t width) {
    LLVMValueRef count = real(elements, width);
    if (op == OP_UNIT)
        return over(elements, v, intrinsic(elements, "llvm.sqrt", product_sum(elements, v, v)),
                    width);
    if (op == OP_LAYERNORM) {
        LLVMValueRef mean = LLVMBuildFDiv(B(elements), sum_of(elements, v), count, "");
        v = LLVMBuildFSub(B(elements), v, kernel_splat(elements->kernel, mean, width), "");
    }
    LLVMValueRef square = LLVMBuildFDiv(B(elements), product_sum(elements, v, v), count, "");
    return over(elements, v, intrinsic(elements, "llvm.sqrt", square), width);
}

static ElementValue extreme(Elements *elements, GraphOp op, LLVMValueRef v, uint32_t width) {
    LLVMRealPredicate how = op == OP_ARGMAX ? LLVMRealOGT : LLVMRealOLT;
    LLVMValueRef best = element_part(elements, v, 0), number = real(elements, 0);
    for (uint32_t c = 1; c < width; c++) {
        LLVMValueRef part = element_part(elements, v, c);
        LLVMValueRef better = compare(elements, how, part, best);
        best = choose(elements, better, part, best);
        number = choose(elements, better, real(elements, c), number);
    }
    return scalar(elements, number, TAG_INT);
}

static ElementValue one_hot(Elements *elements, LLVMValueRef a, uint32_t width) {
    LLVMValueRef *numbers = ARENA_ARRAY(elements->plan->arena, LLVMValueRef, width);
    for (uint32_t c = 0; c < width; c++)
        numbers[c] = real(elements, c);
    LLVMValueRef same = compare(elements, LLVMRealOEQ, LLVMConstVector(numbers, width),
                                kernel_splat(elements->kernel, a, width));
    LLVMTypeRef type = LLVMVectorType(elements->kernel->emit.f64, width);
    return vector(LLVMBuildUIToFP(B(elements), same, type, ""));
}

static ElementValue joined(Elements *elements, NodeId node, const ElementValue *args) {
    const Node *at = graph_node(elements->plan->graph, node);
    Emit *emit = &elements->kernel->emit;
    LLVMValueRef result = LLVMGetPoison(LLVMVectorType(emit->f64, at->width));
    uint32_t place = 0;
    for (int i = 0; i < 2; i++) {
        const Node *part = graph_node(elements->plan->graph, at->args[i]);
        uint32_t width = part->type == TYPE_VECTOR ? part->width : 1;
        for (uint32_t c = 0; c < width; c++) {
            LLVMValueRef number = part->type == TYPE_VECTOR
                                      ? element_part(elements, args[i].number, c)
                                      : args[i].number;
            result = LLVMBuildInsertElement(emit->builder, result, number,
                                            LLVMConstInt(emit->i32, place++, false), "");
        }
    }
    return vector(result);
}

/* Row by row of the matrix, each from left to right: the rows stand in lanes. */
static ElementValue matrix_product(Elements *elements, NodeId node, LLVMValueRef v) {
    const Node *at = graph_node(elements->plan->graph, node);
    uint32_t rows = at->width, columns = at->table->count / rows;
    LLVMTypeRef type = LLVMVectorType(elements->kernel->emit.f64, rows);
    LLVMValueRef sum = LLVMConstNull(type);
    for (uint32_t c = 0; c < columns; c++) {
        LLVMValueRef part = kernel_splat(elements->kernel, element_part(elements, v, c), rows);
        LLVMValueRef column = element_table(elements, at->table, c, columns, rows);
        sum = LLVMBuildFAdd(B(elements), sum, LLVMBuildFMul(B(elements), column, part, ""), "");
    }
    return vector(sum);
}

static ElementValue of_vector(Elements *elements, NodeId node, const ElementValue *args) {
    const Node *at = graph_node(elements->plan->graph, node);
    LLVMValueRef v = args[0].number;
    uint32_t width = graph_node(elements->plan->graph, at->args[0])->width;
    int64_t component;
    switch (at->op) {
    case OP_COMPONENT:
        if (!atom_as_int64(at->atom, &component)) BUG("a component that is no number");
        return scalar(elements, element_part(elements, v, (uint32_t)component), TAG_FLOAT);
    case OP_DOT: return scalar(elements, product_sum(elements, v, args[1].number), TAG_FLOAT);
    case OP_SUM: return scalar(elements, sum_of(elements, v), TAG_FLOAT);
    case OP_NORM:
        return scalar(elements, intrinsic(elements, "llvm.sqrt", product_sum(elements, v, v)),
                      TAG_FLOAT);
    case OP_MATMUL: return matrix_product(elements, node, v);
    case OP_ARGMIN:
    case OP_ARGMAX: return extreme(elements, at->op, v, width);
    case OP_LAYERNORM:
    case OP_RMSNORM:
    case OP_UNIT: return vector(normalised(elements, at->op, v, width));
    default: BUG("%s is no function of a vector", op_info(at->op)->name);
    }
}

/* --- all -------------------------------------------------------------------------------------- */

ElementValue element_compute(Elements *elements, NodeId node) {
    const Node *at = graph_node(elements->plan->graph, node);
    ElementValue args[3] = {{0}};
    for (int i = 0; i < op_info(at->op)->arity; i++)
        args[i] = element_operand(elements, at->args[i]);
    switch (at->op) {
    case OP_CONST:
    case OP_INDICES:
    case OP_VECTOR: return element_operand(elements, node);
    case OP_ADD:
    case OP_SUB:
    case OP_MUL:
    case OP_DIV:
    case OP_MOD:
    case OP_POW:
        if (at->type == TYPE_VECTOR)
            return component_wise(elements, at->op, args[0], args[1], at->width);
        if (at->op == OP_POW) return power(elements, node, args[0], args[1]);
        return arithmetic(elements, node, at->op, args[0], args[1]);
    case OP_EQ:
    case OP_LT:
    case OP_LE:
    case OP_GT:
    case OP_GE: return comparison(elements, at->op, args[0], args[1]);
    case OP_NOT:
        return of_truth(elements, LLVMBuildNot(B(elements), truth(elements, args[0]), ""),
                        TAG_BOOL);
    case OP_INDICATOR: return of_truth(elements, truth(elements, args[0]), TAG_INT);
    case OP_AND:
        return of_truth(
            elements,
            LLVMBuildAnd(B(elements), truth(elements, args[0]), truth(elements, args[1]), ""),
            TAG_BOOL);
    case OP_OR:
        return of_truth(
            elements,
            LLVMBuildOr(B(elements), truth(elements, args[0]), truth(elements, args[1]), ""),
            TAG_BOOL);
    case OP_CHOOSE: return choice(elements, node, args);
    case OP_MEMBER: return of_truth(elements, table_member(elements, node, args[0]), TAG_BOOL);
    case OP_LOOKUP: return table_lookup(elements, node, args[0]);
    case OP_ITEM: return table_item(elements, node, args[0]);
    case OP_VEC: return vector(kernel_splat(elements->kernel, args[0].number, 1));
    case OP_CONCAT: return joined(elements, node, args);
    case OP_ONEHOT: return one_hot(elements, args[0].number, at->width);
    case OP_COMPONENT:
    case OP_DOT:
    case OP_SUM:
    case OP_NORM:
    case OP_MATMUL:
    case OP_ARGMIN:
    case OP_ARGMAX:
    case OP_LAYERNORM:
    case OP_RMSNORM:
    case OP_UNIT: return of_vector(elements, node, args);
    default: return function_of(elements, node, args[0]);
    }
}
