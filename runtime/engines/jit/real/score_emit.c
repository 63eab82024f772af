#include "runtime/engines/jit/real/score_emit.h"

#include "runtime/base/bug.h"

#include <math.h>

enum { CELLS = TILE_KEYS_MOST * TILE_VECTORS_MOST };

/* The cells of a node, [key * vectors + v]. */
typedef struct Cells {
    LLVMValueRef at[CELLS];
} Cells;

typedef struct Scoring {
    Tile *tile;
    const RealPlan *plan;
    const ScoreForm *form;
    const ScoreLeaf *biased; /* whose sums begin with the bias, or NULL */
    LLVMValueRef block;
    Cells **cells; /* (root + 1) of the score's nodes */
} Scoring;

/* --- leaves ----------------------------------------------------------------------------------- */

/* What one component adds to a cell that holds `sum`; the pattern is a softmax. */
static LLVMValueRef add_component(Kernel *kernel, GraphOp op, LLVMValueRef sum, LLVMValueRef key,
                                  LLVMValueRef query) {
    LLVMBuilderRef builder = kernel->emit.builder;
    if (op != OP_DISTANCE && !kernel->single) return kernel_fma_exact(kernel, key, query, sum);
    if (op == OP_DISTANCE) key = query = LLVMBuildFSub(builder, key, query, "");
    if (kernel->single) return kernel_fma(kernel, key, query, sum);
    return LLVMBuildFAdd(builder, sum, LLVMBuildFMul(builder, key, query, ""), "");
}

/* Component `component` (of the leaf) of the block's key k, in all lanes. */
static LLVMValueRef key_component(const Scoring *scoring, const ScoreLeaf *leaf,
                                  LLVMValueRef component, uint32_t k) {
    Kernel *kernel = scoring->tile->kernel;
    Emit *emit = &kernel->emit;
    LLVMValueRef row = kernel_mul(kernel, scoring->block, emit_int(emit, scoring->form->key_width));
    row = kernel_add(kernel, row, kernel_add(kernel, component, emit_int(emit, leaf->key_at)));
    LLVMValueRef place = kernel_mul(kernel, row, emit_int(emit, scoring->tile->keys));
    LLVMValueRef key = emit_load(emit, kernel->real, scoring->tile->panel,
                                 kernel_add(kernel, place, emit_int(emit, k)));
    return kernel_splat(kernel, key, kernel->lanes);
}

static LLVMValueRef query_component(const Scoring *scoring, const ScoreLeaf *leaf,
                                    LLVMValueRef component, uint32_t v) {
    Kernel *kernel = scoring->tile->kernel;
    if (leaf->constant) return kernel_vector(kernel, leaf->number);
    component = kernel_add(kernel, component, emit_int(&kernel->emit, leaf->query_at));
    return tile_query(scoring->tile, component, v);
}

/* The bias of the block's key k, in all lanes. */
static LLVMValueRef key_bias(const Scoring *scoring, uint32_t k) {
    Kernel *kernel = scoring->tile->kernel;
    Emit *emit = &kernel->emit;
    LLVMValueRef place = kernel_mul(kernel, scoring->block, emit_int(emit, scoring->tile->keys));
    place = kernel_add(kernel, place, emit_int(emit, k));
    LLVMValueRef bias = emit_load(emit, kernel->real, scoring->tile->bias, place);
    return kernel_splat(kernel, bias, kernel->lanes);
}

/* Products and distances: from 0 (or the bias, which is 0 where there is a key), component after
   component. */
static void emit_sum(const Scoring *scoring, const ScoreLeaf *leaf, GraphOp op, LLVMValueRef *out) {
    const Tile *tile = scoring->tile;
    Kernel *kernel = tile->kernel;
    Emit *emit = &kernel->emit;
    uint32_t count = tile->keys * tile->vectors;
    for (uint32_t s = 0; s < count; s++)
        out[s] = scoring->biased == leaf ? key_bias(scoring, s / tile->vectors)
                                         : kernel_vector(kernel, 0);
    Loop loop = loop_begin(emit, emit_int(emit, 0), emit_int(emit, leaf->width), count, out);
    LLVMValueRef queries[TILE_VECTORS_MOST], next[CELLS];
    for (uint32_t v = 0; v < tile->vectors; v++)
        queries[v] = query_component(scoring, leaf, loop.index, v);
    for (uint32_t k = 0; k < tile->keys; k++) {
        LLVMValueRef key = key_component(scoring, leaf, loop.index, k);
        for (uint32_t v = 0; v < tile->vectors; v++) {
            uint32_t s = k * tile->vectors + v;
            next[s] = add_component(kernel, op, loop.carry[s], key, queries[v]);
        }
    }
    loop_end(emit, &loop, next);
    for (uint32_t s = 0; s < count; s++)
        out[s] = loop.result[s];
}

