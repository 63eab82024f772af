#include "runtime/engines/jit/real/tile_emit.h"

uint32_t tile_rows(VectorUnit unit, bool single) {
    return unit.tile_vectors * unit.bytes / (uint32_t)(single ? sizeof(float) : sizeof(double));
}

Tile tile_begin(Kernel *kernel, const TileShape *shape) {
    return (Tile){.kernel = kernel,
                  .shape = shape,
                  .keys = kernel->unit.tile_keys,
                  .vectors = kernel->unit.tile_vectors,
                  .rows = tile_rows(kernel->unit, kernel->single)};
}

static LLVMValueRef scratch_at(Tile *tile, LLVMValueRef component, uint32_t row) {
    Kernel *kernel = tile->kernel;
    LLVMValueRef place = kernel_mul(kernel, component, emit_int(&kernel->emit, tile->rows));
    return kernel_add(kernel, place, emit_int(&kernel->emit, row));
}

/* --- queries into lanes ----------------------------------------------------------------------- */

void tile_find_rows(Tile *tile, LLVMValueRef first) {
    Emit *emit = &tile->kernel->emit;
    for (uint32_t r = 0; r < tile->rows; r++) {
        LLVMValueRef row = kernel_add(tile->kernel, first, emit_int(emit, r));
        LLVMValueRef inside = LLVMBuildICmp(emit->builder, LLVMIntSLT, row, tile->last, "");
        tile->place[r] = tile->row[r] = emit_choose(emit, inside, row, tile->last);
        if (tile->positions)
            tile->row[r] =
                emit_to_int(emit, emit_load(emit, emit->i32, tile->positions, tile->place[r]));
    }
}

/* Squares of lanes by lanes components, turned in registers. */
static void turn_squares(Tile *tile, LLVMValueRef column, uint32_t term, uint32_t before) {
    Kernel *kernel = tile->kernel;
    Emit *emit = &kernel->emit;
    uint32_t lanes = kernel->lanes, width = tile->shape->widths[term];
    const LLVMValueRef *rows = tile->shape->compact[term] ? tile->place : tile->row;
    Loop loop = loop_begin(emit, emit_int(emit, 0), emit_int(emit, width / lanes), 0, NULL);
    LLVMValueRef component = kernel_mul(kernel, loop.index, emit_int(emit, lanes));
    for (uint32_t v = 0; v < tile->vectors; v++) {
        LLVMValueRef square[TILE_ROWS_MOST];
        for (uint32_t r = 0; r < lanes; r++) {
            LLVMValueRef start = kernel_mul(kernel, rows[v * lanes + r], emit_int(emit, width));
            square[r] = kernel_load(kernel, kernel->vector, kernel->real, column,
                                    kernel_add(kernel, start, component));
        }
        kernel_transpose(kernel, square);
        for (uint32_t c = 0; c < lanes; c++) {
            LLVMValueRef place = kernel_add(kernel, component, emit_int(emit, before + c));
            kernel_store(kernel, kernel->real, tile->scratch, scratch_at(tile, place, v * lanes),
                         square[c]);
        }
    }
    loop_end(emit, &loop, NULL);
}

/* One number at a time: what is left of a row, and columns of another type. */
static void turn_single(Tile *tile, LLVMValueRef column, uint32_t term, uint32_t from,
                        uint32_t before) {
    Kernel *kernel = tile->kernel;
    Emit *emit = &kernel->emit;
    uint32_t width = tile->shape->widths[term];
    const LLVMValueRef *rows = tile->shape->compact[term] ? tile->place : tile->row;
    LLVMTypeRef type = tile->shape->doubles[term] ? emit->f64 : kernel->real;
    Loop loop = loop_begin(emit, emit_int(emit, from), emit_int(emit, width), 0, NULL);
    LLVMValueRef component = kernel_add(kernel, loop.index, emit_int(emit, before));
    for (uint32_t r = 0; r < tile->rows; r++) {
        LLVMValueRef start = kernel_mul(kernel, rows[r], emit_int(emit, width));
        LLVMValueRef value =
            kernel_load(kernel, type, type, column, kernel_add(kernel, start, loop.index));
        if (tile->shape->doubles[term]) value = kernel_narrow(kernel, value);
        kernel_store(kernel, kernel->real, tile->scratch, scratch_at(tile, component, r), value);
    }
    loop_end(emit, &loop, NULL);
}

