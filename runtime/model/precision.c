/* What a float type can carry: where a model's numbers would be rounded. */
#include "runtime/model/weights.h"

#include <math.h>

/* Up to here in magnitude 2kq and k^2 + q^2 stay within the significand: 2048 in float32. */
static double squared_number(FloatType type) {
    return ldexp(1, (float_info(type)->significand - 2) / 2);
}

bool step_line(FloatType type, double below, double above, double greatest, double *slope,
               double *bias) {
    double gap = above - below;
    if (!(gap > 0) || !isfinite(gap)) return false;
    int exponent = (int)ceil(log2(2 / gap));
    *slope = ldexp(1, exponent);
    int size = greatest > 0 ? (int)ceil(log2(greatest)) : 0;
    double grid = ldexp(1, exponent + size - float_info(type)->significand + 1);
    if (grid > 1) return false;
    double middle = -*slope * (below + above) / 2 - 0.5;
    *bias = nearbyint(middle / grid) * grid;
    /* No side of these rounds, in double either. */
    return *slope * below <= -(*bias + 1) && *slope * above >= -*bias;
}

/* No value of the feature is greater in magnitude. */
static double feature_bound(const Model *model, const Feature *feature) {
    double low = feature->constant, high = feature->constant;
    for (uint32_t i = 0; i < feature->count; i++) {
        const FeatureTerm *term = &feature->terms[i];
        const Subspace *s = &model->subspaces[term->subspace];
        double least = INFINITY, most = -INFINITY;
        for (uint32_t v = 0; term->values && v < s->count; v++) {
            least = fmin(least, term->values[v]);
            most = fmax(most, term->values[v]);
        }
        if (!term->values) {
            least = fmin(term->factor * s->low, term->factor * s->high);
            most = fmax(term->factor * s->low, term->factor * s->high);
        }
        low += least;
        high += most;
    }
    return fmax(fabs(low), fabs(high));
}

static bool head_fits(const Model *model, const Head *head, Buffer *why) {
    double squared = squared_number(model->float_type);
    for (uint32_t t = 0; t < head->term_count; t++) {
        const HeadTerm *term = &head->terms[t];
        if (term->kind != TERM_COMPARE || !term->squared) continue;
        double key = feature_bound(model, &term->key), query = feature_bound(model, &term->query);
        if (key <= squared && query <= (term->squared == 2 ? 1 : 2) * squared) continue;
        buffer_printf(why, "head '%s' compares numbers up to %.0f, whose squares %s rounds",
                      head->name->bytes, fmax(key, query),
                      float_name(model->float_type, FLOAT_LONG_NAME));
        return false;
    }
    return true;
}

static bool steps_fit(const Model *model, const UnitGroup *group, Buffer *why) {
    const Subspace *target = &model->subspaces[group->target];
    double slope, bias;
    for (uint32_t v = 0; group->kind == UNIT_STEPS && v + 1 < target->count; v++) {
        double below = group->below[v], above = group->above[v];
        if (step_line(model->float_type, below + group->error, above - group->error,
                      group->greatest, &slope, &bias))
            continue;
        buffer_printf(why, "the values of '%s' lie too close for %s: %.9g and %.9g",
                      target->name->bytes, float_name(model->float_type, FLOAT_LONG_NAME), below,
                      above);
        return false;
    }
    return true;
}

static bool reading_fits(const Model *model, const Reading *reading) {
    double n = reading->denominator;
    if (reading->decode == DECODE_FRACTION) return 2 * reading->error * n * n < 1;
    return reading->decode == DECODE_ATOMS ||
           feature_bound(model, &reading->number) <= float_whole(model->float_type) / 2;
}

static bool readout_fits(const Model *model, Buffer *why) {
    const Readout *readout = &model->readout;
    for (uint32_t r = 0; r < readout->reading_count; r++) {
        if (reading_fits(model, &readout->readings[r])) continue;
        buffer_printf(why, "the values of '%s' lie too close for %s", readout->name->bytes,
                      float_name(model->float_type, FLOAT_LONG_NAME));
        return false;
    }
    return true;
}

bool model_fits(const Model *model, Buffer *why) {
    double whole = float_whole(model->float_type);
    for (uint32_t s = 0; s < model->subspace_count; s++) {
        const Subspace *at = &model->subspaces[s];
        if (at->kind != SUBSPACE_REAL || fmax(fabs(at->low), fabs(at->high)) <= whole) continue;
        buffer_printf(why, "'%s' reaches %.0f, which %s does not hold exactly", at->name->bytes,
                      fmax(fabs(at->low), fabs(at->high)),
                      float_name(model->float_type, FLOAT_LONG_NAME));
        return false;
    }
    for (uint32_t l = 0; l < model->layer_count; l++) {
        const Layer *layer = &model->layers[l];
        for (uint32_t h = 0; h < layer->head_count; h++) {
            if (!head_fits(model, &layer->heads[h], why)) return false;
        }
        for (uint32_t g = 0; g < layer->unit_count; g++) {
            if (!steps_fit(model, &layer->units[g], why)) return false;
        }
    }
    return readout_fits(model, why);
}
