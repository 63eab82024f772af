/* Conversions between atoms and texts: Python's int(), float() and str(). */
#include "runtime/base/bug.h"
#include "runtime/base/limits.h"
#include "runtime/value/bigint.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <utf8proc.h>

/* --- numbers as C's types --------------------------------------------------------------------- */

bool atom_as_int64(Atom a, int64_t *out) {
    if (a.kind == ATOM_BOOL)
        *out = a.as.boolean;
    else if (a.kind == ATOM_INT && !a.big)
        *out = a.as.integer;
    else
        return false;
    return true;
}

bool atom_as_double(Atom a, double *out) {
    if (a.kind == ATOM_FLOAT) {
        *out = a.as.real;
        return true;
    }
    return atom_is_number(a) && integer_to_double(a, out);
}

Atom atom_copy(Arena *arena, Atom a) {
    if (a.kind == ATOM_STRING || a.kind == ATOM_OPAQUE) {
        a.as.string = string_new(arena, a.as.string->bytes, a.as.string->len);
    } else if (a.kind == ATOM_INT && a.big) {
        size_t bytes = sizeof(BigInt) + (size_t)labs(a.as.bigint->size) * sizeof(mp_limb_t);
        a.as.bigint = memcpy(arena_alloc(arena, bytes), a.as.bigint, bytes);
    }
    return a;
}

/* --- text as Python reads numbers ------------------------------------------------------------- */

/* The value of a Unicode decimal digit, or -1. Unicode gives each script's ten digits ten code
   points in a row, so the distance from the first one of the row tells the value. */
static int decimal_value(int32_t code) {
    if (utf8proc_category(code) != UTF8PROC_CATEGORY_ND) return -1;
    int distance = 0;
    while (utf8proc_category(code - distance - 1) == UTF8PROC_CATEGORY_ND)
        distance++;
    return distance % 10;
}

static bool is_wide_blank(int32_t code) {
    const utf8proc_property_t *property = utf8proc_get_property(code);
    return property->category == UTF8PROC_CATEGORY_ZS ||
           property->bidi_class == UTF8PROC_BIDI_CLASS_WS ||
           property->bidi_class == UTF8PROC_BIDI_CLASS_B ||
           property->bidi_class == UTF8PROC_BIDI_CLASS_S;
}

