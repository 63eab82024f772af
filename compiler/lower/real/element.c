/* Element-wise operations: affine ones are folded into whoever reads them, each of the others is a
   unit. */
#include "compiler/lower/real/plan.h"

#include "runtime/base/bug.h"

#include <math.h>

static const Node *node_at(const RealPlan *plan, NodeId id) { return graph_node(plan->graph, id); }

static uint32_t rows_of(const Node *node) { return node->type == TYPE_VECTOR ? node->width : 1; }

static bool is_constant(const Form *form) { return form->rows > 0 && form_is_constant(form); }

static bool all_zero(const Form *form) {
    if (!is_constant(form)) return false;
    for (uint32_t r = 0; form->constant && r < form->rows; r++)
        if (form->constant[r] != 0) return false;
    return true;
}

/* The argument, in as many rows as the node has. */
static Form spread_argument(RealPlan *plan, NodeId id, int argument) {
    Form form = plan_real_argument(plan, id, argument);
    return form_spread(plan, id, &form, rows_of(node_at(plan, id)));
}

static Form unit_form(RealPlan *plan, NodeId id, const Form *a, const Form *b) {
    if (a->rows == 0 || (b && b->rows == 0)) return (Form){0};
    const Node *node = node_at(plan, id);
    return form_value(plan, plan_real_unit(plan, id, node->op, a, b, rows_of(node)));
}

/* --- failures --------------------------------------------------------------------------------- */

static void add_trap(RealPlan *plan, PlanTrap trap) {
    if (plan->trap_count == plan->trap_capacity) {
        uint32_t capacity = plan->trap_capacity ? plan->trap_capacity * 2 : 8;
        plan->traps =
            arena_grow(plan->scratch, plan->traps, plan->trap_count, capacity, sizeof(PlanTrap));
        plan->trap_capacity = capacity;
    }
    trap.layer = NO_LAYER;
    plan->traps[plan->trap_count++] = trap;
}

void plan_real_trap(RealPlan *plan, NodeId id, DiagId diag, const char *why, const Form *divisor) {
    if (divisor->rows == 0) return;
    if (is_constant(divisor)) {
        if (!all_zero(divisor)) return;
        if (!plan->refused)
            diag_error(plan->diags, diag, node_at(plan, id)->span, "fails on every input: %s", why);
        plan->refused = true;
        return;
    }
    add_trap(plan, (PlanTrap){.node = id, .id = diag, .why = why, .number = *divisor});
}

void plan_real_limit(RealPlan *plan, NodeId id, const char *why, const Form *form, double limit) {
    enum { LATELY = 16 }; /* a part of several sums is trapped once, if these stand together */
    for (uint32_t t = plan->trap_count < LATELY ? 0 : plan->trap_count - LATELY;
         t < plan->trap_count; t++)
        if (plan->traps[t].limit == limit && form_equal(plan, &plan->traps[t].number, form)) return;
    add_trap(
        plan,
        (PlanTrap){
            .node = id, .id = DIAG_INTEGER_ROUNDED, .why = why, .number = *form, .limit = limit});
}

static void trap_division(RealPlan *plan, NodeId id, const Form *divisor) {
    if (node_at(plan, id)->type == TYPE_VECTOR) return; /* as IEEE 754 has it */
    plan_real_trap(plan, id, DIAG_ZERO_DIVISION, arith_reason(ARITH_ZERO_DIVISION), divisor);
}

/* --- arithmetic ------------------------------------------------------------------------------- */

/* Is it what attention brought, and nothing else? */
static bool is_moved(const RealPlan *plan, NodeId id) {
    ValueId value;
    if (!plan->formed[id] || !form_is_value(plan, &plan->forms[id], &value)) return false;
    const Value *at = &plan->values[value];
    return at->kind == VALUE_WRITTEN && plan->items[at->writer].kind == ITEM_MOVE;
}

/* In `(z - old) + new` attention brings the old value, so that z - old is 0, exactly; z + new - old
   would round (arXiv 2506.19125: erase, then add). Such a difference has a unit of its own. */
