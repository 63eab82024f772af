/* A head of a model over real vectors as ONNX nodes: gates, scores, weights, values.

   Scores and gates are (B, S, S), a row a query. A key that the gates do not let through, or that
   is not there, has the score minus infinity and the weight 0; a query without keys takes what BOS
   has, a constant. */
#include "runtime/export/real_onnx.h"

#include "runtime/base/bug.h"

typedef struct HeadWriter {
    RealWriter *w;
    const RealHead *head;
    Edge mask;    /* true where a query may look at a key; broadcasts to (B, S, S) */
    Edge score;   /* (B, S, S) */
    Edge masked;  /* (B, S, S) the same, minus infinity where the mask is false */
    Edge weights; /* (B, S, S), to be divided by `divisor` where that is not NULL: (B, S, 1) */
    Edge divisor;
    Edge found; /* true where BOS is not needed; broadcasts to (B, S, 1); NULL: everywhere */
} HeadWriter;

static Edge name(const HeadWriter *h, const char *text) {
    return onnx_name(&h->w->graph, "%s", text);
}

static Edge turn(RealWriter *w, Edge a) {
    const OnnxAttribute swap[] = {{"perm", 0, 3, {0, 2, 1}}, {0}};
    return onnx_node(&w->graph, "Transpose", real_fresh(w, "turned"), swap,
                     (const Edge[]){a, NULL});
}

/* --- gates ------------------------------------------------------------------------------------ */

/* A truth for all pairs: (1, 1, 1). */
static Edge everywhere(RealWriter *w, bool truth) {
    const uint64_t dims[] = {1, 1, 1};
    return onnx_tensor(&w->graph, real_fresh(w, "gate"), ONNX_BOOL, dims, 3, &truth, sizeof truth);
}

static Edge compare(RealWriter *w, const Gate *gate) {
    static const char *const operators[] = {
        [RELATION_LT] = "Less",
        [RELATION_LT | RELATION_EQ] = "LessOrEqual",
        [RELATION_EQ] = "Equal",
        [RELATION_LT | RELATION_GT] = "Equal", /* and not */
        [RELATION_GT | RELATION_EQ] = "GreaterOrEqual",
        [RELATION_GT] = "Greater",
    };
    OnnxGraph *g = &w->graph;
    double number;
    if (gate->relation == 0 || gate->relation == (RELATION_LT | RELATION_EQ | RELATION_GT))
        return everywhere(w, gate->relation != 0);
    Edge key = turn(w, real_affine(w, &gate->key));
    Edge query = real_affine_constant(&gate->query, &number) ? real_number_constant(w, number)
                                                             : real_affine(w, &gate->query);
    Edge holds = onnx_binary(g, operators[gate->relation], real_fresh(w, "compare"), key, query);
    return gate->relation == (RELATION_LT | RELATION_GT)
               ? onnx_unary(g, "Not", real_fresh(w, "gate"), holds)
               : holds;
}

/* Of keys that are there. */
static Edge write_gates(RealWriter *w, const RealHead *head) {
    OnnxGraph *g = &w->graph;
    if (head->gate_count == 0) return w->present_keys;
    Edge *gates = ARENA_ARRAY(g->arena, Edge, head->gate_count);
    for (uint32_t i = 0; i < head->gate_count; i++) {
        const Gate *gate = &head->gates[i];
        switch (gate->kind) {
        case GATE_TRUE: gates[i] = everywhere(w, true); break;
        case GATE_COMPARE: gates[i] = compare(w, gate); break;
        case GATE_NOT:
            gates[i] = onnx_unary(g, "Not", real_fresh(w, "gate"), gates[gate->a]);
            break;
        case GATE_AND:
        case GATE_OR:
            gates[i] = onnx_binary(g, gate->kind == GATE_AND ? "And" : "Or", real_fresh(w, "gate"),
                                   gates[gate->a], gates[gate->b]);
            break;
        }
    }
    return onnx_binary(g, "And", real_fresh(w, "gate"), gates[head->gate_count - 1],
                       w->present_keys);
}

/* --- scores ----------------------------------------------------------------------------------- */

/* The parts side by side: (B, S, all of their rows). */
static Edge beside(RealWriter *w, const Edge *parts, uint32_t count, const char *text) {
    Edge *all = ARENA_ARRAY(w->graph.arena, Edge, (size_t)count + 1);
    for (uint32_t i = 0; i < count; i++)
        all[i] = parts[i];
    const OnnxAttribute axis[] = {{"axis", REAL_AXIS_COMPONENT, 0, {0}}, {0}};
    return count == 1 ? parts[0]
                      : onnx_node(&w->graph, "Concat", onnx_name(&w->graph, "%s", text), axis, all);
}

