/* The tokens of JSON, for inputs. Read here rather than by cJSON, which keeps numbers as doubles:
   an input has integers of any size, and 1 is not 1.0. So every mistake has its place, too. */
#include "runtime/input/json_scan.h"

#include "runtime/base/limits.h"
#include "runtime/base/text.h"
#include "runtime/input/reader.h"

#include <math.h>
#include <string.h>

Span json_from(const Json *json, uint32_t start) {
    return (Span){json->file, start, json->at > start ? json->at : start};
}

void json_skip_blanks(Json *json) {
    while (json->at < json->len && strchr(" \t\r\n", json->text[json->at]) != NULL &&
           json->text[json->at] != '\0') {
        json->at++;
    }
}

char json_peek(Json *json) {
    json_skip_blanks(json);
    return json->at < json->len ? json->text[json->at] : '\0';
}

bool json_accept(Json *json, char c) {
    if (json_peek(json) != c || json->at == json->len) return false;
    json->at++;
    return true;
}

bool json_accept_word(Json *json, const char *word) {
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
        if (!json_accept_word(json, "\\u") || !hex4(json, &low)) return false;
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
                json->reader, json_from(json, special),
                "a control character in a string: write it as an escape (\\n, \\u0007)");
        }
        if (!escape(json, out)) {
            return reader_wrong(json->reader, json_from(json, special), "not an escape of JSON");
        }
    }
    return reader_wrong(json->reader, json_from(json, start), "a string that does not end");
}

bool json_string(Json *json, Atom *out) {
    Buffer text = {0};
    uint32_t start = json->at;
    size_t bad;
    bool read = string(json, &text);
    if (read && text.len > LIMIT_STRING_BYTES) {
        read = reader_wrong(json->reader, json_from(json, start), "a string longer than %d bytes",
                            LIMIT_STRING_BYTES);
    } else if (read && !utf8_valid(text.data, text.len, &bad)) {
        read = reader_wrong(json->reader, json_from(json, start), "an input is UTF-8 text");
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
        return reader_wrong(json->reader, json_from(json, start), "not a number");
    }
    json->at += (uint32_t)len;
    if (number_atom(json->reader->arena, json->text + start, len, is_int, out)) return true;
    diag_error(json->reader->diags, DIAG_LIMIT_SIZE, json_from(json, start),
               "an integer too large");
    return false;
}

/* {"float": "inf"}: how results write the floats that JSON has no text for. */
static bool special_float(Json *json, Atom *out) {
    uint32_t start = json->at++;
    Atom key = atom_bool(false), value = key;
    bool read = json_peek(json) == '"' && json_string(json, &key) && json_accept(json, ':') &&
                json_peek(json) == '"' && json_string(json, &value) && json_accept(json, '}');
    const char *name = read ? value.as.string->bytes : "";
    read = read && strcmp(key.as.string->bytes, "float") == 0;
    if (read && strcmp(name, "inf") == 0)
        *out = atom_float(INFINITY);
    else if (read && strcmp(name, "-inf") == 0)
        *out = atom_float(-INFINITY);
    else if (read && strcmp(name, "nan") == 0)
        *out = atom_float(NAN);
    else {
        return reader_wrong(json->reader, json_from(json, start),
                            "an object can't be an element; only {\"float\": \"inf\"}, "
                            "\"-inf\" and \"nan\" stand for floats");
    }
    return true;
}

bool json_atom(Json *json, Atom *out) {
    uint32_t start = json->at;
    char c = json_peek(json);
    start = json->at;
    if (c == '"') return json_string(json, out);
    if (c == '{') return special_float(json, out);
    if (json_accept_word(json, "-Infinity"))
        *out = atom_float(-INFINITY);
    else if (c == '-' || (c >= '0' && c <= '9'))
        return number(json, out);
    else if (json_accept_word(json, "true"))
        *out = atom_bool(true);
    else if (json_accept_word(json, "false"))
        *out = atom_bool(false);
    else if (json_accept_word(json, "NaN"))
        *out = atom_float(NAN);
    else if (json_accept_word(json, "Infinity"))
        *out = atom_float(INFINITY);
    else {
        bool at_end = json->at == json->len;
        if (!at_end) json->at += (uint32_t)utf8_step(json->text + start, json->len - start);
        Span span = json_from(json, start);
        if (at_end) return reader_wrong(json->reader, span, "the input ends too early");
        const char *what = "an element is a string in double quotes, a number, true or false";
        return reader_wrong(json->reader, span, "%s", what);
    }
    return true;
}

Json json_open(InputReader *reader, uint32_t file) {
    size_t len;
    const char *text = sources_text(reader->sources, file, &len);
    return (Json){.reader = reader,
                  .text = text,
                  .file = file,
                  .len = (uint32_t)len,
                  .at = (uint32_t)utf8_mark(text, len)};
}
