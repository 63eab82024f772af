#include "runtime/model/model_reader.h"

#include "runtime/base/limits.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool read_open(Reader *r, Arena *arena, const Sources *sources, uint32_t file, Diagnostics *diags) {
    *r = (Reader){.arena = arena, .diags = diags, .file = file};
    r->text = sources_text(sources, file, &r->len);
    if (!utf8_valid(r->text, r->len, &r->at)) return read_fail(r, "not UTF-8");
    r->at = 0;
    return true;
}

bool read_fail(Reader *r, const char *format, ...) {
    char message[256];
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    uint32_t at = (uint32_t)r->at;
    Span span = {r->file, at, at < r->len ? at + 1 : at};
    diag_error(r->diags, DIAG_MODEL_TEXT, span, "%s", message);
    return false;
}

bool read_verdict(Reader *r, bool fine, Buffer *why) {
    r->at = 0;
    if (!fine) read_fail(r, "not a model that can run: %s", why->data);
    buffer_free(why);
    return fine;
}

void *read_item(Reader *r, Items *items, size_t size) {
    enum { MOST_PARTS = 20000 }; /* subspaces, layers, heads of a layer, ... of one text */
    if (items->count == MOST_PARTS) {
        read_fail(r, "more than %d parts", MOST_PARTS);
        return NULL;
    }
    if (items->count == items->capacity) {
        items->capacity = items->capacity ? 2 * items->capacity : 8;
        items->data = arena_grow(r->arena, items->data, items->count, items->capacity, size);
    }
    return (char *)items->data + size * items->count++;
}

static bool is_digit(char c) { return c >= '0' && c <= '9'; }
static bool is_name_start(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}
static bool is_name_part(char c) {
    return is_name_start(c) || is_digit(c) || (c != '\0' && strchr(".^()-", c) != NULL);
}

static char char_at(const Reader *r, size_t at) { return at < r->len ? r->text[at] : '\0'; }

char read_peek(Reader *r) {
    while (char_at(r, r->at) == ' ' || char_at(r, r->at) == '\t')
        r->at++;
    return char_at(r, r->at);
}

bool read_take(Reader *r, const char *text) {
    (void)read_peek(r);
    size_t len = strlen(text);
    if (r->len - r->at < len || memcmp(r->text + r->at, text, len) != 0) return false;
    bool word = is_name_start(text[0]);
    if (word && is_name_part(char_at(r, r->at + len))) return false;
    r->at += len;
    return true;
}

bool read_expect(Reader *r, const char *text) {
    return read_take(r, text) || read_fail(r, "expected '%s'", text);
}

bool read_heading(Reader *r, const char *word) {
    size_t start = r->at;
    if (read_take(r, word)) {
        char c = read_peek(r);
        if ((c == '\n' || c == '\r' || c == '#') && read_line_end(r)) return true;
    }
    r->at = start;
    return false;
}

bool read_line_end(Reader *r) {
    bool ended = false;
    for (;;) {
        char c = read_peek(r);
        if (c == '#')
            while (r->at < r->len && r->text[r->at] != '\n')
                r->at++;
        else if (c == '\n' || c == '\r')
            ended = true, r->at++;
        else
            break;
    }
    return ended || r->at >= r->len || read_fail(r, "expected the end of the line");
}

bool read_at_end(Reader *r) {
    (void)read_peek(r);
    return r->at >= r->len;
}

/* --- names and numbers ------------------------------------------------------------------------ */

bool read_is_name(Reader *r) { return is_name_start(read_peek(r)); }

const String *read_name(Reader *r) {
    if (!read_is_name(r)) {
        read_fail(r, "expected a name");
        return NULL;
    }
    size_t start = r->at;
    while (is_name_part(char_at(r, r->at))) {
        if (char_at(r, r->at) == '-' && char_at(r, r->at + 1) == '>') break;
        r->at++;
    }
    return string_new(r->arena, r->text + start, r->at - start);
}

static bool is_word_at(const Reader *r, size_t at, const char *word) {
    size_t len = strlen(word);
    return at + len <= r->len && memcmp(r->text + at, word, len) == 0 &&
           !is_name_part(char_at(r, at + len));
}

bool read_is_number(Reader *r) {
    bool negative = read_peek(r) == '-';
    size_t at = r->at + negative;
    return is_digit(char_at(r, at)) || is_word_at(r, at, "inf") || is_word_at(r, at, "nan");
}

/* The extent of a number; *whole when it is written as an integer. `5..0` is 5 and then `..0`. */
static size_t number_extent(const Reader *r, bool *whole) {
    size_t at = r->at + (char_at(r, r->at) == '-');
    *whole = false;
    if (is_word_at(r, at, "inf") || is_word_at(r, at, "nan")) return at + 3 - r->at;
    *whole = true;
    while (is_digit(char_at(r, at)))
        at++;
    if (char_at(r, at) == '.' && is_digit(char_at(r, at + 1))) {
        *whole = false;
        at++;
        while (is_digit(char_at(r, at)))
            at++;
    }
    if (char_at(r, at) == 'e' || char_at(r, at) == 'E') {
        size_t exponent = at + 1 + (char_at(r, at + 1) == '-' || char_at(r, at + 1) == '+');
        if (is_digit(char_at(r, exponent))) {
            *whole = false;
            at = exponent;
            while (is_digit(char_at(r, at)))
                at++;
        }
    }
    return at - r->at;
}

