/* The weight formats: each writer appends a whole file to out. They know nothing of models. All
   numbers are little-endian, as every machine that raspc is built for has them. */
#ifndef RASPC_EXPORT_FORMATS_H
#define RASPC_EXPORT_FORMATS_H

#include "runtime/model/tensors.h"

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "the file formats are little-endian, and the writers copy numbers as they lie in memory"
#endif

/* safetensors: a 64-bit length, a JSON header padded with blanks to a multiple of 8, then the data
   of every tensor without gaps, in the order of the header, which is that of the list (sorted). The
   header's __metadata__ holds "format": "pt", and the texts under "config" and (when not NULL)
   "certificate". */
void safetensors_write(Buffer *out, const Tensors *tensors, const char *config,
                       const char *certificate);

/* npz: a zip archive with a .npy array a tensor, deflated, and the texts' bytes as uint8:
   `config` and (when not NULL) `certificate`. False when it would pass the 4 GiB that a plain zip
   archive can hold; out is then incomplete. */
bool npz_write(Buffer *out, const Tensors *tensors, const char *config, const char *certificate);
/* Says so, at span. */
void npz_report_large(const Tensors *tensors, Span span, Diagnostics *diags);

#endif
