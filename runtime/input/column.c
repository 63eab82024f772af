#include "runtime/input/column.h"

#include "runtime/base/limits.h"
#include "runtime/base/memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

void column_free(Column *column) {
    free(column->atoms);
    free(column->numbers);
    free(column->row);
    *column = (Column){0};
}

bool column_wrong(Column *column, DiagId id, Span span, const char *format, ...) {
    Buffer message = {0};
    va_list arguments;
    va_start(arguments, format);
    buffer_vprintf(&message, format, arguments);
    va_end(arguments);
    diag_error(column->reader->diags, id, span, "%s", message.data);
    buffer_free(&message);
    return false;
}

void column_type(const ColumnWant *want, Buffer *out) {
    static const char *const names[] = {[SEQUENCE_STRINGS] = "str",
                                        [SEQUENCE_BOOLS] = "bool",
                                        [SEQUENCE_INTS] = "int",
                                        [SEQUENCE_FLOATS] = "float",
                                        [SEQUENCE_VECTORS] = "vec"};
    buffer_text(out, names[want->type]);
    if (want->width != 0) buffer_printf(out, "[%u]", want->width);
}

/* --- room ------------------------------------------------------------------------------------- */

/* Room for count more elements of width numbers or atoms. */
static bool reserve(Column *column, uint64_t count, uint32_t width, Span span) {
    uint64_t rows = column->n + count;
    if (rows > LIMIT_INPUT_TOKENS)
        return column_wrong(column, DIAG_LIMIT_SIZE, span, "an input of more than %d elements",
                            LIMIT_INPUT_TOKENS);
    if (rows * width > LIMIT_INPUT_NUMBERS)
        return column_wrong(column, DIAG_LIMIT_SIZE, span, "an input of more than %lld numbers",
                            (long long)LIMIT_INPUT_NUMBERS);
    if (column->want.type != SEQUENCE_VECTORS) {
        column->atoms =
            memory_reserve(column->atoms, &column->capacity, rows, sizeof *column->atoms);
        return true;
    }
    column->numbers =
        memory_reserve(column->numbers, &column->capacity, rows * width, sizeof *column->numbers);
    if (column->lent != NULL)
        memcpy(column->numbers, column->lent, (size_t)column->n * width * sizeof(double));
    column->lent = NULL;
    return true;
}

/* Rows of that width go with those before and with what was declared. */
static bool check_width(Column *column, size_t width, Span span) {
    if (width > LIMIT_VECTOR_WIDTH)
        return column_wrong(column, DIAG_LIMIT_SIZE, span, "a vector of more than %d numbers",
                            LIMIT_VECTOR_WIDTH);
    if (column->width == 0) column->width = (uint32_t)width;
    if (width == column->width) return true;
    const char *plural = width == 1 ? "" : "s";
    const char *name = column->want.name->bytes;
    if (column->n > 0)
        return column_wrong(column, DIAG_INPUT_SHAPE, span,
                            "'%s': a row of %zu number%s behind rows of %u", name, width, plural,
                            column->width);
    return column_wrong(column, DIAG_INPUT_SHAPE, span,
                        "'%s' is vec[%u], and this row has %zu number%s", name, column->width,
                        width, plural);
}

double *column_rows(Column *column, size_t count, uint32_t width, Span span) {
    if (!check_width(column, width, span) || !reserve(column, count, width, span)) return NULL;
    double *rows = column->numbers + (size_t)column->n * width;
    column->n += (uint32_t)count;
    return rows;
}

/* --- values ----------------------------------------------------------------------------------- */

static bool unfit(Column *column, Atom atom, Span span) {
    Buffer text = {0};
    atom_format_brief(&text, atom);
    buffer_text(&text, " is no ");
    static const char *const words[] = {[SEQUENCE_STRINGS] = "string",
                                        [SEQUENCE_BOOLS] = "bool",
                                        [SEQUENCE_INTS] = "int",
                                        [SEQUENCE_FLOATS] = "number",
                                        [SEQUENCE_VECTORS] = "number"};
    buffer_text(&text, words[column->want.type]);
    Buffer type = {0};
    column_type(&column->want, &type);
    column_wrong(column, DIAG_INPUT_VALUE, span, "%s, and '%s' is %s", text.data,
                 column->want.name->bytes, type.data);
    buffer_free(&text);
    buffer_free(&type);
    return false;
}