static bool is_ascii_blank(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

/* Appends the text with every decimal digit and blank as its ASCII one, the blanks around it left
   out, and every other non-ASCII character as '?', which no number holds. */
static void number_text(Buffer *out, const String *text) {
    size_t bad;
    bool ascii = true;
    for (uint32_t i = 0; i < text->len; i++)
        ascii = ascii && (unsigned char)text->bytes[i] < 0x80;
    if (ascii || !utf8_valid(text->bytes, text->len, &bad)) {
        buffer_add(out, text->bytes, text->len);
    } else {
        const uint8_t *bytes = (const uint8_t *)text->bytes;
        for (size_t i = 0; i < text->len;) {
            utf8proc_int32_t code;
            utf8proc_ssize_t step =
                utf8proc_iterate(bytes + i, (utf8proc_ssize_t)(text->len - i), &code);
            if (step <= 0) BUG("utf8_valid passed what utf8proc does not");
            i += (size_t)step;
            int digit = decimal_value(code);
            if (is_wide_blank(code))
                buffer_char(out, ' ');
            else if (digit >= 0)
                buffer_char(out, (char)('0' + digit));
            else
                buffer_char(out, code < 0x80 ? (char)code : '?');
        }
    }
    while (out->len > 0 && is_ascii_blank(out->data[out->len - 1]))
        out->len--;
    size_t blanks = 0;
    while (blanks < out->len && is_ascii_blank(out->data[blanks]))
        blanks++;
    if (blanks > 0) memmove(out->data, out->data + blanks, out->len - blanks);
    out->len -= blanks;
    buffer_char(out, '\0'); /* ends the text, and does not count */
    out->len--;
}

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

/* Takes out the underscores; false when one does not stand between two digits, or on a NUL. */
static bool remove_underscores(Buffer *text) {
    size_t kept = 0;
    for (size_t i = 0; i < text->len; i++) {
        char c = text->data[i];
        if (c == '\0') return false;
        if (c != '_') {
            text->data[kept++] = c;
        } else if (i == 0 || !is_digit(text->data[i - 1]) || !is_digit(text->data[i + 1])) {
            return false;
        }
    }
    if (text->data) text->data[kept] = '\0';
    text->len = kept;
    return true;
}

static size_t skip_digits(const char **at) {
    const char *start = *at;
    while (is_digit(**at))
        ++*at;
    return (size_t)(*at - start);
}

/* [sign] (digits [. digits] | . digits) [e [sign] digits], or a named one */
static bool is_float_text(const char *at) {
    if (*at == '+' || *at == '-') at++;
    if (strcasecmp(at, "inf") == 0 || strcasecmp(at, "infinity") == 0 || strcasecmp(at, "nan") == 0)
        return true;
    size_t digits = skip_digits(&at);
    if (*at == '.') {
        at++;
        digits += skip_digits(&at);
    }
    if (digits == 0) return false;
    if (*at == 'e' || *at == 'E') {
        at++;
        if (*at == '+' || *at == '-') at++;
        if (skip_digits(&at) == 0) return false;
    }
    return *at == '\0';
}

static Atom parse_decimal(Arena *arena, const char *digits, size_t len, bool negative) {
    if (len <= 18) {
        int64_t value = 0;
        for (size_t i = 0; i < len; i++)
            value = value * 10 + (digits[i] - '0');
        return atom_int(negative ? -value : value);
    }
    Buffer text = {0}; /* GMP reads up to a NUL */
    buffer_add(&text, digits, len);
    mpz_t z;
    if (mpz_init_set_str(z, text.data, 10) != 0) BUG("not decimal digits: %s", text.data);
    buffer_free(&text);
    if (negative) mpz_neg(z, z);
    Atom result = integer_atom(arena, z);
    mpz_clear(z);
    return result;
}

Atom atom_parse_int(Arena *arena, const char *digits, size_t len) {
    return parse_decimal(arena, digits, len, false);
}

static bool text_to_int(Arena *arena, const String *string, Atom *out) {
    Buffer text = {0};
    number_text(&text, string);
    bool fine = remove_underscores(&text);
    if (fine) {
        const char *at = text.data;
        bool negative = *at == '-';
        if (*at == '+' || *at == '-') at++;
        const char *digits = at;
        size_t len = skip_digits(&at);
        /* Three bits a digit at least, so this bound holds back only what is too large. */
        fine = len > 0 && *at == '\0' && len <= LIMIT_INTEGER_BITS / 3;
        if (fine) *out = parse_decimal(arena, digits, len, negative);
        if (fine && integer_bits(*out) > LIMIT_INTEGER_BITS) fine = false;
    }
    buffer_free(&text);
    return fine;
}

bool atom_to_int(Arena *arena, Atom a, Atom *out) {
    switch ((AtomKind)a.kind) {
    case ATOM_BOOL: *out = atom_int(a.as.boolean); return true;
    case ATOM_INT: *out = a; return true;
    case ATOM_FLOAT:
        if (!isfinite(a.as.real)) return false;
        *out = integer_from_double(arena, a.as.real);
        return true;
    case ATOM_STRING: return text_to_int(arena, a.as.string, out);
    case ATOM_OPAQUE: return false;
    }
    BUG("atom kind %d", a.kind);
}

bool atom_to_float(Atom a, double *out) {
    if (a.kind != ATOM_STRING) return atom_as_double(a, out);
    Buffer text = {0};
    number_text(&text, a.as.string);
    bool fine = remove_underscores(&text) && is_float_text(text.data);
    if (fine) *out = strtod(text.data, NULL);
    buffer_free(&text);
    return fine;
}

Atom atom_to_string(Arena *arena, Atom a) {
    if (a.kind == ATOM_STRING) return a;
    if (a.kind == ATOM_OPAQUE) return atom_string(a.as.string);
    Buffer text = {0};
    atom_format_str(&text, a);
    Atom result = atom_string(string_new(arena, text.data, text.len));
    buffer_free(&text);
    return result;
}
