/* State and config for TransformerLens: TransformerBridge.boot_native(config),
   load_state_dict(state). Its native transformer differs from ours, and what is here makes up for
   it, exactly:
   - it divides scores by sqrt(d_head): W_Q is multiplied by it, and d_head is padded to a power
     of four;
   - heads, d_head and d_mlp are the same in all layers: missing heads and units are zeros;
   - d_mlp = 0 would become 4 d_model, so that there is at least one unit;
   - the read-out has no bias (load_state_dict wants one, and leaves it alone): ours rides on `one`,
     which is 1 at every position of an input;
   - its only masks are none, or causal: a causal model has that one, and any other where every
     head has exactly that mask. Where heads have others every one is a score: a one-hot of the
     position in the residual stream, and a head's queries have -1 (times its scale) at the keys
     that they may not see, as one more term of the head's conjunction. */
#include "runtime/export/config.h"
#include "runtime/export/formats.h"
#include "runtime/export/tokenizer.h"

#include "runtime/base/limits.h"

#include <string.h>

typedef struct Layout {
    const Export *e;
    Arena *arena, *scratch;
    Tensors tensors;
    HeadMask native; /* what the library masks by itself: nothing, or what is after the query */
    bool one_hot;    /* other masks are scores over a one-hot of the position */
    uint32_t width;  /* of the residual stream, that one-hot behind the model's */
    uint32_t heads, head_width, units, layers;
    uint32_t root; /* sqrt(head_width) */
} Layout;

static const HeadMask open_mask = {INT32_MIN, INT32_MAX}, causal_mask = {INT32_MIN, 0};

static bool same_mask(HeadMask a, HeadMask b) { return a.low == b.low && a.high == b.high; }

static bool every_mask_is(const DenseModel *weights, HeadMask mask) {
    for (uint32_t l = 0; l < weights->layer_count; l++) {
        for (uint32_t h = 0; h < weights->layers[l].head_count; h++) {
            if (!same_mask(weights->layers[l].heads[h].mask, mask)) return false;
        }
    }
    return true;
}

static uint32_t longer(uint32_t a, uint32_t b) { return a > b ? a : b; }

static Layout layout_of(const Export *e, Arena *arena) {
    const DenseModel *weights = e->weights;
    Layout t = {.e = e, .arena = arena, .heads = 1, .units = 1, .head_width = 1, .root = 1};
    for (uint32_t l = 0; l < weights->layer_count; l++) {
        t.heads = longer(t.heads, weights->layers[l].head_count);
        t.units = longer(t.units, weights->layers[l].units);
    }
    bool causal = !every_mask_is(weights, open_mask) && every_mask_is(weights, causal_mask);
    t.native = e->model->causal || causal ? causal_mask : open_mask;
    t.layers = longer(weights->layer_count, 1);
    t.one_hot = !every_mask_is(weights, t.native);
    t.width = weights->width + (t.one_hot ? weights->max_length : 0);
    uint32_t widest = 1;
    for (uint32_t l = 0; l < weights->layer_count; l++) {
        for (uint32_t h = 0; h < weights->layers[l].head_count; h++) {
            const DenseHead *head = &weights->layers[l].heads[h];
            bool masked = !same_mask(head->mask, t.native);
            widest = longer(widest, head->width + (masked ? weights->max_length : 0));
        }
    }
    while (t.head_width < widest) {
        t.head_width *= 4;
        t.root *= 2;
    }
    return t;
}

/* --- tensors ---------------------------------------------------------------------------------- */

/* They are made in doubles, in the scratch arena of one part after the other. */
static double *zeros(const Layout *t, size_t rows, size_t columns) {
    return ARENA_ARRAY(t->scratch, double, rows *columns);
}

static Numbers hold(const Layout *t, const double *values, size_t count) {
    return numbers_hold(t->arena, t->e->weights->type, values, count);
}

