#include "runtime/engines/jit/tokens.h"

static bool is_byte(Atom token) { return token.kind == ATOM_STRING && token.as.string->len == 1; }

static uint32_t *slot_of(const TokenIndex *index, Atom token) {
    size_t at = atom_hash(token) & (index->slot_count - 1);
    while (index->slots[at] != 0 &&
           !atom_identical(index->model->vocabulary[index->slots[at] - 1], token))
        at = (at + 1) & (index->slot_count - 1);
    return &index->slots[at];
}

static uint32_t find(const TokenIndex *index, Atom token) {
    return is_byte(token) ? index->by_byte[(uint8_t)token.as.string->bytes[0]]
                          : *slot_of(index, token);
}

TokenIndex *token_index_new(const Model *model, Arena *arena) {
    TokenIndex *index = ARENA_NEW(arena, TokenIndex);
    index->model = model;
    index->slot_count = 16;
    while (index->slot_count < 2 * (size_t)model->vocabulary_count)
        index->slot_count *= 2;
    index->slots = ARENA_ARRAY(arena, uint32_t, index->slot_count);
    for (uint32_t t = 0; t < model->vocabulary_count; t++) {
        Atom token = model->vocabulary[t];
        if (is_byte(token))
            index->by_byte[(uint8_t)token.as.string->bytes[0]] = t + 1;
        else
            *slot_of(index, token) = t + 1;
    }
    return index;
}

bool token_index_numbers(const TokenIndex *index, const Atom *tokens, uint32_t n, Span span,
                         Diagnostics *diags, uint32_t *numbers) {
    bool found = n > 0 && n <= index->model->max_length;
    for (uint32_t i = 0; i < n && found; i++) {
        uint32_t number = find(index, tokens[i]);
        found = number != 0;
        numbers[i] = number - 1;
    }
    /* The model knows how to say what is wrong. */
    return found || model_tokens(index->model, tokens, n, span, diags, numbers);
}
