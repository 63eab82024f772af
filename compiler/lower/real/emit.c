/* From the plan to the model: forms become affine functions of subspaces, items units and heads of
   their layers. */
#include "compiler/lower/real/plan.h"

#include "compiler/lower/real/names.h"

#include "runtime/base/bug.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct Emitter {
    RealPlan *plan;
    const Places *places;
    Arena *arena; /* the model's */
    RealModel *model;
    Names *names;
} Emitter;

/* --- affine functions ------------------------------------------------------------------------- */

static uint32_t width_of(const Emitter *e, SpaceId space) { return e->model->spaces[space].width; }

/* Blocks of one subspace are one term; blocks are sorted by value, and no two values of a form are
   in one subspace at a time. */
static AffineTerm term_of(const Emitter *e, const Form *form, uint32_t first, uint32_t end) {
    const Block *block = &form->blocks[first];
    SpaceId space = e->places->spaces[block->value];
    AffineTerm term = {.space = space};
    if (end == first + 1 && !block->matrix && block->rows == form->rows) {
        term.factor = block->factor;
        return term;
    }
    uint32_t width = width_of(e, space);
    double *matrix = plan_real_numbers(e->plan, NO_NODE, (uint64_t)form->rows * width);
    if (!matrix) return term;
    for (uint32_t b = first; b < end; b++)
        block_add_to(e->plan, &form->blocks[b], matrix + (size_t)form->blocks[b].row * width,
                     width);
    size_t bytes = sizeof(double) * form->rows * width;
    double *own = arena_alloc(e->arena, bytes);
    memcpy(own, matrix, bytes);
    term.matrix = own;
    return term;
}

static const double *copy_numbers(const Emitter *e, const double *numbers, size_t count) {
    if (!numbers) return NULL;
    double *copy = ARENA_ARRAY(e->arena, double, count);
    memcpy(copy, numbers, count * sizeof *copy);
    return copy;
}

static Affine affine_of(const Emitter *e, const Form *form) {
    Affine affine = {.rows = form->rows};
    bool nothing = true;
    for (uint32_t r = 0; form->constant && r < form->rows; r++)
        nothing = nothing && form->constant[r] == 0;
    if (!nothing) affine.constant = copy_numbers(e, form->constant, form->rows);
    AffineTerm *terms = ARENA_ARRAY(e->arena, AffineTerm, (size_t)form->count + 1);
    for (uint32_t b = 0; b < form->count;) {
        uint32_t end = b + 1;
        while (end < form->count && form->blocks[end].value == form->blocks[b].value)
            end++;
        terms[affine.count++] = term_of(e, form, b, end);
        b = end;
    }
    affine.terms = terms;
    return affine;
}

/* The value, and on `null` what a query gets that finds nothing. */
static Affine moved_of(const Emitter *e, const Item *item) {
    Affine affine = affine_of(e, &item->arguments[0]);
    bool nothing = true, same = true;
    for (uint32_t r = 0; item->fallback && r < affine.rows; r++) {
        nothing = nothing && item->fallback[r] == 0;
        same = same && item->fallback[r] == item->fallback[0];
    }
    if (nothing) return affine;
    AffineTerm *term = (AffineTerm *)&affine.terms[affine.count++]; /* affine_of leaves room */
    *term = (AffineTerm){.space = REAL_NULL, .factor = item->fallback[0]};
    if (!same) term->matrix = copy_numbers(e, item->fallback, affine.rows);
    return affine;
}

/* --- basis and inputs ------------------------------------------------------------------------- */

static void emit_basis(Emitter *e) {
    RealModel *model = e->model;
    const RealPlan *plan = e->plan;
    RealSpace *spaces = ARENA_ARRAY(e->arena, RealSpace, e->places->space_count);
    spaces[REAL_ONE] = (RealSpace){string_from(e->arena, "one"), NO_NODE, 0, 1};
    spaces[REAL_NULL] = (RealSpace){string_from(e->arena, "null"), NO_NODE, 1, 1};
    model->width = 2;
    for (SpaceId s = REAL_NULL + 1; s < e->places->space_count; s++) {
        const Value *value = &plan->values[e->places->first[s]];
        spaces[s] = (RealSpace){.name = name_space(e->names, value),
                                .node = value->node,
                                .offset = model->width,
                                .width = value->width};
        model->width += value->width;
    }
    model->space_count = e->places->space_count;
    model->spaces = spaces;
}

