#include "compiler/elaborate/value.h"

#include "runtime/base/bug.h"
#include "runtime/graph/formula.h"

#include <math.h>
#include <string.h>

const char *value_kind_name(Value value) {
    switch (value.kind) {
    case VALUE_ERROR: return "nothing";
    case VALUE_LIST: return "a list";
    case VALUE_DICT: return "a dict";
    case VALUE_FUNCTION: return "a function";
    case VALUE_SOP: return "an s-op";
    case VALUE_SELECTOR: return "a selector";
    case VALUE_SCORE: return "a score";
    case VALUE_PATTERN: return "a pattern";
    case VALUE_BARRED: return "nothing";
    case VALUE_SEQUENCE: return "a sequence";
    case VALUE_MATRIX: return "a matrix";
    case VALUE_ATOM: break;
    }
    switch ((AtomKind)value.as.atom.kind) {
    case ATOM_BOOL: return "a bool";
    case ATOM_INT: return "an int";
    case ATOM_FLOAT: return "a float";
    case ATOM_STRING: return "a string";
    case ATOM_OPAQUE: break;
    }
    return "a value";
}

bool value_truth(Value value) {
    switch (value.kind) {
    case VALUE_ATOM: return atom_truth(value.as.atom);
    case VALUE_LIST: return value.as.list->count > 0;
    case VALUE_DICT: return value.as.dict->count > 0;
    case VALUE_ERROR: return false;
    default: return true;
    }
}

/* --- lists ------------------------------------------------------------------------------------ */

static Extent sequence_extent(const Sequence *sequence) {
    if (sequence->atoms) return (Extent){1, sequence->n};
    return (Extent){2, (uint64_t)sequence->n * sequence->width};
}

static Extent value_extent(Value value) {
    switch (value.kind) {
    case VALUE_LIST: return value.as.list->extent;
    case VALUE_DICT: return value.as.dict->extent;
    case VALUE_SEQUENCE: return sequence_extent(value.as.sequence);
    case VALUE_MATRIX: return (Extent){2, (uint64_t)value.as.matrix->n * value.as.matrix->n};
    default: return (Extent){0, 1};
    }
}

static void extend(Extent *extent, Value item) {
    Extent inner = value_extent(item);
    if (inner.depth + 1 > extent->depth) extent->depth = inner.depth + 1;
    extent->size += inner.size;
}

const List *list_new(Arena *arena, const Value *items, uint32_t count) {
    List *list = ARENA_NEW(arena, List);
    list->items = items;
    list->count = count;
    list->extent = (Extent){1, 1};
    for (uint32_t i = 0; i < count; i++)
        extend(&list->extent, items[i]);
    return list;
}

/* An atom, or of vectors a list of numbers. */
static Value sequence_item(Arena *arena, const Sequence *sequence, uint32_t i) {
    if (sequence->atoms) return value_atom(sequence->atoms[i]);
    Value *numbers = ARENA_ARRAY(arena, Value, sequence->width);
    for (uint32_t c = 0; c < sequence->width; c++)
        numbers[c] = value_atom(atom_float(sequence->numbers[(size_t)i * sequence->width + c]));
    return value_list(list_new(arena, numbers, sequence->width));
}

static List sequence_as_list(Arena *arena, const Sequence *sequence) {
    Value *items = ARENA_ARRAY(arena, Value, sequence->n);
    for (uint32_t i = 0; i < sequence->n; i++)
        items[i] = sequence_item(arena, sequence, i);
    return (List){.count = sequence->n, .items = items};
}

static Value matrix_row(Arena *arena, const Matrix *matrix, uint32_t row) {
    Value *cells = ARENA_ARRAY(arena, Value, matrix->n);
    for (uint32_t j = 0; j < matrix->n; j++)
        cells[j] = value_atom(atom_int(matrix->cells[(size_t)row * matrix->n + j]));
    return value_list(list_new(arena, cells, matrix->n));
}

static List matrix_as_list(Arena *arena, const Matrix *matrix) {
    Value *rows = ARENA_ARRAY(arena, Value, matrix->n);
    for (uint32_t i = 0; i < matrix->n; i++)
        rows[i] = matrix_row(arena, matrix, i);
    return (List){.count = matrix->n, .items = rows};
}

bool value_as_list(Arena *arena, Value value, List *out) {
    switch (value.kind) {
    case VALUE_LIST: *out = *value.as.list; return true;
    case VALUE_SEQUENCE: *out = sequence_as_list(arena, value.as.sequence); return true;
    case VALUE_MATRIX: *out = matrix_as_list(arena, value.as.matrix); return true;
    default: return false;
    }
}

