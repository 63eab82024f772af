/* What the REPL shows of results, laid out as the published interpreter does, since tutorials print
   it (language manual I.6). Blanks and tabs are part of that. */
#include "compiler/driver/draw_file.h"
#include "compiler/driver/repl.h"
#include "compiler/driver/show_weights.h"
#include "runtime/base/visible.h"

#include <string.h>

enum { MOST_ROWS = 200 }; /* a larger matrix is not shown */

typedef struct Display {
    Session *session;
    Buffer *out;
    bool with_examples;
    Span span;
} Display;

/* Adds a text made fit for a terminal, tabs kept, and frees it. */
static void add_visible(Buffer *out, Buffer *raw) {
    for (size_t at = 0; at < raw->len;) {
        const char *tab = memchr(raw->data + at, '\t', raw->len - at);
        size_t end = tab == NULL ? raw->len : (size_t)(tab - raw->data);
        visible_text(out, raw->data + at, end - at);
        if (tab != NULL) buffer_char(out, '\t');
        at = end + 1;
    }
    buffer_free(raw);
}

static void add_token(Buffer *out, Atom token) {
    Buffer raw = {0};
    atom_format_str(&raw, token);
    add_visible(out, &raw);
}

/* 3, "a", [1, 'a']: as the value of a variable and as an example. */
static void add_plain(Buffer *out, Value value) {
    Buffer raw = {0};
    if (value.kind == VALUE_ATOM && value.as.atom.kind == ATOM_STRING)
        buffer_printf(&raw, "\"%s\"", value.as.atom.as.string->bytes);
    else if (value.kind == VALUE_ATOM)
        atom_format_str(&raw, value.as.atom);
    else
        value_format_python(value, &raw);
    add_visible(out, &raw);
}

static void add_sequence(Buffer *out, const Sequence *sequence) {
    Buffer raw = {0};
    sequence_format(&raw, *sequence);
    add_visible(out, &raw);
}

/* --- matrices and rows ------------------------------------------------------------------------ */

static void show_rows(Buffer *out, const char *indent, const Matrix *matrix) {
    if (matrix->n > MOST_ROWS) {
        buffer_printf(out, "%s \t\t\t (%u x %u cells: too many to show)\n", indent, matrix->n,
                      matrix->n);
        return;
    }
    buffer_printf(out, "%s \t\t\t    ", indent);
    for (uint32_t i = 0; i < matrix->n; i++) {
        buffer_char(out, ' ');
        add_token(out, matrix->input[i]);
    }
    buffer_char(out, '\n');
    for (uint32_t i = 0; i < matrix->n; i++) {
        buffer_printf(out, "%s \t\t\t ", indent);
        add_token(out, matrix->input[i]);
        buffer_text(out, " |");
        for (uint32_t j = 0; j < matrix->n; j++)
            buffer_text(out, matrix->cells[(size_t)i * matrix->n + j] ? " 1" : "  ");
        buffer_char(out, '\n');
    }
}

static void show_pattern(Buffer *out, const char *indent, const Sequence *weights) {
    if (weights->n > MOST_ROWS) {
        buffer_printf(out, "%s \t\t\t (%u x %u weights: too many to show)\n", indent, weights->n,
                      weights->n);
        return;
    }
    Buffer behind = {0};
    buffer_printf(&behind, "%s \t\t\t ", indent);
    show_weights(out, behind.data, weights);
    buffer_free(&behind);
}

/* The cells of a row in full display: of bools only the rarer kind is shown. */
static void row_cells(const Atom *atoms, uint32_t n, Buffer *cells) {
    uint32_t trues = 0;
    for (uint32_t i = 0; i < n; i++)
        trues += atoms[i].kind == ATOM_BOOL && atoms[i].as.boolean;
    bool show_true = trues <= n - trues, show_false = n - trues <= trues;
    for (uint32_t i = 0; i < n; i++) {
        if (atoms[0].kind != ATOM_BOOL || atoms[i].kind != ATOM_BOOL)
            add_token(&cells[i], atoms[i]);
        else if (atoms[i].as.boolean && show_true)
            buffer_char(&cells[i], 'T');
        else if (!atoms[i].as.boolean && show_false)
            buffer_char(&cells[i], 'F');
    }
}

