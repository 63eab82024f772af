/* The weights view: dense matrices made from a model's symbolic view, with the shapes and
   the arithmetic that any framework has. interp and the exporters see only these.

   stream[0]     = embed_token[0] + embed_position[0]                        (BOS, the null key)
   stream[1 + i] = embed_token[1 + token i] + embed_position[1 + i]
   a layer:  stream += sum over heads of softmax(Q K' , mask) V W_O           Q = stream W_Q, ...
             stream += relu(stream W_in + b_in) W_out + b_out
   logits        = stream W_U + b_U, at rows 1..n

   They are made in double, then held in the model's type of floats.
   The softmax's scale is inside W_Q: a framework that divides by sqrt(head width) multiplies it
   back. */
#ifndef RASPC_WEIGHTS_H
#define RASPC_WEIGHTS_H

#include "runtime/model/model.h"

typedef struct DenseHead {
    uint32_t width; /* K: of queries, keys and values alike, padded with zeros */
    Numbers w_q;    /* (D, K) */
    Numbers w_k;    /* (D, K) */
    Numbers w_v;    /* (D, K) */
    Numbers w_o;    /* (K, D) */
    HeadMask mask;  /* key row - query row; column 0 (BOS) is always let through */
} DenseHead;

typedef struct DenseLayer {
    uint32_t head_count;
    const DenseHead *heads;
    uint32_t units; /* U: ReLUs; 0: no feed-forward part */
    Numbers w_in;   /* (D, U) */
    Numbers b_in;   /* (U) */
    Numbers w_out;  /* (U, D) */
    Numbers b_out;  /* (D) */
} DenseLayer;

typedef struct DenseModel {
    FloatType type;      /* of all numbers below */
    uint32_t width;      /* D: of the residual stream */
    uint32_t vocabulary; /* tokens, BOS not counted */
    uint32_t max_length; /* positions, BOS not counted */
    Numbers w_e;         /* (1 + vocabulary, D) */
    Numbers w_p;         /* (1 + max_length, D) */
    uint32_t layer_count;
    const DenseLayer *layers;
    uint32_t outputs; /* columns: the readings' logits, one a trap, one a mixed reading */
    Numbers w_u;      /* (D, outputs) */
    Numbers b_u;      /* (outputs) */
} DenseModel;

/* How many ReLUs the group takes. */
uint32_t group_units(const Model *model, const UnitGroup *group);
/* How many numbers the weights hold (each head and layer at its own size). */
uint64_t model_parameters(const Model *model);
/* A reading's logits. */
typedef struct Logits {
    uint32_t first, count;
    const Atom *atoms;  /* (count): DECODE_ATOMS: what each stands for; else NULL */
    const uint32_t *of; /* (atom_count of the reading): the logit of each of its atoms */
    uint32_t exact;     /* mixed: the column of its exact */
} Logits;
/* The columns of W_U: the readings' logits, one a trap, one a mixed reading. */
typedef struct ReadoutLogits {
    const Logits *readings; /* (reading_count) */
    uint32_t count;         /* of all readings: the traps' columns follow */
    uint32_t columns;
} ReadoutLogits;
ReadoutLogits model_logits(Arena *arena, const Model *model);

/* The pair of ReLUs of one step: relu(slope x + bias + 1) - relu(slope x + bias) is exactly 0 for
   x <= below and exactly 1 for above <= x <= greatest, in floats of the type. The slope is a power
   of two of at least 2 / (above - below), and the bias lies on the grid that slope * greatest lives
   on, so neither ReLU rounds. False when the type has not the bits for it. */
bool step_line(FloatType type, double below, double above, double greatest, double *slope,
               double *bias);

/* False when the model's type has not the bits to carry it: *why says where. (precision.c) */
bool model_fits(const Model *model, Buffer *why);

/* Makes the weights. NULL when they would not fit LIMIT_DENSE_BYTES or the model's type: a
   diagnostic at span says how large they would be, or where the type gives out. */
const DenseModel *model_weights(Arena *arena, const Model *model, Span span, Diagnostics *diags);

#endif
