/* A column as CSV (RFC 4180): a record a position, its cells the components. The first record is a
   header when none of its cells is a value; of a column of strings, when it is the column's name.
 */
#include "runtime/input/column.h"

#include "runtime/input/reader.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct Csv {
    Column *column;
    const char *text;
    uint32_t file, len, at;
    Buffer cell; /* of one in quotes */
} Csv;

/* One cell: its text without quotes, and without the blanks around it unless a string is wanted. */
typedef struct Cell {
    const char *text;
    size_t len;
    Span span;
} Cell;

static bool at_cell_end(const Csv *csv) {
    char c = csv->at < csv->len ? csv->text[csv->at] : '\n';
    return c == ',' || c == '\r' || c == '\n';
}

/* At the opening quote; a quote inside is written twice. */
static bool quoted(Csv *csv, Cell *cell) {
    uint32_t start = csv->at++;
    bool ended = false;
    csv->cell.len = 0;
    buffer_add(&csv->cell, "", 0);
    while (csv->at < csv->len && !ended) {
        char c = csv->text[csv->at++];
        bool doubled = c == '"' && csv->at < csv->len && csv->text[csv->at] == '"';
        if (doubled) csv->at++;
        ended = c == '"' && !doubled;
        if (!ended) buffer_char(&csv->cell, c);
    }
    InputReader *reader = csv->column->reader;
    if (!ended)
        return reader_wrong(reader, (Span){csv->file, start, start + 1},
                            "a cell that does not end");
    if (!at_cell_end(csv))
        return reader_wrong(reader, (Span){csv->file, csv->at, csv->at + 1},
                            "',' is missing behind the cell");
    *cell = (Cell){csv->cell.data, csv->cell.len, {csv->file, start, csv->at}};
    return true;
}

static bool read_cell(Csv *csv, Cell *cell) {
    uint32_t start = csv->at;
    if (start < csv->len && csv->text[start] == '"') {
        if (!quoted(csv, cell)) return false;
    } else {
        while (!at_cell_end(csv))
            csv->at++;
        *cell = (Cell){csv->text + start, csv->at - start, {csv->file, start, csv->at}};
    }
    if (csv->column->want.type == SEQUENCE_STRINGS) return true;
    while (cell->len > 0 && (*cell->text == ' ' || *cell->text == '\t'))
        cell->text++, cell->len--;
    while (cell->len > 0 && (cell->text[cell->len - 1] == ' ' || cell->text[cell->len - 1] == '\t'))
        cell->len--;
    return true;
}

static bool is_word(Cell cell, const char *word) {
    if (cell.len != strlen(word)) return false;
    for (size_t i = 0; i < cell.len; i++)
        if ((cell.text[i] | 0x20) != word[i]) return false;
    return true;
}

static bool is_bool(Cell cell, bool *value) {
    *value = is_word(cell, "true");
    return *value || is_word(cell, "false");
}

/* What other programs write: +1, .5, 1., 1e5, nan, -inf. */
static bool is_number(Cell cell, double *value) {
    const char *text = cell.text;
    size_t len = cell.len;
    bool negative = len > 0 && *text == '-';
    if (len > 0 && (*text == '-' || *text == '+')) text++, len--;
    Cell rest = {text, len, cell.span};
    if (is_word(rest, "nan")) *value = (double)NAN;
    if (is_word(rest, "inf") || is_word(rest, "infinity")) *value = (double)INFINITY;
    if (is_word(rest, "nan") || is_word(rest, "inf") || is_word(rest, "infinity")) return true;
    if (len == 0 || strspn(text, "0123456789.eE+-") < len || strchr("0123456789.", *text) == NULL)
        return false;
    /* The cell ends at a character that no number goes on with: a comma, a line end, a quote, NUL.
     */
    char *end;
    *value = strtod(text, &end);
    if (negative) *value = -*value;
    return end == text + len;
}

/* Also one that the column's type does not take: "nan", or 2 for a bool. */
static bool is_value(Cell cell) {
    bool truth;
    double number;
    return is_number(cell, &number) || is_bool(cell, &truth);
}

