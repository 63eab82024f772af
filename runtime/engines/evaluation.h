/* One evaluation, inside eval: the state that its parts share. Everything lives in its arena,
   which goes when the evaluation ends.
   Always holds: column[id] is set from the moment s-op id was computed until its last user is
   done; every column is a sequence (all strings, or all numbers). */
#ifndef RASPC_EVALUATION_H
#define RASPC_EVALUATION_H

#include "runtime/engines/eval.h"

typedef struct Evaluation {
    const Graph *graph;
    Input input;
    uint32_t n; /* positions */
    Arena *arena;
    Diagnostics *diags;
    Span asked_at;
    const Cancel *cancel;
    uint64_t pairs;     /* of a query and a key, looked at so far */
    uint64_t work;      /* cells and values since cancel was asked last */
    Atom **column;      /* (root + 1)(n) the values of s-ops that are still needed, or NULL */
    NodeId *dying;      /* (root + 1) the first node whose last user this one is, or NO_NODE */
    NodeId *dying_next; /* (root + 1) the next node with the same last user */
    Atom **spare;       /* columns that nobody needs any more, for reuse */
    uint32_t spare_count;
    uint32_t *step_of; /* (root + 1) for eval_select.c: all 0 between its uses */
} Evaluation;

/* Reports at the node's span; always false. */
bool evaluation_fail(Evaluation *evaluation, NodeId node, DiagId id, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* Counts that many cells or values as computed. False, after reporting, when the work is to be
   given up. */
bool evaluation_goes_on(Evaluation *evaluation, NodeId node, uint64_t work);
/* True when that many bytes more are within the limit; reports otherwise. */
bool evaluation_has_room(Evaluation *evaluation, NodeId node, size_t bytes);

/* --- eval_element.c: position by position ----------------------------------------------------- */

/* Fills out (n) with the values of an INPUT or ELEMENT node. */
bool eval_element(Evaluation *evaluation, NodeId node, Atom *out);

/* --- eval_select.c: rows of selectors --------------------------------------------------------- */

/* A selector ready to give its rows: its nodes in id order, so a plain loop computes them. */
typedef struct SelectorFormula SelectorFormula;
/* Lives in scratch. NULL when a comparison has no meaning (reported). */
SelectorFormula *selector_formula(Evaluation *evaluation, NodeId selector, Arena *scratch);
/* How many cells a row takes: those of every comparison and combination in the formula. */
uint64_t selector_row_cells(const SelectorFormula *formula);
/* Row query: (n) bytes, 1 where the key is selected; valid until the next call. */
const uint8_t *selector_row(SelectorFormula *formula, uint32_t query);

/* --- eval_attend.c: gathering over positions -------------------------------------------------- */

/* Fills out (n) with the values of an ATTENTION node. */
bool eval_attention(Evaluation *evaluation, NodeId node, Atom *out);

#endif
