/* Functions of one number as sums of ReLUs: the piecewise linear function through the curve at some
   knots, flat beyond them.

   On a piece of width h, where |f''| is at most M, the chord is within M h^2 / 8 of f (de Boor, A
   Practical Guide to Splines, III); and where f only rises or only falls there, within the piece's
   rise. Knots lie closer where the curve bends more, so that the bound falls with the square of
   their number (de Boor, XII: pieces with the same integral of the root of |f''|). */
#ifndef RASPC_LOWER_REAL_INTERPOLATE_H
#define RASPC_LOWER_REAL_INTERPOLATE_H

#include <stdbool.h>
#include <stdint.h>

typedef enum CurveKind {
    CURVE_POWER, /* x to the exponent: squares, 1 / x, roots */
    CURVE_EXP,
    CURVE_LOG,
    CURVE_SIN,
    CURVE_COS,
    CURVE_TANH,
} CurveKind;

typedef struct Curve {
    CurveKind kind;
    double exponent; /* POWER */
} Curve;

typedef struct Interval {
    double low, high;
} Interval;

double curve_at(Curve curve, double x);

/* The part of the interval that its knots have to take in: beyond it the curve is as good as flat,
   as exp is for very negative numbers. It may be a point. */
Interval curve_domain(Curve curve, Interval of);

/* Where the curve lies over the interval, and with it every chord. False: it is not bounded there,
   not defined, or the interval is not bounded where the curve needs that. */
bool curve_image(Curve curve, Interval of, Interval *image);

/* count knots, at least 2, from the interval's low end to its high one, rising; the interval is a
   curve_domain, and no point. */
void curve_knots(Curve curve, Interval of, uint32_t count, double *knots);

/* The greatest difference between the curve and its chords, over the interval that curve_domain
   made the knots' from, and the greatest slope of a chord. */
double curve_error(Curve curve, const double *knots, uint32_t count);
double curve_slope(Curve curve, const double *knots, uint32_t count);

/* How far the chords at one place are at most from those at another, or the curve from the curve,
   that is no farther away than `by`; chords of that slope. */
double curve_stray(Curve curve, double slope, double by);

/* The chords as constant + sum over k of factors[k] relu(sign (x - knots[k])). The sign is such
   that the sum begins where the curve is flatter: then nothing cancels where it only bends one way.
 */
typedef struct Hinges {
    double sign, constant;
} Hinges;
Hinges curve_hinges(Curve curve, const double *knots, uint32_t count, double *factors);

#endif
