/* A column as an array, in memory or in numpy's .npy: of (n,) or, for vectors, (n, d). */
#include "runtime/input/column.h"
#include "runtime/input/npy_view.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

enum { BLOCK = 4096 }; /* numbers looked at together */

/* Is one of them NaN or infinite? All bits of the exponent are set, whatever the sign. */
static bool any_not_finite(const double *numbers, size_t count) {
    static const uint64_t exponent = 0x7ff0000000000000;
    uint64_t found = 0;
    for (size_t i = 0; i < count; i++) {
        uint64_t bits;
        memcpy(&bits, &numbers[i], sizeof bits);
        found |= (bits & exponent) == exponent;
    }
    return found != 0;
}

/* The first of them, or count. */
static size_t first_not_finite(const double *numbers, size_t count) {
    for (size_t at = 0, size; at < count; at += size) {
        size = count - at < BLOCK ? count - at : BLOCK;
        if (!any_not_finite(numbers + at, size)) continue;
        while (isfinite(numbers[at]))
            at++;
        return at;
    }
    return count;
}

static bool check_finite(Column *column, const char *name, const NpyView *view,
                         const double *numbers, Span span) {
    size_t count = view->rows * view->columns, bad = first_not_finite(numbers, count);
    if (bad == count) return true;
    const char *what = isnan(numbers[bad]) ? "not a number (NaN)" : "infinite";
    if (view->rank == 1)
        return column_wrong(column, DIAG_INPUT_VALUE, span, "%s: [%zu] is %s", name, bad, what);
    return column_wrong(column, DIAG_INPUT_VALUE, span, "%s: [%zu, %zu] is %s", name,
                        bad / view->columns, bad % view->columns, what);
}

/* As the file has them, row by row. */
static void copy_numbers(const NpyView *view, double *out) {
    bool doubles = view->kind == 'f' && view->size == sizeof(double);
    if (doubles && !view->by_columns) {
        memcpy(out, view->data, view->rows * view->columns * sizeof *out);
        return;
    }
    for (size_t row = 0; row < view->rows; row++)
        for (size_t i = 0; i < view->columns; i++)
            out[row * view->columns + i] =
                npy_number(view, view->by_columns ? i * view->rows + row : row * view->columns + i);
}

/* Do they lie in the file as an engine wants them? */
static bool lies_right(const NpyView *view) {
    return view->kind == 'f' && view->size == sizeof(double) &&
           (!view->by_columns || view->columns == 1) && (uintptr_t)view->data % sizeof(double) == 0;
}

static bool read_vectors(Column *column, const char *name, const NpyView *view, bool alone,
                         Span span) {
    uint32_t width = (uint32_t)view->columns; /* below 2^32, as rows */
    if (alone && lies_right(view) && (column->width == 0 || column->width == width)) {
        /* A cast: the file is mapped, and nobody writes through it. */
        column->lent = (const double *)(const void *)view->data;
        column->width = width;
        column->n = (uint32_t)view->rows;
        return column->shape_only || check_finite(column, name, view, column->lent, span);
    }
    if (column->shape_only) {
        column->width = width;
        column->n = 1;
        return true;
    }
    double *rows = column_rows(column, view->rows, width, span);
    if (rows == NULL) return false;
    copy_numbers(view, rows);
    return check_finite(column, name, view, rows, span);
}

static bool read_scalars(Column *column, const char *name, const NpyView *view, Span span) {
    for (size_t i = 0; i < view->rows; i++) {
        Atom atom;
        if (!npy_atom(view, i, column->reader->arena, &atom))
            return column_wrong(column, DIAG_INPUT_VALUE, span,
                                "%s: [%zu] is a string that is not Unicode", name, i);
        if (atom.kind == ATOM_FLOAT && !isfinite(atom.as.real))
            return column_wrong(column, DIAG_INPUT_VALUE, span, "%s: [%zu] is %s", name, i,
                                isnan(atom.as.real) ? "not a number (NaN)" : "infinite");
        if (atom.kind == ATOM_BOOL && column->want.type == SEQUENCE_FLOATS)
            atom = atom_int(atom.as.boolean);
        if (!column_add(column, atom, span)) return false;
    }
    return true;
}

static bool wrong_shape(Column *column, const char *name, const NpyView *view, Span span) {
    Buffer shape = {0}, type = {0};
    buffer_printf(&shape, "(%zu,", view->rows);
    if (view->rank == 2) buffer_printf(&shape, " %zu", view->columns);
    buffer_char(&shape, ')');
    column_type(&column->want, &type);
    Buffer wanted = {0};
    if (column->want.type != SEQUENCE_VECTORS)
        buffer_text(&wanted, "(n,)");
    else if (column->width != 0)
        buffer_printf(&wanted, "(n, %u)", column->width);
    else
        buffer_text(&wanted, "(n, d)");
    column_wrong(column, DIAG_INPUT_SHAPE, span, "%s has the shape %s, and '%s' is %s: %s", name,
                 shape.data, column->want.name->bytes, type.data, wanted.data);
    buffer_free(&shape);
    buffer_free(&type);
    buffer_free(&wanted);
    return false;
}

bool column_read_array(Column *column, const char *name, const NpyView *view, bool alone,
                       Span span) {
    bool vectors = column->want.type == SEQUENCE_VECTORS;
    bool fits = vectors
                    ? view->columns > 0 && (column->width == 0 || column->width == view->columns)
                    : view->columns == 1;
    if (!fits) return wrong_shape(column, name, view, span);
    if (view->rows == 0)
        return column_wrong(column, DIAG_INPUT_SHAPE, span, "%s has no rows", name);
    if (vectors && view->kind == 'U')
        return column_wrong(column, DIAG_INPUT_VALUE, span, "%s holds strings, and '%s' is vec",
                            name, column->want.name->bytes);
    return vectors ? read_vectors(column, name, view, alone, span)
                   : read_scalars(column, name, view, span);
}

bool column_read_npy(Column *column, const char *name, const char *bytes, size_t len, bool alone,
                     Span span) {
    NpyView view;
    const char *why = npy_view(bytes, len, &view);
    if (why != NULL) return column_wrong(column, DIAG_INPUT_SYNTAX, span, "%s: %s", name, why);
    return column_read_array(column, name, &view, alone, span);
}
