/* A column as JSON: [[0, 0], [1, 2]], [true, false], [1, 2], "abc". */
#include "runtime/input/column.h"

#include "runtime/base/limits.h"
#include "runtime/input/reader.h"

static bool missing(Json *json, const char *what) {
    uint32_t end = json->at < json->len ? json->at + 1 : json->at;
    return reader_wrong(json->reader, (Span){json->file, json->at, end}, "%s is missing here",
                        what);
}

/* At '[': numbers, added to the row being read. */
static bool components(Column *column, Json *json) {
    json_accept(json, '[');
    if (json_accept(json, ']')) return true;
    do {
        json_skip_blanks(json);
        uint32_t start = json->at;
        Atom atom;
        if (json_peek(json) == '[')
            return column_wrong(column, DIAG_INPUT_SHAPE, (Span){json->file, start, start + 1},
                                "'%s': a list where a number is wanted", column->want.name->bytes);
        if (!json_atom(json, &atom)) return false;
        if (!column_component(column, atom, json_from(json, start))) return false;
    } while (json_accept(json, ','));
    return json_accept(json, ']') || missing(json, "',' or ']'");
}

/* One position. */
static bool element(Column *column, Json *json) {
    uint32_t start;
    Atom atom;
    char c = json_peek(json);
    start = json->at;
    if (c == '[' && column->want.type == SEQUENCE_VECTORS)
        return components(column, json) && column_row_end(column, json_from(json, start));
    if (c == '[')
        return column_wrong(column, DIAG_INPUT_SHAPE, (Span){json->file, start, start + 1},
                            "'%s' has one value a position, and this is a list",
                            column->want.name->bytes);
    return json_atom(json, &atom) && column_add(column, atom, json_from(json, start));
}

/* Behind '[' and not at ']'. */
static bool elements(Column *column, Json *json) {
    do {
        if (!element(column, json)) return false;
        if (column_enough(column)) return true;
    } while (json_accept(json, ','));
    return json_accept(json, ']') || missing(json, "',' or ']'");
}

/* At '[' of numbers: one row when `*` follows, else a position each. */
static bool flat_list(Column *column, Json *json) {
    uint32_t start = json->at;
    if (!components(column, json)) return false;
    if (json_peek(json) == '*') return column_row_end(column, json_from(json, start));
    if (column->width > 1)
        return column_wrong(column, DIAG_INPUT_SHAPE, json_from(json, start),
                            "'%s' is vec[%u]: a list of lists of %u numbers",
                            column->want.name->bytes, column->width, column->width);
    size_t count = column->row_count;
    column->row_count = 0;
    for (size_t i = 0; i < count; i++) {
        double *row = column_rows(column, 1, 1, json_from(json, start));
        if (row == NULL) return false;
        *row = column->row[i];
    }
    return true;
}

/* A string's characters, or all of it where one is wanted or `*` follows. */
static bool string(Column *column, Json *json) {
    uint32_t start = json->at;
    Atom whole;
    if (!json_string(json, &whole)) return false;
    Span span = json_from(json, start);
    if (column->whole_text || json_peek(json) == '*') return column_add(column, whole, span);
    const String *text = whole.as.string;
    Elements characters = {0};
    bool read = reader_characters(json->reader, &characters, text->bytes, text->len, span);
    for (size_t i = 0; i < characters.count && read; i++)
        read = column_add(column, characters.atoms[i], span);
    elements_free(&characters);
    return read;
}

/* Does a list begin with a list? */
static bool list_of_lists(Json *json) {
    uint32_t start = json->at;
    json_accept(json, '[');
    bool nested = json_peek(json) == '[';
    json->at = start;
    return nested;
}

bool column_read_json(Column *column, Json *json) {
    char c = json_peek(json);
    if (c == '"' && column->want.type == SEQUENCE_STRINGS) return string(column, json);
    if (c != '[') return element(column, json);
    if (column->want.type == SEQUENCE_VECTORS && !list_of_lists(json))
        return flat_list(column, json);
    json_accept(json, '[');
    return json_accept(json, ']') || elements(column, json);
}

bool column_read_json_file(Column *column, uint32_t file, bool lines) {
    Json json = json_open(column->reader, file);
    bool read = true;
    if (!lines && json_peek(&json) != '[' && json_peek(&json) != '"')
        return reader_wrong(column->reader, (Span){file, json.at, json.at + (json.at < json.len)},
                            json.at < json.len ? "a column is a list" : "there is no input");
    if (!lines) read = column_read_json(column, &json);
    for (; lines && read && json_peek(&json) != '\0' && !column_enough(column);)
        read = element(column, &json);
    if (!read || column_enough(column)) return read;
    json_skip_blanks(&json);
    return json.at == json.len || reader_wrong(column->reader, (Span){file, json.at, json.at + 1},
                                               "the file goes on behind its list");
}
