/* A model over real vectors as an ONNX graph, one input at a time, of any length up to the model's:

     an input of the program's name (sequence) or, a vector, (sequence, width)
     -> an output of the program's name, the same; a scalar that is an int or a bool comes as that
        undefined (sequence): true where the program fails: a trap, a score that is not a number and
        has to be compared, an input or an output that is not finite

   Every subspace of the residual stream is a tensor of its own (S, width), so that nothing is
   multiplied by the zeros of a matrix: what is infinite in one part leaves the others alone. BOS
   has no row: what a query reads there is a constant. Operators are primitive ones of opset 17. A
   loop is one operator Loop, whose states are the subspaces that its layers write, and which ends
   where `until` holds; or, unrolled, its layers round after round, where a round that `until`
   forbids changes nothing. */
#include "runtime/export/real_onnx.h"

#include "runtime/base/limits.h"
#include "runtime/base/version.h"

#include "runtime/export/json.h"
#include "runtime/export/sha256.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

/* --- layers ----------------------------------------------------------------------------------- */

static void set_scope(RealWriter *w, uint32_t layer, const char *part, const String *name) {
    w->graph.scope = NULL;
    w->graph.scope =
        onnx_name(&w->graph, "%sL%u%s%s", w->round, layer, part, name ? name->bytes : "");
}

/* All heads read the stream that the layer begins with. */
static void write_heads(RealWriter *w, uint32_t l) {
    const RealLayer *layer = &w->model->layers[l];
    Edge **updates = ARENA_ARRAY(w->graph.arena, Edge *, layer->head_count);
    for (uint32_t h = 0; h < layer->head_count; h++) {
        const RealHead *head = &layer->heads[h];
        Buffer part = {0};
        buffer_printf(&part, "/H%u/", h);
        set_scope(w, l, part.data, head->name);
        buffer_free(&part);
        updates[h] = ARENA_ARRAY(w->graph.arena, Edge, head->move_count);
        real_onnx_head(w, head, updates[h]);
    }
    set_scope(w, l, "", NULL);
    for (uint32_t h = 0; h < layer->head_count; h++) {
        for (uint32_t m = 0; m < layer->heads[h].move_count; m++)
            real_add_to_space(w, layer->heads[h].moves[m].target, updates[h][m]);
    }
}

static void write_traps(RealWriter *w, uint32_t l) {
    set_scope(w, l, "/traps", NULL);
    for (uint32_t t = 0; t < w->model->trap_count; t++) {
        const RealTrap *trap = &w->model->traps[t];
        if (trap->layer != l) continue;
        Edge divisor = real_affine(w, &trap->divisor);
        real_mark_undefined(
            w, onnx_binary(&w->graph, "Equal", real_fresh(w, "division"), divisor, w->zero));
    }
}

/* All units read the stream that the heads leave; erasures come before the others add. */
static void write_units(RealWriter *w, uint32_t l) {
    const RealLayer *layer = &w->model->layers[l];
    Edge *updates = ARENA_ARRAY(w->graph.arena, Edge, layer->unit_count);
    for (uint32_t u = 0; u < layer->unit_count; u++) {
        const RealUnit *unit = &layer->units[u];
        if (unit->kind == REAL_ERASE) continue;
        set_scope(w, l, "/", w->model->spaces[unit->target].name);
        updates[u] = real_onnx_unit(w, unit);
    }
    set_scope(w, l, "", NULL);
    for (uint32_t u = 0; u < layer->unit_count; u++) {
        if (layer->units[u].kind == REAL_ERASE) w->spaces[layer->units[u].target] = NULL;
    }
    for (uint32_t u = 0; u < layer->unit_count; u++) {
        if (layer->units[u].kind != REAL_ERASE)
            real_add_to_space(w, layer->units[u].target, updates[u]);
    }
}

static uint32_t write_layers(RealWriter *w, uint32_t first, uint32_t end, uint32_t loop);

/* --- loops ------------------------------------------------------------------------------------ */

