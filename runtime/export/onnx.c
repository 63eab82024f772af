/* A model as an ONNX graph of primitive operators, tensor for tensor what weights.h says:

     input_ids (batch, sequence)  BOS, the tokens, PAD
     attention_mask (batch, sequence), optional: 0 where nothing may attend; PAD is never attended
   anyway
     -> the program's name (batch, length)   decoded values; length = sequence - 1, BOS has none
        undefined (batch, length)            true where the program fails, or no value stands out
        exact (batch, length)                where it can be either: true where the value is an int,
   or a truth value, and false where it is a mean logits (batch, sequence, logits)

   Nothing is left to a runtime's defaults: no Attention operator and no scale of its own (it is in
   W_Q); masks come from positions; the null key is never masked, so no row is ever masked whole. */
#include "runtime/export/onnx.h"

#include "runtime/base/version.h"

#include "runtime/export/config.h"
#include "runtime/export/onnx_graph.h"
#include "runtime/export/sha256.h"
#include "runtime/export/tensors.h"

#include <float.h>
#include <string.h>

typedef struct Writer {
    const Export *e;
    OnnxGraph graph;
    Edge zero, one, axis_1, first_row, end; /* constants */
    Edge distance;                          /* (S, S) key row - query row */
    Edge null_key;                          /* (1, S) true at row 0 */
    Edge null_query;                        /* (S, 1) */
    Edge token;                             /* (B, S) true at rows that are no padding */
    Edge attended;                          /* (B, 1, S) the same, of keys */
    Edge masked_score;                      /* what a masked key's score becomes */
    struct Mask {
        HeadMask mask;
        Edge edge; /* (B, S, S) or (B, 1, S) true where a query may look */
    } *masks;      /* (mask_count): heads with equal masks share one */
    uint32_t mask_count;
} Writer;

/* --- attributes ------------------------------------------------------------------------------- */

static Edge along(Writer *w, const char *operator, Edge name, const char *attribute, int64_t value,
                  Edge a, Edge b) {
    return onnx_node(&w->graph, operator, name,
                     (const OnnxAttribute[]){{attribute, value, 0, {0}}, {0}},
                     (const Edge[]){a, b, NULL});
}

static Edge cast(Writer *w, Edge name, Edge a, OnnxType type) {
    return along(w, "Cast", name, "to", type, a, NULL);
}

/* The greatest along an axis, which stays as one of size 1 or goes. */
static Edge greatest(Writer *w, Edge name, Edge a, int64_t axis, bool keep) {
    const OnnxAttribute attributes[] = {{"axes", 0, 1, {axis}}, {"keepdims", keep, 0, {0}}, {0}};
    return onnx_node(&w->graph, "ReduceMax", name, attributes, (const Edge[]){a, NULL});
}

/* operator is ArgMax or ArgMin; the first of equals. */
static Edge extreme(Writer *w, const char *operator, Edge name, Edge a, bool keep) {
    const OnnxAttribute attributes[] = {{"axis", 2, 0, {0}}, {"keepdims", keep, 0, {0}}, {0}};
    return onnx_node(&w->graph, operator, name, attributes, (const Edge[]){a, NULL});
}

/* a[from:to] along an axis; edges of vectors of one. */
static Edge slice(Writer *w, Edge name, Edge a, Edge from, Edge to, Edge axis) {
    return onnx_node(&w->graph, "Slice", name, NULL, (const Edge[]){a, from, to, axis, NULL});
}

/* --- positions and masks ---------------------------------------------------------------------- */

/* Row numbers (S). Where an input does not begin with BOS they lie beyond the position embedding,
   so that the runtime refuses the input instead of computing nonsense. */
