/* A model as an ONNX graph, tensor for tensor what weights.h says:

     input_ids (batch, sequence)            BOS, the tokens, PAD
     attention_mask (batch, sequence)       optional: 0 where nothing may attend; PAD never may
     -> the program's name (batch, length)  decoded values; length = sequence - 1, BOS has none
        undefined (batch, length)           true where the program fails, or no value stands out
        exact (batch, length)               only where the value can be either: true where it is
                                            an int or a truth value, false where it is a mean
        logits (batch, sequence, logits)    what the values are decoded from

   and, if asked for, every head's attention pattern (batch, sequence, sequence).

   The operators are primitive ones, unless the operator Attention is asked for. Nothing is left to
   a runtime's defaults: scores have no scale of their own (it is in W_Q); masks come from
   positions; the null key is never masked, so no row is ever masked whole. */
#include "runtime/export/onnx.h"

#include "runtime/base/version.h"

#include "runtime/base/sha256.h"
#include "runtime/export/config.h"
#include "runtime/export/onnx_writer.h"
#include "runtime/model/tensors.h"

#include <string.h>

/* --- attributes ------------------------------------------------------------------------------- */

Edge onnx_greatest(OnnxWriter *w, Edge name, Edge a, int64_t axis, bool keep) {
    OnnxGraph *g = &w->graph;
    if (g->opset == ONNX_OPSET) {
        const OnnxAttribute both[] = {{"axes", 0, 1, {axis}}, {"keepdims", keep, 0, {0}}, {0}};
        return onnx_node(g, "ReduceMax", name, both, (const Edge[]){a, NULL});
    }
    const OnnxAttribute kept[] = {{"keepdims", keep, 0, {0}}, {0}};
    Edge axes = onnx_ints(g, onnx_name(g, "%s/axes", name), axis);
    return onnx_node(g, "ReduceMax", name, kept, (const Edge[]){a, axes, NULL});
}

Edge onnx_extreme(OnnxWriter *w, const char *operator, Edge name, Edge a, bool keep) {
    const OnnxAttribute attributes[] = {{"axis", 2, 0, {0}}, {"keepdims", keep, 0, {0}}, {0}};
    return onnx_node(&w->graph, operator, name, attributes, (const Edge[]){a, NULL});
}

Edge onnx_slice(OnnxWriter *w, Edge name, Edge a, Edge from, Edge to, Edge axis) {
    return onnx_node(&w->graph, "Slice", name, NULL, (const Edge[]){a, from, to, axis, NULL});
}

/* --- positions and masks ---------------------------------------------------------------------- */

/* Row numbers (S). Where an input does not begin with BOS they lie beyond the position embedding,
   so that the runtime refuses the input instead of computing nonsense. */
static Edge position_ids(OnnxWriter *w, Edge rows) {
    OnnxGraph *g = &w->graph;
    Edge bos = onnx_slice(w, "positions/first", "input_ids", onnx_ints(g, "positions/0", 0),
                          w->first_row, w->axis_1);
    Edge missing = onnx_cast(g, "positions/bos_missing",
                             onnx_unary(g, "Not", "positions/no_bos",
                                        onnx_binary(g, "Equal", "positions/bos", bos, w->zero)),
                             ONNX_INT64);
    const OnnxAttribute all[] = {{"keepdims", 0, 0, {0}}, {0}};
    Edge any =
        onnx_node(g, "ReduceMax", "positions/any_bos_missing", all, (const Edge[]){missing, NULL});
    Edge beyond = onnx_int(g, "positions/beyond", (int64_t)w->e->weights->max_length + 1);
    return onnx_binary(g, "Add", "positions/ids", rows,
                       onnx_binary(g, "Mul", "positions/offset", any, beyond));
}

static void make_positions(OnnxWriter *w, Edge rows) {
    OnnxGraph *g = &w->graph;
    Edge column = onnx_ints(g, "positions/axis_1", 1), row = onnx_ints(g, "positions/axis_0", 0);
    Edge queries = onnx_binary(g, "Unsqueeze", "positions/queries", rows, column);
    Edge keys = onnx_binary(g, "Unsqueeze", "positions/keys", rows, row);
    w->distance = onnx_binary(g, "Sub", "positions/distance", keys, queries);
    w->null_key = onnx_binary(g, "Equal", "mask/null_key", keys, w->zero);
}

