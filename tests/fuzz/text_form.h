/* What must hold of any text form: what parses verifies, and prints to a text that parses to the
   same print. */
#ifndef RASPC_FUZZ_TEXT_FORM_H
#define RASPC_FUZZ_TEXT_FORM_H

#include "tests/fuzz/fuzz.h"

#include "runtime/base/arena.h"

typedef struct TextForm {
    const char *name; /* of what it says, for messages */
    const void *(*parse)(Arena *arena, const Sources *sources, uint32_t file, Diagnostics *diags);
    bool (*verify)(const void *thing, Buffer *why); /* NULL: there is nothing to verify */
    void (*print)(const void *thing, Buffer *out);
    /* What else it is good for, tried on a thing that was read; NULL: nothing. */
    void (*use)(Arena *arena, Diagnostics *diags, const void *thing);
} TextForm;

/* It verifies, and its print comes back. */
void text_form_check(const TextForm *form, Arena *arena, Sources *sources, Diagnostics *diags,
                     const void *thing);
/* Any bytes as such a text: it is read or there are errors, never both. */
void text_form_fuzz(const TextForm *form, const uint8_t *data, size_t size);

#endif
