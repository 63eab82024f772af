/* A node as one line of RASP-like text, for messages, reports and drawings: what has a name is
   shown by it, the rest is spelt out. Always ends: deep or long formulas are cut with "…". */
#ifndef RASPC_FORMULA_H
#define RASPC_FORMULA_H

#include "runtime/graph/graph.h"

typedef enum FormulaStyle {
    FORMULA_RASP,  /* select(indices, opposite, ==) */
    FORMULA_WORDS, /* indices == opposite: a selector's key on the left, its query on the right;
                      selectors are spelt out, whether they have names or not */
} FormulaStyle;

/* The node's definition, of at most max_columns terminal columns; its own name is not used. */
void graph_formula(const Graph *graph, NodeId node, FormulaStyle style, size_t max_columns,
                   Buffer *out);
/* The node's name, or its formula when it has none. */
void graph_label(const Graph *graph, NodeId node, FormulaStyle style, size_t max_columns,
                 Buffer *out);

#endif
