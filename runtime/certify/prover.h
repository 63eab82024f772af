/* What the parts of the proof share. */
#ifndef RASPC_CERTIFY_PROVER_H
#define RASPC_CERTIFY_PROVER_H

#include "runtime/certify/certify.h"
#include "runtime/certify/exact.h"

/* Units of work (additions of exact numbers, about) that one proof may take: a minute or two. */
#define PROVER_WORK ((uint64_t)1 << 29)
enum {
    PROVER_STATES = 1 << 20, /* states of one variable */
    PROVER_NUMBERS = 1 << 21 /* numbers that are kept at once */
};

/* One subspace as a function of a variable. */
typedef struct Member {
    uint32_t subspace;
    const uint32_t *index; /* coded: (states) which value */
    const mpq_t *value;    /* real: (states) */
} Member;

typedef enum VariableKind {
    VARIABLE_STATES,    /* one of a list of states */
    VARIABLE_FRACTIONS, /* a mean in one real subspace */
} VariableKind;

/* What means of up to `most` numbers hold: exact values are low..high, S / c with c in 1..most and
   S a multiple of 2^grain, and perhaps `extra`; floats may be off by `error`. */
typedef struct Fractions {
    uint32_t subspace, most;
    long grain;
    bool has_extra;
    mpq_t *low, *high, *extra, *error; /* one number each */
} Fractions;

typedef struct Variable {
    VariableKind kind;
    bool position; /* the position: different at every position of an input */
    uint32_t states;
    uint32_t member_count, member_capacity;
    Member *members;
    Fractions fractions;
} Variable;

#define NO_VARIABLE UINT32_MAX

typedef struct Prover {
    const Certificate *claims;
    const DenseModel *weights;
    FloatType type; /* of the weights, and of the arithmetic */
    Arena *arena;
    Exact numbers;
    Buffer *report, *why;
    mpq_t *base;      /* (D) what a coordinate that nothing varies holds at every input position */
    mpq_t *null;      /* (D) the stream at the null key */
    mpq_t *null_next; /* (D) the same after what is being proven */
    uint32_t *subspace;  /* (D) whose coordinate it is */
    uint32_t *next;      /* (D) of the erased: who comes after, or NO_SUBSPACE */
    bool *erased;        /* (D) by the units that are being proven */
    bool *rest;          /* (D) holds what is left of a subspace of which a part was erased */
    int32_t *written;    /* (subspaces) when, by the claims; lifetimes.h has the times */
    bool *gone;          /* (subspaces) was erased, or a part of it */
    uint32_t *variable;  /* (subspaces) which it is a function of, or NO_VARIABLE */
    bool *assumed_one;   /* (subspaces) exact where no query of its head selects two keys */
    Variable *variables; /* (made); those beyond variable_count are not in the stream yet */
    uint32_t variable_count, made, variable_capacity;
    struct Join *joins; /* (join_count) what prover_settle will put in */
    uint32_t join_count, join_capacity;
    bool assumes; /* something that the certificate assumes was needed */
    uint64_t work;
} Prover;

