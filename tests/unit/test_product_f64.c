#define REAL_BITS 64
#include "tests/unit/test_product.c"
