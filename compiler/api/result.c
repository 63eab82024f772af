/* Running a transformer on an input, and what it gives. */
#include "compiler/api/api.h"

#include "runtime/base/limits.h"

#include <string.h>

/* --- running ------------------------------------------------------------------------------------
 */

/* ApplyOutputs, of what the program requires; state: the transformer. */
static ApplyStatus apply_requirements(void *state, const ApplyRequest *request, const NodeId *nodes,
                                      uint32_t count, Sequence *out) {
    const raspc_transformer *t = state;
    (void)nodes;
    /* A text that was loaded later may require more. */
    if (t->requirements == NULL || t->requirement_count != count) return APPLY_REFUSED;
    return jit_real_run(t->requirements, request, out) ? APPLY_OK : APPLY_FAILED;
}

/* out: (t->count) */
static bool apply(const raspc_transformer *t, const ApplyRequest *request, Sequence *out) {
    /* A text that was loaded after a transformer over tokens may require what it likes. */
    if (t->named && !session_takes(t->program->session, request, apply_requirements, (void *)t))
        return false;
    RealRequest real = {.input = &request->input,
                        .graph = request->graph,
                        .arena = request->arena,
                        .diags = request->diags};
    if (t->interp_real) return interp_real_run(t->interp_real, &real, out);
    if (t->native_real) return jit_real_run(t->native_real, request, out);
    if (t->interp)
        return interp_run(t->interp, request->input, (Span){0}, request->arena, request->diags,
                          out);
    if (t->native)
        return jit_run(t->native, request->input, (Span){0}, request->arena, request->diags, out);
    return eval_all(request, t->nodes, t->count, out);
}

static raspc_result *result_new(const raspc_transformer *t, Arena *arena,
                                const Diagnostics *diags) {
    raspc_result *made = ARENA_NEW(arena, raspc_result);
    *made = (raspc_result){.arena = arena, .diagnostic_count = diagnostics_count(diags)};
    raspc_diagnostic *copies = ARENA_ARRAY(arena, raspc_diagnostic, made->diagnostic_count);
    for (size_t i = 0; i < made->diagnostic_count; i++)
        copies[i] = diagnostic_of(t->program, arena, diags, i);
    made->diagnostics = copies;
    return made;
}

raspc_status run_input(const raspc_transformer *t, Arena *arena, Input input,
                       raspc_result **result) {
    Diagnostics *diags = diagnostics_new(session_sources(t->program->session));
    ApplyRequest request = {.graph = session_graph(t->program->session),
                            .input = input,
                            .arena = arena,
                            .diags = diags};
    Sequence *sequences = ARENA_ARRAY(arena, Sequence, t->count);
    bool done = apply(t, &request, sequences);
    *result = result_new(t, arena, diags);
    if (done) {
        (*result)->count = t->count;
        (*result)->sequences = sequences;
        (*result)->names = t->names;
    }
    diagnostics_free(diags);
    return done ? RASPC_OK : RASPC_WRONG;
}

raspc_status wrong_input(const raspc_transformer *t, Arena *arena, const Diagnostics *diags,
                         raspc_result **result) {
    *result = result_new(t, arena, diags);
    return RASPC_WRONG;
}

raspc_status raspc_run(const raspc_transformer *transformer, const raspc_value *tokens,
                       size_t count, raspc_result **result) {
    if (result == NULL) return RASPC_MISUSED;
    *result = NULL;
    if (transformer == NULL || transformer->named || (tokens == NULL && count > 0) ||
        count > LIMIT_INPUT_TOKENS)
        return RASPC_MISUSED;
    Arena *arena = arena_new(0);
    Atom *atoms = ARENA_ARRAY(arena, Atom, count);
    for (size_t i = 0; i < count; i++) {
        if (value_to_atom(arena, &tokens[i], &atoms[i])) continue;
        arena_free(arena);
        return RASPC_MISUSED;
    }
    return run_input(transformer, arena, (Input){.n = (uint32_t)count, .tokens = atoms}, result);
}

raspc_status raspc_run_text(const raspc_transformer *transformer, const char *text, size_t length,
                            raspc_result **result) {
    size_t bad;
    if (result == NULL) return RASPC_MISUSED;
    *result = NULL;
    if (transformer == NULL || transformer->named || (text == NULL && length > 0) ||
        (length > 0 && !utf8_valid(text, length, &bad)))
        return RASPC_MISUSED;
    size_t count = length == 0 ? 0 : utf8_count(text, length);
    if (count > LIMIT_INPUT_TOKENS) return RASPC_MISUSED;
    Arena *arena = arena_new(0);
    Atom *atoms = ARENA_ARRAY(arena, Atom, count);
    const String *ascii[128] = {0}; /* texts of single bytes are shared */
    for (size_t i = 0, at = 0; i < count; i++) {
        size_t step = utf8_step(text + at, length - at);
        unsigned char byte = (unsigned char)text[at];
        const String *known = step == 1 ? ascii[byte & 127] : NULL;
        if (known == NULL) known = string_new(arena, text + at, step);
        if (step == 1) ascii[byte & 127] = known;
        atoms[i] = atom_string(known);
        at += step;
    }
    return run_input(transformer, arena, (Input){.n = (uint32_t)count, .tokens = atoms}, result);
}