static void subtract_first(RealPlan *plan, NodeId id) {
    const Node *node = node_at(plan, id);
    if (node->op != OP_SUB || !is_moved(plan, node->args[1])) return;
    ValueId known;
    if (form_is_constant(&plan->forms[id]) || form_is_value(plan, &plan->forms[id], &known)) return;
    Form form = plan->forms[id];
    plan->forms[id] = form_value(plan, plan_real_unit(plan, id, OP_POS, &form, NULL, form.rows));
}

static Form add_forms(RealPlan *plan, NodeId id, double sign) {
    for (int i = 0; i < 2 && node_at(plan, id)->op == OP_ADD; i++)
        if (plan->dependence[node_at(plan, id)->args[1 - i]] == DEPENDS_INPUT)
            subtract_first(plan, node_at(plan, id)->args[i]);
    Form a = spread_argument(plan, id, 0), b = spread_argument(plan, id, 1);
    b = form_scale(plan, id, &b, sign);
    return form_add(plan, id, &a, &b);
}

static Form multiply(RealPlan *plan, NodeId id) {
    double zero;
    Form a = spread_argument(plan, id, 0), b = spread_argument(plan, id, 1);
    bool scales = is_constant(&a) || is_constant(&b);
    const Form *factor = is_constant(&a) ? &a : &b, *form = is_constant(&a) ? &b : &a;
    if (!scales || form->rows == 0) return unit_form(plan, id, &a, &b);
    if (!factor->constant) return form_constants(form->rows, NULL);
    return factor->rows == 1 ? form_scale(plan, id, form, *factor->constant)
                             : form_scale_rows(plan, id, form, plan_real_constant(factor, &zero));
}

/* Over a power of two is a factor. A factor 1/3 would not be a third, and 49 * (1/49) is not 1 in
   floats, on which a comparison or a floor may depend: the rest is a unit. */
static bool inverts_exactly(const Form *divisor) {
    for (uint32_t r = 0; divisor->constant && r < divisor->rows; r++) {
        int exponent;
        if (fabs(frexp(divisor->constant[r], &exponent)) != 0.5) return false;
        if (exponent < -1000 || exponent > 1000) return false;
    }
    return divisor->constant != NULL;
}

static Form ones_of(RealPlan *plan, NodeId id, uint32_t rows) {
    Form one = form_number(plan, 1);
    return form_spread(plan, id, &one, rows);
}

/* With ReLUs alone a quotient is a product with the inverse, each a unit. */
static Form divide_relus(RealPlan *plan, NodeId id, const Form *a, const Form *b) {
    uint32_t rows = b->rows;
    if (is_constant(a)) return unit_form(plan, id, a, b);
    Form ones = ones_of(plan, id, rows);
    Form inverse = form_value(plan, plan_real_unit(plan, id, OP_DIV, &ones, b, rows));
    return form_value(plan, plan_real_unit(plan, id, OP_MUL, a, &inverse, rows));
}

static Form divide(RealPlan *plan, NodeId id) {
    Form a = spread_argument(plan, id, 0), b = spread_argument(plan, id, 1);
    if (a.rows == 0 || b.rows == 0) return (Form){0};
    trap_division(plan, id, &b);
    if (plan->options->relu_only && !is_constant(&b)) return divide_relus(plan, id, &a, &b);
    bool folds = is_constant(&b) && (inverts_exactly(&b) || plan->options->relu_only);
    if (!folds) return unit_form(plan, id, &a, &b);
    double *inverses = plan_real_numbers(plan, id, b.rows);
    if (!inverses) return (Form){0};
    for (uint32_t r = 0; r < b.rows; r++)
        inverses[r] = 1 / b.constant[r];
    if (!inverts_exactly(&b)) plan->rounded = true;
    return form_scale_rows(plan, id, &a, inverses);
}

static Form remainder_of(RealPlan *plan, NodeId id) {
    Form a = spread_argument(plan, id, 0), b = spread_argument(plan, id, 1);
    trap_division(plan, id, &b);
    return unit_form(plan, id, &a, &b);
}

/* With ReLUs alone one number decides: the base, under an exponent that is known, or the other way
   round. Where the curve is defined nothing fails. */
