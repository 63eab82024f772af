/* Gives variables their directions, in order: every subspace is written once, by the embedding, by
   a head or by a group of units. */
#include "compiler/lower/encode.h"

#include "runtime/base/bug.h"

#include <math.h>
#include <string.h>

static void *grown(Arena *arena, const void *old, uint32_t count, uint32_t *capacity, size_t size) {
    if (count < *capacity) return (void *)old;
    *capacity = *capacity ? 2 * *capacity : 16;
    return arena_grow(arena, old, count, *capacity, size);
}

/* A table of the plan that becomes one of the model as it is. */
static const void *adopted(Encoder *e, const void *table, size_t bytes) {
    return arena_adopt(e->arena, e->l->scratch, table, bytes);
}

/* --- subspaces -------------------------------------------------------------------------------- */

static bool name_taken(const Encoder *e, const String *name) {
    for (uint32_t s = 0; s < e->subspace_count; s++) {
        if (string_equal(e->subspaces[s].name, name)) return true;
    }
    return false;
}

/* The program's name for the node, else its operation and number; then the suffix; made unique. */
static const String *subspace_name(Encoder *e, NodeId node, const char *suffix) {
    Buffer text = {0};
    const String *given = node == NO_NODE ? NULL : graph_name_of(e->l->graph, node);
    if (given)
        buffer_add(&text, given->bytes, given->len);
    else if (node != NO_NODE)
        buffer_printf(&text, "%s%u", op_info(graph_node(e->l->graph, node)->op)->name, node);
    buffer_text(&text, suffix);
    const String *name = string_new(e->arena, text.data, text.len);
    for (uint32_t copy = 2; name_taken(e, name); copy++) {
        size_t base = text.len;
        buffer_printf(&text, ".%u", copy);
        name = string_new(e->arena, text.data, text.len);
        text.len = base;
    }
    buffer_free(&text);
    return name;
}

SubspaceId encode_subspace(Encoder *e, Subspace subspace, NodeId node, const char *suffix) {
    e->subspaces =
        grown(e->arena, e->subspaces, e->subspace_count, &e->subspace_capacity, sizeof(Subspace));
    subspace.name = subspace_name(e, node, suffix);
    subspace.node = node;
    subspace.offset = e->width;
    subspace.width = subspace.kind == SUBSPACE_ONE_HOT ? subspace.count
                     : subspace.kind == SUBSPACE_STEPS ? subspace.count - 1
                                                       : 1;
    e->width += subspace.width;
    e->subspaces[e->subspace_count] = subspace;
    return e->subspace_count++;
}

static void add_embed(Encoder *e, EmbedKind kind, SubspaceId subspace, const double *values) {
    e->embeds = grown(e->arena, e->embeds, e->embed_count, &e->embed_capacity, sizeof(Embed));
    e->embeds[e->embed_count++] = (Embed){kind, subspace, values};
}

static void add_units(Encoder *e, uint32_t phase, uint32_t stage, UnitGroup group) {
    e->units =
        grown(e->l->scratch, e->units, e->unit_count, &e->unit_capacity, sizeof(StagedUnits));
    e->units[e->unit_count++] = (StagedUnits){phase, stage, group};
}

/* --- functions of the position ---------------------------------------------------------------- */

static void range_of(const double *values, uint32_t count, double *low, double *high) {
    *low = INFINITY, *high = -INFINITY;
    for (uint32_t v = 0; v < count; v++) {
        *low = fmin(*low, values[v]);
        *high = fmax(*high, values[v]);
    }
}

/* values = factor * position + constant, with whole numbers? */
static bool is_affine(const double *values, uint32_t count, double *factor, double *constant) {
    *constant = values[0];
    *factor = count > 1 ? values[1] - values[0] : 0;
    if (*factor != floor(*factor) || *constant != floor(*constant)) return false;
    for (uint32_t i = 0; i < count; i++) {
        if (values[i] != *factor * i + *constant) return false;
    }
    return true;
}

