/* The picture: a title, a box for what needs no attention, a box a layer, the output, a legend. */
#include "runtime/draw/draw.h"

#include "runtime/draw/picture.h"
#include "runtime/graph/formula.h"

#include <inttypes.h>
#include <string.h>

enum {
    MARGIN = 24, /* around the page */
    INSET = 18,  /* within a box */
    HEADER = 66,
    HEADING = 34, /* a box's first line */
    BETWEEN = 26, /* boxes, for the arrow */
    ROW_GAP = 6,
    HEAD_GAP = 36,
    NOTE = 22,
    LEGEND = 38,
    LEGEND_LINE = 20,
    FORMULA_COLUMNS = 52, /* there is room for that many at least */
    LEAST_INNER = 640,    /* width within a box */
    USUAL_INNER = 1120,   /* heads side by side fill this before a new line begins */
};

/* --- what parts share ------------------------------------------------------------------------- */

/* An atom as cells show it: rows of blanks and empty strings would be invisible. */
static void show_atom(Buffer *out, Atom value) {
    if (value.kind != ATOM_STRING) {
        atom_format_display(out, value);
        return;
    }
    const String *string = value.as.string;
    if (string->len == 0) buffer_text(out, "\"\"");
    bool blank = strspn(string->bytes, " ") == string->len;
    for (uint32_t i = 0; i < string->len && blank; i++)
        buffer_text(out, "␣");
    if (!blank) buffer_add(out, string->bytes, string->len);
}

/* What stands at a position: a vector's numbers in short. */
static void show_value(Buffer *out, const Sequence *values, uint32_t position) {
    if (values->atoms) {
        show_atom(out, values->atoms[position]);
        return;
    }
    const double *vector = values->numbers + (size_t)position * values->width;
    for (uint32_t c = 0; c < values->width; c++)
        buffer_printf(out, "%s%.3g", c == 0 ? "" : " ", vector[c] + 0.0); /* no -0 */
}

static int cell_columns(const Picture *picture, int width) {
    return (width - 4) * 1000 / (picture->text * 605);
}

int picture_column(const Picture *picture, const Series *series, int most) {
    int width = picture->cell;
    Buffer text = {0};
    for (uint32_t i = 0; i < series->values.n && width < most; i++) {
        text.len = 0;
        show_value(&text, &series->values, i);
        int columns = text.data ? (int)utf8_columns(text.data, text.len) : 0;
        int wanted = columns > 100 ? most : columns * picture->text * 605 / 1000 + 9;
        if (wanted > width) width = wanted;
    }
    buffer_free(&text);
    return width < most ? width : most;
}

/* From a cell's top to its text's base line. */
static int middle_of(const Picture *picture) {
    return picture->cell / 2 + picture->text * 36 / 100;
}

void picture_cell(const Picture *picture, BoxStyle box, TextStyle style, int x, int y, int width,
                  const Series *series, uint32_t position) {
    svg_box(picture->out, box, x, y, width, picture->cell, 0);
    Buffer text = {0};
    show_value(&text, &series->values, position);
    svg_text(picture->out,
             &(SvgText){.x = x + width / 2,
                        .y = y + middle_of(picture),
                        .style = style,
                        .anchor = ANCHOR_MIDDLE,
                        .size = picture->text,
                        .most_columns = cell_columns(picture, width)},
             text.data ? text.data : "", text.len);
    buffer_free(&text);
}

void picture_label(const Picture *picture, SvgText place, const char *role, NodeId node) {
    Buffer text = {0};
    buffer_text(&text, role);
    int room = place.most_columns - (int)strlen(role);
    graph_label(picture->graph, node, FORMULA_RASP, room > 1 ? (size_t)room : 1, &text);
    svg_text(picture->out, &place, text.data, text.len);
    buffer_free(&text);
}

