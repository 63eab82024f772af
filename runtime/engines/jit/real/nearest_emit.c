#include "runtime/engines/jit/real/nearest_emit.h"

#include <math.h>

enum { VECTORS_MOST = 4, KEYS_MOST = 8, ROWS_MOST = 64 };

uint32_t nearest_rows(VectorUnit unit, bool single) {
    return unit.tile_vectors * unit.bytes / (uint32_t)(single ? sizeof(float) : sizeof(double));
}

/* The function's parts. */
typedef struct Nearest {
    Kernel *kernel;
    const NearestShape *shape;
    uint32_t keys, vectors, rows; /* of a tile */
    LLVMTypeRef lane_int;         /* an integer as wide as a real */
    LLVMTypeRef numbers;          /* of `lanes` of them */
    LLVMValueRef queries, panel, bias, blocks, fixed, per_norm, per_square, scratch, last, winners,
        from, to;
    LLVMValueRef row[ROWS_MOST]; /* (rows) of the tile; beyond the last one the last */
} Nearest;

/* What is known of the queries of one vector. */
typedef struct Contest {
    LLVMValueRef best, second, number;
} Contest;

static LLVMValueRef scratch_at(Nearest *nearest, LLVMValueRef component, uint32_t row) {
    Kernel *kernel = nearest->kernel;
    LLVMValueRef place = kernel_mul(kernel, component, emit_int(&kernel->emit, nearest->rows));
    return kernel_add(kernel, place, emit_int(&kernel->emit, row));
}

/* --- queries into lanes ----------------------------------------------------------------------- */

static void find_rows(Nearest *nearest, LLVMValueRef first) {
    Emit *emit = &nearest->kernel->emit;
    for (uint32_t r = 0; r < nearest->rows; r++) {
        LLVMValueRef row = kernel_add(nearest->kernel, first, emit_int(emit, r));
        LLVMValueRef inside = LLVMBuildICmp(emit->builder, LLVMIntSLT, row, nearest->last, "");
        nearest->row[r] = emit_choose(emit, inside, row, nearest->last);
    }
}

/* Squares of lanes by lanes components, turned in registers. */
static void turn_squares(Nearest *nearest, LLVMValueRef column, uint32_t width, uint32_t before) {
    Kernel *kernel = nearest->kernel;
    Emit *emit = &kernel->emit;
    uint32_t lanes = kernel->lanes;
    Loop loop = loop_begin(emit, emit_int(emit, 0), emit_int(emit, width / lanes), 0, NULL);
    LLVMValueRef component = kernel_mul(kernel, loop.index, emit_int(emit, lanes));
    for (uint32_t v = 0; v < nearest->vectors; v++) {
        LLVMValueRef square[ROWS_MOST];
        for (uint32_t r = 0; r < lanes; r++) {
            LLVMValueRef start =
                kernel_mul(kernel, nearest->row[v * lanes + r], emit_int(emit, width));
            square[r] = kernel_load(kernel, kernel->vector, kernel->real, column,
                                    kernel_add(kernel, start, component));
        }
        kernel_transpose(kernel, square);
        for (uint32_t c = 0; c < lanes; c++) {
            LLVMValueRef place = kernel_add(kernel, component, emit_int(emit, before + c));
            kernel_store(kernel, kernel->real, nearest->scratch,
                         scratch_at(nearest, place, v * lanes), square[c]);
        }
    }
    loop_end(emit, &loop, NULL);
}

/* One number at a time: what is left of a row, and columns of another type. */
static void turn_single(Nearest *nearest, LLVMValueRef column, uint32_t term, uint32_t from,
                        uint32_t before) {
    Kernel *kernel = nearest->kernel;
    Emit *emit = &kernel->emit;
    uint32_t width = nearest->shape->widths[term];
    LLVMTypeRef type = nearest->shape->doubles[term] ? emit->f64 : kernel->real;
    Loop loop = loop_begin(emit, emit_int(emit, from), emit_int(emit, width), 0, NULL);
    LLVMValueRef component = kernel_add(kernel, loop.index, emit_int(emit, before));
    for (uint32_t r = 0; r < nearest->rows; r++) {
        LLVMValueRef start = kernel_mul(kernel, nearest->row[r], emit_int(emit, width));
        LLVMValueRef value =
            kernel_load(kernel, type, type, column, kernel_add(kernel, start, loop.index));
        if (nearest->shape->doubles[term]) value = kernel_narrow(kernel, value);
        kernel_store(kernel, kernel->real, nearest->scratch, scratch_at(nearest, component, r),
                     value);
    }
    loop_end(emit, &loop, NULL);
}

