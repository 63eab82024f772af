#include "runtime/value/bigint.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static int64_t small_value(Atom a) { return a.kind == ATOM_BOOL ? a.as.boolean : a.as.integer; }

void integer_view(IntegerView *view, Atom a) {
    if (a.big) {
        mpz_roinit_n(view->z, a.as.bigint->limbs, a.as.bigint->size);
        return;
    }
    int64_t value = small_value(a);
    view->limb = value < 0 ? -(uint64_t)value : (uint64_t)value;
    mpz_roinit_n(view->z, &view->limb, value < 0 ? -1 : value > 0);
}

Atom integer_atom(Arena *arena, const mpz_t z) {
    size_t size = mpz_size(z);
    bool negative = mpz_sgn(z) < 0;
    if (size <= 1) {
        uint64_t magnitude = size == 0 ? 0 : mpz_getlimbn(z, 0);
        if (magnitude <= INT64_MAX)
            return atom_int(negative ? -(int64_t)magnitude : (int64_t)magnitude);
        if (negative && magnitude == (uint64_t)INT64_MAX + 1) return atom_int(INT64_MIN);
    }
    BigInt *big = arena_alloc(arena, sizeof *big + size * sizeof big->limbs[0]);
    big->size = negative ? -(int32_t)size : (int32_t)size;
    memcpy(big->limbs, mpz_limbs_read(z), size * sizeof big->limbs[0]);
    return (Atom){.kind = ATOM_INT, .big = true, .as.bigint = big};
}

Atom integer_from_double(Arena *arena, double d) {
    if (d >= -0x1p63 && d < 0x1p63) return atom_int((int64_t)d);
    mpz_t z;
    mpz_init_set_d(z, d);
    Atom result = integer_atom(arena, z);
    mpz_clear(z);
    return result;
}

/* The double nearest to (q + a little, when more) * 2^exponent, half to even. q is positive, and
   has more bits than a double keeps when more is set. False when there is no such finite double. */
static bool round_to_double(const mpz_t q, bool more, long exponent, double *out) {
    long bits = (long)mpz_sizeinbase(q, 2);
    /* A subnormal keeps only the bits from 2^-1074 up. */
    long keep = DBL_MANT_DIG;
    long above_smallest = exponent + bits - (DBL_MIN_EXP - DBL_MANT_DIG);
    if (above_smallest < keep) keep = above_smallest;
    if (keep < 0) {
        *out = 0.0;
        return true;
    }
    long drop = bits - keep;
    if (drop <= 0) {
        *out = ldexp(mpz_get_d(q), (int)exponent);
        return isfinite(*out);
    }
    if (exponent + bits > DBL_MAX_EXP + 1) return false;
    mpz_t kept;
    mpz_init(kept);
    mpz_tdiv_q_2exp(kept, q, (mp_bitcnt_t)drop);
    bool half = mpz_tstbit(q, (mp_bitcnt_t)drop - 1);
    more = more || mpz_scan1(q, 0) < (mp_bitcnt_t)drop - 1;
    if (half && (more || mpz_odd_p(kept))) mpz_add_ui(kept, kept, 1);
    *out = ldexp(mpz_get_d(kept), (int)(exponent + drop));
    mpz_clear(kept);
    return isfinite(*out);
}

bool integer_to_double(Atom a, double *out) {
    if (!a.big) {
        *out = (double)small_value(a);
        return true;
    }
    IntegerView view;
    integer_view(&view, a);
    mpz_t magnitude;
    mpz_roinit_n(magnitude, mpz_limbs_read(view.z), (mp_size_t)mpz_size(view.z));
    if (!round_to_double(magnitude, false, 0, out)) return false;
    if (integer_is_negative(a)) *out = -*out;
    return true;
}

bool integer_true_divide(Atom a, Atom b, double *out) {
    bool negative = integer_is_negative(a) != integer_is_negative(b);
    if (integer_bits(a) <= DBL_MANT_DIG && integer_bits(b) <= DBL_MANT_DIG) {
        /* Both are doubles exactly, so that the division rounds once. */
        *out = (double)small_value(a) / (double)small_value(b);
        return true;
    }
    if (integer_is_zero(a)) {
        *out = negative ? -0.0 : 0.0;
        return true;
    }
    IntegerView view_a, view_b;
    integer_view(&view_a, a);
    integer_view(&view_b, b);
    mpz_t top, bottom, quotient, rest;
    mpz_inits(top, bottom, quotient, rest, NULL);
    mpz_abs(top, view_a.z);
    mpz_abs(bottom, view_b.z);
    /* Scaled so that the quotient has a dozen bits more than a double keeps. */
    long shift = DBL_MANT_DIG + 12 - ((long)integer_bits(a) - (long)integer_bits(b));
    if (shift >= 0)
        mpz_mul_2exp(top, top, (mp_bitcnt_t)shift);
    else
        mpz_mul_2exp(bottom, bottom, (mp_bitcnt_t)-shift);
    mpz_tdiv_qr(quotient, rest, top, bottom);
    bool fits = round_to_double(quotient, mpz_sgn(rest) != 0, -shift, out);
    mpz_clears(top, bottom, quotient, rest, NULL);
    if (fits && negative) *out = -*out;
    return fits;
}

int integer_compare_double(Atom a, double d) {
    if (a.big) {
        IntegerView view;
        integer_view(&view, a);
        int order = mpz_cmp_d(view.z, d);
        return (order > 0) - (order < 0);
    }
    int64_t value = small_value(a);
    if (d >= 0x1p63) return -1;
    if (d < -0x1p63) return 1;
    int64_t whole = (int64_t)d;
    if (value != whole) return value < whole ? -1 : 1;
    double fraction = d - (double)whole;
    return (fraction < 0) - (fraction > 0);
}

int integer_compare(Atom a, Atom b) {
    if (!a.big && !b.big) {
        int64_t x = small_value(a), y = small_value(b);
        return (x > y) - (x < y);
    }
    IntegerView view_a, view_b;
    integer_view(&view_a, a);
    integer_view(&view_b, b);
    int order = mpz_cmp(view_a.z, view_b.z);
    return (order > 0) - (order < 0);
}

bool integer_is_negative(Atom a) { return a.big ? a.as.bigint->size < 0 : small_value(a) < 0; }

bool integer_is_zero(Atom a) { return !a.big && small_value(a) == 0; }

size_t integer_bits(Atom a) {
    if (integer_is_zero(a)) return 0;
    IntegerView view;
    integer_view(&view, a);
    return mpz_sizeinbase(view.z, 2);
}

void integer_format(Buffer *out, Atom a) {
    if (!a.big) {
        buffer_printf(out, "%lld", (long long)small_value(a));
        return;
    }
    IntegerView view;
    integer_view(&view, a);
    char *digits = mpz_get_str(NULL, 10, view.z);
    buffer_text(out, digits);
    void (*release)(void *, size_t);
    mp_get_memory_functions(NULL, NULL, &release);
    release(digits, strlen(digits) + 1);
}