static Edge write_scores(RealWriter *w, const RealHead *head) {
    OnnxGraph *g = &w->graph;
    if (head->score_count == 0) {
        Edge zeros = onnx_binary(g, "Mul", real_fresh(w, "zeros"), w->one, w->zero);
        return onnx_binary(g, "MatMul", onnx_name(g, "score"), zeros, turn(w, zeros));
    }
    Edge *keys = ARENA_ARRAY(g->arena, Edge, head->score_count);
    Edge *queries = ARENA_ARRAY(g->arena, Edge, head->score_count);
    for (uint32_t i = 0; i < head->score_count; i++) {
        keys[i] = real_affine(w, &head->scores[i].key);
        queries[i] = real_affine(w, &head->scores[i].query);
    }
    Edge key = beside(w, keys, head->score_count, "key");
    Edge query = beside(w, queries, head->score_count, "query");
    return onnx_binary(g, "MatMul", onnx_name(g, "score"), query, turn(w, key));
}

/* --- weights ---------------------------------------------------------------------------------- */

static Edge either(const HeadWriter *h, const char *text, Edge condition, Edge yes, Edge no) {
    return onnx_node(&h->w->graph, "Where", name(h, text), NULL,
                     (const Edge[]){condition, yes, no, NULL});
}

/* What the mask lets through; 0 elsewhere. */
static Edge allowed(const HeadWriter *h, const char *text, Edge weights) {
    return either(h, text, h->mask, weights, h->w->zero);
}

/* 1 on the keys of the highest score. A score that is not a number makes the query fail. */
static Edge highest(HeadWriter *h) {
    RealWriter *w = h->w;
    OnnxGraph *g = &w->graph;
    Edge wrong = onnx_unary(g, "IsNaN", name(h, "score_is_nan"), h->masked);
    real_mark_undefined(w, wrong);
    Edge top =
        onnx_binary(g, "Equal", name(h, "is_highest"), h->masked, real_row_greatest(w, h->masked));
    return real_truth_number(w, onnx_binary(g, "And", name(h, "chosen"), top, h->mask));
}

static void weigh_hardmax(HeadWriter *h) {
    h->weights = highest(h);
    h->divisor = real_row_sum(h->w, h->weights);
}

static void weigh_softmax(HeadWriter *h) {
    OnnxGraph *g = &h->w->graph;
    Edge below = onnx_binary(g, "Sub", name(h, "below_highest"), h->masked,
                             real_row_greatest(h->w, h->masked));
    h->weights = allowed(h, "weights", onnx_unary(g, "Exp", name(h, "exp"), below));
    h->divisor = real_row_sum(h->w, h->weights);
}

static void weigh_linear(HeadWriter *h) {
    RealWriter *w = h->w;
    h->weights = allowed(h, "weights", h->score);
    if (h->head->normaliser == NORMALISER_LINEAR_RAW) {
        h->found = NULL;
        return;
    }
    h->divisor = real_row_sum(w, h->weights);
    Edge nothing = onnx_binary(&w->graph, "Equal", name(h, "no_weight"), h->divisor, w->zero);
    h->found = onnx_unary(&w->graph, "Not", name(h, "has_weight"), nothing);
}

/* Projection onto the simplex (Martins and Astudillo 2016, algorithm 1): sorted scores less the
   greatest z, the support is the k with 1 + k z_k > z_1 + .. + z_k, and the threshold makes the
   weights sum to 1. */
static void weigh_sparsemax(HeadWriter *h) {
    RealWriter *w = h->w;
    OnnxGraph *g = &w->graph;
    Edge score = onnx_binary(g, "Sub", name(h, "below_greatest"), h->masked,
                             real_row_greatest(w, h->masked));
    Edge count = onnx_binary(g, "Gather", name(h, "keys"),
                             onnx_unary(g, "Shape", name(h, "shape"), score), w->component);
    Edge sorted = name(h, "sorted");
    onnx_node_of(g, "TopK", sorted, NULL, (const Edge[]){score, count, NULL},
                 (const Edge[]){sorted, name(h, "sorted_keys"), NULL});
    Edge axis = onnx_int(g, onnx_name(g, "axis"), REAL_AXIS_COMPONENT);
    Edge sums = onnx_binary(g, "CumSum", name(h, "sums"), sorted, axis);
    /* 1, 2, .. of every query's keys. */
    Edge ones = turn(w, w->one);
    Edge numbers = onnx_binary(g, "CumSum", name(h, "numbers"), ones, axis);
    Edge scaled = onnx_binary(g, "Mul", name(h, "scaled"), numbers, sorted);
    Edge reach = onnx_binary(g, "Add", name(h, "reach"), scaled, real_number_constant(w, 1));
    Edge within = onnx_binary(g, "Greater", name(h, "within"), reach, sums);
    Edge support = either(h, "support", within, sorted, w->zero);
    Edge over = onnx_binary(g, "Sub", name(h, "over"), real_row_sum(w, support),
                            real_number_constant(w, 1));
    Edge size = real_row_sum(w, real_truth_number(w, within));
    Edge threshold = onnx_binary(g, "Div", name(h, "threshold"), over, size);
    Edge above = onnx_binary(g, "Sub", name(h, "above"), score, threshold);
    h->weights = allowed(h, "weights", onnx_unary(g, "Relu", name(h, "relu"), above));
}

