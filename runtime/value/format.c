/* Atoms as text: Python's str and repr, RASP source, the REPL's display, JSON. */
#include "runtime/base/bug.h"
#include "runtime/value/bigint.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

/* --- floats ----------------------------------------------------------------------------------- */

enum { FLOAT_DIGITS_MAX = 17, FLOAT_TEXT = 40 };

/* The digits of |d| and the place of the point: 0.DIGITS * 10^point. */
typedef struct Decimal {
    char digits[FLOAT_DIGITS_MAX + 1];
    int count;
    int point;
} Decimal;

static Decimal decimal_of(double magnitude, int precision) {
    char text[FLOAT_TEXT];
    snprintf(text, sizeof text, "%.*e", precision - 1, magnitude);
    Decimal decimal = {0};
    const char *at = text;
    for (; *at != 'e'; at++)
        if (*at != '.') decimal.digits[decimal.count++] = *at;
    decimal.point = atoi(at + 1) + 1;
    return decimal;
}

static bool reads_back(const Decimal *decimal, double magnitude) {
    char text[FLOAT_TEXT];
    snprintf(text, sizeof text, "0.%se%d", decimal->digits, decimal->point);
    return strtod(text, NULL) == magnitude;
}

/* One more in the last place; false when that carries out of the first digit. */
static bool decimal_next(Decimal *decimal) {
    for (int i = decimal->count - 1; i >= 0; i--) {
        if (decimal->digits[i] < '9') {
            decimal->digits[i]++;
            return true;
        }
        decimal->digits[i] = '0';
    }
    return false;
}

/* The shortest digits that read back as the same double, the nearest of them. Every text of 15
   digits survives the way to a normal double and back, so 15 is where the search starts; a
   subnormal has fewer bits and may need only one digit. Below a power of two doubles lie twice as
   dense, so there the nearest short text may miss where the next one above it reads back. */
static Decimal shortest_decimal(double magnitude) {
    Decimal decimal;
    for (int precision = magnitude < DBL_MIN ? 1 : DBL_DIG; precision < FLOAT_DIGITS_MAX;
         precision++) {
        decimal = decimal_of(magnitude, precision);
        if (reads_back(&decimal, magnitude)) goto found;
        int exponent;
        if (frexp(magnitude, &exponent) == 0.5 && decimal_next(&decimal) &&
            reads_back(&decimal, magnitude))
            goto found;
    }
    decimal = decimal_of(magnitude, FLOAT_DIGITS_MAX);
found:
    while (decimal.count > 1 && decimal.digits[decimal.count - 1] == '0')
        decimal.digits[--decimal.count] = '\0';
    return decimal;
}

void float_format_repr(Buffer *out, double d) {
    if (isnan(d)) {
        buffer_text(out, "nan");
        return;
    }
    if (signbit(d)) buffer_char(out, '-');
    if (isinf(d) || d == 0) {
        buffer_text(out, isinf(d) ? "inf" : "0.0");
        return;
    }
    Decimal decimal = shortest_decimal(fabs(d));
    int point = decimal.point, count = decimal.count;
    if (point > 16 || point < -3) {
        buffer_add(out, decimal.digits, 1);
        if (count > 1) buffer_char(out, '.');
        buffer_add(out, decimal.digits + 1, (size_t)count - 1);
        buffer_printf(out, "e%+03d", point - 1);
    } else if (point <= 0) {
        buffer_text(out, "0.");
        buffer_repeat(out, '0', (size_t)-point);
        buffer_add(out, decimal.digits, (size_t)count);
    } else {
        int whole = count < point ? count : point;
        buffer_add(out, decimal.digits, (size_t)whole);
        buffer_repeat(out, '0', (size_t)(point - whole));
        buffer_char(out, '.');
        if (count > point)
            buffer_add(out, decimal.digits + point, (size_t)(count - point));
        else
            buffer_char(out, '0');
    }
}

/* round(d, 3), shown: C's printf rounds the exact value half to even, as Python does. */
static void format_rounded(Buffer *out, double d) {
    if (!isfinite(d)) {
        float_format_repr(out, d);
        return;
    }
    char text[DBL_MAX_10_EXP + 16];
    snprintf(text, sizeof text, "%.3f", d);
    float_format_repr(out, strtod(text, NULL));
}

/* --- strings ---------------------------------------------------------------------------------- */

static bool is_printable(int32_t code) {
    if (code == ' ') return true;
    switch (utf8proc_category(code)) {
    case UTF8PROC_CATEGORY_CC:
    case UTF8PROC_CATEGORY_CF:
    case UTF8PROC_CATEGORY_CS:
    case UTF8PROC_CATEGORY_CO:
    case UTF8PROC_CATEGORY_CN:
    case UTF8PROC_CATEGORY_ZL:
    case UTF8PROC_CATEGORY_ZP:
    case UTF8PROC_CATEGORY_ZS: return false;
    default: return true;
    }
}