bool read_number(Reader *r, double *out) {
    enum { LONGEST = 400 };
    char text[LONGEST + 1];
    bool whole;
    if (!read_is_number(r)) return read_fail(r, "expected a number");
    size_t len = number_extent(r, &whole);
    if (len > LONGEST) return read_fail(r, "a number too long");
    memcpy(text, r->text + r->at, len);
    text[len] = '\0';
    *out = strtod(text, NULL);
    r->at += len;
    return true;
}

bool read_count(Reader *r, uint32_t *out) {
    double value;
    if (!read_number(r, &value)) return false;
    if (!(value >= 0 && value < UINT32_MAX) || value != floor(value))
        return read_fail(r, "expected a whole number before this");
    *out = (uint32_t)value;
    return true;
}

bool read_node(Reader *r, NodeId *out) {
    *out = NO_NODE;
    if (!read_take(r, "for")) return true;
    return read_expect(r, "%") && read_count(r, out);
}

/* --- strings and atoms ------------------------------------------------------------------------ */

static bool read_hex(Reader *r, uint32_t *out) {
    *out = 0;
    for (int i = 0; i < 4; i++, r->at++) {
        char c = char_at(r, r->at);
        int digit = is_digit(c)            ? c - '0'
                    : c >= 'a' && c <= 'f' ? c - 'a' + 10
                    : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                           : -1;
        if (digit < 0) return read_fail(r, "expected four hexadecimal digits");
        *out = *out * 16 + (uint32_t)digit;
    }
    return true;
}

static void add_utf8(Buffer *out, uint32_t c) {
    if (c < 0x80) {
        buffer_char(out, (char)c);
        return;
    }
    int more = c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
    static const unsigned char leads[] = {0, 0xC0, 0xE0, 0xF0};
    buffer_char(out, (char)(leads[more] | c >> 6 * more));
    while (more-- > 0)
        buffer_char(out, (char)(0x80 | (c >> 6 * more & 0x3F)));
}

static bool read_escape(Reader *r, Buffer *out) {
    static const char letters[] = "\"\\/bfnrt", meanings[] = "\"\\/\b\f\n\r\t";
    char c = char_at(r, r->at++);
    const char *letter = c ? strchr(letters, c) : NULL;
    uint32_t code, low;
    if (letter) {
        buffer_char(out, meanings[letter - letters]);
        return true;
    }
    if (c != 'u') return read_fail(r, "no such escape");
    if (!read_hex(r, &code)) return false;
    if (code >= 0xD800 && code < 0xDC00 && char_at(r, r->at) == '\\' &&
        char_at(r, r->at + 1) == 'u') {
        r->at += 2;
        if (!read_hex(r, &low)) return false;
        if (low < 0xDC00 || low > 0xDFFF) return read_fail(r, "half a character");
        code = 0x10000 + ((code - 0xD800) << 10) + ((low - 0xDC00) & 0x3FF);
    }
    if (code >= 0xD800 && code <= 0xDFFF) return read_fail(r, "half a character");
    add_utf8(out, code);
    return true;
}

bool read_string(Reader *r, const String **out) {
    Buffer text = {0};
    bool fine = read_expect(r, "\"");
    while (fine && char_at(r, r->at) != '"') {
        if (r->at >= r->len || r->text[r->at] == '\n')
            fine = read_fail(r, "a string that does not end on its line");
        else if (r->text[r->at] == '\\')
            r->at++, fine = read_escape(r, &text);
        else
            buffer_char(&text, r->text[r->at++]);
    }
    r->at += fine;
    *out = string_new(r->arena, text.len ? text.data : "", text.len);
    buffer_free(&text);
    return fine;
}

static bool read_atom(Reader *r, Atom *out) {
    const String *text;
    bool failure = read_take(r, "!"), whole;
    if (read_peek(r) == '"') {
        if (!read_string(r, &text)) return false;
        *out = atom_string(text);
        if (failure) *out = (Atom){.kind = ATOM_OPAQUE, .as.string = text};
        return true;
    }
    if (failure) return read_fail(r, "expected the reason of a failure");
    if (read_take(r, "true")) return *out = atom_bool(true), true;
    if (read_take(r, "false")) return *out = atom_bool(false), true;
    if (!read_is_number(r)) return read_fail(r, "expected a value");
    size_t len = number_extent(r, &whole);
    if (!whole) {
        double value;
        if (!read_number(r, &value)) return false;
        *out = atom_float(value);
        return true;
    }
    bool negative = r->text[r->at] == '-';
    if (len > LIMIT_INTEGER_BITS / 4) return read_fail(r, "a number too long");
    Atom number = atom_parse_int(r->arena, r->text + r->at + negative, len - negative);
    if (negative && atom_unary(r->arena, UNARY_NEG, number, &number) != ARITH_OK)
        return read_fail(r, "a number too large");
    *out = number;
    r->at += len;
    return true;
}