static void turn_queries(Nearest *nearest) {
    Kernel *kernel = nearest->kernel;
    Emit *emit = &kernel->emit;
    uint32_t before = 0;
    for (uint32_t t = 0; t < nearest->shape->count; t++) {
        uint32_t width = nearest->shape->widths[t];
        bool converted = nearest->shape->doubles[t] && kernel->single;
        uint32_t whole = converted ? 0 : width / kernel->lanes * kernel->lanes;
        LLVMValueRef column = emit_load(emit, emit->pointer, nearest->queries, emit_int(emit, t));
        if (whole > 0) turn_squares(nearest, column, width, before);
        if (whole < width) turn_single(nearest, column, t, whole, before);
        before += width;
    }
}

/* --- scores ----------------------------------------------------------------------------------- */

static LLVMValueRef query_vector(Nearest *nearest, LLVMValueRef component, uint32_t vector) {
    Kernel *kernel = nearest->kernel;
    return kernel_load(kernel, kernel->vector, kernel->real, nearest->scratch,
                       scratch_at(nearest, component, vector * kernel->lanes));
}

/* How much the best has to be ahead: by query. */
static void find_margins(Nearest *nearest, LLVMValueRef *margins) {
    Kernel *kernel = nearest->kernel;
    Emit *emit = &kernel->emit;
    LLVMValueRef sums[VECTORS_MOST];
    for (uint32_t v = 0; v < nearest->vectors; v++)
        sums[v] = kernel_vector(kernel, 0);
    Loop loop = loop_begin(emit, emit_int(emit, 0), emit_int(emit, nearest->shape->width),
                           nearest->vectors, sums);
    for (uint32_t v = 0; v < nearest->vectors; v++) {
        LLVMValueRef query = query_vector(nearest, loop.index, v);
        sums[v] = kernel_fma(kernel, query, query, loop.carry[v]);
    }
    loop_end(emit, &loop, sums);
    LLVMValueRef fixed = kernel_splat(kernel, nearest->fixed, kernel->lanes);
    LLVMValueRef per_norm = kernel_splat(kernel, nearest->per_norm, kernel->lanes);
    LLVMValueRef per_square = kernel_splat(kernel, nearest->per_square, kernel->lanes);
    for (uint32_t v = 0; v < nearest->vectors; v++) {
        LLVMValueRef norm = kernel_intrinsic(kernel, "llvm.sqrt", 1, &loop.result[v]);
        margins[v] = kernel_fma(kernel, per_norm, norm, fixed);
        margins[v] = kernel_fma(kernel, per_square, loop.result[v], margins[v]);
    }
}

