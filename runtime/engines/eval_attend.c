/* Aggregates and widths (language I.5). For a row with c selected positions:
   c = 0 gives the default; c = 1 the value itself, unchanged, of any type; c >= 2 the mean, a
   float: the left-to-right sum, exact for ints, made a float and divided by c once. */
#include "runtime/engines/evaluation.h"

#include "runtime/base/limits.h"

#include <string.h>

/* The values to be averaged, seen as the plainest type that sums them as NumberSum would. */
typedef struct Values {
    const Atom *atoms;   /* (n) */
    const int64_t *ints; /* (n) when all are ints or bools whose sum fits, else NULL */
    const double *reals; /* (n) when all are floats, else NULL */
    NumberSum *sum;      /* for the rest */
} Values;

static Values view_values(const Atom *atoms, uint32_t n, Arena *scratch) {
    Values values = {.atoms = atoms, .sum = sum_new(scratch)};
    int64_t *ints = ARENA_ARRAY(scratch, int64_t, n);
    double *reals = ARENA_ARRAY(scratch, double, n);
    const int64_t limit = INT64_MAX / n;
    bool all_ints = true, all_reals = true;
    for (uint32_t i = 0; i < n; i++) {
        all_ints =
            all_ints && atom_as_int64(atoms[i], &ints[i]) && ints[i] <= limit && ints[i] >= -limit;
        all_reals = all_reals && atoms[i].kind == ATOM_FLOAT;
        if (all_reals) reals[i] = atoms[i].as.real;
    }
    if (all_ints) values.ints = ints;
    if (all_reals) values.reals = reals;
    return values;
}

static uint32_t count_selected(const uint8_t *row, uint32_t n) {
    uint32_t count = 0;
    for (uint32_t j = 0; j < n; j++)
        count += row[j];
    return count;
}

static ArithStatus mean_of(const Values *values, const uint8_t *row, uint32_t n, uint32_t count,
                           Atom *mean) {
    if (values->ints) {
        int64_t sum = 0;
        for (uint32_t j = 0; j < n; j++)
            sum += values->ints[j] & -(int64_t)row[j];
        *mean = atom_float((double)sum / count);
        return ARITH_OK;
    }
    if (values->reals) {
        double sum = 0;
        for (uint32_t j = 0; j < n; j++)
            if (row[j]) sum += values->reals[j];
        *mean = atom_float(sum / count);
        return ARITH_OK;
    }
    sum_clear(values->sum);
    for (uint32_t j = 0; j < n; j++)
        if (row[j]) sum_add(values->sum, values->atoms[j]);
    return sum_mean(values->sum, count, mean);
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
            ArithStatus status = mean_of(values, row, n, count, &out[query]);
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
    Values values = view_values(atoms, evaluation->n, scratch);
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

/* Counts the pairs that a head looks at; false after reporting that they are too many. */
static bool count_pairs(Evaluation *evaluation, NodeId node) {
    evaluation->pairs += (uint64_t)evaluation->n * evaluation->n;
    if (evaluation->pairs <= LIMIT_EVALUATION_PAIRS) return true;
    return evaluation_fail(evaluation, node, DIAG_LIMIT_STEPS,
                           "eval looks at every pair of the %u positions, and stops at %llu pairs",
                           evaluation->n, (unsigned long long)LIMIT_EVALUATION_PAIRS);
}

bool eval_attention(Evaluation *evaluation, NodeId node, Atom *out) {
    if (!count_pairs(evaluation, node)) return false;
    const Node *at = &evaluation->graph->nodes[node];
    Arena *scratch = arena_new(0);
    SelectorFormula *formula = selector_formula(evaluation, at->args[0], scratch);
    bool fine = formula != NULL;
    if (fine && at->op == OP_WIDTH)
        fine = eval_width(evaluation, node, formula, out);
    else if (fine)
        fine = eval_aggregate(evaluation, node, formula, scratch, out);
    arena_free(scratch);
    return fine;
}