static size_t cell_columns(const Buffer *cell) {
    return cell->len == 0 ? 0 : utf8_columns(cell->data, cell->len);
}

static void show_row(Buffer *out, const char *head, const Buffer *cells, uint32_t n, size_t width,
                     SequenceType type) {
    buffer_text(out, head);
    for (uint32_t i = 0; i < n; i++) {
        buffer_repeat(out, ' ', 1 + width - cell_columns(&cells[i]));
        if (cells[i].len > 0) buffer_add(out, cells[i].data, cells[i].len);
    }
    buffer_printf(out, " \t (%s)\n", sequence_type_name(type));
}

/* Input and output below one another, a column an element. */
static void show_full(Buffer *out, const char *indent, const Sequence *sequence) {
    uint32_t n = sequence->n, bad;
    Arena *arena = arena_new(0);
    Buffer *cells = ARENA_ARRAY(arena, Buffer, 2 * (size_t)n);
    row_cells(sequence->input, n, cells);
    row_cells(sequence->atoms, n, cells + n);
    size_t width = 0;
    for (size_t i = 0; i < 2 * (size_t)n; i++)
        if (cell_columns(&cells[i]) > width) width = cell_columns(&cells[i]);
    SequenceType input_type = SEQUENCE_STRINGS;
    sequence_type_of(sequence->input, n, &input_type, &bad);
    Buffer head = {0};
    buffer_printf(&head, "%s \t\tinput:  ", indent);
    show_row(out, head.data, cells, n, width, input_type);
    head.len = 0;
    buffer_printf(&head, "%s \t\toutput: ", indent);
    show_row(out, head.data, cells + n, n, width, sequence->type);
    buffer_free(&head);
    for (size_t i = 0; i < 2 * (size_t)n; i++)
        buffer_free(&cells[i]);
    arena_free(arena);
}

/* Behind "Example:" or " =": the rows, or what is short all the same. lead stands before that. */
static void show_full_or_short(Buffer *out, const char *indent, const char *lead,
                               const Sequence *sequence) {
    if (sequence->n > 1 && !sequence_repeats(*sequence)) {
        buffer_char(out, '\n');
        show_full(out, indent, sequence);
        return;
    }
    buffer_printf(out, " %s ", lead);
    add_sequence(out, sequence);
    buffer_text(out, " [skipped full display: identical values]\n");
}

/* --- values ----------------------------------------------------------------------------------- */

/* With named inputs the running example may be for others: then it is not shown. */
static bool example_fits(Display *display, Value value, Value example) {
    return !session_has_inputs(display->session) ||
           session_accepts(display->session, value, example);
}

static void show_sop_example(Display *display, const char *name, Value value, const char *indent) {
    const Examples *examples = session_examples(display->session);
    Value result;
    if (!example_fits(display, value, examples->sop)) return;
    if (!session_apply(display->session, value, examples->sop, display->span, &result)) return;
    Buffer lead = {0};
    buffer_printf(&lead, "%s(", name);
    add_plain(&lead, examples->sop);
    buffer_text(&lead, ") =");
    buffer_printf(display->out, "%s \t Example:", indent);
    if (examples->full_display && result.as.sequence->atoms != NULL) {
        show_full_or_short(display->out, indent, lead.data, result.as.sequence);
    } else {
        buffer_printf(display->out, " %s ", lead.data);
        add_sequence(display->out, result.as.sequence);
        buffer_char(display->out, '\n');
    }
    buffer_free(&lead);
}

