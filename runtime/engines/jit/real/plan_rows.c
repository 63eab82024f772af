/* Where each node is computed: at all positions, or only at those that somebody looks at.

   Two things make a node partial. A state that changes where a condition holds only (a centre's
   coordinates) needs its new value there alone. And a head whose keys are those where a condition
   holds looks at the keys' features there alone. What is computed at some positions sees its
   operands as they are there: of a choice on the very condition, what is chosen. */
#include "runtime/engines/jit/real/program.h"

#include "runtime/base/bug.h"

#include <string.h>

/* Demand: no one's yet, one row set's (its number), or everybody's. */
enum { NOBODY = UINT32_MAX };

static OpKind kind_of(const Graph *graph, NodeId id) {
    return op_info(graph_node(graph, id)->op)->kind;
}

static bool is_const(const Graph *graph, NodeId id) {
    return graph_node(graph, id)->op == OP_CONST;
}

/* --- row sets --------------------------------------------------------------------------------- */

static uint32_t row_set(RealPlan *plan, RowSet rows) {
    for (uint32_t r = 1; r < plan->row_set_count; r++)
        if (plan->row_sets[r].condition == rows.condition &&
            plan->row_sets[r].negated == rows.negated)
            return r;
    plan->row_sets = arena_grow(plan->arena, plan->row_sets, plan->row_set_count,
                                plan->row_set_count + 1, sizeof rows);
    plan->row_sets[plan->row_set_count] = rows;
    return plan->row_set_count++;
}

/* The row set that all keys of a pattern are in: of a part of its selector, key == True. */
static uint32_t key_rows(RealPlan *plan, const RealHead *head) {
    const Graph *graph = plan->graph;
    if (head->score == NO_NODE || head->plan == HEAD_ACCUMULATE) return 0;
    for (uint32_t p = 0; p < head->parts.key_count; p++) {
        const Node *part = graph_node(graph, head->parts.keys[p]);
        bool compares = part->op == OP_SELECT_EQ || part->op == OP_SELECT_NE;
        if (!compares || is_const(graph, part->args[0]) || !is_const(graph, part->args[1]))
            continue;
        const Node *feature = graph_node(graph, part->args[0]);
        Atom atom = graph_node(graph, part->args[1])->atom;
        if (feature->type != TYPE_BOOL || feature->loop != 0 || atom.kind != ATOM_BOOL) continue;
        bool wanted = atom.as.boolean == (part->op == OP_SELECT_EQ);
        return row_set(plan, (RowSet){part->args[0], !wanted});
    }
    return 0;
}

NodeId real_seen(const RealPlan *plan, uint32_t rows, NodeId node) {
    if (rows == 0 || node == NO_NODE) return node;
    const RowSet *set = &plan->row_sets[rows];
    for (;;) {
        const Node *at = graph_node(plan->graph, node);
        if (at->op != OP_CHOOSE || at->args[0] != set->condition) return node;
        NodeId chosen = at->args[set->negated ? 2 : 1];
        /* What a choice makes of a number that becomes a vector, or of another kind, it alone does.
         */
        if (graph_node(plan->graph, chosen)->type != at->type ||
            graph_node(plan->graph, chosen)->width != at->width)
            return node;
        node = chosen;
    }
}

/* --- states ----------------------------------------------------------------------------------- */

/* Of a state whose next value is choose(condition, value, state) only some rows change. The value
   may be a choice by the same condition: what it chooses there is what is computed. */
static void plan_state(RealPlan *plan, const LoopState *state, StatePlan *out) {
    const Graph *graph = plan->graph;
    const Node *next = graph_node(graph, state->next);
    if (next->op != OP_CHOOSE || (next->type != TYPE_VECTOR && next->type != TYPE_FLOAT)) return;
    if (graph_node(graph, next->args[0])->loop != 0 || is_const(graph, next->args[0])) return;
    bool negated = next->args[1] == state->state;
    if (next->args[negated ? 1 : 2] != state->state) return;
    uint32_t rows = row_set(plan, (RowSet){next->args[0], negated});
    NodeId changed = real_seen(plan, rows, next->args[negated ? 2 : 1]);
    const Node *value = graph_node(graph, changed);
    if (changed == state->state || value->width != next->width || value->type != next->type ||
        graph_node(graph, state->state)->type != next->type || value->loop != next->loop)
        return;
    *out = (StatePlan){.in_place = true, .rows = rows, .value = changed};
}

