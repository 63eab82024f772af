/* numpy's .npy: "\x93NUMPY", two bytes of version, the header's length (2 bytes in version 1, else
   4), the header as a Python dict with descr, fortran_order and shape, then the elements. */
#include "runtime/input/reader.h"

#include "runtime/base/limits.h"

#include <string.h>

typedef struct Npy {
    InputReader *reader;
    const char *name;
    const unsigned char *bytes;
    size_t len;
    const char *header; /* (header_len), not NUL-terminated */
    size_t header_len;
    size_t data;  /* offset of the elements */
    char kind;    /* b, i, u, f, U as in numpy */
    size_t size;  /* bytes of one element */
    size_t count; /* elements */
} Npy;

static bool wrong(Npy *npy, const char *why) {
    return reader_wrong(npy->reader, (Span){0}, "%s: %s", npy->name, why);
}

static uint64_t little_endian(const unsigned char *bytes, size_t size) {
    uint64_t value = 0;
    for (size_t i = size; i-- > 0;)
        value = value << 8 | bytes[i];
    return value;
}

static bool read_frame(Npy *npy) {
    static const char magic[] = "\x93NUMPY";
    if (npy->len < 10 || memcmp(npy->bytes, magic, 6) != 0) return wrong(npy, "not a .npy file");
    unsigned version = npy->bytes[6];
    if (version < 1 || version > 3) return wrong(npy, "a version of .npy other than 1, 2 and 3");
    size_t width = version == 1 ? 2 : 4;
    if (npy->len < 8 + width) return wrong(npy, "the file ends too early");
    uint64_t header_len = little_endian(npy->bytes + 8, width);
    if (header_len > npy->len - 8 - width) return wrong(npy, "the file ends too early");
    npy->header = (const char *)npy->bytes + 8 + width;
    npy->header_len = (size_t)header_len;
    npy->data = 8 + width + npy->header_len;
    return true;
}

/* What stands behind 'key': in the header; NULL when the key is not there. */
static const char *header_value(const Npy *npy, const char *key, const char **end) {
    size_t key_len = strlen(key);
    *end = npy->header + npy->header_len;
    for (const char *at = npy->header; (size_t)(*end - at) > key_len + 3; at++) {
        if ((at[0] != '\'' && at[0] != '"') || memcmp(at + 1, key, key_len) != 0) continue;
        if (at[key_len + 1] != at[0]) continue;
        at += key_len + 2;
        while (at < *end && (*at == ' ' || *at == ':'))
            at++;
        return at;
    }
    return NULL;
}

/* '<i8', '|b1', '<U12'. */
static bool read_type(Npy *npy) {
    const char *end, *at = header_value(npy, "descr", &end);
    if (at == NULL || end - at < 5 || (*at != '\'' && *at != '"')) {
        return wrong(npy, "the header gives no plain type (descr)");
    }
    char order = at[1];
    npy->kind = at[2];
    for (at += 3; at < end && *at >= '0' && *at <= '9' && npy->size < LIMIT_STRING_BYTES; at++) {
        npy->size = npy->size * 10 + (size_t)(*at - '0');
    }
    if (order == '>' && npy->size > 1)
        return wrong(npy, "big-endian elements; save it little-endian");
    size_t size = npy->size;
    bool whole = size == 1 || size == 2 || size == 4 || size == 8;
    bool known = (npy->kind == 'b' && size == 1) || (npy->kind == 'i' && whole) ||
                 (npy->kind == 'u' && whole) || (npy->kind == 'f' && (size == 4 || size == 8)) ||
                 (npy->kind == 'U' && size > 0 && size <= LIMIT_STRING_BYTES / 4);
    if (!known)
        return wrong(npy, "elements other than bools, ints, 4- or 8-byte floats and strings");
    if (npy->kind == 'U') npy->size *= 4; /* code points of four bytes */
    return true;
}

