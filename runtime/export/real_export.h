/* Exporters of models over real vectors: what export.h is for models over tokens. Such a model has
   all outputs of its program; numbers go in, and there is no BOS. */
#ifndef RASPC_EXPORT_REAL_H
#define RASPC_EXPORT_REAL_H

#include "runtime/export/files.h"
#include "runtime/real/real_model.h"

typedef struct RealExport {
    const RealModel *model;
    const char *program_name; /* "lloyd.rasp" */
    const char *source;       /* the program's text */
    size_t source_len;
    bool unroll; /* ONNX: loops are written out round by round */
    Span span;   /* of the program, for what is wrong with the whole of it */
    Arena *arena;
} RealExport;

/* Adds what belongs into the file to files. False after a diagnostic. */
typedef bool (*RealExportFunction)(const RealExport *e, Diagnostics *diags, Files *files);
bool real_export_onnx(const RealExport *e, Diagnostics *diags, Files *files);
bool real_export_huggingface(const RealExport *e, Diagnostics *diags, Files *files);
bool real_export_safetensors(const RealExport *e, Diagnostics *diags, Files *files);
bool real_export_npz(const RealExport *e, Diagnostics *diags, Files *files);
bool real_export_rtm(const RealExport *e, Diagnostics *diags, Files *files);

#endif
