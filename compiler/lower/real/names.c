#include "compiler/lower/real/names.h"

#include <string.h>

/* Names that are taken: open addressing. */
typedef struct Taken {
    const String **slots; /* (capacity) a power of two */
    uint32_t count, capacity;
} Taken;

struct Names {
    RealPlan *plan;
    NodeId *owners; /* (graph count) the first node with a name that needs it, itself before all */
    Taken spaces, heads, outputs;
};

/* --- which are taken -------------------------------------------------------------------------- */

static const String **slot_of(const Taken *taken, const String *name) {
    uint64_t slot = bytes_hash(name->bytes, name->len);
    for (;; slot++) {
        const String **at = &taken->slots[slot & (taken->capacity - 1)];
        if (!*at || string_equal(*at, name)) return at;
    }
}

static void take(Names *names, Taken *taken, const String *name) {
    if (2 * taken->count >= taken->capacity) {
        Taken grown = {.capacity = taken->capacity ? taken->capacity * 2 : 64};
        grown.slots = ARENA_ARRAY(names->plan->scratch, const String *, grown.capacity);
        for (uint32_t i = 0; i < taken->capacity; i++)
            if (taken->slots[i]) *slot_of(&grown, taken->slots[i]) = taken->slots[i];
        grown.count = taken->count;
        *taken = grown;
    }
    *slot_of(taken, name) = name;
    taken->count++;
}

/* The name, or NAME.2, NAME.3, ... */
static const String *unique(Names *names, Taken *taken, const char *base, size_t len) {
    Arena *arena = names->plan->arena;
    const String *name = string_new(arena, base, len);
    if (taken->capacity == 0) take(names, taken, string_from(arena, ""));
    for (uint32_t copy = 2; *slot_of(taken, name); copy++) {
        Buffer text = {0};
        buffer_add(&text, base, len);
        buffer_printf(&text, ".%u", copy);
        name = string_new(arena, text.data, text.len);
        buffer_free(&text);
    }
    take(names, taken, name);
    return name;
}

/* --- what things are called ------------------------------------------------------------------- */

static void find_owners(Names *names) {
    const RealPlan *plan = names->plan;
    const Graph *graph = plan->graph;
    for (NodeId id = 0; id < graph->count; id++)
        names->owners[id] = NO_NODE;
    for (NodeId id = graph->count; id-- > 0;) {
        if (!plan->needed[id]) continue;
        const Node *node = graph_node(graph, id);
        if (graph_name_of(graph, id)) names->owners[id] = id;
        for (int i = 0; i < op_info(node->op)->arity && names->owners[id] != NO_NODE; i++)
            names->owners[node->args[i]] = names->owners[id];
    }
    /* A state is called as what it is next is. */
    for (uint32_t l = 0; l < graph->loop_count; l++)
        for (uint32_t s = 0; s < graph->loops[l].state_count; s++) {
            const LoopState *state = &graph->loops[l].states[s];
            if (!graph->loops[l].closed || graph_name_of(graph, state->state)) continue;
            names->owners[state->state] = names->owners[state->next];
        }
}

Names *names_new(RealPlan *plan) {
    Names *names = ARENA_NEW(plan->scratch, Names);
    names->plan = plan;
    names->owners = ARENA_ARRAY(plan->scratch, NodeId, plan->graph->count);
    find_owners(names);
    take(names, &names->spaces, string_from(plan->scratch, "one"));
    take(names, &names->spaces, string_from(plan->scratch, "null"));
    return names;
}

/* The node's own name; else that of what it is for and its operation: mean.mul */
static const String *name_node(Names *names, Taken *taken, NodeId node, const char *what) {
    const Graph *graph = names->plan->graph;
    NodeId owner = names->owners[node];
    Buffer text = {0};
    if (owner != NO_NODE) {
        const String *name = graph_name_of(graph, owner);
        buffer_add(&text, name->bytes, name->len);
    }
    if (owner != node && what) buffer_printf(&text, "%s%s", text.len > 0 ? "." : "", what);
    if (text.len == 0) buffer_text(&text, op_info(graph_node(graph, node)->op)->name);
    const String *name = unique(names, taken, text.data, text.len);
    buffer_free(&text);
    return name;
}

static const String *name_plain(Names *names, const char *plain) {
    return unique(names, &names->spaces, plain, strlen(plain));
}

const String *name_space(Names *names, const Value *value) {
    if (value->node == NO_NODE)
        return name_plain(names, value->kind == VALUE_POSITION ? "indices" : "none");
    const Node *node = graph_node(names->plan->graph, value->node);
    if (value->kind == VALUE_INPUT)
        return unique(names, &names->spaces, node->atom.as.string->bytes,
                      node->atom.as.string->len);
    const char *what = value->kind == VALUE_STATE ? NULL : op_info(node->op)->name;
    return name_node(names, &names->spaces, value->node, what);
}

const String *name_head(Names *names, const Pattern *pattern) {
    return name_node(names, &names->heads, pattern->node,
                     op_info(graph_node(names->plan->graph, pattern->node)->op)->name);
}

const String *name_output(Names *names, NodeId node) {
    return name_node(names, &names->outputs, node, NULL);
}
