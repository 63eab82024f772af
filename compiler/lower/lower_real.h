/* lower_real: graph -> model, for programs over real vectors. All outputs in one model, so that
   they share its loops. What can't be lowered is a diagnostic (DIAG_CANNOT_LOWER) at its node. */
#ifndef RASPC_LOWER_REAL_H
#define RASPC_LOWER_REAL_H

#include "runtime/real/real_model.h"

/* What an input has to be: of a model that asks it the program fails where it is false. */
typedef struct RealRequirement {
    NodeId node; /* an s-op of bools */
    const char *why;
} RealRequirement;

typedef struct RealLowerOptions {
    uint32_t max_length; /* at least 1 */
    FloatType float_type;
    bool relu_only; /* units of ReLUs and no others: what they do not compute exactly is
                       interpolated, where its argument has bounds, or refused */
    uint32_t knots; /* relu_only: of each interpolation, at least 2 */
    const RealRequirement *requirements; /* (requirement_count) that the model asks */
    uint32_t requirement_count;
} RealLowerOptions;

/* Does the output need an operation that lower() does not take: an input by name, a vector, a
   score, a loop? */
bool graph_is_real(const Graph *graph, NodeId output);

/* The model lives in arena. NULL after reporting. */
RealModel *lower_real(Arena *arena, const Graph *graph, const NodeId *outputs, uint32_t count,
                      const RealLowerOptions *options, Diagnostics *diags);

#endif
