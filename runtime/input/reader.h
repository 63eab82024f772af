/* What the readers of the several formats share. */
#ifndef RASPC_INPUT_READER_H
#define RASPC_INPUT_READER_H

#include "runtime/input/input.h"

/* Elements being collected; their memory is malloc'ed until they become an input. */
typedef struct Elements {
    Atom *atoms; /* (count) */
    size_t count, capacity;
} Elements;

/* Beyond LIMIT_INPUT_TOKENS nothing is kept but that there was more. */
void elements_add(Elements *elements, Atom atom);
void elements_free(Elements *elements);

/* Adds the elements as an input and empties them; false after reporting that there are none, or too
   many. */
bool reader_add(InputReader *reader, Elements *elements, Span span);
/* Adds the characters of UTF-8 text; false after reporting what is none (at `span` and on). */
bool reader_characters(InputReader *reader, Elements *elements, const char *text, size_t len,
                       Span span);
/* Reports DIAG_INPUT_SYNTAX; always false. */
bool reader_wrong(InputReader *reader, Span span, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Adds a code point (no surrogate, at most 0x10ffff) as UTF-8. */
void utf8_add(Buffer *out, uint32_t point);

/* How many bytes at text are a JSON number (0: none); *is_int when it has neither point nor
   exponent. */
size_t number_length(const char *text, size_t len, bool *is_int);
/* The atom of those bytes, which must not be followed by a digit; false when it is too large. */
bool number_atom(Arena *arena, const char *text, size_t len, bool is_int, Atom *out);

#endif
