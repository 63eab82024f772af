/* Plot: positions as points of a plane, their clusters, and the ways that some of them went through
   the rounds of a loop. As SVG, the same bytes for the same data; lengths are equal in both
   directions. Colours (Okabe and Ito, Color Universal Design) and shapes tell clusters apart, so
   that neither alone is needed. */
#ifndef RASPC_DRAW_PLOT_H
#define RASPC_DRAW_PLOT_H

#include "runtime/base/buffer.h"

#include <stdbool.h>
#include <stdint.h>

/* What a picture can hold and still be read: of more the first, in even steps, are drawn, and a
   line says so. */
enum {
    PLOT_MOST_POINTS = 5000,
    PLOT_MOST_PATHS = 300,
    PLOT_MOST_STEPS = 200, /* of one path */
};

#define PLOT_NO_COLOUR UINT32_MAX

typedef struct PlotPoint {
    double x, y;
    uint32_t colour; /* which cluster, or PLOT_NO_COLOUR */
} PlotPoint;

typedef struct PlotPath {
    const double *steps; /* (count, 2), count >= 1 */
    uint32_t count;
    uint32_t colour;
    bool marked; /* a leader */
} PlotPath;

typedef struct Plot {
    const char *title;
    const char *across, *up; /* what the axes are called */
    const PlotPoint *points; /* (point_count) */
    uint32_t point_count, all_points;
    const PlotPath *paths; /* (path_count) */
    uint32_t path_count, all_paths;
    const char *path_word; /* what paths are of: "centre", "token" */
    bool centres;          /* a path's end is drawn large */
    bool hull;             /* the convex hull of the ends is drawn */
} Plot;

/* Adds a whole SVG file. All numbers are finite. */
void plot_svg(const Plot *plot, Buffer *out);

/* The corners of the convex hull, counter-clockwise, into corners (count): their number. */
uint32_t plot_hull(const double *points, uint32_t count, uint32_t *corners);

#endif
