/* What model.h promises of a model's form. Every other part of raspc may rely on it, whether the
   model was lowered, written by hand or read from a file. */
#include "runtime/base/limits.h"
#include "runtime/model/lifetimes.h"
#include "runtime/value/atom_set.h"

#include <math.h>
#include <string.h>

/* A coordinate of the residual stream. */
typedef struct Place {
    SubspaceId holder; /* whose it is; NO_SUBSPACE: nobody's, and 0 everywhere */
    int32_t freed;     /* when it was erased last */
    bool held_code;    /* what was erased was a code's */
} Place;

typedef struct Verifier {
    const Model *model;
    int32_t *written;           /* (subspace_count) */
    int32_t *erased;            /* (subspace_count): when a part of it was */
    bool *counted;              /* (subspace_count): holds the weight of a null key */
    const HeadMove **defaulted; /* (subspace_count): whose default the embedding puts there */
    Place *places;              /* (width) */
    Buffer *why;
} Verifier;

static const char *name_of(const Verifier *v, SubspaceId id) {
    return v->model->subspaces[id].name->bytes;
}

static bool is_index(double value, uint32_t count) {
    return value >= 0 && value < count && value == floor(value);
}

/* --- basis ------------------------------------------------------------------------------------ */

static bool verify_subspace(Verifier *v, SubspaceId id) {
    const Subspace *s = &v->model->subspaces[id];
    bool coded = subspace_is_coded(s);
    if ((s->kind == SUBSPACE_ONE) != (id == MODEL_ONE) ||
        (s->kind == SUBSPACE_NULL) != (id == MODEL_NULL))
        return buffer_wrong(v->why, "the first two subspaces, and only they, are `one` and `null`");
    if (id <= MODEL_NULL && s->offset != id)
        return buffer_wrong(v->why, "the first two coordinates are not those of `one` and `null`");
    uint32_t width = s->kind == SUBSPACE_ONE_HOT ? s->count : coded ? s->count - 1 : 1;
    if (coded && (s->count == 0 || atoms_none(s->domain)))
        return buffer_wrong(v->why, "'%.80s' has no values", s->name->bytes);
    if (s->width != width || s->width > v->model->width || s->offset > v->model->width - s->width)
        return buffer_wrong(v->why, "'%.80s' is not in the residual stream", s->name->bytes);
    if (!coded && !(isfinite(s->low) && isfinite(s->high) && s->low <= s->high))
        return buffer_wrong(v->why, "'%.80s' has no range", s->name->bytes);
    for (SubspaceId other = 0; other < id; other++) {
        if (string_equal(v->model->subspaces[other].name, s->name))
            return buffer_wrong(v->why, "two subspaces are called '%.80s'", s->name->bytes);
    }
    return true;
}

static bool verify_basis(Verifier *v) {
    uint64_t total = 0;
    if (v->model->subspace_count < 2) return buffer_wrong(v->why, "`one` and `null` are missing");
    for (SubspaceId id = 0; id < v->model->subspace_count; id++) {
        v->written[id] = v->erased[id] = TIME_NEVER;
        if (!verify_subspace(v, id)) return false;
        total += v->model->subspaces[id].width;
    }
    /* The places are as many as the model's own text could list: so they may be gone through. */
    bool filled = total >= v->model->width;
    Arena *scratch = arena_new(0);
    bool *covered = ARENA_ARRAY(scratch, bool, filled ? v->model->width : 0);
    for (SubspaceId id = 0; id < v->model->subspace_count && filled; id++) {
        const Subspace *s = &v->model->subspaces[id];
        memset(covered + s->offset, true, s->width);
    }
    filled = filled && memchr(covered, false, v->model->width) == NULL;
    arena_free(scratch);
    return filled || buffer_wrong(v->why, "the subspaces do not fill the residual stream");
}

/* --- places ----------------------------------------------------------------------------------- */

/* The subspace has its place to itself from this time on. A place that this very step erases may
   be taken by a code from a code. */
