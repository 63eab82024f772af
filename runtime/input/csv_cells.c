#include "runtime/input/csv_cells.h"

#include "runtime/base/limits.h"
#include "runtime/base/memory.h"
#include "runtime/base/text.h"
#include "runtime/input/reader.h"

#include <stdlib.h>
#include <string.h>

void csv_close(Csv *csv) {
    buffer_free(&csv->cell);
    free(csv->starts);
    free(csv->picked);
}

/* --- one after another ------------------------------------------------------------------------ */

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

static bool is_blank(char c) { return c == ' ' || c == '\t'; }

static void trim(Cell *cell) {
    while (cell->len > 0 && is_blank(*cell->text))
        cell->text++, cell->len--;
    while (cell->len > 0 && is_blank(cell->text[cell->len - 1]))
        cell->len--;
}

bool csv_cell(Csv *csv, Cell *cell) {
    uint32_t start = csv->at;
    if (start < csv->len && csv->text[start] == '"') {
        if (!quoted(csv, cell)) return false;
    } else {
        while (!at_cell_end(csv))
            csv->at++;
        *cell = (Cell){csv->text + start, csv->at - start, {csv->file, start, csv->at}};
    }
    if (csv->column->want.type != SEQUENCE_STRINGS) trim(cell);
    return true;
}

bool csv_next_cell(Csv *csv) {
    bool more = csv->at < csv->len && csv->text[csv->at] == ',';
    if (more) csv->at++;
    return more;
}

void csv_line_end(Csv *csv) {
    if (csv->at < csv->len && csv->text[csv->at] == '\r') csv->at++;
    if (csv->at < csv->len && csv->text[csv->at] == '\n') csv->at++;
}

bool csv_at_end(const Csv *csv) {
    uint32_t at = csv->at;
    while (at < csv->len && (csv->text[at] == '\r' || csv->text[at] == '\n'))
        at++;
    return at == csv->len;
}

bool csv_is_text(const Cell *cell, const String *text) {
    return cell->len == text->len && memcmp(cell->text, text->bytes, text->len) == 0;
}

/* --- picked ----------------------------------------------------------------------------------- */

bool csv_split(Csv *csv) {
    csv->start_count = 0;
    do {
        Cell cell;
        csv->starts = memory_reserve(csv->starts, &csv->start_capacity, csv->start_count + 1,
                                     sizeof *csv->starts);
        csv->starts[csv->start_count++] = csv->at;
        if (!csv_cell(csv, &cell)) return false;
    } while (csv_next_cell(csv));
    return true;
}

/* "3": the column's number from 0 on. one is not empty. */
static bool is_number(const String *one, uint32_t *number) {
    uint64_t value = 0;
    for (size_t i = 0; i < one->len; i++) {
        if (one->bytes[i] < '0' || one->bytes[i] > '9') return false;
        if (value < UINT32_MAX) value = value * 10 + (uint64_t)(one->bytes[i] - '0');
    }
    *number = value == 0 || value > UINT32_MAX ? UINT32_MAX : (uint32_t)value - 1;
    return true;
}

/* The header's names, for messages. */
static const char **names_of(Csv *csv) {
    Arena *arena = csv->column->reader->arena;
    const char **names = ARENA_ARRAY(arena, const char *, csv->start_count);
    for (size_t i = 0; i < csv->start_count; i++) {
        Cell cell;
        csv->at = csv->starts[i];
        if (!csv_cell(csv, &cell)) cell.len = 0;
        trim(&cell);
        names[i] = arena_strndup(arena, cell.text, cell.len);
    }
    return names;
}

