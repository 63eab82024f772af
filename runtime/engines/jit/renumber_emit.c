/* Numbers classes of a wide range (Renumber, attend.h) in a hash table with open addresses:
   places[2 p] is 1 + the class that has place p, or 0, and places[2 p + 1] its number: one line of
   the cache holds both. */
#include "runtime/engines/jit/attend_emit.h"

static LLVMValueRef class_at(Emit *emit, LLVMValueRef place) {
    return emit_plus(emit, place, place);
}

static LLVMValueRef number_at(Emit *emit, LLVMValueRef place) {
    return emit_plus(emit, class_at(emit, place), emit_int(emit, 1));
}

/* The table has 2^bits places, at least twice as many as there are positions. */
typedef struct Places {
    LLVMValueRef size, shift; /* shift = 64 - bits */
} Places;

static Places table_of(Emit *emit) {
    LLVMValueRef first[] = {emit_int(emit, 16), emit_int(emit, 60)}, next[2];
    Walk walk = walk_begin(emit, 2, first);
    LLVMValueRef wanted = emit_plus(emit, emit->n, emit->n);
    walk_while(emit, &walk, emit_relation(emit, RELATION_LT, walk.carry[0], wanted));
    next[0] = emit_plus(emit, walk.carry[0], walk.carry[0]);
    next[1] = emit_minus(emit, walk.carry[1], emit_int(emit, 1));
    walk_end(emit, &walk, next);
    return (Places){walk.carry[0], walk.carry[1]};
}

/* Classes of two numbers lie on a lattice, which one multiplication would leave in clusters. */
static LLVMValueRef mixed(Emit *emit, LLVMValueRef class_) {
    LLVMValueRef half = emit_int(emit, 32);
    LLVMValueRef odd = emit_int(emit, (int64_t)0x9e3779b97f4a7c15u);
    for (int round = 0; round < 2; round++) {
        LLVMValueRef high = LLVMBuildLShr(emit->builder, class_, half, "");
        class_ = LLVMBuildXor(emit->builder, class_, high, "");
        class_ = LLVMBuildMul(emit->builder, class_, odd, "");
    }
    return class_;
}

enum { NEIGHBOUR_BITS = 3 };

/* The same place among the next neighbours, and at the end of the table the one behind it among the
   first: so all places but one are looked at. */
static LLVMValueRef next_place(Emit *emit, Places table, LLVMValueRef place) {
    LLVMValueRef next = emit_plus(emit, place, emit_int(emit, 1 << NEIGHBOUR_BITS));
    LLVMValueRef over = emit_relation(emit, RELATION_GT | RELATION_EQ, next, table.size);
    LLVMValueRef first = emit_plus(emit, emit_minus(emit, next, table.size), emit_int(emit, 1));
    return emit_choose(emit, over, first, next);
}

/* Where the class is looked for first: the first bits of what is mixed. Neighbouring classes stay
   neighbours, a line of the cache together: programs count, and so go from a class to the next. */
static LLVMValueRef first_place(Emit *emit, Places table, LLVMValueRef class_) {
    LLVMValueRef bits = emit_int(emit, NEIGHBOUR_BITS);
    LLVMValueRef family = LLVMBuildLShr(emit->builder, class_, bits, "");
    LLVMValueRef place = LLVMBuildLShr(emit->builder, mixed(emit, family), table.shift, "");
    LLVMValueRef own_bits = emit_int(emit, (1 << NEIGHBOUR_BITS) - 1);
    LLVMValueRef own = LLVMBuildAnd(emit->builder, class_, own_bits, "");
    return LLVMBuildXor(emit->builder, place, own, "");
}

/* The place of the class, or the free one where it belongs. */
static LLVMValueRef find(Emit *emit, const Renumber *renumber, Places table, LLVMValueRef class_) {
    LLVMValueRef zero = emit_int(emit, 0), place = first_place(emit, table, class_);
    Walk walk = walk_begin(emit, 1, &place);
    LLVMValueRef held = emit_result_back(emit, renumber->places, class_at(emit, walk.carry[0]));
    LLVMValueRef free = emit_relation(emit, RELATION_EQ, held, zero);
    LLVMValueRef own = emit_relation(emit, RELATION_EQ, held, class_);
    LLVMValueRef done = LLVMBuildOr(emit->builder, free, own, "");
    walk_while(emit, &walk, LLVMBuildNot(emit->builder, done, ""));
    LLVMValueRef next = next_place(emit, table, walk.carry[0]);
    walk_end(emit, &walk, &next);
    return walk.carry[0];
}

