/* Inputs and operations position by position. A number that meets a vector stands for every
   component; so do all functions here go component by component, unless they are of vectors. */
#include "runtime/exact/evaluation_exact.h"

#include "runtime/base/bug.h"

/* The number of the argument that component c of the position reads. */
static mpq_t *operand(const ExactEvaluation *evaluation, NodeId arg, uint32_t position,
                      uint32_t c) {
    uint32_t width = exact_width(evaluation->graph, arg);
    return &evaluation->column[arg][(size_t)position * width + (width == 1 ? 0 : c)];
}

/* The argument's numbers at the position. */
static mpq_t *vector(const ExactEvaluation *evaluation, NodeId arg, uint32_t position) {
    return evaluation->column[arg] + (size_t)position * exact_width(evaluation->graph, arg);
}

static bool is_scalar(const Node *node) { return node->type != TYPE_VECTOR; }

/* --- inputs and constants --------------------------------------------------------------------- */

static bool named_input(ExactEvaluation *evaluation, NodeId id) {
    const Node *node = &evaluation->graph->nodes[id];
    uint32_t width = exact_width(evaluation->graph, id);
    const ExactColumn *column = exact_column(evaluation->request->input, node->atom.as.string);
    if (!column || column->width != width) return exact_fail(evaluation, EXACT_FAILS, id, 0);
    for (size_t i = 0; i < (size_t)evaluation->n * width; i++)
        mpq_set(evaluation->column[id][i], column->numbers[i]);
    return true;
}

static void table_number(mpq_t out, const Node *node, uint32_t i) {
    if (!rational_set_atom(out, node->table->values[i])) BUG("a table that is not of numbers");
}

/* --- component by component ------------------------------------------------------------------- */

static bool one_argument(ExactEvaluation *evaluation, NodeId id) {
    const Node *node = &evaluation->graph->nodes[id];
    size_t count = (size_t)evaluation->n * exact_width(evaluation->graph, id);
    for (size_t i = 0; i < count; i++)
        rational_one(node->op, evaluation->column[id][i], evaluation->column[node->args[0]][i]);
    return true;
}

/* Scalars fail where Python does: there a division by 0 has no value. */
static bool has_no_value(const Node *node, const mpq_t a, const mpq_t b, const mpq_t result) {
    return is_scalar(node) && rational_is_undefined(result) && !rational_is_undefined(a) &&
           !rational_is_undefined(b);
}

static bool two_arguments(ExactEvaluation *evaluation, NodeId id) {
    const Node *node = &evaluation->graph->nodes[id];
    uint32_t width = exact_width(evaluation->graph, id);
    mpq_t *out = evaluation->column[id];
    for (uint32_t i = 0; i < evaluation->n; i++) {
        for (uint32_t c = 0; c < width; c++, out++) {
            const mpq_t *a = operand(evaluation, node->args[0], i, c),
                        *b = operand(evaluation, node->args[1], i, c);
            ExactEnd end = rational_two(node->op, *out, *a, *b);
            if (end == EXACT_DONE && has_no_value(node, *a, *b, *out)) end = EXACT_FAILS;
            if (end != EXACT_DONE) return exact_fail(evaluation, end, id, i);
        }
    }
    return true;
}

/* --- logic ------------------------------------------------------------------------------------ */

static void logic(GraphOp op, mpq_t out, const mpq_t a, const mpq_t *b) {
    if (rational_is_undefined(a) || (b && rational_is_undefined(*b))) {
        rational_undefine(out);
        return;
    }
    bool left = rational_is_true(a), right = b && rational_is_true(*b);
    bool truth = op == OP_NOT   ? !left
                 : op == OP_AND ? left && right
                 : op == OP_OR  ? left || right
                                : left;
    rational_set_truth(out, truth);
}

