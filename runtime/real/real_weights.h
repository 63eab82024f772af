/* The weights view of a model over real vectors: dense matrices made from its symbolic view on
   demand, with the shapes that any framework has. interp and the exporters see only these.

   A row of the stream a position, BOS first:
     stream[0]     = W_P[0]                                          (BOS, which stays as it is)
     stream[1 + i] = inputs[i] W_E + W_P[1 + i]
   A head, at the rows of the input:
     scores  = (stream W_Q) (stream W_K)', of the keys that its gates let through
     stream += normalised(scores) (stream W_V) W_O
   Gate comparisons are of column c of stream W_GK (keys) with column c of stream W_GQ (queries).
   A unit, at the rows of the input, all of a layer from the stream that its heads leave:
     an operation      stream[:, target] += op(stream W_in[0], ...)
     ReLUs             stream[:, target] += relu(stream W_in[0]) W_out
     an erasure        stream[:, target]  = 0, before the others add
   outputs, conditions of loops and traps' numbers: stream W.
   There are no biases: constants ride on `one`, a direction of the stream.

   Made in double, then held in the model's type of floats. */
#ifndef RASPC_REAL_WEIGHTS_H
#define RASPC_REAL_WEIGHTS_H

#include "runtime/real/real_model.h"

typedef struct DenseGate {
    GateKind kind;
    Relation relation; /* COMPARE: key relation query */
    uint32_t a, b;     /* AND, OR, NOT: earlier gates; COMPARE: a: its column */
} DenseGate;

typedef struct DenseRealHead {
    Normaliser normaliser;
    uint32_t width;       /* K; 0: every score is 0 */
    Numbers w_q, w_k;     /* (D, K) */
    uint32_t values;      /* V: of all moves */
    Numbers w_v;          /* (D, V) */
    Numbers w_o;          /* (V, D) */
    uint32_t comparisons; /* C */
    Numbers w_gq, w_gk;   /* (D, C) */
    uint32_t gate_count;
    const DenseGate *gates; /* (gate_count), arguments first; 0: every key is let through */
} DenseRealHead;

typedef struct DenseRealUnit {
    RealUnitKind kind;
    GraphOp op;
    uint32_t offset, width; /* of the target */
    uint32_t argument_count;
    uint32_t rows[3];
    Numbers w_in[3]; /* (D, rows) of each argument */
    Numbers w_out;   /* (rows of argument 0, width): RELU */
} DenseRealUnit;

typedef struct DenseRealLayer {
    uint32_t head_count;
    const DenseRealHead *heads;
    uint32_t unit_count;
    const DenseRealUnit *units;
} DenseRealLayer;

typedef struct DenseRealModel {
    FloatType type;         /* of all numbers below */
    uint32_t width;         /* D: of the residual stream */
    uint32_t max_length;    /* positions, BOS not counted */
    uint32_t inputs;        /* I: columns, the model's inputs in their order */
    Numbers w_e;            /* (I, D) */
    uint32_t position_rows; /* 1 + max_length; 2 where all positions have row 1 */
    Numbers w_p;            /* (position_rows, D) */
    uint32_t layer_count;
    const DenseRealLayer *layers;
    Numbers w_until;  /* (D, loop_count); 0 where a loop has no condition */
    Numbers w_trap;   /* (D, trap_count) */
    uint32_t outputs; /* columns, the model's outputs in their order */
    Numbers w_u;      /* (D, outputs) */
} DenseRealModel;

/* How many numbers the weights hold; UINT64_MAX: more than can be counted. */
uint64_t real_model_parameters(const RealModel *model);

/* NULL when they would not fit LIMIT_DENSE_BYTES or a number the model's type: reported at span,
   with the size. */
const DenseRealModel *real_model_weights(Arena *arena, const RealModel *model, Span span,
                                         Diagnostics *diags);

#endif
