/* Look-ups: a ReLU a cell, on (its input 1) where every source has the cell's class and off (0 or
   less) elsewhere; each writes the code of the cell's value. */
#include "runtime/certify/prover.h"

#include <stdlib.h>
#include <string.h>

enum { LOOKUP_CELLS = 1 << 22, WORD_BITS = 64 };

/* One source: its states by which units they are right for. */
typedef struct Classes {
    uint32_t count;
    uint32_t *class_of; /* (states) */
    uint64_t *rows;     /* (count, words) */
} Classes;

typedef struct Lookup {
    Prover *p;
    const UnitPart *part;
    const ClaimedSubspace *target;
    uint32_t units, words;
    Exact pool;
    mpq_t *constant;   /* (units) what a unit has when no source is right */
    uint32_t *readers; /* (units) sources on which a unit depends */
    uint32_t *result;  /* (units) the value it writes */
    Classes *classes;  /* (sources) */
} Lookup;

static bool lookup_wrong(Lookup *l, const char *what) {
    return not_proven(l->p, "layer %u: the look-up of '%s' %s", l->part->layer, l->target->name,
                      what);
}

/* --- the units -------------------------------------------------------------------------------- */

/* Sets the bits of the states that the unit is right for: its part is 1 more than the least there.
 */
static bool read_part(Lookup *l, uint32_t unit, uint32_t states, mpq_t *part, uint64_t *bits) {
    uint32_t least = 0, rights = 0;
    for (uint32_t x = 1; x < states; x++) {
        if (mpq_cmp(part[x], part[least]) < 0) least = x;
    }
    mpq_add(l->constant[unit], l->constant[unit], part[least]);
    for (uint32_t x = 0; x < states; x++) {
        if (mpq_equal(part[x], part[least])) continue;
        bits[(size_t)x * l->words + unit / WORD_BITS] |= (uint64_t)1 << unit % WORD_BITS;
        rights++;
    }
    if (rights == 0) { /* the source does not matter to this unit: right for all */
        for (uint32_t x = 0; x < states; x++)
            bits[(size_t)x * l->words + unit / WORD_BITS] |= (uint64_t)1 << unit % WORD_BITS;
        return true;
    }
    l->readers[unit]++;
    mpq_t one;
    mpq_init(one);
    bool fine = true;
    for (uint32_t x = 0; x < states && fine; x++) {
        mpq_sub(one, part[x], part[least]);
        fine = mpq_sgn(one) == 0 || mpq_cmp_ui(one, 1, 1) == 0;
    }
    mpq_clear(one);
    return fine || lookup_wrong(l, "does not tell its cells apart by 1");
}

static int row_order(const uint64_t *a, const uint64_t *b, uint32_t words) {
    return memcmp(a, b, words * sizeof *a);
}

/* States with equal rows are one class. */
static void make_classes(Lookup *l, uint32_t states, const uint64_t *bits, Classes *classes) {
    classes->class_of = ARENA_ARRAY(l->p->arena, uint32_t, states);
    classes->rows = ARENA_ARRAY(l->p->arena, uint64_t, (size_t)states * l->words);
    for (uint32_t x = 0; x < states; x++) {
        const uint64_t *row = bits + (size_t)x * l->words;
        uint32_t c = 0;
        while (c < classes->count && row_order(classes->rows + (size_t)c * l->words, row, l->words))
            c++;
        classes->class_of[x] = c;
        if (c == classes->count)
            memcpy(classes->rows + (size_t)classes->count++ * l->words, row,
                   l->words * sizeof *row);
    }
}

static bool read_source(Lookup *l, uint32_t source) {
    Prover *p = l->p;
    const Variable *variable = &p->variables[l->part->sources[source]];
    if (variable->kind == VARIABLE_FRACTIONS) return lookup_wrong(l, "reads a mean");
    uint32_t states = variable->states;
    if (!prover_work(p, (uint64_t)l->units * states) ||
        !prover_work(p, (uint64_t)states * states * l->words / 8))
        return false;
    Exact pool = {0};
    mpq_t *part = exact_array(&pool, states), *scratch = exact_array(&pool, p->claims->width);
    uint64_t *bits = ARENA_ARRAY(p->arena, uint64_t, (size_t)states * l->words);
    bool fine = true;
    for (uint32_t u = 0; u < l->units && fine; u++) {
        variable_column(p, variable, l->part->in, l->part->claim->first + u, scratch, part);
        fine = read_part(l, u, states, part, bits);
    }
    exact_free(&pool);
    if (fine) make_classes(l, states, bits, &l->classes[source]);
    return fine;
}

