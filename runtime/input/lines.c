/* Inputs as plain text. */
#include "runtime/input/reader.h"

#include <string.h>

static bool add(InputReader *reader, const char *text, size_t len, Span span) {
    Elements elements = {0};
    bool added = reader_characters(reader, &elements, text, len, span) &&
                 reader_add(reader, &elements, span);
    elements_free(&elements);
    return added;
}

bool input_read_word(InputReader *reader, uint32_t file) {
    size_t len;
    const char *text = sources_text(reader->sources, file, &len);
    return add(reader, text, len, (Span){file, 0, (uint32_t)len});
}

bool input_read_whole(InputReader *reader, uint32_t file) {
    size_t len;
    const char *text = sources_text(reader->sources, file, &len);
    if (len > 0 && text[len - 1] == '\n') len--;
    if (len > 0 && text[len - 1] == '\r') len--;
    return add(reader, text, len, (Span){file, 0, (uint32_t)len});
}

bool input_read_lines(InputReader *reader, uint32_t file) {
    size_t len;
    const char *text = sources_text(reader->sources, file, &len);
    if (len == 0) return reader_wrong(reader, (Span){file, 0, 0}, "there is no input");
    for (size_t at = 0, next; at < len; at = next) {
        const char *end = memchr(text + at, '\n', len - at);
        size_t stop = end == NULL ? len : (size_t)(end - text);
        next = stop + 1;
        if (stop > at && text[stop - 1] == '\r') stop--;
        if (!add(reader, text + at, stop - at, (Span){file, (uint32_t)at, (uint32_t)stop})) {
            return false;
        }
    }
    return true;
}
