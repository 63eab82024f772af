/* Units of ReLUs alone, for models that are to have no others: sums of relu(sign * x + shift),
   which are exact. Products, and functions and comparisons of numbers that may lie anywhere, are no
   such sums, and are refused. */
#include "compiler/lower/real/plan.h"

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

/* Are the operation's arguments whole numbers, as far as its node says? */
static bool of_integers(const RealPlan *plan, const Item *item) {
    const Node *node = graph_node(plan->graph, item->node);
    if (node->op != item->op) return false; /* a part of what the node means */
    for (int i = 0; i < op_info(node->op)->arity; i++)
        if (graph_node(plan->graph, node->args[i])->type & ~(TYPE_BOOL | TYPE_INT)) return false;
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
bool plan_real_relus(RealPlan *plan, const Item *item, Relus *relus) {
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