/* A finite double. */
static bool number_of(Column *column, Atom atom, Span span, double *out) {
    const char *name = column->want.name->bytes;
    if (atom.kind != ATOM_INT && atom.kind != ATOM_FLOAT) return unfit(column, atom, span);
    if (!atom_as_double(atom, out))
        return column_wrong(column, DIAG_INPUT_VALUE, span, "'%s': a number too large for a float",
                            name);
    if (isnan(*out))
        return column_wrong(column, DIAG_INPUT_VALUE, span, "'%s': not a number (NaN)", name);
    if (isinf(*out))
        return column_wrong(column, DIAG_INPUT_VALUE, span,
                            "'%s': infinity, or a number too large for a float", name);
    return true;
}

/* As the column keeps it; 0 and 1 do for bools. */
static bool convert(Column *column, Atom atom, Span span, Atom *out) {
    int64_t whole;
    double real;
    *out = atom;
    switch (column->want.type) {
    case SEQUENCE_STRINGS: return atom.kind == ATOM_STRING || unfit(column, atom, span);
    case SEQUENCE_INTS: return atom.kind == ATOM_INT || unfit(column, atom, span);
    case SEQUENCE_BOOLS:
        if (atom.kind == ATOM_BOOL) return true;
        if (atom.kind != ATOM_INT || !atom_as_int64(atom, &whole) || whole < 0 || whole > 1)
            return unfit(column, atom, span);
        *out = atom_bool(whole != 0);
        return true;
    default:
        if (!number_of(column, atom, span, &real)) return false;
        *out = atom_float(real);
        return true;
    }
}

bool column_component(Column *column, Atom atom, Span span) {
    double number;
    if (!number_of(column, atom, span, &number)) return false;
    column->row = memory_reserve(column->row, &column->row_capacity, column->row_count + 1,
                                 sizeof *column->row);
    column->row[column->row_count++] = number;
    return true;
}

bool column_row_end(Column *column, Span span) {
    size_t width = column->row_count;
    column->row_count = 0;
    if (width == 0)
        return column_wrong(column, DIAG_INPUT_SHAPE, span, "'%s': a row without numbers",
                            column->want.name->bytes);
    double *row = width > UINT32_MAX ? NULL : column_rows(column, 1, (uint32_t)width, span);
    if (row == NULL) return false;
    memcpy(row, column->row, width * sizeof *row);
    return true;
}

bool column_add(Column *column, Atom atom, Span span) {
    if (column->want.type == SEQUENCE_VECTORS)
        return column_component(column, atom, span) && column_row_end(column, span);
    Atom kept;
    if (!convert(column, atom, span, &kept) || !reserve(column, 1, 1, span)) return false;
    column->atoms[column->n++] = kept;
    return true;
}

/* --- repetition ------------------------------------------------------------------------------- */

/* Copies elements [from, from + count) to number `to`; all lie within the room. */
static void copy_elements(Column *column, uint32_t to, uint32_t from, uint32_t count) {
    size_t width = column->width;
    if (column->want.type == SEQUENCE_VECTORS)
        memmove(column->numbers + to * width, column->numbers + from * width,
                count * width * sizeof(double));
    else
        memmove(column->atoms + to, column->atoms + from, count * sizeof(Atom));
}

bool column_repeat(Column *column, uint32_t from, uint64_t count, Span span) {
    uint32_t block = column->n - from;
    if (count == 0) {
        column->n = from;
        return true;
    }
    if (block == 0 || count == 1) return true;
    uint32_t width = column->want.type == SEQUENCE_VECTORS ? column->width : 1;
    /* Both are below 2^32. */
    if (!reserve(column, (count - 1) * block, width, span)) return false;
    for (uint64_t i = 1; i < count; i++)
        copy_elements(column, column->n, from, block), column->n += block;
    return true;
}

bool column_fill(Column *column, uint32_t n) {
    if (!column->open) return true;
    uint32_t block = column->open_to - column->open_from, others = column->n - block;
    const char *name = column->want.name->bytes;
    if (n < others || block == 0 || (n - others) % block != 0)
        return column_wrong(column, DIAG_INPUT_SHAPE, column->open_span,
                            "'%s' has %u element%s beside this, which can't be filled up to the "
                            "%u of the other inputs",
                            name, others, others == 1 ? "" : "s", n);
    uint32_t wanted = n - others, behind = column->n - column->open_to;
    uint32_t width = column->want.type == SEQUENCE_VECTORS ? column->width : 1;
    if (wanted > block && !reserve(column, wanted - block, width, column->open_span)) return false;
    copy_elements(column, column->open_from + wanted, column->open_to, behind);
    for (uint32_t at = block; at < wanted; at += block)
        copy_elements(column, column->open_from + at, column->open_from, block);
    column->n = n;
    column->open = false;
    return true;
}
