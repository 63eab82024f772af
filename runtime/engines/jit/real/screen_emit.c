#include "runtime/engines/jit/real/screen_emit.h"

#include "runtime/engines/jit/real/duel_emit.h"

/* Words of a block's scores that are multiplied without a jump. */
enum { UNROLLED = 16, UNROLLED_PART = 8 };

static LLVMValueRef words_of(Kernel *kernel, LLVMValueRef floats, uint32_t lanes) {
    LLVMTypeRef type = LLVMVectorType(kernel->emit.i32, lanes);
    return LLVMBuildBitCast(kernel->emit.builder, floats, type, "");
}

static LLVMValueRef word_splat(Kernel *kernel, uint32_t word, uint32_t lanes) {
    return kernel_splat(kernel, LLVMConstInt(kernel->emit.i32, word, false), lanes);
}

/* --- packing ---------------------------------------------------------------------------------- */

typedef struct Pack {
    Kernel *kernel;
    Tile tile;
    uint32_t words;
    LLVMTypeRef floats; /* as many as the kernel has lanes */
    LLVMValueRef shift, scale, out, norms;
    LLVMValueRef number, inner; /* the tile of the screen, and where in it this one's rows begin */
} Pack;

/* The sums of squares of what is packed, and of what packing takes away, by vector of rows. */
typedef struct Squares {
    LLVMValueRef kept, lost;
} Squares;

/* A component as the upper half of its float32, the nearest bfloat16, ties to even. */
static LLVMValueRef halved(Kernel *kernel, LLVMValueRef floats) {
    LLVMBuilderRef builder = kernel->emit.builder;
    uint32_t lanes = kernel->lanes;
    LLVMValueRef bits = words_of(kernel, floats, lanes);
    LLVMValueRef odd = LLVMBuildLShr(builder, bits, word_splat(kernel, 16, lanes), "");
    odd = LLVMBuildAnd(builder, odd, word_splat(kernel, 1, lanes), "");
    bits = LLVMBuildAdd(builder, bits, word_splat(kernel, 0x7fff, lanes), "");
    bits = LLVMBuildAdd(builder, bits, odd, "");
    return LLVMBuildAnd(builder, bits, word_splat(kernel, 0xffff0000u, lanes), "");
}

/* The bits that are packed of a vector's component. */
static LLVMValueRef pack_component(Pack *pack, LLVMValueRef component, uint32_t vector,
                                   Squares *squares) {
    Kernel *kernel = pack->kernel;
    Emit *emit = &kernel->emit;
    LLVMValueRef shift = emit_load(emit, emit->f64, pack->shift, component);
    shift = kernel_splat(kernel, kernel_narrow(kernel, shift), kernel->lanes);
    LLVMValueRef value = tile_query(&pack->tile, component, vector);
    value = LLVMBuildFSub(emit->builder, value, shift, "");
    value = LLVMBuildFMul(emit->builder, value, pack->scale, "");
    LLVMValueRef floats =
        kernel->single ? value : LLVMBuildFPTrunc(emit->builder, value, pack->floats, "");
    LLVMValueRef bits =
        kernel->unit.halves ? halved(kernel, floats) : words_of(kernel, floats, kernel->lanes);
    LLVMValueRef kept = LLVMBuildBitCast(emit->builder, bits, pack->floats, "");
    if (!kernel->single) kept = LLVMBuildFPExt(emit->builder, kept, kernel->vector, "");
    LLVMValueRef lost = LLVMBuildFSub(emit->builder, value, kept, "");
    squares->kept = kernel_fma(kernel, kept, kept, squares->kept);
    squares->lost = kernel_fma(kernel, lost, lost, squares->lost);
    return bits;
}

