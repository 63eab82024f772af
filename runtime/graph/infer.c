/* The types that a node can have, from its arguments' types. A set of types that could never work
   is refused here, when the program is read; one that may work is left to the run. */
#include "runtime/graph/infer.h"

static TypeSet argument(const Graph *graph, const NodeSpec *spec, int i) {
    return graph->nodes[spec->args[i]].type;
}

static TypeSet refuse(Buffer *why, const char *what, TypeSet a, const char *joint, TypeSet b) {
    if (b)
        buffer_printf(why, "%s %s %s %s", what, type_set_name(a), joint, type_set_name(b));
    else
        buffer_printf(why, "%s %s", what, type_set_name(a));
    return 0;
}

/* int and bool give int, anything with a float gives float. */
static TypeSet number_result(TypeSet a, TypeSet b) {
    const TypeSet whole = TYPE_BOOL | TYPE_INT;
    TypeSet result = 0;
    if ((a & whole) && (b & whole)) result |= TYPE_INT;
    if ((a & TYPE_NUMBER) && (b & TYPE_NUMBER) && ((a | b) & TYPE_FLOAT)) result |= TYPE_FLOAT;
    return result;
}

static TypeSet infer_arithmetic(GraphOp op, TypeSet a, TypeSet b, Buffer *why) {
    const TypeSet whole = TYPE_BOOL | TYPE_INT;
    TypeSet result = number_result(a, b);
    switch (op) {
    case OP_ADD:
        if ((a & TYPE_STRING) && (b & TYPE_STRING)) result |= TYPE_STRING;
        return result ? result : refuse(why, "can't add", a, "and", b);
    case OP_SUB: return result ? result : refuse(why, "can't subtract with", a, "and", b);
    case OP_MUL:
        if (((a & TYPE_STRING) && (b & whole)) || ((a & whole) && (b & TYPE_STRING)))
            result |= TYPE_STRING;
        return result ? result : refuse(why, "can't multiply", a, "and", b);
    case OP_DIV: return result ? TYPE_FLOAT : refuse(why, "can't divide", a, "by", b);
    case OP_MOD: return result ? result : refuse(why, "can't take the remainder of", a, "by", b);
    default:
        /* A negative exponent gives a float. */
        if (result & TYPE_INT) result |= TYPE_FLOAT;
        return result ? result : refuse(why, "can't raise", a, "to the power of", b);
    }
}

static TypeSet infer_order(TypeSet a, TypeSet b, TypeSet result, Buffer *why) {
    bool numbers = (a & TYPE_NUMBER) && (b & TYPE_NUMBER);
    bool strings = (a & TYPE_STRING) && (b & TYPE_STRING);
    return numbers || strings ? result : refuse(why, "no order between", a, "and", b);
}

static TypeSet table_types(const Table *table) {
    TypeSet types = 0;
    for (uint32_t i = 0; i < table->count; i++)
        types |= type_of_atom(table->values[i]);
    return types;
}

static TypeSet infer_table(GraphOp op, const Table *table, TypeSet a, Buffer *why) {
    if (op == OP_MEMBER) return TYPE_BOOL;
    if (table->count == 0) {
        buffer_text(why, "nothing to look up: the table is empty");
        return 0;
    }
    if (op == OP_ITEM && !(a & (TYPE_BOOL | TYPE_INT)))
        return refuse(why, "an index must be ints, not", a, "", 0);
    return table_types(table);
}

/* What stands as argument i: selectors go with selectors, scores with scores, sequences with
   sequences; an attention's first argument selects or weighs. */
static TypeSet wanted_types(const NodeSpec *spec, int i) {
    const OpInfo *info = op_info(spec->op);
    const TypeSet sop = TYPE_ANY | TYPE_VECTOR;
    switch (info->kind) {
    case OPKIND_INPUT:
    case OPKIND_ELEMENT:
    case OPKIND_LOOP: return sop;
    case OPKIND_SELECTOR:
        return spec->op == OP_SEL_AND || spec->op == OP_SEL_OR || spec->op == OP_SEL_NOT
                   ? TYPE_SELECTOR
                   : sop;
    case OPKIND_SCORE: return spec->op >= OP_SCORES_ADD ? TYPE_SCORE : sop;
    case OPKIND_PATTERN: return i == 0 ? TYPE_SCORE : TYPE_SELECTOR;
    case OPKIND_ATTENTION:
        if (i > 0) return sop;
        return spec->op == OP_ATTEND ? TYPE_SELECTOR | TYPE_PATTERN : TYPE_SELECTOR;
    }
    return 0;
}