static bool add_number(Csv *csv, Cell cell) {
    Column *column = csv->column;
    Atom atom;
    bool is_int, truth;
    double number;
    size_t sign = cell.len > 0 && cell.text[0] == '+' ? 1 : 0;
    const char *text = cell.text + sign;
    size_t len = cell.len - sign;
    if (column->want.type == SEQUENCE_BOOLS && is_bool(cell, &truth))
        return column_add(column, atom_bool(truth), cell.span);
    bool wants_int = column->want.type == SEQUENCE_INTS || column->want.type == SEQUENCE_BOOLS;
    if (wants_int && number_length(text, len, &is_int) == len && len > 0 && is_int) {
        return number_atom(column->reader->arena, text, len, is_int, &atom)
                   ? column_add(column, atom, cell.span)
                   : column_wrong(column, DIAG_LIMIT_SIZE, cell.span, "an integer too large");
    }
    if (is_number(cell, &number))
        atom = atom_float(number);
    else
        atom = atom_string(string_new(column->reader->arena, cell.text, cell.len));
    return column->want.type == SEQUENCE_VECTORS ? column_component(column, atom, cell.span)
                                                 : column_add(column, atom, cell.span);
}

static bool add_cell(Csv *csv, Cell cell) {
    Column *column = csv->column;
    size_t bad;
    const char *name = column->want.name->bytes;
    if (cell.len == 0 && column->want.type != SEQUENCE_STRINGS)
        return column_wrong(column, DIAG_INPUT_VALUE, cell.span, "'%s': an empty cell", name);
    if (!utf8_valid(cell.text, cell.len, &bad))
        return reader_wrong(column->reader, cell.span, "an input is UTF-8 text");
    if (column->want.type != SEQUENCE_STRINGS) return add_number(csv, cell);
    Atom text = atom_string(string_new(column->reader->arena, cell.text, cell.len));
    return column_add(column, text, cell.span);
}

/* What is done with a record's cells. */
typedef bool (*TakeCell)(Csv *csv, Cell cell);

/* One record; the number of its cells; 0 after reporting. */
static size_t record(Csv *csv, TakeCell take) {
    for (size_t count = 1;; count++) {
        Cell cell;
        if (!read_cell(csv, &cell) || !take(csv, cell)) return 0;
        if (csv->at == csv->len || csv->text[csv->at] != ',') return count;
        csv->at++;
        if (csv->column->want.type != SEQUENCE_VECTORS) {
            column_wrong(csv->column, DIAG_INPUT_SHAPE, cell.span,
                         "'%s' has one value a position, and this row has several cells",
                         csv->column->want.name->bytes);
            return 0;
        }
    }
}

static void skip_line_end(Csv *csv) {
    if (csv->at < csv->len && csv->text[csv->at] == '\r') csv->at++;
    if (csv->at < csv->len && csv->text[csv->at] == '\n') csv->at++;
}

/* Moves behind a header. False after reporting that the first record can't be read. */
static bool skip_header(Csv *csv) {
    const String *name = csv->column->want.name;
    uint32_t start = csv->at;
    bool header = false, more = true;
    bool strings = csv->column->want.type == SEQUENCE_STRINGS;
    while (more) {
        Cell cell;
        if (!read_cell(csv, &cell)) return false;
        more = csv->at < csv->len && csv->text[csv->at] == ',';
        if (more) csv->at++;
        if (strings) {
            header =
                !more && cell.len == name->len && memcmp(cell.text, name->bytes, name->len) == 0;
            break;
        }
        if (is_value(cell)) {
            header = false;
            break;
        }
        header = header || cell.len > 0;
    }
    if (header)
        skip_line_end(csv);
    else
        csv->at = start;
    return true;
}

/* Empty lines at the end are no rows. */
static bool at_end(const Csv *csv) {
    uint32_t at = csv->at;
    while (at < csv->len && (csv->text[at] == '\r' || csv->text[at] == '\n'))
        at++;
    return at == csv->len;
}

static bool records(Csv *csv) {
    Column *column = csv->column;
    while (!at_end(csv) && !column_enough(column)) {
        uint32_t start = csv->at;
        if (record(csv, add_cell) == 0) return false;
        bool vectors = column->want.type == SEQUENCE_VECTORS;
        if (vectors && !column_row_end(column, (Span){csv->file, start, csv->at})) return false;
        skip_line_end(csv);
    }
    return true;
}

bool column_read_csv(Column *column, uint32_t file) {
    static const char mark[] = "\xef\xbb\xbf"; /* of a text that says it is UTF-8 */
    Csv csv = {.column = column, .file = file};
    size_t len;
    csv.text = sources_text(column->reader->sources, file, &len);
    csv.len = (uint32_t)len;
    if (len >= 3 && memcmp(csv.text, mark, 3) == 0) csv.at = 3;
    uint32_t before = column->n;
    bool read = skip_header(&csv) && records(&csv);
    buffer_free(&csv.cell);
    column->row_count = 0;
    if (read && column->n == before)
        read = column_wrong(column, DIAG_INPUT_SHAPE, (Span){file, csv.at, csv.at},
                            "'%s': the file has no rows", column->want.name->bytes);
    return read;
}