static void pack_word(Pack *pack, LLVMValueRef word, bool pair, Squares *squares) {
    Kernel *kernel = pack->kernel;
    Emit *emit = &kernel->emit;
    LLVMBuilderRef builder = emit->builder;
    LLVMValueRef component = kernel_mul(kernel, word, emit_int(emit, kernel->unit.halves ? 2 : 1));
    LLVMValueRef row =
        kernel_add(kernel, kernel_mul(kernel, pack->number, emit_int(emit, pack->words)), word);
    row = kernel_mul(kernel, row, emit_int(emit, screen_rows(kernel->unit)));
    row = kernel_add(kernel, row, pack->inner);
    for (uint32_t v = 0; v < pack->tile.vectors; v++) {
        LLVMValueRef bits = pack_component(pack, component, v, &squares[v]);
        if (kernel->unit.halves)
            bits = LLVMBuildLShr(builder, bits, word_splat(kernel, 16, kernel->lanes), "");
        if (pair) {
            LLVMValueRef next = kernel_add(kernel, component, emit_int(emit, 1));
            bits = LLVMBuildOr(builder, bits, pack_component(pack, next, v, &squares[v]), "");
        }
        kernel_store(kernel, emit->i32, pack->out,
                     kernel_add(kernel, row, emit_int(emit, v * kernel->lanes)), bits);
    }
}

static void pack_words(Pack *pack, Squares *squares) {
    Kernel *kernel = pack->kernel;
    Emit *emit = &kernel->emit;
    uint32_t vectors = pack->tile.vectors;
    bool halves = kernel->unit.halves;
    uint32_t whole = halves ? pack->tile.shape->width / 2 : pack->words;
    LLVMValueRef carried[2 * TILE_VECTORS_MOST];
    for (uint32_t v = 0; v < 2 * vectors; v++)
        carried[v] = kernel_vector(kernel, 0);
    Loop loop = loop_begin(emit, emit_int(emit, 0), emit_int(emit, whole), 2 * vectors, carried);
    for (uint32_t v = 0; v < vectors; v++)
        squares[v] = (Squares){loop.carry[2 * v], loop.carry[2 * v + 1]};
    pack_word(pack, loop.index, halves, squares);
    for (uint32_t v = 0; v < vectors; v++) {
        carried[2 * v] = squares[v].kept;
        carried[2 * v + 1] = squares[v].lost;
    }
    loop_end(emit, &loop, carried);
    for (uint32_t v = 0; v < vectors; v++)
        squares[v] = (Squares){loop.result[2 * v], loop.result[2 * v + 1]};
    if (whole < pack->words) pack_word(pack, emit_int(emit, whole), false, squares);
}

static void store_norms(Pack *pack, const Squares *squares) {
    Kernel *kernel = pack->kernel;
    Emit *emit = &kernel->emit;
    LLVMBuilderRef builder = emit->builder;
    LLVMValueRef most = kernel_vector(kernel, SCREEN_NORM);
    LLVMValueRef beyond = kernel_vector(kernel, __builtin_inf());
    uint32_t rows = screen_rows(kernel->unit);
    LLVMValueRef place = kernel_mul(kernel, pack->number, emit_int(emit, 2 * (int64_t)rows));
    place = kernel_add(kernel, place, pack->inner);
    for (uint32_t v = 0; v < pack->tile.vectors; v++) {
        LLVMValueRef norms[2] = {squares[v].kept, squares[v].lost}, fine[2];
        for (int i = 0; i < 2; i++) {
            norms[i] = kernel_intrinsic(kernel, "llvm.sqrt", 1, &norms[i]);
            fine[i] = LLVMBuildFCmp(builder, LLVMRealOLE, norms[i], most, "");
        }
        LLVMValueRef both = LLVMBuildAnd(builder, fine[0], fine[1], "");
        for (uint32_t i = 0; i < 2; i++) {
            LLVMValueRef norm = emit_choose(emit, both, norms[i], beyond);
            if (!kernel->single) norm = LLVMBuildFPTrunc(builder, norm, pack->floats, "");
            LLVMValueRef at = emit_int(emit, i * rows + v * kernel->lanes);
            kernel_store(kernel, emit->i32, pack->norms, kernel_add(kernel, place, at), norm);
        }
    }
}