static void make_attended(OnnxWriter *w) {
    static const OnnxDim dims[] = {{"mask_batch", 0}, {"mask_sequence", 0}};
    OnnxGraph *g = &w->graph;
    int64_t one = 1;
    /* An input that has a value may be left out. */
    onnx_input(g, "attention_mask", ONNX_INT64, dims, 2,
               "0 where nothing may attend; may be left out");
    onnx_tensor(g, "attention_mask", ONNX_INT64, (const uint64_t[]){1, 1}, 2, &one, sizeof one);
    Edge pad = onnx_int(g, "mask/pad_id", export_pad(w->e));
    Edge token =
        onnx_unary(g, "Not", "mask/token", onnx_binary(g, "Equal", "mask/pad", "input_ids", pad));
    Edge given = onnx_cast(g, "mask/given", "attention_mask", ONNX_BOOL);
    Edge both = onnx_binary(g, "And", "mask/key", token, given);
    w->token = both;
    w->attended = onnx_binary(g, "Unsqueeze", "mask/attended", both, onnx_ints(g, "mask/axis", 1));
}

/* Where distance is at least low, or at most high. */
static Edge bound(OnnxWriter *w, const char *operator, const char * side, int32_t limit) {
    OnnxGraph *g = &w->graph;
    return onnx_binary(g, operator, onnx_name(g, "%s", side), w->distance,
                       onnx_int(g, onnx_name(g, "%s_limit", side), limit));
}

/* Heads with the same mask share its tensor. The null key is let through. */
static Edge head_mask(OnnxWriter *w, HeadMask mask) {
    for (uint32_t i = 0; i < w->mask_count; i++) {
        if (w->masks[i].mask.low == mask.low && w->masks[i].mask.high == mask.high)
            return w->masks[i].edge;
    }
    OnnxGraph *g = &w->graph;
    const char *outer = g->scope;
    bool low = mask.low != INT32_MIN, high = mask.high != INT32_MAX;
    g->scope = onnx_name(&(OnnxGraph){.arena = g->arena}, "mask/%u", w->mask_count);
    Edge keys = w->attended, within = NULL;
    if (low) within = bound(w, "GreaterOrEqual", "from", mask.low);
    if (high) {
        Edge to = bound(w, "LessOrEqual", "to", mask.high);
        within = within == NULL ? to : onnx_binary(g, "And", onnx_name(g, "within"), within, to);
    }
    /* The operator Attention wants a mask for every query. */
    if (within == NULL && w->e->attention_operator)
        within = onnx_binary(g, "Equal", onnx_name(g, "anywhere"), w->distance, w->distance);
    if (within != NULL) keys = onnx_binary(g, "And", onnx_name(g, "attended"), within, keys);
    Edge edge = onnx_binary(g, "Or", onnx_name(g, "or_null_key"), keys, w->null_key);
    if (w->e->attention_operator)
        edge = onnx_binary(g, "Unsqueeze", onnx_name(g, "one_head"), edge, w->axis_1);
    w->masks[w->mask_count++] = (struct Mask){mask, edge};
    g->scope = outer;
    return edge;
}

/* --- embedding and layers --------------------------------------------------------------------- */

static Edge embed(OnnxWriter *w) {
    OnnxGraph *g = &w->graph;
    const DenseModel *weights = w->e->weights;
    Edge shape = onnx_unary(g, "Shape", "positions/shape", "input_ids");
    Edge sequence = onnx_along(g, "Gather", "positions/sequence", "axis", 0, shape, w->one);
    Edge rows = onnx_node(g, "Range", "positions/rows", NULL,
                          (const Edge[]){w->zero, sequence, w->one, NULL});
    make_positions(w, rows);
    if (w->e->attention_operator && w->e->patterns)
        w->square = onnx_along(g, "Concat", "positions/square", "axis", 0, shape,
                               onnx_binary(g, "Unsqueeze", "positions/size", sequence,
                                           onnx_ints(g, "positions/size_axis", 0)));
    make_attended(w);
    Numbers tokens = embedding_with_pad(w->e->arena, weights, weights->width);
    Edge token = onnx_along(
        g, "Gather", "embed/tokens", "axis", 0,
        onnx_matrix(g, "embed/W_E", tokens, export_token_count(w->e), weights->width), "input_ids");
    Edge position = onnx_along(g, "Gather", "embed/positions", "axis", 0,
                               onnx_matrix(g, "embed/W_P", weights->w_p,
                                           (uint64_t)weights->max_length + 1, weights->width),
                               position_ids(w, rows));
    return onnx_binary(g, "Add", "embed/stream", token, position);
}

