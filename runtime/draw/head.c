/* One head: its matrix in the middle, keys above, queries on the left, the values that are moved
   below, and on the right what each query gets. */
#include "runtime/draw/picture.h"

#include "runtime/graph/formula.h"

#include <stdio.h>

enum {
    TITLE = 22,
    CAPTION = 20,
    LABEL = 17,      /* a line of label */
    BAND = 4,        /* between rows of keys or values */
    SPACE = 8,       /* between the matrix and what belongs to it */
    LEAST_HALF = 45, /* room for a turned label, from its middle */
    LEAST_WIDTH = 210,
    MOST_CAPTION = 48, /* columns */
    MOST_CAPTION_ALONE = 72,
    MOST_WIDTH = 64, /* of a column of queries or results */
    MOST_VECTOR_WIDTH = 118,
};

static int band(const Picture *picture, const SeriesList *list) {
    return (int)list->count * (picture->cell + LABEL + BAND);
}

static int column_width(const Picture *picture, const Series *series) {
    return picture_column(picture, series, series->values.atoms ? MOST_WIDTH : MOST_VECTOR_WIDTH);
}

/* Columns of cells with their turned labels. */
static int columns_width(const Picture *picture, const SeriesList *list) {
    int width = 0;
    for (uint32_t i = 0; i < list->count; i++)
        width += LABEL + column_width(picture, &list->series[i]) + SPACE;
    return width;
}

static int larger(int a, int b) { return a > b ? a : b; }
static int smaller(int a, int b) { return a < b ? a : b; }

static void caption(const Picture *picture, const PlanHead *head, bool alone, Buffer *out) {
    graph_formula(picture->graph, head->selector, FORMULA_WORDS,
                  alone ? MOST_CAPTION_ALONE : MOST_CAPTION, out);
    uint32_t hidden =
        head->keys.hidden + head->queries.hidden + head->values.hidden + head->results.hidden;
    if (hidden > 0) buffer_printf(out, " (%u rows not drawn)", hidden);
}

HeadShape head_shape(const Picture *picture, const PlanHead *head, bool alone) {
    HeadShape shape = {0};
    int matrix = (int)picture->n * picture->cell;
    shape.queries = columns_width(picture, &head->queries);
    if (alone) shape.queries = larger(shape.queries, PICTURE_NAMES);
    shape.above = TITLE + CAPTION + larger(band(picture, &head->keys), LEAST_HALF - matrix / 2);
    int below = larger(SPACE + band(picture, &head->values), LEAST_HALF - matrix / 2);
    shape.below = matrix + below;
    Buffer text = {0};
    caption(picture, head, alone, &text);
    int words = svg_text_width(TEXT_CODE, (int)utf8_columns(text.data, text.len));
    buffer_free(&text);
    int body = shape.queries + (int)picture->n * picture->column + SPACE +
               columns_width(picture, &head->results);
    shape.width = larger(larger(body, words), LEAST_WIDTH);
    return shape;
}

static void draw_title(const Picture *picture, const PlanHead *head, uint32_t number, bool alone,
                       int x, int y, int width) {
    char title[32];
    int length = snprintf(title, sizeof title, "Head %u", number);
    svg_text(picture->out, &(SvgText){.x = x, .y = y + 14, .style = TEXT_HEADING, .size = 13},
             title, (size_t)length);
    const String *name = graph_name_of(picture->graph, head->selector);
    if (name)
        svg_text(picture->out,
                 &(SvgText){.x = x + 62,
                            .y = y + 14,
                            .style = TEXT_NAME,
                            .most_columns = svg_text_columns(TEXT_NAME, width - 62)},
                 name->bytes, name->len);
    Buffer words = {0};
    caption(picture, head, alone, &words);
    svg_text(picture->out, &(SvgText){.x = x, .y = y + TITLE + 10, .style = TEXT_CODE}, words.data,
             words.len);
    buffer_free(&words);
}

/* Rows of keys above the matrix, each below its label, or of values below it, each above its label.
 */
