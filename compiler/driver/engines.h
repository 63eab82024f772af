/* The engines that can run a program: one row each in engines.c. */
#ifndef RASPC_DRIVER_ENGINES_H
#define RASPC_DRIVER_ENGINES_H

#include "compiler/driver/input.h"
#include "compiler/elaborate/elaborate.h"

/* An engine's state lives from open to close and may keep what it made of one node (a model, its
   weights, native code) for the next input. The vocabulary outlives it; a count of 0 means that of
   each input, and a max_len of 0 each input's length. */
typedef struct Engine {
    const char *name;
    void *(*open)(const Vocabulary *vocabulary); /* NULL: no state */
    ApplyFunction apply;
    void (*close)(void *state); /* NULL when open is */
} Engine;

size_t engine_count(void);
const Engine *engine_at(size_t index); /* eval first */
/* The engine of that name (NULL: eval); NULL after saying on standard error that there is none. */
const Engine *engine_find(const Driver *driver, const char *name);

static inline void *engine_open(const Engine *engine, const Vocabulary *vocabulary) {
    return engine->open == NULL ? NULL : engine->open(vocabulary);
}
static inline void engine_close(const Engine *engine, void *state) {
    if (engine->close != NULL) engine->close(state);
}

#endif
