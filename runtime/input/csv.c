/* Inputs as CSV (RFC 4180): a record an input, a cell an element. A cell in quotes is a string;
   else what reads as a number or as true or false (True, False) is one. */
#include "runtime/input/reader.h"

#include <string.h>

typedef struct Csv {
    InputReader *reader;
    const char *text;
    uint32_t file, len, at;
} Csv;

static bool at_cell_end(const Csv *csv) {
    char c = csv->at < csv->len ? csv->text[csv->at] : '\n';
    return c == ',' || c == '\r' || c == '\n';
}

static bool add_string(Csv *csv, Elements *elements, const char *text, size_t len, uint32_t start) {
    size_t bad;
    if (!utf8_valid(text, len, &bad)) {
        return reader_wrong(csv->reader, (Span){csv->file, start, csv->at},
                            "an input is UTF-8 text");
    }
    elements_add(elements, atom_string(string_new(csv->reader->arena, text, len)));
    return true;
}

/* At the opening quote; a quote inside is written twice. */
static bool quoted(Csv *csv, Elements *elements) {
    uint32_t start = csv->at++;
    Buffer text = {0};
    buffer_add(&text, "", 0);
    bool ended = false;
    while (csv->at < csv->len && !ended) {
        char c = csv->text[csv->at++];
        bool doubled = c == '"' && csv->at < csv->len && csv->text[csv->at] == '"';
        if (doubled) csv->at++;
        ended = c == '"' && !doubled;
        if (!ended) buffer_char(&text, c);
    }
    bool read = ended && at_cell_end(csv);
    if (read)
        read = add_string(csv, elements, text.data, text.len, start);
    else if (ended) {
        reader_wrong(csv->reader, (Span){csv->file, csv->at, csv->at + 1},
                     "',' is missing behind the cell");
    } else {
        reader_wrong(csv->reader, (Span){csv->file, start, start + 1}, "a cell that does not end");
    }
    buffer_free(&text);
    return read;
}

static bool is_word(const char *text, size_t len, const char *word) {
    return len == strlen(word) && memcmp(text, word, len) == 0;
}

static bool plain(Csv *csv, Elements *elements) {
    uint32_t start = csv->at;
    while (!at_cell_end(csv))
        csv->at++;
    const char *text = csv->text + start;
    size_t len = csv->at - start;
    const char *inner = text; /* without the blanks around it */
    size_t inner_len = len;
    while (inner_len > 0 && *inner == ' ')
        inner++, inner_len--;
    while (inner_len > 0 && inner[inner_len - 1] == ' ')
        inner_len--;
    bool is_int;
    Atom atom;
    if (inner_len > 0 && number_length(inner, inner_len, &is_int) == inner_len) {
        if (!number_atom(csv->reader->arena, inner, inner_len, is_int, &atom)) {
            return reader_wrong(csv->reader, (Span){csv->file, start, csv->at},
                                "an integer too large");
        }
        elements_add(elements, atom);
    } else if (is_word(inner, inner_len, "true") || is_word(inner, inner_len, "True")) {
        elements_add(elements, atom_bool(true));
    } else if (is_word(inner, inner_len, "false") || is_word(inner, inner_len, "False")) {
        elements_add(elements, atom_bool(false));
    } else {
        return add_string(csv, elements, text, len, start);
    }
    return true;
}

static bool record(Csv *csv, Elements *elements) {
    for (;;) {
        bool in_quotes = csv->at < csv->len && csv->text[csv->at] == '"';
        if (!(in_quotes ? quoted(csv, elements) : plain(csv, elements))) return false;
        if (csv->at == csv->len || csv->text[csv->at] != ',') return true;
        csv->at++;
    }
}

bool input_read_csv(InputReader *reader, uint32_t file) {
    Csv csv = {.reader = reader, .file = file};
    size_t len;
    csv.text = sources_text(reader->sources, file, &len);
    csv.len = (uint32_t)len;
    if (len == 0) return reader_wrong(reader, (Span){file, 0, 0}, "there is no input");
    while (csv.at < csv.len) {
        Elements elements = {0};
        uint32_t start = csv.at;
        bool read =
            record(&csv, &elements) && reader_add(reader, &elements, (Span){file, start, csv.at});
        elements_free(&elements);
        if (!read) return false;
        if (csv.at < csv.len && csv.text[csv.at] == '\r') csv.at++;
        if (csv.at < csv.len && csv.text[csv.at] == '\n') csv.at++;
    }
    return true;
}
