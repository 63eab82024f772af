/* From the symbolic view of a model to what it promises of the weights. */
#include "runtime/certify/certificate.h"

#include "runtime/model/weights.h"

#include <math.h>
#include <string.h>

/* A little less than the claim, so that the rounding of these doubles does not overstate it. */
static double claim_below(double exact) { return exact - fabs(exact) * ldexp(1, -30); }

static ClaimedSubspace claimed_subspace(const Subspace *s) {
    bool coded = subspace_is_coded(s);
    return (ClaimedSubspace){.name = s->name->bytes,
                             .kind = s->kind,
                             .offset = s->offset,
                             .width = s->width,
                             .count = coded ? s->count : 0,
                             .values = s->domain,
                             .low = s->low,
                             .high = s->high,
                             .denominator = s->denominator};
}

static bool same_feature(const Model *model, const Feature *a, const Feature *b) {
    if (a->constant != b->constant || a->count != b->count) return false;
    for (uint32_t i = 0; i < a->count; i++) {
        const FeatureTerm *x = &a->terms[i], *y = &b->terms[i];
        if (x->subspace != y->subspace || x->factor != y->factor || !x->values != !y->values)
            return false;
        size_t bytes = model->subspaces[x->subspace].count * sizeof *x->values;
        if (x->values && memcmp(x->values, y->values, bytes) != 0) return false;
    }
    return true;
}

/* A function of the position alone, which is 1 at the first? */
static bool holds_at_first(const Model *model, const Feature *key) {
    const FeatureTerm *term = key->terms;
    if (key->count != 1) return false;
    for (uint32_t e = 0; e < model->embed_count; e++) {
        const Embed *embed = &model->embeds[e];
        if (embed->kind != EMBED_POSITION || embed->subspace != term->subspace) continue;
        double first = embed->values[0];
        double value = term->values ? term->values[(size_t)first] : term->factor * first;
        return key->constant + value == 1;
    }
    return false;
}

/* A guess, which certify proves or not: both sides of every comparison are the same feature, or the
   one term is on the key alone. */
static Always always_of(const Model *model, const Head *head) {
    bool itself = head->mask.low <= 0 && head->mask.high >= 0;
    for (uint32_t t = 0; t < head->term_count; t++) {
        const HeadTerm *term = &head->terms[t];
        if (term->squared == 1) return ALWAYS_NEAREST;
        itself = itself && term->kind == TERM_COMPARE && (term->relation & RELATION_EQ) &&
                 same_feature(model, &term->key, &term->query);
    }
    if (itself) return ALWAYS_ITSELF;
    if (head->null_policy == NULL_DEFAULT) return ALWAYS_NOTHING;
    if (head->term_count == 1 && head->terms[0].kind == TERM_KEY &&
        holds_at_first(model, &head->terms[0].key))
        return ALWAYS_FIRST;
    return head->null_policy == NULL_NONE ? ALWAYS_ASSUMED : ALWAYS_NOTHING;
}

/* Numbers that are taken from one key are whole; what has a code is no mean. */
static bool takes_one(const Model *model, const Head *head) {
    for (uint32_t m = 0; m < head->move_count; m++) {
        const HeadMove *move = &head->moves[m];
        if (move->kind == MOVE_CODED) return true;
        if (move->kind == MOVE_REAL && model->subspaces[move->target].denominator == 1) return true;
    }
    return false;
}

static ClaimedHead claimed_head(Arena *arena, const Model *model, const Head *head) {
    uint32_t *targets = ARENA_ARRAY(arena, uint32_t, head->move_count);
    for (uint32_t m = 0; m < head->move_count; m++)
        targets[m] = head->moves[m].target;
    return (ClaimedHead){.name = head->name->bytes,
                         .null_policy = head->null_policy,
                         .always = always_of(model, head),
                         .one = takes_one(model, head),
                         .scale = head->scale,
                         .gap = head->null_policy == NULL_DEFAULT ? 0.5 : 1,
                         .target_count = head->move_count,
                         .targets = targets};
}