static Edge matrix_product(OnnxWriter *w, const char *name, Edge stream, Numbers data,
                           uint64_t rows, uint64_t columns, const char *weight) {
    OnnxGraph *g = &w->graph;
    return onnx_binary(g, "MatMul", onnx_name(g, "%s", name), stream,
                       onnx_matrix(g, onnx_name(g, "%s", weight), data, rows, columns));
}

/* What every query attends to, and with it what it gathers: (B, S, K). */
static Edge primitive_attention(OnnxWriter *w, Edge query, Edge key, Edge value, Edge mask) {
    OnnxGraph *g = &w->graph;
    const OnnxAttribute swap[] = {{"perm", 0, 3, {0, 2, 1}}, {0}};
    Edge turned =
        onnx_node(g, "Transpose", onnx_name(g, "key_transposed"), swap, (const Edge[]){key, NULL});
    Edge score = onnx_binary(g, "MatMul", onnx_name(g, "score"), query, turned);
    Edge masked = onnx_node(g, "Where", onnx_name(g, "masked_score"), NULL,
                            (const Edge[]){mask, score, w->masked_score, NULL});
    Edge pattern = onnx_along(g, "Softmax", onnx_name(g, "pattern"), "axis", -1, masked, NULL);
    return onnx_binary(g, "MatMul", onnx_name(g, "gathered"), pattern, value);
}

static Edge operator_attention(OnnxWriter *w, Edge query, Edge key, Edge value, Edge mask) {
    OnnxGraph *g = &w->graph;
    Edge pattern = w->e->patterns ? onnx_name(g, "pattern_of_one") : NULL;
    Edge gathered = onnx_attention(g, onnx_name(g, "gathered"), pattern, query, key, value, mask);
    /* Not Squeeze: some runtimes' shape inference takes the pattern for an empty tensor. */
    if (pattern != NULL) onnx_binary(g, "Reshape", onnx_name(g, "pattern"), pattern, w->square);
    return gathered;
}

static Edge write_head(OnnxWriter *w, const DenseHead *head, Edge stream, uint32_t layer,
                       uint32_t number, const String *name) {
    OnnxGraph *g = &w->graph;
    uint32_t width = w->e->weights->width;
    Edge mask = head_mask(w, head->mask),
         whole = onnx_name(g, "L%u/H%u/%s", layer, number, name->bytes);
    g->scope = whole;
    Edge query = matrix_product(w, "query", stream, head->w_q, width, head->width, "W_Q");
    Edge key = matrix_product(w, "key", stream, head->w_k, width, head->width, "W_K");
    Edge value = matrix_product(w, "value", stream, head->w_v, width, head->width, "W_V");
    Edge gathered = w->e->attention_operator ? operator_attention(w, query, key, value, mask)
                                             : primitive_attention(w, query, key, value, mask);
    w->patterns[w->pattern_count++] = onnx_name(g, "pattern");
    Edge output = onnx_matrix(g, onnx_name(g, "W_O"), head->w_o, head->width, width);
    g->scope = NULL;
    return onnx_binary(g, "MatMul", whole, gathered, output);
}

static Edge write_heads(OnnxWriter *w, uint32_t number, Edge stream) {
    OnnxGraph *g = &w->graph;
    const DenseLayer *layer = &w->e->weights->layers[number];
    Edge *terms = ARENA_ARRAY(g->arena, Edge, (size_t)layer->head_count + 2);
    terms[0] = stream;
    for (uint32_t h = 0; h < layer->head_count; h++)
        terms[h + 1] = write_head(w, &layer->heads[h], stream, number, h,
                                  w->e->model->layers[number].heads[h].name);
    return onnx_node(g, "Sum", onnx_name(g, "L%u/heads", number), NULL, terms);
}

static Edge write_units(OnnxWriter *w, uint32_t number, Edge stream) {
    OnnxGraph *g = &w->graph;
    const DenseLayer *layer = &w->e->weights->layers[number];
    uint32_t width = w->e->weights->width;
    g->scope = onnx_name(&(OnnxGraph){.arena = g->arena}, "L%u/units", number);
    Edge in = matrix_product(w, "in", stream, layer->w_in, width, layer->units, "W_in");
    Edge sum = onnx_binary(g, "Add", onnx_name(g, "hidden"), in,
                           onnx_vector(g, onnx_name(g, "b_in"), layer->b_in, layer->units));
    Edge relu = onnx_unary(g, "Relu", onnx_name(g, "relu"), sum);
    Edge out = matrix_product(w, "out", relu, layer->w_out, layer->units, width, "W_out");
    Edge update = onnx_binary(g, "Add", onnx_name(g, "update"), out,
                              onnx_vector(g, onnx_name(g, "b_out"), layer->b_out, width));
    g->scope = NULL;
    return onnx_binary(g, "Add", onnx_name(g, "L%u/stream", number), stream, update);
}

