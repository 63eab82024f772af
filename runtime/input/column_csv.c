/* A column as CSV (RFC 4180): a record a position, its cells the components. The first record is a
   header when one of its cells is a name and none a value; of a column of strings, when it is the
   column's name. What is neither is read, and so refused with its place: no row is passed over that
   may be data gone wrong. */
#include "runtime/input/csv_cells.h"

#include "runtime/base/text.h"
#include "runtime/input/reader.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

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

/* Numbers that something else than commas separates make one cell: ';', a tab or a blank; else NUL.
 */
static char other_separator(Cell cell) {
    size_t at = 0, numbers = 0;
    while (at < cell.len && strchr("; \t", cell.text[at]) == NULL)
        at++;
    char separator = at < cell.len ? cell.text[at] : '\0';
    for (size_t start = 0; start < cell.len; start = at + 1) {
        double number;
        for (at = start; at < cell.len && cell.text[at] != separator;)
            at++;
        if (at == start) continue; /* several blanks, an empty cell */
        if (!is_number((Cell){cell.text + start, at - start, cell.span}, &number)) return '\0';
        numbers++;
    }
    return numbers > 1 ? separator : '\0';
}

static bool wrong_separator(Csv *csv, Cell cell, char separator) {
    const char *name = separator == ' ' ? "blanks" : separator == '\t' ? "tabs" : "';'";
    return column_wrong(csv->column, DIAG_INPUT_VALUE, cell.span,
                        "'%s': cells are separated by ',', and these numbers by %s",
                        csv->column->want.name->bytes, name);
}

/* Also one that the column's type does not take: "nan", or 2 for a bool. */
static bool is_value(Cell cell) {
    bool truth;
    double number;
    return is_number(cell, &number) || is_bool(cell, &truth) || other_separator(cell) != '\0';
}

static bool is_letter(char c) {
    char lower = c | 0x20;
    return (lower >= 'a' && lower <= 'z') || c == '_' || (unsigned char)c >= 0x80;
}

static bool ends_word(char c) { return c == ' ' || c == '(' || c == '['; }

/* Has it a letter? Where it begins as a number does, a word of its own ("2020 Q1", "2020 (cm)", not
   "1O"). What stands for a missing value is no name, though a column may be called so: who picks it
   by that name says that there is a header. */
static bool is_name(Cell cell) {
    static const char *const missing[] = {"na", "n/a", "#n/a", "null", "none"};
    for (size_t i = 0; i < sizeof missing / sizeof *missing; i++)
        if (is_word(cell, missing[i])) return false;
    size_t at = 0;
    while (at < cell.len && cell.text[at] == ';') /* empty cells of another separator */
        at++;
    bool number = at < cell.len && strchr("0123456789+-.", cell.text[at]) != NULL;
    for (; at < cell.len; at++)
        if (is_letter(cell.text[at]) && (!number || ends_word(cell.text[at - 1]))) return true;
    return false;
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
    char separator = other_separator(cell);
    if (separator != '\0') return wrong_separator(csv, cell, separator);
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

static bool record(Csv *csv) {
    while (true) {
        Cell cell;
        if (!csv_cell(csv, &cell) || !add_cell(csv, cell)) return false;
        if (!csv_next_cell(csv)) return true;
        if (csv->column->want.type == SEQUENCE_VECTORS) continue;
        const char *name = csv->column->want.name->bytes;
        Diagnostic *diag =
            diag_error(csv->column->reader->diags, DIAG_INPUT_SHAPE, cell.span,
                       "'%s' has one value a position, and this row has several cells", name);
        diag_help(diag, "pick a column: @FILE.csv:NAME, or @FILE.csv:2 for the second");
        return false;
    }
}

/* What the cells of the first record are. */
typedef struct FirstRow {
    bool names, values; /* are some of them? */
} FirstRow;

static void look_at(const Csv *csv, Cell cell, FirstRow *row) {
    const Column *column = csv->column;
    bool strings = column->want.type == SEQUENCE_STRINGS;
    bool own = strings && csv_is_text(&cell, column->want.name);
    row->names = row->names || (strings ? own : is_name(cell));
    row->values = row->values || (strings ? !own : is_value(cell));
}

/* Moves behind a header. False after reporting that the first record can't be read. */
static bool skip_header(Csv *csv) {
    uint32_t start = csv->at;
    FirstRow row = {0};
    bool more = true;
    while (more && !row.values) {
        Cell cell;
        if (!csv_cell(csv, &cell)) return false;
        more = csv_next_cell(csv);
        look_at(csv, cell, &row);
    }
    if (row.names && !row.values)
        csv_line_end(csv);
    else
        csv->at = start;
    return true;
}

/* The same where columns are picked: of those alone. */
static bool skip_picked_header(Csv *csv) {
    uint32_t start = csv->at;
    bool by_name;
    if (!csv_split(csv) || !csv_pick(csv, &by_name)) return false;
    uint32_t end = csv->at;
    FirstRow row = {0};
    for (size_t i = 0; i < csv->picked_count; i++) {
        Cell cell;
        if (!csv_picked_cell(csv, i, &cell)) return false;
        look_at(csv, cell, &row);
    }
    csv->at = start;
    if (!by_name && (row.values || !row.names)) return true;
    csv->at = end;
    csv_line_end(csv);
    return true;
}

static bool picked_record(Csv *csv) {
    if (!csv_split(csv)) return false;
    uint32_t end = csv->at;
    for (size_t i = 0; i < csv->picked_count; i++) {
        Cell cell;
        if (!csv_picked_cell(csv, i, &cell) || !add_cell(csv, cell)) return false;
    }
    csv->at = end;
    return true;
}

static bool records(Csv *csv) {
    Column *column = csv->column;
    while (!csv_at_end(csv) && !column_enough(column)) {
        uint32_t start = csv->at;
        if (csv->picked_count > 0 ? !picked_record(csv) : !record(csv)) return false;
        bool vectors = column->want.type == SEQUENCE_VECTORS;
        if (vectors && !column_row_end(column, (Span){csv->file, start, csv->at})) return false;
        csv_line_end(csv);
    }
    return true;
}

bool column_read_csv(Column *column, uint32_t file) {
    Csv csv = {.column = column, .file = file};
    size_t len;
    csv.text = sources_text(column->reader->sources, file, &len);
    csv.len = (uint32_t)len;
    csv.at = (uint32_t)utf8_mark(csv.text, len);
    uint32_t before = column->n;
    bool picked = column->pick != NULL;
    bool read = (picked ? skip_picked_header(&csv) : skip_header(&csv)) && records(&csv);
    csv_close(&csv);
    column->row_count = 0;
    if (read && column->n == before)
        read = column_wrong(column, DIAG_INPUT_SHAPE, (Span){file, csv.at, csv.at},
                            "'%s': the file has no rows", column->want.name->bytes);
    return read;
}
