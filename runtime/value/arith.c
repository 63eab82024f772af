/* Python 3's operators on atoms. */
#include "runtime/base/bug.h"
#include "runtime/base/limits.h"
#include "runtime/value/bigint.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static bool is_integer(Atom a) { return a.kind == ATOM_BOOL || a.kind == ATOM_INT; }

bool atom_is_number(Atom a) { return is_integer(a) || a.kind == ATOM_FLOAT; }

bool atom_truth(Atom a) {
    switch ((AtomKind)a.kind) {
    case ATOM_BOOL: return a.as.boolean;
    case ATOM_INT: return !integer_is_zero(a);
    case ATOM_FLOAT: return a.as.real != 0;
    case ATOM_STRING: return a.as.string->len > 0;
    case ATOM_OPAQUE: return a.truth;
    }
    BUG("atom kind %d", a.kind);
}

/* --- equality and order ----------------------------------------------------------------------- */

int atom_order(Atom a, Atom b, bool *ordered) {
    *ordered = true;
    if (a.kind == ATOM_STRING && b.kind == ATOM_STRING) {
        int order = string_compare(a.as.string, b.as.string);
        return (order > 0) - (order < 0);
    }
    if (!atom_is_number(a) || !atom_is_number(b) || (a.kind == ATOM_FLOAT && isnan(a.as.real)) ||
        (b.kind == ATOM_FLOAT && isnan(b.as.real))) {
        *ordered = false;
        return 0;
    }
    if (a.kind != ATOM_FLOAT && b.kind != ATOM_FLOAT) return integer_compare(a, b);
    if (a.kind != ATOM_FLOAT) return integer_compare_double(a, b.as.real);
    if (b.kind != ATOM_FLOAT) return -integer_compare_double(b, a.as.real);
    return (a.as.real > b.as.real) - (a.as.real < b.as.real);
}

bool atom_equal(Atom a, Atom b) {
    if (a.kind == ATOM_STRING || a.kind == ATOM_OPAQUE)
        return a.kind == b.kind && string_equal(a.as.string, b.as.string);
    bool ordered;
    return atom_order(a, b, &ordered) == 0 && ordered;
}

bool atom_identical(Atom a, Atom b) {
    if (a.kind != b.kind) return false;
    switch ((AtomKind)a.kind) {
    case ATOM_BOOL: return a.as.boolean == b.as.boolean;
    case ATOM_INT: return integer_compare(a, b) == 0;
    case ATOM_FLOAT: return memcmp(&a.as.real, &b.as.real, sizeof a.as.real) == 0;
    case ATOM_STRING: return string_equal(a.as.string, b.as.string);
    case ATOM_OPAQUE: return a.truth == b.truth && string_equal(a.as.string, b.as.string);
    }
    BUG("atom kind %d", a.kind);
}

/* A number that is an int64 hashes as that, any other that is a double as that, and only then an
   integer by its limbs: so 2^70 and 2.0^70 agree. */
uint64_t atom_hash(Atom a) {
    switch ((AtomKind)a.kind) {
    case ATOM_STRING:
    case ATOM_OPAQUE: return string_hash(a.as.string);
    case ATOM_BOOL: a = atom_int(a.as.boolean); break;
    case ATOM_FLOAT:
        if (a.as.real >= -0x1p63 && a.as.real < 0x1p63 && a.as.real == trunc(a.as.real))
            a = atom_int((int64_t)a.as.real);
        break;
    case ATOM_INT:
        if (a.big) {
            double d;
            if (integer_to_double(a, &d) && integer_compare_double(a, d) == 0)
                a = atom_float(d);
            else
                return bytes_hash(a.as.bigint->limbs,
                                  (size_t)labs(a.as.bigint->size) * sizeof(mp_limb_t));
        }
        break;
    }
    if (a.kind == ATOM_FLOAT) return bytes_hash(&a.as.real, sizeof a.as.real);
    return bytes_hash(&a.as.integer, sizeof a.as.integer);
}