void picture_gather(const Picture *picture, SvgText place, const char *role, NodeId gather) {
    const Node *node = graph_node(picture->graph, gather);
    bool count = node->op == OP_WIDTH, total = node->op == OP_TOTAL;
    bool mean = !count && (graph_node(picture->graph, node->args[1])->type &
                           (TYPE_NUMBER | TYPE_VECTOR)) != 0;
    Buffer text = {0};
    buffer_printf(&text, "%s%s", role,
                  count   ? "count"
                  : total ? "sum of "
                  : mean  ? "mean of "
                          : "gathers ");
    if (!count)
        picture_label(picture, place, text.data, node->args[1]);
    else
        svg_text(picture->out, &place, text.data, text.len);
    buffer_free(&text);
}

/* --- measures --------------------------------------------------------------------------------- */

/* Vectors may be wider than atoms, as long as the picture is small. */
static int wanted_column(const Picture *picture, const Series *series, int widest) {
    bool vector = series->values.atoms == NULL && picture->n <= 20;
    return picture_column(picture, series, vector ? 2 * widest : widest);
}

/* The more positions, the smaller the cells. */
static void choose_cells(Picture *picture) {
    static const struct {
        uint32_t most_positions;
        int cell, text, widest;
    } sizes[] = {
        {12, 30, 14, 62}, {20, 26, 12, 44}, {32, 22, 11, 30}, {DRAW_MOST_TOKENS, 18, 9, 22}};
    int i = 0;
    while (sizes[i].most_positions < picture->n)
        i++;
    picture->cell = sizes[i].cell;
    picture->text = sizes[i].text;
    int widest = sizes[i].cell;
    const Plan *plan = picture->plan;
    for (uint32_t depth = 0; depth < plan->layer_count; depth++)
        for (uint32_t row = 0; row < plan->layers[depth].row_count; row++) {
            int wanted =
                wanted_column(picture, &plan->layers[depth].rows[row].series, sizes[i].widest);
            if (wanted > widest) widest = wanted;
        }
    int wanted = plan->is_selector ? 0 : wanted_column(picture, &plan->output, sizes[i].widest);
    picture->column = wanted > widest ? wanted : widest;
}

static bool is_alone(const PlanLayer *layer) { return layer->head_count == 1; }

/* Heads that stand side by side. */
typedef struct HeadLine {
    uint32_t count;
    int width, above, below;
} HeadLine;

/* As many heads from first on as fit, at least one. */
static HeadLine head_line(const Picture *picture, const PlanLayer *layer, uint32_t first) {
    HeadLine line = {0};
    while (first + line.count < layer->head_count) {
        HeadShape shape = head_shape(picture, &layer->heads[first + line.count], is_alone(layer));
        int wider = line.width + (line.count ? HEAD_GAP : 0) + shape.width;
        if (line.count > 0 && wider > USUAL_INNER) break;
        line.width = wider;
        if (shape.above > line.above) line.above = shape.above;
        if (shape.below > line.below) line.below = shape.below;
        line.count++;
    }
    return line;
}

static int inner_width(const Picture *picture) {
    int widest = PICTURE_NAMES + (int)picture->n * picture->column + PICTURE_GAP +
                 svg_text_width(TEXT_CODE, FORMULA_COLUMNS);
    if (widest < LEAST_INNER) widest = LEAST_INNER;
    for (uint32_t depth = 0; depth < picture->plan->layer_count; depth++) {
        const PlanLayer *layer = &picture->plan->layers[depth];
        for (uint32_t first = 0; first < layer->head_count;) {
            HeadLine line = head_line(picture, layer, first);
            if (line.width > widest) widest = line.width;
            first += line.count;
        }
    }
    return widest;
}

static int layer_height(const Picture *picture, const PlanLayer *layer) {
    int height = HEADING + (int)layer->row_count * (picture->cell + ROW_GAP) + INSET;
    if (layer->row_count > 0)
        height -= ROW_GAP;
    else if (layer->head_count > 0)
        height -= 2 * ROW_GAP;
    for (uint32_t first = 0; first < layer->head_count;) {
        HeadLine line = head_line(picture, layer, first);
        first += line.count;
        height += line.above + line.below + 2 * ROW_GAP;
    }
    return height + (layer->hidden_heads ? NOTE : 0) + (layer->hidden_rows ? NOTE : 0);
}

