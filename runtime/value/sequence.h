/* Sequences and matrices: what running an s-op or a selector on one input gives. In an arena. */
#ifndef RASPC_SEQUENCE_H
#define RASPC_SEQUENCE_H

#include "runtime/value/atom.h"

typedef enum SequenceType {
    SEQUENCE_STRINGS,
    SEQUENCE_BOOLS,
    SEQUENCE_INTS,
    SEQUENCE_FLOATS,
    SEQUENCE_VECTORS
} SequenceType;

typedef struct Sequence {
    uint32_t n;
    SequenceType type;
    const Atom *atoms;     /* (n); NULL: vectors */
    uint32_t width;        /* of vectors */
    const double *numbers; /* (n, width) vectors */
    const Atom *input;     /* (n) what it was computed from, where that is kept; else NULL */
} Sequence;

/* An attention pattern of zeros and ones. */
typedef struct Matrix {
    uint32_t n;
    const uint8_t *cells; /* (n, n): row = query = output position, column = key */
    const Atom *input;    /* (n) as a sequence's */
} Matrix;

/* The type of atoms together: all strings, all bools, all ints or bools, else numbers = floats.
   False when strings and others are mixed (*bad is the first position that does not go with
   position 0) or when one is opaque. */
bool sequence_type_of(const Atom *atoms, uint32_t n, SequenceType *type, uint32_t *bad);
const char *sequence_type_name(SequenceType type); /* "strings", "bools", "ints", "floats" */

/* Two or more equal elements, of no vectors: what is shown as [5]*5. */
bool sequence_repeats(Sequence sequence);
/* As tutorials show it: [a, b, c] (strings); [5]*5 (ints); T and F; 3 decimals; vectors as [[0.5,
   1.0], [2.0, 3.0]] (vectors). */
void sequence_format(Buffer *out, Sequence sequence);
/* {"kind": "seq", "type": "ints", "values": [...]}; of vectors also "width" */
void sequence_format_json(Buffer *out, Sequence sequence);
/* The same in parts, for long ones: what stands before the elements, the elements [from, to) with
   the comma before them, and what stands behind the last. */
void sequence_json_open(Buffer *out, Sequence sequence);
void sequence_json_elements(Buffer *out, Sequence sequence, uint32_t from, uint32_t to);
void sequence_json_close(Buffer *out);
/* Elements [from, to) as sequence_format shows them, with the comma before them. */
void sequence_format_elements(Buffer *out, Sequence sequence, uint32_t from, uint32_t to);
/* {"kind": "select", "rows": ["010", ...]} */
void matrix_format_json(Buffer *out, Matrix matrix);

/* One of the inputs that a program names: n atoms or vectors. */
typedef struct InputColumn {
    const String *name;
    const Atom *atoms;     /* (n), or NULL */
    uint32_t width;        /* of vectors */
    const double *numbers; /* (n, width); finite */
} InputColumn;

/* One input: n >= 1 elements, the tokens; for a program that names its inputs the columns, and no
   tokens. */
typedef struct Input {
    uint32_t n;
    const Atom *tokens; /* (n), or NULL */
    uint32_t column_count;
    const InputColumn *columns; /* (column_count), each of another name */
} Input;
/* The column of that name, or NULL. */
const InputColumn *input_column(const Input *input, const String *name);
/* Its n values; they are the column's. */
Sequence column_sequence(const InputColumn *column, uint32_t n);

#endif
