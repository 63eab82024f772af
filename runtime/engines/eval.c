/* The walk: every node that the wanted one needs, in id order, which is a topological order. */
#include "runtime/engines/evaluation.h"

#include "runtime/base/bug.h"
#include "runtime/base/limits.h"

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

bool evaluation_goes_on(Evaluation *evaluation, NodeId node, uint64_t work) {
    const uint64_t between_questions = 1 << 20; /* about a millisecond */
    evaluation->work += work;
    if (evaluation->work < between_questions) return true;
    evaluation->work = 0;
    if (!cancel_asked(evaluation->cancel)) return true;
    return evaluation_fail(evaluation, node, DIAG_STOPPED, "stopped while this was computed");
}

/* --- which column lives how long -------------------------------------------------------------- */

static bool is_selector(const Graph *graph, NodeId node) {
    return op_info(graph->nodes[node].op)->kind == OPKIND_SELECTOR;
}

/* Finds every node's last user. A selector is computed by the attention that uses it, so what a
   selector reads must last as long as its own last user. */
static void plan_lifetimes(Evaluation *evaluation, NodeId root, const uint8_t *needed) {
    const Graph *graph = evaluation->graph;
    uint32_t count = root + 1;
    NodeId *last_user = ARENA_ARRAY(evaluation->arena, NodeId, count);
    for (NodeId id = count; id-- > 0;) {
        evaluation->dying[id] = NO_NODE;
        if (!needed[id]) continue;
        NodeId user = is_selector(graph, id) && id != root ? last_user[id] : id;
        const Node *node = &graph->nodes[id];
        for (int i = 0; i < op_info(node->op)->arity; i++)
            if (last_user[node->args[i]] < user) last_user[node->args[i]] = user;
    }
    for (NodeId id = 0; id < root; id++) {
        if (!needed[id] || is_selector(graph, id)) continue;
        evaluation->dying_next[id] = evaluation->dying[last_user[id]];
        evaluation->dying[last_user[id]] = id;
    }
}

static void release_dying(Evaluation *evaluation, NodeId user) {
    for (NodeId id = evaluation->dying[user]; id != NO_NODE; id = evaluation->dying_next[id]) {
        evaluation->spare[evaluation->spare_count++] = evaluation->column[id];
        evaluation->column[id] = NULL;
    }
}

static Atom *take_column(Evaluation *evaluation, NodeId node) {
    if (evaluation->spare_count > 0) return evaluation->spare[--evaluation->spare_count];
    if (!evaluation_has_room(evaluation, node, (size_t)evaluation->n * sizeof(Atom))) return NULL;
    return ARENA_ARRAY(evaluation->arena, Atom, evaluation->n);
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

static bool eval_node(Evaluation *evaluation, NodeId id) {
    Atom *values = take_column(evaluation, id);
    if (!values || !evaluation_goes_on(evaluation, id, evaluation->n)) return false;
    evaluation->column[id] = values;
    bool attends = op_info(evaluation->graph->nodes[id].op)->kind == OPKIND_ATTENTION;
    if (attends ? !eval_attention(evaluation, id, values) : !eval_element(evaluation, id, values))
        return false;
    if (!check_sequence(evaluation, id, values)) return false;
    release_dying(evaluation, id);
    return true;
}

/* Computes every needed s-op up to root; eager, so that a position that fails is reported even if
   no later node looks at it (a choice computes both its branches everywhere). */
static bool eval_needed(Evaluation *evaluation, NodeId root) {
    const uint8_t *needed = graph_needed(evaluation->graph, root, evaluation->arena);
    uint32_t count = root + 1;
    evaluation->column = ARENA_ARRAY(evaluation->arena, Atom *, count);
    evaluation->spare = ARENA_ARRAY(evaluation->arena, Atom *, count);
    evaluation->dying = ARENA_ARRAY(evaluation->arena, NodeId, count);
    evaluation->dying_next = ARENA_ARRAY(evaluation->arena, NodeId, count);
    evaluation->step_of = ARENA_ARRAY(evaluation->arena, uint32_t, count);
    plan_lifetimes(evaluation, root, needed);
    for (NodeId id = 0; id < count; id++) {
        if (!needed[id] || is_selector(evaluation->graph, id)) continue;
        if (!eval_node(evaluation, id)) return false;
    }
    return true;
}

/* The values outlive the evaluation, so their strings and limbs are copied; equal neighbours share
   theirs, as a constant does. */
static bool copy_result(Evaluation *evaluation, NodeId node, Arena *result_arena, Sequence *out) {
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

bool eval_request(const ApplyRequest *request, Sequence *sequence, Matrix *matrix) {
    if (request->input.n == 0) {
        diag_error(request->diags, DIAG_BAD_INPUT, request->span,
                   "an input has at least one element");
        return false;
    }
    Evaluation evaluation = {.graph = request->graph,
                             .input = request->input,
                             .n = request->input.n,
                             .arena = arena_new(LIMIT_EVALUATION_BYTES),
                             .diags = request->diags,
                             .asked_at = request->span,
                             .cancel = request->cancel};
    bool fine = eval_needed(&evaluation, request->node);
    if (fine && is_selector(request->graph, request->node))
        fine = fill_matrix(&evaluation, request->node, request->arena, matrix);
    else if (fine)
        fine = copy_result(&evaluation, request->node, request->arena, sequence);
    arena_free(evaluation.arena);
    return fine;
}

bool eval_sequence(const Graph *graph, NodeId node, Input input, Span asked_at, Arena *result_arena,
                   Diagnostics *diags, Sequence *out) {
    if (is_selector(graph, node)) BUG("node %u is a selector", node);
    ApplyRequest request = {graph, node, input, asked_at, result_arena, diags, NULL};
    return eval_request(&request, out, NULL);
}

bool eval_selector(const Graph *graph, NodeId node, Input input, Span asked_at, Arena *result_arena,
                   Diagnostics *diags, Matrix *out) {
    if (!is_selector(graph, node)) BUG("node %u is no selector", node);
    ApplyRequest request = {graph, node, input, asked_at, result_arena, diags, NULL};
    return eval_request(&request, NULL, out);
}
