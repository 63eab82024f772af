/* The units of one layer, a block of positions at a time. */
#ifndef RASPC_REAL_UNITS_H
#define RASPC_REAL_UNITS_H

#include "runtime/engines/real/columns.h"
#include "runtime/real/real_weights.h"

#define units_pack REAL_NAME(units_pack)
#define units_run REAL_NAME(units_run)

typedef struct PackedRealUnit {
    const DenseRealUnit *dense;
    Columns in[3];
    Columns out; /* ReLUs */
} PackedRealUnit;

typedef struct PackedRealUnits {
    uint32_t count;
    const PackedRealUnit *units;
    uint32_t results; /* numbers that all of them add, for one position */
    uint32_t widest;  /* argument */
    uint64_t weights; /* of all */
} PackedRealUnits;

PackedRealUnits units_pack(Arena *arena, const DenseRealLayer *layer, uint32_t width);
/* stream: (D, n). */
void units_run(const PackedRealUnits *units, Real *stream, uint32_t n);

#endif