/* --- rows ------------------------------------------------------------------------------------- */

static void draw_row(const Picture *picture, const Series *series, uint32_t head, bool output,
                     int x, int y) {
    int middle = y + middle_of(picture);
    picture_label(picture,
                  (SvgText){.x = x + PICTURE_NAMES - 10,
                            .y = middle,
                            .anchor = ANCHOR_END,
                            .style = output ? TEXT_OUTPUT : TEXT_NAME,
                            .most_columns = svg_text_columns(TEXT_OUTPUT, PICTURE_NAMES - 10)},
                  "", series->node);
    x += PICTURE_NAMES;
    BoxStyle box = output ? BOX_OUTPUT : head ? BOX_RESULT : BOX_CELL;
    for (uint32_t i = 0; i < picture->n; i++)
        picture_cell(picture, box, output ? TEXT_OUTPUT : TEXT_CELL, x + (int)i * picture->column,
                     y, picture->column, series, i);

    /* What has no name shows its formula already. */
    const Node *node = graph_node(picture->graph, series->node);
    if (op_info(node->op)->kind == OPKIND_INPUT || !graph_name_of(picture->graph, series->node))
        return;
    int left = (int)picture->n * picture->column + PICTURE_GAP;
    SvgText place = {.x = x + left, .y = middle, .style = TEXT_CODE};
    place.most_columns = svg_text_columns(TEXT_CODE, picture->inner - PICTURE_NAMES - left);
    Buffer text = {0};
    if (head) {
        buffer_printf(&text, "head %" PRIu32 ": ", head);
        picture_gather(picture, place, text.data, series->node);
    } else {
        buffer_text(&text, "= ");
        graph_formula(picture->graph, series->node, FORMULA_RASP, (size_t)place.most_columns - 2,
                      &text);
        svg_text(picture->out, &place, text.data, text.len);
    }
    buffer_free(&text);
}

static int draw_note(const Picture *picture, uint32_t count, const char *what, int x, int y) {
    if (count == 0) return y;
    Buffer text = {0};
    buffer_printf(&text, "%" PRIu32 " more %s not drawn", count, what);
    svg_text(picture->out, &(SvgText){.x = x, .y = y + 14, .style = TEXT_NOTE}, text.data,
             text.len);
    buffer_free(&text);
    return y + NOTE;
}

/* --- boxes ------------------------------------------------------------------------------------ */

static void draw_box(const Picture *picture, const char *heading, const char *note, int y,
                     int width, int height) {
    svg_box(picture->out, BOX_LAYER, MARGIN, y, width + 2 * INSET, height, 8);
    svg_text(picture->out, &(SvgText){.x = MARGIN + INSET, .y = y + 23, .style = TEXT_HEADING},
             heading, strlen(heading));
    svg_text(
        picture->out,
        &(SvgText){
            .x = MARGIN + INSET + width, .y = y + 23, .style = TEXT_NOTE, .anchor = ANCHOR_END},
        note, strlen(note));
}

static int draw_heads(Picture *picture, const PlanLayer *layer, int y) {
    for (uint32_t first = 0; first < layer->head_count;) {
        int x = MARGIN + INSET;
        HeadLine line = head_line(picture, layer, first);
        for (uint32_t i = first; i < first + line.count; i++) {
            head_draw(picture, &layer->heads[i], i + 1, is_alone(layer), x, y, y + line.above);
            x += head_shape(picture, &layer->heads[i], is_alone(layer)).width + HEAD_GAP;
        }
        y += line.above + line.below + 2 * ROW_GAP;
        first += line.count;
    }
    return draw_note(picture, layer->hidden_heads, "heads are", MARGIN + INSET, y);
}

