/* What an s-op is applied to: an input as a value, or named inputs, column by column. */
#include "compiler/elaborate/internal.h"

/* --- tokens ----------------------------------------------------------------------------------- */

/* An element that is no atom keeps only its text and its truth (language I.5, tokens_str). */
static Atom opaque(Session *session, Value value) {
    Buffer text = {0};
    value_format_python(value, &text);
    Atom atom = {.kind = ATOM_OPAQUE, .truth = value_truth(value)};
    atom.as.string = string_new(session->arena, text.data ? text.data : "", text.len);
    buffer_free(&text);
    return atom;
}

static bool token_input(Session *session, List items, Span span, Input *out) {
    Atom *tokens = ARENA_ARRAY(session->arena, Atom, items.count);
    for (uint32_t i = 0; i < items.count; i++) {
        Value item = items.items[i];
        if (item.kind != VALUE_ATOM && item.kind != VALUE_LIST && item.kind != VALUE_DICT &&
            item.kind != VALUE_SEQUENCE) {
            report(session, DIAG_BAD_INPUT, span, "element %u of this input is %s", i,
                   value_kind_name(item));
            return false;
        }
        tokens[i] = item.kind == VALUE_ATOM ? item.as.atom : opaque(session, item);
    }
    *out = (Input){.n = items.count, .tokens = tokens};
    return true;
}

/* --- columns ---------------------------------------------------------------------------------- */

static const Declared *find_input(const Session *session, const String *name) {
    for (uint32_t i = session->declared_count; i-- > 0;)
        if (!session->declared[i].is_param && string_equal(session->declared[i].name, name))
            return &session->declared[i];
    return NULL;
}

/* "x, is_centre" */
static const char *input_names(Session *session) {
    Buffer text = {0};
    for (uint32_t i = 0; i < session->declared_count; i++)
        if (!session->declared[i].is_param)
            buffer_printf(&text, text.len ? ", %s" : "%s", session->declared[i].name->bytes);
    const char *names = arena_strndup(session->arena, text.data ? text.data : "", text.len);
    buffer_free(&text);
    return names;
}

/* Reports that element i is not of the input's type. */
static void wrong_element(Session *session, const Declared *input, uint32_t i, Value item,
                          Span span) {
    Buffer type = {0};
    declared_type_format(&type, input->type);
    if (input->type.dimensions == 1 && item.kind == VALUE_LIST &&
        item.as.list->count != input->type.columns)
        report(session, DIAG_BAD_INPUT, span, "element %u of input '%s' has %u numbers, not %s: %s",
               i, input->name->bytes, item.as.list->count, type.data, show(session, item));
    else
        report(session, DIAG_BAD_INPUT, span, "element %u of input '%s' is %s, not %s: %s", i,
               input->name->bytes, value_kind_name(item), type.data, show(session, item));
    buffer_free(&type);
}

static bool read_column(Session *session, const Declared *input, Value value, Span span,
                        InputColumn *column, uint32_t *n) {
    List items;
    if (!value_items(session->arena, value, &items) || items.count == 0) {
        report(session, DIAG_BAD_INPUT, span,
               "input '%s' is a list with an element or more, not %s (%s)", input->name->bytes,
               value_kind_name(value), show(session, value));
        return false;
    }
    uint32_t width = input->type.columns;
    bool vectors = input->type.dimensions == 1;
    double *numbers =
        vectors ? ARENA_ARRAY(session->arena, double, (size_t)items.count *width) : NULL;
    Atom *atoms = vectors ? NULL : ARENA_ARRAY(session->arena, Atom, items.count);
    for (uint32_t i = 0; i < items.count; i++) {
        Value item;
        if (!declared_value(session, input->type, items.items[i], &item)) {
            wrong_element(session, input, i, items.items[i], span);
            return false;
        }
        if (!vectors) atoms[i] = item.as.atom;
        for (uint32_t c = 0; vectors && c < width; c++)
            numbers[(size_t)i * width + c] = item.as.list->items[c].as.atom.as.real;
    }
    *column = (InputColumn){
        .name = input->name, .atoms = atoms, .width = vectors ? width : 0, .numbers = numbers};
    *n = items.count;
    return true;
}

/* Columns being collected: all of one length, each once. */
typedef struct Columns {
    InputColumn *items; /* (input_count) */
    uint32_t count, n;
} Columns;