static void draw_band(const Picture *picture, const SeriesList *list, bool above, int x, int y,
                      int width) {
    for (uint32_t i = 0; i < list->count; i++) {
        const Series *series = &list->series[i];
        int top = y + (int)i * (picture->cell + LABEL + BAND);
        int cells = above ? top + LABEL : top;
        picture_label(picture,
                      (SvgText){.x = x + 1,
                                .y = above ? top + LABEL - 5 : top + picture->cell + 12,
                                .style = TEXT_LABEL,
                                .most_columns = svg_text_columns(TEXT_LABEL, width)},
                      above ? "key: " : "value: ", series->node);
        for (uint32_t j = 0; j < picture->n; j++)
            picture_cell(picture, above ? BOX_KEY : BOX_VALUE, TEXT_CELL,
                         x + (int)j * picture->column, cells, picture->column, series, j);
    }
}

static bool selects_nothing(const PlanHead *head, uint32_t n, uint32_t row) {
    for (size_t j = 0; j < n; j++) {
        size_t cell = (size_t)row * n + j;
        if (head->weights ? head->weights[cell] != 0 : head->matrix.cells[cell]) return false;
    }
    return true;
}

static void draw_matrix(Picture *picture, const PlanHead *head, int x, int y) {
    uint32_t n = picture->n;
    if (head->weights == NULL) {
        svg_matrix(picture->out, head->matrix.cells, n, x, y, picture->column, picture->cell);
        return;
    }
    svg_weights(picture->out, head->weights, n, x, y, picture->column, picture->cell);
    for (size_t i = 0; i < (size_t)n * n; i++) {
        picture->weights = picture->weights || (head->weights[i] > 0 && head->weights[i] < 1);
        picture->negative = picture->negative || head->weights[i] < 0;
    }
}

/* A result without a name is told by what the head does. */
static void label_result(const Picture *picture, SvgText place, NodeId id) {
    if (graph_name_of(picture->graph, id))
        picture_label(picture, place, "result: ", id);
    else
        picture_gather(picture, place, "result: ", id);
}

/* Columns of queries, their labels on the left, or of results, their labels on the right. */
static void draw_columns(Picture *picture, const PlanHead *head, bool queries, int x, int y,
                         int half) {
    const SeriesList *list = queries ? &head->queries : &head->results;
    int middle = y + (int)picture->n * picture->cell / 2;
    for (uint32_t i = 0; i < list->count; i++) {
        const Series *series = &list->series[i];
        int width = column_width(picture, series);
        int cells = queries ? x + LABEL : x;
        SvgText place = {.x = queries ? x + LABEL - 5 : x + width + 12,
                         .y = middle,
                         .style = TEXT_LABEL,
                         .anchor = ANCHOR_MIDDLE,
                         .turn = -90,
                         .most_columns = svg_text_columns(TEXT_LABEL, 2 * half)};
        if (queries)
            picture_label(picture, place, "query: ", series->node);
        else
            label_result(picture, place, series->node);
        GraphOp op = graph_node(picture->graph, series->node)->op;
        bool can_default = op == OP_AGGREGATE || op == OP_ATTEND;
        for (uint32_t row = 0; row < picture->n; row++) {
            bool is_default = !queries && can_default && selects_nothing(head, picture->n, row);
            BoxStyle box = queries ? BOX_QUERY : is_default ? BOX_DEFAULT : BOX_RESULT;
            picture_cell(picture, box, TEXT_CELL, cells, y + (int)row * picture->cell, width,
                         series, row);
            if (is_default) picture->defaults = true;
        }
        x += LABEL + width + SPACE;
    }
}

void head_draw(Picture *picture, const PlanHead *head, uint32_t number, bool alone, int x, int y,
               int matrix_y) {
    HeadShape shape = head_shape(picture, head, alone);
    int side = (int)picture->n * picture->column, down = (int)picture->n * picture->cell;
    int left = x + shape.queries, top = matrix_y;
    int room = shape.width - shape.queries;
    int above = shape.above - TITLE - CAPTION + down / 2;
    int below = shape.below - down / 2;
    draw_title(picture, head, number, alone, x, y, shape.width);
    draw_band(picture, &head->keys, true, left, top - band(picture, &head->keys) - 2, room);
    draw_matrix(picture, head, left, top);
    draw_band(picture, &head->values, false, left, top + down + SPACE, room);
    /* Turned labels reach no further than the nearest cells of keys and values: beyond are labels.
     */
    int half = smaller(larger(LEAST_HALF, down / 2 + picture->cell), smaller(above, below));
    draw_columns(picture, head, true, left - columns_width(picture, &head->queries), top, half);
    draw_columns(picture, head, false, left + side + SPACE, top, half);
}
