/* The layers of a model over real vectors as ONNX nodes, and its loops.

   A loop is one operator Loop, whose states are the subspaces that its layers write; or, unrolled,
   its layers round after round. Each input of a batch ends where its own `until` holds: a round
   after that changes nothing of it. */
#include "runtime/export/real_onnx.h"

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
        Edge number = real_affine(w, &trap->number);
        real_mark_undefined(
            w, trap->limit > 0
                   ? real_reaches(w, number, trap->limit)
                   : onnx_binary(&w->graph, "Equal", real_fresh(w, "is_0"), number, w->zero));
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

/* (B, 1, 1) truths: has each input another round? Not when `until` holds at all its positions. */
static Edge goes_on(RealWriter *w, const RealLoop *loop) {
    OnnxGraph *g = &w->graph;
    const OnnxAttribute positions[] = {{"axes", 0, 1, {REAL_AXIS_POSITION}}, {0}};
    Edge not_yet =
        onnx_unary(g, "Not", real_fresh(w, "not_yet"), real_holds(w, real_affine(w, &loop->until)));
    Edge waits = onnx_binary(g, "And", real_fresh(w, "waits"), not_yet, w->present);
    return real_holds(w, onnx_node(g, "ReduceMax", real_fresh(w, "any"), positions,
                                   (const Edge[]){real_truth_number(w, waits), NULL}));
}

/* (B, 1, 1) truths: all inputs. */
static Edge everyone(RealWriter *w) {
    const OnnxAttribute positions[] = {{"axes", 0, 1, {REAL_AXIS_POSITION}}, {0}};
    return real_holds(w, onnx_node(&w->graph, "ReduceMax", real_fresh(w, "everyone"), positions,
                                   (const Edge[]){w->one, NULL}));
}

/* One truth: has any? */
static Edge any_goes_on(RealWriter *w, Edge active) {
    const OnnxAttribute all[] = {{"keepdims", 0, 0, {0}}, {0}};
    return real_holds(w, onnx_node(&w->graph, "ReduceMax", real_fresh(w, "any"), all,
                                   (const Edge[]){real_truth_number(w, active), NULL}));
}

/* What a round changed stays only in the inputs whose rounds go on to it: goes (B, 1, 1). */
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

/* width 0: truths */
static void declare_state(RealWriter *w, bool input, Edge edge, const char *rows, uint32_t width) {
    const OnnxDim dims[] = {{"batch", 0}, {rows, 1}, {NULL, width ? width : 1}};
    OnnxType type = width == 0 ? ONNX_BOOL : onnx_float_type(&w->graph);
    (input ? onnx_input : onnx_output)(&w->graph, edge, type, dims, 3, "");
}

/* The states of one Loop: `undefined`, `active` if there is an `until`, then the subspaces. */
typedef struct LoopStates {
    uint32_t count;
    SpaceId *spaces;        /* (count) */
    Edge *inputs, *outputs; /* (count + 5), (count + 3): of the node; they end with NULL */
} LoopStates;

static LoopStates loop_states(RealWriter *w, const RealLoop *loop, Edge times, Edge always) {
    const bool *written = written_by(w, loop);
    Arena *arena = w->graph.arena;
    LoopStates states = {.spaces = ARENA_ARRAY(arena, SpaceId, w->model->space_count)};
    for (SpaceId s = 0; s < w->model->space_count; s++) {
        if (written[s]) states.spaces[states.count++] = s;
    }
    states.inputs = ARENA_ARRAY(arena, Edge, (size_t)states.count + 5);
    states.outputs = ARENA_ARRAY(arena, Edge, (size_t)states.count + 3);
    Edge *input = states.inputs, *output = states.outputs;
    *input++ = times;
    *input++ = always;
    *input++ = w->undefined;
    *output++ = real_fresh(w, "undefined");
    if (loop->has_until) {
        *input++ = w->active ? w->active : everyone(w);
        *output++ = real_fresh(w, "active");
    }
    for (uint32_t i = 0; i < states.count; i++) {
        *input++ = real_space(w, states.spaces[i]);
        *output++ = real_fresh(w, w->model->spaces[states.spaces[i]].name->bytes);
    }
    return states;
}

