/* The units of a model over real vectors as ONNX nodes. */
#include "runtime/export/real_onnx.h"

#include "runtime/base/bug.h"

/* Operations that an operator of ONNX computes as eval does. */
static const char *direct_operator(GraphOp op) {
    switch (op) {
    case OP_NEG: return "Neg";
    case OP_ROUND: return "Round"; /* half to even */
    case OP_ADD: return "Add";
    case OP_SUB: return "Sub";
    case OP_MUL: return "Mul";
    case OP_DIV: return "Div";
    case OP_POW: return "Pow";
    case OP_EXP: return "Exp";
    case OP_LOG: return "Log";
    case OP_SQRT: return "Sqrt";
    case OP_ABS: return "Abs";
    case OP_FLOOR: return "Floor";
    case OP_CEIL: return "Ceil";
    case OP_SIN: return "Sin";
    case OP_COS: return "Cos";
    case OP_TANH: return "Tanh";
    case OP_RELU: return "Relu";
    case OP_SIGN: return "Sign";
    default: return NULL;
    }
}

static Edge unary(RealWriter *w, const char *operator, Edge a) {
    return onnx_unary(&w->graph, operator, real_fresh(w, operator), a);
}

static Edge binary(RealWriter *w, const char *operator, Edge a, Edge b) {
    return onnx_binary(&w->graph, operator, real_fresh(w, operator), a, b);
}

static Edge choose(RealWriter *w, Edge condition, Edge yes, Edge no) {
    return onnx_node(&w->graph, "Where", real_fresh(w, "choose"), NULL,
                     (const Edge[]){condition, yes, no, NULL});
}

/* --- comparisons and logic -------------------------------------------------------------------- */

static Edge compare(RealWriter *w, const char *operator, const Edge * args) {
    return real_truth_number(w, binary(w, operator, args[0], args[1]));
}

static Edge logic(RealWriter *w, const char *operator, const Edge * args) {
    return real_truth_number(w,
                             binary(w, operator, real_holds(w, args[0]), real_holds(w, args[1])));
}

/* Are all components equal? */
static Edge equal(RealWriter *w, const Edge *args) {
    const OnnxAttribute axes[] = {{"axes", 0, 1, {REAL_AXIS_COMPONENT}}, {0}};
    return onnx_node(&w->graph, "ReduceMin", real_fresh(w, "all"), axes,
                     (const Edge[]){compare(w, "Equal", args), NULL});
}

/* --- arithmetic ------------------------------------------------------------------------------- */

/* Python's remainder has the divisor's sign; C's, which the operator gives, the dividend's. */
static Edge remainder_of(RealWriter *w, Edge a, Edge b) {
    OnnxGraph *g = &w->graph;
    Edge rest = onnx_along(g, "Mod", real_fresh(w, "rest"), "fmod", 1, a, b);
    Edge below = binary(w, "Less", rest, w->zero), divisor_below = binary(w, "Less", b, w->zero);
    Edge wrong = binary(w, "Xor", below, divisor_below);
    Edge turned = choose(w, wrong, binary(w, "Add", rest, b), rest);
    Edge none = binary(w, "Equal", rest, w->zero);
    return choose(w, none, binary(w, "Mul", b, w->zero), turned);
}

/* --- over the components of one position ------------------------------------------------------ */

static Edge dot(RealWriter *w, Edge a, Edge b) { return real_row_sum(w, binary(w, "Mul", a, b)); }

static Edge normalise(RealWriter *w, GraphOp op, Edge a, uint32_t rows) {
    Edge count = real_number_constant(w, rows);
    if (op == OP_LAYERNORM) {
        Edge mean = binary(w, "Div", real_row_sum(w, a), count);
        a = binary(w, "Sub", a, mean);
    }
    Edge squares = dot(w, a, a);
    if (op != OP_UNIT) squares = binary(w, "Div", squares, count);
    return binary(w, "Div", a, unary(w, "Sqrt", squares));
}

/* The first of equals. */
static Edge extreme(RealWriter *w, const char *operator, Edge a) {
    const OnnxAttribute axis[] = {{"axis", REAL_AXIS_COMPONENT, 0, {0}}, {0}};
    Edge place =
        onnx_node(&w->graph, operator, real_fresh(w, operator), axis, (const Edge[]){a, NULL});
    return real_truth_number(w, place); /* a cast, whatever it is of */
}

static Edge one_hot(RealWriter *w, Edge a, uint32_t width) {
    double *numbers = ARENA_ARRAY(w->graph.arena, double, width);
    for (uint32_t r = 0; r < width; r++)
        numbers[r] = r;
    Edge hot = binary(w, "Equal", a, real_numbers_constant(w, numbers, width, 0));
    return real_truth_number(w, hot);
}

/* --- one unit --------------------------------------------------------------------------------- */

static Edge operation(RealWriter *w, const RealUnit *unit, const Edge *args) {
    const char *direct = direct_operator(unit->op);
    uint32_t rows = unit->arguments[0].rows;
    if (direct)
        return unit->argument_count == 1 ? unary(w, direct, args[0])
                                         : binary(w, direct, args[0], args[1]);
    switch (unit->op) {
    case OP_POS: return args[0];
    case OP_NOT: return real_truth_number(w, unary(w, "Not", real_holds(w, args[0])));
    case OP_INDICATOR: return real_truth_number(w, real_holds(w, args[0]));
    case OP_MOD: return remainder_of(w, args[0], args[1]);
    case OP_LT: return compare(w, "Less", args);
    case OP_LE: return compare(w, "LessOrEqual", args);
    case OP_GT: return compare(w, "Greater", args);
    case OP_GE: return compare(w, "GreaterOrEqual", args);
    case OP_EQ: return equal(w, args);
    case OP_AND: return logic(w, "And", args);
    case OP_OR: return logic(w, "Or", args);
    case OP_CHOOSE: return choose(w, real_holds(w, args[0]), args[1], args[2]);
    case OP_DOT: return dot(w, args[0], args[1]);
    case OP_SUM: return real_row_sum(w, args[0]);
    case OP_NORM: return unary(w, "Sqrt", dot(w, args[0], args[0]));
    case OP_ARGMIN: return extreme(w, "ArgMin", args[0]);
    case OP_ARGMAX: return extreme(w, "ArgMax", args[0]);
    case OP_ONEHOT: return one_hot(w, args[0], w->model->spaces[unit->target].width);
    case OP_LAYERNORM:
    case OP_RMSNORM:
    case OP_UNIT: return normalise(w, unit->op, args[0], rows);
    default: BUG("%s as a unit", op_info(unit->op)->name);
    }
}

/* target (width) += out (width, relus) relu(hidden (B, S, relus)) */
static Edge relus(RealWriter *w, const RealUnit *unit, Edge hidden) {
    uint32_t width = w->model->spaces[unit->target].width;
    double *turned = ARENA_ARRAY(w->graph.arena, double, (size_t)width * unit->relus);
    for (uint32_t c = 0; c < width; c++) {
        for (uint32_t r = 0; r < unit->relus; r++)
            turned[(size_t)r * width + c] = unit->out[(size_t)c * unit->relus + r];
    }
    return binary(w, "MatMul", unary(w, "Relu", hidden),
                  real_numbers_constant(w, turned, unit->relus, width));
}

Edge real_onnx_unit(RealWriter *w, const RealUnit *unit) {
    Edge args[3] = {NULL, NULL, NULL};
    for (uint32_t a = 0; a < unit->argument_count; a++)
        args[a] = real_affine(w, &unit->arguments[a]);
    return unit->kind == REAL_RELU ? relus(w, unit, args[0]) : operation(w, unit, args);
}
