/* When each subspace holds its value, and who shares its place in the residual stream.

   Time goes in steps: TIME_EMBED is the embedding, then come for layer l its heads and its units.
   Heads read the stream as the layer before left it, units as the heads of their layer left it;
   what either writes is there from its own step on. */
#ifndef RASPC_LIFETIMES_H
#define RASPC_LIFETIMES_H

#include "runtime/model/model.h"

enum { TIME_EMBED = 0, TIME_NEVER = INT32_MAX };
static inline int32_t time_of_heads(uint32_t layer) { return 2 * (int32_t)layer + 1; }
static inline int32_t time_of_units(uint32_t layer) { return 2 * (int32_t)layer + 2; }
/* The read-out reads the stream after everything. */
static inline int32_t time_of_readout(const Model *model) {
    return time_of_heads(model->layer_count);
}

typedef struct Lifetime {
    int32_t placed;  /* from when the place is taken: the embedding, for a default; else written */
    int32_t written; /* when the value is there */
    int32_t read;    /* the last step that reads it; `written` when nothing does */
    int32_t erased;  /* the first step that erases a part of it, or TIME_NEVER */
    const HeadMove *defaulted; /* the move whose default the embedding puts there, or NULL */
} Lifetime;

/* (subspace_count), in arena. The model is one that model_verify accepts. */
const Lifetime *model_lifetimes(Arena *arena, const Model *model);

/* The residual streams between layers (0: after the embedding, l + 1: after layer l) in which the
   subspace holds its value: from *first to *last; none when *last < *first. */
void lifetime_streams(const Model *model, const Lifetime *lifetime, uint32_t *first,
                      uint32_t *last);

/* Does it in this stream? */
static inline bool lifetime_holds(const Lifetime *lifetime, uint32_t stream) {
    return lifetime->written <= 2 * (int32_t)stream && lifetime->erased > 2 * (int32_t)stream;
}

/* Does the embedding put the move's default where it writes? Only where a query may select nothing,
   and 0 needs no writing. */
bool move_is_defaulted(const Model *model, const Head *head, const HeadMove *move);

/* Can float32 leave the coordinate below 0? Codes and sums of what is not negative are not below;
   but 1 - (1/3 + 1/3 + 1/3) may be, where a default gives way to what was selected. */
bool coordinate_below_zero(const Model *model, SubspaceId id, const HeadMove *defaulted,
                           uint32_t coordinate);

#endif
