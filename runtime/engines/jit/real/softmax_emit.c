#include "runtime/engines/jit/real/softmax_emit.h"

#include "runtime/engines/jit/real/exp_emit.h"
#include "runtime/engines/jit/real/score_emit.h"

#include <math.h>

typedef struct Softmax {
    Kernel *kernel;
    const RealPlan *plan;
    const RealHead *head;
    Tile tile;
    uint32_t width; /* of the values; 1 for scalars */
    bool scalars;
    LLVMValueRef values, out;
} Softmax;

/* Of a vector of queries, so far: the highest score, the sum of weights. */
typedef struct SoftRow {
    LLVMValueRef highest, sum;
} SoftRow;

/* Where the weighted sum of a component stands. */
static LLVMValueRef sum_place(Softmax *softmax, LLVMValueRef component, uint32_t vector) {
    Kernel *kernel = softmax->kernel;
    Emit *emit = &kernel->emit;
    LLVMValueRef row = kernel_add(kernel, component, emit_int(emit, softmax->tile.shape->width));
    return kernel_add(kernel, kernel_mul(kernel, row, emit_int(emit, softmax->tile.rows)),
                      emit_int(emit, (int64_t)vector * kernel->lanes));
}

static void clear_sums(Softmax *softmax) {
    Kernel *kernel = softmax->kernel;
    Emit *emit = &kernel->emit;
    Loop loop = loop_begin(emit, emit_int(emit, 0), emit_int(emit, softmax->width), 0, NULL);
    for (uint32_t v = 0; v < softmax->tile.vectors; v++)
        kernel_store(kernel, kernel->real, softmax->tile.scratch, sum_place(softmax, loop.index, v),
                     kernel_vector(kernel, 0));
    loop_end(emit, &loop, NULL);
}

/* All sums times their lane's factor, if some lane has a new highest score. */
static void scale_sums(Softmax *softmax, LLVMValueRef changed, const LLVMValueRef *factors) {
    Kernel *kernel = softmax->kernel;
    Emit *emit = &kernel->emit;
    Branch branch = branch_begin(emit, changed);
    Loop loop = loop_begin(emit, emit_int(emit, 0), emit_int(emit, softmax->width), 0, NULL);
    for (uint32_t v = 0; v < softmax->tile.vectors; v++) {
        LLVMValueRef place = sum_place(softmax, loop.index, v);
        LLVMValueRef sum =
            kernel_load(kernel, kernel->vector, kernel->real, softmax->tile.scratch, place);
        kernel_store(kernel, kernel->real, softmax->tile.scratch, place,
                     LLVMBuildFMul(emit->builder, sum, factors[v], ""));
    }
    loop_end(emit, &loop, NULL);
    branch_end(emit, branch);
}

/* sums += weights * values of the block's keys. */
static void add_values(Softmax *softmax, LLVMValueRef block, const LLVMValueRef *weights) {
    Kernel *kernel = softmax->kernel;
    Emit *emit = &kernel->emit;
    const Tile *tile = &softmax->tile;
    LLVMValueRef start =
        kernel_mul(kernel, block, emit_int(emit, (int64_t)tile->keys * softmax->width));
    Loop loop = loop_begin(emit, emit_int(emit, 0), emit_int(emit, softmax->width), 0, NULL);
    LLVMValueRef sums[TILE_VECTORS_MOST], places[TILE_VECTORS_MOST];
    for (uint32_t v = 0; v < tile->vectors; v++) {
        places[v] = sum_place(softmax, loop.index, v);
        sums[v] = kernel_load(kernel, kernel->vector, kernel->real, tile->scratch, places[v]);
    }
    LLVMValueRef row =
        kernel_add(kernel, start, kernel_mul(kernel, loop.index, emit_int(emit, tile->keys)));
    for (uint32_t k = 0; k < tile->keys; k++) {
        LLVMValueRef value = emit_load(emit, kernel->real, softmax->values,
                                       kernel_add(kernel, row, emit_int(emit, k)));
        value = kernel_splat(kernel, value, kernel->lanes);
        for (uint32_t v = 0; v < tile->vectors; v++)
            sums[v] = kernel_fma(kernel, weights[k * tile->vectors + v], value, sums[v]);
    }
    for (uint32_t v = 0; v < tile->vectors; v++)
        kernel_store(kernel, kernel->real, tile->scratch, places[v], sums[v]);
    loop_end(emit, &loop, NULL);
}

