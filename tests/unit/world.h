/* A session, and models of what is run in it, for the suites that look at models. */
#ifndef RASPC_TEST_WORLD_H
#define RASPC_TEST_WORLD_H

#include "compiler/elaborate/elaborate.h"
#include "compiler/lower/lower.h"

typedef struct World {
    Session *session;
    Arena *arena;
    Diagnostics *diags;   /* the session's */
    FloatType float_type; /* of the models */
} World;

void world_open(World *world);
void world_close(World *world);
const char *world_message(const World *world); /* the last diagnostic's */

/* The s-op `result` of a program that runs. */
NodeId world_program(World *world, const char *text);
/* A letter a token. */
Atom *world_letters(Arena *arena, const char *text, uint32_t n);
/* The node's model for a vocabulary of letters; NULL after a diagnostic. */
Model *world_lower(World *world, NodeId node, const char *letters, uint32_t max_length,
                   Registers registers);
/* The model that a text says; NULL after a diagnostic. */
Model *world_parse(World *world, const char *text, size_t len);

#endif
