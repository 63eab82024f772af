#include "compiler/driver/show.h"

#include "runtime/base/limits.h"
#include "runtime/base/memory.h"
#include "runtime/base/visible.h"

#include <stdlib.h>

enum { SHOWN_INPUT = 60, SHOWN_VALUE = 1000 };

static bool is_text(Input input) {
    for (uint32_t i = 0; i < input.n; i++) {
        Atom token = input.tokens[i];
        if (token.kind != ATOM_STRING) return false;
        if (token.as.string->len == 0) return false;
        if (utf8_step(token.as.string->bytes, token.as.string->len) != token.as.string->len) {
            return false;
        }
    }
    return true;
}

/* x=[[0, 0], [1, 2], ...], is_centre=[T, ...] */
static void show_columns(Buffer *out, Input input) {
    Buffer raw = {0};
    for (uint32_t i = 0; i < input.column_count; i++) {
        const InputColumn *column = &input.columns[i];
        Sequence sequence = column_sequence(column, input.n);
        size_t start = raw.len;
        uint32_t k = 0;
        buffer_printf(&raw, "%s%s=[", i > 0 ? ", " : "", column->name->bytes);
        for (; k < input.n && raw.len - start < SHOWN_INPUT; k++)
            sequence_format_elements(&raw, sequence, k, k + 1);
        buffer_text(&raw, k < input.n ? ", ...]" : "]");
    }
    visible_text(out, raw.data, raw.len);
    buffer_free(&raw);
}

/* {"x": [[0.0, 0.0]], "is_centre": [true]} */
static void show_columns_json(Buffer *out, Input input) {
    buffer_char(out, '{');
    for (uint32_t i = 0; i < input.column_count; i++) {
        const InputColumn *column = &input.columns[i];
        buffer_printf(out, "%s\"%s\": [", i > 0 ? ", " : "", column->name->bytes);
        sequence_json_elements(out, column_sequence(column, input.n), 0, input.n);
        buffer_char(out, ']');
    }
    buffer_char(out, '}');
}

void show_input(Buffer *out, Input input) {
    if (input.column_count > 0) {
        show_columns(out, input);
        return;
    }
    bool text = is_text(input);
    Buffer raw = {0};
    uint32_t i = 0;
    for (; i < input.n && raw.len < SHOWN_INPUT; i++) {
        Atom token = input.tokens[i];
        if (text) {
            buffer_add(&raw, token.as.string->bytes, token.as.string->len);
            continue;
        }
        if (i > 0) buffer_text(&raw, ", ");
        if (token.kind == ATOM_OPAQUE)
            atom_format_str(&raw, token);
        else
            atom_format_source(&raw, token);
    }
    buffer_char(out, text ? '"' : '[');
    visible_text(out, raw.data, raw.len);
    if (i < input.n) buffer_text(out, text ? "..." : ", ...");
    buffer_char(out, text ? '"' : ']');
    buffer_free(&raw);
}

void show_input_json(Buffer *out, Input input) {
    if (input.column_count > 0) {
        show_columns_json(out, input);
        return;
    }
    if (is_text(input)) {
        Buffer joined = {0};
        for (uint32_t i = 0; i < input.n; i++) {
            const String *token = input.tokens[i].as.string;
            buffer_add(&joined, token->bytes, token->len);
        }
        Arena *arena = arena_new(0);
        atom_format_json(out, atom_string(string_new(arena, joined.data, joined.len)));
        arena_free(arena);
        buffer_free(&joined);
        return;
    }
    buffer_char(out, '[');
    for (uint32_t i = 0; i < input.n; i++) {
        if (i > 0) buffer_text(out, ", ");
        atom_format_json(out, input.tokens[i]);
    }
    buffer_char(out, ']');
}

void show_json_text(Buffer *out, const char *text) {
    Arena *arena = arena_new(0);
    atom_format_json(out, atom_string(string_from(arena, text)));
    arena_free(arena);
}

/* --- matrices --------------------------------------------------------------------------------- */

size_t show_atom(Buffer *out, Atom token) {
    Buffer raw = {0};
    size_t before = out->len;
    atom_format_display(&raw, token);
    visible_text(out, raw.data == NULL ? "" : raw.data, raw.len);
    buffer_free(&raw);
    return out->len == before ? 0 : utf8_columns(out->data + before, out->len - before);
}

static void add_padded(Buffer *out, Atom token, size_t width) {
    Buffer text = {0};
    size_t columns = show_atom(&text, token);
    buffer_repeat(out, ' ', width > columns ? width - columns : 0);
    buffer_add(out, text.data == NULL ? "" : text.data, text.len);
    buffer_free(&text);
}