/* Marks the subspaces that a loop's layers write or erase. */
static const bool *written_by(RealWriter *w, const RealLoop *loop) {
    bool *written = ARENA_ARRAY(w->graph.arena, bool, w->model->space_count);
    for (uint32_t l = loop->first; l < loop->first + loop->count; l++) {
        const RealLayer *layer = &w->model->layers[l];
        for (uint32_t h = 0; h < layer->head_count; h++) {
            for (uint32_t m = 0; m < layer->heads[h].move_count; m++)
                written[layer->heads[h].moves[m].target] = true;
        }
        for (uint32_t u = 0; u < layer->unit_count; u++)
            written[layer->units[u].target] = true;
    }
    return written;
}

/* A truth: does another round follow? Not when `until` holds at every position. */
static Edge goes_on(RealWriter *w, const RealLoop *loop) {
    const OnnxAttribute all[] = {{"keepdims", 0, 0, {0}}, {0}};
    Edge holds = real_truth_number(w, real_holds(w, real_affine(w, &loop->until)));
    Edge least =
        onnx_node(&w->graph, "ReduceMin", real_fresh(w, "least"), all, (const Edge[]){holds, NULL});
    return onnx_unary(&w->graph, "Not", real_fresh(w, "goes_on"), real_holds(w, least));
}

static void declare_state(RealWriter *w, bool input, Edge edge, uint32_t width) {
    const OnnxDim dims[] = {{"sequence", 0}, {NULL, width}};
    OnnxType type = width == 0 ? ONNX_BOOL : onnx_float_type(&w->graph);
    (input ? onnx_input : onnx_output)(&w->graph, edge, type, dims, width == 0 ? 1 : 2, "");
}

/* The edges of one Loop, in the order of its states: `undefined`, then the subspaces. */
typedef struct LoopEdges {
    uint32_t count;
    SpaceId *spaces;        /* (count) */
    Edge *inputs, *outputs; /* (count + 4), (count + 2): of the node; they end with NULL */
} LoopEdges;

static LoopEdges loop_edges(RealWriter *w, const RealLoop *loop, Edge times, Edge always) {
    const bool *written = written_by(w, loop);
    Arena *arena = w->graph.arena;
    LoopEdges edges = {0};
    edges.spaces = ARENA_ARRAY(arena, SpaceId, w->model->space_count);
    for (SpaceId s = 0; s < w->model->space_count; s++) {
        if (written[s]) edges.spaces[edges.count++] = s;
    }
    edges.inputs = ARENA_ARRAY(arena, Edge, (size_t)edges.count + 4);
    edges.outputs = ARENA_ARRAY(arena, Edge, (size_t)edges.count + 2);
    edges.inputs[0] = times;
    edges.inputs[1] = always;
    edges.inputs[2] = w->undefined;
    edges.outputs[0] = onnx_name(&w->graph, "undefined");
    for (uint32_t i = 0; i < edges.count; i++) {
        const char *name = w->model->spaces[edges.spaces[i]].name->bytes;
        edges.inputs[3 + i] = real_space(w, edges.spaces[i]);
        edges.outputs[1 + i] = real_fresh(w, name);
    }
    return edges;
}

static void begin_body(RealWriter *w, const LoopEdges *edges) {
    OnnxGraph *g = &w->graph;
    Edge round = onnx_name(g, "round"), entered = onnx_name(g, "entered");
    onnx_input(g, round, ONNX_INT64, NULL, 0, "");
    onnx_input(g, entered, ONNX_BOOL, NULL, 0, "");
    w->undefined = onnx_name(g, "undefined_before");
    declare_state(w, true, w->undefined, 0);
    for (uint32_t i = 0; i < edges->count; i++) {
        const RealSpace *space = &w->model->spaces[edges->spaces[i]];
        Edge before = real_fresh(w, space->name->bytes);
        w->spaces[edges->spaces[i]] = before;
        declare_state(w, true, before, space->width);
    }
}

/* A body's output has to be made in the body. */
static Edge leave(RealWriter *w, const char *name, Edge edge) {
    return onnx_unary(&w->graph, "Identity", real_fresh(w, name), edge);
}

static void end_body(RealWriter *w, const LoopEdges *edges, const RealLoop *loop, Edge always) {
    Edge more = leave(w, "goes_on", loop->has_until ? goes_on(w, loop) : always);
    onnx_output(&w->graph, more, ONNX_BOOL, NULL, 0, "");
    declare_state(w, false, leave(w, "undefined", w->undefined), 0);
    for (uint32_t i = 0; i < edges->count; i++) {
        const RealSpace *space = &w->model->spaces[edges->spaces[i]];
        declare_state(w, false, leave(w, space->name->bytes, real_space(w, edges->spaces[i])),
                      space->width);
    }
}