static RealInput input_of(const Emitter *e, NodeId id, SpaceId space) {
    const Node *node = graph_node(e->plan->graph, id);
    const String *name = node->atom.as.string;
    RealInput input = {
        .name = string_new(e->arena, name->bytes, name->len), .types = node->type, .space = space};
    if (!plan_real_is_text(e->plan, id)) return input;
    const AtomSet *words = e->plan->words[id];
    Atom *copies = ARENA_ARRAY(e->arena, Atom, words->count);
    for (uint32_t w = 0; w < words->count; w++)
        copies[w] = atom_copy(e->arena, words->atoms[w]);
    input.word_count = words->count;
    input.words = copies;
    return input;
}

static void emit_inputs(Emitter *e) {
    const RealPlan *plan = e->plan;
    RealModel *model = e->model;
    RealInput *inputs = ARENA_ARRAY(e->arena, RealInput, plan->value_count);
    RealPosition *positions = ARENA_ARRAY(e->arena, RealPosition, plan->value_count);
    for (ValueId v = 0; v < plan->value_count; v++) {
        const Value *value = &plan->values[v];
        if (!value->live) continue;
        SpaceId space = e->places->spaces[v];
        size_t count = (size_t)plan->options->max_length * value->width;
        if (value->kind == VALUE_INPUT) {
            inputs[model->input_count++] = input_of(e, value->node, space);
        } else if (value->numbers) {
            positions[model->position_count++] =
                (RealPosition){space, copy_numbers(e, value->numbers, count)};
        }
    }
    model->inputs = inputs;
    model->positions = positions;
}

/* --- heads ------------------------------------------------------------------------------------ */

static RealHead head_of(const Emitter *e, const Pattern *pattern) {
    RealHead head = {.name = name_head(e->names, pattern),
                     .gate_count = pattern->gate_count,
                     .score_count = pattern->score_count,
                     .normaliser = pattern->normaliser};
    Gate *gates = ARENA_ARRAY(e->arena, Gate, pattern->gate_count);
    ScoreTerm *scores = ARENA_ARRAY(e->arena, ScoreTerm, pattern->score_count);
    for (uint32_t g = 0; g < pattern->gate_count; g++) {
        const PatternGate *gate = &pattern->gates[g];
        gates[g] = (Gate){gate->kind, gate->relation, {0}, {0}, gate->a, gate->b, gate->node};
        if (gate->kind != GATE_COMPARE) continue;
        gates[g].key = affine_of(e, &gate->key);
        gates[g].query = affine_of(e, &gate->query);
    }
    for (uint32_t s = 0; s < pattern->score_count; s++)
        scores[s] = (ScoreTerm){affine_of(e, &pattern->scores[s].key),
                                affine_of(e, &pattern->scores[s].query)};
    head.gates = gates;
    head.scores = scores;
    return head;
}

static RealMove move_of(const Emitter *e, const Item *item) {
    return (RealMove){item->node, e->places->spaces[item->target], moved_of(e, item)};
}

static RealUnit relus_of(const Emitter *e, ItemId id) {
    const Item *item = &e->plan->items[id];
    Relus relus;
    RealUnit unit = {.kind = REAL_RELU, .node = item->node, .argument_count = 1};
    unit.target = e->places->spaces[item->target];
    if (!plan_real_relus(e->plan, id, &relus)) return unit;
    unit.relus = relus.input.rows;
    unit.error = relus.error;
    if (relus.error > 0) e->model->exact = false;
    unit.arguments[0] = affine_of(e, &relus.input);
    unit.out = copy_numbers(e, relus.out, (size_t)width_of(e, unit.target) * unit.relus);
    return unit;
}