static List characters(Arena *arena, const String *text) {
    size_t count = utf8_count(text->bytes, text->len);
    Value *items = ARENA_ARRAY(arena, Value, count);
    size_t at = 0;
    for (size_t i = 0; i < count; i++) {
        size_t step = utf8_step(text->bytes + at, text->len - at);
        items[i] = value_atom(atom_string(string_new(arena, text->bytes + at, step)));
        at += step;
    }
    return (List){.count = (uint32_t)count, .items = items};
}

bool value_items(Arena *arena, Value value, List *out) {
    if (value_as_list(arena, value, out)) return true;
    if (value.kind == VALUE_ATOM && value.as.atom.kind == ATOM_STRING) {
        *out = characters(arena, value.as.atom.as.string);
        return true;
    }
    if (value.kind != VALUE_DICT) return false;
    const Dict *dict = value.as.dict;
    Value *items = ARENA_ARRAY(arena, Value, dict->count);
    for (uint32_t i = 0; i < dict->count; i++)
        items[i] = value_atom(dict->keys[i]);
    *out = (List){.count = dict->count, .items = items};
    return true;
}

bool value_count(Value value, uint32_t *count) {
    switch (value.kind) {
    case VALUE_LIST: *count = value.as.list->count; return true;
    case VALUE_SEQUENCE: *count = value.as.sequence->n; return true;
    case VALUE_MATRIX: *count = value.as.matrix->n; return true;
    default: break;
    }
    if (value.kind != VALUE_ATOM || value.as.atom.kind != ATOM_STRING) return false;
    const String *text = value.as.atom.as.string;
    *count = (uint32_t)utf8_count(text->bytes, text->len);
    return true;
}

static Value character(Arena *arena, const String *text, uint32_t number) {
    size_t at = 0;
    for (; number > 0; number--)
        at += utf8_step(text->bytes + at, text->len - at);
    size_t step = utf8_step(text->bytes + at, text->len - at);
    return value_atom(atom_string(string_new(arena, text->bytes + at, step)));
}

Value value_item(Arena *arena, Value value, uint32_t number) {
    switch (value.kind) {
    case VALUE_LIST: return value.as.list->items[number];
    case VALUE_SEQUENCE: return sequence_item(arena, value.as.sequence, number);
    case VALUE_MATRIX: return matrix_row(arena, value.as.matrix, number);
    case VALUE_ATOM: return character(arena, value.as.atom.as.string, number);
    default: BUG("%s has no items", value_kind_name(value));
    }
}

/* --- dicts ------------------------------------------------------------------------------------ */

Dict *dict_new(Arena *arena) {
    Dict *dict = ARENA_NEW(arena, Dict);
    dict->extent = (Extent){1, 1};
    return dict;
}

/* The number of the key, or the count when it is not there; *slot is where it is or belongs. */
static uint32_t dict_find(const Dict *dict, Atom key, uint64_t *slot) {
    if (dict->slot_count == 0) return dict->count;
    for (*slot = atom_hash(key);; (*slot)++) {
        *slot &= dict->slot_count - 1;
        uint32_t number = dict->slots[*slot];
        if (number == 0) return dict->count;
        if (atom_equal(dict->keys[number - 1], key)) return number - 1;
    }
}

static void dict_grow(Arena *arena, Dict *dict) {
    uint32_t capacity = dict->capacity ? dict->capacity * 2 : 4;
    dict->keys = arena_grow(arena, dict->keys, dict->count, capacity, sizeof(Atom));
    dict->values = arena_grow(arena, dict->values, dict->count, capacity, sizeof(Value));
    dict->capacity = capacity;
    dict->slot_count = capacity * 2;
    dict->slots = ARENA_ARRAY(arena, uint32_t, dict->slot_count);
    for (uint32_t i = 0; i < dict->count; i++) {
        uint64_t slot = 0;
        dict_find(dict, dict->keys[i], &slot);
        dict->slots[slot] = i + 1;
    }
}

void dict_set(Arena *arena, Dict *dict, Atom key, Value value) {
    uint64_t slot = 0;
    extend(&dict->extent, value);
    uint32_t number = dict_find(dict, key, &slot);
    if (number < dict->count) { /* the first spelling of a key stays, as in Python */
        dict->values[number] = value;
        return;
    }
    if (dict->count == dict->capacity) {
        dict_grow(arena, dict);
        dict_find(dict, key, &slot);
    }
    dict->keys[dict->count] = key;
    dict->values[dict->count] = value;
    dict->slots[slot] = ++dict->count;
}

const Value *dict_get(const Dict *dict, Atom key) {
    uint64_t slot = 0;
    uint32_t number = dict_find(dict, key, &slot);
    return number < dict->count ? &dict->values[number] : NULL;
}