static Edge position_ids(Writer *w, Edge rows) {
    OnnxGraph *g = &w->graph;
    Edge bos = slice(w, "positions/first", "input_ids", onnx_ints(g, "positions/0", 0),
                     w->first_row, w->axis_1);
    Edge missing = cast(w, "positions/bos_missing",
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

static void make_positions(Writer *w, Edge rows) {
    OnnxGraph *g = &w->graph;
    Edge column = onnx_ints(g, "positions/axis_1", 1), row = onnx_ints(g, "positions/axis_0", 0);
    Edge queries = onnx_binary(g, "Unsqueeze", "positions/queries", rows, column);
    Edge keys = onnx_binary(g, "Unsqueeze", "positions/keys", rows, row);
    w->distance = onnx_binary(g, "Sub", "positions/distance", keys, queries);
    w->null_key = onnx_binary(g, "Equal", "mask/null_key", keys, w->zero);
    w->null_query = onnx_binary(g, "Equal", "mask/null_query", queries, w->zero);
}

static void make_attended(Writer *w) {
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
    Edge given = cast(w, "mask/given", "attention_mask", ONNX_BOOL);
    Edge both = onnx_binary(g, "And", "mask/key", token, given);
    w->token = both;
    w->attended = onnx_binary(g, "Unsqueeze", "mask/attended", both, onnx_ints(g, "mask/axis", 1));
}

/* Where distance is at least low, or at most high. */
static Edge bound(Writer *w, const char *operator, const char * side, int32_t limit) {
    OnnxGraph *g = &w->graph;
    return onnx_binary(g, operator, onnx_name(g, "%s", side), w->distance,
                       onnx_int(g, onnx_name(g, "%s_limit", side), limit));
}

/* Heads with the same mask share its tensor. The null key and the null query are let through. */
static Edge head_mask(Writer *w, HeadMask mask) {
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
    if (within != NULL) {
        within = onnx_binary(g, "Or", onnx_name(g, "or_null_query"), within, w->null_query);
        keys = onnx_binary(g, "And", onnx_name(g, "attended"), within, keys);
    }
    Edge edge = onnx_binary(g, "Or", onnx_name(g, "or_null_key"), keys, w->null_key);
    w->masks[w->mask_count++] = (struct Mask){mask, edge};
    g->scope = outer;
    return edge;
}

/* --- embedding and layers --------------------------------------------------------------------- */

static Edge embed(Writer *w) {
    OnnxGraph *g = &w->graph;
    const DenseModel *weights = w->e->weights;
    Edge shape = onnx_unary(g, "Shape", "positions/shape", "input_ids");
    Edge sequence = along(w, "Gather", "positions/sequence", "axis", 0, shape, w->one);
    Edge rows = onnx_node(g, "Range", "positions/rows", NULL,
                          (const Edge[]){w->zero, sequence, w->one, NULL});
    make_positions(w, rows);
    make_attended(w);
    const float *tokens = embedding_with_pad(w->e->arena, weights, weights->width);
    Edge token = along(
        w, "Gather", "embed/tokens", "axis", 0,
        onnx_matrix(g, "embed/W_E", tokens, export_token_count(w->e), weights->width), "input_ids");
    Edge position = along(w, "Gather", "embed/positions", "axis", 0,
                          onnx_matrix(g, "embed/W_P", weights->w_p,
                                      (uint64_t)weights->max_length + 1, weights->width),
                          position_ids(w, rows));
    return onnx_binary(g, "Add", "embed/stream", token, position);
}

static Edge matrix_product(Writer *w, const char *name, Edge stream, const float *data,
                           uint64_t rows, uint64_t columns, const char *weight) {
    OnnxGraph *g = &w->graph;
    return onnx_binary(g, "MatMul", onnx_name(g, "%s", name), stream,
                       onnx_matrix(g, onnx_name(g, "%s", weight), data, rows, columns));
}

static Edge write_head(Writer *w, const DenseHead *head, Edge stream, uint32_t layer,
                       uint32_t number, const String *name) {
    OnnxGraph *g = &w->graph;
    uint32_t width = w->e->weights->width;
    Edge mask = head_mask(w, head->mask),
         whole = onnx_name(g, "L%u/H%u/%s", layer, number, name->bytes);
    g->scope = whole;
    Edge query = matrix_product(w, "query", stream, head->w_q, width, head->width, "W_Q");
    Edge key = matrix_product(w, "key", stream, head->w_k, width, head->width, "W_K");
    Edge value = matrix_product(w, "value", stream, head->w_v, width, head->width, "W_V");
    const OnnxAttribute swap[] = {{"perm", 0, 3, {0, 2, 1}}, {0}};
    Edge turned =
        onnx_node(g, "Transpose", onnx_name(g, "key_transposed"), swap, (const Edge[]){key, NULL});
    Edge score = onnx_binary(g, "MatMul", onnx_name(g, "score"), query, turned);
    Edge masked = onnx_node(g, "Where", onnx_name(g, "masked_score"), NULL,
                            (const Edge[]){mask, score, w->masked_score, NULL});
    Edge pattern = along(w, "Softmax", onnx_name(g, "pattern"), "axis", -1, masked, NULL);
    Edge gathered = onnx_binary(g, "MatMul", onnx_name(g, "gathered"), pattern, value);
    Edge output = onnx_matrix(g, onnx_name(g, "W_O"), head->w_o, head->width, width);
    g->scope = NULL;
    return onnx_binary(g, "MatMul", whole, gathered, output);
}

static Edge write_heads(Writer *w, uint32_t number, Edge stream) {
    OnnxGraph *g = &w->graph;
    const DenseLayer *layer = &w->e->weights->layers[number];
    Edge *terms = ARENA_ARRAY(g->arena, Edge, (size_t)layer->head_count + 2);
    terms[0] = stream;
    for (uint32_t h = 0; h < layer->head_count; h++)
        terms[h + 1] = write_head(w, &layer->heads[h], stream, number, h,
                                  w->e->model->layers[number].heads[h].name);
    return onnx_node(g, "Sum", onnx_name(g, "L%u/heads", number), NULL, terms);
}

static Edge write_units(Writer *w, uint32_t number, Edge stream) {
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

/* --- read-out --------------------------------------------------------------------------------- */

/* The one number that is read: (B, length). */
static Edge single(Writer *w, Edge values) {
    return along(w, "Gather", "output/number", "axis", 2, values, w->zero);
}

static bool is_opaque(Atom atom) { return atom.kind == ATOM_OPAQUE; }
static bool is_text(Atom atom) { return atom.kind == ATOM_STRING; }

static bool some(const Logits *logits, bool (*holds)(Atom)) {
    for (uint32_t i = 0; i < logits->count; i++) {
        if (holds(logits->atoms[i])) return true;
    }
    return false;
}

/* What a table over the logits has for the best one: (B, length) */
static Edge look_up(Writer *w, Edge name, Edge table_name, OnnxType type, const void *table,
                    Edge best) {
    uint64_t count = w->e->logits.count, size = type == ONNX_BOOL ? 1 : 8;
    Edge cells = onnx_tensor(&w->graph, table_name, type, &count, 1, table, size * count);
    return along(w, "Gather", name, "axis", 0, cells, best);
}

static Edge best_holds(Writer *w, Edge name, Edge table_name, bool (*holds)(Atom), Edge best) {
    uint8_t *table = ARENA_ARRAY(w->graph.arena, uint8_t, w->e->logits.count);
    for (uint32_t i = 0; i < w->e->logits.count; i++)
        table[i] = holds(w->e->logits.atoms[i]);
    return look_up(w, name, table_name, ONNX_BOOL, table, best);
}

/* The best logit's atom, where all atoms are of one kind that ONNX has. */
static Edge atom_value(Writer *w, Edge name, OnnxType type, Edge best) {
    uint32_t count = w->e->logits.count;
    int64_t *ints = ARENA_ARRAY(w->graph.arena, int64_t, count);
    double *reals = ARENA_ARRAY(w->graph.arena, double, count);
    uint8_t *bools = ARENA_ARRAY(w->graph.arena, uint8_t, count);
    for (uint32_t i = 0; i < count; i++) {
        Atom atom = w->e->logits.atoms[i];
        if (atom.kind == ATOM_INT && !atom.big) ints[i] = atom.as.integer;
        if (atom.kind == ATOM_FLOAT) reals[i] = atom.as.real;
        if (atom.kind == ATOM_BOOL) bools[i] = atom.as.boolean;
    }
    const void *table = type == ONNX_INT64    ? (const void *)ints
                        : type == ONNX_DOUBLE ? (const void *)reals
                                              : (const void *)bools;
    return look_up(w, name, "output/atoms", type, table, best);
}

/* Strings and numbers in one sequence are a failure of all of it: (B, 1) */
static Edge mixes(Writer *w, Edge best) {
    OnnxGraph *g = &w->graph;
    Edge text = best_holds(w, "output/is_text", "output/texts", is_text, best);
    Edge token = slice(w, "output/token", w->token, w->first_row, w->end, w->axis_1);
    Edge other = onnx_unary(g, "Not", "output/is_number", text);
    Edge any_text =
        cast(w, "output/text", onnx_binary(g, "And", "output/text_token", text, token), ONNX_INT64);
    Edge any_other = cast(w, "output/other",
                          onnx_binary(g, "And", "output/number_token", other, token), ONNX_INT64);
    Edge both = onnx_binary(g, "Mul", "output/text_and_number",
                            greatest(w, "output/any_text", any_text, 1, true),
                            greatest(w, "output/any_number", any_other, 1, true));
    return cast(w, "output/mixes", both, ONNX_BOOL);
}

/* The greatest logit's atom: a number or a truth value itself where all atoms are of that kind,
   else its place among the labels. */
static Edge decode_atoms(Writer *w, Edge values, Edge name, OnnxType *type, Edge *unsure) {
    OnnxGraph *g = &w->graph;
    const Logits *logits = &w->e->logits;
    ExportValues kind = export_values(w->e);
    /* 1 where one value was gathered, less for a mixture. */
    *unsure = onnx_binary(g, "LessOrEqual", "output/mixed",
                          greatest(w, "output/greatest", values, 2, false),
                          onnx_float(g, "output/sure", 0.75F));
    Edge best = extreme(w, "ArgMax", kind == EXPORT_LABELS ? name : "output/best", values, false);
    if (some(logits, is_opaque)) {
        Edge fails = best_holds(w, "output/fails", "output/opaque", is_opaque, best);
        *unsure = onnx_binary(g, "Or", "output/no_atom", *unsure, fails);
    }
    if (kind == EXPORT_LABELS && some(logits, is_text))
        *unsure = onnx_binary(g, "Or", "output/no_sequence", *unsure, mixes(w, best));
    *type = kind == EXPORT_FLOATS ? ONNX_DOUBLE : kind == EXPORT_BOOLS ? ONNX_BOOL : ONNX_INT64;
    return kind == EXPORT_LABELS ? best : atom_value(w, name, *type, best);
}

/* The nearest integer; unsure from a quarter away on. */
static Edge decode_whole(Writer *w, Edge values, Edge name, OnnxType type, Edge *unsure) {
    OnnxGraph *g = &w->graph;
    Edge number = single(w, values);
    Edge whole = onnx_unary(g, "Round", "output/whole", number);
    Edge off =
        onnx_unary(g, "Abs", "output/off", onnx_binary(g, "Sub", "output/rest", number, whole));
    *unsure = onnx_binary(g, "GreaterOrEqual", "output/no_whole", off,
                          onnx_float(g, "output/quarter", 0.25F));
    return cast(w, name, whole, type);
}

/* The fraction nearest to the number: for every denominator its nearest, and the best of them, the
   one of the smallest denominator where several are equal. In double precision, so that the result
   is the one that a division gives. */
static Edge decode_fraction(Writer *w, Edge values, Edge name, Edge *unsure) {
    OnnxGraph *g = &w->graph;
    uint64_t count = w->e->model->readout.denominator;
    double *numbers = ARENA_ARRAY(g->arena, double, count);
    for (uint64_t d = 0; d < count; d++)
        numbers[d] = (double)d + 1;
    Edge last = onnx_ints(g, "output/axis", 2);
    Edge number = single(w, values);
    Edge exact = onnx_binary(g, "Unsqueeze", "output/column",
                             cast(w, "output/double", number, ONNX_DOUBLE), last);
    Edge denominators = onnx_tensor(g, "output/denominators", ONNX_DOUBLE, &count, 1, numbers,
                                    count * sizeof *numbers);
    Edge numerators = onnx_unary(g, "Round", "output/numerators",
                                 onnx_binary(g, "Mul", "output/multiples", exact, denominators));
    Edge candidates = onnx_binary(g, "Div", "output/candidates", numerators, denominators);
    Edge off =
        onnx_unary(g, "Abs", "output/off", onnx_binary(g, "Sub", "output/rest", candidates, exact));
    Edge best = extreme(w, "ArgMin", "output/nearest", off, true);
    Edge chosen = along(w, "GatherElements", "output/chosen", "axis", 2, candidates, best);
    *unsure = onnx_unary(g, "IsNaN", "output/not_a_number", number);
    return onnx_binary(g, "Squeeze", name, chosen, last);
}

/* True where the program fails by one of its traps, or unsure. */
static void write_undefined(Writer *w, Edge rows, Edge unsure) {
    static const OnnxDim dims[] = {{"batch", 0}, {"length", 0}};
    OnnxGraph *g = &w->graph;
    Edge undefined = "undefined";
    if (w->e->model->readout.trap_count == 0) {
        onnx_unary(g, "Identity", undefined, unsure);
    } else {
        int64_t first = w->e->logits.count, count = w->e->model->readout.trap_count;
        Edge from = onnx_ints(g, "output/first_trap", first);
        Edge to = onnx_ints(g, "output/after_traps", first + count);
        Edge traps = slice(w, "output/traps", rows, from, to, onnx_ints(g, "output/trap_axis", 2));
        Edge trapped = onnx_binary(g, "GreaterOrEqual", "output/trapped",
                                   greatest(w, "output/trap", traps, 2, false),
                                   onnx_float(g, "output/half", 0.5F));
        onnx_binary(g, "Or", undefined, unsure, trapped);
    }
    onnx_output(g, undefined, ONNX_BOOL, dims, 2, "true where the program has no value");
}

static void write_exact(Writer *w, Edge rows) {
    static const OnnxDim dims[] = {{"batch", 0}, {"length", 0}};
    OnnxGraph *g = &w->graph;
    int64_t place = (int64_t)w->e->logits.count + w->e->model->readout.trap_count;
    Edge number = along(w, "Gather", "output/exact_number", "axis", 2, rows,
                        onnx_int(g, "output/exact_place", place));
    onnx_binary(g, "Greater", "exact", number, onnx_float(g, "output/exact_half", 0.5F));
    onnx_output(g, "exact", ONNX_BOOL, dims, 2, "true where the value is no mean");
}

static void write_readout(Writer *w, Edge stream) {
    OnnxGraph *g = &w->graph;
    const DenseModel *weights = w->e->weights;
    const Readout *readout = &w->e->model->readout;
    uint64_t count = w->e->logits.count;
    Edge product = matrix_product(w, "output/product", stream, weights->w_u, weights->width,
                                  weights->outputs, "output/W_U");
    Edge all = onnx_binary(g, "Add", "output/all", product,
                           onnx_vector(g, "output/b_U", weights->b_u, weights->outputs));
    Edge logits =
        slice(w, "logits", all, onnx_ints(g, "output/0", 0),
              onnx_ints(g, "output/logits", (int64_t)count), onnx_ints(g, "output/logit_axis", 2));
    Edge rows = slice(w, "output/rows", all, w->first_row, w->end, w->axis_1);
    Edge values = slice(w, "output/values", logits, w->first_row, w->end, w->axis_1);
    Edge name = onnx_name(g, "%s", export_output_name(w->e)), unsure = NULL;
    OnnxType type = readout->decode == DECODE_INTEGER ? ONNX_INT64 : ONNX_DOUBLE;
    if (readout->decode == DECODE_ATOMS)
        decode_atoms(w, values, name, &type, &unsure);
    else if (readout->decode == DECODE_FRACTION)
        decode_fraction(w, values, name, &unsure);
    else
        decode_whole(w, values, name, type, &unsure);
    const OnnxDim by_position[] = {{"batch", 0}, {"length", 0}};
    const OnnxDim by_logit[] = {{"batch", 0}, {"sequence", 0}, {NULL, count}};
    onnx_output(g, name, type, by_position, 2, "the program's values, BOS left out");
    write_undefined(w, rows, unsure);
    if (readout->mixed) write_exact(w, rows);
    onnx_output(g, logits, ONNX_FLOAT, by_logit, 3, "what the values are decoded from, BOS first");
}

/* --- the whole -------------------------------------------------------------------------------- */

static bool print_model(Writer *w, Buffer *out) {
    const Export *e = w->e;
    Buffer hash = {0}, config = {0}, length = {0}, vocabulary = {0}, labels = {0};
    sha256_hex(&hash, e->source, e->source_len);
    export_config(e, &config);
    buffer_printf(&length, "%u", e->model->max_length);
    export_vocabulary(e, &vocabulary);
    export_labels(e, &labels);
    const OnnxProperty properties[] = {
        {"program", e->program_name, strlen(e->program_name)},
        {"source", e->source, e->source_len},
        {"source_sha256", hash.data, hash.len},
        {"output", export_output_name(e), strlen(export_output_name(e))},
        {"max_length", length.data, length.len},
        {"vocabulary", vocabulary.data, vocabulary.len},
        {"labels", labels.data, labels.len},
        {"config", config.data, config.len},
        {"certificate", e->certificate, e->certificate ? strlen(e->certificate) : 0},
    };
    size_t count = sizeof properties / sizeof properties[0] - (e->certificate == NULL);
    bool fits = onnx_graph_print(&w->graph, e->model->readout.name->bytes, RASPC_VERSION,
                                 properties, count, out);
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

bool onnx_write(const Export *e, Buffer *out) {
    static const OnnxDim dims[] = {{"batch", 0}, {"sequence", 0}};
    Writer w = {.e = e, .graph = {.arena = arena_new(0)}};
    OnnxGraph *g = &w.graph;
    onnx_input(g, "input_ids", ONNX_INT64, dims, 2, "0 (BOS), then token numbers from 1, then PAD");
    w.masks = arena_array(g->arena, head_count(e->weights), sizeof *w.masks);
    w.zero = onnx_int(g, "constants/zero", 0);
    w.one = onnx_int(g, "constants/one", 1);
    w.axis_1 = onnx_ints(g, "constants/axis_1", 1);
    w.first_row = onnx_ints(g, "constants/first_row", 1);
    w.end = onnx_ints(g, "constants/end", INT64_MAX);
    w.masked_score = onnx_float(g, "mask/score", -FLT_MAX);
    Edge stream = embed(&w);
    for (uint32_t l = 0; l < e->weights->layer_count; l++) {
        if (e->weights->layers[l].head_count > 0) stream = write_heads(&w, l, stream);
        if (e->weights->layers[l].units > 0) stream = write_units(&w, l, stream);
    }
    write_readout(&w, stream);
    bool fits = print_model(&w, out);
    onnx_graph_free(g);
    return fits;
}