static void format_string_repr(Buffer *out, const String *s) {
    bool single = memchr(s->bytes, '\'', s->len) != NULL;
    bool twice = memchr(s->bytes, '"', s->len) != NULL;
    char quote = single && !twice ? '"' : '\'';
    buffer_char(out, quote);
    size_t step;
    for (size_t i = 0; i < s->len; i += step) {
        int32_t code = utf8_point(s->bytes + i, s->len - i, &step);
        if (code == quote || code == '\\')
            buffer_printf(out, "\\%c", (int)code);
        else if (code == '\n' || code == '\r' || code == '\t')
            buffer_text(out, code == '\n' ? "\\n" : code == '\r' ? "\\r" : "\\t");
        else if (code >= 0 && is_printable(code))
            buffer_add(out, s->bytes + i, step);
        else if (code < 0)
            buffer_printf(out, "\\x%02x", (unsigned)(unsigned char)s->bytes[i]);
        else
            buffer_printf(out,
                          code <= 0xff     ? "\\x%02x"
                          : code <= 0xffff ? "\\u%04x"
                                           : "\\U%08x",
                          (unsigned)code);
    }
    buffer_char(out, quote);
}

static void format_string_json(Buffer *out, const String *s) {
    buffer_char(out, '"');
    size_t step;
    for (size_t i = 0; i < s->len; i += step) {
        int32_t code = utf8_point(s->bytes + i, s->len - i, &step);
        if (code < 0)
            buffer_text(out, "\\ufffd");
        else if (code == '"' || code == '\\')
            buffer_printf(out, "\\%c", (int)code);
        else if (code == '\n' || code == '\r' || code == '\t')
            buffer_text(out, code == '\n' ? "\\n" : code == '\r' ? "\\r" : "\\t");
        else if (code < 0x20 || code == 0x7f)
            buffer_printf(out, "\\u%04x", (unsigned)code);
        else
            buffer_add(out, s->bytes + i, step);
    }
    buffer_char(out, '"');
}

/* --- atoms ------------------------------------------------------------------------------------ */

void atom_format_str(Buffer *out, Atom a) {
    switch ((AtomKind)a.kind) {
    case ATOM_BOOL: buffer_text(out, a.as.boolean ? "True" : "False"); return;
    case ATOM_INT: integer_format(out, a); return;
    case ATOM_FLOAT: float_format_repr(out, a.as.real); return;
    case ATOM_STRING:
    case ATOM_OPAQUE: buffer_add(out, a.as.string->bytes, a.as.string->len); return;
    }
    BUG("atom kind %d", a.kind);
}

void atom_format_repr(Buffer *out, Atom a) {
    if (a.kind == ATOM_STRING)
        format_string_repr(out, a.as.string);
    else
        atom_format_str(out, a);
}

void atom_format_source(Buffer *out, Atom a) {
    if (a.kind == ATOM_STRING) buffer_char(out, '"');
    atom_format_str(out, a);
    if (a.kind == ATOM_STRING) buffer_char(out, '"');
}

void atom_format_display(Buffer *out, Atom a) {
    if (a.kind == ATOM_FLOAT)
        format_rounded(out, a.as.real);
    else if (a.kind == ATOM_BOOL)
        buffer_char(out, a.as.boolean ? 'T' : 'F');
    else
        atom_format_str(out, a);
}

/* As messages hold it, which end at a NUL. */
static void add_shown(Buffer *out, const char *bytes, size_t len) {
    for (size_t i = 0; i < len; i++) {
        if (bytes[i] == '\0')
            buffer_text(out, "\\x00");
        else
            buffer_char(out, bytes[i]);
    }
}

void atom_format_brief(Buffer *out, Atom a) {
    enum { WHOLE = 48, HEAD = 24, TAIL = 12 }; /* bytes */
    Buffer text = {0};
    atom_format_source(&text, a);
    if (text.len <= WHOLE) {
        add_shown(out, text.data, text.len);
    } else {
        /* Cut between characters, not inside one. */
        size_t head = HEAD, tail = text.len - TAIL;
        while (head > 0 && ((unsigned char)text.data[head] & 0xc0) == 0x80)
            head--;
        while (tail < text.len && ((unsigned char)text.data[tail] & 0xc0) == 0x80)
            tail++;
        add_shown(out, text.data, head);
        buffer_text(out, "...");
        add_shown(out, text.data + tail, text.len - tail);
    }
    buffer_free(&text);
}

void atom_format_json(Buffer *out, Atom a) {
    switch ((AtomKind)a.kind) {
    case ATOM_BOOL: buffer_text(out, a.as.boolean ? "true" : "false"); return;
    case ATOM_INT: integer_format(out, a); return;
    case ATOM_FLOAT: {
        bool finite = isfinite(a.as.real);
        if (!finite) buffer_text(out, "{\"float\": \"");
        float_format_repr(out, a.as.real);
        if (!finite) buffer_text(out, "\"}");
        return;
    }
    case ATOM_STRING:
    case ATOM_OPAQUE: format_string_json(out, a.as.string); return;
    }
    BUG("atom kind %d", a.kind);
}
