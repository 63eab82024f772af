#include "compiler/lower/real/interpolate.h"

#include "runtime/base/bug.h"

#include <math.h>

/* Beyond these exp is 0 and tanh is -1 or 1, but for less than the least double and 2^-54. */
enum { EXP_FLAT = 745, TANH_FLAT = 19 };

static double square(double x) { return x * x; }

static bool is_whole(double x) { return x == nearbyint(x); }

/* More than what rounding the curve's values and their differences may hide. */
static double with_rounding(double bound, double greatest) {
    return bound * (1 + 0x1p-40) + 8 * greatest * 0x1p-53;
}

double curve_at(Curve curve, double x) {
    switch (curve.kind) {
    case CURVE_POWER: return curve.exponent == 2 ? x * x : pow(x, curve.exponent);
    case CURVE_EXP: return exp(x);
    case CURVE_LOG: return log(x);
    case CURVE_SIN: return sin(x);
    case CURVE_COS: return cos(x);
    case CURVE_TANH: return tanh(x);
    }
    BUG("no curve: %d", curve.kind);
}

Interval curve_domain(Curve curve, Interval of) {
    if (curve.kind == CURVE_EXP) of.low = fmax(of.low, -EXP_FLAT);
    if (curve.kind == CURVE_TANH) {
        of.low = fmin(fmax(of.low, -TANH_FLAT), TANH_FLAT);
        of.high = fmax(fmin(of.high, TANH_FLAT), -TANH_FLAT);
    }
    if (of.high < of.low) of.high = of.low; /* exp, far below */
    return of;
}

/* --- where it lies ---------------------------------------------------------------------------- */

/* Does it only rise or only fall over the interval? */
static bool is_monotone(Curve curve, Interval of) {
    if (curve.kind == CURVE_SIN || curve.kind == CURVE_COS) return false;
    if (curve.kind != CURVE_POWER || of.low >= 0 || of.high <= 0) return true;
    return is_whole((curve.exponent - 1) / 2); /* odd powers, through 0 */
}

/* Is the curve defined and smooth inside it? */
static bool is_defined(Curve curve, Interval of) {
    if (curve.kind == CURVE_LOG) return of.low > 0;
    if (curve.kind != CURVE_POWER) return true;
    bool around_0 = of.low <= 0 && of.high >= 0;
    if (curve.exponent < 0 && around_0) return false;
    /* Whole powers between 0 and 2 are lines, and not asked for. */
    return is_whole(curve.exponent) || of.low >= 0;
}

bool curve_image(Curve curve, Interval of, Interval *image) {
    *image = (Interval){-1, 1}; /* sin, cos, tanh */
    of = curve_domain(curve, of);
    if (!isfinite(of.low) || !isfinite(of.high) || !is_defined(curve, of)) return false;
    if (curve.kind == CURVE_SIN || curve.kind == CURVE_COS) return true;
    double a = curve_at(curve, of.low), b = curve_at(curve, of.high);
    *image = (Interval){fmin(a, b), fmax(a, b)};
    if (!is_monotone(curve, of)) image->low = fmin(image->low, 0); /* an even power */
    if (!isfinite(image->low) || !isfinite(image->high)) return false;
    image->low -= with_rounding(0, fabs(image->low));
    image->high += with_rounding(0, fabs(image->high));
    return true;
}

/* --- knots ------------------------------------------------------------------------------------ */

/* A function of x that grows as the integral of the root of |f''|, and back. */
static double measure(Curve curve, double x) {
    switch (curve.kind) {
    case CURVE_POWER: return copysign(pow(fabs(x), curve.exponent / 2), x);
    case CURVE_EXP: return exp(x / 2);
    case CURVE_LOG: return log(x);
    case CURVE_TANH: return atan(sinh(x)); /* of 1 / cosh, which is above the root / sqrt(2) */
    default: return x;
    }
}

static double unmeasure(Curve curve, double u) {
    switch (curve.kind) {
    case CURVE_POWER: return copysign(pow(fabs(u), 2 / curve.exponent), u);
    case CURVE_EXP: return 2 * log(u);
    case CURVE_LOG: return exp(u);
    case CURVE_TANH: return asinh(tan(u));
    default: return u;
    }
}

