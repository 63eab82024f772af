/* The code of a program whose inputs are short: one function that holds every column in vectors,
   all positions side by side, so that nothing but the input and the results is in memory. */
#ifndef RASPC_JIT_SHORT_PROGRAM_H
#define RASPC_JIT_SHORT_PROGRAM_H

#include "runtime/engines/jit/native.h"
#include "runtime/engines/jit/plan.h"

#define SHORT_ENTRY "short_program"

/* Not 0 where the program fails at some position: then the first position of each trouble is in the
   first of its cells (plan.h), and n or more where there is none. */
typedef int64_t (*ShortCode)(const int32_t *tokens, int64_t n, void **columns);

/* False, with nothing written, when inputs may be long or the plan has something that has no such
   form. Columns that need no memory get none. */
bool short_emit(Native *native, Plan *plan);

#endif
