/* Inputs as JSON. Read here rather than by cJSON, which keeps numbers as doubles: an input has
   integers of any size, and 1 is not 1.0. So every mistake has its place, too. */
#include "runtime/input/reader.h"

#include "runtime/base/limits.h"

#include <math.h>
#include <string.h>

typedef struct Json {
    InputReader *reader;
    const char *text;
    uint32_t file, len, at;
} Json;

static Span from(const Json *json, uint32_t start) {
    return (Span){json->file, start, json->at > start ? json->at : start};
}

static void skip_blanks(Json *json) {
    while (json->at < json->len && strchr(" \t\r\n", json->text[json->at]) != NULL &&
           json->text[json->at] != '\0') {
        json->at++;
    }
}

static char peek(Json *json) {
    skip_blanks(json);
    return json->at < json->len ? json->text[json->at] : '\0';
}

static bool accept(Json *json, char c) {
    if (peek(json) != c || json->at == json->len) return false;
    json->at++;
    return true;
}

static bool accept_word(Json *json, const char *word) {
    size_t len = strlen(word);
    if (json->len - json->at < len || memcmp(json->text + json->at, word, len) != 0) return false;
    json->at += (uint32_t)len;
    return true;
}

/* --- strings ---------------------------------------------------------------------------------- */

static bool hex4(Json *json, uint32_t *unit) {
    *unit = 0;
    if (json->len - json->at < 4) return false;
    for (int i = 0; i < 4; i++) {
        char c = json->text[json->at++];
        uint32_t digit = c >= '0' && c <= '9'   ? (uint32_t)(c - '0')
                         : c >= 'a' && c <= 'f' ? (uint32_t)(c - 'a' + 10)
                         : c >= 'A' && c <= 'F' ? (uint32_t)(c - 'A' + 10)
                                                : 16;
        if (digit == 16) return false;
        *unit = *unit * 16 + digit;
    }
    return true;
}

/* Behind "\u": one unit of UTF-16, or a surrogate pair written as two escapes. */
static bool unicode_escape(Json *json, Buffer *out) {
    uint32_t unit, low;
    if (!hex4(json, &unit)) return false;
    if (unit >= 0xd800 && unit < 0xdc00) {
        if (!accept_word(json, "\\u") || !hex4(json, &low)) return false;
        if (low < 0xdc00 || low > 0xdfff) return false;
        unit = 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
    } else if (unit >= 0xdc00 && unit < 0xe000) {
        return false;
    }
    utf8_add(out, unit);
    return true;
}

static bool escape(Json *json, Buffer *out) {
    static const char letters[] = "\"\\/bfnrt", meanings[] = "\"\\/\b\f\n\r\t";
    if (json->at == json->len) return false;
    char c = json->text[json->at++];
    if (c == 'u') return unicode_escape(json, out);
    const char *letter = c == '\0' ? NULL : strchr(letters, c);
    if (letter == NULL) return false;
    buffer_char(out, meanings[letter - letters]);
    return true;
}

/* At the opening quote. */
static bool string(Json *json, Buffer *out) {
    uint32_t start = json->at++, run = json->at;
    buffer_add(out, "", 0);
    for (; json->at < json->len; run = json->at) {
        while (json->at < json->len && json->text[json->at] != '"' &&
               json->text[json->at] != '\\' && (unsigned char)json->text[json->at] >= 0x20) {
            json->at++;
        }
        buffer_add(out, json->text + run, json->at - run);
        if (json->at == json->len) break;
        uint32_t special = json->at;
        char c = json->text[json->at++];
        if (c == '"') return true;
        if (c != '\\') {
            return reader_wrong(
                json->reader, from(json, special),
                "a control character in a string: write it as an escape (\\n, \\u0007)");
        }
        if (!escape(json, out)) {
            return reader_wrong(json->reader, from(json, special), "not an escape of JSON");
        }
    }
    return reader_wrong(json->reader, from(json, start), "a string that does not end");
}

static bool string_atom(Json *json, Atom *out) {
    Buffer text = {0};
    uint32_t start = json->at;
    size_t bad;
    bool read = string(json, &text);
    if (read && text.len > LIMIT_STRING_BYTES) {
        read = reader_wrong(json->reader, from(json, start), "a string longer than %d bytes",
                            LIMIT_STRING_BYTES);
    } else if (read && !utf8_valid(text.data, text.len, &bad)) {
        read = reader_wrong(json->reader, from(json, start), "an input is UTF-8 text");
    }
    if (read) *out = atom_string(string_new(json->reader->arena, text.data, text.len));
    buffer_free(&text);
    return read;
}

/* --- elements --------------------------------------------------------------------------------- */

static bool number(Json *json, Atom *out) {
    bool is_int;
    uint32_t start = json->at;
    size_t len = number_length(json->text + start, json->len - start, &is_int);
    if (len == 0) {
        json->at++;
        return reader_wrong(json->reader, from(json, start), "not a number");
    }
    json->at += (uint32_t)len;
    if (number_atom(json->reader->arena, json->text + start, len, is_int, out)) return true;
    diag_error(json->reader->diags, DIAG_LIMIT_SIZE, from(json, start), "an integer too large");
    return false;
}

