/* The named inputs of a program, its columns, as a command line gives them:

     x=@points.npy                      a file: .npy, .csv, .json (one list), .jsonl (a position a
   line) x=[[0,0],[1,2]]                    JSON; of a str input also "abc" or a bare word, its
   characters x=-                                standard input: .npy, JSON or CSV, as its first
   bytes say x=@centres.csv+@points.csv         one behind the other is_centre=true*5+false* so many
   times; without a number, as often as is left

   Owns what it reads: mapped files and arrays live until columns_free. A float64 .npy in C order
   that is a whole column is used as it lies in the file. */
#ifndef RASPC_INPUT_COLUMNS_H
#define RASPC_INPUT_COLUMNS_H

#include "runtime/input/input.h"
#include "runtime/input/npy_view.h"

/* What a program declares one of its inputs to be. */
typedef struct ColumnWant {
    const String *name;
    SequenceType type;
    uint32_t width; /* of vectors; 0: what the data have */
} ColumnWant;

typedef struct Columns Columns;

/* Who gives them: help that speaks of options is for the command alone. */
typedef enum ColumnsGiver { COLUMNS_OF_COMMAND, COLUMNS_OF_LIBRARY } ColumnsGiver;

/* sources and diags outlive it. */
Columns *columns_new(Sources *sources, Diagnostics *diags, ColumnsGiver giver);
void columns_free(Columns *columns); /* NULL is fine */

/* The length of NAME in NAME=...; 0 when the argument does not begin so. */
size_t columns_name_length(const char *argument);
/* Notes NAME=...; nothing is read before it is asked for. The text outlives columns. */
void columns_add(Columns *columns, const char *argument);
/* Notes the input of that name as what lies in memory: an array, or atoms. All of it outlives
   columns; float64 in rows is used where it lies. Messages about it have no place. */
void columns_add_array(Columns *columns, const char *name, NpyView array);
void columns_add_atoms(Columns *columns, const char *name, const Atom *atoms, size_t count);

bool columns_given(const Columns *columns, const char *name);
bool columns_any(const Columns *columns); /* was any given? */

/* How wide the vectors are that the input was given, from the beginning of its first part. False
   after reporting that there are none, or that it was not given. */
bool columns_width(Columns *columns, const char *name, uint32_t *width);

/* What NAME=... of a `param` says: a value, a list or a table, from JSON or @FILE. A text is one
   value, not its characters. */
typedef struct ParamValue {
    uint32_t n;
    uint32_t width;    /* of vectors, else 1 */
    const Atom *atoms; /* (n, width), as long as columns */
} ParamValue;
/* want.width 0: what the value has. False after reporting. */
bool columns_param(Columns *columns, const char *argument, ColumnWant want, ParamValue *out);

/* Reads all that is wanted, in that order. False after reporting every column that is missing,
   wrong, not wanted, or of another length than the first. */
bool columns_read(Columns *columns, const ColumnWant *wants, uint32_t count, Input *out);

#endif
