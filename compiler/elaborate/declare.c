/* input, param, output: what a program is given and what it is for (language II.1, II.5). */
#include "compiler/elaborate/internal.h"

#include "runtime/base/limits.h"

#include <math.h>
#include <string.h>

/* --- types ------------------------------------------------------------------------------------ */

static const struct {
    const char *name;
    TypeSet atoms;
    uint32_t dimensions;
} types[] = {
    {"str", TYPE_STRING, 0}, {"int", TYPE_INT, 0},   {"float", TYPE_FLOAT, 0},
    {"bool", TYPE_BOOL, 0},  {"vec", TYPE_FLOAT, 1}, {"mat", TYPE_FLOAT, 2},
};
enum { TYPE_COUNT = sizeof types / sizeof types[0] };

void declared_type_format(Buffer *out, DeclaredType type) {
    size_t i = 0;
    while (i + 1 < TYPE_COUNT &&
           (types[i].atoms != type.atoms || types[i].dimensions != type.dimensions))
        i++;
    buffer_text(out, types[i].name);
    if (type.dimensions == 1) buffer_printf(out, "[%u]", type.columns);
    if (type.dimensions == 2) buffer_printf(out, "[%u, %u]", type.rows, type.columns);
}

static const char *type_text(Session *session, DeclaredType type) {
    Buffer text = {0};
    declared_type_format(&text, type);
    const char *shown = arena_strndup(session->arena, text.data, text.len);
    buffer_free(&text);
    return shown;
}

static bool read_size(Session *session, Environment *env, const Tree *tree, uint32_t *size) {
    Value value = elaborate(session, env, tree);
    int64_t number;
    if (value.kind == VALUE_ERROR) return false;
    bool good = value.kind == VALUE_ATOM && value.as.atom.kind == ATOM_INT &&
                atom_as_int64(value.as.atom, &number) && number >= 1 &&
                number <= LIMIT_VECTOR_WIDTH;
    if (good)
        *size = (uint32_t)number;
    else
        report(session, DIAG_DECLARATION, tree->span,
               "a width is an int from 1 to %d that is known when the program is read, not %s (%s)",
               LIMIT_VECTOR_WIDTH, value_kind_name(value), show(session, value));
    return good;
}

static bool read_type(Session *session, Environment *env, const Tree *tree, bool matrix,
                      DeclaredType *out) {
    const char *all =
        matrix ? "str, int, float, bool, vec[d] or mat[r, c]" : "str, int, float, bool or vec[d]";
    size_t i = 0;
    while (i < TYPE_COUNT && strcmp(types[i].name, tree->text->bytes) != 0)
        i++;
    if (i == TYPE_COUNT || (types[i].dimensions == 2 && !matrix)) {
        report(session, DIAG_DECLARATION, tree->span, "'%s' is no type here: write %s",
               tree->text->bytes, all);
        return false;
    }
    if (tree->count != types[i].dimensions) {
        report(session, DIAG_DECLARATION, tree->span, "the type %s has %u size%s, not %u: write %s",
               types[i].name, types[i].dimensions, types[i].dimensions == 1 ? "" : "s", tree->count,
               all);
        return false;
    }
    *out = (DeclaredType){
        .atoms = types[i].atoms, .dimensions = types[i].dimensions, .rows = 1, .columns = 1};
    uint32_t sizes[2] = {1, 1};
    for (uint32_t s = 0; s < tree->count; s++)
        if (!read_size(session, env, tree->child[s], &sizes[s])) return false;
    if (out->dimensions == 2) out->rows = sizes[0];
    if (out->dimensions > 0) out->columns = sizes[out->dimensions - 1];
    if ((uint64_t)out->rows * out->columns > LIMIT_LIST_ITEMS) {
        report(session, DIAG_LIMIT_SIZE, tree->span, "%s holds more than %d numbers",
               type_text(session, *out), LIMIT_LIST_ITEMS);
        return false;
    }
    return true;
}

/* --- values of a type ------------------------------------------------------------------------- */

