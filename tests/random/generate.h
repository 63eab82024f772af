/* Seeded random RASP programs that are well typed: they elaborate without a diagnostic, have every
   kind of node of the language's Part I, use most of what they compute and keep values small. */
#ifndef RASPC_RANDOM_GENERATE_H
#define RASPC_RANDOM_GENERATE_H

#include "compiler/driver/input.h"

/* A program and the model that it is to be lowered to. Everything in the arena given. */
typedef struct RandomProgram {
    const char
        *text; /* with the model's options in its first line: "# model: --max-len 4 --vocab ..." */
    Vocabulary vocabulary;
} RandomProgram;

enum { DEFAULT_SIZE = 6 };

/* The same program for the same seed, on every machine. size: the most statements before the last.
 */
RandomProgram random_program(Arena *arena, uint64_t seed, uint32_t size);

/* The first line, with its line end: what a program's file says of its model. */
void model_line(Buffer *out, const Vocabulary *vocabulary);

#endif
