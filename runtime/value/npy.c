#include "runtime/value/npy.h"

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "the file formats are little-endian, and the writers copy numbers as they lie in memory"
#endif

enum { NPY_ALIGNMENT = 64 };

/* Magic, version, length of the text; the text; blanks and a line end up to the alignment. */
void npy_header(Buffer *out, const char *type, const uint64_t *shape, uint32_t rank) {
    Buffer text = {0};
    size_t start = out->len;
    buffer_printf(&text, "{'descr': '%s', 'fortran_order': False, 'shape': (", type);
    for (uint32_t d = 0; d < rank; d++)
        buffer_printf(&text, "%llu, ", (unsigned long long)shape[d]);
    buffer_text(&text, "), }");
    buffer_add(out, "\x93NUMPY\1\0", 8);
    while ((out->len - start + sizeof(uint16_t) + text.len + 1) % NPY_ALIGNMENT != 0)
        buffer_char(&text, ' ');
    buffer_char(&text, '\n');
    uint16_t len = (uint16_t)text.len;
    buffer_add(out, (const char *)&len, sizeof len);
    buffer_add(out, text.data, text.len);
    buffer_free(&text);
}

/* Code points of the longest text, at least 1. */
static size_t longest_text(Sequence sequence) {
    size_t longest = 1;
    for (uint32_t i = 0; i < sequence.n; i++) {
        const String *s = sequence.atoms[i].as.string;
        size_t points = utf8_count(s->bytes, s->len);
        if (points > longest) longest = points;
    }
    return longest;
}

void npy_sequence_header(Buffer *out, Sequence sequence) {
    static const char *const types[] = {[SEQUENCE_BOOLS] = "|b1",
                                        [SEQUENCE_INTS] = "<i8",
                                        [SEQUENCE_FLOATS] = "<f8",
                                        [SEQUENCE_VECTORS] = "<f8"};
    uint64_t shape[] = {sequence.n, sequence.width};
    if (sequence.type == SEQUENCE_STRINGS) {
        Buffer type = {0};
        buffer_printf(&type, "<U%zu", longest_text(sequence));
        npy_header(out, type.data, shape, 1);
        buffer_free(&type);
    } else {
        npy_header(out, types[sequence.type], shape, sequence.type == SEQUENCE_VECTORS ? 2 : 1);
    }
}

/* Code points of four bytes, padded with zeros to the longest text's. */
static void add_strings(Buffer *out, Sequence sequence, uint32_t from, uint32_t to) {
    size_t longest = longest_text(sequence);
    for (uint32_t i = from; i < to; i++) {
        const String *s = sequence.atoms[i].as.string;
        size_t points = 0;
        for (size_t at = 0, step; at < s->len; at += step, points++) {
            int32_t point = utf8_point(s->bytes + at, s->len - at, &step);
            uint32_t stored = point < 0 ? 0xFFFD : (uint32_t)point;
            buffer_add(out, (const char *)&stored, sizeof stored);
        }
        buffer_repeat(out, '\0', (longest - points) * sizeof(uint32_t));
    }
}

bool npy_add_elements(Buffer *out, Sequence sequence, uint32_t from, uint32_t to, uint32_t *bad) {
    if (sequence.type == SEQUENCE_STRINGS) {
        add_strings(out, sequence, from, to);
        return true;
    }
    if (sequence.type == SEQUENCE_VECTORS) {
        size_t row = sequence.width * sizeof(double);
        buffer_add(out, (const char *)(sequence.numbers + (size_t)from * sequence.width),
                   (to - from) * row);
        return true;
    }
    for (uint32_t i = from; i < to; i++) {
        Atom atom = sequence.atoms[i];
        double real;
        int64_t whole;
        *bad = i;
        if (sequence.type == SEQUENCE_BOOLS) {
            buffer_char(out, atom.as.boolean ? 1 : 0);
        } else if (sequence.type == SEQUENCE_INTS) {
            if (!atom_as_int64(atom, &whole)) return false;
            buffer_add(out, (const char *)&whole, sizeof whole);
        } else {
            if (!atom_as_double(atom, &real)) return false;
            buffer_add(out, (const char *)&real, sizeof real);
        }
    }
    return true;
}

bool npy_write_sequence(Buffer *out, Sequence sequence, uint32_t *bad) {
    npy_sequence_header(out, sequence);
    return npy_add_elements(out, sequence, 0, sequence.n, bad);
}
