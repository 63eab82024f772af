/* The ONNX exporter: see onnx.c for the graph. */
#ifndef RASPC_EXPORT_ONNX_H
#define RASPC_EXPORT_ONNX_H

#include "runtime/export/export.h"

/* Appends the file, *size bytes. False when it would pass the 2 GiB that the format can hold (and
   weights in files beside it would not save it: LIMIT_DENSE_BYTES is as much). */
bool onnx_write(const Export *e, Buffer *out, uint64_t *size);

#endif
