/* The picture being drawn: measures that all of its parts share. Everything is in pixels. */
#ifndef RASPC_DRAW_PICTURE_H
#define RASPC_DRAW_PICTURE_H

#include "runtime/draw/last_round.h"
#include "runtime/draw/plan.h"
#include "runtime/draw/svg.h"

typedef struct Picture {
    const Graph *graph;
    const Plan *plan;
    Buffer *out;
    uint32_t n;    /* positions */
    int cell;      /* a cell's height */
    int column;    /* a cell's width in rows and matrices: positions stand below each other */
    int text;      /* the size of text in cells */
    int inner;     /* the width within a box */
    bool defaults; /* a cell shows a default */
    bool weights;  /* a matrix shows weights between 0 and 1, */
    bool negative; /* or below 0 */
    const LastRound *round; /* NULL: of a program without loops */
} Picture;

enum {
    PICTURE_NAMES = 156, /* left of the first position's column: names, queries */
    PICTURE_GAP = 14,
};

/* The width that the values want as one column of cells. */
int picture_column(const Picture *picture, const Series *series, int most);
/* One cell of a series, clipped to its width. */
void picture_cell(const Picture *picture, BoxStyle box, TextStyle text, int x, int y, int width,
                  const Series *series, uint32_t position);
/* role, then the node's name or formula, clipped as place says. */
void picture_label(const Picture *picture, SvgText place, const char *role, NodeId node);
/* role, then what a gather does: "count", "mean of depth", "gathers tokens". */
void picture_gather(const Picture *picture, SvgText place, const char *role, NodeId gather);

/* --- heads (head.c) --------------------------------------------------------------------------- */

typedef struct HeadShape {
    int width;
    int queries; /* what stands left of the matrix */
    int above,
        below; /* what stands over the matrix's top line, and under it, the matrix included */
} HeadShape;

/* alone: the head is the only one of its layer, and its matrix stands below the rows' columns. */
HeadShape head_shape(const Picture *picture, const PlanHead *head, bool alone);
/* The head's top left corner is (x, y); its matrix begins at matrix_y, so that those of a line
 * align. */
void head_draw(Picture *picture, const PlanHead *head, uint32_t number, bool alone, int x, int y,
               int matrix_y);

#endif