static bool atom_fits(TypeSet wanted, Atom atom, Atom *out) {
    double number;
    *out = atom;
    if (wanted != TYPE_FLOAT) return type_of_atom(atom) == wanted;
    if (atom.kind != ATOM_INT && atom.kind != ATOM_FLOAT) return false;
    if (!atom_as_double(atom, &number) || !isfinite(number)) return false;
    *out = atom_float(number);
    return true;
}

/* Nested no deeper than a matrix. */
static bool fits(Session *session, DeclaredType type, uint32_t dimensions, Value value,
                 Value *out) {
    List list;
    if (dimensions == 0) {
        Atom atom;
        if (value.kind != VALUE_ATOM || !atom_fits(type.atoms, value.as.atom, &atom)) return false;
        *out = value_atom(atom);
        return true;
    }
    uint32_t count = dimensions == 2 ? type.rows : type.columns;
    if (!value_as_list(session->arena, value, &list) || list.count != count || count == 0)
        return false;
    Value *items = ARENA_ARRAY(session->arena, Value, count);
    for (uint32_t i = 0; i < count; i++)
        if (!fits(session, type, dimensions - 1, list.items[i], &items[i])) return false;
    *out = value_list(list_new(session->arena, items, count));
    return true;
}

bool declared_value(Session *session, DeclaredType type, Value value, Value *out) {
    return fits(session, type, type.dimensions, value, out);
}

/* --- declarations ----------------------------------------------------------------------------- */

size_t session_declared_count(const Session *session) { return session->declared_count; }
Declared session_declared(const Session *session, size_t index) { return session->declared[index]; }
bool session_has_inputs(const Session *session) { return session->input_count > 0; }

static Declared *find_declared(const Session *session, const String *name) {
    for (uint32_t i = session->declared_count; i-- > 0;)
        if (string_equal(session->declared[i].name, name)) return &session->declared[i];
    return NULL;
}

/* At the prompt a new declaration takes the place of the old one. */
static void add_declared(Session *session, Declared declared) {
    Declared *before = find_declared(session, declared.name);
    session->input_count += !declared.is_param;
    if (before) {
        session->input_count -= !before->is_param;
        forget_requirements(session, declared.name);
        *before = declared;
        return;
    }
    if (session->declared_count == session->declared_capacity) {
        uint32_t capacity = session->declared_capacity ? session->declared_capacity * 2 : 8;
        session->declared = arena_grow(session->arena, session->declared, session->declared_count,
                                       capacity, sizeof(Declared));
        session->declared_capacity = capacity;
    }
    session->declared[session->declared_count++] = declared;
}

/* Of vec[d] the name d, where that is a param. */
static const String *width_name(const Session *session, const Tree *type) {
    const Tree *size = type->count == 1 ? inside_parens(type->child[0]) : NULL;
    if (!size || size->kind != TREE_NAME) return NULL;
    const Declared *declared = find_declared(session, size->text);
    return declared && declared->is_param ? size->text : NULL;
}

/* Where the words stand: a program's own level. Files that it loads have params only. */
bool at_own_level(Session *session, const Environment *env, const Tree *tree) {
    bool own = tree->kind == TREE_PARAM ? env->is_top : env == session->program;
    if (own && session->at_top) return true;
    report(session, DIAG_DECLARATION, tree->span, "'%s' stands at the program's own level only%s",
           tree_kind_name(tree->kind),
           session->at_top ? ", not in a file that it loads" : ", not in a function or a loop");
    return false;
}

/* Or one too many; both are reported. */
static bool declared_before(Session *session, const Tree *tree) {
    if (session->declared_count >= LIMIT_DECLARATIONS) {
        report(session, DIAG_LIMIT_PROGRAM, tree->span,
               "a program with more than %d inputs and params", LIMIT_DECLARATIONS);
        session->stopped = true;
        return true;
    }
    const Declared *before = find_declared(session, tree->text);
    if (!before || session->options.interactive) return false;
    Diagnostic *diag = report(session, DIAG_DECLARATION, tree->name_span, "'%s' is declared twice",
                              tree->text->bytes);
    diag_note(diag, before->span, "it was declared here");
    return true;
}

