/* Types and widths where vectors, scores and patterns take part (language, part II). A number goes
   with a vector of any width: it is meant for every component. */
#include "runtime/graph/infer.h"

#include "runtime/base/limits.h"

#include <inttypes.h>

static Shape argument(const Graph *graph, const NodeSpec *spec, int i) {
    const Node *node = &graph->nodes[spec->args[i]];
    return (Shape){node->type, node->width};
}

static bool is_vector(Shape shape) { return shape.types == TYPE_VECTOR; }
static bool is_number(Shape shape) { return (shape.types & TYPE_NUMBER) != 0; }
static Shape number(TypeSet types) { return (Shape){.types = types}; }
static Shape vector(uint32_t width) { return (Shape){TYPE_VECTOR, width}; }

static Shape refuse(Buffer *why, const char *what, Shape a, const char *joint, const Shape *b) {
    buffer_text(why, what);
    buffer_char(why, ' ');
    shape_format(why, a);
    if (b) {
        buffer_printf(why, " %s ", joint);
        shape_format(why, *b);
    }
    return (Shape){0};
}

/* What two numbers or vectors have together, component by component. */
static bool together(Shape a, Shape b, Shape *out) {
    if (is_vector(a) && is_vector(b) && a.width != b.width) return false;
    if (!(is_vector(a) || is_number(a)) || !(is_vector(b) || is_number(b))) return false;
    *out = is_vector(a) ? a : is_vector(b) ? b : number(TYPE_FLOAT);
    return true;
}

static const char *const_verb(GraphOp op) {
    switch (op) {
    case OP_ADD: return "can't add";
    case OP_SUB: return "can't subtract with";
    case OP_MUL: return "can't multiply";
    case OP_DIV: return "can't divide";
    case OP_MOD: return "can't take the remainder of";
    case OP_POW: return "can't raise";
    default: return "can't compare";
    }
}

static Shape infer_components(GraphOp op, Shape a, Shape b, Buffer *why) {
    Shape result;
    if (!together(a, b, &result)) return refuse(why, const_verb(op), a, "and", &b);
    if (op == OP_EQ) {
        if (a.width != b.width) return refuse(why, const_verb(op), a, "and", &b);
        return number(TYPE_BOOL);
    }
    return result;
}

/* One number or vector, component by component. */
static Shape infer_function(GraphOp op, Shape a, Buffer *why) {
    const char *name = op_info(op)->name;
    if (is_vector(a)) return a;
    if (!is_number(a)) {
        buffer_printf(why, "%s takes numbers or vectors, not %s", name, type_set_name(a.types));
        return (Shape){0};
    }
    if (op == OP_FLOOR || op == OP_CEIL || op == OP_SIGN) return number(TYPE_INT);
    if (op == OP_ABS || op == OP_RELU) {
        TypeSet types = a.types & TYPE_FLOAT;
        return number(a.types & (TYPE_INT | TYPE_BOOL) ? types | TYPE_INT : types);
    }
    return number(TYPE_FLOAT);
}

static Shape infer_of_vector(GraphOp op, Shape a, Shape result, Buffer *why) {
    if (is_vector(a)) return result;
    buffer_printf(why, "%s takes a vector, not ", op_info(op)->name);
    shape_format(why, a);
    return (Shape){0};
}

static Shape infer_matmul(const NodeSpec *spec, Shape a, Buffer *why) {
    uint32_t count = spec->table->count;
    if (is_vector(a) && count > 0 && count % a.width == 0) return vector(count / a.width);
    if (is_vector(a))
        buffer_printf(why, "a matrix of %" PRIu32 " numbers has no rows of %" PRIu32, count,
                      a.width);
    return is_vector(a) ? (Shape){0} : infer_of_vector(OP_MATMUL, a, a, why);
}

