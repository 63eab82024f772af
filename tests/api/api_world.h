/* Programs and transformers through raspc.h alone, for the tests of libraspc. */
#ifndef RASPC_TEST_API_WORLD_H
#define RASPC_TEST_API_WORLD_H

#include "compiler/api/raspc.h"

enum { ENGINES = 3 };
extern const raspc_engine engines[ENGINES];

/* A program that loads. */
raspc_program *program_of(const char *text);
/* A transformer that is made; NULL: a raspc without LLVM has no jit, and says so. */
raspc_transformer *transformer_with(raspc_program *program, const char *expression,
                                    const raspc_transformer_options *options);
/* work(state) on several threads at once. */
void run_threads(void *(*work)(void *), void *state);

#endif
