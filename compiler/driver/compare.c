#include "compiler/driver/compare.h"

#include "runtime/base/bug.h"

#include <string.h>

static Outcome outcome_from(const Engine *engine, const ApplyRequest *request,
                            const Applied *applied) {
    Outcome outcome = {
        .status = applied->status, .sequence = applied->sequence, .matrix = applied->matrix};
    if (outcome.status == APPLY_OK) return outcome;
    size_t why = applied->diagnostic;
    if (diagnostics_count(request->diags) <= why) BUG("%s failed silently", engine->name);
    const char *message = diagnostics_message(request->diags, why);
    outcome.id = diagnostics_id(request->diags, why);
    outcome.message = arena_strndup(request->arena, message, strlen(message));
    outcome.span = diagnostics_span(request->diags, why);
    return outcome;
}

void outcomes_of(const Engine *engine, void *state, const ApplyRequest *requests, uint32_t count,
                 Outcome *out) {
    Arena *scratch = arena_new(0);
    Applied *applied = ARENA_ARRAY(scratch, Applied, count);
    engine_apply_all(engine, state, requests, count, applied);
    for (uint32_t i = 0; i < count; i++)
        out[i] = outcome_from(engine, &requests[i], &applied[i]);
    arena_free(scratch);
}

Outcome outcome_of(const Engine *engine, void *state, const ApplyRequest *request) {
    Outcome outcome;
    outcomes_of(engine, state, request, 1, &outcome);
    return outcome;
}

static Agreement matrices_agree(Matrix a, Matrix b) {
    return a.n == b.n && memcmp(a.cells, b.cells, (size_t)a.n * a.n) == 0 ? AGREE_VALUE : AGREE_NOT;
}

static Agreement sequences_agree(Sequence a, Sequence b) {
    if (a.n != b.n) return AGREE_NOT;
    bool same = a.type == b.type, equal = true;
    for (uint32_t i = 0; i < a.n; i++) {
        same = same && atom_identical(a.atoms[i], b.atoms[i]);
        equal =
            equal && (atom_equal(a.atoms[i], b.atoms[i]) || atom_identical(a.atoms[i], b.atoms[i]));
    }
    return same ? AGREE_VALUE : equal ? AGREE_EQUAL : AGREE_NOT;
}

Agreement outcome_agree(const Outcome *definition, const Outcome *other) {
    if (other->status == APPLY_REFUSED) return AGREE_REFUSED;
    if (definition->status != other->status) return AGREE_NOT;
    if (definition->status != APPLY_OK) return AGREE_FAILURE;
    /* A selector has no atoms, an s-op no cells. */
    return definition->matrix.n > 0 ? matrices_agree(definition->matrix, other->matrix)
                                    : sequences_agree(definition->sequence, other->sequence);
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
