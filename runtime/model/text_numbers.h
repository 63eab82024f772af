/* Numbers and lists of them in the text form of models, as model_reader.h reads them back. */
#ifndef RASPC_MODEL_TEXT_NUMBERS_H
#define RASPC_MODEL_TEXT_NUMBERS_H

#include "runtime/base/buffer.h"

#include <stdint.h>

enum { TEXT_RUN = 3 }; /* shorter runs are written out */

/* 1, 0.5: the shortest text that reads back. */
void text_number(Buffer *out, double value);
/* [0..9, 7*3, 0.5]: runs that count up or down by one, or repeat. */
void text_numbers(Buffer *out, const double *values, uint32_t count);

#endif
