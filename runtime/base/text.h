/* String: immutable bytes in an arena, UTF-8 by convention, NUL bytes allowed inside.
   bytes[len] is always NUL so that it can be handed to C functions. */
#ifndef RASPC_TEXT_H
#define RASPC_TEXT_H

#include "runtime/base/arena.h"

#include <stdbool.h>
#include <stdint.h>

typedef struct String {
    uint32_t len;
    char bytes[];
} String;

const String *string_new(Arena *arena, const char *bytes, size_t len);
const String *string_from(Arena *arena, const char *text); /* a C string */
bool string_equal(const String *a, const String *b);
int string_compare(const String *a, const String *b); /* by code point (= by byte in UTF-8) */
uint64_t string_hash(const String *s);
uint64_t bytes_hash(const void *bytes, size_t len);

/* The code point at bytes, or -1 where they are not UTF-8; *step is its length in bytes, at
 * least 1. */
int32_t utf8_point(const char *bytes, size_t left, size_t *step);
/* Length in bytes of the UTF-8 code point at bytes (at least 1; an invalid byte counts as one). */
size_t utf8_step(const char *bytes, size_t left);
size_t utf8_count(const char *bytes, size_t len);
/* True when all of it is valid UTF-8; otherwise *bad is the offset of the first bad byte. */
bool utf8_valid(const char *bytes, size_t len, size_t *bad);
/* The length of the byte order mark that some texts begin with: 3 or 0. */
size_t utf8_mark(const char *bytes, size_t len);
/* Terminal columns of the text (wide characters count 2, combining ones 0). */
size_t utf8_columns(const char *bytes, size_t len);

/* The candidate nearest to word within a distance that its length allows, or NULL: "did you mean".
 */
const char *spelling_nearest(const char *word, const char *const *candidates, size_t count);

#endif
