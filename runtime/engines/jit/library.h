/* Ahead of time: a program as a C function that others link, with its header.

     size_t NAME_memory(int64_t n);
     int NAME(const int32_t *tokens, int64_t n, RESULT *result, void *memory);

   The object file needs nothing but itself: the tables are in it, and the caller brings the memory.
   What each of the two takes and gives is written in the header, for those who have only that. */
#ifndef RASPC_JIT_LIBRARY_H
#define RASPC_JIT_LIBRARY_H

#include "runtime/engines/jit/native.h"
#include "runtime/engines/jit/plan.h"

/* What NAME returns. */
enum { LIBRARY_DONE, LIBRARY_LENGTH, LIBRARY_TOKEN, LIBRARY_UNDEFINED };

/* False, with what is in the way, where code alone can't say the result: numbers that are rounded
   or computed on after it. */
bool library_can(const Plan *plan, Buffer *why);
/* After program_emit: adds the two functions to its module. */
void library_emit(Native *native, const Plan *plan, const char *name);
void library_header(const Plan *plan, const char *name, Buffer *out);

#endif