/* Those that may; who looks at them otherwise is seen when rows are. A state whose old value
   somebody wants after the round keeps it. */
static void find_states(RealPlan *plan) {
    const Graph *graph = plan->graph;
    uint8_t *state_results = ARENA_ARRAY(plan->arena, uint8_t, graph->count);
    for (NodeId id = 0; id < graph->count; id++) {
        const Node *node = graph_node(graph, id);
        if (plan->needed[id] && node->op == OP_RESULT &&
            graph_node(graph, node->args[0])->op == OP_STATE)
            state_results[node->args[0]] = 1;
    }
    plan->loops = ARENA_ARRAY(plan->arena, LoopPlan, graph->loop_count);
    for (uint32_t l = 0; l < graph->loop_count; l++) {
        const GraphLoop *loop = &graph->loops[l];
        plan->loops[l].states = ARENA_ARRAY(plan->arena, StatePlan, loop->state_count);
        for (uint32_t s = 0; s < loop->state_count && loop->closed; s++) {
            if (plan->needed[loop->states[s].state] && !state_results[loop->states[s].state])
                plan_state(plan, &loop->states[s], &plan->loops[l].states[s]);
        }
    }
}

bool real_is_replaced(const RealPlan *plan, NodeId node) {
    const Graph *graph = plan->graph;
    if (graph_node(graph, node)->op != OP_CHOOSE) return false;
    for (uint32_t l = 0; l < graph->loop_count; l++)
        for (uint32_t s = 0; s < graph->loops[l].state_count; s++)
            if (plan->loops[l].states[s].in_place && graph->loops[l].states[s].next == node)
                return true;
    return false;
}

/* Somebody looks at the new value: its state does not change in place. */
static void keep_apart(RealPlan *plan, NodeId next) {
    const Graph *graph = plan->graph;
    for (uint32_t l = 0; l < graph->loop_count; l++)
        for (uint32_t s = 0; s < graph->loops[l].state_count; s++)
            if (graph->loops[l].states[s].next == next) plan->loops[l].states[s].in_place = false;
}

/* --- demand ----------------------------------------------------------------------------------- */

/* Can computing an element-wise scalar end the run at a position? */
static bool can_fail(const Graph *graph, const Node *node) {
    double divisor;
    OpUse use = op_info(node->op)->use;
    if (use != OPUSE_COMPUTES) return use == OPUSE_FINDS; /* a key may be missing */
    switch (node->op) {
    case OP_ADD:
    case OP_SUB:
    case OP_MUL:
    case OP_NEG:
    case OP_POS:
    case OP_ABS:
    case OP_RELU: return node->type != TYPE_FLOAT;
    case OP_DIV:
        return !is_const(graph, node->args[1]) ||
               !atom_as_double(graph_node(graph, node->args[1])->atom, &divisor) || divisor == 0;
    case OP_EXP:
    case OP_LOG:
    case OP_SQRT:
    case OP_SIN:
    case OP_COS:
    case OP_TANH:
    case OP_DOT:
    case OP_SUM:
    case OP_NORM: return false;
    default: return true;
    }
}

static void demand(RealPlan *plan, NodeId node, uint32_t set) {
    if (node == NO_NODE) return;
    uint32_t *rows = &plan->rows[real_seen(plan, set, node)];
    *rows = *rows == NOBODY || *rows == set ? set : 0;
}