/* (B, S, columns) */
static Edge write_logits(OnnxWriter *w, Edge stream) {
    OnnxGraph *g = &w->graph;
    const DenseModel *weights = w->e->weights;
    Edge product = matrix_product(w, "output/product", stream, weights->w_u, weights->width,
                                  weights->outputs, "output/W_U");
    return onnx_binary(g, "Add", "output/all", product,
                       onnx_vector(g, "output/b_U", weights->b_u, weights->outputs));
}

/* --- the whole -------------------------------------------------------------------------------- */

static void write_patterns(OnnxWriter *w) {
    static const OnnxDim square[] = {{"batch", 0}, {"sequence", 0}, {"sequence", 0}};
    for (uint32_t i = 0; i < w->pattern_count && w->e->patterns; i++)
        onnx_output(&w->graph, w->patterns[i], ONNX_FLOAT, square, 3,
                    "how much every position attends to every one");
}

static bool print_model(OnnxWriter *w, Buffer *out, uint64_t *size) {
    const Export *e = w->e;
    Buffer hash = {0}, config = {0}, length = {0}, vocabulary = {0}, labels = {0};
    sha256_hex(&hash, e->source, e->source_len);
    export_config(e, &config);
    buffer_printf(&length, "%u", e->model->max_length);
    export_vocabulary(e, &vocabulary);
    export_labels(e, &labels);
    const char *causal = e->model->causal ? "true" : "false";
    const OnnxProperty properties[] = {
        {"program", e->program_name, strlen(e->program_name)},
        {"source", e->source, e->source_len},
        {"source_sha256", hash.data, hash.len},
        {"output", export_output_name(e), strlen(export_output_name(e))},
        {"max_length", length.data, length.len},
        {"causal", causal, strlen(causal)},
        {"vocabulary", vocabulary.data, vocabulary.len},
        {"labels", labels.data, labels.len},
        {"config", config.data, config.len},
        {"certificate", e->certificate, e->certificate ? strlen(e->certificate) : 0},
    };
    size_t count = sizeof properties / sizeof properties[0] - (e->certificate == NULL);
    bool fits = onnx_graph_print(&w->graph, e->model->readout.name->bytes, RASPC_VERSION,
                                 properties, count, out, size);
    buffer_free(&hash);
    buffer_free(&config);
    buffer_free(&length);
    buffer_free(&vocabulary);
    buffer_free(&labels);
    return fits;
}

static uint32_t head_count(const DenseModel *weights) {
    uint32_t count = 0;
    for (uint32_t l = 0; l < weights->layer_count; l++)
        count += weights->layers[l].head_count;
    return count;
}

bool onnx_write(const Export *e, Buffer *out, uint64_t *size) {
    static const OnnxDim dims[] = {{"batch", 0}, {"sequence", 0}};
    OnnxWriter w = {.e = e,
                    .graph = {.arena = arena_new(0),
                              .float_type = e->weights->type,
                              .opset = e->attention_operator ? ONNX_OPSET_ATTENTION : ONNX_OPSET}};
    OnnxGraph *g = &w.graph;
    onnx_input(g, "input_ids", ONNX_INT64, dims, 2, "0 (BOS), then token numbers from 1, then PAD");
    w.masks = arena_array(g->arena, head_count(e->weights), sizeof *w.masks);
    w.patterns = arena_array(g->arena, head_count(e->weights), sizeof *w.patterns);
    w.zero = onnx_int(g, "constants/zero", 0);
    w.one = onnx_int(g, "constants/one", 1);
    w.axis_1 = onnx_ints(g, "constants/axis_1", 1);
    w.first_row = onnx_ints(g, "constants/first_row", 1);
    w.end = onnx_ints(g, "constants/end", INT64_MAX);
    if (!e->attention_operator)
        w.masked_score = onnx_float(g, "mask/score", -float_greatest(e->weights->type));
    Edge stream = embed(&w);
    for (uint32_t l = 0; l < e->weights->layer_count; l++) {
        if (e->weights->layers[l].head_count > 0) stream = write_heads(&w, l, stream);
        if (e->weights->layers[l].units > 0) stream = write_units(&w, l, stream);
    }
    onnx_readout(&w, write_logits(&w, stream));
    write_patterns(&w);
    bool fits = print_model(&w, out, size);
    onnx_graph_free(g);
    return fits;
}
