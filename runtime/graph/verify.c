/* Checks what graph.h says always holds. Each check may rely on those before it. */
#include "runtime/graph/loops.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* Arguments come before their user, as many as the operation takes, the rest unused. */
static bool verify_arguments(const Graph *graph, NodeId id, Buffer *why) {
    const Node *node = graph_node(graph, id);
    if ((unsigned)node->op >= OP_COUNT) {
        buffer_printf(why, "%%%" PRIu32 ": there is no operation %u", id, (unsigned)node->op);
        return false;
    }
    for (int i = 0; i < 3; i++) {
        bool used = i < op_info(node->op)->arity;
        if (used ? node->args[i] < id : node->args[i] == NO_NODE) continue;
        buffer_printf(why,
                      used ? "%%%" PRIu32 ": argument %d does not come before it"
                           : "%%%" PRIu32 ": argument %d is not used by the operation",
                      id, i + 1);
        return false;
    }
    return true;
}

/* --- tables ----------------------------------------------------------------------------------- */

/* A total order for finding equal keys: numbers by value, then NaNs, then strings. */
static int key_rank(Atom atom) {
    double value;
    if (atom.kind == ATOM_STRING) return 2;
    return atom.kind == ATOM_FLOAT && atom_as_double(atom, &value) && value != value;
}

static int compare_keys(const void *left, const void *right) {
    Atom a = *(const Atom *)left, b = *(const Atom *)right;
    int ranks = key_rank(a) - key_rank(b);
    bool ordered;
    if (ranks != 0) return ranks;
    return key_rank(a) == 1 ? 0 : atom_order(a, b, &ordered);
}

static bool keys_differ(const Table *table) {
    Arena *scratch = arena_new(0);
    Atom *keys = ARENA_ARRAY(scratch, Atom, table->count);
    memcpy(keys, table->keys, table->count * sizeof *keys);
    qsort(keys, table->count, sizeof *keys, compare_keys);
    bool differ = true;
    for (uint32_t i = 1; i < table->count && differ; i++)
        differ = !atom_equal(keys[i - 1], keys[i]);
    arena_free(scratch);
    return differ;
}

static bool all_atoms(const Atom *atoms, uint32_t count) {
    for (uint32_t i = 0; i < count; i++)
        if (atoms[i].kind > ATOM_STRING) return false;
    return true;
}

static bool all_numbers(const Atom *atoms, uint32_t count) {
    double value;
    for (uint32_t i = 0; i < count; i++)
        if (!atom_as_double(atoms[i], &value)) return false;
    return true;
}

/* One kind of values for an input, and a name; of states verify_loops.c sees to more. */
static const char *declaration_mistake(const Node *node) {
    if ((node->type == TYPE_VECTOR) != (node->width > 0)) return "a width that does not fit";
    if (node->op == OP_STATE) return node->atom.kind == ATOM_INT ? NULL : "a state of no number";
    if (node->atom.kind != ATOM_STRING || node->atom.as.string->len == 0) return "no name";
    switch (node->type) {
    case TYPE_BOOL:
    case TYPE_INT:
    case TYPE_FLOAT:
    case TYPE_STRING:
    case TYPE_VECTOR: return NULL;
    default: return "no type of an input";
    }
}

/* The constant that the operation needs is there, whole, and no key of a dict stands twice. */
static const char *payload_mistake(const Node *node) {
    const Table *table = node->table;
    switch (op_info(node->op)->payload) {
    case PAYLOAD_NONE: return table ? "a table that the operation does not use" : NULL;
    case PAYLOAD_DECLARED: return declaration_mistake(node);
    case PAYLOAD_ATOM:
        if (node->op == OP_AGGREGATE && node->atom.kind == ATOM_OPAQUE) return NULL; /* unused */
        return all_atoms(&node->atom, 1) ? NULL : "a constant that is no atom";
    case PAYLOAD_TABLE: break;
    }
    bool keys = node->op == OP_LOOKUP || node->op == OP_MEMBER, values = node->op != OP_MEMBER;
    if (!table) return "no table";
    if (table->count == 0) return NULL;
    if ((keys && !table->keys) || (values && !table->values)) return "half a table";
    if (keys && !all_atoms(table->keys, table->count)) return "a key that is no atom";
    if (values && !all_atoms(table->values, table->count)) return "a value that is no atom";
    if (node->op == OP_LOOKUP && !keys_differ(table)) return "a key that stands twice";
    bool numbers = node->op == OP_VECTOR || node->op == OP_MATMUL;
    if (numbers && !all_numbers(table->values, table->count)) return "a value that is no number";
    return NULL;
}

static bool verify_payload(const Graph *graph, NodeId id, Buffer *why) {
    const char *mistake = payload_mistake(graph_node(graph, id));
    if (mistake) buffer_printf(why, "%%%" PRIu32 ": %s", id, mistake);
    return !mistake;
}

/* --- types and depths ------------------------------------------------------------------------- */

static bool verify_type(const Graph *graph, NodeId id, Buffer *why) {
    const Node *node = graph_node(graph, id);
    NodeSpec spec = {node->op,
                     {node->args[0], node->args[1], node->args[2]},
                     node->atom,
                     node->table,
                     {node->type, node->width},
                     node->span};
    Buffer reason = {0};
    Shape shape = graph_infer(graph, &spec, &reason);
    bool ok = shape.types != 0 && shape.types == node->type && shape.width == node->width;
    if (shape.types == 0) {
        buffer_printf(why, "%%%" PRIu32 ": %s", id, reason.data ? reason.data : "no type fits");
    } else if (!ok) {
        buffer_printf(why, "%%%" PRIu32 ": its type is ", id);
        shape_format(why, shape);
        buffer_text(why, ", not ");
        shape_format(why, (Shape){node->type, node->width});
    }
    buffer_free(&reason);
    return ok;
}

