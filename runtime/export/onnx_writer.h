/* What the parts of the ONNX writer share: the graph that is being built, its common tensors, and
   operators with attributes. */
#ifndef RASPC_EXPORT_ONNX_WRITER_H
#define RASPC_EXPORT_ONNX_WRITER_H

#include "runtime/export/export.h"
#include "runtime/export/onnx_graph.h"

typedef struct OnnxWriter {
    const Export *e;
    OnnxGraph graph;
    Edge zero, one, axis_1, first_row, end; /* constants */
    Edge distance;                          /* (S, S) key row - query row */
    Edge null_key;                          /* (1, S) true at row 0 */
    Edge token;                             /* (B, S) true at rows that are no padding */
    Edge attended;                          /* (B, 1, S) the same, of keys */
    Edge masked_score; /* what a masked key's score becomes; not with the operator Attention */
    Edge square;       /* with it, and patterns: (3) B, S, S */
    Edge *patterns;    /* (pattern_count): every head's, in order */
    uint32_t pattern_count;
    struct Mask {
        HeadMask mask;
        Edge edge; /* (B, S, S) or (B, 1, S) true where a query may look */
    } *masks;      /* (mask_count): heads with equal masks share one */
    uint32_t mask_count;
} OnnxWriter;

/* The greatest along an axis, which stays as one of size 1 or goes. */
Edge onnx_greatest(OnnxWriter *w, Edge name, Edge a, int64_t axis, bool keep);
/* operator is ArgMax or ArgMin, along axis 2; the first of equals. */
Edge onnx_extreme(OnnxWriter *w, const char *operator, Edge name, Edge a, bool keep);
/* a[from:to] along an axis; edges of vectors of one. */
Edge onnx_slice(OnnxWriter *w, Edge name, Edge a, Edge from, Edge to, Edge axis);

/* The outputs, from the logits of all rows (B, S, columns of W_U). (onnx_readout.c) */
void onnx_readout(OnnxWriter *w, Edge all);

#endif
