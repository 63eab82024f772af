#include "runtime/export/card.h"

/* The longest run of backticks in the text, so that a longer one can fence it. */
static size_t longest_fence(const char *text, size_t len) {
    size_t longest = 2, run = 0;
    for (size_t i = 0; i < len; i++) {
        run = text[i] == '`' ? run + 1 : 0;
        if (run > longest) longest = run;
    }
    return longest;
}

void card_program(const char *source, size_t len, Buffer *out) {
    size_t fence = longest_fence(source, len) + 1;
    buffer_text(out, "\n## The program\n\n");
    buffer_repeat(out, '`', fence);
    buffer_char(out, '\n');
    buffer_add(out, source, len);
    if (len != 0 && source[len - 1] != '\n') buffer_char(out, '\n');
    buffer_repeat(out, '`', fence);
    buffer_char(out, '\n');
}