static SubspaceId position_function(Encoder *e, const double *values, const char *name) {
    uint32_t count = e->l->options->max_length;
    for (uint32_t f = 0; f < e->function_count; f++) {
        if (memcmp(e->functions[f].values, values, count * sizeof(double)) == 0)
            return e->functions[f].subspace;
    }
    const double *kept = adopted(e, values, count * sizeof(double));
    Subspace subspace = {.kind = SUBSPACE_REAL, .denominator = 1};
    range_of(kept, count, &subspace.low, &subspace.high);
    SubspaceId id = encode_subspace(e, subspace, NO_NODE, name);
    add_embed(e, EMBED_POSITION, id, kept);
    e->functions = grown(e->l->scratch, e->functions, e->function_count, &e->function_capacity,
                         sizeof(PositionFunction));
    e->functions[e->function_count++] = (PositionFunction){kept, id};
    return id;
}

static bool is_squares(const double *values, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        if (values[i] != (double)i * i) return false;
    }
    return true;
}

/* The term over a direction of the embedding that holds this function of the position. */
static FeatureTerm position_term(Encoder *e, const double *values, double *constant) {
    uint32_t count = e->l->options->max_length;
    double factor = 1, offset = 0;
    if (is_affine(values, count, &factor, &offset)) {
        double *numbers = ARENA_ARRAY(e->l->scratch, double, count);
        for (uint32_t i = 0; i < count; i++)
            numbers[i] = i;
        *constant += offset;
        SubspaceId indices = position_function(e, numbers, "indices");
        arena_give_back(e->l->scratch, numbers, count * sizeof(double));
        return (FeatureTerm){indices, factor, NULL};
    }
    const char *name = is_squares(values, count) ? "indices^2" : "f(indices)";
    return (FeatureTerm){position_function(e, values, name), 1, NULL};
}

/* --- features --------------------------------------------------------------------------------- */

static void raise_stage(uint32_t *stage, const Encoder *e, VarId var, uint32_t phase, uint32_t at) {
    if (plan_get(e->l, var)->phase == phase && at > *stage) *stage = at;
}

/* Is each value a class of its own? */
static bool all_apart(const Encoder *e, VarId id) {
    return e->vars[id].classes == plan_get(e->l, id)->count;
}

static const double *kept_by_class(Encoder *e, VarId id, const double *values) {
    const Encoded *var = &e->vars[id];
    size_t bytes = var->classes * sizeof(double);
    if (all_apart(e, id)) return adopted(e, values, bytes);
    double *by_class = ARENA_ARRAY(e->arena, double, var->classes);
    for (uint32_t c = 0; c < var->classes; c++)
        by_class[c] = values[var->first[c]];
    return keep_array(&e->kept, e->arena, by_class, bytes);
}

static const double *numbers_by_class(Encoder *e, VarId id, const double *values) {
    for (uint32_t i = 0; i < e->numbers_count; i++) {
        if (e->numbers[i].var == id && e->numbers[i].values == values)
            return e->numbers[i].by_class;
    }
    const double *kept = kept_by_class(e, id, values);
    e->numbers = grown(e->l->scratch, e->numbers, e->numbers_count, &e->numbers_capacity,
                       sizeof(ClassNumbers));
    e->numbers[e->numbers_count++] = (ClassNumbers){id, values, kept};
    return kept;
}

