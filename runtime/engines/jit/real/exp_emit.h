/* exp of a vector of reals that are at most 0, as code. */
#ifndef RASPC_JIT_REAL_EXP_EMIT_H
#define RASPC_JIT_REAL_EXP_EMIT_H

#include "runtime/engines/jit/real/kernel.h"

/* x = n ln 2 + r with |r| at most half of ln 2, and exp x = 2^n exp r, exp r by its series to the
   power of 13 (7 in float32): what is left out is below 2^-54 (2^-25) of it, so that the error with
   all roundings stays below one unit in the last place where products are fused, below two where
   they are not. Below the normal numbers it is rounded once more, to what there is; not a number
   where x is none. */
LLVMValueRef exp_emit(Kernel *kernel, LLVMValueRef x);

#endif
