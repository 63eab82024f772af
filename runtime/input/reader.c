#include "runtime/input/reader.h"

#include "runtime/base/limits.h"
#include "runtime/base/memory.h"

#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

void elements_add(Elements *elements, Atom atom) {
    if (elements->count > LIMIT_INPUT_TOKENS) return; /* reader_add says so */
    elements->atoms = memory_reserve(elements->atoms, &elements->capacity, elements->count + 1,
                                     sizeof *elements->atoms);
    elements->atoms[elements->count++] = atom;
}

void elements_free(Elements *elements) {
    free(elements->atoms);
    *elements = (Elements){0};
}

void input_reader_free(InputReader *reader) {
    free(reader->inputs);
    reader->inputs = NULL;
    reader->count = reader->capacity = 0;
}

bool reader_wrong(InputReader *reader, Span span, const char *format, ...) {
    Buffer message = {0};
    va_list arguments;
    va_start(arguments, format);
    buffer_vprintf(&message, format, arguments);
    va_end(arguments);
    diag_error(reader->diags, DIAG_INPUT_SYNTAX, span, "%s", message.data);
    buffer_free(&message);
    return false;
}

bool reader_add(InputReader *reader, Elements *elements, Span span) {
    if (elements->count == 0)
        return reader_wrong(reader, span, "an input has at least one element");
    if (elements->count > LIMIT_INPUT_TOKENS) {
        diag_error(reader->diags, DIAG_LIMIT_SIZE, span, "an input of more than %d elements",
                   LIMIT_INPUT_TOKENS);
        return false;
    }
    Atom *tokens = ARENA_ARRAY(reader->arena, Atom, elements->count);
    memcpy(tokens, elements->atoms, elements->count * sizeof *tokens);
    reader->inputs = memory_reserve(reader->inputs, &reader->capacity, reader->count + 1,
                                    sizeof *reader->inputs);
    Input input = {.n = (uint32_t)elements->count, .tokens = tokens};
    reader->inputs[reader->count++] = (ReadInput){input, span};
    elements_free(elements);
    return true;
}

static const String *character(InputReader *reader, const char *bytes, size_t len) {
    const String **cached = &reader->characters[bytes_hash(bytes, len) % CHARACTER_CACHE];
    if (*cached == NULL || (*cached)->len != len || memcmp((*cached)->bytes, bytes, len) != 0) {
        *cached = string_new(reader->arena, bytes, len);
    }
    return *cached;
}

bool reader_characters(InputReader *reader, Elements *elements, const char *text, size_t len,
                       Span span) {
    size_t bad;
    if (!utf8_valid(text, len, &bad)) {
        uint32_t at = span.start + (uint32_t)bad;
        return reader_wrong(reader, (Span){span.file, at, at + 1}, "an input is UTF-8 text");
    }
    for (size_t at = 0, step; at < len; at += step) {
        step = utf8_step(text + at, len - at);
        elements_add(elements, atom_string(character(reader, text + at, step)));
    }
    return true;
}

void utf8_add(Buffer *out, uint32_t point) {
    utf8proc_uint8_t bytes[4];
    utf8proc_ssize_t len = utf8proc_encode_char((utf8proc_int32_t)point, bytes);
    buffer_add(out, (const char *)bytes, (size_t)len);
}

/* --- numbers ---------------------------------------------------------------------------------- */

static size_t digits(const char *text, size_t len) {
    size_t count = 0;
    while (count < len && text[count] >= '0' && text[count] <= '9')
        count++;
    return count;
}

size_t number_length(const char *text, size_t len, bool *is_int) {
    size_t at = len > 0 && text[0] == '-' ? 1 : 0;
    size_t whole = digits(text + at, len - at);
    if (whole == 0) return 0;
    at += whole;
    *is_int = true;
    if (at < len && text[at] == '.') {
        size_t fraction = digits(text + at + 1, len - at - 1);
        if (fraction == 0) return at;
        at += 1 + fraction;
        *is_int = false;
    }
    if (at < len && (text[at] == 'e' || text[at] == 'E')) {
        size_t sign = at + 1 < len && (text[at + 1] == '-' || text[at + 1] == '+') ? 1 : 0;
        size_t exponent = digits(text + at + 1 + sign, len - at - 1 - sign);
        if (exponent == 0) return at;
        at += 1 + sign + exponent;
        *is_int = false;
    }
    return at;
}

bool number_atom(Arena *arena, const char *text, size_t len, bool is_int, Atom *out) {
    enum { GREATEST_DIGITS = LIMIT_INTEGER_BITS / 10 * 3 }; /* 2^10 > 10^3 */
    if (!is_int) {
        *out = atom_float(strtod(text, NULL));
        return true;
    }
    bool negative = text[0] == '-';
    if (len > GREATEST_DIGITS) return false;
    *out = atom_parse_int(arena, text + negative, len - negative);
    return !negative || atom_unary(arena, UNARY_NEG, *out, out) == ARITH_OK;
}