/* The first node of the program's that reads tokens, or NO_NODE. */
static NodeId reader_of_tokens(const Session *session) {
    for (NodeId id = 0; id < session->graph->count; id++) {
        const Node *node = graph_node(session->graph, id);
        if (node->span.file == session->library_file) continue;
        for (int i = 0; i < op_info(node->op)->arity; i++) {
            GraphOp op = graph_node(session->graph, node->args[i])->op;
            if (op >= OP_TOKENS_STR && op <= OP_TOKENS_ASIS) return id;
        }
    }
    return NO_NODE;
}

static bool name_declared(Session *session, Environment *env, const Tree *tree, Value value) {
    Tree name = {.kind = TREE_NAME, .text = tree->text, .span = tree->name_span};
    if (!assign_name(session, env, &name, value)) return false;
    add_result(
        session,
        (Result){.kind = RESULT_VALUE, .name = tree->text, .value = value, .span = tree->span});
    return true;
}

bool elaborate_input(Session *session, Environment *env, const Tree *tree) {
    DeclaredType type;
    if (!at_own_level(session, env, tree) || declared_before(session, tree) ||
        !read_type(session, env, tree->child[0], false, &type))
        return false;
    NodeId reader = session->options.interactive ? NO_NODE : reader_of_tokens(session);
    if (session->input_count == 0 && reader != NO_NODE) {
        Diagnostic *diag = report(session, DIAG_NO_TOKENS, tree->span,
                                  "a program with inputs has no tokens, and these were read");
        diag_note(diag, graph_node(session->graph, reader)->span, "here");
        return false;
    }
    bool vector = type.dimensions == 1;
    NodeSpec spec = {.op = OP_INPUT,
                     .args = {NO_NODE, NO_NODE, NO_NODE},
                     .atom = atom_string(tree->text),
                     .declared = {vector ? TYPE_VECTOR : type.atoms, vector ? type.columns : 0},
                     .span = tree->span};
    Value value = node_value(session, &spec);
    if (value.kind == VALUE_ERROR) return false;
    add_declared(session, (Declared){.name = tree->text,
                                     .type = type,
                                     .width_name = width_name(session, tree->child[0]),
                                     .span = tree->span});
    return name_declared(session, env, tree, value);
}

/* --- params ----------------------------------------------------------------------------------- */

void session_give(Session *session, const ParamGiven *given) {
    if (session->given_count == session->given_capacity) {
        uint32_t capacity = session->given_capacity ? session->given_capacity * 2 : 4;
        session->given = arena_grow(session->arena, session->given, session->given_count, capacity,
                                    sizeof(ParamGiven));
        session->given_capacity = capacity;
    }
    size_t count = (size_t)given->rows * given->columns;
    Atom *atoms = ARENA_ARRAY(session->arena, Atom, count);
    for (size_t i = 0; i < count; i++)
        atoms[i] = atom_copy(session->arena, given->atoms[i]);
    ParamGiven *kept = &session->given[session->given_count++];
    *kept = *given;
    kept->name = arena_strndup(session->arena, given->name, strlen(given->name));
    kept->atoms = atoms;
}

void session_give_no_more(Session *session) { session->given_count = 0; }

static const ParamGiven *given_from_outside(const Session *session, const String *name) {
    for (uint32_t i = session->given_count; i-- > 0;)
        if (strcmp(session->given[i].name, name->bytes) == 0) return &session->given[i];
    for (uint32_t i = session->options.param_count; i-- > 0;)
        if (strcmp(session->options.params[i].name, name->bytes) == 0)
            return &session->options.params[i];
    return NULL;
}

static Value given_row(Session *session, const Atom *atoms, uint32_t count) {
    Value *items = ARENA_ARRAY(session->arena, Value, count);
    for (uint32_t i = 0; i < count; i++)
        items[i] = value_atom(atom_copy(session->arena, atoms[i]));
    return value_list(list_new(session->arena, items, count));
}

static Value given_value(Session *session, const ParamGiven *given) {
    if (given->dimensions == 0) return value_atom(atom_copy(session->arena, given->atoms[0]));
    if (given->dimensions == 1) return given_row(session, given->atoms, given->columns);
    Value *rows = ARENA_ARRAY(session->arena, Value, given->rows);
    for (uint32_t r = 0; r < given->rows; r++)
        rows[r] = given_row(session, given->atoms + (size_t)r * given->columns, given->columns);
    return value_list(list_new(session->arena, rows, given->rows));
}

