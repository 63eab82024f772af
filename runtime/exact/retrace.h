/* A transformer's run in floats, gone after in rational numbers: is each of its layers the model's,
   but for rounding, given the stream that the run had before it? Where several scores of a hardmax
   are as near to the highest as rounding moves them, the run may have taken any of their keys; but
   keys that are the same to the head stand or fall together. */
#ifndef RASPC_RETRACE_H
#define RASPC_RETRACE_H

#include "runtime/exact/exact_run.h"
#include "runtime/real/real_model.h"

/* The residual stream (D, n), by coordinate, as the run had it after a layer: 1 + l after layer l,
   0 after the embedding. */
typedef struct RunStep {
    uint32_t layer;
    const double *heads; /* before the layer's units; of the embedding NULL */
    const double *stream;
} RunStep;
typedef struct RunRecord {
    uint32_t count;
    const RunStep *steps; /* (count) */
} RunRecord;

/* A run of a model of float64 on an input, and what is asked of it. */
typedef struct FloatRun {
    const Graph *graph;
    const NodeId *nodes; /* (count) the model's outputs in the graph */
    uint32_t count;
    const RealModel *model;
    const Input *input;
    RunRecord record;
    const Sequence *gave; /* (count) its outputs */
    double tolerance;     /* what rounding may do to a number, of itself (of 1, where it is less) */
} FloatRun;

/* May the outputs differ from those of other floats because rounding decides a tie? Yes where
   - in rational numbers the model gives what the graph does,
   - every layer of the run, and what it gave, is the model's but for rounding,
   - and in some row there was a choice between keys.
   No also where that can't be shown: a result is not rational, or it is too much work. *work grows
   by what it took. */
bool rounding_decides(const FloatRun *run, uint64_t *work);

#endif
