#include "runtime/exact/rational.h"

#include "runtime/base/bug.h"
#include "runtime/base/limits.h"
#include "runtime/value/bigint.h"

#include <math.h>
#include <stdlib.h>

void rational_undefine(mpq_t out) {
    mpz_set_ui(mpq_numref(out), 0);
    mpz_set_ui(mpq_denref(out), 0);
}

void rational_set_double(mpq_t out, double x) {
    if (isfinite(x))
        mpq_set_d(out, x);
    else
        rational_undefine(out);
}

bool rational_set_atom(mpq_t out, Atom atom) {
    if (!atom_is_number(atom)) return false;
    if (atom.kind == ATOM_FLOAT) {
        rational_set_double(out, atom.as.real);
        return true;
    }
    IntegerView view;
    integer_view(&view, atom);
    mpq_set_z(out, view.z);
    return true;
}

/* mpq_get_d rounds towards 0; of the two doubles around x the nearer one is taken. */
double rational_to_double(const mpq_t x) {
    if (rational_is_undefined(x)) return (double)NAN;
    double below = mpq_get_d(x);
    double above = nextafter(below, mpq_sgn(x) < 0 ? -(double)INFINITY : (double)INFINITY);
    if (!isfinite(below) || !isfinite(above)) return below;
    mpq_t low, high;
    mpq_inits(low, high, NULL);
    mpq_set_d(low, below);
    mpq_set_d(high, above);
    mpq_sub(low, x, low);
    mpq_sub(high, high, x);
    mpq_abs(low, low);
    mpq_abs(high, high);
    double nearest = mpq_cmp(low, high) <= 0 ? below : above;
    mpq_clears(low, high, NULL);
    return nearest;
}

size_t rational_bits(const mpq_t x) {
    return mpz_sizeinbase(mpq_numref(x), 2) + mpz_sizeinbase(mpq_denref(x), 2);
}

void rational_format(Buffer *out, const mpq_t x) {
    enum { SHOWN_BITS = 4096 };
    if (rational_is_undefined(x)) {
        buffer_text(out, "undefined");
    } else if (rational_bits(x) > SHOWN_BITS) {
        buffer_printf(out, "about %.17g", rational_to_double(x));
    } else {
        char text[SHOWN_BITS];
        buffer_text(out, mpq_get_str(text, 10, x));
    }
}

/* --- one number ------------------------------------------------------------------------------- */

bool rational_has_one(GraphOp op) {
    return op == OP_NEG || op == OP_POS || op == OP_ROUND || op == OP_ABS || op == OP_FLOOR ||
           op == OP_CEIL || op == OP_RELU || op == OP_SIGN;
}

static void set_integer(mpq_t out, const mpz_t integer) { mpq_set_z(out, integer); }

static void set_floor(mpq_t out, const mpq_t a) {
    mpz_t whole;
    mpz_init(whole);
    mpz_fdiv_q(whole, mpq_numref(a), mpq_denref(a));
    set_integer(out, whole);
    mpz_clear(whole);
}

static void set_ceiling(mpq_t out, const mpq_t a) {
    mpq_neg(out, a);
    set_floor(out, out);
    mpq_neg(out, out);
}

/* Half to even. */
static void set_rounded(mpq_t out, const mpq_t a) {
    mpq_t half;
    mpq_init(half);
    mpq_set_ui(half, 1, 2);
    mpq_add(half, half, a);
    bool between = exact_is_whole(half);
    set_floor(half, half);
    if (between && mpz_odd_p(mpq_numref(half))) {
        mpz_t below;
        mpz_init(below);
        mpz_sub_ui(below, mpq_numref(half), 1);
        mpq_set_z(half, below);
        mpz_clear(below);
    }
    mpq_swap(out, half);
    mpq_clear(half);
}

void rational_one(GraphOp op, mpq_t out, const mpq_t a) {
    if (rational_is_undefined(a)) {
        rational_undefine(out);
        return;
    }
    switch (op) {
    case OP_NEG: mpq_neg(out, a); return;
    case OP_POS: mpq_set(out, a); return;
    case OP_ROUND: set_rounded(out, a); return;
    case OP_ABS: mpq_abs(out, a); return;
    case OP_FLOOR: set_floor(out, a); return;
    case OP_CEIL: set_ceiling(out, a); return;
    case OP_RELU:
        if (mpq_sgn(a) > 0)
            mpq_set(out, a);
        else
            mpq_set_ui(out, 0, 1);
        return;
    case OP_SIGN: mpq_set_si(out, mpq_sgn(a), 1); return;
    default: BUG("%s is no rational function of a number", op_info(op)->name);
    }
}

/* --- two numbers ------------------------------------------------------------------------------ */

bool rational_has_two(GraphOp op) { return (op >= OP_ADD && op <= OP_POW) || op_is_comparison(op); }

/* The remainder with the divisor's sign: a - b floor(a / b). */
static void set_remainder(mpq_t out, const mpq_t a, const mpq_t b) {
    mpq_t whole;
    mpq_init(whole);
    mpq_div(whole, a, b);
    set_floor(whole, whole);
    mpq_mul(whole, whole, b);
    mpq_sub(out, a, whole);
    mpq_clear(whole);
}

