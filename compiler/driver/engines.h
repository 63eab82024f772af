/* The engines that can run a program: one row each in engines.c. */
#ifndef RASPC_DRIVER_ENGINES_H
#define RASPC_DRIVER_ENGINES_H

#include "compiler/driver/input.h"
#include "compiler/elaborate/elaborate.h"
#include "compiler/lower/lower.h"
#include "runtime/engines/interp.h"
#include "runtime/engines/interp_real.h"

/* What an engine is told when it is opened. What it points to outlives the engine. */
typedef struct EngineOptions {
    /* A count of 0 means that of each input, and a max_len of 0 each input's length. */
    const Vocabulary *vocabulary;
    bool causal;         /* models are to be causal */
    const char *cpu;     /* for native code; NULL: this machine's */
    uint32_t threads;    /* of native code; 0: as many as there are processors */
    bool by_stages;      /* native code as for long inputs: JitOptions */
    const char *cache;   /* a directory for native code; NULL: none */
    Registers registers; /* of the model, for who runs its weights */
    uint32_t relu_knots; /* of a model over real vectors: 0: any units, else ReLUs alone */
} EngineOptions;

/* What came of one request. */
typedef struct Applied {
    ApplyStatus status;
    Sequence sequence; /* APPLY_OK and the node an s-op */
    Matrix matrix;     /* APPLY_OK and the node a selector */
    size_t diagnostic; /* otherwise: the number of the one that says why */
} Applied;

/* An engine's state lives from open to close and may keep what it made of one node (a model, its
   weights, native code) for the next input. */
typedef struct Engine {
    const char *name;
    /* Inputs of so many elements or more it runs sooner than eval even when it is asked but once,
       making its model or code included. 0: none. */
    uint32_t quick_from;
    void *(*open)(const EngineOptions *options); /* NULL: no state */
    ApplyFunction apply;
    void (*close)(void *state); /* NULL when open is */
    /* Runs several requests together; NULL: one after the other is as good. */
    void (*apply_all)(void *state, const ApplyRequest *requests, uint32_t count, Applied *out);
    /* Several s-ops on one input at once, so that what they share is computed once: out (count).
       request->node is not looked at. NULL: one after the other is as good. */
    ApplyStatus (*apply_outputs)(void *state, const ApplyRequest *request, const NodeId *nodes,
                                 uint32_t count, Sequence *out);
    /* The same, for programs over real vectors, with someone who sees the residual stream. NULL
       where there is none. */
    ApplyStatus (*trace_outputs)(void *state, const ApplyRequest *request, const NodeId *nodes,
                                 uint32_t count, const RealViewer *viewer, Sequence *out);
    /* How far the results of those nodes may be from eval's, in exact arithmetic: (count), or NULL
       where they are none. NULL: they are none. */
    const double *(*errors)(void *state, Arena *arena, const NodeId *nodes, uint32_t count);
    /* How it computes each head of what it has at present; NULL when there is nothing to say. */
    void (*explain)(void *state, Buffer *out);
    /* The residual streams of one input; false after reporting. NULL where there are none. */
    bool (*trace)(void *state, const ApplyRequest *request, InterpTrace *out);
} Engine;

size_t engine_count(void);
const Engine *engine_at(size_t index); /* eval first */
/* The engine of that name (NULL: eval); NULL after saying on standard error that there is none. */
const Engine *engine_find(const Driver *driver, const char *name);

static inline void *engine_open(const Engine *engine, const EngineOptions *options) {
    return engine->open == NULL ? NULL : engine->open(options);
}
static inline void engine_close(const Engine *engine, void *state) {
    if (engine->close != NULL) engine->close(state);
}

/* What it means that an engine gave nothing and reported why, as number `before`: where its floats
   could not tell what the program gives, the program did not fail. */
static inline ApplyStatus engine_gave_nothing(const Diagnostics *diags, size_t before) {
    bool rounded =
        diagnostics_count(diags) > before && diagnostics_id(diags, before) == DIAG_INTEGER_ROUNDED;
    return rounded ? APPLY_REFUSED : APPLY_FAILED;
}

/* Applies the engine to requests that differ in the input alone: results in out (count). */
void engine_apply_all(const Engine *engine, void *state, const ApplyRequest *requests,
                      uint32_t count, Applied *out);

#endif
