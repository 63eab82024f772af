/* raspc compile -o NAME.o, NAME.so or NAME.h: a model as a C function NAME, through the jit. */
#ifndef RASPC_DRIVER_NATIVE_FILE_H
#define RASPC_DRIVER_NATIVE_FILE_H

#include "runtime/engines/jit.h"

/* Whether the path names one of those. */
bool native_path(const char *path);
/* Writes NAME.o or NAME.so, and NAME.h beside it; of NAME.h that alone. cpu: as JitOptions has it.
   False after reporting at span. */
bool native_write(const char *path, const Model *model, const char *cpu, Span span,
                  Diagnostics *diags);

#endif
