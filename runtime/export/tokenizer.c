#include "runtime/export/tokenizer.h"

#include "runtime/value/json.h"

#include <stdlib.h>
#include <string.h>

/* The tokens as texts, and the names of the special ones. */
typedef struct Words {
    Arena *arena;
    const String **words; /* (count) */
    uint32_t count;
    const String *bos, *pad, *unknown;
} Words;

static bool is_word(const Words *w, const char *text) {
    for (uint32_t i = 0; i < w->count; i++) {
        if (strcmp(w->words[i]->bytes, text) == 0) return true;
    }
    return false;
}

/* "[BOS]", in more brackets where the vocabulary has that word. */
static const String *special(const Words *w, const char *name) {
    Buffer text = {0}, more = {0};
    buffer_printf(&text, "[%s]", name);
    while (is_word(w, text.data)) {
        more.len = 0;
        buffer_printf(&more, "[%s]", text.data);
        Buffer swap = text;
        text = more;
        more = swap;
    }
    const String *found = string_new(w->arena, text.data, text.len);
    buffer_free(&text);
    buffer_free(&more);
    return found;
}

static Words words_of(const Export *e) {
    Words w = {.arena = arena_new(0), .count = e->model->vocabulary_count};
    w.words = ARENA_ARRAY(w.arena, const String *, w.count);
    Buffer text = {0};
    for (uint32_t i = 0; i < w.count; i++) {
        text.len = 0;
        buffer_text(&text, "");
        atom_format_str(&text, e->model->vocabulary[i]);
        w.words[i] = string_new(w.arena, text.data, text.len);
    }
    buffer_free(&text);
    w.bos = special(&w, "BOS");
    w.pad = special(&w, "PAD");
    w.unknown = special(&w, "UNK");
    return w;
}

/* --- which kind ------------------------------------------------------------------------------- */

static int by_text(const void *a, const void *b) {
    return string_compare(*(const String *const *)a, *(const String *const *)b);
}

static bool all_differ(const Words *w) {
    const String **sorted = ARENA_ARRAY(w->arena, const String *, w->count);
    if (w->count != 0) {
        memcpy(sorted, w->words, w->count * sizeof *sorted);
        qsort(sorted, w->count, sizeof *sorted, by_text);
    }
    for (uint32_t i = 1; i < w->count; i++) {
        if (string_equal(sorted[i - 1], sorted[i])) return false;
    }
    return true;
}

/* Does the text hold what Unicode calls white space? Such a word would be split. */
static bool has_blank(const String *word) {
    static const char *const blanks[] = {" ",
                                         "\t",
                                         "\n",
                                         "\v",
                                         "\f",
                                         "\r",
                                         "\xc2\x85",
                                         "\xc2\xa0",
                                         "\xe1\x9a\x80",
                                         "\xe2\x80\x80",
                                         "\xe2\x80\x81",
                                         "\xe2\x80\x82",
                                         "\xe2\x80\x83",
                                         "\xe2\x80\x84",
                                         "\xe2\x80\x85",
                                         "\xe2\x80\x86",
                                         "\xe2\x80\x87",
                                         "\xe2\x80\x88",
                                         "\xe2\x80\x89",
                                         "\xe2\x80\x8a",
                                         "\xe2\x80\xa8",
                                         "\xe2\x80\xa9",
                                         "\xe2\x80\xaf",
                                         "\xe2\x81\x9f",
                                         "\xe3\x80\x80"};
    for (size_t i = 0; i < sizeof blanks / sizeof blanks[0]; i++) {
        if (strstr(word->bytes, blanks[i]) != NULL) return true;
    }
    return word->len == 0 || memchr(word->bytes, '\0', word->len) != NULL;
}

static TokenizerKind kind_of(const Export *e, const Words *w) {
    bool characters = true, words = true;
    for (uint32_t i = 0; i < w->count; i++) {
        Atom token = e->model->vocabulary[i];
        characters = characters && token.kind == ATOM_STRING && w->words[i]->bytes[0] != '\0' &&
                     utf8_count(w->words[i]->bytes, w->words[i]->len) == 1;
        words = words && !has_blank(w->words[i]);
    }
    if (!all_differ(w)) return TOKENIZER_NONE;
    return characters ? TOKENIZER_CHARACTERS : words ? TOKENIZER_WORDS : TOKENIZER_NONE;
}

TokenizerKind tokenizer_kind(const Export *e) {
    Words w = words_of(e);
    TokenizerKind kind = kind_of(e, &w);
    arena_free(w.arena);
    return kind;
}

/* --- tokenizer.json --------------------------------------------------------------------------- */

static void add_special(cJSON *list, const String *word, uint32_t id) {
    cJSON *item = cJSON_CreateObject();
    cJSON_AddItemToArray(list, item);
    cJSON_AddNumberToObject(item, "id", id);
    json_add_string(item, "content", word);
    cJSON_AddBoolToObject(item, "single_word", false);
    cJSON_AddBoolToObject(item, "lstrip", false);
    cJSON_AddBoolToObject(item, "rstrip", false);
    cJSON_AddBoolToObject(item, "normalized", false);
    cJSON_AddBoolToObject(item, "special", true);
}

