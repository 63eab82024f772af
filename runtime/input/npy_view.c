/* numpy's .npy (numpy.lib.format): "\x93NUMPY", two bytes of version, the length of the header (two
   bytes, from version 2 on four), the header: the text of a Python dict; then the elements. */
#include "runtime/input/npy_view.h"

#include "runtime/base/limits.h"
#include "runtime/input/reader.h"

#include <string.h>

typedef struct Header {
    const char *text;
    size_t len;
} Header;

static uint64_t little_endian(const unsigned char *bytes, size_t size) {
    uint64_t value = 0;
    for (size_t i = size; i-- > 0;)
        value = value << 8 | bytes[i];
    return value;
}

static const char *read_frame(const char *bytes, size_t len, Header *header) {
    static const char magic[] = "\x93NUMPY";
    if (len < 10 || memcmp(bytes, magic, 6) != 0) return "not a .npy file";
    unsigned version = (unsigned char)bytes[6];
    if (version < 1 || version > 3) return "a version of .npy other than 1, 2 and 3";
    size_t width = version == 1 ? 2 : 4;
    if (len < 8 + width) return "the file ends too early";
    uint64_t header_len = little_endian((const unsigned char *)bytes + 8, width);
    if (header_len > len - 8 - width) return "the file ends too early";
    *header = (Header){bytes + 8 + width, (size_t)header_len};
    return NULL;
}

/* What stands behind 'key': in the header; NULL when the key is not there. */
static const char *header_value(Header header, const char *key) {
    size_t key_len = strlen(key);
    const char *end = header.text + header.len;
    for (const char *at = header.text; (size_t)(end - at) > key_len + 3; at++) {
        if ((at[0] != '\'' && at[0] != '"') || memcmp(at + 1, key, key_len) != 0) continue;
        if (at[key_len + 1] != at[0]) continue;
        at += key_len + 2;
        while (at < end && (*at == ' ' || *at == ':'))
            at++;
        return at;
    }
    return NULL;
}

/* '<i8', '|b1', '<U12'. */
static const char *read_type(Header header, NpyView *view) {
    const char *end = header.text + header.len, *at = header_value(header, "descr");
    if (at == NULL || end - at < 5 || (*at != '\'' && *at != '"'))
        return "the header gives no plain type (descr)";
    char order = at[1];
    view->kind = at[2];
    for (at += 3; at < end && *at >= '0' && *at <= '9' && view->size < LIMIT_STRING_BYTES; at++)
        view->size = view->size * 10 + (size_t)(*at - '0');
    if (order == '>' && view->size > 1) return "big-endian elements; save it little-endian";
    size_t size = view->size;
    bool whole = size == 1 || size == 2 || size == 4 || size == 8;
    bool known = (view->kind == 'b' && size == 1) || (view->kind == 'i' && whole) ||
                 (view->kind == 'u' && whole) || (view->kind == 'f' && (size == 4 || size == 8)) ||
                 (view->kind == 'U' && size > 0 && size <= LIMIT_STRING_BYTES / 4);
    if (!known) return "elements other than bools, ints, 4- or 8-byte floats and strings";
    if (view->kind == 'U') view->size *= 4; /* code points of four bytes */
    return NULL;
}

/* A dimension of the shape; *at moves behind it. */
static bool read_extent(const char **at, const char *end, size_t *extent) {
    const char *first = *at;
    *extent = 0;
    for (; *at < end && **at >= '0' && **at <= '9' && *extent <= LIMIT_INPUT_TOKENS; ++*at)
        *extent = *extent * 10 + (size_t)(**at - '0');
    return *at > first;
}

