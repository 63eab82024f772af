/* registers: places of the residual stream that are used again.

   The encoding gives every subspace coordinates of its own. Most of what a program computes is dead
   after a layer or two; here the place of what is dead is given to what comes later, and the units
   of a layer in between take the old value away (UNIT_ERASE).

   What must hold, so that nothing becomes less exact (model_verify checks the form of it, certify
   proves it from the weights):
   - A value is erased in the layer of its last reader, never before: heads and units of a layer
     read the stream as it is before the units write.
   - Erasing is exact whatever is there: one of relu(x) and relu(-x) is x's magnitude, the other
     0; x + -x is 0 in any floating point. One unit is enough where x is not below 0: codes, and
     numbers of a range that begins at 0, unless a default gives way to what was selected there,
     as 1 - (1/3 + 1/3 + 1/3) in float32 (coordinate_below_zero).
   - The units of a layer are one sum: -x + y, which float32 may round before the stream's x is
     added. It does not where x and y are codes: all parts of it are 0, 1, or two neighbours of a
     step's ramp, which are exact both. So a code may come where the very same units erase a code;
     all else comes to a place that was 0 before: what heads write, one layer later.
   - A default is put into the stream by the embedding, so its place is taken from there on. Where
     every query selects something there is no default.
   - At BOS codes are 0, and the weight of a null key is 1: what is erased is erased there too, and
     nothing is added, for the units have no bias.
   - What the read-out and the traps read, `one` and `null` live to the end.

   Erasing costs units, so only coordinates that are used again are erased. Packing intervals of
   time into the least width is a hard problem (dynamic storage allocation: Garey and Johnson,
   Computers and Intractability, SR2); a few orders are tried, each with several widths as the
   limit, and in each the place that needs the fewest new erasures is taken. */
#ifndef RASPC_REGISTERS_H
#define RASPC_REGISTERS_H

#include "compiler/lower/lower.h"

/* Moves subspaces and adds the units that erase; the model is one that model_verify accepts. Layers
   are never added. */
void assign_registers(Model *model, Registers policy);

#endif
