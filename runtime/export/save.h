/* A model as the file or directory that a path names. */
#ifndef RASPC_EXPORT_SAVE_H
#define RASPC_EXPORT_SAVE_H

#include "runtime/export/export.h"

/* Does the name end like a file of some format, known or not? Then it is no directory's. */
bool export_path_is_file(const char *path);

/* Makes the weights, the logits and the certificate of e->model, which e then holds, and writes.
   False after a diagnostic, about the whole of the model at span. */
bool export_save(Export *e, const ExportFormat *format, const char *path, Span span,
                 Diagnostics *diags);
/* The same of a model over real vectors. */
bool export_save_real(const RealExport *e, const ExportFormat *format, const char *path,
                      Diagnostics *diags);
/* Is there a file of this format (NULL: native code) for models over real vectors? False after
   reporting at span. */
bool export_holds_real(const ExportFormat *format, Span span, Diagnostics *diags);

#endif
