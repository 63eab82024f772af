/* The states of the residual stream, and sums over them. */
#include "runtime/certify/prover.h"

struct Join {
    uint32_t variable;
    Member member;
};

uint32_t variable_new(Prover *p, VariableKind kind, uint32_t states) {
    if (p->made == p->variable_capacity) {
        uint32_t capacity = p->variable_capacity ? 2 * p->variable_capacity : 16;
        p->variables = arena_grow(p->arena, p->variables, p->made, capacity, sizeof(Variable));
        p->variable_capacity = capacity;
    }
    p->variables[p->made] = (Variable){.kind = kind, .states = states};
    return p->made++;
}

void variable_join(Prover *p, uint32_t id, Member member) {
    if (p->join_count == p->join_capacity) {
        uint32_t capacity = p->join_capacity ? 2 * p->join_capacity : 16;
        p->joins = arena_grow(p->arena, p->joins, p->join_count, capacity, sizeof(struct Join));
        p->join_capacity = capacity;
    }
    p->joins[p->join_count++] = (struct Join){id, member};
}

static void add_member(Prover *p, Variable *variable, Member member) {
    if (variable->member_count == variable->member_capacity) {
        uint32_t capacity = variable->member_capacity ? 2 * variable->member_capacity : 4;
        variable->members = arena_grow(p->arena, variable->members, variable->member_count,
                                       capacity, sizeof(Member));
        variable->member_capacity = capacity;
    }
    variable->members[variable->member_count++] = member;
}

bool prover_settle(Prover *p) {
    for (uint32_t i = 0; i < p->join_count; i++) {
        const struct Join *join = &p->joins[i];
        uint32_t subspace = join->member.subspace;
        if (p->variable[subspace] != NO_VARIABLE)
            return not_proven(p, "'%s' is written twice", p->claims->subspaces[subspace].name);
        p->variable[subspace] = join->variable;
        if (p->variables[join->variable].kind == VARIABLE_STATES)
            add_member(p, &p->variables[join->variable], join->member);
    }
    p->join_count = 0;
    p->variable_count = p->made;
    for (uint32_t r = 0; r < p->claims->width; r++)
        mpq_set(p->null[r], p->null_next[r]);
    return true;
}

void variable_of_code(Prover *p, uint32_t subspace) {
    uint32_t count = p->claims->subspaces[subspace].count;
    uint32_t *index = ARENA_ARRAY(p->arena, uint32_t, count);
    for (uint32_t v = 0; v < count; v++)
        index[v] = v;
    uint32_t id = variable_new(p, VARIABLE_STATES, count);
    variable_join(p, id, (Member){.subspace = subspace, .index = index});
}

/* --- sums ------------------------------------------------------------------------------------- */

static bool row_is_read(Matrix m, uint32_t row, uint32_t column) {
    if (column != UINT32_MAX) return matrix_at(m, row, column) != 0;
    for (uint32_t c = 0; c < m.columns; c++) {
        if (matrix_at(m, row, c) != 0) return true;
    }
    return false;
}

static bool subspace_is_read(const Prover *p, uint32_t subspace, Matrix m, uint32_t column) {
    const ClaimedSubspace *s = &p->claims->subspaces[subspace];
    for (uint32_t r = s->offset; r < s->offset + s->width; r++) {
        if (row_is_read(m, r, column)) return true;
    }
    return false;
}

bool variable_is_read(const Prover *p, uint32_t id, Matrix m, uint32_t column) {
    const Variable *variable = &p->variables[id];
    if (variable->kind == VARIABLE_FRACTIONS)
        return subspace_is_read(p, variable->fractions.subspace, m, column);
    for (uint32_t i = 0; i < variable->member_count; i++) {
        if (subspace_is_read(p, variable->members[i].subspace, m, column)) return true;
    }
    return false;
}

void constant_part(const Prover *p, Matrix m, uint32_t column, mpq_t out) {
    mpq_t scratch;
    mpq_init(scratch);
    mpq_set_ui(out, 0, 1);
    for (uint32_t r = 0; r < p->claims->width; r++) {
        if (p->variable[p->subspace[r]] == NO_VARIABLE)
            exact_add_product(out, p->base[r], matrix_at(m, r, column), scratch);
    }
    mpq_clear(scratch);
}

