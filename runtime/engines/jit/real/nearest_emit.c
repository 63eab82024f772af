#include "runtime/engines/jit/real/nearest_emit.h"

#include <math.h>

/* The function's parts. */
typedef struct Nearest {
    Kernel *kernel;
    Tile tile;
    LLVMTypeRef lane_int; /* an integer as wide as a real */
    LLVMTypeRef numbers;  /* of `lanes` of them */
    LLVMValueRef fixed, per_norm, per_square, winners;
} Nearest;

/* What is known of the queries of one vector. */
typedef struct Contest {
    LLVMValueRef best, second, number;
} Contest;

/* How much the best has to be ahead: by query. */
static void find_margins(Nearest *nearest, LLVMValueRef *margins) {
    Kernel *kernel = nearest->kernel;
    Emit *emit = &kernel->emit;
    LLVMValueRef sums[TILE_VECTORS_MOST];
    for (uint32_t v = 0; v < nearest->tile.vectors; v++)
        sums[v] = kernel_vector(kernel, 0);
    Loop loop = loop_begin(emit, emit_int(emit, 0), emit_int(emit, nearest->tile.shape->width),
                           nearest->tile.vectors, sums);
    for (uint32_t v = 0; v < nearest->tile.vectors; v++) {
        LLVMValueRef query = tile_query(&nearest->tile, loop.index, v);
        sums[v] = kernel_fma(kernel, query, query, loop.carry[v]);
    }
    loop_end(emit, &loop, sums);
    LLVMValueRef fixed = kernel_splat(kernel, nearest->fixed, kernel->lanes);
    LLVMValueRef per_norm = kernel_splat(kernel, nearest->per_norm, kernel->lanes);
    LLVMValueRef per_square = kernel_splat(kernel, nearest->per_square, kernel->lanes);
    for (uint32_t v = 0; v < nearest->tile.vectors; v++) {
        LLVMValueRef norm = kernel_intrinsic(kernel, "llvm.sqrt", 1, &loop.result[v]);
        margins[v] = kernel_fma(kernel, per_norm, norm, fixed);
        margins[v] = kernel_fma(kernel, per_square, loop.result[v], margins[v]);
    }
}

/* A score that is not a number leaves best and second equal: it counts as the second. */
static void enter(Nearest *nearest, Contest *contest, LLVMValueRef score, LLVMValueRef number) {
    Kernel *kernel = nearest->kernel;
    LLVMBuilderRef builder = kernel->emit.builder;
    LLVMValueRef ahead = LLVMBuildFCmp(builder, LLVMRealOGT, score, contest->best, "");
    LLVMValueRef lesser = kernel_least(kernel, score, contest->best);
    contest->second = kernel_greatest(kernel, lesser, contest->second);
    contest->best = kernel_greatest(kernel, score, contest->best);
    contest->number = emit_choose(&kernel->emit, ahead, number, contest->number);
}

static void find_best(Nearest *nearest, LLVMValueRef next, Contest *contests) {
    Kernel *kernel = nearest->kernel;
    Emit *emit = &kernel->emit;
    uint32_t vectors = nearest->tile.vectors;
    LLVMValueRef carried[3 * TILE_VECTORS_MOST];
    for (uint32_t v = 0; v < vectors; v++) {
        carried[3 * v] = carried[3 * v + 1] = kernel_vector(kernel, -INFINITY);
        carried[3 * v + 2] = LLVMConstNull(nearest->numbers);
    }
    Loop loop = loop_begin(emit, emit_int(emit, 0), nearest->tile.blocks, 3 * vectors, carried);
    for (uint32_t v = 0; v < vectors; v++)
        contests[v] = (Contest){loop.carry[3 * v], loop.carry[3 * v + 1], loop.carry[3 * v + 2]};
    LLVMValueRef scores[TILE_KEYS_MOST * TILE_VECTORS_MOST];
    tile_ask_ahead(&nearest->tile, loop.index, next);
    tile_scores(&nearest->tile, loop.index, scores);
    LLVMValueRef first = kernel_mul(kernel, loop.index, emit_int(emit, nearest->tile.keys));
    first = LLVMBuildTrunc(emit->builder, first, nearest->lane_int, "");
    first = kernel_splat(kernel, first, kernel->lanes);
    for (uint32_t k = 0; k < nearest->tile.keys; k++) {
        LLVMValueRef offset =
            kernel_splat(kernel, LLVMConstInt(nearest->lane_int, k, false), kernel->lanes);
        LLVMValueRef number = LLVMBuildAdd(emit->builder, first, offset, "");
        for (uint32_t v = 0; v < vectors; v++)
            enter(nearest, &contests[v], scores[k * vectors + v], number);
    }
    for (uint32_t v = 0; v < vectors; v++) {
        carried[3 * v] = contests[v].best;
        carried[3 * v + 1] = contests[v].second;
        carried[3 * v + 2] = contests[v].number;
    }
    loop_end(emit, &loop, carried);
    for (uint32_t v = 0; v < vectors; v++)
        contests[v] = (Contest){loop.result[3 * v], loop.result[3 * v + 1], loop.result[3 * v + 2]};
}