static int draw_layer(Picture *picture, uint32_t depth, int y, int width) {
    const PlanLayer *layer = &picture->plan->layers[depth];
    int height = layer_height(picture, layer);
    Buffer heading = {0}, note = {0};
    if (depth == 0)
        buffer_text(&heading, "Input");
    else
        buffer_printf(&heading, "Layer %" PRIu32, depth);
    if (depth == 0)
        buffer_text(&note, "what needs no attention");
    else
        buffer_printf(&note, layer->head_count == 1 ? "%" PRIu32 " head" : "%" PRIu32 " heads",
                      layer->head_count + layer->hidden_heads);
    draw_box(picture, heading.data, note.data, y, width, height);
    buffer_free(&heading);
    buffer_free(&note);
    int at = draw_heads(picture, layer, y + HEADING);
    for (uint32_t i = 0; i < layer->row_count; i++) {
        draw_row(picture, &layer->rows[i].series, layer->rows[i].head, false, MARGIN + INSET, at);
        at += picture->cell + ROW_GAP;
    }
    draw_note(picture, layer->hidden_rows, "rows are", MARGIN + INSET, at);
    return y + height;
}

static int draw_output(const Picture *picture, int y, int width) {
    int height = HEADING + picture->cell + INSET;
    draw_box(picture, "Output", "", y, width, height);
    draw_row(picture, &picture->plan->output, 0, true, MARGIN + INSET, y + HEADING);
    return y + height;
}

/* Returns where it ends. */
static int draw_legend(const Picture *picture, int y) {
    const struct {
        bool shown;
        BoxStyle box;
        const char *text;
        int width;
    } entries[] = {
        {true, BOX_SELECTED, "the query of this row attends to the key of this column", 372},
        {picture->weights, BOX_SELECTED_HALF, "the paler, the less weight", 188},
        {picture->negative, BOX_NEGATIVE, "a weight below 0", 138},
        {picture->defaults, BOX_DEFAULT, "nothing is selected: the default", 220},
    };
    int x = MARGIN + 2, right = 2 * (INSET + MARGIN) + picture->inner;
    for (size_t i = 0; i < sizeof entries / sizeof entries[0]; i++) {
        if (!entries[i].shown) continue;
        if (x + entries[i].width > right) {
            x = MARGIN + 2;
            y += LEGEND_LINE;
        }
        svg_box(picture->out, entries[i].box, x, y + 13, 14, 14, 0);
        svg_text(picture->out, &(SvgText){.x = x + 21, .y = y + 24, .style = TEXT_NOTE},
                 entries[i].text, strlen(entries[i].text));
        x += entries[i].width;
    }
    return y + LEGEND;
}

/* --- the page --------------------------------------------------------------------------------- */

/* "; the last of 7 rounds" */
static void describe_round(const LastRound *round, Buffer *out) {
    if (round == NULL || round->loops == 0) return;
    if (round->loops > 1)
        buffer_printf(out, "; of each of %" PRIu32 " loops the last round", round->loops);
    else if (round->rounds == 1)
        buffer_text(out, "; the only round");
    else
        buffer_printf(out, "; the last of %" PRIu32 " rounds", round->rounds);
}

/* "2 attention layers; heads: 2, 1" */
static void describe(const Plan *plan, Buffer *out) {
    if (plan->attention_layers == 0) {
        buffer_text(out, "no attention layer");
        return;
    }
    buffer_printf(out, "%" PRIu32 " attention layer%s; heads: ", plan->attention_layers,
                  plan->attention_layers == 1 ? "" : "s");
    uint32_t listed = plan->attention_layers - plan->hidden_layers;
    for (uint32_t i = 0; i < listed; i++)
        buffer_printf(out, i ? ", %" PRIu32 : "%" PRIu32, plan->heads_per_layer[i]);
    if (plan->hidden_layers > 0)
        buffer_printf(out, ", …; the last %" PRIu32 " layers are not drawn", plan->hidden_layers);
}

