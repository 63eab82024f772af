#include "runtime/engines/jit/real/softmax_emit.h"

#include "runtime/engines/jit/real/exp_emit.h"
#include "runtime/engines/jit/real/score_emit.h"
#include "runtime/engines/jit/real/weigh_emit.h"

#include <float.h>

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

/* Where some lane has a new highest score, all sums times their lane's factor. */
static void scale_sums(Softmax *softmax, LLVMValueRef changed, const LLVMValueRef *highest,
                       SoftRow *rows) {
    Kernel *kernel = softmax->kernel;
    Emit *emit = &kernel->emit;
    uint32_t vectors = softmax->tile.vectors;
    LLVMValueRef factors[TILE_VECTORS_MOST], sums[TILE_VECTORS_MOST];
    LLVMBasicBlockRef from[2] = {LLVMGetInsertBlock(emit->builder)};
    Branch branch = branch_begin(emit, changed);
    for (uint32_t v = 0; v < vectors; v++) {
        factors[v] =
            exp_emit(kernel, LLVMBuildFSub(emit->builder, rows[v].highest, highest[v], ""));
        sums[v] = LLVMBuildFMul(emit->builder, rows[v].sum, factors[v], "");
    }
    Loop loop = loop_begin(emit, emit_int(emit, 0), emit_int(emit, softmax->width), 0, NULL);
    for (uint32_t v = 0; v < vectors; v++) {
        LLVMValueRef place = sum_place(softmax, loop.index, v);
        LLVMValueRef sum =
            kernel_load(kernel, kernel->vector, kernel->real, softmax->tile.scratch, place);
        kernel_store(kernel, kernel->real, softmax->tile.scratch, place,
                     LLVMBuildFMul(emit->builder, sum, factors[v], ""));
    }
    loop_end(emit, &loop, NULL);
    from[1] = LLVMGetInsertBlock(emit->builder);
    branch_end(emit, branch);
    for (uint32_t v = 0; v < vectors; v++) {
        LLVMValueRef either[2] = {rows[v].sum, sums[v]};
        rows[v].highest = highest[v];
        rows[v].sum = LLVMBuildPhi(emit->builder, kernel->vector, "");
        LLVMAddIncoming(rows[v].sum, either, from, 2);
    }
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
    LLVMValueRef scores[TILE_KEYS_MOST * TILE_VECTORS_MOST], highest[TILE_VECTORS_MOST];
    LLVMValueRef changed = NULL;
    score_emit(tile, softmax->plan, softmax->head, block, scores);
    for (uint32_t v = 0; v < tile->vectors; v++) {
        highest[v] = rows[v].highest;
        for (uint32_t k = 0; k < tile->keys; k++)
            highest[v] = kernel_greatest(kernel, scores[k * tile->vectors + v], highest[v]);
        LLVMValueRef higher =
            LLVMBuildFCmp(emit->builder, LLVMRealOGT, highest[v], rows[v].highest, "");
        higher = kernel_intrinsic(kernel, "llvm.vector.reduce.or", 1, &higher);
        changed = changed ? LLVMBuildOr(emit->builder, changed, higher, "") : higher;
    }
    scale_sums(softmax, changed, highest, rows);
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

/* --- tiles ------------------------------------------------------------------------------------ */

/* What is known of a tile's rows between two calls stands behind its sums. */
static LLVMValueRef state_place(Softmax *softmax, uint32_t which, uint32_t vector) {
    return sum_place(softmax, emit_int(&softmax->kernel->emit, softmax->width + which), vector);
}

static void store_state(Softmax *softmax, const SoftRow *rows) {
    Kernel *kernel = softmax->kernel;
    for (uint32_t v = 0; v < softmax->tile.vectors; v++) {
        kernel_store(kernel, kernel->real, softmax->tile.scratch, state_place(softmax, 0, v),
                     rows[v].highest);
        kernel_store(kernel, kernel->real, softmax->tile.scratch, state_place(softmax, 1, v),
                     rows[v].sum);
    }
}

static void load_state(Softmax *softmax, SoftRow *rows) {
    Kernel *kernel = softmax->kernel;
    for (uint32_t v = 0; v < softmax->tile.vectors; v++) {
        rows[v].highest = kernel_load(kernel, kernel->vector, kernel->real, softmax->tile.scratch,
                                      state_place(softmax, 0, v));
        rows[v].sum = kernel_load(kernel, kernel->vector, kernel->real, softmax->tile.scratch,
                                  state_place(softmax, 1, v));
    }
}

/* The highest score so far begins at the least number, not at -inf: scores of -inf have no weight
   beside it, and exp(-inf - -inf) would be no number. */
static void begin_tile(Softmax *softmax, LLVMValueRef first_row) {
    double least = softmax->kernel->single ? -(double)FLT_MAX : -DBL_MAX;
    SoftRow rows[TILE_VECTORS_MOST];
    tile_find_rows(&softmax->tile, first_row);
    tile_turn_queries(&softmax->tile);
    clear_sums(softmax);
    for (uint32_t v = 0; v < softmax->tile.vectors; v++)
        rows[v] =
            (SoftRow){kernel_vector(softmax->kernel, least), kernel_vector(softmax->kernel, 0)};
    store_state(softmax, rows);
}

static void add_blocks(Softmax *softmax, LLVMValueRef from, LLVMValueRef to) {
    Emit *emit = &softmax->kernel->emit;
    uint32_t vectors = softmax->tile.vectors;
    LLVMValueRef carried[2 * TILE_VECTORS_MOST];
    SoftRow rows[TILE_VECTORS_MOST];
    load_state(softmax, rows);
    for (uint32_t v = 0; v < vectors; v++) {
        carried[2 * v] = rows[v].highest;
        carried[2 * v + 1] = rows[v].sum;
    }
    Loop blocks = loop_begin(emit, from, to, 2 * vectors, carried);
    for (uint32_t v = 0; v < vectors; v++)
        rows[v] = (SoftRow){blocks.carry[2 * v], blocks.carry[2 * v + 1]};
    add_block(softmax, blocks.index, rows);
    for (uint32_t v = 0; v < vectors; v++) {
        carried[2 * v] = rows[v].highest;
        carried[2 * v + 1] = rows[v].sum;
    }
    loop_end(emit, &blocks, carried);
    for (uint32_t v = 0; v < vectors; v++)
        rows[v] = (SoftRow){blocks.result[2 * v], blocks.result[2 * v + 1]};
    store_state(softmax, rows);
}

static void end_tile(Softmax *softmax, LLVMValueRef first_row) {
    SoftRow rows[TILE_VECTORS_MOST];
    uint32_t lanes = softmax->kernel->lanes;
    uint32_t whole = softmax->scalars ? 0 : softmax->width / lanes * lanes;
    tile_find_rows(&softmax->tile, first_row);
    load_state(softmax, rows);
    if (whole > 0) give_squares(softmax, rows);
    if (whole < softmax->width) give_single(softmax, whole, rows);
}

uint32_t softmax_scratch(const RealPlan *plan, const RealHead *head) {
    enum { STATE = 2 };
    uint32_t width = graph_node(plan->graph, head->value)->width;
    return (head->form.shape.width + (width ? width : 1) + STATE) * weigh_rows(plan, head);
}

void softmax_emit(Kernel *kernel, const char *name, const RealPlan *plan, const RealHead *head) {
    Emit *emit = &kernel->emit;
    uint32_t width = graph_node(plan->graph, head->value)->width;
    kernel_function(kernel, name, "ppppiiipipiip");
    const LLVMValueRef *p = kernel->parameters;
    Softmax softmax = {.kernel = kernel,
                       .plan = plan,
                       .head = head,
                       .tile = tile_begin(kernel, &head->form.shape),
                       .width = width ? width : 1,
                       .scalars = width == 0,
                       .values = p[3],
                       .out = p[9]};
    Tile *tile = &softmax.tile;
    tile->vectors = weigh_vectors(plan, head);
    tile->rows = weigh_rows(plan, head);
    tile->queries = p[0];
    tile->panel = p[1];
    tile->bias = p[2];
    tile->blocks = p[6];
    tile->last = p[8];
    tile->positions = head->rows ? p[12] : NULL;
    LLVMValueRef rows = emit_int(emit, tile->rows), from = p[10];
    LLVMValueRef all = LLVMBuildNSWSub(emit->builder, p[11], from, "");
    all = kernel_add(kernel, all, emit_int(emit, tile->rows - 1));
    LLVMValueRef first = LLVMBuildICmp(emit->builder, LLVMIntEQ, p[4], emit_int(emit, 0), "");
    LLVMValueRef last = LLVMBuildICmp(emit->builder, LLVMIntEQ, p[5], p[6], "");
    Loop loop =
        loop_begin(emit, emit_int(emit, 0), LLVMBuildUDiv(emit->builder, all, rows, ""), 0, NULL);
    LLVMValueRef row = kernel_add(kernel, from, kernel_mul(kernel, loop.index, rows));
    LLVMValueRef place =
        kernel_mul(kernel, loop.index, emit_int(emit, softmax_scratch(plan, head)));
    tile->scratch = LLVMBuildGEP2(emit->builder, kernel->real, p[7], &place, 1, "");
    Branch begins = branch_begin(emit, first);
    begin_tile(&softmax, row);
    branch_end(emit, begins);
    add_blocks(&softmax, p[4], p[5]);
    Branch ends = branch_begin(emit, last);
    end_tile(&softmax, row);
    branch_end(emit, ends);
    loop_end(emit, &loop, NULL);
    kernel_return(kernel);
}
