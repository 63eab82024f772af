/* A model over real vectors as an ONNX graph, of batches of inputs of any length up to the model's:

     an input of the program's name (batch, sequence) or, a vector, (batch, sequence, width); a
        string comes as the number that its word has in the metadata, or as -1
     attention_mask (batch, sequence)   optional: 0 where a shorter input was filled up
     -> an output of the program's name, the same; a scalar that is an int or a bool comes as that
        undefined (batch, sequence): true where the program fails: a trap, a score that is not a
        number and has to be compared, an input or an output that is not finite, an integer that
        the floats round

   Every subspace of the residual stream is a tensor of its own (B, S, width), so that nothing is
   multiplied by the zeros of a matrix: what is infinite in one part leaves the others alone. BOS
   has no row: what a query reads there is a constant. Operators are primitive ones of opset 17. */
#include "runtime/export/real_onnx.h"

#include "runtime/base/limits.h"
#include "runtime/base/version.h"

#include "runtime/base/sha256.h"
#include "runtime/value/json.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

/* --- names ------------------------------------------------------------------------------------ */

static bool names_input(const RealWriter *w, const char *name) {
    for (uint32_t i = 0; i < w->model->input_count; i++) {
        if (strcmp(name, w->model->inputs[i].name->bytes) == 0) return true;
    }
    return false;
}

/* The name with '_' behind it as often as an input of the program has it. */
static Edge name_apart(RealWriter *w, Edge name) {
    while (names_input(w, name))
        name = onnx_name(&(OnnxGraph){.arena = w->graph.arena}, "%s_", name);
    return name;
}

/* By an input, an output before this one, or what another output is called. */
static bool is_taken(RealWriter *w, const char *name, uint32_t output, const Edge *names) {
    bool taken = names_input(w, name) || strcmp(name, name_apart(w, "undefined")) == 0 ||
                 strcmp(name, name_apart(w, "attention_mask")) == 0;
    for (uint32_t o = 0; o < output; o++)
        taken = taken || strcmp(name, names[o]) == 0;
    const char *own = w->model->outputs[output].name->bytes;
    for (uint32_t o = output + 1; o < w->model->output_count && strcmp(name, own) != 0; o++)
        taken = taken || strcmp(name, w->model->outputs[o].name->bytes) == 0;
    return taken;
}

/* The outputs' names, with '_' behind one as often as another tensor has it. */
static const Edge *name_outputs(RealWriter *w) {
    Edge *names = ARENA_ARRAY(w->graph.arena, Edge, w->model->output_count);
    for (uint32_t o = 0; o < w->model->output_count; o++) {
        names[o] = w->model->outputs[o].name->bytes;
        while (is_taken(w, names[o], o, names))
            names[o] = onnx_name(&(OnnxGraph){.arena = w->graph.arena}, "%s_", names[o]);
    }
    return names;
}

/* --- inputs ----------------------------------------------------------------------------------- */

/* Of an input or an output: a string is the number of a word. */
static OnnxType end_type(const RealWriter *w, TypeSet types) {
    if (types == TYPE_BOOL) return ONNX_BOOL;
    return types == TYPE_INT || types == TYPE_STRING ? ONNX_INT64 : onnx_float_type(&w->graph);
}

/* The first two sizes, (2), of an input: batch and sequence. */
static Edge sizes_of(RealWriter *w, const char *input) {
    OnnxGraph *g = &w->graph;
    Edge shape = onnx_unary(g, "Shape", onnx_name(g, "shape"), input);
    return onnx_node(g, "Slice", onnx_name(g, "sizes"), NULL,
                     (const Edge[]){shape, onnx_ints(g, onnx_name(g, "from"), 0),
                                    onnx_ints(g, onnx_name(g, "to"), 2), NULL});
}

