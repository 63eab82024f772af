/* Running a transformer on an input, and what it gives. */
#include "compiler/api/api.h"

#include "runtime/base/limits.h"

#include <string.h>

/* --- running ------------------------------------------------------------------------------------
 */

static bool apply(const raspc_transformer *t, Input input, Arena *arena, Diagnostics *diags,
                  Sequence *out) {
    const Graph *graph = session_graph(t->program->session);
    switch (t->engine) {
    case RASPC_INTERP: return interp_run(t->interp, input, (Span){0}, arena, diags, out);
    case RASPC_JIT: return jit_run(t->native, input, (Span){0}, arena, diags, out);
    default: return eval_sequence(graph, t->node, input, (Span){0}, arena, diags, out);
    }
}

static raspc_status run(const raspc_transformer *t, Arena *arena, Input input,
                        raspc_result **result) {
    raspc_result *made = ARENA_NEW(arena, raspc_result);
    made->arena = arena;
    *result = made;
    Diagnostics *diags = diagnostics_new(session_sources(t->program->session));
    bool done = apply(t, input, arena, diags, &made->sequence);
    if (!done) made->sequence = (Sequence){0};
    made->diagnostic_count = diagnostics_count(diags);
    raspc_diagnostic *copies = ARENA_ARRAY(arena, raspc_diagnostic, made->diagnostic_count);
    for (size_t i = 0; i < made->diagnostic_count; i++)
        copies[i] = diagnostic_of(t->program, arena, diags, i);
    made->diagnostics = copies;
    diagnostics_free(diags);
    return done ? RASPC_OK : RASPC_WRONG;
}

raspc_status raspc_run(const raspc_transformer *transformer, const raspc_value *tokens,
                       size_t count, raspc_result **result) {
    if (result == NULL) return RASPC_MISUSED;
    *result = NULL;
    if (transformer == NULL || (tokens == NULL && count > 0) || count > LIMIT_INPUT_TOKENS)
        return RASPC_MISUSED;
    Arena *arena = arena_new(0);
    Atom *atoms = ARENA_ARRAY(arena, Atom, count);
    for (size_t i = 0; i < count; i++) {
        if (value_to_atom(arena, &tokens[i], &atoms[i])) continue;
        arena_free(arena);
        return RASPC_MISUSED;
    }
    return run(transformer, arena, (Input){.n = (uint32_t)count, .tokens = atoms}, result);
}

raspc_status raspc_run_text(const raspc_transformer *transformer, const char *text, size_t length,
                            raspc_result **result) {
    size_t bad;
    if (result == NULL) return RASPC_MISUSED;
    *result = NULL;
    if (transformer == NULL || (text == NULL && length > 0) ||
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
    return run(transformer, arena, (Input){.n = (uint32_t)count, .tokens = atoms}, result);
}

void raspc_result_free(raspc_result *result) {
    if (result != NULL) arena_free(result->arena);
}

/* --- reading it ---------------------------------------------------------------------------------
 */

size_t raspc_result_count(const raspc_result *result) {
    return result == NULL ? 0 : result->sequence.n;
}

raspc_kind raspc_result_kind(const raspc_result *result) {
    if (result == NULL) return RASPC_STRING;
    switch (result->sequence.type) {
    case SEQUENCE_BOOLS: return RASPC_BOOL;
    case SEQUENCE_INTS: return RASPC_INT;
    case SEQUENCE_FLOATS: return RASPC_FLOAT;
    default: return RASPC_STRING;
    }
}

raspc_status raspc_result_value(const raspc_result *result, size_t index, raspc_value *value) {
    if (result == NULL || value == NULL || index >= result->sequence.n) return RASPC_MISUSED;
    *value = value_of_atom(result->arena, result->sequence.atoms[index]);
    return RASPC_OK;
}

raspc_status raspc_result_integers(const raspc_result *result, int64_t *integers) {
    if (result == NULL || integers == NULL) return RASPC_MISUSED;
    for (uint32_t i = 0; i < result->sequence.n; i++) {
        if (!atom_as_int64(result->sequence.atoms[i], &integers[i])) return RASPC_WRONG;
    }
    return RASPC_OK;
}

raspc_status raspc_result_reals(const raspc_result *result, double *reals) {
    if (result == NULL || reals == NULL) return RASPC_MISUSED;
    for (uint32_t i = 0; i < result->sequence.n; i++) {
        if (!atom_as_double(result->sequence.atoms[i], &reals[i])) return RASPC_WRONG;
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
