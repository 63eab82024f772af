/* What every value may be, and how far it may be off, when units are ReLUs alone: interval
   arithmetic with outward rounding (Moore, Interval Analysis). Bounds hold for the program's number
   and for the model's alike.

   Loops run round by round, as in the program, but for that a state is what it begins with or what
   any round up to now left. They end when a round brings nothing new; where all that takes too many
   sweeps through the items, states may be anything. First come the bounds, then, as these say where
   the knots are, the errors. */
#include "compiler/lower/real/interval.h"
#include "compiler/lower/real/plan.h"

#include "runtime/base/limits.h"

#include <math.h>
#include <string.h>

/* Products that all sweeps together may take: seconds; and how many there may be whatever they
 * take.
 */
enum { MOST_PRODUCTS = 500000000, MOST_SWEEPS = 2000, LEAST_SWEEPS = 8 };
enum { MOST_TRIES = 16 }; /* to find intervals for the knots */

typedef struct Sweeping {
    RealPlan *plan;
    Arena *work;  /* of one sweep */
    bool errors;  /* the second time: bounds stay */
    bool widened; /* states may be anything */
    bool changed;
    uint32_t sweeps, most;
} Sweeping;

/* --- forms ------------------------------------------------------------------------------------ */

static void add_scaled(Bound *sum, double factor, const Bound *bound) {
    if (factor == 0) return;
    bool unknown = sum->low > sum->high || bound->low > bound->high;
    bool rises = factor > 0;
    sum->low = sum_below(sum->low, product_below(factor, rises ? bound->low : bound->high));
    sum->high = sum_above(sum->high, product_above(factor, rises ? bound->high : bound->low));
    sum->error = sum_above(sum->error, product_above(fabs(factor), bound->error));
    sum->inexact = sum->inexact || bound->inexact;
    sum->whole = sum->whole && bound->whole && factor == nearbyint(factor);
    if (unknown) *sum = (Bound){.low = INFINITY, .high = -INFINITY, .whole = true};
}

void form_bounds(const RealPlan *plan, const Form *form, Bound *out) {
    for (uint32_t r = 0; r < form->rows; r++) {
        double constant = form->constant ? form->constant[r] : 0;
        out[r] = (Bound){.low = constant, .high = constant};
        out[r].whole = constant == nearbyint(constant);
        for (uint32_t b = 0; b < form->count; b++) {
            const Block *block = &form->blocks[b];
            const Bound *of = plan->bounds[block->value];
            uint32_t width = plan->values[block->value].width, row = r - block->row;
            if (r < block->row || row >= block->rows) continue;
            if (!block->matrix) add_scaled(&out[r], block->factor, &of[width == 1 ? 0 : row]);
            for (uint32_t c = 0; block->matrix && c < width; c++)
                add_scaled(&out[r], block->matrix[(size_t)row * width + c], &of[c]);
        }
    }
}

/* --- values ----------------------------------------------------------------------------------- */

static void store(Sweeping *s, ValueId value, const Bound *found) {
    Bound *known = s->plan->bounds[value];
    for (uint32_t r = 0; r < s->plan->values[value].width; r++) {
        Bound next = found[r];
        if (s->errors) {
            next.low = known[r].low;
            next.high = known[r].high;
        }
        /* Both numbers lie in the bounds. */
        next.error = s->errors && next.inexact ? fmin(next.error, next.high - next.low) : 0;
        s->changed = s->changed || next.low != known[r].low || next.high != known[r].high ||
                     next.error != known[r].error || next.inexact != known[r].inexact ||
                     next.whole != known[r].whole;
        known[r] = next;
    }
}

static void join(Bound *into, const Bound *other, uint32_t count) {
    for (uint32_t r = 0; r < count; r++) {
        into[r].low = fmin(into[r].low, other[r].low);
        into[r].high = fmax(into[r].high, other[r].high);
        into[r].error = fmax(into[r].error, other[r].error);
        into[r].inexact = into[r].inexact || other[r].inexact;
        into[r].whole = into[r].whole && other[r].whole;
    }
}