static ExactEnd set_power(mpq_t out, const mpq_t a, const mpq_t b) {
    if (!exact_is_whole(b)) return EXACT_NOT_RATIONAL;
    if (mpq_sgn(a) == 0 && mpq_sgn(b) < 0) {
        rational_undefine(out);
        return EXACT_DONE;
    }
    bool unit = mpz_cmpabs_ui(mpq_numref(a), 1) <= 0 && mpz_cmp_ui(mpq_denref(a), 1) == 0;
    if (!unit && mpz_cmpabs_ui(mpq_numref(b), LIMIT_EXACT_BITS / rational_bits(a)) > 0)
        return EXACT_TOO_LARGE;
    /* Of 0, 1 and -1 it matters only whether the exponent is 0, odd or even. */
    bool negative = mpq_sgn(b) < 0;
    unsigned long times = !unit                      ? mpz_get_ui(mpq_numref(b))
                          : mpq_sgn(b) == 0          ? 0
                          : mpz_odd_p(mpq_numref(b)) ? 1
                                                     : 2;
    mpq_t power;
    mpq_init(power);
    mpz_pow_ui(mpq_numref(power), mpq_numref(a), times);
    mpz_pow_ui(mpq_denref(power), mpq_denref(a), times);
    if (negative) mpq_inv(power, power);
    mpq_swap(out, power);
    mpq_clear(power);
    return EXACT_DONE;
}

ExactEnd rational_two(GraphOp op, mpq_t out, const mpq_t a, const mpq_t b) {
    bool divides = op == OP_DIV || op == OP_MOD;
    if (rational_is_undefined(a) || rational_is_undefined(b) || (divides && mpq_sgn(b) == 0)) {
        rational_undefine(out);
        return EXACT_DONE;
    }
    switch (op) {
    case OP_ADD: mpq_add(out, a, b); break;
    case OP_SUB: mpq_sub(out, a, b); break;
    case OP_MUL: mpq_mul(out, a, b); break;
    case OP_DIV: mpq_div(out, a, b); break;
    case OP_MOD: set_remainder(out, a, b); break;
    case OP_POW: return set_power(out, a, b);
    case OP_EQ: rational_set_truth(out, mpq_equal(a, b)); break;
    case OP_LT: rational_set_truth(out, mpq_cmp(a, b) < 0); break;
    case OP_LE: rational_set_truth(out, mpq_cmp(a, b) <= 0); break;
    case OP_GT: rational_set_truth(out, mpq_cmp(a, b) > 0); break;
    case OP_GE: rational_set_truth(out, mpq_cmp(a, b) >= 0); break;
    default: BUG("%s is no rational function of two numbers", op_info(op)->name);
    }
    return EXACT_DONE;
}

/* --- vectors ---------------------------------------------------------------------------------- */

void rational_sum(mpq_t out, mpq_t *v, uint32_t width) {
    mpq_set_ui(out, 0, 1);
    for (uint32_t c = 0; c < width; c++)
        rational_two(OP_ADD, out, out, v[c]);
}

void rational_dot(mpq_t out, mpq_t *a, mpq_t *b, uint32_t width) {
    mpq_t product;
    mpq_init(product);
    mpq_set_ui(out, 0, 1);
    for (uint32_t c = 0; c < width; c++) {
        rational_two(OP_MUL, product, a[c], b[c]);
        rational_two(OP_ADD, out, out, product);
    }
    mpq_clear(product);
}

void rational_distance(mpq_t out, mpq_t *a, mpq_t *b, uint32_t width) {
    mpq_t difference;
    mpq_init(difference);
    mpq_set_ui(out, 0, 1);
    for (uint32_t c = 0; c < width; c++) {
        rational_two(OP_SUB, difference, a[c], b[c]);
        rational_two(OP_MUL, difference, difference, difference);
        rational_two(OP_ADD, out, out, difference);
    }
    mpq_clear(difference);
}

static bool any_undefined(mpq_t *v, uint32_t width) {
    for (uint32_t c = 0; c < width; c++)
        if (rational_is_undefined(v[c])) return true;
    return false;
}

void rational_equal(mpq_t out, mpq_t *a, mpq_t *b, uint32_t width) {
    bool equal = true;
    if (any_undefined(a, width) || any_undefined(b, width)) {
        rational_undefine(out);
        return;
    }
    for (uint32_t c = 0; c < width && equal; c++)
        equal = mpq_equal(a[c], b[c]);
    rational_set_truth(out, equal);
}

void rational_extreme(mpq_t out, mpq_t *v, uint32_t width, bool greatest) {
    uint32_t best = 0;
    if (any_undefined(v, width)) {
        rational_undefine(out);
        return;
    }
    for (uint32_t c = 1; c < width; c++) {
        int order = mpq_cmp(v[c], v[best]);
        if (greatest ? order > 0 : order < 0) best = c;
    }
    mpq_set_ui(out, best, 1);
}

void rational_onehot(mpq_t *out, const mpq_t number, uint32_t width) {
    for (uint32_t c = 0; c < width; c++) {
        if (rational_is_undefined(number))
            rational_undefine(out[c]);
        else
            rational_set_truth(out[c], mpq_cmp_ui(number, c, 1) == 0);
    }
}