static uint32_t write_loop(RealWriter *w, uint32_t number) {
    OnnxGraph *g = &w->graph;
    OnnxOuter outer;
    const RealLoop *loop = &w->model->loops[number];
    bool truth = true;
    g->scope = NULL;
    const char *scope = g->scope = onnx_name(g, "loop%u", number);
    Edge times = onnx_int(g, onnx_name(g, "times"), loop->times);
    Edge always = onnx_tensor(g, onnx_name(g, "always"), ONNX_BOOL, NULL, 0, &truth, sizeof truth);
    LoopEdges edges = loop_edges(w, loop, times, always);
    onnx_body_begin(g, &outer);
    begin_body(w, &edges);
    uint32_t next = write_layers(w, loop->first, loop->first + loop->count, number + 1);
    g->scope = scope;
    end_body(w, &edges, loop, always);
    onnx_loop(g, &outer, scope, edges.inputs, edges.outputs);
    w->undefined = edges.outputs[0];
    for (uint32_t i = 0; i < edges.count; i++)
        w->spaces[edges.spaces[i]] = edges.outputs[1 + i];
    return next;
}

/* What a round changed stays only where the rounds before it go on to it. */
static void keep_if(RealWriter *w, Edge goes, const Edge *before, Edge undefined_before) {
    OnnxGraph *g = &w->graph;
    Edge *after = w->spaces;
    for (SpaceId s = 0; s < w->model->space_count; s++) {
        if (after[s] == before[s]) continue;
        Edge now = real_space(w, s), *held = &after[s];
        *held = before[s];
        *held = onnx_node(g, "Where", real_fresh(w, w->model->spaces[s].name->bytes), NULL,
                          (const Edge[]){goes, now, real_space(w, s), NULL});
    }
    if (w->undefined == undefined_before) return;
    Edge newly = onnx_binary(g, "And", real_fresh(w, "undefined"), goes, w->undefined);
    w->undefined = onnx_binary(g, "Or", real_fresh(w, "undefined"), undefined_before, newly);
}

static uint32_t write_rounds(RealWriter *w, uint32_t number) {
    OnnxGraph *g = &w->graph;
    const RealLoop *loop = &w->model->loops[number];
    const char *outer = w->round;
    size_t count = w->model->space_count;
    Edge *before = ARENA_ARRAY(g->arena, Edge, count), goes = NULL;
    uint32_t next = number + 1;
    for (uint32_t r = 0; r < loop->times; r++) {
        g->scope = NULL;
        w->round = onnx_name(g, "%sR%u/", outer, r);
        memcpy(before, w->spaces, count * sizeof *before);
        Edge undefined_before = w->undefined;
        next = write_layers(w, loop->first, loop->first + loop->count, number + 1);
        g->scope = NULL;
        g->scope = onnx_name(g, "%suntil%u", w->round, number);
        if (goes) keep_if(w, goes, before, undefined_before);
        if (!loop->has_until) continue;
        Edge more = goes_on(w, loop);
        goes = goes ? onnx_binary(g, "And", real_fresh(w, "goes_on"), goes, more) : more;
    }
    w->round = outer;
    return next;
}

/* The layers first .. end - 1; loop: the first that may begin among them. Returns the first that
   does not. As deep as loops are within one another: REAL_LOOP_DEPTH. */
static uint32_t write_layers(RealWriter *w, uint32_t first, uint32_t end, uint32_t loop) {
    const RealModel *model = w->model;
    for (uint32_t l = first; l < end;) {
        if (loop < model->loop_count && model->loops[loop].first == l) {
            l += model->loops[loop].count;
            loop = w->e->unroll ? write_rounds(w, loop) : write_loop(w, loop);
            continue;
        }
        write_heads(w, l);
        write_traps(w, l);
        write_units(w, l++);
    }
    return loop;
}

/* --- inputs ----------------------------------------------------------------------------------- */

static OnnxType input_type(const RealWriter *w, TypeSet types) {
    if (types == TYPE_BOOL) return ONNX_BOOL;
    return types == TYPE_INT ? ONNX_INT64 : onnx_float_type(&w->graph);
}