/* (5,) (5, 2) (5, 2, ) */
static const char *read_shape(Header header, NpyView *view) {
    static const char unknown[] = "an input has one or two dimensions";
    const char *end = header.text + header.len, *at = header_value(header, "shape");
    if (at == NULL || at == end || *at != '(') return "the header gives no shape";
    at++;
    view->columns = 1;
    while (at < end && *at != ')') {
        size_t extent;
        if (view->rank == 2 || !read_extent(&at, end, &extent)) return unknown;
        if (extent > LIMIT_INPUT_TOKENS) return "it has too many elements";
        *(view->rank == 0 ? &view->rows : &view->columns) = extent;
        view->rank++;
        if (at < end && *at == ',')
            at++;
        else if (view->rank == 1 || at == end || *at != ')')
            return unknown;
        while (at < end && *at == ' ')
            at++;
    }
    if (view->rank == 0 || at >= end) return unknown;
    const char *order = header_value(header, "fortran_order");
    view->by_columns = order != NULL && order < end && *order == 'T';
    return NULL;
}

const char *npy_view(const char *bytes, size_t len, NpyView *out) {
    Header header = {0};
    *out = (NpyView){0};
    const char *why = read_frame(bytes, len, &header);
    if (why == NULL) why = read_type(header, out);
    if (why == NULL) why = read_shape(header, out);
    if (why != NULL) return why;
    size_t left = len - (size_t)(header.text + header.len - bytes);
    size_t elements = left / out->size; /* both extents are below 2^32 */
    if (out->columns != 0 && out->rows > elements / out->columns) return "the file ends too early";
    out->data = (const unsigned char *)header.text + header.len;
    return NULL;
}

static Atom int_atom(const NpyView *view, const unsigned char *bytes, Arena *arena) {
    uint64_t bits = little_endian(bytes, view->size);
    unsigned unused = 64 - 8 * (unsigned)view->size;
    if (view->kind == 'i') return atom_int((int64_t)(bits << unused) >> unused);
    if (bits <= INT64_MAX) return atom_int((int64_t)bits);
    Buffer digits = {0};
    buffer_printf(&digits, "%llu", (unsigned long long)bits);
    Atom atom = atom_parse_int(arena, digits.data, digits.len);
    buffer_free(&digits);
    return atom;
}

static double float_number(const NpyView *view, const unsigned char *bytes) {
    double wide;
    float narrow;
    if (view->size == sizeof wide) {
        memcpy(&wide, bytes, sizeof wide);
        return wide;
    }
    memcpy(&narrow, bytes, sizeof narrow);
    return (double)narrow;
}

/* Code points of four bytes, zeros behind the last; false for what is no code point. */
static bool string_atom(const NpyView *view, const unsigned char *bytes, Arena *arena, Atom *out) {
    Buffer text = {0};
    size_t count = view->size / 4;
    while (count > 0 && little_endian(bytes + 4 * (count - 1), 4) == 0)
        count--;
    buffer_add(&text, "", 0);
    bool valid = true;
    for (size_t i = 0; i < count && valid; i++) {
        uint64_t point = little_endian(bytes + 4 * i, 4);
        valid = point <= 0x10ffff && (point < 0xd800 || point >= 0xe000);
        if (valid) utf8_add(&text, (uint32_t)point);
    }
    if (valid) *out = atom_string(string_new(arena, text.data, text.len));
    buffer_free(&text);
    return valid;
}

bool npy_atom(const NpyView *view, size_t index, Arena *arena, Atom *out) {
    const unsigned char *bytes = view->data + index * view->size;
    switch (view->kind) {
    case 'b': *out = atom_bool(bytes[0] != 0); return true;
    case 'f': *out = atom_float(float_number(view, bytes)); return true;
    case 'U': return string_atom(view, bytes, arena, out);
    default: *out = int_atom(view, bytes, arena); return true;
    }
}

double npy_number(const NpyView *view, size_t index) {
    const unsigned char *bytes = view->data + index * view->size;
    if (view->kind == 'f') return float_number(view, bytes);
    if (view->kind == 'b') return bytes[0] != 0;
    uint64_t bits = little_endian(bytes, view->size);
    unsigned unused = 64 - 8 * (unsigned)view->size;
    return view->kind == 'i' ? (double)((int64_t)(bits << unused) >> unused) : (double)bits;
}
