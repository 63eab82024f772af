/* Scores of a tile, computed as eval computes each (score_sums.h): the same operations in the same
   order, so that in float64 they are eval's bit for bit. Softmax needs that: what a score is off,
   however little of a large one, is a factor of its weight. */
#ifndef RASPC_JIT_REAL_SCORE_EMIT_H
#define RASPC_JIT_REAL_SCORE_EMIT_H

#include "runtime/engines/jit/real/program.h"

/* The scores of a block of keys: scores[key * vectors + v]. tile: its panel is (blocks, key_width,
   keys), the leaves' components; its bias is 0, or minus infinity where there is no key, whose
   components are then those of another one. */
void score_emit(Tile *tile, const RealPlan *plan, const RealHead *head, LLVMValueRef block,
                LLVMValueRef *scores);

#endif
