#include "runtime/engines/trace.h"

#include "runtime/engines/eval.h"
#include "runtime/engines/stream.h"
#include "runtime/model/lifetimes.h"

#include <math.h>

typedef struct Tracing {
    Arena *arena;
    const Graph *graph;
    const Model *model;
    const Lifetime *lifetimes; /* (the model's subspaces) */
    Input input;
    Diagnostics *diags;
    InterpTrace trace;
    Buffer *out;
} Tracing;

/* --- coded directions ------------------------------------------------------------------------- */

static uint32_t index_of(const Subspace *subspace, Atom value) {
    uint32_t v = 0;
    while (v < subspace->count && !atom_equal(atoms_at(subspace->domain, v), value))
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
            double wanted = subspace_code(subspace, index, c);
            double found = stream_coordinate(&tracing->trace, layer, i, subspace->offset + c);
            if (fabs(found - wanted) <= COORDINATE_TOLERANCE) continue;
            buffer_printf(tracing->out, "'%s' at position %u: the direction %s",
                          subspace->name->bytes, i,
                          subspace->kind == SUBSPACE_STEPS ? "above " : "of ");
            atom_format_source(tracing->out, atoms_at(subspace->domain, c));
            buffer_printf(tracing->out, " is %.6g, not %.0f (eval: ", found, wanted);
            atom_format_source(tracing->out, values.atoms[i]);
            buffer_char(tracing->out, ')');
            return false;
        }
    }
    return true;
}

/* --- all directions --------------------------------------------------------------------------- */

/* Layer 0 is the embedding. A real register may hold its node's value in another form (shifted, as
   a weight, as a number of its domain); what reads it in the same layer is coded, and shows what
   went wrong. So it is with what the layer that makes it has erased again. */
static bool direction_agrees(const Tracing *tracing, uint32_t layer, SubspaceId id) {
    const Subspace *subspace = &tracing->model->subspaces[id];
    NodeId node = subspace->node;
    Sequence values;
    if (!lifetime_holds(&tracing->lifetimes[id], layer)) return true;
    if (!subspace_is_coded(subspace) || node == NO_NODE ||
        graph_node(tracing->graph, node)->type == TYPE_SELECTOR)
        return true;
    bool known = eval_sequence(tracing->graph, node, tracing->input, (Span){0}, tracing->arena,
                               tracing->diags, &values);
    diagnostics_truncate(tracing->diags, 0);
    return !known || coded_agrees(tracing, layer, subspace, values);
}

/* The token itself is made for no node. */
static bool embed_agrees(const Tracing *tracing, const Embed *embed) {
    const Subspace *subspace = &tracing->model->subspaces[embed->subspace];
    if (subspace->node != NO_NODE) return direction_agrees(tracing, 0, embed->subspace);
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
            if (!direction_agrees(tracing, l + 1, head->moves[m].target)) return false;
        }
    }
    for (uint32_t u = 0; u < layer->unit_count; u++) {
        if (!direction_agrees(tracing, l + 1, layer->units[u].target)) return false;
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
                       .lifetimes = model_lifetimes(arena, model),
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
