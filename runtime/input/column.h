/* One column while it is being read: what the readers of the formats add to. */
#ifndef RASPC_INPUT_COLUMN_H
#define RASPC_INPUT_COLUMN_H

#include "runtime/input/columns.h"
#include "runtime/input/json_scan.h"
#include "runtime/input/npy_view.h"

typedef struct Column {
    InputReader *reader;
    ColumnWant want;
    bool shape_only; /* one row is enough */
    bool whole_text; /* a string is one element, not its characters */
    uint32_t width;  /* of vectors: declared or the first row's; 0: not known yet */
    uint32_t n;
    Atom *atoms;        /* (n), malloc'ed; or */
    const double *lent; /* (n, width), a mapped file's; or */
    double *numbers;    /* (n, width), malloc'ed */
    size_t capacity;    /* of atoms or numbers */
    double *row;        /* (row_count) components of the row being read */
    size_t row_count, row_capacity;
    /* Which columns of a CSV file are meant, as csv_pick reads it; NULL: all. */
    const char *pick;
    Span pick_span; /* where it stands, its length too */
    /* VALUE* without a number: the elements [open_from, open_to) as often as is left. */
    bool open;
    uint32_t open_from, open_to;
    Span open_span;
} Column;

void column_free(Column *column);

/* "vec[2]", "vec", "bool" */
void column_type(const ColumnWant *want, Buffer *out);

/* These report at span and return false where the value is none of the column's type, is not
   finite, makes a row of another width, or is one too many. */
bool column_add(Column *column, Atom atom, Span span); /* a scalar, or a vector of one component */
bool column_component(Column *column, Atom atom, Span span); /* of the row being read */
bool column_row_end(Column *column, Span span);
/* Room for count more rows of vectors, to be filled in; NULL after reporting. */
double *column_rows(Column *column, size_t count, uint32_t width, Span span);
/* Repeats the elements from number `from` on so that they are there count times; 0: never. */
bool column_repeat(Column *column, uint32_t from, uint64_t count, Span span);
/* Fills what VALUE* left open, so that the column has n elements; false after reporting. */
bool column_fill(Column *column, uint32_t n);

/* Is that all that was asked for? */
static inline bool column_enough(const Column *column) {
    return column->shape_only && column->n > 0;
}

/* Reports; always false. */
bool column_wrong(Column *column, DiagId id, Span span, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* --- the formats ------------------------------------------------------------------------------ */

/* A value: a list, or one element when `*` follows. The reading ends behind it. */
bool column_read_json(Column *column, Json *json);
/* All of a source: one list; or with lines elements one after another. */
bool column_read_json_file(Column *column, uint32_t file, bool lines);
bool column_read_csv(Column *column, uint32_t file);
/* name is what messages call it. alone: the column is this array, which outlives it. */
bool column_read_array(Column *column, const char *name, const NpyView *view, bool alone,
                       Span span);
bool column_read_npy(Column *column, const char *name, const char *bytes, size_t len, bool alone,
                     Span span);

#endif