/* 1 + the class of the key or query at a position. */
static LLVMValueRef class_of(Emit *emit, const Renumber *renumber, bool key, LLVMValueRef position,
                             LLVMValueRef *inside) {
    Attend attend = {.conditions = (Condition *)(uintptr_t)renumber->conditions,
                     .condition_count = renumber->count};
    LLVMValueRef class_ =
        key ? attend_key_class(emit, &attend, renumber->count, position)
            : attend_query_class(emit, &attend, renumber->count, position, inside);
    return emit_plus(emit, class_, emit_int(emit, 1));
}

/* The table is larger than the cache, and its places come in no order: asks for the place of a
   position some rounds ahead. */
static void fetch_ahead(Emit *emit, const Renumber *renumber, Places table, bool key,
                        LLVMValueRef position) {
    enum { ROUNDS = 24 };
    LLVMValueRef inside, last = emit_minus(emit, emit->n, emit_int(emit, 1));
    LLVMValueRef ahead = emit_plus(emit, position, emit_int(emit, ROUNDS));
    ahead = emit_choose(emit, emit_relation(emit, RELATION_LT, ahead, last), ahead, last);
    LLVMValueRef class_ = class_of(emit, renumber, key, ahead, &inside);
    LLVMValueRef place = first_place(emit, table, class_);
    emit_prefetch(emit, emit->i64, emit_column(emit, renumber->places), class_at(emit, place));
}

static void number_keys(Emit *emit, const Renumber *renumber) {
    Places table = table_of(emit);
    LLVMValueRef zero = emit_int(emit, 0);
    emit_fill(emit, emit->i64, emit_column(emit, renumber->places), zero,
              emit_plus(emit, table.size, table.size), zero);
    Loop loop = loop_begin(emit, zero, emit->n, 1, &zero);
    fetch_ahead(emit, renumber, table, true, loop.index);
    LLVMValueRef class_ = class_of(emit, renumber, true, loop.index, NULL);
    LLVMValueRef place = find(emit, renumber, table, class_);
    LLVMValueRef held = emit_result_back(emit, renumber->places, class_at(emit, place));
    LLVMValueRef fresh = emit_relation(emit, RELATION_EQ, held, zero);
    LLVMValueRef old = emit_result_back(emit, renumber->places, number_at(emit, place));
    LLVMValueRef number = emit_choose(emit, fresh, loop.carry[0], old);
    emit_result(emit, renumber->places, class_at(emit, place), class_);
    emit_result(emit, renumber->places, number_at(emit, place), number);
    emit_result(emit, renumber->key, loop.index, number);
    LLVMValueRef next = emit_plus(emit, loop.carry[0], emit_to_int(emit, fresh));
    loop_end(emit, &loop, &next);
}

static void find_queries(Emit *emit, const Renumber *renumber) {
    Places table = table_of(emit);
    Loop loop = loop_positions(emit);
    LLVMValueRef inside;
    fetch_ahead(emit, renumber, table, false, loop.index);
    LLVMValueRef class_ = class_of(emit, renumber, false, loop.index, &inside);
    LLVMValueRef place = find(emit, renumber, table, class_);
    LLVMValueRef held = emit_result_back(emit, renumber->places, class_at(emit, place));
    LLVMValueRef found = emit_both(emit, inside, emit_relation(emit, RELATION_EQ, held, class_));
    LLVMValueRef number = emit_result_back(emit, renumber->places, number_at(emit, place));
    emit_result(emit, renumber->query, loop.index,
                emit_choose(emit, found, number, emit_int(emit, -1)));
    loop_end(emit, &loop, NULL);
}

void renumber_emit(Emit *emit, const Renumber *renumber) {
    emit_stage(emit, (Stage){0});
    number_keys(emit, renumber);
    if (renumber->same) return;
    emit_stage(emit, (Stage){.split = true});
    find_queries(emit, renumber);
}
