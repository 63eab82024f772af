#include "compiler/driver/compare.h"

#include "runtime/base/bug.h"

#include <string.h>

Outcome outcome_of(const Engine *engine, void *state, const ApplyRequest *request) {
    Outcome outcome = {0};
    size_t before = diagnostics_count(request->diags);
    outcome.status = engine->apply(state, request, &outcome.sequence, &outcome.matrix);
    if (outcome.status == APPLY_OK) return outcome;
    if (diagnostics_count(request->diags) == before) BUG("%s failed silently", engine->name);
    const char *message = diagnostics_message(request->diags, before);
    outcome.id = diagnostics_id(request->diags, before);
    outcome.message = arena_strndup(request->arena, message, strlen(message));
    outcome.span = diagnostics_span(request->diags, before);
    return outcome;
}

/* A selector has no atoms, an s-op no cells. */
static bool same_shape(const Outcome *a, const Outcome *b) {
    return a->sequence.n == b->sequence.n && a->matrix.n == b->matrix.n &&
           (a->sequence.n == 0 || a->sequence.type == b->sequence.type);
}

uint32_t outcome_first_difference(const Outcome *definition, const Outcome *other) {
    for (uint32_t i = 0; i < definition->sequence.n; i++) {
        if (!atom_identical(definition->sequence.atoms[i], other->sequence.atoms[i])) return i;
    }
    uint32_t n = definition->matrix.n;
    for (uint32_t i = 0; i < n; i++) {
        if (memcmp(definition->matrix.cells + (size_t)i * n, other->matrix.cells + (size_t)i * n, n) != 0)
            return i;
    }
    return definition->sequence.n + n;
}

Agreement outcome_agree(const Outcome *definition, const Outcome *other) {
    if (other->status == APPLY_REFUSED) return AGREE_REFUSED;
    if (definition->status != other->status) return AGREE_NOT;
    if (definition->status != APPLY_OK) return AGREE_FAILURE;
    if (!same_shape(definition, other)) return AGREE_NOT;
    bool same = outcome_first_difference(definition, other) ==
                definition->sequence.n + definition->matrix.n;
    return same ? AGREE_VALUE : AGREE_NOT;
}

/* A row of a selector is a word of 0 and 1. */
static void show_matrix_rows(Buffer *out, Matrix matrix) {
    for (uint32_t i = 0; i < matrix.n; i++) {
        if (i > 0) buffer_char(out, ' ');
        for (uint32_t j = 0; j < matrix.n; j++) {
            buffer_char(out, matrix.cells[(size_t)i * matrix.n + j] ? '1' : '0');
        }
    }
}

void outcome_show(Buffer *out, const Outcome *outcome) {
    if (outcome->status != APPLY_OK) {
        buffer_printf(out, "%s: %s", diag_code(outcome->id), outcome->message);
    } else if (outcome->matrix.n > 0) {
        show_matrix_rows(out, outcome->matrix);
    } else {
        /* To the last bit, unlike what `run` shows. */
        buffer_char(out, '[');
        for (uint32_t i = 0; i < outcome->sequence.n; i++) {
            if (i > 0) buffer_text(out, ", ");
            atom_format_source(out, outcome->sequence.atoms[i]);
        }
        buffer_printf(out, "] (%s)", sequence_type_name(outcome->sequence.type));
    }
}