/* The scores of a block of keys: scores[key * vectors + v]. */
static void score_block(Nearest *nearest, LLVMValueRef block, LLVMValueRef *scores) {
    Kernel *kernel = nearest->kernel;
    Emit *emit = &kernel->emit;
    uint32_t keys = nearest->keys, vectors = nearest->vectors;
    LLVMValueRef first = kernel_mul(kernel, block, emit_int(emit, keys));
    for (uint32_t k = 0; k < keys; k++) {
        LLVMValueRef bias = emit_load(emit, kernel->real, nearest->bias,
                                      kernel_add(kernel, first, emit_int(emit, k)));
        for (uint32_t v = 0; v < vectors; v++)
            scores[k * vectors + v] = kernel_splat(kernel, bias, kernel->lanes);
    }
    LLVMValueRef start = kernel_mul(kernel, first, emit_int(emit, nearest->shape->width));
    Loop loop = loop_begin(emit, emit_int(emit, 0), emit_int(emit, nearest->shape->width),
                           keys * vectors, scores);
    LLVMValueRef queries[VECTORS_MOST];
    for (uint32_t v = 0; v < vectors; v++)
        queries[v] = query_vector(nearest, loop.index, v);
    LLVMValueRef row =
        kernel_add(kernel, start, kernel_mul(kernel, loop.index, emit_int(emit, keys)));
    for (uint32_t k = 0; k < keys; k++) {
        LLVMValueRef key = emit_load(emit, kernel->real, nearest->panel,
                                     kernel_add(kernel, row, emit_int(emit, k)));
        key = kernel_splat(kernel, key, kernel->lanes);
        for (uint32_t v = 0; v < vectors; v++)
            scores[k * vectors + v] =
                kernel_fma(kernel, queries[v], key, loop.carry[k * vectors + v]);
    }
    loop_end(emit, &loop, scores);
    for (uint32_t s = 0; s < keys * vectors; s++)
        scores[s] = loop.result[s];
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

/* Asks for a part of the next tile's queries: memory answers while the scores are computed. */
static void ask_ahead(Nearest *nearest, LLVMValueRef block, LLVMValueRef next) {
    enum { LINE = 64 };
    Kernel *kernel = nearest->kernel;
    Emit *emit = &kernel->emit;
    for (uint32_t t = 0; t < nearest->shape->count; t++) {
        uint32_t size =
            nearest->shape->doubles[t] || !kernel->single ? sizeof(double) : sizeof(float);
        uint32_t row = nearest->shape->widths[t] * size;
        LLVMValueRef column = emit_load(emit, emit->pointer, nearest->queries, emit_int(emit, t));
        LLVMValueRef lines = emit_int(emit, (nearest->rows * row + LINE - 1) / LINE);
        LLVMValueRef share = kernel_add(kernel, lines, nearest->blocks);
        share = LLVMBuildUDiv(emit->builder, share, nearest->blocks, "");
        Loop loop = loop_begin(emit, emit_int(emit, 0), share, 0, NULL);
        LLVMValueRef line = kernel_add(kernel, kernel_mul(kernel, block, share), loop.index);
        LLVMValueRef place = kernel_add(kernel, kernel_mul(kernel, next, emit_int(emit, row)),
                                        kernel_mul(kernel, line, emit_int(emit, LINE)));
        kernel_prefetch(kernel, column, place);
        loop_end(emit, &loop, NULL);
    }
}

static void find_best(Nearest *nearest, LLVMValueRef next, Contest *contests) {
    Kernel *kernel = nearest->kernel;
    Emit *emit = &kernel->emit;
    uint32_t vectors = nearest->vectors;
    LLVMValueRef carried[3 * VECTORS_MOST];
    for (uint32_t v = 0; v < vectors; v++) {
        carried[3 * v] = carried[3 * v + 1] = kernel_vector(kernel, -INFINITY);
        carried[3 * v + 2] = LLVMConstNull(nearest->numbers);
    }
    Loop loop = loop_begin(emit, emit_int(emit, 0), nearest->blocks, 3 * vectors, carried);
    for (uint32_t v = 0; v < vectors; v++)
        contests[v] = (Contest){loop.carry[3 * v], loop.carry[3 * v + 1], loop.carry[3 * v + 2]};
    LLVMValueRef scores[KEYS_MOST * VECTORS_MOST];
    ask_ahead(nearest, loop.index, next);
    score_block(nearest, loop.index, scores);
    LLVMValueRef first = kernel_mul(kernel, loop.index, emit_int(emit, nearest->keys));
    first = LLVMBuildTrunc(emit->builder, first, nearest->lane_int, "");
    first = kernel_splat(kernel, first, kernel->lanes);
    for (uint32_t k = 0; k < nearest->keys; k++) {
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
    for (uint32_t v = 0; v < nearest->vectors; v++) {
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

void nearest_emit(Kernel *kernel, const char *name, const NearestShape *shape) {
    Emit *emit = &kernel->emit;
    kernel_function(kernel, name, "pppidddpipii");
    const LLVMValueRef *p = kernel->parameters;
    LLVMTypeRef lane_int = kernel->single ? emit->i32 : emit->i64;
    Nearest nearest = {.kernel = kernel,
                       .shape = shape,
                       .keys = kernel->unit.tile_keys,
                       .vectors = kernel->unit.tile_vectors,
                       .rows = nearest_rows(kernel->unit, kernel->single),
                       .lane_int = lane_int,
                       .numbers = LLVMVectorType(lane_int, kernel->lanes),
                       .queries = p[0],
                       .panel = p[1],
                       .bias = p[2],
                       .blocks = p[3],
                       .fixed = kernel_narrow(kernel, p[4]),
                       .per_norm = kernel_narrow(kernel, p[5]),
                       .per_square = kernel_narrow(kernel, p[6]),
                       .scratch = p[7],
                       .last = p[8],
                       .winners = p[9],
                       .from = p[10],
                       .to = p[11]};
    LLVMValueRef rows = emit_int(emit, nearest.rows);
    LLVMValueRef all = LLVMBuildNSWSub(emit->builder, nearest.to, nearest.from, "");
    all = kernel_add(kernel, all, emit_int(emit, nearest.rows - 1));
    LLVMValueRef tiles = LLVMBuildUDiv(emit->builder, all, rows, "");
    Loop loop = loop_begin(emit, emit_int(emit, 0), tiles, 0, NULL);
    LLVMValueRef first = kernel_add(kernel, nearest.from, kernel_mul(kernel, loop.index, rows));
    LLVMValueRef margins[VECTORS_MOST];
    Contest contests[VECTORS_MOST];
    find_rows(&nearest, first);
    turn_queries(&nearest);
    find_margins(&nearest, margins);
    find_best(&nearest, kernel_add(kernel, first, rows), contests);
    store_winners(&nearest, first, contests, margins);
    loop_end(emit, &loop, NULL);
    kernel_return(kernel);
}
