/* The last step: heads with their features, layers, the read-out. */
#include "compiler/lower/encode.h"

#include "runtime/base/bug.h"

#include <math.h>
#include <string.h>

/* exp(-scale / 2) is 0 in the float type: softmax with gaps of at least 1/2 is hardmax. A power of
   two, so that scaling a score never rounds. */
static double softmax_scale(FloatType type) {
    double scale = 1;
    while (scale / 2 < float_info(type)->underflow)
        scale *= 2;
    return scale;
}

static const String *name_of(const Encoder *e, NodeId node) {
    const String *name = graph_name_of(e->l->graph, node);
    if (name) return name;
    char text[64];
    snprintf(text, sizeof text, "%s%u", op_info(graph_node(e->l->graph, node)->op)->name, node);
    return string_from(e->arena, text);
}

/* --- heads ------------------------------------------------------------------------------------ */

static HeadTerm encode_term(Encoder *e, const PlanTermOfHead *term) {
    uint32_t stage = 0;
    bool coded = term->kind == TERM_TABLE || (term->kind == TERM_COMPARE && !term->squared);
    uint8_t *table = NULL;
    if (term->kind == TERM_TABLE) {
        size_t cells = (size_t)term->key_count * term->query_count;
        table = ARENA_ARRAY(e->arena, uint8_t, cells);
        memcpy(table, term->table, cells);
    }
    const uint32_t any = UINT32_MAX; /* a head reads what layers before it made, at any stage */
    return (HeadTerm){
        .kind = term->kind,
        .node = term->node,
        .relation = term->relation,
        .key = encode_feature(e, term->key, coded, any, &stage),
        .query = encode_feature(e, term->query, coded, any, &stage),
        .squared = term->squared,
        .key_square = encode_feature(e, term->key_square, false, any, &stage),
        .query_square = encode_feature(e, term->query_square, false, any, &stage),
        .key_count = term->key_count,
        .query_count = term->query_count,
        .table = table,
    };
}

static HeadMove encode_move(Encoder *e, const PlanMove *move) {
    uint32_t stage = 0;
    HeadMove out = {.kind = move->kind,
                    .node = move->node,
                    .source = NO_SUBSPACE,
                    .default_value = move->default_value};
    const Encoded *target = &e->vars[move->target];
    out.target = move->kind == MOVE_CODED ? target->code : target->number;
    if (move->kind == MOVE_REAL)
        out.value = encode_feature(e, move->value, false, UINT32_MAX, &stage);
    if (move->kind == MOVE_CODED) {
        out.source = e->vars[move->source].code;
        out.default_index = target->class_of[move->default_index];
    }
    return out;
}

static Head encode_head(Encoder *e, const PlanHead *plan) {
    HeadTerm *terms = ARENA_ARRAY(e->arena, HeadTerm, plan->term_count);
    HeadMove *moves = ARENA_ARRAY(e->arena, HeadMove, plan->move_count);
    Head head = {.name = e->head_names[plan - e->l->heads],
                 .term_count = plan->term_count,
                 .terms = terms,
                 .mask = plan->mask,
                 .null_policy = plan->null_policy,
                 .normaliser = NORMALISER_SOFTMAX,
                 .scale = softmax_scale(e->l->options->float_type),
                 .moves = moves};
    for (uint32_t i = 0; i < plan->term_count; i++)
        terms[i] = encode_term(e, &plan->terms[i]);
    for (uint32_t m = 0; m < plan->move_count; m++) {
        if (plan->moves[m].live) moves[head.move_count++] = encode_move(e, &plan->moves[m]);
    }
    return head;
}

/* --- layers ----------------------------------------------------------------------------------- */

static uint32_t last_stage(const Encoder *e, uint32_t phase) {
    uint32_t stage = 0;
    for (uint32_t u = 0; u < e->unit_count; u++) {
        if (e->units[u].phase == phase && e->units[u].stage > stage) stage = e->units[u].stage;
    }
    return stage;
}

