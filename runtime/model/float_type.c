#include "runtime/model/float_type.h"

#include <math.h>
#include <string.h>

static const FloatInfo infos[] = {
#define FLOAT_TYPE(id, c_type, significand, lowest, highest, underflow, short_name, long_name,     \
                   safetensors, numpy, onnx)                                                       \
    [id] = {{short_name, long_name, safetensors, numpy},                                           \
            sizeof(c_type),                                                                        \
            significand,                                                                           \
            lowest,                                                                                \
            highest,                                                                               \
            underflow,                                                                             \
            onnx},
#include "runtime/model/float_types.def"
#undef FLOAT_TYPE
};

const FloatInfo *float_info(FloatType type) { return &infos[type]; }

bool float_type_named(const char *name, FloatNaming naming, FloatType *out) {
    for (int t = 0; t < FLOAT_TYPE_COUNT; t++) {
        if (strcmp(infos[t].names[naming], name) != 0) continue;
        *out = (FloatType)t;
        return true;
    }
    return false;
}

double float_round(FloatType type, double value) {
    return type == FLOAT_32 ? (double)(float)value : value;
}

double float_rounding(FloatType type) { return ldexp(1, -infos[type].significand); }

double float_whole(FloatType type) { return ldexp(1, infos[type].significand); }

double float_greatest(FloatType type) {
    return ldexp(2 - ldexp(1, 1 - infos[type].significand), infos[type].highest);
}

Numbers numbers_zero(Arena *arena, FloatType type, size_t count) {
    return (Numbers){.bytes = arena_array(arena, count, infos[type].size)};
}

Numbers numbers_hold(Arena *arena, FloatType type, const double *values, size_t count) {
    Numbers numbers;
    if (type == FLOAT_64) {
        double *kept = ARENA_ARRAY(arena, double, count);
        if (count > 0) memcpy(kept, values, count * sizeof *kept);
        numbers.f64 = kept;
        return numbers;
    }
    float *kept = ARENA_ARRAY(arena, float, count);
    for (size_t i = 0; i < count; i++)
        kept[i] = (float)values[i];
    numbers.f32 = kept;
    return numbers;
}
