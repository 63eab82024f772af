#include "runtime/engines/jit/runner.h"

#include "runtime/base/limits.h"
#include "runtime/base/memory.h"
#include "runtime/engines/jit/decode.h"

#include <stdlib.h>
#include <sys/mman.h>

typedef struct Runner {
    JitRunner base; /* first */
    const Compiled *compiled;
    void **columns; /* (buffer_count + table_count) */
    char *memory;   /* (bytes) of the buffers, mapped; NULL before the first run */
    size_t bytes;
} Runner;

/* --- memory ----------------------------------------------------------------------------------- */

/* Buffers begin on a line of the cache, and not all on the same set of it. */
enum { LINE = 64, STAGGER = 5 * LINE };
/* From here on large pages are asked for: a fault for each small one takes longer than the work. */
#define LARGE_PAGES_FROM ((size_t)4 << 20)

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
    if (runner->memory) munmap(runner->memory, runner->bytes);
    runner->memory = NULL;
    runner->bytes = 0;
}

static bool reserve(Runner *runner, size_t bytes) {
    if (bytes <= runner->bytes) return true;
    release(runner);
    void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) return false;
    if (bytes >= LARGE_PAGES_FROM) madvise(memory, bytes, MADV_HUGEPAGE);
    runner->memory = memory;
    runner->bytes = bytes;
    return true;
}

static bool place_columns(Runner *runner, uint32_t n) {
    uint32_t count = runner->compiled->plan->columns.buffer_count;
    size_t *offsets = memory_zeroed((count + 1) * sizeof *offsets), total;
    bool placed = layout(runner, n, offsets, &total) && reserve(runner, total);
    for (uint32_t b = 0; b < count && placed; b++)
        runner->columns[b] = runner->memory + offsets[b];
    free(offsets);
    return placed;
}

JitRunner *runner_new(const JitProgram *program) {
    const Compiled *compiled = (const Compiled *)program;
    const Columns *columns = &compiled->plan->columns;
    Runner *runner = memory_zeroed(sizeof *runner);
    runner->base.module = program->module;
    runner->compiled = compiled;
    runner->columns =
        memory_zeroed((columns->buffer_count + columns->table_count + 1) * sizeof(void *));
    for (uint32_t t = 0; t < columns->table_count; t++)
        runner->columns[columns->buffer_count + t] = (void *)(uintptr_t)columns->tables[t].data;
    return &runner->base;
}

void runner_free(JitRunner *base) {
    Runner *runner = (Runner *)base;
    release(runner);
    free(runner->columns);
    free(runner);
}

/* --- what the code found wrong ---------------------------------------------------------------- */

/* Several strings were gathered, and strings have no mean. */
static bool check_gathered(const Plan *plan, void **columns, uint32_t n, Span span,
                           Diagnostics *diags) {
    for (uint32_t l = 0; l < plan->model->layer_count; l++) {
        for (uint32_t h = 0; h < plan->model->layers[l].head_count; h++) {
            const Attend *attend = &plan->layers[l].heads[h];
            for (uint32_t f = 0; f < attend->finish_count; f++) {
                BufferId several = attend->finishes[f].several;
                if (several == NO_BUFFER || *(const int64_t *)columns[several] >= n) continue;
                diag_error(diags, DIAG_MEAN_OF_STRINGS, span,
                           "position %lld selects several positions: strings have no mean",
                           (long long)*(const int64_t *)columns[several]);
                return false;
            }
        }
    }
    return true;
}

static bool check_traps(const Plan *plan, void **columns, uint32_t n, Span span,
                        Diagnostics *diags) {
    const Readout *readout = &plan->model->readout;
    const int64_t *trapped = columns[plan->output.trapped];
    for (uint32_t t = 0; t < readout->trap_count; t++) {
        if (trapped[t] >= n) continue;
        const Trap *trap = &readout->traps[t];
        diag_error(diags, trap->id, trap->span.file ? trap->span : span, "position %lld: %s",
                   (long long)trapped[t], trap->why->bytes);
        return false;
    }
    return true;
}

/* --- running ---------------------------------------------------------------------------------- */

bool runner_numbers(const JitProgram *program, Input input, Span span, Diagnostics *diags,
                    uint32_t *numbers) {
    const Compiled *compiled = (const Compiled *)program;
    return token_index_numbers(compiled->tokens, input.tokens, input.n, span, diags, numbers);
}

bool runner_run(JitRunner *base, const uint32_t *numbers, uint32_t n, Span span, Diagnostics *diags,
                JitColumn *out) {
    Runner *runner = (Runner *)base;
    const Plan *plan = runner->compiled->plan;
    if (!place_columns(runner, n)) {
        diag_error(diags, DIAG_LIMIT_MEMORY, span, "an input of %u elements needs too much memory",
                   n);
        return false;
    }
    runner->compiled->code((const int32_t *)numbers, n, runner->columns);
    if (!check_traps(plan, runner->columns, n, span, diags) ||
        !check_gathered(plan, runner->columns, n, span, diags))
        return false;
    return decode_column(plan, runner->columns, n, span, diags, out);
}

bool runner_run_input(const JitProgram *program, Input input, Span span, Arena *result_arena,
                      Diagnostics *diags, Sequence *out) {
    JitRunner *runner = runner_new(program);
    uint32_t *numbers = memory_zeroed(((size_t)input.n + 1) * sizeof *numbers);
    JitColumn column;
    bool done = runner_numbers(program, input, span, diags, numbers) &&
                runner_run(runner, numbers, input.n, span, diags, &column) &&
                decode_atoms(&column, span, result_arena, diags, out);
    free(numbers);
    runner_free(runner);
    return done;
}
