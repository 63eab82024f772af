/* Units as sums of curves of one number each, for ReLUs alone: a product is the difference of two
   squares, ((x + y)^2 - (x - y)^2) / 4, and a square one curve. */
#include "compiler/lower/real/plan.h"

#include <math.h>

typedef struct Terms {
    RealPlan *plan;
    NodeId node;
    CurveTerm *terms; /* (count) */
    uint32_t count;
} Terms;

static const Curve square = {CURVE_POWER, 2};

static void add(Terms *t, Curve curve, const Form *x, double factor, uint32_t row) {
    if (x->rows == 0 || factor == 0) return; /* rows 0: refused */
    t->terms[t->count++] = (CurveTerm){
        .curve = curve, .x = *x, .factor = factor, .row = row, .over = {INFINITY, -INFINITY}};
}

static void add_product(Terms *t, const Form *a, const Form *b, uint32_t from, uint32_t row) {
    Form x = form_row(t->plan, t->node, a, from), y = form_row(t->plan, t->node, b, from);
    if (form_equal(t->plan, &x, &y)) {
        add(t, square, &x, 1, row);
        return;
    }
    Form minus = form_scale(t->plan, t->node, &y, -1);
    Form sum = form_add(t->plan, t->node, &x, &y),
         difference = form_add(t->plan, t->node, &x, &minus);
    add(t, square, &sum, 0.25, row);
    add(t, square, &difference, -0.25, row);
}

static bool curve_of(const Item *item, Curve *curve) {
    double zero;
    switch (item->op) {
    case OP_EXP: *curve = (Curve){CURVE_EXP, 0}; return true;
    case OP_LOG: *curve = (Curve){CURVE_LOG, 0}; return true;
    case OP_SIN: *curve = (Curve){CURVE_SIN, 0}; return true;
    case OP_COS: *curve = (Curve){CURVE_COS, 0}; return true;
    case OP_TANH: *curve = (Curve){CURVE_TANH, 0}; return true;
    case OP_SQRT: *curve = (Curve){CURVE_POWER, 0.5}; return true;
    case OP_DIV: *curve = (Curve){CURVE_POWER, -1}; return form_is_constant(&item->arguments[0]);
    case OP_POW:
        *curve = (Curve){CURVE_POWER, *plan_real_constant(&item->arguments[1], &zero)};
        return form_is_constant(&item->arguments[1]);
    default: return false;
    }
}

/* Of a function each row; of a division by one its divisor. */
static void add_functions(Terms *t, const Item *item, Curve curve, uint32_t width) {
    const Form *constant = &item->arguments[0], *of = &item->arguments[item->op == OP_DIV ? 1 : 0];
    for (uint32_t r = 0; r < width; r++) {
        Form x = form_row(t->plan, t->node, of, r);
        double factor = 1, zero;
        if (item->op == OP_DIV)
            factor = constant->constant ? plan_real_constant(constant, &zero)[r] : 0;
        add(t, curve, &x, factor, r);
    }
}

CurveTerms plan_real_terms(RealPlan *plan, const Item *item) {
    Curve curve;
    bool product = item->op == OP_MUL || item->op == OP_DOT;
    if (item->kind != ITEM_UNIT || (!product && !curve_of(item, &curve))) return (CurveTerms){0};
    uint32_t rows = item->arguments[0].rows;
    Terms t = {.plan = plan, .node = item->node};
    t.terms = ARENA_ARRAY(plan->scratch, CurveTerm, 2 * (size_t)rows);
    if (!product) add_functions(&t, item, curve, rows);
    for (uint32_t r = 0; product && r < rows; r++)
        add_product(&t, &item->arguments[0], &item->arguments[1], r, item->op == OP_DOT ? 0 : r);
    return (CurveTerms){t.count, t.terms};
}
