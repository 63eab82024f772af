#include "compiler/driver/lowered.h"

#include "runtime/base/memory.h"
#include "runtime/value/atom_set.h"

#include <stdlib.h>

/* One model. Always holds: prepared is set. */
typedef struct Entry {
    struct Entry *next;
    Arena *arena; /* holds this entry too */
    const Graph *graph;
    NodeId node;
    LowerOptions options;
    void *prepared;
} Entry;

struct Lowered {
    Vocabulary vocabulary;
    bool causal;
    Preparer preparer;
    Entry *entries;
};

Lowered *lowered_new(const EngineOptions *options, Preparer preparer) {
    Lowered *lowered = memory_zeroed(sizeof *lowered);
    lowered->vocabulary = *options->vocabulary;
    lowered->causal = options->causal;
    lowered->preparer = preparer;
    return lowered;
}

static void entry_free(Lowered *lowered, Entry *entry) {
    if (lowered->preparer.release) lowered->preparer.release(entry->prepared);
    arena_free(entry->arena);
}

static void drop_entries(Lowered *lowered) {
    while (lowered->entries) {
        Entry *entry = lowered->entries;
        lowered->entries = entry->next;
        entry_free(lowered, entry);
    }
}

void lowered_free(Lowered *lowered) {
    drop_entries(lowered);
    free(lowered);
}

static bool same_options(const LowerOptions *a, const LowerOptions *b) {
    if (a->max_length != b->max_length || a->vocabulary_count != b->vocabulary_count ||
        a->registers != b->registers)
        return false;
    if (a->vocabulary == b->vocabulary) return true;
    for (uint32_t t = 0; t < a->vocabulary_count; t++) {
        if (!atom_identical(a->vocabulary[t], b->vocabulary[t])) return false;
    }
    return true;
}

/* The input's own tokens. */
static void name_tokens(Arena *arena, Input input, LowerOptions *options) {
    AtomSet set = atom_set_new(arena, 0);
    for (uint32_t i = 0; i < input.n; i++) {
        if (atom_set_add(&set, input.tokens[i]))
            set.atoms[set.count - 1] = atom_copy(arena, input.tokens[i]);
    }
    options->vocabulary_count = set.count;
    options->vocabulary = set.atoms;
}

static LowerOptions options_for(const Lowered *lowered, Arena *arena, Input input) {
    LowerOptions options =
        lower_options(&lowered->vocabulary, lowered->causal, lowered->preparer.registers);
    if (options.vocabulary_count == 0) name_tokens(arena, input, &options);
    if (options.max_length == 0) options.max_length = input.n;
    return options;
}

void *lowered_get(Lowered *lowered, const ApplyRequest *request) {
    if (graph_node(request->graph, request->node)->type == TYPE_SELECTOR) {
        Diagnostic *diag =
            diag_error(request->diags, DIAG_CANNOT_LOWER, request->span,
                       "a selector by itself is no transformer: it is part of a head");
        diag_help(diag, "run an s-op that uses it, or use --engine eval");
        return NULL;
    }
    if (request->input.n == 0) {
        diag_error(request->diags, DIAG_BAD_INPUT, request->span,
                   "an input has at least one element");
        return NULL;
    }
    if (request->input.tokens == NULL) {
        diag_error(request->diags, DIAG_CANNOT_LOWER, request->span,
                   "a program that names its inputs has no transformer over tokens");
        return NULL;
    }
    Arena *arena = arena_new(0);
    LowerOptions options = options_for(lowered, arena, request->input);
    for (Entry *entry = lowered->entries; entry; entry = entry->next) {
        if (entry->graph != request->graph || entry->node != request->node ||
            !same_options(&entry->options, &options))
            continue;
        arena_free(arena);
        return entry->prepared;
    }
    /* A vocabulary of each input's own rarely comes again. */
    if (!lowered_is_shared(lowered)) drop_entries(lowered);
    Entry *entry = ARENA_NEW(arena, Entry);
    *entry = (Entry){NULL, arena, request->graph, request->node, options, NULL};
    Model *model = lower(arena, request->graph, request->node, &options, request->diags);
    if (model)
        entry->prepared = lowered->preparer.prepare(lowered->preparer.state, arena, model,
                                                    request->span, request->diags);
    if (!entry->prepared) {
        arena_free(arena);
        return NULL;
    }
    Entry **last = &lowered->entries;
    while (*last)
        last = &(*last)->next;
    *last = entry;
    return entry->prepared;
}

bool lowered_is_shared(const Lowered *lowered) {
    return lowered->vocabulary.count > 0 && lowered->vocabulary.max_len > 0;
}

void lowered_visit(const Lowered *lowered,
                   void (*visit)(void *state, const Graph *graph, NodeId node, void *prepared),
                   void *state) {
    for (const Entry *entry = lowered->entries; entry; entry = entry->next)
        visit(state, entry->graph, entry->node, entry->prepared);
}
