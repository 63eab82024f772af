/* What a program's declarations want of data: for who reads its columns and params. */
#ifndef RASPC_ELABORATE_WANTS_H
#define RASPC_ELABORATE_WANTS_H

#include "compiler/elaborate/elaborate.h"
#include "runtime/input/columns.h"

ColumnWant declared_want(Declared declared);
/* Of every input, in their order: (count), in arena. */
const ColumnWant *session_wants(const Session *session, Arena *arena, uint32_t *count);

#endif
