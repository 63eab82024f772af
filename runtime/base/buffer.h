/* Buffer: bytes that grow. Owns data (malloc). Always holds: data[len] is NUL once anything was
   added; data may be NULL before. Free with buffer_free. */
#ifndef RASPC_BUFFER_H
#define RASPC_BUFFER_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

typedef struct Buffer {
    char *data;
    size_t len;
    size_t cap;
} Buffer;

void buffer_add(Buffer *buffer, const char *bytes, size_t len);
void buffer_text(Buffer *buffer, const char *text); /* a C string */
void buffer_char(Buffer *buffer, char c);
void buffer_repeat(Buffer *buffer, char c, size_t times);
void buffer_printf(Buffer *buffer, const char *format, ...) __attribute__((format(printf, 2, 3)));
void buffer_vprintf(Buffer *buffer, const char *format, va_list arguments)
    __attribute__((format(printf, 2, 0)));
/* Appends why something is wrong. Always false. */
bool buffer_wrong(Buffer *why, const char *format, ...) __attribute__((format(printf, 2, 3)));
void buffer_free(Buffer *buffer);

#endif
