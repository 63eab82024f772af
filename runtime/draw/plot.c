#include "runtime/draw/plot.h"

#include "runtime/base/memory.h"
#include "runtime/draw/svg.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    SIDE = 560, /* of the longer direction of the frame */
    LEAST_SIDE = 140,
    LEFT = 72,
    TOP = 56,
    RIGHT = 24,
    BELOW = 76,
    INSET = 14, /* between the frame and the outermost points */
    TICKS = 6,  /* about */
    COLOURS = 8,
    SHAPES = 4,
};

static const char *const colours[COLOURS] = {"#0072b2", "#d55e00", "#009e73", "#cc79a7",
                                             "#56b4e9", "#e69f00", "#5b4b00", "#444444"};
static const char plain_colour[] = "#6e7781"; /* of what is in no cluster */

static const char *colour_of(uint32_t colour) {
    return colour == PLOT_NO_COLOUR ? plain_colour : colours[colour % COLOURS];
}

/* Clusters of one colour differ in their shape. */
static unsigned shape_of(uint32_t colour) {
    return colour == PLOT_NO_COLOUR ? 0 : (colour + colour / COLOURS) % SHAPES;
}

/* From data to pixels: the same scale in both directions. */
typedef struct Frame {
    double left, bottom; /* data at the frame's inner corner */
    double scale;        /* pixels a unit */
    int width, height;
} Frame;

typedef struct Place {
    double x, y;
} Place;

/* So that a difference of two is finite. */
static double bounded(double value) {
    static const double most = 1e300;
    return value > most ? most : value < -most ? -most : value;
}

static Place place(const Frame *frame, double x, double y) {
    return (Place){LEFT + INSET + (bounded(x) - frame->left) * frame->scale,
                   TOP + frame->height - INSET - (bounded(y) - frame->bottom) * frame->scale};
}

typedef struct Range {
    double least, greatest;
} Range;

static void widen(Range *range, double value) {
    value = bounded(value);
    if (value < range->least) range->least = value;
    if (value > range->greatest) range->greatest = value;
}

static double extent(Range range) { return range.greatest - range.least; }

/* How large what is shown is; never so small that its numbers could not be told apart. */
static double extent_of_both(Range x, Range y) {
    static const double least_part = 1e-9, least = 1e-290;
    double size = fmax(extent(x), extent(y));
    size = fmax(size, least_part * fmax(fabs(x.least), fabs(x.greatest)));
    size = fmax(size, least_part * fmax(fabs(y.least), fabs(y.greatest)));
    return size < least ? 1 : size;
}

static int pixels(double size, double scale) {
    double wanted = size * scale + 2 * INSET;
    return (int)fmin(fmax(ceil(wanted), LEAST_SIDE), SIDE);
}

static Frame make_frame(const Plot *plot) {
    Range x = {INFINITY, -INFINITY}, y = x;
    for (uint32_t i = 0; i < plot->point_count; i++)
        widen(&x, plot->points[i].x), widen(&y, plot->points[i].y);
    for (uint32_t i = 0; i < plot->path_count; i++)
        for (uint32_t k = 0; k < plot->paths[i].count; k++)
            widen(&x, plot->paths[i].steps[2 * k]), widen(&y, plot->paths[i].steps[2 * k + 1]);
    if (x.least > x.greatest) x = y = (Range){0, 1};
    Frame frame = {.scale = (SIDE - 2 * INSET) / extent_of_both(x, y)};
    frame.width = pixels(extent(x), frame.scale);
    frame.height = pixels(extent(y), frame.scale);
    /* What is narrower than its side stands in the middle. */
    frame.left = x.least - ((frame.width - 2 * INSET) / frame.scale - extent(x)) / 2;
    frame.bottom = y.least - ((frame.height - 2 * INSET) / frame.scale - extent(y)) / 2;
    return frame;
}

/* --- axes ------------------------------------------------------------------------------------- */

/* 1, 2 or 5 times a power of ten. */
static double tick_step(double size) {
    double rough = size / TICKS, power = pow(10, floor(log10(rough)));
    double factor = rough / power;
    return power * (factor <= 1 ? 1 : factor <= 2 ? 2 : factor <= 5 ? 5 : 10);
}

static void tick(Buffer *out, const Frame *frame, bool across, double value, Place at) {
    Buffer label = {0};
    int x = (int)lround(at.x), y = (int)lround(at.y), bottom = TOP + frame->height;
    buffer_printf(&label, "%.6g", value);
    if (across)
        buffer_printf(out, "<path stroke=\"#d0d7de\" d=\"M%d %dV%d\"/>\n", x, TOP, bottom);
    else
        buffer_printf(out, "<path stroke=\"#d0d7de\" d=\"M%d %dH%d\"/>\n", LEFT, y,
                      LEFT + frame->width);
    svg_text(out,
             &(SvgText){.x = across ? x : LEFT - 8,
                        .y = across ? bottom + 16 : y + 4,
                        .style = TEXT_NOTE,
                        .anchor = across ? ANCHOR_MIDDLE : ANCHOR_END},
             label.data, label.len);
    buffer_free(&label);
}