static bool add_column(Session *session, Columns *columns, const String *name, Value value,
                       Span span) {
    const Declared *input = find_input(session, name);
    uint32_t n;
    if (!input) {
        Diagnostic *diag =
            report(session, DIAG_BAD_INPUT, span, "there is no input '%s'", name->bytes);
        if (session->input_count) diag_help(diag, "the inputs are %s", input_names(session));
        return false;
    }
    for (uint32_t i = 0; i < columns->count; i++)
        if (string_equal(columns->items[i].name, name)) {
            report(session, DIAG_BAD_INPUT, span, "input '%s' is given twice", name->bytes);
            return false;
        }
    if (!read_column(session, input, value, span, &columns->items[columns->count], &n))
        return false;
    if (columns->count > 0 && n != columns->n) {
        report(session, DIAG_BAD_INPUT, span, "input '%s' has %u element%s, but '%s' has %u",
               name->bytes, n, n == 1 ? "" : "s", columns->items[0].name->bytes, columns->n);
        return false;
    }
    columns->n = n;
    columns->count++;
    return true;
}

const String *input_missing(const Session *session, NodeId reader, const Input *input) {
    if (session->input_count == input->column_count) return NULL;
    Arena *scratch = arena_new(0);
    const uint8_t *needed = graph_needed(session->graph, reader, scratch);
    const String *missing = NULL;
    for (NodeId id = 0; id <= reader && !missing; id++) {
        const Node *node = graph_node(session->graph, id);
        if (needed[id] && node->op == OP_INPUT && !input_column(input, node->atom.as.string))
            missing = node->atom.as.string;
    }
    arena_free(scratch);
    return missing;
}

bool input_suffices(Session *session, Value callee, const Input *input, Span span) {
    const String *missing = input_missing(session, callee.as.node, input);
    if (missing) report(session, DIAG_BAD_INPUT, span, "input '%s' is missing", missing->bytes);
    return !missing;
}

bool call_has_names(const Tree *call) {
    for (uint32_t i = 1; i < call->count; i++)
        if (call->child[i]->kind == TREE_NAMED) return true;
    return false;
}

static Columns columns_new(Session *session) {
    return (Columns){.items =
                         ARENA_ARRAY(session->arena, InputColumn, session->declared_count + 1)};
}

bool named_input(Session *session, const Tree *call, const List *arguments, Input *out) {
    Columns columns = columns_new(session);
    for (uint32_t i = 0; i < arguments->count; i++) {
        const Tree *argument = call->child[1 + i];
        if (argument->kind != TREE_NAMED) {
            report(session, DIAG_ARGUMENTS, argument->span, "inputs are given by name: %s",
                   input_names(session));
            return false;
        }
        if (!add_column(session, &columns, argument->text, arguments->items[i], argument->span))
            return false;
    }
    *out = (Input){.n = columns.n, .column_count = columns.count, .columns = columns.items};
    return true;
}

/* A dict of several inputs by name, or the values of the only one. */
static bool column_input(Session *session, Value value, Span span, Input *out) {
    Columns columns = columns_new(session);
    bool good = true;
    if (value.kind == VALUE_DICT) {
        const Dict *dict = value.as.dict;
        for (uint32_t i = 0; good && i < dict->count; i++) {
            bool text = dict->keys[i].kind == ATOM_STRING;
            const String *name =
                text ? dict->keys[i].as.string
                     : string_from(session->arena, show(session, value_atom(dict->keys[i])));
            good = add_column(session, &columns, name, dict->values[i], span);
        }
    } else if (session->input_count == 1) {
        uint32_t i = 0;
        while (session->declared[i].is_param)
            i++;
        good = add_column(session, &columns, session->declared[i].name, value, span);
    } else {
        Diagnostic *diag =
            report(session, DIAG_BAD_INPUT, span,
                   "this program has %u inputs, which are given by name", session->input_count);
        diag_help(diag, "they are %s", input_names(session));
        good = false;
    }
    *out = (Input){.n = columns.n, .column_count = columns.count, .columns = columns.items};
    if (good && columns.count == 0) {
        report(session, DIAG_BAD_INPUT, span, "no input is given");
        good = false;
    }
    return good;
}

/* --- both ------------------------------------------------------------------------------------- */

bool session_input(Session *session, Value value, Span span, Input *out) {
    List items;
    if (!value_items(session->arena, value, &items)) {
        Diagnostic *diag = report(session, DIAG_BAD_INPUT, span,
                                  "an input is a string, a list or a dict, not %s (%s)",
                                  value_kind_name(value), show(session, value));
        if (value.kind == VALUE_SOP)
            diag_help(diag, "an s-op or selector is used by its name alone; with parentheses it is "
                            "applied to an input, such as \"abc\"");
        return false;
    }
    if (items.count == 0) {
        report(session, DIAG_BAD_INPUT, span, "an input has at least one element, and %s has none",
               show(session, value));
        return false;
    }
    return session->input_count > 0 ? column_input(session, value, span, out)
                                    : token_input(session, items, span, out);
}
