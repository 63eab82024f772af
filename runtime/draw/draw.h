/* Draw: the computation flow of an s-op or selector on one input, as a picture for a slide or a
   page. A box a layer; in it every head as the attention matrix that it has on this input, between
   its keys, queries, values and results; then what is computed position by position. Constants are
   not drawn; what has no name is spelt out where it is used. */
#ifndef RASPC_DRAW_H
#define RASPC_DRAW_H

#include "runtime/engines/eval.h"

/* What a picture can hold and still be read. Longer inputs are refused; of anything else the first
   ones are drawn and a line says how many are not. */
enum {
    DRAW_MOST_TOKENS = 64,
    DRAW_MOST_LAYERS = 32,
    DRAW_MOST_HEADS = 12, /* in a layer */
    DRAW_MOST_ROWS = 24,  /* in a layer */
    DRAW_MOST_SERIES = 4, /* keys, queries, values, results of one head */
};

/* Adds a whole SVG file to out. title may be NULL. False after reporting what went wrong; then
   nothing was added. */
bool draw_svg(const Graph *graph, NodeId node, Input input, const char *title, Diagnostics *diags,
              Buffer *out);

#endif