static bool all_logic(ExactEvaluation *evaluation, NodeId id) {
    const Node *node = &evaluation->graph->nodes[id];
    bool two = op_info(node->op)->arity == 2;
    for (uint32_t i = 0; i < evaluation->n; i++)
        logic(node->op, evaluation->column[id][i], evaluation->column[node->args[0]][i],
              two ? &evaluation->column[node->args[1]][i] : NULL);
    return true;
}

static bool choose(ExactEvaluation *evaluation, NodeId id) {
    const Node *node = &evaluation->graph->nodes[id];
    uint32_t width = exact_width(evaluation->graph, id);
    mpq_t *out = evaluation->column[id];
    for (uint32_t i = 0; i < evaluation->n; i++) {
        const mpq_t *condition = &evaluation->column[node->args[0]][i];
        NodeId chosen = node->args[rational_is_true(*condition) ? 1 : 2];
        for (uint32_t c = 0; c < width; c++, out++) {
            if (rational_is_undefined(*condition))
                rational_undefine(*out);
            else
                mpq_set(*out, *operand(evaluation, chosen, i, c));
        }
    }
    return true;
}

/* --- tables ----------------------------------------------------------------------------------- */

/* The key's number in the table, or its count. Strings equal no number. */
static uint32_t find_key(const Table *table, const mpq_t key, mpq_t scratch) {
    for (uint32_t k = 0; k < table->count; k++)
        if (rational_set_atom(scratch, table->keys[k]) && mpq_equal(scratch, key)) return k;
    return table->count;
}

static bool keyed(ExactEvaluation *evaluation, NodeId id) {
    const Node *node = &evaluation->graph->nodes[id];
    mpq_t scratch;
    mpq_init(scratch);
    bool fine = true;
    for (uint32_t i = 0; i < evaluation->n && fine; i++) {
        const mpq_t *key = &evaluation->column[node->args[0]][i];
        uint32_t found = find_key(node->table, *key, scratch);
        if (rational_is_undefined(*key))
            fine = exact_fail(evaluation, EXACT_UNDEFINED, id, i);
        else if (node->op == OP_MEMBER)
            rational_set_truth(evaluation->column[id][i], found < node->table->count);
        else if (found < node->table->count)
            table_number(evaluation->column[id][i], node, found);
        else
            fine = exact_fail(evaluation, EXACT_FAILS, id, i);
    }
    mpq_clear(scratch);
    return fine;
}

static bool item(ExactEvaluation *evaluation, NodeId id) {
    const Node *node = &evaluation->graph->nodes[id];
    long count = node->table->count;
    for (uint32_t i = 0; i < evaluation->n; i++) {
        const mpq_t *index = &evaluation->column[node->args[0]][i];
        if (rational_is_undefined(*index)) return exact_fail(evaluation, EXACT_UNDEFINED, id, i);
        if (mpq_cmp_si(*index, count, 1) >= 0 || mpq_cmp_si(*index, -count, 1) < 0)
            return exact_fail(evaluation, EXACT_FAILS, id, i);
        long number = mpz_get_si(mpq_numref(*index));
        table_number(evaluation->column[id][i], node,
                     (uint32_t)(number < 0 ? number + count : number));
    }
    return true;
}

/* --- vectors ---------------------------------------------------------------------------------- */

static void matmul(const ExactEvaluation *evaluation, const Node *node, uint32_t position,
                   mpq_t *matrix, mpq_t *out) {
    uint32_t width = exact_width(evaluation->graph, node->args[0]);
    for (uint32_t row = 0; row < node->width; row++)
        rational_dot(out[row], matrix + (size_t)row * width,
                     vector(evaluation, node->args[0], position), width);
}