static Shape infer_concat(Shape a, Shape b, Buffer *why) {
    bool fits = (is_vector(a) || is_number(a)) && (is_vector(b) || is_number(b));
    if (!fits) return refuse(why, "can't join", a, "and", &b);
    return vector((is_vector(a) ? a.width : 1) + (is_vector(b) ? b.width : 1));
}

static Shape infer_component(const NodeSpec *spec, Shape a, Buffer *why) {
    int64_t index;
    if (!is_vector(a)) return infer_of_vector(OP_COMPONENT, a, a, why);
    if (!atom_as_int64(spec->atom, &index) || index < 0 || index >= a.width) {
        buffer_text(why, "there is no component ");
        atom_format_brief(why, spec->atom);
        buffer_text(why, " in ");
        shape_format(why, a);
        return (Shape){0};
    }
    return number(TYPE_FLOAT);
}

/* dot, distance and the products of scores: two vectors of one width, or two numbers. */
static Shape infer_pair(GraphOp op, Shape a, Shape b, TypeSet result, Buffer *why) {
    if (is_vector(a) && is_vector(b) && a.width == b.width) return number(result);
    if (is_number(a) && is_number(b) && op != OP_DOT) return number(result);
    const char *what = op == OP_DOT        ? "no dot product of"
                       : op == OP_DISTANCE ? "no distance between"
                                           : "no score of";
    return refuse(why, what, a, "and", &b);
}

static Shape infer_score(GraphOp op, Shape a, Shape b, Buffer *why) {
    if (op == OP_SCORE_MUL || op == OP_DISTANCE) return infer_pair(op, a, b, TYPE_SCORE, why);
    if (is_number(a) && is_number(b)) return number(TYPE_SCORE);
    return refuse(why, op == OP_SCORE_ADD ? "no sum of" : "no difference of", a, "and", &b);
}

static Shape infer_choose(const Graph *graph, const NodeSpec *spec, Buffer *why) {
    Shape condition = argument(graph, spec, 0), b = argument(graph, spec, 1),
          c = argument(graph, spec, 2), result;
    if (is_vector(condition)) return refuse(why, "no truth in", condition, "", NULL);
    if (together(b, c, &result)) return result;
    return refuse(why, "no choice between", b, "and", &c);
}

static bool weighs(GraphOp op) { return op == OP_SOFTMAX || op == OP_LINEAR || op == OP_SPARSEMAX; }

/* hardmax selects, so one key may hold anything; weights make a mean of numbers. */
static Shape infer_attend(const Graph *graph, const NodeSpec *spec, Buffer *why) {
    Shape value = argument(graph, spec, 1), other = argument(graph, spec, 2), result;
    if (is_vector(value) || is_vector(other)) {
        if (together(value, other, &result) && is_vector(value)) return result;
        return refuse(why, "can't gather", value, "with the default", &other);
    }
    GraphOp pattern = graph->nodes[spec->args[0]].op;
    TypeSet mean = value.types & TYPE_NUMBER ? TYPE_FLOAT : 0;
    if (pattern == OP_HARDMAX_FIRST) mean = 0; /* one key: its value, as it is */
    if (weighs(pattern) && !mean) return refuse(why, "no weighted mean of", value, "", NULL);
    return number(value.types | other.types | mean);
}

/* The operation as it is written, where that is not its name. */
static const char *written_as(GraphOp op) {
    switch (op) {
    case OP_LT: return "'<'";
    case OP_LE: return "'<='";
    case OP_GT: return "'>'";
    case OP_GE: return "'>='";
    case OP_MEMBER: return "'in'";
    case OP_LOOKUP:
    case OP_ITEM: return "an index";
    case OP_SELECT_EQ:
    case OP_SELECT_NE:
    case OP_SELECT_LT:
    case OP_SELECT_GT:
    case OP_SELECT_LE:
    case OP_SELECT_GE: return "select";
    default: return op_info(op)->name;
    }
}

