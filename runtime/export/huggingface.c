/* A directory as the Hugging Face libraries load it. A program is honestly a token classifier: it
   gives a value at every position. A causal one is a causal language model too, and where its
   values are tokens it says at every position which one comes next. */
#include "runtime/export/card.h"
#include "runtime/export/config.h"
#include "runtime/export/formats.h"
#include "runtime/export/onnx.h"
#include "runtime/export/tokenizer.h"

#include <inttypes.h>
#include <string.h>

extern const char modeling_raspc_text[]; /* modeling_raspc.py */

static uint32_t longer(uint32_t a, uint32_t b) { return a > b ? a : b; }

/* --- config.json ------------------------------------------------------------------------------ */

/* What a head, and a layer, are at most. */
typedef struct Sizes {
    uint32_t heads, head_width, units;
} Sizes;

static Sizes sizes_of(const DenseModel *weights) {
    Sizes sizes = {0};
    for (uint32_t l = 0; l < weights->layer_count; l++) {
        const DenseLayer *layer = &weights->layers[l];
        sizes.heads = longer(sizes.heads, layer->head_count);
        sizes.units = longer(sizes.units, layer->units);
        for (uint32_t h = 0; h < layer->head_count; h++)
            sizes.head_width = longer(sizes.head_width, layer->heads[h].width);
    }
    return sizes;
}

static void add_labels(const Export *e, cJSON *to) {
    cJSON *by_id = cJSON_AddObjectToObject(to, "id2label");
    cJSON *by_label = cJSON_AddObjectToObject(to, "label2id");
    Buffer id = {0}, label = {0};
    for (uint32_t i = 0; i < e->logits.count; i++) {
        id.len = label.len = 0;
        buffer_printf(&id, "%u", i);
        buffer_text(&label, "");
        export_label(e, i, &label);
        json_add_text(by_id, id.data, label.data, label.len);
        cJSON_AddNumberToObject(by_label, label.data, i);
    }
    buffer_free(&id);
    buffer_free(&label);
}

/* Is every value a token? Then the logits can stand for the next one. */
static bool gives_tokens(const Export *e) {
    const Readout *readout = &e->model->readout;
    if (readout->step_count > 0 || readout->readings[0].decode != DECODE_ATOMS) return false;
    for (uint32_t i = 0; i < e->logits.readings[0].count; i++) {
        Atom value = e->logits.readings[0].atoms[i];
        if (value.kind != ATOM_OPAQUE && model_token(e->model, value) == UINT32_MAX) return false;
    }
    return true;
}

/* What the files' code has for the libraries to load. */
static void add_architecture(const Export *e, cJSON *to) {
    bool causal = e->model->causal;
    cJSON *architectures = cJSON_AddArrayToObject(to, "architectures");
    cJSON_AddItemToArray(architectures, cJSON_CreateString(causal ? "RaspcForCausalLM"
                                                                  : "RaspcForTokenClassification"));
    cJSON_AddStringToObject(to, "model_type", "raspc");
    cJSON *map = cJSON_AddObjectToObject(to, "auto_map");
    cJSON_AddStringToObject(map, "AutoConfig", "modeling_raspc.RaspcConfig");
    cJSON_AddStringToObject(map, "AutoModelForTokenClassification",
                            "modeling_raspc.RaspcForTokenClassification");
    cJSON_AddBoolToObject(to, "is_decoder", causal);
    if (!causal) return;
    cJSON_AddStringToObject(map, "AutoModelForCausalLM", "modeling_raspc.RaspcForCausalLM");
    cJSON_AddBoolToObject(to, "use_cache", false);
}

static void write_config(const Export *e, Buffer *out) {
    const DenseModel *weights = e->weights;
    Sizes sizes = sizes_of(weights);
    cJSON *all = cJSON_CreateObject();
    add_architecture(e, all);
    cJSON_AddStringToObject(all, "dtype", float_name(weights->type, FLOAT_LONG_NAME));
    cJSON_AddNumberToObject(all, "vocab_size", export_token_count(e));
    cJSON_AddNumberToObject(all, "hidden_size", weights->width);
    cJSON_AddNumberToObject(all, "num_hidden_layers", weights->layer_count);
    cJSON_AddNumberToObject(all, "num_attention_heads", sizes.heads);
    cJSON_AddNumberToObject(all, "head_dim", sizes.head_width);
    cJSON_AddNumberToObject(all, "intermediate_size", sizes.units);
    cJSON_AddStringToObject(all, "hidden_act", "relu");
    cJSON_AddNumberToObject(all, "max_position_embeddings", (double)weights->max_length + 1);
    cJSON_AddNumberToObject(all, "bos_token_id", 0);
    cJSON_AddNumberToObject(all, "pad_token_id", export_pad(e));
    add_labels(e, all);
    export_config_items(e, cJSON_AddObjectToObject(all, "raspc"));
    json_print(out, all, true);
}

