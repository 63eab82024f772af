/* The kernel that adds up outer products of keys' and values' vectors: sums[c] += key[c] * value,
   row after row. Components of values stand in lanes; a block of keys' components has its sums in
   registers. */
#ifndef RASPC_JIT_REAL_OUTER_EMIT_H
#define RASPC_JIT_REAL_OUTER_EMIT_H

#include "runtime/engines/jit/real/kernel.h"

enum { OUTER_KEYS_MOST = 8 }; /* tile_keys is at most that */

typedef struct OuterShape {
    uint32_t width;      /* of the values; 0: none, only the keys' own sums */
    bool key_doubles;    /* the keys are doubles, whatever real is */
    bool value_doubles;  /* the same of the values */
    uint32_t key_stride; /* reals from one component of a key to the next */
    uint32_t tail;       /* components after the last whole block */
    bool magnitudes;     /* the sums of the keys' magnitudes too */
} OuterShape;

/* keys: component c of member m is at keys[at[m] + c key_stride]; value: values[rows[m] * width].
   sums: (components, width); ones: (components) the keys' own; magnitudes: the same. blocks: of
   tile_keys components. All are raised. */
typedef void OuterKernel(const void *keys, const int32_t *at, const void *values,
                         const int32_t *rows, int64_t members, double *sums, double *ones,
                         double *magnitudes, int64_t blocks);

void outer_emit(Kernel *kernel, const char *name, const OuterShape *shape);

#endif
