#include "runtime/engines/stream.h"

#include <math.h>

double stream_coordinate(const InterpTrace *trace, uint32_t stream, uint32_t position,
                         uint32_t at) {
    /* Row 0 is BOS. */
    size_t place = (size_t)(position + 1) * trace->width + at;
    return numbers_at(trace->model->float_type, trace->streams[stream], place);
}

double subspace_code(const Subspace *subspace, uint32_t v, uint32_t c) {
    return subspace->kind == SUBSPACE_STEPS ? v > c : v == c;
}

StreamValue stream_value(const InterpTrace *trace, uint32_t stream, uint32_t position,
                         const Subspace *subspace, Atom *out) {
    if (!subspace_is_coded(subspace)) {
        double found = stream_coordinate(trace, stream, position, subspace->offset);
        bool whole =
            subspace->denominator == 1 && found == nearbyint(found) && fabs(found) < 0x1p53;
        *out = whole ? atom_int((int64_t)found) : atom_float(found);
        return STREAM_HOLDS;
    }
    bool steps = subspace->kind == SUBSPACE_STEPS;
    uint32_t ones = 0, last = 0;
    for (uint32_t c = 0; c < subspace->width; c++) {
        double found = stream_coordinate(trace, stream, position, subspace->offset + c);
        double nearest = found > 0.5;
        if (!(fabs(found - nearest) <= COORDINATE_TOLERANCE)) return STREAM_SPOILT;
        if (nearest == 0) continue;
        ones++;
        last = c;
    }
    if (ones == 0 && !steps) return STREAM_NOTHING;
    /* A one-hot has one 1; steps are 1 up to some place. */
    if (ones != (ones == 0 ? 0 : steps ? last + 1 : 1)) return STREAM_SPOILT;
    *out = atoms_at(subspace->domain, steps ? ones : last);
    return STREAM_HOLDS;
}
