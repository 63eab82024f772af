/* Token numbers: a model's vocabulary as an index, since inputs are long. In the arena given. */
#ifndef RASPC_JIT_TOKENS_H
#define RASPC_JIT_TOKENS_H

#include "runtime/model/model.h"
#include "runtime/value/atom_set.h"

typedef struct TokenIndex {
    const Model *model;
    uint32_t by_byte[256]; /* of strings of one byte: 1 + number, 0: none */
    AtomSet vocabulary;    /* all of them, numbered as the model does */
} TokenIndex;

TokenIndex *token_index_new(const Model *model, Arena *arena);
/* As model_tokens: the numbers of an input's tokens, or a report at span and false. */
bool token_index_numbers(const TokenIndex *index, const Atom *tokens, uint32_t n, Span span,
                         Diagnostics *diags, uint32_t *numbers);

#endif