static Form power_relus(RealPlan *plan, NodeId id, const Form *a, const Form *b) {
    double zero, first = *plan_real_constant(b, &zero), base = *plan_real_constant(a, &zero);
    bool same = true;
    for (uint32_t r = 1; r < b->rows; r++)
        same = same && plan_real_constant(b, &zero)[b->constant ? r : 0] == first;
    if (is_constant(b) && same && first == 0) return ones_of(plan, id, a->rows);
    if (is_constant(b) && same && first == 1) return *a;
    if (is_constant(b) && same) return unit_form(plan, id, a, b);
    if (is_constant(a) && a->rows == 1 && base > 0) {
        Form exponent = form_scale(plan, id, b, log(base));
        plan->rounded = true;
        return form_value(plan, plan_real_unit(plan, id, OP_EXP, &exponent, NULL, 1));
    }
    plan_real_refuse(plan, id, "a power of which neither side is one number that is known");
    return (Form){0};
}

/* Of a scalar: what Python refuses must be a trap, so either side must be known well enough. */
static Form power(RealPlan *plan, NodeId id) {
    Form a = spread_argument(plan, id, 0), b = spread_argument(plan, id, 1);
    if (a.rows == 0 || b.rows == 0) return (Form){0};
    if (plan->options->relu_only) return power_relus(plan, id, &a, &b);
    double zero, exponent = *plan_real_constant(&b, &zero);
    bool whole = is_constant(&b) && exponent == nearbyint(exponent);
    plan->irrational = plan->irrational || !whole;
    if (node_at(plan, id)->type == TYPE_VECTOR) return unit_form(plan, id, &a, &b);
    if (is_constant(&b) && exponent == 1) return a;
    if (whole) {
        if (exponent < 0) trap_division(plan, id, &a);
        return unit_form(plan, id, &a, &b);
    }
    bool positive = is_constant(&a) && *plan_real_constant(&a, &zero) > 0;
    if (positive) return unit_form(plan, id, &a, &b);
    if (!is_constant(&b)) {
        plan_real_refuse(plan, id, "a power with a base and an exponent that are both computed");
        return (Form){0};
    }
    Form nothing = form_number(plan, 0);
    Form fits =
        form_value(plan, plan_real_unit(plan, id, exponent < 0 ? OP_GT : OP_GE, &a, &nothing, 1));
    plan_real_trap(plan, id, arith_diag_id(exponent < 0 ? ARITH_ZERO_DIVISION : ARITH_COMPLEX),
                   arith_reason(exponent < 0 ? ARITH_ZERO_DIVISION : ARITH_COMPLEX), &fits);
    return unit_form(plan, id, &a, &b);
}

/* --- truth ------------------------------------------------------------------------------------ */

/* 1 - form */
static Form complement(RealPlan *plan, NodeId id, const Form *form) {
    Form one = form_number(plan, 1), minus = form_scale(plan, id, form, -1);
    return form_add(plan, id, &one, &minus);
}

Form plan_real_truth_of(RealPlan *plan, NodeId id, const Form *form) {
    Form nothing = form_number(plan, 0);
    if (form->rows == 0) return *form;
    if (is_constant(form)) return form_number(plan, !all_zero(form));
    if (node_at(plan, id)->type == TYPE_BOOL) return *form;
    Form is_zero = form_value(plan, plan_real_unit(plan, id, OP_EQ, form, &nothing, 1));
    return complement(plan, id, &is_zero);
}

Form plan_real_truth(RealPlan *plan, NodeId user, int argument) {
    Form form = plan_real_argument(plan, user, argument);
    return plan_real_truth_of(plan, node_at(plan, user)->args[argument], &form);
}

static Form logic(RealPlan *plan, NodeId id) {
    bool is_and = node_at(plan, id)->op == OP_AND;
    Form a = plan_real_truth(plan, id, 0), b = plan_real_truth(plan, id, 1);
    for (int side = 0; side < 2; side++) {
        const Form *known = side == 0 ? &a : &b, *other = side == 0 ? &b : &a;
        if (!is_constant(known)) continue;
        return all_zero(known) == is_and ? form_number(plan, is_and ? 0 : 1) : *other;
    }
    return unit_form(plan, id, &a, &b);
}

/* Between two constants: b + (a - b) condition, where that is exact. ReLUs have no better choice.
 */