/* The loop's state that the node is, and how it takes its next value. */
static const LoopState *state_of(const RealPlan *plan, NodeId id, const StatePlan **how) {
    const Graph *graph = plan->graph;
    const GraphLoop *loop = &graph->loops[graph_node(graph, id)->loop - 1];
    for (uint32_t s = 0; s < loop->state_count; s++) {
        *how = &plan->loops[loop - graph->loops].states[s];
        if (loop->states[s].state == id) return &loop->states[s];
    }
    BUG("state %u is in no loop", id);
}

bool real_is_wanted(const RealPlan *plan, NodeId node) {
    for (NodeId id = node + 1; id < plan->graph->count; id++) {
        const Node *at = graph_node(plan->graph, id);
        if (plan->needed[id] && at->op == OP_RESULT && at->args[0] == node) return true;
    }
    return false;
}

/* A state that changes at those positions and is read at no other needs its first value at others
   only where its result is wanted. */
static void demand_init(RealPlan *plan, NodeId id) {
    const StatePlan *how;
    const LoopState *state = state_of(plan, id, &how);
    bool wanted = plan->rows[id] == 0 || real_is_wanted(plan, state->next);
    demand(plan, state->init, wanted ? 0 : plan->rows[id]);
}

/* May the node be computed at the set's positions only? Not where computing it elsewhere could
   fail, and not before the condition is known. */
static bool can_be_partial(const RealPlan *plan, NodeId id, uint32_t set) {
    const Node *node = graph_node(plan->graph, id);
    OpKind kind = kind_of(plan->graph, id);
    if (node->loop == 0 && id <= plan->row_sets[set].condition) return false;
    if (kind == OPKIND_ELEMENT && (node->op == OP_CONST || node->op == OP_VECTOR)) return false;
    if (kind == OPKIND_ELEMENT) return node->type == TYPE_VECTOR || !can_fail(plan->graph, node);
    if (node->op == OP_STATE) {
        const StatePlan *how;
        state_of(plan, id, &how);
        return how->in_place && how->rows == set;
    }
    if (kind != OPKIND_ATTENTION) return false;
    const RealHead *head = plan->head_of[id];
    switch (head->plan) {
    case HEAD_UNIFORM:
    case HEAD_GROUP: return node->type == TYPE_VECTOR;
    case HEAD_SOFTMAX:
    case HEAD_ACCUMULATE: return true;
    case HEAD_ROWS:
        return head->pattern == OP_SOFTMAX || head->pattern == OP_LINEAR ||
               head->pattern == OP_SPARSEMAX;
    default: return false;
    }
}

/* A list of nodes, each once. */
typedef struct NodeList {
    Arena *arena;
    NodeId *nodes; /* (count) */
    uint32_t count;
} NodeList;

static void add_once(NodeList *list, NodeId node) {
    for (uint32_t i = 0; i < list->count; i++)
        if (list->nodes[i] == node) return;
    list->nodes = arena_grow(list->arena, list->nodes, list->count, list->count + 1, sizeof node);
    list->nodes[list->count++] = node;
}

/* The s-ops under a selector or score: its keys, its queries. */
static void add_sides(const RealPlan *plan, NodeId root, NodeList *keys, NodeList *queries) {
    const Graph *graph = plan->graph;
    if (root == NO_NODE) return;
    uint8_t *under = ARENA_ARRAY(plan->arena, uint8_t, root + 1);
    under[root] = 1;
    for (NodeId id = root + 1; id-- > 0;) {
        const Node *node = graph_node(graph, id);
        if (!under[id]) continue;
        for (int i = 0; i < op_info(node->op)->arity; i++) {
            NodeId arg = node->args[i];
            if (type_is_sop(graph_node(graph, arg)->type))
                add_once(i == 0 ? keys : queries, arg);
            else
                under[arg] = 1;
        }
    }
}

