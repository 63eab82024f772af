#include "tests/random/promises.h"

#include "compiler/lower/lower.h"
#include "runtime/certify/certify.h"
#include "runtime/model/weights.h"

#include <string.h>

enum { PROVEN_PARAMETERS = 30000 }; /* larger weights are not proven here */

typedef struct Looking {
    Arena *arena;
    Session *session;
    const Model *model;
    Buffer why; /* empty: all is well */
} Looking;

static bool layers_are_few(Looking *looking, NodeId node) {
    Layers layers = graph_layers(session_graph(looking->session), node, looking->arena);
    uint32_t have = model_attention_layers(looking->model);
    if (have <= layers.count) return true;
    buffer_printf(&looking->why, "the model has %u attention layers, the analysis counts %u", have,
                  layers.count);
    return false;
}

/* Prints, parses, verifies and prints to the same. */
static bool text_reads_back(Looking *looking) {
    Sources *sources = session_sources(looking->session);
    Buffer printed = {0}, again = {0};
    model_print(looking->model, &printed);
    uint32_t file = sources_add(sources, "printed.model", printed.data, printed.len);
    const Model *back =
        model_parse(looking->arena, sources, file, session_diagnostics(looking->session));
    bool same = false;
    if (back == NULL) {
        buffer_text(&looking->why, "the model's text does not parse");
    } else if (model_verify(back, &looking->why)) {
        model_print(back, &again);
        same = printed.len == again.len && memcmp(printed.data, again.data, printed.len) == 0;
        if (!same) buffer_text(&looking->why, "the model's text parses to another text");
    }
    buffer_free(&printed);
    buffer_free(&again);
    return same;
}

/* Weights that are refused (float32 has not the bits) promise nothing. */
static Proof prove(Looking *looking) {
    if (model_parameters(looking->model) > PROVEN_PARAMETERS) return PROOF_NOT_TRIED;
    const DenseModel *weights = model_weights(looking->arena, looking->model, (Span){0},
                                              session_diagnostics(looking->session));
    if (weights == NULL) return PROOF_NOT_TRIED;
    Buffer report = {0};
    bool assumes = false;
    bool proven = certify(certificate_of_model(looking->arena, looking->model, ""), weights,
                          &report, &looking->why, &assumes);
    buffer_free(&report);
    return !proven ? PROOF_FAILED : assumes ? PROOF_ASSUMES : PROOF_DONE;
}

Promises promises_of_model(Arena *arena, Session *session, NodeId node, const Model *model) {
    Diagnostics *diags = session_diagnostics(session);
    size_t before = diagnostics_count(diags);
    Looking looking = {.arena = arena_new(0), .session = session, .model = model};
    Promises promises = {PROMISE_KEPT, PROOF_NOT_TRIED, NULL};
    if (!layers_are_few(&looking, node))
        promises.broken = PROMISE_LAYERS;
    else if (!text_reads_back(&looking))
        promises.broken = PROMISE_TEXT;
    else
        promises.proof = prove(&looking);
    if (looking.why.len > 0) promises.why = arena_strndup(arena, looking.why.data, looking.why.len);
    diagnostics_truncate(diags, before);
    buffer_free(&looking.why);
    arena_free(looking.arena);
    return promises;
}

Promises promises_of_node(Arena *arena, Session *session, NodeId node,
                          const Vocabulary *vocabulary) {
    Diagnostics *diags = session_diagnostics(session);
    size_t before = diagnostics_count(diags);
    LowerOptions options = {.vocabulary_count = vocabulary->count,
                            .vocabulary = vocabulary->tokens,
                            .max_length = vocabulary->max_len};
    Arena *own = arena_new(0);
    const Model *model = lower(own, session_graph(session), node, &options, diags);
    Promises promises = {PROMISE_KEPT, PROOF_NOT_TRIED, NULL};
    if (model != NULL) promises = promises_of_model(arena, session, node, model);
    diagnostics_truncate(diags, before);
    arena_free(own);
    return promises;
}
