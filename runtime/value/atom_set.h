/* A set of atoms, numbered from 0 in the order of their first coming; those that are atom_identical
   are one. Lives in the arena that it was made in; the atoms are not copied. */
#ifndef RASPC_ATOM_SET_H
#define RASPC_ATOM_SET_H

#include "runtime/value/atom.h"

typedef struct AtomSet {
    Arena *arena;
    uint32_t count;
    Atom *atoms;     /* (count) */
    uint32_t *slots; /* (slot_count) by hash: 1 + number, 0: free; at most half of them are taken */
    size_t slot_count; /* a power of two */
} AtomSet;

/* expected: about how many there will be. */
AtomSet atom_set_new(Arena *arena, size_t expected);
/* False: it is there already. */
bool atom_set_add(AtomSet *set, Atom atom);
/* The atom's number, or UINT32_MAX. */
uint32_t atom_set_find(const AtomSet *set, Atom atom);

#endif
