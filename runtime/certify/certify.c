/* The proof, top to bottom. */
#include "runtime/certify/prover.h"

#include <stdarg.h>

bool not_proven(Prover *p, const char *format, ...) {
    va_list arguments;
    if (p->why->len != 0) return false; /* the first reason stands */
    va_start(arguments, format);
    buffer_vprintf(p->why, format, arguments);
    va_end(arguments);
    return false;
}

bool prover_work(Prover *p, uint64_t units) {
    p->work = units > PROVER_WORK ? PROVER_WORK + 1 : p->work + units;
    return p->work <= PROVER_WORK || not_proven(p, "there are too many states to go through");
}

/* How many columns W_U has; 0: a reading has no logit. */
static uint64_t claimed_columns(const ClaimedOutput *output) {
    uint64_t columns = output->traps;
    for (uint32_t r = 0; r < output->reading_count; r++) {
        if (output->readings[r].logits == 0) return 0;
        columns += (uint64_t)output->readings[r].logits + output->readings[r].mixed;
    }
    return output->reading_count == 0 ? 0 : columns;
}

/* The certificate is one of a model of this shape. */
static bool prove_shape(Prover *p) {
    const Certificate *c = p->claims;
    const DenseModel *w = p->weights;
    if (c->float_type != w->type)
        return not_proven(p, "the certificate is of %s arithmetic, and the weights are %s",
                          float_name(c->float_type, FLOAT_LONG_NAME),
                          float_name(w->type, FLOAT_LONG_NAME));
    if (c->width != w->width || c->vocabulary_count != w->vocabulary ||
        c->max_length != w->max_length || c->layer_count != w->layer_count ||
        claimed_columns(&c->output) != w->outputs || w->outputs == 0)
        return not_proven(p, "the certificate is of a model of another shape");
    for (uint32_t l = 0; l < c->layer_count; l++) {
        if (c->layers[l].head_count != w->layers[l].head_count)
            return not_proven(p, "layer %u has another number of heads than claimed", l);
    }
    return true;
}

/* A causal model's masks hide every key after the query. (Masks are not weights: runtimes apply
   them as the config has them.) */
static bool prove_causal(Prover *p) {
    if (!p->claims->causal) return true;
    for (uint32_t l = 0; l < p->weights->layer_count; l++) {
        for (uint32_t h = 0; h < p->weights->layers[l].head_count; h++) {
            if (p->weights->layers[l].heads[h].mask.high > 0)
                return not_proven(p,
                                  "layer %u, head %u is claimed to be causal, and its mask lets "
                                  "later keys through",
                                  l, h);
        }
    }
    buffer_text(p->report, "masks: no key after the query: ok\n");
    return true;
}

/* What nothing writes is constant from the embedding on: at a claimed value. */
static bool prove_constants(Prover *p) {
    for (uint32_t i = 0; i < p->claims->subspace_count; i++) {
        const ClaimedSubspace *s = &p->claims->subspaces[i];
        const mpq_t *at = (const mpq_t *)p->base + s->offset;
        if (p->variable[i] != NO_VARIABLE || p->gone[i] || s->kind == SUBSPACE_ONE ||
            s->kind == SUBSPACE_NULL)
            continue;
        if (s->kind == SUBSPACE_REAL ? claimed_holds(s, *at) : code_index(s, at) < s->count)
            continue;
        return not_proven(p, "'%s' holds something else than a claimed value", s->name);
    }
    return true;
}

static bool prove(Prover *p) {
    if (!prove_shape(p) || !prove_causal(p)) return false;
    p->base = exact_array(&p->numbers, p->claims->width);
    p->null = exact_array(&p->numbers, p->claims->width);
    p->null_next = exact_array(&p->numbers, p->claims->width);
    p->variable = ARENA_ARRAY(p->arena, uint32_t, p->claims->subspace_count);
    p->assumed_one = ARENA_ARRAY(p->arena, bool, p->claims->subspace_count);
    for (uint32_t i = 0; i < p->claims->subspace_count; i++)
        p->variable[i] = NO_VARIABLE;
    if (!prover_begin_places(p) || !prove_embedding(p)) return false;
    for (uint32_t l = 0; l < p->weights->layer_count; l++) {
        if (!prove_heads(p, l) || !prove_units(p, l)) return false;
    }
    return prove_constants(p) && prove_output(p);
}

bool certify(const Certificate *certificate, const DenseModel *weights, Buffer *report, Buffer *why,
             bool *assumes) {
    Prover prover = {.claims = certificate,
                     .weights = weights,
                     .type = weights->type,
                     .arena = arena_new(0),
                     .report = report,
                     .why = why};
    bool proven = prove(&prover);
    *assumes = prover.assumes;
    exact_free(&prover.numbers);
    arena_free(prover.arena);
    return proven;
}
