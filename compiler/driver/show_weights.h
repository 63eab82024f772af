/* The weights of a pattern as people read them. */
#ifndef RASPC_DRIVER_SHOW_WEIGHTS_H
#define RASPC_DRIVER_SHOW_WEIGHTS_H

#include "runtime/base/buffer.h"
#include "runtime/value/sequence.h"

/* A vector a query: rows are queries, columns keys, both headed by their positions; a key that a
   query does not look at is blank. Every line begins with indent. */
void show_weights(Buffer *out, const char *indent, const Sequence *weights);

#endif
