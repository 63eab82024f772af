/* Building a graph: equal nodes are one node. */
#include "runtime/graph/graph.h"

#include "runtime/graph/loops.h"

#include "runtime/base/bug.h"
#include "runtime/base/limits.h"

#include <string.h>

Graph *graph_new(Arena *arena) {
    Graph *graph = ARENA_NEW(arena, Graph);
    graph->arena = arena;
    return graph;
}

/* --- hash-consing ----------------------------------------------------------------------------- */

static uint64_t mix(uint64_t hash, uint64_t value) {
    hash ^= value + 0x9e3779b97f4a7c15u + (hash << 6) + (hash >> 2);
    return hash * 0xff51afd7ed558ccdu;
}

static uint64_t hash_atoms(uint64_t hash, const Atom *atoms, uint32_t count) {
    if (!atoms) return mix(hash, 1);
    for (uint32_t i = 0; i < count; i++)
        hash = mix(mix(hash, atoms[i].kind), atom_hash(atoms[i]));
    return hash;
}

static uint64_t hash_node(GraphOp op, const NodeId args[3], Atom atom, const Table *table) {
    uint64_t hash = mix(0, op);
    OpPayload payload = op_info(op)->payload;
    for (int i = 0; i < op_info(op)->arity; i++)
        hash = mix(hash, args[i]);
    if (payload == PAYLOAD_ATOM || payload == PAYLOAD_DECLARED) hash = hash_atoms(hash, &atom, 1);
    if (op_info(op)->payload == PAYLOAD_TABLE) {
        hash = hash_atoms(mix(hash, table->count), table->keys, table->count);
        hash = hash_atoms(hash, table->values, table->count);
    }
    return hash;
}

static bool atoms_identical(const Atom *a, const Atom *b, uint32_t count) {
    if (!a || !b) return a == b;
    for (uint32_t i = 0; i < count; i++)
        if (!atom_identical(a[i], b[i])) return false;
    return true;
}

static bool same_node(const Node *node, const NodeSpec *spec) {
    if (node->op != spec->op) return false;
    const OpInfo *info = op_info(node->op);
    for (int i = 0; i < info->arity; i++)
        if (node->args[i] != spec->args[i]) return false;
    if (info->payload == PAYLOAD_DECLARED &&
        (node->type != spec->declared.types || node->width != spec->declared.width))
        return false;
    if (info->payload == PAYLOAD_ATOM || info->payload == PAYLOAD_DECLARED)
        return atom_identical(node->atom, spec->atom);
    if (info->payload == PAYLOAD_TABLE)
        return node->table->count == spec->table->count &&
               atoms_identical(node->table->keys, spec->table->keys, node->table->count) &&
               atoms_identical(node->table->values, spec->table->values, node->table->count);
    return true;
}

static void insert_bucket(Graph *graph, NodeId id) {
    const Node *node = &graph->nodes[id];
    uint64_t slot = hash_node(node->op, node->args, node->atom, node->table);
    while (graph->buckets[slot & (graph->bucket_count - 1)] != NO_NODE)
        slot++;
    graph->buckets[slot & (graph->bucket_count - 1)] = id;
}

static void grow_buckets(Graph *graph) {
    graph->bucket_count = graph->bucket_count ? graph->bucket_count * 2 : 256;
    graph->buckets = ARENA_ARRAY(graph->arena, NodeId, graph->bucket_count);
    memset(graph->buckets, 0xff, graph->bucket_count * sizeof(NodeId));
    for (NodeId id = 0; id < graph->count; id++)
        insert_bucket(graph, id);
}

static NodeId find_node(const Graph *graph, const NodeSpec *spec) {
    if (graph->bucket_count == 0) return NO_NODE;
    uint64_t slot = hash_node(spec->op, spec->args, spec->atom, spec->table);
    for (;; slot++) {
        NodeId id = graph->buckets[slot & (graph->bucket_count - 1)];
        if (id == NO_NODE || same_node(&graph->nodes[id], spec)) return id;
    }
}

/* --- nodes ------------------------------------------------------------------------------------ */

/* Language I.7: inputs and constants 0; an element-wise node its deepest operand; a selection or a
   score its key and query plus 1; an aggregate its value plus 1 or its selector. (loops.c: states
   and results.) */
bool graph_crosses(GraphOp op, int argument, TypeSet type) {
    OpKind kind = op_info(op)->kind;
    /* A default is the query's own: it crosses no positions. */
    if ((op == OP_ATTEND && argument == 2) || !type_is_sop(type)) return false;
    return kind == OPKIND_SELECTOR || kind == OPKIND_SCORE || kind == OPKIND_ATTENTION;
}

static uint32_t node_depth(const Graph *graph, const NodeSpec *spec) {
    uint32_t depth = 0;
    if (spec->op == OP_RESULT)
        return graph_result_depth(graph, graph_result_loop(spec->atom), spec->args[0]);
    for (int i = 0; i < op_info(spec->op)->arity; i++) {
        const Node *arg = &graph->nodes[spec->args[i]];
        uint32_t here = arg->depth + graph_crosses(spec->op, i, arg->type);
        if (here > depth) depth = here;
    }
    return depth;
}

