/* What an item writes, from what is known of what it reads. Where something that decides (a key, a
   condition) is inexact, the result may be off by as much as it may differ at all. */
#include "compiler/lower/real/interval.h"
#include "compiler/lower/real/plan.h"

typedef struct Sight {
    const RealPlan *plan;
    const Item *item;
    bool errors;
    Arena *work;
} Sight;

static Bound *bounds_of(const Sight *r, const Form *form) {
    Bound *out = ARENA_ARRAY(r->work, Bound, form->rows);
    form_bounds(r->plan, form, out);
    return out;
}

static bool is_known(const Bound *bound) { return bound->low <= bound->high; }

static Bound anything(void) {
    return (Bound){.low = -INFINITY, .high = INFINITY, .error = INFINITY, .inexact = true};
}

static Bound nothing_yet(void) {
    return (Bound){.low = INFINITY, .high = -INFINITY, .whole = true};
}

static Bound around(double low, double high) { return (Bound){.low = low, .high = high}; }

static void add(Bound *sum, double low, double high) {
    sum->low = sum_below(sum->low, low);
    sum->high = sum_above(sum->high, high);
}

static Interval product(const Bound *a, const Bound *b) {
    const double left[2] = {a->low, a->high}, right[2] = {b->low, b->high};
    Interval all = {INFINITY, -INFINITY};
    for (int i = 0; i < 4; i++) {
        all.low = fmin(all.low, product_below(left[i / 2], right[i % 2]));
        all.high = fmax(all.high, product_above(left[i / 2], right[i % 2]));
    }
    return all;
}

static double greatest(const Bound *b) { return fmax(fabs(b->low), fabs(b->high)); }

/* --- curves ----------------------------------------------------------------------------------- */

/* What a curve's knots take in: all that x may be, if they stand already, and maybe more. */
static Interval taken_in(const CurveTerm *term, const Bound *x) {
    return term->over.low <= term->over.high ? term->over : (Interval){x->low, x->high};
}

static void add_term(const Sight *r, const CurveTerm *term, Bound *out) {
    Bound *x = bounds_of(r, &term->x), *row = &out[term->row];
    Interval image;
    if (!is_known(x)) {
        *row = nothing_yet();
    } else if (!curve_image(term->curve, taken_in(term, x), &image)) {
        *row = anything();
    } else {
        Bound factor = around(term->factor, term->factor), curve = around(image.low, image.high);
        Interval at = product(&factor, &curve);
        add(row, at.low, at.high);
        row->inexact = true;
        if (r->errors)
            row->error += fabs(term->factor) *
                          (term->error + curve_stray(term->curve, term->slope, x->error));
    }
}

/* The difference of the squares may be much; the product is not, and the model is as near to it as
   the chords of the squares are to these. */
static void narrow_products(const Sight *r, uint32_t width, Bound *out) {
    const Item *item = r->item;
    const CurveTerms *terms = &r->plan->terms[item - r->plan->items];
    Bound *a = bounds_of(r, &item->arguments[0]), *b = bounds_of(r, &item->arguments[1]);
    Bound *exact = ARENA_ARRAY(r->work, Bound, width);
    uint32_t pieces = r->plan->options->knots - 1;
    bool known = true;
    for (uint32_t i = 0; i < item->arguments[0].rows; i++) {
        known = known && is_known(&a[i]) && is_known(&b[i]);
        Interval at = product(&a[i], &b[i]);
        if (form_equal(r->plan, &item->arguments[0], &item->arguments[1])) at.low = fmax(at.low, 0);
        Bound *row = &exact[item->op == OP_DOT ? 0 : i];
        add(row, at.low, at.high);
        row->error +=
            product_above(greatest(&a[i]), b[i].error) + product_above(greatest(&b[i]), a[i].error);
    }
    for (uint32_t t = 0; known && t < terms->count; t++) {
        const CurveTerm *term = &terms->terms[t];
        Bound *x = bounds_of(r, &term->x), *row = &exact[term->row];
        Interval over = taken_in(term, x);
        double piece = (over.high - over.low) / pieces;
        double error = fabs(term->factor) * piece * piece / 4;
        /* A chord is above its square. */
        add(row, term->factor < 0 ? -error : 0, term->factor > 0 ? error : 0);
        row->error += fabs(term->factor) * term->error;
    }
    for (uint32_t i = 0; known && i < width; i++) {
        out[i].low = fmax(out[i].low, exact[i].low);
        out[i].high = fmin(out[i].high, exact[i].high);
        out[i].error = fmin(out[i].error, exact[i].error);
    }
}

static void curve_bounds(const Sight *r, const CurveTerms *terms, uint32_t width, Bound *out) {
    for (uint32_t t = 0; t < terms->count; t++)
        if (isfinite(out[terms->terms[t].row].high)) add_term(r, &terms->terms[t], out);
    if (r->item->op == OP_MUL || r->item->op == OP_DOT) narrow_products(r, width, out);
}