static bool is_step(const RealPlan *plan, const Form *a, const Form *b, double *high, double *low) {
    FloatType type = plan->options->relu_only ? FLOAT_64 : plan->options->float_type;
    double zero, most = float_whole(type) / 8;
    if (!is_constant(a) || !is_constant(b) || a->rows != 1) return false;
    *high = *plan_real_constant(a, &zero);
    *low = *plan_real_constant(b, &zero);
    return *low + (*high - *low) == *high && fabs(*high) < most && fabs(*low) < most &&
           *high == nearbyint(*high) && *low == nearbyint(*low);
}

static Form sum_less(RealPlan *plan, NodeId id, const Form *a, const Form *b, double sign,
                     double less) {
    Form second = form_scale(plan, id, b, sign), sum = form_add(plan, id, a, &second);
    Form constant = form_number(plan, -less);
    return less == 0 ? sum : form_add(plan, id, &sum, &constant);
}

/* The condition of a choice need only be above 1/2 or not: then `and` and `or` are sums. */
static Form condition_of(RealPlan *plan, NodeId id, bool *is_truth) {
    NodeId truth = node_at(plan, id)->args[0];
    const Node *node = node_at(plan, truth);
    *is_truth = true;
    if (plan->options->relu_only || (node->op != OP_AND && node->op != OP_OR))
        return plan_real_truth(plan, id, 0);
    Form a = plan_real_truth(plan, truth, 0), b = plan_real_truth(plan, truth, 1);
    if (a.rows == 0 || b.rows == 0 || is_constant(&a) || is_constant(&b))
        return plan_real_truth(plan, id, 0);
    *is_truth = false;
    return sum_less(plan, id, &a, &b, 1, node->op == OP_AND ? 1 : 0);
}

/* Above 1/2 where both truths are 1; for ReLUs, whose gates it opens, a truth itself. */
static Form both(RealPlan *plan, NodeId id, const Form *a, const Form *b) {
    if (!plan->options->relu_only) return sum_less(plan, id, a, b, 1, 1);
    return form_value(plan, plan_real_unit(plan, id, OP_AND, a, b, 1));
}

/* Is the form what a unit chooses by a truth? Then that unit's arguments. */
static const Form *chosen_by(const RealPlan *plan, const Form *form) {
    ValueId value;
    if (!form_is_value(plan, form, &value) || plan->values[value].kind != VALUE_WRITTEN)
        return NULL;
    const Item *item = &plan->items[plan->values[value].writer];
    return item->kind == ITEM_UNIT && item->op == OP_CHOOSE && item->by_truth ? item->arguments
                                                                              : NULL;
}

/* A choice between two, one of which is a choice between the same two, is one choice. */
static void flatten(RealPlan *plan, NodeId id, Form arguments[3]) {
    for (int side = 1; side <= 2; side++) {
        const Form *inner = chosen_by(plan, &arguments[side]);
        const Form *other = &arguments[3 - side];
        for (int same = 1; inner && same <= 2; same++) {
            if (!form_equal(plan, other, &inner[same])) continue;
            /* The rest of the inner choice is taken where both conditions lead to it. */
            Form condition = arguments[0], within = inner[0], rest = inner[3 - same];
            if (side == 2) condition = complement(plan, id, &condition);
            if (same == 1) within = complement(plan, id, &within);
            arguments[2] = *other;
            arguments[1] = rest;
            arguments[0] = both(plan, id, &condition, &within);
            return;
        }
    }
}

/* The greater of a and b is b + relu(a - b), the less b - relu(b - a): no comparison, and from the
   constant of the two its bound can be told. */
static Form extreme(RealPlan *plan, NodeId id, const Form *a, const Form *b, bool greater) {
    const Form *base = is_constant(a) ? a : b, *other = is_constant(a) ? b : a;
    Form minus = form_scale(plan, id, greater ? base : other, -1);
    Form above = form_add(plan, id, greater ? other : base, &minus);
    Form unit = form_value(plan, plan_real_unit(plan, id, OP_RELU, &above, NULL, a->rows));
    unit = form_scale(plan, id, &unit, greater ? 1 : -1);
    return form_add(plan, id, base, &unit);
}