/* What the unit writes when it is on: a code. And its sum is exact. */
static bool read_unit(Lookup *l, uint32_t u) {
    Prover *p = l->p;
    uint32_t unit = l->part->claim->first + u;
    Exact pool = {0};
    mpq_t *code = exact_array(&pool, (size_t)l->target->width + 1), *bias = code + l->target->width;
    Spread spread = spread_new(&pool);
    for (uint32_t c = 0; c < l->target->width; c++)
        mpq_set_d(code[c], matrix_at(l->part->out, unit, l->target->offset + c));
    l->result[u] = code_index(l->target, (const mpq_t *)code);
    column_spread(p, l->part->in, unit, &spread);
    mpq_set_d(*bias, numbers_at(p->type, l->part->bias, unit));
    spread_grain(&spread, *bias);
    spread_magnitude(&spread, *bias);
    constant_part(p, l->part->in, unit, l->constant[u]);
    mpq_add(l->constant[u], l->constant[u], *bias);
    bool exact = spread_is_exact(p->type, &spread);
    exact_free(&pool);
    if (!exact)
        return not_proven(p, "layer %u: the look-up of '%s' is rounded by %s", l->part->layer,
                          l->target->name, prover_floats(p));
    return l->result[u] < l->target->count ||
           lookup_wrong(l, "writes something else than a claimed value");
}

/* --- the cells -------------------------------------------------------------------------------- */

/* The one unit that is on; UINT32_MAX: none or several. */
static uint32_t only_unit(const uint64_t *row, uint32_t words) {
    uint32_t found = UINT32_MAX;
    for (uint32_t w = 0; w < words; w++) {
        if (row[w] == 0) continue;
        if (found != UINT32_MAX || (row[w] & (row[w] - 1))) return UINT32_MAX;
        uint32_t bit = 0;
        while (!(row[w] >> bit & 1))
            bit++;
        found = w * WORD_BITS + bit;
    }
    return found;
}

/* Every combination of classes: one unit is on. index (states of the only source), or NULL. */
static bool prove_cells(Lookup *l, uint32_t *index) {
    uint32_t sources = l->part->source_count;
    uint64_t cells = 1;
    for (uint32_t s = 0; s < sources; s++) {
        cells *= l->classes[s].count;
        if (cells > LOOKUP_CELLS) return lookup_wrong(l, "has too many cells to go through");
    }
    if (!prover_work(l->p, cells * l->words * (sources + 1) / 4)) return false;
    uint64_t *on = ARENA_ARRAY(l->p->arena, uint64_t, l->words);
    uint32_t *of_class = ARENA_ARRAY(l->p->arena, uint32_t, cells);
    for (uint64_t cell = 0; cell < cells; cell++) {
        uint64_t rest = cell;
        memset(on, 0xff, l->words * sizeof *on);
        for (uint32_t s = 0; s < sources; s++) {
            const Classes *classes = &l->classes[s];
            const uint64_t *row = classes->rows + (size_t)(rest % classes->count) * l->words;
            for (uint32_t w = 0; w < l->words; w++)
                on[w] &= row[w];
            rest /= classes->count;
        }
        uint32_t unit = only_unit(on, l->words);
        if (unit == UINT32_MAX) return lookup_wrong(l, "does not have one unit on for every input");
        of_class[cell] = l->result[unit];
    }
    const Variable *only = &l->p->variables[l->part->sources[0]];
    for (uint32_t x = 0; index && x < only->states; x++)
        index[x] = of_class[l->classes[0].class_of[x]];
    return true;
}

/* --- the whole -------------------------------------------------------------------------------- */

static bool prove_all(Lookup *l) {
    Prover *p = l->p;
    uint32_t sources = l->part->source_count;
    if (!prover_is_empty(p, l->part->claim->target))
        return lookup_wrong(l, "adds to something that is not 0");
    if (l->units == 0 || sources == 0) return lookup_wrong(l, "reads nothing");
    for (uint32_t u = 0; u < l->units; u++) {
        if (!read_unit(l, u)) return false;
    }
    for (uint32_t s = 0; s < sources; s++) {
        if (!read_source(l, s)) return false;
    }
    /* With r sources that matter, 1 - r when none is right: 1 when all are, 0 or less otherwise. */
    for (uint32_t u = 0; u < l->units; u++) {
        if (mpq_cmp_si(l->constant[u], 1 - (long)l->readers[u], 1) != 0)
            return lookup_wrong(l, "has units that are not on by 1 where they should be");
    }
    uint32_t *index = NULL;
    if (sources == 1)
        index = ARENA_ARRAY(p->arena, uint32_t, p->variables[l->part->sources[0]].states);
    if (!prove_cells(l, index)) return false;
    if (index)
        variable_join(p, l->part->sources[0],
                      (Member){.subspace = l->part->claim->target, .index = index});
    else
        variable_of_code(p, l->part->claim->target);
    return true;
}

bool prove_lookup(Prover *p, const UnitPart *part, mpq_t *margin) {
    Lookup l = {.p = p,
                .part = part,
                .target = &p->claims->subspaces[part->claim->target],
                .units = part->claim->count,
                .words = (part->claim->count + WORD_BITS - 1) / WORD_BITS};
    l.constant = exact_array(&l.pool, l.units);
    l.readers = ARENA_ARRAY(p->arena, uint32_t, l.units);
    l.result = ARENA_ARRAY(p->arena, uint32_t, l.units);
    l.classes = ARENA_ARRAY(p->arena, Classes, part->source_count);
    mpq_set_ui(*margin, 1, 1);
    bool fine = prove_all(&l);
    exact_free(&l.pool);
    return fine;
}