static bool take_place(Verifier *v, SubspaceId id, int32_t time) {
    const Subspace *s = &v->model->subspaces[id];
    for (uint32_t c = s->offset; c < s->offset + s->width; c++) {
        Place *place = &v->places[c];
        if (place->holder == id) continue;
        if (place->holder != NO_SUBSPACE)
            return buffer_wrong(v->why, "'%.80s' is written where '%.80s' still is", s->name->bytes,
                                name_of(v, place->holder));
        if (place->freed == time && !(place->held_code && subspace_is_coded(s)))
            return buffer_wrong(v->why, "'%.80s' is written where a number is only being erased",
                                s->name->bytes);
        place->holder = id;
    }
    return true;
}

static bool verify_written(Verifier *v, SubspaceId id, int32_t time) {
    if (id >= v->model->subspace_count)
        return buffer_wrong(v->why, "a subspace that is not there is written");
    if (v->written[id] != TIME_NEVER)
        return buffer_wrong(v->why, "'%.80s' is written twice", name_of(v, id));
    v->written[id] = time;
    return take_place(v, id, time);
}

/* Whose place is taken from the start: that of the constants and of what has a default. */
static bool verify_places(Verifier *v) {
    const Model *model = v->model;
    for (uint32_t c = 0; c < model->width; c++)
        v->places[c] = (Place){NO_SUBSPACE, TIME_NEVER, false};
    if (!verify_written(v, MODEL_ONE, TIME_EMBED) || !verify_written(v, MODEL_NULL, TIME_EMBED))
        return false;
    for (uint32_t l = 0; l < model->layer_count; l++) {
        for (uint32_t h = 0; h < model->layers[l].head_count; h++) {
            const Head *head = &model->layers[l].heads[h];
            for (uint32_t m = 0; m < head->move_count; m++) {
                const HeadMove *move = &head->moves[m];
                if (move->target >= model->subspace_count)
                    return buffer_wrong(v->why, "a subspace that is not there is written");
                if (!move_is_defaulted(model, head, move)) continue;
                if (!take_place(v, move->target, TIME_EMBED)) return false;
                v->defaulted[move->target] = move;
            }
        }
    }
    return true;
}

static bool verify_erase(Verifier *v, const UnitGroup *group, uint32_t layer) {
    int32_t time = time_of_units(layer);
    SubspaceId id = group->target;
    if (id >= v->model->subspace_count || id == MODEL_ONE || id == MODEL_NULL)
        return buffer_wrong(v->why, "what is erased is not there, or always needed");
    const Subspace *s = &v->model->subspaces[id];
    if (v->written[id] >= time)
        return buffer_wrong(v->why, "'%.80s' is erased before it is written", s->name->bytes);
    if (group->erased_count == 0 || group->erased_count > s->width ||
        group->erased_first > s->width - group->erased_count)
        return buffer_wrong(v->why, "'%.80s' has not the coordinates that are erased",
                            s->name->bytes);
    for (uint32_t c = group->erased_first; c < group->erased_first + group->erased_count; c++) {
        Place *place = &v->places[s->offset + c];
        if (place->holder != id || v->erased[id] < time)
            return buffer_wrong(v->why, "'%.80s' is erased twice", s->name->bytes);
        if (!group->either_sign && coordinate_below_zero(v->model, id, v->defaulted[id], c))
            return buffer_wrong(v->why, "'%.80s' may be below 0 where it is erased",
                                s->name->bytes);
        *place = (Place){NO_SUBSPACE, time, subspace_is_coded(s)};
    }
    if (v->erased[id] > time) v->erased[id] = time;
    return true;
}

/* --- the embedding ---------------------------------------------------------------------------- */

static bool verify_embed(Verifier *v, const Embed *embed) {
    if (!verify_written(v, embed->subspace, TIME_EMBED)) return false;
    const Subspace *s = &v->model->subspaces[embed->subspace];
    uint32_t count = embed->kind == EMBED_TOKEN ? v->model->vocabulary_count : v->model->max_length;
    for (uint32_t i = 0; i < count; i++) {
        double value = embed->values[i];
        if (subspace_is_coded(s) ? !is_index(value, s->count)
                                 : !(value >= s->low && value <= s->high))
            return buffer_wrong(v->why, "the embedding writes %g into '%.80s', which is outside it",
                                value, s->name->bytes);
    }
    return true;
}