/* Is it `a if a > b else b` or the like? */
static bool is_extreme(RealPlan *plan, NodeId id, const Form *a, const Form *b, bool *greater) {
    const Node *test = node_at(plan, node_at(plan, id)->args[0]);
    bool less = test->op == OP_LT || test->op == OP_LE,
         more = test->op == OP_GT || test->op == OP_GE;
    if (a->rows != 1 || (!less && !more)) return false;
    Form left = plan_real_form(plan, test->args[0]), right = plan_real_form(plan, test->args[1]);
    bool as_written = form_equal(plan, &left, a) && form_equal(plan, &right, b);
    bool turned = form_equal(plan, &left, b) && form_equal(plan, &right, a);
    *greater = as_written ? more : less;
    return as_written || turned;
}

static Form choose(RealPlan *plan, NodeId id) {
    double high, low;
    bool is_truth, greater;
    Form a = spread_argument(plan, id, 1), b = spread_argument(plan, id, 2);
    if (plan->options->relu_only && a.rows > 0 && is_extreme(plan, id, &a, &b, &greater))
        return extreme(plan, id, &a, &b, greater);
    Form condition = condition_of(plan, id, &is_truth);
    if (condition.rows == 0 || a.rows == 0 || b.rows == 0) return (Form){0};
    if (is_constant(&condition)) return all_zero(&condition) ? b : a;
    if (is_step(plan, &a, &b, &high, &low)) {
        condition = plan_real_truth(plan, id, 0);
        Form step = form_scale(plan, id, &condition, high - low), floor = form_number(plan, low);
        return form_add(plan, id, &floor, &step);
    }
    Item item = {.kind = ITEM_UNIT,
                 .node = id,
                 .op = OP_CHOOSE,
                 .argument_count = 3,
                 .arguments = {condition, a, b},
                 .by_truth = is_truth};
    if (is_truth) flatten(plan, id, item.arguments);
    item.by_truth = is_truth && form_equal(plan, &condition, &item.arguments[0]);
    return form_value(plan, plan_real_item(plan, item, a.rows));
}

/* --- tables ----------------------------------------------------------------------------------- */

/* 1 where what is looked up is the key, else 0. number: its form, rows 0 of a string. */
static Form is_key(RealPlan *plan, NodeId id, const Form *number, Atom key) {
    NodeId of = node_at(plan, id)->args[0];
    double at = 0;
    if (plan_real_is_text(plan, of)) return plan_real_is_word(plan, id, of, key);
    if (key.kind == ATOM_STRING || !atom_as_double(key, &at)) return form_number(plan, 0);
    Form constant = form_number(plan, at);
    return form_value(plan, plan_real_unit(plan, id, OP_EQ, number, &constant, 1));
}

/* The sum of values[k] over the keys that it equals; in *found their count. values NULL: the count
   alone. */
static Form look_up(RealPlan *plan, NodeId id, const Form *number, const Table *table,
                    Form *found) {
    Form sum = form_number(plan, 0);
    *found = form_number(plan, 0);
    for (uint32_t k = 0; k < table->count; k++) {
        double value = 0;
        if (table->values &&
            (table->values[k].kind == ATOM_STRING || !atom_as_double(table->values[k], &value))) {
            plan_real_refuse(plan, id, "a table of strings");
            return (Form){0};
        }
        Form here = is_key(plan, id, number, table->keys[k]);
        Form part = form_scale(plan, id, &here, value);
        *found = form_add(plan, id, found, &here);
        sum = form_add(plan, id, &sum, &part);
    }
    return sum;
}

static Form keyed(RealPlan *plan, NodeId id) {
    const Node *node = node_at(plan, id);
    bool text = plan_real_is_text(plan, node->args[0]);
    Form number = text ? (Form){0} : plan_real_argument(plan, id, 0), found;
    if (number.rows == 0 && !text) return number;
    Form sum = look_up(plan, id, &number, node->table, &found);
    if (node->op == OP_MEMBER) return found;
    plan_real_trap(plan, id, DIAG_MISSING_KEY, "not among the dict's keys", &found);
    return sum;
}

/* Item number i or, for a negative one, from the end: a one-hot of i, or of i + count, and the
   items as its matrix. */