/* One tensor of a block; columns == 0: a vector. */
static void add(Layout *t, uint32_t l, const char *part, const double *values, size_t rows,
                size_t columns) {
    Numbers held = hold(t, values, columns == 0 ? rows : rows * columns);
    tensors_add(&t->tensors, t->arena, t->e->weights->type, held, rows, columns, "blocks.%u.%s", l,
                part);
}

/* A matrix of the weights, (rows, columns). */
typedef struct Part {
    Numbers numbers;
    size_t rows, columns;
} Part;

static double part_at(const Layout *t, Part part, size_t row, size_t column) {
    return numbers_at(t->e->weights->type, part.numbers, row * part.columns + column);
}

/* The part into `to`, `stride` wide, from its row `row` and its column `column` on. */
static void put(const Layout *t, Part part, double *to, size_t row, size_t column, size_t stride) {
    for (size_t r = 0; r < part.rows; r++) {
        for (size_t c = 0; c < part.columns; c++)
            to[(row + r) * stride + column + c] = part_at(t, part, r, c);
    }
}

/* The part, turned round and scaled, into `to`, `stride` wide, from its row `row` on. */
static void put_turned(const Layout *t, Part part, double factor, double *to, size_t row,
                       size_t stride) {
    for (size_t r = 0; r < part.rows; r++) {
        for (size_t c = 0; c < part.columns; c++)
            to[(row + c) * stride + r] = factor * part_at(t, part, r, c);
    }
}

static bool may_see(HeadMask mask, uint32_t query, uint32_t key) {
    int64_t distance = (int64_t)key - query;
    return distance >= mask.low && distance <= mask.high;
}

/* The mask as directions behind the head's own: the key's position, and where a query may not look.
   A masked key's score falls by one whole term's, as if that term did not hold. */
static void add_mask(const Layout *t, const DenseHead *head, double scale, size_t at, double *query,
                     double *key) {
    uint32_t positions = t->e->weights->max_length, one_hot = t->e->weights->width;
    size_t first = at + head->width;
    for (uint32_t k = 0; k < positions; k++) {
        key[(first + k) * t->width + one_hot + k] = 1;
        for (uint32_t q = 0; q < positions; q++) {
            if (!may_see(head->mask, q, k))
                query[(first + k) * t->width + one_hot + q] = -scale * t->root;
        }
    }
}

static void add_attention(Layout *t, uint32_t l) {
    const DenseModel *weights = t->e->weights;
    size_t rows = (size_t)t->heads * t->head_width;
    double *query = zeros(t, rows, t->width), *key = zeros(t, rows, t->width);
    double *value = zeros(t, rows, t->width), *output = zeros(t, t->width, rows);
    uint32_t count = l < weights->layer_count ? weights->layers[l].head_count : 0;
    for (uint32_t h = 0; h < count; h++) {
        const DenseHead *head = &weights->layers[l].heads[h];
        size_t at = (size_t)h * t->head_width, d = weights->width, k = head->width;
        put_turned(t, (Part){head->w_q, d, k}, t->root, query, at, t->width);
        put_turned(t, (Part){head->w_k, d, k}, 1, key, at, t->width);
        put_turned(t, (Part){head->w_v, d, k}, 1, value, at, t->width);
        for (size_t c = 0; c < k; c++) {
            for (size_t r = 0; r < d; r++)
                output[r * rows + at + c] = part_at(t, (Part){head->w_o, k, d}, c, r);
        }
        if (!same_mask(head->mask, t->native))
            add_mask(t, head, t->e->model->layers[l].heads[h].scale, at, query, key);
    }
    add(t, l, "attn.q.weight", query, rows, t->width);
    add(t, l, "attn.q.bias", zeros(t, rows, 1), rows, 0);
    add(t, l, "attn.k.weight", key, rows, t->width);
    add(t, l, "attn.k.bias", zeros(t, rows, 1), rows, 0);
    add(t, l, "attn.v.weight", value, rows, t->width);
    add(t, l, "attn.v.bias", zeros(t, rows, 1), rows, 0);
    add(t, l, "attn.o.weight", output, t->width, rows);
    add(t, l, "attn.o.bias", zeros(t, t->width, 1), t->width, 0);
}

