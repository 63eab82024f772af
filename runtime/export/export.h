/* Exporters: a model and its weights as files that other runtimes load.
   Token numbers are the same in all of them: 0 is BOS (the null key) and begins every input, 1 + t
   is token t of the vocabulary, and the last is PAD, which nothing attends to. */
#ifndef RASPC_EXPORT_H
#define RASPC_EXPORT_H

#include "runtime/export/files.h"
#include "runtime/export/real_export.h"
#include "runtime/model/weights.h"

typedef struct Export {
    const Model *model;
    const DenseModel *weights; /* of model */
    ReadoutLogits logits;      /* of model */
    const char *program_name;  /* "hist.rasp" */
    const char *source;        /* the program's text */
    size_t source_len;
    const char *certificate; /* JSON; NULL: none */
    /* ONNX: heads by the operator Attention (opset 23), not by primitive ones; every head's
       attention pattern is an output. */
    bool attention_operator, patterns;
    Arena *arena; /* for what lives as long as the export */
} Export;

static inline uint32_t export_pad(const Export *e) { return e->model->vocabulary_count + 1; }
static inline uint32_t export_token_count(const Export *e) {
    return e->model->vocabulary_count + 2;
}

/* A file format, or a directory's layout: adds what belongs into it to files (one file, named "",
   for a file format). False after a diagnostic: the format can't hold the model. */
typedef bool (*ExportFunction)(const Export *e, Diagnostics *diags, Files *files);

typedef struct ExportFormat {
    const char *name;
    const char *extension; /* ".onnx"; NULL: a directory */
    ExportFunction write;
    RealExportFunction write_real; /* NULL: it holds no models over real vectors */
    const char *text;
} ExportFormat;

const ExportFormat *export_format_find(const char *name); /* a directory's layout; NULL: none */
/* The format that the path's extension names; NULL: none does. */
const ExportFormat *export_format_of(const char *path);

#define EXPORT_FORMAT(function, real, name, extension, text)                                       \
    bool function(const Export *e, Diagnostics *diags, Files *files);
#include "runtime/export/formats.def"
#undef EXPORT_FORMAT

#endif