static Layer encode_layer(Encoder *e, uint32_t phase, uint32_t stage) {
    UnitGroup *units = ARENA_ARRAY(e->arena, UnitGroup, e->unit_count);
    Head *heads = ARENA_ARRAY(e->arena, Head, e->l->head_count);
    Layer layer = {.heads = heads, .units = units};
    for (uint32_t h = 0; h < e->l->head_count && stage == 1; h++) {
        if (e->head_live[h] && e->l->heads[h].phase == phase)
            heads[layer.head_count++] = encode_head(e, &e->l->heads[h]);
    }
    for (uint32_t u = 0; u < e->unit_count; u++) {
        if (e->units[u].phase == phase && e->units[u].stage == stage)
            units[layer.unit_count++] = e->units[u].group;
    }
    return layer;
}

/* Phase by phase: the heads and the first stage of units in one layer, further stages in layers
   of their own. */
static void encode_layers(Encoder *e, Model *model) {
    uint32_t phases = 0, capacity = 0;
    for (uint32_t h = 0; h < e->l->head_count; h++) {
        if (e->head_live[h] && e->l->heads[h].phase > phases) phases = e->l->heads[h].phase;
    }
    for (uint32_t p = 0; p <= phases; p++)
        capacity += 1 + last_stage(e, p);
    Layer *layers = ARENA_ARRAY(e->arena, Layer, capacity);
    for (uint32_t p = 0; p <= phases; p++) {
        uint32_t stages = last_stage(e, p);
        for (uint32_t s = 1; s == 1 || s <= stages; s++) {
            Layer layer = encode_layer(e, p, s);
            if (layer.head_count + layer.unit_count > 0) layers[model->layer_count++] = layer;
        }
    }
    model->layers = layers;
}

/* --- the read-out ----------------------------------------------------------------------------- */

static void reading_atoms(Encoder *e, const Form *form, Reading *reading) {
    reading->source = NO_SUBSPACE;
    uint32_t count = 1;
    if (form->var != NO_VAR) {
        reading->source = e->vars[form->var].code;
        count = e->vars[form->var].classes;
    }
    Atom *atoms = ARENA_ARRAY(e->arena, Atom, count);
    for (uint32_t c = 0; c < count; c++) {
        uint32_t v = form->var == NO_VAR ? 0 : e->vars[form->var].first[c];
        atoms[c] = atom_copy(e->arena, atoms_at(form->atoms, v));
    }
    reading->atom_count = count;
    reading->atoms = atoms;
}

/* What floats lose of the sum of a constant and a register, and then the doubles that look for the
   nearest fraction. */
static double adding_error(const Encoder *e, double constant, SubspaceId id) {
    const Subspace *s = &e->subspaces[id];
    double greatest = fmax(fabs(constant + s->low), fabs(constant + s->high));
    double rounding = float_rounding(e->l->options->float_type) + float_rounding(FLOAT_64);
    return constant == 0 ? 0 : rounding * greatest;
}

static void reading_number(Encoder *e, const Form *form, Reading *reading) {
    uint32_t stage = 0, count = form_count(e->l, form);
    if (form->kind == FORM_SUM) {
        reading->number = encode_feature(e, form->sum, false, UINT32_MAX, &stage);
        return;
    }
    if (reading->decode == DECODE_FRACTION) {
        const Var *var = plan_get(e->l, form->var);
        FeatureTerm *term = ARENA_NEW(e->arena, FeatureTerm);
        *term = (FeatureTerm){e->vars[form->var].number, 1, NULL};
        reading->number = (Feature){var->shift, 1, term};
        reading->denominator = e->l->options->max_length;
        reading->error = var->error + adding_error(e, var->shift, e->vars[form->var].number);
        return;
    }
    double *values = ARENA_ARRAY(e->l->scratch, double, count);
    for (uint32_t v = 0; v < count; v++) {
        if (!atom_failed(atoms_at(form->atoms, v)))
            (void)atom_whole(atoms_at(form->atoms, v), &values[v]);
    }
    reading->number =
        encode_feature(e, feature_own(e->l, form->var, values), false, UINT32_MAX, &stage);
}

