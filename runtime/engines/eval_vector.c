/* Vectors, position by position: IEEE doubles in plain loops, a vector's components always from
   component 0 on, sums beginning at 0. A number that meets a vector stands for every component. */
#include "runtime/engines/evaluation.h"

#include "runtime/base/bug.h"

#include <math.h>
#include <string.h>

/* One argument as doubles. */
typedef struct Operand {
    const double *numbers; /* (n, width) */
    uint32_t width;        /* 1 for numbers */
} Operand;

static double component(Operand operand, uint32_t position, uint32_t c) {
    return operand.width == 1 ? operand.numbers[position]
                              : operand.numbers[(size_t)position * operand.width + c];
}

static bool take_operand(Evaluation *evaluation, NodeId node, int argument, Arena *scratch,
                         Operand *out) {
    NodeId arg = evaluation->graph->nodes[node].args[argument];
    uint32_t width = evaluation->graph->nodes[arg].width;
    *out = (Operand){evaluation_numbers(evaluation, arg, node, scratch), width ? width : 1};
    return out->numbers != NULL;
}

/* --- component by component ------------------------------------------------------------------- */

/* Python's remainder: it has the divisor's sign. */
static double remainder_of(double a, double b) {
    double rest = fmod(a, b);
    if (rest == 0) return copysign(0.0, b);
    return (rest < 0) != (b < 0) ? rest + b : rest;
}

static double apply(GraphOp op, double a, double b) {
    switch (op) {
    case OP_ADD: return a + b;
    case OP_SUB: return a - b;
    case OP_MUL: return a * b;
    case OP_DIV: return a / b;
    case OP_MOD: return remainder_of(a, b);
    case OP_POW: return pow(a, b);
    default: BUG("%s has no components", op_info(op)->name);
    }
}

static void eval_components(GraphOp op, Operand a, Operand b, uint32_t n, uint32_t width,
                            double *out) {
    for (uint32_t i = 0; i < n; i++)
        for (uint32_t c = 0; c < width; c++)
            out[(size_t)i * width + c] = apply(op, component(a, i, c), component(b, i, c));
}

static void eval_equal(Operand a, Operand b, uint32_t n, Atom *out) {
    for (uint32_t i = 0; i < n; i++) {
        bool equal = true;
        for (uint32_t c = 0; c < a.width && equal; c++)
            equal = component(a, i, c) == component(b, i, c);
        out[i] = atom_bool(equal);
    }
}

static void eval_join(Operand a, Operand b, uint32_t n, double *out) {
    for (uint32_t i = 0; i < n; i++) {
        for (uint32_t c = 0; c < a.width; c++)
            *out++ = component(a, i, c);
        for (uint32_t c = 0; c < b.width; c++)
            *out++ = component(b, i, c);
    }
}

static void eval_choice(const Atom *condition, Operand a, Operand b, uint32_t n, uint32_t width,
                        double *out) {
    for (uint32_t i = 0; i < n; i++) {
        Operand chosen = atom_truth(condition[i]) ? a : b;
        for (uint32_t c = 0; c < width; c++)
            *out++ = component(chosen, i, c);
    }
}

/* --- a number of a vector --------------------------------------------------------------------- */

static double sum_of(const double *v, uint32_t width) {
    double sum = 0;
    for (uint32_t c = 0; c < width; c++)
        sum += v[c];
    return sum;
}

static double dot_of(const double *a, const double *b, uint32_t width) {
    double sum = 0;
    for (uint32_t c = 0; c < width; c++)
        sum += a[c] * b[c];
    return sum;
}

/* The first component that no other is below (above). */
static uint32_t extreme_of(const double *v, uint32_t width, bool greatest) {
    uint32_t best = 0;
    for (uint32_t c = 1; c < width; c++)
        if (greatest ? v[c] > v[best] : v[c] < v[best]) best = c;
    return best;
}

static Atom number_of(const Node *node, const double *v, uint32_t width) {
    int64_t index = 0;
    switch (node->op) {
    case OP_COMPONENT: atom_as_int64(node->atom, &index); return atom_float(v[index]);
    case OP_SUM: return atom_float(sum_of(v, width));
    case OP_NORM: return atom_float(sqrt(dot_of(v, v, width)));
    case OP_ARGMIN: return atom_int(extreme_of(v, width, false));
    case OP_ARGMAX: return atom_int(extreme_of(v, width, true));
    default: BUG("%s gives no number", op_info(node->op)->name);
    }
}

/* --- a vector of a vector --------------------------------------------------------------------- */

static void layernorm(const double *v, uint32_t width, double *out) {
    double mean = sum_of(v, width) / width, squares = 0;
    for (uint32_t c = 0; c < width; c++)
        squares += (v[c] - mean) * (v[c] - mean);
    double deviation = sqrt(squares / width);
    for (uint32_t c = 0; c < width; c++)
        out[c] = (v[c] - mean) / deviation;
}

static void divide(const double *v, double divisor, uint32_t width, double *out) {
    for (uint32_t c = 0; c < width; c++)
        out[c] = v[c] / divisor;
}

