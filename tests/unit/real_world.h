/* Programs over real vectors for tests: their models, and eval against interp on drawn inputs. */
#ifndef RASPC_TEST_REAL_WORLD_H
#define RASPC_TEST_REAL_WORLD_H

#include "compiler/elaborate/elaborate.h"
#include "compiler/lower/lower_real.h"
#include "runtime/base/random.h"

enum { REAL_OUTPUTS = 8, REAL_LENGTH = 9 };

typedef struct RealWorld {
    Session *session;
    Graph *graph; /* the session's */
    Arena *arena;
    Diagnostics *diags; /* the session's */
    NodeId outputs[REAL_OUTPUTS];
    uint32_t output_count;
    uint32_t max_length; /* of the model; REAL_LENGTH at first */
    bool relu_only;      /* so too */
    uint32_t knots;      /* of its interpolations */
} RealWorld;

/* A program that runs, and says what its outputs are. */
void real_world_open(RealWorld *world, const char *text);
/* With params; options live as long as the world. */
void real_world_open_with(RealWorld *world, const char *text, const SessionOptions *options);
void real_world_close(RealWorld *world);
const char *real_world_message(const RealWorld *world); /* the last diagnostic's */
/* The model of its outputs; NULL after a diagnostic. */
RealModel *real_world_lower(RealWorld *world);
/* A program without a model: what is said of it, and the text in it that this points at (or NULL).
 */
typedef struct Refusal {
    const char *program, *message, *at;
} Refusal;
/* Fails the test unless the world's program is refused so, by one diagnostic. */
void real_world_refused(RealWorld *world, const Refusal *refusal);
/* Fails the test unless interp gives what eval does, within 1e-12 and the model's own bounds, on
   inputs of every length and `samples` more, or both fail. */
void real_world_compare(RealWorld *world, const RealModel *model, const char *program,
                        uint32_t samples);
/* Fails the test unless the model gives what the program does in rational numbers, thirds among
   them. False where there are none: an operation is not rational, or the weights are rounded. */
bool real_world_compare_exact(RealWorld *world, const RealModel *model, const char *program,
                              uint32_t samples);

#endif