Feature encode_feature(Encoder *e, PlanFeature feature, bool coded, uint32_t phase,
                       uint32_t *stage) {
    FeatureTerm *terms = ARENA_ARRAY(e->arena, FeatureTerm, feature.count);
    Feature out = {.constant = feature.constant, .terms = terms};
    for (uint32_t i = 0; i < feature.count; i++) {
        VarId id = feature.terms[i].var;
        const double *values = feature.terms[i].values;
        const Encoded *var = &e->vars[id];
        double factor, constant;
        if (!coded && plan_get(e->l, id)->kind == VAR_POSITION) {
            terms[out.count++] = position_term(e, values, &out.constant);
        } else if (!coded && values_from_register(e->l, id, values, &factor, &constant)) {
            out.constant += constant;
            if (factor != 0) terms[out.count++] = (FeatureTerm){var->number, factor, NULL};
        } else {
            terms[out.count++] = (FeatureTerm){var->code, 0, numbers_by_class(e, id, values)};
            raise_stage(stage, e, id, phase, var->code_stage);
        }
    }
    return out;
}

/* --- codes ------------------------------------------------------------------------------------ */

/* 0, 1, 2, ...: at least so many. */
static const uint32_t *numbers_from_0(Encoder *e, uint32_t count) {
    if (count <= e->counted) return e->counting;
    uint32_t *list = ARENA_ARRAY(e->l->scratch, uint32_t, count);
    for (uint32_t v = 0; v < count; v++)
        list[v] = v;
    e->counting = list;
    e->counted = count;
    return list;
}

/* Values that the cuts tell apart, in runs; without cuts each is its own class. */
static void make_classes(Encoder *e, VarId id, bool runs) {
    Encoded *encoded = &e->vars[id];
    uint32_t count = plan_get(e->l, id)->count;
    if (!runs || count == 0 || !memchr(encoded->cuts, 0, count - 1)) {
        encoded->classes = count;
        encoded->class_of = encoded->first = numbers_from_0(e, count);
        return;
    }
    uint32_t *class_of = ARENA_ARRAY(e->l->scratch, uint32_t, count);
    uint32_t *first = ARENA_ARRAY(e->l->scratch, uint32_t, count);
    for (uint32_t v = 0; v < count; v++) {
        if (v == 0 || encoded->cuts[v - 1]) first[encoded->classes++] = v;
        class_of[v] = encoded->classes - 1;
    }
    size_t bytes = count * sizeof(uint32_t);
    encoded->class_of = keep_array(&e->l->kept, e->l->scratch, class_of, bytes);
    encoded->first = keep_array(&e->l->kept, e->l->scratch, first, bytes);
}

/* Does it look at nothing outside? */
static bool is_plain(Atom a) {
    return a.kind == ATOM_BOOL || a.kind == ATOM_FLOAT || (a.kind == ATOM_INT && !a.big);
}

static Atoms code_domain(Encoder *e, VarId id) {
    const Encoded *encoded = &e->vars[id];
    Atoms values = plan_get(e->l, id)->domain;
    bool plain = all_apart(e, id);
    if (plain && atoms_is_run(values)) return values;
    for (uint32_t c = 0; c < encoded->classes && plain; c++)
        plain = is_plain(atoms_at(values, c));
    if (plain) return atoms_listed(adopted(e, values.list, encoded->classes * sizeof(Atom)));
    Atom *domain = ARENA_ARRAY(e->arena, Atom, encoded->classes);
    for (uint32_t c = 0; c < encoded->classes; c++)
        domain[c] = atom_copy(e->arena, atoms_at(values, encoded->first[c]));
    size_t bytes = encoded->classes * sizeof(Atom);
    return atoms_listed(keep_array(&e->kept, e->arena, domain, bytes));
}

static SubspaceId make_code(Encoder *e, VarId id, SubspaceKind kind, const char *suffix) {
    Subspace subspace = {.kind = kind, .count = e->vars[id].classes, .domain = code_domain(e, id)};
    return encode_subspace(e, subspace, plan_get(e->l, id)->node, suffix);
}

typedef struct Thresholds {
    const double *below, *above; /* (classes - 1) */
} Thresholds;

