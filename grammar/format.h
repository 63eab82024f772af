/* Inside the formatter only. A Line is one statement or head as pieces of text with places where it
   may be broken; format.c lays statements and comments out, format_line.c fills lines. */
#ifndef RASPC_FORMAT_H
#define RASPC_FORMAT_H

#include "grammar/tree.h"

enum {
    FORMAT_INDENT = 4,
    FORMAT_COLUMNS = 100,
    FORMAT_COMMENT_GAP = 4,
    FORMAT_ALIGN_COLUMN = 40, /* brackets further right do not align what is in them */
};

/* An opening bracket: what is broken inside it goes on below the text behind it. */
typedef struct Bracket {
    size_t at;     /* offset behind it */
    size_t column; /* where that came to stand; set by line_fill */
    uint32_t outer;
} Bracket;

/* A place where the line may be broken; a blank stands there otherwise. Where a line is too long,
   the break of the lowest rank is taken, the last one of those. */
typedef struct Break {
    size_t at; /* offset in text */
    uint32_t rank;
    uint32_t bracket; /* the innermost open one; NO_BRACKET */
} Break;

typedef struct Line {
    Buffer text; /* without the blanks of breaks */
    Break *breaks;
    size_t break_count, break_capacity;
    Bracket *brackets;
    size_t bracket_count, bracket_capacity;
    uint32_t open;    /* the innermost open bracket at the end of text; NO_BRACKET */
    uint32_t nesting; /* how many are open */
} Line;
#define NO_BRACKET UINT32_MAX

Line line_new(void);

void line_text(Line *line, const char *text);
void line_bytes(Line *line, const char *bytes, size_t len);
/* looseness: 0 for the places that are broken first (behind commas), then operators by level. */
void line_break(Line *line, uint32_t looseness);
void line_free(Line *line);
/* Writes the line at this indentation, over several lines where it must; no line end behind. */
void line_fill(Line *line, size_t indent, Buffer *out);

void format_expression(Line *line, const Tree *tree);
void format_expressions(Line *line, const Tree *list); /* NAMES or EXPRESSIONS: with commas */
void format_type(Line *line, const Tree *tree);
void format_draw(Line *line, const Tree *tree);

#endif
