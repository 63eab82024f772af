/* Where the stream begins: every subspace is constant, a function of the token, or of the position.
 */
#include "runtime/certify/prover.h"

#include "runtime/model/lifetimes.h"

/* Does the coordinate differ between rows 1.. of the matrix? */
static bool varies(Matrix rows, uint32_t count, uint32_t coordinate) {
    for (uint32_t i = 2; i <= count; i++) {
        if (matrix_at(rows, i, coordinate) != matrix_at(rows, 1, coordinate)) return true;
    }
    return false;
}

static bool subspace_varies(const Prover *p, const ClaimedSubspace *s, Numbers rows,
                            uint32_t count) {
    Matrix matrix = matrix_of(p, rows, p->claims->width);
    for (uint32_t r = s->offset; r < s->offset + s->width; r++) {
        if (varies(matrix, count, r)) return true;
    }
    return false;
}

/* w_e[token row] + w_p[position row] at the coordinate, as floats add them: without rounding. */
static bool embedded(Prover *p, uint32_t token, uint32_t position, uint32_t r, mpq_t out) {
    const DenseModel *weights = p->weights;
    mpq_t other;
    mpq_init(other);
    mpq_set_d(out, numbers_at(p->type, weights->w_e, (size_t)token * weights->width + r));
    mpq_set_d(other, numbers_at(p->type, weights->w_p, (size_t)position * weights->width + r));
    mpq_add(out, out, other);
    mpq_clear(other);
    return exact_is_float(p->type, out) || not_proven(p, "the embedding of '%s' is rounded",
                                                      p->claims->subspaces[p->subspace[r]].name);
}

/* One subspace in every state of the variable. */
static bool embed_member(Prover *p, uint32_t id, uint32_t subspace, bool by_token) {
    const ClaimedSubspace *s = &p->claims->subspaces[subspace];
    uint32_t states = p->variables[id].states;
    bool real = s->kind == SUBSPACE_REAL;
    uint32_t *index = real ? NULL : ARENA_ARRAY(p->arena, uint32_t, states);
    mpq_t *values = exact_array(&p->numbers, real ? states : s->width);
    if (s->kind == SUBSPACE_ONE || s->kind == SUBSPACE_NULL)
        return not_proven(p, "'%s' is not the same at every position", s->name);
    for (uint32_t x = 0; x < states; x++) {
        mpq_t *at = real ? &values[x] : values;
        for (uint32_t v = 0; v < s->width; v++) {
            if (!embedded(p, by_token ? 1 + x : 1, by_token ? 1 : 1 + x, s->offset + v, at[v]))
                return false;
        }
        if (!real) index[x] = code_index(s, at);
        if (real ? claimed_holds(s, *at) : index[x] < s->count) continue;
        return not_proven(p,
                          "the embedding puts '%s' at something else than a claimed value (%s %u)",
                          s->name, by_token ? "token" : "position", x);
    }
    variable_join(p, id,
                  (Member){.subspace = subspace, .index = index, .value = real ? values : NULL});
    return true;
}

/* The subspace comes later, to a place of which others have a part now. Where nobody is before it
   the stream is constant. */
static bool prove_waits(Prover *p, uint32_t subspace) {
    const ClaimedSubspace *s = &p->claims->subspaces[subspace];
    const DenseModel *weights = p->weights;
    Matrix tokens = matrix_of(p, weights->w_e, weights->width);
    Matrix positions = matrix_of(p, weights->w_p, weights->width);
    if (p->written[subspace] == TIME_EMBED)
        return not_proven(p, "'%s' shares its place from the start", s->name);
    for (uint32_t r = s->offset; r < s->offset + s->width; r++) {
        if (p->subspace[r] != subspace) continue;
        if (varies(tokens, weights->vocabulary, r) || varies(positions, weights->max_length, r))
            return not_proven(p, "'%s' is there before it is written", s->name);
    }
    return true;
}

bool prove_embedding(Prover *p) {
    const DenseModel *weights = p->weights;
    uint32_t width = weights->width;
    uint32_t token = variable_new(p, VARIABLE_STATES, weights->vocabulary);
    uint32_t position = variable_new(p, VARIABLE_STATES, weights->max_length);
    p->variables[position].position = true;
    if (!prover_work(p, ((uint64_t)weights->vocabulary + weights->max_length) * width))
        return false;
    for (uint32_t r = 0; r < width; r++) {
        if (!embedded(p, 1, 1, r, p->base[r]) || !embedded(p, 0, 0, r, p->null_next[r]))
            return false;
    }
    for (uint32_t i = 0; i < p->claims->subspace_count; i++) {
        const ClaimedSubspace *s = &p->claims->subspaces[i];
        if (!prover_owns(p, i)) {
            if (!prove_waits(p, i)) return false;
            continue;
        }
        bool by_token = subspace_varies(p, s, weights->w_e, weights->vocabulary);
        bool by_position = subspace_varies(p, s, weights->w_p, weights->max_length);
        if (by_token && by_position)
            return not_proven(p, "'%s' depends on the token and on the position", s->name);
        if ((by_token || by_position) && !embed_member(p, by_token ? token : position, i, by_token))
            return false;
    }
    if (!prover_settle(p)) return false;
    bool marked = mpq_cmp_ui(p->base[MODEL_ONE], 1, 1) == 0 && mpq_sgn(p->null[MODEL_ONE]) == 0 &&
                  mpq_sgn(p->base[MODEL_NULL]) == 0 && mpq_cmp_ui(p->null[MODEL_NULL], 1, 1) == 0;
    return marked || not_proven(p, "'one' and 'null' do not tell the null key from the input");
}
