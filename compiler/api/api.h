/* What the objects of raspc.h are inside. */
#ifndef RASPC_API_INTERNAL_H
#define RASPC_API_INTERNAL_H

#include "compiler/api/raspc.h"
#include "compiler/elaborate/elaborate.h"
#include "runtime/engines/interp.h"
#include "runtime/engines/jit.h"

#include <pthread.h>

struct raspc_program {
    Session *session;
    raspc_read_file read_file;
    void *read_state;
    const char *name, *text; /* of what was loaded last, in the session's arena; NULL: nothing */
    size_t text_len;
    /* Finding a line's number keeps what it found in the sources, and transformers of several
       threads may ask for one: only under this lock. */
    pthread_mutex_t positions;
};

struct raspc_transformer {
    Arena *arena; /* holds the transformer too */
    raspc_program *program;
    raspc_engine engine;
    NodeId node;
    const char *expression; /* in arena */
    const Model *model;     /* interp, jit */
    const Interp *interp;
    Jit *jit;
    JitProgram *native;
    const char *text; /* the model's; NULL under eval */
};

struct raspc_result {
    Arena *arena; /* holds the result too */
    Sequence sequence;
    size_t diagnostic_count;
    const raspc_diagnostic *diagnostics; /* (diagnostic_count) */
};

/* values.c. The text of a big integer is made in arena. */
raspc_value value_of_atom(Arena *arena, Atom atom);
/* False: no kind of value, or no text where one is needed. Texts are copied to arena. */
bool value_to_atom(Arena *arena, const raspc_value *value, Atom *atom);

/* Record number index of the program's or of a run's, its texts in arena or the sources. */
raspc_diagnostic diagnostic_of(raspc_program *program, Arena *arena, const Diagnostics *diags,
                               size_t index);

#endif