/* {"float": "inf"}: how results write the floats that JSON has no text for. */
static bool special_float(Json *json, Atom *out) {
    uint32_t start = json->at++;
    Atom key = atom_bool(false), value = key;
    bool read = peek(json) == '"' && string_atom(json, &key) && accept(json, ':') &&
                peek(json) == '"' && string_atom(json, &value) && accept(json, '}');
    const char *name = read ? value.as.string->bytes : "";
    read = read && strcmp(key.as.string->bytes, "float") == 0;
    if (read && strcmp(name, "inf") == 0)
        *out = atom_float(INFINITY);
    else if (read && strcmp(name, "-inf") == 0)
        *out = atom_float(-INFINITY);
    else if (read && strcmp(name, "nan") == 0)
        *out = atom_float(NAN);
    else {
        return reader_wrong(json->reader, from(json, start),
                            "an object can't be an element; only {\"float\": \"inf\"}, "
                            "\"-inf\" and \"nan\" stand for floats");
    }
    return true;
}

static bool atom(Json *json, Atom *out) {
    uint32_t start = json->at;
    char c = peek(json);
    start = json->at;
    if (c == '"') return string_atom(json, out);
    if (c == '{') return special_float(json, out);
    if (accept_word(json, "-Infinity"))
        *out = atom_float(-INFINITY);
    else if (c == '-' || (c >= '0' && c <= '9'))
        return number(json, out);
    else if (accept_word(json, "true"))
        *out = atom_bool(true);
    else if (accept_word(json, "false"))
        *out = atom_bool(false);
    else if (accept_word(json, "NaN"))
        *out = atom_float(NAN);
    else if (accept_word(json, "Infinity"))
        *out = atom_float(INFINITY);
    else {
        bool at_end = json->at == json->len;
        if (!at_end) json->at += (uint32_t)utf8_step(json->text + start, json->len - start);
        Span span = from(json, start);
        if (at_end) return reader_wrong(json->reader, span, "the input ends too early");
        const char *what = "an element is a string in double quotes, a number, true or false";
        return reader_wrong(json->reader, span, "%s", what);
    }
    return true;
}

/* A list inside a list is no atom; what RASP can do with it is its text, as Python writes it. */
static bool nested(Json *json, uint32_t depth, Buffer *text, bool *any) {
    uint32_t start = json->at++;
    if (depth > LIMIT_NESTING) {
        diag_error(json->reader->diags, DIAG_NESTING, from(json, start), "lists nested too deep");
        return false;
    }
    buffer_char(text, '[');
    *any = peek(json) != ']';
    for (bool first = true; first ? *any : accept(json, ','); first = false) {
        bool inner;
        Atom element;
        if (!first) buffer_text(text, ", ");
        if (peek(json) == '[') {
            if (!nested(json, depth + 1, text, &inner)) return false;
        } else {
            if (!atom(json, &element)) return false;
            atom_format_repr(text, element);
        }
    }
    buffer_char(text, ']');
    if (accept(json, ']')) return true;
    return reader_wrong(json->reader, from(json, json->at), "',' or ']' is missing here");
}

static bool element(Json *json, Atom *out) {
    if (peek(json) != '[') return atom(json, out);
    Buffer text = {0};
    bool any;
    bool read = nested(json, 1, &text, &any);
    if (read) {
        const String *written = string_new(json->reader->arena, text.data, text.len);
        *out = (Atom){.kind = ATOM_OPAQUE, .truth = any, .as.string = written};
    }
    buffer_free(&text);
    return read;
}

/* --- inputs ----------------------------------------------------------------------------------- */

static bool list(Json *json, Elements *elements) {
    uint32_t start = json->at++;
    if (accept(json, ']')) return true;
    do {
        Atom atom_read;
        if (!element(json, &atom_read)) return false;
        elements_add(elements, atom_read);
    } while (accept(json, ','));
    if (accept(json, ']')) return true;
    if (json->at == json->len) {
        return reader_wrong(json->reader, (Span){json->file, start, start + 1},
                            "a list that does not end");
    }
    return reader_wrong(json->reader, (Span){json->file, json->at, json->at + 1},
                        "',' or ']' is missing here");
}

static bool value(Json *json, Elements *elements) {
    uint32_t start = json->at;
    if (json->text[start] == '[') return list(json, elements);
    if (json->text[start] != '"') {
        return reader_wrong(json->reader, (Span){json->file, start, start + 1},
                            "an input is a list or a string in double quotes");
    }
    Atom whole;
    if (!string_atom(json, &whole)) return false;
    const String *text = whole.as.string;
    return reader_characters(json->reader, elements, text->bytes, text->len, from(json, start));
}

bool input_read_json(InputReader *reader, uint32_t file) {
    Json json = {.reader = reader, .file = file};
    size_t len;
    json.text = sources_text(reader->sources, file, &len);
    json.len = (uint32_t)len;
    skip_blanks(&json);
    if (json.at == json.len) return reader_wrong(reader, (Span){file, 0, 0}, "there is no input");
    for (; json.at < json.len; skip_blanks(&json)) {
        Elements elements = {0};
        uint32_t start = json.at;
        bool read = value(&json, &elements) && reader_add(reader, &elements, from(&json, start));
        elements_free(&elements);
        if (!read) return false;
    }
    return true;
}