void curve_knots(Curve curve, Interval of, uint32_t count, double *knots) {
    double first = measure(curve, of.low), last = measure(curve, of.high);
    knots[0] = of.low;
    knots[count - 1] = of.high;
    for (uint32_t k = 1; k + 1 < count; k++) {
        double part = (double)k / (count - 1);
        double knot = unmeasure(curve, first + (last - first) * part);
        /* Where the interval is so narrow that the measure can't tell. */
        if (!(knot > knots[k - 1])) knot = knots[k - 1];
        if (!(knot < of.high)) knot = of.high;
        knots[k] = knot;
    }
}

/* --- chords ----------------------------------------------------------------------------------- */

/* The most that |f''| is between a < b; infinite where that is not bounded. */
static double most_bend(Curve curve, double a, double b) {
    double p = curve.exponent, far = fmax(fabs(a), fabs(b));
    double near = a <= 0 && b >= 0 ? 0 : fmin(fabs(a), fabs(b));
    switch (curve.kind) {
    case CURVE_POWER: return fabs(p * (p - 1)) * pow(p < 2 ? near : far, p - 2);
    case CURVE_EXP: return exp(b);
    case CURVE_LOG: return 1 / square(a);
    case CURVE_TANH: return 2 * tanh(far) * (1 - square(tanh(near))); /* |2 t (1 - t^2)| */
    case CURVE_SIN:
    case CURVE_COS: return 1;
    }
    BUG("no curve: %d", curve.kind);
}

static double piece_error(Curve curve, double a, double b) {
    double rise = fabs(curve_at(curve, b) - curve_at(curve, a));
    double bend = most_bend(curve, a, b) * square(b - a) / 8;
    if (isnan(bend)) bend = INFINITY;
    return is_monotone(curve, (Interval){a, b}) ? fmin(bend, rise) : bend;
}

double curve_error(Curve curve, const double *knots, uint32_t count) {
    double error = 0, greatest = 0;
    for (uint32_t k = 0; k < count; k++) {
        greatest = fmax(greatest, fabs(curve_at(curve, knots[k])));
        if (k > 0 && knots[k] > knots[k - 1])
            error = fmax(error, piece_error(curve, knots[k - 1], knots[k]));
    }
    if (curve.kind == CURVE_TANH) error += 0x1p-53;
    return with_rounding(error, greatest);
}

static double chord(Curve curve, double a, double b) {
    return b > a ? (curve_at(curve, b) - curve_at(curve, a)) / (b - a) : 0;
}

double curve_slope(Curve curve, const double *knots, uint32_t count) {
    double slope = 0;
    for (uint32_t k = 1; k < count; k++)
        slope = fmax(slope, fabs(chord(curve, knots[k - 1], knots[k])));
    return slope * (1 + 0x1p-40);
}

double curve_stray(Curve curve, double slope, double by) {
    if (by == 0) return 0;
    /* A root is steep near 0, but (x + by)^p <= x^p + by^p. */
    bool root = curve.kind == CURVE_POWER && curve.exponent > 0 && curve.exponent < 1;
    return root ? fmin(slope * by, pow(by, curve.exponent) * (1 + 0x1p-40)) : slope * by;
}

Hinges curve_hinges(Curve curve, const double *knots, uint32_t count, double *factors) {
    double left = chord(curve, knots[0], knots[1]);
    double right = chord(curve, knots[count - 2], knots[count - 1]);
    bool from_left = fabs(left) <= fabs(right);
    Hinges hinges = {from_left ? 1 : -1, curve_at(curve, knots[from_left ? 0 : count - 1])};
    /* At each knot the slope changes from that of the piece before it to that of the one behind. */
    for (uint32_t k = 0; k < count; k++) {
        double before = k > 0 ? chord(curve, knots[k - 1], knots[k]) : 0;
        double behind = k + 1 < count ? chord(curve, knots[k], knots[k + 1]) : 0;
        factors[k] = behind - before;
    }
    return hinges;
}
