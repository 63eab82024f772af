/* The scores of one head, over all pairs of states that its queries and keys read.

   score(x, y) = (q0 + sum over a of q_a(x_a)) . (k0 + sum over b of k_b(y_b)), a over the variables
   that W_Q reads, b over those that W_K reads. A query variable and a key variable meet when some
   direction of the head has both. What does not meet is a sum, whose greatest values add up; so
   only the query variables of one connected component are taken together, and the key variables of
   a component each on its own. */
#ifndef RASPC_CERTIFY_SCORES_H
#define RASPC_CERTIFY_SCORES_H

#include "runtime/certify/prover.h"

/* A smallest distance: none yet while !any. */
typedef struct Least {
    mpq_t *value; /* one number */
    bool any;
} Least;

void least_add(Least *least, const mpq_t value);

/* A weight of W_K that is not 0. */
typedef struct KeyWeight {
    uint32_t row, direction;
    double weight;
} KeyWeight;

typedef struct Scores {
    Prover *p;
    Exact pool; /* for the head */
    const ClaimedHead *claim;
    const DenseHead *head;
    uint32_t layer, number, directions; /* K */
    Matrix query, key;
    uint32_t *query_variables, *key_variables; /* (counts) */
    uint32_t query_count, key_count;
    KeyWeight *key_weights;           /* by key variable */
    size_t *key_weights_from;         /* (key_count + 1) where those of each begin */
    uint8_t *query_reads, *key_reads; /* (count, K): is the direction of the variable used? */
    uint32_t *query_component, *key_component;
    uint32_t component_count;
    mpq_t *query_base, *key_base, *key_null; /* (K) */
    mpq_t *weight;                           /* (D) scratch, of zeros */
    mpq_t *part; /* (PROVER_STATES at most) scratch: a key variable's scores */
    /* Over all components: */
    Least gap;                   /* between the greatest score and any lower one */
    mpq_t *top;                  /* the greatest score */
    mpq_t *null_low, *null_high; /* the null key's, over all queries */
    bool some; /* every query has a key of the greatest score: its own position, or the first */
    bool one;  /* no query has two keys of the greatest score */
} Scores;

/* "layer 0, head 1 (same): ..."; returns false. */
bool score_wrong(Scores *s, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* --- score_levels.c --------------------------------------------------------------------------- */

void exact_dot(const mpq_t *a, const mpq_t *b, uint32_t count, mpq_t out);
/* The greatest score that the query gives to a key by key variable number b, and the distance down
   to the next one, if any. */
bool key_levels(Scores *s, uint32_t b, const mpq_t *query, mpq_t top, Least *gap);
/* Goes through the queries of a component; adds its greatest score to s->top and its gap to s->gap.
 */
bool prove_component(Scores *s, uint32_t component);
/* ALWAYS_NEAREST: every query against the keys of inputs of every length. */
bool prove_nearest(Scores *s);

#endif