void show_matrix(Buffer *out, Matrix matrix, Input input, size_t indent) {
    size_t *widths = memory_zeroed(input.n * sizeof *widths), widest = 0;
    Buffer text = {0};
    for (uint32_t i = 0; i < input.n; i++) {
        text.len = 0;
        widths[i] = show_atom(&text, input.tokens[i]);
        if (widths[i] == 0) widths[i] = 1;
        if (widths[i] > widest) widest = widths[i];
    }
    buffer_free(&text);
    buffer_repeat(out, ' ', indent + widest + 2);
    for (uint32_t key = 0; key < matrix.n; key++) {
        buffer_char(out, ' ');
        add_padded(out, input.tokens[key], widths[key]);
    }
    buffer_char(out, '\n');
    for (uint32_t query = 0; query < matrix.n; query++) {
        size_t end = out->len;
        buffer_repeat(out, ' ', indent);
        add_padded(out, input.tokens[query], widest);
        buffer_text(out, " |");
        for (uint32_t key = 0; key < matrix.n; key++) {
            bool selected = matrix.cells[(size_t)query * matrix.n + key] != 0;
            buffer_repeat(out, ' ', widths[key]);
            buffer_char(out, selected ? '1' : ' ');
            if (selected || key == 0) end = out->len;
        }
        out->len = end; /* no blanks at a line's end */
        while (out->data[out->len - 1] == ' ')
            out->len--;
        buffer_char(out, '\n');
    }
    free(widths);
}

/* --- values that need no input ---------------------------------------------------------------- */

void show_value(Buffer *out, const Graph *graph, Value value) {
    Buffer raw = {0};
    value_format(graph, value, SHOWN_VALUE, &raw);
    visible_text(out, raw.data == NULL ? "" : raw.data, raw.len);
    buffer_free(&raw);
}

static const char *atom_type_name(Atom atom) {
    switch (atom.kind) {
    case ATOM_BOOL: return "bool";
    case ATOM_INT: return "int";
    case ATOM_FLOAT: return "float";
    default: return "string";
    }
}

static void nested_json(Buffer *out, const Graph *graph, Value value, uint32_t depth);

static void list_json(Buffer *out, const Graph *graph, const List *list, uint32_t depth) {
    buffer_text(out, "{\"kind\": \"list\", \"items\": [");
    for (uint32_t i = 0; i < list->count; i++) {
        if (i > 0) buffer_text(out, ", ");
        nested_json(out, graph, list->items[i], depth);
    }
    buffer_text(out, "]}");
}

static void dict_json(Buffer *out, const Graph *graph, const Dict *dict, uint32_t depth) {
    buffer_text(out, "{\"kind\": \"dict\", \"items\": [");
    for (uint32_t i = 0; i < dict->count; i++) {
        buffer_text(out, i > 0 ? ", [" : "[");
        atom_format_json(out, dict->keys[i]);
        buffer_text(out, ", ");
        nested_json(out, graph, dict->values[i], depth);
        buffer_char(out, ']');
    }
    buffer_text(out, "]}");
}

/* Lists are built by programs as deep as they like: from LIMIT_NESTING on, as text. */
static void nested_json(Buffer *out, const Graph *graph, Value value, uint32_t depth) {
    if (value.kind == VALUE_ATOM) {
        buffer_printf(out, "{\"kind\": \"atom\", \"type\": \"%s\", \"value\": ",
                      atom_type_name(value.as.atom));
        atom_format_json(out, value.as.atom);
        buffer_char(out, '}');
    } else if (value.kind == VALUE_LIST && depth < LIMIT_NESTING) {
        list_json(out, graph, value.as.list, depth + 1);
    } else if (value.kind == VALUE_DICT && depth < LIMIT_NESTING) {
        dict_json(out, graph, value.as.dict, depth + 1);
    } else if (value.kind == VALUE_SEQUENCE) {
        sequence_format_json(out, *value.as.sequence);
    } else if (value.kind == VALUE_MATRIX) {
        matrix_format_json(out, *value.as.matrix);
    } else {
        Buffer text = {0};
        value_format(graph, value, SHOWN_VALUE, &text);
        buffer_text(out, "{\"kind\": ");
        show_json_text(out, value_kind_name(value));
        buffer_text(out, ", \"text\": ");
        show_json_text(out, text.data == NULL ? "" : text.data);
        buffer_char(out, '}');
        buffer_free(&text);
    }
}

void show_value_json(Buffer *out, const Graph *graph, Value value) {
    nested_json(out, graph, value, 0);
}

void show_bound(Buffer *out, double bound) { buffer_printf(out, "%.3g", bound * 1.0051); }
