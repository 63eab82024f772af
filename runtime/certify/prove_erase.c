/* Places that are used again. A subspace is erased by units that each read one coordinate of it and
   take its value away: relu(x) from x, and relu(-x) to it where x can be below 0. The one of the
   two that is not 0 is the value itself, so that floats round nothing whatever the value is.

   When each subspace is written is claimed; whose a coordinate is follows from that and from what
   is proven to be erased: the writer's proof asks for the place to be its own. What was erased in
   part leaves a rest that nothing may read. */
#include "runtime/certify/prover.h"

#include "runtime/model/lifetimes.h"

static bool is_code(const ClaimedSubspace *s) {
    return s->kind == SUBSPACE_ONE_HOT || s->kind == SUBSPACE_STEPS;
}

/* --- whose place it is ------------------------------------------------------------------------ */

static void find_writing(Prover *p) {
    for (uint32_t l = 0; l < p->claims->layer_count; l++) {
        const ClaimedLayer *layer = &p->claims->layers[l];
        for (uint32_t h = 0; h < layer->head_count; h++) {
            for (uint32_t t = 0; t < layer->heads[h].target_count; t++)
                p->written[layer->heads[h].targets[t]] = time_of_heads(l);
        }
        for (uint32_t g = 0; g < layer->unit_count; g++) {
            if (layer->units[g].kind != UNIT_ERASE)
                p->written[layer->units[g].target] = time_of_units(l);
        }
    }
}

/* holder[r], of the coordinates that are wanted: the subspace that is the first to be written there
   from a time on. */
static void find_holders(const Prover *p, int32_t from, const bool *wanted, uint32_t *holder) {
    for (uint32_t i = 0; i < p->claims->subspace_count; i++) {
        const ClaimedSubspace *s = &p->claims->subspaces[i];
        if (p->written[i] < from) continue;
        for (uint32_t r = s->offset; r < s->offset + s->width; r++) {
            if (wanted && !wanted[r]) continue;
            if (holder[r] == NO_SUBSPACE || p->written[i] < p->written[holder[r]]) holder[r] = i;
        }
    }
}

bool prover_begin_places(Prover *p) {
    uint32_t width = p->claims->width;
    p->subspace = ARENA_ARRAY(p->arena, uint32_t, width);
    p->next = ARENA_ARRAY(p->arena, uint32_t, width);
    p->erased = ARENA_ARRAY(p->arena, bool, width);
    p->rest = ARENA_ARRAY(p->arena, bool, width);
    p->written = ARENA_ARRAY(p->arena, int32_t, p->claims->subspace_count);
    p->gone = ARENA_ARRAY(p->arena, bool, p->claims->subspace_count);
    find_writing(p);
    for (uint32_t r = 0; r < width; r++)
        p->subspace[r] = NO_SUBSPACE;
    find_holders(p, TIME_EMBED, NULL, p->subspace);
    for (uint32_t r = 0; r < width; r++) {
        if (p->subspace[r] == NO_SUBSPACE)
            return not_proven(p, "coordinate %u of the residual stream is nobody's", r);
    }
    return true;
}

bool prover_owns(const Prover *p, uint32_t subspace) {
    const ClaimedSubspace *s = &p->claims->subspaces[subspace];
    for (uint32_t r = s->offset; r < s->offset + s->width; r++) {
        if (p->subspace[r] != subspace) return false;
    }
    return !p->gone[subspace];
}

bool prover_is_empty(const Prover *p, uint32_t subspace) {
    const ClaimedSubspace *s = &p->claims->subspaces[subspace];
    for (uint32_t r = s->offset; r < s->offset + s->width; r++) {
        bool empty = p->erased[r] ? p->next[r] == subspace
                                  : p->subspace[r] == subspace && mpq_sgn(p->base[r]) == 0;
        if (!empty) return false;
    }
    return true;
}

bool prover_reads_no_rest(Prover *p, Matrix m, const char *who) {
    for (uint32_t r = 0; r < p->claims->width; r++) {
        for (uint32_t c = 0; p->rest[r] && c < m.columns; c++) {
            if (matrix_at(m, r, c) == 0) continue;
            return not_proven(p, "%s: what is left of '%s' is read after it was erased", who,
                              p->claims->subspaces[p->subspace[r]].name);
        }
    }
    return true;
}

/* --- the units -------------------------------------------------------------------------------- */

typedef struct Erasure {
    Prover *p;
    const UnitPart *part;
    const ClaimedSubspace *target;
    bool *above, *below; /* (width of the target): values above 0, below 0 are taken away */
} Erasure;

static bool erasure_wrong(Erasure *e, const char *what) {
    return not_proven(e->p, "layer %u: the units that erase '%s' %s", e->part->layer,
                      e->target->name, what);
}

