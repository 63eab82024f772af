#include "runtime/export/export.h"

#include "runtime/export/config.h"
#include "runtime/export/formats.h"
#include "runtime/export/onnx.h"

#include <inttypes.h>
#include <string.h>

static const ExportFormat formats[] = {
#define EXPORT_FORMAT(function, real, name, extension, text)                                       \
    {name, extension, function, real, text},
#include "runtime/export/formats.def"
#undef EXPORT_FORMAT
};

static size_t format_count(void) { return sizeof formats / sizeof formats[0]; }

const ExportFormat *export_format_find(const char *name) {
    for (size_t i = 0; i < format_count(); i++) {
        if (formats[i].extension == NULL && strcmp(formats[i].name, name) == 0) return &formats[i];
    }
    return NULL;
}

const ExportFormat *export_format_of(const char *path) {
    size_t len = strlen(path);
    for (size_t i = 0; i < format_count(); i++) {
        size_t end = formats[i].extension == NULL ? 0 : strlen(formats[i].extension);
        if (end != 0 && len > end && strcmp(path + len - end, formats[i].extension) == 0)
            return &formats[i];
    }
    return NULL;
}

/* --- single files ----------------------------------------------------------------------------- */

bool export_safetensors(const Export *e, Diagnostics *diags, Files *files) {
    (void)diags;
    Buffer config = {0};
    Tensors tensors = {0};
    export_config(e, &config);
    tensors_of_model(&tensors, e->arena, e->weights);
    tensors_sort(&tensors);
    safetensors_write(files_add(files, ""), &tensors, config.data, e->certificate);
    tensors_free(&tensors);
    buffer_free(&config);
    return true;
}

bool export_npz(const Export *e, Diagnostics *diags, Files *files) {
    Buffer config = {0};
    Tensors tensors = {0};
    export_config(e, &config);
    tensors_of_model(&tensors, e->arena, e->weights);
    bool fits = npz_write(files_add(files, ""), &tensors, config.data, e->certificate);
    if (!fits) npz_report_large(&tensors, (Span){0}, diags);
    tensors_free(&tensors);
    buffer_free(&config);
    return fits;
}

bool export_onnx(const Export *e, Diagnostics *diags, Files *files) {
    uint64_t size;
    if (onnx_write(e, files_add(files, ""), &size)) return true;
    Diagnostic *diag =
        diag_error(diags, DIAG_TOO_LARGE_FOR_FORMAT, (Span){0},
                   "the graph takes %" PRIu64 " MiB; an .onnx file holds up to 2047", size >> 20);
    diag_help(diag, "write a .safetensors file, or make the model smaller");
    return false;
}

bool export_rtm(const Export *e, Diagnostics *diags, Files *files) {
    (void)diags;
    model_print(e->model, files_add(files, ""));
    return true;
}