/* `one` is looked up by 0 at every position; by 1, which a runtime refuses, where the input is too
   long. positions: (S) 0, 1, .. */
static void write_one(RealWriter *w, Edge length, Edge shape) {
    OnnxGraph *g = &w->graph;
    Edge most = onnx_int(g, "positions/greatest_length", w->model->max_length);
    Edge too_long =
        onnx_cast(g, "positions/is_too_long",
                  onnx_binary(g, "Greater", "positions/too_long", length, most), ONNX_INT64);
    Edge places = onnx_binary(g, "Expand", "positions/places", too_long, shape);
    double one = 1;
    w->one = onnx_along(g, "Gather", "positions/one", "axis", 0,
                        real_numbers_constant(w, &one, 1, 1), places);
    w->spaces[REAL_ONE] = w->one;
}

/* The functions of the position alone. */
static void write_positions(RealWriter *w, Edge length) {
    OnnxGraph *g = &w->graph;
    if (w->model->position_count == 0) return;
    Edge rows = onnx_node(g, "Range", "positions/rows", NULL,
                          (const Edge[]){onnx_int(g, "positions/from", 0), length,
                                         onnx_int(g, "positions/step", 1), NULL});
    for (uint32_t p = 0; p < w->model->position_count; p++) {
        const RealPosition *position = &w->model->positions[p];
        const RealSpace *space = &w->model->spaces[position->space];
        Edge table = real_numbers_constant(w, position->values, w->model->max_length, space->width);
        g->scope = "positions";
        Edge name = real_fresh(w, space->name->bytes);
        g->scope = NULL;
        w->spaces[position->space] = onnx_along(g, "Gather", name, "axis", 0, table, rows);
    }
}

/* Every input has to be as long as the first: Reshape refuses another number of elements. */
static void write_input(RealWriter *w, const RealInput *input, Edge length) {
    OnnxGraph *g = &w->graph;
    const RealSpace *space = &w->model->spaces[input->space];
    g->scope = NULL;
    g->scope = onnx_name(g, "embed/%s", input->name->bytes);
    Edge edge = input->name->bytes;
    if (input->types == TYPE_BOOL || input->types == TYPE_INT)
        edge = onnx_cast(g, onnx_name(g, "number"), edge, onnx_float_type(g));
    Edge shape = onnx_along(g, "Concat", onnx_name(g, "shape"), "axis", 0, length,
                            onnx_ints(g, onnx_name(g, "width"), space->width));
    edge = onnx_binary(g, "Reshape", onnx_name(g, "stream"), edge, shape);
    w->spaces[input->space] = edge;
    if (input->types != TYPE_BOOL && input->types != TYPE_INT)
        real_mark_undefined(w, real_not_finite(w, edge));
    g->scope = NULL;
}

static void write_inputs(RealWriter *w) {
    OnnxGraph *g = &w->graph;
    const RealModel *model = w->model;
    for (uint32_t i = 0; i < model->input_count; i++) {
        const RealInput *input = &model->inputs[i];
        const OnnxDim dims[] = {{"sequence", 0}, {NULL, model->spaces[input->space].width}};
        onnx_input(g, input->name->bytes, input_type(w, input->types), dims,
                   input->types == TYPE_VECTOR ? 2 : 1, "");
    }
    Edge shape = onnx_unary(g, "Shape", "positions/shape", model->inputs[0].name->bytes);
    Edge length = onnx_along(g, "Gather", "positions/length", "axis", 0, shape,
                             onnx_int(g, "positions/axis", 0));
    Edge lengths = onnx_binary(g, "Unsqueeze", "positions/lengths", length, w->axis_0);
    write_one(w, length, lengths);
    write_positions(w, length);
    Edge never = onnx_binary(g, "Less", "positions/never", w->one, w->zero);
    w->undefined = onnx_binary(g, "Reshape", "positions/undefined", never, w->rows);
    for (uint32_t i = 0; i < model->input_count; i++)
        write_input(w, &model->inputs[i], lengths);
}

/* --- outputs ---------------------------------------------------------------------------------- */

