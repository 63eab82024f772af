/* numpy's .npy, format 1.0 (numpy.lib.format): "\x93NUMPY", two bytes of version, the header's
   length, the header as the text of a Python dict, then the elements, little-endian. */
#ifndef RASPC_NPY_H
#define RASPC_NPY_H

#include "runtime/value/sequence.h"

/* Everything before the elements: type as numpy writes it ("<f4"), shape (rank). */
void npy_header(Buffer *out, const char *type, const uint64_t *shape, uint32_t rank);

/* A whole file: bools as |b1, ints as <i8, floats as <f8, strings as <U of the longest, all (n,);
   vectors as <f8 (n, width). False when an int does not fit 64 bits, with its position in *bad; out
   is then incomplete. */
bool npy_write_sequence(Buffer *out, Sequence sequence, uint32_t *bad);
/* The same in parts, for long ones: what stands before the elements, then elements [from, to). */
void npy_sequence_header(Buffer *out, Sequence sequence);
bool npy_add_elements(Buffer *out, Sequence sequence, uint32_t from, uint32_t to, uint32_t *bad);

#endif