void screen_pack_emit(Kernel *kernel, const char *name, const TileShape *shape) {
    Emit *emit = &kernel->emit;
    kernel_function(kernel, name, "ppdpippii");
    const LLVMValueRef *p = kernel->parameters;
    uint32_t rows = screen_rows(kernel->unit);
    LLVMTypeRef number = LLVMFloatTypeInContext(emit->context);
    Pack pack = {.kernel = kernel,
                 .tile = tile_begin(kernel, shape),
                 .words = screen_words(kernel->unit, shape),
                 .floats = LLVMVectorType(number, kernel->lanes),
                 .shift = p[1],
                 .scale = kernel_splat(kernel, kernel_narrow(kernel, p[2]), kernel->lanes),
                 .out = p[5],
                 .norms = p[6]};
    pack.tile.queries = p[0];
    pack.tile.scratch = p[3];
    pack.tile.last = p[4];
    /* A tile of reals is a part of one of the screen. */
    uint32_t parts = rows / pack.tile.rows;
    LLVMValueRef all = LLVMBuildNSWSub(emit->builder, p[8], p[7], "");
    all = kernel_add(kernel, all, emit_int(emit, rows - 1));
    LLVMValueRef tiles = LLVMBuildUDiv(emit->builder, all, emit_int(emit, rows), "");
    tiles = kernel_mul(kernel, tiles, emit_int(emit, parts));
    Loop loop = loop_begin(emit, emit_int(emit, 0), tiles, 0, NULL);
    LLVMValueRef part = LLVMBuildURem(emit->builder, loop.index, emit_int(emit, parts), "");
    pack.number = LLVMBuildUDiv(emit->builder, loop.index, emit_int(emit, parts), "");
    pack.inner = kernel_mul(kernel, part, emit_int(emit, pack.tile.rows));
    LLVMValueRef first = kernel_mul(kernel, loop.index, emit_int(emit, pack.tile.rows));
    tile_find_rows(&pack.tile, kernel_add(kernel, p[7], first));
    tile_turn_queries(&pack.tile);
    Squares squares[TILE_VECTORS_MOST];
    pack_words(&pack, squares);
    store_norms(&pack, squares);
    loop_end(emit, &loop, NULL);
    kernel_return(kernel);
}

/* --- the arg-max ------------------------------------------------------------------------------ */

typedef struct Screening {
    Kernel *kernel;
    uint32_t words, keys, vectors, rows;
    LLVMValueRef row_words, norms, key_words, bias, numbers, blocks, mask;
    LLVMValueRef ahead, row_bytes; /* what else memory is asked for */
    LLVMValueRef fixed, per_norm, per_square, per_error;
    LLVMValueRef first_word; /* of the tile's rows */
    LLVMTypeRef ints;
} Screening;

/* Scores that have the key's number in their low bits: the greatest of a vector of rows. */
enum { LEADERS = 3 };
typedef struct Leaders {
    LLVMValueRef scores[LEADERS];
} Leaders;

/* score + <row, key>, of a word of each. */
static LLVMValueRef add_product(Screening *screening, LLVMValueRef row, LLVMValueRef key,
                                LLVMValueRef score) {
    Kernel *kernel = screening->kernel;
    LLVMBuilderRef builder = kernel->emit.builder;
    if (kernel->unit.halves) return kernel_add_halves(kernel, score, row, key);
    row = LLVMBuildBitCast(builder, row, kernel->vector, "");
    key = LLVMBuildBitCast(builder, key, kernel->vector, "");
    return kernel_fma(kernel, row, key, score);
}

/* One word of all rows and of a block's keys: key_word is its number among all the keys' words. */
static void add_word(Screening *screening, LLVMValueRef word, LLVMValueRef key_word,
                     LLVMValueRef *scores) {
    Kernel *kernel = screening->kernel;
    Emit *emit = &kernel->emit;
    LLVMValueRef rows[TILE_VECTORS_MOST];
    LLVMValueRef place = kernel_mul(kernel, word, emit_int(emit, screening->rows));
    place = kernel_add(kernel, screening->first_word, place);
    for (uint32_t v = 0; v < screening->vectors; v++)
        rows[v] = kernel_load(kernel, screening->ints, emit->i32, screening->row_words,
                              kernel_add(kernel, place, emit_int(emit, v * kernel->lanes)));
    place = kernel_mul(kernel, key_word, emit_int(emit, screening->keys));
    for (uint32_t k = 0; k < screening->keys; k++) {
        LLVMValueRef key = emit_load(emit, emit->i32, screening->key_words,
                                     kernel_add(kernel, place, emit_int(emit, k)));
        key = kernel_splat(kernel, key, kernel->lanes);
        for (uint32_t v = 0; v < screening->vectors; v++) {
            LLVMValueRef *score = &scores[k * screening->vectors + v];
            *score = add_product(screening, rows[v], key, *score);
        }
    }
}