/* The least that either ReLU of a pair stays away from where the step begins or ends; 1, the step's
   own size, at most. */
static double steps_margin(const Model *model, const UnitGroup *group) {
    double margin = 1, slope, bias;
    for (uint32_t v = 0; v + 1 < model->subspaces[group->target].count; v++) {
        double below = group->below[v], above = group->above[v];
        if (!step_line(model->float_type, below + group->error, above - group->error,
                       group->greatest, &slope, &bias))
            return 0;
        margin = fmin(margin, fmin(-fma(slope, below, bias + 1), fma(slope, above, bias)));
    }
    return claim_below(fmax(margin, 0));
}

static ClaimedLayer claimed_layer(Arena *arena, const Model *model, const Layer *layer) {
    ClaimedHead *heads = ARENA_ARRAY(arena, ClaimedHead, layer->head_count);
    ClaimedUnits *units = ARENA_ARRAY(arena, ClaimedUnits, layer->unit_count);
    uint32_t first = 0;
    for (uint32_t h = 0; h < layer->head_count; h++)
        heads[h] = claimed_head(arena, model, &layer->heads[h]);
    for (uint32_t g = 0; g < layer->unit_count; g++) {
        const UnitGroup *group = &layer->units[g];
        uint32_t count = group_units(model, group);
        units[g] = (ClaimedUnits){
            .kind = group->kind, .target = group->target, .first = first, .count = count};
        if (group->kind == UNIT_STEPS) units[g].margin = steps_margin(model, group);
        if (group->kind == UNIT_LOOKUP) units[g].margin = 1;
        first += count;
    }
    return (ClaimedLayer){layer->head_count, layer->unit_count, heads, units};
}

static ClaimedOutput claimed_output(Arena *arena, const Model *model) {
    const Readout *readout = &model->readout;
    ReadoutLogits logits = model_logits(arena, model);
    ClaimedReading *readings = ARENA_ARRAY(arena, ClaimedReading, readout->reading_count);
    for (uint32_t r = 0; r < readout->reading_count; r++) {
        const Reading *reading = &readout->readings[r];
        bool atoms = reading->decode == DECODE_ATOMS;
        readings[r] = (ClaimedReading){.decode = reading->decode,
                                       .source = atoms ? reading->source : NO_SUBSPACE,
                                       .value_count = atoms ? reading->atom_count : 0,
                                       .logits_of = logits.readings[r].of,
                                       .logits = logits.readings[r].count,
                                       .mixed = reading->mixed,
                                       .denominator = reading->denominator};
    }
    return (ClaimedOutput){readout->name->bytes, readout->trap_count, readout->reading_count,
                           readings};
}

const Certificate *certificate_of_model(Arena *arena, const Model *model,
                                        const char *weights_hash) {
    Certificate *c = ARENA_NEW(arena, Certificate);
    ClaimedSubspace *subspaces = ARENA_ARRAY(arena, ClaimedSubspace, model->subspace_count);
    ClaimedLayer *layers = ARENA_ARRAY(arena, ClaimedLayer, model->layer_count);
    for (uint32_t s = 0; s < model->subspace_count; s++)
        subspaces[s] = claimed_subspace(&model->subspaces[s]);
    for (uint32_t l = 0; l < model->layer_count; l++)
        layers[l] = claimed_layer(arena, model, &model->layers[l]);
    *c = (Certificate){.float_type = model->float_type,
                       .vocabulary_count = model->vocabulary_count,
                       .max_length = model->max_length,
                       .causal = model->causal,
                       .width = model->width,
                       .vocabulary = model->vocabulary,
                       .weights_hash = weights_hash,
                       .subspace_count = model->subspace_count,
                       .layer_count = model->layer_count,
                       .subspaces = subspaces,
                       .layers = layers,
                       .output = claimed_output(arena, model)};
    return c;
}