/* 1 or 0 */
static Edge any_int(RealWriter *w, Edge truths) {
    OnnxGraph *g = &w->graph;
    const OnnxAttribute all[] = {{"keepdims", 0, 0, {0}}, {0}};
    Edge numbers = onnx_cast(g, onnx_name(g, "number"), truths, ONNX_INT64);
    return onnx_node(g, "ReduceMax", onnx_name(g, "any"), all, (const Edge[]){numbers, NULL});
}

/* How often something is wrong with the inputs' sizes: more positions than the model has, or not
   as many as in the first. sizes: (2) the first's. */
static Edge wrong_sizes(RealWriter *w, Edge sizes, Edge length) {
    OnnxGraph *g = &w->graph;
    g->scope = "positions";
    Edge most = onnx_int(g, onnx_name(g, "greatest_length"), w->model->max_length);
    Edge count = any_int(w, onnx_binary(g, "Greater", onnx_name(g, "too_long"), length, most));
    for (uint32_t i = 1; i < w->model->input_count; i++) {
        g->scope = NULL;
        g->scope = onnx_name(g, "positions/%s", w->model->inputs[i].name->bytes);
        Edge same = onnx_binary(g, "Equal", onnx_name(g, "same"),
                                sizes_of(w, w->model->inputs[i].name->bytes), sizes);
        Edge other = any_int(w, onnx_unary(g, "Not", onnx_name(g, "differs"), same));
        count = onnx_binary(g, "Add", onnx_name(g, "wrong"), count, other);
    }
    g->scope = NULL;
    return count;
}

/* `one` is looked up by 0 at every position; by more, which a runtime refuses, where sizes are
   wrong. */
static void write_one(RealWriter *w, Edge sizes, Edge length) {
    OnnxGraph *g = &w->graph;
    Edge places =
        onnx_binary(g, "Expand", "positions/places", wrong_sizes(w, sizes, length), sizes);
    double one = 1;
    w->one = onnx_along(g, "Gather", "positions/one", "axis", 0,
                        real_numbers_constant(w, &one, 1, 1), places);
    w->spaces[REAL_ONE] = w->one;
}

/* (3) batch, sequence and the width of a subspace. */
static Edge shape_of(RealWriter *w, Edge sizes, uint32_t width) {
    OnnxGraph *g = &w->graph;
    return onnx_along(g, "Concat", onnx_name(g, "shape"), "axis", 0, sizes,
                      onnx_ints(g, onnx_name(g, "width"), width));
}

/* The functions of the position alone. */
static void write_positions(RealWriter *w, Edge sizes, Edge length) {
    OnnxGraph *g = &w->graph;
    if (w->model->position_count == 0) return;
    Edge rows = onnx_node(g, "Range", "positions/rows", NULL,
                          (const Edge[]){onnx_int(g, "positions/first", 0), length,
                                         onnx_int(g, "positions/step", 1), NULL});
    for (uint32_t p = 0; p < w->model->position_count; p++) {
        const RealPosition *position = &w->model->positions[p];
        const RealSpace *space = &w->model->spaces[position->space];
        g->scope = NULL;
        g->scope = onnx_name(g, "positions/%s", space->name->bytes);
        Edge table = real_numbers_constant(w, position->values, w->model->max_length, space->width);
        Edge row = onnx_along(g, "Gather", onnx_name(g, "row"), "axis", 0, table, rows);
        w->spaces[position->space] =
            onnx_binary(g, "Expand", onnx_name(g, "stream"), row, shape_of(w, sizes, space->width));
    }
    g->scope = NULL;
}

/* (batch, sequence, words): 1 where the input is the word's number. */
static Edge one_hot(RealWriter *w, const RealInput *input) {
    OnnxGraph *g = &w->graph;
    int64_t *numbers = ARENA_ARRAY(g->arena, int64_t, input->word_count);
    for (uint32_t i = 0; i < input->word_count; i++)
        numbers[i] = i;
    const uint64_t dims[] = {input->word_count};
    Edge words = onnx_tensor(g, onnx_name(g, "words"), ONNX_INT64, dims, 1, numbers,
                             input->word_count * sizeof *numbers);
    Edge column =
        onnx_binary(g, "Unsqueeze", onnx_name(g, "column"), input->name->bytes, w->component);
    return onnx_binary(g, "Equal", onnx_name(g, "is_word"), column, words);
}