static LLVMValueRef numbered(Screening *screening, LLVMValueRef score, LLVMValueRef number) {
    Kernel *kernel = screening->kernel;
    LLVMBuilderRef builder = kernel->emit.builder;
    LLVMValueRef bits = words_of(kernel, score, kernel->lanes);
    bits = LLVMBuildAnd(builder, bits, screening->mask, "");
    bits = LLVMBuildOr(builder, bits, number, "");
    return LLVMBuildBitCast(builder, bits, kernel->vector, "");
}

/* Each is put in its place by an exchange with those before it. */
static void enter(Kernel *kernel, Leaders *leaders, LLVMValueRef score) {
    for (int l = 0; l < LEADERS; l++) {
        LLVMValueRef at = leaders->scores[l];
        leaders->scores[l] = kernel_greatest(kernel, score, at);
        score = kernel_least(kernel, score, at);
    }
}

/* The scores of the block before: they are compared while the next ones are computed, for these
   take one half of the processor's vector units and those the other. */
typedef struct Pending {
    LLVMValueRef *scores; /* [key * vectors + v] */
    LLVMValueRef first;   /* the block's first place in `numbers` */
    uint32_t next;        /* the first that is not compared */
    Leaders *leaders;     /* (vectors) */
} Pending;

static void compare_until(Screening *screening, Pending *pending, uint32_t end) {
    Kernel *kernel = screening->kernel;
    Emit *emit = &kernel->emit;
    for (; pending->next < end; pending->next++) {
        uint32_t key = pending->next / screening->vectors, v = pending->next % screening->vectors;
        LLVMValueRef place = kernel_add(kernel, pending->first, emit_int(emit, key));
        LLVMValueRef number = emit_load(emit, emit->i32, screening->numbers, place);
        number = kernel_splat(kernel, number, kernel->lanes);
        enter(kernel, &pending->leaders[v],
              numbered(screening, pending->scores[pending->next], number));
    }
}

/* The scores of a block of keys: scores[key * vectors + v]. */
static void add_block(Screening *screening, LLVMValueRef block, Pending *pending,
                      LLVMValueRef *scores) {
    Kernel *kernel = screening->kernel;
    Emit *emit = &kernel->emit;
    uint32_t keys = screening->keys, vectors = screening->vectors, words = screening->words;
    LLVMValueRef first = kernel_mul(kernel, block, emit_int(emit, keys));
    for (uint32_t k = 0; k < keys; k++) {
        LLVMValueRef bias = emit_load(emit, kernel->real, screening->bias,
                                      kernel_add(kernel, first, emit_int(emit, k)));
        for (uint32_t v = 0; v < vectors; v++)
            scores[k * vectors + v] = kernel_splat(kernel, bias, kernel->lanes);
    }
    LLVMValueRef start = kernel_mul(kernel, block, emit_int(emit, words));
    uint32_t looped = words <= UNROLLED ? 0 : (words - 1) / UNROLLED_PART * UNROLLED_PART;
    if (looped > 0) {
        Loop loop = loop_begin(emit, emit_int(emit, 0), emit_int(emit, looped / UNROLLED_PART),
                               keys * vectors, scores);
        LLVMValueRef part = kernel_mul(kernel, loop.index, emit_int(emit, UNROLLED_PART));
        for (uint32_t s = 0; s < keys * vectors; s++)
            scores[s] = loop.carry[s];
        for (uint32_t w = 0; w < UNROLLED_PART; w++) {
            LLVMValueRef word = kernel_add(kernel, part, emit_int(emit, w));
            add_word(screening, word, kernel_add(kernel, start, word), scores);
        }
        loop_end(emit, &loop, scores);
        for (uint32_t s = 0; s < keys * vectors; s++)
            scores[s] = loop.result[s];
    }
    for (uint32_t w = looped; w < words; w++) {
        LLVMValueRef word = emit_int(emit, w);
        add_word(screening, word, kernel_add(kernel, start, word), scores);
        compare_until(screening, pending, keys * vectors * (w - looped + 1) / (words - looped));
    }
}

