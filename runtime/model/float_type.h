/* Types of floats (float_types.def), and arrays of numbers of a type that is known only when
   running. What is made of double is exact in double; holding it in a type rounds it once. */
#ifndef RASPC_FLOAT_TYPE_H
#define RASPC_FLOAT_TYPE_H

#include "runtime/base/arena.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum FloatType {
#define FLOAT_TYPE(id, ...) id,
#include "runtime/model/float_types.def"
#undef FLOAT_TYPE
    FLOAT_TYPE_COUNT
} FloatType;

/* FLOAT_32_UNDERFLOW, ...: for code that is compiled for one type. */
enum {
#define FLOAT_TYPE(id, c_type, significand, lowest, highest, underflow, ...)                       \
    id##_UNDERFLOW = (underflow),
#include "runtime/model/float_types.def"
#undef FLOAT_TYPE
};

/* Who calls the types what. */
typedef enum FloatNaming {
    FLOAT_SHORT_NAME,  /* options, the model's text form: f32 */
    FLOAT_LONG_NAME,   /* people, PyTorch: float32 */
    FLOAT_SAFETENSORS, /* F32 */
    FLOAT_NUMPY,       /* <f4 */
    FLOAT_NAMING_COUNT
} FloatNaming;

typedef struct FloatInfo {
    const char *names[FLOAT_NAMING_COUNT];
    size_t size; /* bytes of a number */
    int significand, lowest, highest, underflow, onnx;
} FloatInfo;

const FloatInfo *float_info(FloatType type);
static inline const char *float_name(FloatType type, FloatNaming naming) {
    return float_info(type)->names[naming];
}
/* False: no type has that name. */
bool float_type_named(const char *name, FloatNaming naming, FloatType *out);

/* The nearest number of the type. */
double float_round(FloatType type, double value);
/* By how much of itself rounding a number to the type changes it at most: 2^-significand. */
double float_rounding(FloatType type);
/* 2^significand: of an integer below it in magnitude nothing was rounded; one that is not may stand
   for another. */
double float_whole(FloatType type);
double float_greatest(FloatType type); /* the greatest number that is finite */

/* An array of numbers; which member is there says a FloatType beside it. */
typedef union Numbers {
    const void *bytes;
    const float *f32;  /* FLOAT_32 */
    const double *f64; /* FLOAT_64 */
} Numbers;

static inline double numbers_at(FloatType type, Numbers numbers, size_t index) {
    return type == FLOAT_32 ? (double)numbers.f32[index] : numbers.f64[index];
}
/* A copy of (count) numbers in the arena, each rounded to the type. */
Numbers numbers_hold(Arena *arena, FloatType type, const double *values, size_t count);
Numbers numbers_zero(Arena *arena, FloatType type, size_t count);

#endif
