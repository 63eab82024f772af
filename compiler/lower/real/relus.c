/* Units of ReLUs alone, for models that are to have no others: sums of relu(sign * x + shift),
   which are exact; and curves of numbers whose bounds are known, which are interpolated. What jumps
   (comparisons of numbers that are no integers, floor) is no such sum, and is refused. */
#include "compiler/lower/real/plan.h"

#include <math.h>
#include <string.h>

enum { MOST_PARTS = 3 };

typedef struct Part {
    double sign, shift, factor; /* factor * relu(sign * x + shift) */
} Part;

/* An operation of one x, which is made of its arguments: a + b, a - b, ... */
typedef struct Recipe {
    GraphOp op;
    double a, b;   /* x = a * argument 0 + b * argument 1 */
    bool integers; /* exact for whole numbers alone */
    uint32_t count;
    Part parts[MOST_PARTS];
} Recipe;

static const Recipe recipes[] = {
    {OP_RELU, 1, 0, false, 1, {{1, 0, 1}}},
    {OP_POS, 1, 0, false, 2, {{1, 0, 1}, {-1, 0, -1}}},
    {OP_ABS, 1, 0, false, 2, {{1, 0, 1}, {-1, 0, 1}}},
    /* of truths */
    {OP_AND, 1, 1, false, 1, {{1, -1, 1}}},
    {OP_OR, 1, 1, false, 2, {{1, 0, 1}, {1, -1, -1}}},
    /* a step of one, and a spike */
    {OP_LT, -1, 1, true, 2, {{1, 0, 1}, {1, -1, -1}}},
    {OP_LE, -1, 1, true, 2, {{1, 1, 1}, {1, 0, -1}}},
    {OP_GT, 1, -1, true, 2, {{1, 0, 1}, {1, -1, -1}}},
    {OP_GE, 1, -1, true, 2, {{1, 1, 1}, {1, 0, -1}}},
    {OP_EQ, 1, -1, true, 3, {{1, 1, 1}, {1, 0, -2}, {1, -1, 1}}},
    {OP_ONEHOT, 1, -1, true, 3, {{1, 1, 1}, {1, 0, -2}, {1, -1, 1}}},
};

static bool is_integer(const RealPlan *plan, NodeId node) {
    return (graph_node(plan->graph, node)->type & ~(TYPE_BOOL | TYPE_INT)) == 0;
}

/* Are the operation's arguments whole numbers, as far as its node says? */
static bool of_integers(const RealPlan *plan, const Item *item) {
    const Node *node = graph_node(plan->graph, item->node);
    const OpInfo *info = op_info(node->op);
    if (node->op != item->op) /* a part of what the node means: a look-up, or its own truth */
        return is_integer(plan, info->payload == PAYLOAD_TABLE ? node->args[0] : item->node);
    for (int i = 0; i < info->arity; i++)
        if (!is_integer(plan, node->args[i])) return false;
    return true;
}

static const Recipe *recipe_of(RealPlan *plan, const Item *item) {
    const char *why = "";
    for (size_t r = 0; r < sizeof recipes / sizeof *recipes; r++) {
        if (recipes[r].op != item->op) continue;
        if (!recipes[r].integers || of_integers(plan, item)) return &recipes[r];
        why = " but of integers";
    }
    plan_real_refuse(plan, item->node, "'%s' is no sum of ReLUs%s", op_info(item->op)->name, why);
    return NULL;
}

static Form argument_of(RealPlan *plan, const Item *item, const Recipe *recipe) {
    uint32_t width = plan->values[item->target].width;
    Form x = form_scale(plan, item->node, &item->arguments[0], recipe->a), second;
    if (item->op == OP_ONEHOT) {
        double *numbers = plan_real_numbers(plan, item->node, width);
        for (uint32_t i = 0; numbers && i < width; i++)
            numbers[i] = i;
        x = form_spread(plan, item->node, &x, width);
        second = form_constants(numbers ? width : 0, numbers);
    } else if (recipe->b != 0) {
        second = item->arguments[1];
    } else {
        return x;
    }
    second = form_scale(plan, item->node, &second, recipe->b);
    return form_add(plan, item->node, &x, &second);
}

/* The ReLUs of the first part for every row, those of the second, ... */
static bool use_recipe(RealPlan *plan, const Item *item, Relus *relus) {
    NodeId node = item->node;
    uint32_t width = plan->values[item->target].width;
    const Recipe *recipe = recipe_of(plan, item);
    if (!recipe) return false;
    Form x = argument_of(plan, item, recipe);
    uint32_t count = width * recipe->count;
    double *out = plan_real_numbers(plan, node, (uint64_t)width * count);
    if (!out) return false;
    for (uint32_t p = 0; p < recipe->count; p++) {
        const Part *part = &recipe->parts[p];
        Form shift = form_number(plan, part->shift),
             shifts = form_spread(plan, node, &shift, width);
        Form input = form_scale(plan, node, &x, part->sign);
        if (part->shift != 0) input = form_add(plan, node, &input, &shifts);
        relus->input = p == 0 ? input : form_join(plan, node, &relus->input, &input);
        for (uint32_t r = 0; r < width; r++)
            out[(size_t)r * count + p * width + r] = part->factor;
    }
    relus->out = out;
    return relus->input.rows == count;
}