/* --- integers --------------------------------------------------------------------------------- */

static ArithStatus integer_result(Arena *arena, const mpz_t z, Atom *out) {
    if (mpz_sizeinbase(z, 2) > LIMIT_INTEGER_BITS) return ARITH_TOO_LARGE;
    *out = integer_atom(arena, z);
    return ARITH_OK;
}

static ArithStatus float_power(double base, double exponent, Atom *out);

/* base^exponent for exponent >= 0. The size is known before the work: at least
   (bits - 1) * exponent bits. */
static ArithStatus integer_power(Arena *arena, Atom base, Atom exponent, Atom *out) {
    if (integer_is_negative(exponent)) {
        double b, e;
        if (integer_is_zero(base)) return ARITH_ZERO_DIVISION;
        if (!integer_to_double(base, &b) || !integer_to_double(exponent, &e)) return ARITH_OVERFLOW;
        return float_power(b, e, out);
    }
    IntegerView view_b, view_e;
    integer_view(&view_b, base);
    integer_view(&view_e, exponent);
    size_t bits = integer_bits(base);
    unsigned long times;
    if (bits <= 1) /* 0, 1 or -1: only whether the exponent is 0, odd or even matters. */
        times = integer_is_zero(exponent) ? 0 : mpz_odd_p(view_e.z) ? 1 : 2;
    else if (mpz_cmp_ui(view_e.z, LIMIT_INTEGER_BITS) >= 0 ||
             (bits - 1) * mpz_get_ui(view_e.z) >= LIMIT_INTEGER_BITS)
        return ARITH_TOO_LARGE;
    else
        times = mpz_get_ui(view_e.z);
    mpz_t result;
    mpz_init(result);
    mpz_pow_ui(result, view_b.z, times);
    ArithStatus status = integer_result(arena, result, out);
    mpz_clear(result);
    return status;
}

/* + - * % where the fast form does not do. */
static ArithStatus integer_slow(Arena *arena, BinaryOp op, Atom a, Atom b, Atom *out) {
    if (op == BINARY_MUL && integer_bits(a) + integer_bits(b) > LIMIT_INTEGER_BITS + 1)
        return ARITH_TOO_LARGE;
    IntegerView view_a, view_b;
    integer_view(&view_a, a);
    integer_view(&view_b, b);
    mpz_t result;
    mpz_init(result);
    if (op == BINARY_ADD)
        mpz_add(result, view_a.z, view_b.z);
    else if (op == BINARY_SUB)
        mpz_sub(result, view_a.z, view_b.z);
    else if (op == BINARY_MUL)
        mpz_mul(result, view_a.z, view_b.z);
    else
        mpz_fdiv_r(result, view_a.z, view_b.z); /* the divisor's sign */
    ArithStatus status = integer_result(arena, result, out);
    mpz_clear(result);
    return status;
}

/* The remainder with the divisor's sign; b is neither 0 nor -1. */
static int64_t small_modulo(int64_t a, int64_t b) {
    int64_t rest = a % b;
    return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest;
}

static ArithStatus integer_binary(Arena *arena, BinaryOp op, Atom a, Atom b, Atom *out) {
    if ((op == BINARY_DIV || op == BINARY_MOD) && integer_is_zero(b)) return ARITH_ZERO_DIVISION;
    if (op == BINARY_POW) return integer_power(arena, a, b, out);
    if (op == BINARY_DIV) {
        double quotient;
        if (!integer_true_divide(a, b, &quotient)) return ARITH_OVERFLOW;
        *out = atom_float(quotient);
        return ARITH_OK;
    }
    int64_t x, y, result = 0;
    if (!atom_as_int64(a, &x) || !atom_as_int64(b, &y)) return integer_slow(arena, op, a, b, out);
    bool overflow = false;
    if (op == BINARY_ADD)
        overflow = __builtin_add_overflow(x, y, &result);
    else if (op == BINARY_SUB)
        overflow = __builtin_sub_overflow(x, y, &result);
    else if (op == BINARY_MUL)
        overflow = __builtin_mul_overflow(x, y, &result);
    else if (y != -1) /* INT64_MIN % -1 traps; anything % -1 is 0 */
        result = small_modulo(x, y);
    if (overflow) return integer_slow(arena, op, a, b, out);
    *out = atom_int(result);
    return ARITH_OK;
}

