/* The files of this directory again, for float64. */
#define REAL_BITS 64
#include "runtime/engines/dense/product.c"
#include "runtime/engines/dense/softmax.c"

/* Behind what it calls: functions of several versions are defined before they are used. */
#include "runtime/engines/dense/forward.c"
