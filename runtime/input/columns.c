#include "runtime/input/columns.h"

#include "runtime/base/bug.h"
#include "runtime/base/file.h"
#include "runtime/base/limits.h"
#include "runtime/base/memory.h"
#include "runtime/input/column.h"
#include "runtime/input/reader.h"

#include <stdlib.h>
#include <string.h>

/* A file that was opened: the bytes of a .npy, else a text among the sources. */
typedef struct Opened {
    const char *path; /* in the arena */
    FileView view;
    uint32_t file; /* 0: not among the sources */
} Opened;

typedef struct Argument {
    const char *text; /* NAME=..., or NAME of what lies in memory */
    size_t name_len;
    uint32_t file; /* among the sources; 0: not looked at, or in memory */
    bool in_memory;
    NpyView array;     /* in_memory, and atoms NULL */
    const Atom *atoms; /* (atom_count) */
    size_t atom_count;
} Argument;

struct Columns {
    InputReader reader;
    ColumnsGiver giver;
    Argument *arguments; /* (count) */
    size_t count, capacity;
    Opened *opened; /* (opened_count) */
    size_t opened_count, opened_capacity;
    Column *columns; /* (column_count) what was read */
    uint32_t column_count;
};

Columns *columns_new(Sources *sources, Diagnostics *diags, ColumnsGiver giver) {
    Columns *columns = memory_zeroed(sizeof *columns);
    columns->giver = giver;
    /* Large inputs must not use up what other work may take. */
    columns->reader = (InputReader){.arena = arena_new(0), .sources = sources, .diags = diags};
    return columns;
}

static void free_read(Columns *columns) {
    for (uint32_t i = 0; i < columns->column_count; i++)
        column_free(&columns->columns[i]);
    free(columns->columns);
    columns->columns = NULL;
    columns->column_count = 0;
}

void columns_free(Columns *columns) {
    if (columns == NULL) return;
    free_read(columns);
    for (size_t i = 0; i < columns->opened_count; i++)
        file_view_close(&columns->opened[i].view);
    free(columns->opened);
    free(columns->arguments);
    input_reader_free(&columns->reader);
    arena_free(columns->reader.arena);
    free(columns);
}

size_t columns_name_length(const char *argument) {
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789";
    size_t len = strspn(argument, letters);
    bool digit = *argument >= '0' && *argument <= '9';
    return argument[len] == '=' && !digit ? len : 0;
}

static void add_argument(Columns *columns, Argument argument) {
    columns->arguments = memory_reserve(columns->arguments, &columns->capacity, columns->count + 1,
                                        sizeof *columns->arguments);
    columns->arguments[columns->count++] = argument;
}

void columns_add(Columns *columns, const char *argument) {
    size_t name_len = columns_name_length(argument);
    if (name_len == 0) BUG("'%s' names no input", argument);
    add_argument(columns, (Argument){.text = argument, .name_len = name_len});
}

void columns_add_array(Columns *columns, const char *name, NpyView array) {
    add_argument(
        columns,
        (Argument){.text = name, .name_len = strlen(name), .in_memory = true, .array = array});
}

void columns_add_atoms(Columns *columns, const char *name, const Atom *atoms, size_t count) {
    add_argument(columns, (Argument){.text = name,
                                     .name_len = strlen(name),
                                     .in_memory = true,
                                     .atoms = atoms,
                                     .atom_count = count});
}

static bool is_named(const Argument *argument, const char *name) {
    return strlen(name) == argument->name_len &&
           memcmp(argument->text, name, argument->name_len) == 0;
}

bool columns_any(const Columns *columns) { return columns->count > 0; }

bool columns_given(const Columns *columns, const char *name) {
    for (size_t i = 0; i < columns->count; i++)
        if (is_named(&columns->arguments[i], name)) return true;
    return false;
}

/* The argument for the name, its text among the sources; NULL when there is none. */
static Argument *find(Columns *columns, const char *name) {
    for (size_t i = 0; i < columns->count; i++) {
        Argument *argument = &columns->arguments[i];
        if (!is_named(argument, name)) continue;
        if (argument->file == 0 && !argument->in_memory)
            argument->file = sources_add(columns->reader.sources, "<input>", argument->text,
                                         strlen(argument->text));
        return argument;
    }
    return NULL;
}

