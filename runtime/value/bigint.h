/* Integers of any size, inside runtime/value: how GMP reads and makes them.
   A BigInt is immutable limbs in an arena. GMP reads them in place through an IntegerView; results
   are computed in temporary mpz_t, copied out by integer_atom and cleared, so nothing leaks. */
#ifndef RASPC_BIGINT_H
#define RASPC_BIGINT_H

#include "runtime/value/atom.h"

#include <gmp.h>

_Static_assert(GMP_NUMB_BITS == 64, "a limb holds an int64's magnitude");

struct BigInt {
    int32_t size; /* limbs in use, negative for a negative integer, as in mpz_t */
    mp_limb_t limbs[];
};

/* A read-only mpz of a bool or int atom; valid while the view and the atom's arena live. */
typedef struct IntegerView {
    mpz_t z;
    mp_limb_t limb;
} IntegerView;

void integer_view(IntegerView *view, Atom a);
/* The atom of z, in the fast form when it fits. */
Atom integer_atom(Arena *arena, const mpz_t z);
/* d must be finite; its fraction is cut off. */
Atom integer_from_double(Arena *arena, double d);
/* Rounded half to even; false when it is beyond the largest double. */
bool integer_to_double(Atom a, double *out);
/* a / b rounded once, half to even; b is not 0. False when beyond the largest double. */
bool integer_true_divide(Atom a, Atom b, double *out);
/* -1, 0, 1, exactly; d is not NaN. */
int integer_compare_double(Atom a, double d);
int integer_compare(Atom a, Atom b);
bool integer_is_negative(Atom a);
bool integer_is_zero(Atom a);
/* Bits of the magnitude; 0 for 0. */
size_t integer_bits(Atom a);
void integer_format(Buffer *out, Atom a); /* decimal digits */

#endif
