/* The files of this directory again, for float64. */
#define REAL_BITS 64
#include "runtime/engines/dense/product.c"
#include "runtime/engines/dense/softmax.c"