/* --- files ------------------------------------------------------------------------------------ */

typedef enum FileKind { FILE_UNKNOWN, FILE_NPY, FILE_CSV, FILE_JSON, FILE_JSON_LINES } FileKind;

static const struct {
    const char *ending;
    FileKind kind;
} file_kinds[] = {
    {".npy", FILE_NPY}, {".csv", FILE_CSV}, {".json", FILE_JSON}, {".jsonl", FILE_JSON_LINES}};

static FileKind kind_by_name(const char *path, size_t len) {
    for (size_t i = 0; i < sizeof file_kinds / sizeof file_kinds[0]; i++) {
        size_t end = strlen(file_kinds[i].ending);
        if (len > end && memcmp(path + len - end, file_kinds[i].ending, end) == 0)
            return file_kinds[i].kind;
    }
    return FILE_UNKNOWN;
}

/* Standard input has no name. */
static FileKind kind_by_content(const Columns *columns, const Opened *opened) {
    const char *bytes = opened->view.bytes;
    size_t len = opened->view.len, at = 0;
    if (opened->file != 0) bytes = sources_text(columns->reader.sources, opened->file, &len);
    if (len >= 6 && memcmp(bytes, "\x93NUMPY", 6) == 0) return FILE_NPY;
    while (at < len && strchr(" \t\r\n", bytes[at]) != NULL && bytes[at] != '\0')
        at++;
    return at < len && bytes[at] == '[' ? FILE_JSON : FILE_CSV;
}

/* Each file is opened once: the width is asked for before the values, and standard input can't be
   read twice. */
static Opened *open_file(Columns *columns, const char *path, Span span) {
    for (size_t i = 0; i < columns->opened_count; i++)
        if (strcmp(columns->opened[i].path, path) == 0) return &columns->opened[i];
    FileView view;
    const char *why;
    if (!file_view(path, LIMIT_SOURCE_BYTES, &view, &why)) {
        const char *name = strcmp(path, "-") == 0 ? "standard input" : path;
        diag_error(columns->reader.diags, DIAG_FILE, span, "can't read '%s': %s", name, why);
        return NULL;
    }
    columns->opened = memory_reserve(columns->opened, &columns->opened_capacity,
                                     columns->opened_count + 1, sizeof *columns->opened);
    Opened *opened = &columns->opened[columns->opened_count++];
    *opened = (Opened){path, view, 0};
    return opened;
}

/* A text file's number among the sources; 0 after reporting. Its view is not needed any more. */
static uint32_t text_of(Columns *columns, Opened *opened, Span span) {
    if (opened->file != 0) return opened->file;
    const char *name = strcmp(opened->path, "-") == 0 ? "<stdin>" : opened->path;
    if (opened->view.len == 0) {
        diag_error(columns->reader.diags, DIAG_INPUT_SYNTAX, span, "%s is empty", name);
        return 0;
    }
    if (opened->view.len > LIMIT_SOURCE_BYTES) {
        Diagnostic *diag = diag_error(columns->reader.diags, DIAG_LIMIT_SIZE, span,
                                      "%s: a text of more than %d bytes", name, LIMIT_SOURCE_BYTES);
        diag_help(diag, "save large data as .npy: numpy.save('points.npy', points)");
        return 0;
    }
    opened->file = sources_add(columns->reader.sources, name, opened->view.bytes, opened->view.len);
    file_view_close(&opened->view);
    return opened->file;
}

static bool unknown_ending(Columns *columns, const char *path, Span span) {
    Diagnostic *diag = diag_error(columns->reader.diags, DIAG_FILE, span,
                                  "'%s': the name does not say what the file holds", path);
    diag_help(diag,
              "named inputs are read from .npy, .csv, .json (a list) and .jsonl (a position a "
              "line) files");
    return false;
}

