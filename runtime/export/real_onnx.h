/* What the parts of the ONNX writer of models over real vectors share. See real_onnx.c for the
   graph. */
#ifndef RASPC_EXPORT_REAL_ONNX_H
#define RASPC_EXPORT_REAL_ONNX_H

#include "runtime/export/onnx_graph.h"
#include "runtime/export/real_export.h"

typedef struct RealConstant RealConstant;

enum { REAL_CONSTANT_BUCKETS = 1024 };

typedef struct RealWriter {
    const RealExport *e;
    const RealModel *model;
    OnnxGraph graph;
    uint32_t fresh;           /* how many names have a number of their own */
    RealConstant **constants; /* (REAL_CONSTANT_BUCKETS) by what they hold: rounds share them */
    bool overflows;           /* a constant is beyond the type's greatest number */
    const char *round;        /* "R3/": where loops are unrolled; else "" */
    Edge *spaces;             /* (space_count) the stream, (S, width) each; NULL: it is 0 */
    Edge one;                 /* (S, 1) */
    Edge undefined;           /* (S) true where the program fails */
    Edge rows;                /* constant: the shape [-1] */
    Edge zero, half, lowest;  /* constants: 0, 1/2, minus infinity */
    Edge axis_0, axis_1;      /* constants: [0], [1] */
} RealWriter;

/* A name of the scope with a number behind it, which no other has. */
Edge real_fresh(RealWriter *w, const char *text);

/* --- numbers (real_onnx_affine.c) ------------------------------------------------------------- */

/* A constant, of rank 0, 1 or 2 where rows or columns are 0. Equal ones are one. */
Edge real_numbers_constant(RealWriter *w, const double *values, uint64_t rows, uint64_t columns);
Edge real_number_constant(RealWriter *w, double value);
/* (S, rows) of the stream's input rows. */
Edge real_affine(RealWriter *w, const Affine *affine);
/* Is it the same number at every position? Of one row. */
bool real_affine_constant(const Affine *affine, double *value);
/* Its values at BOS, (rows): what a query that finds nothing reads. In the writer's arena. */
const double *real_affine_at_bos(RealWriter *w, const Affine *affine);
/* What a subspace holds, (S, width); zeros where it was not written. */
Edge real_space(RealWriter *w, SpaceId space);
void real_add_to_space(RealWriter *w, SpaceId space, Edge update);

/* --- conditions ------------------------------------------------------------------------------- */

/* Truth as the numbers 1 and 0, and a number as the truth that it is above 1/2. */
Edge real_truth_number(RealWriter *w, Edge truth);
Edge real_holds(RealWriter *w, Edge number);
/* Along axis 1, which stays as one of size 1. */
Edge real_row_sum(RealWriter *w, Edge a);
Edge real_row_greatest(RealWriter *w, Edge a);
/* The program fails at the positions where bad, truths (S, any), holds anywhere. */
void real_mark_undefined(RealWriter *w, Edge bad);
/* (S, width) truths: not a number, or infinite. */
Edge real_not_finite(RealWriter *w, Edge a);

/* --- layers ----------------------------------------------------------------------------------- */

/* What each move of the head adds to its target, (move_count) edges. (real_onnx_head.c) */
void real_onnx_head(RealWriter *w, const RealHead *head, Edge *updates);
/* (S, width of the target). (real_onnx_unit.c) */
Edge real_onnx_unit(RealWriter *w, const RealUnit *unit);

#endif
