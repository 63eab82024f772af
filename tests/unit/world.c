#include "tests/unit/world.h"

#include <check.h>
#include <string.h>

void world_open(World *world) {
    *world = (World){.session = session_new(&(SessionOptions){0}), .arena = arena_new(0)};
    world->diags = session_diagnostics(world->session);
    world->float_type = FLOAT_32;
}

void world_close(World *world) {
    session_free(world->session);
    arena_free(world->arena);
}

const char *world_message(const World *world) {
    size_t count = diagnostics_count(world->diags);
    return count ? diagnostics_message(world->diags, count - 1) : "no diagnostic";
}

NodeId world_program(World *world, const char *text) {
    bool ran = session_run_text(world->session, "test.rasp", text, strlen(text), NULL);
    ck_assert_msg(ran && !diagnostics_errors(world->diags), "%s\n%s", text, world_message(world));
    NodeId node = graph_find(session_graph(world->session), "result");
    ck_assert_uint_ne(node, NO_NODE);
    return node;
}

Atom *world_letters(Arena *arena, const char *text, uint32_t n) {
    Atom *atoms = ARENA_ARRAY(arena, Atom, n);
    for (uint32_t i = 0; i < n; i++)
        atoms[i] = atom_string(string_new(arena, text + i, 1));
    return atoms;
}

Model *world_lower(World *world, NodeId node, const char *letters, uint32_t max_length,
                   Registers registers) {
    uint32_t count = (uint32_t)strlen(letters);
    LowerOptions options = {.vocabulary_count = count,
                            .vocabulary = world_letters(world->arena, letters, count),
                            .max_length = max_length,
                            .registers = registers,
                            .float_type = world->float_type};
    return lower(world->arena, session_graph(world->session), node, &options, world->diags);
}

Model *world_parse(World *world, const char *text, size_t len) {
    Sources *sources = session_sources(world->session);
    uint32_t file = sources_add(sources, "test.model", text, len);
    return model_parse(world->arena, sources, file, world->diags);
}