/* An integer that the floats round is another one. */
static Edge is_rounded(RealWriter *w, Edge integer, Edge number) {
    OnnxGraph *g = &w->graph;
    Edge back = onnx_cast(g, onnx_name(g, "back"), number, ONNX_INT64);
    Edge same = onnx_binary(g, "Equal", onnx_name(g, "is_held"), back, integer);
    return onnx_unary(g, "Not", onnx_name(g, "is_rounded"), same);
}

static void write_input(RealWriter *w, const RealInput *input, Edge sizes) {
    OnnxGraph *g = &w->graph;
    const RealSpace *space = &w->model->spaces[input->space];
    OnnxType type = end_type(w, input->types);
    g->scope = NULL;
    g->scope = onnx_name(g, "embed/%s", input->name->bytes);
    Edge edge = input->types == TYPE_STRING ? one_hot(w, input) : input->name->bytes;
    if (type != onnx_float_type(g))
        edge = onnx_cast(g, onnx_name(g, "number"), edge, onnx_float_type(g));
    Edge rounded = input->types == TYPE_INT ? is_rounded(w, input->name->bytes, edge) : NULL;
    Edge shape = shape_of(w, sizes, space->width);
    edge = onnx_binary(g, "Reshape", onnx_name(g, "stream"), edge, shape);
    w->spaces[input->space] = edge;
    if (rounded)
        real_mark_undefined(w, onnx_binary(g, "Reshape", onnx_name(g, "wrong"), rounded, shape));
    if (type == onnx_float_type(g)) real_mark_undefined(w, real_not_finite(w, edge));
    g->scope = NULL;
}

/* Left out, every position is there. */
static void write_mask(RealWriter *w) {
    static const OnnxDim dims[] = {{"mask_batch", 0}, {"mask_sequence", 0}};
    OnnxGraph *g = &w->graph;
    int64_t one = 1;
    Edge name = name_apart(w, "attention_mask");
    onnx_input(g, name, ONNX_INT64, dims, 2, "0 where a shorter input of the batch was filled up");
    onnx_tensor(g, name, ONNX_INT64, (const uint64_t[]){1, 1}, 2, &one, sizeof one);
    Edge there = onnx_cast(g, "positions/there", name, ONNX_BOOL);
    w->present = onnx_binary(g, "Unsqueeze", "positions/present", there, w->component);
    w->present_keys = onnx_binary(g, "Unsqueeze", "positions/present_keys", there, w->position);
}

static void write_inputs(RealWriter *w) {
    OnnxGraph *g = &w->graph;
    const RealModel *model = w->model;
    for (uint32_t i = 0; i < model->input_count; i++) {
        const RealInput *input = &model->inputs[i];
        const OnnxDim dims[] = {
            {"batch", 0}, {"sequence", 0}, {NULL, model->spaces[input->space].width}};
        onnx_input(g, input->name->bytes, end_type(w, input->types), dims,
                   input->types == TYPE_VECTOR ? 3 : 2, "");
    }
    write_mask(w);
    g->scope = "positions";
    Edge sizes = sizes_of(w, model->inputs[0].name->bytes);
    g->scope = NULL;
    Edge length = onnx_along(g, "Gather", "positions/length", "axis", 0, sizes,
                             onnx_int(g, "positions/sequence", 1));
    write_one(w, sizes, length);
    write_positions(w, sizes, length);
    w->undefined = onnx_binary(g, "Less", "positions/never", w->one, w->zero);
    for (uint32_t i = 0; i < model->input_count; i++)
        write_input(w, &model->inputs[i], sizes);
}