void raspc_result_free(raspc_result *result) {
    if (result != NULL) arena_free(result->arena);
}

/* --- reading it ---------------------------------------------------------------------------------
 */

size_t raspc_result_columns(const raspc_result *result) {
    return result == NULL ? 0 : result->count;
}

size_t raspc_result_count(const raspc_result *result) {
    return result == NULL || result->count == 0 ? 0 : result->sequences[0].n;
}

static raspc_kind kind_of(const Sequence *sequence) {
    switch (sequence->type) {
    case SEQUENCE_BOOLS: return RASPC_BOOL;
    case SEQUENCE_INTS: return RASPC_INT;
    case SEQUENCE_FLOATS:
    case SEQUENCE_VECTORS: return RASPC_FLOAT;
    case SEQUENCE_STRINGS: return RASPC_STRING;
    }
    return RASPC_STRING;
}

raspc_kind raspc_result_kind(const raspc_result *result) {
    return result == NULL || result->count == 0 ? RASPC_STRING : kind_of(&result->sequences[0]);
}

raspc_status raspc_result_cell(const raspc_result *result, size_t column, size_t row,
                               raspc_value *value) {
    if (result == NULL || value == NULL || column >= result->count) return RASPC_MISUSED;
    const Sequence *sequence = &result->sequences[column];
    if (row >= sequence->n || sequence->type == SEQUENCE_VECTORS) return RASPC_MISUSED;
    *value = value_of_atom(result->arena, sequence->atoms[row]);
    return RASPC_OK;
}

raspc_status raspc_result_value(const raspc_result *result, size_t index, raspc_value *value) {
    return raspc_result_cell(result, 0, index, value);
}

static raspc_status integers_of(const Sequence *sequence, int64_t *integers) {
    for (uint32_t i = 0; i < sequence->n; i++) {
        if (!atom_as_int64(sequence->atoms[i], &integers[i])) return RASPC_WRONG;
    }
    return RASPC_OK;
}

static raspc_status reals_of(const Sequence *sequence, double *reals) {
    for (uint32_t i = 0; i < sequence->n; i++) {
        if (!atom_as_double(sequence->atoms[i], &reals[i])) return RASPC_WRONG;
    }
    return RASPC_OK;
}

/* The first output, where its values are one a position; else NULL. */
static const Sequence *first_of(const raspc_result *result) {
    static const Sequence none;
    if (result == NULL) return NULL;
    if (result->count == 0) return &none;
    return result->sequences[0].type == SEQUENCE_VECTORS ? NULL : &result->sequences[0];
}

raspc_status raspc_result_integers(const raspc_result *result, int64_t *integers) {
    const Sequence *sequence = first_of(result);
    return sequence == NULL || integers == NULL ? RASPC_MISUSED : integers_of(sequence, integers);
}

raspc_status raspc_result_reals(const raspc_result *result, double *reals) {
    const Sequence *sequence = first_of(result);
    return sequence == NULL || reals == NULL ? RASPC_MISUSED : reals_of(sequence, reals);
}

raspc_status raspc_result_column(raspc_result *result, size_t index, raspc_column *column) {
    if (result == NULL || column == NULL || index >= result->count) return RASPC_MISUSED;
    const Sequence *sequence = &result->sequences[index];
    *column = (raspc_column){
        .name = result->names[index], .rows = sequence->n, .width = 1, .kind = kind_of(sequence)};
    if (sequence->type == SEQUENCE_VECTORS) {
        column->width = sequence->width;
        column->numbers = sequence->numbers;
    } else if (column->kind == RASPC_FLOAT) {
        double *reals = ARENA_ARRAY(result->arena, double, sequence->n);
        if (reals_of(sequence, reals) == RASPC_OK) column->numbers = reals;
    } else if (column->kind != RASPC_STRING) {
        int64_t *integers = ARENA_ARRAY(result->arena, int64_t, sequence->n);
        if (integers_of(sequence, integers) == RASPC_OK) column->integers = integers;
    }
    return RASPC_OK;
}

size_t raspc_result_diagnostics(const raspc_result *result) {
    return result == NULL ? 0 : result->diagnostic_count;
}

raspc_status raspc_result_diagnostic(const raspc_result *result, size_t index,
                                     raspc_diagnostic *diagnostic) {
    if (result == NULL || diagnostic == NULL || index >= result->diagnostic_count)
        return RASPC_MISUSED;
    *diagnostic = result->diagnostics[index];
    return RASPC_OK;
}
