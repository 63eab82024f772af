#include "runtime/engines/jit/tokens.h"

static bool is_byte(Atom token) { return token.kind == ATOM_STRING && token.as.string->len == 1; }

static uint32_t find(const TokenIndex *index, Atom token) {
    return is_byte(token) ? index->by_byte[(uint8_t)token.as.string->bytes[0]] - 1
                          : atom_set_find(&index->vocabulary, token);
}

TokenIndex *token_index_new(const Model *model, Arena *arena) {
    TokenIndex *index = ARENA_NEW(arena, TokenIndex);
    *index =
        (TokenIndex){.model = model, .vocabulary = atom_set_new(arena, model->vocabulary_count)};
    for (uint32_t t = 0; t < model->vocabulary_count; t++) {
        Atom token = model->vocabulary[t];
        (void)atom_set_add(&index->vocabulary, token);
        if (is_byte(token)) index->by_byte[(uint8_t)token.as.string->bytes[0]] = t + 1;
    }
    return index;
}

bool token_index_numbers(const TokenIndex *index, const Atom *tokens, uint32_t n, Span span,
                         Diagnostics *diags, uint32_t *numbers) {
    bool found = n > 0 && n <= index->model->max_length;
    for (uint32_t i = 0; i < n && found; i++) {
        numbers[i] = find(index, tokens[i]);
        found = numbers[i] != UINT32_MAX;
    }
    /* The model knows how to say what is wrong. */
    return found || model_tokens(index->model, tokens, n, span, diags, numbers);
}