static void add_pre_tokenizer(cJSON *to, TokenizerKind kind) {
    cJSON *item = cJSON_AddObjectToObject(to, "pre_tokenizer");
    cJSON_AddStringToObject(item, "type", kind == TOKENIZER_WORDS ? "WhitespaceSplit" : "Split");
    if (kind == TOKENIZER_WORDS) return;
    cJSON *pattern = cJSON_AddObjectToObject(item, "pattern");
    cJSON_AddStringToObject(pattern, "Regex", "[\\s\\S]");
    cJSON_AddStringToObject(item, "behavior", "Isolated");
    cJSON_AddBoolToObject(item, "invert", false);
}

static void add_piece(cJSON *list, const char *kind, const String *id) {
    cJSON *item = cJSON_CreateObject();
    cJSON_AddItemToArray(list, item);
    cJSON *piece = cJSON_AddObjectToObject(item, kind);
    json_add_string(piece, "id", id);
    cJSON_AddNumberToObject(piece, "type_id", 0);
}

/* BOS in front of a text; of a pair both follow it. */
static void add_template(cJSON *to, const Words *w) {
    const String *first = string_from(w->arena, "A"), *second = string_from(w->arena, "B");
    cJSON *item = cJSON_AddObjectToObject(to, "post_processor");
    cJSON_AddStringToObject(item, "type", "TemplateProcessing");
    cJSON *single = cJSON_AddArrayToObject(item, "single");
    add_piece(single, "SpecialToken", w->bos);
    add_piece(single, "Sequence", first);
    cJSON *pair = cJSON_AddArrayToObject(item, "pair");
    add_piece(pair, "SpecialToken", w->bos);
    add_piece(pair, "Sequence", first);
    add_piece(pair, "Sequence", second);
    cJSON *specials = cJSON_AddObjectToObject(item, "special_tokens");
    cJSON *bos = cJSON_AddObjectToObject(specials, w->bos->bytes);
    json_add_string(bos, "id", w->bos);
    cJSON *ids = cJSON_AddArrayToObject(bos, "ids");
    cJSON_AddItemToArray(ids, cJSON_CreateNumber(0));
    cJSON *texts = cJSON_AddArrayToObject(bos, "tokens");
    json_add_string(texts, NULL, w->bos);
}

void tokenizer_write(const Export *e, Buffer *out) {
    Words w = words_of(e);
    TokenizerKind kind = kind_of(e, &w);
    cJSON *all = cJSON_CreateObject();
    cJSON_AddStringToObject(all, "version", "1.0");
    cJSON_AddNullToObject(all, "truncation");
    cJSON_AddNullToObject(all, "padding");
    cJSON *added = cJSON_AddArrayToObject(all, "added_tokens");
    add_special(added, w.bos, 0);
    add_special(added, w.pad, export_pad(e));
    cJSON_AddNullToObject(all, "normalizer");
    add_pre_tokenizer(all, kind);
    add_template(all, &w);
    if (kind == TOKENIZER_CHARACTERS) {
        cJSON *decoder = cJSON_AddObjectToObject(all, "decoder");
        cJSON_AddStringToObject(decoder, "type", "Fuse");
    } else {
        cJSON_AddNullToObject(all, "decoder"); /* words are joined by blanks */
    }
    cJSON *model = cJSON_AddObjectToObject(all, "model");
    cJSON_AddStringToObject(model, "type", "WordLevel");
    cJSON *vocabulary = cJSON_AddObjectToObject(model, "vocab");
    cJSON_AddNumberToObject(vocabulary, w.bos->bytes, 0);
    for (uint32_t i = 0; i < w.count; i++)
        cJSON_AddNumberToObject(vocabulary, w.words[i]->bytes, i + 1);
    cJSON_AddNumberToObject(vocabulary, w.pad->bytes, export_pad(e));
    json_add_string(model, "unk_token", w.unknown); /* which is not in the vocabulary */
    json_print(out, all, true);
    arena_free(w.arena);
}

void tokenizer_write_config(const Export *e, Buffer *out) {
    Words w = words_of(e);
    cJSON *all = cJSON_CreateObject();
    cJSON_AddStringToObject(all, "tokenizer_class", "PreTrainedTokenizerFast");
    json_add_string(all, "bos_token", w.bos);
    json_add_string(all, "pad_token", w.pad);
    cJSON_AddStringToObject(all, "padding_side", "right");
    cJSON_AddNumberToObject(all, "model_max_length", (double)e->model->max_length + 1);
    cJSON *inputs = cJSON_AddArrayToObject(all, "model_input_names");
    cJSON_AddItemToArray(inputs, cJSON_CreateString("input_ids"));
    cJSON_AddItemToArray(inputs, cJSON_CreateString("attention_mask"));
    json_print(out, all, true);
    arena_free(w.arena);
}
