/* Small questions about a model. */
#include "runtime/model/model.h"

#include "runtime/base/bug.h"

Relation relation_of(GraphOp selection) {
    switch (selection) {
    case OP_SELECT_EQ: return RELATION_EQ;
    case OP_SELECT_NE: return RELATION_LT | RELATION_GT;
    case OP_SELECT_LT: return RELATION_LT;
    case OP_SELECT_LE: return RELATION_LT | RELATION_EQ;
    case OP_SELECT_GT: return RELATION_GT;
    case OP_SELECT_GE: return RELATION_GT | RELATION_EQ;
    default: BUG("%s compares nothing", op_info(selection)->name);
    }
}

const char *relation_text(Relation relation) {
    static const char *const texts[8] = {"never", "<", "==", "<=", ">", "!=", ">=", "always"};
    return texts[relation & 7];
}

uint32_t model_token(const Model *model, Atom token) {
    for (uint32_t t = 0; t < model->vocabulary_count; t++) {
        if (atom_identical(model->vocabulary[t], token)) return t;
    }
    return UINT32_MAX;
}

static void report_token(Diagnostics *diags, Span span, Atom token, uint32_t position) {
    Buffer text = {0};
    atom_format_brief(&text, token);
    Diagnostic *diag = diag_error(diags, DIAG_INPUT_VOCAB, span,
                                  "position %u: %s is not in the vocabulary", position, text.data);
    diag_help(diag, "name the tokens with --vocab");
    buffer_free(&text);
}

bool model_takes_length(const Model *model, uint32_t n, Span span, Diagnostics *diags) {
    if (n == 0) {
        diag_error(diags, DIAG_BAD_INPUT, span, "an input has at least one element");
        return false;
    }
    if (n > model->max_length) {
        Diagnostic *diag =
            diag_error(diags, DIAG_INPUT_LENGTH, span,
                       "%u elements, but the model takes at most %u", n, model->max_length);
        diag_help(diag, "make the model for longer inputs with --max-len %u", n);
        return false;
    }
    return true;
}

bool model_tokens(const Model *model, const Atom *tokens, uint32_t n, Span span, Diagnostics *diags,
                  uint32_t *numbers) {
    if (!model_takes_length(model, n, span, diags)) return false;
    for (uint32_t i = 0; i < n; i++) {
        numbers[i] = model_token(model, tokens[i]);
        if (numbers[i] != UINT32_MAX) continue;
        report_token(diags, span, tokens[i], i);
        return false;
    }
    return true;
}

uint32_t model_attention_layers(const Model *model) {
    uint32_t count = 0;
    for (uint32_t i = 0; i < model->layer_count; i++)
        count += model->layers[i].head_count > 0;
    return count;
}
