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
    Edge *spaces;             /* (space_count) the stream, (B, S, width) each; NULL: it is 0 */
    Edge one;                 /* (B, S, 1) */
    Edge present;             /* truths that broadcast to (B, S, 1): is there such a position? */
    Edge present_keys;        /* the same, to (B, 1, S) */
    Edge active;              /* (B, 1, 1) truths: whose rounds go on; NULL: everybody's */
    Edge undefined;           /* (B, S, 1) true where the program fails */
    Edge zero, half, lowest;  /* constants: 0, 1/2, minus infinity */
    Edge position, component; /* constants: the axes below, of one element */
} RealWriter;

/* Of every tensor of the stream; of a table of queries (S) by keys (S) the last is the keys'. */
enum { REAL_AXIS_POSITION = 1, REAL_AXIS_COMPONENT = 2 };

/* A name of the scope with a number behind it, which no other has. */
Edge real_fresh(RealWriter *w, const char *text);

/* --- numbers (real_onnx_affine.c) ------------------------------------------------------------- */

/* A constant, of rank 0, 1 or 2 where rows or columns are 0. Equal ones are one. */
Edge real_numbers_constant(RealWriter *w, const double *values, uint64_t rows, uint64_t columns);
Edge real_number_constant(RealWriter *w, double value);
/* (B, S, rows) of the stream's input rows. */
Edge real_affine(RealWriter *w, const Affine *affine);
/* Is it the same number at every position? Of one row. */
bool real_affine_constant(const Affine *affine, double *value);
/* Its values at BOS, (rows): what a query that finds nothing reads. In the writer's arena. */
const double *real_affine_at_bos(RealWriter *w, const Affine *affine);
/* What a subspace holds, (B, S, width); zeros where it was not written. */
Edge real_space(RealWriter *w, SpaceId space);
void real_add_to_space(RealWriter *w, SpaceId space, Edge update);

/* --- conditions ------------------------------------------------------------------------------- */

/* Truth as the numbers 1 and 0, and a number as the truth that it is above 1/2. */
Edge real_truth_number(RealWriter *w, Edge truth);
Edge real_holds(RealWriter *w, Edge number);
/* Along the last axis, which stays as one of size 1. */
Edge real_row_sum(RealWriter *w, Edge a);
Edge real_row_greatest(RealWriter *w, Edge a);
/* The program fails at the positions where bad, truths (B, S, any), holds anywhere. */
void real_mark_undefined(RealWriter *w, Edge bad);
/* (B, S, width) truths: not a number, or infinite. */
Edge real_not_finite(RealWriter *w, Edge a);
/* (B, S, width) truths: its magnitude is the limit or more. */
Edge real_reaches(RealWriter *w, Edge a, double limit);

/* --- layers ----------------------------------------------------------------------------------- */

/* What each move of the head adds to its target, (move_count) edges. (real_onnx_head.c) */
void real_onnx_head(RealWriter *w, const RealHead *head, Edge *updates);
/* (B, S, width of the target). (real_onnx_unit.c) */
Edge real_onnx_unit(RealWriter *w, const RealUnit *unit);
/* All of them, with their loops. (real_onnx_layers.c) */
void real_onnx_layers(RealWriter *w);

#endif
