/* The code of each plan (plans.def), and what the plans share. */
#ifndef RASPC_JIT_ATTEND_EMIT_H
#define RASPC_JIT_ATTEND_EMIT_H

#include "runtime/engines/jit/attend.h"
#include "runtime/engines/jit/operand_emit.h"

/* Writes the code of the head's plan, in stages of its own. The last of them ends with each query's
   attend_finish. */
void attend_emit(Emit *emit, const Attend *attend);
/* Writes the stages of a renumbering (renumber_emit.c). */
void renumber_emit(Emit *emit, const Renumber *renumber);

void attend_lanes(Emit *emit, const Attend *attend); /* of PLAN_TILES, those with lanes */
#define PLAN(id, name, function, cost, text) void function(Emit *emit, const Attend *attend);
#include "runtime/engines/jit/plans.def"
#undef PLAN

/* One value for each sum of a head: what a query found, or what sums so far are. */
typedef struct Found {
    LLVMValueRef sums[ATTEND_SUMS];
} Found;

Found attend_nought(Emit *emit, const Attend *attend);
/* before, with the key's values added where keep holds (NULL: always). */
Found attend_with_key(Emit *emit, const Attend *attend, const Found *before, LLVMValueRef keep,
                      LLVMValueRef key);
/* Found where the condition holds (NULL: always), else nought. */
Found attend_where(Emit *emit, const Attend *attend, LLVMValueRef condition, Found found);
/* Each sum's scratch[index]. */
Found attend_load(Emit *emit, const Attend *attend, LLVMValueRef index);
void attend_store(Emit *emit, const Attend *attend, LLVMValueRef index, const Found *found);
/* Sets every scratch to nought in [from, to). */
void attend_clear(Emit *emit, const Attend *attend, LLVMValueRef from, LLVMValueRef to);

/* Where a position's values are added; and how many places there are. Written into every stage that
   asks, from what is known there. */
typedef LLVMValueRef PlaceOf(Emit *emit, const Attend *attend, LLVMValueRef position);
typedef LLVMValueRef PlaceCount(Emit *emit, const Attend *attend);
/* The stages after which each scratch[place] is the sum over the keys there. */
void attend_sum_keys(Emit *emit, const Attend *attend, PlaceOf *place, PlaceCount *count);
/* For attend->split, the stage that makes the chunks' sums one, at [0, places); or, running, leaves
   with each chunk those of the chunks before it. */
void attend_join(Emit *emit, const Attend *attend, PlaceCount *count, bool running);

/* Whether the filters keep a key or query: an i1, or NULL when there is no filter. */
LLVMValueRef attend_keeps_key(Emit *emit, const Attend *attend, LLVMValueRef position);
LLVMValueRef attend_keeps_query(Emit *emit, const Attend *attend, LLVMValueRef position);
/* Whether the key at one position meets conditions [first, count) of the query at another, and the
   mask; an i1, or NULL when there is nothing to meet. */
LLVMValueRef attend_meets(Emit *emit, const Attend *attend, uint32_t first, LLVMValueRef key,
                          LLVMValueRef query);

/* The keys that the mask lets through for a query: [from, to). */
void attend_mask_range(Emit *emit, const Attend *attend, LLVMValueRef query, LLVMValueRef *from,
                       LLVMValueRef *to);

/* For masks that reach from the start or to the end: the position to look at in round number
   `round`, so that the keys come before their queries; whether the query is among its keys. */
LLVMValueRef attend_sweep_position(Emit *emit, const Attend *attend, LLVMValueRef round);
bool attend_sweep_with_itself(const Attend *attend);

/* Joint classes of conditions [0, count) that are equalities: their number, the class of a key, and
   the class of a query with *inside false where no key can have it. */
LLVMValueRef attend_class_count(Emit *emit, const Attend *attend, uint32_t count);
LLVMValueRef attend_key_class(Emit *emit, const Attend *attend, uint32_t count, LLVMValueRef key);
LLVMValueRef attend_query_class(Emit *emit, const Attend *attend, uint32_t count,
                                LLVMValueRef query, LLVMValueRef *inside);

/* For conditions[0] an order and the others equalities, which make groups; each group has one place
   more than there are classes. How many places there are in all, and where a key's group begins. */
LLVMValueRef attend_group_places(Emit *emit, const Attend *attend, LLVMValueRef classes);
LLVMValueRef attend_key_group(Emit *emit, const Attend *attend, LLVMValueRef classes,
                              LLVMValueRef key);
/* The sums of the classes below the border, in the group that begins at start. */
typedef Found (*ReadBelow)(Emit *emit, const Attend *attend, LLVMValueRef start,
                           LLVMValueRef border);
/* What a query finds: the classes of its group in the relation to its own. */
Found attend_by_order(Emit *emit, const Attend *attend, ReadBelow read, LLVMValueRef classes,
                      LLVMValueRef query);

/* Writes the head's columns at a query from the sums that it found, and what follows there. */
void attend_finish(Emit *emit, const Attend *attend, LLVMValueRef query, Found found);

#endif
