/* Selectors as gates: a formula over comparisons of numbers. Each of its selectors is one gate, but
   for those that hold always or never. */
#include "compiler/lower/real/plan.h"

/* What is known of a selector everywhere, else the number of its gate. */
enum { ALWAYS = UINT32_MAX, NEVER = UINT32_MAX - 1 };

typedef struct Gates {
    RealPlan *plan;
    PatternGate *gates; /* (count) */
    uint32_t count;
    NodeList nodes;  /* the selectors of the formula */
    uint32_t *known; /* (nodes.count) the gate of each, or ALWAYS or NEVER */
} Gates;

static uint32_t known_of(const Gates *g, NodeId selector) {
    return g->known[g->plan->part_number[selector]];
}

static uint32_t add_gate(Gates *g, PatternGate gate) {
    g->gates[g->count] = gate;
    return g->count++;
}

static double number_of(const Form *form) { return form->constant ? *form->constant : 0; }

/* Two constants, which may be strings. */
static uint32_t compare_constants(Gates *g, const Node *node, const Form *key, const Form *query) {
    static const BinaryOp compares[] = {BINARY_EQ, BINARY_NE, BINARY_LT,
                                        BINARY_LE, BINARY_GT, BINARY_GE};
    const Node *a = graph_node(g->plan->graph, node->args[0]);
    const Node *b = graph_node(g->plan->graph, node->args[1]);
    Atom left = a->atom, right = b->atom, holds;
    if (a->op != OP_CONST || b->op != OP_CONST) {
        left = atom_float(number_of(key));
        right = atom_float(number_of(query));
    }
    ArithStatus status =
        atom_binary(g->plan->scratch, compares[node->op - OP_SELECT_EQ], left, right, &holds);
    return status == ARITH_OK && atom_truth(holds) ? ALWAYS : NEVER;
}

static bool is_string_constant(const RealPlan *plan, NodeId id) {
    const Node *node = graph_node(plan->graph, id);
    return node->op == OP_CONST && node->atom.kind == ATOM_STRING;
}

static uint32_t compare(Gates *g, NodeId id) {
    RealPlan *plan = g->plan;
    const Node *node = graph_node(plan->graph, id);
    Form key = plan_real_form(plan, node->args[0]), query = plan_real_form(plan, node->args[1]);
    Form is_equal;
    if (plan_real_compares_text(plan, id, &is_equal)) {
        bool of_key = plan_real_is_text(plan, node->args[0]);
        key = of_key ? is_equal : form_number(plan, 1);
        query = of_key ? form_number(plan, 1) : is_equal;
    }
    bool strings =
        is_string_constant(plan, node->args[0]) && is_string_constant(plan, node->args[1]);
    if (strings ||
        (key.rows > 0 && query.rows > 0 && form_is_constant(&key) && form_is_constant(&query)))
        return compare_constants(g, node, &key, &query);
    if (key.rows == 0 || query.rows == 0) {
        plan_real_refuse(plan, id, "a selector over strings has no comparison of numbers");
        return NEVER;
    }
    return add_gate(g, (PatternGate){.kind = GATE_COMPARE,
                                     .relation = relation_of(node->op),
                                     .key = key,
                                     .query = query,
                                     .node = id});
}

static uint32_t combine(Gates *g, NodeId id) {
    const Node *node = graph_node(g->plan->graph, id);
    uint32_t a = known_of(g, node->args[0]);
    if (node->op == OP_SEL_NOT) {
        if (a == ALWAYS || a == NEVER) return a == ALWAYS ? NEVER : ALWAYS;
        return add_gate(g, (PatternGate){.kind = GATE_NOT, .a = a, .node = id});
    }
    uint32_t b = known_of(g, node->args[1]);
    bool is_and = node->op == OP_SEL_AND;
    uint32_t decides = is_and ? NEVER : ALWAYS, passes = is_and ? ALWAYS : NEVER;
    if (a == decides || b == decides) return decides;
    if (a == passes || b == passes || a == b) return a == passes ? b : a;
    return add_gate(g,
                    (PatternGate){.kind = is_and ? GATE_AND : GATE_OR, .a = a, .b = b, .node = id});
}

/* The root's gate is the last: those behind it are of no use to it, and it has no others. */
static void finish(Gates *g, uint32_t root, Pattern *pattern) {
    if (root == NEVER) {
        add_gate(g, (PatternGate){.kind = GATE_TRUE, .node = NO_NODE});
        add_gate(g, (PatternGate){.kind = GATE_NOT, .a = g->count - 1, .node = NO_NODE});
        root = g->count - 1;
    }
    /* Gates that a constant made useless go; the others keep their order. */
    uint32_t *number = ARENA_ARRAY(g->plan->scratch, uint32_t, g->count), kept = 0;
    uint8_t *used = ARENA_ARRAY(g->plan->scratch, uint8_t, g->count);
    if (root != ALWAYS) used[root] = 1;
    for (uint32_t i = g->count; i-- > 0;) {
        const PatternGate *gate = &g->gates[i];
        if (!used[i] || gate->kind == GATE_TRUE || gate->kind == GATE_COMPARE) continue;
        used[gate->a] = 1;
        if (gate->kind != GATE_NOT) used[gate->b] = 1;
    }
    for (uint32_t i = 0; i < g->count; i++) {
        if (!used[i]) continue;
        PatternGate gate = g->gates[i];
        if (gate.kind != GATE_TRUE && gate.kind != GATE_COMPARE) {
            gate.a = number[gate.a];
            gate.b = gate.kind == GATE_NOT ? 0 : number[gate.b];
        }
        number[i] = kept;
        g->gates[kept++] = gate;
    }
    pattern->gate_count = kept;
    pattern->gates = g->gates;
}

bool plan_real_gates(RealPlan *plan, NodeId selector, Pattern *pattern) {
    Gates g = {.plan = plan, .nodes = plan_real_parts(plan, selector, OPKIND_SELECTOR)};
    g.gates = ARENA_ARRAY(plan->scratch, PatternGate, (size_t)g.nodes.count + 2);
    g.known = ARENA_ARRAY(plan->scratch, uint32_t, g.nodes.count);
    uint32_t root = ALWAYS;
    for (uint32_t i = 0; i < g.nodes.count && !plan->refused; i++) {
        NodeId id = g.nodes.ids[i];
        GraphOp op = graph_node(plan->graph, id)->op;
        bool combined = op == OP_SEL_AND || op == OP_SEL_OR || op == OP_SEL_NOT;
        root = g.known[i] = combined ? combine(&g, id) : compare(&g, id);
    }
    if (plan->refused) return false;
    finish(&g, root, pattern);
    return true;
}
