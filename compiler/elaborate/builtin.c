/* The functions of language II.2, and how functions that are nodes are named and called. One that
   is given constants alone is computed at once, by eval. */
#include "compiler/elaborate/builtin.h"

#include "runtime/base/limits.h"
#include "runtime/engines/eval.h"

#include <string.h>

/* --- node by node ----------------------------------------------------------------------------- */

static NodeId number_argument(Session *session, const BuiltinCall *call, uint32_t i) {
    return lift_vector(session, call->arguments->items[i], argument_span(call, i),
                       "what this function takes");
}

/* One or two arguments, as they are. */
static Value apply_elements(Session *session, const BuiltinCall *call) {
    NodeId a = number_argument(session, call, 0);
    if (call->arguments->count == 1) return node1(session, call->builtin->op, a, call->tree->span);
    NodeId b = number_argument(session, call, 1);
    return node2(session, call->builtin->op, a, b, call->tree->span);
}

/* vec takes numbers; concat vectors as well. */
static Value apply_join(Session *session, const BuiltinCall *call) {
    bool numbers = call->builtin->op == OP_VEC;
    Value joined = value_error();
    for (uint32_t i = 0; i < call->arguments->count; i++) {
        NodeId next = number_argument(session, call, i);
        if (next == NO_NODE) return value_error();
        Shape shape = node_shape(session, next);
        if (numbers && shape.types == TYPE_VECTOR) {
            Diagnostic *diag = report(session, DIAG_TYPE, argument_span(call, i),
                                      "vec takes numbers, not vec[%u]", shape.width);
            diag_help(diag, "concat(u, v) joins vectors");
            return value_error();
        }
        bool single = i == 0 && shape.types != TYPE_VECTOR && call->arguments->count == 1;
        if (i > 0)
            joined = node2(session, OP_CONCAT, joined.as.node, next, call->tree->span);
        else if (single)
            joined = node1(session, OP_VEC, next, call->tree->span);
        else
            joined = (Value){.kind = VALUE_SOP, .as.node = next};
        if (joined.kind == VALUE_ERROR) return joined;
    }
    return joined;
}

static Value no_matrix(Session *session, const BuiltinCall *call) {
    Value matrix = call->arguments->items[0];
    Diagnostic *diag = report(session, DIAG_TYPE, argument_span(call, 0),
                              "matmul takes a matrix first, not %s (%s)", value_kind_name(matrix),
                              show(session, matrix));
    diag_help(diag, "a matrix is a list of rows, lists of numbers of one length");
    return value_error();
}

static Value apply_matmul(Session *session, const BuiltinCall *call) {
    Value matrix = call->arguments->items[0], rows;
    if (matrix.kind != VALUE_LIST || matrix.as.list->count == 0 ||
        matrix.as.list->items[0].kind != VALUE_LIST)
        return no_matrix(session, call);
    DeclaredType type = {.atoms = TYPE_FLOAT,
                         .dimensions = 2,
                         .rows = matrix.as.list->count,
                         .columns = matrix.as.list->items[0].as.list->count};
    if (!declared_value(session, type, matrix, &rows)) return no_matrix(session, call);
    NodeId vector = number_argument(session, call, 1);
    if (vector == NO_NODE) return value_error();
    Shape shape = node_shape(session, vector);
    if (shape.types != TYPE_VECTOR || shape.width != type.columns) {
        Buffer given = {0};
        shape_format(&given, shape);
        report(session, DIAG_TYPE, argument_span(call, 1),
               "mat[%u, %u] is multiplied with vec[%u], not with %s", type.rows, type.columns,
               type.columns, given.data);
        buffer_free(&given);
        return value_error();
    }
    Atom *atoms = ARENA_ARRAY(session->arena, Atom, (size_t)type.rows * type.columns);
    for (uint32_t r = 0; r < type.rows; r++)
        for (uint32_t c = 0; c < type.columns; c++)
            atoms[(size_t)r * type.columns + c] = rows.as.list->items[r].as.list->items[c].as.atom;
    Table *table = ARENA_NEW(session->arena, Table);
    *table = (Table){.count = type.rows * type.columns, .values = atoms};
    NodeSpec spec = {.op = OP_MATMUL,
                     .args = {vector, NO_NODE, NO_NODE},
                     .table = table,
                     .span = call->tree->span};
    return node_value(session, &spec);
}

static Value apply_onehot(Session *session, const BuiltinCall *call) {
    Value size = call->arguments->items[1];
    int64_t count;
    if (size.kind != VALUE_ATOM || size.as.atom.kind != ATOM_INT ||
        !atom_as_int64(size.as.atom, &count) || count < 1 || count > LIMIT_VECTOR_WIDTH) {
        report(session, DIAG_TYPE, argument_span(call, 1),
               "the width of a one-hot is an int from 1 to %d, not %s (%s)", LIMIT_VECTOR_WIDTH,
               value_kind_name(size), show(session, size));
        return value_error();
    }
    NodeId number =
        lift(session, call->arguments->items[0], argument_span(call, 0), "the number of the one");
    if (number == NO_NODE) return value_error();
    NodeSpec spec = {.op = OP_ONEHOT,
                     .args = {number, NO_NODE, NO_NODE},
                     .atom = atom_int(count),
                     .span = call->tree->span};
    return node_value(session, &spec);
}

