/* What the fuzz targets share. A target is a file fuzz_NAME.c with one LLVMFuzzerTestOneInput;
   whatever must hold ends in BUG() when it does not. */
#ifndef RASPC_FUZZ_H
#define RASPC_FUZZ_H

#include "runtime/base/bug.h"
#include "runtime/base/diag.h"

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

void require_equal(const char *what, const Buffer *expected, const Buffer *got);
/* Renders every diagnostic in every style: spans must lie inside their texts. */
void render_all(const Diagnostics *diags);

#endif