/* --- comparing -------------------------------------------------------------------------------- */

static bool atoms_close(Atom a, Atom b, double tolerance) {
    double x, y;
    if (atom_equal(a, b)) return true;
    if (!atom_as_double(a, &x) || !atom_as_double(b, &y)) return false;
    return fabs(x - y) <= tolerance * fmax(fabs(x), fabs(y));
}

/* Of a list, a sequence or a matrix. */
static uint32_t row_count(Value value) {
    if (value.kind == VALUE_LIST) return value.as.list->count;
    return value.kind == VALUE_SEQUENCE ? value.as.sequence->n : value.as.matrix->n;
}

static bool is_row(Value value) {
    return value.kind == VALUE_LIST || value.kind == VALUE_SEQUENCE || value.kind == VALUE_MATRIX;
}

static bool is_vectors(Value value) {
    return value.kind == VALUE_SEQUENCE && value.as.sequence->atoms == NULL;
}

static bool compare(Value a, Value b, double tolerance);

/* A vector against a list of numbers, or two vectors. */
static bool vector_equal(const Sequence *a, uint32_t row, Value b, double tolerance) {
    if (b.kind != VALUE_LIST || b.as.list->count != a->width) return false;
    for (uint32_t c = 0; c < a->width; c++) {
        Value number = value_atom(atom_float(a->numbers[(size_t)row * a->width + c]));
        if (!compare(number, b.as.list->items[c], tolerance)) return false;
    }
    return true;
}

static bool vectors_equal(const Sequence *a, const Sequence *b, double tolerance) {
    size_t count = (size_t)a->n * a->width;
    if (a->n != b->n || a->width != b->width) return false;
    for (size_t i = 0; i < count; i++)
        if (!compare(value_atom(atom_float(a->numbers[i])), value_atom(atom_float(b->numbers[i])),
                     tolerance))
            return false;
    return true;
}

/* Row i of a matrix against a list of cells. */
static bool cells_equal(const Matrix *matrix, uint32_t row, Value list, double tolerance) {
    if (list.kind != VALUE_LIST || list.as.list->count != matrix->n) return false;
    for (uint32_t j = 0; j < matrix->n; j++) {
        Value cell = value_atom(atom_int(matrix->cells[(size_t)row * matrix->n + j]));
        if (!compare(cell, list.as.list->items[j], tolerance)) return false;
    }
    return true;
}

static bool rows_equal(Value a, Value b, double tolerance) {
    uint32_t count = row_count(a);
    if (count != row_count(b)) return false;
    if (a.kind == VALUE_MATRIX && b.kind == VALUE_MATRIX)
        return memcmp(a.as.matrix->cells, b.as.matrix->cells, (size_t)count * count) == 0;
    if (b.kind == VALUE_MATRIX || is_vectors(b)) {
        if (is_vectors(a) && is_vectors(b))
            return vectors_equal(a.as.sequence, b.as.sequence, tolerance);
        if (is_vectors(a) || a.kind == VALUE_MATRIX) return false;
        return rows_equal(b, a, tolerance);
    }
    for (uint32_t i = 0; i < count; i++) {
        Value y = b.kind == VALUE_LIST ? b.as.list->items[i] : value_atom(b.as.sequence->atoms[i]);
        bool same;
        if (a.kind == VALUE_MATRIX)
            same = cells_equal(a.as.matrix, i, y, tolerance);
        else if (is_vectors(a))
            same = vector_equal(a.as.sequence, i, y, tolerance);
        else
            same = compare(a.kind == VALUE_LIST ? a.as.list->items[i]
                                                : value_atom(a.as.sequence->atoms[i]),
                           y, tolerance);
        if (!same) return false;
    }
    return true;
}

static bool dicts_equal(const Dict *a, const Dict *b, double tolerance) {
    if (a->count != b->count) return false;
    for (uint32_t i = 0; i < a->count; i++) {
        const Value *other = dict_get(b, a->keys[i]);
        if (!other || !compare(a->values[i], *other, tolerance)) return false;
    }
    return true;
}

/* Values nest no deeper than LIMIT_NESTING (the elaborator sees to it), so this may recurse. */
static bool compare(Value a, Value b, double tolerance) {
    if (a.kind == VALUE_SOP || b.kind == VALUE_SOP) return true;
    if (is_row(a) && is_row(b)) return rows_equal(a, b, tolerance);
    if (a.kind != b.kind) return false;
    switch (a.kind) {
    case VALUE_ATOM:
        return tolerance > 0 ? atoms_close(a.as.atom, b.as.atom, tolerance)
                             : atom_equal(a.as.atom, b.as.atom);
    case VALUE_DICT: return dicts_equal(a.as.dict, b.as.dict, tolerance);
    case VALUE_FUNCTION: return a.as.function == b.as.function;
    case VALUE_SELECTOR:
    case VALUE_SCORE:
    case VALUE_PATTERN: return a.as.node == b.as.node;
    default: return false;
    }
}

