/* tokenizer.json and tokenizer_config.json, as the tokenizers and transformers libraries read them:
   whole words (WordLevel), split by characters or by blanks, BOS in front. */
#ifndef RASPC_EXPORT_TOKENIZER_H
#define RASPC_EXPORT_TOKENIZER_H

#include "runtime/export/export.h"

typedef enum TokenizerKind {
    TOKENIZER_NONE,       /* as text the tokens can't be told apart */
    TOKENIZER_CHARACTERS, /* every token is one character */
    TOKENIZER_WORDS,      /* between blanks */
} TokenizerKind;

TokenizerKind tokenizer_kind(const Export *e);
/* Both for a kind that is not TOKENIZER_NONE. A token outside the vocabulary is an error there. */
void tokenizer_write(const Export *e, Buffer *out);
void tokenizer_write_config(const Export *e, Buffer *out);

#endif
