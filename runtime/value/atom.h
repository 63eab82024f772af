/* Atoms: the values that one position of a sequence can hold. Python 3's numbers and strings:
   integers of any size (64 bits fast, GMP limbs beyond), IEEE doubles, bools, strings. Immutable;
   whatever they point to lives in an arena. */
#ifndef RASPC_ATOM_H
#define RASPC_ATOM_H

#include "runtime/base/buffer.h"
#include "runtime/base/diag.h"
#include "runtime/base/text.h"

typedef enum AtomKind {
    ATOM_BOOL,
    ATOM_INT,
    ATOM_FLOAT,
    ATOM_STRING,
    ATOM_OPAQUE, /* an input element that is no atom (a list): only its text and truth are known */
} AtomKind;

/* An integer outside int64. Always holds: magnitude does not fit in int64 (values that fit are
   normalised to the fast form). */
typedef struct BigInt BigInt;

typedef struct Atom {
    uint8_t kind; /* AtomKind */
    bool big;     /* ATOM_INT: as.bigint is set */
    bool truth;   /* ATOM_OPAQUE: its truth */
    union {
        bool boolean;
        int64_t integer;
        const BigInt *bigint;
        double real;
        const String *string; /* ATOM_STRING; ATOM_OPAQUE: Python's str() of it */
    } as;
} Atom;

static inline Atom atom_bool(bool b) { return (Atom){.kind = ATOM_BOOL, .as.boolean = b}; }
static inline Atom atom_int(int64_t i) { return (Atom){.kind = ATOM_INT, .as.integer = i}; }
static inline Atom atom_float(double d) { return (Atom){.kind = ATOM_FLOAT, .as.real = d}; }
static inline Atom atom_string(const String *s) {
    return (Atom){.kind = ATOM_STRING, .as.string = s};
}

/* --- operations (arith.c) --------------------------------------------------------------------- */

typedef enum ArithStatus {
    ARITH_OK,
    ARITH_TYPE,          /* these kinds do not go together */
    ARITH_ZERO_DIVISION, /* / or % by zero, 0 to a negative power */
    ARITH_OVERFLOW,      /* a float result or conversion out of range, as Python raises it */
    ARITH_COMPLEX,       /* a negative number to a fractional power */
    ARITH_NOT_A_NUMBER,  /* round(inf), round(nan) */
    ARITH_TOO_LARGE,     /* beyond LIMIT_INTEGER_BITS or LIMIT_STRING_BYTES */
} ArithStatus;

typedef enum BinaryOp {
    BINARY_ADD,
    BINARY_SUB,
    BINARY_MUL,
    BINARY_DIV,
    BINARY_MOD,
    BINARY_POW,
    BINARY_EQ,
    BINARY_NE,
    BINARY_LT,
    BINARY_LE,
    BINARY_GT,
    BINARY_GE,
} BinaryOp;
typedef enum UnaryOp { UNARY_NEG, UNARY_POS, UNARY_ROUND, UNARY_NOT } UnaryOp;

/* Python 3's operators on two atoms; comparisons give a bool, == never fails. Result in *out. */
ArithStatus atom_binary(Arena *arena, BinaryOp op, Atom a, Atom b, Atom *out);
ArithStatus atom_unary(Arena *arena, UnaryOp op, Atom a, Atom *out);
const char *binary_op_text(BinaryOp op); /* "+", "==", ... */
/* "division by zero" and the like: what a message says after the operands and a colon. */
const char *arith_reason(ArithStatus status);
DiagId arith_diag_id(ArithStatus status); /* the diagnostic for a status that is not ARITH_OK */

bool atom_truth(Atom a);
bool atom_is_number(Atom a); /* bool, int or float */
/* Python's ==: 1, 1.0 and True are equal; a string equals only a string. */
bool atom_equal(Atom a, Atom b);
uint64_t atom_hash(Atom a); /* equal atoms have equal hashes */
/* The same kind and the same bits (1 is not 1.0, 0.0 is not -0.0; a NaN is itself). */
bool atom_identical(Atom a, Atom b);
/* -1, 0, 1; false in *ordered when the kinds have no order or one is NaN. */
int atom_order(Atom a, Atom b, bool *ordered);

/* Sum of numbers from left to right as Python's sum() gives it (exact for ints), for means. */
typedef struct NumberSum NumberSum;
NumberSum *sum_new(Arena *arena);
void sum_clear(NumberSum *sum);
void sum_add(NumberSum *sum, Atom number);
/* The sum itself. Meaningless after an integer too large for a float met a float: sum_mean says so.
 */
Atom sum_value(NumberSum *sum);
ArithStatus sum_total(NumberSum *sum, Atom *total);
ArithStatus sum_mean(NumberSum *sum, uint64_t count, Atom *mean); /* sum * 1.0 / count, a float */
void sum_free(NumberSum *sum); /* releases what GMP holds; the struct is the arena's */

/* --- conversions (convert.c) ------------------------------------------------------------------ */

/* A copy whose string or limbs live in arena. */
Atom atom_copy(Arena *arena, Atom a);

/* ASCII digits only, at least one, any number of them (the caller bounds it). */
Atom atom_parse_int(Arena *arena, const char *digits, size_t len);
/* Python's str(), int(), float(), bool() of one input element; false where Python would fail. */
Atom atom_to_string(Arena *arena, Atom a);
bool atom_to_int(Arena *arena, Atom a, Atom *out); /* at most LIMIT_INTEGER_BITS from text */
bool atom_to_float(Atom a, double *out);
/* The value as a double when it is a number that converts (big integers may overflow: false). */
bool atom_as_double(Atom a, double *out);
/* The value when it is a bool or int that fits. */
bool atom_as_int64(Atom a, int64_t *out);

/* --- text (format.c) -------------------------------------------------------------------------- */

void atom_format_str(Buffer *out, Atom a);     /* Python's str(): abc, 1.0, True */
void atom_format_repr(Buffer *out, Atom a);    /* Python's repr(): 'abc', 1.0, True */
void atom_format_source(Buffer *out, Atom a);  /* RASP: "abc", 1.0, True */
void atom_format_display(Buffer *out, Atom a); /* in a sequence: abc, 0.333, T */
/* Source form, its middle left out when long: for messages. */
void atom_format_brief(Buffer *out, Atom a);
/* JSON that reads back to the same atom: "abc", 1, 1.0, true; {"float": "inf"} for the rest. */
void atom_format_json(Buffer *out, Atom a);
void float_format_repr(Buffer *out, double d); /* the shortest text that reads back, as Python */

#endif