static void ticks(Buffer *out, const Frame *frame, bool across) {
    double least = across ? frame->left : frame->bottom;
    double size = ((across ? frame->width : frame->height) - 2 * INSET) / frame->scale;
    double step = tick_step(size), first = ceil(least / step);
    for (int i = 0; i <= 2 * TICKS; i++) {
        double value = (first + i) * step;
        if (!(value <= least + size)) break;
        if (fabs(value) < step / 1000) value = 0; /* not -0 */
        tick(out, frame, across, value,
             across ? place(frame, value, frame->bottom) : place(frame, frame->left, value));
    }
}

static void axes(const Plot *plot, const Frame *frame, Buffer *out) {
    svg_box(out, BOX_LAYER, LEFT, TOP, frame->width, frame->height, 0);
    ticks(out, frame, true);
    ticks(out, frame, false);
    int middle = TOP + frame->height / 2;
    svg_text(out,
             &(SvgText){.x = LEFT + frame->width / 2,
                        .y = TOP + frame->height + 34,
                        .style = TEXT_LABEL,
                        .anchor = ANCHOR_MIDDLE},
             plot->across, strlen(plot->across));
    svg_text(
        out,
        &(SvgText){.x = 20, .y = middle, .style = TEXT_LABEL, .anchor = ANCHOR_MIDDLE, .turn = -90},
        plot->up, strlen(plot->up));
}

/* --- marks ------------------------------------------------------------------------------------ */

/* A disc, a square, a triangle or a diamond of about one area, as part of a path. */
static void add_shape(Buffer *out, unsigned shape, Place at, double size) {
    switch (shape) {
    case 0:
        buffer_printf(out, "M%.1f %.1fa%.1f %.1f 0 1 0 %.1f 0a%.1f %.1f 0 1 0 %.1f 0", at.x - size,
                      at.y, size, size, 2 * size, size, size, -2 * size);
        break;
    case 1:
        buffer_printf(out, "M%.1f %.1fh%.1fv%.1fh%.1fz", at.x - size * 0.9, at.y - size * 0.9,
                      size * 1.8, size * 1.8, -size * 1.8);
        break;
    case 2:
        buffer_printf(out, "M%.1f %.1fl%.1f %.1fh%.1fz", at.x, at.y - size * 1.2, size * 1.15,
                      size * 2, -size * 2.3);
        break;
    default:
        buffer_printf(out, "M%.1f %.1fl%.1f %.1fl%.1f %.1fl%.1f %.1fz", at.x, at.y - size * 1.3,
                      size * 1.3, size * 1.3, -size * 1.3, size * 1.3, -size * 1.3, -size * 1.3);
    }
}

static uint32_t colour_count(const Plot *plot) {
    uint32_t count = 0;
    for (uint32_t i = 0; i < plot->point_count; i++)
        if (plot->points[i].colour != PLOT_NO_COLOUR && plot->points[i].colour >= count)
            count = plot->points[i].colour + 1;
    return count;
}

/* Those of one colour are one path: a picture of many points stays small. */
static void points_of(const Plot *plot, const Frame *frame, uint32_t colour, Buffer *out) {
    Buffer marks = {0};
    double size = plot->point_count > 1000 ? 1.8 : 2.8;
    for (uint32_t i = 0; i < plot->point_count; i++) {
        const PlotPoint *point = &plot->points[i];
        if (point->colour == colour)
            add_shape(&marks, shape_of(colour), place(frame, point->x, point->y), size);
    }
    if (marks.len != 0)
        buffer_printf(out, "<path fill=\"%s\" fill-opacity=\"0.6\" d=\"%s\"/>\n", colour_of(colour),
                      marks.data);
    buffer_free(&marks);
}

static void draw_points(const Plot *plot, const Frame *frame, Buffer *out) {
    uint32_t count = colour_count(plot);
    points_of(plot, frame, PLOT_NO_COLOUR, out);
    for (uint32_t colour = 0; colour < count; colour++)
        points_of(plot, frame, colour, out);
}

/* --- paths ------------------------------------------------------------------------------------ */

static Place step_of(const PlotPath *path, const Frame *frame, uint32_t step) {
    return place(frame, path->steps[2 * (size_t)step], path->steps[2 * (size_t)step + 1]);
}

/* A step that moves less than a tenth of a pixel is left out. */
static void draw_line(const PlotPath *path, const Frame *frame, Buffer *out) {
    Place last = step_of(path, frame, 0);
    Buffer line = {0};
    buffer_printf(&line, "M%.1f %.1f", last.x, last.y);
    size_t start = line.len;
    for (uint32_t i = 1; i < path->count; i++) {
        Place next = step_of(path, frame, i);
        if (fabs(next.x - last.x) < 0.1 && fabs(next.y - last.y) < 0.1) continue;
        buffer_printf(&line, "L%.1f %.1f", next.x, next.y);
        last = next;
    }
    if (line.len > start)
        buffer_printf(out,
                      "<path fill=\"none\" stroke=\"%s\" stroke-width=\"1.2\" "
                      "stroke-opacity=\"0.8\" d=\"%s\"/>\n",
                      colour_of(path->colour), line.data);
    buffer_free(&line);
}

