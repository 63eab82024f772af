/* How large the numbers are that a layer adds up where it writes the stream. In floats what it
   writes is off by a small part of these, be the result itself 0: by no part of anything else. */
#ifndef RASPC_STREAM_ROUNDING_H
#define RASPC_STREAM_ROUNDING_H

#include "runtime/real/real_model.h"

/* All streams are (D, n), by coordinate. */
typedef struct StreamRounding {
    const RealModel *model;
    uint32_t n;
    double *magnitudes; /* (D, n) */
} StreamRounding;

/* Nothing is written yet: what is there is as large as itself. */
StreamRounding stream_rounding(const RealModel *model, uint32_t n, const double *stream,
                               Arena *arena);
/* The layer's heads, or its units, read the stream and write. */
void stream_rounding_heads(StreamRounding *rounding, const RealLayer *layer, const double *stream);
void stream_rounding_units(StreamRounding *rounding, const RealLayer *layer, const double *stream);

#endif
