#include "runtime/value/csv.h"

#include <string.h>

void csv_header(Buffer *out, const CsvColumn *columns, size_t count) {
    for (size_t i = 0; i < count; i++) {
        Sequence sequence = columns[i].sequence;
        bool vectors = sequence.type == SEQUENCE_VECTORS;
        if (i > 0) buffer_char(out, ',');
        if (!vectors) buffer_text(out, columns[i].name);
        for (uint32_t k = 0; vectors && k < sequence.width; k++)
            buffer_printf(out, "%s%s.%u", k > 0 ? "," : "", columns[i].name, k);
    }
    buffer_char(out, '\n');
}

/* In quotes where it would not read back, or not as text. */
static void add_text(Buffer *out, const String *text) {
    if (text->len > 0 && memchr(text->bytes, '"', text->len) == NULL &&
        strcspn(text->bytes, ",\r\n") == text->len) {
        buffer_add(out, text->bytes, text->len);
        return;
    }
    buffer_char(out, '"');
    for (uint32_t i = 0; i < text->len; i++) {
        if (text->bytes[i] == '"') buffer_char(out, '"');
        buffer_char(out, text->bytes[i]);
    }
    buffer_char(out, '"');
}

static void add_cell(Buffer *out, Atom atom) {
    switch (atom.kind) {
    case ATOM_STRING: add_text(out, atom.as.string); break;
    case ATOM_BOOL: buffer_text(out, atom.as.boolean ? "true" : "false"); break;
    default: atom_format_str(out, atom); break;
    }
}

void csv_add_rows(Buffer *out, const CsvColumn *columns, size_t count, uint32_t from, uint32_t to) {
    for (uint32_t row = from; row < to; row++) {
        for (size_t i = 0; i < count; i++) {
            Sequence sequence = columns[i].sequence;
            if (i > 0) buffer_char(out, ',');
            if (sequence.type != SEQUENCE_VECTORS) add_cell(out, sequence.atoms[row]);
            for (uint32_t k = 0; sequence.type == SEQUENCE_VECTORS && k < sequence.width; k++) {
                if (k > 0) buffer_char(out, ',');
                float_format_repr(out, sequence.numbers[(size_t)row * sequence.width + k]);
            }
        }
        buffer_char(out, '\n');
    }
}