static void demand_head(RealPlan *plan, RealHead *head, uint32_t rows) {
    NodeList selector = {.arena = plan->arena}, keys = selector, queries = selector;
    head->rows = rows;
    add_sides(plan, head->parts.node, &selector, &selector);
    add_sides(plan, head->score, &keys, &queries);
    for (uint32_t i = 0; i < selector.count; i++)
        demand(plan, selector.nodes[i], 0);
    for (uint32_t i = 0; i < keys.count; i++)
        demand(plan, keys.nodes[i], head->key_rows);
    for (uint32_t i = 0; i < queries.count; i++)
        demand(plan, queries.nodes[i], rows);
    demand(plan, head->value, head->key_rows);
    demand(plan, head->other, rows);
}

/* The loop's state of which that is "nothing changed", next == state; it changes in place, and
   holds numbers elsewhere: an input's, which are finite. */
static const StatePlan *unchanged_state(const RealPlan *plan, uint32_t loop, const Node *equal) {
    const GraphLoop *at = &plan->graph->loops[loop];
    if (equal->op != OP_EQ) return NULL;
    for (uint32_t s = 0; s < at->state_count; s++) {
        const LoopState *state = &at->states[s];
        bool compared = (equal->args[0] == state->next && equal->args[1] == state->state) ||
                        (equal->args[1] == state->next && equal->args[0] == state->state);
        if (compared && plan->loops[loop].states[s].in_place &&
            graph_node(plan->graph, state->init)->op == OP_INPUT)
            return &plan->loops[loop].states[s];
    }
    return NULL;
}

/* At which rows the loop's condition has to be known: where nothing else can change, it is that
   nothing did. */
static uint32_t until_rows(const RealPlan *plan, uint32_t loop) {
    const Graph *graph = plan->graph;
    NodeId until = graph->loops[loop].until;
    if (until == NO_NODE) return 0;
    uint8_t *under = ARENA_ARRAY(plan->arena, uint8_t, until + 1);
    uint32_t rows = 0;
    under[until] = 1;
    for (NodeId id = until + 1; id-- > 0;) {
        const Node *node = graph_node(graph, id);
        if (!under[id]) continue;
        if (node->op == OP_AND) {
            under[node->args[0]] = under[node->args[1]] = 1;
            continue;
        }
        const StatePlan *state = unchanged_state(plan, loop, node);
        if (state == NULL || (rows != 0 && state->rows != rows)) return 0;
        rows = state->rows;
    }
    return rows;
}

static void demand_first(RealPlan *plan) {
    const Graph *graph = plan->graph;
    for (NodeId id = 0; id < graph->count; id++)
        plan->rows[id] = NOBODY;
    for (uint32_t r = 1; r < plan->row_set_count; r++)
        demand(plan, plan->row_sets[r].condition, 0);
    for (uint32_t l = 0; l < graph->loop_count; l++) {
        const GraphLoop *loop = &graph->loops[l];
        for (uint32_t s = 0; s < loop->state_count && loop->closed; s++) {
            const StatePlan *state = &plan->loops[l].states[s];
            if (!plan->needed[loop->states[s].state]) continue;
            if (state->in_place)
                demand(plan, state->value, state->rows);
            else
                demand(plan, loop->states[s].next, 0);
        }
        demand(plan, loop->until, until_rows(plan, l));
    }
    for (uint32_t o = 0; o < plan->output_count; o++)
        demand(plan, plan->outputs[o], 0);
}

/* One node's demands on its operands. False when it shows that a state can't change in place. */
static bool demand_operands(RealPlan *plan, NodeId id) {
    const Graph *graph = plan->graph;
    const Node *node = graph_node(graph, id);
    uint32_t *rows = &plan->rows[id];
    if (real_is_replaced(plan, id)) {
        if (*rows != NOBODY) {
            keep_apart(plan, id);
            return false;
        }
        *rows = 0;
        return true;
    }
    OpKind kind = op_info(node->op)->kind;
    if (node->op == OP_RESULT) {
        /* In place, the state has it. */
        if (!real_is_replaced(plan, node->args[0])) demand(plan, node->args[0], 0);
        *rows = 0;
        return true;
    }
    if (*rows == NOBODY && (kind == OPKIND_ELEMENT || kind == OPKIND_ATTENTION)) {
        plan->needed[id] = 0;
        *rows = 0;
        return true;
    }
    if (*rows == NOBODY || (*rows != 0 && !can_be_partial(plan, id, *rows))) *rows = 0;
    if (node->op == OP_STATE)
        demand_init(plan, id);
    else if (kind == OPKIND_ATTENTION)
        demand_head(plan, plan->head_of[id], *rows);
    else if (kind == OPKIND_ELEMENT)
        for (int i = 0; i < op_info(node->op)->arity; i++)
            demand(plan, node->args[i], *rows);
    return true;
}

