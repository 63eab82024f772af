/* Prints the graph's text form: a line a node, the lines of its loops among them, then a line a
   name. parse.c reads it back. */
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

/* What parse.c reads as a declared type: vec[2], int, float|str. */
static void print_type(Buffer *out, const Node *node) {
    if (node->type == TYPE_VECTOR) {
        buffer_printf(out, "vec[%" PRIu32 "]", node->width);
        return;
    }
    const char *joint = "";
    for (TypeSet one = TYPE_BOOL; one <= TYPE_STRING; one *= 2) {
        if (!(node->type & one)) continue;
        buffer_printf(out, "%s%s", joint, type_word(one));
        joint = "|";
    }
}

/* A text being printed: of the whole graph, or of some nodes and the loops that they are in. */
typedef struct Printing {
    const Graph *graph;
    const uint8_t *needed; /* (count) marks, or NULL for all nodes */
    uint32_t *number;      /* (count) the number that stands for the node in this text */
    uint32_t next_number;
    uint32_t *loop_number; /* (loop_count) likewise; NO_LOOP: not in this text */
    uint32_t loops_begun;  /* the first of the graph's loops that is not yet looked at */
    uint32_t next_loop;
    uint8_t *ended; /* (loop_count) marks */
    Buffer *out;
} Printing;
enum { NO_LOOP = UINT32_MAX };

static void print_node_number(Printing *printing, NodeId id) {
    buffer_printf(printing->out, "%%%" PRIu32, printing->number[id]);
}

static void print_payload(Printing *printing, NodeId id) {
    Buffer *out = printing->out;
    const Node *node = graph_node(printing->graph, id);
    switch (op_info(node->op)->payload) {
    case PAYLOAD_NONE: return;
    case PAYLOAD_DECLARED:
        if (node->op == OP_STATE) { /* its number is its place among the states */
            buffer_printf(out, " of %" PRIu32 " from ", printing->loop_number[node->loop - 1]);
            print_node_number(printing, graph_state(printing->graph, id)->init);
        } else {
            buffer_char(out, ' ');
            print_atom(out, node->atom);
        }
        buffer_char(out, ' ');
        print_type(out, node);
        return;
    case PAYLOAD_ATOM:
        if (node->op == OP_RESULT) {
            uint32_t loop = graph_result_loop(node->atom);
            buffer_printf(out, " of %" PRIu32, printing->loop_number[loop]);
            return;
        }
        buffer_text(out, node->op == OP_AGGREGATE ? " default " : " ");
        print_atom(out, node->atom);
        return;
    case PAYLOAD_TABLE:
        buffer_text(out, " table ");
        if (node->op == OP_LOOKUP)
            print_dict(out, node->table);
        else if (node->op == OP_MEMBER)
            print_list(out, node->table->keys, node->table->count);
        else
            print_list(out, node->table->values, node->table->count);
        return;
    }
}

static void print_line(Printing *printing, NodeId id) {
    Buffer *out = printing->out;
    const Node *node = graph_node(printing->graph, id);
    const OpInfo *info = op_info(node->op);
    size_t start = out->len;
    printing->number[id] = printing->next_number++;
    print_node_number(printing, id);
    buffer_printf(out, " = %s", info->name);
    for (int i = 0; i < info->arity; i++) {
        buffer_char(out, ' ');
        print_node_number(printing, node->args[i]);
    }
    print_payload(printing, id);
    size_t width = out->len - start;
    buffer_repeat(out, ' ', width < COMMENT_COLUMN ? COMMENT_COLUMN - width : 1);
    buffer_text(out, "# ");
    shape_format(out, (Shape){node->type, node->width});
    buffer_printf(out, ", depth %" PRIu32 "\n", node->depth);
}

/* --- loops ------------------------------------------------------------------------------------ */

/* Marks the loops of this text: all of them, or those of which a node is needed. */
static void choose_loops(Printing *printing) {
    const Graph *graph = printing->graph;
    for (uint32_t loop = 0; loop < graph->loop_count; loop++)
        printing->loop_number[loop] = printing->needed ? NO_LOOP : 0;
    for (NodeId id = 0; printing->needed && id < graph->count; id++) {
        const Node *node = graph_node(graph, id);
        if (!printing->needed[id]) continue;
        uint32_t loop = node->op == OP_RESULT ? graph_result_loop(node->atom) + 1 : node->loop;
        for (; loop && printing->loop_number[loop - 1] == NO_LOOP;
             loop = graph->loops[loop - 1].outer)
            printing->loop_number[loop - 1] = 0;
    }
}

/* The lines of the loops that begin up to this one. */
static void print_begins(Printing *printing, uint32_t last) {
    for (; printing->loops_begun <= last; printing->loops_begun++) {
        uint32_t loop = printing->loops_begun, outer = printing->graph->loops[loop].outer;
        if (printing->loop_number[loop] == NO_LOOP) continue;
        printing->loop_number[loop] = printing->next_loop++;
        buffer_printf(printing->out, "loop %" PRIu32, printing->loop_number[loop]);
        if (outer) buffer_printf(printing->out, " in %" PRIu32, printing->loop_number[outer - 1]);
        buffer_char(printing->out, '\n');
    }
}

static void print_end(Printing *printing, uint32_t number) {
    const GraphLoop *loop = &printing->graph->loops[number];
    printing->ended[number] = 1;
    buffer_printf(printing->out, "end %" PRIu32 " times %" PRIu32, printing->loop_number[number],
                  loop->times);
    if (loop->until != NO_NODE) {
        buffer_text(printing->out, " until ");
        print_node_number(printing, loop->until);
    }
    if (loop->state_count > 0) buffer_text(printing->out, " next");
    for (uint32_t s = 0; s < loop->state_count; s++) {
        buffer_char(printing->out, ' ');
        print_node_number(printing, loop->states[s].next);
    }
    buffer_char(printing->out, '\n');
}

static void print_loop_lines(Printing *printing, const Node *node) {
    if (node->op == OP_STATE) print_begins(printing, node->loop - 1);
    if (node->op != OP_RESULT) return;
    uint32_t loop = graph_result_loop(node->atom);
    print_begins(printing, loop);
    if (!printing->ended[loop]) print_end(printing, loop);
}

/* needed: (count) marks, or NULL for all nodes. */
static void print_marked(const Graph *graph, const uint8_t *needed, Arena *scratch, Buffer *out) {
    Printing printing = {.graph = graph, .needed = needed, .out = out};
    printing.number = ARENA_ARRAY(scratch, uint32_t, graph->count);
    printing.loop_number = ARENA_ARRAY(scratch, uint32_t, graph->loop_count);
    printing.ended = ARENA_ARRAY(scratch, uint8_t, graph->loop_count);
    choose_loops(&printing);
    for (NodeId id = 0; id < graph->count; id++) {
        if (needed && !needed[id]) continue;
        print_loop_lines(&printing, graph_node(graph, id));
        print_line(&printing, id);
    }
    if (!needed) { /* loops of no result are part of the whole, too */
        if (graph->loop_count > 0) print_begins(&printing, graph->loop_count - 1);
        for (uint32_t loop = 0; loop < graph->loop_count; loop++)
            if (graph->loops[loop].closed && !printing.ended[loop]) print_end(&printing, loop);
    }
    for (uint32_t i = 0; i < graph->name_count; i++) {
        const GraphName *name = &graph->names[i];
        if (needed && !needed[name->node]) continue;
        buffer_add(out, name->name->bytes, name->name->len);
        buffer_printf(out, " = %%%" PRIu32 "\n", printing.number[name->node]);
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
