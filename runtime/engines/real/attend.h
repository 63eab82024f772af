/* One head over one input: gates, scores, a normaliser, values. A query at a time, so that memory
   is a few numbers a key beside the stream. */
#ifndef RASPC_REAL_ATTEND_H
#define RASPC_REAL_ATTEND_H

#include "runtime/engines/real/columns.h"
#include "runtime/engines/real/forward.h"

#define attend_pack REAL_NAME(attend_pack)
#define attend_run REAL_NAME(attend_run)

typedef struct PackedRealHead {
    const DenseRealHead *dense;
    Columns query, key, value, gate_query, gate_key;
    Columns output;       /* a column a value: where it is added */
    const Real *fallback; /* (values) what BOS has for who finds nothing */
    uint64_t weights;     /* of all */
} PackedRealHead;

/* bos: (D) the stream's row 0. */
PackedRealHead attend_pack(Arena *arena, const DenseRealHead *head, const Real *bos,
                           uint32_t width);

/* Adds what the head gathers from the stream (D, n) to update (D, n). False: the work ended early,
   for the reason in work->failure. */
bool attend_run(const PackedRealHead *head, const Real *stream, uint32_t n, Real *update,
                RealWork *work);

#endif
