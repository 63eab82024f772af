/* Any bytes as a column, in each format; the first byte chooses that and the type. What is read
   prints as JSON that reads back to the same. As an argument the bytes open no files: where one
   would begin ('@', '-') is left alone. */
#include "tests/fuzz/fuzz.h"

#include "runtime/input/column.h"

#include <string.h>

static void print_column(const Column *column, Buffer *out) {
    const double *numbers = column->lent != NULL ? column->lent : column->numbers;
    buffer_char(out, '[');
    for (uint32_t i = 0; i < column->n; i++) {
        if (i > 0) buffer_char(out, ',');
        if (column->want.type != SEQUENCE_VECTORS) {
            atom_format_json(out, column->atoms[i]);
            continue;
        }
        buffer_char(out, '[');
        for (uint32_t k = 0; k < column->width; k++) {
            if (k > 0) buffer_char(out, ',');
            atom_format_json(out, atom_float(numbers[(size_t)i * column->width + k]));
        }
        buffer_char(out, ']');
    }
    buffer_text(out, "]\n");
}

static void check_round_trip(const Column *column) {
    Buffer printed = {0}, again = {0};
    print_column(column, &printed);
    Column back = {.reader = column->reader, .want = column->want, .width = column->width};
    uint32_t file = sources_add(column->reader->sources, "printed", printed.data, printed.len);
    if (column->n > 0 && !column_read_json_file(&back, file, false))
        BUG("a printed column does not read back:\n%s", printed.data);
    print_column(&back, &again);
    if (column->n > 0) require_equal("a column's print changed", &printed, &again);
    column_free(&back);
    buffer_free(&printed);
    buffer_free(&again);
}

static bool read_argument(InputReader *reader, const char *text, size_t size) {
    Columns *columns = columns_new(reader->sources, reader->diags, COLUMNS_OF_COMMAND);
    Buffer argument = {0};
    buffer_text(&argument, "x=");
    buffer_add(&argument, text, size);
    for (size_t i = 0; i < argument.len; i++)
        if (argument.data[i] == '@' || argument.data[i] == '-') argument.data[i] = '1';
    const ColumnWant want = {string_from(reader->arena, "x"), SEQUENCE_VECTORS, 0};
    uint32_t width;
    Input input;
    columns_add(columns, argument.data);
    bool read = columns_width(columns, "x", &width) && columns_read(columns, &want, 1, &input);
    columns_free(columns);
    buffer_free(&argument);
    return read;
}

/* The first line is what picks columns of all. */
static bool read_picked(Column *column, const char *text, uint32_t file) {
    column->pick = text;
    column->pick_span = (Span){file, 0, (uint32_t)strcspn(text, "\n")};
    return column_read_csv(column, file);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    enum { FORMATS = 5 };
    static const SequenceType types[] = {SEQUENCE_STRINGS, SEQUENCE_BOOLS, SEQUENCE_INTS,
                                         SEQUENCE_FLOATS, SEQUENCE_VECTORS};
    if (size == 0) return 0;
    Sources *sources = sources_new();
    Diagnostics *diags = diagnostics_new(sources);
    InputReader reader = {.arena = arena_new(0), .sources = sources, .diags = diags};
    SequenceType type = types[data[0] / FORMATS % 5];
    Column column = {.reader = &reader,
                     .want = {.name = string_from(reader.arena, "x"), .type = type}};
    const char *text = (const char *)data + 1;
    uint32_t file = sources_add(sources, "input", text, size - 1);
    bool done = false;
    size_t len;
    switch (data[0] % FORMATS) {
    case 0: done = column_read_json_file(&column, file, false); break;
    case 1: done = column_read_json_file(&column, file, true); break;
    case 2:
        done = data[0] < 128 ? column_read_csv(&column, file)
                             : read_picked(&column, sources_text(sources, file, &len), file);
        break;
    case 3: done = column_read_npy(&column, "x.npy", text, size - 1, true, (Span){0}); break;
    case 4: done = read_argument(&reader, text, size - 1); break;
    }
    if (done == (diagnostics_errors(diags) > 0)) BUG("read and errors, or neither");
    if (done) check_round_trip(&column);
    render_all(diags);
    column_free(&column);
    diagnostics_free(diags);
    sources_free(sources);
    arena_free(reader.arena);
    return 0;
}