/* --- features --------------------------------------------------------------------------------- */

static bool verify_read(Verifier *v, SubspaceId id, int32_t before) {
    if (id >= v->model->subspace_count)
        return buffer_wrong(v->why, "a subspace that is not there is read");
    if (v->written[id] >= before)
        return buffer_wrong(v->why, "'%.80s' is read before it is written", name_of(v, id));
    return v->erased[id] >= before ||
           buffer_wrong(v->why, "'%.80s' is read after it was erased", name_of(v, id));
}

static bool verify_feature(Verifier *v, const Feature *feature, int32_t before) {
    if (!isfinite(feature->constant))
        return buffer_wrong(v->why, "a feature's constant is not finite");
    for (uint32_t i = 0; i < feature->count; i++) {
        const FeatureTerm *term = &feature->terms[i];
        if (!verify_read(v, term->subspace, before)) return false;
        const Subspace *s = &v->model->subspaces[term->subspace];
        if (subspace_is_coded(s) != (term->values != NULL))
            return buffer_wrong(v->why, "'%.80s' is read as what it is not", s->name->bytes);
        for (uint32_t j = 0; term->values && j < s->count; j++) {
            if (!isfinite(term->values[j]))
                return buffer_wrong(v->why, "a feature's value is not finite");
        }
        if (!isfinite(term->factor))
            return buffer_wrong(v->why, "a feature's factor is not finite");
        for (uint32_t j = 0; j < i; j++) {
            if (feature->terms[j].subspace == term->subspace)
                return buffer_wrong(v->why, "a feature reads '%.80s' twice", s->name->bytes);
        }
    }
    return true;
}

/* What a head reads is 0 at the null key. */
static bool verify_head_feature(Verifier *v, const Feature *feature, int32_t before) {
    for (uint32_t i = 0; i < feature->count; i++) {
        SubspaceId id = feature->terms[i].subspace;
        if (id == MODEL_NULL || (id < v->model->subspace_count && v->counted[id]))
            return buffer_wrong(v->why, "a head reads '%.80s', which is not 0 at the null key",
                                name_of(v, id));
    }
    return verify_feature(v, feature, before);
}

/* A constant, or a function of one code. */
static bool verify_one_code(Verifier *v, const Feature *feature) {
    if (feature->count > 1 || (feature->count == 1 && !feature->terms[0].values))
        return buffer_wrong(v->why, "a truth table reads something else than one code");
    return true;
}

static bool verify_classes(Verifier *v, const Feature *feature, uint32_t count) {
    uint32_t values = feature->count ? v->model->subspaces[feature->terms[0].subspace].count : 1;
    for (uint32_t i = 0; i < values; i++) {
        double value = feature->constant + (feature->count ? feature->terms[0].values[i] : 0);
        if (!is_index(value, count))
            return buffer_wrong(v->why, "a truth table has no class %g", value);
    }
    return true;
}

/* --- heads ------------------------------------------------------------------------------------ */

static bool verify_term(Verifier *v, const Head *head, const HeadTerm *term, int32_t before) {
    if ((unsigned)term->kind >= TERM_KIND_COUNT) return buffer_wrong(v->why, "a term of no kind");
    if (!verify_head_feature(v, &term->key, before) ||
        !verify_head_feature(v, &term->query, before) ||
        !verify_head_feature(v, &term->key_square, before) ||
        !verify_head_feature(v, &term->query_square, before))
        return false;
    bool compare = term->kind == TERM_COMPARE, table = term->kind == TERM_TABLE;
    if (compare && (term->relation == 0 || term->relation >= 7))
        return buffer_wrong(v->why, "a comparison that holds always or never");
    if (term->squared > 2 || (term->squared && (!compare || term->relation != RELATION_EQ)))
        return buffer_wrong(v->why, "squares belong to ==");
    if (term->squared == 1 && head->null_policy != NULL_NONE)
        return buffer_wrong(v->why,
                            "without the query's square the null key has no score to stand at");
    if ((table || (compare && !term->squared)) &&
        (!verify_one_code(v, &term->key) || !verify_one_code(v, &term->query)))
        return false;
    if (!table) return true;
    if (term->key_count == 0 || term->query_count == 0 || !term->table)
        return buffer_wrong(v->why, "a truth table without cells");
    return verify_classes(v, &term->key, term->key_count) &&
           verify_classes(v, &term->query, term->query_count);
}

