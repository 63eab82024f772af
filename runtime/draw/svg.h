/* SVG: rectangles and lines of text, in pixels. Whatever text comes in, well-formed XML comes out.
   Styles are attributes, not a style sheet, so that every viewer shows the same. */
#ifndef RASPC_DRAW_SVG_H
#define RASPC_DRAW_SVG_H

#include "runtime/base/buffer.h"

#include <stdint.h>

typedef enum BoxStyle {
    BOX_PAGE,
    BOX_LAYER,
    BOX_CELL,
    BOX_KEY,
    BOX_QUERY,
    BOX_VALUE,
    BOX_RESULT,
    BOX_DEFAULT, /* a result of a query that selects nothing */
    BOX_OUTPUT,
    BOX_SELECTED,
    BOX_SELECTED_HALF, /* with half a weight */
    BOX_NEGATIVE,      /* with a weight below 0 */
    BOX_STYLE_COUNT
} BoxStyle;

typedef enum TextStyle {
    TEXT_TITLE,
    TEXT_HEADING,
    TEXT_NOTE,  /* small, grey */
    TEXT_NAME,  /* a program's name */
    TEXT_CODE,  /* a formula, grey */
    TEXT_LABEL, /* small, beside keys, queries, values */
    TEXT_CELL,  /* its size comes with the call */
    TEXT_OUTPUT,
    TEXT_STYLE_COUNT
} TextStyle;

typedef enum Anchor { ANCHOR_START, ANCHOR_MIDDLE, ANCHOR_END } Anchor;

typedef struct SvgText {
    int x, y; /* the anchor's place on the base line */
    TextStyle style;
    Anchor anchor;
    int size;         /* 0: the style's own */
    int most_columns; /* cut beyond, with an ellipsis; 0: no cut */
    int turn;         /* degrees, clockwise, about (x, y) */
} SvgText;

/* The width of a text of so many columns, about. */
int svg_text_width(TextStyle style, int columns);
/* How many columns of the style fit into the width. */
int svg_text_columns(TextStyle style, int width);

void svg_open(Buffer *out, int width, int height, const char *title, const char *description);
void svg_close(Buffer *out);
void svg_box(Buffer *out, BoxStyle style, int x, int y, int width, int height, int radius);
void svg_text(Buffer *out, const SvgText *place, const char *bytes, size_t len);
/* cells: (n, n), not 0 where one is filled; column and row are the size of one cell. */
void svg_matrix(Buffer *out, const uint8_t *cells, uint32_t n, int x, int y, int column, int row);
/* The same of weights: as dark as they are large, up to 1; those below 0 in another colour. */
void svg_weights(Buffer *out, const double *weights, uint32_t n, int x, int y, int column, int row);
/* A short arrow down from (x, y). */
void svg_arrow(Buffer *out, int x, int y, int length);

#endif
