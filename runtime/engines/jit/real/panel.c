#include "runtime/engines/jit/real/panel.h"

#include <float.h>
#include <math.h>

typedef struct Packing {
    Run *run;
    const RealHead *head;
    const KeyList *keys;
    Panel *panel;
    double *biases; /* (blocks * tile_keys) */
    double *key;    /* (width) one of them */
} Packing;

static void put(const Run *run, void *reals, size_t place, double value) {
    if (run->plan->single)
        ((float *)reals)[place] = (float)value;
    else
        ((double *)reals)[place] = value;
}

/* g(m) for a unit roundoff u. */
static double rounding(double m, double u) { return m * u / (1 - m * u); }

static double tile_rounding(const Packing *packing) {
    const RealPlan *plan = packing->run->plan;
    double roundings = plan->unit.fma ? 1 : 2;
    return rounding(roundings * packing->head->form.shape.width + 8,
                    plan->single ? 0x1p-24 : 0x1p-53);
}

static void add_margin(const Packing *packing, const ScoreTerm *term, double norm) {
    Margin *margin = &packing->panel->margin;
    double tile = tile_rounding(packing), a = fabs(term->coefficient);
    double exact = rounding(term->width + packing->head->form.node_count + 8, 0x1p-53);
    if (term->distance) {
        margin->fixed += a * (tile + exact) * norm * norm;
        margin->per_norm += 2 * a * (tile + exact) * norm;
        margin->per_square += a * exact;
    } else {
        margin->per_norm += a * (tile + exact) * norm;
    }
}

static void pack_term(const Packing *packing, const ScoreTerm *term, uint32_t before) {
    Run *run = packing->run;
    uint32_t wide = run->plan->unit.tile_keys, width = packing->head->form.shape.width;
    double most = 0, factor = (term->distance ? -2 : 1) * term->coefficient;
    for (int64_t j = 0; j < packing->keys->count; j++) {
        double square = 0;
        size_t place = ((size_t)(j / wide) * width + before) * wide + (size_t)(j % wide);
        run_vector(run, term->key, run_place(run, term->key, packing->keys->positions[j]),
                   packing->key);
        for (uint32_t c = 0; c < term->width; c++) {
            double k = packing->key[c];
            put(run, packing->panel->keys, place + c * (size_t)wide, factor * k);
            square += k * k;
        }
        if (term->distance) packing->biases[j] += term->coefficient * square;
        most = greatest_of(most, square);
    }
    add_margin(packing, term, sqrt(most));
}

static void pack_bias(const Packing *packing, const ScoreBias *bias) {
    Run *run = packing->run;
    Scalars numbers = run_numbers(run, bias->key);
    double most = 0, other = fabs(bias->coefficient * bias->other);
    for (int64_t j = 0; j < packing->keys->count; j++) {
        double part = bias->coefficient *
                      number_at(&numbers, run_place(run, bias->key, packing->keys->positions[j]));
        packing->biases[j] += part;
        most = greatest_of(most, fabs(part));
    }
    packing->panel->margin.fixed +=
        tile_rounding(packing) * most +
        rounding(packing->head->form.node_count + 8, 0x1p-53) * (most + other);
}

bool panel_pack(Run *run, const RealHead *head, const KeyList *keys, Panel *out) {
    const ScoreForm *form = &head->form;
    uint32_t wide = run->plan->unit.tile_keys, before = 0;
    *out = (Panel){.blocks = (keys->count + wide - 1) / wide};
    size_t all = (size_t)out->blocks * wide;
    Packing packing = {run,
                       head,
                       keys,
                       out,
                       run_take(run, all, sizeof(double)),
                       run_take(run, form->shape.width, sizeof(double))};
    out->keys = run_take(run, all * form->shape.width, sizeof(double));
    out->bias = run_take(run, all, sizeof(double));
    if (!out->keys || !out->bias || !packing.biases || !packing.key) return false;
    for (uint32_t t = 0; t < form->term_count; t++) {
        pack_term(&packing, &form->terms[t], before);
        before += form->terms[t].width;
        out->queries[t] = run->columns[2 * (size_t)form->terms[t].query];
    }
    for (uint32_t b = 0; b < form->bias_count; b++)
        pack_bias(&packing, &form->biases[b]);
    for (size_t j = 0; j < all; j++)
        put(run, out->bias, j, (int64_t)j < keys->count ? packing.biases[j] : -(double)INFINITY);
    const double twice = 2 * (1 + 1.0 / 64);
    double least = run->plan->single ? (double)FLT_MIN : DBL_MIN, parts = form->shape.width + 8;
    out->margin.fixed = twice * out->margin.fixed + 2 * least * parts +
                        2 * SCORE_FACTOR_MOST * DBL_MIN * (parts + form->node_count);
    out->margin.per_norm *= twice;
    out->margin.per_square *= twice;
    run_give(run, packing.biases);
    run_give(run, packing.key);
    return true;
}

