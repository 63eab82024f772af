#include "compiler/driver/lowered_real.h"

#include "compiler/driver/real_options.h"
#include "runtime/base/memory.h"

#include <stdlib.h>
#include <string.h>

/* One model. */
typedef struct Entry {
    struct Entry *next;
    Arena *arena; /* holds this entry too */
    const Graph *graph;
    uint32_t count;
    const NodeId *nodes; /* (count) */
    RealLowerOptions options;
    const RealModel *model;
    const InterpReal *interp;
} Entry;

struct LoweredReal {
    Vocabulary vocabulary;
    uint32_t relu_knots;
    Entry *entries;
};

LoweredReal *lowered_real_new(const EngineOptions *options) {
    LoweredReal *lowered = memory_zeroed(sizeof *lowered);
    lowered->vocabulary = *options->vocabulary;
    lowered->relu_knots = options->relu_knots;
    return lowered;
}

static void drop_entries(LoweredReal *lowered) {
    while (lowered->entries) {
        Entry *entry = lowered->entries;
        lowered->entries = entry->next;
        arena_free(entry->arena);
    }
}

void lowered_real_free(LoweredReal *lowered) {
    drop_entries(lowered);
    free(lowered);
}

static bool is_model_of(const Entry *entry, const Graph *graph, const NodeId *nodes, uint32_t count,
                        const RealLowerOptions *options) {
    return entry->graph == graph && entry->count == count &&
           entry->options.max_length == options->max_length &&
           memcmp(entry->nodes, nodes, count * sizeof *nodes) == 0;
}

static bool are_sequences(const ApplyRequest *request, const NodeId *nodes, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        if (type_is_sop(graph_node(request->graph, nodes[i])->type)) continue;
        Diagnostic *diag = diag_error(request->diags, DIAG_CANNOT_LOWER, request->span,
                                      "%s by itself is no transformer: it is part of a head",
                                      type_set_name(graph_node(request->graph, nodes[i])->type));
        diag_help(diag, "run an s-op that uses it, or use --engine eval");
        return false;
    }
    return true;
}

/* NULL after reporting. */
static Entry *make_entry(const ApplyRequest *request, const NodeId *nodes, uint32_t count,
                         RealLowerOptions options) {
    Arena *arena = arena_new(0);
    NodeId *copy = ARENA_ARRAY(arena, NodeId, count);
    memcpy(copy, nodes, count * sizeof *nodes);
    Entry *entry = ARENA_NEW(arena, Entry);
    *entry = (Entry){NULL, arena, request->graph, count, copy, options, NULL, NULL};
    entry->model = lower_real(arena, request->graph, nodes, count, &options, request->diags);
    if (entry->model)
        entry->interp = interp_real_new(arena, entry->model, request->span, request->diags);
    if (entry->interp) return entry;
    arena_free(arena);
    return NULL;
}

const InterpReal *lowered_real_get(LoweredReal *lowered, const ApplyRequest *request,
                                   const NodeId *nodes, uint32_t count) {
    if (!are_sequences(request, nodes, count)) return NULL;
    if (request->input.n == 0) {
        diag_error(request->diags, DIAG_BAD_INPUT, request->span,
                   "an input has at least one element");
        return NULL;
    }
    RealLowerOptions options = real_lower_options(&lowered->vocabulary, lowered->relu_knots);
    bool shared = options.max_length > 0;
    if (!shared) options.max_length = request->input.n;
    for (const Entry *entry = lowered->entries; entry; entry = entry->next) {
        if (is_model_of(entry, request->graph, nodes, count, &options)) return entry->interp;
    }
    /* A model for each input's own length: the next one is likely to have another. */
    if (!shared) drop_entries(lowered);
    Entry *entry = make_entry(request, nodes, count, options);
    if (!entry) return NULL;
    entry->next = lowered->entries;
    lowered->entries = entry;
    return entry->interp;
}

const double *lowered_real_errors(const LoweredReal *lowered, Arena *arena, const NodeId *nodes,
                                  uint32_t count) {
    const Entry *entry = lowered->entries;
    if (!entry || entry->count != count || memcmp(entry->nodes, nodes, count * sizeof *nodes) != 0)
        return NULL;
    double *errors = ARENA_ARRAY(arena, double, count);
    for (uint32_t i = 0; i < count; i++)
        errors[i] = entry->model->outputs[i].error;
    return errors;
}