static void begin_body(RealWriter *w, const LoopStates *states, const RealLoop *loop) {
    OnnxGraph *g = &w->graph;
    Edge round = real_fresh(w, "round"), entered = real_fresh(w, "entered");
    onnx_input(g, round, ONNX_INT64, NULL, 0, "");
    onnx_input(g, entered, ONNX_BOOL, NULL, 0, "");
    declare_state(w, true, w->undefined = real_fresh(w, "undefined"), "sequence", 0);
    if (loop->has_until) declare_state(w, true, w->active = real_fresh(w, "active"), NULL, 0);
    for (uint32_t i = 0; i < states->count; i++) {
        const RealSpace *space = &w->model->spaces[states->spaces[i]];
        Edge before = real_fresh(w, space->name->bytes);
        w->spaces[states->spaces[i]] = before;
        declare_state(w, true, before, "sequence", space->width);
    }
}

/* A body's output has to be made in the body. */
static Edge leave(RealWriter *w, const char *name, Edge edge) {
    return onnx_unary(&w->graph, "Identity", real_fresh(w, name), edge);
}

static void end_body(RealWriter *w, const LoopStates *states, const RealLoop *loop, Edge always) {
    Edge active = NULL;
    if (loop->has_until)
        active =
            onnx_binary(&w->graph, "And", real_fresh(w, "active"), w->active, goes_on(w, loop));
    Edge more = leave(w, "goes_on", active ? any_goes_on(w, active) : always);
    onnx_output(&w->graph, more, ONNX_BOOL, NULL, 0, "");
    declare_state(w, false, leave(w, "undefined", w->undefined), "sequence", 0);
    if (active) declare_state(w, false, active, NULL, 0);
    for (uint32_t i = 0; i < states->count; i++) {
        const RealSpace *space = &w->model->spaces[states->spaces[i]];
        Edge after = leave(w, space->name->bytes, real_space(w, states->spaces[i]));
        declare_state(w, false, after, "sequence", space->width);
    }
}

/* What the stream holds, to be compared with what it holds later. */
static Edge *stream_now(RealWriter *w) {
    size_t count = w->model->space_count;
    Edge *now = ARENA_ARRAY(w->graph.arena, Edge, count);
    memcpy(now, w->spaces, count * sizeof *now);
    return now;
}

static uint32_t write_loop(RealWriter *w, uint32_t number) {
    OnnxGraph *g = &w->graph;
    OnnxOuter outer;
    const RealLoop *loop = &w->model->loops[number];
    bool truth = true;
    g->scope = NULL;
    const char *scope = g->scope = onnx_name(g, "loop%u", number);
    Edge times = onnx_int(g, onnx_name(g, "times"), loop->times), active = w->active;
    Edge always = onnx_tensor(g, onnx_name(g, "always"), ONNX_BOOL, NULL, 0, &truth, sizeof truth);
    LoopStates states = loop_states(w, loop, times, always);
    onnx_body_begin(g, &outer);
    begin_body(w, &states, loop);
    const Edge *before = stream_now(w);
    Edge undefined_before = w->undefined;
    uint32_t next = write_layers(w, loop->first, loop->first + loop->count, number + 1);
    g->scope = scope;
    if (loop->has_until) keep_if(w, w->active, before, undefined_before);
    end_body(w, &states, loop, always);
    onnx_loop(g, &outer, scope, states.inputs, states.outputs);
    w->active = active;
    w->undefined = states.outputs[0];
    for (uint32_t i = 0; i < states.count; i++)
        w->spaces[states.spaces[i]] = states.outputs[1 + loop->has_until + i];
    return next;
}

static uint32_t write_rounds(RealWriter *w, uint32_t number) {
    OnnxGraph *g = &w->graph;
    const RealLoop *loop = &w->model->loops[number];
    const char *round = w->round;
    Edge active = w->active;
    uint32_t next = number + 1;
    for (uint32_t r = 0; r < loop->times; r++) {
        g->scope = NULL;
        w->round = onnx_name(g, "%sR%u/", round, r);
        const Edge *before = stream_now(w);
        Edge undefined_before = w->undefined;
        next = write_layers(w, loop->first, loop->first + loop->count, number + 1);
        if (!loop->has_until) continue;
        g->scope = NULL;
        g->scope = onnx_name(g, "%suntil%u", w->round, number);
        if (r > 0) keep_if(w, w->active, before, undefined_before);
        if (r + 1 == loop->times) continue;
        Edge more = goes_on(w, loop);
        w->active =
            w->active ? onnx_binary(g, "And", real_fresh(w, "active"), w->active, more) : more;
    }
    w->round = round;
    w->active = active;
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

void real_onnx_layers(RealWriter *w) { write_layers(w, 0, w->model->layer_count, 0); }