/* key + query, key - query: of numbers. */
static void emit_difference(const Scoring *scoring, const ScoreLeaf *leaf, GraphOp op,
                            LLVMValueRef *out) {
    const Tile *tile = scoring->tile;
    LLVMBuilderRef builder = tile->kernel->emit.builder;
    LLVMValueRef first = emit_int(&tile->kernel->emit, 0);
    for (uint32_t k = 0; k < tile->keys; k++) {
        LLVMValueRef key = key_component(scoring, leaf, first, k);
        for (uint32_t v = 0; v < tile->vectors; v++) {
            LLVMValueRef query = query_component(scoring, leaf, first, v);
            out[k * tile->vectors + v] = op == OP_SCORE_ADD
                                             ? LLVMBuildFAdd(builder, key, query, "")
                                             : LLVMBuildFSub(builder, key, query, "");
        }
    }
}

/* --- all -------------------------------------------------------------------------------------- */

static void emit_combination(const Scoring *scoring, const Node *node, LLVMValueRef *out) {
    Kernel *kernel = scoring->tile->kernel;
    LLVMBuilderRef builder = kernel->emit.builder;
    const LLVMValueRef *a = scoring->cells[node->args[0]]->at;
    const LLVMValueRef *b = op_info(node->op)->arity == 2 ? scoring->cells[node->args[1]]->at : a;
    double number = 0;
    bool scales = node->op == OP_SCORES_TIMES || node->op == OP_SCORES_OVER;
    if (scales && !atom_as_double(node->atom, &number)) BUG("a factor that is no number");
    for (uint32_t s = 0; s < scoring->tile->keys * scoring->tile->vectors; s++) {
        switch (node->op) {
        case OP_SCORES_ADD: out[s] = LLVMBuildFAdd(builder, a[s], b[s], ""); break;
        case OP_SCORES_SUB: out[s] = LLVMBuildFSub(builder, a[s], b[s], ""); break;
        case OP_SCORES_NEG: out[s] = LLVMBuildFNeg(builder, a[s], ""); break;
        case OP_SCORES_TIMES:
            out[s] = LLVMBuildFMul(builder, a[s], kernel_vector(kernel, number), "");
            break;
        case OP_SCORES_OVER:
            out[s] = LLVMBuildFDiv(builder, a[s], kernel_vector(kernel, number), "");
            break;
        default: BUG("%s combines no scores", op_info(node->op)->name);
        }
    }
}

static const ScoreLeaf *find_leaf(const ScoreForm *form, NodeId node) {
    for (uint32_t l = 0; l < form->leaf_count; l++)
        if (form->leaves[l].node == node) return &form->leaves[l];
    return NULL;
}

static void emit_node(Scoring *scoring, NodeId id) {
    const Node *node = graph_node(scoring->plan->graph, id);
    const ScoreLeaf *leaf = find_leaf(scoring->form, id);
    LLVMValueRef *out = scoring->cells[id]->at;
    if (leaf == NULL)
        emit_combination(scoring, node, out);
    else if (node->op == OP_SCORE_ADD || node->op == OP_SCORE_SUB)
        emit_difference(scoring, leaf, node->op, out);
    else
        emit_sum(scoring, leaf, node->op, out);
}

/* The leaf whose sums may begin with the bias: what is minus infinity there is so in the whole.
   NULL: none, the bias is added last. */
static const ScoreLeaf *find_biased(const RealPlan *plan, const ScoreForm *form, NodeId root) {
    const Node *node = graph_node(plan->graph, root);
    double factor = 1;
    while (node->op == OP_SCORES_TIMES || node->op == OP_SCORES_OVER) {
        if (!atom_as_double(node->atom, &factor) || !(factor > 0)) return NULL;
        root = node->args[0];
        node = graph_node(plan->graph, root);
    }
    return node->op == OP_SCORE_MUL || node->op == OP_DISTANCE ? find_leaf(form, root) : NULL;
}

void score_emit(Tile *tile, const RealPlan *plan, const RealHead *head, LLVMValueRef block,
                LLVMValueRef *scores) {
    NodeId root = head->score;
    Scoring scoring = {.tile = tile,
                       .plan = plan,
                       .form = &head->form,
                       .biased = find_biased(plan, &head->form, root),
                       .block = block,
                       .cells = ARENA_ARRAY(plan->arena, Cells *, root + 1)};
    scoring.cells[root] = ARENA_NEW(plan->arena, Cells);
    for (NodeId id = root + 1; id-- > 0;) {
        const Node *node = graph_node(plan->graph, id);
        if (!scoring.cells[id] || find_leaf(&head->form, id)) continue;
        for (int i = 0; i < op_info(node->op)->arity; i++)
            if (!scoring.cells[node->args[i]])
                scoring.cells[node->args[i]] = ARENA_NEW(plan->arena, Cells);
    }
    for (NodeId id = 0; id <= root; id++)
        if (scoring.cells[id]) emit_node(&scoring, id);
    for (uint32_t s = 0; s < tile->keys * tile->vectors; s++) {
        scores[s] = scoring.cells[root]->at[s];
        if (scoring.biased) continue;
        LLVMValueRef bias = key_bias(&scoring, s / tile->vectors);
        scores[s] = LLVMBuildFAdd(tile->kernel->emit.builder, scores[s], bias, "");
    }
}