static bool verify_move(Verifier *v, const Head *head, const HeadMove *move, uint32_t layer) {
    int32_t before = time_of_heads(layer);
    if ((unsigned)move->kind >= MOVE_KIND_COUNT) return buffer_wrong(v->why, "a move of no kind");
    if ((move->kind == MOVE_NULL_WEIGHT) != (head->null_policy == NULL_COUNTED))
        return buffer_wrong(v->why, "the null key's weight is what a head moves that counts it");
    if (move->kind == MOVE_REAL && !verify_head_feature(v, &move->value, before)) return false;
    if (move->kind == MOVE_CODED && !verify_read(v, move->source, before)) return false;
    if (!verify_written(v, move->target, before)) return false;
    const Subspace *target = &v->model->subspaces[move->target];
    v->counted[move->target] = move->kind == MOVE_NULL_WEIGHT;
    if (move->kind != MOVE_CODED)
        return (target->kind == SUBSPACE_REAL && isfinite(move->default_value)) ||
               buffer_wrong(v->why, "'%.80s' is no real to move a number to", target->name->bytes);
    const Subspace *source = &v->model->subspaces[move->source];
    if (!subspace_is_coded(source) || !subspace_is_coded(target) || source->count > target->count ||
        move->default_index >= target->count)
        return buffer_wrong(v->why, "'%.80s' can't hold what is moved to it", target->name->bytes);
    return true;
}

static bool verify_head(Verifier *v, const Head *head, uint32_t layer) {
    if (head->mask.low > head->mask.high)
        return buffer_wrong(v->why, "a mask that lets nothing through");
    if (v->model->causal && head->mask.high > 0)
        return buffer_wrong(v->why, "head '%.80s' of a causal model looks ahead",
                            head->name->bytes);
    if ((unsigned)head->null_policy >= NULL_POLICY_COUNT ||
        (unsigned)head->normaliser >= NORMALISER_COUNT)
        return buffer_wrong(v->why, "a head of no kind");
    if (!(head->scale > 0) || !isfinite(head->scale))
        return buffer_wrong(v->why, "a scale that is not positive");
    for (uint32_t t = 0; t < head->term_count; t++) {
        if (!verify_term(v, head, &head->terms[t], time_of_heads(layer))) return false;
    }
    if (head->move_count == 0)
        return buffer_wrong(v->why, "head '%.80s' moves nothing", head->name->bytes);
    return true;
}

/* --- units ------------------------------------------------------------------------------------ */

static bool verify_steps(Verifier *v, const UnitGroup *group, uint32_t layer) {
    const Subspace *target = &v->model->subspaces[group->target];
    if (target->kind != SUBSPACE_STEPS)
        return buffer_wrong(v->why, "steps lead into '%.80s', which is not of steps",
                            target->name->bytes);
    if (!(group->greatest >= 0) || !isfinite(group->greatest) || !(group->error >= 0))
        return buffer_wrong(v->why, "the input of '%.80s' has no range", target->name->bytes);
    for (uint32_t s = 0; s + 1 < target->count; s++) {
        bool rising =
            group->below[s] < group->above[s] && (s == 0 || group->above[s - 1] <= group->below[s]);
        if (!rising)
            return buffer_wrong(v->why, "the thresholds of '%.80s' do not rise",
                                target->name->bytes);
    }
    return verify_feature(v, &group->input, time_of_units(layer));
}