/* Language I.7: comparing costs a layer, gathering needs its value one layer before. */
static uint32_t depth_of(const Graph *graph, const Node *node) {
    uint32_t depth = 0;
    const OpInfo *info = op_info(node->op);
    for (int i = 0; i < info->arity; i++) {
        const Node *arg = graph_node(graph, node->args[i]);
        bool crosses = info->kind == OPKIND_ATTENTION || info->kind == OPKIND_SELECTOR ||
                       info->kind == OPKIND_SCORE;
        bool own = node->op == OP_ATTEND && i == 2;
        uint32_t need = arg->depth + (crosses && type_is_sop(arg->type) && !own ? 1 : 0);
        if (need > depth) depth = need;
    }
    return depth;
}

static bool verify_depth(const Graph *graph, NodeId id, Buffer *why) {
    const Node *node = graph_node(graph, id);
    if (op_info(node->op)->kind == OPKIND_LOOP) return true; /* graph_verify_loops */
    uint32_t depth = depth_of(graph, node);
    if (depth == node->depth) return true;
    buffer_printf(why, "%%%" PRIu32 ": its depth is %" PRIu32 ", not %" PRIu32, id, depth,
                  node->depth);
    return false;
}

/* --- equal nodes ------------------------------------------------------------------------------ */

static bool same_atoms(const Atom *a, const Atom *b, uint32_t count) {
    if (!a || !b) return a == b || count == 0;
    for (uint32_t i = 0; i < count; i++)
        if (!atom_identical(a[i], b[i])) return false;
    return true;
}

static bool same_node(const Node *a, const Node *b) {
    if (a->op != b->op || memcmp(a->args, b->args, sizeof a->args) != 0) return false;
    switch (op_info(a->op)->payload) {
    case PAYLOAD_NONE: return true;
    case PAYLOAD_DECLARED:
        if (a->type != b->type || a->width != b->width) return false;
        return atom_identical(a->atom, b->atom);
    case PAYLOAD_ATOM: return atom_identical(a->atom, b->atom);
    case PAYLOAD_TABLE:
        return a->table->count == b->table->count &&
               same_atoms(a->table->keys, b->table->keys, a->table->count) &&
               same_atoms(a->table->values, b->table->values, a->table->count);
    }
    return false;
}

static uint64_t hash_table(const Table *table) {
    uint64_t hash = table->count;
    for (uint32_t i = 0; i < table->count; i++) {
        if (table->keys) hash = hash * 31 + atom_hash(table->keys[i]);
        if (table->values) hash = hash * 31 + atom_hash(table->values[i]);
    }
    return hash;
}

static uint64_t hash_node(const Node *node) {
    uint64_t parts[5] = {(uint64_t)node->op, node->args[0], node->args[1], node->args[2], 0};
    OpPayload payload = op_info(node->op)->payload;
    if (payload == PAYLOAD_ATOM || payload == PAYLOAD_DECLARED) parts[4] = atom_hash(node->atom);
    if (payload == PAYLOAD_TABLE) parts[4] = hash_table(node->table);
    return bytes_hash(parts, sizeof parts);
}

/* An own hash table, since the graph's own is among the suspects. */
static bool verify_distinct(const Graph *graph, Buffer *why) {
    Arena *scratch = arena_new(0);
    size_t slots = 16;
    while (slots < (size_t)graph->count * 2)
        slots *= 2;
    NodeId *first = ARENA_ARRAY(scratch, NodeId, slots); /* 1 + id; 0 is free */
    bool distinct = true;
    for (NodeId id = 0; id < graph->count && distinct; id++) {
        const Node *node = graph_node(graph, id);
        size_t slot = hash_node(node) & (slots - 1);
        while (first[slot] && !same_node(graph_node(graph, first[slot] - 1), node))
            slot = (slot + 1) & (slots - 1);
        if (first[slot])
            buffer_printf(why, "%%%" PRIu32 ": it is equal to %%%" PRIu32, id, first[slot] - 1);
        distinct = !first[slot];
        first[slot] = id + 1;
    }
    arena_free(scratch);
    return distinct;
}

static bool verify_names(const Graph *graph, Buffer *why) {
    for (uint32_t i = 0; i < graph->name_count; i++) {
        const GraphName *name = &graph->names[i];
        if (name->name && name->name->len > 0 && name->node < graph->count) continue;
        buffer_printf(why, "name %" PRIu32 ": it stands for no node", i);
        return false;
    }
    for (NodeId id = 0; id < graph->count; id++) {
        uint32_t number = graph_node(graph, id)->name;
        if (number == 0) continue;
        if (number <= graph->name_count && graph->names[number - 1].node == id) continue;
        buffer_printf(why, "%%%" PRIu32 ": its name is another node's", id);
        return false;
    }
    return true;
}

bool graph_verify(const Graph *graph, Buffer *why) {
    for (NodeId id = 0; id < graph->count; id++)
        if (!verify_arguments(graph, id, why) || !verify_payload(graph, id, why) ||
            !verify_type(graph, id, why) || !verify_depth(graph, id, why))
            return false;
    return graph_verify_loops(graph, why) && verify_distinct(graph, why) &&
           verify_names(graph, why);
}