static bool no_such_column(Csv *csv, const String *one, const char *const *names, Span span) {
    Diagnostic *diag = diag_error(csv->column->reader->diags, DIAG_INPUT_NAME, span,
                                  "the file has no column '%s'", one->bytes);
    const char *nearest = spelling_nearest(one->bytes, names, csv->start_count);
    if (nearest != NULL) {
        diag_help(diag, "did you mean '%s'?", nearest);
        return false;
    }
    Buffer list = {0};
    for (size_t i = 0; i < csv->start_count && list.len < 200; i++)
        buffer_printf(&list, "%s%s", i == 0 ? "" : ", ", names[i]);
    diag_help(diag, "its first row has %s", list.data);
    buffer_free(&list);
    return false;
}

static bool find_named(Csv *csv, const String *one, const char *const *names, Span span,
                       uint32_t *number) {
    size_t found = 0;
    for (uint32_t i = 0; i < csv->start_count; i++) {
        if (strcmp(names[i], one->bytes) != 0) continue;
        if (found == 0) *number = i;
        found++;
    }
    if (found == 0) return no_such_column(csv, one, names, span);
    if (found == 1) return true;
    Diagnostic *diag = diag_error(csv->column->reader->diags, DIAG_INPUT_NAME, span,
                                  "%zu columns of the file are called '%s'", found, one->bytes);
    diag_help(diag, "pick one by its number; the first is %u", *number + 1);
    return false;
}

static bool has_name(const Csv *csv, const char *const *names, const String *one) {
    bool has = false;
    for (size_t i = 0; i < csv->start_count; i++)
        has = has || strcmp(names[i], one->bytes) == 0;
    return has;
}

/* A number that no column has may be a name: a year. */
static bool pick_one(Csv *csv, const String *one, Span span, bool *by_name) {
    uint32_t number, end = csv->at;
    if (one->len == 0)
        return reader_wrong(csv->column->reader, span, "a column's name or number is missing here");
    bool numbered = is_number(one, &number);
    if (!numbered || number >= csv->start_count) {
        const char **names = names_of(csv);
        csv->at = end;
        if (numbered && !has_name(csv, names, one)) {
            diag_error(csv->column->reader->diags, DIAG_INPUT_NAME, span,
                       "the file has the columns 1 to %zu", csv->start_count);
            return false;
        }
        if (!find_named(csv, one, names, span, &number)) return false;
        *by_name = true;
    }
    csv->picked = memory_reserve(csv->picked, &csv->picked_capacity, csv->picked_count + 1,
                                 sizeof *csv->picked);
    csv->picked[csv->picked_count++] = number;
    return true;
}

bool csv_pick(Csv *csv, bool *by_name) {
    const Column *column = csv->column;
    const char *text = column->pick;
    uint32_t len = column->pick_span.end - column->pick_span.start;
    *by_name = false;
    for (uint32_t at = 0; at <= len; at++) {
        uint32_t start = at;
        while (at < len && text[at] != ',')
            at++;
        Span span = {column->pick_span.file, column->pick_span.start + start,
                     column->pick_span.start + at};
        const String *one = string_new(column->reader->arena, text + start, at - start);
        if (csv->picked_count == LIMIT_VECTOR_WIDTH)
            return reader_wrong(column->reader, span, "more than %d columns", LIMIT_VECTOR_WIDTH);
        if (!pick_one(csv, one, span, by_name)) return false;
    }
    if (column->want.type == SEQUENCE_VECTORS || csv->picked_count == 1) return true;
    diag_error(column->reader->diags, DIAG_INPUT_SHAPE, column->pick_span,
               "'%s' has one value a position, and these are %zu columns", column->want.name->bytes,
               csv->picked_count);
    return false;
}

bool csv_picked_cell(Csv *csv, size_t i, Cell *cell) {
    uint32_t number = csv->picked[i];
    if (number < csv->start_count) {
        csv->at = csv->starts[number];
        return csv_cell(csv, cell);
    }
    diag_error(csv->column->reader->diags, DIAG_INPUT_SHAPE,
               (Span){csv->file, csv->starts[0], csv->at},
               "this row has %zu cell%s, and column %u is wanted", csv->start_count,
               csv->start_count == 1 ? "" : "s", number + 1);
    return false;
}