static void add_units(Layout *t, uint32_t l) {
    const DenseModel *weights = t->e->weights;
    double *in = zeros(t, t->units, t->width), *in_bias = zeros(t, t->units, 1);
    double *out = zeros(t, t->width, t->units), *out_bias = zeros(t, t->width, 1);
    if (l < weights->layer_count && weights->layers[l].units > 0) {
        const DenseLayer *layer = &weights->layers[l];
        size_t d = weights->width, u = layer->units;
        put_turned(t, (Part){layer->w_in, d, u}, 1, in, 0, t->width);
        put_turned(t, (Part){layer->w_out, u, d}, 1, out, 0, t->units);
        put(t, (Part){layer->b_in, 1, u}, in_bias, 0, 0, t->units);
        put(t, (Part){layer->b_out, 1, d}, out_bias, 0, 0, t->width);
    }
    add(t, l, "mlp.in.weight", in, t->units, t->width);
    add(t, l, "mlp.in.bias", in_bias, t->units, 0);
    add(t, l, "mlp.out.weight", out, t->width, t->units);
    add(t, l, "mlp.out.bias", out_bias, t->width, 0);
}

static void add_ends(Layout *t) {
    const DenseModel *weights = t->e->weights;
    FloatType type = weights->type;
    size_t rows = (size_t)weights->max_length + 1, tokens = export_token_count(t->e);
    size_t outputs = weights->outputs, d = weights->width, width = t->width;
    double *position = zeros(t, rows, width), *head = zeros(t, outputs, width);
    put(t, (Part){weights->w_p, rows, d}, position, 0, 0, width);
    for (size_t r = 1; r < rows && t->one_hot; r++)
        position[r * width + d + r - 1] = 1;
    put_turned(t, (Part){weights->w_u, d, outputs}, 1, head, 0, width);
    uint32_t one = t->e->model->subspaces[MODEL_ONE].offset;
    for (size_t o = 0; o < outputs; o++)
        head[o * width + one] += numbers_at(type, weights->b_u, o);
    tensors_add(&t->tensors, t->arena, type, embedding_with_pad(t->arena, weights, t->width),
                tokens, width, "embed.weight");
    tensors_add(&t->tensors, t->arena, type, hold(t, position, rows * width), rows, width,
                "pos_embed.weight");
    tensors_add(&t->tensors, t->arena, type, hold(t, head, outputs * width), outputs, width,
                "unembed.weight");
    tensors_add(&t->tensors, t->arena, type, numbers_zero(t->arena, type, outputs), outputs, 0,
                "unembed.bias");
}
/* --- config.json: what boot_native takes ------------------------------------------------------ */

static void write_config(const Layout *t, Buffer *out) {
    cJSON *all = cJSON_CreateObject();
    cJSON_AddNumberToObject(all, "d_model", t->width);
    cJSON_AddNumberToObject(all, "d_head", t->head_width);
    cJSON_AddNumberToObject(all, "n_heads", t->heads);
    cJSON_AddNumberToObject(all, "n_layers", t->layers);
    cJSON_AddNumberToObject(all, "n_ctx", (double)t->e->weights->max_length + 1);
    cJSON_AddNumberToObject(all, "d_vocab", export_token_count(t->e));
    cJSON_AddNumberToObject(all, "d_vocab_out", t->e->weights->outputs);
    cJSON_AddNumberToObject(all, "d_mlp", t->units);
    cJSON_AddStringToObject(all, "act_fn", "relu");
    cJSON_AddNullToObject(all, "normalization_type");
    cJSON_AddStringToObject(all, "attention_dir",
                            same_mask(t->native, causal_mask) ? "causal" : "bidirectional");
    cJSON_AddStringToObject(all, "positional_embedding_type", "standard");
    cJSON_AddBoolToObject(all, "default_prepend_bos", true);
    cJSON_AddNumberToObject(all, "seed", 0);
    json_print(out, all, true);
}