/* Everything below the header; returns where it ends. */
static int draw_body(Picture *picture, int width) {
    int y = HEADER;
    for (uint32_t depth = 0; depth < picture->plan->layer_count; depth++) {
        const PlanLayer *layer = &picture->plan->layers[depth];
        if (layer->head_count == 0 && layer->row_count == 0) continue;
        if (y > HEADER) {
            svg_arrow(picture->out, MARGIN + INSET + width / 2, y + 5, BETWEEN - 10);
            y += BETWEEN;
        }
        y = draw_layer(picture, depth, y, width);
    }
    if (!picture->plan->is_selector) {
        if (y > HEADER) {
            svg_arrow(picture->out, MARGIN + INSET + width / 2, y + 5, BETWEEN - 10);
            y += BETWEEN;
        }
        y = draw_output(picture, y, width);
    }
    return picture->plan->attention_layers > 0 ? draw_legend(picture, y) : y;
}

static void draw_page(Picture *picture, const char *title, Buffer *out) {
    Buffer body = {0}, summary = {0};
    choose_cells(picture);
    int inner = picture->inner = inner_width(picture);
    picture->out = &body;
    int height = draw_body(picture, inner) + MARGIN - 4;
    describe(picture->plan, &summary);
    describe_round(picture->round, &summary);
    svg_open(out, inner + 2 * (INSET + MARGIN), height, title, summary.data);
    svg_text(out,
             &(SvgText){.x = MARGIN,
                        .y = 32,
                        .style = TEXT_TITLE,
                        .most_columns = svg_text_columns(TEXT_TITLE, inner)},
             title, strlen(title));
    svg_text(out, &(SvgText){.x = MARGIN, .y = 53, .style = TEXT_NOTE}, summary.data, summary.len);
    buffer_add(out, body.data, body.len);
    svg_close(out);
    buffer_free(&body);
    buffer_free(&summary);
}

/* Has it what only programs over real vectors have? */
static bool is_real(const Graph *graph, const uint8_t *needed) {
    for (NodeId id = 0; id < graph->count; id++)
        if (needed[id] && graph_node(graph, id)->op >= OP_INPUT) return true;
    return false;
}

static bool draw_plan(const Graph *graph, NodeId node, Input input, const LastRound *round,
                      const char *title, Arena *arena, Diagnostics *diags, Buffer *out) {
    Plan *plan = plan_new(graph, node, arena);
    if (round != NULL) plan_add_weights(plan, round->graph, input.n);
    if (!plan_evaluate(plan, graph, input, arena, diags)) return false;
    Picture picture = {.graph = graph, .plan = plan, .n = input.n, .round = round};
    Buffer label = {0};
    graph_label(graph, node, FORMULA_RASP, FORMULA_COLUMNS, &label);
    draw_page(&picture, title ? title : label.data, out);
    buffer_free(&label);
    return true;
}

bool draw_svg(const Graph *graph, NodeId node, Input input, const char *title, Diagnostics *diags,
              Buffer *out) {
    if (input.n > DRAW_MOST_TOKENS) {
        Diagnostic *diag =
            diag_error(diags, DIAG_DRAW_LENGTH, (Span){0},
                       "the input has %" PRIu32 " elements; a picture shows at most %d", input.n,
                       DRAW_MOST_TOKENS);
        diag_help(diag, "draw a shorter input: the layers and heads are the same");
        return false;
    }
    Arena *arena = arena_new(0);
    LastRound round;
    bool drawn;
    if (!is_real(graph, graph_needed(graph, node, arena)))
        drawn = draw_plan(graph, node, input, NULL, title, arena, diags, out);
    else
        drawn = last_round(graph, node, input, arena, diags, &round) &&
                draw_plan(round.graph, round.node, round.input, &round, title, arena, diags, out);
    arena_free(arena);
    return drawn;
}