static void show_selector_example(Display *display, Value value, const char *indent) {
    Value result;
    Value example = session_examples(display->session)->selector;
    if (!example_fits(display, value, example)) return;
    if (!session_apply(display->session, value, example, display->span, &result)) return;
    buffer_printf(display->out, "%s \t Example:\n", indent);
    if (value.kind == VALUE_PATTERN)
        show_pattern(display->out, indent, result.as.sequence);
    else
        show_rows(display->out, indent, result.as.matrix);
}

static void show_node(Display *display, const char *name, Value value, const char *indent,
                      const char *key) {
    const Examples *examples = session_examples(display->session);
    bool selector = value.kind == VALUE_SELECTOR, sop = value.kind == VALUE_SOP;
    bool pattern = value.kind == VALUE_PATTERN;
    const char *kind = sop ? "s-op" : selector ? "selector" : pattern ? "pattern" : "score";
    Buffer derived = {0};
    if (name == NULL) repl_node_name(session_graph(display->session), value.as.node, &derived);
    if (name == NULL) name = derived.data;
    buffer_printf(display->out, "%s %s    %s: %s\n", indent, key, kind, name);
    if (display->with_examples && (selector || pattern) && examples->show_selector)
        show_selector_example(display, value, indent);
    if (display->with_examples && sop && examples->show_sop)
        show_sop_example(display, name, value, indent);
    buffer_free(&derived);
}

static void show_function(Display *display, const Function *function, const char *indent,
                          const char *key) {
    buffer_printf(display->out, "%s %s    %s function: %s(", indent, key, function->origin,
                  function->name->bytes);
    const Tree *names = function->definition->child[0];
    for (uint32_t i = 0; i < names->count; i++)
        buffer_printf(display->out, "%s%s", i > 0 ? ", " : "", names->child[i]->text->bytes);
    buffer_text(display->out, ")\n");
}

static bool is_container(Value value) {
    return value.kind == VALUE_LIST || value.kind == VALUE_DICT;
}

/* Lists and dicts of plain values are shown on one line. */
static bool is_flat(Value value) {
    bool list = value.kind == VALUE_LIST;
    uint32_t count = list ? value.as.list->count : value.as.dict->count;
    for (uint32_t i = 0; i < count; i++) {
        Value item = list ? value.as.list->items[i] : value.as.dict->values[i];
        if (is_container(item) || value_is_node(item)) return false;
    }
    return true;
}

static void show_value(Display *display, const char *name, Value value, size_t tabs,
                       const char *key);

static void show_container(Display *display, const char *name, Value value, const char *indent,
                           size_t tabs, const char *key) {
    bool list = value.kind == VALUE_LIST;
    Buffer head = {0}, *out = display->out;
    buffer_printf(&head, "   %s: ", list ? "list" : "dict");
    if (name != NULL) buffer_printf(&head, "%s = ", name);
    buffer_printf(out, "%s %s %s", indent, key, head.data);
    if (is_flat(value)) {
        add_plain(out, value);
        buffer_char(out, '\n');
    } else if (list) {
        buffer_printf(out, "%s [\n", indent);
        for (uint32_t i = 0; i < value.as.list->count; i++)
            show_value(display, NULL, value.as.list->items[i], tabs + 2, "");
    } else {
        buffer_printf(out, "%s {\n", indent);
        const Dict *dict = value.as.dict;
        for (uint32_t i = 0; i < dict->count; i++) {
            Buffer item = {0};
            add_plain(&item, value_atom(dict->keys[i]));
            buffer_text(&item, " : ");
            show_value(display, NULL, dict->values[i], tabs + 3, item.data);
            buffer_free(&item);
        }
    }
    if (!is_flat(value)) {
        buffer_text(out, indent);
        buffer_repeat(out, ' ', head.len + 2);
        buffer_text(out, list ? "]\n" : "}\n");
    }
    buffer_free(&head);
}

/* name: of a variable or "out"; NULL inside a list or dict. key: a dict's, with its " : ", or "".
 */