Shape infer_real(const Graph *graph, const NodeSpec *spec, Buffer *why) {
    const OpInfo *info = op_info(spec->op);
    Shape a = info->arity > 0 ? argument(graph, spec, 0) : (Shape){0};
    Shape b = info->arity > 1 ? argument(graph, spec, 1) : (Shape){0};
    int64_t count;
    double factor;
    switch (spec->op) {
    case OP_VECTOR:
        if (spec->table->count > 0) return vector(spec->table->count);
        buffer_text(why, "a vector of no numbers");
        return (Shape){0};
    case OP_VEC: return is_number(a) ? vector(1) : refuse(why, "no vector of", a, "", NULL);
    case OP_CONCAT: return infer_concat(a, b, why);
    case OP_COMPONENT: return infer_component(spec, a, why);
    case OP_SUM:
    case OP_NORM: return infer_of_vector(spec->op, a, number(TYPE_FLOAT), why);
    case OP_ARGMIN:
    case OP_ARGMAX: return infer_of_vector(spec->op, a, number(TYPE_INT), why);
    case OP_LAYERNORM:
    case OP_RMSNORM:
    case OP_UNIT: return infer_of_vector(spec->op, a, a, why);
    case OP_MATMUL: return infer_matmul(spec, a, why);
    case OP_ONEHOT:
        if (!is_number(a)) return refuse(why, "no one-hot of", a, "", NULL);
        if (atom_as_int64(spec->atom, &count) && count >= 1 && count <= LIMIT_VECTOR_WIDTH)
            return vector((uint32_t)count);
        buffer_text(why, "no vector of so many numbers: ");
        atom_format_brief(why, spec->atom);
        return (Shape){0};
    case OP_DOT: return infer_pair(OP_DOT, a, b, TYPE_FLOAT, why);
    case OP_EXP:
    case OP_LOG:
    case OP_SQRT:
    case OP_ABS:
    case OP_FLOOR:
    case OP_CEIL:
    case OP_SIN:
    case OP_COS:
    case OP_TANH:
    case OP_RELU:
    case OP_SIGN: return infer_function(spec->op, a, why);
    case OP_NEG:
    case OP_POS:
    case OP_ROUND: return a; /* a vector's components */
    case OP_ADD:
    case OP_SUB:
    case OP_MUL:
    case OP_DIV:
    case OP_MOD:
    case OP_POW:
    case OP_EQ: return infer_components(spec->op, a, b, why);
    case OP_CHOOSE: return infer_choose(graph, spec, why);
    case OP_SCORE_ADD:
    case OP_SCORE_SUB:
    case OP_SCORE_MUL:
    case OP_DISTANCE: return infer_score(spec->op, a, b, why);
    case OP_SCORES_ADD:
    case OP_SCORES_SUB:
    case OP_SCORES_NEG: return number(TYPE_SCORE);
    case OP_SCORES_TIMES:
    case OP_SCORES_OVER:
        if (atom_as_double(spec->atom, &factor)) return number(TYPE_SCORE);
        buffer_text(why, "a score is scaled by a number, not by ");
        atom_format_brief(why, spec->atom);
        return (Shape){0};
    case OP_HARDMAX:
    case OP_HARDMAX_FIRST:
    case OP_SOFTMAX:
    case OP_LINEAR:
    case OP_SPARSEMAX: return number(TYPE_PATTERN);
    case OP_ATTEND: return infer_attend(graph, spec, why);
    case OP_TOTAL:
        if (is_vector(b)) return b;
        if (!is_number(b)) return refuse(why, "no total of", b, "", NULL);
        return number((b.types & TYPE_FLOAT) | (b.types & (TYPE_INT | TYPE_BOOL) ? TYPE_INT : 0) |
                      TYPE_INT);
    case OP_RESULT: return a;
    default:
        buffer_printf(why, "%s takes no vector: take a component, v[0], or norm(v)",
                      written_as(spec->op));
        return (Shape){0};
    }
}
