/* The ONNX exporter: see onnx.c for the graph. */
#ifndef RASPC_EXPORT_ONNX_H
#define RASPC_EXPORT_ONNX_H

#include "runtime/export/export.h"

/* Appends the file. False when it would pass the 2 GiB that the format can hold. */
bool onnx_write(const Export *e, Buffer *out);

#endif
