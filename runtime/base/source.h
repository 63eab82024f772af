/* Sources: the texts that spans point into. Owns names and texts. Files are numbered from 1;
   file 0 is "nowhere". A span is a half-open range of byte offsets. */
#ifndef RASPC_SOURCE_H
#define RASPC_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct Span {
    uint32_t file;
    uint32_t start, end;
} Span;

typedef struct Sources Sources;

Sources *sources_new(void);
void sources_free(Sources *sources);

/* Copies text. name is what messages show ("hist.rasp", "<console>"). Returns the file's number. */
uint32_t sources_add(Sources *sources, const char *name, const char *text, size_t len);
/* Forgets the text that was added last; nothing may point into it any more. */
void sources_remove_last(Sources *sources);
const char *sources_name(const Sources *sources, uint32_t file);
const char *sources_text(const Sources *sources, uint32_t file, size_t *len);
size_t sources_count(const Sources *sources);

/* 1-based line; 1-based column in code points. */
void sources_position(const Sources *sources, Span span, uint32_t *line, uint32_t *column);
/* The bytes of the given 1-based line, without its line end. */
const char *sources_line(const Sources *sources, uint32_t file, uint32_t line, size_t *len);

static inline Span span_join(Span a, Span b) {
    if (a.file == 0) return b;
    if (b.file != a.file) return a;
    return (Span){a.file, a.start < b.start ? a.start : b.start, a.end > b.end ? a.end : b.end};
}

#endif
