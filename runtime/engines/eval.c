/* The walk: every node that the wanted ones need, in id order, which is a topological order. */
#include "runtime/engines/evaluation.h"

#include "runtime/base/bug.h"
#include "runtime/base/limits.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

bool evaluation_fail(Evaluation *evaluation, NodeId node, DiagId id, const char *format, ...) {
    char message[512]; /* values are shown shortened, so this holds them */
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    /* An input such as tokens is written nowhere: then it is where the value was asked for. */
    Span span = evaluation->graph->nodes[node].span, asked_at = evaluation->asked_at;
    Diagnostic *diag =
        diag_error(evaluation->diags, id, span.file != 0 ? span : asked_at, "%s", message);
    if (span.file != 0 && asked_at.file != 0) diag_note(diag, asked_at, "evaluated here");
    return false;
}

bool evaluation_has_room(Evaluation *evaluation, NodeId node, size_t bytes) {
    if (arena_bytes(evaluation->arena) + bytes <= LIMIT_EVALUATION_BYTES) return true;
    return evaluation_fail(evaluation, node, DIAG_LIMIT_MEMORY,
                           "evaluating this on %u positions takes more than %zu MiB", evaluation->n,
                           LIMIT_EVALUATION_BYTES >> 20);
}

bool evaluation_fail_at(Evaluation *evaluation, NodeId node, DiagId id, uint32_t position,
                        Atom value, const char *what) {
    Buffer text = {0};
    atom_format_brief(&text, value);
    evaluation_fail(evaluation, node, id, "position %u: %s %s", position, text.data, what);
    buffer_free(&text);
    return false;
}

bool evaluation_counts_pairs(Evaluation *evaluation, NodeId node, uint64_t pairs) {
    evaluation->pairs += pairs;
    if (evaluation->pairs <= LIMIT_EVALUATION_PAIRS) return true;
    return evaluation_fail(evaluation, node, DIAG_LIMIT_STEPS,
                           "eval looks at every pair of the %u positions, and stops at %llu pairs",
                           evaluation->n, (unsigned long long)LIMIT_EVALUATION_PAIRS);
}

bool evaluation_goes_on(Evaluation *evaluation, NodeId node, uint64_t work) {
    const uint64_t between_questions = 1 << 20; /* about a millisecond */
    evaluation->work += work;
    if (evaluation->work < between_questions) return true;
    evaluation->work = 0;
    if (!cancel_asked(evaluation->cancel)) return true;
    return evaluation_fail(evaluation, node, DIAG_STOPPED, "stopped while this was computed");
}

/* --- computing -------------------------------------------------------------------------------- */

/* A sequence holds strings or numbers, not both, and nothing else. */
static bool check_sequence(Evaluation *evaluation, NodeId node, const Atom *values) {
    SequenceType type;
    uint32_t bad;
    if (sequence_type_of(values, evaluation->n, &type, &bad)) return true;
    Buffer first = {0}, second = {0};
    atom_format_brief(&first, values[0]);
    atom_format_brief(&second, values[bad]);
    if (values[bad].kind == ATOM_OPAQUE)
        evaluation_fail(evaluation, node, DIAG_BAD_INPUT,
                        "position %u: %s is neither a string, a number nor a bool", bad,
                        second.data);
    else
        evaluation_fail(evaluation, node, DIAG_MIXED,
                        "position 0 is %s and position %u is %s: "
                        "strings and numbers can't be in one sequence",
                        first.data, bad, second.data);
    buffer_free(&first);
    buffer_free(&second);
    return false;
}

