#include "runtime/engines/jit/runner.h"

#include "runtime/base/limits.h"
#include "runtime/base/memory.h"
#include "runtime/engines/jit/decode.h"
#include "runtime/engines/jit/pool.h"

#include <stdlib.h>

typedef struct Runner {
    JitRunner base; /* first */
    const Compiled *compiled;
    void **columns; /* (buffer_count + table_count) */
    char *memory;   /* (bytes) of the buffers, mapped; NULL before the first run */
    size_t bytes;
    uint32_t placed; /* the columns are long enough for so many positions */
    ShortCode quick; /* short code whose result is `column` once it has run; else NULL */
    JitColumn column;
    BufferId *gathered; /* (gathered_count) the cells of moves that gather what has no mean */
    uint32_t gathered_count;
    uint32_t threads;
    Pool *pool; /* NULL before the first long run */
} Runner;

/* --- memory ----------------------------------------------------------------------------------- */

/* Buffers begin on a line of the cache, and not all on the same set of it. */
enum { LINE = 64, STAGGER = 5 * LINE };

/* A buffer's bytes; false when they are too many to count. */
static bool buffer_bytes(const BufferSpec *spec, uint32_t n, size_t *bytes) {
    int64_t length;
    if (__builtin_mul_overflow(spec->length.per_position, (int64_t)n, &length) ||
        __builtin_add_overflow(length, spec->length.fixed, &length) || length < 0 ||
        __builtin_mul_overflow((size_t)length, element_size(spec->type), bytes) ||
        *bytes > LIMIT_EVALUATION_BYTES)
        return false;
    *bytes = (*bytes + LINE - 1) / LINE * LINE + STAGGER;
    return true;
}

/* Where each buffer begins, counted from the first, and how long all of them are. */
static bool layout(Runner *runner, uint32_t n, size_t *offsets, size_t *total) {
    const Columns *columns = &runner->compiled->plan->columns;
    *total = 0;
    for (uint32_t b = 0; b < columns->buffer_count; b++) {
        size_t bytes;
        if (!buffer_bytes(&columns->buffers[b], n, &bytes)) return false;
        offsets[b] = *total;
        *total += bytes;
        if (*total > LIMIT_EVALUATION_BYTES) return false;
    }
    return true;
}

static void release(Runner *runner) {
    if (runner->memory) memory_unmap(runner->memory, runner->bytes);
    runner->memory = NULL;
    runner->bytes = 0;
}

static bool reserve(Runner *runner, size_t bytes) {
    if (bytes <= runner->bytes) return true;
    release(runner);
    void *memory = memory_map(bytes);
    if (memory == NULL) return false;
    runner->memory = memory;
    runner->bytes = bytes;
    return true;
}

static bool place_columns(Runner *runner, uint32_t n) {
    if (n <= runner->placed) return true;
    uint32_t count = runner->compiled->plan->columns.buffer_count;
    size_t *offsets = memory_zeroed((count + 1) * sizeof *offsets), total;
    bool placed = layout(runner, n, offsets, &total) && reserve(runner, total);
    for (uint32_t b = 0; b < count && placed; b++)
        runner->columns[b] = runner->memory + offsets[b];
    runner->placed = placed ? n : 0;
    free(offsets);
    return placed;
}

/* Short inputs take less than finding out, run by run, what there is to do for them. */
static void prepare_quick(Runner *runner, uint32_t n, Span span, Diagnostics *diags) {
    const Compiled *compiled = runner->compiled;
    runner->quick = NULL;
    if (compiled->short_code == NULL || !decode_is_plain(compiled->plan)) return;
    if (decode_column(compiled->plan, runner->columns, n, span, diags, &runner->column))
        runner->quick = compiled->short_code;
}

