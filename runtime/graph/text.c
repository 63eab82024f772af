/* Prints the graph's text form: a line a node, then a line a name. parse.c reads it back. */
#include "runtime/graph/graph.h"

#include <inttypes.h>

enum { COMMENT_COLUMN = 40 };

/* Strings are escaped so that every one of them reads back and stays on its line. */
static void print_string(Buffer *out, const String *string) {
    buffer_char(out, '"');
    for (uint32_t i = 0; i < string->len; i++) {
        unsigned char c = (unsigned char)string->bytes[i];
        if (c == '"' || c == '\\')
            buffer_printf(out, "\\%c", c);
        else if (c == '\n')
            buffer_text(out, "\\n");
        else if (c < 0x20 || c == 0x7f)
            buffer_printf(out, "\\x%02x", c);
        else
            buffer_char(out, (char)c);
    }
    buffer_char(out, '"');
}

static void print_atom(Buffer *out, Atom atom) {
    if (atom.kind == ATOM_OPAQUE) buffer_text(out, "opaque ");
    if (atom.kind == ATOM_STRING || atom.kind == ATOM_OPAQUE)
        print_string(out, atom.as.string);
    else
        atom_format_repr(out, atom);
}

static void print_list(Buffer *out, const Atom *atoms, uint32_t count) {
    buffer_char(out, '[');
    for (uint32_t i = 0; i < count; i++) {
        if (i > 0) buffer_text(out, ", ");
        print_atom(out, atoms[i]);
    }
    buffer_char(out, ']');
}

static void print_dict(Buffer *out, const Table *table) {
    buffer_char(out, '{');
    for (uint32_t i = 0; i < table->count; i++) {
        if (i > 0) buffer_text(out, ", ");
        print_atom(out, table->keys[i]);
        buffer_text(out, ": ");
        print_atom(out, table->values[i]);
    }
    buffer_char(out, '}');
}

static void print_payload(Buffer *out, const Node *node) {
    switch (op_info(node->op)->payload) {
    case PAYLOAD_NONE: return;
    case PAYLOAD_DECLARED:
        buffer_char(out, ' ');
        print_atom(out, node->atom);
        return;
    case PAYLOAD_ATOM:
        buffer_text(out, node->op == OP_CONST ? " " : " default ");
        print_atom(out, node->atom);
        return;
    case PAYLOAD_TABLE:
        buffer_text(out, " table ");
        if (node->op == OP_LOOKUP)
            print_dict(out, node->table);
        else if (node->op == OP_ITEM)
            print_list(out, node->table->values, node->table->count);
        else
            print_list(out, node->table->keys, node->table->count);
        return;
    }
}

/* number[id]: the number that stands for the node in this text. */
static void print_line(Buffer *out, const Graph *graph, NodeId id, const uint32_t *number) {
    const Node *node = graph_node(graph, id);
    const OpInfo *info = op_info(node->op);
    size_t start = out->len;
    buffer_printf(out, "%%%" PRIu32 " = %s", number[id], info->name);
    for (int i = 0; i < info->arity; i++)
        buffer_printf(out, " %%%" PRIu32, number[node->args[i]]);
    print_payload(out, node);
    size_t width = out->len - start;
    buffer_repeat(out, ' ', width < COMMENT_COLUMN ? COMMENT_COLUMN - width : 1);
    buffer_printf(out, "# %s, depth %" PRIu32 "\n", type_set_name(node->type), node->depth);
}

/* needed: (count) marks, or NULL for all nodes. */
static void print_marked(const Graph *graph, const uint8_t *needed, Arena *scratch, Buffer *out) {
    uint32_t *number = ARENA_ARRAY(scratch, uint32_t, graph->count);
    uint32_t next = 0;
    for (NodeId id = 0; id < graph->count; id++) {
        if (needed && !needed[id]) continue;
        number[id] = next++;
        print_line(out, graph, id, number);
    }
    for (uint32_t i = 0; i < graph->name_count; i++) {
        const GraphName *name = &graph->names[i];
        if (needed && !needed[name->node]) continue;
        buffer_add(out, name->name->bytes, name->name->len);
        buffer_printf(out, " = %%%" PRIu32 "\n", number[name->node]);
    }
}

void graph_print(const Graph *graph, Buffer *out) {
    Arena *scratch = arena_new(0);
    print_marked(graph, NULL, scratch, out);
    arena_free(scratch);
}

void graph_print_node(const Graph *graph, NodeId root, Buffer *out) {
    Arena *scratch = arena_new(0);
    print_marked(graph, graph_needed(graph, root, scratch), scratch, out);
    arena_free(scratch);
}
