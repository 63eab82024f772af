#include "runtime/base/visible.h"

#include "runtime/base/text.h"

#include <stdbool.h>
#include <utf8proc.h>

/* Characters that change how their neighbours are shown. */
static bool rearranges(int32_t point) {
    switch (utf8proc_category(point)) {
    case UTF8PROC_CATEGORY_ZL:
    case UTF8PROC_CATEGORY_ZP:
    case UTF8PROC_CATEGORY_CN:
    case UTF8PROC_CATEGORY_CS: return true;
    default: break;
    }
    return point == 0x061c || point == 0x200e || point == 0x200f ||
           (point >= 0x202a && point <= 0x202e) || (point >= 0x2066 && point <= 0x2069);
}

size_t visible_character(Buffer *out, const char *bytes, size_t left, size_t *columns) {
    static const char replacement[] = "\xef\xbf\xbd"; /* U+FFFD */
    size_t step, before = out->len;
    int32_t point = utf8_point(bytes, left, &step);
    if (point < 0) {
        buffer_text(out, replacement);
        *columns = 1;
        return step;
    }
    if (point == '\n' || point == '\r' || point == '\t') {
        buffer_printf(out, "\\%c", point == '\n' ? 'n' : point == '\r' ? 'r' : 't');
    } else if (point < 0x20 || (point >= 0x7f && point < 0xa0)) {
        buffer_printf(out, "\\x%02x", (unsigned)point);
    } else if (point >= 0x80 && rearranges(point)) {
        buffer_printf(out, "\\u{%x}", (unsigned)point);
    } else {
        buffer_add(out, bytes, step);
        *columns = point < 0x80 ? 1 : (size_t)utf8proc_charwidth(point);
        return step;
    }
    *columns = out->len - before; /* what stands for it is ASCII */
    return step;
}

void visible_text(Buffer *out, const char *bytes, size_t len) {
    size_t columns;
    for (size_t at = 0; at < len;)
        at += visible_character(out, bytes + at, len - at, &columns);
}