/* --- lists ------------------------------------------------------------------------------------ */

/* Room for `more` items more: one that stands in the text, or a run of them. */
static bool list_room(Reader *r, void **items, uint32_t count, uint32_t *capacity, double more,
                      size_t size) {
    if (more > 1) r->run_items += more - 1;
    if (r->run_items > LIMIT_MODEL_NUMBERS)
        return read_fail(r, "the runs of the lists hold more than %d numbers", LIMIT_MODEL_NUMBERS);
    if (count + more > UINT32_MAX / 2) return read_fail(r, "a list too long");
    uint32_t needed = count + (uint32_t)more;
    if (needed <= *capacity) return true;
    uint32_t doubled = *capacity ? 2 * *capacity : 16;
    *capacity = doubled < needed ? needed : doubled;
    *items = arena_grow(r->arena, *items, count, *capacity, size);
    return true;
}

bool read_numbers(Reader *r, const double **out, uint32_t *count) {
    double *items = NULL, value, end;
    uint32_t capacity = 0, times;
    *count = 0;
    if (!read_expect(r, "[")) return false;
    for (bool first = true; !read_take(r, "]"); first = false) {
        if (!first && !read_expect(r, ",")) return false;
        if (!read_number(r, &value)) return false;
        double step = 0, left = 1;
        if (read_take(r, "*")) {
            if (!read_count(r, &times)) return false;
            left = times;
        } else if (read_take(r, "..")) {
            if (!read_number(r, &end)) return false;
            step = end < value ? -1 : 1;
            left = fabs(end - value) + 1;
            if (!(left <= LIMIT_MODEL_NUMBERS) || left != floor(left))
                return read_fail(r, "a run that does not end");
        }
        void *grown = items;
        if (!list_room(r, &grown, *count, &capacity, left, sizeof *items)) return false;
        items = grown;
        for (; left > 0; left--, value += step)
            items[(*count)++] = value;
    }
    *out = items;
    return true;
}

bool read_counts(Reader *r, const uint32_t **out, uint32_t *count) {
    const double *numbers;
    if (!read_numbers(r, &numbers, count)) return false;
    uint32_t *items = ARENA_ARRAY(r->arena, uint32_t, *count);
    for (uint32_t i = 0; i < *count; i++) {
        if (!(numbers[i] >= 0 && numbers[i] < UINT32_MAX) || numbers[i] != floor(numbers[i]))
            return read_fail(r, "expected whole numbers before this");
        items[i] = (uint32_t)numbers[i];
    }
    *out = items;
    return true;
}

static bool read_atom_run(Reader *r, Atom from, Atom to, int64_t *step, int64_t *left) {
    bool small = from.kind == ATOM_INT && to.kind == ATOM_INT && !from.big && !to.big;
    const int64_t most = (int64_t)1 << 40, least = -most;
    if (!small || from.as.integer < least || from.as.integer > most || to.as.integer < least ||
        to.as.integer > most)
        return read_fail(r, "a run is between integers");
    *step = to.as.integer < from.as.integer ? -1 : 1;
    *left = (to.as.integer - from.as.integer) * *step + 1;
    return true;
}

bool read_atoms(Reader *r, const Atom **out, uint32_t *count) {
    Atom *items = NULL, value, end;
    uint32_t capacity = 0;
    *count = 0;
    if (!read_expect(r, "[")) return false;
    for (bool first = true; !read_take(r, "]"); first = false) {
        if (!first && !read_expect(r, ",")) return false;
        if (!read_atom(r, &value)) return false;
        int64_t step = 0, left = 1;
        if (read_take(r, "..") &&
            (!read_atom(r, &end) || !read_atom_run(r, value, end, &step, &left)))
            return false;
        void *grown = items;
        if (!list_room(r, &grown, *count, &capacity, (double)left, sizeof *items)) return false;
        items = grown;
        for (; left > 0; left--) {
            items[(*count)++] = value;
            if (step) value.as.integer += step;
        }
    }
    *out = items;
    return true;
}

bool read_relation(Reader *r, Relation *out) {
    static const Relation order[] = {3, 6, 2, 5, 1, 4}; /* <= >= before < > */
    for (size_t i = 0; i < sizeof order / sizeof order[0]; i++) {
        if (!read_take(r, relation_text(order[i]))) continue;
        *out = order[i];
        return true;
    }
    return read_fail(r, "expected a comparison");
}

int read_choice(Reader *r, const char *what, int count, const char *(*name)(int)) {
    for (int i = 0; i < count; i++) {
        if (read_take(r, name(i))) return i;
    }
    read_fail(r, "expected %s", what);
    return -1;
}