/* --- outputs ---------------------------------------------------------------------------------- */

static void write_output(RealWriter *w, uint32_t o, Edge name) {
    OnnxGraph *g = &w->graph;
    const RealOutput *output = &w->model->outputs[o];
    const OnnxDim dims[] = {{"batch", 0}, {"sequence", 0}, {NULL, output->value.rows}};
    g->scope = NULL;
    g->scope = onnx_name(g, "output/%s", output->name->bytes);
    Edge value = real_affine(w, &output->value);
    real_mark_undefined(w, real_not_finite(w, value));
    if (real_reads_integer(output))
        real_mark_undefined(w, real_reaches(w, value, float_whole(w->model->float_type)));
    if (output->types == TYPE_VECTOR) {
        onnx_unary(g, "Identity", name, value);
        onnx_output(g, name, onnx_float_type(g), dims, 3, "");
        return;
    }
    OnnxType type = end_type(w, output->types);
    if (type == ONNX_BOOL) value = real_holds(w, value);
    if (type == ONNX_INT64)
        value = onnx_cast(g, onnx_name(g, "int"),
                          onnx_unary(g, "Round", onnx_name(g, "whole"), value), ONNX_INT64);
    onnx_binary(g, "Squeeze", name, value, w->component);
    onnx_output(g, name, type, dims, 2, "");
}

static void write_outputs(RealWriter *w, const Edge *names) {
    static const OnnxDim dims[] = {{"batch", 0}, {"sequence", 0}};
    OnnxGraph *g = &w->graph;
    for (uint32_t o = 0; o < w->model->output_count; o++)
        write_output(w, o, names[o]);
    g->scope = NULL;
    Edge fails = onnx_binary(g, "And", "output/fails", w->undefined, w->present);
    Edge undefined = onnx_binary(g, "Squeeze", name_apart(w, "undefined"), fails, w->component);
    onnx_output(g, undefined, ONNX_BOOL, dims, 2, "true where the program fails");
}

/* --- the whole -------------------------------------------------------------------------------- */

/* {"c": "c", ..}: the tensor that has each output of the program. */
static void print_outputs(const RealWriter *w, const Edge *names, Buffer *out) {
    cJSON *all = cJSON_CreateObject();
    for (uint32_t o = 0; o < w->model->output_count; o++)
        json_add_text(all, w->model->outputs[o].name->bytes, names[o], strlen(names[o]));
    json_print(out, all, false);
}

/* {"s": ["a", "b"]}: the words whose numbers, from 0 on, an input of strings takes. */
static void print_words(const RealModel *model, Buffer *out) {
    cJSON *all = cJSON_CreateObject();
    for (uint32_t i = 0; i < model->input_count; i++) {
        const RealInput *input = &model->inputs[i];
        if (input->types == TYPE_STRING)
            cJSON_AddItemToObject(all, input->name->bytes,
                                  json_atoms(atoms_listed(input->words), input->word_count));
    }
    json_print(out, all, false);
}

static bool print_model(const RealWriter *w, const Edge *names, Buffer *out, uint64_t *size) {
    const RealExport *e = w->e;
    Buffer hash = {0}, length = {0}, outputs = {0}, words = {0};
    sha256_hex(&hash, e->source, e->source_len);
    buffer_printf(&length, "%u", w->model->max_length);
    print_outputs(w, names, &outputs);
    print_words(w->model, &words);
    const OnnxProperty properties[] = {
        {"program", e->program_name, strlen(e->program_name)},
        {"source", e->source, e->source_len},
        {"source_sha256", hash.data, hash.len},
        {"max_length", length.data, length.len},
        {"outputs", outputs.data, outputs.len},
        {"words", words.data, words.len},
    };
    bool fits = onnx_graph_print(&w->graph, w->model->outputs[0].name->bytes, RASPC_VERSION,
                                 properties, sizeof properties / sizeof properties[0], out, size);
    buffer_free(&hash);
    buffer_free(&length);
    buffer_free(&outputs);
    buffer_free(&words);
    return fits;
}

