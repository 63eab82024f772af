/* What the objects of raspc.h are inside. */
#ifndef RASPC_API_INTERNAL_H
#define RASPC_API_INTERNAL_H

#include "compiler/api/raspc.h"
#include "compiler/elaborate/elaborate.h"
#include "compiler/lower/lower.h"
#include "compiler/lower/lower_real.h"
#include "runtime/engines/interp.h"
#include "runtime/engines/interp_real.h"
#include "runtime/engines/jit.h"

#include <pthread.h>

struct raspc_program {
    Session *session;
    raspc_read_file read_file;
    void *read_state;
    const char *name, *text; /* of what was loaded last, in the session's arena; NULL: nothing */
    size_t text_len;
    const String **params; /* (param_count) given for the next text, in the session's arena */
    uint32_t param_count, param_capacity;
    /* Finding a line's number keeps what it found in the sources, and transformers of several
       threads may ask for one: only under this lock. */
    pthread_mutex_t positions;
};

struct raspc_transformer {
    Arena *arena; /* holds the transformer too */
    raspc_program *program;
    raspc_engine engine;
    bool named;         /* the program names its inputs */
    uint32_t count;     /* of outputs */
    NodeId *nodes;      /* (count) */
    const char **names; /* (count) as they were asked for */
    Jit *jit;
    /* Over tokens, interp and jit. */
    const Model *model;
    const Interp *interp;
    JitProgram *native;
    /* Over real vectors: interp has a model, the jit none. */
    const RealModel *real_model;
    const InterpReal *interp_real;
    JitReal *native_real;
    JitReal *requirements; /* what the program requires, natively; NULL: nothing, or not the jit */
    uint32_t requirement_count;
    const char *text; /* the model's; NULL where there is none */
};

struct raspc_result {
    Arena *arena; /* holds the result too */
    uint32_t count;
    Sequence *sequences;      /* (count) */
    const char *const *names; /* (count) */
    size_t diagnostic_count;
    const raspc_diagnostic *diagnostics; /* (diagnostic_count) */
};

/* transformer_real.c: t->nodes as a model over real vectors, or native code of them. False after
   reporting. */
bool make_real(raspc_transformer *t, const raspc_transformer_options *options);

/* result.c. What the transformer gives for an input that lies in arena, which becomes the result's.
 */
raspc_status run_input(const raspc_transformer *t, Arena *arena, Input input,
                       raspc_result **result);
/* The result of an input that can't be read, of diags. */
raspc_status wrong_input(const raspc_transformer *t, Arena *arena, const Diagnostics *diags,
                         raspc_result **result);

/* values.c. The text of a big integer is made in arena. */
raspc_value value_of_atom(Arena *arena, Atom atom);
/* False: no kind of value, or no text where one is needed. Texts are copied to arena. */
bool value_to_atom(Arena *arena, const raspc_value *value, Atom *atom);

/* Record number index of the program's or of a run's, its texts in arena or the sources. */
raspc_diagnostic diagnostic_of(raspc_program *program, Arena *arena, const Diagnostics *diags,
                               size_t index);

#endif
