/* The files of this directory again, for float64. */
#define REAL_BITS 64
#include "runtime/engines/real/columns.c"

#include "runtime/engines/real/attend.c"
#include "runtime/engines/real/units.c"

/* Behind what it calls: functions of several versions are defined before they are used. */
#include "runtime/engines/real/forward.c"
