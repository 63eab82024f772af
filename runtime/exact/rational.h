/* Rational numbers, one of which is undefined: what is left where IEEE 754 has an infinity or a
   NaN, as after a division of a vector's component by 0. It is written 0/0 in band, goes through
   all arithmetic, and is equal to nothing. GMP's own functions must never see it. */
#ifndef RASPC_RATIONAL_H
#define RASPC_RATIONAL_H

#include "runtime/certify/exact.h"
#include "runtime/graph/graph.h"

/* How exact arithmetic ends. */
typedef enum ExactEnd {
    EXACT_DONE,
    EXACT_FAILS,        /* the program has no value: a division by 0, a missing key */
    EXACT_UNDEFINED,    /* a result, or what a decision is made by, is not finite */
    EXACT_NOT_RATIONAL, /* a result is no rational number: 2 ^ 0.5, exp */
    EXACT_TOO_LARGE,    /* a number of more than LIMIT_EXACT_BITS */
    EXACT_TOO_LONG,     /* more work than LIMIT_EXACT_WORK */
} ExactEnd;

static inline bool rational_is_undefined(const mpq_t x) { return mpz_sgn(mpq_denref(x)) == 0; }
void rational_undefine(mpq_t out);
static inline bool rational_is_true(const mpq_t x) { return mpz_sgn(mpq_numref(x)) != 0; }
static inline void rational_set_truth(mpq_t out, bool truth) { mpq_set_ui(out, truth, 1); }
/* Exactly; undefined where it is not finite. */
void rational_set_double(mpq_t out, double x);
/* Exactly, True as 1; false for what is no number. */
bool rational_set_atom(mpq_t out, Atom atom);
/* The nearest double. */
double rational_to_double(const mpq_t x);
size_t rational_bits(const mpq_t x);
/* 11/3, -2, or "undefined". */
void rational_format(Buffer *out, const mpq_t x);

/* NEG POS ROUND ABS FLOOR CEIL RELU SIGN. out may be a. */
void rational_one(GraphOp op, mpq_t out, const mpq_t a);
/* ADD SUB MUL DIV MOD POW, and the comparisons, which give 1 or 0. out may be a or b. */
ExactEnd rational_two(GraphOp op, mpq_t out, const mpq_t a, const mpq_t b);
bool rational_has_one(GraphOp op);
bool rational_has_two(GraphOp op);

/* Over the components of vectors of that width. */
void rational_sum(mpq_t out, mpq_t *v, uint32_t width);
void rational_dot(mpq_t out, mpq_t *a, mpq_t *b, uint32_t width);
void rational_distance(mpq_t out, mpq_t *a, mpq_t *b, uint32_t width); /* squared */
void rational_equal(mpq_t out, mpq_t *a, mpq_t *b, uint32_t width);
void rational_extreme(mpq_t out, mpq_t *v, uint32_t width, bool greatest); /* the first's number */
void rational_onehot(mpq_t *out, const mpq_t number, uint32_t width);

#endif
