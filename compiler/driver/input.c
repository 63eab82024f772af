#include "compiler/driver/input.h"

#include "runtime/base/file.h"
#include "runtime/base/limits.h"
#include "runtime/base/memory.h"

#include <string.h>

typedef bool (*ReadSource)(InputReader *reader, uint32_t file);

/* JSON inputs begin with a quote or a bracket; a brace is only to be told that it is none. */
bool input_looks_like_json(const char *text) {
    text += strspn(text, " \t\r\n");
    return *text == '"' || *text == '[' || *text == '{';
}

static bool read_file(InputReader *reader, const char *path, Buffer *bytes) {
    const char *why;
    if (file_read(path, LIMIT_SOURCE_BYTES, bytes, &why)) return true;
    const char *name = strcmp(path, "-") == 0 ? "standard input" : path;
    diag_error(reader->diags, DIAG_FILE, (Span){0}, "can't read '%s': %s", name, why);
    return false;
}

static bool standard_input(InputReader *reader, ReadSource read_text) {
    Buffer text = {0};
    bool read = read_file(reader, "-", &text);
    if (read) {
        uint32_t file = sources_add(reader->sources, "<stdin>", text.data, text.len);
        read = input_looks_like_json(text.data) ? input_read_json(reader, file)
                                                : read_text(reader, file);
    }
    buffer_free(&text);
    return read;
}

/* Which reader a file's name asks for; NULL for .npy, which is no text. */
static bool by_name(const char *path, ReadSource *read) {
    static const struct {
        const char *end;
        ReadSource read;
    } formats[] = {{".json", input_read_json},
                   {".jsonl", input_read_json},
                   {".txt", input_read_lines},
                   {".csv", input_read_csv},
                   {".npy", NULL}};
    size_t len = strlen(path);
    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++) {
        size_t end = strlen(formats[i].end);
        *read = formats[i].read;
        if (len > end && strcmp(path + len - end, formats[i].end) == 0) return true;
    }
    return false;
}

static bool input_file(InputReader *reader, const char *path, ReadSource read_text) {
    ReadSource read;
    if (strcmp(path, "-") == 0) return standard_input(reader, read_text);
    if (!by_name(path, &read)) {
        Diagnostic *diag = diag_error(reader->diags, DIAG_FILE, (Span){0},
                                      "'%s': the name does not say what the file holds", path);
        diag_help(diag, "inputs are read from .json, .txt (a line an input), .csv and .npy files");
        return false;
    }
    if (read == input_read_lines) read = read_text;
    Buffer bytes = {0};
    bool done = read_file(reader, path, &bytes);
    if (done && read == NULL)
        done = input_read_npy(reader, path, bytes.data, bytes.len);
    else if (done)
        done = read(reader, sources_add(reader->sources, path, bytes.data, bytes.len));
    buffer_free(&bytes);
    return done;
}

/* The length of NAME in NAME=[..], NAME="..." and NAME=@FILE, which fill a named input; else 0. */
static size_t input_name(const char *text) {
    size_t len = strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789");
    bool names = len > 0 && text[len] == '=' &&
                 (text[len + 1] == '@' || input_looks_like_json(text + len + 1));
    return names ? len : 0;
}

/* Of a program that declares none: characters are hardly what was meant. */
static bool refuse_name(InputReader *reader, const char *text, uint32_t file, size_t len) {
    Span span = {file, 0, (uint32_t)len};
    Diagnostic *diag = diag_error(reader->diags, DIAG_INPUT_NAME, span,
                                  "the program has no input named '%.*s'", (int)len, text);
    diag_help(diag, "a text with '=' that is meant as characters goes in double quotes");
    return false;
}

/* read_text: how plain text is read. */
static bool input_argument(InputReader *reader, const char *text, ReadSource read_text) {
    if (strcmp(text, "-") == 0) return standard_input(reader, read_text);
    if (text[0] == '@') return input_file(reader, text + 1, read_text);
    uint32_t file = sources_add(reader->sources, "<input>", text, strlen(text));
    size_t name = input_name(text);
    if (name != 0) return refuse_name(reader, text, file, name);
    return input_looks_like_json(text) ? input_read_json(reader, file)
                                       : input_read_word(reader, file);
}

bool input_add(InputReader *reader, Input input) {
    reader->inputs = memory_reserve(reader->inputs, &reader->capacity, reader->count + 1,
                                    sizeof *reader->inputs);
    reader->inputs[reader->count++] = (ReadInput){.input = input};
    return true;
}

/* The running example: --example, or the session's own. */
static bool read_example(InputReader *reader, Session *session, const Options *options) {
    const char *example = option_value(options, OPT_EXAMPLE);
    if (example != NULL) return input_argument(reader, example, input_read_lines);
    Input input;
    if (!session_input(session, session_examples(session)->sop, (Span){0}, &input)) return false;
    return input_add(reader, input);
}

bool input_arguments(InputReader *reader, Session *session, const Options *options) {
    bool read = true;
    ReadSource read_text = option_given(options, OPT_WHOLE) ? input_read_whole : input_read_lines;
    if (!option_given(options, OPT_INPUT)) return read_example(reader, session, options);
    for (size_t i = 0; i < options->count; i++) {
        if (options->given[i].id != OPT_INPUT) continue;
        read = input_argument(reader, options->given[i].value, read_text) && read;
    }
    return read;
}