static void widen(const Sweeping *s, Bound *bounds, uint32_t count) {
    for (uint32_t r = 0; r < count; r++) {
        if (!s->errors) bounds[r].low = -(bounds[r].high = INFINITY);
        bounds[r].error = s->errors ? bounds[r].high - bounds[r].low : 0;
    }
}

/* In the first round it is what it begins with. */
static void sweep_state(Sweeping *s, const StatePlan *state, bool first) {
    RealPlan *plan = s->plan;
    uint32_t width = plan->values[state->value].width;
    Bound *found = ARENA_ARRAY(s->work, Bound, width), *all = ARENA_ARRAY(s->work, Bound, width);
    memcpy(all, plan->bounds[state->value], width * sizeof *all);
    form_bounds(plan, first ? &plan->items[state->init].arguments[0] : &state->next, found);
    join(all, found, width);
    if (s->widened) widen(s, all, width);
    store(s, state->value, all);
}

static bool is_used(const StatePlan *state) { return state->next.rows > 0; }

static void sweep_states(Sweeping *s, const LoopPlan *loop, bool first) {
    s->changed = false;
    for (uint32_t n = 0; n < loop->state_count; n++)
        if (is_used(&loop->states[n])) sweep_state(s, &loop->states[n], first);
}

/* Of a loop that may end in another round than the program's the results may be off by anything. */
static void sweep_result(Sweeping *s, const Value *value, ValueId id) {
    RealPlan *plan = s->plan;
    const LoopPlan *loop = &plan->loops[value->loop];
    const Value *of = &plan->values[value->of];
    Bound *found = ARENA_ARRAY(s->work, Bound, value->width), until = {0};
    if (of->kind == VALUE_STATE)
        form_bounds(plan, &plan->loops[of->loop].states[of->state].next, found);
    else
        memcpy(found, plan->bounds[value->of], value->width * sizeof *found);
    if (loop->until.rows > 0) form_bounds(plan, &loop->until, &until);
    for (uint32_t r = 0; r < value->width && until.inexact; r++) {
        found[r].inexact = true;
        found[r].error = s->errors ? INFINITY : 0;
    }
    store(s, id, found);
}

static void sweep_items(Sweeping *s) {
    RealPlan *plan = s->plan;
    s->sweeps++;
    for (ItemId i = 0; i < plan->item_count; i++) {
        ValueId target = plan->items[i].target;
        if (plan->values[target].kind == VALUE_STATE) continue; /* what it begins with */
        Bound *found = ARENA_ARRAY(s->work, Bound, plan->values[target].width);
        item_bounds(plan, i, s->errors, s->work, found);
        store(s, target, found);
    }
    arena_free(s->work);
    s->work = arena_new(0);
}

/* --- loops ------------------------------------------------------------------------------------ */

static void sweep_loops(Sweeping *s, uint32_t region);

static void sweep_loop(Sweeping *s, uint32_t l) {
    RealPlan *plan = s->plan;
    for (uint32_t r = 0; r < plan->graph->loops[l].times && s->sweeps < s->most; r++) {
        sweep_states(s, &plan->loops[l], r == 0);
        if (r > 0 && !s->changed) break;
        sweep_items(s);
        sweep_loops(s, l + 1);
    }
    for (ValueId v = 0; v < plan->value_count; v++)
        if (plan->values[v].kind == VALUE_RESULT && plan->values[v].loop == l)
            sweep_result(s, &plan->values[v], v);
    sweep_items(s);
}

/* Recursive: loops are at most REAL_LOOP_DEPTH deep. */
static void sweep_loops(Sweeping *s, uint32_t region) {
    for (uint32_t l = region; l < s->plan->graph->loop_count; l++)
        if (s->plan->loops[l].outer == region) sweep_loop(s, l);
}

