#include "compiler/driver/input.h"

#include "runtime/base/file.h"
#include "runtime/base/limits.h"
#include "runtime/value/atom_set.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* A program that names its inputs has none. */
static void add_tokens(AtomSet *set, Input input) {
    if (input.tokens == NULL) return;
    for (uint32_t i = 0; i < input.n; i++)
        (void)atom_set_add(set, input.tokens[i]);
}

static void add_printable(AtomSet *set) {
    for (char c = ' '; c <= '~'; c++) {
        (void)atom_set_add(set, atom_string(string_new(set->arena, &c, 1)));
    }
}

/* A token a line. */
static bool add_file(InputReader *reader, const char *path, AtomSet *set) {
    Buffer text = {0};
    const char *why;
    size_t bad = 0;
    bool read = file_read(path, LIMIT_SOURCE_BYTES, &text, &why);
    if (!read) diag_error(reader->diags, DIAG_FILE, (Span){0}, "can't read '%s': %s", path, why);
    if (read && !utf8_valid(text.data, text.len, &bad)) {
        read = false;
        diag_error(reader->diags, DIAG_INPUT_SYNTAX, (Span){0},
                   "%s: a vocabulary is UTF-8 text (the byte at offset %zu is not)", path, bad);
    }
    for (size_t at = 0, next; read && at < text.len; at = next) {
        const char *end = memchr(text.data + at, '\n', text.len - at);
        size_t stop = end == NULL ? text.len : (size_t)(end - text.data);
        next = stop + 1;
        if (stop > at && text.data[stop - 1] == '\r') stop--;
        (void)atom_set_add(set, atom_string(string_new(reader->arena, text.data + at, stop - at)));
    }
    buffer_free(&text);
    return read;
}

/* Characters or a JSON list: what an input of that text holds. */
static bool add_spec(InputReader *reader, const char *spec, AtomSet *set) {
    InputReader own = *reader;
    own.inputs = NULL;
    own.count = own.capacity = 0;
    uint32_t file = sources_add(reader->sources, "<vocab>", spec, strlen(spec));
    const char *first = spec + strspn(spec, " ");
    bool list = *first == '[' && strchr(first, ']') != NULL;
    bool read = list ? input_read_json(&own, file) : input_read_word(&own, file);
    for (size_t i = 0; i < own.count; i++)
        add_tokens(set, own.inputs[i].input);
    input_reader_free(&own);
    return read;
}

static bool read_max_len(InputReader *reader, const char *text, Vocabulary *out) {
    uint32_t longest = 0;
    for (size_t i = 0; i < reader->count; i++) {
        if (reader->inputs[i].input.n > longest) longest = reader->inputs[i].input.n;
    }
    out->max_len = longest == 0 ? DEFAULT_MAX_LEN : longest;
    if (text == NULL) return true;
    char *end;
    errno = 0;
    long value = strtol(text, &end, 10);
    if (*text < '0' || *text > '9' || *end != '\0' || errno != 0 || value < 1 ||
        value > LIMIT_INPUT_TOKENS) {
        diag_error(reader->diags, DIAG_INPUT_SYNTAX, (Span){0},
                   "--max-len is a number from 1 to %d, not '%s'", LIMIT_INPUT_TOKENS, text);
        return false;
    }
    out->max_len = (uint32_t)value;
    return true;
}

static bool read_dtype(InputReader *reader, const char *text, Vocabulary *out) {
    out->float_type = FLOAT_32;
    out->float_chosen = text != NULL;
    if (text == NULL || float_type_named(text, FLOAT_SHORT_NAME, &out->float_type)) return true;
    diag_error(reader->diags, DIAG_INPUT_SYNTAX, (Span){0}, "--dtype is f32 or f64, not '%s'",
               text);
    return false;
}

VocabularyText vocabulary_text(const Options *options) {
    return (VocabularyText){.vocab = option_value(options, OPT_VOCAB),
                            .max_len = option_value(options, OPT_MAX_LEN),
                            .dtype = option_value(options, OPT_DTYPE)};
}

bool vocabulary_argument(InputReader *reader, VocabularyText text, Vocabulary *out) {
    AtomSet set = atom_set_new(reader->arena, 0);
    const char *vocab = text.vocab;
    bool read = read_max_len(reader, text.max_len, out);
    read = read_dtype(reader, text.dtype, out) && read;
    if (vocab == NULL) {
        for (size_t i = 0; i < reader->count; i++)
            add_tokens(&set, reader->inputs[i].input);
        if (reader->count == 0) add_printable(&set);
    } else if (vocab[0] == '@') {
        read = add_file(reader, vocab + 1, &set) && read;
    } else {
        read = add_spec(reader, vocab, &set) && read;
    }
    out->tokens = set.atoms;
    out->count = set.count;
    return read;
}

LowerOptions lower_options(const Vocabulary *vocabulary, bool causal, Registers registers) {
    return (LowerOptions){.vocabulary_count = vocabulary->count,
                          .vocabulary = vocabulary->tokens,
                          .max_length = vocabulary->max_len,
                          .causal = causal,
                          .registers = registers,
                          .float_type = vocabulary->float_type};
}
