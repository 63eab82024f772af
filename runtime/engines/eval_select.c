/* Selectors a row at a time: the n x n matrix is never stored, so memory stays in proportion to n.

   Every comparison is made on doubles. Numbers that are doubles exactly stand for themselves.
   Anything else (strings, integers beyond 2^53) is replaced by its rank among the keys and queries
   together, which compares the same way. NaN stands for what equals nothing and has no order: a
   NaN itself, and all keys when keys and queries are strings against numbers. */
#include "runtime/engines/evaluation.h"

#include "runtime/base/bug.h"

#include <math.h>
#include <stdlib.h>

typedef struct SelectorStep {
    GraphOp op;
    uint32_t left, right;         /* sel_and, sel_or, sel_not: earlier steps */
    const double *keys, *queries; /* (n) a comparison's sides */
    uint8_t *row;                 /* (n) the row computed last */
} SelectorStep;

struct SelectorFormula {
    uint32_t n;
    uint32_t count;
    SelectorStep *steps; /* (count) arguments before their users; the last one is the selector */
};

/* --- a comparison's two sides as doubles ------------------------------------------------------ */

static bool exact_doubles(const Atom *atoms, uint32_t n) {
    const int64_t limit = (int64_t)1 << 53;
    for (uint32_t i = 0; i < n; i++) {
        int64_t integer;
        if (atoms[i].kind == ATOM_FLOAT) continue;
        if (!atom_as_int64(atoms[i], &integer) || integer > limit || integer < -limit) return false;
    }
    return true;
}

typedef struct Ranked {
    Atom atom;
    double *rank;
} Ranked;

static int compare_ranked(const void *a, const void *b) {
    bool ordered;
    return atom_order(((const Ranked *)a)->atom, ((const Ranked *)b)->atom, &ordered);
}

static uint32_t collect(const Atom *atoms, uint32_t n, double *ranks, Ranked *out) {
    uint32_t count = 0;
    for (uint32_t i = 0; i < n; i++) {
        ranks[i] = NAN;
        if (atoms[i].kind == ATOM_FLOAT && isnan(atoms[i].as.real)) continue;
        out[count++] = (Ranked){atoms[i], &ranks[i]};
    }
    return count;
}

static void rank_together(const Atom *keys, const Atom *queries, uint32_t n, double *key_ranks,
                          double *query_ranks, Arena *scratch) {
    Ranked *all = ARENA_ARRAY(scratch, Ranked, 2 * (size_t)n);
    size_t count = collect(keys, n, key_ranks, all);
    count += collect(queries, n, query_ranks, all + count);
    qsort(all, count, sizeof all[0], compare_ranked);
    double rank = 0;
    for (size_t i = 0; i < count; i++) {
        if (i > 0 && compare_ranked(&all[i - 1], &all[i]) != 0) rank++;
        *all[i].rank = rank;
    }
}

static bool fail_order(Evaluation *evaluation, NodeId node, Atom key, Atom query) {
    Buffer k = {0}, q = {0};
    atom_format_brief(&k, key);
    atom_format_brief(&q, query);
    evaluation_fail(evaluation, node, DIAG_TYPE,
                    "key position 0 is %s and query position 0 is %s: "
                    "strings and numbers have no order",
                    k.data, q.data);
    buffer_free(&k);
    buffer_free(&q);
    return false;
}

/* Columns are sequences, so position 0 tells whether all are strings. */
static bool prepare_comparison(Evaluation *evaluation, NodeId node, SelectorStep *step,
                               Arena *scratch) {
    const Node *at = &evaluation->graph->nodes[node];
    const Atom *keys = evaluation->column[at->args[0]], *queries = evaluation->column[at->args[1]];
    uint32_t n = evaluation->n;
    bool key_strings = keys[0].kind == ATOM_STRING, query_strings = queries[0].kind == ATOM_STRING;
    double *key_codes = ARENA_ARRAY(scratch, double, n);
    double *query_codes = ARENA_ARRAY(scratch, double, n);
    if (key_strings != query_strings) {
        if (at->op != OP_SELECT_EQ && at->op != OP_SELECT_NE)
            return fail_order(evaluation, node, keys[0], queries[0]);
        for (uint32_t i = 0; i < n; i++)
            key_codes[i] = NAN;
    } else if (exact_doubles(keys, n) && exact_doubles(queries, n)) {
        for (uint32_t i = 0; i < n; i++) {
            atom_as_double(keys[i], &key_codes[i]);
            atom_as_double(queries[i], &query_codes[i]);
        }
    } else {
        rank_together(keys, queries, n, key_codes, query_codes, scratch);
    }
    step->keys = key_codes;
    step->queries = query_codes;
    return true;
}