bool value_equal(Value a, Value b) { return compare(a, b, 0); }
bool value_close(Value a, Value b, double tolerance) { return compare(a, b, tolerance); }

/* --- text ------------------------------------------------------------------------------------- */

enum { NODE_COLUMNS = 40 };

typedef struct Formatter {
    const Graph *graph; /* NULL: Python's text */
    size_t max;         /* stop soon after this many bytes; 0: never */
    Buffer *out;
} Formatter;

static void format(Formatter *f, Value value);

static void format_vector(Formatter *f, const Sequence *sequence, uint32_t row) {
    buffer_char(f->out, '[');
    for (uint32_t c = 0; c < sequence->width && (!f->max || f->out->len <= f->max); c++) {
        if (c) buffer_text(f->out, ", ");
        format(f, value_atom(atom_float(sequence->numbers[(size_t)row * sequence->width + c])));
    }
    buffer_char(f->out, ']');
}

static void format_rows(Formatter *f, Value value) {
    buffer_char(f->out, '[');
    for (uint32_t i = 0; i < row_count(value); i++) {
        if (i) buffer_text(f->out, ", ");
        if (f->max && f->out->len > f->max) {
            buffer_text(f->out, "...");
            break;
        }
        if (value.kind == VALUE_LIST)
            format(f, value.as.list->items[i]);
        else if (is_vectors(value))
            format_vector(f, value.as.sequence, i);
        else if (value.kind == VALUE_SEQUENCE)
            format(f, value_atom(value.as.sequence->atoms[i]));
        else {
            const Matrix *m = value.as.matrix;
            buffer_char(f->out, '[');
            for (uint32_t j = 0; j < m->n && (!f->max || f->out->len <= f->max); j++)
                buffer_printf(f->out, j ? ", %d" : "%d", m->cells[(size_t)i * m->n + j]);
            buffer_char(f->out, ']');
        }
    }
    buffer_char(f->out, ']');
}

static void format_dict(Formatter *f, const Dict *dict) {
    buffer_char(f->out, '{');
    for (uint32_t i = 0; i < dict->count; i++) {
        if (i) buffer_text(f->out, ", ");
        if (f->max && f->out->len > f->max) {
            buffer_text(f->out, "...");
            break;
        }
        format(f, value_atom(dict->keys[i]));
        buffer_text(f->out, ": ");
        format(f, dict->values[i]);
    }
    buffer_char(f->out, '}');
}

/* kind stands for the node in Python's text. */
static void format_node(Formatter *f, NodeId node, const char *kind) {
    if (f->graph)
        graph_label(f->graph, node, FORMULA_RASP, NODE_COLUMNS, f->out);
    else
        buffer_text(f->out, kind);
}

static void format(Formatter *f, Value value) {
    switch (value.kind) {
    case VALUE_ERROR: buffer_text(f->out, "?"); break;
    case VALUE_ATOM:
        if (f->graph)
            atom_format_source(f->out, value.as.atom);
        else
            atom_format_repr(f->out, value.as.atom);
        break;
    case VALUE_LIST:
    case VALUE_SEQUENCE:
    case VALUE_MATRIX: format_rows(f, value); break;
    case VALUE_DICT: format_dict(f, value.as.dict); break;
    case VALUE_FUNCTION: {
        const Function *function = value.as.function;
        const Tree *names = function->definition->child[0];
        if (!f->graph) buffer_printf(f->out, "%s function: ", function->origin);
        buffer_printf(f->out, "%s(", function->name->bytes);
        for (uint32_t i = 0; i < names->count; i++)
            buffer_printf(f->out, i ? ", %s" : "%s", names->child[i]->text->bytes);
        buffer_char(f->out, ')');
        break;
    }
    case VALUE_SOP: format_node(f, value.as.node, "<s-op>"); break;
    case VALUE_SELECTOR: format_node(f, value.as.node, "<selector>"); break;
    case VALUE_SCORE: format_node(f, value.as.node, "<score>"); break;
    case VALUE_PATTERN: format_node(f, value.as.node, "<pattern>"); break;
    case VALUE_BARRED: break;
    }
}

void value_format(const Graph *graph, Value value, size_t max, Buffer *out) {
    Formatter f = {graph, max ? max + out->len : 0, out};
    format(&f, value);
}

void value_format_python(Value value, Buffer *out) {
    Formatter f = {NULL, 0, out};
    format(&f, value);
}