static const char *wanted_name(TypeSet wanted) {
    if (wanted == (TYPE_SELECTOR | TYPE_PATTERN)) return "a selector or pattern";
    return wanted & TYPE_ANY ? "an s-op" : type_set_name(wanted);
}

static bool shapes_fit(const Graph *graph, const NodeSpec *spec, Buffer *why) {
    const OpInfo *info = op_info(spec->op);
    for (int i = 0; i < info->arity; i++) {
        TypeSet wanted = wanted_types(spec, i), is = argument(graph, spec, i);
        if (is & wanted) continue;
        buffer_printf(why, "%s takes %s here, not %s", info->name, wanted_name(wanted),
                      type_is_sop(is) ? "an s-op" : type_set_name(is));
        return false;
    }
    return true;
}

/* Operations on atoms alone. */
static TypeSet infer_atoms(const Graph *graph, const NodeSpec *spec, Buffer *why) {
    int arity = op_info(spec->op)->arity;
    TypeSet a = arity > 0 ? argument(graph, spec, 0) : 0;
    TypeSet b = arity > 1 ? argument(graph, spec, 1) : 0;
    switch (spec->op) {
    case OP_TOKENS_STR: return TYPE_STRING;
    case OP_TOKENS_INT: return TYPE_INT;
    case OP_TOKENS_FLOAT: return TYPE_FLOAT;
    case OP_TOKENS_BOOL: return TYPE_BOOL;
    case OP_TOKENS_ASIS: return TYPE_ANY;
    case OP_INDICES: return TYPE_INT;
    case OP_CONST: return type_of_atom(spec->atom);
    case OP_NEG:
    case OP_POS:
    case OP_ROUND:
        if (!(a & TYPE_NUMBER))
            return refuse(why, spec->op == OP_ROUND ? "can't round" : "no sign for", a, "", 0);
        return spec->op == OP_ROUND ? TYPE_INT : number_result(a, TYPE_INT);
    case OP_NOT:
    case OP_AND:
    case OP_OR:
    case OP_EQ: return TYPE_BOOL;
    case OP_INDICATOR:
    case OP_WIDTH: return TYPE_INT;
    case OP_ADD:
    case OP_SUB:
    case OP_MUL:
    case OP_DIV:
    case OP_MOD:
    case OP_POW: return infer_arithmetic(spec->op, a, b, why);
    case OP_LT:
    case OP_LE:
    case OP_GT:
    case OP_GE: return infer_order(a, b, TYPE_BOOL, why);
    case OP_CHOOSE: return b | argument(graph, spec, 2);
    case OP_MEMBER:
    case OP_LOOKUP:
    case OP_ITEM: return infer_table(spec->op, spec->table, a, why);
    case OP_SELECT_EQ:
    case OP_SELECT_NE:
    case OP_SEL_AND:
    case OP_SEL_OR:
    case OP_SEL_NOT: return TYPE_SELECTOR;
    case OP_SELECT_LT:
    case OP_SELECT_LE:
    case OP_SELECT_GT:
    case OP_SELECT_GE: return infer_order(a, b, TYPE_SELECTOR, why);
    case OP_AGGREGATE:
        /* One selected value is itself; the mean of several numbers is a float. */
        return b | type_of_atom(spec->atom) | (b & TYPE_NUMBER ? TYPE_FLOAT : 0);
    default: break;
    }
    return 0;
}

Shape graph_infer(const Graph *graph, const NodeSpec *spec, Buffer *why) {
    if (!shapes_fit(graph, spec, why)) return (Shape){0};
    if (op_info(spec->op)->payload == PAYLOAD_DECLARED) return spec->declared;
    bool real = spec->op >= OP_INPUT;
    for (int i = 0; i < op_info(spec->op)->arity; i++)
        real = real || argument(graph, spec, i) == TYPE_VECTOR;
    if (real) return infer_real(graph, spec, why);
    return (Shape){.types = infer_atoms(graph, spec, why)};
}