static void store_winners(Nearest *nearest, LLVMValueRef first, const Contest *contests,
                          const LLVMValueRef *margins) {
    Kernel *kernel = nearest->kernel;
    Emit *emit = &kernel->emit;
    LLVMTypeRef narrow = LLVMVectorType(emit->i32, kernel->lanes);
    for (uint32_t v = 0; v < nearest->tile.vectors; v++) {
        const Contest *contest = &contests[v];
        LLVMValueRef ahead = LLVMBuildFSub(emit->builder, contest->best, contest->second, "");
        LLVMValueRef certain = LLVMBuildFCmp(emit->builder, LLVMRealOGT, ahead, margins[v], "");
        LLVMValueRef number = contest->number;
        if (nearest->numbers != narrow) number = LLVMBuildTrunc(emit->builder, number, narrow, "");
        LLVMValueRef winner =
            emit_choose(emit, certain, number, LLVMBuildNot(emit->builder, number, ""));
        LLVMValueRef place = kernel_add(kernel, first, emit_int(emit, v * kernel->lanes));
        kernel_store(kernel, emit->i32, nearest->winners, place, winner);
    }
}

void nearest_emit(Kernel *kernel, const char *name, const TileShape *shape) {
    Emit *emit = &kernel->emit;
    kernel_function(kernel, name, "pppidddppip");
    const LLVMValueRef *p = kernel->parameters;
    LLVMTypeRef lane_int = kernel->single ? emit->i32 : emit->i64;
    Nearest nearest = {.kernel = kernel,
                       .tile = tile_begin(kernel, shape),
                       .lane_int = lane_int,
                       .numbers = LLVMVectorType(lane_int, kernel->lanes),
                       .fixed = kernel_narrow(kernel, p[4]),
                       .per_norm = kernel_narrow(kernel, p[5]),
                       .per_square = kernel_narrow(kernel, p[6]),
                       .winners = p[10]};
    Tile *tile = &nearest.tile;
    tile->queries = p[0];
    tile->panel = p[1];
    tile->bias = p[2];
    tile->blocks = p[3];
    tile->scratch = p[7];
    tile->positions = p[8];
    tile->last = LLVMBuildNSWSub(emit->builder, p[9], emit_int(emit, 1), "");
    LLVMValueRef rows = emit_int(emit, tile->rows);
    LLVMValueRef all = kernel_add(kernel, p[9], emit_int(emit, tile->rows - 1));
    LLVMValueRef tiles = LLVMBuildUDiv(emit->builder, all, rows, "");
    Loop loop = loop_begin(emit, emit_int(emit, 0), tiles, 0, NULL);
    LLVMValueRef first = kernel_mul(kernel, loop.index, rows);
    LLVMValueRef margins[TILE_VECTORS_MOST];
    Contest contests[TILE_VECTORS_MOST];
    tile_find_rows(tile, first);
    tile_turn_queries(tile);
    find_margins(&nearest, margins);
    /* The rows are most often one after the other. */
    LLVMValueRef next = kernel_add(kernel, tile->row[tile->rows - 1], emit_int(emit, 1));
    find_best(&nearest, next, contests);
    store_winners(&nearest, first, contests, margins);
    loop_end(emit, &loop, NULL);
    kernel_return(kernel);
}