/* Fills the column of a node whose arguments' are there. */
static bool eval_node(Evaluation *evaluation, NodeId id) {
    const Node *node = &evaluation->graph->nodes[id];
    if (node->op == OP_RESULT) return eval_result(evaluation, id);
    /* What a node costs beside its values counts in loops, which may have many rounds. */
    const uint64_t overhead = 64;
    uint64_t work = (uint64_t)evaluation->n * (node->width ? node->width : 1);
    if (!evaluation_take_column(evaluation, id) || !evaluation_goes_on(evaluation, id, work) ||
        (node->loop && !evaluation_counts_pairs(evaluation, id, work + overhead)))
        return false;
    Column out = evaluation_column(evaluation, id);
    bool fine;
    if (op_info(node->op)->kind == OPKIND_ATTENTION)
        fine = eval_attention(evaluation, id, out);
    else if (node->op == OP_INPUT)
        fine = eval_named_input(evaluation, id, out);
    else if (is_vector_operation(evaluation->graph, id))
        fine = eval_vector(evaluation, id, out);
    else
        fine = eval_element(evaluation, id, out.atoms);
    return fine && (!out.atoms || check_sequence(evaluation, id, out.atoms));
}

/* Eager, so that a position that fails is reported even if no later node looks at it (a choice
   computes both its branches everywhere). */
bool evaluation_level(Evaluation *evaluation, uint32_t level) {
    const Level *at = &evaluation->levels[level];
    for (uint32_t i = 0; i < at->count; i++) {
        if (!eval_node(evaluation, at->nodes[i])) return false;
        evaluation_release(evaluation, evaluation->dying[at->nodes[i]]);
    }
    return true;
}

/* --- results ---------------------------------------------------------------------------------- */

/* Programs of part I may return infinities that the input had. */
static bool uses_reals(const Graph *graph, NodeId root, Arena *arena) {
    const uint8_t *needed = graph_needed(graph, root, arena);
    for (NodeId id = 0; id <= root; id++)
        if (needed[id] && graph->nodes[id].op >= OP_INPUT) return true;
    return false;
}

static bool fail_not_finite(Evaluation *evaluation, NodeId node, uint32_t position, double value) {
    const String *name = graph_name_of(evaluation->graph, node);
    return evaluation_fail(evaluation, node, DIAG_NOT_FINITE, "position %u%s%.100s%s is %s",
                           position, name ? " of '" : "", name ? name->bytes : "", name ? "'" : "",
                           isnan(value) ? "not a number" : "infinite");
}

static bool check_finite(Evaluation *evaluation, NodeId node) {
    if (!uses_reals(evaluation->graph, node, evaluation->arena)) return true;
    Column column = evaluation_column(evaluation, node);
    size_t width = column.numbers ? evaluation->graph->nodes[node].width : 1;
    for (size_t i = 0; i < evaluation->n * width; i++) {
        double value = 0;
        if (column.numbers)
            value = column.numbers[i];
        else if (column.atoms[i].kind == ATOM_FLOAT)
            value = column.atoms[i].as.real;
        if (!isfinite(value))
            return fail_not_finite(evaluation, node, (uint32_t)(i / width), value);
    }
    return true;
}

static bool copy_vectors(Evaluation *evaluation, NodeId node, Arena *result_arena, Sequence *out) {
    uint32_t n = evaluation->n, width = evaluation->graph->nodes[node].width;
    double *copies = ARENA_ARRAY(result_arena, double, (size_t)n *width);
    memcpy(copies, evaluation->numbers[node], (size_t)n * width * sizeof *copies);
    *out = (Sequence){.n = n, .type = SEQUENCE_VECTORS, .width = width, .numbers = copies};
    return true;
}

/* The values outlive the evaluation, so their strings and limbs are copied; equal neighbours share
   theirs, as a constant does. */
static bool copy_result(Evaluation *evaluation, NodeId node, Arena *result_arena, Sequence *out) {
    if (evaluation_is_lazy(evaluation->graph, node)) BUG("node %u is no s-op", node);
    if (!check_finite(evaluation, node)) return false;
    if (evaluation->numbers[node]) return copy_vectors(evaluation, node, result_arena, out);
    const Atom *values = evaluation->column[node];
    uint32_t n = evaluation->n, bad;
    Atom *copies = ARENA_ARRAY(result_arena, Atom, n);
    size_t start = arena_bytes(result_arena);
    for (uint32_t i = 0; i < n; i++) {
        bool shared = i > 0 && values[i].kind == ATOM_STRING && values[i - 1].kind == ATOM_STRING &&
                      values[i].as.string == values[i - 1].as.string;
        copies[i] = shared ? copies[i - 1] : atom_copy(result_arena, values[i]);
        if (arena_bytes(result_arena) - start > LIMIT_EVALUATION_BYTES)
            return evaluation_has_room(evaluation, node, LIMIT_EVALUATION_BYTES + 1);
    }
    *out = (Sequence){.n = n, .atoms = copies};
    if (!sequence_type_of(copies, n, &out->type, &bad)) BUG("an unchecked sequence");
    return true;
}