/* False: once more, with fewer states in place. */
static bool try_rows(RealPlan *plan) {
    const Graph *graph = plan->graph;
    demand_first(plan);
    for (NodeId id = graph->count; id-- > 0;)
        if (plan->needed[id] && !demand_operands(plan, id)) return false;
    return true;
}

static void find_operands(RealPlan *plan, RealHead *head) {
    NodeList all = {.arena = plan->arena}, keys = all, queries = all;
    add_sides(plan, head->parts.node, &all, &all);
    add_sides(plan, head->score, &keys, &queries);
    for (uint32_t i = 0; i < keys.count; i++)
        add_once(&all, real_seen(plan, head->key_rows, keys.nodes[i]));
    for (uint32_t i = 0; i < queries.count; i++)
        add_once(&all, real_seen(plan, head->rows, queries.nodes[i]));
    const uint32_t sets[] = {head->rows, head->key_rows};
    for (int s = 0; s < 2; s++)
        if (sets[s] != 0) add_once(&all, plan->row_sets[sets[s]].condition);
    if (head->value != NO_NODE) add_once(&all, head->value);
    if (head->other != NO_NODE) add_once(&all, head->other);
    head->operands = all.nodes;
    head->operand_count = all.count;
}

/* The head's own nodes are those that its rows and its keys see. */
static void resolve(RealPlan *plan, RealHead *head) {
    head->value = real_seen(plan, head->key_rows, head->value);
    head->other = real_seen(plan, head->rows, head->other);
    ScoreForm *form = &head->form;
    /* The form's own lists are the head's: no other head has them. */
    for (uint32_t t = 0; t < form->term_count; t++) {
        form->terms[t].key = real_seen(plan, head->key_rows, form->terms[t].key);
        form->terms[t].query = real_seen(plan, head->rows, form->terms[t].query);
        form->shape.compact[t] = plan->rows[form->terms[t].query] != 0;
    }
    for (uint32_t b = 0; b < form->bias_count; b++)
        form->biases[b].key = real_seen(plan, head->key_rows, form->biases[b].key);
    for (uint32_t l = 0; l < form->leaf_count; l++) {
        form->leaves[l].key = real_seen(plan, head->key_rows, form->leaves[l].key);
        form->leaves[l].query = real_seen(plan, head->rows, form->leaves[l].query);
    }
}

void real_plan_rows(RealPlan *plan) {
    const Graph *graph = plan->graph;
    plan->head_of = ARENA_ARRAY(plan->arena, RealHead *, graph->count);
    for (NodeId id = 0; id < graph->count; id++) {
        if (!plan->needed[id] || kind_of(graph, id) != OPKIND_ATTENTION) continue;
        plan->head_of[id] = ARENA_NEW(plan->arena, RealHead);
        real_plan_head(plan, plan->head_of[id], id);
        plan->head_of[id]->key_rows = key_rows(plan, plan->head_of[id]);
    }
    find_states(plan);
    uint8_t *needed = ARENA_ARRAY(plan->arena, uint8_t, graph->count);
    memcpy(needed, plan->needed, graph->count);
    while (!try_rows(plan))
        memcpy(plan->needed, needed, graph->count);
    for (NodeId id = 0; id < graph->count; id++)
        if (plan->head_of[id] && plan->needed[id]) {
            resolve(plan, plan->head_of[id]);
            find_operands(plan, plan->head_of[id]);
        }
}