/* --- the formula ------------------------------------------------------------------------------ */

SelectorFormula *selector_formula(Evaluation *evaluation, NodeId selector, Arena *scratch) {
    SelectorFormula *formula = ARENA_NEW(scratch, SelectorFormula);
    FormulaNodes parts = formula_open(evaluation, selector, scratch);
    formula->n = evaluation->n;
    formula->count = parts.count;
    formula->steps = ARENA_ARRAY(scratch, SelectorStep, formula->count);
    /* A row, two sides of doubles and, while ranking, both sides with their values. */
    size_t step_bytes = evaluation->n * (1 + 2 * sizeof(double) + 2 * sizeof(Ranked));
    bool fine = evaluation_has_room(evaluation, selector, formula->count * step_bytes);
    for (uint32_t i = 0; i < formula->count && fine; i++) {
        const Node *at = &evaluation->graph->nodes[parts.nodes[i]];
        SelectorStep *step = &formula->steps[i];
        step->op = at->op;
        step->row = ARENA_ARRAY(scratch, uint8_t, evaluation->n);
        if (formula_combines(at->op)) {
            step->left = evaluation->step_of[at->args[0]];
            step->right = at->op == OP_SEL_NOT ? 0 : evaluation->step_of[at->args[1]];
        } else {
            fine = prepare_comparison(evaluation, parts.nodes[i], step, scratch);
        }
    }
    formula_close(evaluation, &parts);
    return fine ? formula : NULL;
}

bool selector_is_uniform(const SelectorFormula *formula) {
    for (uint32_t i = 0; i < formula->count; i++) {
        const SelectorStep *step = &formula->steps[i];
        if (formula_combines(step->op)) continue;
        for (uint32_t query = 1; query < formula->n; query++)
            if (step->queries[query] != step->queries[0]) return false;
    }
    return true;
}

/* --- a row ------------------------------------------------------------------------------------ */

static void compare_row(GraphOp op, const double *restrict keys, double query,
                        uint8_t *restrict row, uint32_t n) {
    switch (op) {
    case OP_SELECT_EQ:
        for (uint32_t j = 0; j < n; j++)
            row[j] = keys[j] == query;
        return;
    case OP_SELECT_NE:
        for (uint32_t j = 0; j < n; j++)
            row[j] = keys[j] != query;
        return;
    case OP_SELECT_LT:
        for (uint32_t j = 0; j < n; j++)
            row[j] = keys[j] < query;
        return;
    case OP_SELECT_LE:
        for (uint32_t j = 0; j < n; j++)
            row[j] = keys[j] <= query;
        return;
    case OP_SELECT_GT:
        for (uint32_t j = 0; j < n; j++)
            row[j] = keys[j] > query;
        return;
    case OP_SELECT_GE:
        for (uint32_t j = 0; j < n; j++)
            row[j] = keys[j] >= query;
        return;
    default: BUG("%s is no comparison", op_info(op)->name);
    }
}

static void combine_row(GraphOp op, const uint8_t *restrict left, const uint8_t *restrict right,
                        uint8_t *restrict row, uint32_t n) {
    switch (op) {
    case OP_SEL_AND:
        for (uint32_t j = 0; j < n; j++)
            row[j] = left[j] & right[j];
        return;
    case OP_SEL_OR:
        for (uint32_t j = 0; j < n; j++)
            row[j] = left[j] | right[j];
        return;
    case OP_SEL_NOT:
        for (uint32_t j = 0; j < n; j++)
            row[j] = !left[j];
        return;
    default: BUG("%s combines no selectors", op_info(op)->name);
    }
}

uint64_t selector_row_cells(const SelectorFormula *formula) {
    return (uint64_t)formula->n * formula->count;
}

const uint8_t *selector_row(SelectorFormula *formula, uint32_t query) {
    for (uint32_t i = 0; i < formula->count; i++) {
        SelectorStep *step = &formula->steps[i];
        if (formula_combines(step->op))
            combine_row(step->op, formula->steps[step->left].row, formula->steps[step->right].row,
                        step->row, formula->n);
        else
            compare_row(step->op, step->keys, step->queries[query], step->row, formula->n);
    }
    return formula->steps[formula->count - 1].row;
}
