/* One evaluation, inside eval: the state that its parts share. Everything lives in its arena,
   which goes when the evaluation ends.
   Always holds: the column of an s-op is set from the moment it was computed until its last user is
   done, in a loop's body in every round anew; every column of atoms is a sequence (all strings, or
   all numbers). */
#ifndef RASPC_EVALUATION_H
#define RASPC_EVALUATION_H

#include "runtime/engines/eval.h"

/* The values of one s-op: atoms, or numbers when it is of vectors; the other is NULL. */
typedef struct Column {
    Atom *atoms;     /* (n) */
    double *numbers; /* (n, width) */
} Column;

/* What is computed together: a round of a loop, or once and for all what depends on no loop.
   Levels are numbered as Node.loop is. */
typedef struct Level {
    const NodeId *nodes; /* (count) the s-ops to compute, in id order */
    uint32_t count;
    NodeId trigger; /* the first needed result: there the loop runs. NO_NODE: it does not */
    NodeId kept;    /* the first node whose column lasts to the end of the round, or NO_NODE */
} Level;

/* Columns of one size that nobody needs any more. */
typedef struct Spare {
    size_t bytes; /* for each position */
    uint32_t count, capacity;
    void **columns; /* (count) */
} Spare;

typedef struct Evaluation {
    const Graph *graph;
    Input input;
    uint32_t n; /* positions */
    Arena *arena;
    Diagnostics *diags;
    Span asked_at;
    const Cancel *cancel;
    const EvalRounds *rounds; /* or NULL */
    uint64_t pairs;           /* of a query and a key, looked at so far */
    uint64_t work;            /* cells and values since cancel was asked last */
    Atom **column;            /* (count) the values of s-ops that are still needed, or NULL */
    double **numbers;         /* (count) likewise, (n, width) of vectors */
    Level *levels;            /* (loop_count + 1) */
    NodeId *dying;            /* (count) the first node whose last user this one is, or NO_NODE */
    NodeId *dying_next;       /* (count) the next node that goes together with this one */
    Spare *spares;            /* (spare_count) */
    uint32_t spare_count, spare_capacity;
    NodeId *result_next; /* (count) the next needed result of the same loop, or NO_NODE */
    uint32_t *step_of;   /* (count) for formulas: all 0 between their uses */
} Evaluation;