static bool verify_lookup(Verifier *v, const UnitGroup *group, uint32_t layer) {
    const Subspace *target = &v->model->subspaces[group->target];
    uint64_t cells = 1;
    if (!subspace_is_coded(target) || group->source_count == 0 ||
        group->source_count > MODEL_SOURCES)
        return buffer_wrong(v->why, "a look-up is from codes into a code");
    for (uint32_t s = 0; s < group->source_count; s++) {
        if (!verify_read(v, group->sources[s], time_of_units(layer))) return false;
        const Subspace *source = &v->model->subspaces[group->sources[s]];
        if (!subspace_is_coded(source)) return buffer_wrong(v->why, "a look-up reads codes only");
        for (uint32_t i = 0; i < source->count; i++) {
            if (group->classes[s][i] >= group->class_counts[s])
                return buffer_wrong(v->why, "a look-up has no class %u", group->classes[s][i]);
        }
        cells *= group->class_counts[s];
        if (cells > LIMIT_MODEL_NUMBERS)
            return buffer_wrong(v->why, "a look-up has too many cells");
    }
    for (uint64_t c = 0; c < cells; c++) {
        if (group->result[c] >= target->count)
            return buffer_wrong(v->why, "'%.80s' has no value number %u", target->name->bytes,
                                group->result[c]);
    }
    return true;
}

static bool verify_layer(Verifier *v, uint32_t l) {
    const Layer *layer = &v->model->layers[l];
    for (uint32_t h = 0; h < layer->head_count; h++) {
        if (!verify_head(v, &layer->heads[h], l)) return false;
    }
    for (uint32_t h = 0; h < layer->head_count; h++) {
        const Head *head = &layer->heads[h];
        for (uint32_t m = 0; m < head->move_count; m++) {
            if (!verify_move(v, head, &head->moves[m], l)) return false;
        }
    }
    for (uint32_t g = 0; g < layer->unit_count; g++) {
        const UnitGroup *group = &layer->units[g];
        if ((unsigned)group->kind >= UNIT_KIND_COUNT)
            return buffer_wrong(v->why, "units of no kind");
        if (group->kind == UNIT_ERASE && !verify_erase(v, group, l)) return false;
    }
    /* Units read the stream after the heads: none reads what another of its layer writes. */
    for (uint32_t g = 0; g < layer->unit_count; g++) {
        const UnitGroup *group = &layer->units[g];
        if (group->kind == UNIT_ERASE) continue;
        if (!verify_written(v, group->target, time_of_units(l))) return false;
        if (!(group->kind == UNIT_STEPS ? verify_steps(v, group, l) : verify_lookup(v, group, l)))
            return false;
    }
    return true;
}

/* --- read-out --------------------------------------------------------------------------------- */

static bool verify_reading(Verifier *v, const Reading *reading, int32_t end) {
    if ((unsigned)reading->decode >= DECODE_KIND_COUNT)
        return buffer_wrong(v->why, "a read-out of no kind");
    if (reading->mixed && reading->decode != DECODE_WHOLE && reading->decode != DECODE_FRACTION)
        return buffer_wrong(v->why, "only numbers are of mixed kinds");
    if (reading->mixed && !verify_feature(v, &reading->exact, end)) return false;
    if (reading->decode != DECODE_ATOMS) {
        if (reading->decode == DECODE_FRACTION && reading->denominator == 0)
            return buffer_wrong(v->why, "fractions of no denominator");
        return verify_feature(v, &reading->number, end);
    }
    uint32_t count = 1;
    if (reading->source != NO_SUBSPACE) {
        if (!verify_read(v, reading->source, end)) return false;
        const Subspace *source = &v->model->subspaces[reading->source];
        if (!subspace_is_coded(source))
            return buffer_wrong(v->why, "the read-out reads atoms from no code");
        count = source->count;
    }
    return reading->atom_count == count ||
           buffer_wrong(v->why, "the read-out names %u atoms of %u", reading->atom_count, count);
}

/* Steps compute with numbers and bools. */
static bool is_countable(Atom atom) {
    return atom.kind == ATOM_INT || atom.kind == ATOM_FLOAT || atom.kind == ATOM_BOOL;
}

