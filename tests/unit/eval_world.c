#include "tests/unit/eval_world.h"

#include <check.h>
#include <string.h>

void eval_world_open(EvalWorld *world) {
    world->arena = arena_new(0);
    world->sources = sources_new();
    world->diags = diagnostics_new(world->sources);
    world->asked = (Span){sources_add(world->sources, "asked", "asked", 5), 0, 5};
}

void eval_world_close(EvalWorld *world) {
    diagnostics_free(world->diags);
    sources_free(world->sources);
    arena_free(world->arena);
}

Graph *eval_world_graph(EvalWorld *world, const char *text) {
    uint32_t file = sources_add(world->sources, "test.graph", text, strlen(text));
    Graph *graph = graph_parse(world->arena, world->sources, file, world->diags);
    ck_assert_msg(graph != NULL, "%s\n%s", text,
                  graph ? ""
                        : diagnostics_message(world->diags, diagnostics_count(world->diags) - 1));
    return graph;
}

Atom eval_world_atom(EvalWorld *world, const char *word, size_t len) {
    if (word[0] == '\'') return atom_string(string_new(world->arena, word + 1, len - 1));
    if (word[0] == 'T' || word[0] == 'F') return atom_bool(word[0] == 'T');
    if (word[0] == '[')
        return (Atom){.kind = ATOM_OPAQUE, .as.string = string_new(world->arena, word, len)};
    Atom atom;
    double real;
    Atom text = atom_string(string_new(world->arena, word, len));
    if (atom_to_int(world->arena, text, &atom)) return atom;
    ck_assert_msg(atom_to_float(text, &real), "bad input '%s'", word);
    return atom_float(real);
}

Buffer eval_world_outcome(EvalWorld *world, const char *graph_text, Input input) {
    Graph *graph = eval_world_graph(world, graph_text);
    NodeId node = graph_find(graph, "out");
    ck_assert_uint_ne(node, NO_NODE);
    Buffer text = {0};
    Sequence sequence;
    if (eval_sequence(graph, node, input, world->asked, world->arena, world->diags, &sequence)) {
        ck_assert_uint_eq(diagnostics_count(world->diags), 0);
        sequence_format_json(&text, sequence);
    } else {
        ck_assert_uint_eq(diagnostics_count(world->diags), 1);
        buffer_printf(&text, "%s %s", diag_code(diagnostics_id(world->diags, 0)),
                      diagnostics_message(world->diags, 0));
        diagnostics_truncate(world->diags, 0);
    }
    return text;
}