static bool fill_matrix(Evaluation *evaluation, NodeId node, Arena *result_arena, Matrix *out) {
    size_t n = evaluation->n;
    if (n > LIMIT_EVALUATION_BYTES / n)
        return evaluation_has_room(evaluation, node, LIMIT_EVALUATION_BYTES + 1);
    Arena *scratch = arena_new(0);
    SelectorFormula *formula = selector_formula(evaluation, node, scratch);
    bool fine = formula != NULL;
    uint8_t *cells = fine ? ARENA_ARRAY(result_arena, uint8_t, n *n) : NULL;
    for (uint32_t query = 0; fine && query < n; query++) {
        fine = evaluation_goes_on(evaluation, node, selector_row_cells(formula));
        if (fine) memcpy(cells + query * n, selector_row(formula, query), n);
    }
    *out = (Matrix){.n = evaluation->n, .cells = cells};
    arena_free(scratch);
    return fine;
}

static bool is_selector(const Graph *graph, NodeId node) {
    return graph->nodes[node].type == TYPE_SELECTOR;
}

/* Computes the roots, all in no loop's body; the evaluation's arena is the caller's to free. */
static bool evaluate(Evaluation *evaluation, const ApplyRequest *request, const NodeId *roots,
                     uint32_t root_count) {
    *evaluation = (Evaluation){.graph = request->graph,
                               .input = request->input,
                               .n = request->input.n,
                               .arena = arena_new(LIMIT_EVALUATION_BYTES),
                               .diags = request->diags,
                               .asked_at = request->span,
                               .cancel = request->cancel,
                               .rounds = request->rounds};
    if (request->input.n == 0) {
        diag_error(request->diags, DIAG_BAD_INPUT, request->span,
                   "an input has at least one element");
        return false;
    }
    evaluation_plan(evaluation, roots, root_count);
    return evaluation_level(evaluation, 0);
}

bool eval_request(const ApplyRequest *request, Sequence *sequence, Matrix *matrix) {
    Evaluation evaluation;
    bool fine = evaluate(&evaluation, request, &request->node, 1);
    if (fine && is_selector(request->graph, request->node))
        fine = fill_matrix(&evaluation, request->node, request->arena, matrix);
    else if (fine)
        fine = copy_result(&evaluation, request->node, request->arena, sequence);
    arena_free(evaluation.arena);
    return fine;
}

bool eval_all(const ApplyRequest *request, const NodeId *nodes, uint32_t count, Sequence *out) {
    Evaluation evaluation;
    bool fine = evaluate(&evaluation, request, nodes, count);
    for (uint32_t i = 0; i < count && fine; i++)
        fine = copy_result(&evaluation, nodes[i], request->arena, &out[i]);
    arena_free(evaluation.arena);
    return fine;
}

bool eval_sequence(const Graph *graph, NodeId node, Input input, Span asked_at, Arena *result_arena,
                   Diagnostics *diags, Sequence *out) {
    if (is_selector(graph, node)) BUG("node %u is a selector", node);
    ApplyRequest request = {.graph = graph,
                            .node = node,
                            .input = input,
                            .span = asked_at,
                            .arena = result_arena,
                            .diags = diags};
    return eval_request(&request, out, NULL);
}

bool eval_selector(const Graph *graph, NodeId node, Input input, Span asked_at, Arena *result_arena,
                   Diagnostics *diags, Matrix *out) {
    if (!is_selector(graph, node)) BUG("node %u is no selector", node);
    ApplyRequest request = {.graph = graph,
                            .node = node,
                            .input = input,
                            .span = asked_at,
                            .arena = result_arena,
                            .diags = diags};
    return eval_request(&request, NULL, out);
}