static RealUnit unit_of(const Emitter *e, ItemId id) {
    const Item *item = &e->plan->items[id];
    if (e->plan->options->relu_only) return relus_of(e, id);
    RealUnit unit = {.kind = REAL_OPERATION,
                     .node = item->node,
                     .target = e->places->spaces[item->target],
                     .op = item->op,
                     .argument_count = item->argument_count};
    for (uint32_t a = 0; a < item->argument_count; a++)
        unit.arguments[a] = affine_of(e, &item->arguments[a]);
    return unit;
}

/* --- layers ----------------------------------------------------------------------------------- */

typedef struct ItemKey {
    uint32_t layer, kind, pattern;
    ItemId item;
} ItemKey;

static int by_layer(const void *a, const void *b) {
    const ItemKey *x = a, *y = b;
    if (x->layer != y->layer) return x->layer < y->layer ? -1 : 1;
    if (x->kind != y->kind) return x->kind == ITEM_MOVE ? -1 : 1;
    if (x->pattern != y->pattern) return x->pattern < y->pattern ? -1 : 1;
    return x->item < y->item ? -1 : x->item > y->item;
}

static ItemKey *sort_items(const RealPlan *plan, uint32_t *count) {
    ItemKey *keys = ARENA_ARRAY(plan->scratch, ItemKey, plan->item_count);
    *count = 0;
    for (ItemId i = 0; i < plan->item_count; i++) {
        const Item *item = &plan->items[i];
        if (item->live) keys[(*count)++] = (ItemKey){item->layer, item->kind, item->pattern, i};
    }
    qsort(keys, *count, sizeof *keys, by_layer);
    return keys;
}

static int erasure_by_layer(const void *a, const void *b) {
    const Erasure *x = a, *y = b;
    if (x->layer != y->layer) return x->layer < y->layer ? -1 : 1;
    return x->value < y->value ? -1 : x->value > y->value;
}

/* keys: (count) the moves of one layer. */
static void emit_heads(const Emitter *e, const ItemKey *keys, uint32_t count, RealLayer *layer) {
    RealHead *heads = ARENA_ARRAY(e->arena, RealHead, count);
    for (uint32_t i = 0; i < count;) {
        uint32_t first = i, pattern = keys[i].pattern;
        RealHead *head = &heads[layer->head_count++];
        *head = head_of(e, &e->plan->patterns[pattern]);
        while (i < count && keys[i].pattern == pattern)
            i++;
        RealMove *moves = ARENA_ARRAY(e->arena, RealMove, i - first);
        for (uint32_t m = first; m < i; m++)
            moves[head->move_count++] = move_of(e, &e->plan->items[keys[m].item]);
        head->moves = moves;
    }
    layer->heads = heads;
}

static void emit_layers(Emitter *e) {
    const RealPlan *plan = e->plan;
    uint32_t count, k = 0, erased = 0, erase_count = e->places->erase_count;
    const ItemKey *keys = sort_items(plan, &count);
    Erasure *erasures = e->places->erasures;
    if (erase_count > 0) qsort(erasures, erase_count, sizeof *erasures, erasure_by_layer);
    RealLayer *layers = ARENA_ARRAY(e->arena, RealLayer, plan->layer_count);
    for (uint32_t l = 0; l < plan->layer_count; l++) {
        uint32_t first = k, first_erased = erased;
        while (k < count && keys[k].layer == l && keys[k].kind == ITEM_MOVE)
            k++;
        emit_heads(e, &keys[first], k - first, &layers[l]);
        uint32_t units = k;
        while (units < count && keys[units].layer == l)
            units++;
        while (erased < erase_count && erasures[erased].layer == l)
            erased++;
        RealUnit *out = ARENA_ARRAY(e->arena, RealUnit, units - k + erased - first_erased);
        for (uint32_t i = first_erased; i < erased; i++)
            out[layers[l].unit_count++] =
                (RealUnit){.kind = REAL_ERASE,
                           .node = NO_NODE,
                           .target = e->places->spaces[erasures[i].value]};
        for (; k < units; k++)
            out[layers[l].unit_count++] = unit_of(e, keys[k].item);
        layers[l].units = out;
    }
    e->model->layer_count = plan->layer_count;
    e->model->layers = layers;
}

