/* The README.md of a directory, which the Hugging Face libraries call its model card. */
#ifndef RASPC_EXPORT_CARD_H
#define RASPC_EXPORT_CARD_H

#include "runtime/base/buffer.h"

/* "## The program", with the program's text in a fence that is longer than any in it. */
void card_program(const char *source, size_t len, Buffer *out);

#endif