/* --- curves ----------------------------------------------------------------------------------- */

static void refuse_curve(RealPlan *plan, const Item *item, const CurveTerm *term) {
    Bound bound;
    if (plan->refused) return;
    form_bounds(plan, &term->x, &bound);
    bool bounded = isfinite(bound.low) && isfinite(bound.high);
    const char *name = op_info(item->op)->name;
    Diagnostic *diag =
        diag_error(plan->diags, DIAG_CANNOT_LOWER, graph_node(plan->graph, item->node)->span,
                   bounded ? "'%s' has no bounds where its argument is from %.3g to %.3g, so it "
                             "can't be interpolated with ReLUs"
                           : "'%s' can't be interpolated with ReLUs: what it is of may be from "
                             "%.3g to %.3g",
                   name, bound.low, bound.high);
    diag_help(diag, "give it a range: min(max(x, low), high); for vectors too, high - relu(high - "
                    "low - relu(x - low))");
    plan->refused = true;
}

/* The ReLUs of one curve: those of its knots, and one that is always 1 for what it begins with. */
typedef struct Joint {
    uint32_t count;
    const double *knots;
    double *factors; /* (count) */
    Hinges hinges;
} Joint;

static bool joint_of(RealPlan *plan, const Item *item, const CurveTerm *term, Joint *joint) {
    joint->knots = plan_real_knots(plan, term, &joint->count);
    if (joint->count == 0) {
        refuse_curve(plan, item, term);
        return false;
    }
    joint->factors = plan_real_numbers(plan, item->node, joint->count);
    if (!joint->factors) return false;
    if (joint->count > 1) {
        joint->hinges = curve_hinges(term->curve, joint->knots, joint->count, joint->factors);
    } else {
        joint->hinges = (Hinges){0, curve_at(term->curve, joint->knots[0])};
        joint->count = 0;
    }
    return true;
}

/* count rows sign (x - knot), and one that is 1. */
static Form joint_input(RealPlan *plan, const Item *item, const CurveTerm *term,
                        const Joint *joint) {
    Form one = form_number(plan, 1);
    if (joint->count == 0) return one;
    double *shifts = plan_real_numbers(plan, item->node, joint->count);
    if (!shifts) return (Form){0};
    for (uint32_t k = 0; k < joint->count; k++)
        shifts[k] = -joint->hinges.sign * joint->knots[k];
    Form constants = form_constants(joint->count, shifts);
    Form x = form_scale(plan, item->node, &term->x, joint->hinges.sign);
    x = form_spread(plan, item->node, &x, joint->count);
    x = form_add(plan, item->node, &x, &constants);
    return form_join(plan, item->node, &x, &one);
}

static bool use_curves(RealPlan *plan, const Item *item, const CurveTerms *terms, Relus *relus) {
    uint32_t width = plan->values[item->target].width, count = 0, first = 0;
    Joint *joints = ARENA_ARRAY(plan->scratch, Joint, terms->count);
    double *errors = ARENA_ARRAY(plan->scratch, double, width);
    for (uint32_t t = 0; t < terms->count; t++) {
        if (!joint_of(plan, item, &terms->terms[t], &joints[t])) return false;
        count += joints[t].count + 1;
    }
    double *out = plan_real_numbers(plan, item->node, (uint64_t)width * count);
    for (uint32_t t = 0; out && t < terms->count; t++) {
        const CurveTerm *term = &terms->terms[t];
        const Joint *joint = &joints[t];
        Form input = joint_input(plan, item, term, joint);
        double *row = out + (size_t)term->row * count + first;
        for (uint32_t k = 0; k < joint->count; k++)
            row[k] = term->factor * joint->factors[k];
        row[joint->count] = term->factor * joint->hinges.constant;
        relus->input = t == 0 ? input : form_join(plan, item->node, &relus->input, &input);
        first += joint->count + 1;
        errors[term->row] += fabs(term->factor) * term->error;
        relus->error = fmax(relus->error, errors[term->row]);
    }
    relus->out = out;
    return out && relus->input.rows == count;
}

bool plan_real_relus(RealPlan *plan, ItemId id, Relus *relus) {
    const Item *item = &plan->items[id];
    const CurveTerms *terms = id < plan->bounded_items ? &plan->terms[id] : NULL;
    *relus = (Relus){0};
    if (terms && terms->terms) return use_curves(plan, item, terms, relus);
    if (item->op == OP_CHOOSE) return plan_real_choice(plan, item, relus);
    return use_recipe(plan, item, relus);
}