/* --- floats ----------------------------------------------------------------------------------- */

static double float_modulo(double a, double b) {
    double rest = fmod(a, b);
    if (rest == 0) return copysign(0.0, b);
    return (rest < 0) != (b < 0) ? rest + b : rest;
}

/* C's pow has Python's results for infinities, NaN and zero bases; what Python raises is caught
   around it. */
static ArithStatus float_power(double base, double exponent, Atom *out) {
    if (base == 0 && exponent < 0 && isfinite(exponent)) return ARITH_ZERO_DIVISION;
    if (isfinite(base) && base < 0 && isfinite(exponent) && exponent != floor(exponent))
        return ARITH_COMPLEX;
    double result = pow(base, exponent);
    if (isinf(result) && isfinite(base) && isfinite(exponent)) return ARITH_OVERFLOW;
    *out = atom_float(result);
    return ARITH_OK;
}

static ArithStatus float_binary(BinaryOp op, Atom a, Atom b, Atom *out) {
    double x, y;
    if (!atom_as_double(a, &x) || !atom_as_double(b, &y)) return ARITH_OVERFLOW;
    if ((op == BINARY_DIV || op == BINARY_MOD) && y == 0) return ARITH_ZERO_DIVISION;
    switch (op) {
    case BINARY_ADD: *out = atom_float(x + y); return ARITH_OK;
    case BINARY_SUB: *out = atom_float(x - y); return ARITH_OK;
    case BINARY_MUL: *out = atom_float(x * y); return ARITH_OK;
    case BINARY_DIV: *out = atom_float(x / y); return ARITH_OK;
    case BINARY_MOD: *out = atom_float(float_modulo(x, y)); return ARITH_OK;
    case BINARY_POW: return float_power(x, y, out);
    default: BUG("float operator %d", op);
    }
}

/* --- strings ---------------------------------------------------------------------------------- */

static ArithStatus string_concat(Arena *arena, const String *a, const String *b, Atom *out) {
    size_t len = (size_t)a->len + b->len;
    if (len > LIMIT_STRING_BYTES) return ARITH_TOO_LARGE;
    String *joined = arena_alloc(arena, sizeof *joined + len + 1);
    joined->len = (uint32_t)len;
    memcpy(joined->bytes, a->bytes, a->len);
    memcpy(joined->bytes + a->len, b->bytes, b->len);
    *out = atom_string(joined);
    return ARITH_OK;
}

static ArithStatus string_repeat(Arena *arena, const String *s, Atom count, Atom *out) {
    int64_t times;
    if (!atom_as_int64(count, &times)) return ARITH_TOO_LARGE; /* Python refuses these too */
    if (times < 0 || s->len == 0) times = 0;
    if (times > 0 && times > LIMIT_STRING_BYTES / (int64_t)s->len) return ARITH_TOO_LARGE;
    String *repeated = arena_alloc(arena, sizeof *repeated + s->len * (size_t)times + 1);
    repeated->len = (uint32_t)(s->len * (size_t)times);
    for (int64_t i = 0; i < times; i++)
        memcpy(repeated->bytes + i * s->len, s->bytes, s->len);
    *out = atom_string(repeated);
    return ARITH_OK;
}

/* --- the operators ---------------------------------------------------------------------------- */