/* Between the variable's classes, value v of which has readings up to highs[v]. */
static Thresholds thresholds_of(Encoder *e, VarId id, const double *highs) {
    const double *lows = plan_get(e->l, id)->readings;
    const Encoded *encoded = &e->vars[id];
    uint32_t steps = encoded->classes - 1;
    if (all_apart(e, id)) {
        size_t bytes = encoded->classes * sizeof(double);
        const double *above = adopted(e, lows, bytes);
        return (Thresholds){highs == lows ? above : adopted(e, highs, bytes), above + 1};
    }
    double *below = ARENA_ARRAY(e->arena, double, steps);
    double *above = ARENA_ARRAY(e->arena, double, steps);
    for (uint32_t s = 0; s < steps; s++) {
        uint32_t v = encoded->first[s + 1];
        below[s] = highs[v - 1];
        above[s] = lows[v];
    }
    size_t bytes = steps * sizeof(double);
    return (Thresholds){keep_array(&e->kept, e->arena, below, bytes),
                        keep_array(&e->kept, e->arena, above, bytes)};
}

/* Steps over a number with the variable's readings. */
static void make_steps(Encoder *e, VarId id, Feature input, uint32_t stage, const char *suffix) {
    const Var *var = plan_get(e->l, id);
    Encoded *encoded = &e->vars[id];
    make_classes(e, id, true);
    encoded->code = make_code(e, id, SUBSPACE_STEPS, suffix);
    encoded->code_stage = stage;
    const double *highs = var->highs ? var->highs : var->readings;
    double greatest = fmax(fabs(var->readings[0]), fabs(highs[var->count - 1]));
    Thresholds thresholds = thresholds_of(e, id, highs);
    add_units(e, var->phase, stage,
              (UnitGroup){.kind = UNIT_STEPS,
                          .node = var->node,
                          .target = encoded->code,
                          .input = input,
                          .below = thresholds.below,
                          .above = thresholds.above,
                          .greatest = greatest,
                          .error = var->error});
}

/* --- variables by kind ------------------------------------------------------------------------ */

static double *identity(Encoder *e, uint32_t count) {
    double *values = ARENA_ARRAY(e->arena, double, count);
    for (uint32_t v = 0; v < count; v++)
        values[v] = v;
    return values;
}

static void encode_token(Encoder *e, VarId id) {
    if (!e->vars[id].coded) return;
    make_classes(e, id, false);
    e->vars[id].code = make_code(e, id, SUBSPACE_ONE_HOT, "tokens");
    add_embed(e, EMBED_TOKEN, e->vars[id].code, identity(e, plan_get(e->l, id)->count));
}

static void encode_position(Encoder *e, VarId id) {
    if (!e->vars[id].coded) return;
    make_classes(e, id, false);
    e->vars[id].code = make_code(e, id, SUBSPACE_ONE_HOT, "position");
    add_embed(e, EMBED_POSITION, e->vars[id].code, identity(e, plan_get(e->l, id)->count));
}

static void encode_moved(Encoder *e, VarId id) {
    const Var *var = plan_get(e->l, id);
    Encoded *encoded = &e->vars[id];
    const PlanMove *move = &e->l->heads[var->head].moves[var->move];
    if (move->kind == MOVE_CODED) {
        const Encoded *source = &e->vars[move->source];
        uint32_t values = plan_get(e->l, move->source)->count;
        uint32_t *class_of = ARENA_ARRAY(e->l->scratch, uint32_t, var->count);
        uint32_t *first = ARENA_ARRAY(e->l->scratch, uint32_t, var->count);
        for (uint32_t v = 0; v < var->count; v++) {
            class_of[v] = v < values ? source->class_of[v] : encoded->classes;
            if (class_of[v] == encoded->classes) first[encoded->classes++] = v;
        }
        encoded->class_of = class_of;
        encoded->first = first;
        encoded->code = make_code(e, id, SUBSPACE_ONE_HOT, "");
        return;
    }
    bool counts = move->kind == MOVE_NULL_WEIGHT;
    Subspace number = {.kind = SUBSPACE_REAL, .denominator = 0, .low = 0, .high = 1};
    if (!counts && var->readings) {
        number.low = var->readings[0];
        number.high = var->readings[var->count - 1];
    } else if (!counts) {
        double low, high;
        feature_range(e->l, move->value, &low, &high);
        number.low = fmin(low, move->default_value);
        number.high = fmax(high, move->default_value);
    }
    if (!counts && var->error == 0) number.denominator = 1;
    if (var->fractions) number.denominator = e->l->options->max_length;
    if (counts) number.denominator = e->l->options->max_length + 1;
    encoded->number = encode_subspace(e, number, var->node, counts ? ".x" : "");
    if (!encoded->coded) return;
    FeatureTerm *term = ARENA_NEW(e->arena, FeatureTerm);
    *term = (FeatureTerm){encoded->number, 1, NULL};
    make_steps(e, id, (Feature){.count = 1, .terms = term}, 1, counts ? "" : ".steps");
}