/* --- README.md: the model card ---------------------------------------------------------------- */

static void write_causal(bool speaks, Buffer *out) {
    buffer_text(out, "\n\nThe model is causal: no position attends to a later one, so that what it "
                     "gives for the beginning of an input does not depend on what follows. It is a "
                     "causal language model too (`AutoModelForCausalLM`)");
    buffer_text(out, speaks ? ": its values are tokens, its logits those of the next token, and "
                              "`generate` goes on from there. Fill up shorter inputs of a batch at "
                              "their end; to generate, give inputs of one length."
                            : ", whose logits are those of its values (`id2label`): they are no "
                              "tokens, so there is nothing to generate.");
}

static void write_card(const Export *e, bool has_tokenizer, bool has_onnx, Buffer *out) {
    const DenseModel *weights = e->weights;
    const char *name = e->model->readout.name->bytes;
    uint32_t heads = 0;
    for (uint32_t l = 0; l < weights->layer_count; l++)
        heads += weights->layers[l].head_count;
    bool causal = e->model->causal, speaks = causal && gives_tokens(e);
    buffer_printf(out,
                  "---\nlicense: unknown\nlibrary_name: transformers\n"
                  "pipeline_tag: %s\n"
                  "tags:\n- rasp\n- raspc\n- compiled\n- interpretability\n%s---\n\n# %s\n\n",
                  speaks ? "text-generation" : "token-classification",
                  causal ? "- causal-lm\n" : "", name);
    buffer_printf(out,
                  "A transformer that raspc compiled from a RASP program. Its weights are not "
                  "trained: they compute `%s` exactly, on every input over its vocabulary up to "
                  "its greatest length. Every direction of its residual stream has a name "
                  "(`raspc.residual` in `config.json`).\n\n",
                  name);
    buffer_printf(out,
                  "| layers | heads | width | parameters | tokens | greatest length |\n"
                  "|---|---|---|---|---|---|\n| %u | %u | %u | %" PRIu64 " | %u | %u |\n\n",
                  weights->layer_count, heads, weights->width, model_parameters(e->model),
                  e->model->vocabulary_count, e->model->max_length);
    buffer_text(out, "## Use\n\nWith PyTorch and safetensors alone:\n\n```python\n"
                     "from modeling_raspc import RaspcModel\n"
                     "model = RaspcModel.from_pretrained(\".\")\n"
                     "model.run(tokens)  # a list of tokens -> {name: values}\n```\n\n"
                     "With transformers it is a token classifier "
                     "(`AutoModelForTokenClassification`, `trust_remote_code=True`).");
    if (causal) write_causal(speaks, out);
    if (has_onnx)
        buffer_text(out,
                    " `model.onnx` is the same computation and runs no code from here: it takes "
                    "`input_ids`, with BOS (0) in front, and gives the values by name.");
    else
        buffer_text(out,
                    " There is no `model.onnx`: the graph would pass the 2 GiB that such a file "
                    "can hold.");
    buffer_char(out, '\n');
    if (!has_tokenizer)
        buffer_text(out, "\nThere is no `tokenizer.json`: as text the tokens could not be told "
                         "apart. `raspc.vocabulary` in `config.json` lists them; token `t` of it "
                         "has the number `t + 1`.\n");
    card_program(e->source, e->source_len, out);
}

/* --- the whole -------------------------------------------------------------------------------- */

static void add_tokenizer(const Export *e, Files *files) {
    if (tokenizer_kind(e) == TOKENIZER_NONE) return;
    tokenizer_write(e, files_add(files, "tokenizer.json"));
    tokenizer_write_config(e, files_add(files, "tokenizer_config.json"));
}

bool export_huggingface(const Export *e, Diagnostics *diags, Files *files) {
    (void)diags;
    Buffer config = {0};
    Tensors tensors = {0};
    export_config(e, &config);
    tensors_of_model(&tensors, e->arena, e->weights);
    tensors_sort(&tensors);
    safetensors_write(files_add(files, "model.safetensors"), &tensors, config.data, NULL);
    tensors_free(&tensors);
    buffer_free(&config);
    write_config(e, files_add(files, "config.json"));
    add_tokenizer(e, files);
    buffer_text(files_add(files, "modeling_raspc.py"), modeling_raspc_text);
    buffer_add(files_add(files, "program.rasp"), e->source, e->source_len);
    if (e->certificate != NULL) buffer_text(files_add(files, "certificate.json"), e->certificate);
    /* Beside weights of more than 2 GiB there is none. */
    uint64_t size;
    bool has_onnx = onnx_write(e, files_add(files, "model.onnx"), &size);
    if (!has_onnx) files_drop_last(files);
    write_card(e, tokenizer_kind(e) != TOKENIZER_NONE, has_onnx, files_add(files, "README.md"));
    return true;
}
