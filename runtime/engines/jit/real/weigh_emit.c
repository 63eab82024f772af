#include "runtime/engines/jit/real/weigh_emit.h"

#include "runtime/engines/jit/real/exp_emit.h"
#include "runtime/engines/jit/real/score_emit.h"

#include <math.h>

typedef struct Weighing {
    Kernel *kernel;
    const RealPlan *plan;
    const RealHead *head;
    Tile tile;
    LLVMValueRef weights; /* of this tile of queries */
    LLVMValueRef keys;    /* how many, with those that are none */
} Weighing;

/* As many as there are registers for, and as their queries leave room in the first cache for the
   keys of a block. */
uint32_t weigh_vectors(const RealPlan *plan, const RealHead *head) {
    enum { QUERY_BYTES = 20 << 10 };
    VectorUnit unit = plan->unit;
    uint32_t all = unit.weigh_vectors;
    bool fits = (size_t)head->form.shape.width * all * unit.bytes <= QUERY_BYTES;
    return fits || all <= unit.tile_vectors ? all : unit.tile_vectors;
}

uint32_t weigh_rows(const RealPlan *plan, const RealHead *head) {
    uint32_t real = plan->single ? sizeof(float) : sizeof(double);
    return weigh_vectors(plan, head) * plan->unit.bytes / real;
}

static LLVMValueRef weight_place(const Weighing *weighing, LLVMValueRef key, uint32_t vector) {
    Kernel *kernel = weighing->kernel;
    Emit *emit = &kernel->emit;
    LLVMValueRef row = kernel_mul(kernel, key, emit_int(emit, weighing->tile.rows));
    return kernel_add(kernel, row, emit_int(emit, (int64_t)vector * kernel->lanes));
}

static LLVMValueRef load_weight(const Weighing *weighing, LLVMValueRef key, uint32_t vector) {
    Kernel *kernel = weighing->kernel;
    return kernel_load(kernel, kernel->vector, kernel->real, weighing->weights,
                       weight_place(weighing, key, vector));
}

static void store_weight(const Weighing *weighing, LLVMValueRef key, uint32_t vector,
                         LLVMValueRef value) {
    Kernel *kernel = weighing->kernel;
    kernel_store(kernel, kernel->real, weighing->weights, weight_place(weighing, key, vector),
                 value);
}

/* Stores the scores; highest: (vectors) of each query. */
static void find_scores(Weighing *weighing, LLVMValueRef next, LLVMValueRef *highest) {
    Kernel *kernel = weighing->kernel;
    Emit *emit = &kernel->emit;
    Tile *tile = &weighing->tile;
    for (uint32_t v = 0; v < tile->vectors; v++)
        highest[v] = kernel_vector(kernel, -(double)INFINITY);
    Loop loop = loop_begin(emit, emit_int(emit, 0), tile->blocks, tile->vectors, highest);
    LLVMValueRef scores[TILE_KEYS_MOST * TILE_VECTORS_MOST];
    tile_ask_ahead(tile, loop.index, next);
    score_emit(tile, weighing->plan, weighing->head, loop.index, scores);
    LLVMValueRef first = kernel_mul(kernel, loop.index, emit_int(emit, tile->keys));
    for (uint32_t v = 0; v < tile->vectors; v++) {
        highest[v] = loop.carry[v];
        for (uint32_t k = 0; k < tile->keys; k++) {
            LLVMValueRef score = scores[k * tile->vectors + v];
            highest[v] = kernel_greatest(kernel, score, highest[v]);
            store_weight(weighing, kernel_add(kernel, first, emit_int(emit, k)), v, score);
        }
    }
    loop_end(emit, &loop, highest);
    for (uint32_t v = 0; v < tile->vectors; v++)
        highest[v] = loop.result[v];
}

