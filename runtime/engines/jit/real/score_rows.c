#include "runtime/engines/jit/real/score_rows.h"

#include "runtime/base/bug.h"
#include "runtime/engines/score_sums.h"

#include <math.h>

/* A node of the score, in id order. */
typedef struct Part {
    NodeId node;
    uint32_t args[2]; /* numbers of its parts, of a combination */
    double number;    /* of scores_times and scores_over */
    uint32_t width;   /* of a leaf's vectors; 1 for numbers */
    double *keys;     /* (width, count) of a leaf */
} Part;

struct ScoreRows {
    Run *run;
    const RealHead *head;
    int64_t count; /* of keys */
    uint32_t part_count, width_most;
    Part *parts; /* (part_count) */
};

static bool is_leaf(GraphOp op) {
    return op == OP_SCORE_ADD || op == OP_SCORE_SUB || op == OP_SCORE_MUL || op == OP_DISTANCE;
}

static bool pack_keys(ScoreRows *rows, Part *part, const KeyList *keys) {
    NodeId key = real_seen(rows->run->plan, rows->head->key_rows,
                           graph_node(rows->run->graph, part->node)->args[0]);
    uint32_t width = graph_node(rows->run->graph, key)->width;
    part->width = width ? width : 1;
    if (part->width > rows->width_most) rows->width_most = part->width;
    part->keys = run_take(rows->run, (size_t)keys->count * part->width, sizeof(double));
    double *components = run_take(rows->run, part->width, sizeof(double));
    if (!part->keys || !components) return false;
    for (int64_t j = 0; j < keys->count; j++) {
        run_vector(rows->run, key, run_place(rows->run, key, keys->positions[j]), components);
        for (uint32_t c = 0; c < part->width; c++)
            part->keys[(size_t)c * (size_t)keys->count + (size_t)j] = components[c];
    }
    run_give(rows->run, components);
    return true;
}

ScoreRows *score_rows_new(Run *run, const RealHead *head, const KeyList *keys) {
    NodeId score = head->score;
    ScoreRows *rows = run_take(run, 1, sizeof *rows);
    uint32_t *number = run_take(run, score + 1, sizeof *number);
    if (!rows || !number) return NULL;
    *rows = (ScoreRows){.run = run, .head = head, .count = keys->count, .width_most = 1};
    number[score] = 1;
    for (NodeId id = score + 1; id-- > 0;) {
        const Node *node = graph_node(run->graph, id);
        if (!number[id]) continue;
        rows->part_count++;
        for (int i = 0; !is_leaf(node->op) && i < op_info(node->op)->arity; i++)
            number[node->args[i]] = 1;
    }
    rows->parts = run_take(run, rows->part_count, sizeof *rows->parts);
    if (!rows->parts) return NULL;
    uint32_t next = 0;
    for (NodeId id = 0; id <= score; id++) {
        const Node *node = graph_node(run->graph, id);
        if (!number[id]) continue;
        Part *part = &rows->parts[next];
        part->node = id;
        if (is_leaf(node->op)) {
            if (!pack_keys(rows, part, keys)) return NULL;
        } else {
            for (int i = 0; i < op_info(node->op)->arity; i++)
                part->args[i] = number[node->args[i]];
            if (node->op == OP_SCORES_TIMES || node->op == OP_SCORES_OVER)
                if (!atom_as_double(node->atom, &part->number)) BUG("a factor that is no number");
        }
        number[id] = next++;
    }
    run_give(run, number);
    return rows;
}

void score_rows_free(ScoreRows *rows) {
    if (rows == NULL) return;
    Run *run = rows->run;
    for (uint32_t p = 0; p < rows->part_count; p++)
        run_give(run, rows->parts[p].keys);
    run_give(run, rows->parts);
    run_give(run, rows);
}

size_t score_rows_scratch(const ScoreRows *rows) {
    return (size_t)rows->part_count * (size_t)rows->count + rows->width_most;
}

static void leaf_row(GraphOp op, bool fused, const Part *part, int64_t count, const double *query,
                     double *restrict out) {
    const double *restrict keys = part->keys;
    switch (op) {
    case OP_SCORE_MUL: score_products(keys, query, part->width, fused, out, (size_t)count); return;
    case OP_DISTANCE: score_distances(keys, query, part->width, out, (size_t)count); return;
    default:
        for (int64_t j = 0; j < count; j++)
            out[j] = op == OP_SCORE_ADD ? keys[j] + query[0] : keys[j] - query[0];
    }
}

static void combine_row(GraphOp op, double number, int64_t count, const double *a, const double *b,
                        double *restrict out) {
    for (int64_t j = 0; j < count; j++) {
        switch (op) {
        case OP_SCORES_ADD: out[j] = a[j] + b[j]; break;
        case OP_SCORES_SUB: out[j] = a[j] - b[j]; break;
        case OP_SCORES_NEG: out[j] = -a[j]; break;
        case OP_SCORES_TIMES: out[j] = a[j] * number; break;
        case OP_SCORES_OVER: out[j] = a[j] / number; break;
        default: BUG("%s combines no scores", op_info(op)->name);
        }
    }
}

const double *score_row(const ScoreRows *rows, int64_t at, int64_t position, double *scratch) {
    const RealPlan *plan = rows->run->plan;
    size_t count = (size_t)rows->count;
    double *vector = scratch + (size_t)rows->part_count * count;
    for (uint32_t p = 0; p < rows->part_count; p++) {
        const Part *part = &rows->parts[p];
        const Node *node = graph_node(rows->run->graph, part->node);
        if (is_leaf(node->op)) {
            NodeId query = real_seen(plan, rows->head->rows, node->args[1]);
            run_vector(rows->run, query, plan->rows[query] ? at : position, vector);
            leaf_row(node->op, score_is_fused(rows->head->pattern), part, rows->count, vector,
                     scratch + p * count);
        } else {
            combine_row(node->op, part->number, rows->count, scratch + part->args[0] * count,
                        scratch + part->args[1] * count, scratch + p * count);
        }
    }
    return scratch + (rows->part_count - 1) * count;
}