/* A block's share of the lines from base's byte `first` on, `bytes` of them. */
static void ask_lines(Screening *screening, LLVMValueRef block, LLVMValueRef base,
                      LLVMValueRef first, LLVMValueRef bytes) {
    enum { LINE = 64 };
    Kernel *kernel = screening->kernel;
    Emit *emit = &kernel->emit;
    LLVMValueRef blocks = kernel_mul(kernel, screening->blocks, emit_int(emit, LINE));
    LLVMValueRef share = kernel_add(kernel, bytes, kernel_add(kernel, blocks, emit_int(emit, -1)));
    share = LLVMBuildUDiv(emit->builder, share, blocks, "");
    Loop loop = loop_begin(emit, emit_int(emit, 0), share, 0, NULL);
    LLVMValueRef line = kernel_add(kernel, kernel_mul(kernel, block, share), loop.index);
    line = kernel_mul(kernel, line, emit_int(emit, LINE));
    kernel_prefetch(kernel, base, kernel_add(kernel, first, line));
    loop_end(emit, &loop, NULL);
}

/* The next tile's words, and what this tile's rows are wanted for afterwards: memory answers while
   scores are computed. */
static void ask_ahead(Screening *screening, LLVMValueRef tile, LLVMValueRef block) {
    Kernel *kernel = screening->kernel;
    Emit *emit = &kernel->emit;
    int64_t bytes = (int64_t)screening->rows * screening->words * (int64_t)sizeof(float);
    LLVMValueRef next =
        kernel_mul(kernel, kernel_add(kernel, tile, emit_int(emit, 1)), emit_int(emit, bytes));
    ask_lines(screening, block, screening->row_words, next, emit_int(emit, bytes));
    LLVMValueRef size = kernel_mul(kernel, screening->row_bytes, emit_int(emit, screening->rows));
    ask_lines(screening, block, screening->ahead, kernel_mul(kernel, tile, size), size);
}

static void find_leaders(Screening *screening, LLVMValueRef tile, Leaders *leaders) {
    Kernel *kernel = screening->kernel;
    Emit *emit = &kernel->emit;
    uint32_t leading = LEADERS * screening->vectors, all = screening->keys * screening->vectors;
    LLVMValueRef carried[LOOP_CARRIES], *scores = carried + leading;
    for (uint32_t l = 0; l < leading + all; l++)
        carried[l] = kernel_vector(kernel, SCREEN_NO_KEY);
    Loop loop = loop_begin(emit, emit_int(emit, 0), screening->blocks, leading + all, carried);
    for (uint32_t l = 0; l < leading; l++)
        leaders[l / LEADERS].scores[l % LEADERS] = loop.carry[l];
    ask_ahead(screening, tile, loop.index);
    LLVMValueRef keys = emit_int(emit, screening->keys);
    Pending pending = {loop.carry + leading, kernel_mul(kernel, loop.index, keys), 0, leaders};
    add_block(screening, loop.index, &pending, scores);
    for (uint32_t l = 0; l < leading; l++)
        carried[l] = leaders[l / LEADERS].scores[l % LEADERS];
    loop_end(emit, &loop, carried);
    for (uint32_t l = 0; l < leading; l++)
        leaders[l / LEADERS].scores[l % LEADERS] = loop.result[l];
    pending =
        (Pending){loop.result + leading, kernel_mul(kernel, screening->blocks, keys), 0, leaders};
    compare_until(screening, &pending, all);
}

/* How much the best of a vector of rows has to be ahead. */
static LLVMValueRef margin_of(Screening *screening, LLVMValueRef tile, uint32_t vector) {
    Kernel *kernel = screening->kernel;
    Emit *emit = &kernel->emit;
    LLVMValueRef place = kernel_mul(kernel, tile, emit_int(emit, 2 * (int64_t)screening->rows));
    place = kernel_add(kernel, place, emit_int(emit, vector * kernel->lanes));
    LLVMValueRef norm = kernel_load(kernel, kernel->vector, kernel->real, screening->norms, place);
    place = kernel_add(kernel, place, emit_int(emit, screening->rows));
    LLVMValueRef error = kernel_load(kernel, kernel->vector, kernel->real, screening->norms, place);
    LLVMValueRef both = LLVMBuildFAdd(emit->builder, norm, error, "");
    LLVMValueRef margin = kernel_fma(kernel, screening->per_square, both, screening->per_norm);
    margin = kernel_fma(kernel, margin, both, screening->fixed);
    return kernel_fma(kernel, screening->per_error, error, margin);
}