void tile_turn_queries(Tile *tile) {
    Kernel *kernel = tile->kernel;
    Emit *emit = &kernel->emit;
    uint32_t before = 0;
    for (uint32_t t = 0; t < tile->shape->count; t++) {
        uint32_t width = tile->shape->widths[t];
        bool converted = tile->shape->doubles[t] && kernel->single;
        uint32_t whole = converted ? 0 : width / kernel->lanes * kernel->lanes;
        LLVMValueRef column = emit_load(emit, emit->pointer, tile->queries, emit_int(emit, t));
        if (whole > 0) turn_squares(tile, column, t, before);
        if (whole < width) turn_single(tile, column, t, whole, before);
        before += width;
    }
}

/* --- scores ----------------------------------------------------------------------------------- */

LLVMValueRef tile_query(Tile *tile, LLVMValueRef component, uint32_t vector) {
    Kernel *kernel = tile->kernel;
    return kernel_load(kernel, kernel->vector, kernel->real, tile->scratch,
                       scratch_at(tile, component, vector * kernel->lanes));
}

void tile_scores(Tile *tile, LLVMValueRef block, LLVMValueRef *scores) {
    Kernel *kernel = tile->kernel;
    Emit *emit = &kernel->emit;
    uint32_t keys = tile->keys, vectors = tile->vectors;
    LLVMValueRef first = kernel_mul(kernel, block, emit_int(emit, keys));
    for (uint32_t k = 0; k < keys; k++) {
        LLVMValueRef bias =
            emit_load(emit, kernel->real, tile->bias, kernel_add(kernel, first, emit_int(emit, k)));
        for (uint32_t v = 0; v < vectors; v++)
            scores[k * vectors + v] = kernel_splat(kernel, bias, kernel->lanes);
    }
    LLVMValueRef start = kernel_mul(kernel, first, emit_int(emit, tile->shape->width));
    Loop loop = loop_begin(emit, emit_int(emit, 0), emit_int(emit, tile->shape->width),
                           keys * vectors, scores);
    LLVMValueRef queries[TILE_VECTORS_MOST];
    for (uint32_t v = 0; v < vectors; v++)
        queries[v] = tile_query(tile, loop.index, v);
    LLVMValueRef row =
        kernel_add(kernel, start, kernel_mul(kernel, loop.index, emit_int(emit, keys)));
    for (uint32_t k = 0; k < keys; k++) {
        LLVMValueRef key =
            emit_load(emit, kernel->real, tile->panel, kernel_add(kernel, row, emit_int(emit, k)));
        key = kernel_splat(kernel, key, kernel->lanes);
        for (uint32_t v = 0; v < vectors; v++)
            scores[k * vectors + v] =
                kernel_fma(kernel, queries[v], key, loop.carry[k * vectors + v]);
    }
    loop_end(emit, &loop, scores);
    for (uint32_t s = 0; s < keys * vectors; s++)
        scores[s] = loop.result[s];
}

/* Asks for a part of the next tile's queries: memory answers while the scores are computed. */
void tile_ask_ahead(Tile *tile, LLVMValueRef block, LLVMValueRef next) {
    enum { LINE = 64 };
    Kernel *kernel = tile->kernel;
    Emit *emit = &kernel->emit;
    for (uint32_t t = 0; t < tile->shape->count; t++) {
        uint32_t size = tile->shape->doubles[t] || !kernel->single ? sizeof(double) : sizeof(float);
        uint32_t row = tile->shape->widths[t] * size;
        LLVMValueRef column = emit_load(emit, emit->pointer, tile->queries, emit_int(emit, t));
        LLVMValueRef lines = emit_int(emit, (tile->rows * row + LINE - 1) / LINE);
        LLVMValueRef share = kernel_add(kernel, lines, tile->blocks);
        share = LLVMBuildUDiv(emit->builder, share, tile->blocks, "");
        Loop loop = loop_begin(emit, emit_int(emit, 0), share, 0, NULL);
        LLVMValueRef line = kernel_add(kernel, kernel_mul(kernel, block, share), loop.index);
        LLVMValueRef place = kernel_add(kernel, kernel_mul(kernel, next, emit_int(emit, row)),
                                        kernel_mul(kernel, line, emit_int(emit, LINE)));
        kernel_prefetch(kernel, column, place);
        loop_end(emit, &loop, NULL);
    }
}