/* --- the table -------------------------------------------------------------------------------- */

enum { MANY = UINT32_MAX, LIBRARY = true, OPEN = false };

static const Builtin builtins[] = {
#define BUILTIN(name, parameters, least, most, where, apply, op)                                   \
    {name, parameters, least, most, where, apply, op},
#include "compiler/elaborate/builtins.def"
#undef BUILTIN
};

const char *builtin_name(const Builtin *builtin) { return builtin->name; }

/* "u, v" as TREE_NAMES. */
static Tree *parameter_names(Arena *arena, const char *text) {
    Tree *names = ARENA_NEW(arena, Tree);
    *names = (Tree){.kind = TREE_NAMES, .child = ARENA_ARRAY(arena, Tree *, strlen(text))};
    while (*text) {
        size_t len = strcspn(text, ",");
        Tree *name = ARENA_NEW(arena, Tree);
        *name = (Tree){.kind = TREE_NAME, .text = string_new(arena, text, len)};
        names->child[names->count++] = name;
        text += len + strspn(text + len, ", ");
    }
    return names;
}

static void give(Session *session, Environment *env, const Builtin *builtin) {
    Arena *arena = session->arena;
    Tree *definition = ARENA_NEW(arena, Tree);
    *definition = (Tree){.kind = TREE_DEF,
                         .text = string_from(arena, builtin->name),
                         .count = 1,
                         .child = ARENA_NEW(arena, Tree *)};
    definition->child[0] = parameter_names(arena, builtin->parameters);
    Function *function = ARENA_NEW(arena, Function);
    *function = (Function){.name = definition->text,
                           .origin = "library",
                           .definition = definition,
                           .environment = env,
                           .builtin = builtin};
    environment_set(arena, env, definition->text,
                    (Value){.kind = VALUE_FUNCTION, .as.function = function});
}

void builtins_give(Session *session) {
    for (size_t i = 0; i < sizeof builtins / sizeof *builtins; i++)
        give(session, builtins[i].is_library ? session->library : session->builtins, &builtins[i]);
}

/* --- calls ------------------------------------------------------------------------------------ */

/* Is there no node in any of them, not in a list or dict either? Values nest no deeper than
   LIMIT_NESTING. */
static bool all_known(const Value *values, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        Value value = values[i];
        if (value_is_node(value)) return false;
        if (value.kind == VALUE_LIST && !all_known(value.as.list->items, value.as.list->count))
            return false;
        if (value.kind == VALUE_DICT && !all_known(value.as.dict->values, value.as.dict->count))
            return false;
    }
    return true;
}

/* The node's value in a graph that reads no input: the same at any position of any input. */
static Value value_everywhere(Session *session, NodeId node, Span span) {
    ApplyRequest request = {.graph = session->graph,
                            .node = node,
                            .input = {.n = 1},
                            .span = span,
                            .arena = session->arena,
                            .diags = session->diags,
                            .cancel = session->options.cancel};
    Sequence sequence;
    if (!eval_request(&request, &sequence, NULL)) return value_error();
    return value_item(session->arena, (Value){.kind = VALUE_SEQUENCE, .as.sequence = &sequence}, 0);
}

/* In a graph of its own, since the program's needs no node of it. */
static Value fold(Session *session, const BuiltinCall *call) {
    Graph *program = session->graph;
    Arena *scratch = arena_new(LIMIT_ELABORATION_BYTES);
    session->graph = graph_new(scratch);
    Value value = call->builtin->apply(session, call);
    bool is_sop = value.kind == VALUE_SOP;
    if (is_sop) value = value_everywhere(session, value.as.node, call->tree->span);
    session->graph = program;
    arena_free(scratch);
    if (!is_sop && value.kind != VALUE_ERROR) return call->builtin->apply(session, call);
    return value;
}

static bool operator_fits(Session *session, const BuiltinCall *call) {
    bool wanted = call->builtin->apply == apply_score;
    if (wanted == (call->lone != NULL)) return true;
    Span span = wanted ? call->tree->span : call->lone->span;
    Diagnostic *diag =
        report(session, DIAG_ARGUMENTS, span,
               wanted ? "score takes keys, queries and an operator" : "%s takes no operator",
               call->builtin->name);
    if (wanted) diag_help(diag, "write score(keys, queries, *), or with + or -");
    return false;
}

Value builtin_call(Session *session, const BuiltinCall *call) {
    const Builtin *builtin = call->builtin;
    uint32_t count = call->arguments->count;
    if (!operator_fits(session, call)) return value_error();
    if (count < builtin->least || count > builtin->most) {
        const char *plural = builtin->least == 1 ? "" : "s";
        if (builtin->least == builtin->most)
            report(session, DIAG_ARGUMENTS, call->tree->span, "%s takes %u argument%s, not %u",
                   builtin->name, builtin->least, plural, count);
        else if (builtin->most == MANY)
            report(session, DIAG_ARGUMENTS, call->tree->span,
                   "%s takes %u argument%s or more, not %u", builtin->name, builtin->least, plural,
                   count);
        else
            report(session, DIAG_ARGUMENTS, call->tree->span, "%s takes %u or %u arguments, not %u",
                   builtin->name, builtin->least, builtin->most, count);
        return value_error();
    }
    bool known = all_known(call->arguments->items, count);
    return known ? fold(session, call) : builtin->apply(session, call);
}