/* A feature that is 1 where the variable's bit is set. */
static Feature encode_bits(Encoder *e, VarId var, const uint8_t *bits) {
    uint32_t stage = 0, count = plan_get(e->l, var)->count;
    double *values = ARENA_ARRAY(e->l->scratch, double, count);
    for (uint32_t v = 0; v < count; v++)
        values[v] = bits[v];
    return encode_feature(e, feature_own(e->l, var, values), false, UINT32_MAX, &stage);
}

static void readout_traps(Encoder *e, Readout *readout) {
    Trap *traps = ARENA_ARRAY(e->arena, Trap, e->l->trap_count);
    for (uint32_t t = 0; t < e->l->trap_count; t++) {
        const PlanTrap *trap = &e->l->traps[t];
        traps[t] = (Trap){.node = trap->node,
                          .span = graph_node(e->l->graph, trap->node)->span,
                          .id = trap->id,
                          .why = string_new(e->arena, trap->why->bytes, trap->why->len),
                          .feature = encode_bits(e, trap->var, trap->bits)};
    }
    readout->trap_count = e->l->trap_count;
    readout->traps = traps;
}

static Reading encode_reading(Encoder *e, const Form *form) {
    Reading reading = {.decode = readout_decode(e->l, form), .source = NO_SUBSPACE};
    if (reading.decode == DECODE_ATOMS)
        reading_atoms(e, form, &reading);
    else
        reading_number(e, form, &reading);
    reading.mixed = form->exact != NULL;
    if (!reading.mixed) return reading;
    reading.mixed_with_bools = form_has_bools(e->l, form);
    reading.exact = encode_bits(e, form->chooser, form->exact);
    return reading;
}

static Readout encode_readout(Encoder *e) {
    const PlanReadout *plan = &e->l->readout;
    Reading *readings = ARENA_ARRAY(e->arena, Reading, plan->reading_count);
    for (uint32_t r = 0; r < plan->reading_count; r++)
        readings[r] = encode_reading(e, &plan->readings[r]);
    Readout readout = {.name = name_of(e, e->l->output),
                       .node = e->l->output,
                       .reading_count = plan->reading_count,
                       .readings = readings,
                       .step_count = plan->step_count,
                       .steps = plan->steps};
    readout_traps(e, &readout);
    return readout;
}

static Model *build_model(Encoder *e) {
    const LowerOptions *options = e->l->options;
    Atom *vocabulary = ARENA_ARRAY(e->arena, Atom, options->vocabulary_count);
    for (uint32_t t = 0; t < options->vocabulary_count; t++)
        vocabulary[t] = atom_copy(e->arena, options->vocabulary[t]);
    Model *model = ARENA_NEW(e->arena, Model);
    *model = (Model){.arena = e->arena,
                     .vocabulary_count = options->vocabulary_count,
                     .vocabulary = vocabulary,
                     .max_length = options->max_length,
                     .causal = options->causal,
                     .float_type = options->float_type};
    encode_layers(e, model);
    model->readout = encode_readout(e); /* may add directions */
    model->width = e->width;
    model->subspace_count = e->subspace_count;
    model->subspaces = e->subspaces;
    model->embed_count = e->embed_count;
    model->embeds = e->embeds;
    return model;
}

Model *plan_encode(Lowering *l) {
    Encoder e = {.l = l,
                 .arena = l->arena,
                 .vars = ARENA_ARRAY(l->scratch, Encoded, l->var_count),
                 .head_live = ARENA_ARRAY(l->scratch, bool, l->head_count)};
    encode_subspace(&e, (Subspace){.kind = SUBSPACE_ONE, .denominator = 1, .high = 1}, NO_NODE,
                    "one");
    encode_subspace(&e, (Subspace){.kind = SUBSPACE_NULL, .denominator = 1, .high = 1}, NO_NODE,
                    "null");
    encode_demands(&e);
    encode_variables(&e);
    e.head_names = encode_head_names(&e);
    return build_model(&e);
}