/* In the order of the heads. */
static void find_gathered(Runner *runner) {
    const Plan *plan = runner->compiled->plan;
    size_t capacity = 0;
    for (uint32_t l = 0; l < plan->model->layer_count; l++) {
        for (uint32_t h = 0; h < plan->model->layers[l].head_count; h++) {
            const Attend *attend = &plan->layers[l].heads[h];
            for (uint32_t f = 0; f < attend->finish_count; f++) {
                if (attend->finishes[f].several == NO_BUFFER) continue;
                runner->gathered =
                    memory_reserve(runner->gathered, &capacity, runner->gathered_count + 1,
                                   sizeof *runner->gathered);
                runner->gathered[runner->gathered_count++] = attend->finishes[f].several;
            }
        }
    }
}

JitRunner *runner_new(const JitProgram *program) {
    const Compiled *compiled = (const Compiled *)program;
    const Columns *columns = &compiled->plan->columns;
    Runner *runner = memory_zeroed(sizeof *runner);
    runner->base.module = program->module;
    runner->compiled = compiled;
    runner->threads = compiled->threads ? compiled->threads : pool_processors();
    runner->columns =
        memory_zeroed((columns->buffer_count + columns->table_count + 1) * sizeof(void *));
    for (uint32_t t = 0; t < columns->table_count; t++)
        runner->columns[columns->buffer_count + t] = (void *)(uintptr_t)columns->tables[t].data;
    find_gathered(runner);
    return &runner->base;
}

void runner_free(JitRunner *base) {
    Runner *runner = (Runner *)base;
    release(runner);
    pool_free(runner->pool);
    free(runner->gathered);
    free(runner->columns);
    free(runner);
}

/* --- what the code found wrong ---------------------------------------------------------------- */

/* The first positions of some trouble, one cell a chunk: n where there is none. */
static void clear_cells(void *cells, uint32_t count, int64_t n) {
    for (uint32_t c = 0; c < count; c++)
        ((int64_t *)cells)[c] = n;
}

static int64_t least_cell(const Runner *runner, const void *cells) {
    int64_t least = INT64_MAX;
    uint32_t chunks = runner->compiled->short_code ? 1 : CHUNKS;
    for (uint32_t c = 0; c < chunks; c++)
        if (((const int64_t *)cells)[c] < least) least = ((const int64_t *)cells)[c];
    return least;
}

/* Several strings were gathered, and strings have no mean. */
static bool check_gathered(const Runner *runner, int64_t n, Span span, Diagnostics *diags) {
    for (uint32_t g = 0; g < runner->gathered_count; g++) {
        int64_t first = least_cell(runner, runner->columns[runner->gathered[g]]);
        if (first >= n) continue;
        diag_error(diags, DIAG_MEAN_OF_STRINGS, span,
                   "position %lld selects several positions: strings have no mean",
                   (long long)first);
        return false;
    }
    return true;
}

static bool check_traps(const Runner *runner, int64_t n, Span span, Diagnostics *diags) {
    const Plan *plan = runner->compiled->plan;
    const Readout *readout = &plan->model->readout;
    const int64_t *trapped = runner->columns[plan->output.trapped];
    for (uint32_t t = 0; t < readout->trap_count; t++) {
        int64_t first = least_cell(runner, trapped + (size_t)t * CHUNKS);
        if (first >= n) continue;
        const Trap *trap = &readout->traps[t];
        diag_error(diags, trap->id, trap->span.file ? trap->span : span, "position %lld: %s",
                   (long long)first, trap->why->bytes);
        return false;
    }
    return true;
}

/* --- running ---------------------------------------------------------------------------------- */

/* From so many positions on the work of a stage is longer than waking threads for it takes. */
enum { SPLIT_FROM = 1 << 17, SPLIT_PAIRS_FROM = 1 << 10 };

typedef struct StageRun {
    const Runner *runner;
    const int32_t *tokens;
    int64_t n;
    uint32_t stage, chunks;
} StageRun;

