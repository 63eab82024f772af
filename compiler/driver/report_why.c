/* What makes a node as deep as it is, and a model. */
#include "compiler/driver/report.h"

/* An argument for whose sake the node lies where it does: an attention lies in the layer of its
   selector or above its values, a selector above what it compares, everything else where its
   deepest argument is. NO_NODE: it has no arguments. */
static NodeId deepest_reason(const Graph *graph, NodeId id) {
    const Node *node = graph_node(graph, id);
    for (uint32_t i = 0; i < op_info(node->op)->arity; i++) {
        const Node *argument = graph_node(graph, node->args[i]);
        bool above = op_info(node->op)->kind == OPKIND_SELECTOR
                         ? argument->type != TYPE_SELECTOR
                         : node->op == OP_AGGREGATE && i == 1;
        if (argument->depth + above == node->depth) return node->args[i];
    }
    return NO_NODE;
}

Chain depth_chain(Arena *arena, const Graph *graph, NodeId root) {
    NodeId *nodes = ARENA_ARRAY(arena, NodeId, (size_t)root + 1);
    Chain chain = {.nodes = nodes};
    for (NodeId id = root; id != NO_NODE && graph_node(graph, id)->depth > 0;
         id = deepest_reason(graph, id)) {
        bool element = op_info(graph_node(graph, id)->op)->kind == OPKIND_ELEMENT;
        if (id == root || !element || graph_name_of(graph, id)) nodes[chain.count++] = id;
    }
    return chain;
}

/* --- models ----------------------------------------------------------------------------------- */

/* What writes each subspace, and when: in every layer first the heads, then the units. */
typedef struct Writers {
    Link *links;    /* (subspace_count) */
    uint32_t *time; /* (subspace_count): 0: the embedding */
} Writers;

static Writers find_writers(Arena *arena, const Model *model) {
    Writers writers = {ARENA_ARRAY(arena, Link, model->subspace_count),
                       ARENA_ARRAY(arena, uint32_t, model->subspace_count)};
    for (uint32_t l = 0; l < model->layer_count; l++) {
        const Layer *layer = &model->layers[l];
        for (uint32_t h = 0; h < layer->head_count; h++) {
            const Head *head = &layer->heads[h];
            for (uint32_t m = 0; m < head->move_count; m++) {
                SubspaceId target = head->moves[m].target;
                writers.links[target] = (Link){l, target, head, NULL};
                writers.time[target] = 2 * l + 1;
            }
        }
        for (uint32_t g = 0; g < layer->unit_count; g++) {
            const UnitGroup *group = &layer->units[g];
            if (group->kind == UNIT_ERASE) continue;
            writers.links[group->target] = (Link){l, group->target, NULL, group};
            writers.time[group->target] = 2 * l + 2;
        }
    }
    return writers;
}

/* The latest written of the subspaces that something reads; those of the embedding don't count. */
typedef struct Latest {
    const Writers *writers;
    SubspaceId subspace; /* NO_SUBSPACE: none */
} Latest;

static void see(Latest *latest, SubspaceId id) {
    if (id == NO_SUBSPACE || latest->writers->time[id] == 0) return;
    if (latest->subspace == NO_SUBSPACE ||
        latest->writers->time[id] > latest->writers->time[latest->subspace])
        latest->subspace = id;
}

static void see_feature(Latest *latest, const Feature *feature) {
    for (uint32_t i = 0; i < feature->count; i++)
        see(latest, feature->terms[i].subspace);
}

static void see_head(Latest *latest, const Head *head, SubspaceId target) {
    for (uint32_t t = 0; t < head->term_count; t++) {
        const HeadTerm *term = &head->terms[t];
        see_feature(latest, &term->key);
        see_feature(latest, &term->query);
        see_feature(latest, &term->key_square);
        see_feature(latest, &term->query_square);
    }
    for (uint32_t m = 0; m < head->move_count; m++) {
        const HeadMove *move = &head->moves[m];
        if (move->target != target) continue;
        if (move->kind == MOVE_CODED) see(latest, move->source);
        see_feature(latest, &move->value);
    }
}

static void see_group(Latest *latest, const UnitGroup *group) {
    see_feature(latest, &group->input);
    for (uint32_t s = 0; s < group->source_count; s++)
        see(latest, group->sources[s]);
}

static void see_readout(Latest *latest, const Readout *readout) {
    for (uint32_t r = 0; r < readout->reading_count; r++) {
        const Reading *reading = &readout->readings[r];
        if (reading->decode == DECODE_ATOMS) see(latest, reading->source);
        see_feature(latest, &reading->number);
        see_feature(latest, &reading->exact);
    }
    for (uint32_t t = 0; t < readout->trap_count; t++)
        see_feature(latest, &readout->traps[t].feature);
}

ModelChain model_chain(Arena *arena, const Model *model) {
    Writers writers = find_writers(arena, model);
    Link *links = ARENA_ARRAY(arena, Link, model->subspace_count);
    ModelChain chain = {.links = links};
    Latest latest = {&writers, NO_SUBSPACE};
    see_readout(&latest, &model->readout);
    /* A writer reads what was written before it, so this ends. */
    while (latest.subspace != NO_SUBSPACE && chain.count < model->subspace_count) {
        const Link *link = &links[chain.count++];
        links[chain.count - 1] = writers.links[latest.subspace];
        latest.subspace = NO_SUBSPACE;
        if (link->head)
            see_head(&latest, link->head, link->subspace);
        else
            see_group(&latest, link->group);
    }
    return chain;
}