/* Nothing but `inexact` can spread from round to round any more. */
static void sweep_widened(Sweeping *s) {
    RealPlan *plan = s->plan;
    s->widened = true;
    for (bool changed = true; changed;) {
        changed = false;
        for (uint32_t l = 0; l < plan->graph->loop_count; l++)
            sweep_states(s, &plan->loops[l], false), changed = changed || s->changed;
        s->changed = false;
        for (ValueId v = 0; v < plan->value_count; v++)
            if (plan->values[v].kind == VALUE_RESULT) sweep_result(s, &plan->values[v], v);
        sweep_items(s);
        changed = changed || s->changed;
    }
}

static uint64_t products_of(const RealPlan *plan, const Form *form) {
    uint64_t count = form->rows;
    for (uint32_t b = 0; b < form->count; b++)
        count += (uint64_t)form->blocks[b].rows *
                 (form->blocks[b].matrix ? plan->values[form->blocks[b].value].width : 1);
    return count;
}

/* An item's patterns and terms are about as large as what it is made of. */
static uint32_t most_sweeps(const RealPlan *plan) {
    uint64_t products = 1;
    for (ItemId i = 0; i < plan->item_count; i++) {
        for (uint32_t a = 0; a < plan->items[i].argument_count; a++)
            products += products_of(plan, &plan->items[i].arguments[a]);
        for (uint32_t t = 0; t < plan->terms[i].count; t++)
            products += products_of(plan, &plan->terms[i].terms[t].x);
    }
    uint64_t most = MOST_PRODUCTS / products;
    return most > MOST_SWEEPS ? MOST_SWEEPS : most < LEAST_SWEEPS ? LEAST_SWEEPS : (uint32_t)most;
}

static void sweep_all(RealPlan *plan, bool errors) {
    Sweeping s = {.plan = plan, .errors = errors, .most = most_sweeps(plan), .work = arena_new(0)};
    sweep_items(&s);
    sweep_loops(&s, 0);
    if (s.sweeps >= s.most && plan->graph->loop_count > 0) sweep_widened(&s);
    arena_free(s.work);
}

static Bound input_bound(const RealPlan *plan, const Value *value) {
    TypeSet type = graph_node(plan->graph, value->node)->type;
    bool truth = type == TYPE_BOOL || type == TYPE_STRING; /* its one-hot */
    return (Bound){.low = truth ? 0 : -INFINITY,
                   .high = truth ? 1 : INFINITY,
                   .whole = truth || type == TYPE_INT};
}

/* What is known before anything is swept. */
static void begin_values(RealPlan *plan) {
    for (ValueId v = 0; v < plan->value_count; v++) {
        const Value *value = &plan->values[v];
        Bound *bounds = plan->bounds[v];
        for (uint32_t r = 0; r < value->width; r++) {
            bounds[r] = (Bound){.low = INFINITY, .high = -INFINITY, .whole = true};
            if (value->kind == VALUE_INPUT) bounds[r] = input_bound(plan, value);
            for (uint32_t i = 0; value->kind == VALUE_POSITION && i < plan->options->max_length;
                 i++) {
                double number = value->numbers[(size_t)i * value->width + r];
                bounds[r].low = fmin(bounds[r].low, number);
                bounds[r].high = fmax(bounds[r].high, number);
                bounds[r].whole = bounds[r].whole && number == nearbyint(number);
            }
        }
    }
}

static void begin_bounds(RealPlan *plan) {
    plan->bounds = ARENA_ARRAY(plan->scratch, Bound *, plan->value_count);
    plan->bounded_items = plan->item_count;
    plan->terms = ARENA_ARRAY(plan->scratch, CurveTerms, plan->item_count);
    for (ItemId i = 0; i < plan->item_count; i++)
        plan->terms[i] = plan_real_terms(plan, &plan->items[i]);
    for (ValueId v = 0; v < plan->value_count; v++)
        plan->bounds[v] = ARENA_ARRAY(plan->scratch, Bound, plan->values[v].width);
}

/* --- curves ----------------------------------------------------------------------------------- */

