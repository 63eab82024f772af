#include "runtime/engines/trace.h"

#include "runtime/engines/eval.h"
#include "runtime/engines/interp.h"

#include <math.h>

/* float32 leaves a coordinate of 0 or 1 much nearer than this, and a wrong one is off by 1. */
#define COORDINATE_TOLERANCE 0.25
#define REAL_TOLERANCE 1e-3

typedef struct Tracing {
    Arena *arena;
    const Graph *graph;
    const Model *model;
    Input input;
    Diagnostics *diags;
    InterpTrace trace;
    Buffer *out;
} Tracing;

static double coordinate(const Tracing *tracing, uint32_t layer, uint32_t position, uint32_t at) {
    /* Row 0 is BOS. */
    return tracing->trace.streams[layer][(size_t)(position + 1) * tracing->trace.width + at];
}

/* --- coded directions
 * -------------------------------------------------------------------------------- */

static uint32_t index_of(const Subspace *subspace, Atom value) {
    uint32_t v = 0;
    while (v < subspace->count && !atom_equal(subspace->domain[v], value))
        v++;
    return v;
}

/* False after naming the coordinate that is not what the value asks for. */
static bool coded_agrees(const Tracing *tracing, uint32_t layer, const Subspace *subspace,
                         Sequence values) {
    for (uint32_t i = 0; i < values.n; i++) {
        uint32_t index = index_of(subspace, values.atoms[i]);
        if (index == subspace->count) return true; /* it holds something else */
        for (uint32_t c = 0; c < subspace->width; c++) {
            bool steps = subspace->kind == SUBSPACE_STEPS;
            double wanted = steps ? index > c : index == c;
            double found = coordinate(tracing, layer, i, subspace->offset + c);
            if (fabs(found - wanted) <= COORDINATE_TOLERANCE) continue;
            buffer_printf(tracing->out, "'%s' at position %u: the direction %s",
                          subspace->name->bytes, i, steps ? "above " : "of ");
            atom_format_source(tracing->out, subspace->domain[c]);
            buffer_printf(tracing->out, " is %.6g, not %.0f (eval: ", found, wanted);
            atom_format_source(tracing->out, values.atoms[i]);
            buffer_char(tracing->out, ')');
            return false;
        }
    }
    return true;
}

/* --- reals
 * -----------------------------------------------------------------------------------------------
 */

/* What a real register holds for a value: the weight of a counted null key for a width, else the
   value itself; false: no number. */
static bool real_of(Atom value, bool null_weight, double *out) {
    if (!atom_as_double(value, out)) return false;
    if (null_weight) *out = 1 / (1 + *out);
    return true;
}

/* A register may hold its value less a constant, so the differences between positions are compared.
 */
static bool real_agrees(const Tracing *tracing, uint32_t layer, const Subspace *subspace,
                        const HeadMove *move, Sequence values) {
    bool null_weight = move != NULL && move->kind == MOVE_NULL_WEIGHT;
    double first = 0;
    if (!real_of(values.atoms[0], null_weight, &first)) return true;
    double shift = null_weight ? 0 : coordinate(tracing, layer, 0, subspace->offset) - first;
    for (uint32_t i = 0; i < values.n; i++) {
        double value;
        if (!real_of(values.atoms[i], null_weight, &value)) return true;
        double wanted = value + shift, found = coordinate(tracing, layer, i, subspace->offset);
        if (fabs(found - wanted) <= REAL_TOLERANCE * fmax(1, fabs(wanted))) continue;
        buffer_printf(tracing->out,
                      "'%s' at position %u: it is %.9g, not %.9g (eval: ", subspace->name->bytes, i,
                      found, wanted);
        atom_format_source(tracing->out, values.atoms[i]);
        buffer_char(tracing->out, ')');
        return false;
    }
    return true;
}

/* --- all directions
 * ---------------------------------------------------------------------------------------- */

static bool values_agree(const Tracing *tracing, uint32_t layer, SubspaceId id,
                         const HeadMove *move, Sequence values) {
    const Subspace *subspace = &tracing->model->subspaces[id];
    if (subspace_is_coded(subspace)) return coded_agrees(tracing, layer, subspace, values);
    if (subspace->kind == SUBSPACE_REAL) return real_agrees(tracing, layer, subspace, move, values);
    return true;
}

static bool direction_agrees(const Tracing *tracing, uint32_t layer, SubspaceId id,
                             const HeadMove *move) {
    NodeId node = tracing->model->subspaces[id].node;
    Sequence values;
    if (node == NO_NODE || graph_node(tracing->graph, node)->type == TYPE_SELECTOR) return true;
    bool known = eval_sequence(tracing->graph, node, tracing->input, (Span){0}, tracing->arena,
                               tracing->diags, &values);
    diagnostics_truncate(tracing->diags, 0);
    return !known || values_agree(tracing, layer, id, move, values);
}

/* The token itself is made for no node. */
static bool embed_agrees(const Tracing *tracing, const Embed *embed) {
    const Subspace *subspace = &tracing->model->subspaces[embed->subspace];
    if (subspace->node != NO_NODE) return direction_agrees(tracing, 0, embed->subspace, NULL);
    if (embed->kind != EMBED_TOKEN || !subspace_is_coded(subspace)) return true;
    return coded_agrees(tracing, 0, subspace,
                        (Sequence){.n = tracing->input.n, .atoms = tracing->input.tokens});
}

static bool embedding_agrees(const Tracing *tracing) {
    for (uint32_t e = 0; e < tracing->model->embed_count; e++) {
        if (!embed_agrees(tracing, &tracing->model->embeds[e])) return false;
    }
    return true;
}

static bool layer_agrees(const Tracing *tracing, uint32_t l) {
    const Layer *layer = &tracing->model->layers[l];
    for (uint32_t h = 0; h < layer->head_count; h++) {
        const Head *head = &layer->heads[h];
        for (uint32_t m = 0; m < head->move_count; m++) {
            if (!direction_agrees(tracing, l + 1, head->moves[m].target, &head->moves[m]))
                return false;
        }
    }
    for (uint32_t u = 0; u < layer->unit_count; u++) {
        if (!direction_agrees(tracing, l + 1, layer->units[u].target, NULL)) return false;
    }
    return true;
}

static void trace_layers(Tracing *tracing) {
    size_t start = tracing->out->len;
    buffer_text(tracing->out, "embedding: ");
    if (!embedding_agrees(tracing)) return;
    for (uint32_t l = 0; l < tracing->model->layer_count; l++) {
        tracing->out->len = start;
        buffer_printf(tracing->out, "layer %u: ", l + 1);
        if (!layer_agrees(tracing, l)) return;
    }
    tracing->out->len = start;
    buffer_text(
        tracing->out,
        "no direction differs from what eval says of it; it is the read-out, or what is left out");
}

void trace_model(Buffer *out, const Graph *graph, const Model *model, Input input) {
    Arena *arena = arena_new(0);
    Sources *sources = sources_new();
    Tracing tracing = {.arena = arena,
                       .graph = graph,
                       .model = model,
                       .input = input,
                       .diags = diagnostics_new(sources),
                       .out = out};
    const Interp *interp = interp_new(arena, model, (Span){0}, tracing.diags);
    if (interp != NULL &&
        interp_trace(interp, input, (Span){0}, arena, tracing.diags, &tracing.trace)) {
        trace_layers(&tracing);
    } else {
        buffer_text(out, "there is no trace: the dense weights can't be run on it");
    }
    diagnostics_free(tracing.diags);
    sources_free(sources);
    arena_free(arena);
}