/* One coordinate, times 1 or -1, and the same one is written, times -1 or 1. */
static bool read_unit(Erasure *e, uint32_t unit) {
    uint32_t found = UINT32_MAX, width = e->p->claims->width;
    for (uint32_t r = 0; r < width; r++) {
        double in = matrix_at(e->part->in, r, unit), out = matrix_at(e->part->out, unit, r);
        if (in == 0 && out == 0) continue;
        if (found != UINT32_MAX || (in != 1 && in != -1) || out != -in)
            return erasure_wrong(e, "do not take away one coordinate each");
        found = r;
    }
    if (found == UINT32_MAX || numbers_at(e->p->type, e->part->bias, unit) != 0)
        return erasure_wrong(e, "do not take away one coordinate each");
    if (e->p->subspace[found] != e->part->claim->target)
        return erasure_wrong(e, "take away something else");
    bool *side = matrix_at(e->part->in, found, unit) > 0 ? e->above : e->below;
    if (side[found - e->target->offset]) return erasure_wrong(e, "take away a coordinate twice");
    side[found - e->target->offset] = true;
    return true;
}

/* Is no value of the subspace below 0, in floats too? A mean is not where all that it adds up is
   not: then nothing else may be there before. */
static bool never_below(const Prover *p, uint32_t subspace) {
    const ClaimedSubspace *s = &p->claims->subspaces[subspace];
    uint32_t id = p->variable[subspace];
    if (id == NO_VARIABLE) {
        for (uint32_t r = s->offset; r < s->offset + s->width; r++) {
            if (mpq_sgn(p->base[r]) < 0) return false;
        }
        return true;
    }
    if (is_code(s)) return true;
    const Variable *variable = &p->variables[id];
    if (variable->kind == VARIABLE_FRACTIONS)
        return mpq_sgn(*variable->fractions.low) >= 0 && mpq_sgn(p->base[s->offset]) == 0;
    for (uint32_t i = 0; i < variable->member_count; i++) {
        const Member *member = &variable->members[i];
        for (uint32_t x = 0; member->subspace == subspace && x < variable->states; x++) {
            if (mpq_sgn(member->value[x]) < 0) return false;
        }
    }
    return true;
}

bool prove_erase(Prover *p, const UnitPart *part) {
    uint32_t target = part->claim->target;
    const ClaimedSubspace *s = &p->claims->subspaces[target];
    Erasure e = {p, part, s, ARENA_ARRAY(p->arena, bool, s->width),
                 ARENA_ARRAY(p->arena, bool, s->width)};
    if (s->kind == SUBSPACE_ONE || s->kind == SUBSPACE_NULL)
        return erasure_wrong(&e, "change what tells the null key");
    if (p->gone[target] || p->written[target] >= time_of_units(part->layer))
        return erasure_wrong(&e, "come too early or too late");
    if (!prover_work(p, (uint64_t)part->claim->count * p->claims->width / 8)) return false;
    for (uint32_t u = 0; u < part->claim->count; u++) {
        if (!read_unit(&e, part->claim->first + u)) return false;
    }
    bool positive = never_below(p, target);
    for (uint32_t c = 0; c < s->width; c++) {
        if (!e.above[c] && !e.below[c]) continue;
        if (!e.above[c] || (!e.below[c] && !positive))
            return erasure_wrong(&e, "leave values of one sign");
        if (p->erased[s->offset + c]) return erasure_wrong(&e, "take away a coordinate twice");
        p->erased[s->offset + c] = true;
    }
    return true;
}

/* --- what comes after ------------------------------------------------------------------------- */

bool prover_find_next(Prover *p, uint32_t layer) {
    int32_t time = time_of_units(layer);
    for (uint32_t r = 0; r < p->claims->width; r++)
        p->next[r] = NO_SUBSPACE;
    find_holders(p, time, p->erased, p->next);
    for (uint32_t r = 0; r < p->claims->width; r++) {
        if (!p->erased[r] || p->next[r] == NO_SUBSPACE || p->written[p->next[r]] > time) continue;
        const ClaimedSubspace *old = &p->claims->subspaces[p->subspace[r]];
        const ClaimedSubspace *next = &p->claims->subspaces[p->next[r]];
        if (!is_code(old) || !is_code(next))
            return not_proven(p, "layer %u: '%s' is written where '%s' is only being erased", layer,
                              next->name, old->name);
    }
    return true;
}

/* The subspace is nobody's value any more; what was not erased of it is a rest. */
static void let_go(Prover *p, uint32_t subspace) {
    const ClaimedSubspace *s = &p->claims->subspaces[subspace];
    uint32_t id = p->variable[subspace];
    p->gone[subspace] = true;
    p->variable[subspace] = NO_VARIABLE;
    for (uint32_t r = s->offset; r < s->offset + s->width; r++)
        p->rest[r] = p->subspace[r] == subspace && !p->erased[r];
    if (id == NO_VARIABLE) return;
    Variable *variable = &p->variables[id];
    if (variable->kind == VARIABLE_FRACTIONS) *variable = (Variable){.kind = VARIABLE_STATES};
    uint32_t kept = 0;
    for (uint32_t i = 0; i < variable->member_count; i++) {
        if (variable->members[i].subspace != subspace)
            variable->members[kept++] = variable->members[i];
    }
    variable->member_count = kept;
}

void prover_hand_over(Prover *p) {
    for (uint32_t r = 0; r < p->claims->width; r++) {
        if (p->erased[r] && !p->gone[p->subspace[r]]) let_go(p, p->subspace[r]);
    }
    for (uint32_t r = 0; r < p->claims->width; r++) {
        if (!p->erased[r]) continue;
        mpq_set_ui(p->base[r], 0, 1);
        if (p->next[r] != NO_SUBSPACE) p->subspace[r] = p->next[r];
        p->erased[r] = false;
    }
}