static void normalise(GraphOp op, const double *v, uint32_t width, double *out) {
    switch (op) {
    case OP_LAYERNORM: layernorm(v, width, out); return;
    case OP_RMSNORM: divide(v, sqrt(dot_of(v, v, width) / width), width, out); return;
    case OP_UNIT: divide(v, sqrt(dot_of(v, v, width)), width, out); return;
    default: BUG("%s does not normalise", op_info(op)->name);
    }
}

static double *table_numbers(const Table *table, Arena *scratch) {
    double *numbers = ARENA_ARRAY(scratch, double, table->count);
    for (uint32_t i = 0; i < table->count; i++)
        if (!atom_as_double(table->values[i], &numbers[i])) BUG("a table that is not of numbers");
    return numbers;
}

static bool eval_matmul(Evaluation *evaluation, NodeId node, Operand v, Arena *scratch,
                        double *out) {
    const Node *at = &evaluation->graph->nodes[node];
    const double *matrix = table_numbers(at->table, scratch);
    for (uint32_t i = 0; i < evaluation->n; i++) {
        if (!evaluation_goes_on(evaluation, node, at->table->count)) return false;
        for (uint32_t row = 0; row < at->width; row++)
            *out++ =
                dot_of(matrix + (size_t)row * v.width, v.numbers + (size_t)i * v.width, v.width);
    }
    return true;
}

/* --- a vector of a number, and of none -------------------------------------------------------- */

static void eval_constant(const Node *node, uint32_t n, Arena *scratch, double *out) {
    const double *numbers = table_numbers(node->table, scratch);
    for (uint32_t i = 0; i < n; i++)
        memcpy(out + (size_t)i * node->width, numbers, node->width * sizeof *out);
}

/* Only an integer of the range has a component, whatever its type. */
static void eval_onehot(Operand number, uint32_t n, uint32_t width, double *out) {
    for (uint32_t i = 0; i < n; i++)
        for (uint32_t c = 0; c < width; c++)
            *out++ = number.numbers[i] == c;
}

/* --- one node --------------------------------------------------------------------------------- */

bool is_vector_operation(const Graph *graph, NodeId node) {
    const Node *at = &graph->nodes[node];
    bool vectors = at->op >= OP_VECTOR && at->op <= OP_SIGN;
    for (int i = 0; i < op_info(at->op)->arity; i++)
        vectors = vectors || graph->nodes[at->args[i]].type == TYPE_VECTOR;
    return vectors;
}

static void eval_numbers(Evaluation *evaluation, const Node *node, Operand v, Atom *out) {
    for (uint32_t i = 0; i < evaluation->n; i++)
        out[i] = number_of(node, v.numbers + (size_t)i * v.width, v.width);
}

static void eval_dot(Operand a, Operand b, uint32_t n, Atom *out) {
    for (uint32_t i = 0; i < n; i++)
        out[i] = atom_float(
            dot_of(a.numbers + (size_t)i * a.width, b.numbers + (size_t)i * b.width, a.width));
}

static bool eval_operation(Evaluation *evaluation, NodeId node, const Operand *args, Arena *scratch,
                           Column out) {
    const Node *at = &evaluation->graph->nodes[node];
    uint32_t n = evaluation->n;
    switch (at->op) {
    case OP_VECTOR: eval_constant(at, n, scratch, out.numbers); return true;
    case OP_VEC: memcpy(out.numbers, args[0].numbers, n * sizeof(double)); return true;
    case OP_ONEHOT: eval_onehot(args[0], n, at->width, out.numbers); return true;
    case OP_CONCAT: eval_join(args[0], args[1], n, out.numbers); return true;
    case OP_CHOOSE:
        eval_choice(evaluation->column[at->args[0]], args[1], args[2], n, at->width, out.numbers);
        return true;
    case OP_EQ: eval_equal(args[0], args[1], n, out.atoms); return true;
    case OP_DOT: eval_dot(args[0], args[1], n, out.atoms); return true;
    case OP_MATMUL: return eval_matmul(evaluation, node, args[0], scratch, out.numbers);
    case OP_LAYERNORM:
    case OP_RMSNORM:
    case OP_UNIT:
        for (size_t i = 0; i < n; i++)
            normalise(at->op, args[0].numbers + i * at->width, at->width,
                      out.numbers + i * at->width);
        return true;
    case OP_COMPONENT:
    case OP_SUM:
    case OP_NORM:
    case OP_ARGMIN:
    case OP_ARGMAX: eval_numbers(evaluation, at, args[0], out.atoms); return true;
    default: eval_components(at->op, args[0], args[1], n, at->width, out.numbers); return true;
    }
}

bool eval_vector(Evaluation *evaluation, NodeId node, Column out) {
    const Node *at = &evaluation->graph->nodes[node];
    if (is_number_function(at->op)) return eval_function(evaluation, node, out);
    Arena *scratch = arena_new(0);
    Operand args[3];
    size_t bytes = 3 * evaluation->n * sizeof(double);
    bool fine = evaluation_has_room(evaluation, node, bytes);
    for (int i = 0; fine && i < op_info(at->op)->arity; i++)
        if (at->op != OP_CHOOSE || i > 0) /* a condition is only true or false */
            fine = take_operand(evaluation, node, i, scratch, &args[i]);
    fine = fine && eval_operation(evaluation, node, args, scratch, out);
    arena_free(scratch);
    return fine;
}