/* --- loops, traps, outputs -------------------------------------------------------------------- */

static int by_first(const void *a, const void *b) {
    const RealLoop *x = a, *y = b;
    if (x->first != y->first) return x->first < y->first ? -1 : 1;
    return x->count > y->count ? -1 : x->count < y->count;
}

static void emit_loops(Emitter *e) {
    const RealPlan *plan = e->plan;
    RealLoop *loops = ARENA_ARRAY(e->arena, RealLoop, plan->graph->loop_count);
    uint32_t count = 0;
    for (uint32_t l = 0; l < plan->graph->loop_count; l++) {
        const LoopPlan *loop = &plan->loops[l];
        if (!loop->live) continue;
        loops[count] = (RealLoop){.first = loop->first,
                                  .count = loop->count,
                                  .times = plan->graph->loops[l].times,
                                  .has_until = loop->until.rows > 0};
        if (loop->until.rows > 0) loops[count].until = affine_of(e, &loop->until);
        count++;
    }
    if (count > 0) qsort(loops, count, sizeof *loops, by_first);
    e->model->loop_count = count;
    e->model->loops = loops;
}

static void emit_traps(Emitter *e) {
    const RealPlan *plan = e->plan;
    RealTrap *traps = ARENA_ARRAY(e->arena, RealTrap, plan->trap_count);
    for (uint32_t t = 0; t < plan->trap_count; t++) {
        const PlanTrap *trap = &plan->traps[t];
        traps[t] = (RealTrap){.layer = trap->layer,
                              .node = trap->node,
                              .span = graph_node(plan->graph, trap->node)->span,
                              .id = trap->id,
                              .why = string_from(e->arena, trap->why),
                              .number = affine_of(e, &trap->number),
                              .limit = trap->limit};
    }
    e->model->trap_count = plan->trap_count;
    e->model->traps = traps;
}

/* How far the output may be from the program's. */
static double error_of(const Emitter *e, NodeId node) {
    RealPlan *plan = e->plan;
    const Form *form = &plan->forms[node];
    double error = 0;
    if (!plan->options->relu_only) return 0;
    Bound *bounds = ARENA_ARRAY(plan->scratch, Bound, form->rows);
    form_bounds(plan, form, bounds);
    for (uint32_t r = 0; r < form->rows; r++)
        if (bounds[r].inexact && bounds[r].error > error) error = bounds[r].error;
    TypeSet types = graph_node(plan->graph, node)->type;
    /* It is read as the nearest integer. */
    if ((types & ~(TYPE_INT | TYPE_BOOL)) == 0) error = floor(error + 0.5);
    if (isfinite(error)) return error;
    plan_real_refuse(plan, node,
                     "nothing bounds how far this may be off, when what it is made of is "
                     "interpolated");
    return 0;
}

static void emit_outputs(Emitter *e) {
    RealPlan *plan = e->plan;
    RealOutput *outputs = ARENA_ARRAY(e->arena, RealOutput, plan->output_count);
    for (uint32_t o = 0; o < plan->output_count; o++) {
        NodeId node = plan->outputs[o];
        outputs[o] = (RealOutput){.name = name_output(e->names, node),
                                  .node = node,
                                  .types = graph_node(plan->graph, node)->type,
                                  .error = error_of(e, node),
                                  .value = affine_of(e, &plan->forms[node])};
    }
    e->model->output_count = plan->output_count;
    e->model->outputs = outputs;
}

RealModel *plan_real_emit(RealPlan *plan, const Places *places) {
    RealModel *model = ARENA_NEW(plan->arena, RealModel);
    Emitter e = {plan, places, plan->arena, model, names_new(plan)};
    model->arena = plan->arena;
    model->float_type = plan->options->float_type;
    model->max_length = plan->options->max_length;
    model->exact = !plan->irrational && !plan->rounded;
    emit_basis(&e);
    emit_inputs(&e);
    emit_layers(&e);
    emit_loops(&e);
    emit_traps(&e);
    emit_outputs(&e);
    return plan->refused ? NULL : model;
}