/* --- other units ------------------------------------------------------------------------------ */

static Bound relu_of(Bound a) {
    a.low = fmax(a.low, 0);
    a.high = fmax(a.high, 0);
    return a;
}

static Bound abs_of(Bound a) {
    double far = greatest(&a), near = a.low > 0 ? a.low : a.high < 0 ? -a.high : 0;
    a.low = near;
    a.high = far;
    return a;
}

static void truth_bounds(const Sight *r, uint32_t width, Bound *out) {
    bool inexact = false, whole = true;
    for (uint32_t a = 0; a < r->item->argument_count; a++) {
        const Bound *of = bounds_of(r, &r->item->arguments[a]);
        for (uint32_t i = 0; i < r->item->arguments[a].rows; i++) {
            inexact = inexact || of[i].inexact;
            whole = whole && of[i].whole;
        }
    }
    for (uint32_t i = 0; i < width; i++)
        out[i] = (Bound){0, 1, inexact && r->errors ? 1 : 0, inexact, whole || !inexact};
}

static bool is_truth(GraphOp op) {
    return op == OP_AND || op == OP_OR || op_is_comparison(op) || op == OP_ONEHOT;
}

/* --- heads ------------------------------------------------------------------------------------ */

typedef struct Scores {
    Bound all;    /* its error: how far one score may be off */
    bool unknown; /* nothing is known yet */
    bool gated;   /* a gate is inexact */
} Scores;

static void add_score(const Sight *r, const PatternScore *score, Scores *out) {
    Bound *key = bounds_of(r, &score->key), *query = bounds_of(r, &score->query);
    for (uint32_t i = 0; i < score->key.rows; i++) {
        Interval at = product(&key[i], &query[i]);
        out->unknown = out->unknown || !is_known(&key[i]) || !is_known(&query[i]);
        add(&out->all, at.low, at.high);
        out->all.error += product_above(greatest(&key[i]), query[i].error) +
                          product_above(greatest(&query[i]), key[i].error);
        out->all.inexact = out->all.inexact || key[i].inexact || query[i].inexact;
    }
}

static Scores scores_of(const Sight *r, const Pattern *pattern) {
    Scores out = {0};
    for (uint32_t g = 0; g < pattern->gate_count; g++) {
        const PatternGate *gate = &pattern->gates[g];
        if (gate->kind != GATE_COMPARE) continue;
        out.gated =
            out.gated || bounds_of(r, &gate->key)->inexact || bounds_of(r, &gate->query)->inexact;
    }
    for (uint32_t s = 0; s < pattern->score_count; s++)
        add_score(r, &pattern->scores[s], &out);
    return out;
}

/* Can a query be without any key? Not where it is one of its own. */
static bool may_be_empty(const RealPlan *plan, const Pattern *pattern, const Scores *scores) {
    if (pattern->normaliser == NORMALISER_LINEAR && !(scores->all.low > 0)) return true;
    if (pattern->gate_count == 0) return false;
    const PatternGate *gate = &pattern->gates[0];
    return pattern->gate_count > 1 || gate->kind != GATE_COMPARE ||
           !(gate->relation & RELATION_EQ) || !form_equal(plan, &gate->key, &gate->query);
}

/* How much of its weight a query may give to other keys than the program's does, when each score is
   off by at most `error`: half the sum of what the weights differ by. Weights whose ratio to what
   they should be is between 1 / q and q differ by (q - 1) / (q + 1) at the most; the projection
   onto the simplex takes no two points further apart. */
static double strayed(const Pattern *pattern, const Scores *scores, uint32_t keys) {
    double error = scores->all.error;
    if (!scores->all.inexact || error == 0) return 0;
    switch (pattern->normaliser) {
    case NORMALISER_SOFTMAX: return tanh(error);
    case NORMALISER_SPARSEMAX: return fmin(1, error * keys / 2);
    case NORMALISER_LINEAR: return scores->all.low > 0 ? fmin(1, error / scores->all.low) : 1;
    default: return 1;
    }
}

static Bound total_of(const Sight *r, Bound value, bool gated) {
    double keys = r->plan->options->max_length;
    Bound out = {.low = fmin(0, keys * value.low), .high = fmax(0, keys * value.high)};
    out.inexact = value.inexact || gated;
    out.whole = value.whole;
    out.error = keys * value.error;
    if (gated && r->errors) out.error = INFINITY;
    return out;
}