/* By an input, an output before this one, or what another output is called. */
static bool is_taken(const RealWriter *w, const char *name, uint32_t output, const Edge *names) {
    bool taken = strcmp(name, "undefined") == 0;
    for (uint32_t i = 0; i < w->model->input_count; i++)
        taken = taken || strcmp(name, w->model->inputs[i].name->bytes) == 0;
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

static void write_output(RealWriter *w, uint32_t o, Edge name) {
    OnnxGraph *g = &w->graph;
    const RealOutput *output = &w->model->outputs[o];
    const OnnxDim dims[] = {{"sequence", 0}, {NULL, output->value.rows}};
    g->scope = NULL;
    g->scope = onnx_name(g, "output/%s", output->name->bytes);
    Edge value = real_affine(w, &output->value);
    real_mark_undefined(w, real_not_finite(w, value));
    if (output->types == TYPE_VECTOR) {
        onnx_unary(g, "Identity", name, value);
        onnx_output(g, name, onnx_float_type(g), dims, 2, "");
        return;
    }
    OnnxType type = input_type(w, output->types);
    if (type == ONNX_BOOL) value = real_holds(w, value);
    if (type == ONNX_INT64)
        value = onnx_cast(g, onnx_name(g, "int"),
                          onnx_unary(g, "Round", onnx_name(g, "whole"), value), ONNX_INT64);
    onnx_binary(g, "Reshape", name, value, w->rows);
    onnx_output(g, name, type, dims, 1, "");
}

static void write_outputs(RealWriter *w, const Edge *names) {
    static const OnnxDim dims[] = {{"sequence", 0}};
    for (uint32_t o = 0; o < w->model->output_count; o++)
        write_output(w, o, names[o]);
    w->graph.scope = NULL;
    onnx_unary(&w->graph, "Identity", "undefined", w->undefined);
    onnx_output(&w->graph, "undefined", ONNX_BOOL, dims, 1, "true where the program fails");
}

/* --- the whole -------------------------------------------------------------------------------- */

/* {"c": "c", ..}: the tensor that has each output of the program. */
static void print_outputs(const RealWriter *w, const Edge *names, Buffer *out) {
    cJSON *all = cJSON_CreateObject();
    for (uint32_t o = 0; o < w->model->output_count; o++)
        json_add_text(all, w->model->outputs[o].name->bytes, names[o], strlen(names[o]));
    json_print(out, all, false);
}

static bool print_model(const RealWriter *w, const Edge *names, Buffer *out, uint64_t *size) {
    const RealExport *e = w->e;
    Buffer hash = {0}, length = {0}, outputs = {0};
    sha256_hex(&hash, e->source, e->source_len);
    buffer_printf(&length, "%u", w->model->max_length);
    print_outputs(w, names, &outputs);
    const OnnxProperty properties[] = {
        {"program", e->program_name, strlen(e->program_name)},
        {"source", e->source, e->source_len},
        {"source_sha256", hash.data, hash.len},
        {"max_length", length.data, length.len},
        {"outputs", outputs.data, outputs.len},
    };
    bool fits = onnx_graph_print(&w->graph, w->model->outputs[0].name->bytes, RASPC_VERSION,
                                 properties, sizeof properties / sizeof properties[0], out, size);
    buffer_free(&hash);
    buffer_free(&length);
    buffer_free(&outputs);
    return fits;
}

static void make_constants(RealWriter *w) {
    OnnxGraph *g = &w->graph;
    w->constants = arena_array(g->arena, REAL_CONSTANT_BUCKETS, sizeof(RealConstant *));
    w->spaces = ARENA_ARRAY(g->arena, Edge, w->model->space_count);
    w->rows = onnx_ints(g, "constants/rows", -1);
    w->axis_0 = onnx_ints(g, "constants/axis_0", 0);
    w->axis_1 = onnx_ints(g, "constants/axis_1", 1);
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
        Diagnostic *diag = diag_error(diags, DIAG_CANNOT_LOWER, e->span,
                                      "a graph without inputs would not know how long to be");
        diag_help(diag, "let the program have an input, or write an .npz or .rtm file");
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
    write_layers(&w, 0, e->model->layer_count, 0);
    const Edge *names = name_outputs(&w);
    write_outputs(&w, names);
    bool done = w.overflows ? report_overflow(e, diags)
                            : print_model(&w, names, files_add(files, ""), &size) ||
                                  report_size(e, size, diags);
    onnx_graph_free(&w.graph);
    return done;
}
