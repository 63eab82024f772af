/* The source line of a span with the span underlined:
       3 | hist = selectr_width(same);
         |        ^~~~~~~~~~~~~
   A line too long for a terminal is shown as a window around the span. */
#ifndef RASPC_EXCERPT_H
#define RASPC_EXCERPT_H

#include "runtime/base/source.h"
#include "runtime/base/visible.h"

enum { EXCERPT_GUTTER = 5 }; /* columns of the line number */

/* Adds both lines. caret_on and caret_off go around the underline (colour escapes, or "").
   Nothing for a span of file 0. Of a span over several lines the first one's part is shown. */
void excerpt_add(Buffer *out, const Sources *sources, Span span, const char *caret_on,
                 const char *caret_off);

#endif