static void make_constants(RealWriter *w) {
    OnnxGraph *g = &w->graph;
    w->constants = arena_array(g->arena, REAL_CONSTANT_BUCKETS, sizeof(RealConstant *));
    w->spaces = ARENA_ARRAY(g->arena, Edge, w->model->space_count);
    w->position = onnx_ints(g, "constants/position", REAL_AXIS_POSITION);
    w->component = onnx_ints(g, "constants/component", REAL_AXIS_COMPONENT);
    w->zero = real_number_constant(w, 0);
    w->half = real_number_constant(w, 0.5);
    w->lowest = onnx_float(g, "constants/minus_infinity", -(double)INFINITY);
}

/* How many layers an unrolled graph has; counting ends beyond the limit. */
static uint64_t rounds_of_layers(const RealModel *model) {
    uint64_t total = 0;
    for (uint32_t l = 0; l < model->layer_count; l++) {
        uint64_t times = 1;
        for (uint32_t i = 0; i < model->loop_count && times <= LIMIT_UNROLLED_LAYERS; i++) {
            const RealLoop *loop = &model->loops[i];
            if (l - loop->first < loop->count) times *= loop->times;
        }
        total += times;
        if (total > LIMIT_UNROLLED_LAYERS) break;
    }
    return total;
}

/* False after reporting. */
static bool can_write(const RealExport *e, Diagnostics *diags) {
    if (e->model->input_count == 0) {
        Diagnostic *diag =
            diag_error(diags, DIAG_CANNOT_LOWER, e->span,
                       "no output reads an input, and a graph without inputs would not know "
                       "how long to be");
        diag_help(diag, "let an output read an input, or write an .npz or .rtm file");
        return false;
    }
    if (!e->unroll || rounds_of_layers(e->model) <= LIMIT_UNROLLED_LAYERS) return true;
    Diagnostic *diag =
        diag_error(diags, DIAG_TOO_LARGE_FOR_FORMAT, e->span,
                   "unrolled, its loops take more than %d layers", LIMIT_UNROLLED_LAYERS);
    diag_help(diag, "leave out --unroll, or repeat fewer rounds");
    return false;
}

static bool report_overflow(const RealExport *e, Diagnostics *diags) {
    Diagnostic *diag = diag_error(diags, DIAG_TOO_LARGE_FOR_DENSE, e->span,
                                  "a number of the program is beyond the greatest %s",
                                  float_name(e->model->float_type, FLOAT_LONG_NAME));
    diag_help(diag, "use --dtype f64");
    return false;
}

static bool report_size(const RealExport *e, uint64_t size, Diagnostics *diags) {
    Diagnostic *diag =
        diag_error(diags, DIAG_TOO_LARGE_FOR_FORMAT, e->span,
                   "the graph takes %" PRIu64 " MiB; an .onnx file holds up to 2047", size >> 20);
    diag_help(diag, e->unroll ? "leave out --unroll" : "make the model smaller");
    return false;
}

bool real_export_onnx(const RealExport *e, Diagnostics *diags, Files *files) {
    if (!can_write(e, diags)) return false;
    RealWriter w = {
        .e = e,
        .model = e->model,
        .round = "",
        .graph = {.arena = arena_new(0), .float_type = e->model->float_type, .opset = ONNX_OPSET}};
    uint64_t size = 0;
    make_constants(&w);
    write_inputs(&w);
    real_onnx_layers(&w);
    const Edge *names = name_outputs(&w);
    write_outputs(&w, names);
    bool done = w.overflows ? report_overflow(e, diags)
                            : print_model(&w, names, files_add(files, ""), &size) ||
                                  report_size(e, size, diags);
    onnx_graph_free(&w.graph);
    return done;
}
