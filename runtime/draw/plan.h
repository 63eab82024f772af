/* The plan of a picture: which nodes it shows and where, with their values on the input. In an
 * arena. */
#ifndef RASPC_DRAW_PLAN_H
#define RASPC_DRAW_PLAN_H

#include "runtime/draw/draw.h"

/* The values of an s-op, one a position. */
typedef struct Series {
    NodeId node;
    Sequence values;
} Series;

/* The first DRAW_MOST_SERIES of them; the rest are counted. */
typedef struct SeriesList {
    Series series[DRAW_MOST_SERIES];
    uint32_t count, hidden;
} SeriesList;

typedef struct PlanHead {
    NodeId selector; /* or a pattern */
    NodeId gather;   /* of a pattern: an s-op of vectors, its weights on the keys; else NO_NODE */
    const double *weights;    /* (n, n) of a pattern: row = query, column = key; else NULL */
    Matrix matrix;            /* of a selector */
    SeriesList keys, queries; /* what the selector compares, constants left out */
    SeriesList values;        /* what is moved, constants left out */
    SeriesList results;       /* what the gathers give */
} PlanHead;

typedef struct PlanRow {
    Series series;
    uint32_t head; /* 1 + the head of this layer that gives it, or 0: position by position */
} PlanRow;

typedef struct PlanLayer {
    PlanHead *heads;
    PlanRow *rows; /* (row_count) in the order of computation */
    uint32_t head_count, row_count;
    uint32_t hidden_heads, hidden_rows;
} PlanLayer;

typedef struct Plan {
    PlanLayer *layers; /* (layer_count); number 0 is what needs no attention */
    uint32_t layer_count, hidden_layers;
    const uint32_t *heads_per_layer; /* of every attention layer, also of hidden ones */
    uint32_t attention_layers;
    bool is_selector; /* or a pattern, or a score */
    Series output;    /* when it is none */
} Plan;

/* Chooses the nodes; values are not there yet. */
Plan *plan_new(const Graph *graph, NodeId root, Arena *arena);
/* Adds to the graph what tells the weights of the plan's patterns on n positions. */
void plan_add_weights(Plan *plan, Graph *graph, uint32_t n);
/* Evaluates everything that the plan shows. False after reporting. */
bool plan_evaluate(Plan *plan, const Graph *graph, Input input, Arena *arena, Diagnostics *diags);

#endif
