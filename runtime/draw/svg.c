/* Writing SVG. */
#include "runtime/draw/svg.h"

#include "runtime/base/text.h"
#include "runtime/base/visible.h"

#include <math.h>
#include <string.h>

/* Calm colours whose greys differ as well: a print without colour reads the same. */
typedef struct BoxLook {
    const char *fill, *stroke;
    const char *more; /* further attributes */
} BoxLook;

static const BoxLook box_looks[BOX_STYLE_COUNT] = {
    [BOX_PAGE] = {"#ffffff", "none", ""},
    [BOX_LAYER] = {"#f6f8fa", "#d0d7de", ""},
    [BOX_CELL] = {"#ffffff", "#c0c8d0", ""},
    [BOX_KEY] = {"#dbe9f6", "#9fb6cc", ""},
    [BOX_QUERY] = {"#dff0e3", "#a3bfa9", ""},
    [BOX_VALUE] = {"#f0e6f6", "#bfadcb", ""},
    [BOX_RESULT] = {"#fdebc8", "#c9a86a", ""},
    [BOX_DEFAULT] = {"#ffffff", "#b08d4c", " stroke-dasharray=\"3 2\""},
    [BOX_OUTPUT] = {"#f8cf7d", "#8a6116", " stroke-width=\"2\""},
    [BOX_SELECTED] = {"#2f5f8f", "#ffffff", ""},
    [BOX_SELECTED_HALF] = {"#2f5f8f", "#ffffff", " fill-opacity=\"0.5\""},
    [BOX_NEGATIVE] = {"#a8453c", "#ffffff", ""},
};

typedef struct TextLook {
    int size;
    const char *fill;
    bool code; /* in a face of even widths */
    bool bold;
} TextLook;

static const TextLook text_looks[TEXT_STYLE_COUNT] = {
    [TEXT_TITLE] = {20, "#1f2328", false, true}, [TEXT_HEADING] = {15, "#1f2328", false, true},
    [TEXT_NOTE] = {12, "#59636e", false, false}, [TEXT_NAME] = {13, "#1f2328", true, false},
    [TEXT_CODE] = {12, "#59636e", true, false},  [TEXT_LABEL] = {11, "#414a53", true, false},
    [TEXT_CELL] = {14, "#1f2328", true, false},  [TEXT_OUTPUT] = {14, "#1f2328", true, true},
};

static const char sans_face[] = "system-ui, -apple-system, 'Segoe UI', 'Helvetica Neue', Arial, "
                                "'DejaVu Sans', sans-serif";
static const char code_face[] = "SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', "
                                "'Liberation Mono', monospace";

enum { COLUMN_PER_MILLE = 605 }; /* of the text size: a column of the usual even faces */

int svg_text_width(TextStyle style, int columns) {
    return (columns * text_looks[style].size * COLUMN_PER_MILLE + 999) / 1000;
}

int svg_text_columns(TextStyle style, int width) {
    return width <= 0 ? 0 : width * 1000 / (text_looks[style].size * COLUMN_PER_MILLE);
}

static void escape(Buffer *out, const char *bytes, size_t len) {
    for (size_t i = 0; i < len; i++) {
        switch (bytes[i]) {
        case '<': buffer_text(out, "&lt;"); break;
        case '>': buffer_text(out, "&gt;"); break;
        case '&': buffer_text(out, "&amp;"); break;
        case '"': buffer_text(out, "&quot;"); break;
        case '\'': buffer_text(out, "&#39;"); break;
        default: buffer_char(out, bytes[i]);
        }
    }
}

/* What is not printable is shown by its number, and what does not fit is cut. Marks that take no
   column of their own are bounded too: a text is of at most four characters a column. */
static void add_text(Buffer *out, const char *bytes, size_t len, size_t most_columns) {
    Buffer shown = {0};
    size_t columns = 0, characters = 0, fits = 0;
    bool cut = false;
    for (size_t at = 0; at < len && !cut;) {
        size_t more;
        at += visible_character(&shown, bytes + at, len - at, &more);
        columns += more;
        characters++;
        cut = most_columns && (columns > most_columns || characters > 4 * most_columns);
        if (columns + 1 <= most_columns) fits = shown.len;
    }
    if (shown.data) escape(out, shown.data, cut ? fits : shown.len);
    if (cut) buffer_text(out, "…");
    buffer_free(&shown);
}

void svg_open(Buffer *out, int width, int height, const char *title, const char *description) {
    buffer_printf(out,
                  "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" "
                  "viewBox=\"0 0 %d %d\" role=\"img\" aria-labelledby=\"title desc\" "
                  "font-family=\"%s\">\n<title id=\"title\">",
                  width, height, width, height, sans_face);
    add_text(out, title, strlen(title), 0);
    buffer_text(out, "</title>\n<desc id=\"desc\">");
    add_text(out, description, strlen(description), 0);
    buffer_text(out, "</desc>\n");
    svg_box(out, BOX_PAGE, 0, 0, width, height, 0);
}

