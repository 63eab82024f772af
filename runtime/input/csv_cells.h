/* The cells of a CSV text (RFC 4180), for a column: one after another, or those that were picked.
 */
#ifndef RASPC_INPUT_CSV_CELLS_H
#define RASPC_INPUT_CSV_CELLS_H

#include "runtime/input/column.h"

typedef struct Csv {
    Column *column;
    const char *text;
    uint32_t file, len, at;
    Buffer cell;      /* of one in quotes */
    uint32_t *starts; /* (start_count) where the cells of the last record that was split begin */
    size_t start_count, start_capacity;
    uint32_t *picked; /* (picked_count) columns to take, from 0 on; none: all */
    size_t picked_count, picked_capacity;
} Csv;

/* One cell: its text without quotes, and without the blanks around it unless a string is wanted. */
typedef struct Cell {
    const char *text;
    size_t len;
    Span span;
} Cell;

void csv_close(Csv *csv);

/* The cell here. False after reporting that it does not end. */
bool csv_cell(Csv *csv, Cell *cell);
/* Moves behind the comma, if there is one. */
bool csv_next_cell(Csv *csv);
void csv_line_end(Csv *csv);
/* Empty lines at the end are no rows. */
bool csv_at_end(const Csv *csv);
bool csv_is_text(const Cell *cell, const String *text);

/* Finds the cells of the record here and moves to its end. */
bool csv_split(Csv *csv);
/* The columns that the argument picks ("sepal,3"), by the names in the record that was split, or by
   number from 1 on. False after reporting. */
bool csv_pick(Csv *csv, bool *by_name);
/* Of the record that was split. False after reporting that it has not so many. */
bool csv_picked_cell(Csv *csv, size_t i, Cell *cell);

#endif
