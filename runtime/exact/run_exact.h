/* run_exact: a transformer over real vectors in rational numbers, as real_model.h says that it
   runs. Its weights are doubles, so exact dyadic rationals. It knows nothing of the graph. */
#ifndef RASPC_RUN_EXACT_H
#define RASPC_RUN_EXACT_H

#include "runtime/exact/exact_run.h"
#include "runtime/real/real_model.h"

/* All outputs of the model, on an input of at most its max_length positions. Softmax and units that
   are not rational end it as EXACT_NOT_RATIONAL. */
ExactResult run_exact(const RealModel *model, const ExactRequest *request, Arena *arena);

#endif
