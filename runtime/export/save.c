#include "runtime/export/save.h"

#include "runtime/base/file.h"
#include "runtime/certify/certificate.h"
#include "runtime/certify/weights_file.h"

#include <string.h>

bool export_path_is_file(const char *path) {
    const char *name = strrchr(path, '/');
    name = name == NULL ? path : name + 1;
    const char *dot = strrchr(name, '.');
    if (dot == NULL || dot == name || dot[1] == '\0') return false;
    size_t letters = strspn(dot + 1, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ");
    return dot[1 + letters] == '\0';
}

/* What the weights promise, for whoever wants it proven. */
static const char *certificate_text(Arena *arena, const Model *model, const DenseModel *weights) {
    Buffer text = {0};
    Tensors tensors = {0};
    tensors_of_model(&tensors, arena, weights);
    tensors_sort(&tensors);
    certificate_print(certificate_of_model(arena, model, weights_hash(arena, &tensors)), &text);
    const char *kept = arena_strndup(arena, text.data, text.len);
    tensors_free(&tensors);
    buffer_free(&text);
    return kept;
}

/* Whole or not at all; false after a diagnostic. */
static bool write_files(const ExportFormat *format, const Files *files, const char *path,
                        Diagnostics *diags) {
    const char *why;
    bool directory = format->extension == NULL;
    const Buffer *only = &files->items[0].bytes;
    bool written = directory ? files_write_directory(files, path, &why)
                             : file_write(path, only->data, only->len, &why);
    if (!written) diag_error(diags, DIAG_FILE, (Span){0}, "can't write '%s': %s", path, why);
    return written;
}

bool export_save(Export *e, const ExportFormat *format, const char *path, Span span,
                 Diagnostics *diags) {
    e->weights = model_weights(e->arena, e->model, span, diags);
    if (e->weights == NULL) return false;
    e->logits = model_logits(e->arena, e->model);
    e->certificate = certificate_text(e->arena, e->model, e->weights);
    Files files = {0};
    bool written = format->write(e, diags, &files) && write_files(format, &files, path, diags);
    files_free(&files);
    return written;
}

/* --- over real vectors ------------------------------------------------------------------------ */

bool export_holds_real(const ExportFormat *format, Span span, Diagnostics *diags) {
    if (format != NULL && format->write_real != NULL) return true;
    Diagnostic *diag =
        diag_error(diags, DIAG_CANNOT_LOWER, span, "%s holds no transformer over real vectors yet",
                   format == NULL      ? "native code"
                   : format->extension ? format->extension
                                       : "that layout");
    diag_help(diag, "write a directory, or a .safetensors, .onnx, .npz or .rtm file");
    return false;
}

bool export_save_real(const RealExport *e, const ExportFormat *format, const char *path,
                      Diagnostics *diags) {
    if (!export_holds_real(format, e->span, diags)) return false;
    Files files = {0};
    bool written = format->write_real(e, diags, &files) && write_files(format, &files, path, diags);
    files_free(&files);
    return written;
}