/* Scores become weights; sums: (vectors) theirs, in the order of the keys. */
static void find_weights(Weighing *weighing, const LLVMValueRef *highest, LLVMValueRef *sums) {
    Kernel *kernel = weighing->kernel;
    Emit *emit = &kernel->emit;
    uint32_t vectors = weighing->tile.vectors;
    for (uint32_t v = 0; v < vectors; v++)
        sums[v] = kernel_vector(kernel, 0);
    Loop loop = loop_begin(emit, emit_int(emit, 0), weighing->keys, vectors, sums);
    for (uint32_t v = 0; v < vectors; v++) {
        LLVMValueRef score = load_weight(weighing, loop.index, v);
        LLVMValueRef weight = exp_emit(kernel, LLVMBuildFSub(emit->builder, score, highest[v], ""));
        store_weight(weighing, loop.index, v, weight);
        sums[v] = LLVMBuildFAdd(emit->builder, loop.carry[v], weight, "");
    }
    loop_end(emit, &loop, sums);
    for (uint32_t v = 0; v < vectors; v++)
        sums[v] = loop.result[v];
}

static void divide_weights(Weighing *weighing, const LLVMValueRef *sums) {
    Kernel *kernel = weighing->kernel;
    Emit *emit = &kernel->emit;
    LLVMValueRef factors[TILE_VECTORS_MOST];
    for (uint32_t v = 0; v < weighing->tile.vectors; v++)
        factors[v] = LLVMBuildFDiv(emit->builder, kernel_vector(kernel, 1), sums[v], "");
    Loop loop = loop_begin(emit, emit_int(emit, 0), weighing->keys, 0, NULL);
    for (uint32_t v = 0; v < weighing->tile.vectors; v++) {
        LLVMValueRef weight = load_weight(weighing, loop.index, v);
        store_weight(weighing, loop.index, v, LLVMBuildFMul(emit->builder, weight, factors[v], ""));
    }
    loop_end(emit, &loop, NULL);
}

void weigh_emit(Kernel *kernel, const char *name, const RealPlan *plan, const RealHead *head) {
    Emit *emit = &kernel->emit;
    kernel_function(kernel, name, "pppipipii");
    const LLVMValueRef *p = kernel->parameters;
    Weighing weighing = {.kernel = kernel,
                         .plan = plan,
                         .head = head,
                         .tile = tile_begin(kernel, &head->form.shape)};
    weighing.tile.vectors = weigh_vectors(plan, head);
    weighing.tile.rows = weigh_rows(plan, head);
    Tile *tile = &weighing.tile;
    tile->queries = p[0];
    tile->panel = p[1];
    tile->bias = p[2];
    tile->blocks = p[3];
    tile->scratch = p[4];
    tile->last = p[5];
    weighing.keys = kernel_mul(kernel, tile->blocks, emit_int(emit, tile->keys));
    LLVMValueRef rows = emit_int(emit, tile->rows);
    LLVMValueRef all = LLVMBuildNSWSub(emit->builder, p[8], p[7], "");
    all = kernel_add(kernel, all, emit_int(emit, tile->rows - 1));
    Loop loop =
        loop_begin(emit, emit_int(emit, 0), LLVMBuildUDiv(emit->builder, all, rows, ""), 0, NULL);
    LLVMValueRef first = kernel_add(kernel, p[7], kernel_mul(kernel, loop.index, rows));
    tile_find_rows(tile, first);
    tile_turn_queries(tile);
    LLVMValueRef before = kernel_mul(kernel, kernel_mul(kernel, loop.index, rows), weighing.keys);
    weighing.weights = LLVMBuildInBoundsGEP2(emit->builder, kernel->real, p[6], &before, 1, "");
    LLVMValueRef highest[TILE_VECTORS_MOST], sums[TILE_VECTORS_MOST];
    find_scores(&weighing, kernel_add(kernel, first, rows), highest);
    find_weights(&weighing, highest, sums);
    divide_weights(&weighing, sums);
    loop_end(emit, &loop, NULL);
    kernel_return(kernel);
}
