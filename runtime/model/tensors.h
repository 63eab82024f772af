/* Named tensors: what every weight file holds. Owns nothing: names and data live in the arena that
   tensors_add is given, or outlive the list. Always holds: names are distinct; data is (shape),
   row-major. */
#ifndef RASPC_TENSORS_H
#define RASPC_TENSORS_H

#include "runtime/base/buffer.h"
#include "runtime/model/weights.h"

enum { TENSOR_RANK = 2 };

typedef struct Tensor {
    const char *name;
    FloatType type;
    uint32_t rank;               /* 1 or 2 */
    uint64_t shape[TENSOR_RANK]; /* (rank) */
    Numbers data;                /* (product of shape) */
} Tensor;

typedef struct Tensors {
    Tensor *items; /* (count), malloc'd */
    size_t count, capacity;
} Tensors;

/* A list to fill; columns == 0: a vector of `rows`. */
void tensors_add(Tensors *tensors, Arena *arena, FloatType type, Numbers data, uint64_t rows,
                 uint64_t columns, const char *name, ...) __attribute__((format(printf, 7, 8)));
void tensors_sort(Tensors *tensors); /* by name */
/* Of a sorted list: is every name there once? (A file that was read may have one twice.) */
bool tensors_distinct(const Tensors *tensors);
void tensors_free(Tensors *tensors);

uint64_t tensor_count(const Tensor *tensor); /* numbers */
uint64_t tensor_bytes(const Tensor *tensor);
uint64_t tensors_bytes(const Tensors *tensors);

/* The weights under the names that the PyTorch module gives its parameters, every matrix as
   weights.h has it, (in, out):
     w_e (vocabulary + 2, D)     rows: BOS, the tokens, PAD (zeros)
     w_p (1 + max_length, D)
     layers.L.heads.H.w_q, .w_k, .w_v (D, K), .w_o (K, D)
     layers.L.feed_forward.w_in (D, U), .b_in (U), .w_out (U, D), .b_out (D)
     w_u (D, outputs), b_u (outputs)
   Layers and heads count from 0. */
void tensors_of_model(Tensors *tensors, Arena *arena, const DenseModel *weights);

/* The token embedding with its row for PAD: (vocabulary + 2, D), D at least that of the model. */
Numbers embedding_with_pad(Arena *arena, const DenseModel *weights, uint32_t width);

#endif