void svg_close(Buffer *out) { buffer_text(out, "</svg>\n"); }

void svg_box(Buffer *out, BoxStyle style, int x, int y, int width, int height, int radius) {
    const BoxLook *look = &box_looks[style];
    buffer_printf(out, "<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" ", x, y, width, height);
    if (radius) buffer_printf(out, "rx=\"%d\" ", radius);
    buffer_printf(out, "fill=\"%s\" stroke=\"%s\"%s/>\n", look->fill, look->stroke, look->more);
}

void svg_text(Buffer *out, const SvgText *place, const char *bytes, size_t len) {
    static const char *const anchors[] = {"start", "middle", "end"};
    const TextLook *look = &text_looks[place->style];
    buffer_printf(out, "<text x=\"%d\" y=\"%d\" font-size=\"%d\" fill=\"%s\"", place->x, place->y,
                  place->size ? place->size : look->size, look->fill);
    if (look->code) buffer_printf(out, " font-family=\"%s\"", code_face);
    if (look->bold) buffer_text(out, " font-weight=\"600\"");
    if (place->anchor != ANCHOR_START)
        buffer_printf(out, " text-anchor=\"%s\"", anchors[place->anchor]);
    if (place->turn)
        buffer_printf(out, " transform=\"rotate(%d %d %d)\"", place->turn, place->x, place->y);
    buffer_char(out, '>');
    add_text(out, bytes, len, place->most_columns > 0 ? (size_t)place->most_columns : 0);
    buffer_text(out, "</text>\n");
}

/* Runs of filled cells as one path and the lines between cells as another: a picture of many heads
   on a long input stays small. */
static void matrix_runs(Buffer *out, const uint8_t *cells, uint32_t n, int x, int y, int column,
                        int row) {
    buffer_printf(out, "<path fill=\"%s\" d=\"", box_looks[BOX_SELECTED].fill);
    for (uint32_t i = 0; i < n; i++)
        for (uint32_t j = 0, end; j < n; j = end + 1) {
            for (end = j; end < n && cells[(size_t)i * n + end]; end++) {
            }
            if (end == j) continue;
            int width = (int)(end - j) * column;
            buffer_printf(out, "M%d %dh%dv%dh-%dz", x + (int)j * column, y + (int)i * row, width,
                          row, width);
        }
    buffer_text(out, "\"/>\n");
}

static void matrix_ground(Buffer *out, uint32_t n, int x, int y, int column, int row) {
    buffer_printf(out, "<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" fill=\"#e9eef3\"/>\n", x,
                  y, (int)n * column, (int)n * row);
}

static void matrix_lines(Buffer *out, uint32_t n, int x, int y, int column, int row) {
    int width = (int)n * column, height = (int)n * row;
    buffer_text(out, "<path stroke=\"#ffffff\" d=\"");
    for (int i = 0; i <= (int)n; i++)
        buffer_printf(out, "M%d %dv%dM%d %dh%d", x + i * column, y, height, x, y + i * row, width);
    buffer_text(out, "\"/>\n");
}

void svg_matrix(Buffer *out, const uint8_t *cells, uint32_t n, int x, int y, int column, int row) {
    matrix_ground(out, n, x, y, column, row);
    matrix_runs(out, cells, n, x, y, column, row);
    matrix_lines(out, n, x, y, column, row);
}

void svg_weights(Buffer *out, const double *weights, uint32_t n, int x, int y, int column,
                 int row) {
    matrix_ground(out, n, x, y, column, row);
    for (uint32_t i = 0; i < n; i++)
        for (uint32_t j = 0; j < n; j++) {
            double weight = weights[(size_t)i * n + j], size = fabs(weight);
            if (!(size > 0.002)) continue; /* nobody would see it */
            buffer_printf(out,
                          "<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" fill=\"%s\" "
                          "fill-opacity=\"%.3g\"/>\n",
                          x + (int)j * column, y + (int)i * row, column, row,
                          box_looks[weight < 0 ? BOX_NEGATIVE : BOX_SELECTED].fill,
                          size < 1 ? size : 1);
        }
    matrix_lines(out, n, x, y, column, row);
}

void svg_arrow(Buffer *out, int x, int y, int length) {
    int end = y + length;
    buffer_printf(out,
                  "<path d=\"M%d %dV%dM%d %dL%d %dL%d %d\" fill=\"none\" stroke=\"#8c959f\" "
                  "stroke-width=\"2\"/>\n",
                  x, y, end, x - 5, end - 6, x, end, x + 5, end - 6);
}