/* (5,) */
static bool read_shape(Npy *npy) {
    const char *end, *at = header_value(npy, "shape", &end);
    if (at == NULL || at == end || *at != '(') return wrong(npy, "the header gives no shape");
    const char *first = ++at;
    for (; at < end && *at >= '0' && *at <= '9' && npy->count <= LIMIT_INPUT_TOKENS; at++) {
        npy->count = npy->count * 10 + (size_t)(*at - '0');
    }
    if (npy->count > LIMIT_INPUT_TOKENS) return wrong(npy, "it has too many elements");
    bool one = at > first && end - at >= 2 && *at == ',';
    for (at++; one && at < end && *at == ' '; at++)
        continue;
    if (!one || at >= end || *at != ')') return wrong(npy, "an input has one dimension");
    size_t left = npy->len - npy->data;
    if (npy->size != 0 && npy->count > left / npy->size)
        return wrong(npy, "the file ends too early");
    return true;
}

static Atom int_atom(const Npy *npy, const unsigned char *bytes) {
    uint64_t bits = little_endian(bytes, npy->size);
    unsigned unused = 64 - 8 * (unsigned)npy->size;
    if (npy->kind == 'i') return atom_int((int64_t)(bits << unused) >> unused);
    if (bits <= INT64_MAX) return atom_int((int64_t)bits);
    Buffer digits = {0};
    buffer_printf(&digits, "%llu", (unsigned long long)bits);
    Atom atom = atom_parse_int(npy->reader->arena, digits.data, digits.len);
    buffer_free(&digits);
    return atom;
}

static Atom float_atom(const Npy *npy, const unsigned char *bytes) {
    uint64_t bits = little_endian(bytes, npy->size);
    double wide;
    memcpy(&wide, &bits, sizeof wide);
    if (npy->size == 8) return atom_float(wide);
    uint32_t low = (uint32_t)bits;
    float narrow;
    memcpy(&narrow, &low, sizeof narrow);
    return atom_float((double)narrow);
}

/* Code points of four bytes, zeros behind the last; false for what is no code point. */
static bool string_atom(const Npy *npy, const unsigned char *bytes, Buffer *text, Atom *out) {
    size_t count = npy->size / 4;
    while (count > 0 && little_endian(bytes + 4 * (count - 1), 4) == 0)
        count--;
    text->len = 0;
    buffer_add(text, "", 0);
    for (size_t i = 0; i < count; i++) {
        uint64_t point = little_endian(bytes + 4 * i, 4);
        if (point > 0x10ffff || (point >= 0xd800 && point < 0xe000)) return false;
        utf8_add(text, (uint32_t)point);
    }
    *out = atom_string(string_new(npy->reader->arena, text->data, text->len));
    return true;
}

static bool read_elements(Npy *npy, Elements *elements) {
    Buffer text = {0};
    bool read = true;
    for (size_t i = 0; i < npy->count && read; i++) {
        const unsigned char *bytes = npy->bytes + npy->data + i * npy->size;
        Atom atom = atom_bool(false);
        switch (npy->kind) {
        case 'b': atom = atom_bool(bytes[0] != 0); break;
        case 'f': atom = float_atom(npy, bytes); break;
        case 'U': read = string_atom(npy, bytes, &text, &atom); break;
        default: atom = int_atom(npy, bytes); break;
        }
        if (read) elements_add(elements, atom);
    }
    buffer_free(&text);
    return read || wrong(npy, "a string that is not Unicode");
}

bool input_read_npy(InputReader *reader, const char *name, const char *bytes, size_t len) {
    Npy npy = {.reader = reader, .name = name, .bytes = (const unsigned char *)bytes, .len = len};
    Elements elements = {0};
    bool read = read_frame(&npy) && read_type(&npy) && read_shape(&npy) &&
                read_elements(&npy, &elements) && reader_add(reader, &elements, (Span){0});
    elements_free(&elements);
    return read;
}
