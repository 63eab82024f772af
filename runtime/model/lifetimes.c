#include "runtime/model/lifetimes.h"

typedef struct Walk {
    const Model *model;
    Lifetime *lifetimes; /* (subspace_count) */
} Walk;

static void see_write(Walk *walk, SubspaceId id, int32_t time) {
    Lifetime *at = &walk->lifetimes[id];
    at->placed = at->written = at->read = time;
}

static void see_read(Walk *walk, SubspaceId id, int32_t time) {
    if (walk->lifetimes[id].read < time) walk->lifetimes[id].read = time;
}

static void see_feature(Walk *walk, const Feature *feature, int32_t time) {
    for (uint32_t i = 0; i < feature->count; i++)
        see_read(walk, feature->terms[i].subspace, time);
}

static void see_head(Walk *walk, const Head *head, int32_t time) {
    for (uint32_t t = 0; t < head->term_count; t++) {
        const HeadTerm *term = &head->terms[t];
        see_feature(walk, &term->key, time);
        see_feature(walk, &term->query, time);
        see_feature(walk, &term->key_square, time);
        see_feature(walk, &term->query_square, time);
    }
    for (uint32_t m = 0; m < head->move_count; m++) {
        const HeadMove *move = &head->moves[m];
        see_write(walk, move->target, time);
        if (move->kind == MOVE_CODED) see_read(walk, move->source, time);
        if (move->kind == MOVE_REAL) see_feature(walk, &move->value, time);
        if (!move_is_defaulted(walk->model, head, move)) continue;
        walk->lifetimes[move->target].placed = TIME_EMBED;
        walk->lifetimes[move->target].defaulted = move;
    }
}

static void see_units(Walk *walk, const UnitGroup *group, int32_t time) {
    if (group->kind == UNIT_ERASE) {
        if (walk->lifetimes[group->target].erased > time)
            walk->lifetimes[group->target].erased = time;
        return;
    }
    see_write(walk, group->target, time);
    if (group->kind == UNIT_STEPS) see_feature(walk, &group->input, time);
    for (uint32_t s = 0; s < group->source_count; s++)
        see_read(walk, group->sources[s], time);
}

static void see_readout(Walk *walk) {
    const Readout *readout = &walk->model->readout;
    int32_t end = time_of_readout(walk->model);
    see_read(walk, MODEL_ONE, end);
    see_read(walk, MODEL_NULL, end);
    for (uint32_t r = 0; r < readout->reading_count; r++) {
        const Reading *reading = &readout->readings[r];
        if (reading->decode != DECODE_ATOMS)
            see_feature(walk, &reading->number, end);
        else if (reading->source != NO_SUBSPACE)
            see_read(walk, reading->source, end);
        if (reading->mixed) see_feature(walk, &reading->exact, end);
    }
    for (uint32_t t = 0; t < readout->trap_count; t++)
        see_feature(walk, &readout->traps[t].feature, end);
}

const Lifetime *model_lifetimes(Arena *arena, const Model *model) {
    Walk walk = {model, ARENA_ARRAY(arena, Lifetime, model->subspace_count)};
    for (SubspaceId id = 0; id < model->subspace_count; id++)
        walk.lifetimes[id].erased = TIME_NEVER;
    for (uint32_t l = 0; l < model->layer_count; l++) {
        const Layer *layer = &model->layers[l];
        for (uint32_t h = 0; h < layer->head_count; h++)
            see_head(&walk, &layer->heads[h], time_of_heads(l));
        for (uint32_t g = 0; g < layer->unit_count; g++)
            see_units(&walk, &layer->units[g], time_of_units(l));
    }
    see_readout(&walk);
    return walk.lifetimes;
}

void lifetime_streams(const Model *model, const Lifetime *lifetime, uint32_t *first,
                      uint32_t *last) {
    *first = (uint32_t)(lifetime->written + 1) / 2;
    *last = model->layer_count;
    if (lifetime->erased == TIME_NEVER) return;
    *last = (uint32_t)lifetime->erased / 2 - 1;
}

bool move_is_defaulted(const Model *model, const Head *head, const HeadMove *move) {
    if (head->null_policy != NULL_DEFAULT || move->kind == MOVE_NULL_WEIGHT) return false;
    if (move->kind == MOVE_REAL) return move->default_value != 0;
    return model->subspaces[move->target].kind == SUBSPACE_ONE_HOT || move->default_index > 0;
}

bool coordinate_below_zero(const Model *model, SubspaceId id, const HeadMove *defaulted,
                           uint32_t coordinate) {
    const Subspace *s = &model->subspaces[id];
    if (!subspace_is_coded(s)) return s->low < 0 || defaulted;
    if (!defaulted) return false;
    return s->kind == SUBSPACE_ONE_HOT ? coordinate == defaulted->default_index
                                       : coordinate < defaulted->default_index;
}
