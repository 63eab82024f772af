/* The number type of a file of this directory: float32, or float64 where the file is compiled again
   by float64.c. What such a file shows to others has the type in its name. */
#ifndef RASPC_REAL_H
#define RASPC_REAL_H

#include "runtime/base/processors.h"
#include "runtime/model/float_type.h"

#include <math.h>
#include <stdint.h>

#ifndef REAL_BITS
#define REAL_BITS 32
#endif

#if REAL_BITS == 64
typedef double Real;
typedef int64_t RealBits;
#define REAL_NAME(name) name##_f64
#define REAL_MEMBER f64 /* of Numbers */
#define REAL_EXP exp
#define REAL_UNDERFLOW (-(Real)FLOAT_64_UNDERFLOW) /* exp of anything less is 0 */
#else
typedef float Real;
typedef int32_t RealBits;
#define REAL_NAME(name) name##_f32
#define REAL_MEMBER f32
#define REAL_EXP expf
#define REAL_UNDERFLOW (-(Real)FLOAT_32_UNDERFLOW)
#endif

/* As many numbers as the widest registers hold; where they are narrower the compiler takes several.
   Lies anywhere in an array of Real. */
enum { LANES = 64 / sizeof(Real) };
typedef Real Vector __attribute__((vector_size(64), aligned(sizeof(Real)), may_alias));
typedef RealBits VectorBits __attribute__((vector_size(64), aligned(sizeof(Real)), may_alias));
/* Lane by lane: a where the mask's bits are set, b where they are not. */
#define VECTOR_CHOOSE(mask, a, b)                                                                  \
    ((Vector)(((VectorBits)(a) & (VectorBits)(mask)) | ((VectorBits)(b) & ~(VectorBits)(mask))))

#define INSIDE_LOOP static inline __attribute__((always_inline))

#endif