/* One block of keys: its scores become weights, and are added. */
static void add_block(Softmax *softmax, LLVMValueRef block, SoftRow *rows) {
    Kernel *kernel = softmax->kernel;
    Emit *emit = &kernel->emit;
    Tile *tile = &softmax->tile;
    LLVMValueRef scores[TILE_KEYS_MOST * TILE_VECTORS_MOST], factors[TILE_VECTORS_MOST];
    LLVMValueRef changed = NULL;
    score_emit(tile, softmax->plan, softmax->head, block, scores);
    for (uint32_t v = 0; v < tile->vectors; v++) {
        LLVMValueRef highest = rows[v].highest;
        for (uint32_t k = 0; k < tile->keys; k++)
            highest = kernel_greatest(kernel, scores[k * tile->vectors + v], highest);
        LLVMValueRef higher =
            LLVMBuildFCmp(emit->builder, LLVMRealOGT, highest, rows[v].highest, "");
        higher = kernel_intrinsic(kernel, "llvm.vector.reduce.or", 1, &higher);
        changed = changed ? LLVMBuildOr(emit->builder, changed, higher, "") : higher;
        factors[v] = exp_emit(kernel, LLVMBuildFSub(emit->builder, rows[v].highest, highest, ""));
        rows[v].highest = highest;
        rows[v].sum = LLVMBuildFMul(emit->builder, rows[v].sum, factors[v], "");
    }
    scale_sums(softmax, changed, factors);
    for (uint32_t k = 0; k < tile->keys; k++)
        for (uint32_t v = 0; v < tile->vectors; v++) {
            LLVMValueRef *score = &scores[k * tile->vectors + v];
            *score = exp_emit(kernel, LLVMBuildFSub(emit->builder, *score, rows[v].highest, ""));
            rows[v].sum = LLVMBuildFAdd(emit->builder, rows[v].sum, *score, "");
        }
    add_values(softmax, block, scores);
}

/* --- results -----------------------------------------------------------------------------------
 */

static LLVMValueRef mean(Softmax *softmax, LLVMValueRef component, uint32_t vector,
                         const SoftRow *rows) {
    Kernel *kernel = softmax->kernel;
    LLVMValueRef sum = kernel_load(kernel, kernel->vector, kernel->real, softmax->tile.scratch,
                                   sum_place(softmax, component, vector));
    return LLVMBuildFDiv(kernel->emit.builder, sum, rows[vector].sum, "");
}

/* Squares of components by queries, turned back into rows. Rows beyond the last write its own. */
static void give_squares(Softmax *softmax, const SoftRow *rows) {
    Kernel *kernel = softmax->kernel;
    Emit *emit = &kernel->emit;
    uint32_t lanes = kernel->lanes;
    Loop loop =
        loop_begin(emit, emit_int(emit, 0), emit_int(emit, softmax->width / lanes), 0, NULL);
    LLVMValueRef first = kernel_mul(kernel, loop.index, emit_int(emit, lanes));
    for (uint32_t v = 0; v < softmax->tile.vectors; v++) {
        LLVMValueRef square[TILE_ROWS_MOST];
        for (uint32_t c = 0; c < lanes; c++)
            square[c] = mean(softmax, kernel_add(kernel, first, emit_int(emit, c)), v, rows);
        kernel_transpose(kernel, square);
        for (uint32_t r = 0; r < lanes; r++) {
            LLVMValueRef row = kernel_mul(kernel, softmax->tile.place[v * lanes + r],
                                          emit_int(emit, softmax->width));
            kernel_store(kernel, kernel->real, softmax->out, kernel_add(kernel, row, first),
                         square[r]);
        }
    }
    loop_end(emit, &loop, NULL);
}