static ArithStatus compare(BinaryOp op, Atom a, Atom b, Atom *out) {
    if (op == BINARY_EQ || op == BINARY_NE) {
        *out = atom_bool(atom_equal(a, b) == (op == BINARY_EQ));
        return ARITH_OK;
    }
    bool strings = a.kind == ATOM_STRING && b.kind == ATOM_STRING;
    if (!strings && !(atom_is_number(a) && atom_is_number(b))) return ARITH_TYPE;
    bool ordered, holds = false;
    int order = atom_order(a, b, &ordered);
    if (op == BINARY_LT) holds = order < 0;
    if (op == BINARY_LE) holds = order <= 0;
    if (op == BINARY_GT) holds = order > 0;
    if (op == BINARY_GE) holds = order >= 0;
    *out = atom_bool(ordered && holds);
    return ARITH_OK;
}

ArithStatus atom_binary(Arena *arena, BinaryOp op, Atom a, Atom b, Atom *out) {
    if (op >= BINARY_EQ) return compare(op, a, b, out);
    if (is_integer(a) && is_integer(b)) return integer_binary(arena, op, a, b, out);
    if (atom_is_number(a) && atom_is_number(b)) return float_binary(op, a, b, out);
    if (op == BINARY_ADD && a.kind == ATOM_STRING && b.kind == ATOM_STRING)
        return string_concat(arena, a.as.string, b.as.string, out);
    if (op == BINARY_MUL && a.kind == ATOM_STRING && is_integer(b))
        return string_repeat(arena, a.as.string, b, out);
    if (op == BINARY_MUL && is_integer(a) && b.kind == ATOM_STRING)
        return string_repeat(arena, b.as.string, a, out);
    return ARITH_TYPE;
}

ArithStatus atom_unary(Arena *arena, UnaryOp op, Atom a, Atom *out) {
    if (op == UNARY_NOT) {
        *out = atom_bool(!atom_truth(a));
        return ARITH_OK;
    }
    if (is_integer(a)) {
        if (op == UNARY_NEG) return integer_binary(arena, BINARY_SUB, atom_int(0), a, out);
        *out = a.kind == ATOM_BOOL ? atom_int(a.as.boolean) : a;
        return ARITH_OK;
    }
    if (a.kind != ATOM_FLOAT) return ARITH_TYPE;
    if (op == UNARY_ROUND) {
        if (!isfinite(a.as.real)) return ARITH_NOT_A_NUMBER;
        *out = integer_from_double(arena, rint(a.as.real)); /* half to even */
        return ARITH_OK;
    }
    *out = atom_float(op == UNARY_NEG ? -a.as.real : a.as.real);
    return ARITH_OK;
}

const char *binary_op_text(BinaryOp op) {
    static const char *const texts[] = {
        [BINARY_ADD] = "+", [BINARY_SUB] = "-", [BINARY_MUL] = "*", [BINARY_DIV] = "/",
        [BINARY_MOD] = "%", [BINARY_POW] = "^", [BINARY_EQ] = "==", [BINARY_NE] = "!=",
        [BINARY_LT] = "<",  [BINARY_LE] = "<=", [BINARY_GT] = ">",  [BINARY_GE] = ">=",
    };
    return texts[op];
}

const char *arith_reason(ArithStatus status) {
    switch (status) {
    case ARITH_OK: return "nothing is wrong";
    case ARITH_TYPE: return "these do not go together";
    case ARITH_ZERO_DIVISION: return "division by zero";
    case ARITH_OVERFLOW: return "beyond the largest float";
    case ARITH_COMPLEX: return "a negative number has no real fractional power";
    case ARITH_NOT_A_NUMBER: return "no integer is near to it";
    case ARITH_TOO_LARGE: return "the result would be too large";
    }
    BUG("arithmetic status %d", status);
}

DiagId arith_diag_id(ArithStatus status) {
    switch (status) {
    case ARITH_TYPE:
    case ARITH_COMPLEX: return DIAG_TYPE;
    case ARITH_ZERO_DIVISION: return DIAG_ZERO_DIVISION;
    case ARITH_OVERFLOW:
    case ARITH_NOT_A_NUMBER: return DIAG_NUMBER_RANGE;
    case ARITH_TOO_LARGE: return DIAG_LIMIT_SIZE;
    case ARITH_OK: break;
    }
    BUG("no diagnostic for arithmetic status %d", status);
}
