/* Atoms by number: a list of them, or a run of numbers that needs no list. A domain of a million
   positions or depths is one of the second kind. */
#ifndef RASPC_ATOMS_H
#define RASPC_ATOMS_H

#include "runtime/value/atom.h"

/* Number v is list[v], or first + v * step where list is NULL and step is not 0; all of a run's
   numbers lie within 2^53 and are of one kind. Neither: there are none. */
typedef struct Atoms {
    const Atom *list;
    int64_t first, step;
    bool floating; /* of a run: floats, not ints */
} Atoms;

static inline Atoms atoms_listed(const Atom *list) { return (Atoms){.list = list}; }

static inline Atoms atoms_run(int64_t first, int64_t step, bool floating) {
    return (Atoms){.first = first, .step = step, .floating = floating};
}

static inline bool atoms_is_run(Atoms atoms) { return atoms.list == NULL && atoms.step != 0; }

static inline Atom atoms_at(Atoms atoms, uint32_t v) {
    if (atoms.list) return atoms.list[v];
    int64_t number = atoms.first + v * atoms.step;
    return atoms.floating ? atom_float((double)number) : atom_int(number);
}

static inline bool atoms_none(Atoms atoms) { return atoms.list == NULL && atoms.step == 0; }

/* The list as a run, where it is one of at least two numbers; else as it is. */
Atoms atoms_shortened(const Atom *list, uint32_t count);

#endif
