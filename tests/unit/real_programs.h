/* Random programs over real vectors, of `input x: vec[2]; input mark: bool; input a: float; input
   k: int;`, with loops, softmax and all that is lowered.

   A comparison, a rounding or a hardmax may tell apart what differs in the last bit, so those are
   made of numbers alone that no order of computing rounds: inputs have to be short in binary, and
   every variable knows how many digits it may have. */
#ifndef RASPC_TEST_REAL_PROGRAMS_H
#define RASPC_TEST_REAL_PROGRAMS_H

#include "runtime/base/buffer.h"

#include <stdbool.h>
#include <stdint.h>

/* Appends that program. smooth: nothing in it jumps, but for integers: what ReLUs can be. */
void real_program(Buffer *text, uint64_t seed, uint32_t number, bool smooth);

#endif