static Form item_of(RealPlan *plan, NodeId id) {
    const Node *node = node_at(plan, id);
    uint32_t count = node->table->count;
    Form number = plan_real_argument(plan, id, 0), from_end = form_number(plan, count);
    if (number.rows == 0) return number;
    if (node_at(plan, node->args[0])->type & TYPE_FLOAT) {
        plan_real_refuse(plan, id, "an index that may be no integer; round() it");
        return (Form){0};
    }
    double *values = plan_real_numbers(plan, id, count), *ones = plan_real_numbers(plan, id, count);
    if (!values || !ones) return (Form){0};
    for (uint32_t i = 0; i < count; i++) {
        ones[i] = 1;
        if (node->table->values[i].kind != ATOM_STRING &&
            atom_as_double(node->table->values[i], &values[i]))
            continue;
        plan_real_refuse(plan, id, "a table of strings");
        return (Form){0};
    }
    from_end = form_add(plan, id, &number, &from_end);
    Form front = form_value(plan, plan_real_unit(plan, id, OP_ONEHOT, &number, NULL, count));
    Form back = form_value(plan, plan_real_unit(plan, id, OP_ONEHOT, &from_end, NULL, count));
    Form either = form_add(plan, id, &front, &back);
    Form found = form_matmul(plan, id, ones, 1, &either);
    plan_real_trap(plan, id, DIAG_INDEX_RANGE, "an index out of range", &found);
    return form_matmul(plan, id, values, 1, &either);
}

/* --- vectors ---------------------------------------------------------------------------------- */

static Form matrix_times(RealPlan *plan, NodeId id) {
    Form a = plan_real_argument(plan, id, 0);
    const Table *table = node_at(plan, id)->table;
    double *matrix = plan_real_numbers(plan, id, table->count);
    if (a.rows == 0 || !matrix) return (Form){0};
    for (uint32_t i = 0; i < table->count; i++)
        if (!atom_as_double(table->values[i], &matrix[i])) BUG("a matrix of no numbers");
    return form_matmul(plan, id, matrix, table->count / a.rows, &a);
}

static Form sum_of(RealPlan *plan, NodeId id) {
    Form a = plan_real_argument(plan, id, 0);
    double *ones = plan_real_numbers(plan, id, a.rows);
    if (!ones) return (Form){0};
    for (uint32_t i = 0; i < a.rows; i++)
        ones[i] = 1;
    return form_matmul(plan, id, ones, 1, &a);
}

static Form dot_of(RealPlan *plan, NodeId id) {
    Form a = plan_real_argument(plan, id, 0), b = plan_real_argument(plan, id, 1);
    if (a.rows == 0 || b.rows == 0) return (Form){0};
    if (!is_constant(&a) && !is_constant(&b)) return unit_form(plan, id, &a, &b);
    const Form *factors = is_constant(&a) ? &a : &b, *of = is_constant(&a) ? &b : &a;
    if (!factors->constant) return form_number(plan, 0);
    return form_matmul(plan, id, factors->constant, 1, of);
}

/* The integer itself where it is known to be one. */
static Form whole_part(RealPlan *plan, NodeId id) {
    Form a = plan_real_argument(plan, id, 0);
    bool whole = (node_at(plan, node_at(plan, id)->args[0])->type & ~(TYPE_BOOL | TYPE_INT)) == 0;
    return whole ? a : unit_form(plan, id, &a, NULL);
}

static Form function_of(RealPlan *plan, NodeId id, bool rational) {
    Form a = plan_real_argument(plan, id, 0);
    plan->irrational = plan->irrational || !rational;
    return unit_form(plan, id, &a, NULL);
}

/* a less its mean. */
static Form centred(RealPlan *plan, NodeId id, const Form *a) {
    double *matrix = plan_real_numbers(plan, id, (uint64_t)a->rows * a->rows);
    for (uint32_t i = 0; matrix && i < a->rows; i++)
        for (uint32_t j = 0; j < a->rows; j++)
            matrix[(size_t)i * a->rows + j] = (i == j) - 1.0 / a->rows;
    return matrix ? form_matmul(plan, id, matrix, a->rows, a) : (Form){0};
}

