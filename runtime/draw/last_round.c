#include "runtime/draw/last_round.h"

#include "runtime/base/bug.h"

#include <inttypes.h>
#include <string.h>

typedef struct Unrolling {
    const Graph *from;
    const uint8_t *needed;
    Input input;
    Arena *arena;
    Diagnostics *diags;
    LastRound *out;
    NodeId *copy;         /* (count): a node's in the new graph */
    const char **columns; /* (state_count) by the state's node: see name_states */
    InputColumn *values;  /* (values_count) the input's, then the states' */
    uint32_t value_count;
} Unrolling;

/* --- what the states hold --------------------------------------------------------------------- */

typedef struct Watch {
    Arena *arena;
    uint32_t count, rounds;
    Sequence *last; /* (count) */
} Watch;

static Sequence keep(Arena *arena, Sequence seen) {
    if (seen.atoms) {
        Atom *atoms = ARENA_ARRAY(arena, Atom, seen.n);
        for (uint32_t i = 0; i < seen.n; i++)
            atoms[i] = atom_copy(arena, seen.atoms[i]);
        seen.atoms = atoms;
    } else {
        size_t count = (size_t)seen.n * seen.width;
        double *numbers = ARENA_ARRAY(arena, double, count);
        memcpy(numbers, seen.numbers, count * sizeof *numbers);
        seen.numbers = numbers;
    }
    return seen;
}

/* What is seen last is the last round: of a loop in another's body the last of that one's last. */
static void see(void *state, uint32_t round, const Sequence *values) {
    Watch *watch = state;
    watch->rounds = round + 1;
    for (uint32_t i = 0; i < watch->count; i++)
        watch->last[i] = keep(watch->arena, values[i]);
}

static bool has_name(const Graph *graph, NodeId node, const String *name) {
    for (uint32_t i = 0; i < graph->name_count; i++)
        if (graph->names[i].node == node && string_equal(graph->names[i].name, name)) return true;
    return false;
}

/* A name of the state that its next value has too; NULL: none. Others are of what was made of it.
 */
static const String *carried_name(const Graph *graph, const LoopState *state) {
    for (uint32_t i = 0; i < graph->name_count; i++)
        if (graph->names[i].node == state->state &&
            has_name(graph, state->next, graph->names[i].name))
            return graph->names[i].name;
    return NULL;
}

/* The name that the program gives what is carried, as it was before the round. */
static const String *state_name(const Unrolling *u, const LoopState *state) {
    const NodeId nodes[] = {state->state, state->next, state->init};
    const String *name = carried_name(u->from, state);
    for (int i = 0; i < 3 && name == NULL; i++)
        name = graph_name_of(u->from, nodes[i]);
    Buffer text = {0};
    if (name != NULL)
        buffer_printf(&text, "%s before", name->bytes);
    else
        buffer_printf(&text, "state %" PRIu32 " before", state->state);
    for (uint32_t i = 0; i < u->value_count; i++)
        if (strcmp(u->values[i].name->bytes, text.data) == 0)
            buffer_printf(&text, " (%" PRIu32 ")", state->state);
    const String *made = string_new(u->arena, text.data, text.len);
    buffer_free(&text);
    return made;
}

static bool add_loop(Unrolling *u, uint32_t number, Span asked) {
    const GraphLoop *loop = &u->from->loops[number];
    NodeId *nodes = ARENA_ARRAY(u->arena, NodeId, loop->state_count);
    Watch watch = {.arena = u->arena};
    for (uint32_t s = 0; s < loop->state_count; s++)
        if (u->needed[loop->states[s].state]) nodes[watch.count++] = loop->states[s].state;
    watch.last = ARENA_ARRAY(u->arena, Sequence, watch.count);
    EvalRounds rounds = {
        .loop = number, .nodes = nodes, .count = watch.count, .round = see, .state = &watch};
    ApplyRequest request = {.graph = u->from,
                            .node = u->out->node,
                            .input = u->input,
                            .span = asked,
                            .arena = u->arena,
                            .diags = u->diags,
                            .rounds = &rounds};
    Sequence values;
    Matrix matrix;
    if (!eval_request(&request, &values, &matrix)) return false;
    for (uint32_t i = 0; i < watch.count; i++) {
        Sequence last = watch.last[i];
        u->values[u->value_count] =
            (InputColumn){.name = state_name(u, graph_state(u->from, nodes[i])),
                          .atoms = last.atoms,
                          .width = last.width,
                          .numbers = last.numbers};
        u->columns[nodes[i]] = u->values[u->value_count++].name->bytes;
    }
    if (u->out->loops++ == 0) u->out->rounds = watch.rounds;
    return true;
}