static void encode_stepped(Encoder *e, VarId id) {
    const Var *var = plan_get(e->l, id);
    uint32_t stage = 0;
    Feature input = encode_feature(e, var->input, false, var->phase, &stage);
    make_steps(e, id, input, stage + 1, "");
}

static void encode_banded(Encoder *e, VarId id) {
    FeatureTerm *term = ARENA_NEW(e->arena, FeatureTerm);
    *term = (FeatureTerm){e->vars[plan_get(e->l, id)->source].number, 1, NULL};
    make_steps(e, id, (Feature){.count = 1, .terms = term}, 1, ".steps");
}

static void encode_lookup(Encoder *e, VarId id) {
    const Var *var = plan_get(e->l, id);
    const PlanLookup *lookup = &var->lookup;
    uint32_t stage = 0, count = lookup->source_count, cells = 1;
    SubspaceId *sources = ARENA_ARRAY(e->arena, SubspaceId, count);
    uint32_t *class_counts = ARENA_ARRAY(e->arena, uint32_t, count);
    const uint32_t **classes = ARENA_ARRAY(e->arena, const uint32_t *, count);
    for (uint32_t s = 0; s < count; s++) {
        const Encoded *source = &e->vars[lookup->sources[s]];
        uint32_t *by_class = ARENA_ARRAY(e->arena, uint32_t, source->classes);
        for (uint32_t c = 0; c < source->classes; c++)
            by_class[c] = lookup->classes[s][source->first[c]];
        sources[s] = source->code;
        class_counts[s] = lookup->class_counts[s];
        classes[s] = by_class;
        cells *= class_counts[s];
        raise_stage(&stage, e, lookup->sources[s], var->phase, source->code_stage);
    }
    uint32_t *result = ARENA_ARRAY(e->arena, uint32_t, cells);
    memcpy(result, lookup->result, cells * sizeof(uint32_t));
    make_classes(e, id, false);
    e->vars[id].code = make_code(e, id, SUBSPACE_ONE_HOT, "");
    e->vars[id].code_stage = stage + 1;
    add_units(e, var->phase, stage + 1,
              (UnitGroup){.kind = UNIT_LOOKUP,
                          .node = var->node,
                          .target = e->vars[id].code,
                          .source_count = count,
                          .sources = sources,
                          .class_counts = class_counts,
                          .classes = classes,
                          .result = result});
}

void encode_variables(Encoder *e) {
    for (VarId id = 0; id < e->l->var_count; id++) {
        e->vars[id].code = e->vars[id].number = NO_SUBSPACE;
        if (!e->vars[id].live) continue;
        switch (plan_get(e->l, id)->kind) {
        case VAR_TOKEN: encode_token(e, id); break;
        case VAR_POSITION: encode_position(e, id); break;
        case VAR_MOVED: encode_moved(e, id); break;
        case VAR_STEPPED: encode_stepped(e, id); break;
        case VAR_BANDED: encode_banded(e, id); break;
        case VAR_LOOKUP: encode_lookup(e, id); break;
        }
    }
}
