#include "runtime/base/excerpt.h"

#include "runtime/base/text.h"

enum {
    WINDOW_COLUMNS = 120, /* of source text shown */
    WINDOW_BEFORE = 50,   /* code points shown before the span when the line is cut */
    /* Bytes looked at: characters without a width must not bring the whole of a long line in. */
    WINDOW_BYTES = 8 * WINDOW_COLUMNS,
    TAB_COLUMNS = 4,
};

/* A line and the part of it to underline, in bytes from the line's start. */
typedef struct Place {
    const char *line;
    size_t len, start, end;
} Place;

/* Where the window begins: WINDOW_BEFORE code points before the span. */
static size_t window_start(Place place) {
    if (place.len <= WINDOW_COLUMNS) return 0;
    size_t at = place.start;
    for (int i = 0; i < WINDOW_BEFORE && at > 0; i++) {
        at--;
        for (int k = 0; k < 3 && at > 0 && ((unsigned char)place.line[at] & 0xc0) == 0x80; k++)
            at--;
    }
    return at < 4 ? 0 : at; /* "..." would take as much room as what it stands for */
}

static void add_underline(Buffer *out, size_t from, size_t width, const char *on, const char *off) {
    buffer_repeat(out, ' ', from);
    buffer_text(out, on);
    buffer_char(out, '^');
    if (width > 1) buffer_repeat(out, '~', width - 1);
    buffer_text(out, off);
    buffer_char(out, '\n');
}

void excerpt_add(Buffer *out, const Sources *sources, Span span, const char *caret_on,
                 const char *caret_off) {
    if (span.file == 0) return;
    uint32_t line, column;
    sources_position(sources, span, &line, &column);
    size_t text_len;
    const char *text = sources_text(sources, span.file, &text_len);
    Place place = {0};
    place.line = sources_line(sources, span.file, line, &place.len);
    size_t line_offset = (size_t)(place.line - text);
    place.start = span.start - line_offset < place.len ? span.start - line_offset : place.len;
    place.end = span.end <= span.start ? place.start : span.end - line_offset;
    if (place.end > place.len) place.end = place.len;

    buffer_printf(out, "%*u | ", EXCERPT_GUTTER, line);
    size_t at = window_start(place), columns = 0, from = 0, to = 0, bytes_end = at + WINDOW_BYTES;
    if (at > 0) {
        buffer_text(out, "...");
        columns = 3;
    }
    while (at < place.len && columns < WINDOW_COLUMNS + 3 && at < bytes_end) {
        size_t width = TAB_COLUMNS - columns % TAB_COLUMNS, step = 1;
        if (at <= place.start) from = columns;
        if (place.line[at] == '\t')
            buffer_repeat(out, ' ', width);
        else
            step = visible_character(out, place.line + at, place.len - at, &width);
        at += step;
        columns += width;
        if (at <= place.end) to = columns;
    }
    if (place.start >= at) from = columns; /* behind the last character */
    if (at < place.len) buffer_text(out, "...");
    buffer_printf(out, "\n%*s | ", EXCERPT_GUTTER, "");
    add_underline(out, from, to > from ? to - from : 1, caret_on, caret_off);
}