static bool read_file(Columns *columns, Column *column, const char *path, bool alone, Span span) {
    FileKind kind = kind_by_name(path, strlen(path));
    bool standard = strcmp(path, "-") == 0;
    if (kind == FILE_UNKNOWN && !standard) return unknown_ending(columns, path, span);
    Opened *opened = open_file(columns, path, span);
    if (opened == NULL) return false;
    if (standard) kind = kind_by_content(columns, opened);
    if (column->pick != NULL && kind != FILE_CSV)
        return reader_wrong(&columns->reader, column->pick_span,
                            "only CSV has columns to be picked");
    if (kind == FILE_NPY) {
        const char *name = standard ? "<stdin>" : path;
        return column_read_npy(column, name, opened->view.bytes, opened->view.len, alone, span);
    }
    uint32_t file = text_of(columns, opened, span);
    if (file == 0) return false;
    if (kind == FILE_CSV) return column_read_csv(column, file);
    return column_read_json_file(column, file, kind == FILE_JSON_LINES);
}

/* --- arguments -------------------------------------------------------------------------------- */

/* The length of a file's name: to the end, to a '+' behind one of the endings, to a ':' behind
   .csv. */
static size_t path_length(const char *text) {
    size_t len = strlen(text);
    for (size_t at = 0; at < len; at++) {
        if (text[at] != '+' && text[at] != ':') continue;
        FileKind kind = kind_by_name(text, at);
        if (text[at] == '+' ? kind != FILE_UNKNOWN : kind == FILE_CSV) return at;
    }
    return len;
}

/* :COLUMNS behind a file's name, to the end or to a '+'. */
static void take_pick(Column *column, Json *json) {
    const char *text = json->text + json->at;
    column->pick = *text == ':' ? text + 1 : NULL;
    if (column->pick == NULL) return;
    uint32_t start = json->at + 1, len = (uint32_t)strcspn(column->pick, "+");
    column->pick_span = (Span){json->file, start, start + len};
    json->at = start + len;
}

/* @FILE, @FILE.csv:COLUMNS, or - */
static bool file_part(Columns *columns, Column *column, Json *json, bool first) {
    uint32_t start = json->at;
    bool named = json->text[start] == '@';
    const char *path = json->text + start + named;
    size_t len = named ? path_length(path) : 1;
    json->at = start + (uint32_t)(named + len);
    Span span = json_from(json, start);
    take_pick(column, json);
    bool alone = first && json->at == json->len;
    return read_file(columns, column, arena_strndup(columns->reader.arena, path, len), alone, span);
}

/* VALUE, VALUE*5, VALUE* */
static bool value_part(Column *column, Json *json) {
    uint32_t start = json->at, from = column->n;
    if (!column_read_json(column, json)) return false;
    if (column_enough(column) || !json_accept(json, '*')) return true;
    bool counted = false;
    uint64_t count = 0;
    for (char c = json_peek(json); c >= '0' && c <= '9'; c = json_peek(json)) {
        if (count <= LIMIT_INPUT_TOKENS) count = count * 10 + (uint64_t)(c - '0');
        counted = true;
        json->at++;
    }
    Span span = json_from(json, start);
    if (counted) return column_repeat(column, from, count, span);
    if (column->open)
        return column_wrong(column, DIAG_INPUT_SYNTAX, span,
                            "'%s': two values without a number of times", column->want.name->bytes);
    column->open = true;
    column->open_from = from;
    column->open_to = column->n;
    column->open_span = span;
    return true;
}

/* Does plain text stand for its characters? Not where it begins as another form does. */
static bool is_plain_text(const Column *column, const Json *json) {
    char c = json->text[json->at];
    bool standard_input = c == '-' && json->at + 1 == json->len;
    return column->want.type == SEQUENCE_STRINGS && c != '\0' && c != '@' && c != '"' && c != '[' &&
           !standard_input;
}

static bool plain_text(Column *column, Json *json) {
    Span span = {json->file, json->at, json->len};
    Elements characters = {0};
    const char *text = json->text + json->at;
    size_t len = json->len - json->at, bad;
    if (column->whole_text && utf8_valid(text, len, &bad)) {
        json->at = json->len;
        return column_add(column, atom_string(string_new(json->reader->arena, text, len)), span);
    }
    bool read = reader_characters(json->reader, &characters, text, len, span);
    for (size_t i = 0; i < characters.count && read; i++)
        read = column_add(column, characters.atoms[i], span);
    elements_free(&characters);
    json->at = json->len;
    return read;
}