static void draw_start(const PlotPath *path, const Frame *frame, Buffer *out) {
    buffer_printf(out, "<path fill=\"#ffffff\" stroke=\"%s\" d=\"", colour_of(path->colour));
    add_shape(out, 0, step_of(path, frame, 0), 2.5);
    buffer_text(out, "\"/>\n");
}

/* A star of five points. */
static void add_star(Buffer *out, Place at, double size) {
    for (int i = 0; i < 10; i++) {
        double angle = i * 3.14159265358979323846 / 5, radius = i % 2 == 0 ? size : size * 0.45;
        buffer_printf(out, "%c%.1f %.1f", i == 0 ? 'M' : 'L', at.x + radius * sin(angle),
                      at.y - radius * cos(angle));
    }
    buffer_char(out, 'z');
}

static void draw_end(const Plot *plot, const PlotPath *path, const Frame *frame, Buffer *out) {
    Place end = step_of(path, frame, path->count - 1);
    bool large = plot->centres || path->marked;
    buffer_printf(out, "<path fill=\"%s\" stroke=\"%s\" d=\"",
                  path->marked ? colours[5] : colour_of(path->colour), large ? "#000000" : "none");
    if (path->marked)
        add_star(out, end, 9);
    else
        add_shape(out, shape_of(path->colour), end, plot->centres ? 6 : 3);
    buffer_text(out, "\"/>\n");
}

static void draw_hull(const Plot *plot, const Frame *frame, Buffer *out) {
    double *ends = memory_zeroed(2 * (size_t)plot->path_count * sizeof *ends);
    uint32_t *corners = memory_zeroed(plot->path_count * sizeof *corners);
    for (uint32_t i = 0; i < plot->path_count; i++)
        memcpy(ends + 2 * (size_t)i, plot->paths[i].steps + 2 * (size_t)(plot->paths[i].count - 1),
               2 * sizeof *ends);
    uint32_t count = plot_hull(ends, plot->path_count, corners);
    if (count > 1) {
        buffer_text(out, "<path fill=\"#56b4e9\" fill-opacity=\"0.1\" stroke=\"#444444\" "
                         "stroke-dasharray=\"5 3\" d=\"");
        for (uint32_t i = 0; i < count; i++) {
            Place at = place(frame, ends[2 * (size_t)corners[i]], ends[2 * (size_t)corners[i] + 1]);
            buffer_printf(out, "%c%.1f %.1f", i == 0 ? 'M' : 'L', at.x, at.y);
        }
        buffer_text(out, "z\"/>\n");
    }
    free(ends);
    free(corners);
}

static void draw_paths(const Plot *plot, const Frame *frame, Buffer *out) {
    if (plot->hull) draw_hull(plot, frame, out);
    for (uint32_t i = 0; i < plot->path_count; i++)
        draw_line(&plot->paths[i], frame, out);
    for (uint32_t i = 0; i < plot->path_count; i++)
        if (plot->paths[i].count > 1) draw_start(&plot->paths[i], frame, out);
    for (uint32_t i = 0; i < plot->path_count; i++)
        draw_end(plot, &plot->paths[i], frame, out);
}

/* --- all -------------------------------------------------------------------------------------- */

/* "300 points", "5000 of 100000 points" */
static void add_count(Buffer *out, uint32_t shown, uint32_t all, const char *word) {
    if (all == 0) return;
    if (out->len != 0) buffer_text(out, ", ");
    if (shown < all) buffer_printf(out, "%u of ", shown);
    buffer_printf(out, "%u %s%s", all, word, all == 1 ? "" : "s");
}

static void describe(const Plot *plot, Buffer *out) {
    uint32_t clusters = colour_count(plot), marked = 0;
    for (uint32_t i = 0; i < plot->path_count; i++)
        marked += plot->paths[i].marked;
    add_count(out, plot->point_count, plot->all_points, "point");
    add_count(out, clusters, clusters, "cluster");
    add_count(out, plot->path_count, plot->all_paths, plot->path_word);
    add_count(out, marked, marked, "leader");
    if (plot->hull) buffer_text(out, ", the polytope of the ends");
}

void plot_svg(const Plot *plot, Buffer *out) {
    Frame frame = make_frame(plot);
    Buffer words = {0};
    buffer_add(&words, "", 0);
    describe(plot, &words);
    svg_open(out, LEFT + frame.width + RIGHT, TOP + frame.height + BELOW, plot->title, words.data);
    svg_text(out,
             &(SvgText){.x = LEFT,
                        .y = 34,
                        .style = TEXT_TITLE,
                        .most_columns = svg_text_columns(TEXT_TITLE, frame.width)},
             plot->title, strlen(plot->title));
    axes(plot, &frame, out);
    draw_points(plot, &frame, out);
    draw_paths(plot, &frame, out);
    svg_text(out, &(SvgText){.x = LEFT, .y = TOP + frame.height + 60, .style = TEXT_NOTE},
             words.data, words.len);
    svg_close(out);
    buffer_free(&words);
}
