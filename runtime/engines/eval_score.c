/* Scores a row at a time, for the keys that an attention may look at. All on doubles. */
#include "runtime/engines/evaluation.h"

#include "runtime/base/bug.h"
#include "runtime/engines/score_sums.h"

typedef struct ScoreStep {
    GraphOp op;
    bool fused;
    uint32_t left, right;  /* scores_*: earlier steps */
    double factor;         /* scores_times, scores_over */
    uint32_t width;        /* of the sides, 1 for numbers */
    const double *keys;    /* (width, keys) the chosen keys, a component after the other */
    const double *queries; /* (n, width) */
    double *row;           /* (keys) the row computed last */
} ScoreStep;

struct ScoreFormula {
    uint32_t keys;
    uint32_t count;
    ScoreStep *steps; /* (count) arguments before their users; the last one is the score */
    uint64_t cells;
};

/* --- the formula ------------------------------------------------------------------------------ */

static const double *turn_keys(const double *keys, uint32_t width, Keys chosen, Arena *scratch) {
    double *turned = ARENA_ARRAY(scratch, double, (size_t)width *chosen.count);
    for (uint32_t c = 0; c < width; c++)
        for (uint32_t j = 0; j < chosen.count; j++)
            turned[(size_t)c * chosen.count + j] = keys[(size_t)chosen.positions[j] * width + c];
    return turned;
}

static bool prepare_sides(Evaluation *evaluation, NodeId node, ScoreStep *step, Keys chosen,
                          Arena *scratch) {
    const Node *at = &evaluation->graph->nodes[node];
    uint32_t width = evaluation->graph->nodes[at->args[0]].width;
    step->width = width ? width : 1;
    size_t bytes =
        ((size_t)chosen.count + 2 * (size_t)evaluation->n) * step->width * sizeof(double);
    if (!evaluation_has_room(evaluation, node, arena_bytes(scratch) + bytes)) return false;
    const double *keys = evaluation_numbers(evaluation, at->args[0], node, scratch);
    step->queries = keys ? evaluation_numbers(evaluation, at->args[1], node, scratch) : NULL;
    if (!step->queries) return false;
    step->keys = turn_keys(keys, step->width, chosen, scratch);
    return true;
}

ScoreFormula *score_formula(Evaluation *evaluation, NodeId score, GraphOp pattern, Keys keys,
                            Arena *scratch) {
    ScoreFormula *formula = ARENA_NEW(scratch, ScoreFormula);
    FormulaNodes parts = formula_open(evaluation, score, scratch);
    formula->keys = keys.count;
    formula->count = parts.count;
    formula->steps = ARENA_ARRAY(scratch, ScoreStep, formula->count);
    bool fine =
        evaluation_has_room(evaluation, score, (size_t)parts.count * keys.count * sizeof(double));
    for (uint32_t i = 0; i < parts.count && fine; i++) {
        const Node *at = &evaluation->graph->nodes[parts.nodes[i]];
        ScoreStep *step = &formula->steps[i];
        step->op = at->op;
        step->fused = score_is_fused(pattern);
        step->row = ARENA_ARRAY(scratch, double, keys.count);
        if (formula_combines(at->op)) {
            step->left = evaluation->step_of[at->args[0]];
            if (op_info(at->op)->arity > 1) step->right = evaluation->step_of[at->args[1]];
            atom_as_double(at->atom, &step->factor);
            step->width = 1;
        } else {
            fine = prepare_sides(evaluation, parts.nodes[i], step, keys, scratch);
        }
        formula->cells += (uint64_t)keys.count * step->width;
    }
    formula_close(evaluation, &parts);
    return fine ? formula : NULL;
}

uint64_t score_row_cells(const ScoreFormula *formula) { return formula->cells; }

/* --- a row ------------------------------------------------------------------------------------ */

static void compare_row(const ScoreStep *step, const double *query, uint32_t count) {
    double *restrict row = step->row;
    const double *restrict keys = step->keys;
    switch (step->op) {
    case OP_SCORE_ADD:
        for (uint32_t j = 0; j < count; j++)
            row[j] = keys[j] + query[0];
        return;
    case OP_SCORE_SUB:
        for (uint32_t j = 0; j < count; j++)
            row[j] = keys[j] - query[0];
        return;
    case OP_SCORE_MUL: score_products(keys, query, step->width, step->fused, row, count); return;
    case OP_DISTANCE: score_distances(keys, query, step->width, row, count); return;
    default: BUG("%s is no score", op_info(step->op)->name);
    }
}

static void combine_row(const ScoreStep *step, const double *restrict left,
                        const double *restrict right, uint32_t count) {
    double *restrict row = step->row;
    switch (step->op) {
    case OP_SCORES_ADD:
        for (uint32_t j = 0; j < count; j++)
            row[j] = left[j] + right[j];
        return;
    case OP_SCORES_SUB:
        for (uint32_t j = 0; j < count; j++)
            row[j] = left[j] - right[j];
        return;
    case OP_SCORES_NEG:
        for (uint32_t j = 0; j < count; j++)
            row[j] = -left[j];
        return;
    case OP_SCORES_TIMES:
        for (uint32_t j = 0; j < count; j++)
            row[j] = left[j] * step->factor;
        return;
    case OP_SCORES_OVER:
        for (uint32_t j = 0; j < count; j++)
            row[j] = left[j] / step->factor;
        return;
    default: BUG("%s combines no scores", op_info(step->op)->name);
    }
}

const double *score_row(ScoreFormula *formula, uint32_t query) {
    for (uint32_t i = 0; i < formula->count; i++) {
        ScoreStep *step = &formula->steps[i];
        if (formula_combines(step->op))
            combine_row(step, formula->steps[step->left].row, formula->steps[step->right].row,
                        formula->keys);
        else
            compare_row(step, step->queries + (size_t)query * step->width, formula->keys);
    }
    return formula->steps[formula->count - 1].row;
}