static bool multiply(ExactEvaluation *evaluation, NodeId id) {
    const Node *node = &evaluation->graph->nodes[id];
    Exact pool = {0};
    mpq_t *matrix = exact_array(&pool, node->table->count);
    for (uint32_t k = 0; k < node->table->count; k++)
        table_number(matrix[k], node, k);
    for (uint32_t i = 0; i < evaluation->n; i++)
        matmul(evaluation, node, i, matrix, vector(evaluation, id, i));
    exact_free(&pool);
    if (exact_work(&evaluation->work, (uint64_t)evaluation->n * node->table->count, 0)) return true;
    return exact_fail(evaluation, EXACT_TOO_LONG, id, 0);
}

static void join(const ExactEvaluation *evaluation, const Node *node, uint32_t position,
                 mpq_t *out) {
    for (int arg = 0; arg < 2; arg++) {
        mpq_t *part = vector(evaluation, node->args[arg], position);
        for (uint32_t c = 0; c < exact_width(evaluation->graph, node->args[arg]); c++)
            mpq_set(*out++, part[c]);
    }
}

/* One position of an operation on vectors. */
static void of_vector(const ExactEvaluation *evaluation, NodeId id, uint32_t position) {
    const Node *node = &evaluation->graph->nodes[id];
    bool has_argument = op_info(node->op)->arity > 0;
    mpq_t *out = vector(evaluation, id, position),
          *a = has_argument ? vector(evaluation, node->args[0], position) : NULL;
    uint32_t width = has_argument ? exact_width(evaluation->graph, node->args[0]) : node->width;
    int64_t index = 0;
    switch (node->op) {
    case OP_VECTOR:
        for (uint32_t c = 0; c < width; c++)
            table_number(out[c], node, c);
        return;
    case OP_CONCAT: join(evaluation, node, position, out); return;
    case OP_COMPONENT:
        atom_as_int64(node->atom, &index);
        mpq_set(out[0], a[index]);
        return;
    case OP_DOT:
        rational_dot(out[0], a, vector(evaluation, node->args[1], position), width);
        return;
    case OP_EQ:
        rational_equal(out[0], a, vector(evaluation, node->args[1], position), width);
        return;
    case OP_SUM: rational_sum(out[0], a, width); return;
    case OP_ARGMIN:
    case OP_ARGMAX: rational_extreme(out[0], a, width, node->op == OP_ARGMAX); return;
    case OP_ONEHOT: rational_onehot(out, a[0], node->width); return;
    case OP_VEC: mpq_set(out[0], a[0]); return;
    default: BUG("%s is not rational", op_info(node->op)->name);
    }
}

/* --- one node --------------------------------------------------------------------------------- */

static bool is_vector_equality(const Graph *graph, const Node *node) {
    return node->op == OP_EQ && graph->nodes[node->args[0]].type == TYPE_VECTOR;
}

bool exact_element(ExactEvaluation *evaluation, NodeId id) {
    const Node *node = &evaluation->graph->nodes[id];
    switch (node->op) {
    case OP_INPUT: return named_input(evaluation, id);
    case OP_INDICES:
        for (uint32_t i = 0; i < evaluation->n; i++)
            mpq_set_ui(evaluation->column[id][i], i, 1);
        return true;
    case OP_CONST:
        for (uint32_t i = 0; i < evaluation->n; i++)
            if (!rational_set_atom(evaluation->column[id][i], node->atom)) BUG("not a number");
        return true;
    case OP_NOT:
    case OP_INDICATOR:
    case OP_AND:
    case OP_OR: return all_logic(evaluation, id);
    case OP_CHOOSE: return choose(evaluation, id);
    case OP_MEMBER:
    case OP_LOOKUP: return keyed(evaluation, id);
    case OP_ITEM: return item(evaluation, id);
    case OP_MATMUL: return multiply(evaluation, id);
    default: break;
    }
    if (rational_has_one(node->op)) return one_argument(evaluation, id);
    if (rational_has_two(node->op) && !is_vector_equality(evaluation->graph, node))
        return two_arguments(evaluation, id);
    for (uint32_t i = 0; i < evaluation->n; i++)
        of_vector(evaluation, id, i);
    return true;
}