static void write_weights(HeadWriter *h) {
    RealWriter *w = h->w;
    h->found = real_holds(w, real_row_greatest(w, real_truth_number(w, h->mask)));
    h->masked = either(h, "masked_score", h->mask, h->score, w->lowest);
    switch (h->head->normaliser) {
    case NORMALISER_HARDMAX: weigh_hardmax(h); return;
    case NORMALISER_HARDMAX_FIRST: h->weights = highest(h); return;
    case NORMALISER_SOFTMAX: weigh_softmax(h); return;
    case NORMALISER_LINEAR:
    case NORMALISER_LINEAR_RAW: weigh_linear(h); return;
    case NORMALISER_SPARSEMAX: weigh_sparsemax(h); return;
    default: BUG("a head without a normaliser");
    }
}

/* --- values ----------------------------------------------------------------------------------- */

/* The first key with a weight, whatever it holds. */
static Edge gather_first(const HeadWriter *h, Edge values) {
    OnnxGraph *g = &h->w->graph;
    Edge first = onnx_along(g, "ArgMax", name(h, "first"), "axis", REAL_AXIS_COMPONENT, h->weights,
                            NULL); /* (B, S, 1) */
    return onnx_along(g, "GatherND", name(h, "gathered"), "batch_dims", 1, values, first);
}

/* (B, S, of all moves). What is not there is 0, as a weight of 0 on what is infinite would tell. */
static Edge gather(const HeadWriter *h, Edge values) {
    OnnxGraph *g = &h->w->graph;
    if (h->head->normaliser == NORMALISER_HARDMAX_FIRST) return gather_first(h, values);
    Edge there = either(h, "value_there", h->w->present, values, h->w->zero);
    Edge sum = onnx_binary(g, "MatMul", name(h, "gathered"), h->weights, there);
    return h->divisor ? onnx_binary(g, "Div", name(h, "mean"), sum, h->divisor) : sum;
}

/* What BOS has for all moves. */
static Edge fallback(const HeadWriter *h, uint32_t rows) {
    RealWriter *w = h->w;
    double *all = ARENA_ARRAY(w->graph.arena, double, rows);
    uint32_t row = 0;
    for (uint32_t m = 0; m < h->head->move_count; m++) {
        const Affine *value = &h->head->moves[m].value;
        const double *part = real_affine_at_bos(w, value);
        for (uint32_t r = 0; r < value->rows; r++)
            all[row++] = part[r];
    }
    return real_numbers_constant(w, all, rows, 0);
}

/* Each move's columns. */
static void part(const HeadWriter *h, Edge all, Edge *updates) {
    OnnxGraph *g = &h->w->graph;
    int64_t from = 0;
    for (uint32_t m = 0; m < h->head->move_count; m++) {
        int64_t to = from + h->head->moves[m].value.rows;
        Edge first = onnx_ints(g, onnx_name(g, "from.%u", m), from);
        Edge end = onnx_ints(g, onnx_name(g, "to.%u", m), to);
        updates[m] = onnx_node(g, "Slice", onnx_name(g, "update.%u", m), NULL,
                               (const Edge[]){all, first, end, h->w->component, NULL});
        from = to;
    }
}

void real_onnx_head(RealWriter *w, const RealHead *head, Edge *updates) {
    if (head->move_count == 0) return;
    Edge *values = ARENA_ARRAY(w->graph.arena, Edge, head->move_count);
    uint32_t rows = 0;
    for (uint32_t m = 0; m < head->move_count; m++) {
        values[m] = real_affine(w, &head->moves[m].value);
        rows += head->moves[m].value.rows;
    }
    HeadWriter h = {.w = w, .head = head, .mask = write_gates(w, head)};
    h.score = h.masked = write_scores(w, head);
    write_weights(&h);
    Edge all = gather(&h, beside(w, values, head->move_count, "value"));
    if (h.found) all = either(&h, "or_bos", h.found, all, fallback(&h, rows));
    if (head->move_count == 1)
        updates[0] = all;
    else
        part(&h, all, updates);
}
