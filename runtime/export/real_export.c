/* Models over real vectors as files of their dense weights, and as text. */
#include "runtime/export/real_export.h"

#include "runtime/export/formats.h"
#include "runtime/export/real_config.h"

bool real_export_safetensors(const RealExport *e, Diagnostics *diags, Files *files) {
    const DenseRealModel *weights = real_model_weights(e->arena, e->model, e->span, diags);
    if (weights == NULL) return false;
    real_safetensors_write(e, weights, files_add(files, ""));
    return true;
}

bool real_export_npz(const RealExport *e, Diagnostics *diags, Files *files) {
    const DenseRealModel *weights = real_model_weights(e->arena, e->model, e->span, diags);
    if (weights == NULL) return false;
    Tensors tensors = {0};
    Buffer config = {0};
    real_tensors(&tensors, e, weights);
    real_config(e, weights, &config);
    bool fits = npz_write(files_add(files, ""), &tensors, config.data, NULL);
    if (!fits) {
        Diagnostic *diag = diag_error(diags, DIAG_TOO_LARGE_FOR_FORMAT, e->span,
                                      "%zu MiB of weights do not fit into an .npz file",
                                      (size_t)(tensors_bytes(&tensors) >> 20));
        diag_help(diag, "write a .safetensors file, or make the model smaller");
    }
    tensors_free(&tensors);
    buffer_free(&config);
    return fits;
}

bool real_export_rtm(const RealExport *e, Diagnostics *diags, Files *files) {
    (void)diags;
    real_model_print(e->model, files_add(files, ""));
    return true;
}