static bool part(Columns *columns, Column *column, Json *json, bool first) {
    char c = json_peek(json), next = json->at + 1 < json->len ? json->text[json->at + 1] : '+';
    if (is_plain_text(column, json)) return plain_text(column, json);
    if (c == '@' || (c == '-' && (next == '+' || next == ':')))
        return file_part(columns, column, json, first);
    return value_part(column, json);
}

/* Always false. */
static bool refuse_empty(Column *column, Span span) {
    return column_wrong(column, DIAG_INPUT_SHAPE, span,
                        "'%s' is empty: an input has at least one element",
                        column->want.name->bytes);
}

static bool read_memory(const Argument *argument, Column *column) {
    Span nowhere = {0};
    if (argument->atoms == NULL && argument->array.rows > 0)
        return column_read_array(column, argument->text, &argument->array, true, nowhere);
    for (size_t i = 0; i < argument->atom_count && !column_enough(column); i++)
        if (!column_add(column, argument->atoms[i], nowhere)) return false;
    return column->n > 0 || refuse_empty(column, nowhere);
}

/* All parts of an argument; with shape_only the first row. */
static bool read_argument(Columns *columns, const Argument *argument, Column *column) {
    if (argument->in_memory) return read_memory(argument, column);
    Json json = json_open(&columns->reader, argument->file);
    json.at = (uint32_t)argument->name_len + 1;
    bool first = true;
    do {
        if (!part(columns, column, &json, first)) return false;
        first = false;
        if (column_enough(column)) return true;
    } while (json_accept(&json, '+'));
    json_skip_blanks(&json);
    if (json.at < json.len)
        return reader_wrong(&columns->reader, (Span){argument->file, json.at, json.at + 1},
                            "'+' is missing here");
    return column->n > 0 || refuse_empty(column, (Span){argument->file, 0, json.len});
}

static bool not_given(Columns *columns, const ColumnWant *want) {
    Buffer type = {0};
    column_type(want, &type);
    Diagnostic *diag =
        diag_error(columns->reader.diags, DIAG_INPUT_NAME, (Span){0},
                   "the program's input '%s: %s' is not given", want->name->bytes, type.data);
    if (columns->giver == COLUMNS_OF_COMMAND)
        diag_help(diag, "-i %s=@FILE, or JSON", want->name->bytes);
    buffer_free(&type);
    return false;
}

bool columns_width(Columns *columns, const char *name, uint32_t *width) {
    ColumnWant want = {string_from(columns->reader.arena, name), SEQUENCE_VECTORS, 0};
    const Argument *argument = find(columns, name);
    if (argument == NULL) return not_given(columns, &want);
    Column column = {.reader = &columns->reader, .want = want, .shape_only = true};
    bool read = read_argument(columns, argument, &column);
    *width = column.width;
    column_free(&column);
    return read;
}

bool columns_param(Columns *columns, const char *argument, ColumnWant want, ParamValue *out) {
    Argument whole = {
        .text = argument,
        .name_len = columns_name_length(argument),
        .file = sources_add(columns->reader.sources, "<param>", argument, strlen(argument))};
    Column column = {
        .reader = &columns->reader, .want = want, .width = want.width, .whole_text = true};
    bool read = read_argument(columns, &whole, &column);
    if (read && column.open)
        read = column_wrong(&column, DIAG_INPUT_SHAPE, column.open_span, "'%s': how many times?",
                            want.name->bytes);
    if (read) {
        bool vectors = want.type == SEQUENCE_VECTORS;
        size_t width = vectors ? column.width : 1, count = column.n * width;
        const double *numbers = column.lent != NULL ? column.lent : column.numbers;
        Atom *atoms = ARENA_ARRAY(columns->reader.arena, Atom, count);
        for (size_t i = 0; i < count; i++)
            atoms[i] = vectors ? atom_float(numbers[i]) : column.atoms[i];
        *out = (ParamValue){column.n, (uint32_t)width, atoms};
    }
    column_free(&column);
    return read;
}

/* --- all columns ------------------------------------------------------------------------------ */

