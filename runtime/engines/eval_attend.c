/* Aggregates and widths (language I.5). For a row with c selected positions:
   c = 0 gives the default; c = 1 the value itself, unchanged, of any type; c >= 2 the mean, a
   float: the left-to-right sum, exact for ints, made a float and divided by c once. */
#include "runtime/engines/evaluation.h"

#include "runtime/base/limits.h"

#include <string.h>

Values values_view(const Atom *atoms, uint32_t count, Arena *scratch) {
    Values values = {.count = count, .atoms = atoms, .sum = sum_new(scratch)};
    int64_t *ints = ARENA_ARRAY(scratch, int64_t, count);
    double *reals = ARENA_ARRAY(scratch, double, count);
    const int64_t limit = count ? INT64_MAX / count : 0;
    bool all_ints = true, all_reals = true;
    for (uint32_t i = 0; i < count; i++) {
        all_ints =
            all_ints && atom_as_int64(atoms[i], &ints[i]) && ints[i] <= limit && ints[i] >= -limit;
        all_reals = all_reals && atoms[i].kind == ATOM_FLOAT;
        if (all_reals) reals[i] = atoms[i].as.real;
    }
    if (all_ints) values.ints = ints;
    if (all_reals) values.reals = reals;
    return values;
}

uint32_t count_selected(const uint8_t *selected, uint32_t count) {
    uint32_t ones = 0;
    for (uint32_t j = 0; j < count; j++)
        ones += selected[j];
    return ones;
}

static int64_t sum_ints(const Values *values, const uint8_t *selected) {
    int64_t sum = 0;
    for (uint32_t j = 0; j < values->count; j++)
        sum += values->ints[j] & -(int64_t)selected[j];
    return sum;
}

static double sum_reals(const Values *values, const uint8_t *selected) {
    double sum = 0;
    for (uint32_t j = 0; j < values->count; j++)
        if (selected[j]) sum += values->reals[j];
    return sum;
}

static void sum_atoms(const Values *values, const uint8_t *selected) {
    sum_clear(values->sum);
    for (uint32_t j = 0; j < values->count; j++)
        if (selected[j]) sum_add(values->sum, values->atoms[j]);
}

ArithStatus values_mean(const Values *values, const uint8_t *selected, uint32_t ones, Atom *mean) {
    if (values->ints) {
        *mean = atom_float((double)sum_ints(values, selected) / ones);
        return ARITH_OK;
    }
    if (values->reals) {
        *mean = atom_float(sum_reals(values, selected) / ones);
        return ARITH_OK;
    }
    sum_atoms(values, selected);
    return sum_mean(values->sum, ones, mean);
}

ArithStatus values_total(const Values *values, const uint8_t *selected, Atom *total) {
    if (values->ints) {
        *total = atom_int(sum_ints(values, selected));
        return ARITH_OK;
    }
    if (values->reals) {
        *total = atom_float(sum_reals(values, selected));
        return ARITH_OK;
    }
    sum_atoms(values, selected);
    return sum_total(values->sum, total);
}

static bool fail_mean_of_strings(Evaluation *evaluation, NodeId node, uint32_t query,
                                 const uint8_t *row, uint32_t count, const Atom *atoms) {
    uint32_t first = 0;
    while (!row[first])
        first++;
    uint32_t second = first + 1;
    while (!row[second])
        second++;
    Buffer a = {0}, b = {0};
    atom_format_brief(&a, atoms[first]);
    atom_format_brief(&b, atoms[second]);
    evaluation_fail(evaluation, node, DIAG_MEAN_OF_STRINGS,
                    "position %u selects %u positions (%u: %s, %u: %s%s): strings have no mean",
                    query, count, first, a.data, second, b.data, count > 2 ? ", ..." : "");
    buffer_free(&a);
    buffer_free(&b);
    return false;
}

static bool aggregate_rows(Evaluation *evaluation, NodeId node, SelectorFormula *formula,
                           const Values *values, Atom *out) {
    Atom nothing = evaluation->graph->nodes[node].atom;
    uint32_t n = evaluation->n;
    for (uint32_t query = 0; query < n; query++) {
        if (!evaluation_goes_on(evaluation, node, selector_row_cells(formula))) return false;
        const uint8_t *row = selector_row(formula, query);
        uint32_t count = count_selected(row, n);
        if (count == 0) {
            out[query] = nothing;
        } else if (count == 1) {
            const uint8_t *selected = memchr(row, 1, n);
            out[query] = values->atoms[selected - row];
        } else if (values->atoms[0].kind == ATOM_STRING) {
            return fail_mean_of_strings(evaluation, node, query, row, count, values->atoms);
        } else {
            ArithStatus status = values_mean(values, row, count, &out[query]);
            if (status != ARITH_OK)
                return evaluation_fail(evaluation, node, arith_diag_id(status),
                                       "position %u: the mean of %u numbers: %s", query, count,
                                       arith_reason(status));
        }
    }
    return true;
}

static bool eval_aggregate(Evaluation *evaluation, NodeId node, SelectorFormula *formula,
                           Arena *scratch, Atom *out) {
    size_t bytes = (size_t)evaluation->n * (sizeof(int64_t) + sizeof(double));
    if (!evaluation_has_room(evaluation, node, arena_bytes(scratch) + bytes)) return false;
    const Atom *atoms = evaluation->column[evaluation->graph->nodes[node].args[1]];
    Values values = values_view(atoms, evaluation->n, scratch);
    bool fine = aggregate_rows(evaluation, node, formula, &values, out);
    sum_free(values.sum);
    return fine;
}

static bool eval_width(Evaluation *evaluation, NodeId node, SelectorFormula *formula, Atom *out) {
    for (uint32_t query = 0; query < evaluation->n; query++) {
        if (!evaluation_goes_on(evaluation, node, selector_row_cells(formula))) return false;
        out[query] = atom_int(count_selected(selector_row(formula, query), evaluation->n));
    }
    return true;
}

bool eval_attention(Evaluation *evaluation, NodeId node, Column out) {
    const Node *at = &evaluation->graph->nodes[node];
    if (is_pattern_attention(at->op)) return eval_pattern(evaluation, node, out);
    if (!evaluation_counts_pairs(evaluation, node, (uint64_t)evaluation->n * evaluation->n))
        return false;
    Arena *scratch = arena_new(0);
    SelectorFormula *formula = selector_formula(evaluation, at->args[0], scratch);
    bool fine = formula != NULL;
    if (fine && at->op == OP_WIDTH)
        fine = eval_width(evaluation, node, formula, out.atoms);
    else if (fine)
        fine = eval_aggregate(evaluation, node, formula, scratch, out.atoms);
    arena_free(scratch);
    return fine;
}