static void run_chunk(void *state, uint32_t chunk) {
    const StageRun *run = state;
    int64_t from = run->n * chunk / run->chunks, to = run->n * (chunk + 1) / run->chunks;
    run->runner->compiled->code(run->stage, run->tokens, run->n, run->runner->columns, from, to,
                                chunk, run->chunks);
}

static void run_stages(Runner *runner, const int32_t *tokens, uint32_t n) {
    const Compiled *compiled = runner->compiled;
    uint32_t threads = runner->threads;
    uint32_t chunks = threads > 1 && n >= SPLIT_FROM ? CHUNKS : 1;
    if (threads == 1 || n < SPLIT_PAIRS_FROM) {
        compiled->code(STAGE_ALL, tokens, n, runner->columns, 0, n, 0, 1);
        return;
    }
    for (uint32_t s = 0; s < compiled->stages.count; s++) {
        Stage stage = compiled->stages.list[s];
        StageRun run = {runner, tokens, n, s, chunks};
        if (stage.pairs) run.chunks = CHUNKS;
        if (stage.when_split && chunks == 1) continue;
        if (!stage.split || run.chunks == 1) {
            compiled->code(s, tokens, n, runner->columns, 0, n, 0, run.chunks);
            continue;
        }
        if (runner->pool == NULL) runner->pool = pool_new(threads);
        pool_run(runner->pool, run_chunk, &run, run.chunks);
    }
}

/* Whether there may be something wrong. */
static bool run(Runner *runner, const int32_t *tokens, uint32_t n) {
    const Compiled *compiled = runner->compiled;
    if (compiled->short_code) return compiled->short_code(tokens, n, runner->columns) != 0;
    const Plan *plan = compiled->plan;
    for (uint32_t g = 0; g < runner->gathered_count; g++)
        clear_cells(runner->columns[runner->gathered[g]], CHUNKS, n);
    clear_cells(runner->columns[plan->output.trapped], plan->model->readout.trap_count * CHUNKS, n);
    run_stages(runner, tokens, n);
    return true;
}

__attribute__((noinline)) static bool run_and_decode(Runner *runner, const uint32_t *numbers,
                                                     uint32_t n, Span span, Diagnostics *diags,
                                                     JitColumn *out) {
    const Plan *plan = runner->compiled->plan;
    if (!model_takes_length(plan->model, n, span, diags)) return false;
    if (!place_columns(runner, n)) {
        diag_error(diags, DIAG_LIMIT_MEMORY, span, "an input of %u elements needs too much memory",
                   n);
        return false;
    }
    prepare_quick(runner, n, span, diags);
    bool may_fail = run(runner, (const int32_t *)numbers, n);
    if (may_fail &&
        (!check_traps(runner, n, span, diags) || !check_gathered(runner, n, span, diags)))
        return false;
    return decode_column(plan, runner->columns, n, span, diags, out);
}

bool runner_run(JitRunner *base, const uint32_t *numbers, uint32_t n, Span span, Diagnostics *diags,
                JitColumn *out) {
    Runner *runner = (Runner *)base;
    bool placed = n - 1 < runner->placed; /* 0 wraps around: no input */
    if (!placed || runner->quick == NULL ||
        runner->quick((const int32_t *)numbers, n, runner->columns) != 0)
        return run_and_decode(runner, numbers, n, span, diags, out);
    *out = runner->column;
    out->n = n;
    return true;
}

bool runner_run_input(const JitProgram *program, Input input, Span span, Arena *result_arena,
                      Diagnostics *diags, Sequence *out) {
    const Compiled *compiled = (const Compiled *)program;
    JitRunner *runner = runner_new(program);
    uint32_t *numbers = memory_zeroed(((size_t)input.n + 1) * sizeof *numbers);
    JitColumn column;
    bool done =
        token_index_numbers(compiled->tokens, input.tokens, input.n, span, diags, numbers) &&
        runner_run(runner, numbers, input.n, span, diags, &column) &&
        decode_atoms(&column, span, result_arena, diags, out);
    free(numbers);
    runner_free(runner);
    return done;
}
