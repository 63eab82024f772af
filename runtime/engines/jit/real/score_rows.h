/* Scores as eval computes them: a row at a time, each cell in eval's own order and in doubles. For
   rows whose winner is too close to call, and for heads that have no faster plan. */
#ifndef RASPC_JIT_REAL_SCORE_ROWS_H
#define RASPC_JIT_REAL_SCORE_ROWS_H

#include "runtime/engines/jit/real/run.h"

typedef struct ScoreRows ScoreRows;

/* NULL after reporting that there is no memory. Keys and columns must stay as they are meanwhile.
 */
ScoreRows *score_rows_new(Run *run, const RealHead *head, const KeyList *keys);
void score_rows_free(ScoreRows *rows);
/* Scalars of scratch memory that a row needs. */
size_t score_rows_scratch(const ScoreRows *rows);
/* The scores (count of the keys) of a query, in scratch: it stands in place `at` of the head's row
   set, position `position`. */
const double *score_row(const ScoreRows *rows, int64_t at, int64_t position, double *scratch);

#endif