void null_part(const Prover *p, Matrix m, uint32_t column, mpq_t out) {
    mpq_t scratch;
    mpq_init(scratch);
    mpq_set_ui(out, 0, 1);
    for (uint32_t r = 0; r < p->claims->width; r++)
        exact_add_product(out, p->null[r], matrix_at(m, r, column), scratch);
    mpq_clear(scratch);
}

/* The sums of weight over the coordinates that a steps code of each value has at 1: (count). */
static void add_steps(const ClaimedSubspace *s, const Member *member, uint32_t states,
                      const mpq_t *weight, mpq_t *out) {
    Exact pool = {0};
    mpq_t *prefix = exact_array(&pool, s->count);
    for (uint32_t v = 0; v + 1 < s->count; v++)
        mpq_add(prefix[v + 1], prefix[v], weight[s->offset + v]);
    for (uint32_t x = 0; x < states; x++)
        mpq_add(out[x], out[x], prefix[member->index[x]]);
    exact_free(&pool);
}

void variable_part(const Prover *p, const Variable *variable, const mpq_t *weight, mpq_t *out) {
    mpq_t scratch;
    mpq_init(scratch);
    for (uint32_t x = 0; x < variable->states; x++)
        mpq_set_ui(out[x], 0, 1);
    for (uint32_t i = 0; i < variable->member_count; i++) {
        const Member *member = &variable->members[i];
        const ClaimedSubspace *s = &p->claims->subspaces[member->subspace];
        if (s->kind == SUBSPACE_STEPS) {
            add_steps(s, member, variable->states, weight, out);
            continue;
        }
        for (uint32_t x = 0; x < variable->states; x++) {
            if (s->kind == SUBSPACE_ONE_HOT) {
                mpq_add(out[x], out[x], weight[s->offset + member->index[x]]);
            } else if (mpq_sgn(weight[s->offset]) != 0) {
                mpq_mul(scratch, weight[s->offset], member->value[x]);
                mpq_add(out[x], out[x], scratch);
            }
        }
    }
    mpq_clear(scratch);
}

void variable_column(const Prover *p, const Variable *variable, Matrix m, uint32_t column,
                     mpq_t *scratch, mpq_t *out) {
    for (int fill = 1; fill >= 0; fill--) {
        for (uint32_t i = 0; i < variable->member_count; i++) {
            const ClaimedSubspace *s = &p->claims->subspaces[variable->members[i].subspace];
            for (uint32_t r = s->offset; r < s->offset + s->width; r++)
                mpq_set_d(scratch[r], fill ? matrix_at(m, r, column) : 0);
        }
        if (fill) variable_part(p, variable, scratch, out);
    }
}

/* row += factor * row r of the matrix */
static void add_row(Matrix m, uint32_t r, const mpq_t factor, mpq_t *row, mpq_t scratch) {
    for (uint32_t c = 0; c < m.columns; c++)
        exact_add_product(row[c], factor, matrix_at(m, r, c), scratch);
}

void variable_advance(const Prover *p, const Variable *variable, Matrix m, uint32_t from,
                      uint32_t to, mpq_t *row) {
    bool start = from == UINT32_MAX;
    mpq_t factor, scratch;
    mpq_inits(factor, scratch, NULL);
    for (uint32_t i = 0; i < variable->member_count; i++) {
        const Member *member = &variable->members[i];
        const ClaimedSubspace *s = &p->claims->subspaces[member->subspace];
        if (s->kind == SUBSPACE_REAL) {
            mpq_set(factor, member->value[to]);
            if (!start) mpq_sub(factor, factor, member->value[from]);
            add_row(m, s->offset, factor, row, scratch);
            continue;
        }
        bool one_hot = s->kind == SUBSPACE_ONE_HOT;
        uint32_t now = member->index[to], before = start ? 0 : member->index[from];
        if (one_hot ? start || now != before : now > before) {
            mpq_set_si(factor, 1, 1);
            for (uint32_t v = one_hot ? now : before; v < now + one_hot; v++)
                add_row(m, s->offset + v, factor, row, scratch);
        }
        if (!start && (one_hot ? now != before : now < before)) {
            mpq_set_si(factor, -1, 1);
            for (uint32_t v = one_hot ? before : now; v < before + one_hot; v++)
                add_row(m, s->offset + v, factor, row, scratch);
        }
    }
    mpq_clears(factor, scratch, NULL);
}

