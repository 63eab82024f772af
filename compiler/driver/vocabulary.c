#include "compiler/driver/input.h"

#include "runtime/base/file.h"
#include "runtime/base/limits.h"
#include "runtime/base/memory.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Tokens in the order of their first coming, found again by their hash. */
typedef struct TokenSet {
    Atom *tokens; /* (count) */
    size_t count, capacity;
    uint32_t *slots; /* (slot_count), a power of two: 1 + number of the token, 0 free */
    size_t slot_count;
} TokenSet;

static uint32_t *slot_of(const TokenSet *set, Atom token) {
    size_t at = atom_hash(token) & (set->slot_count - 1);
    while (set->slots[at] != 0 && !atom_identical(set->tokens[set->slots[at] - 1], token)) {
        at = (at + 1) & (set->slot_count - 1);
    }
    return &set->slots[at];
}

static void grow_slots(TokenSet *set) {
    free(set->slots);
    set->slot_count = set->slot_count == 0 ? 64 : 2 * set->slot_count;
    set->slots = memory_zeroed(set->slot_count * sizeof *set->slots);
    for (size_t i = 0; i < set->count; i++)
        *slot_of(set, set->tokens[i]) = (uint32_t)i + 1;
}

static void add_tokens(TokenSet *set, Input input) {
    for (uint32_t i = 0; i < input.n; i++) {
        if (2 * set->count >= set->slot_count) grow_slots(set);
        uint32_t *slot = slot_of(set, input.tokens[i]);
        if (*slot != 0) continue;
        set->tokens =
            memory_reserve(set->tokens, &set->capacity, set->count + 1, sizeof *set->tokens);
        set->tokens[set->count++] = input.tokens[i];
        *slot = (uint32_t)set->count;
    }
}

static void add_printable(Arena *arena, TokenSet *set) {
    for (char c = ' '; c <= '~'; c++) {
        Atom token = atom_string(string_new(arena, &c, 1));
        add_tokens(set, (Input){1, &token});
    }
}

/* A token a line. */
static bool add_file(InputReader *reader, const char *path, TokenSet *set) {
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
        Atom token = atom_string(string_new(reader->arena, text.data + at, stop - at));
        add_tokens(set, (Input){1, &token});
    }
    buffer_free(&text);
    return read;
}

/* Characters or a JSON list: what an input of that text holds. */
static bool add_spec(InputReader *reader, const char *spec, TokenSet *set) {
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
    TokenSet set = {0};
    const char *vocab = text.vocab;
    bool read = read_max_len(reader, text.max_len, out);
    read = read_dtype(reader, text.dtype, out) && read;
    if (vocab == NULL) {
        for (size_t i = 0; i < reader->count; i++)
            add_tokens(&set, reader->inputs[i].input);
        if (reader->count == 0) add_printable(reader->arena, &set);
    } else if (vocab[0] == '@') {
        read = add_file(reader, vocab + 1, &set) && read;
    } else {
        read = add_spec(reader, vocab, &set) && read;
    }
    Atom *tokens = ARENA_ARRAY(reader->arena, Atom, set.count);
    if (set.count != 0) memcpy(tokens, set.tokens, set.count * sizeof *tokens);
    out->tokens = tokens;
    out->count = (uint32_t)set.count;
    free(set.tokens);
    free(set.slots);
    return read;
}
