/* A choice between two numbers as ReLUs: each goes through a gate that the condition opens or
   closes.

     gate(v, open) = relu(v - bound (1 - open)) - relu(-v - bound (1 - open))

   is v where open is 1, and exactly 0 where it is 0, for no |v| is above the bound. */
#include "compiler/lower/real/plan.h"

#include <math.h>

/* A power of two, so that the products with it are exact. */
static double gate_bound(const RealPlan *plan, const Form *form, Bound *bounds) {
    double most = 1;
    form_bounds(plan, form, bounds);
    for (uint32_t r = 0; r < form->rows; r++)
        most = fmax(most, fmax(fabs(bounds[r].low), fabs(bounds[r].high)));
    return isfinite(most) ? exp2(ceil(log2(most))) : most;
}

static bool refuse_choice(RealPlan *plan, const Item *item) {
    if (plan->refused) return false;
    Diagnostic *diag =
        diag_error(plan->diags, DIAG_CANNOT_LOWER, graph_node(plan->graph, item->node)->span,
                   "a choice between numbers without bounds can't be made with ReLUs");
    diag_help(diag,
              "give them a range: min(max(x, low), high); for vectors too, high - relu(high - "
              "low - relu(x - low))");
    plan->refused = true;
    return false;
}

/* The two ReLUs of each row, those with +v first. closed: 1 - open, one row. */
static bool add_gate(RealPlan *plan, const Item *item, const Form *v, const Form *closed,
                     Relus *relus) {
    Bound *bounds = ARENA_ARRAY(plan->scratch, Bound, v->rows);
    double bound = gate_bound(plan, v, bounds);
    if (!isfinite(bound)) return refuse_choice(plan, item);
    Form shift = form_scale(plan, item->node, closed, -bound);
    shift = form_spread(plan, item->node, &shift, v->rows);
    for (int sign = 1; sign >= -1; sign -= 2) {
        Form signed_v = form_scale(plan, item->node, v, sign);
        Form input = form_add(plan, item->node, &signed_v, &shift);
        relus->input =
            relus->input.rows == 0 ? input : form_join(plan, item->node, &relus->input, &input);
    }
    return !plan->refused;
}

static bool is_nothing(const Form *form) {
    bool nothing = form_is_constant(form);
    for (uint32_t r = 0; nothing && form->constant && r < form->rows; r++)
        nothing = form->constant[r] == 0;
    return nothing;
}

bool plan_real_choice(RealPlan *plan, const Item *item, Relus *relus) {
    uint32_t width = plan->values[item->target].width;
    Form one = form_number(plan, 1);
    Form minus = form_scale(plan, item->node, &item->arguments[0], -1);
    Form closed[2] = {form_add(plan, item->node, &one, &minus), item->arguments[0]};
    for (int side = 0; side < 2; side++) {
        const Form *v = &item->arguments[1 + side];
        if (is_nothing(v) && (side == 0 || relus->input.rows > 0)) continue;
        if (!add_gate(plan, item, v, &closed[side], relus)) return false;
    }
    uint32_t count = relus->input.rows;
    double *out = plan_real_numbers(plan, item->node, (uint64_t)width * count);
    if (!out) return false;
    for (uint32_t r = 0; r < width; r++)
        for (uint32_t i = r, g = 0; i < count; i += width, g++)
            out[(size_t)r * count + i] = g % 2 == 0 ? 1 : -1;
    relus->out = out;
    return true;
}
