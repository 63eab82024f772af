#include "tests/unit/text_world.h"

#include <check.h>
#include <string.h>

void text_world_open(TextWorld *world) {
    *world = (TextWorld){.arena = arena_new(0), .sources = sources_new()};
    world->diags = diagnostics_new(world->sources);
    buffer_text(&world->out, "");
}

void text_world_close(TextWorld *world) {
    buffer_free(&world->out);
    diagnostics_free(world->diags);
    sources_free(world->sources);
    arena_free(world->arena);
}

Graph *text_world_parse_graph(TextWorld *world, const char *text, size_t len) {
    uint32_t file = sources_add(world->sources, "test.graph", text, len);
    return graph_parse(world->arena, world->sources, file, world->diags);
}

Graph *text_world_graph(TextWorld *world, const char *text) {
    Graph *graph = text_world_parse_graph(world, text, strlen(text));
    ck_assert_msg(graph != NULL, "%s\n%s", text, graph ? "" : diagnostics_message(world->diags, 0));
    return graph;
}