/* The deepest of the loops that the arguments depend on: loops lie within one another. */
static uint32_t node_loop(const Graph *graph, const NodeSpec *spec) {
    if (spec->op == OP_RESULT) return graph->loops[graph_result_loop(spec->atom)].outer;
    uint32_t deepest = 0;
    for (int i = 0; i < op_info(spec->op)->arity; i++) {
        uint32_t loop = graph->nodes[spec->args[i]].loop;
        if (loop > deepest) deepest = loop; /* an inner loop begins after its outer one */
    }
    return deepest;
}

NodeId graph_add(Graph *graph, const NodeSpec *spec, Buffer *why) {
    for (int i = 0; i < op_info(spec->op)->arity; i++)
        if (spec->args[i] >= graph->count) BUG("%s uses a node to come", op_info(spec->op)->name);
    NodeId found = find_node(graph, spec);
    if (found != NO_NODE) return found;

    Shape shape = graph_infer(graph, spec, why);
    if (shape.types == 0) return NO_NODE;
    if (shape.width > LIMIT_VECTOR_WIDTH) {
        buffer_printf(why, "a vector of %u numbers: the most is %d", shape.width,
                      LIMIT_VECTOR_WIDTH);
        return NO_NODE;
    }
    if (graph->count >= LIMIT_GRAPH_NODES) {
        buffer_printf(why, "the program unrolls to more than %d nodes", LIMIT_GRAPH_NODES);
        return NO_NODE;
    }
    uint32_t depth = node_depth(graph, spec);
    if (depth > LIMIT_GRAPH_LAYERS) {
        buffer_printf(why, "the program has more than %d layers", LIMIT_GRAPH_LAYERS);
        return NO_NODE;
    }
    if (graph->count == graph->capacity) {
        uint32_t capacity = graph->capacity ? graph->capacity * 2 : 64;
        graph->nodes = arena_grow(graph->arena, graph->nodes, graph->count, capacity, sizeof(Node));
        graph->capacity = capacity;
    }
    NodeId id = graph->count;
    Node *node = &graph->nodes[id];
    *node = (Node){.op = spec->op,
                   .type = shape.types,
                   .width = shape.width,
                   .depth = depth,
                   .loop = node_loop(graph, spec),
                   .args = {NO_NODE, NO_NODE, NO_NODE},
                   .atom = spec->atom,
                   .table = spec->table,
                   .span = spec->span};
    for (int i = 0; i < op_info(spec->op)->arity; i++)
        node->args[i] = spec->args[i];
    graph->count++; /* only now: a state is looked up as the node to come */
    if (graph->count * 2 > graph->bucket_count)
        grow_buckets(graph);
    else
        insert_bucket(graph, id);
    return id;
}

NodeId graph_const(Graph *graph, Atom atom, Span span) {
    NodeSpec spec = {
        .op = OP_CONST, .args = {NO_NODE, NO_NODE, NO_NODE}, .atom = atom, .span = span};
    Buffer why = {0};
    NodeId id = graph_add(graph, &spec, &why);
    buffer_free(&why);
    return id;
}

NodeId graph_weights(Graph *graph, NodeId pattern, uint32_t n, Buffer *why) {
    NodeSpec spec = {.op = OP_INDICES, .args = {NO_NODE, NO_NODE, NO_NODE}};
    spec.args[0] = graph_add(graph, &spec, why);
    spec.op = OP_ONEHOT;
    spec.atom = atom_int((int64_t)n);
    NodeId positions = spec.args[0] == NO_NODE ? NO_NODE : graph_add(graph, &spec, why);
    NodeId zero = graph_const(graph, atom_float(0), (Span){0});
    if (positions == NO_NODE || zero == NO_NODE) return NO_NODE;
    spec = (NodeSpec){.op = OP_ATTEND,
                      .args = {pattern, positions, zero},
                      .span = graph_node(graph, pattern)->span};
    return graph_add(graph, &spec, why);
}

/* --- names ------------------------------------------------------------------------------------ */

void graph_name(Graph *graph, const String *name, NodeId node) {
    if (node >= graph->count) BUG("a name for a node to come");
    if (graph->name_count == graph->name_capacity) {
        uint32_t capacity = graph->name_capacity ? graph->name_capacity * 2 : 32;
        graph->names =
            arena_grow(graph->arena, graph->names, graph->name_count, capacity, sizeof(GraphName));
        graph->name_capacity = capacity;
    }
    graph->names[graph->name_count++] = (GraphName){name, node};
    graph->nodes[node].name = graph->name_count;
}

NodeId graph_find(const Graph *graph, const char *name) {
    size_t len = strlen(name);
    for (uint32_t i = graph->name_count; i-- > 0;) {
        const String *candidate = graph->names[i].name;
        if (candidate->len == len && memcmp(candidate->bytes, name, len) == 0)
            return graph->names[i].node;
    }
    return NO_NODE;
}

const String *graph_name_of(const Graph *graph, NodeId node) {
    uint32_t number = graph->nodes[node].name;
    return number == 0 ? NULL : graph->names[number - 1].name;
}

uint8_t *graph_needed(const Graph *graph, NodeId root, Arena *arena) {
    uint8_t *needed = ARENA_ARRAY(arena, uint8_t, graph->count);
    needed[root] = 1;
    for (NodeId id = root + 1; id-- > 0;) {
        if (!needed[id]) continue;
        const Node *node = &graph->nodes[id];
        for (int i = 0; i < op_info(node->op)->arity; i++)
            needed[node->args[i]] = 1;
        if (op_info(node->op)->kind == OPKIND_LOOP) graph_loop_needs(graph, id, needed);
    }
    return needed;
}
