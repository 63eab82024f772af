/* What texts are read with, for the suites that look at text forms. */
#ifndef RASPC_TEST_TEXT_WORLD_H
#define RASPC_TEST_TEXT_WORLD_H

#include "runtime/base/diag.h"
#include "runtime/graph/graph.h"

typedef struct TextWorld {
    Arena *arena;
    Sources *sources;
    Diagnostics *diags;
    Buffer out; /* what a test writes */
} TextWorld;

void text_world_open(TextWorld *world);
void text_world_close(TextWorld *world);

/* The graph of a text; NULL after a diagnostic. */
Graph *text_world_parse_graph(TextWorld *world, const char *text, size_t len);
/* The same; fails the test if there is none. */
Graph *text_world_graph(TextWorld *world, const char *text);

#endif
