/* Inputs as JSON: a list's elements, or a string's characters. */
#include "runtime/input/json_scan.h"
#include "runtime/input/reader.h"

#include "runtime/base/limits.h"

/* A list inside a list is no atom; what RASP can do with it is its text, as Python writes it. */
static bool nested(Json *json, uint32_t depth, Buffer *text, bool *any) {
    uint32_t start = json->at++;
    if (depth > LIMIT_NESTING) {
        diag_error(json->reader->diags, DIAG_NESTING, json_from(json, start),
                   "lists nested too deep");
        return false;
    }
    buffer_char(text, '[');
    *any = json_peek(json) != ']';
    for (bool first = true; first ? *any : json_accept(json, ','); first = false) {
        bool inner;
        Atom element;
        if (!first) buffer_text(text, ", ");
        if (json_peek(json) == '[') {
            if (!nested(json, depth + 1, text, &inner)) return false;
        } else {
            if (!json_atom(json, &element)) return false;
            atom_format_repr(text, element);
        }
    }
    buffer_char(text, ']');
    if (json_accept(json, ']')) return true;
    return reader_wrong(json->reader, json_from(json, json->at), "',' or ']' is missing here");
}

static bool element(Json *json, Atom *out) {
    if (json_peek(json) != '[') return json_atom(json, out);
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
    if (json_accept(json, ']')) return true;
    do {
        Atom atom_read;
        if (!element(json, &atom_read)) return false;
        elements_add(elements, atom_read);
    } while (json_accept(json, ','));
    if (json_accept(json, ']')) return true;
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
    if (!json_string(json, &whole)) return false;
    const String *text = whole.as.string;
    return reader_characters(json->reader, elements, text->bytes, text->len,
                             json_from(json, start));
}

bool input_read_json(InputReader *reader, uint32_t file) {
    Json json = json_open(reader, file);
    json_skip_blanks(&json);
    if (json.at == json.len) return reader_wrong(reader, (Span){file, 0, 0}, "there is no input");
    for (; json.at < json.len; json_skip_blanks(&json)) {
        Elements elements = {0};
        uint32_t start = json.at;
        bool read =
            value(&json, &elements) && reader_add(reader, &elements, json_from(&json, start));
        elements_free(&elements);
        if (!read) return false;
    }
    return true;
}