/* A mean of values, or the default. */
static Bound mean_of(const Sight *r, const Pattern *pattern, const Scores *scores, Bound value,
                     const double *other) {
    Bound out = value;
    if (pattern->normaliser == NORMALISER_LINEAR && scores->all.low < 0) return anything();
    /* One key's value, or the same of all. */
    out.whole =
        value.whole && (pattern->normaliser == NORMALISER_HARDMAX_FIRST || value.low == value.high);
    if (other && may_be_empty(r->plan, pattern, scores)) {
        out.low = fmin(out.low, *other);
        out.high = fmax(out.high, *other);
        out.whole = out.whole && *other == nearbyint(*other);
    }
    /* Whether the sum of the scores is 0. */
    bool decided =
        pattern->normaliser == NORMALISER_LINEAR && scores->all.inexact && !(scores->all.low > 0);
    out.inexact = value.inexact || scores->gated || decided ||
                  (scores->all.inexact && value.high > value.low);
    double part = strayed(pattern, scores, r->plan->options->max_length);
    if (r->errors) out.error += product_above(part, value.high - value.low);
    if (r->errors && (scores->gated || decided)) out.error = INFINITY;
    return out;
}

/* with_default: else of the queries that find something. */
static void move_bounds(const Sight *r, const Item *item, bool with_default, Bound *out) {
    const Pattern *pattern = &r->plan->patterns[item->pattern];
    const Bound *values = bounds_of(r, &item->arguments[0]);
    Scores scores = scores_of(r, pattern);
    for (uint32_t i = 0; i < item->arguments[0].rows; i++) {
        double other = item->fallback ? item->fallback[i] : 0;
        if (!is_known(&values[i]) || scores.unknown)
            out[i] = nothing_yet();
        else if (pattern->normaliser == NORMALISER_LINEAR_RAW)
            out[i] = total_of(r, values[i], scores.gated);
        else
            out[i] = mean_of(r, pattern, &scores, values[i], with_default ? &other : NULL);
    }
}

/* --- choices ---------------------------------------------------------------------------------- */

/* The move of a choice between a default and what a head brings. */
static const Item *brought(const Sight *r) {
    ValueId empty, value;
    const Item *item = r->item;
    if (!form_is_value(r->plan, &item->arguments[0], &empty) ||
        !form_is_value(r->plan, &item->arguments[2], &value) ||
        r->plan->values[value].kind != VALUE_WRITTEN)
        return NULL;
    const Item *move = &r->plan->items[r->plan->values[value].writer];
    bool own = move->kind == ITEM_MOVE && r->plan->patterns[move->pattern].empty == empty;
    return own ? move : NULL;
}

static void choice_bounds(const Sight *r, uint32_t width, Bound *out) {
    const Item *move = brought(r);
    const Bound *condition = bounds_of(r, &r->item->arguments[0]);
    Bound *a = bounds_of(r, &r->item->arguments[1]), *b = bounds_of(r, &r->item->arguments[2]);
    if (move) move_bounds(r, move, false, b);
    for (uint32_t i = 0; i < width; i++) {
        if (!is_known(condition) || (!is_known(&a[i]) && !is_known(&b[i]))) {
            out[i] = nothing_yet();
            continue;
        }
        out[i] = around(fmin(a[i].low, b[i].low), fmax(a[i].high, b[i].high));
        out[i].inexact = a[i].inexact || b[i].inexact || condition->inexact;
        out[i].error = fmax(a[i].error, b[i].error);
        out[i].whole = a[i].whole && b[i].whole && condition->whole;
        if (!condition->inexact) continue;
        out[i].error = r->errors ? INFINITY : 0;
        if (condition->whole) continue; /* a truth, if not the program's */
        /* Both gates may be half open. */
        out[i].low = fmin(a[i].low, 0) + fmin(b[i].low, 0);
        out[i].high = fmax(a[i].high, 0) + fmax(b[i].high, 0);
    }
}

/* --- one item --------------------------------------------------------------------------------- */

void item_bounds(const RealPlan *plan, ItemId id, bool errors, Arena *work, Bound *out) {
    const Item *item = &plan->items[id];
    uint32_t width = plan->values[item->target].width;
    Sight r = {plan, item, errors, work};
    if (item->kind == ITEM_MOVE) {
        move_bounds(&r, item, true, out);
    } else if (plan->terms[id].terms) {
        curve_bounds(&r, &plan->terms[id], width, out);
    } else if (item->op == OP_CHOOSE) {
        choice_bounds(&r, width, out);
    } else if (is_truth(item->op)) {
        truth_bounds(&r, width, out);
    } else if (item->op == OP_POS || item->op == OP_RELU || item->op == OP_ABS) {
        form_bounds(plan, &item->arguments[0], out);
        for (uint32_t i = 0; i < width; i++) {
            if (!is_known(&out[i]) || item->op == OP_POS) continue;
            out[i] = item->op == OP_RELU ? relu_of(out[i]) : abs_of(out[i]);
        }
    } else {
        for (uint32_t i = 0; i < width; i++)
            out[i] = anything(); /* refused, if somebody needs it */
    }
}