/* --- what floats make of a sum ---------------------------------------------------------------- */

/* One term after another of the coordinates of a code; a one-hot has only one of them. */
static void code_spread(const ClaimedSubspace *s, Matrix m, uint32_t column, Spread *spread) {
    mpq_t weight, greatest;
    mpq_inits(weight, greatest, NULL);
    for (uint32_t r = s->offset; r < s->offset + s->width; r++) {
        if (matrix_at(m, r, column) == 0) continue;
        mpq_set_d(weight, matrix_at(m, r, column));
        spread_grain(spread, weight);
        mpq_abs(weight, weight);
        if (s->kind == SUBSPACE_STEPS)
            mpq_add(greatest, greatest, weight);
        else if (mpq_cmp(weight, greatest) > 0)
            mpq_set(greatest, weight);
    }
    spread_magnitude(spread, greatest);
    mpq_clears(weight, greatest, NULL);
}

static void number_spread(const ClaimedSubspace *s, const Member *member, uint32_t states, Matrix m,
                          uint32_t column, Spread *spread) {
    if (matrix_at(m, s->offset, column) == 0) return;
    mpq_t weight, product, greatest;
    mpq_inits(weight, product, greatest, NULL);
    mpq_set_d(weight, matrix_at(m, s->offset, column));
    for (uint32_t x = 0; x < states; x++) {
        mpq_mul(product, weight, member->value[x]);
        spread_grain(spread, product);
        mpq_abs(product, product);
        if (mpq_cmp(product, greatest) > 0) mpq_set(greatest, product);
    }
    spread_magnitude(spread, greatest);
    mpq_clears(weight, product, greatest, NULL);
}

void column_spread(const Prover *p, Matrix m, uint32_t column, Spread *spread) {
    mpq_t product;
    mpq_init(product);
    for (uint32_t r = 0; r < p->claims->width; r++) {
        if (p->variable[p->subspace[r]] != NO_VARIABLE) continue;
        if (matrix_at(m, r, column) == 0 || mpq_sgn(p->base[r]) == 0) continue;
        mpq_set_d(product, matrix_at(m, r, column));
        mpq_mul(product, product, p->base[r]);
        spread_grain(spread, product);
        spread_magnitude(spread, product);
    }
    for (uint32_t v = 0; v < p->variable_count; v++) {
        const Variable *variable = &p->variables[v];
        for (uint32_t i = 0; i < variable->member_count; i++) {
            const Member *member = &variable->members[i];
            const ClaimedSubspace *s = &p->claims->subspaces[member->subspace];
            if (s->kind == SUBSPACE_REAL)
                number_spread(s, member, variable->states, m, column, spread);
            else
                code_spread(s, m, column, spread);
        }
    }
    mpq_clear(product);
}

/* --- claimed values --------------------------------------------------------------------------- */

uint32_t code_index(const ClaimedSubspace *s, const mpq_t *coordinates) {
    uint32_t ones = 0, index = 0;
    bool ended = false; /* steps: a 0 was seen */
    for (uint32_t v = 0; v < s->width; v++) {
        bool one = mpq_cmp_ui(coordinates[v], 1, 1) == 0;
        if (!one && mpq_sgn(coordinates[v]) != 0) return UINT32_MAX;
        if (one && ended && s->kind == SUBSPACE_STEPS) return UINT32_MAX;
        ended = ended || !one;
        ones += one;
        if (one) index = v;
    }
    if (s->kind == SUBSPACE_STEPS) return ones;
    return ones == 1 ? index : UINT32_MAX;
}

bool claimed_holds(const ClaimedSubspace *s, const mpq_t x) {
    mpq_t bound;
    mpq_init(bound);
    mpq_set_d(bound, s->low);
    bool holds = mpq_cmp(x, bound) >= 0;
    mpq_set_d(bound, s->high);
    holds = holds && mpq_cmp(x, bound) <= 0;
    mpq_clear(bound);
    return holds && (s->denominator != 1 || exact_is_whole(x));
}