static void show_value(Display *display, const char *name, Value value, size_t tabs,
                       const char *key) {
    Buffer indent = {0};
    buffer_text(&indent, "");
    buffer_repeat(&indent, '\t', tabs);
    switch (value.kind) {
    case VALUE_ERROR:
    case VALUE_BARRED: break;
    case VALUE_SOP:
    case VALUE_SELECTOR:
    case VALUE_SCORE:
    case VALUE_PATTERN: show_node(display, name, value, indent.data, key); break;
    case VALUE_FUNCTION: show_function(display, value.as.function, indent.data, key); break;
    case VALUE_LIST:
    case VALUE_DICT: show_container(display, name, value, indent.data, tabs, key); break;
    case VALUE_ATOM:
    case VALUE_SEQUENCE:
    case VALUE_MATRIX:
        buffer_printf(display->out, "%s    value: ", indent.data);
        if (name != NULL) buffer_printf(display->out, "%s = ", name);
        buffer_char(display->out, ' ');
        if (value.kind == VALUE_SEQUENCE)
            add_sequence(display->out, value.as.sequence);
        else if (value.kind == VALUE_ATOM)
            add_plain(display->out, value);
        buffer_char(display->out, '\n');
        if (value.kind == VALUE_MATRIX) show_rows(display->out, indent.data, value.as.matrix);
        break;
    }
    buffer_free(&indent);
}

/* An s-op or selector applied to an input, without a name. */
static void show_applied(Display *display, Value value) {
    buffer_text(display->out, "\t = ");
    if (value.kind == VALUE_MATRIX) {
        buffer_char(display->out, '\n');
        show_rows(display->out, "", value.as.matrix);
    } else if (session_examples(display->session)->full_display &&
               value.as.sequence->atoms != NULL) {
        show_full_or_short(display->out, "", "", value.as.sequence);
    } else {
        buffer_char(display->out, ' ');
        add_sequence(display->out, value.as.sequence);
        buffer_char(display->out, '\n');
    }
}

/* --- results ---------------------------------------------------------------------------------- */

static void show_example(const Examples *examples, uint8_t which, Buffer *out) {
    if (which != WHICH_SELECTOR) {
        buffer_text(out, "\ts-op example: ");
        add_plain(out, examples->sop);
        buffer_char(out, '\n');
    }
    if (which != WHICH_SOP) {
        buffer_text(out, "\tselector example: ");
        add_plain(out, examples->selector);
        buffer_char(out, '\n');
    }
}

static void draw(Session *session, const Result *result, Buffer *out) {
    const char *name = result->name == NULL ? "out" : result->name->bytes;
    ApplyRequest request = {.graph = session_graph(session),
                            .span = result->span,
                            .diags = session_diagnostics(session)};
    if (!session_input(session, result->input, result->span, &request.input) ||
        !session_takes(session, &request, NULL, NULL))
        return;
    Buffer path = {0};
    buffer_printf(&path, "%s.svg", name);
    if (draw_file(request.graph, result->value.as.node, name, request.input, path.data,
                  request.diags))
        buffer_printf(out, "  drawing: %s\n", path.data);
    buffer_free(&path);
}

void repl_show(Session *session, const Result *result, Buffer *out) {
    Display display = {
        .session = session, .out = out, .with_examples = !result->loaded, .span = result->span};
    switch (result->kind) {
    case RESULT_SHOW_EXAMPLE: show_example(session_examples(session), result->which, out); break;
    case RESULT_DRAW: draw(session, result, out); break;
    case RESULT_VALUE:
        if ((result->value.kind == VALUE_SEQUENCE || result->value.kind == VALUE_MATRIX) &&
            strcmp(result->name->bytes, "out") == 0)
            show_applied(&display, result->value);
        else
            show_value(&display, result->name->bytes, result->value, 0, "");
        break;
    case RESULT_EXIT: break;
    }
}