static void write_readme(const Layout *t, Buffer *out) {
    buffer_printf(
        out,
        "# %s, for TransformerLens\n\n"
        "```python\nimport json\n\nfrom safetensors.torch import load_file\n"
        "from transformer_lens.model_bridge import TransformerBridge\n"
        "from transformer_lens.model_bridge.sources import native  # gives it boot_native\n\n"
        "bridge = TransformerBridge.boot_native(json.load(open(\"config.json\")))\n"
        "bridge.load_state_dict(load_file(\"model.safetensors\"))\n"
        "logits, cache = bridge.run_with_cache(input_ids)  # BOS (0) in front\n```\n\n"
        "`raspc.json` has the names of the residual stream's directions, of every layer's heads "
        "(the "
        "ones behind them are zeros), and what the logits stand for; %u behind those of the values "
        "are "
        "1 where "
        "the program fails. Give inputs of one length together: PAD would be attended to. "
        "`enable_compatibility_mode()` folds and centres weights: its logits are not exact.\n",
        t->e->model->readout.name->bytes, t->e->model->readout.trap_count);
    if (t->one_hot)
        buffer_printf(
            out,
            "\nThe last %u directions are a one-hot of the position: masks that the library does "
            "not have are scores over it.\n",
            t->e->weights->max_length);
    if (t->e->model->causal)
        buffer_text(out, "\nThe model is causal: no position attends to a later one.\n");
}

static void add_files(Layout *t, Files *files) {
    t->scratch = arena_new(0);
    add_ends(t);
    for (uint32_t l = 0; l < t->layers; l++) {
        arena_free(t->scratch);
        t->scratch = arena_new(0);
        add_attention(t, l);
        add_units(t, l);
    }
    arena_free(t->scratch);
    tensors_sort(&t->tensors);
    Buffer config = {0};
    export_config(t->e, &config);
    safetensors_write(files_add(files, "model.safetensors"), &t->tensors, config.data, NULL);
    write_config(t, files_add(files, "config.json"));
    Buffer *named = files_add(files, "raspc.json");
    cJSON *items = cJSON_CreateObject();
    export_config_items(t->e, items);
    json_print(named, items, true);
    if (tokenizer_kind(t->e) != TOKENIZER_NONE) {
        tokenizer_write(t->e, files_add(files, "tokenizer.json"));
        tokenizer_write_config(t->e, files_add(files, "tokenizer_config.json"));
    }
    buffer_add(files_add(files, "program.rasp"), t->e->source, t->e->source_len);
    write_readme(t, files_add(files, "README.md"));
    tensors_free(&t->tensors);
    buffer_free(&config);
}

/* Bytes of the weights, most of them in the layers. */
static double bytes_of(const Layout *t) {
    double head = 4.0 * t->heads * t->head_width, layer = (head + 2.0 * t->units) * t->width;
    double ends = (double)t->e->model->vocabulary_count + t->e->weights->max_length;
    return (layer * t->layers + ends * t->width) * (double)float_info(t->e->weights->type)->size;
}

static bool fits(const Layout *t, Diagnostics *diags) {
    double bytes = bytes_of(t);
    if (bytes <= (double)LIMIT_DENSE_BYTES) return true;
    Diagnostic *diag =
        diag_error(diags, DIAG_TOO_LARGE_FOR_FORMAT, (Span){0},
                   "padded as TransformerLens wants it the weights take %.0f MiB; the "
                   "limit is %zu MiB",
                   bytes / (1 << 20), LIMIT_DENSE_BYTES >> 20);
    if (t->one_hot)
        diag_note(diag, (Span){0},
                  "its masks are scores over a one-hot of the position: the heads are %u wide",
                  t->head_width);
    diag_help(diag, "write another format, or make the model smaller with --max-len");
    return false;
}

bool export_transformer_lens(const Export *e, Diagnostics *diags, Files *files) {
    Arena *arena = arena_new(0);
    Layout t = layout_of(e, arena);
    bool small = fits(&t, diags);
    if (small) add_files(&t, files);
    arena_free(arena);
    return small;
}
