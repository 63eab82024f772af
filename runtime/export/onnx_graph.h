/* An ONNX graph while it is built (onnx.proto3 of ONNX 1.12; opset 17, or a later one). A tensor is
   known by its name, and so is the node that makes it: the two are the same. Owns its buffers;
   names live in its arena until onnx_graph_free. */
#ifndef RASPC_EXPORT_ONNX_GRAPH_H
#define RASPC_EXPORT_ONNX_GRAPH_H

#include "runtime/base/arena.h"
#include "runtime/base/buffer.h"
#include "runtime/model/float_type.h"

#include <stdbool.h>
#include <stdint.h>

typedef const char *Edge; /* a tensor's name */

/* TensorProto.DataType */
typedef enum OnnxType {
    ONNX_FLOAT = 1, /* and ONNX_DOUBLE: as float_types.def has them */
    ONNX_INT64 = 7,
    ONNX_BOOL = 9,
    ONNX_DOUBLE = 11,
} OnnxType;

enum { ONNX_OPSET = 17, ONNX_OPSET_ATTENTION = 23 }; /* the second has the operator Attention */

typedef struct OnnxGraph {
    Arena *arena;
    uint32_t opset;
    FloatType float_type;                        /* of the numbers that it computes with */
    Buffer nodes, initializers, inputs, outputs; /* each a run of GraphProto's fields */
    const char *scope; /* what onnx_name puts before a name: "L0/H1/same", or NULL */
} OnnxGraph;

/* A whole number, or a list of them (count != 0). */
typedef struct OnnxAttribute {
    const char *name;
    int64_t value;
    uint32_t count;
    int64_t list[3]; /* (count) */
} OnnxAttribute;

void onnx_graph_free(OnnxGraph *graph);

/* A name in the arena, behind "SCOPE/" when the graph has a scope. */
Edge onnx_name(OnnxGraph *graph, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Adds a node of one output. inputs end with NULL. attributes end with a NULL name; NULL: none. */
Edge onnx_node(OnnxGraph *graph, const char *operator, Edge name, const OnnxAttribute *attributes,
               const Edge *inputs);
/* The same of several outputs, which end with NULL. */
void onnx_node_of(OnnxGraph *graph, const char *operator, Edge name,
                  const OnnxAttribute *attributes, const Edge *inputs, const Edge *outputs);
/* The operators with the usual numbers of inputs; no attributes. */
Edge onnx_unary(OnnxGraph *graph, const char *operator, Edge name, Edge a);
Edge onnx_binary(OnnxGraph *graph, const char *operator, Edge name, Edge a, Edge b);
/* With one attribute; b may be NULL. */
Edge onnx_along(OnnxGraph *graph, const char *operator, Edge name, const char *attribute,
                int64_t value, Edge a, Edge b);
Edge onnx_cast(OnnxGraph *graph, Edge name, Edge a, OnnxType type);
/* Attention of one head (opset 23): query, key, value (B, S, K), and mask (B, 1, S, S), true where
   a query may look. Its scale is set to 1: left out it would be 1/sqrt(K). pattern, if not NULL,
   names what every query attends to (B, 1, S, S), an output of the node. */
Edge onnx_attention(OnnxGraph *graph, Edge name, Edge pattern, Edge query, Edge key, Edge value,
                    Edge mask);

/* Constants. dims (rank); bytes of data. */
Edge onnx_tensor(OnnxGraph *graph, Edge name, OnnxType type, const uint64_t *dims, uint32_t rank,
                 const void *data, uint64_t bytes);
OnnxType onnx_float_type(const OnnxGraph *graph);
/* Of the graph's float type. */
Edge onnx_matrix(OnnxGraph *graph, Edge name, Numbers data, uint64_t rows, uint64_t columns);
Edge onnx_vector(OnnxGraph *graph, Edge name, Numbers data, uint64_t count);
Edge onnx_float(OnnxGraph *graph, Edge name, double value); /* of rank 0 */
Edge onnx_int(OnnxGraph *graph, Edge name, int64_t value);  /* of rank 0 */
Edge onnx_ints(OnnxGraph *graph, Edge name, int64_t value); /* a vector of one */

/* One dimension: named, or with name NULL of the given size. */
typedef struct OnnxDim {
    const char *name;
    uint64_t size;
} OnnxDim;
void onnx_input(OnnxGraph *graph, Edge name, OnnxType type, const OnnxDim *dims, uint32_t rank,
                const char *text);
void onnx_output(OnnxGraph *graph, Edge name, OnnxType type, const OnnxDim *dims, uint32_t rank,
                 const char *text);

/* Loop: the nodes between onnx_body_begin and onnx_loop are its body, a graph of its own whose
   inputs and outputs are declared there and which sees the tensors around it. Constants belong to
   the whole graph. */
typedef struct OnnxOuter {
    Buffer nodes, inputs, outputs; /* of the graph around the body */
} OnnxOuter;
void onnx_body_begin(OnnxGraph *graph, OnnxOuter *outer);
/* inputs, outputs: of the node; they end with NULL. */
void onnx_loop(OnnxGraph *graph, OnnxOuter *outer, Edge name, const Edge *inputs,
               const Edge *outputs);

/* A pair of the model's metadata. */
typedef struct OnnxProperty {
    const char *key, *value;
    size_t len;
} OnnxProperty;
/* The model as a file's bytes, *size of them. False when that would pass the 2 GiB that a protocol
   buffer can hold; nothing is appended then. */
bool onnx_graph_print(const OnnxGraph *graph, const char *name, const char *producer_version,
                      const OnnxProperty *properties, size_t count, Buffer *out, uint64_t *size);

#endif