/* Reports at the node's span; always false. */
bool evaluation_fail(Evaluation *evaluation, NodeId node, DiagId id, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* Counts that many cells or values as computed. False, after reporting, when the work is to be
   given up. */
bool evaluation_goes_on(Evaluation *evaluation, NodeId node, uint64_t work);
/* True when that many bytes more are within the limit; reports otherwise. */
bool evaluation_has_room(Evaluation *evaluation, NodeId node, size_t bytes);

/* Counts that many pairs of a query and a key; false after reporting that they are too many. */
bool evaluation_counts_pairs(Evaluation *evaluation, NodeId node, uint64_t pairs);
/* "position 3: 'x' <what>" at the node; always false. */
bool evaluation_fail_at(Evaluation *evaluation, NodeId node, DiagId id, uint32_t position,
                        Atom value, const char *what);

/* --- eval_plan.c: what is computed when, and how long it lasts -------------------------------- */

/* Is the node a selector, score or pattern, which is computed by the attention that uses it? */
bool evaluation_is_lazy(const Graph *graph, NodeId node);
/* Plans to compute the roots; their columns last to the end. */
void evaluation_plan(Evaluation *evaluation, const NodeId *roots, uint32_t root_count);
/* Sets the node's column to memory of its own; false after reporting that there is none. */
bool evaluation_take_column(Evaluation *evaluation, NodeId node);
/* Gives back the node's column. */
void evaluation_release_one(Evaluation *evaluation, NodeId node);
/* Gives back the columns of the node and of those that go together with it; NO_NODE: none. */
void evaluation_release(Evaluation *evaluation, NodeId first);
Column evaluation_column(const Evaluation *evaluation, NodeId node);
/* Copies a column of the node's type. */
void evaluation_copy_column(const Evaluation *evaluation, NodeId node, Column from, Column to);

/* --- eval.c, eval_loop.c: computing ----------------------------------------------------------- */

/* Computes the s-ops of a level, and the loops whose results are among them. */
bool evaluation_level(Evaluation *evaluation, uint32_t level);
/* The column of an OP_RESULT; at the loop's first, runs it and sets the columns of them all. */
bool eval_result(Evaluation *evaluation, NodeId node);

/* --- eval_element.c: position by position ----------------------------------------------------- */

/* Fills out (n) with the values of an INPUT or ELEMENT node. */
bool eval_element(Evaluation *evaluation, NodeId node, Atom *out);

/* Fills the column of an OP_INPUT. */
bool eval_named_input(Evaluation *evaluation, NodeId node, Column out);

/* --- eval_function.c: functions of one number --------------------------------------------------
 */

bool is_number_function(GraphOp op);
/* Fills the column of one of those, of numbers or vectors. */
bool eval_function(Evaluation *evaluation, NodeId node, Column out);

/* --- eval_vector.c: position by position, where vectors or real functions take part ------------
 */

/* Is it one that eval_vector knows? */
bool is_vector_operation(const Graph *graph, NodeId node);
/* Fills the column of an ELEMENT node. */
bool eval_vector(Evaluation *evaluation, NodeId node, Column out);
/* The node's values as (n, width) doubles, of numbers (n): its own column, or a copy in scratch.
   NULL, after reporting at `user`, when one of them is no number or too large for one. */
const double *evaluation_numbers(Evaluation *evaluation, NodeId node, NodeId user, Arena *scratch);

/* --- eval_formula.c: what a selector or score is made of -------------------------------------- */

/* The node and the selectors, or the scores, that it combines, in id order: arguments before their
   users. evaluation->step_of says each one's number in the list until formula_close. */
typedef struct FormulaNodes {
    NodeId *nodes; /* (count) */
    uint32_t count, capacity;
} FormulaNodes;
FormulaNodes formula_open(Evaluation *evaluation, NodeId node, Arena *scratch);
void formula_close(Evaluation *evaluation, const FormulaNodes *nodes);
/* Does the node combine rows of others (sel_and, scores_add)? Else it compares key and query. */
bool formula_combines(GraphOp op);

/* --- eval_select.c: rows of selectors --------------------------------------------------------- */

/* A selector ready to give its rows: its nodes in id order, so a plain loop computes them. */
typedef struct SelectorFormula SelectorFormula;
/* Lives in scratch. NULL when a comparison has no meaning (reported). */
SelectorFormula *selector_formula(Evaluation *evaluation, NodeId selector, Arena *scratch);
/* How many cells a row takes: those of every comparison and combination in the formula. */
uint64_t selector_row_cells(const SelectorFormula *formula);
/* Row query: (n) bytes, 1 where the key is selected; valid until the next call. */
const uint8_t *selector_row(SelectorFormula *formula, uint32_t query);
/* Are all rows the same, since no comparison tells one query from another? */
bool selector_is_uniform(const SelectorFormula *formula);

/* --- eval_score.c: rows of scores ------------------------------------------------------------- */

/* The keys that an attention may look at, in order. */
typedef struct Keys {
    uint32_t count;
    const uint32_t *positions; /* (count) */
} Keys;
typedef struct ScoreFormula ScoreFormula;
/* Lives in scratch. NULL when a value is no number (reported). */
ScoreFormula *score_formula(Evaluation *evaluation, NodeId score, GraphOp pattern, Keys keys,
                            Arena *scratch);
/* How many numbers a row looks at. */
uint64_t score_row_cells(const ScoreFormula *formula);
/* Row query: (keys.count) scores; valid until the next call. */
const double *score_row(ScoreFormula *formula, uint32_t query);

/* --- eval_attend.c: gathering over positions -------------------------------------------------- */

/* Fills the column of an ATTENTION node. */
bool eval_attention(Evaluation *evaluation, NodeId node, Column out);

/* Atoms to be averaged or added, seen as the plainest type that sums them as NumberSum would. */
typedef struct Values {
    uint32_t count;
    const Atom *atoms;   /* (count) */
    const int64_t *ints; /* (count) when all are ints or bools whose sum fits, else NULL */
    const double *reals; /* (count) when all are floats, else NULL */
    NumberSum *sum;      /* for the rest; the caller frees it */
} Values;
Values values_view(const Atom *atoms, uint32_t count, Arena *scratch);
/* selected: (count) zeros and ones, of which `ones` are ones, at least 2. */
ArithStatus values_mean(const Values *values, const uint8_t *selected, uint32_t ones, Atom *mean);
ArithStatus values_total(const Values *values, const uint8_t *selected, Atom *total);
uint32_t count_selected(const uint8_t *selected, uint32_t count);

/* --- eval_pattern.c: gathering with patterns, of vectors, and totals ---------------------------
 */

/* Fills the column of an OP_ATTEND or OP_TOTAL. */
bool eval_pattern(Evaluation *evaluation, NodeId node, Column out);
bool is_pattern_attention(GraphOp op);

#endif
