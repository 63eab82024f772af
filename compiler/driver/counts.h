/* Counts of something in each layer, short. */
#ifndef RASPC_DRIVER_COUNTS_H
#define RASPC_DRIVER_COUNTS_H

#include "runtime/base/buffer.h"

#include <stdint.h>

/* Adds " (1, 2)", nothing for none. What is there again and again stands once: " (1, 100 x [1 2])".
   numbers: (count) */
void counts_show(Buffer *out, uint32_t count, const uint32_t *numbers);

#endif
