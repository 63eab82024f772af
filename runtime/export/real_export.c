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
    if (!fits) npz_report_large(&tensors, e->span, diags);
    tensors_free(&tensors);
    buffer_free(&config);
    return fits;
}

bool real_export_rtm(const RealExport *e, Diagnostics *diags, Files *files) {
    (void)diags;
    real_model_print(e->model, files_add(files, ""));
    return true;
}