/* A column on its way into blocks of keys. */
typedef struct Scatter {
    Run *run;
    NodeId node;
    const KeyList *keys;
    int64_t count; /* of places; behind the keys they have the last one again */
    void *reals;
    uint32_t width, at;
} Scatter;

enum { SCATTER_KEYS = 512 };

/* A row as reals, tile_keys apart, from `place` on. */
static void scatter_row(const Run *run, NodeId node, int64_t row, void *reals, size_t place) {
    uint32_t width = graph_node(run->graph, node)->width, wide = run->plan->unit.tile_keys;
    const void *column = run->columns[2 * (size_t)node];
    if (width == 0) {
        put(run, reals, place, run_component(run, node, row, 0));
    } else if (run->plan->single) {
        const float *from = (const float *)column + (size_t)row * width;
        float *to = (float *)reals + place;
        for (uint32_t c = 0; c < width; c++)
            to[(size_t)c * wide] = from[c];
    } else {
        const double *from = (const double *)column + (size_t)row * width;
        double *to = (double *)reals + place;
        for (uint32_t c = 0; c < width; c++)
            to[(size_t)c * wide] = from[c];
    }
}

static void scatter_keys(void *state, uint32_t piece) {
    const Scatter *scatter = state;
    Run *run = scatter->run;
    uint32_t wide = run->plan->unit.tile_keys;
    int64_t from = (int64_t)piece * SCATTER_KEYS, to = from + SCATTER_KEYS;
    if (to > scatter->count) to = scatter->count;
    for (int64_t j = from; j < to; j++) {
        int64_t key = j < scatter->keys->count ? j : scatter->keys->count - 1;
        int64_t row = run_place(run, scatter->node, scatter->keys->positions[key]);
        size_t place =
            ((size_t)(j / wide) * scatter->width + scatter->at) * wide + (size_t)(j % wide);
        scatter_row(run, scatter->node, row, scatter->reals, place);
    }
}

static void scatter_all(Run *run, Scatter scatter) {
    run_pieces(run, scatter_keys, &scatter,
               (uint32_t)((scatter.count + SCATTER_KEYS - 1) / SCATTER_KEYS));
}

void panel_scatter(Run *run, NodeId node, const KeyList *keys, void *reals, uint32_t width) {
    scatter_all(run, (Scatter){run, node, keys, keys->count, reals, width, 0});
}

bool panel_pack_leaves(Run *run, const RealHead *head, const KeyList *keys, Panel *out) {
    const ScoreForm *form = &head->form;
    uint32_t wide = run->plan->unit.tile_keys;
    *out = (Panel){.blocks = (keys->count + wide - 1) / wide};
    size_t all = (size_t)out->blocks * wide;
    size_t size = run->plan->single ? sizeof(float) : sizeof(double);
    out->keys = run_take(run, all * form->key_width, size);
    out->bias = run_take(run, all, size);
    if (!out->keys || !out->bias) return false;
    for (uint32_t l = 0; l < form->leaf_count; l++)
        scatter_all(run, (Scatter){run, form->leaves[l].key, keys, (int64_t)all, out->keys,
                                   form->key_width, form->leaves[l].key_at});
    for (uint32_t t = 0; t < form->term_count; t++)
        out->queries[t] = run->columns[2 * (size_t)form->terms[t].query];
    for (size_t j = (size_t)keys->count; j < all; j++)
        put(run, out->bias, j, -(double)INFINITY);
    return true;
}

void panel_free(Run *run, Panel *panel) {
    run_give(run, panel->keys);
    run_give(run, panel->bias);
}
