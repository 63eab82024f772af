/* Sums as Python's sum() makes them: integers exactly, and from the first float on in doubles. */
#include "runtime/value/bigint.h"

#include <math.h>

struct NumberSum {
    Arena *arena;
    /* The integers so far are carried + small; carried takes what small could not hold. */
    int64_t small;
    mpz_t carried;
    bool has_carried;
    bool in_floats; /* a float was added: real is the sum */
    double real;
    bool overflow; /* an integer was beyond the largest float when it had to be one */
};

NumberSum *sum_new(Arena *arena) {
    NumberSum *sum = ARENA_NEW(arena, NumberSum);
    sum->arena = arena;
    mpz_init(sum->carried);
    return sum;
}

void sum_free(NumberSum *sum) { mpz_clear(sum->carried); }

void sum_clear(NumberSum *sum) {
    sum->small = 0;
    if (sum->has_carried) mpz_set_ui(sum->carried, 0);
    sum->has_carried = sum->in_floats = sum->overflow = false;
}

static void carry(NumberSum *sum, Atom integer) {
    IntegerView view;
    integer_view(&view, integer);
    mpz_add(sum->carried, sum->carried, view.z);
    sum->has_carried = true;
}

static void add_integer(NumberSum *sum, Atom integer) {
    int64_t value, total;
    if (!atom_as_int64(integer, &value)) {
        carry(sum, integer);
    } else if (__builtin_add_overflow(sum->small, value, &total)) {
        carry(sum, atom_int(sum->small));
        sum->small = value;
    } else {
        sum->small = total;
    }
}

static Atom integer_total(NumberSum *sum) {
    if (!sum->has_carried) return atom_int(sum->small);
    carry(sum, atom_int(sum->small));
    sum->small = 0;
    return integer_atom(sum->arena, sum->carried);
}

void sum_add(NumberSum *sum, Atom number) {
    if (!sum->in_floats && number.kind != ATOM_FLOAT) {
        add_integer(sum, number);
        return;
    }
    if (!sum->in_floats) {
        sum->in_floats = true;
        if (!integer_to_double(integer_total(sum), &sum->real)) sum->overflow = true;
    }
    double value;
    if (atom_as_double(number, &value))
        sum->real += value;
    else
        sum->overflow = true;
}

Atom sum_value(NumberSum *sum) {
    return sum->in_floats ? atom_float(sum->real) : integer_total(sum);
}

ArithStatus sum_total(NumberSum *sum, Atom *total) {
    *total = sum_value(sum);
    return sum->overflow ? ARITH_OVERFLOW : ARITH_OK;
}

ArithStatus sum_mean(NumberSum *sum, uint64_t count, Atom *mean) {
    double total;
    if (sum->overflow || !atom_as_double(sum_value(sum), &total)) return ARITH_OVERFLOW;
    *mean = atom_float(total / (double)count);
    return ARITH_OK;
}