static bool is_needed(const Unrolling *u, const GraphLoop *loop) {
    for (uint32_t s = 0; s < loop->state_count; s++)
        if (u->needed[loop->states[s].state]) return true;
    return false;
}

static bool add_states(Unrolling *u) {
    u->values = ARENA_ARRAY(u->arena, InputColumn, u->input.column_count + u->from->state_count);
    for (uint32_t i = 0; i < u->input.column_count; i++)
        u->values[u->value_count++] = u->input.columns[i];
    for (uint32_t number = 0; number < u->from->loop_count; number++) {
        const GraphLoop *loop = &u->from->loops[number];
        if (!loop->closed || !is_needed(u, loop)) continue;
        if (!add_loop(u, number, loop->span)) return false;
    }
    u->out->input = u->input;
    u->out->input.columns = u->values;
    u->out->input.column_count = u->value_count;
    return true;
}

/* --- the graph -------------------------------------------------------------------------------- */

static NodeId copy_node(Unrolling *u, NodeId id) {
    const Node *node = graph_node(u->from, id);
    if (node->op == OP_RESULT) return u->copy[node->args[0]];
    NodeSpec spec = {.op = node->op,
                     .args = {NO_NODE, NO_NODE, NO_NODE},
                     .atom = node->atom,
                     .table = node->table,
                     .declared = {node->type, node->width},
                     .span = node->span};
    if (node->op == OP_STATE) {
        spec.op = OP_INPUT;
        spec.atom = atom_string(string_from(u->arena, u->columns[id]));
    }
    for (int i = 0; i < op_info(spec.op)->arity; i++)
        spec.args[i] = u->copy[node->args[i]];
    Buffer why = {0};
    NodeId made = graph_add(u->out->graph, &spec, &why);
    if (made == NO_NODE) BUG("a node is no node of a graph without loops: %s", why.data);
    buffer_free(&why);
    return made;
}

static void copy_graph(Unrolling *u) {
    const Graph *from = u->from;
    u->out->graph = graph_new(u->arena);
    for (NodeId id = 0; id < from->count; id++)
        u->copy[id] = u->needed[id] ? copy_node(u, id) : NO_NODE;
    /* `c = x` before a loop names the input x after what the loop makes of it: inputs and states
       keep the names of their own. */
    for (uint32_t i = 0; i < from->name_count; i++) {
        GraphOp op = graph_node(from, from->names[i].node)->op;
        NodeId copy = u->copy[from->names[i].node];
        if (copy != NO_NODE && op != OP_INPUT && op != OP_STATE)
            graph_name(u->out->graph, from->names[i].name, copy);
    }
    u->out->node = u->copy[u->out->node];
}

bool last_round(const Graph *graph, NodeId node, Input input, Arena *arena, Diagnostics *diags,
                LastRound *out) {
    *out = (LastRound){.node = node};
    Unrolling u = {.from = graph,
                   .needed = graph_needed(graph, node, arena),
                   .input = input,
                   .arena = arena,
                   .diags = diags,
                   .out = out,
                   .copy = ARENA_ARRAY(arena, NodeId, graph->count),
                   .columns = ARENA_ARRAY(arena, const char *, graph->count)};
    if (!add_states(&u)) return false;
    copy_graph(&u);
    return true;
}