static LLVMValueRef number_of(Screening *screening, LLVMValueRef score) {
    Kernel *kernel = screening->kernel;
    LLVMValueRef low = LLVMBuildNot(kernel->emit.builder, screening->mask, "");
    return LLVMBuildAnd(kernel->emit.builder, words_of(kernel, score, kernel->lanes), low, "");
}

static void store_winners(Screening *screening, LLVMValueRef tile, const Leaders *leaders,
                          LLVMValueRef winners) {
    Kernel *kernel = screening->kernel;
    LLVMBuilderRef builder = kernel->emit.builder;
    for (uint32_t v = 0; v < screening->vectors; v++) {
        LLVMValueRef margin = margin_of(screening, tile, v), ahead[LEADERS];
        const LLVMValueRef *scores = leaders[v].scores;
        for (int l = 1; l < LEADERS; l++) {
            ahead[l] = LLVMBuildFSub(builder, scores[0], scores[l], "");
            ahead[l] = LLVMBuildFCmp(builder, LLVMRealOGT, ahead[l], margin, "");
        }
        LLVMValueRef best = number_of(screening, scores[0]);
        LLVMValueRef pair =
            LLVMBuildShl(builder, best, word_splat(kernel, DUEL_BITS, kernel->lanes), "");
        pair = LLVMBuildOr(builder, pair, number_of(screening, scores[1]), "");
        LLVMValueRef winner = emit_choose(&kernel->emit, ahead[2], LLVMBuildNot(builder, pair, ""),
                                          LLVMConstAllOnes(screening->ints));
        winner = emit_choose(&kernel->emit, ahead[1], best, winner);
        LLVMValueRef place = kernel_mul(kernel, tile, emit_int(&kernel->emit, screening->rows));
        place = kernel_add(kernel, place, emit_int(&kernel->emit, v * kernel->lanes));
        kernel_store(kernel, kernel->emit.i32, winners, place, winner);
    }
}

void screen_emit(Kernel *program, const char *name, const TileShape *shape) {
    Kernel single = kernel_as_single(program), *kernel = &single;
    Emit *emit = &kernel->emit;
    kernel_function(kernel, name, "pppppiddddiippi");
    const LLVMValueRef *p = kernel->parameters;
    uint32_t lanes = kernel->lanes;
    Screening screening = {.kernel = kernel,
                           .words = screen_words(kernel->unit, shape),
                           .keys = kernel->unit.screen_keys,
                           .vectors = kernel->unit.tile_vectors,
                           .rows = screen_rows(kernel->unit),
                           .row_words = p[0],
                           .norms = p[1],
                           .key_words = p[2],
                           .bias = p[3],
                           .numbers = p[4],
                           .blocks = p[5],
                           .ahead = p[13],
                           .row_bytes = p[14],
                           .ints = LLVMVectorType(emit->i32, lanes)};
    LLVMValueRef *factors[] = {&screening.fixed, &screening.per_norm, &screening.per_square,
                               &screening.per_error};
    for (int f = 0; f < 4; f++)
        *factors[f] = kernel_splat(kernel, kernel_narrow(kernel, p[6 + f]), lanes);
    screening.mask = LLVMBuildTrunc(emit->builder, p[10], emit->i32, "");
    screening.mask = kernel_splat(kernel, screening.mask, lanes);
    Loop loop = loop_begin(emit, emit_int(emit, 0), p[11], 0, NULL);
    screening.first_word =
        kernel_mul(kernel, loop.index, emit_int(emit, (int64_t)screening.rows * screening.words));
    Leaders leaders[TILE_VECTORS_MOST];
    find_leaders(&screening, loop.index, leaders);
    store_winners(&screening, loop.index, leaders, p[12]);
    loop_end(emit, &loop, NULL);
    kernel_return(kernel);
}
