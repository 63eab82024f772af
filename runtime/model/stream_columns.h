/* A matrix of the weights, column by column: what each reads of the residual stream. */
#ifndef RASPC_STREAM_COLUMNS_H
#define RASPC_STREAM_COLUMNS_H

#include "runtime/model/model.h"

typedef struct StreamColumns {
    const Model *model;
    double *data; /* (D, count) */
    uint32_t count;
} StreamColumns;

/* Each adds to a column: value times a coordinate, times 1, times the null key's direction. */
void stream_add_cell(StreamColumns *m, uint32_t coordinate, uint32_t column, double value);
void stream_add_one(StreamColumns *m, uint32_t column, double value);
void stream_add_null(StreamColumns *m, uint32_t column, double value);
/* factor * the table over a code: its directions hold the values, or their differences. */
void stream_add_table(StreamColumns *m, uint32_t column, SubspaceId id, const double *values,
                      double factor);
void stream_add_feature(StreamColumns *m, uint32_t column, const Feature *feature, double factor);

/* What coordinate c of a code is when the value is number v. */
double code_coordinate(const Subspace *s, uint32_t c, uint32_t v);

#endif
