/* Programs and their transformers in rational numbers, for the suites of exact arithmetic. */
#ifndef RASPC_TEST_EXACT_WORLD_H
#define RASPC_TEST_EXACT_WORLD_H

#include "compiler/elaborate/elaborate.h"
#include "compiler/lower/lower_real.h"
#include "runtime/exact/eval_exact.h"
#include "runtime/exact/run_exact.h"

enum { EXACT_OUTPUTS = 4, EXACT_COLUMNS = 4 };

typedef struct ExactWorld {
    Session *session;
    Graph *graph; /* the session's */
    Arena *arena;
    Exact pool;
    NodeId outputs[EXACT_OUTPUTS];
    uint32_t output_count;
    RealModel *model; /* NULL: the program was read alone */
    ExactColumn columns[EXACT_COLUMNS];
    ExactInput input;
} ExactWorld;

/* A program that runs; and its transformer, which is exact. */
void exact_world_read(ExactWorld *world, const char *text);
void exact_world_open(ExactWorld *world, const char *text, uint32_t max_length);
void exact_world_close(ExactWorld *world);
const char *exact_world_message(const ExactWorld *world); /* the last diagnostic's */

/* "1/3 -2 3/2" */
void exact_read(const char *text, mpq_t *out, size_t count);
/* The input's next column: to be filled, or from a text. */
mpq_t *exact_world_column(ExactWorld *world, const char *name, TypeSet type, uint32_t width,
                          uint32_t n);
void exact_world_give(ExactWorld *world, const char *name, TypeSet type, uint32_t width, uint32_t n,
                      const char *text);

/* At most so many rounds of every loop; 0: all. */
ExactResult exact_world_program(ExactWorld *world, uint32_t rounds);
ExactResult exact_world_transformer(ExactWorld *world, const RealModel *model, uint32_t rounds);
/* Both, which must agree. */
ExactResult exact_world_both(ExactWorld *world, uint32_t rounds);
/* Fails the test unless those numbers were found. */
void exact_same(mpq_t *found, size_t count, const char *expected, const char *what);

#endif
