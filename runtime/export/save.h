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
/* Whole or not at all; false after a diagnostic. */
bool export_write_files(const ExportFormat *format, const Files *files, const char *path,
                        Diagnostics *diags);

#endif