/* With ReLUs alone a norm is a sum of squares and its root; what is divided by it, a product with
   the inverse root. */
static Form norm_of(RealPlan *plan, NodeId id) {
    GraphOp op = node_at(plan, id)->op;
    if (!plan->options->relu_only) return function_of(plan, id, false);
    Form a = plan_real_argument(plan, id, 0), half = form_number(plan, -0.5);
    if (op == OP_LAYERNORM && a.rows > 0) a = centred(plan, id, &a);
    if (a.rows == 0) return a;
    Form square = form_value(plan, plan_real_unit(plan, id, OP_DOT, &a, &a, 1));
    if (op == OP_NORM) return form_value(plan, plan_real_unit(plan, id, OP_SQRT, &square, NULL, 1));
    if (op != OP_UNIT) square = form_scale(plan, id, &square, 1.0 / a.rows);
    Form inverse = form_value(plan, plan_real_unit(plan, id, OP_POW, &square, &half, 1));
    inverse = form_spread(plan, id, &inverse, a.rows);
    return form_value(plan, plan_real_unit(plan, id, OP_MUL, &a, &inverse, a.rows));
}

static Form compare(RealPlan *plan, NodeId id) {
    Form is_equal;
    if (plan_real_compares_text(plan, id, &is_equal)) return is_equal;
    Form a = plan_real_argument(plan, id, 0), b = plan_real_argument(plan, id, 1);
    return unit_form(plan, id, &a, &b);
}

static Form one_component(RealPlan *plan, NodeId id) {
    Form a = plan_real_argument(plan, id, 0);
    int64_t index;
    if (!atom_as_int64(node_at(plan, id)->atom, &index)) BUG("a component of no number");
    return form_row(plan, id, &a, (uint32_t)index);
}

/* --- one node --------------------------------------------------------------------------------- */

Form plan_real_element(RealPlan *plan, NodeId id) {
    Form a, b;
    switch (node_at(plan, id)->op) {
    case OP_POS:
    case OP_VEC: return plan_real_argument(plan, id, 0);
    case OP_NEG: a = plan_real_argument(plan, id, 0); return form_scale(plan, id, &a, -1);
    case OP_ADD: return add_forms(plan, id, 1);
    case OP_SUB: return add_forms(plan, id, -1);
    case OP_MUL: return multiply(plan, id);
    case OP_DIV: return divide(plan, id);
    case OP_MOD: return remainder_of(plan, id);
    case OP_POW: return power(plan, id);
    case OP_EQ:
    case OP_LT:
    case OP_LE:
    case OP_GT:
    case OP_GE: return compare(plan, id);
    case OP_NOT: a = plan_real_truth(plan, id, 0); return complement(plan, id, &a);
    case OP_INDICATOR: return plan_real_truth(plan, id, 0);
    case OP_AND:
    case OP_OR: return logic(plan, id);
    case OP_CHOOSE: return choose(plan, id);
    case OP_MEMBER:
    case OP_LOOKUP: return keyed(plan, id);
    case OP_ITEM: return item_of(plan, id);
    case OP_CONCAT:
        a = plan_real_argument(plan, id, 0);
        b = plan_real_argument(plan, id, 1);
        return form_join(plan, id, &a, &b);
    case OP_COMPONENT: return one_component(plan, id);
    case OP_MATMUL: return matrix_times(plan, id);
    case OP_SUM: return sum_of(plan, id);
    case OP_DOT: return dot_of(plan, id);
    case OP_ROUND:
    case OP_FLOOR:
    case OP_CEIL: return whole_part(plan, id);
    case OP_ABS:
    case OP_RELU:
    case OP_SIGN:
    case OP_ARGMIN:
    case OP_ARGMAX:
    case OP_ONEHOT: return function_of(plan, id, true);
    case OP_NORM:
    case OP_LAYERNORM:
    case OP_RMSNORM:
    case OP_UNIT: return norm_of(plan, id);
    case OP_EXP:
    case OP_LOG:
    case OP_SQRT:
    case OP_SIN:
    case OP_COS:
    case OP_TANH: return function_of(plan, id, false);
    default: BUG("%s is no element-wise operation", op_info(node_at(plan, id)->op)->name);
    }
}
