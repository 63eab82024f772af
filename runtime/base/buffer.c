#include "runtime/base/buffer.h"

#include "runtime/base/bug.h"
#include "runtime/base/memory.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Room for len more bytes and the NUL behind them. */
static char *reserve(Buffer *buffer, size_t len) {
    if (len > SIZE_MAX / 4 || buffer->len > SIZE_MAX / 4) BUG("buffer: %zu bytes more", len);
    buffer->data = memory_reserve(buffer->data, &buffer->cap, buffer->len + len + 1, 1);
    return buffer->data + buffer->len;
}

void buffer_add(Buffer *buffer, const char *bytes, size_t len) {
    char *end = reserve(buffer, len);
    if (len != 0) memcpy(end, bytes, len);
    end[len] = '\0';
    buffer->len += len;
}

void buffer_text(Buffer *buffer, const char *text) { buffer_add(buffer, text, strlen(text)); }

void buffer_char(Buffer *buffer, char c) { buffer_add(buffer, &c, 1); }

void buffer_repeat(Buffer *buffer, char c, size_t times) {
    char *end = reserve(buffer, times);
    memset(end, c, times);
    end[times] = '\0';
    buffer->len += times;
}

void buffer_vprintf(Buffer *buffer, const char *format, va_list arguments) {
    if (format == NULL) BUG("buffer: no format");
    va_list again;
    va_copy(again, arguments);
    int len = vsnprintf(NULL, 0, format, arguments);
    if (len < 0) BUG("buffer: bad format \"%s\"", format);
    char *end = reserve(buffer, (size_t)len);
    vsnprintf(end, (size_t)len + 1, format, again);
    va_end(again);
    buffer->len += (size_t)len;
}

void buffer_printf(Buffer *buffer, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    buffer_vprintf(buffer, format, arguments);
    va_end(arguments);
}

bool buffer_wrong(Buffer *why, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    buffer_vprintf(why, format, arguments);
    va_end(arguments);
    return false;
}

void buffer_free(Buffer *buffer) {
    free(buffer->data);
    *buffer = (Buffer){0};
}
