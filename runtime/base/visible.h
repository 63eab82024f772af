/* Text from untrusted places made fit for a terminal: what is not printable is shown by its number,
   so that no source file can move the cursor, hide text or turn its direction round. */
#ifndef RASPC_VISIBLE_H
#define RASPC_VISIBLE_H

#include "runtime/base/buffer.h"

/* Adds what stands for the character at bytes (left > 0) and returns its length there, at least 1.
   *columns gets the terminal columns that it takes. Control characters become \n or \x1b,
   characters that reorder or break lines \u{202e}, bytes that are not UTF-8 U+FFFD. */
size_t visible_character(Buffer *out, const char *bytes, size_t left, size_t *columns);
/* All of a text. */
void visible_text(Buffer *out, const char *bytes, size_t len);

#endif
