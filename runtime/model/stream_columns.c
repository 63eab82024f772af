#include "runtime/model/stream_columns.h"

void stream_add_cell(StreamColumns *m, uint32_t coordinate, uint32_t column, double value) {
    m->data[(size_t)coordinate * m->count + column] += value;
}

void stream_add_one(StreamColumns *m, uint32_t column, double value) {
    stream_add_cell(m, m->model->subspaces[MODEL_ONE].offset, column, value);
}

void stream_add_null(StreamColumns *m, uint32_t column, double value) {
    stream_add_cell(m, m->model->subspaces[MODEL_NULL].offset, column, value);
}

void stream_add_table(StreamColumns *m, uint32_t column, SubspaceId id, const double *values,
                      double factor) {
    const Subspace *s = &m->model->subspaces[id];
    if (s->kind == SUBSPACE_STEPS) {
        stream_add_one(m, column, factor * values[0]);
        for (uint32_t v = 0; v + 1 < s->count; v++)
            stream_add_cell(m, s->offset + v, column, factor * (values[v + 1] - values[v]));
        return;
    }
    for (uint32_t v = 0; v < s->count; v++)
        stream_add_cell(m, s->offset + v, column, factor * values[v]);
}

void stream_add_feature(StreamColumns *m, uint32_t column, const Feature *feature, double factor) {
    stream_add_one(m, column, factor * feature->constant);
    for (uint32_t i = 0; i < feature->count; i++) {
        const FeatureTerm *term = &feature->terms[i];
        if (term->values)
            stream_add_table(m, column, term->subspace, term->values, factor);
        else
            stream_add_cell(m, m->model->subspaces[term->subspace].offset, column,
                            factor * term->factor);
    }
}

double code_coordinate(const Subspace *s, uint32_t c, uint32_t v) {
    return s->kind == SUBSPACE_ONE_HOT ? v == c : v > c;
}