static bool verify_computed(Verifier *v, const Readout *readout) {
    if (readout->step_count == 0)
        return readout->reading_count == 1 || buffer_wrong(v->why, "several readings and no step");
    if (readout->step_count > MODEL_STEPS)
        return buffer_wrong(v->why, "more than %d steps", MODEL_STEPS);
    for (uint32_t s = 0; s < readout->step_count; s++) {
        const ReadStep *step = &readout->steps[s];
        if (!readout_computes(step->op))
            return buffer_wrong(v->why, "a step that no reader computes");
        if (step->op == OP_CONST && !is_countable(step->atom))
            return buffer_wrong(v->why, "a step whose constant is no number");
        for (int i = 0; i < op_info(step->op)->arity; i++) {
            if (step->args[i] >= readout->reading_count + s)
                return buffer_wrong(v->why, "a step that computes with a later value");
        }
    }
    for (uint32_t r = 0; r < readout->reading_count; r++) {
        const Reading *reading = &readout->readings[r];
        for (uint32_t i = 0; reading->decode == DECODE_ATOMS && i < reading->atom_count; i++) {
            if (reading->atoms[i].kind != ATOM_OPAQUE && !is_countable(reading->atoms[i]))
                return buffer_wrong(v->why, "steps on a reading that is no number");
        }
    }
    return true;
}

static bool verify_readout(Verifier *v) {
    const Readout *readout = &v->model->readout;
    int32_t end = time_of_heads(v->model->layer_count);
    if (readout->reading_count == 0 || readout->reading_count > MODEL_READINGS)
        return buffer_wrong(v->why, "not 1 to %d readings", MODEL_READINGS);
    for (uint32_t t = 0; t < readout->trap_count; t++) {
        if (!verify_feature(v, &readout->traps[t].feature, end)) return false;
    }
    for (uint32_t r = 0; r < readout->reading_count; r++) {
        if (!verify_reading(v, &readout->readings[r], end)) return false;
    }
    return verify_computed(v, readout);
}

static bool verify_vocabulary(Verifier *v) {
    const Model *model = v->model;
    Arena *scratch = arena_new(0);
    AtomSet set = atom_set_new(scratch, model->vocabulary_count);
    uint32_t t = 0;
    while (t < model->vocabulary_count && atom_set_add(&set, model->vocabulary[t]))
        t++;
    arena_free(scratch);
    if (t == 0) return buffer_wrong(v->why, "the vocabulary is empty");
    return t == model->vocabulary_count ||
           buffer_wrong(v->why, "token %u of the vocabulary comes twice in it", t);
}

static bool verify_inputs(Verifier *v) {
    const Model *model = v->model;
    if (model->max_length == 0 || model->max_length > LIMIT_INPUT_TOKENS)
        return buffer_wrong(v->why, "the greatest length is not from 1 to %d", LIMIT_INPUT_TOKENS);
    if (!verify_vocabulary(v)) return false;
    for (uint32_t e = 0; e < model->embed_count; e++) {
        if (!verify_embed(v, &model->embeds[e])) return false;
    }
    return true;
}

bool model_verify(const Model *model, Buffer *why) {
    Arena *scratch = arena_new(0);
    Verifier v = {.model = model, .why = why};
    v.written = ARENA_ARRAY(scratch, int32_t, model->subspace_count);
    v.erased = ARENA_ARRAY(scratch, int32_t, model->subspace_count);
    v.counted = ARENA_ARRAY(scratch, bool, model->subspace_count);
    v.defaulted = ARENA_ARRAY(scratch, const HeadMove *, model->subspace_count);
    bool fine = verify_basis(&v);
    if (fine) v.places = ARENA_ARRAY(scratch, Place, model->width);
    fine = fine && verify_places(&v) && verify_inputs(&v);
    for (uint32_t l = 0; l < model->layer_count && fine; l++)
        fine = verify_layer(&v, l);
    fine = fine && verify_readout(&v);
    arena_free(scratch);
    return fine;
}
