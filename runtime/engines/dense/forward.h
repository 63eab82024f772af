/* One pass of a transformer's dense weights over a batch: what PyTorch or ONNX Runtime compute,
   with the zeros left out (product.h). */
#ifndef RASPC_FORWARD_H
#define RASPC_FORWARD_H

#include "runtime/model/weights.h"

/* Inputs of different lengths, padded to one: shape (count, rows). */
typedef struct Batch {
    uint32_t count;
    uint32_t rows;           /* 1 + the greatest length: BOS, tokens, PAD */
    const uint32_t *lengths; /* (count): tokens of each input */
    const uint32_t *tokens; /* (count, rows): rows of the token embedding; what PAD has is unread */
} Batch;

/* The weights packed, in one type of floats. */
typedef struct Transformer Transformer;

/* What forward.c does in one type of floats: that of the weights and of the numbers it gives. */
typedef struct Forward {
    const Transformer *(*pack)(Arena *arena, const DenseModel *weights);

    /* The bytes that a pass takes. */
    double (*bytes)(const Transformer *transformer, uint32_t count, uint32_t rows);

    /* Logits (count, rows, outputs), in arena. streams, when it is not NULL, gets layer_count + 1
       residual streams (count, rows, D): the embedding, and that after each layer. PAD is no key of
       any query; the rows of PAD hold zeros in the stream's embedding and nothing to be relied on
       later. */
    Numbers (*run)(const Transformer *transformer, const Batch *batch, Arena *arena,
                   Numbers *streams);
} Forward;

extern const Forward forward_f32, forward_f64;
static inline const Forward *forward_of(FloatType type) {
    return type == FLOAT_64 ? &forward_f64 : &forward_f32;
}

#endif
