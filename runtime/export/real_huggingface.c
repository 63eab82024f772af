/* A directory as the Hugging Face libraries load it, of a model over real vectors: no tokens, so no
   tokenizer, and no task that the libraries know but the model itself. */
#include "runtime/export/card.h"
#include "runtime/export/real_config.h"

#include <inttypes.h>
#include <string.h>

extern const char modeling_raspc_real_text[]; /* modeling_raspc_real.py */

static uint32_t head_count(const RealModel *model) {
    uint32_t heads = 0;
    for (uint32_t l = 0; l < model->layer_count; l++)
        heads += model->layers[l].head_count;
    return heads;
}

static void write_config(const RealExport *e, const DenseRealModel *weights, Buffer *out) {
    const RealModel *model = e->model;
    cJSON *all = cJSON_CreateObject();
    cJSON *architectures = cJSON_AddArrayToObject(all, "architectures");
    cJSON_AddItemToArray(architectures, cJSON_CreateString("RaspcRealPretrained"));
    cJSON_AddStringToObject(all, "model_type", "raspc_real");
    cJSON *map = cJSON_AddObjectToObject(all, "auto_map");
    cJSON_AddStringToObject(map, "AutoConfig", "modeling_raspc_real.RaspcRealConfig");
    cJSON_AddStringToObject(map, "AutoModel", "modeling_raspc_real.RaspcRealPretrained");
    cJSON_AddStringToObject(all, "dtype", float_name(model->float_type, FLOAT_LONG_NAME));
    cJSON_AddNumberToObject(all, "hidden_size", model->width);
    cJSON_AddNumberToObject(all, "num_hidden_layers", model->layer_count);
    cJSON_AddNumberToObject(all, "max_position_embeddings", model->max_length);
    real_config_items(e, weights, cJSON_AddObjectToObject(all, "raspc"));
    json_print(out, all, true);
}

/* --- README.md: the model card ---------------------------------------------------------------- */

static void write_end(const String *name, TypeSet types, uint32_t width, Buffer *out) {
    buffer_printf(out, "| `%s` | ", name->bytes);
    if (types == TYPE_VECTOR)
        buffer_printf(out, "(positions, %u) |\n", width);
    else
        buffer_printf(out, "(positions), %s |\n",
                      types == TYPE_BOOL  ? "truths"
                      : types == TYPE_INT ? "ints"
                                          : "floats");
}

static void write_ends(const RealModel *model, Buffer *out) {
    buffer_text(out, "\n| input | shape |\n|---|---|\n");
    for (uint32_t i = 0; i < model->input_count; i++)
        write_end(model->inputs[i].name, model->inputs[i].types,
                  model->spaces[model->inputs[i].space].width, out);
    buffer_text(out, "\n| output | shape |\n|---|---|\n");
    for (uint32_t o = 0; o < model->output_count; o++)
        write_end(model->outputs[o].name, model->outputs[o].types, model->outputs[o].value.rows,
                  out);
}

static void write_card(const RealExport *e, Buffer *out) {
    const RealModel *model = e->model;
    const char *slash = strrchr(e->program_name, '/');
    buffer_printf(out,
                  "---\nlicense: unknown\nlibrary_name: transformers\n"
                  "tags:\n- rasp\n- raspc\n- compiled\n- interpretability\n---\n\n# %s\n\n",
                  slash ? slash + 1 : e->program_name);
    buffer_printf(out,
                  "A transformer over real vectors that raspc compiled from a RASP program. Its "
                  "weights are not trained: %s, for inputs of up to %u positions. Every direction "
                  "of its residual stream has a name (`raspc.residual` in `config.json`), and "
                  "`raspc.model` there is the whole of it as text.\n\n",
                  real_is_interpolated(model)
                      ? "they are the program, but for the rounding of floats and the functions "
                        "that ReLUs interpolate (`error` of each output in `config.json`)"
                      : "they are the program, but for the rounding of floats",
                  model->max_length);
    buffer_printf(out,
                  "| layers | loops of layers | heads | width | parameters | numbers | greatest "
                  "length |\n|---|---|---|---|---|---|---|\n"
                  "| %u | %u | %u | %u | %" PRIu64 " | %s | %u |\n",
                  model->layer_count, model->loop_count, head_count(model), model->width,
                  real_model_parameters(model), float_name(model->float_type, FLOAT_LONG_NAME),
                  model->max_length);
    write_ends(model, out);
    buffer_text(out,
                "\n## Use\n\nWith PyTorch and safetensors alone:\n\n```python\n"
                "from modeling_raspc_real import RaspcRealModel\n"
                "model = RaspcRealModel.from_pretrained(\".\")\n"
                "model({name: tensor, ..})  # -> {name: tensor, ..}\n"
                "model.run({name: list, ..})  # the same of lists\n```\n\n"
                "With a batch dimension in front of all tensors every input of the batch is "
                "computed as it is alone. transformers loads the directory with `AutoModel` "
                "(`trust_remote_code=True`). `model.onnx` is the same computation, of batches, "
                "and runs no code from here.\n");
    card_program(e->source, e->source_len, out);
}

/* --- the whole -------------------------------------------------------------------------------- */

/* The graph's file comes first: it may refuse the model. */
static bool add_onnx(const RealExport *e, Diagnostics *diags, Files *files) {
    bool written = real_export_onnx(e, diags, files);
    if (written) files->items[files->count - 1].name = "model.onnx";
    return written;
}

bool real_export_huggingface(const RealExport *e, Diagnostics *diags, Files *files) {
    const DenseRealModel *weights = real_model_weights(e->arena, e->model, e->span, diags);
    if (weights == NULL || !add_onnx(e, diags, files)) return false;
    real_safetensors_write(e, weights, files_add(files, "model.safetensors"));
    write_config(e, weights, files_add(files, "config.json"));
    buffer_text(files_add(files, "modeling_raspc_real.py"), modeling_raspc_real_text);
    buffer_add(files_add(files, "program.rasp"), e->source, e->source_len);
    write_card(e, files_add(files, "README.md"));
    return true;
}
