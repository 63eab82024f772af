#include "runtime/base/source.h"

#include "runtime/base/bug.h"
#include "runtime/base/memory.h"
#include "runtime/base/text.h"

#include <stdlib.h>
#include <string.h>

typedef struct Source {
    char *name;
    char *text;
    uint32_t len;
    /* Line starts are found when the first position is asked for: a run without mistakes asks for
       none. line_count is 0 until then. */
    uint32_t *line_starts; /* (line_count) */
    size_t line_count;
    /* The last column that was counted, so that many positions in one huge line stay cheap. */
    uint32_t counted_offset, counted_column;
} Source;

struct Sources {
    Source **files; /* pointers, so that a const Sources may still fill in line starts */
    size_t count, capacity;
};

Sources *sources_new(void) { return memory_zeroed(sizeof(Sources)); }

static void source_free(Source *source) {
    free(source->name);
    free(source->text);
    free(source->line_starts);
    free(source);
}

void sources_free(Sources *sources) {
    if (sources == NULL) return;
    for (size_t i = 0; i < sources->count; i++)
        source_free(sources->files[i]);
    free(sources->files);
    free(sources);
}

void sources_remove_last(Sources *sources) {
    if (sources->count == 0) BUG("no source to remove");
    source_free(sources->files[--sources->count]);
}

static char *copy(const char *bytes, size_t len) {
    char *copied = memory_resize(NULL, len + 1);
    if (len != 0) memcpy(copied, bytes, len);
    copied[len] = '\0';
    return copied;
}

uint32_t sources_add(Sources *sources, const char *name, const char *text, size_t len) {
    if (len >= UINT32_MAX) BUG("a source of %zu bytes", len);
    Source *source = memory_zeroed(sizeof *source);
    source->name = copy(name, strlen(name));
    source->text = copy(text, len);
    source->len = (uint32_t)len;
    sources->files = memory_reserve(sources->files, &sources->capacity, sources->count + 1,
                                    sizeof *sources->files);
    sources->files[sources->count++] = source;
    return (uint32_t)sources->count;
}

static Source *source_of(const Sources *sources, uint32_t file) {
    if (file == 0 || file > sources->count) BUG("source %u of %zu", file, sources->count);
    return sources->files[file - 1];
}

const char *sources_name(const Sources *sources, uint32_t file) {
    return file == 0 ? "" : source_of(sources, file)->name;
}

const char *sources_text(const Sources *sources, uint32_t file, size_t *len) {
    *len = 0;
    if (file == 0) return "";
    *len = source_of(sources, file)->len;
    return source_of(sources, file)->text;
}

size_t sources_count(const Sources *sources) { return sources->count; }

static void find_lines(Source *source) {
    if (source->line_count != 0) return;
    size_t capacity = 0;
    uint32_t start = 0;
    for (;;) {
        source->line_starts = memory_reserve(source->line_starts, &capacity, source->line_count + 1,
                                             sizeof *source->line_starts);
        source->line_starts[source->line_count++] = start;
        const char *end = memchr(source->text + start, '\n', source->len - start);
        if (end == NULL) return;
        start = (uint32_t)(end - source->text) + 1;
    }
}

/* The number (from 0) of the line that holds the offset: the last one that starts at or before. */
static size_t line_at(const Source *source, uint32_t offset) {
    size_t low = 0, high = source->line_count;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (source->line_starts[middle] <= offset)
            low = middle;
        else
            high = middle;
    }
    return low;
}

void sources_position(const Sources *sources, Span span, uint32_t *line, uint32_t *column) {
    *line = *column = 0;
    if (span.file == 0) return;
    Source *source = source_of(sources, span.file);
    find_lines(source);
    uint32_t offset = span.start < source->len ? span.start : source->len;
    size_t number = line_at(source, offset);
    uint32_t from = source->line_starts[number], counted = 0;
    if (source->counted_offset >= from && source->counted_offset <= offset) {
        from = source->counted_offset;
        counted = source->counted_column;
    }
    if (from == source->line_starts[number]) counted = 0;
    counted += (uint32_t)utf8_count(source->text + from, offset - from);
    source->counted_offset = offset;
    source->counted_column = counted;
    *line = (uint32_t)number + 1;
    *column = counted + 1;
}

const char *sources_line(const Sources *sources, uint32_t file, uint32_t line, size_t *len) {
    *len = 0;
    if (file == 0) return "";
    Source *source = source_of(sources, file);
    find_lines(source);
    if (line == 0 || line > source->line_count) return "";
    uint32_t start = source->line_starts[line - 1];
    bool last = line == source->line_count;
    uint32_t end = last ? source->len : source->line_starts[line] - 1;
    if (!last && end > start && source->text[end - 1] == '\r') end--;
    *len = end - start;
    return source->text + start;
}