/* "vec[3]" and the like where it is one, for messages. */
static const char *shape_text(Session *session, Value value) {
    DeclaredType type = {.atoms = TYPE_FLOAT, .dimensions = 1, .rows = 1, .columns = 1};
    Value ignored;
    if (value.kind != VALUE_LIST || value.as.list->count == 0) return value_kind_name(value);
    Value first = value.as.list->items[0];
    type.columns = value.as.list->count;
    if (first.kind == VALUE_LIST) {
        type.dimensions = 2;
        type.rows = value.as.list->count;
        type.columns = first.as.list->count;
    }
    return declared_value(session, type, value, &ignored) ? type_text(session, type)
                                                          : value_kind_name(value);
}

bool elaborate_param(Session *session, Environment *env, const Tree *tree) {
    DeclaredType type;
    if (!at_own_level(session, env, tree) || declared_before(session, tree) ||
        !read_type(session, env, tree->child[0], true, &type))
        return false;
    Value own = elaborate(session, env, tree->child[1]), value;
    if (own.kind == VALUE_ERROR) return false;
    const ParamGiven *given = given_from_outside(session, tree->text);
    if (given) own = given_value(session, given);
    if (!declared_value(session, type, own, &value)) {
        report(session, DIAG_PARAM, given ? tree->name_span : tree->child[1]->span,
               "the param '%s' is %s, %s %s (%s)", tree->text->bytes, type_text(session, type),
               given ? "and the value given for it" : "not", shape_text(session, own),
               show(session, own));
        return false;
    }
    add_declared(session, (Declared){.name = tree->text,
                                     .is_param = true,
                                     .type = type,
                                     .width_name = width_name(session, tree->child[0]),
                                     .span = tree->span});
    return name_declared(session, env, tree, value);
}

/* --- outputs ---------------------------------------------------------------------------------- */

size_t session_output_count(const Session *session) { return session->output_count; }

Value session_output(const Session *session, size_t index, const String **name) {
    *name = session->outputs[index].name;
    return session->outputs[index].value;
}

static Output *find_output(const Session *session, const String *name) {
    for (uint32_t i = 0; i < session->output_count; i++)
        if (string_equal(session->outputs[i].name, name)) return &session->outputs[i];
    return NULL;
}

static void add_output(Session *session, Output output) {
    if (session->output_count == session->output_capacity) {
        uint32_t capacity = session->output_capacity ? session->output_capacity * 2 : 4;
        session->outputs = arena_grow(session->arena, session->outputs, session->output_count,
                                      capacity, sizeof(Output));
        session->output_capacity = capacity;
    }
    session->outputs[session->output_count++] = output;
}

/* A name is an output once: columns, files and models tell outputs apart by their names. */
static bool declare_output(Session *session, Environment *env, const Tree *name) {
    Value value = elaborate(session, env, name);
    if (value.kind == VALUE_ERROR) return false;
    if (value.kind != VALUE_SOP && value.kind != VALUE_SELECTOR) {
        Diagnostic *diag = report(session, DIAG_NOT_SOP, name->span,
                                  "an output is an s-op or a selector, not %s (%s)",
                                  value_kind_name(value), show(session, value));
        if (value.kind == VALUE_PATTERN)
            diag_help(diag, "raspc run -o %s gives its weights", name->text->bytes);
        return false;
    }
    Output *before = find_output(session, name->text);
    if (!before)
        add_output(session, (Output){name->text, value});
    else if (session->options.interactive)
        before->value = value;
    else
        report(session, DIAG_DECLARATION, name->span, "'%s' is an output already",
               name->text->bytes);
    return !before || session->options.interactive;
}

bool elaborate_output(Session *session, Environment *env, const Tree *tree) {
    const Tree *names = tree->child[0];
    bool good = at_own_level(session, env, tree);
    for (uint32_t i = 0; good && i < names->count; i++)
        good = declare_output(session, env, names->child[i]);
    return good;
}