/* Reports arguments whose name nobody wants, or that were given before. */
static bool check_names(Columns *columns, const ColumnWant *wants, uint32_t count) {
    const char **names = memory_zeroed(count * sizeof *names);
    bool all = true;
    for (uint32_t i = 0; i < count; i++)
        names[i] = wants[i].name->bytes;
    for (size_t k = 0; k < columns->count; k++) {
        const Argument *argument = &columns->arguments[k];
        char *name = arena_strndup(columns->reader.arena, argument->text, argument->name_len);
        bool wanted = false;
        for (uint32_t i = 0; i < count && !wanted; i++)
            wanted = is_named(argument, names[i]);
        argument = find(columns, name);
        bool again = argument != &columns->arguments[k];
        if (wanted && !again) continue;
        all = false;
        Span span = {argument->file, 0, (uint32_t)argument->name_len};
        if (again) {
            diag_error(columns->reader.diags, DIAG_INPUT_NAME, span, "'%s' is given twice", name);
            continue;
        }
        Diagnostic *diag = diag_error(columns->reader.diags, DIAG_INPUT_NAME, span,
                                      "the program has no input '%s'", name);
        const char *nearest = spelling_nearest(name, names, count);
        if (nearest != NULL) diag_help(diag, "did you mean '%s'?", nearest);
    }
    free(names);
    return all;
}

/* All inputs have the length of the first that says its own. */
static bool check_lengths(Columns *columns) {
    const Column *first = NULL;
    for (uint32_t i = 0; i < columns->column_count && first == NULL; i++)
        if (!columns->columns[i].open) first = &columns->columns[i];
    if (first == NULL) {
        const Column *column = &columns->columns[0];
        diag_error(columns->reader.diags, DIAG_INPUT_SHAPE, column->open_span,
                   "'%s': how many times? no other input says it", column->want.name->bytes);
        return false;
    }
    bool all = true;
    for (uint32_t i = 0; i < columns->column_count; i++) {
        Column *column = &columns->columns[i];
        const Argument *argument = find(columns, column->want.name->bytes);
        if (!column_fill(column, first->n)) {
            all = false;
        } else if (column->n != first->n) {
            diag_error(columns->reader.diags, DIAG_INPUT_SHAPE,
                       (Span){argument->file, 0, (uint32_t)argument->name_len},
                       "'%s' has %u element%s, and '%s' %u", column->want.name->bytes, column->n,
                       column->n == 1 ? "" : "s", first->want.name->bytes, first->n);
            all = false;
        }
    }
    return all;
}

static bool read_all(Columns *columns, const ColumnWant *wants, uint32_t count) {
    columns->columns = memory_zeroed(count * sizeof *columns->columns);
    columns->column_count = count;
    bool all = check_names(columns, wants, count);
    for (uint32_t i = 0; i < count; i++) {
        Column *column = &columns->columns[i];
        const Argument *argument = find(columns, wants[i].name->bytes);
        *column = (Column){.reader = &columns->reader, .want = wants[i], .width = wants[i].width};
        if (argument == NULL)
            all = not_given(columns, &wants[i]);
        else
            all = read_argument(columns, argument, column) && all;
    }
    return all && check_lengths(columns);
}

bool columns_read(Columns *columns, const ColumnWant *wants, uint32_t count, Input *out) {
    free_read(columns);
    *out = (Input){0};
    if (count == 0) BUG("no input is wanted");
    if (!read_all(columns, wants, count)) return false;
    InputColumn *filled = ARENA_ARRAY(columns->reader.arena, InputColumn, count);
    for (uint32_t i = 0; i < count; i++) {
        const Column *column = &columns->columns[i];
        bool vectors = column->want.type == SEQUENCE_VECTORS;
        filled[i] = (InputColumn){
            .name = column->want.name,
            .atoms = vectors ? NULL : column->atoms,
            .width = vectors ? column->width : 0,
            .numbers = !vectors               ? NULL
                       : column->lent != NULL ? column->lent
                                              : column->numbers,
        };
    }
    *out = (Input){.n = columns->columns[0].n, .column_count = count, .columns = filled};
    return true;
}
