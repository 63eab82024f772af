#include "runtime/value/atom_set.h"

/* Where the atom is, or would be: open addressing. */
static uint32_t *slot_of(const AtomSet *set, Atom atom) {
    size_t at = atom_hash(atom) & (set->slot_count - 1);
    while (set->slots[at] != 0 && !atom_identical(set->atoms[set->slots[at] - 1], atom))
        at = (at + 1) & (set->slot_count - 1);
    return &set->slots[at];
}

static void make_room(AtomSet *set, size_t slot_count) {
    set->atoms = arena_grow(set->arena, set->atoms, set->count, slot_count / 2, sizeof *set->atoms);
    set->slots = ARENA_ARRAY(set->arena, uint32_t, slot_count);
    set->slot_count = slot_count;
    for (uint32_t i = 0; i < set->count; i++)
        *slot_of(set, set->atoms[i]) = i + 1;
}

AtomSet atom_set_new(Arena *arena, size_t expected) {
    AtomSet set = {.arena = arena};
    size_t slot_count = 16;
    while (slot_count < 2 * expected)
        slot_count *= 2;
    make_room(&set, slot_count);
    return set;
}

bool atom_set_add(AtomSet *set, Atom atom) {
    uint32_t *slot = slot_of(set, atom);
    if (*slot != 0) return false;
    if (set->count == set->slot_count / 2) {
        make_room(set, 2 * set->slot_count);
        slot = slot_of(set, atom);
    }
    set->atoms[set->count++] = atom;
    *slot = set->count;
    return true;
}

uint32_t atom_set_find(const AtomSet *set, Atom atom) { return *slot_of(set, atom) - 1; }
