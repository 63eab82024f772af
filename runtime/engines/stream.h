/* What a residual stream says: the values that a model's subspaces hold after each layer. */
#ifndef RASPC_STREAM_H
#define RASPC_STREAM_H

#include "runtime/engines/interp.h"

/* Floats leave a coordinate of 0 or 1 much nearer than this, and a wrong one is off by 1. */
#define COORDINATE_TOLERANCE 0.25

/* Coordinate `at` of the stream at an input position. Stream 0 is the embedding, l + 1 that after
   layer l. */
double stream_coordinate(const InterpTrace *trace, uint32_t stream, uint32_t position, uint32_t at);

/* What coordinate c of a coded subspace is when it holds value number v. */
double subspace_code(const Subspace *subspace, uint32_t v, uint32_t c);

typedef enum StreamValue {
    STREAM_HOLDS,   /* a value of the domain, or a number */
    STREAM_NOTHING, /* a one-hot that is 0 everywhere: nothing was written there */
    STREAM_SPOILT,  /* coordinates that are the code of no value */
} StreamValue;

/* The value of a subspace at an input position; a number that is whole is an int where the subspace
   is of such. */
StreamValue stream_value(const InterpTrace *trace, uint32_t stream, uint32_t position,
                         const Subspace *subspace, Atom *out);

#endif