const double *plan_real_knots(RealPlan *plan, const CurveTerm *term, uint32_t *count) {
    Interval of = term->over, image;
    *count = 0;
    if (!(of.low <= of.high) || !curve_image(term->curve, of, &image)) return NULL;
    of = curve_domain(term->curve, of);
    uint32_t knots = of.low == of.high ? 1 : plan->options->knots;
    double *out = ARENA_ARRAY(plan->scratch, double, knots);
    out[0] = of.low;
    if (knots > 1) curve_knots(term->curve, of, knots, out);
    *count = knots;
    return out;
}

/* Does the interval of the term's knots take in all that x may be? If not, now it does. again: it
   was too narrow before, for chords over more are farther off; so it grows by more than it must. */
static bool take_in(const RealPlan *plan, CurveTerm *term, bool again) {
    Bound x;
    Interval *over = &term->over;
    form_bounds(plan, &term->x, &x);
    if (x.low > x.high || (over->low <= x.low && x.high <= over->high)) return true;
    double more = again && isfinite(x.high - x.low) ? (x.high - x.low) / 16 : 0;
    /* But not to where the curve is none. */
    if (x.low < over->low) over->low = x.low > 0 ? fmax(x.low - more, x.low / 2) : x.low - more;
    if (x.high > over->high)
        over->high = x.high < 0 ? fmin(x.high + more, x.high / 2) : x.high + more;
    return false;
}

static const Item *narrow_item(const RealPlan *plan, bool again) {
    const Item *narrow = NULL;
    for (ItemId i = 0; i < plan->item_count; i++)
        for (uint32_t t = 0; t < plan->terms[i].count; t++)
            if (!take_in(plan, &plan->terms[i].terms[t], again)) narrow = &plan->items[i];
    return narrow;
}

/* The knots' intervals and the bounds. In a loop they depend on one another: what a round computes
   is off by what the chords are over all that any round may bring. */
static void find_intervals(RealPlan *plan) {
    const Item *narrow = NULL;
    for (uint32_t tries = 0; tries == 0 || (narrow && tries < MOST_TRIES); tries++) {
        begin_values(plan);
        sweep_all(plan, false);
        narrow = narrow_item(plan, tries > 0);
        if (plan->graph->loop_count == 0) return;
    }
    if (narrow)
        plan_real_refuse(plan, narrow->node,
                         "what is interpolated here is farther off in every round of the loop; "
                         "more knots may help");
}

static void find_errors(RealPlan *plan, CurveTerms *terms) {
    for (uint32_t t = 0; t < terms->count; t++) {
        CurveTerm *term = &terms->terms[t];
        uint32_t count;
        const double *knots = plan_real_knots(plan, term, &count);
        term->error = count > 0 ? curve_error(term->curve, knots, count) : INFINITY;
        term->slope = count > 0 ? curve_slope(term->curve, knots, count) : INFINITY;
    }
}

/* --- traps ------------------------------------------------------------------------------------ */

static void drop_idle_traps(RealPlan *plan) {
    uint32_t kept = 0;
    for (uint32_t t = 0; t < plan->trap_count; t++) {
        Bound bound;
        form_bounds(plan, &plan->traps[t].number, &bound);
        if (bound.low > 0 || bound.high < 0) continue;
        if (bound.inexact)
            plan_real_refuse(plan, plan->traps[t].node,
                             "this may fail (%s), and ReLUs alone do not tell when: what decides "
                             "is from %.3g to %.3g",
                             plan->traps[t].why, bound.low, bound.high);
        plan->traps[kept++] = plan->traps[t];
    }
    plan->trap_count = kept;
}

void plan_real_bounds(RealPlan *plan) {
    begin_bounds(plan);
    if (plan->refused) return;
    find_intervals(plan);
    if (plan->refused) return;
    for (ItemId i = 0; i < plan->item_count; i++)
        find_errors(plan, &plan->terms[i]);
    sweep_all(plan, true);
    drop_idle_traps(plan);
    if (arena_exhausted(plan->scratch))
        plan_real_refuse(plan, NO_NODE, "lowering this takes more than %zu MiB",
                         LIMIT_LOWERING_BYTES >> 20);
}