/* Says what is not proven; returns false. */
bool not_proven(Prover *p, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Counts work; false after saying that there is too much. */
bool prover_work(Prover *p, uint64_t units);

/* --- variables.c ------------------------------------------------------------------------------ */

/* The heads of a layer read the stream as it was before all of them, and so do its units: what they
   write waits until prover_settle. */
uint32_t variable_new(Prover *p, VariableKind kind, uint32_t states);
/* The member's subspace is a function of the variable. (A mean: its subspace alone.) */
void variable_join(Prover *p, uint32_t variable, Member member);
/* False: a subspace is written twice. */
bool prover_settle(Prover *p);
/* A new variable that is one coded subspace: its states are all its claimed values. */
void variable_of_code(Prover *p, uint32_t subspace);

/* A matrix over the residual stream, (D, columns). */
typedef struct Matrix {
    FloatType type;
    Numbers data;
    uint32_t columns;
} Matrix;
static inline double matrix_at(Matrix m, uint32_t row, uint32_t column) {
    return numbers_at(m.type, m.data, (size_t)row * m.columns + column);
}

/* One of the model's own matrices: weights of the prover's type. */
static inline Matrix matrix_of(const Prover *p, Numbers data, uint32_t columns) {
    return (Matrix){p->type, data, columns};
}
/* "float32": what messages call the arithmetic. */
static inline const char *prover_floats(const Prover *p) {
    return float_name(p->type, FLOAT_LONG_NAME);
}

/* Is any weight of the variable's coordinates in the column not 0? UINT32_MAX: in any column. */
bool variable_is_read(const Prover *p, uint32_t variable, Matrix m, uint32_t column);
/* The column's sum over the coordinates that no variable has. */
void constant_part(const Prover *p, Matrix m, uint32_t column, mpq_t out);
/* The column's sum over the variable's coordinates, (states), from a weight for each coordinate of
   the stream (D). */
void variable_part(const Prover *p, const Variable *variable, const mpq_t *weight, mpq_t *out);
/* The same for a column of a matrix. scratch: (D) of zeros, and zeros again afterwards. */
void variable_column(const Prover *p, const Variable *variable, Matrix m, uint32_t column,
                     mpq_t *scratch, mpq_t *out);
/* Adds what the variable's rows sum to in state `to`, less that in state `from` (UINT32_MAX: 0). */
void variable_advance(const Prover *p, const Variable *variable, Matrix m, uint32_t from,
                      uint32_t to, mpq_t *row);
/* The same column at the null key. */
void null_part(const Prover *p, Matrix m, uint32_t column, mpq_t out);

/* Adds the terms of a column's sum, at every position and in every state, to the spread. */
void column_spread(const Prover *p, Matrix m, uint32_t column, Spread *spread);

/* Which value the coordinates (width) are the code of, or UINT32_MAX. */
uint32_t code_index(const ClaimedSubspace *subspace, const mpq_t *coordinates);
/* Is x a value that the real subspace is claimed to hold? */
bool claimed_holds(const ClaimedSubspace *subspace, const mpq_t x);

/* --- prove_erase.c: places that are used again ------------------------------------------------ */

/* Who holds each coordinate at the start. */
bool prover_begin_places(Prover *p);
/* Is the whole place the subspace's? */
bool prover_owns(const Prover *p, uint32_t subspace);
/* Is it, and 0 everywhere, once the layer's units have erased what they erase? */
bool prover_is_empty(const Prover *p, uint32_t subspace);
/* False after saying that the matrix reads the rest of something erased. who: "the output". */
bool prover_reads_no_rest(Prover *p, Matrix m, const char *who);
/* Who comes after what the layer's units erase, all of which is proven. */
bool prover_find_next(Prover *p, uint32_t layer);
/* Then the places change hands; before what was written there is settled. */
void prover_hand_over(Prover *p);

/* --- the steps of the proof ------------------------------------------------------------------- */

bool prove_embedding(Prover *p);             /* prove_embedding.c */
bool prove_heads(Prover *p, uint32_t layer); /* prove_moves.c: scores, then what moves */
bool prove_units(Prover *p, uint32_t layer); /* prove_units.c */
bool prove_output(Prover *p);                /* prove_output.c */

/* What the scores of a head say (prove_scores.c). */
typedef struct Selection {
    bool one;   /* no query selects two keys */
    bool some;  /* every query selects a key */
    mpq_t *gap; /* of scaled scores: one number; negative: there is no lower score */
} Selection;
bool prove_scores(Prover *p, uint32_t layer, uint32_t head, Selection *out);

/* A group of a layer's units (prove_steps.c, prove_lookup.c). margin: one number, set. */
typedef struct UnitPart {
    uint32_t layer;
    const ClaimedUnits *claim;
    Matrix in, out; /* the layer's W_in (D, U) and W_out (U, D) */
    Numbers bias;
    uint32_t source_count;
    uint32_t *sources; /* (source_count) the variables that the group reads */
} UnitPart;
bool prove_steps(Prover *p, const UnitPart *part, mpq_t *margin);
bool prove_lookup(Prover *p, const UnitPart *part, mpq_t *margin);
bool prove_erase(Prover *p, const UnitPart *part); /* prove_erase.c */

#endif
