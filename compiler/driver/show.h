/* Results as people and programs read them. */
#ifndef RASPC_DRIVER_SHOW_H
#define RASPC_DRIVER_SHOW_H

#include "compiler/elaborate/value.h"

/* "hello", or [3, 1, "x"] where an element is not one character. show_input cuts what is longer
   than a line. */
void show_input(Buffer *out, Input input);
void show_input_json(Buffer *out, Input input);

/* A value as sequences show theirs, fit for a terminal; returns the columns that it takes. */
size_t show_atom(Buffer *out, Atom atom);

/* Rows are queries, columns keys; both headed by the input's tokens. Every line begins with indent
   blanks. */
void show_matrix(Buffer *out, Matrix matrix, Input input, size_t indent);

/* A value that needs no input: 3, "a", [1, "a"], {"a": 1}. */
void show_value(Buffer *out, const Graph *graph, Value value);
/* As in the conformance files: {"kind": "atom", "type": "int", "value": 3}, ... */
void show_value_json(Buffer *out, const Graph *graph, Value value);

/* Text in double quotes with JSON's escapes. */
void show_json_text(Buffer *out, const char *text);

/* A bound, rounded up: what is shown holds. */
void show_bound(Buffer *out, double bound);

#endif