static void give_single(Softmax *softmax, uint32_t from, const SoftRow *rows) {
    Kernel *kernel = softmax->kernel;
    Emit *emit = &kernel->emit;
    uint32_t lanes = kernel->lanes;
    Loop loop = loop_begin(emit, emit_int(emit, from), emit_int(emit, softmax->width), 0, NULL);
    for (uint32_t v = 0; v < softmax->tile.vectors; v++) {
        LLVMValueRef numbers = mean(softmax, loop.index, v, rows);
        for (uint32_t r = 0; r < lanes; r++) {
            LLVMValueRef lane = LLVMConstInt(emit->i32, r, false);
            LLVMValueRef number = LLVMBuildExtractElement(emit->builder, numbers, lane, "");
            LLVMValueRef row = kernel_mul(kernel, softmax->tile.place[v * lanes + r],
                                          emit_int(emit, softmax->width));
            if (softmax->scalars && kernel->single)
                number = LLVMBuildFPExt(emit->builder, number, emit->f64, "");
            kernel_store(kernel, LLVMTypeOf(number), softmax->out,
                         kernel_add(kernel, row, loop.index), number);
        }
    }
    loop_end(emit, &loop, NULL);
}

void softmax_emit(Kernel *kernel, const char *name, const RealPlan *plan, const RealHead *head) {
    Emit *emit = &kernel->emit;
    uint32_t width = graph_node(plan->graph, head->value)->width;
    kernel_function(kernel, name, "ppppipipiip");
    const LLVMValueRef *p = kernel->parameters;
    Softmax softmax = {.kernel = kernel,
                       .plan = plan,
                       .head = head,
                       .tile = tile_begin(kernel, &head->form.shape),
                       .width = width ? width : 1,
                       .scalars = width == 0,
                       .values = p[3],
                       .out = p[7]};
    Tile *tile = &softmax.tile;
    tile->queries = p[0];
    tile->panel = p[1];
    tile->bias = p[2];
    tile->blocks = p[4];
    tile->scratch = p[5];
    tile->last = p[6];
    tile->positions = head->rows ? p[10] : NULL;
    LLVMValueRef rows = emit_int(emit, tile->rows);
    LLVMValueRef all = LLVMBuildNSWSub(emit->builder, p[9], p[8], "");
    all = kernel_add(kernel, all, emit_int(emit, tile->rows - 1));
    Loop loop =
        loop_begin(emit, emit_int(emit, 0), LLVMBuildUDiv(emit->builder, all, rows, ""), 0, NULL);
    tile_find_rows(tile, kernel_add(kernel, p[8], kernel_mul(kernel, loop.index, rows)));
    tile_turn_queries(tile);
    clear_sums(&softmax);
    LLVMValueRef carried[2 * TILE_VECTORS_MOST];
    SoftRow state[TILE_VECTORS_MOST];
    for (uint32_t v = 0; v < tile->vectors; v++) {
        carried[2 * v] = kernel_vector(kernel, -(double)INFINITY);
        carried[2 * v + 1] = kernel_vector(kernel, 0);
    }
    Loop blocks = loop_begin(emit, emit_int(emit, 0), tile->blocks, 2 * tile->vectors, carried);
    for (uint32_t v = 0; v < tile->vectors; v++)
        state[v] = (SoftRow){blocks.carry[2 * v], blocks.carry[2 * v + 1]};
    add_block(&softmax, blocks.index, state);
    for (uint32_t v = 0; v < tile->vectors; v++) {
        carried[2 * v] = state[v].highest;
        carried[2 * v + 1] = state[v].sum;
    }
    loop_end(emit, &blocks, carried);
    for (uint32_t v = 0; v < tile->vectors; v++)
        state[v] = (SoftRow){blocks.result[2 * v], blocks.result[2 * v + 1]};
    uint32_t whole = softmax.scalars ? 0 : softmax.width / kernel->lanes * kernel->lanes;
    if (whole > 0) give_squares(&softmax, state);
    if (whole < softmax.width) give_single(&softmax, whole, state);
    loop_end(emit, &loop, NULL);
    kernel_return(kernel);
}
