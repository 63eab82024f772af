#include "runtime/value/sequence.h"

#include "runtime/base/bug.h"

bool sequence_type_of(const Atom *atoms, uint32_t n, SequenceType *type, uint32_t *bad) {
    bool kinds[ATOM_OPAQUE + 1] = {false};
    for (uint32_t i = 0; i < n; i++) {
        kinds[atoms[i].kind] = true;
        bool goes_with_first = (atoms[i].kind == ATOM_STRING) == (atoms[0].kind == ATOM_STRING);
        if (!goes_with_first || atoms[i].kind == ATOM_OPAQUE) {
            *bad = i;
            return false;
        }
    }
    *type = kinds[ATOM_STRING]  ? SEQUENCE_STRINGS
            : kinds[ATOM_FLOAT] ? SEQUENCE_FLOATS
            : kinds[ATOM_INT]   ? SEQUENCE_INTS
                                : SEQUENCE_BOOLS;
    return true;
}

const char *sequence_type_name(SequenceType type) {
    switch (type) {
    case SEQUENCE_STRINGS: return "strings";
    case SEQUENCE_BOOLS: return "bools";
    case SEQUENCE_INTS: return "ints";
    case SEQUENCE_FLOATS: return "floats";
    case SEQUENCE_VECTORS: return "vectors";
    }
    BUG("sequence type %d", type);
}

const InputColumn *input_column(const Input *input, const String *name) {
    for (uint32_t i = 0; i < input->column_count; i++)
        if (string_equal(input->columns[i].name, name)) return &input->columns[i];
    return NULL;
}

Sequence column_sequence(const InputColumn *column, uint32_t n) {
    Sequence sequence = {.n = n,
                         .type = SEQUENCE_VECTORS,
                         .atoms = column->atoms,
                         .width = column->width,
                         .numbers = column->numbers};
    uint32_t bad;
    if (column->atoms != NULL && !sequence_type_of(column->atoms, n, &sequence.type, &bad))
        BUG("a column of mixed types");
    return sequence;
}

bool sequence_repeats(Sequence sequence) {
    if (sequence.type == SEQUENCE_VECTORS || sequence.n < 2) return false;
    for (uint32_t i = 0; i < sequence.n; i++) /* from 0: a NaN is not equal even to itself */
        if (!atom_equal(sequence.atoms[i], sequence.atoms[0])) return false;
    return true;
}

/* [0.5, 1.0] */
static void vector_format(Buffer *out, Sequence sequence, uint32_t position,
                          void (*format)(Buffer *out, Atom atom)) {
    buffer_char(out, '[');
    for (uint32_t i = 0; i < sequence.width; i++) {
        if (i > 0) buffer_text(out, ", ");
        format(out, atom_float(sequence.numbers[(size_t)position * sequence.width + i]));
    }
    buffer_char(out, ']');
}

static void elements(Buffer *out, Sequence sequence, uint32_t from, uint32_t to,
                     void (*format)(Buffer *out, Atom atom)) {
    for (uint32_t i = from; i < to; i++) {
        if (i > 0) buffer_text(out, ", ");
        if (sequence.type == SEQUENCE_VECTORS)
            vector_format(out, sequence, i, format);
        else
            format(out, sequence.atoms[i]);
    }
}

void sequence_format_elements(Buffer *out, Sequence sequence, uint32_t from, uint32_t to) {
    elements(out, sequence, from, to, atom_format_display);
}

void sequence_format(Buffer *out, Sequence sequence) {
    bool repeated = sequence_repeats(sequence);
    buffer_char(out, '[');
    sequence_format_elements(out, sequence, 0, repeated ? 1 : sequence.n);
    buffer_char(out, ']');
    if (repeated) buffer_printf(out, "*%u", sequence.n);
    buffer_printf(out, " (%s)", sequence_type_name(sequence.type));
}

void sequence_json_open(Buffer *out, Sequence sequence) {
    buffer_printf(out, "{\"kind\": \"seq\", \"type\": \"%s\", ", sequence_type_name(sequence.type));
    if (sequence.type == SEQUENCE_VECTORS) buffer_printf(out, "\"width\": %u, ", sequence.width);
    buffer_text(out, "\"values\": [");
}

void sequence_json_elements(Buffer *out, Sequence sequence, uint32_t from, uint32_t to) {
    elements(out, sequence, from, to, atom_format_json);
}

void sequence_json_close(Buffer *out) { buffer_text(out, "]}"); }

void sequence_format_json(Buffer *out, Sequence sequence) {
    sequence_json_open(out, sequence);
    sequence_json_elements(out, sequence, 0, sequence.n);
    sequence_json_close(out);
}

void matrix_format_json(Buffer *out, Matrix matrix) {
    buffer_text(out, "{\"kind\": \"select\", \"rows\": [");
    for (uint32_t row = 0; row < matrix.n; row++) {
        if (row > 0) buffer_text(out, ", ");
        buffer_char(out, '"');
        for (uint32_t key = 0; key < matrix.n; key++)
            buffer_char(out, matrix.cells[(size_t)row * matrix.n + key] ? '1' : '0');
        buffer_char(out, '"');
    }
    buffer_text(out, "]}");
}
